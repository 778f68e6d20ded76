"""What every test has in common."""

from __future__ import annotations

import os
from contextlib import suppress

with suppress(ImportError):  # the platform's environment has no hypothesis, and its tests need none
    from hypothesis import HealthCheck, settings

    # How long an example takes says nothing on a busy machine. Where CI is set, hypothesis has a profile of its own,
    # which also tries the same examples each time.
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    if not os.environ.get("CI"):
        settings.load_profile("patient")
