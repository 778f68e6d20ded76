"""Dates, attempts, rescoring, resets and exams: what the platform counts is what the pill counts, at that moment."""

from .guard import require

require("lms")

from datetime import UTC, datetime, timedelta  # noqa: E402
from unittest.mock import patch  # noqa: E402

from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402
from edx_proctoring import api as proctoring  # noqa: E402
from edx_proctoring.runtime import set_runtime_service  # noqa: E402
from edx_proctoring.statuses import ProctoredExamStudentAttemptStatus  # noqa: E402
from edx_toggles.toggles.testutils import override_waffle_flag  # noqa: E402
from lms.djangoapps.courseware.field_overrides import OverrideFieldData, OverrideModulestoreFieldData  # noqa: E402
from lms.djangoapps.grades import api as grades  # noqa: E402
from lms.djangoapps.grades.config.waffle import REJECTED_EXAM_OVERRIDES_GRADE  # noqa: E402
from lms.djangoapps.instructor.views.tools import set_due_date_extension  # noqa: E402
from openedx.core.djangoapps.credit.services import CreditService  # noqa: E402
from openedx_events.learning.data import ExamAttemptData, UserData, UserPersonalData  # noqa: E402
from openedx_events.learning.signals import EXAM_ATTEMPT_REJECTED, EXAM_ATTEMPT_VERIFIED  # noqa: E402
from xmodule.modulestore.django import modulestore  # noqa: E402

from microcred_xblock.issuance import models  # noqa: E402

from .case import PASSWORD, SOON, PillCase, outcome, results  # noqa: E402
from .staff import StaffMixin  # noqa: E402

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
ANNULLED = "set the result of this section to nothing"


class LifeCase(StaffMixin, PillCase):
    def page(self, block=None):
        return self.client.get(reverse("render_xblock", args=[str((block or self.pill).location)]))

    def answer_all(self):
        for name in ("p1", "p2"):
            assert self.accepted(self.answer(name))

    @staticmethod
    def accepted(answer):
        """Whether the platform took the answer; otherwise it says that the state of the problem has changed."""
        return answer.status_code == 200 and answer.json()["success"] in ("correct", "incorrect")


class TestDates(LifeCase):
    def test_answers_before_the_due_date_count_and_later_ones_are_refused(self):
        self.edit(self.section, due=SOON)
        assert self.accepted(self.answer("p1"))
        self.edit(self.section, due=YESTERDAY)
        assert not self.accepted(self.answer("p2")), "the platform takes no answer any more"
        assert self.outcomes() == {"locate": "in-progress"}
        assert not self.awards().exists()

    def test_what_was_answered_in_time_still_earns_after_the_due_date(self):
        with patch("microcred_xblock.issuance.receivers.assessing.request"):  # as if the worker had been down
            self.answer_all()
        assert not self.awards().exists()
        self.edit(self.section, due=YESTERDAY)
        assert self.outcomes() == {"locate": "achieved"}
        assert self.awards().count() == 1

    def test_a_learner_with_an_extension_earns_after_everybodys_due_date(self):
        self.edit(self.section, due=YESTERDAY)
        assert not self.accepted(self.answer("p1"))
        with self.work():
            course = modulestore().get_course(self.course.id)
            set_due_date_extension(course, self.store.get_item(self.section.location), self.learner, SOON)
        self.answer_all()
        assert self.awards().count() == 1

    def test_in_a_subsection_hidden_after_due_the_award_stays_and_a_regrade_still_counts(self):
        self.edit(self.section, due=SOON, hide_after_due=True)
        self.answer("p1")
        self.answer("p2", "Incorrect")
        self.edit(self.section, due=YESTERDAY)
        found = self.client.get(reverse("courseware_api:sequence-api", args=[str(self.section.location)])).json()
        assert found["is_hidden_after_due"], "the platform hides what is in the subsection"
        assert not self.accepted(self.answer("p2"))
        self.dashboard("override_problem_score", "p2", score="1")
        assert results(self.awards().get()) == {"p1": (1, 1), "p2": (1, 1)}

    def test_an_ended_course_takes_no_answers_and_still_gives_what_is_earned(self):
        with patch("microcred_xblock.issuance.receivers.assessing.request"):
            self.answer_all()
        self.edit(self.course, end=YESTERDAY)
        assert modulestore().get_course(self.course.id).has_ended()
        assert not self.accepted(self.answer("p1")), "the end of the course is the last due date"
        assert "Achieved 100%" in self.page().content.decode().replace("\xa0", "")
        assert self.ask("progress").json()["state"] == "earned"
        assert self.awards().count() == 1

    def test_before_the_course_starts_nothing_can_be_done(self):
        self.edit(self.course, start=SOON)
        self.edit(self.chapter, start=SOON)
        with patch.dict("django.conf.settings.FEATURES", {"DISABLE_START_DATES": False}):
            assert self.page().status_code == 404
            assert self.answer("p1").status_code == 404
            assert self.ask("progress").status_code == 404
        assert not self.awards().exists()


