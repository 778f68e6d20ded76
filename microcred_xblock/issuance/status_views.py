"""What verifiers ask for: signed status lists, the page that tells what a credential is worth, the newest badge.

Nothing here names a learner, and nothing here changes anything but a stored list that has to be signed anew.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from ..credentials import status_list as lists
from ..credentials import token_status_list
from ..domain.credential import Format
from ..domain.errors import MicrocredError, Misconfigured, NotAllowed
from . import issuers, places, rates, refreshing, status, status_publishing, verifying
from .data import CredentialStanding

_FORM_BYTES = verifying.MOST_BYTES + 10_000  # with the other fields
_OPEN = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
_MOST_TEXT = 300
_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)


@transaction.non_atomic_requests  # a list that has to be signed anew is kept whatever becomes of the request
@require_safe
def status_list(request: HttpRequest, uuid: UUID, purpose: str) -> HttpResponse:
    """A signed status list; 304 for whoever has it already."""
    try:
        found = status_publishing.signed_list(uuid, purpose, now=timezone.now())
    except MicrocredError as error:
        return _refused(error)
    kind = token_status_list.MEDIA_TYPE if purpose == lists.TOKEN else lists.MEDIA_TYPE
    response: Any = HttpResponse(found.content, content_type=kind)
    response.headers["Cache-Control"] = f"public, max-age={found.max_age}"
    response.headers["ETag"] = f'"{found.etag}"'
    response = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    return _opened(response)


@require_safe
def verification(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a credential is worth now, for people."""
    try:
        found = status.standing(uuid.urn, now=timezone.now())
    except NotAllowed:
        return _page(request, "microcred/verification_unknown.html", {"credential_id": uuid.urn}, status=404)
    return _page(request, "microcred/verification.html", _told(found))


@transaction.non_atomic_requests  # reads only, and a check takes its time
@csrf_exempt  # only so that a huge upload is refused before it is read; what follows is protected
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Where anybody can have a file checked, or look an id up. Counts with the API's ``verify``."""
    wait = rates.exceeded("verify", f"address {rates.address(request)}") if request.method == "POST" else 0
    if wait:
        problem = {"problem": "rate", "seconds": wait}
        response = _page(request, "microcred/verification_form.html", problem, status=429)
        response.headers["Retry-After"] = str(wait)
        return response
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not _LENGTH.fullmatch(length) or int(length) > _FORM_BYTES:
        return _page(request, "microcred/verification_form.html", {"problem": "size"}, status=413)
    return _verify(request)


@require_safe
def no_verification(request: HttpRequest, name: str) -> HttpResponse:
    """An address of a credential that is none, as a mistyped one is."""
    context = {"credential_id": name[:_MOST_TEXT]}
    return _page(request, "microcred/verification_unknown.html", context, status=404)


@require_safe
def refresh(request: HttpRequest, uuid: UUID, token: str) -> HttpResponse:
    """The badge that took the place of this one; as JWT for whoever accepts ``text/plain`` and no JSON."""
    accepted = request.headers.get("Accept", "")
    compact = "text/plain" in accepted and "json" not in accepted and "application/vc" not in accepted
    try:
        row = refreshing.newest_badge(uuid, token, form=Format.OPEN_BADGE_JWT if compact else Format.OPEN_BADGE)
    except MicrocredError as error:
        response: Any = _refused(error)
        response._has_been_logged = True  # Django logs the address of every such answer; ours holds a secret
        return response
    headers = {**_OPEN, "Cache-Control": "no-store", "Vary": "Accept", "X-Robots-Tag": "noindex"}
    return HttpResponse(bytes(row.content), content_type=row.media_type, headers=headers)


@csrf_protect
def _verify(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, "microcred/verification_form.html", {})
    file, text = request.FILES.get("file"), request.POST.get("id", "")[:_MOST_TEXT].strip()
    if file is not None and file.size:
        found = verifying.verify(file.read(verifying.MOST_BYTES + 1), now=timezone.now())
        told = _told(found.standing) if found.standing is not None else {}
        return _page(request, "microcred/verification.html", {**told, "found": found})
    uuid = status.uuid_of(text.rstrip("/").rpartition("/")[2]) if text else None
    if uuid is not None:
        return HttpResponseRedirect(reverse("microcred:verification", args=[uuid]))
    problem = "empty" if file is not None else "id" if text else "nothing"
    return _page(request, "microcred/verification_form.html", {"problem": problem, "text": text}, status=400)


def _told(found: CredentialStanding) -> dict[str, Any]:
    successor, twin = status.uuid_of(found.successor), status.uuid_of(found.twin)
    return {
        "standing": found, "elm": found.format is Format.ELM, "achievement": places.achievement(found.achievement),
        "successor": places.verification(successor) if successor else "",
        "twin": places.verification(twin) if twin else "",
    }


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """No search engine lists it, no shared cache keeps it, and no other site learns the id from a link."""
    standing = context.get("standing")
    issuer = (standing.issuer_name if standing is not None else "") or issuers.names_of(())
    response = render(request, template, {"issuer": issuer, **context}, status=status)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _refused(error: MicrocredError) -> HttpResponse:
    status_code = 503 if isinstance(error, Misconfigured) else 404
    response = JsonResponse({"error": error.code, "message": error.message}, status=status_code)
    response.headers["Cache-Control"] = "no-store"
    return _opened(response)


def _opened(response: Any) -> HttpResponse:
    for name, value in _OPEN.items():
        response.headers[name] = value
    return response
