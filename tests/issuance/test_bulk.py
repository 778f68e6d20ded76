"""One action on many awards: every one once, also when the worker dies, when it is stopped, and when one is broken."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from microcred_xblock import compat
from microcred_xblock.domain.errors import InvalidAnswer, NotAllowed
from microcred_xblock.issuance import bulk, models, outbox, staff, staff_actions, tasks

from .population import COURSES, STATES, populate

HOME = "/microcred/console/"


@pytest.fixture
def boss(db):
    return User.objects.create(username="boss", is_staff=True)


@pytest.fixture
def scope(boss):
    return staff.Scope(courses=None, actor=f"user:{boss.pk}")


@pytest.fixture
def population(configured, db):
    return populate(2 * len(STATES), now=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def acted(monkeypatch):
    """What was done to which award, in order; doing nothing else."""
    done = []
    monkeypatch.setattr(outbox, "retry_award", lambda row, *, now: done.append(row.pk) or 2)
    return done


def started(scope, action="retry", **filters):
    return bulk.start(scope, action, staff.Filters.from_query(filters), now=timezone.now())


def retryable(population):
    """Those that an award's own state allows to be tried again, newest first."""
    return [row.pk for row in population.awards if row.status == "valid" and not row.retired_at]


class TestRunning:
    def test_every_award_once_newest_first(self, population, scope, acted):
        job = started(scope)
        assert (job.total, job.state) == (len(population.awards), "waiting")
        bulk.run(job.pk)
        job.refresh_from_db()
        assert sorted(acted) == sorted(retryable(population)) and len(set(acted)) == len(acted)
        held = len(acted)
        assert (job.state, job.done, job.changed, job.failed) == (
            "done", len(population.awards), held, len(population.awards) - held
        )
        assert job.finished_at and not job.lease and job.error_code == "status-change"
        bulk.run(job.pk)
        assert len(acted) == held, "a task that comes twice does nothing"

    def test_only_what_fits_and_was_there(self, population, scope, acted):
        job = started(scope, state="failed")
        populate(16, now=timezone.now(), first=900)
        bulk.run(job.pk)
        meant = {pk for pk, state in population.meant.items() if state.startswith("failed")}
        assert set(acted) == meant and job.total == len(meant)

    def test_awards_that_fit_no_longer_are_left_alone(self, population, scope, monkeypatch):
        """Each retry takes its award out of the filter it was found by; none is skipped for it."""
        monkeypatch.setattr(bulk, "BATCH", 2)

        def retry(row, *, now):
            models.Delivery.objects.filter(credential__award=row).update(state="delivered")
            return 1

        monkeypatch.setattr(outbox, "retry_award", retry)
        job = started(scope, wallet="testwallet", state="waiting")
        bulk.run(job.pk)
        job.refresh_from_db()
        assert (job.done, job.changed) == (job.total, job.total) and job.total > 1
        assert not staff.awards(scope, staff.Filters(wallet="testwallet", state="waiting")).exists()

    def test_a_killed_worker_repeats_nothing_and_leaves_nothing_out(self, population, scope, acted, monkeypatch):
        job = started(scope)
        act, calls = staff.act, []

        def dies(*args, **options):
            calls.append(args)
            result = act(*args, **options)
            if len(calls) == 12:
                raise KeyboardInterrupt  # the transaction of this award is undone, as by kill -9
            return result

        monkeypatch.setattr(staff, "act", dies)
        with pytest.raises(KeyboardInterrupt):
            bulk.run(job.pk)
        acted.pop()
        job.refresh_from_db()
        assert job.state == "running" and job.done == 11
        bulk.run(job.pk)
        job.refresh_from_db()
        assert job.done == 11, "the dead worker's lease has not run out"
        assert str(job.pk) not in bulk.due(timezone.now())
        later = timezone.now() + bulk.LEASE + timedelta(seconds=1)
        assert bulk.due(later) == [str(job.pk)]
        models.BulkJob.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        bulk.run(job.pk)
        job.refresh_from_db()
        assert job.state == "done" and job.done == len(population.awards)
        assert sorted(acted) == sorted(retryable(population))

    def test_a_lost_task_is_found(self, population, scope, acted, monkeypatch):
        sent = []
        monkeypatch.setattr(outbox, "enqueue", lambda task, *ids: sent.append((task, *ids)))
        job = started(scope)
        assert sent == [(tasks.run_bulk, str(job.pk))]
        assert bulk.sweep(timezone.now()) == 0, "the task is on its way"
        assert bulk.sweep(timezone.now() + timedelta(minutes=1)) == 1 and sent[1:] == [(tasks.run_bulk, str(job.pk))]
        bulk.run(job.pk)
        assert bulk.sweep(timezone.now() + timedelta(hours=1)) == 0

    def test_the_minutely_sweep_finds_it(self, population, scope, acted, monkeypatch):
        job = started(scope)
        models.BulkJob.objects.update(created_at=timezone.now() - timedelta(minutes=1))
        swept = []
        monkeypatch.setattr(bulk, "sweep", lambda now: swept.append(now) or 1)
        tasks.sweep()
        assert swept and job

    def test_a_long_job_gives_others_a_turn(self, population, scope, acted, monkeypatch):
        monkeypatch.setattr(bulk, "BATCH", 10)
        monkeypatch.setattr(bulk, "TASK", timedelta(0))
        sent = []
        monkeypatch.setattr(outbox, "enqueue", lambda task, *ids: sent.append(ids))
        job = started(scope)
        for part in range(1, 4):
            bulk.run(job.pk)
            job.refresh_from_db()
            assert (job.done, job.leased_until) == (10 * part, None) and len(sent) == 1 + part
        bulk.run(job.pk)
        bulk.run(job.pk)
        job.refresh_from_db()
        assert job.state == "done" and len(acted) == len(set(acted)) == len(retryable(population))

    def test_one_broken_award_does_not_stop_the_others(self, population, scope, monkeypatch):
        def retry(row, *, now):
            models.Award.objects.filter(pk=row.pk).update(course_id="half done")
            raise RuntimeError("secret detail")

        monkeypatch.setattr(outbox, "retry_award", retry)
        job = started(scope)
        bulk.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.done, job.failed, job.changed) == ("done", job.total, job.total, 0)
        assert not models.Award.objects.filter(course_id="half done").exists(), "what failed is undone"
        assert "secret" not in job.error_code

    def test_reissue_names_its_reason(self, population, scope, monkeypatch):
        asked = []
        monkeypatch.setattr(
            staff_actions.renewing, "renew", lambda row, **options: asked.append((row.pk, options["reason"]))
        )
        bulk.run(bulk.start(scope, "renew", staff.Filters(state="delivered"), now=timezone.now()).pk)
        meant = {pk for pk, state in population.meant.items() if state == "delivered"}
        assert dict(asked) == dict.fromkeys(meant, "reissue")


