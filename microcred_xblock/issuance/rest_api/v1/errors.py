"""Every failure as ``{"code", "message", "field"}``, in the reader's language, under the right HTTP status."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import get_language
from rest_framework import exceptions
from rest_framework.response import Response

from .... import messages
from ....domain.errors import (
    InvalidAnswer,
    InvalidInput,
    MicrocredError,
    Misconfigured,
    NotAllowed,
    NotReady,
    WalletRefused,
    WalletUnreachable,
)
from ....translation import Translator

log = logging.getLogger(__name__)

BUSY_SECONDS = 30
# The state of things forbids it now, not the person: asking again later or differently may succeed.
_CONFLICTS = frozenset({
    "award-barred", "award-changed", "award-expired", "consent-missing", "not-issued", "payload-changed",
    "regrade-open", "renewal-state", "renewal-unsigned", "status-change", "wallet-not-connected",
})
_BRANCHES: tuple[tuple[type[MicrocredError], int], ...] = (
    (InvalidInput, 400), (NotReady, 503), (NotAllowed, 403), (Misconfigured, 503), (WalletRefused, 502),
    (WalletUnreachable, 503),
)
_CODES = {
    "api-sign-in": 401, "api-method": 405, "api-media-type": 415, "api-rate": 429, "api-too-large": 413,
}


def translator() -> Translator:
    """For the language of the current request."""
    return Translator(get_language() or "en")


def handler(raised: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler of this API; None leaves a bug to Django and whoever watches it.

    There is no transaction of the request to roll back: services own theirs.
    """
    error = of(raised)
    if error is None:
        return None
    status = status_of(error)
    if status >= 500:
        log.warning("%s: %s", type(context.get("view")).__name__, error.code)
    return Response(encoded(error), status=status, headers=_headers(raised, error, status))


def of(raised: Exception) -> MicrocredError | None:
    """``raised`` as an error of our tree; None for anything unforeseen."""
    if isinstance(raised, MicrocredError):
        return raised
    if isinstance(raised, exceptions.ValidationError):
        return InvalidAnswer("A value is missing or unusable.", code="api-value", field=_first_field(raised.detail))
    if isinstance(raised, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return NotAllowed("Sign in, or send a valid token.", code="api-sign-in")
    if isinstance(raised, Http404 | exceptions.NotFound):
        return NotAllowed("There is nothing at this address.", code="api-unknown")
    if isinstance(raised, exceptions.PermissionDenied | PermissionDenied):
        return NotAllowed("You may not do this.")
    if isinstance(raised, exceptions.MethodNotAllowed):
        return InvalidAnswer("This address does not take that method.", code="api-method")
    if isinstance(raised, exceptions.UnsupportedMediaType):
        return InvalidAnswer("The body is of a media type that is not taken here.", code="api-media-type")
    if isinstance(raised, exceptions.Throttled):
        return NotAllowed("Too many requests.", code="api-rate", seconds=raised.wait)
    if isinstance(raised, exceptions.ParseError):
        return InvalidAnswer("The body is not a JSON object.", code="api-body")
    return None


def status_of(error: MicrocredError) -> int:
    """The HTTP status of an error: by its code where that says more than its branch."""
    if error.code in _CODES:
        return _CODES[error.code]
    if error.code in _CONFLICTS:
        return 409
    if isinstance(error, NotAllowed) and error.code.endswith("-unknown"):
        return 404
    return next((status for branch, status in _BRANCHES if isinstance(error, branch)), 500)


def encoded(error: MicrocredError) -> dict[str, str]:
    """The body of an answer."""
    return {
        "code": error.code, "message": messages.explain(error, translator()),
        "field": str(error.params.get("field") or ""),
    }


def _headers(raised: Exception, error: MicrocredError, status: int) -> dict[str, str]:
    found = {"Cache-Control": "no-store"}
    if status == 401:
        found["WWW-Authenticate"] = getattr(raised, "auth_header", None) or "Session"
    if status == 429:
        found["Retry-After"] = str(error.params["seconds"])
    if status == 503:
        found["Retry-After"] = str(getattr(error, "retry_after", None) or BUSY_SECONDS)
    return found


def _first_field(detail: Any) -> str:
    """The name of the first field that a serializer refused."""
    if not isinstance(detail, dict) or not detail:
        return ""
    name = str(next(iter(detail)))
    return "" if name == "non_field_errors" else name[:100]
