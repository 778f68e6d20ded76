"""Tokens of the platform that stand for an account: JWT and OAuth 2 access tokens."""

from __future__ import annotations

from typing import Any

from .runtime import LMS, platform


def token_authentication() -> tuple[type, ...]:
    """The platform's classes of DRF authentication by JWT and by access token; none outside the LMS."""
    if platform() != LMS:
        return ()
    from edx_rest_framework_extensions.auth.jwt.authentication import JwtAuthentication
    from openedx.core.lib.api.authentication import BearerAuthentication

    return JwtAuthentication, BearerAuthentication


def restricted_token(request: Any) -> bool:
    """Whether a DRF request carries a token of an application that may do only what its scopes say."""
    if platform() != LMS:
        return False
    from edx_rest_framework_extensions.permissions import NotJwtRestrictedApplication

    return not NotJwtRestrictedApplication().has_permission(request, None)
