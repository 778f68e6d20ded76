"""The client side of OAuth against a host that checks what it is sent."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from microcred_xblock.domain.errors import InvalidAnswer, WalletRefused, WalletUnreachable
from microcred_xblock.wallets import oauth
from microcred_xblock.wallets.oauth import Client, Endpoints, Tokens

from .host import UPSERT, Reply

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VERIFIER = "v" * 64
REDIRECT = "https://learn.example/callback/"
SCOPES = (UPSERT, "offline_access")


@pytest.fixture
def endpoints(host):
    return Endpoints(
        registration=f"{host.url}/register", authorization=f"{host.url}/authorize", token=f"{host.url}/token",
        refresh=f"{host.url}/token", revocation=f"{host.url}/revoke",
    )


@pytest.fixture
def client(transport, endpoints):
    return oauth.register(transport, endpoints, {"client_name": "Us"}, now=NOW)


@pytest.fixture
def exchange(host, transport, endpoints, client):
    """Go through the wallet and exchange the code."""

    def run(verifier=VERIFIER, now=NOW):
        url = oauth.authorization_url(
            endpoints, client, redirect_uri=REDIRECT, scopes=SCOPES, state="st", verifier=VERIFIER
        )
        back = parse_qs(urlsplit(host.approve(url)).query)
        return oauth.exchange(
            transport, endpoints, client, code=back["code"][0], redirect_uri=REDIRECT, verifier=verifier,
            scopes=SCOPES, now=now,
        )

    return run


def test_challenge_is_that_of_rfc_7636_appendix_b():
    assert oauth.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_registration_sends_the_metadata_and_keeps_the_secret_out_of_repr(host, client):
    assert client.id == "client 0"
    assert client.secret_expires_at is None
    assert "s:e" not in repr(client)
    assert host.clients["client 0"]["client_name"] == "Us"


def test_a_secret_expires_by_our_own_clock(host, transport, endpoints):
    """The wallet's clock is an hour behind; what counts is how long it said the secret lives."""
    issued = int((NOW - timedelta(hours=1)).timestamp())
    host.misbehave("/register", Reply(201, {
        "client_id": "a", "client_secret": "b", "client_id_issued_at": issued, "client_secret_expires_at": issued + 600,
    }))
    assert oauth.register(transport, endpoints, {}, now=NOW).secret_expires_at == NOW + timedelta(seconds=600)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(400, {"error": "invalid_redirect_uri"}), WalletRefused, "wallet-registration"),
        (Reply(403, b"no", media_type="text/plain"), WalletRefused, "wallet-registration"),
        (Reply(500), WalletUnreachable, "wallet-server-error"),
        (Reply(429, b"", {"Retry-After": "9"}), WalletUnreachable, "wallet-busy"),
        (Reply(201, {"client_id": "a"}), WalletUnreachable, "wallet-answer"),
        (Reply(201, {"client_id": "a", "client_secret": "b\nc"}), WalletUnreachable, "wallet-answer"),
        (Reply(201, {"client_id": "a", "client_secret": "b", "client_secret_expires_at": "x"}), WalletUnreachable,
         "wallet-answer"),
        (Reply(201, b"<html>", media_type="text/html"), WalletUnreachable, "wallet-html"),
    ],
)
def test_registrations_that_fail(reply, kind, code, host, transport, endpoints):
    host.misbehave("/register", reply)
    with pytest.raises(kind) as caught:
        oauth.register(transport, endpoints, {}, now=NOW)
    assert caught.value.code == code


def test_authorization_url_keeps_a_query_of_its_own(endpoints):
    odd = Endpoints(**{**vars(endpoints), "authorization": "https://w.example/auth?tenant=1"})
    url = oauth.authorization_url(
        odd, Client(id="i d", secret=""), redirect_uri=REDIRECT, scopes=SCOPES, state="st", verifier=VERIFIER
    )
    query = parse_qs(urlsplit(url).query)
    assert query["tenant"] == ["1"]
    assert query["client_id"] == ["i d"]
    assert query["scope"] == [" ".join(SCOPES)]
    assert query["code_challenge"] == [oauth.challenge(VERIFIER)]


def test_a_code_becomes_tokens(exchange, host):
    tokens = exchange()
    assert tokens.scopes == SCOPES
    assert tokens.expires_at == NOW + timedelta(hours=1)
    assert tokens.access in host.access and tokens.refresh in host.refreshes
    assert tokens.access not in repr(tokens) and tokens.refresh not in repr(tokens)


def test_the_host_refuses_another_verifier(exchange):
    with pytest.raises(WalletRefused) as caught:
        exchange(verifier="w" * 64)
    assert caught.value.code == "wallet-reconnect"
    assert caught.value.params["error"] == "invalid_grant"


