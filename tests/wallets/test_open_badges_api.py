"""Discovery and upsert of the Open Badges 3.0 API."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from microcred_xblock.domain.credential import Format, VerifiableCredential
from microcred_xblock.domain.errors import InvalidInput, WalletRefused, WalletUnreachable
from microcred_xblock.wallets import open_badges_api
from microcred_xblock.wallets.open_badges_api import OpenBadgesWallet

from .host import UPSERT, Reply, status_info

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BADGE = VerifiableCredential(
    id="urn:uuid:1", format=Format.OPEN_BADGE, media_type="application/vc+ld+json",
    content=b'{"id":"urn:uuid:1","name":"B"}', extension="json",
)
ELM = VerifiableCredential(
    id="urn:uuid:2", format=Format.ELM, media_type="application/jose+json",
    content=b'{"payload":"{\\"id\\":1}","signatures":[]}', extension="jsonld",
)
JWT = VerifiableCredential(
    id="urn:uuid:1", format=Format.OPEN_BADGE_JWT, media_type="text/plain", content=b"a.b.c", extension="jwt"
)


@pytest.fixture
def discover(host, transport):
    return lambda **kwargs: open_badges_api.discover(transport, host.url, now=NOW, **kwargs)


@pytest.fixture
def wallet(host, transport, discover):
    host.access["good"] = UPSERT
    return OpenBadgesWallet(
        transport=transport, base_url=host.url, description=discover().description, access_token="good", name="test"
    )


def test_discovery_takes_what_it_needs(host, discover):
    found = discover()
    description = found.description
    assert description.name == "Test host"
    assert description.endpoints.token == description.endpoints.refresh == f"{host.url}/token"
    assert description.elm_url == f"{host.url}/elm"
    assert description.wanted == (UPSERT, "offline_access")
    assert found.fresh_until == NOW + timedelta(seconds=300)
    assert host.requests[0].path == "/ims/ob/v3p0/discovery"
    assert "authorization" not in host.requests[0].headers


def test_discovery_that_has_not_changed(discover):
    again = discover(etag='"one"')
    assert again.description is None
    assert again.etag == '"one"'
    assert again.fresh_until > NOW


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("no-store", timedelta(minutes=1)), ("no-cache, max-age=500", timedelta(minutes=1)), ("", timedelta(hours=1)),
        ("max-age=0", timedelta(minutes=1)), ("public, MAX-AGE=600", timedelta(minutes=10)),
        ("max-age=99999999", timedelta(days=1)), ("max-age=x", timedelta(hours=1)),
    ],
)
def test_discovery_is_kept_as_long_as_it_says_within_reason(header, expected, host, discover):
    host.discovery_headers = {"Cache-Control": header}
    assert discover().fresh_until == NOW + expected


def without(document, *path):
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return document


SCHEME = ("components", "securitySchemes", "OAuth2ACG")


@pytest.mark.parametrize(
    "path",
    [
        ("components",), SCHEME, (*SCHEME, "flows"), (*SCHEME, "x-imssf-registrationUrl"),
        (*SCHEME, "flows", "authorizationCode", "tokenUrl"), ("info",),
    ],
)
def test_a_description_that_lacks_something(path, host, discover):
    host.misbehave("/discovery", Reply(200, without(host.description(), *path)))
    with pytest.raises(WalletRefused) as caught:
        discover()
    assert caught.value.code == "wallet-discovery"
    assert caught.value.params["member"] == path[-1]


def changed(host, name, value):
    document = host.description()
    scheme = document["components"]["securitySchemes"]["OAuth2ACG"]
    (scheme if name in scheme else scheme["flows"]["authorizationCode"])[name] = value
    return Reply(200, document)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("tokenUrl", "provider.example.com/token", "wallet-url"),  # as the specification's own example has it
        ("tokenUrl", "https://evil.example/token", "wallet-host"),
        ("authorizationUrl", "https://evil.example/phish", "wallet-host"),
        ("authorizationUrl", "javascript:alert(1)", "wallet-url"),
        ("x-imssf-registrationUrl", "http://169.254.169.254/", "wallet-url"),
        ("refreshUrl", "https://evil.example/", "wallet-host"),
        ("tokenUrl", ["x"], "wallet-discovery"),
        ("scopes", {"https://purl.imsglobal.org/spec/ob/v3p0/scope/credential.readonly": ""}, "wallet-scope"),
        ("scopes", [], "wallet-scope"),
    ],
)
def test_descriptions_that_lead_astray(name, value, code, host, discover):
    host.misbehave("/discovery", changed(host, name, value))
    with pytest.raises(WalletRefused) as caught:
        discover()
    assert caught.value.code == code


def test_an_elm_address_elsewhere_is_refused(host, discover):
    document = host.description()
    document["info"]["x-microcred-elm"] = {"url": "https://evil.example/elm"}
    host.misbehave("/discovery", Reply(200, document))
    with pytest.raises(WalletRefused):
        discover()


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(404), WalletRefused, "wallet-discovery"), (Reply(500), WalletUnreachable, "wallet-server-error"),
        (Reply(200, b"<html>", media_type="text/html"), WalletUnreachable, "wallet-html"),
        (Reply(304), WalletRefused, "wallet-discovery"),
    ],
)
def test_discoveries_that_fail(reply, kind, code, host, discover):
    host.misbehave("/discovery", reply)
    with pytest.raises(kind) as caught:
        discover()
    assert caught.value.code == code


def test_a_host_without_elm_takes_badges_only(host, transport, discover):
    host.access["good"], host.takes_elm = UPSERT, False
    plain = OpenBadgesWallet(
        transport=transport, base_url=host.url, description=discover().description, access_token="good", name="test"
    )
    assert plain.deliver(BADGE, now=NOW).created
    with pytest.raises(InvalidInput) as caught:
        plain.deliver(ELM, now=NOW)
    assert caught.value.code == "wallet-takes-no-elm"


@pytest.mark.parametrize(
    ("credential", "path", "media_type"),
    [
        (BADGE, "/ims/ob/v3p0/credentials", "application/json"), (ELM, "/elm", "application/jose+json"),
    ],
)
def test_upsert_sends_the_exact_bytes(credential, path, media_type, host, wallet):
    receipt = wallet.deliver(credential, now=NOW)
    request = host.requests[-1]
    assert (request.path, request.body) == (path, credential.content)
    assert request.headers["content-type"] == media_type
    assert request.headers["authorization"] == "Bearer good"
    assert receipt.created and receipt.credential_id == credential.id and receipt.location == f"{host.url}/c/1"


def test_a_second_upsert_replaces(wallet):
    assert wallet.deliver(BADGE, now=NOW).created
    assert not wallet.deliver(BADGE, now=NOW).created


def test_a_newer_one_is_there_already(host, wallet):
    host.misbehave("/credentials", Reply(304))
    assert not wallet.deliver(BADGE, now=NOW).created


def test_a_compact_badge_travels_as_text(host, wallet):
    host.misbehave("/credentials", Reply(201, b"a.b.c\n", media_type="text/plain"))
    assert wallet.deliver(JWT, now=NOW).created
    assert host.requests[-1].headers["content-type"] == "text/plain"
    assert host.requests[-1].body == b"a.b.c"


def test_a_long_credential_may_be_echoed(host, wallet):
    long = VerifiableCredential(
        id="urn:uuid:3", format=Format.OPEN_BADGE, media_type="x", extension="json",
        content=json.dumps({"id": "urn:uuid:3", "image": "x" * 180_000}).encode(),
    )
    assert wallet.deliver(long, now=NOW).created


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(400, status_info("invalid_data")), WalletRefused, "wallet-rejected"),
        (Reply(401, status_info("unauthorizedrequest")), WalletRefused, "wallet-reconnect"),
        (Reply(403, status_info("forbidden")), WalletRefused, "wallet-forbidden"),
        (Reply(404, b"<h1>404", media_type="text/html"), WalletRefused, "wallet-no-api"),
        (Reply(405), WalletRefused, "wallet-no-api"),
        (Reply(413, b""), WalletRefused, "wallet-rejected"),
        (Reply(500, status_info("internal_server_error")), WalletUnreachable, "wallet-server-error"),
        (Reply(500, b"<html>Traceback", media_type="text/html"), WalletUnreachable, "wallet-server-error"),
        (Reply(503, status_info("server_busy"), {"Retry-After": "40"}), WalletUnreachable, "wallet-busy"),
        (Reply(429, b"", {"Retry-After": "40"}), WalletUnreachable, "wallet-busy"),
        (Reply(408), WalletUnreachable, "wallet-busy"),
        (Reply(200, b"<html>Welcome to our Wi-Fi", media_type="text/html"), WalletUnreachable, "wallet-html"),
        (Reply(200, {"id": "urn:uuid:other"}), WalletUnreachable, "wallet-answer"),
        (Reply(200, b""), WalletUnreachable, "wallet-answer"),
        (Reply(200, b"[1]"), WalletUnreachable, "wallet-answer"),
        (Reply(202, {}), WalletUnreachable, "wallet-answer"),
        (Reply(204), WalletUnreachable, "wallet-answer"),
        (Reply(302, b"", {"Location": "/login"}), WalletRefused, "wallet-redirect"),
    ],
)
def test_upserts_that_fail(reply, kind, code, host, wallet):
    host.misbehave("/credentials", reply)
    with pytest.raises(kind) as caught:
        wallet.deliver(BADGE, now=NOW)
    assert type(caught.value) is kind
    assert caught.value.code == code
    if "Retry-After" in reply.headers:
        assert caught.value.retry_after == 40


def test_a_wallet_s_words_are_kept_clean(host, wallet):
    """An address, a token and control characters in a wallet's description never reach our rows."""
    token = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9abcdefgh"
    words = f"Not valid for camille@learner.example\x00\n token {token} " + "x " * 500
    host.misbehave("/credentials", Reply(400, status_info("invalid_data", words)))
    with pytest.raises(WalletRefused) as caught:
        wallet.deliver(BADGE, now=NOW)
    params = caught.value.params
    assert params["reason"] == "invalid_data"
    assert params["detail"].startswith("Not valid for … token … x x")
    assert len(params["detail"]) <= 200


@pytest.mark.parametrize(
    "body",
    [
        {"imsx_codeMinor": {"imsx_codeMinorField": [{"imsx_codeMinorFieldValue": "DROP TABLE"}]}},
        {"imsx_codeMinor": {"imsx_codeMinorField": [{"imsx_codeMinorFieldValue": "invalid_data\n"}]}},
        {"imsx_codeMinor": "x"}, {"imsx_codeMinor": {"imsx_codeMinorField": [None]}}, {"imsx_description": ["x"]},
    ],
)
def test_odd_status_infos_add_nothing(body, host, wallet):
    host.misbehave("/credentials", Reply(400, body))
    with pytest.raises(WalletRefused) as caught:
        wallet.deliver(BADGE, now=NOW)
    assert "reason" not in caught.value.params and "detail" not in caught.value.params


def test_tokens_do_not_show(wallet):
    assert "good" not in repr(wallet)
