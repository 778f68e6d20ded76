"""In production the platform's YAML files win over the defaults."""

from __future__ import annotations

from typing import Any

from .common import DEFAULTS, keep_from_tracking


def plugin_settings(settings: Any) -> None:
    """Take over what the platform read from its YAML, secret or not."""
    for name in DEFAULTS:
        for source in ("ENV_TOKENS", "AUTH_TOKENS"):
            tokens = getattr(settings, source, {})
            if name in tokens:
                setattr(settings, name, tokens[name])
    keep_from_tracking(settings)  # whose patterns may be those of the YAML by now
