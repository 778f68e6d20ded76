"""OAuth 2.0 as a client: dynamic registration (RFC 7591), code grant with PKCE (RFC 6749, 7636), refresh, revocation.

Follows Open Badges 3.0, "Open Badges API Security". Knows nothing of badges. Verifiers, states and
times are arguments; nothing is stored here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from ..domain.errors import InvalidAnswer, WalletRefused, WalletUnreachable
from .transport import Response, Transport

DEFAULT_LIFETIME = timedelta(hours=1)  # what 1EdTech recommends; used when ``expires_in`` is absent
_LONGEST_LIFETIME = timedelta(days=366)
_TOKEN_MOST = 20_000
_ID_MOST = 500
_BUSY = (408, 425, 429)


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where an authorisation server takes what. ``revocation`` may be empty."""

    registration: str
    authorization: str
    token: str
    refresh: str
    revocation: str = ""


@dataclass(frozen=True, kw_only=True)
class Client:
    """Our registration with one authorisation server. ``secret_expires_at`` None: never."""

    id: str
    secret: str = field(repr=False)
    secret_expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a learner granted. ``refresh`` may be empty; ``scopes`` may be fewer than were asked for."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]


def challenge(verifier: str) -> str:
    """The PKCE S256 code challenge of ``verifier`` (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def register(transport: Transport, endpoints: Endpoints, metadata: Mapping[str, Any], *, now: datetime) -> Client:
    """Register us (RFC 7591 §3). WalletRefused (``wallet-registration``), WalletUnreachable."""
    response = transport.request(
        "POST", endpoints.registration,
        headers={"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"},
        body=json.dumps(dict(metadata)).encode("utf-8"),
    )
    raise_if_unavailable(response)
    if response.status not in (200, 201):
        raise _refused(response, "wallet-registration", "The wallet does not accept this site as an application.")
    answer = response.json()
    expires = answer.get("client_secret_expires_at", 0)
    if not isinstance(expires, int) or isinstance(expires, bool) or not 0 <= expires < 2**40:
        raise response.unusable("wallet-answer", "The wallet's registration answer cannot be used.")
    issued = answer.get("client_id_issued_at")
    lifetime = expires - issued if isinstance(issued, int) and 0 < issued < expires else None
    return Client(
        id=_text(answer, "client_id", response, most=_ID_MOST), secret=_text(answer, "client_secret", response),
        secret_expires_at=_secret_expiry(expires, lifetime, now),
    )


def authorization_url(
    endpoints: Endpoints, client: Client, *, redirect_uri: str, scopes: Sequence[str], state: str, verifier: str
) -> str:
    """Where to send the learner's browser."""
    query = urlencode(
        {
            "response_type": "code", "client_id": client.id, "redirect_uri": redirect_uri, "scope": " ".join(scopes),
            "state": state, "code_challenge": challenge(verifier), "code_challenge_method": "S256",
        }
    )
    joint = "&" if urlsplit(endpoints.authorization).query else "?"
    return f"{endpoints.authorization}{joint}{query}"


def check_issuer(iss: str, *, authorization: str, base_url: str) -> None:
    """InvalidAnswer (``wallet-mix-up``) unless ``iss``, where the server sends it (RFC 9207), is this server's."""
    if iss and _origin(iss) not in {_origin(authorization), _origin(base_url)}:
        raise InvalidAnswer("The answer comes from another server than was asked.", code="wallet-mix-up")