@override_settings(
    XBLOCK_FIELD_DATA_WRAPPERS=["lms.djangoapps.courseware.field_overrides:OverrideModulestoreFieldData.wrap"],
    MODULESTORE_FIELD_OVERRIDE_PROVIDERS=[
        "lms.djangoapps.courseware.self_paced_overrides.SelfPacedDateOverrideProvider"
    ],
)
class TestSelfPaced(LifeCase):
    def setUp(self):
        self.forget_providers()
        self.addCleanup(self.forget_providers)
        super().setUp()

    @staticmethod
    def forget_providers():
        OverrideFieldData.provider_classes = OverrideModulestoreFieldData.provider_classes = None

    def course_fields(self):
        return {"self_paced": True}

    def test_in_a_self_paced_course_the_authors_dates_hold_nobody_up(self):
        self.edit(self.section, due=YESTERDAY)
        self.answer_all()
        assert self.awards().count() == 1


class TestAttempts(LifeCase):
    def build(self):
        self.pill = self.add_pill([outcome("locate", "p1")])
        self.add_problem(self.pill, "p1", max_attempts=1)

    def test_when_the_attempts_are_used_up_the_result_stands(self):
        self.answer("p1", "Incorrect")
        assert not self.accepted(self.answer("p1"))
        assert self.outcomes() == {"locate": "not-achieved"}
        assert not self.awards().exists()

    def test_new_attempts_given_by_the_staff_can_earn_it(self):
        self.answer("p1", "Incorrect")
        self.dashboard("reset_student_attempts", "p1", delete_module="false")
        assert self.outcomes() == {"locate": "not-achieved"}, "the old result stands until there is a new one"
        assert self.accepted(self.answer("p1"))
        assert self.awards().count() == 1


class TestRescoring(LifeCase):
    def test_rescored_upwards_the_award_is_made_with_nobody_at_the_keyboard(self):
        self.answer("p1")
        self.answer("p2", "Incorrect")
        self.set_right_answer("p2", "Incorrect")
        assert not self.awards().exists(), "a changed problem alone changes no result"
        self.dashboard("rescore_problem", "p2", only_if_higher="false")
        assert results(self.awards().get()) == {"p1": (1, 1), "p2": (1, 1)}

    def test_rescored_downwards_nothing_is_earned(self):
        self.answer("p1")
        self.set_right_answer("p1", "Incorrect")
        self.dashboard("rescore_problem", "p1", only_if_higher="false")
        self.answer("p2")
        assert self.outcomes() == {"locate": "not-achieved"}
        assert not self.awards().exists()

    def test_rescored_downwards_afterwards_the_award_is_kept_as_it_was(self):
        self.answer_all()
        award = self.awards().get()
        self.set_right_answer("p1", "Incorrect")
        self.dashboard("rescore_problem", "p1", only_if_higher="false")
        kept = self.awards().get()
        assert (kept.pk, kept.active, results(kept)) == (award.pk, True, results(award))
        assert self.ask("progress").json()["state"] == "earned"

    def test_a_score_given_by_the_staff_counts(self):
        self.answer("p1")
        self.answer("p2", "Incorrect")
        self.dashboard("override_problem_score", "p2", score="1")
        assert results(self.awards().get()) == {"p1": (1, 1), "p2": (1, 1)}

    def test_a_score_taken_by_the_staff_no_longer_counts(self):
        self.answer("p1")
        self.dashboard("override_problem_score", "p1", score="0")
        self.answer("p2")
        assert not self.awards().exists()


class TestResets(LifeCase):
    def test_a_deleted_answer_counts_no_more(self):
        self.answer("p1")
        self.dashboard("reset_student_attempts", "p1", delete_module="true")
        assert self.outcomes() == {"locate": "not-assessed"}
        self.answer("p2")
        assert not self.awards().exists()
        self.answer("p1")
        assert self.awards().count() == 1

    def test_deleted_answers_leave_the_award(self):
        self.answer_all()
        self.dashboard("reset_student_attempts", "p1", delete_module="true")
        assert self.awards().get().active
        found = self.ask("progress").json()
        assert found["state"] == "earned"
        assert self.awards().count() == 1

    def test_deleting_the_state_of_the_pill_deletes_the_answers_in_it(self):
        self.answer("p1")
        with self.signed_in(self.boss), self.work():
            answer = self.client.post(reverse("reset_student_attempts", args=[str(self.course.id)]), {
                "problem_to_reset": str(self.pill.location), "unique_student_identifier": self.learner.email,
                "delete_module": "true",
            })
        assert answer.status_code == 400, "the platform deletes below the pill, then finds no state of the pill itself"
        assert self.outcomes() == {"locate": "not-assessed"}
        self.answer("p2")
        assert not self.awards().exists()


