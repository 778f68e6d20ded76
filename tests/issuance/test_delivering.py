"""Into the wallet: once, whatever the wallet, the network, or the learner's impatience do."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from microcred_xblock.domain.credential import Format
from microcred_xblock.domain.errors import NotAllowed
from microcred_xblock.issuance import api, delivering, issuing, models, outbox, tasks
from tests.issuance.sending import later, panel, states, sweep_in, upserts
from tests.wallets.host import UPSERT, Reply, status_info

State = models.Delivery.State
pytestmark = pytest.mark.django_db


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
    row = models.Delivery.objects.get(credential__format="ob3")
    assert row.state == State.DEAD, "the learner sees one that waits"
    assert (row.error_class, row.error_code) == ("unreachable", "wallet-server-error")
    host.behave()
    with commits():
        api.retry(connected, learner.id, "testwallet")
    assert states(panel(learner))["ob3"] == "delivered"


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

    def meanwhile(*args):
        api.disconnect(learner.id, "testwallet")
        host.misbehave("/credentials", reply)
        host.misbehave("/token", Reply(401))
        return push(*args)

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
    with django_assert_max_num_queries(8):
        shown = panel(learner)
    assert shown.parity


def test_formats_follow_the_host(send):
    send()
    assert {row.credential.format for row in models.Delivery.objects.all()} == {
        Format.OPEN_BADGE.value, Format.ELM.value
    }
    assert issuing.FORMATS == (Format.OPEN_BADGE, Format.OPEN_BADGE_JWT, Format.ELM)
    assert UPSERT in models.WalletConnection.objects.get().scopes


def test_delivering_costs_a_constant_number_of_queries(connected, learner, django_assert_max_num_queries, host):
    api.send(connected, learner.id, "testwallet")
    connection = models.WalletConnection.objects.get()
    with django_assert_max_num_queries(18):
        tasks.deliver_connection(connection.pk)
    assert {row.state for row in models.Delivery.objects.all()} == {State.DELIVERED}
