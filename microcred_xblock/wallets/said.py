"""What hosts say about themselves and about what they were sent, made fit to be kept and acted upon."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..domain.errors import WalletRefused
from .oauth import raise_if_unavailable
from .transport import REDIRECTS, Response, Transport

INSUFFICIENT = re.compile(r"\berror\s*=\s*\"?insufficient_scope\b", re.ASCII)  # RFC 6750 §3.1
_FRESH_LEAST = timedelta(minutes=1)
_FRESH_DEFAULT = timedelta(hours=1)
_FRESH_MOST = timedelta(days=1)
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?([0-9]{1,9})")


@dataclass(frozen=True, kw_only=True)
class Discovered:
    """A description and how long it may be kept. ``description`` None: the one we hold is still right (304)."""

    description: Any
    etag: str
    fresh_until: datetime


def described(
    transport: Transport, url: str, *, accept: str, service: str, etag: str, now: datetime,
    read: Callable[[Mapping[str, Any]], tuple[Any, Iterable[str]]],
) -> Discovered:
    """What a host says about itself at ``url``. ``read`` makes the description of the JSON, and names its addresses.

    Every one of them must be one the transport's policy allows. WalletRefused (``wallet-discovery``: no ``service``
    there; ``wallet-url``, ``wallet-host``, and what ``read`` raises), WalletUnreachable.
    """
    headers = {"Accept": accept} | ({"If-None-Match": etag} if etag else {})
    response = transport.request("GET", url, headers=headers, redirects=REDIRECTS)
    raise_if_unavailable(response)
    kept = response.headers.get("etag", "")[:200]
    until = now + freshness(response)
    if response.status == 304 and etag:
        return Discovered(description=None, etag=kept or etag, fresh_until=until)
    if response.status != 200:
        raise WalletRefused(
            f"The wallet offers no {service} service at its address.", code="wallet-discovery", status=response.status
        )
    description, addresses = read(response.json())
    for found in filter(None, addresses):
        transport.check(found)
    return Discovered(description=description, etag=kept, fresh_until=until)


def member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that must be an object. WalletRefused (``wallet-discovery``)."""
    value = document.get(name)
    if not isinstance(value, Mapping):
        raise incomplete(name)
    return value


def address(document: Mapping[str, Any], name: str) -> str:
    """A member that must be an address; whether it may be contacted is for the transport to say. As ``member``."""
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 2_000:
        raise incomplete(name)
    return value


def incomplete(name: str) -> WalletRefused:
    """The error for a description that lacks ``name``."""
    return WalletRefused(f"The wallet's description lacks '{name}'.", code="wallet-discovery", member=name)


def freshness(response: Response) -> timedelta:
    """How long the description may be kept, from Cache-Control; never nothing, as one connection needs it twice."""
    control = response.headers.get("cache-control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return _FRESH_LEAST
    match = _MAX_AGE.search(control)
    if not match:
        return _FRESH_DEFAULT
    return min(max(timedelta(seconds=int(match.group(1))), _FRESH_LEAST), _FRESH_MOST)


def clean(text: Any, token: str = "") -> str:
    """A wallet's words, fit to be stored: short, one line, nothing that looks like an address or a token.

    Nor ``token``, whatever that looks like.
    """
    if not isinstance(text, str):
        return ""
    hushed = text.replace(token, "…") if token else text
    words = ["…" if "@" in word or len(word) > 40 else word for word in hushed[:1_000].split()]
    return "".join(c for c in " ".join(words) if c.isprintable())[:200]
