"""How an award stands now, and what its learner still has to be told, for the learner's page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ..domain.errors import NotAllowed
from . import chains, holding, models, renewing
from .data import PanelNotice, PanelReplacement, PanelStanding

_Status = models.Award.Status


def shown_award(learner_id: str, pill_id: str) -> models.Award | None:
    """The award that a learner's page tells of: the one that counts, else one that was taken away."""
    held = holding.held_award(learner_id, pill_id)
    if held is not None:
        return present(held)
    last = holding.last_award(learner_id, pill_id)
    return last if last is not None and last.status == _Status.REVOKED else None


def present(row: models.Award) -> models.Award:
    """Of an award and what replaces it the one that a page shows: the former until there is consent to the new one.

    No query for an award that has no predecessor.
    """
    if not row.active:
        held = models.Award.objects.select_related("pill").filter(learner_pill=row.learner_pill, active=True).first()
        row = held or row
    if not row.active or row.supersedes_id is None or not holding.untouched(row):
        return row
    former = models.Award.objects.select_related("pill").filter(pk=row.supersedes_id, status__in=chains.STANDING)
    return former.first() or row


def replacement(row: models.Award, *, now: datetime) -> PanelReplacement | None:
    """What is to take the place of an award that ``present`` gave, if it can be agreed to.

    No query for the award that counts.
    """
    if row.active or row.status not in chains.STANDING:
        return None
    following = models.Award.objects.filter(holding.waiting(), supersedes_id=row.pk, status=_Status.VALID).first()
    if following is None:
        return None
    told = following.notices.filter(kind="renewal-offered").order_by("-pk").first()
    params = told.params if told is not None else {}
    why, date = str(params.get("reason", "")), params.get("date")
    ends = row.expires_at if why != "regrade" else datetime.fromisoformat(date) if date else None
    return PanelReplacement(
        award_id=str(following.pk), why=why, until=ends if ends is not None and ends > now else None
    )


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
        in_badge=state != _Status.SUSPENDED or holding.suspension_in_badge(row),
        renewable=state in (_Status.VALID, "expired") and opens is not None and opens <= now,
    )


def notices(row: models.Award, replaced_by: str | None = None) -> tuple[PanelNotice, ...]:
    """What the learner has not put away yet, the newest first; also of the award that this one is to replace, or that
    is to replace it."""
    concerned = [pk for pk in (row.pk, row.supersedes_id, replaced_by) if pk is not None]
    rows = models.Notice.objects.filter(award_id__in=concerned, dismissed_at=None).order_by("-pk")
    return tuple(
        PanelNotice(id=notice.pk, kind=notice.kind, params=notice.params, created_at=notice.created_at)
        for notice in rows
    )
