"""What reading a learner's scores costs, and whether they are right, in each of the ways the platform offers.

It runs in the LMS's own test-suite, in whose databases it makes a small and a big course. From the checkout::

    PYTHONPATH=. python -m pytest -c REPO/pyproject.toml --rootdir REPO --ds lms.envs.test --nomigrations -s -q \\
        REPO/benchmarks/platform_scores.py

The ways, each with an empty request cache as in a new Celery task:

- ``ours``: ``compat.platform_evidence``, the blocks below the pill alone;
- ``ours, a block missing``: the same where it has to find out why the learner lacks a block;
- ``recalculated``: the ``problem_scores`` of a subsection grade made anew from the structure of the whole course;
- ``stored``: those of the platform's factory, which takes a stored subsection grade where there is one;
- ``stored row``: the totals alone, which say nothing of a single block.
"""

from __future__ import annotations

from tests.platform.guard import require

require("lms")

import statistics  # noqa: E402
import time  # noqa: E402
from unittest.mock import patch  # noqa: E402

import pytest  # noqa: E402
from common.djangoapps.student.models import anonymous_id_for_user  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from edx_django_utils.cache import RequestCache  # noqa: E402
from lms.djangoapps.course_blocks.api import get_course_blocks  # noqa: E402
from lms.djangoapps.courseware.models import StudentModule  # noqa: E402
from lms.djangoapps.grades.models import PersistentSubsectionGrade  # noqa: E402
from lms.djangoapps.grades.subsection_grade_factory import SubsectionGradeFactory  # noqa: E402
from openedx.core.djangoapps.content.block_structure.api import clear_course_from_cache  # noqa: E402
from submissions import api as submissions  # noqa: E402
from xmodule.modulestore.django import modulestore  # noqa: E402

from microcred_xblock import compat  # noqa: E402
from tests.platform.case import PillCase, outcome  # noqa: E402

ROUNDS = 40
NEVER = patch("lms.djangoapps.grades.tasks.recalculate_subsection_grade_v3.apply_async")


@pytest.fixture(autouse=True)
def no_bundles(monkeypatch):
    """As in ``tests/platform``: the platform's JavaScript is not built."""
    monkeypatch.setattr("webpack_loader.templatetags.webpack_loader.render_bundle", lambda *_args, **_more: "")


class ScoresCase(PillCase):
    """A pill of two problems and, in other subsections, as many problems as ``others``, all answered."""

    others = 0

    def build(self):
        self.pill = self.add_pill([outcome("locate", "p1", "p2")])
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "p2")
        with self.store.bulk_operations(self.course.id):
            for number in range(self.others):
                if number % 30 == 0:
                    unit = self.add(self.add(self.chapter, "sequential", graded=True, format="Homework"), "vertical")
                self.add_problem(unit, f"other{number}")

    def setUp(self):
        super().setUp()
        StudentModule.objects.bulk_create([
            StudentModule(
                student=self.learner, course_id=self.course.id, module_state_key=self.key(f"other{number}"),
                module_type="problem", grade=1, max_grade=1, state="{}",
            ) for number in range(self.others)
        ])
        self.answer("p1")
        self.answer("p2", "Incorrect")

    def structure(self):
        return get_course_blocks(self.learner, modulestore().make_course_usage_key(self.course.id))

    def ways(self):
        """Each way to read, as a function without arguments."""
        pill, section = str(self.pill.location), self.section.location

        def stored():
            structure = self.structure()
            factory = SubsectionGradeFactory(self.learner, course_structure=structure)
            return factory.create(structure[section], read_only=True, force_calculate=True).problem_scores

        def recalculated():
            with patch.object(SubsectionGradeFactory, "_get_bulk_cached_grade", return_value=None):
                return stored()

        return {
            "ours": lambda: compat.platform_evidence(self.learner.pk, pill, {"p1", "p2"}),
            "ours, a block missing": lambda: compat.platform_evidence(self.learner.pk, pill, {"p1", "p2", "gone"}),
            "recalculated": recalculated,
            "stored": stored,
            "stored row": lambda: PersistentSubsectionGrade.read_grade(self.learner.pk, section),
        }

    def measure(self):
        found = {name: [] for name in self.ways()}
        for number in range(ROUNDS + 3):
            for name, read in self.ways().items():
                RequestCache.clear_all_namespaces()
                with CaptureQueriesContext(connection) as queries:
                    started = time.perf_counter()
                    read()
                    spent = time.perf_counter() - started
                if number >= 3:
                    found[name].append((spent * 1000, len(queries)))
        return found

    def report(self):
        found = self.measure()
        floor = statistics.median(spent for spent, _ in found["ours"])
        print(f"\n{self.others + 2} problems in the course\n{'':24}{'queries':>9}{'median ms':>11}{'ratio':>8}")
        for name, rows in found.items():
            median = statistics.median(spent for spent, _ in rows)
            print(f"{name:24}{rows[0][1]:>9}{median:>11.1f}{median / floor:>8.2f}")


class TestSmall(ScoresCase):
    def test_cost(self):
        self.report()

    def earned(self, way):
        """``{block: earned}`` as one way reads it."""
        RequestCache.clear_all_namespaces()
        found = self.ways()[way]()
        if hasattr(found, "scores"):
            return {name: int(score.earned) for name, score in found.scores.items() if score.attempted}
        if way == "stored row":
            return f"{found.earned_all:g} of {found.possible_all:g}"
        return {key.block_id: score.earned for key, score in found.items() if score.first_attempted}

    def test_right_at_once(self):
        """An answer whose subsection grade the platform's worker has not made yet."""
        with NEVER:
            self.answer("p2")
        print("\nan answer not yet graded:", {way: self.earned(way) for way in self.ways()})
        assert self.earned("ours") == {"p1": 1, "p2": 1}

    def test_a_new_block(self):
        """A block that the author adds after the subsection was graded."""
        with self.work():
            self.add_problem(self.pill, "p3")
        clear_course_from_cache(self.course.id)
        with NEVER:
            self.answer("p3")
        found = compat.platform_evidence(self.learner.pk, str(self.pill.location), {"p1", "p2", "p3"})
        print("\na new block, answered:", {way: self.earned(way) for way in self.ways()}, "ours:", set(found.scores))
        assert found.scores["p3"].earned == 1

    def test_a_submission(self):
        """An open response assessment, which the submissions service alone knows."""
        with self.work():
            essay = self.add(self.pill, "openassessment", location=self.key("essay", "openassessment"))
        clear_course_from_cache(self.course.id)
        place = {
            "student_id": anonymous_id_for_user(self.learner, self.course.id), "course_id": str(self.course.id),
            "item_id": str(essay.location), "item_type": "openassessment",
        }
        with self.work():
            made = submissions.create_submission(place, {"parts": []})
            submissions.set_score(made["uuid"], 8, 10)
        RequestCache.clear_all_namespaces()
        score = self.ways()["recalculated"]()[essay.location]
        raw = f"raw {score.raw_earned} of {score.raw_possible}"
        print(f"\nan essay: {raw}, weighted {score.earned} of {score.possible}")
        found = compat.platform_evidence(self.learner.pk, str(self.pill.location), {"essay"}).scores["essay"]
        assert (found.earned, found.possible) == (8, 10)


class TestBig(ScoresCase):
    others = 298

    def test_cost(self):
        self.report()
