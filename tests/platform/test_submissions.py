"""Open response assessments keep their scores in the submissions service, without raw points."""

from .guard import require

require("lms")

from common.djangoapps.student.models import anonymous_id_for_user  # noqa: E402
from submissions import api as submissions  # noqa: E402

from .case import PillCase, outcome, results  # noqa: E402
from .staff import StaffMixin  # noqa: E402


class TestSubmissions(StaffMixin, PillCase):
    def build(self):
        self.pill = self.add_pill([outcome("explain", "essay", "p1")])
        self.essay = self.add(
            self.pill, "openassessment", location=self.key("essay", "openassessment"), display_name="Essay",
        )
        self.add_problem(self.pill, "p1")

    def item(self, user=None):
        """The learner's place in the submissions service."""
        return {
            "student_id": anonymous_id_for_user(user or self.learner, self.course.id),
            "course_id": str(self.course.id), "item_id": str(self.essay.location), "item_type": "openassessment",
        }

    def submit(self, user=None):
        with self.work():
            return submissions.create_submission(self.item(user), {"parts": [{"text": "My essay"}]})["uuid"]

    def assessed(self, submission, earned, possible=10):
        """What the assessment ends with: peers, staff or the learner have given their points."""
        with self.work():
            submissions.set_score(submission, earned, possible)

    def test_an_essay_counts_when_it_is_assessed_not_when_it_is_sent(self):
        self.answer("p1")
        essay = self.submit()
        assert self.outcomes() == {"explain": "in-progress"}
        assert not self.awards().exists()
        self.assessed(essay, 8)
        assert results(self.awards().get()) == {"essay": (8, 10), "p1": (1, 1)}

    def test_a_poor_essay_earns_nothing_and_a_better_assessment_does(self):
        self.answer("p1")
        essay = self.submit()
        self.assessed(essay, 2)
        assert self.outcomes() == {"explain": "not-achieved"}
        assert not self.awards().exists()
        self.assessed(essay, 9)
        assert results(self.awards().get())["essay"] == (9, 10)

    def test_a_reset_essay_counts_no_more(self):
        self.assessed(self.submit(), 10)
        item = self.item()
        with self.work():
            submissions.reset_score(item["student_id"], item["course_id"], item["item_id"])
        assert self.outcomes() == {"explain": "not-assessed"}
        self.answer("p1")
        assert not self.awards().exists()
        assert self.outcomes() == {"explain": "in-progress"}

    def test_an_essay_reset_afterwards_leaves_the_award(self):
        self.answer("p1")
        self.assessed(self.submit(), 10)
        award = self.awards().get()
        item = self.item()
        with self.work():
            submissions.reset_score(item["student_id"], item["course_id"], item["item_id"])
        assert self.awards().get().pk == award.pk
        assert self.ask("progress").json()["state"] == "earned"

    def test_an_essay_of_somebody_else_counts_for_them_alone(self):
        bob = self.enrol("bob")
        self.answer("p1")
        self.assessed(self.submit(bob), 10)
        assert not self.awards().exists() and not self.awards(bob).exists()
        self.assessed(self.submit(), 10)
        assert self.awards().count() == 1
