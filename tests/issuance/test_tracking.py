"""What the tracking log gets: the learner's id, the pill and its results, and nothing of whoever's request it was."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType

import pytest
from django.utils import timezone

from microcred_xblock.issuance import api, apps, models, signals, tracking
from microcred_xblock.issuance.settings import common
from tests.factories import make_pill, make_scores

COURSE = "course-v1:Org+C+R"


class Tracker:
    """The part of eventtracking's that is used; the request in hand is one of a member of staff."""

    def __init__(self):
        self.events = []
        self.contexts = [{
            "username": "staff", "user_id": 1, "session": "s", "ip": "127.0.0.9", "agent": "Browser", "referer": "r",
            "client_id": "c", "host": "learn.example", "path": "/instructor", "accept_language": "fr",
        }]

    @contextmanager
    def context(self, _name, context):
        self.contexts.append(context)
        yield
        self.contexts.pop()

    def emit(self, name, data):
        merged = {key: value for context in self.contexts for key, value in context.items()}
        self.events.append({"name": name, "data": data, "context": merged})


@pytest.fixture(autouse=True)
def looked_for_anew():
    """Whether the library is there is asked once in a process."""
    tracking._tracking.cache_clear()
    yield
    tracking._tracking.cache_clear()


@pytest.fixture
def tracker(monkeypatch):
    """An installed tracker."""
    found, module = Tracker(), ModuleType("eventtracking")
    module.tracker = ModuleType("eventtracking.tracker")
    module.tracker.get_tracker = lambda: found
    monkeypatch.setitem(sys.modules, "eventtracking", module)
    monkeypatch.setitem(sys.modules, "eventtracking.tracker", module.tracker)
    return found


@pytest.fixture
def earn(issuer, commits):
    """Have a learner earn the pill."""

    def run(learner_id="7", course=COURSE):
        with commits():
            return api.record_scores(
                make_pill(), make_scores(at=timezone.now()), learner_id=learner_id, course_id=course
            ).award_id

    return run


class TestMastered:
    def test_what_it_says(self, tracker, earn):
        award_id = earn()
        (event,) = tracker.events
        data, pill = event["data"], make_pill()
        assert event["name"] == "edx.microcred.pill.mastered"
        assert (data["user_id"], data["course_id"], data["award_id"]) == ("7", COURSE, award_id)
        assert (data["pill_id"], data["pill_version"], data["title"]) == (pill.id, pill.version, pill.title)
        assert [outcome["id"] for outcome in data["outcomes"]] == [outcome.id for outcome in pill.outcomes]
        assert data["outcomes"][0] == {
            "id": "read-data", "title": "Interpret operating and vibration data of a wind turbine",
            "status": "achieved", "fraction": 0.9, "threshold": 0.7,
        }
        assert data["score"] == pytest.approx((0.9 + 0.8 + 0.9) / 3, abs=1e-4)
        assert json.loads(json.dumps(data)) == data

    def test_the_context_is_the_course_s_and_the_learner_s_own(self, tracker, earn):
        earn()
        context = tracker.events[0]["context"]
        assert (context["user_id"], context["course_id"], context["org_id"]) == (7, COURSE, "Org")
        assert not any(context[name] for name in ("username", "session", "ip", "agent", "referer", "client_id"))
        assert "staff" not in json.dumps(tracker.events) and "127.0.0.9" not in json.dumps(tracker.events)

    def test_once_however_often_it_is_asked(self, tracker, earn):
        earn()
        earn()
        assert len(tracker.events) == 1

    @pytest.mark.parametrize(("later", "count"), [(0, 1), (60, 2)])
    def test_a_reissue_is_not_mastered_again_but_a_renewal_is(self, tracker, earn, commits, later, count):
        former = models.Award.objects.get(pk=earn())
        models.Award.objects.update(active=None, status="superseded")
        with commits():
            again = models.Award.objects.create(
                learner_id="7", learner_pill=former.learner_pill, pill=former.pill, results=former.results,
                course_id=COURSE, awarded_at=former.awarded_at + timedelta(seconds=later), supersedes=former,
            )
            badge = models.Credential.objects.create(
                award=again, format="ob3", credential_id="urn:uuid:1", salt="s", issued_at=again.awarded_at,
                valid_from=again.awarded_at, state="issued",
            )
            signals.send(signals.award_made, again.pk)
            signals.send(signals.credential_issued, badge.pk)
        names = [event["name"] for event in tracker.events]
        assert names.count(tracking.MASTERED) == count and names.count(tracking.EARNED) == count - 1

    @pytest.mark.parametrize(("learner", "course", "user"), [("student_1", "scenario", "student_1"), ("7", "", 7)])
    def test_outside_a_course(self, tracker, earn, learner, course, user):
        earn(learner, course)
        context = tracker.events[0]["context"]
        assert (context["user_id"], context["course_id"], context["org_id"]) == (user, course, "")


class TestEarned:
    def test_one_for_a_badge_in_all_its_forms(self, tracker, issued, learner):
        (event,) = [event for event in tracker.events if event["name"] == "edx.microcred.credential.earned"]
        assert event["data"]["credential_id"] == models.Credential.objects.get(format="ob3").credential_id
        assert event["data"]["achievement"].startswith("http://localhost:8000/microcred/achievements/")
        text = json.dumps(tracker.events)
        assert learner.email not in text and learner.full_name not in text


def test_without_a_tracker_nothing_is_read(db, django_assert_num_queries, monkeypatch):
    monkeypatch.setitem(sys.modules, "eventtracking", None)
    with django_assert_num_queries(0):
        tracking.award_made(pk=1)
        tracking.credential_issued(pk=1)


def test_a_tracker_that_fails_hinders_nobody(tracker, earn, monkeypatch):
    monkeypatch.setattr(tracker, "emit", lambda *_args: 1 / 0)
    assert earn()


def test_the_app_listens_once():
    apps_ready = [receiver[0][0] for receiver in signals.award_made.receivers]
    assert apps_ready.count("microcred.tracking.award_made") == apps_ready.count("microcred.events.award_made") == 1
    assert apps.IssuanceConfig.label == "microcred"


class TestPassedOn:
    """event-routing-backends drops every event that is not on its lists."""

    class Settings:
        """A platform's."""

    def test_they_are_the_events_that_are_sent(self):
        assert tuple(common.TRACKED) == tracking.EVENTS

    def test_where_we_come_first(self):
        settings = self.Settings()
        common.allow_tracking(settings)
        common.allow_tracking(settings)
        assert settings.EVENT_TRACKING_BACKENDS_ALLOWED_XAPI_EVENTS == common.TRACKED
        assert settings.EVENT_TRACKING_BACKENDS_ALLOWED_XAPI_EVENTS is not common.TRACKED

    def test_where_the_other_plugin_came_first(self):
        settings = self.Settings()
        xapi, every = ["load_video"], {"load_video", "caliper_only"}
        settings.EVENT_TRACKING_BACKENDS_ALLOWED_XAPI_EVENTS = xapi
        settings.EVENT_TRACKING_BACKENDS = {
            "logger": {"ENGINE": "x"},
            "event_transformer": {"OPTIONS": {
                "processors": [{"OPTIONS": {"whitelist": every}}, {}],
                "backends": {"xapi": {"OPTIONS": {"processors": [{"OPTIONS": {"whitelist": xapi}}]}}},
            }},
        }
        common.allow_tracking(settings)
        assert set(xapi) == {"load_video", *common.TRACKED}
        assert every == {"load_video", "caliper_only", *common.TRACKED}
