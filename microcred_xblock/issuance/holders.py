"""How many learners hold a pill, and in which of its versions. Numbers only: nothing here tells who."""

from __future__ import annotations

from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Count, Max, Min, Q

from ..domain import codec
from ..domain.errors import InvalidInput, NotReady
from ..domain.pill import LearningPill
from . import models
from .data import HeldVersion, Holders


def holders(pill_id: str, *, now: datetime) -> Holders:
    """Every version that was ever awarded, the last awarded first. One query, however many awards there are.

    A learner holds a pill from the award on, agreed to or not, until it is revoked or expires or the account is
    retired; one who waits for a replacement is counted once, with it. NotReady while the database is away.
    """
    alive = Q(active=True, retired_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    rows = models.Award.objects.filter(pill__pill_id=pill_id).values("pill__pill_id", "pill__version").annotate(
        held=Count("pk", filter=alive), first=Min("awarded_at"), last=Max("awarded_at"),
    )
    try:
        with transaction.atomic():  # a database that fails must not take the caller's transaction with it
            found = [row for row in rows if row["pill__pill_id"] == pill_id]  # some compare without case
    except DatabaseError as error:
        raise NotReady("The awards cannot be read at the moment.") from error
    found.sort(key=lambda row: row["last"], reverse=True)
    return Holders(versions=tuple(
        HeldVersion(version=row["pill__version"], holders=row["held"], first_awarded_at=row["first"]) for row in found
    ))


def last_awarded(pill_id: str) -> LearningPill | None:
    """The pill as it was when it was last awarded; None if it never was, or if that cannot be read."""
    try:
        with transaction.atomic():
            row = models.Award.objects.filter(pill__pill_id=pill_id).select_related("pill").order_by(
                "-awarded_at"
            ).first()
        return codec.decode(LearningPill, row.pill.content) if row is not None else None
    except (DatabaseError, InvalidInput):
        return None
