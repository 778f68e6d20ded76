"""Documents signed as issuing signs them, and judged as a verifier judges: by the DID document at its address."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from microcred_xblock.credentials import open_badges, pinned
from microcred_xblock.issuance import issuers
from microcred_xblock.proofs import data_integrity, did, jose
from tests import factories


def resolve(identifier: str) -> dict[str, Any] | None:
    """The document at the address that did:web gives, asked on that host."""
    url = did.did_web_url(identifier)
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    response = Client().get(f"/{path}", headers={"host": host}, secure=scheme == "https")
    return response.json() if response.status_code == 200 else None


def badge(key: str = "") -> dict[str, Any]:
    """A badge with an embedded proof by the issuer's key of this moment."""
    signer = issuers.signer(key)
    secured = data_integrity.secure(
        composed(key), key=signer.badge, verification_method=signer.badge_method, now=timezone.now(),
        loader=pinned.document_loader,
    )
    return json.loads(secured.content)


def token(key: str = "") -> str:
    """The same badge as a VC-JWT."""
    signer = issuers.signer(key)
    return jose.secure(composed(key), key=signer.badge_jwt, key_id=signer.badge_jwt_method).content.decode("ascii")


def composed(key: str = "") -> Any:
    """The badge of the factories' award, by an issuer of the settings."""
    return open_badges.compose(
        factories.make_award(), issuers.issuer(key), factories.make_holder(), credential_id=factories.CREDENTIAL_ID,
        achievement_id=factories.ACHIEVEMENT_ID, salt=factories.SALT, valid_from=factories.NOW,
    )


def method_of(signed: dict[str, Any]) -> str:
    """The key that a badge says it was signed with."""
    return signed["proof"][0]["verificationMethod"]


def check(signed: dict[str, Any], *, now: datetime | None = None) -> None:
    """InvalidDocument, or KeyError where the issuer does not publish the key."""
    data_integrity.verify(signed, public_key_for=_published, loader=pinned.document_loader, now=now or timezone.now())


def _published(method: str) -> bytes:
    document = resolve(method.partition("#")[0]) or {}
    if method not in document.get("assertionMethod", ()):
        raise KeyError(method)
    methods = {item["id"]: item for item in document["verificationMethod"]}
    return did.ed25519_key_of(f"#{methods[method]['publicKeyMultibase']}")
