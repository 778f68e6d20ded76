"""The LMS when our package is gone: courses with pills still open, and what learners did is still there."""

from .guard import require

require("lms")

from cms.djangoapps.contentstore.outlines import update_outline_from_modulestore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402
from lms.djangoapps.courseware.models import StudentModule  # noqa: E402
from lms.djangoapps.grades.api import CourseGradeFactory  # noqa: E402

from .absent import uninstalled  # noqa: E402
from .case import PillCase  # noqa: E402


class TestUninstalled(PillCase):
    """A unit with a pill of two problems and one problem beside it."""

    def build(self):
        super().build()
        self.add_problem(self.unit, "beside")

    def setUp(self):
        super().setUp()
        update_outline_from_modulestore(self.course.id)
        self.answer("p1")
        self.answer("beside")
        self.client.raise_request_exception = False

    def open(self, block) -> int:
        return self.client.get(reverse("render_xblock", args=[str(block)])).status_code

    def publish(self):
        with self.work():
            self.store.publish(self.unit.location, self.author_id)

    def grade(self):
        """``(earned, possible, blocks)`` of the subsection, as the gradebook has it."""
        grade = CourseGradeFactory().update(self.learner, self.store.get_course(self.course.id))
        (chapter,) = grade.chapter_grades.values()
        (section,) = chapter["sections"]
        total = section.graded_total
        return total.earned, total.possible, {key.block_id for key in section.problem_scores}

    def test_the_course_opens(self):
        pages = [
            reverse("course-home:outline-tab", args=[str(self.course.id)]),
            reverse("course-home:course-navigation", args=[str(self.course.id)]),
            reverse("courseware_api:sequence-api", args=[str(self.section.location)]),
        ]
        with uninstalled():
            assert {self.client.get(page).status_code for page in pages} == {200}
            page = self.client.get(reverse("render_xblock", args=[str(self.unit.location)]))
            assert page.status_code == 200
            text = page.content.decode()
            assert str(self.key("beside")) in text and str(self.key("p1")) not in text
            assert self.open(self.pill.location) == 500, "the platform does that with any unknown block"
            assert self.ask("progress").status_code == 404
        assert self.open(self.pill.location) == 200

    def test_grades_stay_until_something_is_published(self):
        with uninstalled():
            assert self.grade() == (2, 3, {"beside", "p1", "p2"})
            assert self.open(self.key("p2")) == 200, "its problems are still there for who has their address"
            self.answer("p2")
            assert self.grade() == (3, 3, {"beside", "p1", "p2"})
        assert self.ask("progress").json()["state"] == "earned"
        assert self.awards().count() == 1

    def test_then_the_problems_inside_do_not_count(self):
        """Until the package is back and the platform has looked at the course again. Nothing of theirs is deleted."""
        with uninstalled():
            self.publish()
            self.answer("beside")
            assert self.grade() == (1, 1, {"beside"})
        assert StudentModule.objects.filter(student=self.learner, module_type="problem").count() == 2
        assert self.grade() == (1, 1, {"beside"}), "the platform still has the course as it saw it last"
        call_command("generate_course_blocks", "--courses", str(self.course.id), "--force_update")
        with self.work():
            call_command("compute_grades", "--courses", str(self.course.id))
        assert self.grade() == (2, 3, {"beside", "p1", "p2"})
        self.answer("p2")
        assert self.awards().count() == 1
