"""The Service Description Document: 1EdTech's OpenAPI file, profiled to this server (Open Badges 3.0 §API Security)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from django.conf import settings

from . import scopes

ELM_MEDIA_TYPES = ["application/jose+json", "application/ld+json", "application/json"]


@cache
def service_description() -> dict[str, Any]:
    """The document, with this server's URLs, its security scheme and its one extension (ELM files)."""
    base = settings.WALLET_BASE_URL
    document = json.loads((files(__package__) / "openapi" / "ob_v3p0_openapi.json").read_text(encoding="utf-8"))
    document["servers"] = [{"url": f"{base}/ims/ob/v3p0", "description": "The demo wallet."}]
    document["info"] = {
        **document["info"],
        "title": "Demo wallet",
        "description": "An Open Badges 3.0 host to try deliveries on.",
        "termsOfService": f"{base}/terms/",
        "x-imssf-privacyPolicyUrl": f"{base}/privacy/",
        "x-imssf-image": f"{base}{settings.STATIC_URL}demo_wallet/logo.svg",
        "x-microcred-elm": {"url": f"{base}/elm/credentials", "mediaTypes": ELM_MEDIA_TYPES},
    }
    document["components"]["securitySchemes"] = {
        "OAuth2ACG": {
            "type": "oauth2",
            "description": "OAuth 2.0 Authorization Code Grant authorization",
            "x-imssf-name": "Demo wallet",
            "x-imssf-privacyPolicyUrl": f"{base}/privacy/",
            "x-imssf-registrationUrl": f"{base}/oauth/registration",
            "x-imssf-termsOfServiceUrl": f"{base}/terms/",
            "x-microcred-revocationUrl": f"{base}/oauth/revoke",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{base}/oauth/authorize",
                    "tokenUrl": f"{base}/oauth/token",
                    "refreshUrl": f"{base}/oauth/token",
                    "scopes": scopes.DESCRIPTION,
                }
            },
        }
    }
    return document
