"""A dead wallet is left alone, a slow one has a lane of its own, and neither costs a learner anything."""

from datetime import timedelta

import pytest
from django.utils import timezone

from microcred_xblock.domain.errors import WalletRefused, WalletUnreachable
from microcred_xblock.issuance import api, circuits, delivering, models, outbox, registering, tasks
from tests.issuance.sending import panel, states, sweep_in, upserts
from tests.wallets.host import Reply

State = models.Delivery.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted(configured):
    """The wallet's provider."""
    return registering.provider("testwallet")


def circuit():
    return models.WalletCircuit.objects.exclude(name__startswith="slow lane").first()


def fail(wanted, times, now):
    for _ in range(times):
        circuits.failed(wanted, "wallet-timeout", now)


class TestOpening:
    def test_only_failures_in_a_row_open_it(self, wanted, settings):
        settings.MICROCRED_CIRCUIT_FAILURES = 3
        now = timezone.now()
        fail(wanted, 2, now)
        circuits.answered(circuit(), wanted, now)
        fail(wanted, 2, now)
        assert circuits.closed_until(circuit(), now) is None
        fail(wanted, 1, now)
        assert circuits.closed_until(circuit(), now) > now

    def test_it_rests_longer_each_time_but_never_for_long(self, wanted):
        now, rests = timezone.now(), []
        for _ in range(40):
            fail(wanted, 1, now)
            if circuit().open_until:
                rests.append(circuit().open_until - now)
        assert rests[0] <= circuits.RESTS_FIRST and rests[3] > rests[0]
        assert circuits.RESTS_MOST * 0.8 <= rests[-1] <= circuits.RESTS_MOST

    def test_one_probe_and_no_more(self, wanted):
        now = timezone.now()
        fail(wanted, 5, now)
        later = circuit().open_until + timedelta(seconds=1)
        seen = circuit()
        assert circuits.closed_until(seen, later) is None
        assert circuits.closed_until(seen, later) > later, "another worker has the probe"
        killed = later + outbox.LEASE + timedelta(seconds=1)
        assert circuits.closed_until(seen, killed) is None, "whoever had it is gone"

    def test_a_probe_that_fails_opens_it_anew(self, wanted):
        now = timezone.now()
        fail(wanted, 5, now)
        later = circuit().open_until + timedelta(seconds=1)
        assert circuits.closed_until(circuit(), later) is None
        fail(wanted, 1, later)
        assert circuits.closed_until(circuit(), later) > later
        assert circuit().probe == ""


class TestDelivering:
    def test_while_it_is_open_nobody_connects_and_no_attempt_is_lost(self, connected, learner, commits, host, wanted):
        fail(wanted, 5, timezone.now())
        with commits():
            api.send(connected, learner.id, "testwallet")
        assert not upserts(host)
        for row in models.Delivery.objects.all():
            assert (row.state, row.attempts, row.error_code) == (State.WAITING, 0, "wallet-resting")
            assert row.error_class == "unreachable" and row.next_attempt_at > timezone.now()
        sweep_in(commits, minutes=12)
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}
        assert (circuit().failures, circuit().open_until, circuit().probe) == (0, None, "")

    def test_success_makes_those_due_that_waited(self, connected, learner, commits, host, wanted):
        fail(wanted, 5, timezone.now())
        with commits():
            api.send(connected, learner.id, "testwallet")
        with commits():
            circuits.answered(circuit(), wanted, timezone.now())
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}

    def test_a_wallet_at_fault_opens_it(self, send, host, commits, connected, learner):
        host.misbehave("/credentials", Reply(500), times=100)
        send()
        for _ in range(4):
            with commits():
                api.retry(connected, learner.id, "testwallet")
        assert circuit().failures == 5
        with commits():
            api.retry(connected, learner.id, "testwallet")
        assert len(upserts(host)) == 5

    def test_a_refusal_is_a_healthy_answer(self, send, host, wanted):
        fail(wanted, 4, timezone.now())
        host.misbehave("/credentials", Reply(400))
        send()
        assert circuit().failures == 0

    def test_what_is_our_fault_says_nothing_about_the_host(self, send, monkeypatch):
        monkeypatch.setattr(delivering, "_push", lambda *_args: 1 / 0)
        send()
        assert circuit() is None


class TestSlowness:
    @pytest.fixture
    def slow(self, wanted):
        now = timezone.now()
        assert circuits.measured(None, wanted, timedelta(seconds=9), now)
        return circuit()

    def test_it_is_measured_and_forgotten(self, wanted, slow):
        now = timezone.now()
        assert circuits.is_slow(slow, now) and circuits.slow_wallets(now) == ["testwallet"]
        later = now + circuits.SLOW_FOR + timedelta(seconds=1)
        assert not circuits.is_slow(slow, later) and circuits.slow_wallets(later) == []
        assert not circuits.measured(None, wanted, timedelta(seconds=0.1), now)

    @pytest.mark.parametrize("places", [1, 2])
    def test_the_lane_has_so_many_places(self, places, settings, db):
        settings.MICROCRED_SLOW_WORKERS = places
        now, lanes = timezone.now(), [circuits.Lane() for _ in range(4)]
        assert [lane.enter(now) for lane in lanes] == [index < places for index in range(4)]
        assert lanes[0].enter(now), "and keeps its own"
        lanes[0].leave()
        assert lanes[3].enter(now)
        assert circuits.Lane().enter(now + outbox.LEASE * 2), "a killed worker's place is free again"

    def test_who_finds_it_full_leaves_the_row_due(self, connected, learner, host, slow):
        api.send(connected, learner.id, "testwallet")
        other = circuits.Lane()
        assert other.enter(timezone.now())
        pk = models.WalletConnection.objects.get().pk
        tasks.deliver_connection(pk)
        assert not upserts(host)
        row = models.WalletConnection.objects.get()
        assert row.lease == "" and {item.state for item in row.deliveries.all()} == {State.QUEUED}
        other.leave()
        tasks.deliver_connection(pk)
        assert len(upserts(host)) == 2

    def test_the_worker_in_the_lane_drains_it(self, connected, learner, host, slow):
        api.send(connected, learner.id, "testwallet")
        mine, full = models.WalletConnection.objects.get(), circuits.Lane()
        assert full.enter(timezone.now())
        tasks.deliver_connection(mine.pk)
        full.leave()
        lane = circuits.Lane()
        assert lane.enter(timezone.now()) and delivering._next_in_lane(timezone.now()) == mine.pk
        lane.leave()

    def test_a_time_out_makes_it_slow(self, send, host, configured):
        configured.MICROCRED_SLOW_SECONDS = 0
        send()
        assert circuits.slow_wallets(timezone.now()) == ["testwallet"]


def test_only_what_cannot_be_reached_counts(wanted):
    link = delivering.Link(models.WalletConnection(wallet_id="testwallet"))
    link.took(0, WalletRefused("No.", code="wallet-rejected"))
    assert circuit() is None or circuit().failures == 0
    link.took(0, WalletUnreachable("Nobody.", code="wallet-timeout"))
    assert circuit().failures == 1