class TestSubsectionGrades(LifeCase):
    def override(self, value):
        with self.work():
            grades.override_subsection_grade(
                self.learner.pk, self.course.id, self.section.location, earned_all=value, earned_graded=value
            )

    def undo(self):
        with self.work():
            grades.undo_override_subsection_grade(self.learner.pk, self.course.id, self.section.location)

    def test_a_section_set_to_nothing_earns_nothing_and_the_learner_is_told(self):
        self.answer("p1")
        self.override(0)
        self.answer("p2")
        assert not self.awards().exists()
        assert self.outcomes() == {"locate": "not-achieved"}
        assert not self.awards().exists()
        assert ANNULLED in self.page().content.decode()
        self.undo()
        assert results(self.awards().get()) == {"p1": (1, 1), "p2": (1, 1)}
        assert ANNULLED not in self.page().content.decode()

    def test_another_total_for_the_section_says_nothing_about_its_problems(self):
        self.answer("p1")
        self.override(2)
        assert not self.awards().exists(), "p2 is not answered"
        self.answer("p2")
        assert self.awards().count() == 1

    def test_a_section_set_to_nothing_afterwards_leaves_the_award(self):
        self.answer_all()
        self.override(0)
        assert self.awards().get().active
        assert ANNULLED not in self.page().content.decode()

    def exam_attempt(self):
        person = UserData(
            id=self.learner.pk, is_active=True,
            pii=UserPersonalData(username=self.learner.username, email=self.learner.email),
        )
        return ExamAttemptData(
            student_user=person, course_key=self.course.id, usage_key=self.section.location, exam_type="proctored",
            requesting_user=None,
        )

    def test_a_rejected_exam_earns_nothing_until_it_is_verified_after_all(self):
        self.answer("p1")
        with self.work():
            EXAM_ATTEMPT_REJECTED.send_event(exam_attempt=self.exam_attempt())
        self.answer("p2")
        assert not self.awards().exists()
        assert ANNULLED in self.page().content.decode()
        with self.work(), override_waffle_flag(REJECTED_EXAM_OVERRIDES_GRADE, active=True):
            EXAM_ATTEMPT_VERIFIED.send_event(exam_attempt=self.exam_attempt())
        assert self.awards().count() == 1


class TestTimedExam(LifeCase):
    def course_fields(self):
        return {"enable_timed_exams": True}

    def test_a_pill_in_a_timed_exam_opens_with_the_exam_and_closes_with_it(self):
        self.edit(self.section, is_time_limited=True, default_time_limit_minutes=90)
        exam = proctoring.create_exam(
            str(self.course.id), str(self.section.location), "Exam", 90, is_proctored=False
        )
        assert self.page().status_code == 302, "not started: the platform shows the exam's own page instead"
        set_runtime_service("credit", CreditService())
        attempt = proctoring.create_exam_attempt(exam, self.learner.pk)
        proctoring.start_exam_attempt(exam, self.learner.pk)
        assert self.page().status_code == 200
        self.answer_all()
        assert self.awards().count() == 1
        proctoring.update_attempt_status(attempt, ProctoredExamStudentAttemptStatus.submitted)
        assert self.page().status_code == 302
        assert self.ask("progress").json()["state"] == "earned", "the handlers answer on"


class TestRequests(LifeCase):
    def test_a_post_without_the_csrf_token_changes_nothing(self):
        with patch("microcred_xblock.issuance.receivers.assessing.request"):
            self.answer_all()
        browser = Client(enforce_csrf_checks=True)
        assert browser.login(username=self.learner.username, password=PASSWORD)
        address = self.handler(self.pill, "progress")
        assert browser.post(address, {}, content_type="application/json").status_code == 403
        assert not self.awards().exists()
        browser.get(reverse("render_xblock", args=[str(self.pill.location)]))
        token = browser.cookies["csrftoken"].value
        with self.work():
            answer = browser.post(address, {}, content_type="application/json", headers={"X-CSRFToken": token})
        assert answer.status_code == 200
        assert self.awards().count() == 1


    def test_the_address_without_csrf_protection_knows_no_learner(self):
        self.answer_all()
        browser = Client(enforce_csrf_checks=True)
        assert browser.login(username=self.learner.username, password=PASSWORD)
        for name in ("progress", "withdraw", "disconnect", "consent", "send"):
            address = self.handler(self.pill, name).replace("/handler/", "/handler_noauth/")
            answer = browser.post(address, '{"wallet": "acme", "digest": "0"}', content_type="text/plain")
            assert (answer.status_code, answer.json()["code"]) == (403, "viewer-anonymous"), name


class TestDeletion(LifeCase):
    def test_a_deleted_course_leaves_the_index_and_its_awards_stay(self):
        self.answer_all()
        rows = models.PillBlock.objects.filter(course_id=str(self.course.id))
        assert rows.exists()
        with self.work():
            self.store.delete_course(self.course.id, self.author_id)
        assert not rows.exists()
        assert self.awards().get().active
