"""A learner answers on the platform, and the award is made: once, for the right person, from every source of scores."""

from .guard import require

require("lms")

from datetime import timedelta  # noqa: E402
from unittest.mock import patch  # noqa: E402

from common.djangoapps.student.models import CourseEnrollment  # noqa: E402
from common.djangoapps.student.tests.factories import UserFactory  # noqa: E402
from django.utils import timezone  # noqa: E402
from lms.djangoapps.courseware.access_response import AccessError  # noqa: E402

from microcred_xblock import compat  # noqa: E402
from microcred_xblock.issuance import assessing, models  # noqa: E402

from .case import PASSWORD, SOON, PillCase, outcome, results  # noqa: E402
from .staff import StaffMixin  # noqa: E402


class TestEarning(PillCase):
    def test_two_right_answers_make_one_award(self):
        assert self.answer("p1").status_code == 200
        assert not self.awards().exists(), "half of it is not enough"
        self.answer("p2")
        award = self.awards().get()
        assert results(award) == {"p1": (1, 1), "p2": (1, 1)}
        assert award.course_id == str(self.course.id)
        self.answer("p2")
        assert self.awards().count() == 1
        assert not models.AssessmentRequest.objects.exists(), "nothing is left to be done"

    def test_wrong_answers_make_none(self):
        self.answer("p1", "Incorrect")
        self.answer("p2")
        assert not self.awards().exists()
        assert self.outcomes() == {"locate": "not-achieved"}

    def test_an_outsider_can_answer_but_not_earn(self):
        eve = UserFactory.create(username="eve", password=PASSWORD)
        self.sign_in(eve)
        assert self.answer("p1").status_code == 200, "the platform lets outsiders answer"
        self.answer("p2")
        assert compat.platform_evidence(eve.pk, str(self.pill.location), {"p1"}).scores["p1"].attempted
        assert not self.awards(eve).exists()
        assert self.ask("progress").status_code == 403
        assert not self.awards(eve).exists()

    def test_unenrolled_and_enrolled_again(self):
        self.answer("p1")
        CourseEnrollment.unenroll(self.learner, self.course.id)
        self.answer("p2")
        assert not self.awards().exists()
        CourseEnrollment.enroll(self.learner, self.course.id)
        assert self.ask("progress").json()["ok"]
        assert self.awards().count() == 1

    def test_a_failing_receiver_leaves_the_answer_alone(self):
        with patch("microcred_xblock.issuance.assessing.request", side_effect=RuntimeError("boom")):
            answer = self.answer("p1")
        assert answer.status_code == 200 and answer.json()["success"] == "correct"

    def test_a_failing_assessment_stays_due(self):
        self.answer("p1")
        with patch("microcred_xblock.compat.platform_evidence", side_effect=RuntimeError("boom")):
            assert self.answer("p2").json()["success"] == "correct"
        row = models.AssessmentRequest.objects.get()
        assert (row.attempts, row.error_code) == (1, "internal")

    def test_an_unconfirmed_address_is_told_and_earns_nothing(self):
        self.answer("p1")
        self.learner.is_active = False
        self.learner.save()
        assert not compat.may_earn(self.learner.pk, str(self.course.id))
        with patch("microcred_xblock.compat.people._unprotected_request", return_value=False):
            self.answer("p2")
        assert not self.awards().exists()

    def test_a_pill_the_platform_does_not_know_yet_is_assessed_later(self):
        from openedx.core.djangoapps.content.block_structure.exceptions import UsageKeyNotInBlockStructure

        self.answer("p1")
        with patch("lms.djangoapps.course_blocks.api.get_course_blocks", side_effect=UsageKeyNotInBlockStructure("x")):
            self.answer("p2")
            assert self.ask("progress").status_code == 503
        row = models.AssessmentRequest.objects.get()
        assert row.error_code == "not-ready"
        assessing.assess(row.pk, now=row.due_at)
        assert self.awards().exists() and not models.AssessmentRequest.objects.exists()


class TestConcealedUntilTheDueDate(PillCase):
    """The platform says no more than "submitted"; the pill must not be the way around it."""

    def build(self):
        self.section.show_correctness = "past_due"
        self.section.due = SOON
        self.section = self.store.update_item(self.section, self.author_id)
        super().build()

    def test_nothing_is_told_or_awarded_before_it(self):
        self.answer("p1")
        self.answer("p2")
        told = self.ask("progress").json()
        assert [item["status"] for item in told["outcomes"]] == ["in-progress"]
        assert "answered" in told["html"]["outcomes"] and "1 of 1" not in told["html"]["outcomes"]
        assert told["state"] == "not-earned" and not self.awards().exists()

    def test_the_award_is_made_by_itself_after_it(self):
        self.answer("p1")
        self.answer("p2")
        row = models.AssessmentRequest.objects.get()
        assert abs(row.due_at - SOON) < timedelta(seconds=1)
        with patch("xmodule.graders.datetime") as clock:
            clock.now.return_value = SOON + timedelta(minutes=1)
            assessing.assess(row.pk, now=SOON + timedelta(minutes=1))
        assert self.awards().exists()


class TestNeverShown(PillCase):
    def build(self):
        self.section.show_correctness = "never"
        self.section = self.store.update_item(self.section, self.author_id)
        super().build()

    def test_points_stay_hidden_but_the_credential_is_what_the_author_promised(self):
        self.answer("p1", "Incorrect")
        assert "0 of 1" not in self.ask("progress").json()["html"]["outcomes"]
        assert not self.awards().exists()
        self.answer("p1")
        self.answer("p2")
        assert self.awards().exists()
        told = self.ask("progress").json()
        assert told["outcomes"][0]["status"] == "in-progress" and told["state"] == "earned"
        assert "The result is not shown here" in told["html"]["outcomes"], "nothing is promised for later"


class TestExpiredAccess(PillCase):
    """The platform closes an audit course after some weeks: pages answer 404, but problems still take answers."""

    def test_answers_after_the_access_has_expired_earn_nothing(self):
        with patch("lms.djangoapps.courseware.access.check_course_expired", return_value=AccessError("x", "x", "x")):
            self.answer("p1")
            self.answer("p2")
            assert self.ask("progress").status_code == 403
        assert not self.awards().exists()


class TestMending(StaffMixin, PillCase):
    def test_while_what_assesses_is_not_in_the_pill_awards_wait(self):
        self.edit(self.pill, outcomes=[outcome("locate", "p1", "deleted", threshold="0.5")])
        self.answer("p1")
        assert not self.awards().exists(), "although half of it would be enough"
        row = models.AssessmentRequest.objects.get()
        assert row.error_code == "pill-unready"
        assert "not ready yet" in self.ask("progress").json()["html"]["panel"]
        self.edit(self.pill, outcomes=[outcome("locate", "p1", "p2", threshold="0.5")])
        assessing.assess(row.pk, now=timezone.now())
        assert self.awards().exists() and not models.AssessmentRequest.objects.exists()
