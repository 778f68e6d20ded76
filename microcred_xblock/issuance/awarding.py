"""From scores to an award."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from django.utils import timezone

from ..domain.award import Award, decide
from ..domain.errors import NotAllowed, NotReady
from ..domain.outcomes import OutcomeResult, Score, assess, assess_at_best
from ..domain.pill import LearningPill
from . import chains, holding, models, regrading, renewing, requests, retired
from .data import Standing
from .holding import achievement_uuid, award_of, held_award, last_award, prevented, store, until

__all__ = ["achievement_uuid", "award_of", "held_award", "last_award", "record_scores"]


@requests.patient
def record_scores(
    pill: LearningPill, scores: Mapping[str, Score], *, learner_id: str, course_id: str,
    not_given: Collection[str] = (), missing: Collection[str] = (), annulled: bool = False,
    concealed_until: datetime | None = None, now: datetime | None = None,
) -> Standing:
    """Assess ``scores`` and, at the first mastery, store the award. Idempotent; safe in two requests at once.

    What is held already is held against the scores: see ``regrading.review`` and ``renewing.review``. After a
    revocation the award is made again under the condition that the revocation set. While no credential of the pill
    could be issued (``verdicts``), or blocks that assess are ``missing`` from it, no award is made, but when it is
    mended and the scores are looked at again: so the refusal is NotReady (``pill-unready``), also for a learner who
    lacks nothing but what is missing. Whoever calls has checked that ``learner_id`` may earn here.
    """
    now = now or timezone.now()
    past = until(scores, now)
    results = assess(pill.outcomes, past, not_given=not_given)
    held = held_award(learner_id, pill.id)
    concealed = concealed_until is not None and concealed_until > now
    if held is not None and not concealed:
        regrading.review(held, pill, past, annulled=annulled, now=now)
        held = renewing.review(held, pill, results, now=now) if not missing else held
    mastered = pill.mastered(results)
    mendable = mastered or (bool(missing) and pill.mastered(
        assess_at_best(pill.outcomes, past, missing=missing, not_given=not_given)
    ))
    if held is not None or concealed or not mendable:
        return Standing(results=results, mastered=mastered, award_id=str(held.pk) if held is not None else None)
    if missing:
        unready = NotReady("What assesses this pill is not all in it (any more).", code="pill-unready")
        return Standing(results=results, mastered=mastered, refusal=unready)
    formers = list(holding.former_awards(learner_id, pill.id))
    award, refusal = _decided(formers, pill, results, now)
    if award is not None:
        refusal = retired.refusal(learner_id) or prevented(award, learner_id, course_id)
    if award is None or refusal is not None:
        return Standing(results=results, mastered=True, refusal=refusal)
    standing = any(row.status in chains.STANDING for row in formers)  # two that count are never side by side
    try:
        made = store(award, learner_id, course_id, supersedes=formers[0] if standing else None)
    except NotReady as unready:
        return Standing(results=results, mastered=True, refusal=unready)
    return Standing(results=results, mastered=True, award_id=str(made.pk))


def _decided(
    formers: Sequence[models.Award], pill: LearningPill, results: tuple[OutcomeResult, ...], now: datetime
) -> tuple[Award | None, NotAllowed | None]:
    """The award of a mastered pill, or why it may not be made again now that a former one was taken away.

    The strictest condition counts of what was revoked since the pill was last earned. After a revocation that asks for
    it nothing counts that was answered before.
    """
    regain, earned = models.Award.Regain, max((row.awarded_at for row in formers), default=now)
    revoked = [
        (row.regain, row.status_at or row.awarded_at) for row in formers
        if row.status == models.Award.Status.REVOKED and (row.status_at is None or row.status_at >= earned)
    ]
    if any(condition == regain.NEVER for condition, _ in revoked):
        return None, NotAllowed("This credential was revoked and cannot be earned again.", code="award-barred")
    anew = [since for condition, since in revoked if condition == regain.ANEW]
    if anew:
        results = renewing.proved_since(pill, results, max(anew))
    award = decide(pill, results, award_id=uuid4(), now=now)
    if award is not None:
        return award, None
    return None, NotAllowed(
        "This credential was revoked: every outcome it needs must be assessed anew first.", code="award-anew"
    )
