"""Staff see and change what is theirs to look after, and nothing else."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from microcred_xblock.issuance import issuing, models
from tests.issuance.rest_case import COURSE, OTHER_COURSE, Person, award, course_staff, issue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def ann(issuer):
    return Person("ann")


@pytest.fixture
def root(issuer):
    """Platform staff."""
    return Person("root", is_staff=True)


@pytest.fixture
def tutor(issuer, monkeypatch):
    """Staff of the course of ``here``."""
    with course_staff(monkeypatch, tutor=COURSE):
        yield Person("tutor")


@pytest.fixture
def here(ann, commits):
    """An issued award in the tutor's course."""
    return issue(ann, award(ann), commits)


@pytest.fixture
def elsewhere(ann):
    """An award in another course."""
    return award(ann, course=OTHER_COURSE, pill="block-v1:x+other+z+type@learning_pill+block@two")


def everything(here):
    """Every staff operation on an award, with a body that would do."""
    why = {"reason": "error", "note": "n"}
    yield "get", "awards/", None
    yield "get", f"awards/{here}/", None
    for action in ("revoke", "suspend", "reinstate", "retry", "renew", "dismiss-regrade"):
        yield "post", f"awards/{here}/{action}/", why
    yield "get", "bulk-jobs/", None
    yield "post", "bulk-jobs/", {"action": "retry"}
    yield "get", f"bulk-jobs/{uuid4()}/", None
    yield "post", f"bulk-jobs/{uuid4()}/cancel/", None
    yield "get", "queue/", None


def ask(person, method, path, body):
    return person.get(path) if method == "get" else person.post(path, body)


class TestWho:
    def test_nobody_and_no_learner(self, ann, here):
        before = models.Award.objects.get(pk=here).status
        for method, path, body in everything(here):
            assert ask(Person(), method, path, body).status == 401, path
            answer = ask(ann, method, path, body)
            assert (answer.status, answer.data["code"]) == (403, "staff-only"), path
        assert models.Award.objects.get(pk=here).status == before
        assert not models.StatusChange.objects.exists() and not models.BulkJob.objects.exists()

    def test_course_staff_only_their_course(self, tutor, here, elsewhere):
        found = tutor.get("awards/").data["results"]
        assert [row["id"] for row in found] == [here]
        assert tutor.get("awards/", course=OTHER_COURSE).data["results"] == []
        for method, path, body in everything(elsewhere):
            if elsewhere in path:
                answer = ask(tutor, method, path, body)
                assert (answer.status, answer.data["code"]) == (404, "award-unknown"), path
        assert tutor.get("queue/").status == 403
        assert models.Award.objects.get(pk=elsewhere).status == "valid"

    def test_platform_staff_everything(self, root, here, elsewhere):
        assert {row["id"] for row in root.get("awards/").data["results"]} == {here, elsewhere}
        assert root.get(f"awards/{elsewhere}/").status == 200
        assert root.get("queue/").status == 200

    def test_staff_have_no_way_into_what_is_the_learners(self, root, here):
        for path in (f"me/awards/{here}/", f"me/awards/{here}/credentials/ob3.json/"):
            assert root.get(path).status == 404
        said = json.dumps([root.get("awards/").data, root.get(f"awards/{here}/").data])
        assert "camille" not in said.lower() and "ann@learner.example" not in said


class TestList:
    def test_filters(self, root, here, elsewhere):
        assert [row["id"] for row in root.get("awards/", course=COURSE).data["results"]] == [here]
        assert [row["id"] for row in root.get("awards/", state="no-consent").data["results"]] == [elsewhere]
        assert root.get("awards/", since="2030-01-01").data["results"] == []

    @pytest.mark.parametrize(
        ("query", "field"), [
            ({"state": "happy"}, "state"), ({"since": "yesterday"}, "since"), ({"cursor": "x"}, "cursor"),
            ({"pill": "x" * 501}, "pill"),
        ],
    )
    def test_unusable_filters(self, root, query, field):
        answer = root.get("awards/", **query)
        assert (answer.status, answer.data["field"]) == (400, field)

    def test_pages(self, root, ann, monkeypatch):
        made = {award(ann, pill=f"pill-{number}") for number in range(5)}
        monkeypatch.setattr("microcred_xblock.issuance.staff.PAGE", 2)
        seen, cursor = [], ""
        for _ in range(3):
            page = root.get("awards/", **({"cursor": cursor} if cursor else {})).data
            seen += [row["id"] for row in page["results"]]
            cursor = page["next"]
        assert cursor == "" and len(seen) == 5 and set(seen) == made

    def test_constant_queries(self, root, ann, commits, django_assert_max_num_queries, django_assert_num_queries):
        issue(ann, award(ann, pill="first"), commits)
        with django_assert_max_num_queries(12) as few:
            assert len(root.get("awards/").data["results"]) == 1
        for number in range(6):
            issue(ann, award(ann, pill=f"pill-{number}"), commits)
        with django_assert_num_queries(len(few)):
            assert len(root.get("awards/").data["results"]) == 7

    def test_a_line(self, root, here):
        (line,) = root.get("awards/").data["results"]
        assert (line["state"], line["course"], len(line["credentials"])) == ("issued", COURSE, 3)


