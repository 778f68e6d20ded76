"""A wallet host for tests: a real server on loopback that keeps to the Open Badges 3.0 API, or breaks it on demand.

``host.misbehave(path, reply)`` puts a reply in front of the good one; ``reply`` is a ``Reply``, or a
function that gets the raw handler and does what it likes with the socket: it returns a ``Reply`` to be sent, ``STAYS``
where it has written its answer, or None to hang up.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from microcred_xblock.wallets.transport import Policy, Transport

UPSERT = "https://purl.imsglobal.org/spec/ob/v3p0/scope/credential.upsert"


@dataclass
class Reply:
    """One fixed answer."""

    status: int = 200
    body: bytes | dict = b""
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """A form's fields."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


STAYS = object()  # returned by a misbehaviour that has written its answer and leaves the connection open


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request, client_address) -> None:
        """Clients that hang up are what these tests are about."""


class Host:
    """The server, what it received, and what it holds."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.stored: dict[str, list[bytes]] = defaultdict(list)  # credential id or "elm" → bodies, in order
        self.clients: dict[str, dict] = {}
        self.codes: dict[str, dict] = {}
        self.access: dict[str, str] = {}  # token → scope
        self.refreshes: dict[str, str] = {}
        self.revoked: list[str] = []
        self.expires_in: int | None = 3600
        self.granted = ""
        self.takes_elm = True
        self.gives_refresh = True
        self.discovery_headers: dict[str, str] = {"Cache-Control": "max-age=300", "ETag": '"one"'}
        self._replies: dict[str, list] = defaultdict(list)
        self.lock = threading.Lock()
        self.server = _Quiet(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Host:
        self.thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self.server.shutdown()
        self.server.server_close()

    def misbehave(self, path: str, reply: Reply | Callable, times: int = 1) -> None:
        """Answer the next ``times`` requests whose path ends so with ``reply``."""
        with self.lock:
            self._replies[path] += [reply] * times

    def behave(self) -> None:
        """Forget what was asked of ``misbehave``."""
        with self.lock:
            self._replies.clear()

    def next_reply(self, path: str):
        """The misbehaviour due for ``path``."""
        with self.lock:
            for end, replies in self._replies.items():
                if replies and path.endswith(end):
                    return replies.pop(0)
        return None

    def received(self, end: str) -> list[Request]:
        """Requests whose path ends so."""
        return [request for request in self.requests if urlsplit(request.path).path.endswith(end)]

    def description(self) -> dict:
        """The Service Description Document."""
        info: dict = {"title": "Test host", "termsOfService": f"{self.url}/terms"}
        if self.takes_elm:
            info["x-microcred-elm"] = {"url": f"{self.url}/elm", "mediaTypes": ["application/jose+json"]}
        scheme = {
            "type": "oauth2", "x-imssf-registrationUrl": f"{self.url}/register",
            "x-microcred-revocationUrl": f"{self.url}/revoke",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{self.url}/authorize", "tokenUrl": f"{self.url}/token",
                    "refreshUrl": f"{self.url}/token", "scopes": {UPSERT: "put", "offline_access": "later"},
                }
            },
        }
        return {"openapi": "3.0.1", "info": info, "components": {"securitySchemes": {"OAuth2ACG": scheme}}}

    def approve(self, authorization_url: str, **extra: str) -> str:
        """What the learner's browser does at the wallet: the redirect back, with a code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "scope": query["scope"], "iss": self.url, **extra}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def answer(self, request: Request) -> Reply:
        """The good answer."""
        path = urlsplit(request.path).path
        if path == "/ims/ob/v3p0/discovery":
            if request.headers.get("if-none-match", "none") == self.discovery_headers.get("ETag"):
                return Reply(304, headers=self.discovery_headers)
            return Reply(200, self.description(), headers=self.discovery_headers)
        if path == "/register":
            metadata = json.loads(request.body)
            client = {"client_id": f"client {len(self.clients)}", "client_secret": "s:e+c/r%et"}
            self.clients[client["client_id"]] = {**metadata, **client}
            return Reply(201, {**metadata, **client, "client_id_issued_at": 1, "client_secret_expires_at": 0})
        if path == "/token":
            return self._token(request)
        if path == "/revoke":
            self.revoked.append(request.form["token"])
            return Reply(200)
        if path in ("/ims/ob/v3p0/credentials", "/elm"):
            return self._upsert(path, request)
        return Reply(404, {"imsx_codeMajor": "failure"})

    def _token(self, request: Request) -> Reply:
        pair = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if pair not in [f"{c['client_id'].replace(' ', '+')}:s%3Ae%2Bc%2Fr%25et" for c in self.clients.values()]:
            return Reply(401, {"error": "invalid_client"})
        form = request.form
        if form["grant_type"] == "refresh_token":
            with self.lock:
                scope = self.refreshes.pop(form["refresh_token"], None)  # rotated: works once
            if scope is None:
                return Reply(400, {"error": "invalid_grant"})
            return self._grant(scope)
        grant = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if grant is None or grant["code_challenge"] != challenge or grant["redirect_uri"] != form["redirect_uri"]:
            return Reply(400, {"error": "invalid_grant"})
        return self._grant(self.granted or grant["scope"])

    def _grant(self, scope: str) -> Reply:
        access, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.access[access] = scope
        body = {"access_token": access, "token_type": "Bearer", "scope": scope}
        if self.expires_in is not None:
            body["expires_in"] = self.expires_in
        if self.gives_refresh:
            self.refreshes[refresh] = scope
            body["refresh_token"] = refresh
        return Reply(200, body)

    def _upsert(self, path: str, request: Request) -> Reply:
        scope = self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if scope is None:
            return Reply(401, status_info("unauthorizedrequest"))
        if UPSERT not in scope.split():
            return Reply(403, status_info("forbidden"))
        key = "elm" if path == "/elm" else json.loads(request.body)["id"]
        with self.lock:
            known = bool(self.stored[key])
            self.stored[key].append(request.body)
        return Reply(
            200 if known else 201, request.body, {"Location": f"{self.url}/c/1"}, request.headers["content-type"]
        )


def status_info(minor: str, description: str = "No.") -> dict:
    """An Imsx_StatusInfo."""
    field_ = {"imsx_codeMinorFieldName": "test", "imsx_codeMinorFieldValue": minor}
    return {
        "imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": description,
        "imsx_codeMinor": {"imsx_codeMinorField": [field_]},
    }


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            host.requests.append(request)
            reply = host.next_reply(urlsplit(self.path).path)
            if callable(reply):
                reply = reply(self)
                if reply is None:
                    self.close_connection = True
                    return
                if reply is STAYS:
                    return
            self.send(reply or host.answer(request))

        do_GET = do_POST = _serve

        def send(self, reply: Reply) -> None:
            """Write a reply."""
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.media_type, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args) -> None:
            """Quiet."""

    return Handler


def tls_transport(port: int, bundle: str = "", **more) -> Transport:
    """A transport to https://localhost:port/ that trusts ``bundle``."""
    return Transport(
        Policy(
            hosts=frozenset({f"localhost:{port}"}), allow_loopback_http=True, ca_bundle=bundle, total_timeout=3, **more
        )
    )
