"""The index of pills: current after each publication, written only where it differs."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from microcred_xblock.issuance import indexing, models, outbox, requests, tasks

COURSE = "course-v1:Org+C+R"
OTHER = "course-v1:Org+Other+R"
pytestmark = pytest.mark.django_db


def written(queries):
    """The statements that write."""
    verbs = [query["sql"].split()[0] for query in queries.captured_queries]
    return [verb for verb in verbs if verb in ("INSERT", "DELETE", "UPDATE")]


def rows():
    return set(models.PillBlock.objects.values_list("block", "pill_id", "course_id"))


def row():
    return models.IndexRequest.objects.get()


@pytest.fixture
def handed_over(monkeypatch):
    """The ids of the requests whose task was enqueued, instead of running it; as if each was committed at once."""
    found = []
    monkeypatch.setattr(requests, "on_commit", lambda work, *args: requests.patiently(partial(work, *args)))
    monkeypatch.setattr(outbox, "enqueue", lambda task, pk: found.append((task.name.rpartition(".")[2], pk)))
    monkeypatch.setattr(
        outbox, "hand_over_all",
        lambda task, ids, _undo: found.extend((task.name.rpartition(".")[2], pk) for pk in ids),
    )
    return found


class TestStoring:
    def test_only_what_differs_is_touched(self):
        indexing.store(COURSE, {"one": frozenset("ab"), "two": frozenset("b")})
        before = dict(models.PillBlock.objects.values_list("pk", "pill_id"))
        with CaptureQueriesContext(connection) as queries:
            assert indexing.store(COURSE, {"one": frozenset("ab"), "two": frozenset("b")}) == 2
        assert written(queries) == []
        with CaptureQueriesContext(connection) as queries:
            indexing.store(COURSE, {"one": frozenset("ac"), "two": frozenset("b")})
        assert written(queries) == ["DELETE", "INSERT"]
        kept = before.keys() & set(models.PillBlock.objects.values_list("pk", flat=True))
        assert len(kept) == 2
        assert rows() == {
            (models.pair_key(block), pill, COURSE) for pill, blocks in (("one", "ac"), ("two", "b")) for block in blocks
        }

    def test_doubles_are_removed(self):
        for _ in range(3):
            models.PillBlock.objects.create(block=models.pair_key("a"), pill_id="one", course_id=COURSE)
        indexing.store(COURSE, {"one": frozenset("a")})
        assert models.PillBlock.objects.count() == 1

    def test_other_courses_are_left_alone(self):
        indexing.store(COURSE, {"one": frozenset("a")})
        indexing.store(OTHER, {"two": frozenset("a")})
        indexing.store(COURSE, {})
        assert {pill for _block, pill, _course in rows()} == {"two"}
        indexing.forget(OTHER)
        assert not rows()

    def test_a_big_course_takes_a_handful_of_statements(self):
        pills = {f"pill-{n}": frozenset(f"{n}-{block}" for block in range(10)) for n in range(200)}
        with CaptureQueriesContext(connection) as queries:
            indexing.store(COURSE, pills)
        assert len(queries) < 30 and models.PillBlock.objects.count() == 2_000
        with CaptureQueriesContext(connection) as queries:
            indexing.store(COURSE, {})
        assert len(queries) < 30 and not rows()


class TestRequests:
    def test_published_a_hundred_times_is_one_row(self, world, handed_over):
        for _ in range(100):
            indexing.request(COURSE, now=timezone.now())
        assert models.IndexRequest.objects.count() == 1
        assert set(handed_over) == {("index_course", row().pk)}

    def test_it_is_read_and_forgotten(self, world, commits):
        pill = world.pill("pill", ("p1",), course=COURSE)
        with commits():
            indexing.request(COURSE, now=timezone.now())
        assert {p for _block, p, _course in rows()} == {pill} and len(rows()) == 2, "the problem and the subsection"
        assert not models.IndexRequest.objects.exists()
        del world.courses[COURSE]
        with commits():
            indexing.request(COURSE, now=timezone.now())
        assert not rows()

    def test_while_somebody_reads_the_others_go_away(self, world, handed_over, monkeypatch):
        now = timezone.now()
        indexing.request(COURSE, now=now)
        models.IndexRequest.objects.update(leased_until=now + timedelta(minutes=1))
        monkeypatch.setattr(indexing, "index_course", lambda _course, **_more: 1 / 0)
        indexing.index(row().pk, now=now)
        assert (row().attempts, row().leased_until) == (0, now + timedelta(minutes=1))

    def test_the_lease_of_a_dead_worker_runs_out(self, world, handed_over):
        now = timezone.now()
        indexing.request(COURSE, now=now)
        models.IndexRequest.objects.update(leased_until=now - timedelta(seconds=1))
        indexing.index(row().pk, now=now)
        assert not models.IndexRequest.objects.exists()

    def test_published_while_it_is_read_is_read_again(self, world, commits, monkeypatch):
        read, seen = world.pills_of_course, []

        def read_then_published(course):
            found = read(course)
            seen.append(found)
            if len(seen) == 1:
                world.pill("pill", ("p1",), course=COURSE)
                indexing.request(COURSE, now=timezone.now())
            return found

        monkeypatch.setattr("microcred_xblock.compat.pills_of_course", read_then_published)
        with commits():
            indexing.request(COURSE, now=timezone.now())
        assert len(seen) == 2 and len(rows()) == 2
        assert not models.IndexRequest.objects.exists()

    def test_a_failure_keeps_the_row_frees_it_and_tries_later(self, world, handed_over, monkeypatch):
        now = timezone.now()
        indexing.request(COURSE, now=now)
        monkeypatch.setattr("microcred_xblock.compat.pills_of_course", lambda _course: 1 / 0)
        indexing.index(row().pk, now=now)
        assert (row().attempts, row().error_code, row().leased_until) == (1, "internal", None)
        assert row().due_at > now
        monkeypatch.undo()

    def test_the_sweep_finds_a_course_whose_message_was_lost(self, world, handed_over):
        indexing.request(COURSE, now=timezone.now())
        handed_over.clear()
        assert outbox.sweep(timezone.now()) == 0
        assert outbox.sweep(timezone.now() + timedelta(minutes=1)) == 1
        assert handed_over == [("index_course", row().pk)]

    def test_a_row_that_is_gone_and_a_task_that_never_raises(self, monkeypatch):
        indexing.index(12_345, now=timezone.now())
        monkeypatch.setattr(indexing, "index", lambda *_a, **_k: 1 / 0)
        tasks.index_course(1)


class TestCommand:
    def run(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("microcred_index", *arguments, stdout=out, stderr=err)
        except CommandError as error:
            return out.getvalue(), err.getvalue(), str(error)
        return out.getvalue(), err.getvalue(), ""

    @pytest.fixture
    def lms(self, world, settings):
        settings.ROOT_URLCONF = "lms.urls"
        world.pill("pill", ("p1", "p2"), course=COURSE)
        world.courses[OTHER] = []
        return world

    @pytest.mark.parametrize("arguments", [(), ("--all", COURSE)])
    def test_it_wants_courses_or_all_of_them(self, lms, arguments):
        assert self.run(*arguments)[2] == "Name the courses, or give --all."

    def test_it_needs_a_platform(self, world):
        assert "manage.py of the LMS or of Studio" in self.run("--all")[2]

    def test_all_courses(self, lms):
        out, err, failure = self.run("--all")
        assert out.splitlines() == [f"[1/2] {COURSE}: 1 pills", f"[2/2] {OTHER}: 0 pills"]
        assert (err, failure) == ("", "") and len(rows()) == 3

    def test_one_course(self, lms):
        assert self.run(OTHER)[0] == f"[1/1] {OTHER}: 0 pills\n"
        assert not rows()

    def test_a_course_that_fails_is_named_and_the_others_go_on(self, lms, monkeypatch):
        read = lms.pills_of_course

        def broken(course):
            if course == COURSE:
                raise RuntimeError("damaged")
            return read(course)

        monkeypatch.setattr("microcred_xblock.compat.pills_of_course", broken)
        out, err, failure = self.run("--all")
        assert f"{COURSE}: RuntimeError: damaged" in err
        assert out == f"[2/2] {OTHER}: 0 pills\n"
        assert failure == f"1 of 2 courses could not be read: {COURSE}"
