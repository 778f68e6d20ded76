"""Scores that change after an award: what the pill's rule makes of it, the learner's days of grace, the way back.

Nothing happens at once and nothing in silence: a case is opened and the learner told; when the days of grace are over
the sweep looks again, acts, and the learner is told again. Cases are rows, so a killed worker loses none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction

from .. import compat
from ..domain import codec
from ..domain.award import Award
from ..domain.errors import MicrocredError, NotAllowed
from ..domain.outcomes import OutcomeResult, Score
from ..domain.pill import LearningPill, assessed_part
from ..domain.upkeep import RegradePolicy
from . import chains, holding, models, notices, offers, outbox, requests, status
from .measuring import Step, decide, measured, worse

log = logging.getLogger(__name__)

CAUSES = ("regrade", "score-deleted")
LIMIT = 500  # cases handed over by one sweep
_WAIT = timedelta(days=1)
_UNREADABLE = timedelta(days=30)  # that a pill may be out of sight before its cases are closed
_Outcome = models.Regrade.Outcome
_Status = models.Award.Status


def review(
    row: models.Award, pill: LearningPill, scores: Mapping[str, Score], *, annulled: bool = False, now: datetime
) -> None:
    """Hold an active award against ``scores``. Idempotent; safe in two requests at once.

    By what was asked when it was earned, as long as ``pill``, in whatever version, asks for the same: what another
    assessment says proves nothing of this award.
    """
    if row.retired_at is not None:
        return
    current, pill = pill, standard(row, pill)
    if pill is None:
        _set_aside(row, now)
        return
    results = measured(pill, holding.results_of(row), scores, annulled=annulled)
    step = _step(row, pill, results)
    if step is Step.RECORD and _recorded(row, results):
        return
    idle = step is Step.NOTHING or (step is Step.RECOVER and row.status == _Status.VALID)
    if idle and not row.regrades.filter(open=True).exists():
        return
    with transaction.atomic():
        fresh = _locked(row)
        pill = standard(fresh, current) if fresh is not None else None
        if fresh is None or pill is None:
            return
        results = measured(pill, holding.results_of(fresh), scores, annulled=annulled)
        case = fresh.regrades.filter(open=True).first()
        step = _step(fresh, pill, results)
        if step is Step.RECOVER:
            _recover(fresh, case, now)
        elif step is Step.RECORD:
            _record(fresh, results, now)
        elif step is Step.WARN and case is not None:
            _update(case, results, pill.mastered(results), now)
        elif step is Step.WARN and not _accepted(fresh, results):
            _open(fresh, results, pill.mastered(results), now)


def standard(row: models.Award, pill: LearningPill) -> LearningPill | None:
    """The pill by whose outcomes and rule an award is judged: those it was earned by. None if ``pill``, which is the
    pill as it is now, assesses otherwise."""
    if row.pill.version == pill.version:
        return pill
    outcomes, mastery = holding.asked_of(row.pill)
    if assessed_part(outcomes, mastery) != pill.assessed:
        return None
    return replace(pill, outcomes=outcomes, mastery=mastery)


def close_due(now: datetime) -> int:
    """Hand over the cases whose days of grace are over; how many. One that is not closed then is found again."""
    from . import tasks

    due = models.Regrade.objects.filter(open=True, due_at__lte=now).order_by("due_at")
    taken = list(due.values_list("pk", flat=True)[:LIMIT])
    until = now + outbox.HANDED_OVER
    models.Regrade.objects.filter(pk__in=taken, open=True).update(due_at=until)
    outbox.hand_over_all(
        tasks.close_regrade, taken,
        lambda left: models.Regrade.objects.filter(pk__in=left, open=True, due_at=until).update(due_at=now),
    )
    return len(taken)


def close(case_pk: int, *, now: datetime) -> None:
    """Look once more, and act if the scores still do not suffice. Twice is once; what fails stays due."""
    case = _due(case_pk, now).select_related("award__pill").first()
    if case is None:
        return
    try:
        later = _look_again(case, now) if case.award.active else None
        if later is None:
            later = _act(case, now)
        if later is not None:
            models.Regrade.objects.filter(pk=case_pk, open=True).update(due_at=later)
    except Exception as error:  # a platform raises what it likes; the case must not be lost
        _note_failure(case, error, now)


@requests.patient
def dismiss(award: models.Award, *, actor: str, note: str = "", now: datetime) -> models.Regrade:
    """Staff decide that nothing follows. NotAllowed (``regrade-none``) where no case is open.

    The same results open no other case; only worse ones do.
    """
    with transaction.atomic():
        fresh = outbox.lock_award(award.pk)
        case = models.Regrade.objects.filter(award_id=award.pk, open=True).first()
        if fresh is None or case is None:
            raise NotAllowed("No change of scores is waiting for this award.", code="regrade-none")
        models.StatusChange.objects.create(
            award=fresh, action=models.StatusChange.Action.KEEP, reason="regrade", note=note[:500], actor=actor, at=now
        )
        _settle(case, _Outcome.DISMISSED, now)
        offers.without_end(case, now)
        return case


def in_question() -> NotAllowed:
    """Why nothing is issued anew while a case is open."""
    return NotAllowed("The scores of this award have changed; that has to be settled first.", code="regrade-open")


def _step(row: models.Award, pill: LearningPill, results: Sequence[OutcomeResult]) -> Step:
    terms = holding.upkeep_of(row)
    award = Award(id=row.pk, pill=pill, results=holding.results_of(row), awarded_at=row.awarded_at)
    return decide(terms.regrade, award, results, suspended=row.status == _Status.SUSPENDED)


def _locked(row: models.Award) -> models.Award | None:
    """The award as it is now, locked; None if it is no longer the one that counts."""
    fresh = chains.lock(row).get(row.pk)
    if fresh is None or not fresh.active or fresh.retired_at is not None:
        return None
    if fresh.pill_id == row.pill_id:
        fresh.pill = row.pill
    return fresh


def _open(award: models.Award, results: Sequence[OutcomeResult], mastered: bool, now: datetime) -> None:
    terms = holding.upkeep_of(award)
    case = models.Regrade.objects.create(
        award=award, policy=terms.regrade.value, results=codec.encode(tuple(results)), mastered=mastered,
        opened_at=now, due_at=now + timedelta(days=terms.grace_days),
    )
    _tell(case, now)


def _update(case: models.Regrade, results: Sequence[OutcomeResult], mastered: bool, now: datetime) -> None:
    """The one open case follows the scores. If it now ends worse than the learner was told, the days start again."""
    worsened = case.mastered and not mastered
    encoded = codec.encode(tuple(results))
    if case.results == encoded and case.mastered == mastered:
        return
    told_anew = case.mastered != mastered
    case.results, case.mastered = encoded, mastered
    if worsened:
        case.due_at = max(case.due_at, now + timedelta(days=holding.upkeep_of(case.award).grace_days))
    case.save(update_fields=["results", "mastered", "due_at"])
    if told_anew:
        _tell(case, now)


def _tell(case: models.Regrade, now: datetime, *, again: bool = False) -> None:
    reason = "changed" if case.mastered else _cause(case)
    notices.replace(case.award, "score-change", now=now)
    notices.tell(
        case.award, "score-change", key=f"{case.pk} {case.mastered} {case.due_at.isoformat()}", now=now,
        params={
            "reason": reason, "policy": case.policy, "mastered": case.mastered, "date": case.due_at.isoformat(),
            **({"again": True} if again else {}),
        },
    )


def _cause(case: models.Regrade) -> str:
    """Whether answers that counted are gone, or only worth less."""
    then = {b.block for result in holding.results_of(case.award) for b in result.blocks if b.attempted}
    gone = (b.block in then and not b.attempted for result in holding.results_of(case) for b in result.blocks)
    return "score-deleted" if any(gone) else "regrade"


def _record(award: models.Award, results: Sequence[OutcomeResult], now: datetime) -> None:
    """The rule says that nothing follows: that is written down, once for one award."""
    encoded = codec.encode(tuple(results))
    if award.regrades.filter(outcome=_Outcome.KEPT).update(results=encoded):
        return
    models.Regrade.objects.create(
        award=award, policy=RegradePolicy.KEEP.value, results=encoded, mastered=False, opened_at=now, due_at=now,
        open=None, outcome=_Outcome.KEPT, closed_at=now,
    )


def _recorded(row: models.Award, results: Sequence[OutcomeResult]) -> bool:
    """Whether just that is written down already; asked before anything is locked, for the page asks often."""
    last = row.regrades.filter(outcome=_Outcome.KEPT).first()
    return last is not None and last.results == codec.encode(tuple(results))


def _recover(award: models.Award, case: models.Regrade | None, now: datetime) -> None:
    """The scores suffice: an open case is closed, and what a case did is undone."""
    if case is not None:
        _settle(case, _Outcome.RECOVERED, now)
    if suspended_by_case(award):
        status.reinstate(award, reason="regrade", actor="system", now=now)


def recovered(award: models.Award, now: datetime) -> None:
    """The learner has proved everything anew: nothing of an open case is left. The caller has locked the award."""
    for case in award.regrades.filter(open=True):
        _settle(case, _Outcome.RECOVERED, now)


def _accepted(award: models.Award, results: Sequence[OutcomeResult]) -> bool:
    """Whether staff have decided already that results no better than these change nothing."""
    last = award.regrades.order_by("-pk").first()
    if last is None or worse(holding.results_of(last), results):
        return False
    if last.outcome != _Outcome.SUSPENDED:
        return last.outcome == _Outcome.DISMISSED
    change = award.changes.order_by("-pk").first()
    return change is not None and change.action == "reinstate" and change.actor != "system"


def suspended_by_case(row: models.Award) -> bool:
    """Whether an award is suspended because of its scores, by nobody in person."""
    if row.status != _Status.SUSPENDED:
        return False
    change = row.changes.exclude(action="keep").order_by("-pk").first()
    return change is not None and change.action == "suspend" and change.reason in CAUSES and change.actor == "system"


def _set_aside(row: models.Award, now: datetime) -> None:
    """The pill assesses otherwise now, or is gone: nothing can be concluded from scores."""
    if not row.regrades.filter(open=True).exists():
        return
    with transaction.atomic():
        if outbox.lock_award(row.pk) is not None:
            for case in row.regrades.filter(open=True):
                _settle(case, _Outcome.KEPT, now)


def _settle(case: models.Regrade, outcome: str, now: datetime) -> None:
    """Close a case with nothing done, and say so."""
    _close(case, outcome, now)
    notices.tell(case.award, "score-settled", key=str(case.pk), params={"reason": str(outcome)}, now=now)


def _close(case: models.Regrade, outcome: str, now: datetime) -> None:
    case.open, case.outcome, case.closed_at, case.error_code = None, outcome, now, ""
    case.save(update_fields=["open", "outcome", "closed_at", "error_code"])
    notices.replace(case.award, "score-change", now=now)


def _due(case_pk: int, now: datetime) -> Any:
    """The case if it is open and its time has come; ``close_due`` has moved that a little."""
    return models.Regrade.objects.filter(pk=case_pk, open=True, due_at__lte=now + outbox.HANDED_OVER)


def _look_again(case: models.Regrade, now: datetime) -> datetime | None:
    """Review the award by the platform's scores of this moment. When to try again, if not now.

    What a learner was last seen to have counts where there is no platform, and for one who has left the course.
    """
    row = case.award
    if compat.platform() is None or row.retired_at is not None:
        return None
    with compat.load_pill(row.pill.pill_id) as block:
        pill = block.readable_pill() if block is not None else None
    if pill is None:  # unpublished for an hour, or broken by an author: that is mended, or it is gone
        if now < _announced(case) + _UNREADABLE:
            return now + _WAIT
        _set_aside(row, now)
        return None
    if not compat.may_earn(row.learner_id, row.course_id):
        return None
    evidence = compat.platform_evidence(row.learner_id, pill.id, pill.references)
    if evidence.concealed_until is not None and evidence.concealed_until > now:
        return evidence.concealed_until
    review(row, pill, holding.until(evidence.scores, now), annulled=evidence.annulled, now=now)
    return None


@requests.patient
def _act(stale: models.Regrade, now: datetime) -> datetime | None:
    """Do what the case announced. When to try again, if not now."""
    with transaction.atomic():
        award = _locked(stale.award)
        case = _due(stale.pk, now).first()  # as it is under the lock: another worker may have closed it
        if case is None:
            return None
        if award is None:
            outcome = offers.overdue(case.award, now)
            if outcome is None:
                return now + _WAIT
            _close(case, outcome, now)
            return None
        case.award = award
        days = timedelta(days=max(1, holding.upkeep_of(award).grace_days))
        warned = _warning(case)
        if warned is None or notices.undeliverable(warned):
            case.due_at = now + days
            _tell(case, now, again=warned is not None)
            return case.due_at
        if award.status == _Status.SUSPENDED and not suspended_by_case(award):
            return now + _WAIT  # a suspension is lifted by whoever suspended; then the scores count again
        if case.mastered:
            return _supersede(case, award, now + days, now)
        _close(case, _carry_out(case, award, now), now)
        return None


def _warning(case: models.Regrade) -> models.Notice | None:
    """What the learner was last told of the case."""
    return case.award.notices.filter(kind="score-change", created_at__gte=case.opened_at).order_by("-pk").first()


def _announced(case: models.Regrade) -> datetime:
    """The day that the learner was told."""
    told = _warning(case)
    return datetime.fromisoformat(told.params["date"]) if told is not None else case.opened_at


def _carry_out(case: models.Regrade, award: models.Award, now: datetime) -> str:
    """The outcome of the case, once it is done."""
    reason = _cause(case)
    if case.policy == RegradePolicy.SUSPEND.value:
        if award.status == _Status.VALID:
            status.suspend(award, reason=reason, actor="system", now=now)
        return _Outcome.SUSPENDED
    status.revoke(award, reason=reason, actor="system", now=now, regain=models.Award.Regain.RESULTS)
    return _Outcome.REVOKED


def _supersede(case: models.Regrade, award: models.Award, until: datetime, now: datetime) -> datetime | None:
    """Offer a new award. The case stays open as long as the learner may take to agree to it: until when."""
    former = holding.award_of(award)
    renewed = replace(former, id=uuid4(), results=holding.results_of(case), awarded_at=now)
    row = holding.replace(award, renewed, expires_at=award.expires_at)
    if row.pk == award.pk:
        _close(case, _Outcome.SUPERSEDED, now)
        notices.tell(row, "score-settled", key=str(case.pk), params={"reason": "updated"}, now=now)
        return None
    case.outcome = _Outcome.SUPERSEDED
    case.save(update_fields=["outcome"])
    notices.replace(award, "score-change", now=now)
    offers.tell(row, case, until=until, now=now)
    return until


def _note_failure(case: models.Regrade, error: Exception, now: datetime) -> None:
    known = isinstance(error, MicrocredError)
    if not known:
        log.exception("Case %s could not be closed.", case.pk)
    attempts = case.attempts + 1
    later = outbox.next_attempt(min(attempts, len(outbox.LADDER)), now)
    models.Regrade.objects.filter(pk=case.pk, open=True).update(
        attempts=attempts, due_at=later, error_code=error.code if known else "internal"
    )
