"""The endpoints of OpenID4VCI (decision 32). They parse nothing themselves: see ``openid4vci``.

Open to wallets in browsers, as no cookie is looked at. No secret reaches a log: an answer that Django would log with
its address, which may hold one, is marked as logged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from ..domain.errors import MicrocredError, Misconfigured, NotAllowed
from ..wallets import oid4vci
from . import openid4vci, places, rates

log = logging.getLogger(__name__)

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)
_OPEN = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_View = Callable[..., HttpResponse]


def _endpoint(method: str, *, counted: bool = True, content_type: str = "", error: str = "invalid_request") -> Any:
    """A view that answers in JSON whatever happens. ``error`` says that the request is not one, as the endpoint does.

    Not in a transaction of the request: what was redeemed or used stays so when something fails later.
    """

    def decorate(view: _View) -> _View:
        @csrf_exempt
        @transaction.non_atomic_requests
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                return _preflight(method)
            try:
                _check(request, method, counted=counted, content_type=content_type, error=error)
                return _opened(view(request, *args, **kwargs))
            except oid4vci.Refusal as refusal:
                log.info("%s: %s (%s)", view.__name__, refusal.error, refusal.code)
                return _refused(refusal)
            except Http404:
                return _refused(_missing("There is nothing at this address."))
            except MicrocredError as found:
                log.info("%s: %s", view.__name__, found.code)
                return _refused(_as_refusal(found))
            except Exception:
                log.exception("%s failed.", view.__name__)
                return _refused(oid4vci.Refusal("Something went wrong here.", error="server_error", status=500))

        return wrapper

    return decorate


@_endpoint("GET", counted=False)
def issuer_metadata(_request: HttpRequest, place: str) -> HttpResponse:
    """The metadata of 1.0, whose address has the well-known name between host and path."""
    _here(place)
    return _document(openid4vci.issuer_metadata(oid4vci.Shape.FINAL))


@_endpoint("GET", counted=False)
def draft_metadata(_request: HttpRequest) -> HttpResponse:
    """The metadata of draft 13, whose address has the well-known name at its end."""
    return _document(openid4vci.issuer_metadata(oid4vci.Shape.DRAFT_13))


@_endpoint("GET", counted=False)
def server_metadata(_request: HttpRequest, place: str | None = None) -> HttpResponse:
    """The authorisation server's metadata, at both kinds of address."""
    if place is not None:
        _here(place)
    return _document(openid4vci.server_metadata())


@_endpoint("GET", counted=False)
def jwt_issuer(_request: HttpRequest, place: str) -> HttpResponse:
    """The keys of SD-JWTs, at the well-known address of their ``iss``."""
    root = f"{urlsplit(places.openid4vci()).path}/"
    found = openid4vci.jwt_issuer(f"/{place}".removeprefix(root)) if f"/{place}".startswith(root) else None
    if found is None:
        raise _missing("No issuer has this address.")
    return _document(found)


@_endpoint("GET", counted=False)
def credential_type(_request: HttpRequest) -> HttpResponse:
    """What the ``vct`` of the SD-JWT VC leads to."""
    return _document(openid4vci.type_metadata())


@_endpoint("GET")
def offer(_request: HttpRequest, secret: str) -> HttpResponse:
    """The Credential Offer. To look at it uses nothing up."""
    try:
        return _kept_nowhere(JsonResponse(openid4vci.open_offer(secret, now=timezone.now())))
    except NotAllowed as error:
        raise _missing(error.message) from error


@_endpoint("POST", content_type=_FORM)
def token(request: HttpRequest) -> HttpResponse:
    """A token for a pre-authorised code."""
    return _answer(openid4vci.token(request.body, now=timezone.now()))


@_endpoint("POST")
def nonce(_request: HttpRequest) -> HttpResponse:
    """A nonce for a key proof."""
    return _answer(openid4vci.nonce(now=timezone.now()))


@_endpoint("POST", content_type=_JSON, error="invalid_credential_request")
def credential(request: HttpRequest) -> HttpResponse:
    """The credential, or a transaction id."""
    return _answer(openid4vci.credential(_told(request), request.body, now=timezone.now()))


@_endpoint("POST", content_type=_JSON, error="invalid_credential_request")
def deferred(request: HttpRequest) -> HttpResponse:
    """The credential that could not be signed at once."""
    return _answer(openid4vci.deferred(_told(request), request.body, now=timezone.now()))


@_endpoint("POST", content_type=_JSON, error="invalid_notification_request")
def notification(request: HttpRequest) -> HttpResponse:
    """What became of a credential."""
    openid4vci.notified(_told(request), request.body, now=timezone.now())
    return _kept_nowhere(HttpResponse(status=204))


def _check(request: HttpRequest, method: str, *, counted: bool, content_type: str, error: str) -> None:
    if request.method not in (("GET", "HEAD") if method == "GET" else (method,)):
        raise oid4vci.Refusal(f"Only {method} is understood here.", error=error, status=405)
    wait = rates.exceeded("collect", f"address {rates.address(request)}") if counted else 0
    if wait:
        raise _TooOften(wait)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not _LENGTH.fullmatch(length) or int(length) > oid4vci.MOST_BYTES:
        raise oid4vci.Refusal("The request is too large.", error=error, status=413)
    if content_type and request.content_type != content_type:
        raise oid4vci.Refusal(f"The request must be {content_type}.", error=error)


class _TooOften(oid4vci.Refusal):
    def __init__(self, seconds: int) -> None:
        super().__init__("Too many requests: try again later.", error="temporarily_unavailable", status=429)
        self.seconds = seconds


def _as_refusal(found: MicrocredError) -> oid4vci.Refusal:
    if isinstance(found, Misconfigured):
        return oid4vci.Refusal("This is not set up here.", error="server_error", status=503, code=found.code)
    return _missing(found.message) if isinstance(found, NotAllowed) else oid4vci.Refusal(
        found.message, error="invalid_request", code=found.code
    )


def _missing(message: str) -> oid4vci.Refusal:
    return oid4vci.Refusal(message, error="not_found", status=404)


def _refused(refusal: oid4vci.Refusal) -> HttpResponse:
    body = openid4vci.refusal_body(refusal, now=timezone.now())
    response: Any = _kept_nowhere(JsonResponse(body, status=refusal.status))
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if isinstance(refusal, _TooOften):
        response.headers["Retry-After"] = str(refusal.seconds)
    response._has_been_logged = True  # Django logs the address of every such answer; ours may hold a secret
    return _opened(response)


def _preflight(method: str) -> HttpResponse:
    response = HttpResponse(status=204)
    response.headers["Access-Control-Allow-Methods"] = f"{method}, OPTIONS"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response.headers["Access-Control-Max-Age"] = "600"
    return _opened(response)


def _here(place: str) -> None:
    """Http404 for the well-known address of any other issuer."""
    if f"/{place}" != urlsplit(places.openid4vci()).path:
        raise Http404


def _told(request: HttpRequest) -> str | None:
    return request.META.get("HTTP_AUTHORIZATION")


def _answer(found: openid4vci.Answer) -> HttpResponse:
    return _kept_nowhere(JsonResponse(found.body, status=found.status))


def _document(found: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(found)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _kept_nowhere(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


def _opened(response: HttpResponse) -> HttpResponse:
    for name, value in _OPEN.items():
        response.headers[name] = value
    return response
