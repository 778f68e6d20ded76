"""Open Badges 2.1 Badge Connect API (1EdTech): manifest, and ``POST /assertions`` into a learner's backpack.

The Assertion that is sent is only a pointer: a host fetches it from its own address and believes what is there. Read
with the code of Badgr, which most hosts of this API come from and which departs from the specification in places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..domain.credential import DeliveryReceipt, VerifiableCredential
from ..domain.errors import WalletRefused, WalletUnreachable
from .oauth import Endpoints, raise_if_unavailable
from .open_badges_api import OFFLINE
from .said import INSUFFICIENT, Discovered, address, clean, described, incomplete
from .transport import Response, Transport

CREATE = "https://purl.imsglobal.org/spec/ob/v2p1/scope/assertion.create"
PATH = "/.well-known/badgeconnect.json"

_APIS_MOST = 20
_SCOPES_MOST = 50
_TOKEN = re.compile(r"[A-Z][A-Z_]{1,39}")  # as the specification's values of statusText, and Badgr's names of errors
_TOKENS_MOST = 5
_DEPTH_MOST = 5
_DUPLICATE = "DUPLICATE_BADGE"  # Badgr's 400 for what it holds already


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What we use of a host's manifest. ``api`` has no slash at its end."""

    name: str
    endpoints: Endpoints
    scopes: tuple[str, ...]
    api: str

    @property
    def wanted(self) -> tuple[str, ...]:
        """The scopes to ask for: to put badges, and to do so later without the learner. Nothing is read."""
        return (CREATE, OFFLINE) if OFFLINE in self.scopes else (CREATE,)


def discover(transport: Transport, base_url: str, *, now: datetime, etag: str = "") -> Discovered:
    """Fetch ``{base_url}/.well-known/badgeconnect.json`` (§ Manifest).

    Every address in it must be one the transport's policy allows. WalletRefused
    (``wallet-discovery``, ``wallet-scope``, ``wallet-url``, ``wallet-host``), WalletUnreachable.
    """
    def read(document: Mapping[str, Any]) -> tuple[Manifest, tuple[str, ...]]:
        found = _manifest(document)
        return found, (*vars(found.endpoints).values(), found.api)

    return described(
        transport, f"{base_url}{PATH}", accept="application/json, application/ld+json", service="Badge Connect",
        etag=etag, now=now, read=read,
    )


