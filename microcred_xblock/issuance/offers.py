"""A new credential that changed scores call for: by when its learner has to agree to it, and what follows if not.

The case stays open meanwhile, on the former award; its ``due_at`` is the day.
"""

from __future__ import annotations

from datetime import datetime

from . import chains, models, notices, status

_Outcome = models.Regrade.Outcome
_Status = models.Award.Status


def tell(row: models.Award, case: models.Regrade, *, until: datetime, now: datetime) -> None:
    """Offer the new award ``row``, to be agreed to ``until`` then."""
    params = {"reason": "regrade", "date": until.isoformat()}
    notices.tell(row, "renewal-offered", key=str(case.pk), params=params, now=now)


def overdue(former: models.Award, now: datetime) -> str | None:
    """The day is over: what becomes of an award that is not the active one any more. Its chain is locked.

    The outcome of its case; None where it is to be looked at again: somebody has suspended one of the two, or the
    learner has agreed and it is being signed.
    """
    if former.status == _Status.REVOKED:
        return _Outcome.REVOKED
    if former.status == _Status.SUPERSEDED:
        return _Outcome.SUPERSEDED
    following = models.Award.objects.filter(supersedes=former).first()
    if following is None or former.retired_at is not None:
        return _Outcome.KEPT
    if former.status != _Status.VALID or following.status != _Status.VALID or _agreed(following):
        return None
    status.suspend(former, reason=chains.NOT_AGREED, actor="system", now=now, alone=True)
    return _Outcome.SUSPENDED


def without_end(case: models.Regrade, now: datetime) -> None:
    """Staff let the former award stand: the offer remains, but no longer until some day."""
    for row in models.Award.objects.filter(supersedes_id=case.award_id, active=True, status=_Status.VALID):
        if not _agreed(row):
            notices.replace(row, "renewal-offered", now=now)
            notices.tell(row, "renewal-offered", key=f"{case.pk} kept", params={"reason": "regrade"}, now=now)


def _agreed(row: models.Award) -> bool:
    return row.consents.filter(purpose=models.Consent.Purpose.ISSUE, active=True).exists()
