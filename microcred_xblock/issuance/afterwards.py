"""How an award stands now, and what its learner still has to be told, for the learner's page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ..domain.errors import NotAllowed
from . import holding, models, renewing
from .data import PanelNotice, PanelStanding

_Status = models.Award.Status


def shown_award(learner_id: str, pill_id: str) -> models.Award | None:
    """The award that a learner's page tells of: the one that counts, else one that was taken away."""
    held = holding.held_award(learner_id, pill_id)
    if held is not None:
        return held
    last = holding.last_award(learner_id, pill_id)
    return last if last is not None and last.status == _Status.REVOKED else None


def own_award(award_id: str, learner_id: str) -> models.Award:
    """The learner's award, whatever became of it. NotAllowed (``award-unknown``) for another's or none."""
    try:
        row = models.Award.objects.filter(pk=UUID(award_id)).first()
    except (ValueError, TypeError, AttributeError):
        row = None
    if row is None or row.learner_id != learner_id:
        raise NotAllowed("You hold no such award.", code="award-unknown")
    return row


def standing(row: models.Award, *, now: datetime) -> PanelStanding:
    """How the award stands. One query at most, and none for an award that is simply valid."""
    state, since, change = row.status, row.status_at, None
    if state == _Status.VALID and row.expires_at is not None and row.expires_at <= now:
        state, since = "expired", row.expires_at
    elif state == _Status.VALID:
        since = None
    else:
        change = row.changes.exclude(action="keep").order_by("-pk").first()
    opens = renewing.renewable_from(row)
    return PanelStanding(
        state=str(state), since=since, reason=change.reason if change is not None else "",
        automatic=change is not None and change.actor == "system",
        regain=row.regain if state == _Status.REVOKED else "",
        renewable=state in (_Status.VALID, "expired") and opens is not None and opens <= now,
    )


def notices(row: models.Award) -> tuple[PanelNotice, ...]:
    """What the learner has not put away yet, the newest first; also of the award that this one is to replace."""
    rows = models.Notice.objects.filter(award_id__in=[row.pk, row.supersedes_id], dismissed_at=None).order_by("-pk")
    return tuple(
        PanelNotice(id=notice.pk, kind=notice.kind, params=notice.params, created_at=notice.created_at)
        for notice in rows
    )
