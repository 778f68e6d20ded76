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
from django.db.models import Exists, OuterRef, Q

from ..credentials import status_list
from ..domain import codec
from ..domain.award import Award
from ..domain.errors import Misconfigured, NotAllowed
from ..domain.outcomes import LearningOutcome, OutcomeResult, Score
from ..domain.pill import LearningPill, MasteryRule
from ..domain.upkeep import RegradePolicy, Upkeep
from . import chains, issuers, models, signals, verdicts
from .filters import AwardRequested

_ACHIEVEMENTS = UUID("a2f0a7a4-1f0c-4d7a-8a55-6d1d6b1f5c11")
_BEGUN = (models.Credential.State.QUEUED, models.Credential.State.ISSUED)


def held_award(learner_id: str, pill_id: str) -> models.Award | None:
    """The learner's active award of a pill."""
    key = models.pair_key(learner_id, pill_id)
    return models.Award.objects.select_related("pill").filter(learner_pill=key, active=True).first()


def last_award(learner_id: str, pill_id: str) -> models.Award | None:
    """The learner's latest award of a pill that is no longer active."""
    return former_awards(learner_id, pill_id).first()


def former_awards(learner_id: str, pill_id: str) -> Any:
    """The learner's awards of a pill that are no longer active, the latest first."""
    key = models.pair_key(learner_id, pill_id)
    former = models.Award.objects.select_related("pill").filter(learner_pill=key, active__isnull=True)
    return former.order_by("-created_at")


def waiting() -> Q:
    """Of awards, in SQL: to take the place of one that still stands, and nobody has agreed to it yet."""
    agreed = models.Consent.objects.filter(award=OuterRef("pk"), purpose=models.Consent.Purpose.ISSUE, active=True)
    begun = models.Credential.objects.filter(award=OuterRef("pk"), state__in=_BEGUN)
    return Q(active=True, supersedes__status__in=chains.STANDING) & ~Exists(agreed) & ~Exists(begun)


def chain(row: models.Award) -> list[UUID]:
    """The award with those that it replaced and, while it stands, those that replace it; the newest first."""
    found = [row.pk]
    former = row.supersedes_id
    while former is not None and former not in found:
        found.append(former)
        former = models.Award.objects.filter(pk=former).values_list("supersedes_id", flat=True).first()
    while row.status in chains.STANDING:
        following = models.Award.objects.filter(supersedes_id=found[0]).values_list("pk", flat=True).first()
        if following is None or following in found:
            break
        found.insert(0, following)
    return found


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


def asked_of(frozen: models.FrozenPill) -> tuple[tuple[LearningOutcome, ...], MasteryRule]:
    """What a frozen pill asked for: its outcomes and its mastery rule. InvalidInput as ``award_of``."""
    content = frozen.content
    return (
        codec.decode(tuple[LearningOutcome, ...], content.get("outcomes")),
        codec.decode(MasteryRule, content.get("mastery")),
    )


def status_purpose(row: models.Award) -> str:
    """Open Badges have room for one status entry: it is the one that the pill's rule may bring about."""
    return status_list.SUSPENSION if upkeep_of(row).regrade is RegradePolicy.SUSPEND else status_list.REVOCATION


def suspension_in_badge(row: models.Award) -> bool:
    """Whether the badge itself names the list of suspensions; else only the verification page and that list tell."""
    found = models.StatusEntry.objects.filter(award_id=row.pk).values_list("purpose", flat=True).first()
    return (found or status_purpose(row)) == status_list.SUSPENSION


def results_of(row: Any) -> tuple[OutcomeResult, ...]:
    """The results in a row of awards or of score changes."""
    return codec.decode(tuple[OutcomeResult, ...], row.results)


def achievement_uuid(pill: LearningPill) -> UUID:
    """Names the pill in this version: the same for every learner, on every server."""
    return uuid5(_ACHIEVEMENTS, f"{pill.id} {pill.version}")


def store(
    award: Award, learner_id: str, course_id: str, *, supersedes: models.Award | None = None
) -> models.Award:
    """The new row, or the one that another request stored meanwhile. NotReady as ``freeze``."""
    frozen = freeze(award.pill)
    try:
        with transaction.atomic():
            expires_at = award.pill.upkeep.expiry(award.awarded_at)
            return _create(award, frozen, learner_id, course_id, expires_at, supersedes=supersedes)
    except IntegrityError:
        held = held_award(learner_id, award.pill.id)
        if held is None:
            raise
        return held


def replace(former: models.Award, award: Award, *, expires_at: datetime | None) -> models.Award:
    """The award that supersedes ``former``, whose row the caller has locked and found active.

    ``former`` stays what it is, valid or suspended, until the new one is signed; only it is no longer *the* award.
    The awarding body stays the same, whatever was assigned to the course since, while the settings still know it.
    One that nobody has agreed to yet is itself put right: nobody can hold anything that says otherwise. NotReady as
    ``freeze``.
    """
    frozen = freeze(award.pill)
    if untouched(former):
        former.pill, former.results, former.awarded_at = frozen, codec.encode(award.results), award.awarded_at
        former.expires_at = expires_at
        former.save(update_fields=["pill", "results", "awarded_at", "expires_at"])
        models.StatusEntry.objects.filter(award_id=former.pk).update(purpose=status_purpose(former))
        former.credentials.update(
            issued_at=award.awarded_at, valid_from=award.awarded_at, state=models.Credential.State.PREPARED, document=""
        )
        return former
    former.active = None
    former.save(update_fields=["active"])
    return _create(award, frozen, former.learner_id, former.course_id, expires_at, supersedes=former)


def untouched(row: models.Award) -> bool:
    """Whether nothing of an award was signed, nor its learner agrees to have it signed."""
    if row.credentials.filter(state__in=_BEGUN).exists():
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
        issuer_key=_issuer_of(supersedes, course_id), supersedes=supersedes,
    )
    signals.send(signals.award_made, row.pk)
    return row


def _issuer_of(former: models.Award | None, course_id: str) -> str:
    """Who awards: whoever awarded what is replaced, else who awards in the course now."""
    if former is None:
        return issuers.key_for(course_id)
    try:
        known = former.issuer_key in issuers.configured()
    except Misconfigured:  # nobody can tell before the settings are mended, and nothing is signed before that either
        known = True
    return former.issuer_key if known else issuers.key_for(course_id)


def is_frozen(pill: LearningPill) -> bool:
    """Whether the pill, as it is, has a row already."""
    return models.FrozenPill.objects.filter(digest=_digest(codec.encode(pill))).exists()


def freeze(pill: LearningPill) -> models.FrozenPill:
    """The row of the pill's content, shared by equal pills. NotReady (``pill-unready``): see ``verdicts.require``.

    A pill that has a row was found good when the row was made; so an award costs no look at its documents. For one that
    may have none it is called before locks are taken.
    """
    content = codec.encode(pill)
    digest = _digest(content)
    known = models.FrozenPill.objects.filter(digest=digest).first()
    if known is not None:
        return known
    verdicts.require(pill)
    row, _ = models.FrozenPill.objects.get_or_create(
        digest=digest,
        defaults={
            "pill_id": pill.id, "version": pill.version, "achievement": achievement_uuid(pill), "title": pill.title,
            "content": content,
        },
    )
    return row


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
