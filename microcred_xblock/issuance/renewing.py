"""Awards that expire, and the new awards that take the place of former ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef

from ..domain.award import decide
from ..domain.errors import NotAllowed, NotReady
from ..domain.outcomes import OutcomeResult, Score, assess
from ..domain.pill import LearningPill
from . import chains, conf, holding, models, notices, regrading, requests, status

REASONS = ("renewal", "reissue")
LATE = timedelta(days=90)  # of what expired longer ago nobody is told any more
LIMIT = 500
_Status = models.Award.Status


def review(row: models.Award, pill: LearningPill, results: Sequence[OutcomeResult], *, now: datetime) -> models.Award:
    """The award that counts now: a new one where the learner has proved anew what expires, otherwise ``row``.

    The new one rests on nothing that was answered before the former was made. Also where scores suspended an award
    whose pill assesses otherwise since: who masters the pill as it is now has no other way back. The learner agrees to
    the new one; until it is signed the former stays what it is.
    """
    proved = _proved(row, pill, results, now)
    renewed = decide(pill, proved, award_id=uuid4(), now=now)
    if renewed is None or holding.prevented(renewed, row.learner_id, row.course_id) is not None:
        return row
    try:
        holding.freeze(pill)  # before the chain is locked: a pill that has no row yet is tried, which takes its time
    except NotReady:  # of the pill as it is now nothing could be issued: what is held stays, until it is mended
        return row
    with transaction.atomic():
        fresh = chains.lock(row).get(row.pk)
        if fresh is None or not fresh.active or not _proved(fresh, pill, results, now):
            return holding.held_award(row.learner_id, pill.id) or row  # another request was faster
        regrading.recovered(fresh, now)
        return _replace(fresh, renewed, expires_at=pill.upkeep.expiry(now), reason="renewal", now=now)


@requests.patient
def renew(
    row: models.Award, *, actor: str, now: datetime, reason: str = "renewal", note: str = ""
) -> models.Award:
    """Staff have an award issued anew from the results that earned it; the learner has to agree to the new one.

    ``renewal`` gives it its full validity from now, ``reissue`` (other data, another key) leaves its dates alone.
    NotAllowed (``renewal-state``) unless it is active and valid, (``renewal-unsigned``) before anything was signed,
    (``regrade-open``) while a change of scores waits: its results are in question.
    """
    if reason not in REASONS:
        raise NotAllowed("An award is issued anew for a renewal or a reissue only.", code="renewal-reason")
    with transaction.atomic():
        fresh = chains.lock(row).get(row.pk)
        if fresh is None or not fresh.active or fresh.status != _Status.VALID or fresh.retired_at is not None:
            raise NotAllowed("Only an award that is valid can be issued anew.", code="renewal-state")
        if holding.untouched(fresh):
            raise NotAllowed("Nothing of this award is signed yet.", code="renewal-unsigned")
        if fresh.regrades.filter(open=True).exists():
            raise regrading.in_question()
        former = holding.award_of(fresh)
        renewal = reason == "renewal"
        again = replace(former, id=uuid4(), awarded_at=now if renewal else former.awarded_at)
        expires_at = holding.upkeep_of(fresh).expiry(now) if renewal else fresh.expires_at
        models.StatusChange.objects.create(
            award=fresh, action=models.StatusChange.Action.KEEP, reason=reason, note=note[:500], actor=actor, at=now
        )
        return _replace(fresh, again, expires_at=expires_at, reason=reason, now=now)


def proved_since(
    pill: LearningPill, results: Sequence[OutcomeResult], since: datetime
) -> tuple[OutcomeResult, ...]:
    """What the blocks answered after ``since`` prove by themselves, as if nothing had been answered before."""
    blocks = {block.block: block for result in results for block in result.blocks}
    scores = {
        name: Score(block=name, earned=block.earned, possible=block.possible, at=block.at)
        for name, block in blocks.items() if block.attempted and block.at is not None and block.at > since
    }
    assessed = {leaf.block for outcome in pill.outcomes for leaf in outcome.assessment.leaves()}
    return assess(pill.outcomes, scores, not_given=assessed - blocks.keys())


def renewable_from(row: models.Award) -> datetime | None:
    """From when on an award can be renewed; None if it does not expire."""
    if row.expires_at is None:
        return None
    return row.expires_at - timedelta(days=conf.number("MICROCRED_RENEW_BEFORE_DAYS"))


def remind_due(now: datetime) -> int:
    """Tell whose award expires soon, or has expired, once; how many were told."""
    soon = now + timedelta(days=conf.number("MICROCRED_REMIND_BEFORE_DAYS"))
    return _remind("expires-soon", now, soon, now) + _remind("expired", now - LATE, now, now)


def _remind(kind: str, after: datetime, until: datetime, now: datetime) -> int:
    told = models.Notice.objects.filter(award=OuterRef("pk"), kind=kind)
    rows = models.Award.objects.filter(
        ~Exists(told), active=True, status=_Status.VALID, retired_at=None, expires_at__gt=after, expires_at__lte=until
    ).order_by("expires_at")[:LIMIT]
    return sum(requests.patiently(partial(_tell, row, kind, now)) for row in rows)


def _tell(row: models.Award, kind: str, now: datetime) -> bool:
    assert row.expires_at is not None
    notices.replace(row, "expires-soon", now=now)
    date = row.expires_at.isoformat()
    return notices.tell(row, kind, key=date, params={"date": date}, now=now) is not None


def _proved(
    row: models.Award, pill: LearningPill, results: Sequence[OutcomeResult], now: datetime
) -> Sequence[OutcomeResult]:
    """The results of an award that should take the place of ``row`` now; none where none should."""
    if row.retired_at is not None or not pill.mastered(results):
        return ()
    if row.status == _Status.SUSPENDED:
        stuck = regrading.suspended_by_case(row) and regrading.standard(row, pill) is None
        return results if stuck else ()
    opens = renewable_from(row)
    if opens is None or opens > now:
        return ()
    anew = proved_since(pill, results, row.awarded_at)
    again = {result.outcome_id for result in anew if result.achieved}
    return anew if all(result.outcome_id in again for result in results if result.achieved) else ()


def _replace(
    former: models.Award, award: holding.Award, *, expires_at: datetime | None, reason: str, now: datetime
) -> models.Award:
    suspended = regrading.suspended_by_case(former)
    row = holding.replace(former, award, expires_at=expires_at)
    notices.replace(former, "expires-soon", "expired", "suspended", "score-change", now=now)
    if row.pk != former.pk:
        notices.tell(row, "renewal-offered", key=reason, params={"reason": reason}, now=now)
    elif suspended:  # put right in place: what suspended it is true no more
        status.reinstate(row, reason="regrade", actor="system", now=now, alone=True)
    return row
