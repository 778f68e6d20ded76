"""The addresses of VC-API interactions (decision 33): for wallets JSON, for a browser that came by the link a page.

Open to wallets in browsers, as no cookie is looked at. No secret reaches a log: an answer that Django would log with
its address, which holds one, is marked as logged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from ..wallets import vc_api as messages
from . import issuers, rates, vc_api

log = logging.getLogger(__name__)

_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEADERS = {
    "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Vary": "Accept",
}
_View = Callable[..., HttpResponse]


def _endpoint(*methods: str) -> Callable[[_View], _View]:
    """A view that answers in JSON whatever happens.

    Not in a transaction of the request: what was redeemed stays so when something fails later.
    """

    def decorate(view: _View) -> _View:
        @csrf_exempt
        @transaction.non_atomic_requests
        @wraps(view)
        def wrapper(request: HttpRequest, secret: str) -> HttpResponse:
            if request.method == "OPTIONS":
                return _preflight(methods)
            try:
                _check(request, methods)
                return _opened(view(request, secret))
            except messages.Refusal as refusal:
                log.info("%s: %s", view.__name__, refusal.code)
                return _refused(request, refusal)
            except Exception:
                log.exception("%s failed.", view.__name__)
                return _refused(request, messages.Refusal("Something went wrong here.", status=500, code="internal"))

        return wrapper

    return decorate


@_endpoint("GET", "HEAD")
def interaction(request: HttpRequest, secret: str) -> HttpResponse:
    """The protocols by which a wallet may go on; a page for a browser. To look uses nothing up."""
    found = vc_api.interaction(secret, now=timezone.now())
    if not _is_browser(request):
        return JsonResponse(found)
    return render(request, "microcred/interaction.html", {
        "issuer": issuers.names_of([""]), "links": vc_api.app_links(secret),
    })


@_endpoint("POST")
def exchange(request: HttpRequest, secret: str) -> HttpResponse:
    """The exchange: ``{}``, then a presentation."""
    return JsonResponse(vc_api.exchange(secret, request.body, now=timezone.now()))


@_endpoint("POST")
def lcw(request: HttpRequest, secret: str) -> HttpResponse:
    """Where LCW's own link leads."""
    given = vc_api.lcw(secret, request.body, now=timezone.now())
    return HttpResponse(messages.plain(given), content_type="application/json")


def _check(request: HttpRequest, methods: tuple[str, ...]) -> None:
    if request.method not in methods:
        raise messages.Refusal(f"Only {methods[0]} is understood here.", status=405)
    wait = rates.exceeded("collect", f"address {rates.address(request)}")
    if wait:
        raise messages.Refusal("Too many requests: try again later.", status=429, code="api-rate", seconds=wait)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not _LENGTH.fullmatch(length) or int(length) > messages.MOST_BYTES:
        raise messages.Refusal("The request is too large.", status=413)


def _is_browser(request: HttpRequest) -> bool:
    accepted = request.headers.get("Accept", "")
    return "text/html" in accepted and "json" not in accepted


def _refused(request: HttpRequest, refusal: messages.Refusal) -> HttpResponse:
    response: Any
    if _is_browser(request) and refusal.status in (404, 410):
        response = render(
            request, "microcred/interaction.html", {"issuer": issuers.names_of([""]), "links": None},
            status=refusal.status,
        )
    else:
        response = JsonResponse(
            messages.problem(refusal), status=refusal.status, content_type="application/problem+json"
        )
    if refusal.seconds:
        response.headers["Retry-After"] = str(refusal.seconds)
    response._has_been_logged = True  # Django logs the address of every such answer; ours holds a secret
    return _opened(response)


def _preflight(methods: tuple[str, ...]) -> HttpResponse:
    response = HttpResponse(status=204)
    response.headers["Access-Control-Allow-Methods"] = ", ".join((*methods, "OPTIONS"))
    response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
    response.headers["Access-Control-Max-Age"] = "600"
    return _opened(response)


def _opened(response: HttpResponse) -> HttpResponse:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    return response
