"""A pill around problems changes nothing else: grades, certificates, completion, outlines, search, the mobile API."""

from .guard import require

require("lms")

from unittest.mock import patch  # noqa: E402

from cms.djangoapps.contentstore.outlines import update_outline_from_modulestore  # noqa: E402
from common.djangoapps.student.tests.factories import CourseEnrollmentFactory, UserFactory  # noqa: E402
from completion.models import BlockCompletion  # noqa: E402
from completion.services import CompletionService  # noqa: E402
from completion.waffle import ENABLE_COMPLETION_TRACKING_SWITCH  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402
from edx_toggles.toggles.testutils import override_waffle_flag, override_waffle_switch  # noqa: E402
from lms.djangoapps.certificates import generation_handler  # noqa: E402
from lms.djangoapps.course_home_api.toggles import COURSE_HOME_MICROFRONTEND_PROGRESS_TAB  # noqa: E402
from lms.djangoapps.grades.api import CourseGradeFactory  # noqa: E402
from openedx.features.course_experience import COURSE_ENABLE_UNENROLLED_ACCESS_FLAG  # noqa: E402
from xblock.completable import XBlockCompletionMode  # noqa: E402
from xmodule.modulestore.tests.factories import CourseFactory  # noqa: E402

from .case import LONG_AGO, PASSWORD, PillCase, outcome  # noqa: E402

POLICY = {
    "GRADER": [{"type": "Homework", "min_count": 1, "drop_count": 0, "short_label": "HW", "weight": 1}],
    "GRADE_CUTOFFS": {"Pass": 0.5},
}


class TestGrades(PillCase):
    """``self.course`` has its problems in a pill, ``self.plain`` the same ones in a plain unit."""

    def course_fields(self):
        return {"grading_policy": POLICY, "display_name": "Same", "certificates_display_behavior": "early_no_info"}

    def build(self):
        super().build()
        self.add_problem(self.pill, "p3", weight=3)
        self.plain = CourseFactory.create(start=LONG_AGO, **self.course_fields())
        chapter = self.add(self.plain, "chapter", display_name=self.chapter.display_name)
        section = self.add(
            chapter, "sequential", format="Homework", graded=True, display_name=self.section.display_name
        )
        unit = self.add(section, "vertical", display_name=self.unit.display_name)
        for name, more in (("p1", {}), ("p2", {}), ("p3", {"weight": 3})):
            self.add_problem(unit, name, **{"location": self.plain.id.make_usage_key("problem", name), **more})

    def add_problem(self, parent, name, **fields):
        location = fields.pop("location", None) or self.key(name)
        with patch.object(self, "key", return_value=location):
            return super().add_problem(parent, name, **fields)

    def setUp(self):
        super().setUp()
        CourseEnrollmentFactory.create(user=self.learner, course_id=self.plain.id)

    def answer_both(self, name, choice="Correct"):
        for course in (self.course, self.plain):
            assert self.answer(name, choice, key=course.id.make_usage_key("problem", name)).status_code == 200

    def standing(self, course):
        """What the platform's gradebook knows: subsection, course, whether passed."""
        grade = CourseGradeFactory().update(self.learner, course)
        (chapter,) = grade.chapter_grades.values()
        (section,) = chapter["sections"]
        scores = {key.block_id: (score.earned, score.possible) for key, score in section.problem_scores.items()}
        total = section.graded_total
        return {
            "section": (total.earned, total.possible), "all": (section.all_total.earned, section.all_total.possible),
            "scores": scores, "percent": grade.percent, "letter": grade.letter_grade, "passed": grade.passed,
        }

    def test_the_grade_is_that_of_the_same_problems_without_a_pill(self):
        assert self.standing(self.course) == self.standing(self.plain)
        self.answer_both("p1")
        self.answer_both("p2", "Incorrect")
        seen = self.standing(self.course)
        assert seen == self.standing(self.plain)
        assert seen["section"] == (1, 5), "the pill adds no points of its own"
        assert set(seen["scores"]) == {"p1", "p2", "p3"}
        self.answer_both("p3")
        seen = self.standing(self.course)
        assert seen == self.standing(self.plain)
        assert (seen["percent"], seen["passed"]) == (0.8, True)

    def test_the_progress_page_is_that_of_the_same_problems_without_a_pill(self):
        self.answer_both("p1")
        self.answer_both("p3")
        pages = []
        for course in (self.course, self.plain):
            with override_waffle_flag(COURSE_HOME_MICROFRONTEND_PROGRESS_TAB, active=True):
                answer = self.client.get(reverse("course-home:progress-tab", args=[str(course.id)]))
            assert answer.status_code == 200
            found = answer.json()
            (chapter,) = found["section_scores"]
            (section,) = chapter["subsections"]
            pages.append({
                "grade": found["course_grade"], "completion": found["completion_summary"],
                "section": {key: section[key] for key in (
                    "assignment_type", "has_graded_assignment", "num_points_earned", "num_points_possible",
                    "percent_graded", "problem_scores", "show_grades",
                )},
            })
        assert pages[0] == pages[1]
        assert pages[0]["section"]["num_points_earned"] == 4

    @override_waffle_switch(ENABLE_COMPLETION_TRACKING_SWITCH, True)
    def test_the_outline_counts_and_ticks_as_without_a_pill(self):
        def outline(course):
            answer = self.client.get(reverse("course-home:outline-tab", args=[str(course.id)]))
            blocks = answer.json()["course_blocks"]["blocks"].values()
            return {b["type"]: [b[k] for k in ("display_name", "icon", "complete", "description")] for b in blocks}

        for course in (self.course, self.plain):
            update_outline_from_modulestore(course.id)
        assert outline(self.course) == outline(self.plain)
        assert outline(self.course)["sequential"][0].endswith("(3 Questions)")
        for name in ("p1", "p2", "p3"):
            self.answer_both(name)
        assert outline(self.course) == outline(self.plain)
        assert outline(self.course)["course"][2] is True, "complete"

    def test_a_certificate_is_due_exactly_when_it_is_without_a_pill(self):
        def due(course):
            mode = generation_handler._get_enrollment_mode(self.learner, course.id)
            grade = CourseGradeFactory().update(self.learner, course)
            return generation_handler._can_generate_regular_certificate(self.learner, course.id, mode, grade)

        modes = patch("common.djangoapps.course_modes.models.CourseMode.is_eligible_for_certificate", return_value=True)
        with modes, patch.object(generation_handler, "_id_verification_enforced_and_missing", return_value=False), \
                patch.object(generation_handler, "is_beta_tester", return_value=False), \
                patch.object(generation_handler, "has_html_certificates_enabled", return_value=True):
            assert (due(self.course), due(self.plain)) == (False, False)
            self.answer_both("p3")
            assert (due(self.course), due(self.plain)) == (True, True)


