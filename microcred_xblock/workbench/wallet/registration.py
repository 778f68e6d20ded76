"""Dynamic client registration (RFC 7591, as Open Badges 3.0 §API Security profiles it)."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from . import scopes
from .models import Client, digest

_TEXTS = ("client_name", "software_id", "software_version", "scope")
_URLS = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class RegistrationError(Exception):
    """A refused registration: an RFC 7591 §3.2.2 error code and an ASCII description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def register(request: dict[str, Any]) -> dict[str, Any]:
    """Store a client and return the registration response: all its metadata, id and secret."""
    metadata = _checked(request)
    client_id, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    Client.objects.create(client_id=client_id, secret_digest=digest(secret), metadata=metadata)
    return {
        "client_id": client_id,
        "client_secret": secret,
        "client_id_issued_at": int(time.time()),
        "client_secret_expires_at": 0,
        **metadata,
    }


def _checked(request: dict[str, Any]) -> dict[str, Any]:
    for name in (*_TEXTS, *_URLS):
        value = request.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > 2000:
            raise RegistrationError("invalid_client_metadata", f"{name} is required and must be text.")
    redirects = request.get("redirect_uris")
    if not isinstance(redirects, list) or not 0 < len(redirects) <= 10:
        raise RegistrationError("invalid_redirect_uri", "redirect_uris is required and must be a list.")
    hosts = {_host(request[name], "invalid_client_metadata", name) for name in _URLS}
    hosts |= {_host(uri, "invalid_redirect_uri", "redirect_uris") for uri in redirects}
    if len(hosts) != 1:
        raise RegistrationError("invalid_client_metadata", "All URLs must have the same hostname.")
    granted = scopes.known(request["scope"])
    if not granted:
        raise RegistrationError("invalid_client_metadata", "scope names no scope of this server.")
    _check_choices(request)
    kept = {name: request[name] for name in (*_TEXTS, *_URLS)}
    if isinstance(request.get("contacts"), list):
        kept["contacts"] = [item for item in request["contacts"] if isinstance(item, str)][:10]
    return {
        **kept,
        "redirect_uris": redirects,
        "scope": " ".join(granted),
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": request.get("grant_types", ["authorization_code"]),
        "response_types": ["code"],
    }


def _host(url: Any, error: str, name: str) -> str:
    """The hostname of an https URL without fragment or user; plain http is for loopback alone."""
    try:
        parts = urlsplit(url) if isinstance(url, str) and url.isascii() and len(url) <= 2000 else None
        host = parts.hostname if parts else None
        allowed = parts is not None and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
    except ValueError:
        host, allowed, parts = None, False, None
    if parts is None or not host or not allowed or parts.fragment or parts.username is not None:
        raise RegistrationError(error, f"{name} must be an https URL without fragment.")
    if any(character <= " " or character in '"<>\\' for character in url):
        raise RegistrationError(error, f"{name} must be an https URL without fragment.")
    return host


def _check_choices(request: dict[str, Any]) -> None:
    for name, allowed in (
        ("grant_types", {"authorization_code", "refresh_token"}),
        ("response_types", {"code"}),
    ):
        value = request.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item in allowed for item in value):
            raise RegistrationError("invalid_client_metadata", f"{name} may hold only {', '.join(sorted(allowed))}.")
    if request.get("token_endpoint_auth_method", "client_secret_basic") != "client_secret_basic":
        raise RegistrationError(
            "invalid_client_metadata", "token_endpoint_auth_method must be client_secret_basic."
        )
