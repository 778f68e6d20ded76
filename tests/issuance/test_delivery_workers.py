"""Workers that are killed, late, or two."""

from datetime import timedelta

import pytest
from django.utils import timezone

from microcred_xblock.issuance import api, circuits, delivering, models, outbox, tasks
from tests.issuance.sending import panel, states, sweep_in, upserts

State = models.Delivery.State
pytestmark = pytest.mark.django_db


class TestLostWorkers:
    """Killed, repeated, overtaken."""

    def test_killed_while_sending(self, connected, learner, commits, host):
        """Nobody knows whether the wallet has it. It is sent again, under the same id: the wallet replaces it."""
        api.send(connected, learner.id, "testwallet")
        models.Delivery.objects.update(state=State.SENDING, attempts=1, next_attempt_at=None)
        connection = models.WalletConnection.objects.get()
        assert outbox.take_lease(connection.pk, timezone.now())
        tasks.deliver_connection(connection.pk)
        assert not upserts(host)  # the lease still holds
        sweep_in(commits, minutes=4)
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}

    @pytest.mark.parametrize("change_of_mind", [api.withdraw, api.disconnect])
    def test_killed_while_sending_and_then_unwanted(self, change_of_mind, connected, learner, commits, host):
        api.send(connected, learner.id, "testwallet")
        models.Delivery.objects.update(state=State.SENDING, attempts=1, next_attempt_at=None)
        if change_of_mind is api.withdraw:
            api.withdraw(connected, learner.id)
        else:
            api.disconnect(learner.id, "testwallet")
        sweep_in(commits, minutes=4)
        assert {row.state for row in models.Delivery.objects.all()} == {State.STOPPED}
        assert not upserts(host)

    def test_a_message_that_comes_twice(self, send, host):
        send()
        for _ in range(3):
            tasks.deliver_connection(models.WalletConnection.objects.get().pk)
        assert len(upserts(host)) == 2

    def test_a_lost_message(self, connected, learner, commits, host):
        api.send(connected, learner.id, "testwallet")  # the broker loses the message
        sweep_in(commits, seconds=1)
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}

    def test_a_lease_that_was_lost_is_not_used(self, connected, learner, host):
        api.send(connected, learner.id, "testwallet")
        connection = models.WalletConnection.objects.get()
        lease = outbox.take_lease(connection.pk, timezone.now() - timedelta(hours=1))
        connection.refresh_from_db()
        assert outbox.take_lease(connection.pk, timezone.now())
        delivering._deliver_through(connection, circuits.Lane())
        assert not upserts(host)
        outbox.drop_lease(connection.pk, lease)
        assert models.WalletConnection.objects.get().lease != ""

    def test_a_delivery_added_while_the_worker_was_leaving(self, connected, learner, host, monkeypatch):
        """The second tab's task finds the connection taken; its row must not wait for the sweeper."""
        api.send(connected, learner.id, "testwallet")
        connection = models.WalletConnection.objects.get()
        models.Delivery.objects.filter(credential__format="elm").update(state=State.STOPPED)
        drop = outbox.drop_leases

        def late(pks, token):
            models.Delivery.objects.filter(state=State.STOPPED).update(
                state=State.QUEUED, next_attempt_at=timezone.now()
            )
            tasks.deliver_connection(*pks)
            assert not host.stored["elm"]
            drop(pks, token)

        monkeypatch.setattr(outbox, "drop_leases", late)
        tasks.deliver_connection(connection.pk)
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}

    def test_a_bug_in_the_adapter_is_a_reason_to_wait(self, send, learner, monkeypatch, commits, caplog):
        monkeypatch.setattr(delivering, "_push", lambda *_args: 1 / 0)
        shown = send()
        assert {(delivery.state, delivery.code) for delivery in shown.deliveries} == {("waiting-retry", "internal")}
        monkeypatch.undo()
        assert learner.email not in caplog.text

    def test_a_wallet_the_admin_took_off_the_list(self, connected, learner, commits, configured):
        api.send(connected, learner.id, "testwallet")
        wallets, configured.MICROCRED_WALLETS = configured.MICROCRED_WALLETS, []
        sweep_in(commits, seconds=1)
        assert {row.error_code for row in models.Delivery.objects.all()} == {"wallet-unknown"}
        configured.MICROCRED_WALLETS = wallets
        sweep_in(commits, hours=1)
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}
