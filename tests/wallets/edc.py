"""A wallet host for tests that plays the API of Europass: a real server on loopback; Django parses its forms.

``misbehave`` as in ``host``; ``stored`` holds the bodies by wallet and id.
"""

from __future__ import annotations

import base64
import io
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from .host import Host, Reply, Request

_CREDENTIALS = re.compile(r"/api/v1/wallets/(email/)?([^/]+)/credentials")


class EdcHost(Host):
    """The server, who has a wallet there, and what lies in it."""

    def __init__(self) -> None:
        super().__init__()
        self.users = {"a1b2-c3"}
        self.temporary_wallets = True
        self.tells_id = True
        self.files: dict[tuple[str, str], bytes] = {}
        self.queries: list[dict[str, str]] = []
        self.names: list[str] = []

    @property
    def address(self) -> str:
        """Of the one wallet there is."""
        return f"{self.url}/api/v1/wallets/a1b2-c3"

    def answer(self, request: Request) -> Reply:
        """As EDCI 2.0.6 does."""
        parts = urlsplit(request.path)
        found = _CREDENTIALS.fullmatch(parts.path)
        if request.method != "POST" or not found:
            return Reply(404, {"code": "not.found"})
        owner = unquote(found.group(2))
        if owner not in self.users and not (found.group(1) and self.temporary_wallets):
            return Reply(404, {"message": "wallet.not.found"})
        self.queries.append({name: values[0] for name, values in parse_qs(parts.query).items()})
        content = self._part(request)
        name = _sealed_id(content)
        if not name:
            return Reply(400, {"message": "not a sealed credential"})
        if (owner, name) in self.files:
            return Reply(409, {"message": "duplicate", **({"uuid": name} if self.tells_id else {})})
        self.files[owner, name] = content
        return Reply(200, {
            "uuid": name, "title": "T", "viewerURL": f"https://viewer.example/{name.rsplit(':', 1)[-1]}",
        })

    def _part(self, request: Request) -> bytes:
        meta = {"CONTENT_TYPE": request.headers["content-type"], "CONTENT_LENGTH": str(len(request.body))}
        handler = MemoryFileUploadHandler()
        handler.handle_raw_input(None, meta, len(request.body), b"", "utf-8")
        handler.activated = True
        try:
            _fields, files = MultiPartParser(meta, io.BytesIO(request.body), [handler], "utf-8").parse()
        except MultiPartParserError:
            return b""
        if list(files) != ["_credential"]:
            return b""
        self.names.append(files["_credential"].name)
        return files["_credential"].read()


def _sealed_id(content: bytes) -> str:
    """The id inside a JAdES file, whether its payload is encoded or not."""
    try:
        payload = json.loads(content)["payload"]
        if not payload.startswith("{"):
            payload = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return json.loads(payload)["id"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
