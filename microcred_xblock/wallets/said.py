"""What hosts say about themselves and about what they were sent, made fit to be kept and acted upon."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..domain.errors import WalletRefused
from .transport import Response

INSUFFICIENT = re.compile(r"\berror\s*=\s*\"?insufficient_scope\b", re.ASCII)  # RFC 6750 §3.1
_FRESH_LEAST = timedelta(minutes=1)
_FRESH_DEFAULT = timedelta(hours=1)
_FRESH_MOST = timedelta(days=1)
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?([0-9]{1,9})")


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