class TestActions:
    def test_revoke_is_in_the_history(self, tutor, here):
        answer = tutor.post(f"awards/{here}/revoke/", {"reason": "integrity", "note": "seen by two"})
        assert (answer.status, answer.data) == (200, {"changed": 1})
        row = models.Award.objects.get(pk=here)
        assert (row.status, row.active) == ("revoked", None)
        change = models.StatusChange.objects.get()
        assert (change.actor, change.reason, change.note) == (f"user:{tutor.user.pk}", "integrity", "seen by two")
        story = tutor.get(f"awards/{here}/").data
        assert story["status"] == "revoked" and story["changes"][0]["note"] == "seen by two"

    def test_suspend_and_reinstate(self, root, here):
        assert root.post(f"awards/{here}/suspend/", {"reason": "error"}).status == 200
        assert models.Award.objects.get(pk=here).status == "suspended"
        assert root.post(f"awards/{here}/reinstate/", {"reason": "error"}).status == 200
        assert models.Award.objects.get(pk=here).status == "valid"

    def test_what_cannot_be_done_now(self, root, here):
        answer = root.post(f"awards/{here}/reinstate/", {"reason": "error"})
        assert (answer.status, answer.data["code"]) == (409, "status-change")

    def test_somebody_was_faster(self, root, here):
        seen = root.get(f"awards/{here}/").data["version"]
        assert root.post(f"awards/{here}/suspend/", {"reason": "error", "seen": seen}).status == 200
        answer = root.post(f"awards/{here}/revoke/", {"reason": "error", "seen": seen})
        assert (answer.status, answer.data["code"]) == (409, "award-changed")
        assert models.Award.objects.get(pk=here).status == "suspended"

    def test_retry_and_renew(self, root, here):
        row = models.Credential.objects.get(award_id=here, format="elm")
        document = json.dumps(issuing.unsigned(row))
        models.Credential.objects.filter(pk=row.pk).update(state="failed", document=document)
        assert root.post(f"awards/{here}/retry/", {}).data["changed"] >= 1
        assert root.post(f"awards/{here}/renew/", {}).status == 200
        assert models.Award.objects.filter(supersedes_id=here, active=True).exists()

    @pytest.mark.parametrize(
        ("body", "field"), [
            ({"reason": "because"}, "reason"), ({"reason": "error", "note": "x" * 501}, "note"),
            ({"reason": "error", "regain": "maybe"}, "regain"), ({"reason": ["error"]}, "reason"),
            ({"reason": "error", "note": "a\x00b"}, "note"), ({"reason": "error", "note": "\ud800"}, "note"),
            ([], ""), ("x", ""), (None, ""),
        ],
    )
    def test_unusable(self, root, here, body, field):
        answer = root.post(f"awards/{here}/revoke/", body)
        assert (answer.status, answer.data["field"]) == (400, field), answer.data
        assert models.Award.objects.get(pk=here).status == "valid"

    def test_no_such_action(self, root, here):
        assert root.post(f"awards/{here}/delete/", {}).status == 404
        assert root.get(f"awards/{here}/revoke/").status == 405


class TestJobs:
    def test_start_and_look(self, tutor, here, elsewhere, commits):
        models.Credential.objects.update(state="failed")
        with commits():
            answer = tutor.post("bulk-jobs/", {"action": "retry", "filters": {"state": "failed"}})
        assert answer.status == 202 and answer.data["total"] == 1
        found = tutor.get(f"bulk-jobs/{answer.data['id']}/").data
        assert (found["state"], found["done"], found["filters"]) == ("done", 1, {"state": "failed"})
        assert [job["id"] for job in tutor.get("bulk-jobs/").data] == [answer.data["id"]]

    def test_dates_are_filters_too(self, root, here):
        answer = root.post("bulk-jobs/", {"action": "retry", "filters": {"since": "2030-01-01"}})
        assert (answer.status, answer.data["total"], answer.data["filters"]) == (202, 0, {"since": "2030-01-01"})

    def test_anothers_does_not_exist(self, root, tutor, here):
        job = root.post("bulk-jobs/", {"action": "retry"}).data["id"]
        assert tutor.get(f"bulk-jobs/{job}/").status == 404
        assert tutor.post(f"bulk-jobs/{job}/cancel/").status == 404
        assert tutor.get("bulk-jobs/").data == []
        assert models.BulkJob.objects.get().state != "cancelled"

    def test_cancel(self, root, here):
        job = root.post("bulk-jobs/", {"action": "renew"}).data["id"]
        for _ in range(2):
            answer = root.post(f"bulk-jobs/{job}/cancel/")
            assert (answer.status, answer.data["state"]) == (200, "cancelled")

    @pytest.mark.parametrize(
        "body", [{}, {"action": "revoke"}, {"action": "retry", "filters": {"state": "x"}},
                 {"action": "retry", "filters": []}, {"action": "retry", "filters": {"since": "1800-01-01"}}],
    )
    def test_unusable(self, root, body):
        assert root.post("bulk-jobs/", body).status == 400
        assert not models.BulkJob.objects.exists()


def test_the_queue_tells_what_waits(root, ann):
    before = root.get("queue/").data
    models.AssessmentRequest.objects.create(
        token="t", due_at=timezone.now(), learner_pill="x", learner_id="1", pill_id="p"
    )
    assert root.get("queue/").data != before
