"""Whose awards the platform's own roles open in the console."""

from __future__ import annotations

import pytest

pytest.importorskip("common.djangoapps.student.roles", reason="needs Open edX: docs/platform.md")

from common.djangoapps.student.roles import (
    CourseBetaTesterRole,
    CourseDataResearcherRole,
    CourseInstructorRole,
    CourseLimitedStaffRole,
    CourseStaffRole,
    OrgInstructorRole,
    OrgStaffRole,
)
from common.djangoapps.student.tests.factories import UserFactory
from django.conf import settings
from django.test import TestCase
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey
from openedx.core.djangoapps.content.course_overviews.tests.factories import CourseOverviewFactory

from microcred_xblock import compat
from microcred_xblock.issuance import models, staff

pytestmark = pytest.mark.skipif(settings.ROOT_URLCONF != "lms.urls", reason="the console is the LMS's")
PASSWORD = "Password1234"
HOME = "/microcred/console/"


class ConsoleScopeTest(TestCase):
    """Three courses of two organisations, an award in each."""

    def setUp(self):
        super().setUp()
        names = ("course-v1:Alpha+One+1", "course-v1:Alpha+Two+1", "course-v1:Beta+One+1")
        self.one, self.two, self.other = (CourseKey.from_string(name) for name in names)
        for key in (self.one, self.two, self.other):
            CourseOverviewFactory.create(id=key, org=key.org, display_name=f"Course {key.course} of {key.org}")
        self.learner = UserFactory(username="ann", email="ann@example.org", password=PASSWORD)
        self.learner.profile.name = "Ann Example"
        self.learner.profile.save()
        pill = models.FrozenPill.objects.create(
            digest="d", pill_id="block-v1:x", version="1", achievement="5e6f2f0a-8a0b-4a53-9a3b-0f6d4c1b7e01",
            title="A pill", content={},
        )
        for number, key in enumerate((self.one, self.two, self.other)):
            models.Award.objects.create(
                learner_id=str(self.learner.pk), learner_pill=str(number), pill=pill, course_id=str(key), results=[],
                awarded_at=timezone.now(),
            )

    def of(self, *roles, **fields):
        """What somebody with these roles reaches."""
        user = UserFactory(password=PASSWORD, **fields)
        for role in roles:
            role.add_users(user)
        return user, compat.staff_courses(user)

    def test_who_reaches_what(self):
        one, both = {str(self.one)}, {str(self.one), str(self.two)}
        for roles, reached in (
            ((), set()), ((CourseStaffRole(self.one),), one), ((CourseInstructorRole(self.one),), one),
            ((CourseLimitedStaffRole(self.one),), one), ((OrgStaffRole("Alpha"),), both),
            ((OrgInstructorRole("Alpha"),), both), ((OrgStaffRole("alpha"),), set()),
            ((CourseStaffRole(self.two), CourseInstructorRole(self.one)), both),
            ((CourseBetaTesterRole(self.one), CourseDataResearcherRole(self.one)), set()),
        ):
            assert self.of(*roles)[1] == reached, roles
        assert self.of(is_staff=True)[1] is None and self.of(is_superuser=True)[1] is None
        assert self.of(CourseStaffRole(self.one), is_active=False)[1] == frozenset()

    def test_the_page(self):
        boss, _courses = self.of(CourseStaffRole(self.one))
        self.client.login(username=boss.username, password=PASSWORD)
        page = self.client.get(HOME).content.decode()
        assert "Course One of Alpha" in page and "Ann Example (ann)" in page
        assert str(self.two) not in page and str(self.other) not in page
        award = models.Award.objects.get(course_id=str(self.one))
        story = self.client.get(f"{HOME}awards/{award.pk}/").content.decode()
        assert "Ann Example (ann)" in story
        assert f"/courses/course-v1%3AAlpha%2BOne%2B1/progress/{self.learner.pk}/" in story
        outside = models.Award.objects.get(course_id=str(self.other))
        assert self.client.get(f"{HOME}awards/{outside.pk}/").status_code == 404
        assert str(self.other) not in b"".join(self.client.get(f"{HOME}awards.csv")).decode()

    def test_a_learner_is_kept_out_and_a_stranger_sent_to_sign_in(self):
        answer = self.client.get(HOME)
        assert answer.status_code == 302 and answer["Location"].startswith(settings.LOGIN_URL)
        self.client.login(username="ann", password=PASSWORD)
        assert self.client.get(HOME).status_code == 403

    def test_learners_by_name_and_address_exactly(self):
        boss, _courses = self.of(CourseStaffRole(self.one))
        for name, found in (("ann", 1), ("ann@example.org", 1), (str(self.learner.pk), 1), ("an", 0), ("Ann", 0)):
            lines = staff.page(staff.scope_of(boss), staff.Filters(learner=name)).lines
            assert len(lines) == found, name
