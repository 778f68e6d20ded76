"""From a document to the signed bytes, with its issuer's keys. Whoever calls enters the use of a key in the audit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from ..credentials import open_badges, pinned, sd_jwt_vc
from ..domain.credential import Credential, Format, VerifiableCredential
from ..proofs import data_integrity, jades, jose, sd_jwt
from ..proofs.keys import SealCertificate, SigningKey
from . import issuers

_templates = data_integrity.TemplateCache()


class Desk:
    """An issuer's keys as many signatures need them: each with its name and its row, looked up once."""

    def __init__(self, issuer_key: str) -> None:
        self._signer = issuers.signer(issuer_key)

    @cached_property
    def badge(self) -> tuple[SigningKey, str, int | None]:
        """The key of embedded proofs."""
        key = self._signer.badge
        return key, self._signer.badge_method, self._signer.row_of(key)

    @cached_property
    def badge_jwt(self) -> tuple[SigningKey, str, int | None]:
        """The key of VC-JWTs."""
        key = self._signer.badge_jwt
        return key, self._signer.badge_jwt_method, self._signer.row_of(key)

    @cached_property
    def seal(self) -> tuple[SealCertificate, int | None]:
        """The organisation's certificate."""
        seal = self._signer.seal
        return seal, self._signer.row_of(seal.key)


def sign_claims(
    shown: Mapping[str, Any], hidden: Mapping[str, Any], *, credential_id: str, desk: Desk
) -> tuple[VerifiableCredential, int | None]:
    """The award as SD-JWT VC, each of ``hidden`` in a disclosure of its own. Otherwise as ``sign``."""
    key, method, key_row = desk.badge_jwt
    content = sd_jwt.issue(
        shown, hidden, key=key, key_id=method, type_=sd_jwt_vc.TYPE, salt=lambda: secrets.token_urlsafe(16)
    )
    made = VerifiableCredential(
        id=credential_id, format=Format.SD_JWT, media_type=sd_jwt_vc.MEDIA_TYPE, content=content.encode("ascii"),
        extension="sd-jwt",
    )
    return made, key_row


def sign(
    document: Mapping[str, Any], *, credential_id: str, format_: Format, now: datetime, desk: Desk
) -> tuple[VerifiableCredential, int | None]:
    """The signed credential, and the row of the key that signed it. Keys may be far away: outside any transaction.

    InvalidDocument where the document cannot be signed in this form, Misconfigured.
    """
    badge = format_ is not Format.ELM
    composed = Credential(id=credential_id, format=Format.OPEN_BADGE if badge else Format.ELM, document=document)
    if format_ is Format.OPEN_BADGE_JWT:
        key, method, key_row = desk.badge_jwt
        return jose.secure(composed, key=key, key_id=method), key_row
    if format_ is Format.ELM:
        certificate, key_row = desk.seal
        return jades.seal(composed, certificate=certificate, now=now), key_row
    key, method, key_row = desk.badge
    signed_badge = data_integrity.secure(
        composed, key=key, verification_method=method, now=now, loader=pinned.document_loader, cache=_templates,
    )
    open_badges.validate_proof(json.loads(signed_badge.content), composed.document)
    return signed_badge, key_row
