"""Who earns: nobody who masquerades, no staff, testers as enrolled learners or where the admin says so."""

from .guard import require

require("lms")

from unittest.mock import patch  # noqa: E402

from common.djangoapps.student.models import CourseEnrollment  # noqa: E402
from common.djangoapps.student.tests.factories import BetaTesterFactory, GlobalStaffFactory, StaffFactory  # noqa: E402
from completion.waffle import ENABLE_COMPLETION_TRACKING_SWITCH  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402
from edx_toggles.toggles.testutils import override_waffle_switch  # noqa: E402
from lms.djangoapps.courseware.models import StudentModule  # noqa: E402
from lms.djangoapps.courseware.tests.helpers import MasqueradeMixin  # noqa: E402
from xmodule.partitions.partitions import Group, UserPartition  # noqa: E402

from microcred_xblock import compat  # noqa: E402
from microcred_xblock.issuance import models  # noqa: E402

from .case import PASSWORD, PillCase, results  # noqa: E402
from .staff import StaffMixin  # noqa: E402

PREVIEW = "This is a preview"
IN_PLACE = "You see this page as one learner does"
LEARNERS_OWN = ("progress", "payload", "parity", "consent", "withdraw", "send", "retry", "connect", "disconnect")


class StandingCase(StaffMixin, MasqueradeMixin, PillCase):
    def page(self, block=None):
        return self.client.get(reverse("render_xblock", args=[str((block or self.pill).location)]))

    def answer_all(self):
        for name in ("p1", "p2"):
            self.answer(name)

    def assert_preview(self, note=PREVIEW):
        """The page says what it is; every handler refuses, and nothing is stored for anybody."""
        for block in (self.pill, self.unit):
            page = self.page(block)
            assert page.status_code == 200
            text = page.content.decode()
            assert note in text and "data-action" not in text
        for handler in LEARNERS_OWN:
            answer = self.ask(handler)
            assert (answer.status_code, answer.json()["code"]) == (403, "viewer-preview"), handler
        assert self.client.get(self.handler(self.pill, "download", "open-badge")).status_code == 403
        assert not models.Consent.objects.exists()
        assert not models.AssessmentRequest.objects.exists()


@override_waffle_switch(ENABLE_COMPLETION_TRACKING_SWITCH, True)
class TestMasquerading(StandingCase):
    def course_fields(self):
        groups = [Group(10, "Morning"), Group(11, "Evening")]
        return {"user_partitions": [UserPartition(50, "Cohorts", "", groups, scheme_id="cohort")]}

    def setUp(self):
        super().setUp()
        self.sign_in(self.boss)

    def test_staff_seeing_the_course_as_a_learner_get_no_award_for_anybody(self):
        self.update_masquerade(role="student")
        self.answer_all()
        assert StudentModule.objects.filter(student=self.boss, grade=1).count() == 2, "the platform keeps these"
        self.assert_preview()
        assert not models.Award.objects.exists()

    def test_staff_seeing_the_course_as_one_group_get_no_award_for_anybody(self):
        self.update_masquerade(role="student", group_id=10, user_partition_id=50)
        self.answer_all()
        self.assert_preview()
        assert not models.Award.objects.exists()

    def test_staff_in_the_place_of_one_learner_get_no_award_for_either(self):
        self.update_masquerade(role="student", username=self.learner.username)
        self.answer_all()
        assert not StudentModule.objects.filter(student=self.learner, grade__isnull=False).exists()
        self.assert_preview(IN_PLACE)
        assert not models.Award.objects.exists()

    def test_staff_in_the_place_of_a_learner_do_not_earn_what_the_learner_has_achieved(self):
        self.sign_in(self.learner)
        with patch("microcred_xblock.issuance.receivers.assessing.request"):  # as if the worker had been down
            self.answer_all()
        self.sign_in(self.boss)
        self.update_masquerade(role="student", username=self.learner.username)
        self.assert_preview(IN_PLACE)
        assert not models.Award.objects.exists()
        self.sign_in(self.learner)
        assert self.ask("progress").json()["state"] == "earned"

    def test_staff_in_the_place_of_a_learner_see_nothing_of_an_award(self):
        self.sign_in(self.learner)
        self.answer_all()
        assert self.awards().exists()
        self.sign_in(self.boss)
        self.update_masquerade(role="student", username=self.learner.username)
        self.assert_preview(IN_PLACE)
        assert self.learner.email not in self.page().content.decode()
        assert 'data-status="achieved"' in self.page().content.decode(), "the learner's outcomes"

    def test_staff_in_the_place_of_a_learner_see_stored_results_not_their_own_answers(self):
        self.sign_in(self.learner)
        self.answer("p1")
        self.sign_in(self.boss)
        self.update_masquerade(role="student", username=self.learner.username)
        self.answer("p2")
        assert 'data-status="in-progress"' in self.page().content.decode()
        self.assert_preview(IN_PLACE)

    def test_staff_who_may_earn_do_not_while_they_look_as_a_learner(self):
        with override_settings(MICROCRED_EARNING_ROLES=["instructor"]):
            self.update_masquerade(role="student")
            self.answer_all()
        assert not models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def test_staff_who_may_earn_earn_again_when_they_are_themselves_again(self):
        with override_settings(MICROCRED_EARNING_ROLES=["instructor"]):
            self.update_masquerade(role="student")
            assert self.ask("progress").status_code == 403
            self.update_masquerade(role="staff")
            self.answer_all()
            assert self.ask("progress").json()["state"] == "earned"
        assert self.awards(self.boss).count() == 1


