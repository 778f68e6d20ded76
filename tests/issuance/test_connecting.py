"""To a wallet and back: the learner's permission, once, in one browser."""

import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from microcred_xblock import compat
from microcred_xblock.domain.errors import InvalidAnswer, Misconfigured, NotAllowed, WalletRefused, WalletUnreachable
from microcred_xblock.issuance import api, connecting, models
from tests.factories import make_pill
from tests.wallets.host import UPSERT, Host, Reply

BASE = "http://localhost:8000"
pytestmark = pytest.mark.django_db


def begin(learner, award_id, return_url="/back?x=1#y"):
    return api.connect(learner.id, "testwallet", award_id=award_id, return_url=return_url).removeprefix(BASE)


def error_in(url):
    return parse_qs(urlsplit(url).query).get("microcred_error", [""])[0]


def test_connecting(award_id, learner, connect, host):
    assert connect(award_id) == "/back?x=1&microcred_wallet=testwallet"
    row = models.WalletConnection.objects.get()
    assert (row.learner_id, row.wallet_id, row.active) == ("student_1", "testwallet", True)
    assert row.scopes == [UPSERT, "offline_access"]
    wallet = api.panel(learner.id, make_pill().id).wallets[0]
    assert (wallet.id, wallet.name, wallet.connected, wallet.takes_elm) == ("testwallet", "Test wallet", True, True)


def test_no_token_or_secret_lies_in_the_database_in_clear(award_id, connect, host):
    connect(award_id)
    secrets = [*host.access, *host.refreshes, *(client["client_secret"] for client in host.clients.values())]
    stored = [
        str(value) for model in (models.WalletConnection, models.ClientRegistration, models.AuthorizationAttempt)
        for row in model.objects.values() for value in row.values()
    ]
    assert len(secrets) == 3
    assert not [secret for secret in secrets for value in stored if secret in value]


def test_registration_says_who_we_are_on_one_host(award_id, connect, host):
    connect(award_id)
    metadata = host.clients["client 0"]
    assert metadata["client_name"] == "Example Training Centre"
    assert metadata["redirect_uris"] == [f"{BASE}/microcred/wallet/callback/testwallet/"]
    assert metadata["grant_types"] == ["authorization_code", "refresh_token"]
    addresses = [metadata[name] for name in ("client_uri", "logo_uri", "tos_uri", "policy_uri")]
    assert {urlsplit(url).hostname for url in addresses} == {"localhost"}
    for name in ("software_id", "software_version", "scope"):
        assert metadata[name]
    for url in addresses[1:]:
        assert Client().get(url.removeprefix(BASE)).status_code == 200


def test_we_register_and_discover_once_for_all_learners(award_id, learner, connect, host):
    connect(award_id)
    api.disconnect(learner.id, "testwallet")
    connect(award_id)
    assert len(host.received("/register")) == 1
    assert len(host.received("/discovery")) == 1


def test_discovery_is_asked_again_when_it_is_old(award_id, learner, connect, host):
    connect(award_id)
    models.WalletHost.objects.update(fresh_until=timezone.now() - timedelta(seconds=1))
    connect(award_id)
    assert host.received("/discovery")[-1].headers["if-none-match"] == '"one"'
    assert models.WalletHost.objects.get().fresh_until > timezone.now()


def test_a_registration_whose_secret_expired_is_renewed(award_id, connect, host):
    connect(award_id)
    models.ClientRegistration.objects.update(secret_expires_at=timezone.now())
    connect(award_id)
    assert len(host.clients) == 2


def test_a_host_that_forgot_us_gets_a_new_registration(award_id, connect, host):
    connect(award_id)
    host.clients.clear()
    assert error_in(connect(award_id)) == "wallet-client"
    assert error_in(connect(award_id)) == ""


