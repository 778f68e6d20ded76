"""Scores that fall after the award, as the platform lowers them: what the pill's rule makes of it, and the way back."""

from .guard import require

require("lms")

import json  # noqa: E402
from datetime import UTC, datetime, timedelta  # noqa: E402
from typing import ClassVar  # noqa: E402
from unittest.mock import patch  # noqa: E402

from django.core import mail  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402
from lms.djangoapps.courseware.models import StudentModule  # noqa: E402
from lms.djangoapps.grades import api as grades  # noqa: E402
from openedx.core.djangoapps.lang_pref import LANGUAGE_KEY  # noqa: E402
from openedx.core.djangoapps.user_api.models import UserPreference  # noqa: E402

from microcred_xblock import notice_texts  # noqa: E402
from microcred_xblock.issuance import models, outbox, regrading, status  # noqa: E402
from microcred_xblock.translation import Translator  # noqa: E402

from .case import SOON, PillCase, outcome, results  # noqa: E402
from .issuer import IssuerMixin  # noqa: E402
from .staff import StaffMixin  # noqa: E402


def sweep(case, days=0):
    """The sweep, so many days from now."""
    now = timezone.now() + timedelta(days=days, minutes=1)
    with patch.object(timezone, "now", return_value=now), case.work():
        outbox.sweep(now)


class FallCase(StaffMixin, PillCase):
    """A learner who has earned the pill; ``upkeep`` is what its author chose."""

    upkeep: ClassVar[dict] = {}

    def build(self):
        self.pill = self.add_pill([outcome("locate", "p1", "p2")], upkeep=self.upkeep)
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "p2")

    def setUp(self):
        super().setUp()
        self.answer("p1")
        self.answer("p2")
        self.award = self.awards().get()

    def rescore(self, name="p1", right="Incorrect"):
        """The author changes what is right; staff rescore the learner."""
        self.set_right_answer(name, right)
        self.dashboard("rescore_problem", name, only_if_higher="false")

    def later(self, days=0):
        sweep(self, days)

    def status(self):
        self.award.refresh_from_db()
        return self.award.status

    def cases(self):
        return [(case.open, case.outcome) for case in self.award.regrades.order_by("pk")]

    def notices(self):
        return list(self.award.notices.order_by("pk").values_list("kind", flat=True))

    def changes(self):
        return [(row.action, row.reason, row.actor) for row in self.award.changes.order_by("pk")]


class TestKept(FallCase):
    """The rule where the author chose none."""

    def test_what_fell_is_written_down_and_nothing_follows(self):
        self.rescore()
        assert self.status() == "valid" and results(self.award) == {"p1": (1, 1), "p2": (1, 1)}
        (case,) = self.award.regrades.all()
        assert (case.outcome, case.open, results(case)["p1"]) == ("kept", None, (0, 1))
        self.later(400)
        assert self.status() == "valid" and not self.notices()


class TestAssessedAnew(FallCase):
    """After a revocation only what is submitted again counts; the platform notes other visits in the same place."""

    def revoke(self):
        """Answered and earned a day ago, revoked an hour ago."""
        before = timezone.now() - timedelta(days=1)
        self.awards().update(awarded_at=before)
        for name in ("p1", "p2"):
            row = StudentModule.objects.get(module_state_key=self.key(name))
            state = {**json.loads(row.state), "last_submission_time": before.strftime("%Y-%m-%dT%H:%M:%SZ")}
            StudentModule.objects.filter(pk=row.pk).update(state=json.dumps(state), modified=before)
        status.revoke(
            self.award, reason="integrity", actor="user:1", now=timezone.now() - timedelta(hours=1), regain="anew"
        )

    def save(self, name):
        """Press *Save*, which submits nothing."""
        key = self.key(name)
        with self.captureOnCommitCallbacks(execute=True):
            answer = self.client.post(
                self.handler(key, "xmodule_handler", "problem_save"), {f"input_{key.html_id()}_2_1": "Correct"}
            )
        assert answer.json()["success"]

    def test_saving_or_being_rescored_is_no_answer(self):
        self.revoke()
        for name in ("p1", "p2"):
            self.save(name)
            self.dashboard("rescore_problem", name, only_if_higher="false")
        written = StudentModule.objects.filter(module_state_key__in=[self.key("p1"), self.key("p2")])
        assert all(row.modified > timezone.now() - timedelta(minutes=5) for row in written)
        assert self.ask("progress").json()["ok"] and self.awards().count() == 1

    def test_one_of_two_is_not_enough_and_both_are(self):
        self.revoke()
        self.answer("p1")
        assert self.awards().count() == 1
        self.answer("p2")
        assert self.awards().count() == 2


