"""From scores to one award, and never to two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from openedx_filters import PipelineStep

from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.issuance import api, awarding, models
from microcred_xblock.issuance.filters import AwardRequested
from tests.factories import EARNED, make_pill, make_scores

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def record(learner="student_1", pill=None, scores=None, now=NOW):
    return api.record_scores(
        pill or make_pill(), make_scores(at=now) if scores is None else scores, learner_id=learner,
        course_id="course-v1:a+b+c", now=now,
    )


def test_progress_without_mastery_stores_nothing():
    standing = record(scores=make_scores({**EARNED, "fault-tree": "0"}, at=NOW))
    assert (standing.mastered, standing.award_id) == (False, None)
    assert [result.achieved for result in standing.results] == [True, False, True]
    assert not models.Award.objects.exists()


def test_mastery_makes_one_award_that_freezes_what_was_proved():
    standing = record()
    row = models.Award.objects.select_related("pill").get()
    assert str(row.pk) == standing.award_id
    award = awarding.award_of(row)
    assert award.pill == make_pill()
    assert award.results == standing.results
    assert award.awarded_at == NOW
    assert (row.learner_id, row.course_id, row.pill.version) == ("student_1", "course-v1:a+b+c", make_pill().version)


def test_an_award_is_kept_whatever_happens_to_the_scores():
    first = record()
    later = record(scores=make_scores(dict.fromkeys(EARNED, "0"), at=NOW), now=NOW + timedelta(days=1))
    assert later.award_id == first.award_id
    assert not later.mastered
    assert models.Award.objects.count() == 1


def test_an_award_is_kept_when_the_pill_changes():
    first = record()
    changed = make_pill(title="Another title", outcomes=make_pill().outcomes[:2])
    assert record(pill=changed).award_id == first.award_id
    assert models.Award.objects.get().pill.title == make_pill().title


def test_equal_pills_are_frozen_once():
    record("student_1")
    record("student_2")
    record("student_3", pill=make_pill(description="A corrected description."))
    assert models.Award.objects.count() == 3
    assert models.FrozenPill.objects.count() == 2
    assert len(set(models.FrozenPill.objects.values_list("achievement", flat=True))) == 1  # the same version


def test_learners_and_pills_that_differ_in_case_only_are_different():
    ids = {record(learner, pill=make_pill(id=pill)).award_id for learner in ("a", "A") for pill in ("p", "P")}
    assert len(ids) == 4


def test_the_database_itself_refuses_a_second_award():
    record()
    row = models.Award.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Award.objects.create(
            learner_id=row.learner_id, learner_pill=row.learner_pill, pill=row.pill, results=row.results,
            awarded_at=NOW,
        )
    models.Award.objects.update(active=None)
    assert record().award_id != str(row.pk)  # the way back after a revocation


def test_another_request_was_faster(monkeypatch):
    """Between looking and storing, the other tab stored its award: ours gives way to it."""
    first = record()
    looks = iter([None])
    held = awarding.held_award
    monkeypatch.setattr(awarding, "held_award", lambda *args: next(looks, held(*args)))
    assert record().award_id == first.award_id
    assert models.Award.objects.count() == 1


def test_scores_from_a_clock_that_is_ahead_do_not_outdate_the_award():
    record(scores=make_scores(at=NOW + timedelta(minutes=5)))
    award = awarding.award_of(models.Award.objects.get())
    assert max(result.assessed_at for result in award.results) <= award.awarded_at


def test_a_damaged_row_is_an_error_and_not_another_award():
    record()
    models.Award.objects.update(results=[])
    with pytest.raises(InvalidInput):
        awarding.award_of(models.Award.objects.select_related("pill").get())


class Veto(PipelineStep):
    """A site that wants to see an identity card first."""

    seen: list = []  # noqa: RUF012

    def run_filter(self, award, learner_id, course_id):
        self.seen.append((award, learner_id, course_id))
        raise AwardRequested.PreventAward("Show your identity card first.")


class Meddler(PipelineStep):
    """A step that tries to change what was proved."""

    def run_filter(self, award, learner_id, course_id):
        return {"award": replace(award, awarded_at=NOW - timedelta(days=900)), "learner_id": "somebody else"}


def use_step(settings, step):
    settings.OPEN_EDX_FILTERS_CONFIG = {
        AwardRequested.filter_type: {"fail_silently": False, "pipeline": [f"{__name__}.{step.__name__}"]}
    }


def test_a_step_can_stop_an_award(settings):
    use_step(settings, Veto)
    standing = record()
    assert standing.mastered and standing.award_id is None
    assert standing.refusal.code == "award-prevented"
    assert standing.refusal.params["reason"] == "Show your identity card first."
    assert not models.Award.objects.exists()
    assert Veto.seen[-1][1:] == ("student_1", "course-v1:a+b+c")
    settings.OPEN_EDX_FILTERS_CONFIG = {}
    assert record().award_id


def test_a_step_cannot_change_what_was_proved(settings):
    use_step(settings, Meddler)
    record()
    row = models.Award.objects.get()
    assert (row.awarded_at, row.learner_id) == (NOW, "student_1")


def test_the_filter_is_documented_as_openedx_filters_wants_it():
    assert not AwardRequested.filter_type.startswith("org.openedx")
    assert AwardRequested.filter_type.endswith(".v1")
    for heading in ("Purpose:", "Filter Type:", "Trigger:"):
        assert heading in AwardRequested.__doc__
    assert AwardRequested.filter_type in AwardRequested.__doc__


def test_scores_are_exact():
    """Two thirds of the points are less than 0.67 and at least 0.66."""
    scores = make_scores(at=NOW)
    thirds = {**scores, "fault-tree": replace(scores["fault-tree"], earned=Decimal(2), possible=Decimal(3))}
    thirds["sort-causes"] = replace(scores["sort-causes"], earned=Decimal(2), possible=Decimal(3))
    assert not record(scores=thirds).mastered