@pytest.mark.parametrize(
    ("path", "reply", "kind", "code"),
    [
        ("/discovery", Reply(500), WalletUnreachable, "wallet-server-error"),
        ("/discovery", Reply(200, b"<html>", media_type="text/html"), WalletUnreachable, "wallet-html"),
        ("/discovery", Reply(200, b" " * 10_000_000), WalletUnreachable, "wallet-answer-too-large"),
        ("/discovery", lambda _handler: None, WalletUnreachable, "wallet-no-answer"),
        ("/register", Reply(400, {"error": "invalid_client_metadata"}), WalletRefused, "wallet-registration"),
    ],
)
def test_a_wallet_at_fault_is_told_before_the_browser_leaves(path, reply, kind, code, award_id, learner, host):
    host.misbehave(path, reply)
    with pytest.raises(kind) as caught:
        begin(learner, award_id)
    assert caught.value.code == code
    assert not models.AuthorizationAttempt.objects.exists()


def test_no_ticket_comes_into_the_log(award_id, learner, client, caplog):
    address = begin(learner, award_id)
    ticket = address.rstrip("/").rpartition("/")[2]
    with caplog.at_level(logging.DEBUG):
        assert [client.get(address).status_code for _ in range(2)] == [302, 400]
    assert caplog.records and ticket not in caplog.text


def test_another_host_under_the_same_id_sees_no_secret_of_the_former_one(send, host, learner, commits, settings):
    send()
    with Host() as other:
        settings.MICROCRED_WALLETS = [{**settings.MICROCRED_WALLETS[0], "base_url": other.url}]
        models.Delivery.objects.all().delete()
        award = models.Award.objects.get()
        with commits():
            api.send(str(award.pk), learner.id, "testwallet")
        assert not any("authorization" in request.headers for request in other.requests)
        [wallet] = api.panel(learner.id, make_pill().id).wallets
        assert not wallet.connected


def test_nor_is_it_told_of_a_connection_that_ends_or_begins(issued, connect, host, learner, client, settings):
    connect(issued)
    to_wallet = client.get(begin(learner, issued)).headers["Location"]
    with Host() as other:
        settings.MICROCRED_WALLETS = [{**settings.MICROCRED_WALLETS[0], "base_url": other.url}]
        back = client.get(host.approve(to_wallet).removeprefix(BASE)).headers["Location"]
        assert error_in(back) == "wallet-reconnect"
        api.disconnect(learner.id, "testwallet")
        assert not other.requests and models.WalletConnection.objects.get().tokens == ""


def test_a_wallet_that_fails_on_the_way_leads_back(award_id, learner, host, client):
    start = begin(learner, award_id)
    models.WalletHost.objects.update(fresh_until=timezone.now())
    host.misbehave("/discovery", Reply(500))
    assert error_in(client.get(start).headers["Location"]) == "wallet-server-error"


@pytest.mark.parametrize(
    ("settings_change", "error", "code"),
    [
        ({"MICROCRED_WALLETS": []}, NotAllowed, "wallet-unknown"),
        ({"MICROCRED_TOKEN_KEY": ""}, Misconfigured, "setting-missing"),
        ({"MICROCRED_TOKEN_KEY": "short"}, Misconfigured, "token-key"),
    ],
)
def test_what_the_admin_must_set(settings_change, error, code, award_id, learner, configured):
    for name, value in settings_change.items():
        setattr(configured, name, value)
    with pytest.raises(error) as caught:
        begin(learner, award_id)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/", "//evil.example/x", "///evil.example/x",
        "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "http://localhost:8000.evil.example/", "http://localhost:8001/", "wallet_return", "", "/a\nb", "/" + "x" * 3000,
        "http://[",
    ],
)
def test_nobody_is_sent_back_to_another_site(url, award_id, learner):
    with pytest.raises(InvalidAnswer) as caught:
        begin(learner, award_id, url)
    assert caught.value.code == "return-url"


@pytest.mark.parametrize("url", ["/x", "http://localhost:8000/x"])
def test_pages_of_this_site_are_good(url, award_id, learner):
    assert begin(learner, award_id, url)


