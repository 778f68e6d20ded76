"""How often somebody may ask, by scope.

DRF's own throttle reads a list from the cache and writes it back, so requests at the same moment overwrite each
other's. Here every window has one counter, counted up by the cache itself, whichever process asks.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
from typing import Any

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle

from ... import conf

log = logging.getLogger(__name__)


class Throttle(ScopedRateThrottle):
    """So many requests of a view's ``throttle_scope`` in a window of time: by account, else by network address."""

    def get_rate(self) -> str | None:
        """The scope's rate in MICROCRED_API_RATES, else its default; None is no limit."""
        rates = {**conf.DEFAULTS["MICROCRED_API_RATES"], **conf.setting("MICROCRED_API_RATES")}
        return rates.get(self.scope)

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this request. A cache that is away stops nobody."""
        self.scope = view.throttle_scope
        self.rate = self.get_rate()
        if not self.rate:
            return True
        self.num_requests, self.duration = self.parse_rate(self.rate)
        self.now = self.timer()
        key = f"{self.get_cache_key(request, view)}:{int(self.now // self.duration)}"
        try:
            self.cache.add(key, 0, self.duration + 1)
            return self.cache.incr(key) <= self.num_requests
        except Exception as error:  # whatever a cache raises, also for a counter it has just dropped
            log.warning("Requests are not counted: %s", type(error).__name__)
            return True

    def wait(self) -> int:
        """Whole seconds until the next window."""
        return max(1, math.ceil(self.duration - self.now % self.duration))

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Short, and silent about who it is."""
        user = request.user
        known = user is not None and user.is_authenticated
        who = f"user {user.pk}" if known else f"address {self.get_ident(request)}"
        return f"microcred-api:{self.scope}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"

    def get_ident(self, request: Request) -> str:
        """The address the request came from, as the platform's middleware or NUM_PROXIES of DRF says.

        X-Forwarded-For as a whole is what the client likes to say, so it is not used without NUM_PROXIES. Of an IPv6
        address the network counts: one household has 2⁶⁴ of them.
        """
        told = super().get_ident(request) if api_settings.NUM_PROXIES else request.META.get("REMOTE_ADDR", "")
        try:
            address = ipaddress.ip_address(told or "")
        except ValueError:
            return str(told)
        if address.version == 6 and address.ipv4_mapped is None:
            return str(ipaddress.ip_network(f"{address}/64", strict=False))
        return str(address)