def test_fewer_scopes_are_seen_and_more_are_ignored(exchange, host):
    host.granted = f"{UPSERT} something_else"
    assert exchange().scopes == (UPSERT,)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"expires_in": 60}, timedelta(seconds=60)), ({"expires_in": "60"}, timedelta(seconds=60)),
        ({"expires_in": -1}, timedelta(hours=1)), ({"expires_in": None}, timedelta(hours=1)),
        ({"expires_in": True}, timedelta(hours=1)), ({"expires_in": 10**30}, timedelta(days=366)),
    ],
)
def test_lifetimes(extra, expected, host, transport, endpoints, client):
    host.misbehave("/token", Reply(200, {"access_token": "a", "token_type": "bearer", **extra}))
    tokens = oauth.exchange(
        transport, endpoints, client, code="c", redirect_uri=REDIRECT, verifier=VERIFIER, scopes=SCOPES, now=NOW
    )
    assert tokens.expires_at == NOW + expected
    assert tokens.scopes == SCOPES  # RFC 6749 §5.1: a scope that is not named is the one asked for


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(200, {"access_token": "a", "token_type": "mac"}), WalletUnreachable, "wallet-answer"),
        (Reply(200, {"token_type": "bearer"}), WalletUnreachable, "wallet-answer"),
        (Reply(200, {"access_token": "a\r\nX: y", "token_type": "bearer"}), WalletUnreachable, "wallet-answer"),
        (Reply(200, {"access_token": "a" * 30_000, "token_type": "bearer"}), WalletUnreachable, "wallet-answer"),
        (Reply(200, b"hello", media_type="text/plain"), WalletUnreachable, "wallet-answer"),
        (Reply(401, {"error": "invalid_client"}), WalletRefused, "wallet-client"),
        (Reply(400, {"error": "invalid_client"}), WalletRefused, "wallet-client"),
        (Reply(400, {"error": "invalid_scope"}), WalletRefused, "wallet-authorisation"),
        (Reply(400, b"", media_type="text/html"), WalletRefused, "wallet-authorisation"),
        (Reply(404), WalletRefused, "wallet-authorisation"),
        (Reply(503), WalletUnreachable, "wallet-busy"),
        (Reply(502, b"<html>"), WalletUnreachable, "wallet-server-error"),
    ],
)
def test_token_answers_that_fail(reply, kind, code, host, transport, endpoints, client):
    host.misbehave("/token", reply)
    with pytest.raises(kind) as caught:
        oauth.exchange(
            transport, endpoints, client, code="c", redirect_uri=REDIRECT, verifier=VERIFIER, scopes=SCOPES, now=NOW
        )
    assert caught.value.code == code


def test_refresh_rotates(exchange, host, transport, endpoints, client):
    first = exchange()
    second = oauth.refresh(transport, endpoints, client, first, now=NOW + timedelta(hours=2))
    assert second.refresh != first.refresh
    assert second.expires_at == NOW + timedelta(hours=3)
    with pytest.raises(WalletRefused) as caught:
        oauth.refresh(transport, endpoints, client, first, now=NOW)
    assert caught.value.code == "wallet-reconnect"


def test_refresh_keeps_the_token_that_is_not_rotated(exchange, host, transport, endpoints, client):
    first = exchange()
    host.misbehave("/token", Reply(200, {"access_token": "new", "token_type": "Bearer"}))
    second = oauth.refresh(transport, endpoints, client, first, now=NOW)
    assert (second.access, second.refresh, second.scopes) == ("new", first.refresh, SCOPES)


def test_without_a_refresh_token_the_learner_must_come_again(transport, endpoints, client, host):
    before = len(host.requests)
    with pytest.raises(WalletRefused) as caught:
        oauth.refresh(
            transport, endpoints, client, Tokens(access="a", expires_at=NOW, scopes=SCOPES), now=NOW
        )
    assert caught.value.code == "wallet-reconnect"
    assert len(host.requests) == before


def test_revocation(exchange, host, transport, endpoints, client):
    tokens = exchange()
    oauth.revoke(transport, endpoints, client, tokens.refresh, "refresh_token")
    assert host.revoked == [tokens.refresh]


@pytest.mark.parametrize("iss", ["", "https://w.example", "https://auth.example/tenant", "https://w.example:443/x"])
def test_an_issuer_of_the_wallet_is_good(iss):
    oauth.check_issuer(iss, authorization="https://auth.example/a", base_url="https://w.example/api")


@pytest.mark.parametrize(
    "iss", ["https://evil.example", "http://w.example", "https://w.example:8443", "https://[", "x"]
)
def test_an_issuer_of_another_wallet_is_a_mix_up(iss):
    with pytest.raises(InvalidAnswer) as caught:
        oauth.check_issuer(iss, authorization="https://auth.example/a", base_url="https://w.example/api")
    assert caught.value.code == "wallet-mix-up"
