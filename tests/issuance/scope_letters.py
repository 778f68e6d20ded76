"""Whose awards staff of a course see where the database takes ``Org+A`` and ``org+a`` for the same.

``python -m tests.issuance.scope_letters <address of a database>`` prints a JSON object of what was found.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from .race import set_up

COURSE, OTHER = "course-v1:Org+A+1", "course-v1:org+a+1"


def play() -> dict[str, Any]:
    """One award in each of two courses, and what each team sees."""
    from django.utils import timezone

    from microcred_xblock.domain.errors import NotAllowed
    from microcred_xblock.issuance import api, models, staff
    from tests.factories import make_pill, make_scores

    now = timezone.now()
    for learner, course in (("1", COURSE), ("2", OTHER), ("3", COURSE + " ")):
        api.record_scores(make_pill(), make_scores(at=now), learner_id=learner, course_id=course, now=now)
    found: dict[str, Any] = {"the database's own": models.Award.objects.filter(course_id=COURSE).count()}
    for course in (COURSE, OTHER):
        scope = staff.Scope(courses=frozenset({course}), actor="user:9")
        seen = []
        for row in models.Award.objects.order_by("learner_id"):
            with contextlib.suppress(NotAllowed):
                seen.append(staff.own(scope, row.pk).learner_id)
        found[course] = {
            "list": sorted(line.learner for line in staff.page(scope, staff.Filters()).lines),
            "count": staff.count(scope, staff.Filters()), "file": len(list(staff.csv_rows(scope, staff.Filters()))),
            "one by one": seen,
        }
    return found


if __name__ == "__main__":
    set_up(sys.argv[1], "http://localhost:9")
    print(json.dumps(play()))
