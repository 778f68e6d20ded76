"""Handing work over, waiting, and taking turns."""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from microcred_xblock.issuance import api, models, outbox, runner, tasks

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_ladder_rises_and_ends():
    waits = [(outbox.next_attempt(n, NOW) - NOW).total_seconds() for n in range(1, len(outbox.LADDER) + 1)]
    for wait, rung in zip(waits, outbox.LADDER, strict=True):
        assert 0.8 * rung.total_seconds() <= wait <= 1.2 * rung.total_seconds()
    assert outbox.next_attempt(len(outbox.LADDER) + 1, NOW) is None
    assert outbox.next_attempt(0, NOW) > NOW


def test_waiting_times_differ_so_that_not_all_come_back_at_once():
    assert len({outbox.next_attempt(3, NOW) for _ in range(20)}) > 10


def test_retry_after_is_never_undercut():
    assert outbox.next_attempt(1, NOW, retry_after=900) == NOW + timedelta(seconds=900)
    assert outbox.next_attempt(7, NOW, retry_after=1) > NOW + timedelta(hours=4)


class Task:
    """A Celery task that notes how it was called."""

    name = "task"

    def __init__(self, fault=None):
        self.calls, self.fault, self.done = [], fault, threading.Event()

    def apply(self, args):
        self.calls.append(("apply", args, threading.current_thread()))
        self.done.set()
        if self.fault:
            raise self.fault

    def apply_async(self, args, retry):
        self.calls.append(("async", args, retry))
        if self.fault:
            raise self.fault


@pytest.mark.django_db
class TestHandingOver:
    def test_only_after_the_commit(self, django_capture_on_commit_callbacks):
        task = Task()
        with django_capture_on_commit_callbacks(execute=True):
            outbox.enqueue(task, 7)
            assert task.calls == []
        assert [call[:2] for call in task.calls] == [("apply", (7,))]

    def test_to_celery(self, settings, django_capture_on_commit_callbacks):
        settings.CELERY_TASK_ALWAYS_EAGER = False
        task = Task()
        with django_capture_on_commit_callbacks(execute=True):
            outbox.enqueue(task, 7)
        assert task.calls == [("async", (7,), False)]

    def test_a_broker_that_is_down_breaks_nothing(self, settings, django_capture_on_commit_callbacks):
        settings.CELERY_TASK_ALWAYS_EAGER = False
        with django_capture_on_commit_callbacks(execute=True):
            outbox.enqueue(Task(ConnectionError("no broker")), 7)

    def test_beside_the_request(self, settings, monkeypatch, django_capture_on_commit_callbacks):
        settings.MICROCRED_RUNNER = "thread"
        local = runner.Runner()
        monkeypatch.setattr(runner, "local", local)
        task = Task()
        with django_capture_on_commit_callbacks(execute=True):
            outbox.enqueue(task, 7)
        local.stop()
        assert task.calls[0][:2] == ("apply", (7,))
        assert task.calls[0][2].name == "microcred-runner" and task.calls[0][2].daemon

    def test_tasks_never_raise(self, monkeypatch, caplog):
        from microcred_xblock.issuance import delivering, issuing

        monkeypatch.setattr(issuing, "issue", lambda *_a, **_k: 1 / 0)
        monkeypatch.setattr(delivering, "deliver_due", lambda *_a, **_k: 1 / 0)
        monkeypatch.setattr(outbox, "sweep", lambda *_a, **_k: 1 / 0)
        tasks.issue_credential(1)
        tasks.deliver_connection(1)
        tasks.sweep()
        assert caplog.text.count("stays due") == 3

    def test_rows_that_are_gone(self):
        tasks.issue_credential(123_456)
        tasks.deliver_connection(123_456)


def test_the_runner_sweeps_when_it_has_nothing_to_do_and_survives_faults(monkeypatch):
    sweep = Task()
    monkeypatch.setattr(tasks, "sweep", sweep)
    monkeypatch.setattr(runner, "close_old_connections", lambda: None)
    worker = runner.Runner(sweep_seconds=0.02)
    broken, good = Task(RuntimeError("bug")), Task()
    worker.submit(broken, (1,))
    worker.submit(good, (2,))
    assert good.done.wait(5) and sweep.done.wait(5)
    worker.stop()
    assert [call[1] for call in broken.calls + good.calls] == [(1,), (2,)]
    worker.stop()
    worker.submit(good, (3,))  # starts anew
    worker.stop()
    assert good.calls[-1][1] == (3,)


@pytest.mark.django_db
def test_the_sweep_command(award_id, learner):
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    out = StringIO()
    call_command("microcred_sweep", stdout=out)
    assert out.getvalue() == "3 reminders\n"


@pytest.mark.django_db
def test_a_lease_is_one_worker_s_and_runs_out(issued, connect):
    connect(issued)
    pk = models.WalletConnection.objects.get().pk
    now = timezone.now()
    lease = outbox.take_lease(pk, now)
    assert lease and not outbox.take_lease(pk, now)
    assert outbox.renew_lease(pk, lease, now + timedelta(minutes=2))
    assert not outbox.take_lease(pk, now + timedelta(minutes=4))  # because it was renewed
    other = outbox.take_lease(pk, now + timedelta(minutes=6))
    assert other and not outbox.renew_lease(pk, lease, now)
    outbox.drop_lease(pk, other)
    assert outbox.take_lease(pk, now)
