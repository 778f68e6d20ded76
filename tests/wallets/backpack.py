"""A Badge Connect host for tests (Open Badges 2.1): as the specification has it, or as Badgr does it."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from .host import Host, Reply, Request

CREATE = "https://purl.imsglobal.org/spec/ob/v2p1/scope/assertion.create"
READ = "https://purl.imsglobal.org/spec/ob/v2p1/scope/assertion.readonly"


class Backpack(Host):
    """``badgr``: answers 201, refuses what it holds already, and knows no scope for later access."""

    def __init__(self) -> None:
        super().__init__()
        self.badgr = False
        self.path = "/bcv1/ims/ob/v2p1"
        self.fetched: list[dict] = []

    def manifest(self) -> dict:
        """The file at the well-known address."""
        scopes = [READ, CREATE] if self.badgr else [READ, CREATE, "offline_access"]
        return {
            "@context": "https://purl.imsglobal.org/spec/ob/v2p1/ob_v2p1.jsonld",
            "id": f"{self.url}/.well-known/badgeconnect.json",
            "badgeConnectAPI": [{
                "name": "Test backpack", "apiBase": f"{self.url}{self.path}", "version": "v2p1",
                "termsOfServiceUrl": f"{self.url}/terms", "privacyPolicyUrl": f"{self.url}/privacy",
                "scopesOffered": scopes, "registrationUrl": f"{self.url}/register",
                "authorizationUrl": f"{self.url}/authorize", "tokenUrl": f"{self.url}/token",
                "tokenRevocationUrl": f"{self.url}/revoke",
            }],
        }

    def answer(self, request: Request) -> Reply:
        """The good answer."""
        path = urlsplit(request.path).path
        if path == "/.well-known/badgeconnect.json":
            if request.headers.get("if-none-match", "none") == self.discovery_headers.get("ETag"):
                return Reply(304, headers=self.discovery_headers)
            return Reply(200, self.manifest(), headers=self.discovery_headers)
        if path == f"{self.path}/assertions" and request.method == "POST":
            return self._take(request)
        if path.startswith("/ims/ob/v3p0"):
            return Reply(404, b"")
        return super().answer(request)

    def _take(self, request: Request) -> Reply:
        scope = self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if scope is None:
            return envelope(401, "UNAUTHENTICATED")
        if CREATE not in scope.split():
            return envelope(403, "PERMISSION_DENIED")
        assertion = json.loads(request.body)["assertion"]
        with self.lock:
            known = bool(self.stored[assertion["id"]])
            if known and self.badgr:
                problem = {"name": "DUPLICATE_BADGE", "description": "You already have this badge in your backpack"}
                return envelope(400, "REQUEST_VALIDATION_ERROR", [problem])
            self.stored[assertion["id"]].append(request.body)
        return envelope(201 if self.badgr else 200, "OK", said=200)


def envelope(status: int, text: str, error: object = None, *, said: int | None = None) -> Reply:
    """An answer with the status object that the specification asks for."""
    return Reply(status, {"status": {"error": error, "statusCode": said or status, "statusText": text}})
