"""Whatever a host says: an error of our tree, or values that every database can hold."""

import io
import json
import socket
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from microcred_xblock.domain import codec
from microcred_xblock.domain.errors import WalletRefused, WalletUnreachable
from microcred_xblock.wallets import lines, oauth, open_badges_api
from microcred_xblock.wallets.oauth import Client, Endpoints, Tokens
from microcred_xblock.wallets.open_badges_api import OFFLINE, UPSERT, OpenBadgesWallet, ServiceDescription
from microcred_xblock.wallets.transport import Policy, Response, Transport
from tests import hostile

from .test_open_badges_api import BADGE, ELM, JWT

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
URL = "https://wallet.example"
POLICY = Policy(hosts=frozenset({"wallet.example:443"}))
ENDPOINTS = Endpoints(registration=URL, authorization=URL, token=URL, refresh=URL, revocation=URL)
CLIENT = Client(id="i d", secret="s")
TOKENS = Tokens(access="a", refresh="r", expires_at=NOW, scopes=(UPSERT, OFFLINE))

texts = st.text() | st.text(st.sampled_from("a@/:\x00\n\ud800\u202e\xff0 "), max_size=60) | st.sampled_from([
    *hostile.TEXTS.values(), *hostile.CONTROLS.values(), *hostile.UNSTORABLE.values(), "x" * 30_000, UPSERT, URL,
    "bearer",
])
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -1, 0, 2**40, float("inf"), float("nan")])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12,
)
latin = st.text(st.characters(max_codepoint=255), max_size=80)
headers = st.dictionaries(
    st.sampled_from([
        "content-type", "etag", "cache-control", "retry-after", "location", "www-authenticate", "content-encoding", "x",
    ]),
    latin | st.sampled_from([
        "application/json", "text/html", "max-age=99999999999", "9" * 400, 'error="insufficient_scope',
    ]),
)
statuses = st.sampled_from([200, 201, 202, 204, 304, 400, 401, 403, 404, 413, 429, 500, 503, 101, 600])

DESCRIPTION = {
    "openapi": "3.0.1",
    "info": {"title": "W", "x-microcred-elm": {"url": f"{URL}/elm", "mediaTypes": ["application/jose+json"]}},
    "components": {"securitySchemes": {"OAuth2ACG": {
        "type": "oauth2", "x-imssf-registrationUrl": f"{URL}/r", "x-microcred-revocationUrl": f"{URL}/v",
        "flows": {"authorizationCode": {
            "authorizationUrl": f"{URL}/a", "tokenUrl": f"{URL}/t", "refreshUrl": f"{URL}/f",
            "scopes": {UPSERT: "", OFFLINE: ""},
        }},
    }}},
}
REGISTRATION = {"client_id": "a", "client_secret": "b", "client_id_issued_at": 1, "client_secret_expires_at": 600}
GRANT = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "refresh_token": "r", "scope": UPSERT}
STATUS_INFO = {
    "imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": "No.",
    "imsx_codeMinor": {"imsx_codeMinorField": [{"imsx_codeMinorFieldName": "x", "imsx_codeMinorFieldValue": "y"}]},
}


class Saying(Transport):
    """A transport whose answer is there already."""

    def __init__(self, body, status=200, more=None):
        super().__init__(POLICY)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answer = Response(
            url=URL, status=status, headers={"content-type": "application/json", **(more or {})}, content=content
        )

    def request(self, *_args, **_more):
        return self.answer


@st.composite
def nearly(draw, document):
    """``document`` with something else somewhere in it, or anything at all."""
    if draw(st.booleans()):
        return draw(values)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(sorted(hostile.places(document), key=str)))
        document = hostile.replaced(document, place, draw(values))
    return document


