"""A coach's own run of a course (CCX): the same content under its own course id earns its own pill."""

from .guard import require

require("lms")

from ccx_keys.locator import CCXLocator  # noqa: E402
from common.djangoapps.student.models import CourseEnrollment  # noqa: E402
from common.djangoapps.student.roles import CourseCcxCoachRole  # noqa: E402
from common.djangoapps.student.tests.factories import UserFactory  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402
from lms.djangoapps.ccx.models import CustomCourseForEdX  # noqa: E402
from lms.djangoapps.ccx.overrides import override_field_for_ccx  # noqa: E402
from lms.djangoapps.courseware.field_overrides import OverrideFieldData, OverrideModulestoreFieldData  # noqa: E402
from xmodule.modulestore.django import SignalHandler  # noqa: E402

from microcred_xblock.issuance import models  # noqa: E402

from .case import PASSWORD, PillCase, results  # noqa: E402


@override_settings(  # as the platform sets itself up where CCX is switched on
    XBLOCK_FIELD_DATA_WRAPPERS=["lms.djangoapps.courseware.field_overrides:OverrideModulestoreFieldData.wrap"],
    MODULESTORE_FIELD_OVERRIDE_PROVIDERS=["lms.djangoapps.ccx.overrides.CustomCoursesForEdxOverrideProvider"],
)
class TestCcx(PillCase):
    @staticmethod
    def forget_providers():
        OverrideFieldData.provider_classes = OverrideModulestoreFieldData.provider_classes = None

    def course_fields(self):
        return {"enable_ccx": True}

    def setUp(self):
        self.forget_providers()
        self.addCleanup(self.forget_providers)
        super().setUp()
        self.coach = UserFactory.create(username="coach", password=PASSWORD)
        CourseCcxCoachRole(self.course.id).add_users(self.coach)
        self.sign_in(self.coach)
        with self.work():
            answer = self.client.post(reverse("create_ccx", args=[str(self.course.id)]), {"name": "Evening class"})
        assert answer.status_code == 302
        self.ccx = CustomCourseForEdX.objects.get()
        self.run = CCXLocator.from_course_locator(self.course.id, str(self.ccx.id))
        self.ccx_pill = self.in_run(self.pill.location)
        self.sign_in(self.learner)

    def open(self):
        """The coach opens what a new run hides."""
        for block in (self.chapter, self.section, self.unit):
            override_field_for_ccx(self.ccx, self.store.get_item(block.location), "visible_to_staff_only", False)
        with self.work():
            SignalHandler.course_published.send(sender=self.ccx, course_key=self.run)  # as the coach's dashboard does

    def in_run(self, key):
        return self.run.make_usage_key(key.block_type, key.block_id)

    def answer_in_run(self):
        for name in ("p1", "p2"):
            answer = self.answer(name, key=self.in_run(self.key(name)))
            assert answer.json()["success"] == "correct"

    def test_a_new_run_is_in_the_index_under_its_own_ids(self):
        rows = models.PillBlock.objects.filter(course_id=str(self.run))
        assert set(rows.values_list("pill_id", flat=True)) == {str(self.ccx_pill)}
        own = models.PillBlock.objects.filter(course_id=str(self.course.id))
        assert set(own.values_list("pill_id", flat=True)) == {str(self.pill.location)}

    def test_what_the_coach_has_not_opened_counts_when_it_is_opened(self):
        CourseEnrollment.enroll(self.learner, self.run)
        self.answer_in_run()  # the platform takes answers by their address, open or not
        assert self.ask("progress", self.ccx_pill).json()["outcomes"][0]["status"] == "not-assessed"
        assert not self.awards().exists()
        self.open()
        assert self.ask("progress", self.ccx_pill).json()["state"] == "earned"
        assert self.awards().count() == 1

    def test_answers_in_the_run_earn_the_pill_of_the_run_and_no_other(self):
        CourseEnrollment.enroll(self.learner, self.run)
        self.open()
        self.answer_in_run()
        award = self.awards().get()
        assert (award.course_id, award.pill.pill_id) == (str(self.run), str(self.ccx_pill))
        assert results(award) == {"p1": (1, 1), "p2": (1, 1)}
        assert self.ask("progress", self.ccx_pill).json()["state"] == "earned"
        assert self.outcomes() == {"locate": "not-assessed"}, "nothing was answered in the course itself"

    def test_being_enrolled_in_the_course_is_not_being_enrolled_in_the_run(self):
        self.open()
        self.answer_in_run()
        assert not self.awards().exists()
        assert self.ask("progress", self.ccx_pill).json()["code"] == "viewer-visitor"

    def test_publishing_the_course_again_keeps_the_index_of_the_run(self):
        with self.work():
            self.add_problem(self.pill, "p3")
        rows = models.PillBlock.objects.filter(
            course_id=str(self.run), block=models.pair_key(str(self.in_run(self.key("p3"))))
        )
        assert rows.count() == 1
