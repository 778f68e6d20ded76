"""Into the wallet: once, whatever the wallet, the network, or the learner's impatience do."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from microcred_xblock.domain.credential import Format
from microcred_xblock.domain.errors import NotAllowed
from microcred_xblock.issuance import api, delivering, issuing, models, outbox, tasks
from tests.factories import make_pill
from tests.wallets.host import UPSERT, Reply, status_info

State = models.Delivery.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(issued, connect):
    """Issued, and the wallet connected."""
    connect(issued)
    return issued


@pytest.fixture
def send(connected, learner, commits):
    """Press "send" and let the work be done; gives the panel afterwards."""

    def press():
        with commits():
            api.send(connected, learner.id, "testwallet")
        return panel(learner)

    return press


def panel(learner):
    return api.panel(learner.id, make_pill().id)


def states(shown):
    return {delivery.format.value: delivery.state for delivery in shown.deliveries}


def later(**delta):
    return timezone.now() + timedelta(**delta)


def upserts(host):
    return [*host.received("/credentials"), *host.received("/elm")]


def sweep_in(commits, **delta):
    """What the sweeper finds after a while; waiting times are brought forward instead of waited for."""
    shift = timedelta(**delta)
    for row in models.Delivery.objects.exclude(next_attempt_at=None):
        models.Delivery.objects.filter(pk=row.pk).update(next_attempt_at=row.next_attempt_at - shift)
    for row in models.WalletConnection.objects.exclude(leased_until=None):
        models.WalletConnection.objects.filter(pk=row.pk).update(leased_until=row.leased_until - shift)
    with commits():
        outbox.sweep(timezone.now())


def test_both_credentials_arrive_as_they_were_signed(send, host):
    shown = send()
    assert states(shown) == {"ob3": "delivered", "elm": "delivered"}
    rows = {row.format: bytes(row.content) for row in models.Credential.objects.all()}
    badge = json.loads(rows["ob3"])
    assert host.stored[badge["id"]] == [rows["ob3"]]
    assert host.stored["elm"] == [rows["elm"]]
    assert {row.created_there for row in models.Delivery.objects.all()} == {True}
    for delivery in shown.deliveries:
        assert delivery.delivered_at is not None and delivery.next_attempt_at is None and delivery.attempts == 1


def test_a_host_without_elm_gets_the_badge(issued, connect, learner, commits, host):
    host.takes_elm = False
    connect(issued)
    with commits():
        api.send(issued, learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "delivered"}
    assert not panel(learner).wallets[0].takes_elm


def test_a_double_click_sends_once(connected, learner, commits, host):
    with commits():
        api.send(connected, learner.id, "testwallet")
        api.send(connected, learner.id, "testwallet")
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert len(upserts(host)) == 2
    assert models.Delivery.objects.count() == 2
    assert models.Consent.objects.filter(purpose="share").count() == 1


def test_the_database_itself_refuses_a_second_delivery(send):
    send()
    row = models.Delivery.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Delivery.objects.create(credential=row.credential, connection=row.connection)


def test_sending_is_a_line_in_the_consent_ledger(send, host):
    send()
    row = models.Consent.objects.get(purpose="share")
    assert (row.recipient, row.formats) == (host.url, ["ob3", "elm"])
    assert row.payload_digest == models.Consent.objects.get(purpose="issue").payload_digest


def test_nothing_is_sent_before_consent(award_id, connect, learner):
    connect(award_id)
    for call in (api.send, api.retry):
        with pytest.raises(NotAllowed) as caught:
            call(award_id, learner.id, "testwallet")
        assert caught.value.code == "consent-missing"


def test_nothing_is_sent_without_a_connection(issued, learner):
    for call in (api.send, api.retry):
        with pytest.raises(NotAllowed) as caught:
            call(issued, learner.id, "testwallet")
        assert caught.value.code == "wallet-not-connected"
        with pytest.raises(NotAllowed) as caught:
            call(issued, learner.id, "unheard-of")
        assert caught.value.code == "wallet-unknown"


def test_sent_while_it_is_still_being_signed(award_id, connect, learner, commits, host):
    connect(award_id)
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    with commits():
        api.send(award_id, learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "queued", "elm": "queued"}
    assert not upserts(host)
    with commits():
        outbox.sweep(timezone.now())
    assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}


UNUSABLE = {
    "500": (Reply(500, status_info("internal_server_error")), "wallet-server-error"),
    "500 in HTML": (Reply(500, b"<h1>Oops", media_type="text/html"), "wallet-server-error"),
    "HTML": (Reply(200, b"<html>Welcome", media_type="text/html"), "wallet-html"),
    "nothing": (lambda _handler: None, "wallet-no-answer"),
    "an empty answer": (Reply(200, b""), "wallet-answer"),
    "10 MB": (Reply(200, b'"' + b"x" * 10_000_000 + b'"'), "wallet-answer-too-large"),
    "wrong JSON": (Reply(200, b'{"id": '), "wallet-answer"),
    "another credential": (Reply(201, {"id": "urn:uuid:other"}), "wallet-answer"),
    "busy": (Reply(503, status_info("server_busy")), "wallet-busy"),
    "too many": (Reply(429), "wallet-busy"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_wallet_at_fault_costs_nothing_but_time(name, send, host, learner, commits):
    reply, code = UNUSABLE[name]
    host.misbehave("/credentials", reply)
    shown = send()
    badge, european = shown.deliveries
    assert states(shown) == {"ob3": "waiting-retry", "elm": "waiting-retry"}
    assert badge.code == european.code == code
    assert badge.next_attempt_at > timezone.now()
    assert len(upserts(host)) == 1  # not asked a second time in the same breath
    sweep_in(commits, minutes=30)
    assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}
    rows = {row.format: bytes(row.content) for row in models.Credential.objects.all()}
    assert set(host.stored[json.loads(rows["ob3"])["id"]]) == {rows["ob3"]}


def test_a_silent_wallet_does_not_hold_the_learner(connected, learner, commits, host):
    import time

    host.misbehave("/credentials", lambda _handler: time.sleep(5))
    begun = time.monotonic()
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert time.monotonic() - begun < 3
    assert {delivery.code for delivery in panel(learner).deliveries} == {"wallet-timeout"}


def test_the_wallet_says_when(send, host):
    host.misbehave("/credentials", Reply(503, b"", {"Retry-After": "7200"}))
    shown = send()
    assert {delivery.next_attempt_at > later(seconds=7_000) for delivery in shown.deliveries} == {True}


def test_impatience_does_not_shorten_what_the_wallet_asked_for(send, host):
    host.misbehave("/credentials", Reply(503, b"", {"Retry-After": "7200"}))
    first, second = send(), send()
    assert first.deliveries == second.deliveries
    assert len(upserts(host)) == 1


REFUSED = {
    "400": (Reply(400, status_info("invalid_data", "Bad proof.")), "wallet-rejected"),
    "403": (Reply(403, status_info("forbidden")), "wallet-forbidden"),
    "404": (Reply(404), "wallet-no-api"),
    "redirect": (Reply(302, b"", {"Location": "http://169.254.169.254/"}), "wallet-redirect"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_no_is_a_no_until_the_learner_asks_again(name, send, host, learner, commits, connected):
    reply, code = REFUSED[name]
    host.misbehave("/credentials", reply)
    shown = send()
    assert states(shown) == {"ob3": "refused", "elm": "delivered"}
    assert shown.deliveries[0].code == code
    sweep_in(commits, days=9)
    assert states(panel(learner))["ob3"] == "refused"
    with commits():
        api.retry(connected, learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}
    assert len(host.stored["elm"]) == 1  # what was delivered was not sent again


def test_the_reason_is_kept_for_the_admin(send, host):
    host.misbehave("/credentials", Reply(400, status_info("invalid_data", "Bad proof.")))
    shown = send()
    assert shown.deliveries[0].params == {"status": "400", "reason": "invalid_data", "detail": "Bad proof."}


def test_given_up_after_the_last_rung_and_taken_up_by_the_learner(send, host, learner, commits, connected):
    host.misbehave("/credentials", Reply(500), times=100)
    send()
    for _ in range(20):
        sweep_in(commits, days=2)
    badge = panel(learner).deliveries[0]
    assert (badge.state, badge.next_attempt_at) == ("waiting-retry", None)
    assert badge.attempts == len(outbox.LADDER) + 1
    host.behave()
    with commits():
        api.retry(connected, learner.id, "testwallet")
    assert states(panel(learner))["ob3"] == "delivered"


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

        def push_then_withdraw(delivery):
            receipt = push(delivery)
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

        def withdraw_then_push(delivery):
            api.withdraw(connected, learner.id)
            return push(delivery)

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
        assert outbox.take_lease(connection.pk, timezone.now())
        delivering._deliver_through(connection.pk, lease)
        assert not upserts(host)
        outbox.drop_lease(connection.pk, lease)
        assert models.WalletConnection.objects.get().lease != ""

    def test_a_delivery_added_while_the_worker_was_leaving(self, connected, learner, host, monkeypatch):
        """The second tab's task finds the connection taken; its row must not wait for the sweeper."""
        api.send(connected, learner.id, "testwallet")
        connection = models.WalletConnection.objects.get()
        models.Delivery.objects.filter(credential__format="elm").update(state=State.STOPPED)
        drop = outbox.drop_lease

        def late(pk, token):
            models.Delivery.objects.filter(state=State.STOPPED).update(
                state=State.QUEUED, next_attempt_at=timezone.now()
            )
            tasks.deliver_connection(pk)
            assert not host.stored["elm"]
            drop(pk, token)

        monkeypatch.setattr(outbox, "drop_lease", late)
        tasks.deliver_connection(connection.pk)
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}

    def test_a_bug_in_the_adapter_is_a_reason_to_wait(self, send, learner, monkeypatch, commits, caplog):
        monkeypatch.setattr(delivering, "_push", lambda _delivery: 1 / 0)
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


