"""What authors may know of who awards in their course."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DatabaseError, transaction

from ..domain.errors import MicrocredError
from . import assignments, models


def of_course(course_id: str) -> Mapping[str, str]:
    """``name`` and ``country`` of the issuer as recorded last; empty where none is set up, or nobody can tell.

    Two queries; no key is read.
    """
    try:
        with transaction.atomic():
            rows = models.Issuer.objects.filter(key=assignments.key_for(course_id))
            row = rows.order_by("-updated_at").first()
    except (DatabaseError, MicrocredError):
        return {}
    return {"name": row.name, "country": row.country} if row is not None else {}
