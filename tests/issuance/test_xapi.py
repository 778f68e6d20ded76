"""xAPI statements as the real event-routing-backends makes them of our tracking events."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.utils import timezone

from microcred_xblock.issuance import tracking
from tests.factories import make_pill

pytestmark = pytest.mark.skipif(
    find_spec("event_routing_backends") is None,
    reason="event-routing-backends is not installed (the extra “xapi”)",
)
ROOT = Path(__file__).resolve().parents[2]
COURSE = "course-v1:Org+C+R"
ADDRESS = "https://learn.example/microcred/achievements/3d0f3c1e-6c0e-4c34-9d52-0a6e8a6f2c11"
PILL = make_pill()
COMMON = {
    "user_id": "7", "course_id": COURSE, "award_id": "5e6f2f0a-8a0b-4a53-9a3b-0f6d4c1b7e01", "pill_id": PILL.id,
    "pill_version": PILL.version, "title": PILL.title, "language": "fr", "achievement": ADDRESS,
}
OUTCOMES = [
    {"id": "read-data", "title": "Lire", "status": "achieved", "fraction": 0.9, "threshold": 0.7},
    {"id": "find-cause", "title": "Trouver", "status": "not-achieved", "fraction": 0.5, "threshold": 0.7},
]


def event(name, **data):
    """An event as the tracker makes it."""
    context = dict.fromkeys(tracking._OF_THE_REQUEST, "") | {
        "user_id": 7, "course_id": COURSE, "org_id": "Org", "path": "/", "host": "learn.example",
    }
    return {"name": name, "timestamp": timezone.now().isoformat(), "data": {**COMMON, **data}, "context": context}


@pytest.fixture(scope="module")
def made():
    """The statements of a mastered pill and of an earned badge."""
    events = [
        event(tracking.MASTERED, outcomes=OUTCOMES, score=0.7),
        event(tracking.EARNED, credential_id="urn:uuid:0a1c6d1e-53f5-4c39-8f0e-5a5d5f3c2b10"),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "tests.issuance.xapi_statements"], cwd=ROOT, input=json.dumps(events), text=True,
        capture_output=True, check=False,
    )
    assert run.returncode == 0, run.stderr
    (found,) = json.loads(run.stdout)
    return found


@pytest.fixture
def mastered(made):
    return made["statements"][0]


@pytest.fixture
def earned(made):
    return made["statements"][1]


def test_each_event_is_one_statement_about_the_learner(made):
    assert len(made["statements"]) == 2
    assert {who for who, _kind in made["asked"]} == {"7"}, "the account that is asked for is the learner's"
    for statement in made["statements"]:
        assert statement["actor"]["account"]["name"] == "2f3ad4e5-1a5b-4a6e-9f0c-8f2b4f7c9d10"
        assert statement["context"]["contextActivities"]["parent"][0]["id"] == f"https://learn.example/course/{COURSE}"


def test_mastered(mastered):
    assert mastered["verb"] == {"id": "http://adlnet.gov/expapi/verbs/mastered", "display": {"en": "mastered"}}
    assert mastered["object"]["id"] == f"https://learn.example/xblock/{PILL.id}"
    assert mastered["object"]["definition"]["name"] == {"fr": PILL.title}
    assert mastered["result"] == {
        "success": True, "completion": True, "score": {"scaled": 0.7, "raw": 0.7, "min": 0, "max": 1},
    }


def test_only_outcomes_that_were_achieved_are_named(mastered):
    (outcome,) = mastered["context"]["contextActivities"]["other"]
    assert outcome["id"] == f"{ADDRESS}#read-data"
    assert outcome["definition"] == {
        "type": "http://adlnet.gov/expapi/activities/objective", "name": {"fr": "Lire"},
    }


def test_earned_is_the_open_badges_verb_and_not_that_of_grades(earned):
    assert earned["verb"]["id"] == "http://specification.openbadges.org/xapi/verbs/earned"
    assert earned["object"]["id"] == ADDRESS
    assert earned["object"]["definition"] == {
        "type": "http://activitystrea.ms/schema/1.0/badge", "name": {"fr": PILL.title},
    }
    assert earned["result"] == {"success": True, "completion": True}


def test_statements_have_ids_of_their_own(mastered, earned):
    assert mastered["id"] != earned["id"]
