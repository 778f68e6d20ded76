"""Handing work over, waiting, and taking turns."""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.utils import timezone

from microcred_xblock.credentials import open_badges
from microcred_xblock.domain import errors
from microcred_xblock.issuance import api, broker, models, outbox, runner, status, tasks

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


@pytest.fixture
def sent(settings, monkeypatch):
    """What was handed to Celery; ``fault`` is raised, if there is one."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    calls = []

    def send(_task, ids):
        calls.append(ids)
        if sent.fault:
            raise sent.fault

    sent = SimpleNamespace(calls=calls, fault=None)
    monkeypatch.setattr(broker, "_send", send)
    broker.wake()
    yield sent
    broker.wake()


@pytest.mark.django_db
class TestHandingOver:
    def test_only_after_the_commit(self, django_capture_on_commit_callbacks):
        task = Task()
        with django_capture_on_commit_callbacks(execute=True):
            outbox.enqueue(task, 7)
            assert task.calls == []
        assert [call[:2] for call in task.calls] == [("apply", (7,))]

    def test_to_celery(self, sent, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            outbox.enqueue(Task(), 7)
        assert sent.calls == [(7,)]

    def test_a_broker_that_is_down_breaks_nothing_and_is_asked_once(self, sent, django_capture_on_commit_callbacks):
        sent.fault = ConnectionError("no broker")
        with django_capture_on_commit_callbacks(execute=True):
            for pk in range(5):
                outbox.enqueue(Task(), pk)
        assert sent.calls == [(0,)]

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
    assert out.getvalue() == "1 task handed over\n"


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


@pytest.mark.parametrize(("error", "expected"), [
    (errors.InvalidDocument("x"), "invalid"), (errors.NotReady("x"), "not-ready"),
    (errors.NotAllowed("x"), "not-allowed"), (errors.Misconfigured("x"), "misconfigured"),
    (errors.WalletRefused("x"), "refused"), (errors.WalletUnreachable("x"), "unreachable"),
    (RuntimeError("x"), "internal"),
])
def test_who_can_mend_it(error, expected):
    assert outbox.error_class(error) == expected
    assert outbox.error_columns(error)["error_class"] == expected


def test_as_much_of_retry_after_is_honoured_as_the_setting_allows(settings):
    settings.MICROCRED_RETRY_AFTER_MOST = 3_600
    assert outbox.next_attempt(1, NOW, retry_after=999_999) == NOW + timedelta(hours=1)


@pytest.fixture
def queued(award_id, learner):
    """Agreed to; the message is lost."""
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    return award_id


@pytest.mark.django_db
class TestLeases:
    def test_what_one_worker_has_another_passes_over(self, queued):
        rows, now = models.Credential.objects.filter(award_id=queued), timezone.now()
        one, some = outbox.acquire(rows, now, most=2)
        two, rest = outbox.acquire(rows, now)
        assert [len(some), len(rest)] == [2, 1] and one != two
        assert {row.pk for row in some}.isdisjoint({row.pk for row in rest})
        assert outbox.acquire(rows, now)[1] == []
        assert len(outbox.acquire(rows, now + outbox.LEASE * 2)[1]) == 3, "leases run out"

    def test_handed_over_is_not_leased(self, queued):
        rows, now = models.Credential.objects.filter(award_id=queued), timezone.now()
        rows.update(leased_until=now + outbox.HANDED_OVER)
        assert len(outbox.acquire(rows, now)[1]) == 3


@pytest.mark.django_db
class TestSweeping:
    def test_what_was_handed_over_is_left_alone_for_a_while(self, queued):
        now = timezone.now()
        assert [outbox.sweep(now), outbox.sweep(now)] == [1, 0]
        assert outbox.sweep(now + outbox.HANDED_OVER + timedelta(seconds=1)) == 1

    def test_what_the_broker_did_not_take_is_due_at_once(self, queued, monkeypatch, commits):
        monkeypatch.setattr(outbox, "_hand_over", lambda *_args: False)
        with commits():
            assert outbox.sweep(timezone.now()) == 1
        assert outbox.sweep(timezone.now()) == 1

    @pytest.mark.parametrize("part", [
        "regrading.close_due", "renewing.remind_due", "notices.send_due", "bulk.sweep", "outbox._take",
        "outbox._remind_to_sign", "outbox._remind_to_deliver", "outbox._forget_attempts", "outbox._resume_forgotten",
    ])
    def test_a_part_that_fails_keeps_no_other_back(self, queued, award_id, monkeypatch, caplog, part):
        now = timezone.now()
        done = []
        for name in ("regrading.close_due", "renewing.remind_due", "notices.send_due", "bulk.sweep"):
            monkeypatch.setattr(f"microcred_xblock.issuance.{name}", lambda _now, name=name: done.append(name) or 1)
        monkeypatch.setattr(f"microcred_xblock.issuance.{part}", lambda *_args: 1 / 0)
        count = outbox.sweep(now)
        assert count == (5 if part.startswith("outbox._") else 4) - (part == "outbox._remind_to_sign")
        assert len(done) == (4 if part.startswith("outbox._") else 3)
        assert "A part of the sweep was left out" in caplog.text

    @pytest.mark.parametrize("value", ["30", "soon", None, [], -5])
    def test_a_setting_that_is_no_number_keeps_nothing_back(self, queued, settings, caplog, value):
        settings.MICROCRED_REMIND_BEFORE_DAYS = settings.MICROCRED_RENEW_BEFORE_DAYS = value
        assert outbox.sweep(timezone.now()) == 1 and not caplog.records

    def test_what_it_did_not_take_of_anything_else_either(self, sent, commits, award_id):
        sent.fault, now = ConnectionError("no broker"), timezone.now()
        late = {"token": "t", "due_at": now - timedelta(hours=1)}
        for number in range(3):
            key = str(number)
            models.IndexRequest.objects.create(course=key, course_id=key, **late)
            models.AssessmentRequest.objects.create(learner_pill=key, learner_id=key, pill_id=key, **late)
            models.Notice.objects.create(
                award_id=award_id, kind="expired", key=key, created_at=now, next_attempt_at=now - timedelta(hours=1)
            )
        models.Regrade.objects.create(
            award_id=award_id, policy="revoke", results=[], mastered=False, opened_at=now, due_at=now
        )
        with commits():
            assert outbox.sweep(now) == 10
        assert sent.calls == [(models.IndexRequest.objects.order_by("pk").first().pk,)]
        sent.fault = None
        broker.wake()
        with commits():
            assert outbox.sweep(now + timedelta(minutes=1)) == 10
        assert len(sent.calls) == 11
        with commits():
            assert outbox.sweep(now + timedelta(minutes=2)) == 0, "they wait in a queue"

    def test_queries_do_not_grow_with_the_rows(self, queued, django_assert_max_num_queries):
        with django_assert_max_num_queries(16):
            outbox.sweep(timezone.now())


@pytest.mark.django_db
class TestStaff:
    def test_a_failed_credential_is_signed_after_the_cause_is_gone(self, queued, monkeypatch, commits):
        good = open_badges.validate_proof

        def bad(*_documents):
            raise errors.InvalidDocument("No.", code="open-badge-schema")

        monkeypatch.setattr(open_badges, "validate_proof", bad)
        with commits():
            outbox.sweep(timezone.now())
        row = models.Credential.objects.get(format="ob3")
        assert (row.state, row.error_class, row.lease) == ("failed", "invalid", "") and row.document
        assert outbox.queue_facts(timezone.now()).dead == 1
        monkeypatch.setattr(open_badges, "validate_proof", good)
        with commits():
            assert outbox.retry_award(models.Award.objects.get(), now=timezone.now()) == 1
        assert {row.state for row in models.Credential.objects.all()} == {"issued"}

    def test_dead_letters_are_sent(self, connected, learner, commits, host):
        api.send(connected, learner.id, "testwallet")
        models.Delivery.objects.update(state="dead", next_attempt_at=None, attempts=8)
        with commits():
            assert outbox.retry_award(models.Award.objects.get(), now=timezone.now()) == 2
        assert {row.state for row in models.Delivery.objects.all()} == {"delivered"}

    def test_what_the_learner_stopped_stays_so(self, connected, learner):
        api.send(connected, learner.id, "testwallet")
        api.withdraw(connected, learner.id)
        assert outbox.retry_award(models.Award.objects.get(), now=timezone.now()) == 0

    def test_the_health_of_the_queues(self, queued):
        facts = outbox.queue_facts(timezone.now())
        assert (facts.depth["sign"], facts.depth["deliver"], facts.dead) == (3, 0, 0)
        assert facts.oldest_due == facts.oldest <= timezone.now() and facts.capped == ()

    def test_counting_ends(self, queued, monkeypatch, django_assert_num_queries):
        monkeypatch.setattr(outbox, "COUNTED", 2)
        now, award = timezone.now(), models.Award.objects.get()
        for number in range(4):
            models.Notice.objects.create(
                award=award, kind="expired", key=str(number), created_at=now, state="queued", next_attempt_at=now
            )
        facts = outbox.queue_facts(now)
        assert (facts.depth["sign"], facts.depth["tell"], facts.dead) == (2, 2, 0)
        assert facts.capped == ("sign", "tell")
        models.Notice.objects.filter(key__in="01").delete()
        assert outbox.queue_facts(now).capped == ("sign",), "exactly so many is no more"
        with django_assert_num_queries(15):
            outbox.queue_facts(now)


@pytest.mark.django_db
class TestStanding:
    def test_a_suspended_award_is_signed_when_it_is_reinstated(self, queued, commits):
        award = models.Award.objects.get()
        status.suspend(award, reason="integrity", actor="system", now=timezone.now())
        tasks.issue_award(queued)
        assert {(row.state, row.error_code) for row in models.Credential.objects.all()} == {
            ("queued", "award-suspended")
        }
        assert outbox.sweep(timezone.now() + timedelta(days=1)) == 0
        with commits():
            status.reinstate(award, reason="integrity", actor="system", now=timezone.now())
        assert {(row.state, row.error_code) for row in models.Credential.objects.all()} == {("issued", "")}

    def test_a_suspended_award_is_sent_when_it_is_reinstated(self, connected, learner, commits, host):
        api.send(connected, learner.id, "testwallet")
        award = models.Award.objects.get()
        status.suspend(award, reason="integrity", actor="system", now=timezone.now())
        pk = models.WalletConnection.objects.get().pk
        tasks.deliver_connection(pk)
        assert host.stored == {}
        with commits():
            status.reinstate(award, reason="integrity", actor="system", now=timezone.now())
        assert {row.state for row in models.Delivery.objects.all()} == {"delivered"}

    def test_nothing_more_of_a_revoked_award(self, connected, learner, host):
        api.send(connected, learner.id, "testwallet")
        status.revoke(models.Award.objects.get(), reason="error", actor="system", now=timezone.now())
        tasks.deliver_connection(models.WalletConnection.objects.get().pk)
        assert host.stored == {}
        assert {(row.state, row.error_code) for row in models.Delivery.objects.all()} == {("stopped", "award-ended")}