@dataclass(frozen=True, kw_only=True)
class BadgeConnectWallet:
    """One learner's backpack at one host, with an access token that is good now. A ``Wallet``."""

    transport: Transport
    description: Manifest
    access_token: str
    name: str

    def __repr__(self) -> str:
        return f"BadgeConnectWallet({self.name})"

    def deliver(self, credential: VerifiableCredential, *, now: datetime) -> DeliveryReceipt:
        """Put a hosted Assertion (``content`` is its JSON), or find it there already.

        WalletRefused: ``wallet-reconnect`` (401), ``wallet-recipient`` (the backpack's owner has another e-mail
        address), ``wallet-forbidden``, ``wallet-scope-shrunk``, ``wallet-no-api``, ``wallet-rejected``.
        WalletUnreachable for every answer that settles nothing.
        """
        response = self.transport.request(
            "POST", f"{self.description.api}/assertions", keep=True,
            body=json.dumps({"assertion": json.loads(credential.content)}).encode("utf-8"),
            headers={
                "Authorization": f"Bearer {self.access_token}", "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        raise_if_unavailable(response)
        status = _status(response, self.access_token)
        there = _DUPLICATE in status.names and response.status == 400
        if not there and not (response.status in (200, 201) and status.code in (200, 201)):
            raise _error(response, status)
        return DeliveryReceipt(credential_id=credential.id, wallet=self.name, at=now, created=not there)


@dataclass(frozen=True, kw_only=True)
class _Status:
    """The ``status`` of an answer. ``code`` is 0 where there is none; ``names`` are its words in capitals."""

    code: int = 0
    names: tuple[str, ...] = ()
    detail: str = ""


def _manifest(document: Mapping[str, Any]) -> Manifest:
    """The first API that takes badges. WalletRefused."""
    apis = document.get("badgeConnectAPI")
    if not isinstance(apis, list) or not apis:
        raise incomplete("badgeConnectAPI")
    for api in apis[:_APIS_MOST]:
        scopes = _scopes(api.get("scopesOffered")) if isinstance(api, Mapping) else ()
        if CREATE in scopes:
            return _described(api, scopes)
    raise WalletRefused("This wallet does not let others put badges into it.", code="wallet-scope")


def _described(api: Mapping[str, Any], scopes: tuple[str, ...]) -> Manifest:
    token = address(api, "tokenUrl")
    return Manifest(
        name=clean(api.get("name")), scopes=scopes, api=address(api, "apiBase").rstrip("/"),
        endpoints=Endpoints(
            registration=address(api, "registrationUrl"), authorization=address(api, "authorizationUrl"), token=token,
            refresh=token,
            revocation=address(api, "tokenRevocationUrl") if api.get("tokenRevocationUrl") else "",
        ),
    )


def _scopes(offered: Any) -> tuple[str, ...]:
    """Those that can be asked for, ours first."""
    if not isinstance(offered, list):
        return ()
    plain = [
        scope for scope in offered
        if isinstance(scope, str) and 0 < len(scope) <= 200 and scope.isascii() and scope.isprintable()
    ]
    return tuple(sorted(plain, key=lambda scope: scope not in (CREATE, OFFLINE))[:_SCOPES_MOST])


def _status(response: Response, token: str) -> _Status:
    try:
        status = response.json().get("status")
    except WalletUnreachable:
        status = None
    if not isinstance(status, Mapping):
        return _Status()
    code = status.get("statusCode")
    words = [clean(word, token) for word in _words(status.get("error"), _DEPTH_MOST)]
    names = [word for word in (status.get("statusText"), *words) if isinstance(word, str) and _TOKEN.fullmatch(word)]
    sentences = [word for word in words if word and word not in names]
    return _Status(
        code=code if isinstance(code, int) and not isinstance(code, bool) else 0,
        names=tuple(names[:_TOKENS_MOST]), detail=" ".join(sentences)[:200],
    )


def _words(error: Any, depth: int) -> list[str]:
    """The texts of an error: one, or as Badgr sends them, a list of objects."""
    if isinstance(error, str):
        return [error]
    if depth == 0:
        return []
    parts = error.values() if isinstance(error, Mapping) else error if isinstance(error, list) else ()
    return [word for part in list(parts)[:_APIS_MOST] for word in _words(part, depth - 1)]


def _error(response: Response, status: _Status) -> WalletRefused | WalletUnreachable:
    """The error for an answer that is no yes. What the body says counts for more than a 200 above it."""
    code = response.status
    if 200 <= code < 300:
        if not 400 <= status.code < 500:
            return response.unusable("wallet-answer", "The wallet's answer does not say that it took the badge.")
        code = status.code
    told = {name: text for name, text in (("reason", " ".join(status.names)), ("detail", status.detail)) if text}
    if any("RECIPIENT" in name for name in status.names):
        return WalletRefused("The badge is for another e-mail address.", code="wallet-recipient", status=code, **told)
    scope = INSUFFICIENT.search(response.headers.get("www-authenticate", ""))
    if scope and code in (401, 403):
        return WalletRefused(
            "The permission to put badges into the wallet is gone.", code="wallet-scope-shrunk", status=code
        )
    if code == 403 or "PERMISSION_DENIED" in status.names:  # with Badgr the latter comes with 401
        return WalletRefused(
            "The wallet does not allow this site to put badges into it.", code="wallet-forbidden", status=code, **told
        )
    name, message = {
        401: ("wallet-reconnect", "The wallet no longer accepts the connection: connect it again."),
        404: ("wallet-no-api", "The wallet has no service at its address."),
        405: ("wallet-no-api", "The wallet has no service at its address."),
    }.get(code, ("wallet-rejected", "The wallet rejected the badge."))
    return WalletRefused(message, code=name, status=code, **told)
