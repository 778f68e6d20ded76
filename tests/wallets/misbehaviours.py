"""What wallets do wrong, by name, and what has to follow from it. docs/wallets.md tells the same to people.

``SENDING``: at the address that takes credentials. ``CONNECTING``: on the way to a connection. ``REFRESHING``: when a
token is renewed. ``BEFORE``: before there is any HTTP. Each name's ``told`` is the line of the guide it belongs to.
"""

from __future__ import annotations

import base64
import gzip
import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .host import STAYS, UPSERT, Host, Reply, status_info

SECRETS = ("s3cret-" + "t0ken" * 9, "camille@learner.example")  # what a wallet tries to have written into logs, rows
LEAK = " ".join(SECRETS)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
METADATA = "http://169.254.169.254/latest/meta-data"


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One misbehaviour. ``code`` is empty where everything goes well all the same."""

    told: str
    reply: Any
    code: str
    at: str = "/credentials"


def raw(*parts: bytes, pause: float = 0) -> Callable:
    """Write bytes past all rules of HTTP."""

    def write(handler: Any) -> None:
        for part in parts:
            try:
                handler.wfile.write(part)
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(pause)

    return write


def forever(start: bytes, part: bytes) -> Callable:
    """Write ``start``, then ``part`` until nobody listens any more."""

    def write(handler: Any) -> None:
        try:
            handler.wfile.write(start)
            while True:
                handler.wfile.write(part)
        except OSError:
            return

    return write


def reset(handler: Any) -> None:
    """Cut the connection off."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def echo(handler: Any) -> Any:
    """The body that was just received, and the host."""
    return handler.server.host.requests[-1].body


def with_surplus(handler: Any) -> object:
    """A good answer, and behind it one that nobody asked for."""
    body = echo(handler)
    forged = b'HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
    head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    handler.wfile.write(head + body + forged)
    return STAYS


def with_headers(**headers: str) -> Callable:
    """A good answer with headers that nobody should have to read."""
    return lambda handler: Reply(201, echo(handler), {name.replace("_", "-"): value for name, value in headers.items()})


def too_late(handler: Any) -> None:
    """Take the credential, and say so when nobody listens any more."""
    host = handler.server.host
    host.answer(host.requests[-1])
    time.sleep(1.5)


def telling(status: int, minor: str) -> Callable:
    """An error that quotes the request's own token, a secret and an address."""
    return lambda handler: Reply(
        status, status_info(minor, f"Bad token ({handler.headers['Authorization'].removeprefix('Bearer ')}). {LEAK}")
    )


def other_credential(_handler: Any) -> Reply:
    """The answer to somebody else's request."""
    return Reply(201, {"id": "urn:uuid:other", "name": LEAK})


