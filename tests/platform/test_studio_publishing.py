"""The index of pills follows what is published, not what is drafted, and costs little."""

from .guard import require

require("cms")

import io  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from unittest.mock import patch  # noqa: E402

from cms.djangoapps.contentstore.utils import delete_course  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from xmodule.modulestore.tests.factories import check_mongo_calls_range  # noqa: E402

from microcred_xblock import compat  # noqa: E402
from microcred_xblock.issuance import indexing, models, outbox  # noqa: E402

from .studio_case import StudioCase, outcome  # noqa: E402


class TestPublishing(StudioCase):
    def setUp(self):
        super().setUp()
        self.pill_key, self.first, self.second = self.assessed_pill()

    def test_drafts_are_not_indexed(self):
        assert self.indexed() == set()
        self.publish()
        whole = self.rows(self.pill_key, self.first, self.second)
        assert self.indexed() == whole and len(whole) == 3
        third = self.problem(self.pill_key, "Third")
        self.define(self.pill_key, [outcome("locate", self.first.block_id, third.block_id)])
        self.delete(self.second)
        assert self.indexed() == whole, "learners still have the old pill"
        assert self.published(self.pill_key).children == [self.first, self.second]
        self.publish()
        assert self.indexed() == self.rows(self.pill_key, self.first, third)

    def test_an_assessed_child_deleted(self):
        self.publish()
        self.delete(self.first)
        assert self.flaws(self.pill_key) == [("block-missing", self.first.block_id)]
        assert self.published(self.pill_key).problems() == ()
        assert self.indexed() == self.rows(self.pill_key, self.first, self.second)
        self.publish()
        assert [problem.code for problem in self.published(self.pill_key).problems()] == ["block-missing"]
        assert self.indexed() == self.rows(self.pill_key, self.second)

    def test_discarded(self):
        self.publish()
        before = self.indexed()
        self.delete(self.first)
        self.change(self.unit, publish="discard_changes")
        assert self.indexed() == before and self.published(self.pill_key).problems() == ()

    def test_the_pill_deleted(self):
        self.publish()
        self.delete(self.pill_key)
        assert self.indexed(), "not yet published"
        self.publish()
        assert self.indexed() == set()

    def test_unpublished(self):
        self.publish()
        with self.captureOnCommitCallbacks(execute=True):
            self.store.unpublish(self.unit, self.author.id)  # no page of this Studio does it; scripts may
        assert not self.store.has_published_version(self.block(self.unit))
        assert self.indexed() == set()
        assert self.block(self.pill_key).children == [self.first, self.second] and self.flaws(self.pill_key) == []

    def test_the_unit_deleted(self):
        self.publish()
        self.delete(self.unit)
        assert self.indexed() == set()

    def test_moved_into_another_subsection(self):
        self.publish()
        chapter = self.block(self.section).get_parent().location
        unit = self.new(self.new(chapter, "sequential"), "vertical")
        assert self.move(self.pill_key, unit).status_code == 200
        self.publish()
        self.publish(unit)
        rows = self.rows(self.pill_key, self.first, self.second)
        assert self.indexed() == rows
        assert models.pair_key(str(self.section)) not in {block for block, _pill in rows}

    def test_the_course_deleted(self):
        self.publish()
        assert self.indexed()
        with self.captureOnCommitCallbacks(execute=True):
            delete_course(self.course.id, self.author.id)
        assert self.indexed() == set()

    def test_the_command_for_all_courses(self):
        self.publish()
        other, _section, unit = self.new_course()
        pill = self.pill(parent=unit)
        problem = self.problem(pill)
        self.publish(unit)
        before = self.indexed(), self.indexed(other)
        assert before[1] == self.rows(pill, problem)
        models.PillBlock.objects.all().delete()
        said = io.StringIO()
        call_command("microcred_index", "--all", stdout=said)
        assert (self.indexed(), self.indexed(other)) == before
        assert f"{self.course.id}: 1 pills" in said.getvalue() and f"{other.id}: 1 pills" in said.getvalue()


class TestLoad(StudioCase):
    @contextmanager
    def busy(self, tasks):
        """What is enqueued meanwhile goes to ``tasks``, since no worker has time for it."""
        enqueue = patch.object(outbox, "enqueue", side_effect=lambda task, row: tasks.append((task, row)))
        with enqueue, self.captureOnCommitCallbacks(execute=True):
            yield

    def test_fifty_publishes_in_a_row(self):
        """While the worker is busy; then it reads the course once."""
        pill, first, _second = self.assessed_pill()
        self.publish()
        self.delete(first)
        tasks = []
        with self.busy(tasks):
            for _ in range(50):
                self.store.publish(self.unit, self.author.id)
        assert len(tasks) >= 50 and models.IndexRequest.objects.count() == 1
        assert models.pair_key(str(first)) in {block for block, _pill in self.indexed()}, "nothing was read yet"
        with patch.object(compat, "pills_of_course", wraps=compat.pills_of_course) as read:
            for task, row in tasks:
                task(row)
        assert read.call_count == 1
        assert not models.IndexRequest.objects.exists()
        assert self.indexed() == self.rows(pill, *self.block(pill).children)

    def test_what_our_receiver_costs_the_author(self):
        """One request to write down; reading the course is the worker's work."""
        self.publish()
        key = str(self.course.id)
        for _ in range(2):  # the first makes the row, the next renews it
            queries = CaptureQueriesContext(connection)
            with queries, check_mongo_calls_range(max_finds=0), self.busy([]):
                indexing.request(key, now=timezone.now())
            asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
            assert len(asked) <= 2, asked

    def test_a_course_without_pills(self):
        """What the worker reads, and writes, for a course that has none: nothing of its blocks."""
        for _ in range(30):
            self.problem(self.unit)
        self.publish()
        indexing.index_course(str(self.course.id), now=timezone.now())
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries, check_mongo_calls_range(max_finds=3):
                assert indexing.index_course(str(self.course.id), now=timezone.now()) == 0
            asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
            print(asked)
            assert len(asked) <= 3, asked
