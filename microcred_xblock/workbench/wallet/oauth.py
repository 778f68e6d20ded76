"""The OAuth endpoints: registration, authorisation with its consent page, token, revocation."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from . import grants, scopes
from .models import Client
from .registration import RegistrationError, register

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@csrf_exempt
@require_POST
def registration(request: HttpRequest) -> HttpResponse:
    """POST of client metadata; 201 with credentials or 400 with an RFC 7591 error."""
    try:
        metadata = json.loads(request.body)
        if not isinstance(metadata, dict):
            raise ValueError
    except (ValueError, RecursionError):
        return _error("invalid_client_metadata", "The body must be a JSON object.")
    try:
        return JsonResponse(register(metadata), status=201, headers=_NO_STORE)
    except RegistrationError as error:
        return _error(error.error, error.description)


@login_required
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The consent page, and the answer to it.

    Only an error of client or redirect URI is shown here; every other one goes back to the application.
    """
    query = request.GET
    client = Client.objects.filter(client_id=query.get("client_id", "")).first()
    redirect_uri = query.get("redirect_uri", "")
    if client is None or redirect_uri not in client.metadata["redirect_uris"]:
        return render(request, "demo_wallet/unknown_client.html", status=400)
    error, wanted = _request_error(query, client)
    if error:
        return _back(redirect_uri, query, error=error)
    if request.method == "GET":
        return _consent_page(request, client, wanted, redirect_uri)
    if request.POST.get("decision") != "allow":
        return _back(redirect_uri, query, error="access_denied")
    code = grants.approve(
        client, request.user, scope=" ".join(wanted), redirect_uri=redirect_uri, challenge=query["code_challenge"]
    )
    return _back(redirect_uri, query, code=code, scope=" ".join(wanted))


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Tokens for a code or a refresh token; the client authenticates with HTTP Basic."""
    client = _basic_client(request)
    if client is None:
        return _error("invalid_client", "The client credentials are wrong.", status=401)
    form = request.POST
    try:
        if form.get("grant_type") == "authorization_code":
            answer = grants.exchange(
                client, code=form.get("code", ""), redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
            )
        elif form.get("grant_type") == "refresh_token":
            answer = grants.refresh(
                client, refresh_token=form.get("refresh_token", ""), scope=form.get("scope", "")
            )
        else:
            raise grants.TokenError("unsupported_grant_type", "Use authorization_code or refresh_token.")
    except grants.TokenError as error:
        return _error(error.error, error.description)
    return JsonResponse(answer, headers=_NO_STORE)


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """RFC 7009; 200 for every token, known or not."""
    client = _basic_client(request)
    if client is None:
        return _error("invalid_client", "The client credentials are wrong.", status=401)
    grants.revoke(client, request.POST.get("token", ""))
    return HttpResponse(headers=_NO_STORE)


def _request_error(query: QueryDict, client: Client) -> tuple[str, list[str]]:
    """An RFC 6749 §4.1.2.1 error code (or empty) and the scopes that may be granted."""
    wanted = [item for item in scopes.known(query.get("scope", "")) if item in client.scopes]
    if query.get("response_type") != "code":
        return "unsupported_response_type", wanted
    if not query.get("state") or query.get("code_challenge_method") != "S256":
        return "invalid_request", wanted
    if not grants.CHALLENGE.fullmatch(query.get("code_challenge", "")):
        return "invalid_request", wanted
    return ("" if wanted else "invalid_scope"), wanted


def _consent_page(request: HttpRequest, client: Client, wanted: list[str], redirect_uri: str) -> HttpResponse:
    target = urlsplit(redirect_uri)
    page = render(
        request, "demo_wallet/consent.html",
        {
            "client": client,
            "host": target.netloc,
            "meanings": [scopes.MEANING[item] for item in wanted],
            "links": [
                (_("About it"), client.metadata["client_uri"]),
                (_("Its terms"), client.metadata["tos_uri"]),
                (_("How it handles your data"), client.metadata["policy_uri"]),
            ],
        },
    )
    # Browsers apply form-action to the redirect that follows the form, so the application's origin must be let in.
    page.form_target = f"{target.scheme}://{target.netloc}"
    return page


def _back(redirect_uri: str, query: QueryDict, **parameters: str) -> HttpResponse:
    """Back to the application, with its state and our identifier (RFC 9207) against mix-up."""
    parameters["state"] = query.get("state", "")
    parameters["iss"] = settings.WALLET_BASE_URL
    joint = "&" if urlsplit(redirect_uri).query else "?"
    response = HttpResponseRedirect(f"{redirect_uri}{joint}{urlencode(parameters)}")
    response.headers["Cache-Control"] = "no-store"
    return response


def _basic_client(request: HttpRequest) -> Client | None:
    kind, _sep, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        identity, separator, secret = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return grants.authenticate(unquote_plus(identity), unquote_plus(secret)) if separator else None


def _error(error: str, description: str, *, status: int = 400) -> JsonResponse:
    body: dict[str, Any] = {"error": error, "error_description": description}
    headers = dict(_NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="wallet"'
    return JsonResponse(body, status=status, headers=headers)