class TestOneBrowserOnce:
    """Nobody else may start, finish or repeat what a learner began."""

    def test_a_ticket_works_once(self, award_id, learner, client):
        start = begin(learner, award_id)
        assert client.get(start).status_code == 302
        for browser in (client, Client()):
            assert browser.get(start).status_code == 400

    def test_a_ticket_expires(self, award_id, learner, client):
        start = begin(learner, award_id)
        models.AuthorizationAttempt.objects.update(expires_at=timezone.now())
        response = client.get(start)
        assert response.status_code == 400
        assert "took too long" in response.content.decode()

    def test_made_up_tickets_and_states(self, award_id, client):
        assert client.get("/microcred/wallet/start/abc/").status_code == 400
        for query in ("", "?state=", "?state=abc&code=d", "?code=d", "?state=" + "x" * 10_000):
            assert client.get(f"/microcred/wallet/callback/testwallet/{query}").status_code == 400

    def answer(self, learner, award_id, client, host):
        return host.approve(client.get(begin(learner, award_id)).headers["Location"]).removeprefix(BASE)

    def test_the_answer_is_no_use_in_another_browser(self, award_id, learner, client, host):
        back = self.answer(learner, award_id, client, host)
        other = Client()
        other.get(begin(learner, award_id))  # has a session and an attempt of its own
        assert other.get(back).status_code == 403
        assert Client().get(back).status_code == 403
        assert not models.WalletConnection.objects.exists()
        assert client.get(back).status_code == 302  # and was not used up by them

    def test_the_answer_works_once(self, award_id, learner, client, host):
        back = self.answer(learner, award_id, client, host)
        assert client.get(back).status_code == 302
        assert client.get(back).status_code == 400
        assert len(host.received("/token")) == 1

    def test_the_answer_of_another_wallet_s_address(self, award_id, learner, client, host, configured):
        configured.MICROCRED_WALLETS = [
            *configured.MICROCRED_WALLETS, {**configured.MICROCRED_WALLETS[0], "id": "other"}
        ]
        back = self.answer(learner, award_id, client, host).replace("/testwallet/", "/other/")
        assert client.get(back).status_code == 403

    def test_the_answer_comes_too_late(self, award_id, learner, client, host):
        back = self.answer(learner, award_id, client, host)
        models.AuthorizationAttempt.objects.update(expires_at=timezone.now())
        assert client.get(back).status_code == 400

    def test_nothing_secret_travels_on(self, award_id, learner, client, host):
        response = client.get(begin(learner, award_id))
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in response.headers["Cache-Control"]
        back = client.get(host.approve(response.headers["Location"]).removeprefix(BASE))
        assert back.headers["Referrer-Policy"] == "no-referrer"
        assert "code" not in parse_qs(urlsplit(back.headers["Location"]).query)

    def test_other_methods_are_not_served(self, award_id, learner, client):
        assert client.post(begin(learner, award_id)).status_code == 405


class TestPlatformUsers:
    """On the platform a learner id is a user's id, and only that user may go."""

    @pytest.fixture
    def user(self, monkeypatch, django_user_model):
        monkeypatch.setattr(compat, "platform", lambda: compat.LMS)
        return django_user_model.objects.create_user("camille")

    @pytest.fixture
    def start(self, award_id, learner, user):
        models.Award.objects.update(learner_id=str(user.pk))
        return api.connect(str(user.pk), "testwallet", award_id=award_id, return_url="/b").removeprefix(BASE)

    def test_the_user_may(self, start, user, client, host):
        client.force_login(user)
        back = host.approve(client.get(start).headers["Location"]).removeprefix(BASE)
        assert client.get(back).headers["Location"] == "/b?microcred_wallet=testwallet"

    def test_nobody_may_not(self, start, client):
        response = client.get(start)
        assert response.status_code == 403
        assert "signed out" in response.content.decode()

    def test_another_may_not(self, start, client, django_user_model):
        client.force_login(django_user_model.objects.create_user("noor"))
        assert client.get(start).status_code == 403

    def test_another_may_not_finish(self, start, user, client, host, django_user_model):
        client.force_login(user)
        back = host.approve(client.get(start).headers["Location"]).removeprefix(BASE)
        client.force_login(django_user_model.objects.create_user("noor"))
        assert client.get(back).status_code == 403
        assert not models.WalletConnection.objects.exists()


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"error": "access_denied"}, "wallet-declined"), ({"error": "server_error"}, "wallet-authorisation"),
        ({"iss": "https://evil.example"}, "wallet-mix-up"), ({"code": ""}, "wallet-answer"),
        ({"code": "another"}, "wallet-reconnect"),
    ],
)
def test_answers_that_connect_nothing(extra, code, award_id, connect):
    assert error_in(connect(award_id, **extra)) == code
    assert not models.WalletConnection.objects.exists()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(500), "wallet-server-error"), (Reply(200, b"<p>", media_type="text/html"), "wallet-html"),
        (Reply(200, b""), "wallet-answer"), (Reply(200, b" " * 10_000_000), "wallet-answer-too-large"),
        (lambda _handler: None, "wallet-no-answer"), (Reply(200, {"token_type": "bearer"}), "wallet-answer"),
    ],
)
def test_token_endpoints_at_fault(reply, code, award_id, connect, host):
    host.misbehave("/token", reply)
    assert error_in(connect(award_id)) == code
    assert error_in(connect(award_id)) == ""


