"""The real platform keeps the contract that the unit suite's fake is held to in ``tests/issuance/test_contract.py``."""

from .guard import require

require("lms")

from common.djangoapps.student.models import CourseEnrollment  # noqa: E402
from common.djangoapps.student.tests.factories import CourseEnrollmentFactory, StaffFactory, UserFactory  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from lms.djangoapps.grades import api as grades  # noqa: E402
from openedx.core.djangoapps.user_api.course_tag.api import set_course_tag  # noqa: E402

from tests.platform_contract import OUTCOMES, PlatformContract  # noqa: E402

from .case import PASSWORD, PillCase  # noqa: E402
from .variants import partition  # noqa: E402


class TestRealPlatform(PlatformContract, PillCase):
    def course_fields(self):
        return {"user_partitions": [partition(70, "random", "hers", "theirs")]}

    def build(self):
        self.pill = self.add_pill(OUTCOMES)
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "p2")
        self.add_problem(self.pill, "secret", visible_to_staff_only=True)
        self.add_problem(self.pill, "theirs", group_access={70: [1]})
        self.add_problem(self.unit, "elsewhere")

    def setUp(self):
        super().setUp()
        self.course_id, self.pill_id = str(self.course.id), str(self.pill.location)
        self.subsection_id = str(self.section.location)
        set_course_tag(self.learner, self.course.id, "xblock.partition_service.partition_70", "0")
        self.ann = self.learner.pk
        self.outsider = UserFactory.create(password=PASSWORD).pk
        self.staff = StaffFactory.create(course_key=self.course.id).pk
        self.gone = self.enrol("gone").pk
        CourseEnrollment.unenroll(get_user_model().objects.get(pk=self.gone), self.course.id)
        asleep = UserFactory.create(is_active=False)
        CourseEnrollmentFactory.create(user=asleep, course_id=self.course.id)
        self.asleep = asleep.pk

    def block_id(self, name):
        return str(self.key(name))

    def give(self, person, name, *, right):
        self.sign_in(get_user_model().objects.get(pk=person))
        self.answer(name, "Correct" if right else "Incorrect")

    def annul(self, person):
        with self.work():
            grades.override_subsection_grade(
                person, self.course.id, self.section.location, overrider=None, earned_all=0.0, earned_graded=0.0,
            )
