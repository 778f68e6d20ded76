"""The resource server: discovery, credentials, profile (Open Badges 3.0 API), and the extension for ELM files."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from . import discovery as sdd
from . import grants, scopes
from .models import Profile, StoredCredential, Token
from .receiving import receive
from .status_info import ApiError
from .verification.reading import members

log = logging.getLogger(__name__)
_Form = StoredCredential.Form
_BADGE_TYPES = {
    "application/json": _Form.BADGE,
    "application/ld+json": _Form.BADGE,
    "application/vc+ld+json": _Form.BADGE,
    "application/vc": _Form.BADGE,
    "text/plain": _Form.BADGE_JWT,
}
_PAGE_MAX = 100


def endpoint(**methods: tuple[str, Callable]) -> Callable[[HttpRequest], HttpResponse]:
    """A view from ``METHOD=(scope, handler)``: checks method, token and scope, and turns every error into imsx."""

    @csrf_exempt
    @functools.wraps(endpoint)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            if request.method not in methods:
                allowed = ", ".join(methods)
                raise ApiError(405, f"This resource answers to {allowed} only.", headers={"Allow": allowed})
            scope, handler = methods[request.method]
            return handler(request, _authorised(request, scope) if scope else None)
        except ApiError as error:
            return error.response()
        except RequestDataTooBig:
            return ApiError(413, "The body is too large.").response()
        except Exception:
            log.exception("unexpected error at %s", request.path)
            return ApiError(500, "The wallet made a mistake. Try again later.").response()

    return view


def _authorised(request: HttpRequest, scope: str) -> Token:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = grants.bearer(value.strip()) if kind.lower() == "bearer" else None
    if token is None:
        raise ApiError(
            401, "A valid access token is needed.", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
        )
    if scope not in token.scope.split():
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise ApiError(403, "The access token does not cover this.", headers={"WWW-Authenticate": challenge})
    return token


def _discovery(request: HttpRequest, _token: None) -> HttpResponse:
    body = json.dumps(sdd.service_description(), ensure_ascii=False).encode("utf-8")
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body, content_type="application/json; charset=utf-8", headers=headers)


def _upsert(request: HttpRequest, token: Token) -> HttpResponse:
    media_type = _media_type(request)
    if media_type not in _BADGE_TYPES:
        raise ApiError(400, "Send application/json (embedded proof) or text/plain (compact JWS).")
    return _store(request, token, _BADGE_TYPES[media_type], media_type)


def _upsert_elm(request: HttpRequest, token: Token) -> HttpResponse:
    media_type = _media_type(request)
    if media_type not in sdd.ELM_MEDIA_TYPES:
        raise ApiError(400, f"Send one of {', '.join(sdd.ELM_MEDIA_TYPES)}.")
    return _store(request, token, _Form.ELM, media_type)


def _store(request: HttpRequest, token: Token, form: str, media_type: str) -> HttpResponse:
    """201 created, 200 replaced, both echoing the body; 304 when the wallet holds a newer one."""
    result = receive(request.body, form, media_type, owner=token.grant.owner, client=token.grant.client)
    if result.kept:
        return HttpResponse(status=304)
    location = f"{settings.WALLET_BASE_URL}/credentials/{result.stored.pk}/"
    return HttpResponse(
        request.body, status=201 if result.created else 200, content_type=media_type, headers={"Location": location}
    )


def _list(request: HttpRequest, token: Token) -> HttpResponse:
    """The badges, newest first, in pages; embedded proofs and compact JWS in two arrays."""
    limit = min(_number(request, "limit", least=1, default=_PAGE_MAX), _PAGE_MAX)
    offset = _number(request, "offset", least=0, default=0)
    rows = token.grant.owner.credentials.exclude(form=_Form.ELM)
    since = _since(request)
    if since is not None:
        rows = rows.filter(valid_from__gt=since)
    total = rows.count()
    page = list(rows[offset : offset + limit])
    body = {
        "credential": [row.document for row in page if row.form == _Form.BADGE],
        "compactJwsString": [bytes(row.content).decode("ascii").strip() for row in page if row.form == _Form.BADGE_JWT],
    }
    headers = {"X-Total-Count": str(total)}
    if len(page) < total:
        headers["Link"] = _links(limit, offset, total, since)
    return JsonResponse(body, headers=headers)


def _links(limit: int, offset: int, total: int, since: datetime | None) -> str:
    places = {"first": 0, "last": (total - 1) // limit * limit}
    if offset + limit < total:
        places["next"] = offset + limit
    if offset > 0:
        places["prev"] = max(0, offset - limit)
    links = []
    for relation, place in places.items():
        query = {"limit": limit, "offset": place}
        if since is not None:
            query["since"] = since.isoformat()
        links.append(f'<{settings.WALLET_BASE_URL}/ims/ob/v3p0/credentials?{urlencode(query)}>; rel="{relation}"')
    return ", ".join(links)


def _get_profile(_request: HttpRequest, token: Token) -> HttpResponse:
    return JsonResponse(profile_of(token.grant.owner))


def _put_profile(request: HttpRequest, token: Token) -> HttpResponse:
    """Replace the profile; its id stays ours."""
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "Profile" not in members(document.get("type")):
        raise ApiError(400, "The body must be a Profile.")
    owner = token.grant.owner
    document["id"] = profile_of(owner)["id"]
    Profile.objects.update_or_create(owner=owner, defaults={"document": document})
    return JsonResponse(document)


def profile_of(owner) -> dict:
    """The stored Profile of an account, or the one its registration makes."""
    stored = Profile.objects.filter(owner=owner).first()
    if stored is not None:
        return stored.document
    return {
        "@context": ["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
        "id": f"{settings.WALLET_BASE_URL}/people/{owner.pk}",
        "type": ["Profile"],
        "name": owner.first_name,
        "email": owner.email,
    }


def _media_type(request: HttpRequest) -> str:
    return (request.content_type or "").lower()


def _number(request: HttpRequest, name: str, *, least: int, default: int) -> int:
    value = request.GET.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) >= least):
        raise ApiError(400, f"{name} must be a whole number from {least}.", minor="invalid_query_parameter")
    return int(value)


def _since(request: HttpRequest) -> datetime | None:
    value = request.GET.get("since")
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise ApiError(400, "since must be an ISO 8601 time.", minor="invalid_query_parameter") from error
    return found if found.utcoffset() is not None else timezone.make_aware(found, timezone.get_default_timezone())


discovery = endpoint(GET=("", _discovery))
credentials = endpoint(GET=(scopes.READ, _list), POST=(scopes.UPSERT, _upsert))
profile = endpoint(GET=(scopes.PROFILE_READ, _get_profile), PUT=(scopes.PROFILE_UPDATE, _put_profile))
elm_credentials = endpoint(POST=(scopes.UPSERT, _upsert_elm))


@csrf_exempt
def unknown_path(_request: HttpRequest, _base: str) -> HttpResponse:
    """Any other path under the API's base."""
    return ApiError(404, "There is no such resource.").response()