def test_a_permission_without_upsert_connects_nothing(award_id, connect, host):
    host.granted = "offline_access"
    assert error_in(connect(award_id)) == "wallet-scope-shrunk"
    assert not models.WalletConnection.objects.exists()


def test_a_permission_without_later_is_enough_for_now(award_id, connect, host):
    host.granted, host.gives_refresh = UPSERT, False
    assert error_in(connect(award_id)) == ""
    assert models.WalletConnection.objects.get().scopes == [UPSERT]


def test_connecting_again_takes_the_place_of_the_former(award_id, learner, connect):
    connect(award_id)
    connect(award_id)
    former, now = models.WalletConnection.objects.order_by("pk")
    assert (former.active, former.tokens, former.ended_code, now.active) == (None, "", "replaced", True)


def test_what_ended_a_connection_first_stays_the_reason(award_id, learner, connect):
    """A 401 that our own revocation caused must not be told as the wallet's doing."""
    connect(award_id)
    row = models.WalletConnection.objects.get()
    api.disconnect(learner.id, "testwallet")
    connecting.end(row, code="wallet-reconnect", now=timezone.now())
    row.refresh_from_db()
    assert (row.active, row.ended_code) == (None, "")


def test_connecting_again_revokes_the_former_grant(award_id, connect, host):
    connect(award_id)
    former = connecting.tokens_of(models.WalletConnection.objects.get(active=True))
    connect(award_id)
    assert host.revoked == [former.refresh]


def test_disconnecting_forgets_and_revokes(award_id, learner, connect, host):
    connect(award_id)
    (refresh,) = host.refreshes
    api.disconnect(learner.id, "testwallet")
    row = models.WalletConnection.objects.get()
    assert (row.active, row.tokens) == (None, "")
    assert row.disconnected_at is not None
    assert host.revoked == [refresh]
    assert not api.panel(learner.id, make_pill().id).wallets[0].connected
    api.disconnect(learner.id, "testwallet")  # twice is once
    assert len(host.revoked) == 1


def test_disconnecting_from_a_wallet_that_is_down_or_gone(award_id, learner, connect, host, configured):
    connect(award_id)
    host.misbehave("/revoke", Reply(500))
    api.disconnect(learner.id, "testwallet")
    connect(award_id)
    configured.MICROCRED_WALLETS = []
    api.disconnect(learner.id, "testwallet")
    assert not models.WalletConnection.objects.exclude(tokens="").exists()


def test_disconnecting_after_the_token_key_was_lost(award_id, learner, connect, configured):
    from cryptography.fernet import Fernet

    connect(award_id)
    configured.MICROCRED_TOKEN_KEY = Fernet.generate_key().decode()
    api.disconnect(learner.id, "testwallet")
    assert not models.WalletConnection.objects.get().active


def test_old_attempts_are_swept_away(award_id, learner):
    from microcred_xblock.issuance import outbox

    begin(learner, award_id)
    outbox.sweep(timezone.now() + timedelta(hours=1))
    assert models.AuthorizationAttempt.objects.count() == 1
    outbox.sweep(timezone.now() + timedelta(days=2))
    assert models.AuthorizationAttempt.objects.count() == 0


def test_two_tabs_connect_at_once(award_id, learner, monkeypatch, connect):
    """The other tab's connection appears between our look and our insert."""
    connect(award_id)
    look = connecting.connection
    looks = iter([None])
    monkeypatch.setattr(connecting, "connection", lambda *args: next(looks, look(*args)))
    assert error_in(connect(award_id)) == ""
    assert models.WalletConnection.objects.filter(active=True).count() == 1
