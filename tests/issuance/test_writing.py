"""What was signed is written for many rows at once, and yet touches nothing but its own columns of its own rows."""

import pytest
from django.db import OperationalError
from django.utils import timezone

from microcred_xblock.issuance import api, chains, issuing, models, status, tasks, writing
from microcred_xblock.issuance.data import Learner
from tests.factories import make_pill, make_scores

State = models.Credential.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def agreed(issuer):
    """The awards of six learners who have agreed, none signed yet."""
    found = []
    for number in range(6):
        learner = Learner(id=str(70 + number), full_name=f"Learner {number}", email=f"l{number}@learner.example")
        award = api.record_scores(
            make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id="course-v1:x+y+z"
        ).award_id
        api.consent(award, learner, digest=api.payload(award, learner).digest)
        found.append(award)
    return found


def meanwhile(monkeypatch, work):
    """Have ``work`` done once, after the first signature and before any is written."""
    sign = issuing._sign

    def signed(row, *more):
        done = sign(row, *more)
        monkeypatch.setattr(issuing, "_sign", sign)
        work(row)
        return done

    monkeypatch.setattr(issuing, "_sign", signed)


def states():
    return list(models.Credential.objects.order_by("pk").values_list("state", flat=True))


def test_one_task_signs_for_all_and_writes_each_its_own(agreed):
    tasks.issue_award(agreed[0])
    assert states() == [State.ISSUED] * 18
    for row in models.Credential.objects.select_related("award"):
        assert row.award.learner_id[-1] == str(agreed.index(str(row.award_id)))
        assert (row.document, row.lease, row.leased_until) == ("", "", None)
        assert row.credential_id.encode() in bytes(row.content) or row.format != "ob3"
    assert models.KeyUse.objects.count() == 18


def test_as_many_statements_for_six_awards_as_for_one(agreed, django_assert_max_num_queries):
    with django_assert_max_num_queries(26):
        tasks.issue_award(agreed[0])


def test_a_packet_takes_only_so_much(agreed, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(writing, "PACKET", 1)
    with django_assert_max_num_queries(26 + 18) as captured:
        tasks.issue_award(agreed[0])
    written = [query for query in captured if query["sql"].startswith("INSERT INTO") and "credential" in query["sql"]]
    assert (len(written), states()) == (18, [State.ISSUED] * 18)


def test_a_row_that_is_gone_is_not_made_again(agreed, monkeypatch):
    meanwhile(monkeypatch, lambda row: models.Credential.objects.filter(pk=row.pk).delete())
    tasks.issue_award(agreed[0])
    assert states() == [State.ISSUED] * 17


def test_other_columns_are_left_as_they_are_now(agreed, monkeypatch):
    meanwhile(monkeypatch, lambda row: models.Credential.objects.update(salt="changed meanwhile"))
    tasks.issue_award(agreed[0])
    assert set(models.Credential.objects.values_list("salt", "state")) == {("changed meanwhile", State.ISSUED)}


def test_of_whom_somebody_takes_back_nothing_is_written(agreed, monkeypatch):
    meanwhile(monkeypatch, lambda row: api.withdraw(agreed[3], "73"))
    tasks.issue_award(agreed[0])
    kept = models.Credential.objects.filter(award_id=agreed[3])
    assert {(row.state, bytes(row.content), row.document) for row in kept} == {(State.PREPARED, b"", "")}
    assert models.Credential.objects.filter(state=State.ISSUED).count() == 15
    assert models.KeyUse.objects.count() == 15


@pytest.mark.parametrize("columns", [{"state": State.PREPARED}, {"lease": "another worker's"}])
def test_only_what_still_waits_under_the_lease_is_written(agreed, columns):
    rows = list(models.Credential.objects.all())
    models.Credential.objects.update(lease="mine")
    models.Credential.objects.filter(pk=rows[0].pk).update(**columns)
    assert writing.still_queued([row.pk for row in rows], "mine") == {row.pk for row in rows[1:]}


def test_a_transaction_that_is_done_again_starts_from_what_was_read(agreed):
    row = models.Credential.objects.first()
    writing.put([(row, {"attempts": row.attempts + 1, "document": ""})])
    assert (row.attempts, bool(row.document)) == (0, True)
    row.refresh_from_db()
    assert (row.attempts, row.document) == (1, "")


def test_of_an_award_that_ends_nothing_is_left_to_be_signed(agreed):
    """A worker that never comes leaves nothing behind either: no document, and why."""
    models.Credential.objects.filter(award_id=agreed[0], format="elm").update(state=State.FAILED)
    status.revoke(models.Award.objects.get(pk=agreed[0]), reason="error", actor="system", now=timezone.now())
    rows = models.Credential.objects.filter(award_id=agreed[0])
    assert {(row.state, row.document, row.next_attempt_at, row.error_code) for row in rows} == {
        (State.PREPARED, "", None, "award-ended")
    }
    assert models.Credential.objects.filter(state=State.QUEUED).count() == 15, "of nobody else"


def test_a_database_that_is_away_for_a_moment_after_signing_costs_nothing(agreed, monkeypatch):
    """What was signed, perhaps by a seal far away, is not thrown away for it."""
    real, calls = chains.keys_beside, []

    def away(keys):
        calls.append(keys)
        if len(calls) == 1:
            raise OperationalError(2006, "Server has gone away")
        return real(keys)

    monkeypatch.setattr(chains, "keys_beside", away)
    tasks.issue_award(agreed[0])
    assert (len(calls), states()) == (2, [State.ISSUED] * 18)