TIME, NOTHING, SIZE, NONSENSE, PAGE = (
    "answers too slowly, or never", "hangs up without a whole answer", "sends without end, or far too much",
    "answers with something that is no answer", "answers with a web page",
)
MOVED, BUSY, FAULT = "redirects", "is busy", "reports a fault of its own"
SURPLUS = "sends something behind its answer"
SENDING: dict[str, Wrong] = {
    "silence": Wrong(told=TIME, reply=raw(b"", pause=1.5), code="wallet-timeout"),
    "slow loris": Wrong(told=TIME, reply=raw(*[b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 30], pause=0.1),
                        code="wallet-timeout"),
    "slow body": Wrong(told=TIME, reply=raw(HEAD + b"\r\n", *[b" "] * 30, pause=0.1), code="wallet-timeout"),
    "takes it, tells too late": Wrong(told=TIME, reply=too_late, code="wallet-timeout"),
    "hangs up": Wrong(told=NOTHING, reply=lambda _handler: None, code="wallet-no-answer"),
    "resets": Wrong(told=NOTHING, reply=reset, code="wallet-no-answer"),
    "half a body": Wrong(told=NOTHING, reply=raw(HEAD + b"Content-Length: 500\r\n\r\n{"), code="wallet-no-answer"),
    "endless body": Wrong(told=SIZE, reply=forever(HEAD + b"\r\n", b" " * 65_536), code="wallet-answer-too-large"),
    "ten megabytes": Wrong(told=SIZE, reply=Reply(200, b" " * 10_000_000), code="wallet-answer-too-large"),
    "endless trailers": Wrong(told=SIZE, reply=forever(CHUNKED + b"0\r\n", b"X: y\r\n" * 2_000),
                              code="wallet-answer-too-large"),
    "endless extensions of chunks": Wrong(told=SIZE, reply=forever(CHUNKED, b"1;x=" + b"y" * 4_000 + b"\r\n \r\n"),
                                          code="wallet-answer-too-large"),
    "gzip bomb": Wrong(told=NONSENSE, reply=Reply(200, gzip.compress(b" " * 9_000_000), {"Content-Encoding": "gzip"}),
                       code="wallet-answer"),
    "not HTTP": Wrong(told=NONSENSE, reply=raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), code="wallet-answer"),
    "huge header": Wrong(told=NONSENSE, reply=raw(HEAD + b"X: " + b"y" * 100_000), code="wallet-answer"),
    "endless headers": Wrong(told=NONSENSE, reply=forever(HEAD, b"X: y\r\n" * 50), code="wallet-answer"),
    "endless interim answers": Wrong(told=NONSENSE, reply=forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 200),
                                     code="wallet-answer"),
    "two lengths": Wrong(told=NONSENSE, reply=raw(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
                         code="wallet-answer"),
    "a header that is none": Wrong(told=NONSENSE, reply=raw(HEAD + LEAK.encode() + b"\r\nContent-Length: 2\r\n\r\n{}"),
                                   code="wallet-answer"),
    "wrong type": Wrong(told=NONSENSE, reply=Reply(201, LEAK.encode(), media_type="text/plain"), code="wallet-answer"),
    "empty": Wrong(told=NONSENSE, reply=Reply(200, b""), code="wallet-answer"),
    "broken JSON": Wrong(told=NONSENSE, reply=Reply(200, b'{"id": "' + LEAK.encode()), code="wallet-answer"),
    "not a number": Wrong(told=NONSENSE, reply=Reply(200, b'{"id": NaN}'), code="wallet-answer"),
    "deep JSON": Wrong(told=NONSENSE, reply=Reply(200, b'{"a":' * 15_000), code="wallet-answer"),
    "not UTF-8": Wrong(told=NONSENSE, reply=Reply(200, b'{"a": "\xff\xfe"}'), code="wallet-answer"),
    "another's credential": Wrong(told=NONSENSE, reply=other_credential, code="wallet-answer"),
    "accepted, perhaps": Wrong(told=NONSENSE, reply=Reply(202, {}), code="wallet-answer"),
    "HTML": Wrong(told=PAGE, reply=Reply(200, f"<html>{LEAK}".encode(), media_type="text/html"), code="wallet-html"),
    "redirect to the cloud's metadata": Wrong(told=MOVED, reply=Reply(307, b"", {"Location": METADATA}),
                                              code="wallet-redirect"),
    "redirect to a mapped address": Wrong(told=MOVED, reply=Reply(302, b"", {"Location": "http://[::ffff:127.0.0.1]/"}),
                                          code="wallet-redirect"),
    "redirect to itself": Wrong(told=MOVED, reply=Reply(308, b"", {"Location": "/ims/ob/v3p0/credentials"}),
                                code="wallet-redirect"),
    "429 for an hour": Wrong(told=BUSY, reply=Reply(429, b"", {"Retry-After": "3600"}), code="wallet-busy"),
    "503 for a thousand years": Wrong(told=BUSY, reply=Reply(503, b"", {"Retry-After": "9" * 30}), code="wallet-busy"),
    "503 until nonsense": Wrong(told=BUSY, reply=Reply(503, b"", {"Retry-After": "\x01 soon"}), code="wallet-busy"),
    "500 with a traceback": Wrong(told=FAULT, reply=Reply(500, LEAK.encode(), media_type="text/html"),
                                  code="wallet-server-error"),
    "500 that tells tales": Wrong(told=FAULT, reply=telling(500, "internal_server_error"),
                                  code="wallet-server-error"),
    "changes the protocol": Wrong(told=FAULT, reply=raw(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
                                  code="wallet-server-error"),
    "400 that tells tales": Wrong(told="rejects the credential", reply=telling(400, "invalid_data"),
                                  code="wallet-rejected"),
    "too large for it": Wrong(told="rejects the credential", reply=Reply(413), code="wallet-rejected"),
    "forbids": Wrong(told="forbids it", reply=telling(403, "forbidden"), code="wallet-forbidden"),
    "wants another scope": Wrong(
        told="takes the permission back",
        reply=Reply(403, b"", {"WWW-Authenticate": 'Bearer realm="x", error="insufficient_scope"'}),
        code="wallet-scope-shrunk",
    ),
    "knows nothing of it": Wrong(told="has no such service", reply=Reply(404, b"<h1>404", media_type="text/html"),
                                 code="wallet-no-api"),
    "a second answer": Wrong(told=SURPLUS, reply=with_surplus, code=""),
    "a script for an address": Wrong(told="names an odd place for the credential",
                                     reply=with_headers(Location="javascript:alert(1)"), code=""),
    "no characters for an address": Wrong(told="names an odd place for the credential",
                                          reply=with_headers(Location="https://w.example/\x00\x01" + LEAK), code=""),
}


def description(change: Callable[[dict], Any]) -> Callable:
    """The host's own description with something changed in it."""

    def write(handler: Any) -> Reply:
        found = handler.server.host.description()
        change(found)
        return Reply(200, found)

    return write


def endpoint(name: str, value: Any) -> Callable:
    """A description with another endpoint."""

    def change(found: dict) -> None:
        scheme = found["components"]["securitySchemes"]["OAuth2ACG"]
        (scheme if name in scheme else scheme["flows"]["authorizationCode"])[name] = value

    return description(change)


def grant(**change: Any) -> Callable:
    """A token answer with something else in it; what is None is left out."""

    def write(handler: Any) -> Reply:
        good = handler.server.host.answer(handler.server.host.requests[-1])
        return Reply(200, {name: value for name, value in {**good.body, **change}.items() if value is not None})

    return write


def registration(**change: Any) -> Callable:
    """A registration answer with something else in it."""

    def write(handler: Any) -> Reply:
        good = handler.server.host.answer(handler.server.host.requests[-1])
        return Reply(201, {**good.body, **change})

    return write


def unsigned(**claims: Any) -> str:
    """A JWT with ``alg: none``."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])


ASTRAY, USELESS, LIES, LESS = (
    "names an address at another host, or none", "describes no service that can be used",
    "says things that nobody asked for", "allows less than was asked for",
)
CONNECTING: dict[str, Wrong] = {
    "no description": Wrong(at="/discovery", told=USELESS, reply=Reply(404), code="wallet-discovery"),
    "half a description": Wrong(at="/discovery", told=USELESS, reply=Reply(200, {"info": {}}), code="wallet-discovery"),
    "a description in HTML": Wrong(at="/discovery", told=PAGE, reply=SENDING["HTML"].reply, code="wallet-html"),
    "a description elsewhere": Wrong(at="/discovery", told=MOVED, reply=Reply(302, b"", {"Location": METADATA}),
                                     code="wallet-redirect"),
    "a description that moves on and on": Wrong(
        at="/discovery", told=MOVED, reply=Reply(302, b"", {"Location": "discovery"}), code="wallet-redirect"
    ),
    "tokens at another host": Wrong(at="/discovery", told=ASTRAY, reply=endpoint("tokenUrl", "https://evil.example/t"),
                                    code="wallet-host"),
    "a login that is a script": Wrong(at="/discovery", told=ASTRAY, code="wallet-url",
                                      reply=endpoint("authorizationUrl", "javascript:alert(1)")),
    "revocation inside": Wrong(at="/discovery", told=ASTRAY, reply=endpoint("x-microcred-revocationUrl", METADATA),
                               code="wallet-url"),
    "nothing can be put there": Wrong(at="/discovery", told="does not let others add credentials",
                                      reply=endpoint("scopes", {"x": ""}), code="wallet-scope"),
    "a name that cannot be stored": Wrong(
        at="/discovery", told=LIES, code="",
        reply=description(lambda found: found["info"].update(title="\x00\ud800" + LEAK * 90)),
    ),
    "no registration": Wrong(at="/register", told="does not accept this site",
                             reply=Reply(400, {"error": "invalid_client_metadata", "error_description": LEAK}),
                             code="wallet-registration"),
    "an endless id": Wrong(at="/register", told=NONSENSE, reply=registration(client_id="x" * 9_000),
                           code="wallet-answer"),
    "a secret of two lines": Wrong(at="/register", told=NONSENSE, reply=registration(client_secret="a\r\nb"),
                                   code="wallet-answer"),
    "a secret for ever and more": Wrong(at="/register", told=NONSENSE, code="wallet-answer",
                                        reply=registration(client_secret_expires_at=1e300)),
    "a code used before": Wrong(at="/token", told="does not accept its own code",
                                reply=Reply(400, {"error": "invalid_grant", "error_description": LEAK}),
                                code="wallet-reconnect"),
    "forgets who we are": Wrong(at="/token", told="has forgotten this site",
                                reply=Reply(401, {"error": "invalid_client"}), code="wallet-client"),
    "allows something else": Wrong(at="/token", told=LESS, reply=grant(scope="offline_access"),
                                   code="wallet-scope-shrunk"),
    "allows nothing": Wrong(at="/token", told=LESS, reply=grant(scope=""), code="wallet-scope-shrunk"),
    "a list of scopes": Wrong(at="/token", told=NONSENSE, reply=grant(scope=[UPSERT]), code="wallet-answer"),
    "a token of another kind": Wrong(at="/token", told=NONSENSE, reply=grant(token_type="mac"), code="wallet-answer"),
    "a token that splits headers": Wrong(at="/token", told=NONSENSE, reply=grant(access_token="a\r\nX: y"),
                                         code="wallet-answer"),
    "no token": Wrong(at="/token", told=NONSENSE, reply=grant(access_token=None), code="wallet-answer"),
    "claims everything": Wrong(at="/token", told=LIES, reply=grant(scope=f"{UPSERT} offline_access admin"), code=""),
    "an identity without a signature": Wrong(at="/token", told=LIES, code="",
                                             reply=grant(id_token=unsigned(sub="somebody else", aud="another"))),
    "a token for minus one second": Wrong(at="/token", told=LIES, reply=grant(expires_in=-1), code=""),
    "a redirect with the code": Wrong(at="/token", told=MOVED, code="wallet-redirect",
                                      reply=Reply(307, b"", {"Location": "https://evil.example/"})),
    "tokens, slowly": Wrong(at="/token", told=TIME, reply=SENDING["slow loris"].reply, code="wallet-timeout"),
    "tokens in a bomb": Wrong(at="/token", told=NONSENSE, reply=SENDING["gzip bomb"].reply, code="wallet-answer"),
}
REFRESHING: dict[str, Wrong] = {
    "the grant has ended": Wrong(at="/token", told="ends the connection", reply=Reply(400, {"error": "invalid_grant"}),
                                 code="wallet-reconnect"),
    "the grant has shrunk": Wrong(at="/token", told="takes the permission back", reply=grant(scope="offline_access"),
                                  code="wallet-scope-shrunk"),
    "a fresh token is nonsense": Wrong(at="/token", told=NONSENSE, reply=Reply(200, LEAK.encode()),
                                       code="wallet-answer"),
    "no fresh token now": Wrong(at="/token", told=FAULT, reply=Reply(500), code="wallet-server-error"),
}
NAME, SECURE, INSIDE = (
    "has a name that nobody knows", "shows a certificate that does not hold",
    "has a name that leads into a closed network",
)
BEFORE: dict[str, tuple[str, str]] = {  # what happens before there is any HTTP, and is tried in test_misbehaviours
    "unknown": (NAME, "wallet-dns"), "inside": (INSIDE, "wallet-address"), "certificate": (SECURE, "wallet-tls"),
    "refused": ("is down", "wallet-unreachable"),
}


def misbehaves(host: Host, wrong: Wrong, times: int = 1) -> None:
    """Have ``host`` do it."""
    host.server.host = host
    host.misbehave(wrong.at, wrong.reply, times)
