"""Tokens on the way into the wallet, and consent that is taken back meanwhile."""


import pytest
from django.utils import timezone

from microcred_xblock.issuance import api, delivering, models, tasks
from tests.issuance.sending import panel, states, sweep_in, upserts
from tests.wallets.host import Reply, status_info

State = models.Delivery.State
pytestmark = pytest.mark.django_db


class TestTokens:
    """Access tokens run out, are refused, are rotated."""

    def test_refreshed_before_it_expires(self, issued, connect, learner, commits, host):
        host.expires_in = 30
        connect(issued)
        with commits():
            api.send(issued, learner.id, "testwallet")
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}
        grants = [request.form["grant_type"] for request in host.received("/token")]
        assert grants == ["authorization_code", "refresh_token", "refresh_token"]

    def test_refreshed_once_when_refused(self, send, host):
        host.access.clear()  # the wallet has lost its tokens, or our clock is wrong
        shown = send()
        assert states(shown) == {"ob3": "delivered", "elm": "delivered"}
        assert len(host.received("/token")) == 2
        row = models.WalletConnection.objects.get()
        assert row.active and row.lease == ""

    def test_refused_although_fresh(self, send, host, learner):
        host.misbehave("/credentials", Reply(401, status_info("unauthorizedrequest")), times=5)
        shown = send()
        assert len(host.received("/credentials")) == 2
        assert shown.deliveries[0].code == "wallet-reconnect"
        assert not shown.wallets[0].connected

    def test_refresh_refused_asks_the_learner_to_connect_again(self, send, host, learner, connect, commits, connected):
        host.access.clear()
        host.refreshes.clear()
        shown = send()
        assert states(shown) == {"ob3": "refused"}
        assert shown.deliveries[0].code == "wallet-reconnect"
        row = models.WalletConnection.objects.get()
        assert (row.active, row.tokens, row.ended_code) == (None, "", "wallet-reconnect")
        connect(connected)
        assert panel(learner).deliveries == ()
        with commits():
            api.send(connected, learner.id, "testwallet")
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}

    def test_without_a_refresh_token(self, issued, connect, learner, commits, host):
        host.gives_refresh, host.expires_in = False, 1
        connect(issued)
        with commits():
            api.send(issued, learner.id, "testwallet")
        assert panel(learner).deliveries[0].code == "wallet-reconnect"

    def test_a_token_endpoint_at_fault_is_waited_for(self, send, host, learner, commits):
        host.access.clear()
        host.misbehave("/token", Reply(500))
        shown = send()
        assert {delivery.code for delivery in shown.deliveries} == {"wallet-server-error"}
        sweep_in(commits, hours=1)
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}

    def test_a_host_that_forgot_us(self, send, host, learner):
        host.access.clear()
        host.clients.clear()
        shown = send()
        assert shown.deliveries[0].code == "wallet-client"
        assert not models.ClientRegistration.objects.filter(active=True).exists()
        assert not shown.wallets[0].connected

    def test_the_rotated_refresh_token_is_stored_before_it_is_needed(self, send, host, monkeypatch):
        """The worker dies right after the refresh: the next one holds the new token."""
        host.access.clear()
        monkeypatch.setattr(
            "microcred_xblock.wallets.open_badges_api.OpenBadgesWallet.deliver", self._die_after_first()
        )
        with pytest.raises(KeyboardInterrupt):
            connection = models.WalletConnection.objects.get()
            award = models.Award.objects.get()
            delivering.send(award, "testwallet", now=timezone.now())
            delivering.deliver_due(connection.pk)
        stored = delivering.connecting.tokens_of(models.WalletConnection.objects.get())
        assert stored.refresh in host.refreshes and stored.access in host.access

    @staticmethod
    def _die_after_first():
        from microcred_xblock.wallets.open_badges_api import OpenBadgesWallet

        good, calls = OpenBadgesWallet.deliver, []

        def deliver(self, credential, *, now):
            calls.append(1)
            if len(calls) > 1:
                raise KeyboardInterrupt
            return good(self, credential, now=now)

        return deliver


class TestWithdrawal:
    """Consent taken back half-way."""

    def test_before_it_was_sent(self, connected, learner, host):
        api.send(connected, learner.id, "testwallet")  # its commit, and so its task, comes later
        api.withdraw(connected, learner.id)
        tasks.deliver_connection(models.WalletConnection.objects.get().pk)
        assert not upserts(host)
        assert panel(learner).deliveries == ()
        assert {row.state for row in models.Delivery.objects.all()} == {State.STOPPED}
        assert not models.Consent.objects.filter(active=True).exists()

    def test_between_the_two_credentials(self, connected, learner, host, monkeypatch):
        """The badge is in the wallet when consent is withdrawn; the ELM file is not sent any more."""
        api.send(connected, learner.id, "testwallet")
        push = delivering._push

        def push_then_withdraw(*args):
            receipt = push(*args)
            api.withdraw(connected, learner.id)
            return receipt

        monkeypatch.setattr(delivering, "_push", push_then_withdraw)
        tasks.deliver_connection(models.WalletConnection.objects.get().pk)
        shown = panel(learner)
        assert shown.consent == "withdrawn"
        assert states(shown) == {"ob3": "delivered"}  # the panel tells what already lies in the wallet
        assert models.Delivery.objects.get(credential__format="elm").state == State.STOPPED
        assert not host.stored["elm"]

    def test_while_a_failing_attempt_was_under_way(self, connected, learner, monkeypatch, host, commits):
        """The wallet is down, and the learner withdraws while we wait for it: there is no second attempt."""
        api.send(connected, learner.id, "testwallet")
        host.misbehave("/credentials", Reply(500))
        push = delivering._push

        def withdraw_then_push(*args):
            api.withdraw(connected, learner.id)
            return push(*args)

        monkeypatch.setattr(delivering, "_push", withdraw_then_push)
        tasks.deliver_connection(models.WalletConnection.objects.get().pk)
        assert {row.state for row in models.Delivery.objects.all()} == {State.STOPPED}
        sweep_in(commits, days=2)
        assert len(upserts(host)) == 1

    def test_while_a_retry_was_waiting(self, send, connected, learner, host, commits):
        host.misbehave("/credentials", Reply(500))
        send()
        api.withdraw(connected, learner.id)
        sweep_in(commits, days=2)
        assert panel(learner).deliveries == ()
        assert len(upserts(host)) == 1

    def test_agreed_again_it_can_be_sent_again(self, send, connected, learner, commits, host):
        host.misbehave("/credentials", Reply(500))
        send()
        api.withdraw(connected, learner.id)
        with commits():
            api.consent(connected, learner, digest=api.payload(connected, learner).digest)
        assert not host.stored
        shown = send()
        assert states(shown) == {"ob3": "delivered", "elm": "delivered"}
        assert models.Delivery.objects.count() == 2
        assert models.Consent.objects.filter(purpose="share").count() == 2