class TestSuspendedAfterGrace(FallCase):
    upkeep: ClassVar[dict] = {"regrade": "suspend", "grace_days": 14}

    def test_told_at_once_suspended_when_the_days_are_over_and_reinstated_by_a_better_score(self):
        self.rescore()
        assert self.status() == "valid" and self.notices() == ["score-change"]
        assert self.cases() == [(True, "waiting")]
        told = self.ask("progress").json()
        assert told["state"] == "earned" and "Your scores have changed" in str(told["html"])
        self.later(13)
        assert self.status() == "valid"
        self.later(15)
        assert self.status() == "suspended" and self.cases() == [(None, "suspended")]
        assert self.changes() == [("suspend", "regrade", "system")]
        assert self.notices() == ["score-change", "suspended"]
        assert "Your credential is suspended" in str(self.ask("progress").json()["html"])
        assert self.awards().count() == 1, "it cannot be earned a second time meanwhile"
        self.answer("p1", "Incorrect")
        assert self.status() == "valid"
        assert self.changes()[-1] == ("reinstate", "regrade", "system")
        assert self.notices()[-1] == "reinstated" and self.awards().count() == 1

    def test_better_again_before_the_days_are_over(self):
        self.rescore()
        self.answer("p1", "Incorrect")
        assert self.cases() == [(None, "recovered")]
        self.later(15)
        assert self.status() == "valid" and not self.changes()
        assert self.notices() == ["score-change", "score-settled"]

    def test_rescored_upwards_again_with_nobody_at_the_keyboard(self):
        self.rescore()
        self.later(15)
        assert self.status() == "suspended"
        self.rescore(right="Correct")
        assert self.status() == "valid"

    def test_a_score_raised_while_the_worker_was_down_counts_when_the_days_are_over(self):
        self.rescore()
        with patch("microcred_xblock.issuance.receivers.assessing.request"):
            self.answer("p1", "Incorrect")
        assert self.cases() == [(True, "waiting")]
        self.later(15)
        assert self.status() == "valid" and self.cases() == [(None, "recovered")]

    def test_attempts_given_anew_change_nothing_before_the_new_answer(self):
        self.dashboard("reset_student_attempts", "p1", delete_module="false")
        assert not self.cases()
        self.answer("p1", "Incorrect")
        assert self.cases() == [(True, "waiting")]

    def test_a_state_deleted_by_staff_is_another_reason(self):
        self.dashboard("reset_student_attempts", "p1", delete_module="true")
        assert self.cases() == [(True, "waiting")]
        assert self.award.notices.get().params["reason"] == "score-deleted"
        self.later(15)
        assert self.changes() == [("suspend", "score-deleted", "system")]
        self.answer("p1")
        assert self.status() == "valid"

    def test_a_problem_deleted_by_the_author_never_counts_against_the_learner(self):
        with self.work():
            self.store.delete_item(self.key("p1"), self.author_id)
            self.store.publish(self.unit.location, self.author_id)
        self.ask("progress")
        self.later(15)
        assert self.status() == "valid" and not any(is_open for is_open, _outcome in self.cases())

    def test_staff_decide_that_nothing_follows(self):
        self.rescore()
        regrading.dismiss(self.award, actor=f"user:{self.boss.pk}", now=timezone.now())
        self.ask("progress")
        self.later(15)
        assert self.status() == "valid" and self.cases() == [(None, "dismissed")]

    def test_who_left_the_course_meanwhile(self):
        from common.djangoapps.student.models import CourseEnrollment

        self.rescore()
        CourseEnrollment.unenroll(self.learner, self.course.id)
        self.later(15)
        assert self.status() == "suspended", "as they were told; by the scores that they were told of"


class TestSectionSetToNothing(FallCase):
    upkeep: ClassVar[dict] = {"regrade": "suspend", "grace_days": 3}

    def override(self, value):
        with self.work():
            grades.override_subsection_grade(
                self.learner.pk, self.course.id, self.section.location, earned_all=value, earned_graded=value
            )

    def test_overridden_with_nothing_and_undone(self):
        self.override(0)
        assert self.cases() == [(True, "waiting")]
        self.later(4)
        assert self.status() == "suspended"
        with self.work():
            grades.undo_override_subsection_grade(self.learner.pk, self.course.id, self.section.location)
        assert self.status() == "valid"

    def test_another_total_says_nothing_of_the_pill(self):
        self.override(1)
        assert not self.cases()


class TestSuspendedAtOnce(FallCase):
    upkeep: ClassVar[dict] = {"regrade": "suspend", "grace_days": 0}

    def test_by_the_next_sweep(self):
        self.rescore()
        assert self.status() == "valid"
        self.later()
        assert self.status() == "suspended" and self.notices() == ["score-change", "suspended"]


class TestRevokedAfterGrace(FallCase):
    upkeep: ClassVar[dict] = {"regrade": "revoke", "grace_days": 7}

    def test_revoked_and_earned_again_by_the_results(self):
        self.rescore()
        self.later(6)
        assert self.status() == "valid"
        self.later(8)
        assert self.status() == "revoked" and self.changes() == [("revoke", "regrade", "system")]
        assert not self.award.active and self.award.regain == "results"
        self.answer("p1", "Incorrect")
        assert self.status() == "revoked", "for good"
        again = self.awards().get(active=True)
        assert again.pk != self.award.pk and results(again) == {"p1": (1, 1), "p2": (1, 1)}


