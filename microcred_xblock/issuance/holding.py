"""The row of an award: made once, found again, replaced by another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace as changed
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from ..domain import codec
from ..domain.award import Award
from ..domain.errors import NotAllowed
from ..domain.outcomes import OutcomeResult, Score
from ..domain.pill import LearningPill
from ..domain.upkeep import Upkeep
from . import issuers, models, signals
from .filters import AwardRequested

_ACHIEVEMENTS = UUID("a2f0a7a4-1f0c-4d7a-8a55-6d1d6b1f5c11")


def held_award(learner_id: str, pill_id: str) -> models.Award | None:
    """The learner's active award of a pill."""
    key = models.pair_key(learner_id, pill_id)
    return models.Award.objects.select_related("pill").filter(learner_pill=key, active=True).first()


def last_award(learner_id: str, pill_id: str) -> models.Award | None:
    """The learner's latest award of a pill that is no longer active."""
    key = models.pair_key(learner_id, pill_id)
    former = models.Award.objects.select_related("pill").filter(learner_pill=key, active__isnull=True)
    return former.order_by("-created_at").first()


def award_of(row: models.Award) -> Award:
    """The domain value of a row; InvalidInput (``stored-value``) if the row is damaged."""
    return codec.decode(
        Award,
        {
            "id": str(row.pk), "pill": row.pill.content, "results": row.results,
            "awarded_at": row.awarded_at.isoformat(),
        },
    )


def upkeep_of(row: models.Award) -> Upkeep:
    """The terms of an award: those it was earned under."""
    return codec.decode(Upkeep, row.pill.content.get("upkeep", {}))


def results_of(row: Any) -> tuple[OutcomeResult, ...]:
    """The results in a row of awards or of score changes."""
    return codec.decode(tuple[OutcomeResult, ...], row.results)


def achievement_uuid(pill: LearningPill) -> UUID:
    """Names the pill in this version: the same for every learner, on every server."""
    return uuid5(_ACHIEVEMENTS, f"{pill.id} {pill.version}")


def store(award: Award, learner_id: str, course_id: str) -> models.Award:
    """The new row, or the one that another request stored meanwhile."""
    frozen = freeze(award.pill)
    try:
        with transaction.atomic():
            return _create(award, frozen, learner_id, course_id, award.pill.upkeep.expiry(award.awarded_at))
    except IntegrityError:
        held = held_award(learner_id, award.pill.id)
        if held is None:
            raise
        return held


def replace(former: models.Award, award: Award, *, expires_at: datetime | None) -> models.Award:
    """The award that supersedes ``former``, whose row the caller has locked and found active.

    ``former`` stays what it is, valid or suspended, until the new one is signed; only it is no longer *the* award.
    One that nobody has agreed to yet is itself put right: nobody can hold anything that says otherwise.
    """
    frozen = freeze(award.pill)
    if untouched(former):
        former.pill, former.results, former.awarded_at = frozen, codec.encode(award.results), award.awarded_at
        former.expires_at = expires_at
        former.save(update_fields=["pill", "results", "awarded_at", "expires_at"])
        former.credentials.update(
            issued_at=award.awarded_at, valid_from=award.awarded_at, state=models.Credential.State.PREPARED, document=""
        )
        return former
    former.active = None
    former.save(update_fields=["active"])
    return _create(award, frozen, former.learner_id, former.course_id, expires_at, supersedes=former)


def untouched(row: models.Award) -> bool:
    """Whether nothing of an award was signed, nor its learner agrees to have it signed."""
    state = models.Credential.State
    if row.credentials.filter(state__in=(state.QUEUED, state.ISSUED)).exists():
        return False
    return not row.consents.filter(purpose=models.Consent.Purpose.ISSUE, active=True).exists()


def prevented(award: Award, learner_id: str, course_id: str) -> NotAllowed | None:
    """The objection of a site's own condition to an award that would be made, if any."""
    try:
        AwardRequested.run_filter(award=award, learner_id=learner_id, course_id=course_id)
    except AwardRequested.PreventAward as veto:
        return NotAllowed(str(veto.message), code="award-prevented", reason=str(veto.message)[:500])
    return None


def until(scores: Mapping[str, Score], now: datetime) -> dict[str, Score]:
    """Nothing was assessed after it was awarded, even where the clock that stamped the score is ahead of ours."""
    return {
        block: changed(score, at=now) if score.at is not None and score.at > now else score
        for block, score in scores.items()
    }


def _create(
    award: Award, frozen: models.FrozenPill, learner_id: str, course_id: str, expires_at: datetime | None,
    supersedes: models.Award | None = None,
) -> models.Award:
    row = models.Award.objects.create(
        id=award.id, learner_id=learner_id, learner_pill=models.pair_key(learner_id, award.pill.id), pill=frozen,
        course_id=course_id, results=codec.encode(award.results), awarded_at=award.awarded_at, expires_at=expires_at,
        issuer_key=issuers.key_for(course_id), supersedes=supersedes,
    )
    signals.send(signals.award_made, row.pk)
    return row


def freeze(pill: LearningPill) -> models.FrozenPill:
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
