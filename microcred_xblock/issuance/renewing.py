"""Awards that expire, and the new awards that take the place of former ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef

from ..domain.award import decide
from ..domain.errors import NotAllowed
from ..domain.outcomes import OutcomeResult
from ..domain.pill import LearningPill
from . import conf, holding, models, notices, outbox, regrading

REASONS = ("renewal", "reissue")
LATE = timedelta(days=90)  # of what expired longer ago nobody is told any more
LIMIT = 500
_Status = models.Award.Status


def review(row: models.Award, pill: LearningPill, results: Sequence[OutcomeResult], *, now: datetime) -> models.Award:
    """The award that counts now: a new one where the learner has proved anew what expires, otherwise ``row``.

    Also where scores suspended an award whose pill was changed since: who masters the pill as it is now has no other
    way back. The learner agrees to the new one; until it is signed the former stays what it is.
    """
    if not _due(row, pill, results, now):
        return row
    renewed = decide(pill, results, award_id=uuid4(), now=now)
    if renewed is None or holding.prevented(renewed, row.learner_id, row.course_id) is not None:
        return row
    with transaction.atomic():
        fresh = outbox.lock_award(row.pk)
        if fresh is None or not fresh.active or not _due(fresh, pill, results, now):
            return holding.held_award(row.learner_id, pill.id) or row  # another request was faster
        return _replace(fresh, renewed, expires_at=pill.upkeep.expiry(now), reason="renewal", now=now)


def renew(
    row: models.Award, *, actor: str, now: datetime, reason: str = "renewal", note: str = ""
) -> models.Award:
    """Staff have an award issued anew from the results that earned it; the learner has to agree to the new one.

    ``renewal`` gives it its full validity from now, ``reissue`` (other data, another key) leaves its dates alone.
    NotAllowed (``renewal-state``) unless it is active and valid, (``renewal-unsigned``) before anything was signed.
    """
    if reason not in REASONS:
        raise NotAllowed("An award is issued anew for a renewal or a reissue only.", code="renewal-reason")
    with transaction.atomic():
        fresh = outbox.lock_award(row.pk)
        if fresh is None or not fresh.active or fresh.status != _Status.VALID or fresh.retired_at is not None:
            raise NotAllowed("Only an award that is valid can be issued anew.", code="renewal-state")
        if holding.untouched(fresh):
            raise NotAllowed("Nothing of this award is signed yet.", code="renewal-unsigned")
        former = holding.award_of(fresh)
        renewal = reason == "renewal"
        again = replace(former, id=uuid4(), awarded_at=now if renewal else former.awarded_at)
        expires_at = holding.upkeep_of(fresh).expiry(now) if renewal else fresh.expires_at
        models.StatusChange.objects.create(
            award=fresh, action=models.StatusChange.Action.KEEP, reason=reason, note=note[:500], actor=actor, at=now
        )
        return _replace(fresh, again, expires_at=expires_at, reason=reason, now=now)


def mastered_since(pill: LearningPill, results: Sequence[OutcomeResult], since: datetime) -> bool:
    """Whether the outcomes that were assessed after ``since`` suffice by themselves."""
    return pill.mastered(result for result in results if _after(result, since))


def renewable_from(row: models.Award) -> datetime | None:
    """From when on an award can be renewed; None if it does not expire."""
    if row.expires_at is None:
        return None
    return row.expires_at - timedelta(days=conf.setting("MICROCRED_RENEW_BEFORE_DAYS"))


def remind_due(now: datetime) -> int:
    """Tell whose award expires soon, or has expired, once; how many were told."""
    soon = now + timedelta(days=conf.setting("MICROCRED_REMIND_BEFORE_DAYS"))
    return _remind("expires-soon", now, soon, now) + _remind("expired", now - LATE, now, now)


def _remind(kind: str, after: datetime, until: datetime, now: datetime) -> int:
    told = models.Notice.objects.filter(award=OuterRef("pk"), kind=kind)
    rows = models.Award.objects.filter(
        ~Exists(told), active=True, status=_Status.VALID, retired_at=None, expires_at__gt=after, expires_at__lte=until
    ).order_by("expires_at")[:LIMIT]
    count = 0
    for row in rows:
        with transaction.atomic():
            notices.replace(row, "expires-soon", now=now)
            date = row.expires_at.isoformat()
            count += notices.tell(row, kind, key=date, params={"date": date}, now=now) is not None
    return count


def _due(row: models.Award, pill: LearningPill, results: Sequence[OutcomeResult], now: datetime) -> bool:
    if row.retired_at is not None or not pill.mastered(results):
        return False
    if row.status == _Status.SUSPENDED:
        return row.pill.version != pill.version and regrading.suspended_by_case(row)
    opens = renewable_from(row)
    achieved = [result for result in results if result.achieved]
    return opens is not None and opens <= now and all(_after(result, row.awarded_at) for result in achieved)


def _after(result: OutcomeResult, since: datetime) -> bool:
    return result.assessed_at is not None and result.assessed_at > since


def _replace(
    former: models.Award, award: holding.Award, *, expires_at: datetime | None, reason: str, now: datetime
) -> models.Award:
    row = holding.replace(former, award, expires_at=expires_at)
    notices.replace(former, "expires-soon", "expired", "suspended", "score-change", now=now)
    if row.pk != former.pk:
        notices.tell(row, "renewal-offered", key=reason, params={"reason": reason}, now=now)
    return row