class TestStopping:
    def test_it_stops_after_the_award_it_is_at(self, population, scope, acted, monkeypatch):
        job, one, passed = started(scope), bulk._one, []

        def then_cancelled(*args):
            one(*args)
            passed.append(args)
            if len(passed) == 5:
                assert bulk.cancel(job.pk, now=timezone.now())
                acted.clear()

        monkeypatch.setattr(bulk, "_one", then_cancelled)
        bulk.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.done) == ("cancelled", 5) and job.finished_at
        assert not bulk.cancel(job.pk, now=timezone.now())
        bulk.run(job.pk)
        job.refresh_from_db()
        assert job.done == 5 and not bulk.due(timezone.now() + timedelta(days=1))

    def test_what_is_done_cannot_be_cancelled(self, population, scope, acted):
        job = started(scope)
        bulk.run(job.pk)
        assert not bulk.cancel(job.pk, now=timezone.now())
        job.refresh_from_db()
        assert job.state == "done"


class TestWho:
    def test_course_staff_reach_their_courses_alone(self, population, boss, acted, monkeypatch):
        courses = frozenset(COURSES[:1])
        monkeypatch.setattr(compat, "staff_courses", lambda _user: courses)
        job = started(staff.scope_of(boss))
        assert job.scope == list(courses)
        bulk.run(job.pk)
        assert {row.course_id for row in models.Award.objects.filter(pk__in=acted)} == set(courses)

    def test_who_lost_the_role_meanwhile_does_nothing(self, population, boss, acted, monkeypatch):
        job = started(staff.scope_of(boss))
        monkeypatch.setattr(compat, "staff_courses", lambda _user: frozenset())
        bulk.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.error_code, acted) == ("failed", "staff-only", [])

    def test_a_narrower_role_narrows_the_job(self, population, boss, acted, monkeypatch):
        job = started(staff.scope_of(boss))
        monkeypatch.setattr(compat, "staff_courses", lambda _user: frozenset(COURSES[1:2]))
        bulk.run(job.pk)
        assert {row.course_id for row in models.Award.objects.filter(pk__in=acted)} == {COURSES[1]}

    @pytest.mark.parametrize("job_id", ["", "x", str(uuid4())])
    def test_an_unknown_job(self, scope, job_id):
        with pytest.raises(NotAllowed) as refused:
            bulk.own(scope, job_id)
        assert refused.value.code == "job-unknown"

    def test_only_what_is_meant_for_many(self, scope):
        with pytest.raises(InvalidAnswer) as refused:
            started(scope, "revoke")
        assert refused.value.code == "choice" and not models.BulkJob.objects.exists()


