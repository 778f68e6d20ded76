"""The API's rates in DRF's way. How requests are counted: ``issuance.rates``."""

from __future__ import annotations

import time
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ... import rates


class Throttle(BaseThrottle):
    """So many requests of a view's ``throttle_scope`` in a window of time: by account, else by network address."""

    timer = staticmethod(time.time)
    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this request."""
        user = request.user
        known = user is not None and user.is_authenticated
        who = f"user {user.pk}" if known else f"address {rates.address(request)}"
        self.seconds = rates.exceeded(view.throttle_scope, who, now=self.timer())
        return not self.seconds

    def wait(self) -> int:
        """Whole seconds until the next window."""
        return self.seconds
