"""Codes and tokens: the authorisation code grant with PKCE S256, refresh with rotation, revocation.

RFC 6749 §4.1 and §6, RFC 7636, RFC 7009; single use and family revocation as RFC 9700 asks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from . import scopes
from .models import Client, Grant, Token, digest

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class TokenError(Exception):
    """A refused token request: an RFC 6749 §5.2 error code and an ASCII description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def approve(client: Client, owner: AbstractBaseUser, *, scope: str, redirect_uri: str, challenge: str) -> str:
    """A fresh authorisation code, bound to client, person, redirect URI and PKCE challenge."""
    code = secrets.token_urlsafe(32)
    Grant.objects.create(
        client=client, owner=owner, scope=scope, redirect_uri=redirect_uri, code_challenge=challenge,
        code_digest=digest(code), code_expires_at=timezone.now() + timedelta(seconds=settings.WALLET_CODE_SECONDS),
    )
    return code


def authenticate(client_id: str, secret: str) -> Client | None:
    """The client with that id and secret."""
    client = Client.objects.filter(client_id=client_id).first()
    if client is None or not hmac.compare_digest(client.secret_digest, digest(secret)):
        return None
    return client


def exchange(client: Client, *, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
    """Tokens for a code. A code that is used twice revokes everything the first use gave."""
    with transaction.atomic():
        grant = Grant.objects.select_related("owner").filter(code_digest=digest(code), client=client).first()
        if grant is None:
            raise TokenError("invalid_grant", "The code is not known.")
        if grant.code_used:
            _revoke(grant)
            refused = "The code was used before."
        elif grant.code_expires_at <= timezone.now():
            refused = "The code has expired."
        elif grant.redirect_uri != redirect_uri:
            refused = "redirect_uri is not the one of the authorisation request."
        elif not _proves(verifier, grant.code_challenge):
            refused = "code_verifier does not match the challenge."
        else:
            grant.code_used = True
            grant.save(update_fields=["code_used"])
            return _issue(grant, grant.scope)
    raise TokenError("invalid_grant", refused)


def refresh(client: Client, *, refresh_token: str, scope: str) -> dict[str, Any]:
    """New tokens for a refresh token, which is spent. A spent one that comes back revokes the whole grant."""
    with transaction.atomic():
        token = _find(refresh_token, Token.Kind.REFRESH)
        if token is None or token.grant.client_id != client.pk or token.grant.revoked:
            raise TokenError("invalid_grant", "The refresh token is not known.")
        if not token.used:
            wanted = scopes.known(scope) or token.grant.scope.split()
            if not set(wanted) <= set(token.grant.scope.split()):
                raise TokenError("invalid_scope", "The scope is larger than the one that was granted.")
            token.used = True
            token.save(update_fields=["used"])
            token.grant.tokens.filter(kind=Token.Kind.ACCESS).delete()
            return _issue(token.grant, " ".join(wanted))
        _revoke(token.grant)
    raise TokenError("invalid_grant", "The refresh token was used before.")


def revoke(client: Client, token: str) -> None:
    """Forget the grant a token belongs to; an unknown token is no error (RFC 7009 §2.2)."""
    found = Token.objects.select_related("grant").filter(token_digest=digest(token), grant__client=client).first()
    if found is not None:
        _revoke(found.grant)


def bearer(token: str) -> Token | None:
    """The valid access token, with its grant and its owner."""
    found = _find(token, Token.Kind.ACCESS)
    if found is None or found.grant.revoked or (found.expires_at and found.expires_at <= timezone.now()):
        return None
    return found


def _find(token: str, kind: str) -> Token | None:
    rows = Token.objects.select_related("grant", "grant__owner", "grant__client")
    return rows.filter(token_digest=digest(token), kind=kind).first()


def _revoke(grant: Grant) -> None:
    grant.revoked = True
    grant.save(update_fields=["revoked"])
    grant.tokens.all().delete()


def _issue(grant: Grant, scope: str) -> dict[str, Any]:
    access = secrets.token_urlsafe(32)
    Token.objects.create(
        grant=grant, kind=Token.Kind.ACCESS, token_digest=digest(access), scope=scope,
        expires_at=timezone.now() + timedelta(seconds=settings.WALLET_TOKEN_SECONDS),
    )
    answer = {
        "access_token": access, "token_type": "Bearer", "expires_in": settings.WALLET_TOKEN_SECONDS, "scope": scope,
    }
    if "refresh_token" in grant.client.metadata["grant_types"] and scopes.OFFLINE in grant.scope.split():
        answer["refresh_token"] = secrets.token_urlsafe(32)
        Token.objects.create(
            grant=grant, kind=Token.Kind.REFRESH, token_digest=digest(answer["refresh_token"]), scope=grant.scope,
        )
    return answer


def _proves(verifier: str, challenge: str) -> bool:
    if not _VERIFIER.fullmatch(verifier):
        return False
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    return hmac.compare_digest(hashed.decode("ascii"), challenge)