class TestRoles(StandingCase):
    def try_all(self, user):
        """Answer everything as ``user``; what ``progress`` says."""
        self.sign_in(user)
        self.answer_all()
        return self.ask("progress")

    def test_course_staff_see_a_preview_enrolled_or_not(self):
        staff = StaffFactory(course_key=self.course.id, password=PASSWORD)
        for enrolled in (False, True):
            if enrolled:
                CourseEnrollment.enroll(staff, self.course.id)
            answer = self.try_all(staff)
            assert (answer.status_code, answer.json()["code"]) == (403, "viewer-preview")
            self.assert_preview()
            assert not self.awards(staff).exists(), f"{enrolled=}"

    def test_global_staff_see_a_preview(self):
        staff = GlobalStaffFactory(password=PASSWORD)
        assert self.try_all(staff).json()["code"] == "viewer-preview"
        self.assert_preview()
        assert not self.awards(staff).exists()

    def test_a_beta_tester_who_is_enrolled_earns_like_anybody(self):
        tester = BetaTesterFactory(course_key=self.course.id, password=PASSWORD)
        CourseEnrollment.enroll(tester, self.course.id)
        assert self.try_all(tester).json()["state"] == "earned"
        assert self.awards(tester).count() == 1

    def test_a_beta_tester_who_is_not_enrolled_earns_only_if_the_admin_says_so(self):
        tester = BetaTesterFactory(course_key=self.course.id, password=PASSWORD)
        assert self.try_all(tester).json()["code"] == "viewer-visitor"
        assert not self.awards(tester).exists()
        with override_settings(MICROCRED_EARNING_ROLES=["beta_testers"]):
            assert self.ask("progress").json()["state"] == "earned"
        assert self.awards(tester).count() == 1

    def test_a_role_in_another_course_gives_nothing(self):
        with override_settings(MICROCRED_EARNING_ROLES=["staff"]):
            stranger = StaffFactory(
                course_key=self.course.id.replace(run="another"), password=PASSWORD, username="stranger"
            )
            assert self.try_all(stranger).status_code == 403
            assert not self.awards(stranger).exists()
            staff = StaffFactory(course_key=self.course.id, password=PASSWORD)
            self.try_all(staff)
            assert self.awards(staff).count() == 1

    def test_a_former_learner_keeps_the_award_and_gets_at_it_again_when_enrolled_again(self):
        self.answer_all()
        award = self.awards().get()
        CourseEnrollment.unenroll(self.learner, self.course.id)
        assert self.page().status_code == 404
        assert self.ask("progress").json()["code"] == "viewer-visitor"
        assert self.awards().get().active
        CourseEnrollment.enroll(self.learner, self.course.id)
        assert self.ask("progress").json()["state"] == "earned"
        assert self.awards().get().pk == award.pk

    def test_a_disabled_account_earns_nothing(self):
        self.answer("p1")
        self.learner.is_active = False
        self.learner.save()
        assert not compat.may_earn(self.learner.pk, str(self.course.id))

    def test_two_learners_each_get_their_own(self):
        self.answer_all()
        bob = self.enrol("bob")
        self.sign_in(bob)
        self.answer("p1")
        assert not self.awards(bob).exists()
        self.answer("p2")
        assert results(self.awards(bob).get()) == results(self.awards().get())
        assert self.awards(bob).get().pk != self.awards().get().pk
