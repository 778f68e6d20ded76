"""What staff can do with an award. The services do it; here it is decided whether this person may, and may now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from ..domain.errors import InvalidAnswer, NotAllowed
from . import chains, models, outbox, regrading, renewing, requests, status
from .staff_scope import Scope, own

ACTIONS = ("retry", "suspend", "reinstate", "renew", "dismiss-regrade", "revoke")
WITH_REASON = ("suspend", "reinstate", "revoke", "renew")
RENEWALS = ("reissue", "renewal")
_AGAINST = ("integrity", "error", "learner-request", "regrade", "score-deleted", "other")
REASONS: Mapping[str, tuple[str, ...]] = {  # what a person chooses from; the services have reasons of their own
    "suspend": _AGAINST, "revoke": _AGAINST, "reinstate": ("cleared", "mistake", "other"), "renew": RENEWALS,
}
NOTE = 500
_Status = models.Award.Status


def possible(row: models.Award, *, regrade_open: bool, superseding: bool, signed: bool) -> tuple[str, ...]:
    """What can be done with the award as it stands. ``superseding``: a new award is already on its way."""
    if row.retired_at is not None:
        return ()
    valid = row.status == _Status.VALID
    allowed = {
        "retry": valid, "suspend": valid, "reinstate": row.status == _Status.SUSPENDED,
        "revoke": valid or row.status == _Status.SUSPENDED,
        "renew": valid and signed and not superseding and not regrade_open,
        "dismiss-regrade": regrade_open,
    }
    return tuple(action for action in ACTIONS if allowed[action])


def version(row: models.Award) -> str:
    """Changes with every change of the award's status: what a page that was opened earlier is compared with."""
    latest = models.StatusChange.objects.filter(award=row).order_by("-pk").values_list("pk", flat=True).first()
    waiting = models.Regrade.objects.filter(award=row, open=True).values_list("pk", flat=True).first()
    return f"{row.status}.{latest or 0}.{waiting or 0}"


@requests.patient
def act(
    scope: Scope, award_id: Any, action: str, *, reason: str = "", note: str = "", actor: str = "", now: datetime,
    seen: str | None = None, regain: str = models.Award.Regain.ANEW,
) -> int:
    """Do it, if it can be done now; how many rows a retry has put back, else 1. One transaction; may join the caller's.

    ``seen`` is ``version`` as the person saw it; None does not compare. NotAllowed: ``award-unknown`` (not in scope),
    ``award-changed`` (somebody was faster: nothing was done), ``status-change``, ``regrade-open``.
    InvalidAnswer: ``choice``, ``text-too-long``, ``status-reason``.
    """
    _check(action, note, regain)
    with transaction.atomic():
        row = own(scope, award_id)
        chains.lock(row)
        row.refresh_from_db()
        if action in WITH_REASON and action != "renew" and reason not in {*REASONS[action], *_also(action)}:
            raise InvalidAnswer(
                "That is not a reason for this.", code="status-reason", field="reason",
                codes=", ".join(REASONS[action]),
            )
        if seen is not None and seen != version(row):
            raise NotAllowed("The award has changed since it was shown.", code="award-changed")
        case = models.Regrade.objects.filter(award=row, open=True).first()
        superseding = models.Award.objects.filter(supersedes=row).exists()
        signed = row.credentials.filter(state=models.Credential.State.ISSUED).exists()
        if action == "renew" and case is not None:
            raise regrading.in_question()
        if action not in possible(row, regrade_open=case is not None, superseding=superseding, signed=signed):
            raise NotAllowed(
                f"An award that is {row.status} does not allow this.", code="status-change", state=row.status,
                action=action,
            )
        who = {"actor": actor or scope.actor, "now": now}
        why = {"reason": reason, "note": note.strip()}
        if action == "retry":
            return outbox.retry_award(row, now=now)
        if action == "renew":
            renewing.renew(row, reason=reason or RENEWALS[0], note=why["note"], **who)
        elif action == "dismiss-regrade":
            regrading.dismiss(row, note=why["note"], **who)
        elif action == "revoke":
            status.revoke(row, regain=regain, **why, **who)
        elif action == "suspend":
            status.suspend(row, **why, **who)
        else:
            status.reinstate(row, **why, **who)
        return 1


def _also(action: str) -> tuple[str, ...]:
    """Why it was suspended may be said again when that is lifted."""
    return _AGAINST if action == "reinstate" else ()


def _check(action: str, note: str, regain: str) -> None:
    if action not in ACTIONS:
        raise InvalidAnswer("There is no such action.", code="choice", field="action", codes=", ".join(ACTIONS))
    if len(note) > NOTE:
        raise InvalidAnswer(
            "The note is too long.", code="text-too-long", field="note", length=len(note), limit=NOTE
        )
    if regain not in models.Award.Regain.values:
        raise InvalidAnswer(
            "There is no such choice.", code="choice", field="regain", codes=", ".join(models.Award.Regain.values)
        )
