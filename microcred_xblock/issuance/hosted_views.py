"""The hosted documents of Open Badges 2.0, for verifiers and wallets anywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ..credentials.open_badges_2 import MEDIA_TYPE
from ..domain.errors import MicrocredError, NotAllowed
from . import hosting

_OPEN = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}
_DRAWING = "default-src 'none'; style-src 'unsafe-inline'"
_NOT_KEPT = "no-store"  # what an Assertion says may end at any moment
_KEPT = "public, max-age=300"


def _told(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 as JSON for what is not shown. Never 410, which would say that it was revoked, and never 5xx, which would
    say that this server is at fault."""

    @require_safe
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except MicrocredError as error:
            code = error.code if isinstance(error, NotAllowed) else "unavailable"
            return JsonResponse({"error": code}, status=404, headers={**_OPEN, "Cache-Control": "no-store"})

    return wrapper


@_told
def assertion(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The Assertion of one learner; 410 with what is left of it once it is revoked (Open Badges 2.0, § Revoking)."""
    document, gone = hosting.assertion(uuid, now=timezone.now())
    return _document(request, document, kept=_NOT_KEPT, status=410 if gone else 200)


@_told
def badge_class(request: HttpRequest, uuid: UUID, issuer_key: str = "") -> HttpResponse:
    """The BadgeClass of a pill."""
    return _document(request, hosting.badge_class(uuid, issuer_key), kept=_KEPT)


@_told
def profile(request: HttpRequest, issuer_key: str = "") -> HttpResponse:
    """The Profile of an awarding body."""
    return _document(request, hosting.profile(issuer_key), kept=_KEPT)


@_told
def picture(_request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The picture of a BadgeClass. Scripts in a drawing never run, wherever it is opened."""
    found = hosting.picture(uuid)
    headers = {**_OPEN, "Cache-Control": _KEPT, "Content-Security-Policy": _DRAWING}
    return HttpResponse(found.data, content_type=found.media_type, headers=headers)


def _document(request: HttpRequest, document: dict[str, Any], *, kept: str, status: int = 200) -> HttpResponse:
    """As JSON-LD, or as plain JSON for whoever asks for that only (Open Badges 2.0, § Setting Content-Type)."""
    accepted = request.headers.get("Accept", "")
    plain = "application/json" in accepted and "ld+json" not in accepted and "*/*" not in accepted
    return JsonResponse(
        document, status=status, content_type="application/json" if plain else MEDIA_TYPE,
        headers={**_OPEN, "Cache-Control": kept, "Vary": "Accept"}, json_dumps_params={"ensure_ascii": False},
    )
