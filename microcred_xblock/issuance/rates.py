"""How often somebody may ask, by scope: for the REST API and for the form on which files are checked.

Every window of time has one counter, counted up by the cache itself, whichever process asks.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from ..domain.errors import Misconfigured
from . import conf

log = logging.getLogger(__name__)

_SECONDS = {
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3_600, "hr": 3_600, "hour": 3_600,
    "d": 86_400, "day": 86_400,
}
_RATE = re.compile(r"([0-9]{1,9})/([a-z]+?)s?", re.ASCII)


def rate(scope: str) -> str | None:
    """The scope's rate in MICROCRED_API_RATES, else its default; None is no limit."""
    told, default = conf.setting("MICROCRED_API_RATES"), conf.DEFAULTS["MICROCRED_API_RATES"]
    return {**default, **(told if isinstance(told, Mapping) else {})}.get(scope)


def parsed(rate: str) -> tuple[int, int]:
    """How many requests in how many seconds, of ``60/min``. Misconfigured (``setting-value``)."""
    found = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    if found is None or found[2] not in _SECONDS:
        raise Misconfigured(
            f"“{rate}” is no rate of MICROCRED_API_RATES: write a number of requests and a second, minute, hour or "
            "day, as in 60/min; None is no limit.",
            code="setting-value", setting="MICROCRED_API_RATES",
        )
    return int(found[1]), _SECONDS[found[2]]


def check() -> None:
    """Misconfigured (``setting-value``) unless every rate can be read and belongs to a scope."""
    told, known = conf.setting("MICROCRED_API_RATES"), conf.DEFAULTS["MICROCRED_API_RATES"]
    if not isinstance(told, Mapping) or not told.keys() <= known.keys():
        raise Misconfigured(
            f"MICROCRED_API_RATES gives rates for {', '.join(known)}, and for nothing else.", code="setting-value",
            setting="MICROCRED_API_RATES",
        )
    for limit in told.values():
        if limit is not None:
            parsed(limit)


def counter(scope: str, who: str, window: int) -> str:
    """The name of a counter in the cache: short, and silent about who it is."""
    return f"microcred-api:{scope}:{hashlib.sha256(who.encode()).hexdigest()[:32]}:{window}"


def exceeded(scope: str, who: str, *, now: float | None = None) -> int:
    """Count a request; for how many seconds ``who`` has to wait, 0 if not at all. A cache that is away stops nobody."""
    limit = rate(scope)
    if limit is None:
        return 0
    now = time.time() if now is None else now
    try:
        most, window = parsed(limit)
    except Misconfigured:  # which the system check tells; a limit there must be
        most, window = parsed(conf.DEFAULTS["MICROCRED_API_RATES"][scope])
    key = counter(scope, who, int(now // window))
    try:
        cache.add(key, 0, window + 1)
        count = cache.incr(key)
    except Exception as error:  # whatever a cache raises, also for a counter it has just dropped
        log.warning("Requests are not counted: %s", type(error).__name__)
        return 0
    return max(1, math.ceil(window - now % window)) if count > most else 0


def address(request: HttpRequest | Any) -> str:
    """The address a request came from, as the platform's middleware or NUM_PROXIES of DRF says.

    X-Forwarded-For as a whole is what the client likes to say, so it is not used without NUM_PROXIES. Of an IPv6
    address the network counts: one household has 2⁶⁴ of them.
    """
    told = request.META.get("REMOTE_ADDR", "")
    proxies = (getattr(settings, "REST_FRAMEWORK", None) or {}).get("NUM_PROXIES")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    if proxies and forwarded:
        hops = forwarded.split(",")
        told = hops[-min(proxies, len(hops))].strip()
    try:
        found = ipaddress.ip_address(told or "")
    except ValueError:
        return str(told)
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)
