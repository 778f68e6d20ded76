"""What a learner holds and has held, for the API: constant queries, whatever there is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch

from ..domain.errors import NotAllowed
from . import holding, models, staff

PAGE = 50
_Purpose = models.Consent.Purpose


def awards(learner_id: str, cursor: str = "") -> tuple[list[models.Award], str]:
    """One page of the learner's awards, newest first, and the cursor of the next (empty at the end). One query.

    InvalidAnswer (``request-field``) for a cursor that is none. Rows carry ``agreed`` and ``published``, and whether
    one ``waits`` for consent to replace another, which ``stands`` until then.
    """
    rows = staff.after(_awards(learner_id), cursor) if cursor else _awards(learner_id)
    found = list(rows.order_by("-awarded_at", "-pk")[:PAGE + 1])
    return found[:PAGE], staff.cursor_of(found[PAGE - 1]) if len(found) > PAGE else ""


def award(learner_id: str, award_id: UUID) -> models.Award:
    """One of them with everything that hangs on it; NotAllowed (``award-unknown``) for another's or none."""
    found = _awards(learner_id).filter(pk=award_id).prefetch_related(
        "changes", Prefetch("credentials", queryset=models.Credential.objects.defer("content", "document"))
    ).first()
    if found is None or found.learner_id != learner_id:
        raise NotAllowed("You hold no such award.", code="award-unknown")
    return found


def notices(learner_id: str) -> Any:
    """What the learner was told and has not dismissed, the latest first."""
    rows = models.Notice.objects.filter(award__learner_id=learner_id, dismissed_at__isnull=True)
    return rows.select_related("award__pill").defer("award__results", "award__pill__content").order_by("-pk")


def dismiss(learner_id: str, notice_pk: int, *, now: datetime) -> None:
    """The learner has read it. Twice is once; NotAllowed (``notice-unknown``) for another's."""
    found = models.Notice.objects.filter(pk=notice_pk, award__learner_id=learner_id)
    if not found.exists():
        raise NotAllowed("There is no such notice.", code="notice-unknown")
    found.filter(dismissed_at__isnull=True).update(dismissed_at=now)


def _awards(learner_id: str) -> Any:
    given = models.Consent.objects.filter(award=OuterRef("pk"), active=True)
    rows = models.Award.objects.filter(learner_id=learner_id).select_related("pill", "superseded_by")
    following = models.Award.objects.filter(holding.waiting(), supersedes=OuterRef("pk"))
    return rows.annotate(
        agreed=Exists(given.filter(purpose=_Purpose.ISSUE)), published=Exists(given.filter(purpose=_Purpose.PUBLISH)),
        waits=holding.waiting(), stands=Exists(following),
    )