def storable(value):
    """Held by PostgreSQL, MySQL and SQLite alike."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    assert "\x00" not in text and "\\u0000" not in text
    return text.encode("utf-8")


def outcome(call):
    """The result, or None for an error of the two kinds, which must be storable."""
    try:
        return call()
    except (WalletRefused, WalletUnreachable) as error:
        storable({**error.params, "code": error.code})
        assert len(storable(error.params)) < 2_000
        if isinstance(error, WalletUnreachable):
            assert error.retry_after is None or 0 <= error.retry_after <= 86_400
        return None


@given(nearly(DESCRIPTION), headers)
@example({**DESCRIPTION, "info": {"title": "a\x00b\ud800c" + "x" * 5_000}}, {})
@example({**DESCRIPTION, "info": {"title": {"deep": ["\ud800"]}}}, {"etag": "\x00" * 500})
def test_descriptions(document, more):
    found = outcome(lambda: open_badges_api.discover(Saying(document, more=more), URL, now=NOW))
    if found is None:
        return
    assert len(storable(codec.encode(found.description))) < 40_000
    assert codec.decode(ServiceDescription, codec.encode(found.description)) == found.description
    assert UPSERT in found.description.wanted and len(found.etag) <= 200 and len(found.description.name) <= 200
    assert timedelta(minutes=1) <= found.fresh_until - NOW <= timedelta(days=1)
    for url in (*vars(found.description.endpoints).values(), found.description.elm_url):
        assert not url or url.startswith(URL)


@given(nearly(REGISTRATION), statuses)
@example({**REGISTRATION, "client_id": "x" * 600}, 201)
@example({**REGISTRATION, "client_secret_expires_at": float("inf")}, 201)
@example({**REGISTRATION, "client_secret_expires_at": 2**40 - 1, "client_id_issued_at": None}, 201)
def test_registrations(answer, status):
    found = outcome(lambda: oauth.register(Saying(answer, status), ENDPOINTS, {}, now=NOW))
    if found is not None:
        storable([found.id, found.secret])
        assert 0 < len(found.id) <= 500
        assert found.secret_expires_at is None or found.secret_expires_at.tzinfo is not None
        oauth.authorization_url(ENDPOINTS, found, redirect_uri=URL, scopes=(), state="s", verifier="v" * 43)
        outcome(lambda: oauth.revoke(Saying({}), ENDPOINTS, found, "t", "refresh_token"))


@given(nearly(GRANT), statuses)
@example({**GRANT, "scope": [UPSERT]}, 200)
@example({**GRANT, "expires_in": float("inf")}, 200)
@example({"error": "\ud800"}, 400)
@example({"error": "invalid_grant\n"}, 400)
def test_grants(answer, status):
    transport = Saying(answer, status)
    exchanged = outcome(lambda: oauth.exchange(
        transport, ENDPOINTS, CLIENT, code="c", redirect_uri=URL, verifier="v", scopes=(UPSERT, OFFLINE), now=NOW
    ))
    refreshed = outcome(lambda: oauth.refresh(transport, ENDPOINTS, CLIENT, TOKENS, now=NOW))
    for found in filter(None, (exchanged, refreshed)):
        assert set(found.scopes) <= {UPSERT, OFFLINE}
        assert timedelta(0) < found.expires_at - NOW <= timedelta(days=366)
        for item in fields(found):
            if item.name in ("access", "refresh"):
                storable(getattr(found, item.name))
                assert getattr(found, item.name).isascii()


@given(st.sampled_from([BADGE, ELM, JWT]), nearly(STATUS_INFO) | st.binary(), statuses, headers)
@example(BADGE, {**STATUS_INFO, "imsx_description": "\ud800\x00 \u202e" * 300}, 400, {})
@example(BADGE, {"imsx_codeMinor": {"imsx_codeMinorField": [{"imsx_codeMinorFieldValue": "y"}] * 9_000}}, 400, {})
@example(BADGE, {}, 304, {"location": "https://w.example/a\x00b"})
@example(BADGE, {}, 304, {"location": "https://w.example/" + "a" * 600})
def test_answers_to_a_delivery(credential, answer, status, more):
    description = ServiceDescription(name="W", endpoints=ENDPOINTS, scopes=(UPSERT,), elm_url=URL)
    wallet = OpenBadgesWallet(
        transport=Saying(answer, status, more), base_url=URL, description=description, access_token="t", name="w"
    )
    receipt = outcome(lambda: wallet.deliver(credential, now=NOW))
    if receipt is not None:
        assert len(storable(receipt.location)) <= 502
        assert status == 304 or answer == credential.content, "what is no echo is no delivery"


@given(latin | st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,2} Nov [0-9]{1,9} [0-9:]{1,9} .{0,9}"))
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("²")
def test_retry_after(value):
    found = Response(url=URL, status=503, headers={"retry-after": value}, content=b"").retry_after
    assert found is None or 0 <= found <= 86_400


class Wire:
    """A socket at whose other end there is nothing but ``data``."""

    def __init__(self, data):
        self.data = data

    def makefile(self, *_args, **_more):
        return io.BufferedReader(io.BytesIO(self.data))

    def sendall(self, _data):
        """Nobody reads it."""

    settimeout = close = shutdown = setsockopt = lambda self, *_args: None

    def dup(self):
        return self


tokens = st.sampled_from([
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n", b"HTTP/1.0 200\r\n",
    b"Content-Length: 2\r\n", b"Content-Length: -2\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n",
    b"Content-Type: multipart/x\r\n",
    b"Content-Type: application/json\r\n", b" folded\r\n", b": \r\n", b"no colon\r\n", b"2\r\n{}\r\n", b"-1\r\n",
    b"0\r\n", b"Content-Encoding: gzip\r\n", b"{}",
    b"\x00", b"\xff", b"ffffffffffffffff\r\n", b"Location: /y\r\n", b"\n", b"\r",
    b"HTTP/9.9 99999 x\r\n", b"HTTP/1.1 -1\r\n",
])


@settings(max_examples=300)
@given(st.lists(tokens | st.binary(max_size=20), max_size=12).map(b"".join))
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
def test_whatever_comes_over_the_wire(data):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "create_connection", lambda *_args, **_more: Wire(data))
        patched.setattr(lines.Line, "reusable", False)
        transport = Transport(Policy(hosts=frozenset({"localhost:80"}), allow_loopback_http=True, max_bytes=1_000))
        response = outcome(lambda: transport.request("GET", "http://localhost/"))
    if response is not None:
        assert len(response.content) <= 1_000
        assert all(value.isprintable() for value in response.headers.values())
        outcome(response.json)