def exchange(
    transport: Transport, endpoints: Endpoints, client: Client, *, code: str, redirect_uri: str, verifier: str,
    scopes: Sequence[str], now: datetime,
) -> Tokens:
    """Tokens for an authorisation code. The code is used up even if the answer gets lost."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "scope": " ".join(scopes),
        "code_verifier": verifier,
    }
    return _tokens(_post(transport, endpoints.token, client, form), scopes, now=now)


def refresh(
    transport: Transport, endpoints: Endpoints, client: Client, tokens: Tokens, *, now: datetime
) -> Tokens:
    """Fresh tokens; the refresh token is kept where the server does not rotate it.

    WalletRefused (``wallet-reconnect``) when there is none, or it is no longer good.
    """
    if not tokens.refresh:
        raise WalletRefused("The connection to the wallet has expired: connect it again.", code="wallet-reconnect")
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "scope": " ".join(tokens.scopes)}
    fresh = _tokens(_post(transport, endpoints.refresh, client, form), tokens.scopes, now=now)
    if fresh.refresh:
        return fresh
    return Tokens(access=fresh.access, refresh=tokens.refresh, expires_at=fresh.expires_at, scopes=fresh.scopes)


def revoke(transport: Transport, endpoints: Endpoints, client: Client, token: str, hint: str) -> None:
    """Tell the server to forget a token (RFC 7009). Raises as every request does; any answer is good enough."""
    _send(transport, endpoints.revocation, client, {"token": token, "token_type_hint": hint})


def raise_if_unavailable(response: Response) -> None:
    """WalletUnreachable for answers that say "later": ``wallet-busy``, ``wallet-server-error``."""
    if response.status in _BUSY or response.status == 503:
        raise response.unusable("wallet-busy", "The wallet is busy.")
    if response.status >= 500 or response.status < 200:
        raise response.unusable("wallet-server-error", "The wallet reports a fault of its own.")


def _post(transport: Transport, url: str, client: Client, form: Mapping[str, str]) -> Response:
    response = _send(transport, url, client, form)
    raise_if_unavailable(response)
    if response.status == 200:
        return response
    error = _error_code(response)
    if error == "invalid_grant":
        raise _refused(response, "wallet-reconnect", "The wallet no longer accepts the connection: connect it again.")
    if error == "invalid_client" or response.status == 401:
        raise _refused(response, "wallet-client", "The wallet does not know this site any more: connect it again.")
    raise _refused(response, "wallet-authorisation", "The wallet refused the connection.")


def _send(transport: Transport, url: str, client: Client, form: Mapping[str, str]) -> Response:
    # RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}".encode("ascii")
    return transport.request(
        "POST", url, body=urlencode(form).encode("ascii"),
        headers={
            "Authorization": "Basic " + base64.b64encode(pair).decode("ascii"),
            "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
        },
    )


def _tokens(response: Response, asked: Sequence[str], *, now: datetime) -> Tokens:
    answer = response.json()
    if str(answer.get("token_type", "")).lower() != "bearer":
        raise response.unusable("wallet-answer", "The wallet's token is not a bearer token.")
    granted = answer.get("scope")
    if not isinstance(granted, str | None):
        raise response.unusable("wallet-answer", "The wallet does not say what was allowed.")
    scopes = tuple(granted.split()) if granted is not None else tuple(asked)
    return Tokens(
        access=_text(answer, "access_token", response),
        refresh=_text(answer, "refresh_token", response) if answer.get("refresh_token") else "",
        expires_at=now + _lifetime(answer.get("expires_in")),
        scopes=tuple(scope for scope in scopes if scope in asked),
    )


def _lifetime(seconds: Any) -> timedelta:
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        seconds = int(seconds[:9])
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        return DEFAULT_LIFETIME
    return min(timedelta(seconds=min(seconds, 10**9)), _LONGEST_LIFETIME)


def _secret_expiry(expires: int, lifetime: int | None, now: datetime) -> datetime | None:
    """By our own clock where the server told when it issued: the two clocks need not agree."""
    if expires == 0:
        return None
    if lifetime is not None:
        return now + timedelta(seconds=min(lifetime, 10**9))
    return datetime.fromtimestamp(min(expires, 2**33), tz=now.tzinfo)


def _text(answer: Mapping[str, Any], name: str, response: Response, *, most: int = _TOKEN_MOST) -> str:
    value = answer.get(name)
    if not (isinstance(value, str) and 0 < len(value) <= most and value.isascii() and value.isprintable()):
        raise response.unusable("wallet-answer", f"The wallet's answer lacks '{name}'.")
    return value


def _error_code(response: Response) -> str:
    try:
        error = response.json().get("error")
    except WalletUnreachable:
        return ""
    return error if isinstance(error, str) else ""


def _refused(response: Response, code: str, message: str) -> WalletRefused:
    error = _error_code(response)
    known = error if error.isascii() and error.replace("_", "").isalpha() and len(error) <= 40 else ""
    return WalletRefused(message, code=code, status=response.status, error=known)


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        default = {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, parts.hostname or "", parts.port or default
    except ValueError:
        return "", "", None
