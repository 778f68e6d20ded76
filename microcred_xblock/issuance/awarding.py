"""From scores to an award."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import uuid4

from django.utils import timezone

from ..domain.award import decide
from ..domain.errors import NotAllowed
from ..domain.outcomes import OutcomeResult, Score, assess
from ..domain.pill import LearningPill
from . import models, regrading, renewing
from .data import Standing
from .holding import achievement_uuid, award_of, held_award, last_award, prevented, store, until

__all__ = ["achievement_uuid", "award_of", "held_award", "last_award", "record_scores"]


def record_scores(
    pill: LearningPill, scores: Mapping[str, Score], *, learner_id: str, course_id: str,
    not_given: Collection[str] = (), annulled: bool = False, concealed_until: datetime | None = None,
    now: datetime | None = None,
) -> Standing:
    """Assess ``scores`` and, at the first mastery, store the award. Idempotent; safe in two requests at once.

    What is held already is held against the scores: see ``regrading.review`` and ``renewing.review``. After a
    revocation the award is made again under the condition that the revocation set. Whoever calls has checked that
    ``learner_id`` may earn here.
    """
    now = now or timezone.now()
    past = until(scores, now)
    results = assess(pill.outcomes, past, not_given=not_given)
    held = held_award(learner_id, pill.id)
    concealed = concealed_until is not None and concealed_until > now
    if held is not None and not concealed:
        regrading.review(held, pill, past, annulled=annulled, now=now)
        held = renewing.review(held, pill, results, now=now)
    mastered = pill.mastered(results)
    if held is not None or concealed or not mastered:
        return Standing(results=results, mastered=mastered, award_id=str(held.pk) if held is not None else None)
    refusal = _barred(last_award(learner_id, pill.id), pill, results)
    if refusal is None:
        award = decide(pill, results, award_id=uuid4(), now=now)
        assert award is not None
        refusal = prevented(award, learner_id, course_id)
    if refusal is not None:
        return Standing(results=results, mastered=True, refusal=refusal)
    return Standing(results=results, mastered=True, award_id=str(store(award, learner_id, course_id).pk))


def _barred(
    former: models.Award | None, pill: LearningPill, results: tuple[OutcomeResult, ...]
) -> NotAllowed | None:
    """Why a pill whose award was taken away may not be awarded again now."""
    regain = models.Award.Regain
    if former is None or former.status != models.Award.Status.REVOKED or former.regain == regain.RESULTS:
        return None
    if former.regain == regain.NEVER:
        return NotAllowed("This credential was revoked and cannot be earned again.", code="award-barred")
    if renewing.mastered_since(pill, results, former.status_at or former.awarded_at):
        return None
    return NotAllowed(
        "This credential was revoked: every outcome it needs must be assessed anew first.", code="award-anew"
    )