def test_disconnected_before_it_was_sent(connected, learner, host):
    api.send(connected, learner.id, "testwallet")
    api.disconnect(learner.id, "testwallet")
    tasks.deliver_connection(models.WalletConnection.objects.get().pk)
    assert not upserts(host)
    assert panel(learner).deliveries == ()


@pytest.mark.parametrize("reply", [Reply(500), Reply(401)])
def test_disconnected_while_it_was_being_sent(reply, connected, learner, host, monkeypatch):
    """The late answer changes nothing that the learner decided: no promise to try again, no other reason."""
    api.send(connected, learner.id, "testwallet")
    push = delivering._push

    def meanwhile(delivery):
        api.disconnect(learner.id, "testwallet")
        host.misbehave("/credentials", reply)
        host.misbehave("/token", Reply(401))
        return push(delivery)

    monkeypatch.setattr(delivering, "_push", meanwhile)
    tasks.deliver_connection(models.WalletConnection.objects.get().pk)
    assert {row.state for row in models.Delivery.objects.all()} == {State.STOPPED}
    assert models.WalletConnection.objects.get().ended_code == ""


def test_disconnecting_closes_the_ledger_s_line(send, learner):
    send()
    api.disconnect(learner.id, "testwallet")
    row = models.Consent.objects.get(purpose=models.Consent.Purpose.SHARE)
    assert row.active is None and row.withdrawn_at is not None


