"""Who runs the platform or a course, and what staff may read of learners and courses there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .runtime import LMS, platform


def staff_courses(user: Any) -> frozenset[str] | None:
    """The courses whose staff or instructor this account is, by course or by organisation; None means all of them.

    Empty for everybody else, and for who is signed out or deactivated. Outside a platform Django's own staff are
    staff of everything.
    """
    if user is None or not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser or user.is_staff:
        return None
    return _courses_by_role(user) if platform() == LMS else frozenset()


def _courses_by_role(user: Any) -> frozenset[str]:
    """Asked of the platform's roles, which also know those derived from staff (such as limited staff)."""
    from common.djangoapps.student.roles import CourseInstructorRole, CourseStaffRole, UserBasedRole

    rows = [
        row for role in (CourseStaffRole.ROLE, CourseInstructorRole.ROLE)
        for row in UserBasedRole(user, role).courses_with_role()
    ]
    named = {str(row.course_id) for row in rows if row.course_id}
    return frozenset(named | _courses_of({row.org for row in rows if row.org and not row.course_id}))


def _courses_of(organisations: Collection[str]) -> set[str]:
    """The courses of organisations, letter for letter: databases differ in whether ``a`` equals ``A``."""
    if not organisations:
        return set()
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    keys = CourseOverview.objects.filter(org__in=organisations).values_list("id", flat=True)
    return {str(key) for key in keys if key.org in organisations}


def accounts_called(name: str) -> list[str]:
    """The numbers of the accounts with exactly this user name or e-mail address; none outside a platform."""
    if platform() != LMS or not name:
        return []
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    found = {*users.filter(username=name).values_list("pk", flat=True)[:5],
             *users.filter(email=name).values_list("pk", flat=True)[:5]}
    return sorted(map(str, found))


def names_of(accounts: Collection[str]) -> Mapping[str, str]:
    """Full name and user name of accounts, for staff to read. Personal data: never logged. One query."""
    numbers = [int(account) for account in accounts if account.isascii() and account.isdecimal()]
    if platform() != LMS or not numbers:
        return {}
    from django.contrib.auth import get_user_model

    rows = get_user_model().objects.filter(pk__in=numbers, is_active=True)
    rows = rows.values_list("pk", "profile__name", "username")
    return {str(pk): f"{name} ({username})" if name else username for pk, name, username in rows}


def course_names(courses: Collection[str]) -> Mapping[str, str]:
    """The display names of courses that the platform knows. One query."""
    if platform() != LMS or not courses:
        return {}
    from opaque_keys import InvalidKeyError
    from opaque_keys.edx.keys import CourseKey
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    keys = []
    for course in courses:
        try:
            keys.append(CourseKey.from_string(course))
        except InvalidKeyError:
            continue
    rows = CourseOverview.objects.filter(id__in=keys).values_list("id", "display_name")
    return {str(key): name for key, name in rows if name}
