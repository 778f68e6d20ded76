"""Manifest and ``POST /assertions`` of the Badge Connect API."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from microcred_xblock.domain.credential import Format, VerifiableCredential
from microcred_xblock.domain.errors import MicrocredError, WalletRefused, WalletUnreachable
from microcred_xblock.wallets import badge_connect
from microcred_xblock.wallets.badge_connect import BadgeConnectWallet
from microcred_xblock.wallets.transport import Response

from .backpack import CREATE, READ, Backpack, envelope
from .host import Reply

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ID = "https://learn.example/microcred/ob2/assertions/1"
BADGE = VerifiableCredential(
    id=ID, format=Format.OPEN_BADGE, media_type="application/ld+json", extension="json",
    content=json.dumps({"@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": ID}).encode(),
)
SCHEMAS = Path(__file__).parents[1] / "vectors" / "ob2"


def schema(name):
    return Draft7Validator(json.loads((SCHEMAS / f"{name}.json").read_text()))


@pytest.fixture
def host():
    with Backpack() as running:
        yield running


@pytest.fixture
def discover(host, transport):
    return lambda **kwargs: badge_connect.discover(transport, host.url, now=NOW, **kwargs)


@pytest.fixture
def wallet(host, transport, discover):
    host.access["good"] = CREATE
    return BadgeConnectWallet(
        transport=transport, description=discover().description, access_token="good", name="backpack"
    )


def test_the_manifest_is_read(host, discover):
    found = discover()
    assert found.description.name == "Test backpack"
    assert found.description.api == f"{host.url}/bcv1/ims/ob/v2p1"
    assert found.description.endpoints.token == found.description.endpoints.refresh == f"{host.url}/token"
    assert found.description.endpoints.revocation == f"{host.url}/revoke"
    assert found.description.wanted == (CREATE, "offline_access")
    assert found.fresh_until == NOW + timedelta(seconds=300)
    assert host.requests[0].path == "/.well-known/badgeconnect.json"
    assert "authorization" not in host.requests[0].headers
    assert discover(etag='"one"').description is None
    manifest = {name: value for name, value in host.manifest().items() if name != "@context"}
    assert not list(schema("getmanifest-response").iter_errors(manifest))  # so the host of these tests is a true one


def test_only_scopes_that_are_offered_are_asked_for(host, discover):
    host.badgr = True
    assert discover().description.wanted == (CREATE,)


def test_the_manifest_may_lie_elsewhere_on_an_allowed_host(host, discover):
    """As Badgr has it, for each of its brands."""
    host.misbehave("/.well-known/badgeconnect.json", Reply(302, headers={"Location": f"{host.url}/bcv1/manifest/x"}))
    host.misbehave("/bcv1/manifest/x", Reply(200, host.manifest()))
    assert discover().description.name == "Test backpack"


def changed(host, name, value):
    document = host.manifest()
    document["badgeConnectAPI"][0][name] = value
    return document


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("tokenUrl", "https://evil.example/token", "wallet-host"),
        ("apiBase", "https://evil.example/bcv1", "wallet-host"),
        ("authorizationUrl", "https://evil.example/phish", "wallet-host"),
        ("authorizationUrl", "javascript:alert(1)", "wallet-url"),
        ("registrationUrl", "http://169.254.169.254/", "wallet-url"),
        ("tokenRevocationUrl", "https://evil.example/", "wallet-host"),
        ("apiBase", None, "wallet-discovery"), ("tokenUrl", ["x"], "wallet-discovery"),
        ("scopesOffered", [READ], "wallet-scope"), ("scopesOffered", CREATE, "wallet-scope"),
        ("scopesOffered", {CREATE: ""}, "wallet-scope"), ("scopesOffered", [[CREATE]], "wallet-scope"),
    ],
)
def test_a_hostile_manifest(name, value, code, host, discover):
    host.misbehave("/badgeconnect.json", Reply(200, changed(host, name, value)))
    with pytest.raises(WalletRefused) as caught:
        discover()
    assert caught.value.code == code


@pytest.mark.parametrize("apis", [None, [], {}, "x", [None], [[]]])
def test_a_manifest_without_an_api(apis, host, discover):
    host.misbehave("/badgeconnect.json", Reply(200, {**host.manifest(), "badgeConnectAPI": apis}))
    with pytest.raises(WalletRefused) as caught:
        discover()
    assert caught.value.code in ("wallet-discovery", "wallet-scope")


def test_the_first_api_that_takes_badges_is_used(host, discover):
    document = host.manifest()
    reading = {**document["badgeConnectAPI"][0], "scopesOffered": [READ], "apiBase": f"{host.url}/other"}
    document["badgeConnectAPI"].insert(0, reading)
    host.misbehave("/badgeconnect.json", Reply(200, document))
    assert discover().description.api.endswith("/bcv1/ims/ob/v2p1")


@pytest.mark.parametrize(("status", "kind"), [(404, WalletRefused), (500, WalletUnreachable)])
def test_no_manifest(status, kind, host, discover):
    host.misbehave("/badgeconnect.json", Reply(status))
    with pytest.raises(kind):
        discover()


def test_a_badge_is_put(host, wallet):
    receipt = wallet.deliver(BADGE, now=NOW)
    assert (receipt.credential_id, receipt.wallet, receipt.created) == (ID, "backpack", True)
    request = host.requests[-1]
    assert request.path == "/bcv1/ims/ob/v2p1/assertions" and request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer good"
    sent = json.loads(request.body)
    assert sent == {"assertion": json.loads(BADGE.content)}
    assert not list(schema("postassertion-request").iter_errors(sent))


@pytest.mark.parametrize("badgr", [False, True])
def test_the_same_badge_again_is_there_already(badgr, host, wallet):
    host.badgr = badgr
    wallet.deliver(BADGE, now=NOW)
    assert wallet.deliver(BADGE, now=NOW).created is not badgr
    assert len(host.stored[ID]) == (1 if badgr else 2)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (envelope(401, "UNAUTHENTICATED"), WalletRefused, "wallet-reconnect"),
        (envelope(401, "PERMISSION_DENIED"), WalletRefused, "wallet-forbidden"),
        (envelope(403, "PERMISSION_DENIED"), WalletRefused, "wallet-forbidden"),
        (envelope(400, "RECIPIENT_PROFILE_MISMATCH"), WalletRefused, "wallet-recipient"),
        (
            envelope(400, "REQUEST_VALIDATION_ERROR", [{"name": "VERIFY_RECIPIENT_IDENTIFIER", "description": "No."}]),
            WalletRefused, "wallet-recipient",
        ),
        (envelope(400, "INVALID_BADGE"), WalletRefused, "wallet-rejected"),
        (envelope(400, "REQUEST_VALIDATION_ERROR", {"assertion": ["This field is required."]}), WalletRefused,
         "wallet-rejected"),
        (envelope(200, "INVALID_BADGE", said=400), WalletRefused, "wallet-rejected"),
        (envelope(200, "UNAUTHENTICATED", said=401), WalletRefused, "wallet-reconnect"),
        (envelope(200, "?", said=302), WalletUnreachable, "wallet-answer"),
        (envelope(404, "NOT_FOUND"), WalletRefused, "wallet-no-api"),
        (envelope(405, "METHOD_NOT_ALLOWED"), WalletRefused, "wallet-no-api"),
        (Reply(403, {}, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}), WalletRefused,
         "wallet-scope-shrunk"),
        (Reply(200, {}), WalletUnreachable, "wallet-answer"),
        (Reply(200, {"status": {"statusCode": "200"}}), WalletUnreachable, "wallet-answer"),
        (Reply(200, {"status": {"statusCode": True}}), WalletUnreachable, "wallet-answer"),
        (Reply(200, b"<html>", media_type="text/html"), WalletUnreachable, "wallet-answer"),
        (Reply(204), WalletUnreachable, "wallet-answer"),
        (Reply(429, {}, {"Retry-After": "7"}), WalletUnreachable, "wallet-busy"),
        (Reply(500, {}), WalletUnreachable, "wallet-server-error"),
        (Reply(400, b"\xff"), WalletRefused, "wallet-rejected"),
        (Reply(302, {}, {"Location": "/elsewhere"}), WalletRefused, "wallet-redirect"),
        (lambda _handler: None, WalletUnreachable, "wallet-no-answer"),
    ],
)
def test_what_a_wallet_can_answer_instead(reply, kind, code, host, wallet):
    host.misbehave("/assertions", reply)
    with pytest.raises(kind) as caught:
        wallet.deliver(BADGE, now=NOW)
    assert caught.value.code == code


def test_a_duplicate_is_told_by_400_only(host, wallet):
    host.misbehave("/assertions", envelope(401, "DUPLICATE_BADGE"))
    with pytest.raises(WalletRefused):
        wallet.deliver(BADGE, now=NOW)


def test_what_the_wallet_says_is_kept_without_secrets(host, wallet):
    error = [{"name": "INVALID_BADGE", "description": "good camille@learner.example " + "x" * 50 + " cannot be read"}]
    host.misbehave("/assertions", envelope(400, "REQUEST_VALIDATION_ERROR", error))
    with pytest.raises(WalletRefused) as caught:
        wallet.deliver(BADGE, now=NOW)
    assert caught.value.params["reason"] == "REQUEST_VALIDATION_ERROR INVALID_BADGE"
    assert caught.value.params["detail"] == "… … … cannot be read"
    assert "good" not in repr(wallet)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4), max_leaves=15,
)
members = st.sampled_from(
    ["status", "error", "statusCode", "statusText", "badgeConnectAPI", "scopesOffered", "apiBase"]
)


class Fixed:
    """A transport that gives one answer."""

    policy = None

    def __init__(self, response):
        self.response = response

    def request(self, *_args, **_kwargs):
        return self.response

    def check(self, url):
        raise WalletRefused("no", code="wallet-host")


@given(
    status=st.sampled_from([200, 201, 204, 304, 400, 401, 403, 404, 500]),
    body=json_values | st.dictionaries(members, json_values | st.dictionaries(members, json_values, max_size=3)),
)
def test_no_answer_breaks_anything(status, body):
    response = Response(
        status=status, headers={"content-type": "application/json"}, content=json.dumps(body).encode(),
        url="https://x.example/",
    )
    manifest = badge_connect.Manifest(
        name="x", scopes=(), api="https://x.example", endpoints=badge_connect.Endpoints(
            registration="", authorization="", token="", refresh=""
        ),
    )
    wallet = BadgeConnectWallet(transport=Fixed(response), description=manifest, access_token="t", name="x")
    for act in (
        lambda: wallet.deliver(BADGE, now=NOW),
        lambda: badge_connect.discover(Fixed(response), "https://x.example", now=NOW),
    ):
        try:
            act()
        except MicrocredError as error:
            assert error.code.startswith("wallet-")
