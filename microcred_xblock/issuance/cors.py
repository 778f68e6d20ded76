"""Wallets in browsers, on a platform where django-cors-headers answers before our views are asked.

It answers every preflight itself, and for an origin that the platform does not list it answers no. Our endpoints for
wallets look at no cookie, so any origin may ask. What is no endpoint of ours stays closed: with credentials allowed,
the platform's own page for it would tell any other site who is signed in.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import Resolver404, resolve

OPEN = ("/microcred/openid4vci/", "/microcred/interactions/", "/microcred/ob2/")
_PACKAGE = __name__.partition(".")[0] + "."
_UID = "microcred.cors"


def connect() -> None:
    """Tell it, where it is installed. Idempotent."""
    if not apps.is_installed("corsheaders"):
        return
    from corsheaders.signals import check_request_enabled

    check_request_enabled.connect(_open, dispatch_uid=_UID)


def _open(sender: Any, request: HttpRequest, **_more: Any) -> bool:
    if not request.path_info.startswith(OPEN):
        return False
    try:
        found = resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return False
    return found.func.__module__.startswith(_PACKAGE)
