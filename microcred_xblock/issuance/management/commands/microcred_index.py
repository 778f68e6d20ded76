"""``microcred_index``: read published courses anew and store which graded block belongs to which pill.

Needed once where courses had pills before the app was installed or its signals were connected; harmless at any time.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from .... import compat
from ... import indexing


class Command(BaseCommand):
    """See the module."""

    help = "Store which graded blocks belong to which learning pills, for the courses given or for all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Courses by id, or all."""
        parser.add_argument("courses", nargs="*", metavar="course-v1:…", help="ids of courses")
        parser.add_argument("--all", action="store_true", help="all courses of the platform")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Index one course after the other; one that fails is named, and the others go on."""
        if options["all"] == bool(options["courses"]):
            raise CommandError("Name the courses, or give --all.")
        if compat.platform() is None:
            raise CommandError("There are no courses here: run this with manage.py of the LMS or of Studio.")
        known = compat.course_ids()
        courses = known if options["all"] else options["courses"]
        if unknown := [course for course in courses if course not in known]:
            raise CommandError(f"No such course: {', '.join(unknown)}. Nothing was read.")
        failures = [course for number, course in enumerate(courses, 1) if not self._index(course, number, len(courses))]
        if failures:
            raise CommandError(f"{len(failures)} of {len(courses)} courses could not be read: {', '.join(failures)}")

    def _index(self, course: str, number: int, total: int) -> bool:
        try:
            pills = indexing.index_course(course, now=timezone.now())
        except Exception as error:  # a damaged course must not keep the others from being indexed
            self.stderr.write(f"[{number}/{total}] {course}: {type(error).__name__}: {error}")
            return False
        self.stdout.write(f"[{number}/{total}] {course}: {pills} pills")
        return True
