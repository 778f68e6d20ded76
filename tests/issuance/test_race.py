"""Two tabs and two workers, for real: eight threads at once on one database, on each that a site may have."""

import json
import subprocess
import sys
from pathlib import Path

import django
import pytest

from tests import services

ROOT = Path(__file__).parents[2]
SQLITE = pytest.param("sqlite", marks=pytest.mark.skipif(
    django.VERSION < (5, 1), reason="Django 4.2 cannot begin SQLite's transactions as writers; sites run MySQL there"
))


@pytest.fixture(params=[SQLITE, *services.DATABASES])
def database(request, tmp_path):
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'race.sqlite3'}"
        return
    services.require(request.param)
    with services.database(request.param) as url:
        yield url


def race(url, *parts):
    """What was found after a race on a database."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.issuance.race", url, *parts], cwd=ROOT, capture_output=True,
        text=True, check=False, timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_is_lost_or_doubled(database):
    found = race(database)
    assert len(found.pop("award ids")) == 1
    assert set(found.pop("mixed")) <= {"NotAllowed"}  # sent after it was withdrawn
    assert found == {
        "awards": 1, "digests": 1, "consents": 1,
        "credentials": [["elm", "issued"], ["ob3", "issued"], ["ob3-jwt", "issued"]],
        "returned": {"/b?microcred_wallet=w": 8}, "active connections": 1, "active registrations": 1,
        "sent": {"Panel": 8}, "deliveries": [["elm", "delivered"], ["ob3", "delivered"]], "upserts": [1, 1],
        "share consents": 1, "active consents": 0, "left over": 0, "leased": 0, "bytes kept": True,
    }


def test_every_answer_is_followed_by_an_assessment(database):
    assert race(database, "requests") == {
        "faults": [], "unseen": 0, "left over": 0, "reads of a course": 1, "courses left": 0,
        "swept": 0,
    }


def test_a_status_changes_once_and_for_all(database):
    assert race(database, "status") == {
        "places in the list": 1, "entries": 1, "flips": True, "flips alternate": True, "revocations": 1,
        "standing": "revoked", "bits": [True], "on the way": [], "sent at most once": True, "earned anew": True,
        "active awards": 1, "refused": 1, "asked again": 1,
        "deliveries": [["elm", "delivered"], ["ob3", "delivered"]],
    }
