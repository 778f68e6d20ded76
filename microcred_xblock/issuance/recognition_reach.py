"""Whom it concerns when an organisation's or a site's recognition data change: numbers for whoever changes them.

From the index of published pills; no course is read, so pills count that have their own values for everything. Three
queries or so, however many courses there are; a site asks for each organisation's site besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from .. import compat
from . import models
from .recognition_defaults import Scope

_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Reach:
    """``pills`` may take something over, in ``courses``; learners hold ``awards`` of those courses."""

    courses: int
    pills: int
    awards: int

    def __str__(self) -> str:
        pills, courses = _counted(self.pills, "published pill"), _counted(self.courses, "course")
        awards = _counted(self.awards, "award")
        if not self.pills:
            return "No published pill is concerned yet."
        return (
            f"At most {pills} in {courses}: each takes over what neither it nor its course says, and is then a new "
            f"version for awards to come. {awards} that learners hold there: as they were, and the rule for scores "
            "that fall goes on working."
        )


def of(scope: str, value: str) -> Reach:
    """What a change of the data of ``value`` reaches."""
    pills = dict(
        models.PillBlock.objects.order_by().values_list("course_id").annotate(Count("pill_id", distinct=True))
    )
    concerned = _concerned(scope, value, list(pills))
    awards = sum(
        models.Award.objects.filter(active=True, course_id__in=concerned[start:start + _BATCH]).count()
        for start in range(0, len(concerned), _BATCH)
    )
    return Reach(courses=len(concerned), pills=sum(pills[course] for course in concerned), awards=awards)


def _concerned(scope: str, value: str, courses: Sequence[str]) -> list[str]:
    """Those of ``courses`` that inherit from there."""
    organisations = {course: compat.organisation(course) for course in courses}
    if scope == Scope.ORGANISATION:
        return [course for course, name in organisations.items() if name == value]
    there = {
        name for name in set(organisations.values()) if name and compat.site_of(name).lower() == value.lower()
    }
    return [course for course, name in organisations.items() if name in there]


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
