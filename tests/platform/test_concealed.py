"""Results that the platform does not show yet: the pill must not be the way around it, on any date a learner has."""

from .guard import require

require("lms")

from datetime import UTC, datetime, timedelta  # noqa: E402
from unittest.mock import patch  # noqa: E402

from django.utils import timezone  # noqa: E402
from edx_when.api import set_dates_for_course  # noqa: E402
from lms.djangoapps.instructor.views.tools import set_due_date_extension  # noqa: E402

from microcred_xblock.issuance import assessing, models  # noqa: E402

from .case import SOON, PillCase  # noqa: E402

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
LAST_WEEK = datetime.now(UTC) - timedelta(days=7)


class ConcealedCase(PillCase):
    def dates(self) -> dict:
        """More fields of the section."""
        return {}

    def build(self):
        for name, value in {"show_correctness": "past_due", **self.dates()}.items():
            setattr(self.section, name, value)
        self.section = self.store.update_item(self.section, self.author_id)
        super().build()
        if self.section.due:
            set_dates_for_course(self.course.id, [(self.section.location, {"due": self.section.due})])

    def answer_both(self):
        for name in ("p1", "p2"):
            assert self.answer(name).json()["success"] == "submitted", "the platform says no more"

    def assert_nothing_is_told(self):
        told = self.ask("progress").json()
        assert [item["status"] for item in told["outcomes"]] == ["in-progress"]
        assert "1 of 1" not in told["html"]["outcomes"] and told["state"] == "not-earned"
        assert not self.awards().exists()


class TestUntilTheGraceIsOver(ConcealedCase):
    def dates(self):
        return {"due": YESTERDAY, "graceperiod": timedelta(days=3)}

    def test_nothing_is_told(self):
        self.answer_both()
        self.assert_nothing_is_told()
        due = models.AssessmentRequest.objects.get().due_at
        assert abs(due - (YESTERDAY + timedelta(days=3))) < timedelta(seconds=2)


class TestUntilTheCourseEnds(ConcealedCase):
    def course_fields(self):
        return {"end": SOON}

    def test_nothing_is_told(self):
        self.answer_both()
        self.assert_nothing_is_told()


class TestExtension(ConcealedCase):
    def dates(self):
        return {"due": LAST_WEEK}

    def test_a_learner_with_more_time_is_told_nothing_before_it_is_over(self):
        course = self.store.get_course(self.course.id)
        set_due_date_extension(course, self.store.get_item(self.section.location), self.learner, SOON)
        self.answer_both()
        self.assert_nothing_is_told()
        with patch("xmodule.graders.datetime") as clock:
            clock.now.return_value = SOON + timedelta(minutes=1)
            assessing.assess(models.AssessmentRequest.objects.get().pk, now=SOON + timedelta(minutes=1))
        assert self.awards().exists()


class TestTheAuthorMovesTheDate(ConcealedCase):
    def dates(self):
        return {"due": SOON}

    def test_who_waits_is_looked_at_again_when_the_course_is_published(self):
        self.answer_both()
        self.assert_nothing_is_told()
        with self.captureOnCommitCallbacks(execute=True):
            self.store.publish(self.unit.location, self.author_id)
        waiting = models.AssessmentRequest.objects.get()
        assert waiting.due_at < timezone.now() + timedelta(minutes=5)