@override_waffle_switch(ENABLE_COMPLETION_TRACKING_SWITCH, True)
class TestCompletion(PillCase):
    def build(self):
        super().build()
        self.text = self.add(self.pill, "html", data="<p>Read me</p>")

    def complete(self):
        """``{kind of block: complete}`` as the course outline asks the blocks API for it."""
        address = reverse("blocks_in_block_tree", args=[str(self.course.location)])
        answer = self.client.get(
            address, {"username": self.learner.username, "depth": "all", "requested_fields": "completion,complete,type"}
        )
        assert answer.status_code == 200
        blocks = answer.json()["blocks"].values()
        return {
            kind: all(block.get("complete", False) for block in blocks if block["type"] == kind)
            for kind in ("course", "chapter", "sequential", "vertical", "learning_pill", "problem", "html")
        }

    def test_everything_above_is_complete_exactly_when_the_children_are(self):
        assert self.pill.completion_mode == XBlockCompletionMode.AGGREGATOR
        self.answer("p1")
        self.answer("p2", "Incorrect")
        parts = self.complete()
        assert parts.pop("problem"), "answered is complete, right or wrong"
        assert not any(parts.values()), "the text is not read yet"
        service = CompletionService(self.learner, self.course.id)
        assert not service.vertical_is_complete(self.store.get_item(self.unit.location))
        with self.work():
            BlockCompletion.objects.submit_completion(
                user=self.learner, block_key=self.text.location, completion=1.0
            )
        assert all(self.complete().values())
        assert service.vertical_is_complete(self.store.get_item(self.unit.location))
        kinds = set(BlockCompletion.objects.filter(user=self.learner).values_list("block_type", flat=True))
        assert kinds == {"problem", "html"}, "the pill has no row of its own"

    def test_a_unit_shown_alone_does_not_tick_the_pill_for_being_looked_at(self):
        page = self.client.get(reverse("render_xblock", args=[str(self.pill.location)]))
        assert page.status_code == 200
        assert b"mark-completed-on-view-after-delay" not in page.content


