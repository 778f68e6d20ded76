"""Wallets in browsers, on a platform where django-cors-headers answers before our views are asked.

It answers every preflight itself, and for an origin that the platform does not list it answers no. Our endpoints for
wallets look at no cookie, so any origin may ask.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest

OPEN = ("/microcred/openid4vci/", "/microcred/interactions/", "/microcred/ob2/")
_UID = "microcred.cors"


def connect() -> None:
    """Tell it, where it is installed. Idempotent."""
    if not apps.is_installed("corsheaders"):
        return
    from corsheaders.signals import check_request_enabled

    check_request_enabled.connect(_open, dispatch_uid=_UID)


def _open(sender: Any, request: HttpRequest, **_more: Any) -> bool:
    return request.path_info.startswith(OPEN)