class TestInTheConsole:
    @pytest.fixture(autouse=True)
    def signed_in(self, client, boss, population):
        client.force_login(boss)

    def hidden(self, client, address):
        import re

        page = client.get(address).content.decode()
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)), page

    def test_the_question_the_work_and_the_progress(self, client, population, acted, commits):
        found, page = self.hidden(client, f"{HOME}bulk/retry/?state=failed&wallet=testwallet")
        assert found["state"] == "failed" and found["wallet"] == "testwallet" and "1 award" in page
        with commits():
            answer = client.post(f"{HOME}bulk/retry/", found)
        job = models.BulkJob.objects.get()
        assert answer["Location"] == f"{HOME}jobs/{job.pk}/" and str(job.pk) == found["job"]
        assert (job.state, job.filters) == ("done", {"state": "failed", "wallet": "testwallet"}) and len(acted) == 1
        page = client.get(answer["Location"]).content.decode()
        assert 'role="progressbar"' in page and 'aria-valuenow="100"' in page and "Stop it" not in page
        assert client.get(f"{answer['Location']}progress.json").json() == {
            "percent": 100, "text": "1 of 1 award", "label": "Done", "tone": "good", "open": False, "state": "done",
        }

    def test_twice_is_one_job(self, client, acted):
        found, _page = self.hidden(client, f"{HOME}bulk/retry/")
        first, second = (client.post(f"{HOME}bulk/retry/", found) for _ in range(2))
        assert first["Location"] == second["Location"] and models.BulkJob.objects.count() == 1

    @pytest.mark.parametrize("job", ["", "x"])
    def test_a_form_without_its_number(self, client, job):
        assert client.post(f"{HOME}bulk/retry/", {"job": job}).status_code == 400
        assert client.get(f"{HOME}bulk/revoke/").status_code == 404
        assert not models.BulkJob.objects.exists()

    def test_it_can_be_stopped(self, client, scope):
        job = started(scope)
        page = client.get(f"{HOME}jobs/{job.pk}/").content.decode()
        assert 'aria-valuenow="0"' in page and "Stop it" in page and "Reload" in page
        assert client.get(f"{HOME}jobs/{job.pk}/cancel/").status_code == 405
        page = client.post(f"{HOME}jobs/{job.pk}/cancel/", follow=True).content.decode()
        assert "Cancelled" in page and "Stop it" not in page

    def test_nothing_to_do(self, client):
        _found, page = self.hidden(client, f"{HOME}bulk/retry/?pill=nothing-of-the-kind")
        assert "there is nothing to do" in page and "<form" not in page
