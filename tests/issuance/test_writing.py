"""What was signed is written for many rows at once, and yet touches nothing but its own columns of its own rows."""

import pytest
from django.utils import timezone

from microcred_xblock.issuance import api, issuing, models, tasks, writing
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
