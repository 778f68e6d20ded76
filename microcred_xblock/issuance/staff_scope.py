"""Whose awards somebody may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from .. import compat
from ..domain.errors import NotAllowed
from . import models


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The courses somebody may look after; None for all. ``actor`` is how the history names them."""

    courses: frozenset[str] | None
    actor: str = "system"

    def covers(self, course: str) -> bool:
        """Whether the course is one of theirs."""
        return self.courses is None or course in self.courses


def scope_of(user: Any) -> Scope | None:
    """Platform staff: everything; staff and instructors of courses: those; None for everybody else."""
    courses = compat.staff_courses(user)
    return Scope(courses=courses, actor=f"user:{user.pk}") if courses is None or courses else None


def own(scope: Scope, award_id: Any) -> models.Award:
    """The award if it is in scope, else NotAllowed (``award-unknown``)."""
    try:
        pk = UUID(str(award_id))
    except ValueError:
        raise _unknown() from None
    row = models.Award.objects.select_related("pill").filter(pk=pk).first()
    if row is None or not scope.covers(row.course_id):
        raise _unknown()
    return row


def _unknown() -> NotAllowed:
    return NotAllowed("There is no such award in your courses.", code="award-unknown")