class TestOutlines(PillCase):
    def blocks(self, **asked):
        address = reverse("blocks_in_course")
        answer = self.client.get(
            address, {"course_id": str(self.course.id), "username": self.learner.username, "depth": "all", **asked}
        )
        assert answer.status_code == 200, answer.content
        return answer.json()["blocks"]

    def test_the_blocks_api_lists_the_pill_and_what_is_in_it(self):
        blocks = self.blocks(requested_fields="children,graded,has_score,format,lti_url")
        pill = blocks[str(self.pill.location)]
        assert pill["display_name"] == "Find the fault"
        assert set(pill["children"]) == {str(self.key("p1")), str(self.key("p2"))}
        assert (pill["graded"], pill["has_score"]) == (True, False)
        assert blocks[str(self.key("p1"))]["has_score"]

    def test_the_mobile_api_gets_what_is_the_same_for_everybody(self):
        self.answer("p1")
        self.answer("p2")
        assert self.awards().exists()
        mine = self.blocks(student_view_data="learning_pill")[str(self.pill.location)]["student_view_data"]
        assert mine == {
            "title": "Find the fault", "language": "en", "description": "You find a fault.",
            "outcomes": [{"id": "locate", "title": "Do locate"}],
        }
        self.sign_in(other := self.enrol("bob"))
        self.learner = other
        assert self.blocks(student_view_data="learning_pill")[str(self.pill.location)]["student_view_data"] == mine

    def test_the_sidebar_ends_at_the_unit_as_around_any_unit(self):
        update_outline_from_modulestore(self.course.id)
        sidebar = self.client.get(reverse("course-home:course-navigation", args=[str(self.course.id)]))
        assert sidebar.status_code == 200
        kinds = {block["type"] for block in sidebar.json()["blocks"].values()}
        assert kinds == {"course", "chapter", "sequential", "vertical"}, "nothing below the unit, as without a pill"
        sequences = self.client.get(reverse("learning_sequences:course_outline", args=[str(self.course.id)]))
        assert sequences.status_code == 200
        assert list(sequences.json()["outline"]["sequences"]) == [str(self.section.location)]


class TestPages(PillCase):
    def page(self, block=None, **asked):
        return self.client.get(reverse("render_xblock", args=[str((block or self.pill).location)]), asked)

    def test_an_enrolled_learner_sees_the_outcomes_and_the_activities(self):
        page = self.page()
        assert page.status_code == 200
        text = page.content.decode()
        assert "Do locate" in text and "What you will be able to do" in text
        assert str(self.key("p1")) in text and str(self.key("p2")) in text
        assert "mcp-notice" not in text, "nothing has to be explained to them"

    def test_the_pill_in_its_unit_knows_the_learners_award(self):
        self.answer("p1")
        self.answer("p2")
        alone, in_unit = self.page().content.decode(), self.page(self.unit).content.decode()
        for text in (alone, in_unit):
            assert "Achieved 100%, needed 70%" in text.replace("\xa0", "")
            assert "1 of 1 outcome achieved" in text

    def test_an_outsider_gets_no_page(self):
        self.sign_in(UserFactory.create(username="eve", password=PASSWORD))
        assert self.page().status_code == 404

    def test_nobody_in_particular_gets_no_page_of_a_private_course(self):
        self.client.logout()
        assert self.page().status_code in (302, 404)
        assert self.ask("progress").status_code == 403


@override_waffle_flag(COURSE_ENABLE_UNENROLLED_ACCESS_FLAG, active=True)
class TestPublicCourse(PillCase):
    def course_fields(self):
        return {"course_visibility": "public"}

    def build(self):
        self.pill = self.add_pill([outcome("locate", "p1")])
        self.add_problem(self.pill, "p1")

    @override_settings(LEARNING_MICROFRONTEND_URL="https://learning.example.org")
    def test_the_public_reads_the_pill_and_can_earn_nothing(self):
        self.client.logout()
        address = reverse("render_xblock", args=[str(self.pill.location)])
        for view in ("student_view", "public_view"):
            page = self.client.get(address, {"view": view})
            assert page.status_code == 200, view
            text = page.content.decode()
            assert "Do locate" in text and "mcp-notice" in text
            assert "data-action" not in text, "no button that records anything"
        for handler in ("progress", "payload", "consent", "send"):
            assert self.ask(handler).status_code == 403, handler
        assert self.answer("p1").status_code == 403
        assert not self.awards().exists()