class TestRevokedAtOnce(FallCase):
    upkeep: ClassVar[dict] = {"regrade": "revoke", "grace_days": 0}

    def test_revoked_by_the_next_sweep(self):
        self.rescore()
        self.later()
        assert self.status() == "revoked" and self.notices() == ["score-change", "revoked"]


class TestSuperseded(IssuerMixin, StaffMixin, PillCase):
    """A pill that is still mastered, with fewer points than the credential says."""

    def build(self):
        self.pill = self.add_pill(
            [outcome("locate", "p1", "p2", threshold="0.5")], upkeep={"regrade": "supersede", "grace_days": 0}
        )
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "p2")

    def earn(self):
        with patch("microcred_xblock.issuance.receivers.assessing.request"):
            self.answer("p1")
        self.answer("p2")
        return self.awards().get()

    def test_the_learner_agrees_to_the_new_one(self):
        former = self.earn_and_consent()
        self.set_right_answer("p1", "Incorrect")
        self.dashboard("rescore_problem", "p1", only_if_higher="false")
        sweep(self)
        new = self.awards().get(active=True)
        assert new.supersedes_id == former.pk and results(new) == {"p1": (0, 1), "p2": (1, 1)}
        former.refresh_from_db()
        assert former.status == "valid" and not new.credentials.exists()
        digest = self.ask("payload").json()["digest"]
        assert self.ask("consent", digest=digest).status_code == 200
        former.refresh_from_db()
        assert former.status == "superseded"
        uuid = former.credentials.get(format="ob3").credential_id.removeprefix("urn:uuid:")
        page = self.client_class().get(f"/microcred/verify/{uuid}")
        assert page.status_code == 200 and "replaced by a newer one" in page.content.decode()


class TestConcealedAfterwards(FallCase):
    """The author conceals results only after the award was made: the fall must not tell them."""

    upkeep: ClassVar[dict] = {"regrade": "suspend", "grace_days": 0}

    def test_nothing_is_told_before_the_due_date(self):
        self.edit(self.section, show_correctness="past_due", due=SOON)
        self.set_right_answer("p1", "Incorrect")
        self.dashboard("rescore_problem", "p1", only_if_higher="false")
        self.later()
        assert self.status() == "valid" and not self.cases() and not self.notices()
        due = models.AssessmentRequest.objects.get().due_at
        assert abs(due - SOON) < timedelta(seconds=2)
        past = datetime.now(UTC) - timedelta(days=1)
        self.edit(self.section, due=past)
        self.ask("progress")
        assert self.cases() == [(True, "waiting")]
        self.later()
        assert self.status() == "suspended"

    def test_what_is_concealed_while_the_days_run_is_not_acted_on(self):
        self.rescore()
        assert self.cases() == [(True, "waiting")]
        self.edit(self.section, show_correctness="past_due", due=SOON)
        self.later()
        assert self.status() == "valid"
        case = self.award.regrades.get()
        assert case.open and abs(case.due_at - SOON) < timedelta(seconds=2)


@override_settings(MICROCRED_NOTICE_EMAIL=True, MICROCRED_PUBLIC_BASE_URL="https://lms.example")
class TestByMail(FallCase):
    upkeep: ClassVar[dict] = {"regrade": "suspend", "grace_days": 14}

    def test_in_the_language_of_the_learner_s_account(self):
        UserPreference.objects.create(user=self.learner, key=LANGUAGE_KEY, value="fr")
        self.rescore()
        (message,) = mail.outbox
        assert message.to == ["ann@example.org"] and "Find the fault" in message.subject
        french = Translator("fr").gettext
        assert message.subject.startswith(french(notice_texts.TITLES["score-change"]))
        assert french(notice_texts.PILL) in message.body
        page, _type = message.alternatives[0]
        assert 'lang="fr"' in page and f"jump_to/{self.pill.location}" in message.body
        assert self.award.notices.get().state == "sent"

    def test_not_to_an_account_that_was_disabled(self):
        self.learner.is_active = False
        self.learner.save()
        with patch("microcred_xblock.compat.may_earn", return_value=True):
            self.rescore()
        assert self.award.notices.exists() and not mail.outbox

    def test_a_mail_server_that_is_away_keeps_it_due_and_the_case_open(self):
        with patch("django.core.mail.backends.locmem.EmailBackend.send_messages", side_effect=OSError("away")):
            self.rescore()
        notice = self.award.notices.get()
        assert (notice.state, notice.error_code) == ("queued", "mail-unreachable")
        assert self.cases() == [(True, "waiting")]
        self.later(1)
        assert len(mail.outbox) == 1 and self.award.notices.get().state == "sent"
