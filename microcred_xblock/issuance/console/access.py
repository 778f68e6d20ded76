"""Who may open the console, and what every answer of it has in common."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from ... import messages
from ...domain.errors import InvalidInput, MicrocredError, NotAllowed
from ...translation import Translator
from .. import staff

log = logging.getLogger(__name__)

_HIDDEN = ("award-unknown", "job-unknown")  # does not exist, or not for this person: they cannot tell which


def staff_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Calls ``view(request, scope, …)`` for staff; sends others to sign in, or tells them who may come here.

    An error becomes a page that says what to do. Nothing of the console may be kept, framed, or run scripts of others.
    """

    @transaction.non_atomic_requests  # services own their transactions, and try again what a deadlock has undone
    @never_cache
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _guarded(_answer(view, request, *args, **kwargs))

    return wrapper


def _answer(view: Callable[..., HttpResponse], request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    data = request.path.endswith(".json")
    if not request.user.is_authenticated:
        return JsonResponse({"code": "sign-in"}, status=401) if data else redirect_to_login(request.get_full_path())
    scope = staff.scope_of(request.user)
    if scope is None:
        if data:
            return JsonResponse({"code": "staff-only"}, status=403)
        return render(request, "microcred/console/no_access.html", status=403)
    try:
        return view(request, scope, *args, **kwargs)
    except MicrocredError as error:
        log.info("Console, %s: %s", view.__name__, error.code)
        status = status_of(error)
        if data:
            return JsonResponse({"code": error.code}, status=status)
        return render(
            request, "microcred/console/trouble.html", {"message": in_words(error), "hidden": error.code in _HIDDEN},
            status=status,
        )


def status_of(error: MicrocredError) -> int:
    """The HTTP status of an error."""
    if error.code in _HIDDEN:
        return 404
    if isinstance(error, NotAllowed):
        return 409
    return 400 if isinstance(error, InvalidInput) else 503


def in_words(error: MicrocredError) -> str:
    """The error in the reader's language."""
    return messages.explain(error, Translator(get_language() or "en"))


def _guarded(response: HttpResponse) -> HttpResponse:
    static = urlsplit(settings.STATIC_URL or "")
    files = f"'self' {static.scheme}://{static.netloc}" if static.netloc else "'self'"
    response.headers.setdefault("Content-Security-Policy", (
        f"default-src 'none'; style-src {files}; script-src {files}; img-src {files}; connect-src 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ))
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
