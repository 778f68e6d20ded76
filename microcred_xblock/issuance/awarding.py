"""From scores to an award."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..domain import codec
from ..domain.award import Award, decide
from ..domain.errors import NotAllowed
from ..domain.outcomes import Score, assess
from ..domain.pill import LearningPill
from . import models
from .data import Standing
from .filters import AwardRequested

_ACHIEVEMENTS = UUID("a2f0a7a4-1f0c-4d7a-8a55-6d1d6b1f5c11")


def record_scores(
    pill: LearningPill, scores: Mapping[str, Score], *, learner_id: str, course_id: str,
    not_given: Collection[str] = (), concealed_until: datetime | None = None, now: datetime | None = None,
) -> Standing:
    """Assess ``scores`` and, at the first mastery, store the award. Idempotent; safe in two requests at once.

    A learner who holds an award of this pill keeps it, whatever the scores are now. Whoever calls has
    checked that ``learner_id`` may earn here.
    """
    now = now or timezone.now()
    past = {block: _not_future(score, now) for block, score in scores.items()}
    results = assess(pill.outcomes, past, not_given=not_given)
    held = held_award(learner_id, pill.id)
    concealed = concealed_until is not None and concealed_until > now
    if held is not None or concealed or not pill.mastered(results):
        return Standing(
            results=results, mastered=pill.mastered(results), award_id=str(held.pk) if held is not None else None
        )
    award = decide(pill, results, award_id=uuid4(), now=now)
    assert award is not None
    try:
        AwardRequested.run_filter(award=award, learner_id=learner_id, course_id=course_id)
    except AwardRequested.PreventAward as veto:
        refusal = NotAllowed(str(veto.message), code="award-prevented", reason=str(veto.message)[:500])
        return Standing(results=results, mastered=True, refusal=refusal)
    return Standing(results=results, mastered=True, award_id=str(_store(award, learner_id, course_id).pk))


def held_award(learner_id: str, pill_id: str) -> models.Award | None:
    """The learner's active award of a pill."""
    key = models.pair_key(learner_id, pill_id)
    return models.Award.objects.select_related("pill").filter(learner_pill=key, active=True).first()


def award_of(row: models.Award) -> Award:
    """The domain value of a row; InvalidInput (``stored-value``) if the row is damaged."""
    return codec.decode(
        Award,
        {
            "id": str(row.pk), "pill": row.pill.content, "results": row.results,
            "awarded_at": row.awarded_at.isoformat(),
        },
    )


def achievement_uuid(pill: LearningPill) -> UUID:
    """Names the pill in this version: the same for every learner, on every server."""
    return uuid5(_ACHIEVEMENTS, f"{pill.id} {pill.version}")


def _store(award: Award, learner_id: str, course_id: str) -> models.Award:
    """The new row, or the one that another request stored meanwhile."""
    frozen = _freeze(award.pill)
    try:
        with transaction.atomic():
            return models.Award.objects.create(
                id=award.id, learner_id=learner_id, learner_pill=models.pair_key(learner_id, award.pill.id),
                pill=frozen, course_id=course_id, results=codec.encode(award.results), awarded_at=award.awarded_at,
            )
    except IntegrityError:
        held = held_award(learner_id, award.pill.id)
        if held is None:
            raise
        return held


def _freeze(pill: LearningPill) -> models.FrozenPill:
    content = codec.encode(pill)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    row, _ = models.FrozenPill.objects.get_or_create(
        digest=hashlib.sha256(canonical.encode("utf-8")).hexdigest(),
        defaults={
            "pill_id": pill.id, "version": pill.version, "achievement": achievement_uuid(pill), "title": pill.title,
            "content": content,
        },
    )
    return row


def _not_future(score: Score, now: datetime) -> Score:
    """Nothing was assessed after it was awarded, even where the clock that stamped the score is ahead of ours."""
    return replace(score, at=now) if score.at is not None and score.at > now else score