def test_impatience_does_not_use_up_the_ladder(send, host, learner, commits, connected):
    host.misbehave("/credentials", Reply(500), times=100)
    send()
    for _ in range(10):
        with commits():
            api.retry(connected, learner.id, "testwallet")
    waiting = models.Delivery.objects.filter(state=State.WAITING)
    assert waiting and all(row.next_attempt_at is not None for row in waiting)


def test_after_disconnecting_the_panel_still_tells_what_lies_there(send, learner):
    send()
    api.disconnect(learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}


def test_a_stale_description_is_better_than_none(send, host):
    models.WalletHost.objects.update(fresh_until=timezone.now())
    host.misbehave("/discovery", Reply(500))
    assert states(send()) == {"ob3": "delivered", "elm": "delivered"}


def test_an_answer_that_came_too_late_is_written_down(connected, learner, host):
    """Withdrawn while the wallet was taking it: stopped must not hide delivered."""
    api.send(connected, learner.id, "testwallet")
    delivery = models.Delivery.objects.select_related("credential", "connection").first()
    receipt = delivering._push(delivery)
    models.Delivery.objects.update(state=State.STOPPED)
    delivering._arrived(delivery, receipt)
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    delivering._settle(delivery, State.WAITING)
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED


def test_the_panel_costs_a_constant_number_of_queries(send, learner, django_assert_max_num_queries):
    send()
    panel(learner)
    with django_assert_max_num_queries(7):
        shown = panel(learner)
    assert shown.parity


def test_formats_follow_the_host(send):
    send()
    assert {row.credential.format for row in models.Delivery.objects.all()} == {
        Format.OPEN_BADGE.value, Format.ELM.value
    }
    assert issuing.FORMATS == (Format.OPEN_BADGE, Format.OPEN_BADGE_JWT, Format.ELM)
    assert UPSERT in models.WalletConnection.objects.get().scopes
