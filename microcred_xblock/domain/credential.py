"""Issuer, holder, credential, verifiable credential and delivery receipt."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID, uuid5

from .errors import InvalidInput
from .outcomes import checked_iri
from .text import LINE_MAX, aware, checked_text

_COUNTRY = re.compile(r"[A-Z]{3}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Format(str, Enum):
    """The forms in which an award is issued."""

    OPEN_BADGE = "ob3"  # Open Badge 3.0, JSON-LD with an embedded Data Integrity proof
    OPEN_BADGE_JWT = "ob3-jwt"  # the same badge as a VC-JWT
    ELM = "elm"  # European Digital Credential, JAdES-sealed
    SD_JWT = "sd-jwt"  # the award as claims that the holder shows one by one; only ever bound to a wallet's key


class BoundForm(str, Enum):
    """The forms in which a wallet collects an award, bound to a key of its own; as OpenID4VCI 1.0 names them."""

    LDP_VC = "ldp_vc"  # the badge with an embedded proof
    JWT_VC_JSON = "jwt_vc_json"  # the badge as a VC-JWT
    SD_JWT_VC = "dc+sd-jwt"  # claims that the holder shows one by one


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """The awarding body.

    ``id`` is its DID. ``legal_identifier`` is the organisation identifier as in its certificate
    (attribute 2.5.4.97, e.g. ``NTRFR-123456789``); ``country`` is ISO 3166-1 alpha-3, as the EU
    country vocabulary wants it. ``name`` may differ from ``legal_name``.
    """

    id: str
    name: str
    legal_name: str
    legal_identifier: str
    country: str
    url: str
    email: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        if not self.id.startswith("did:"):
            raise InvalidInput("An issuer is identified by a DID.", code="issuer-id", field="id")
        for name in ("name", "legal_name", "legal_identifier"):
            checked_text(getattr(self, name), field=name, limit=LINE_MAX)
        checked_text(self.address, field="address", limit=LINE_MAX, required=False)
        if not _COUNTRY.fullmatch(self.country):
            raise InvalidInput("The country must be a three-letter code such as FRA.", code="country", field="country")
        checked_iri(self.url, field="url")
        if self.email and not _EMAIL.fullmatch(self.email):
            raise InvalidInput("The e-mail address is not usable.", code="email", field="email")


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The learner as far as a credential must name them. Personal data: never logged.

    ``full_name`` goes only into ELM (which needs it) and only with consent; Open Badges carry the
    salted hash of ``email``, ``did``, or both.
    """

    full_name: str = ""
    email: str = ""
    did: str = ""

    def __post_init__(self) -> None:
        checked_text(self.full_name, field="full name", limit=LINE_MAX, required=False)
        if self.email and not _EMAIL.fullmatch(checked_text(self.email, field="e-mail", limit=LINE_MAX)):
            raise InvalidInput("Your e-mail address is not usable.", code="email", field="email")
        if self.did and not self.did.startswith("did:"):
            raise InvalidInput("The holder's identifier must be a DID.", code="holder-did", field="did")
        if not (self.email or self.did):
            raise InvalidInput(
                "A credential needs an e-mail address or a DID to name its holder.", code="holder-empty", field="email"
            )

    def __repr__(self) -> str:
        return "Holder(…)"  # personal data must not reach a log through a traceback

    def identity_hash(self, salt: str) -> str:
        """``sha256$`` + hex of SHA-256 over normalised e-mail and salt (Open Badges 3.0, IdentityObject).

        The e-mail is trimmed and lower-cased; a verifier must do the same. ``salt`` is fresh for
        each credential, at least 128 bits of randomness.
        """
        if not self.email:
            raise InvalidInput("There is no e-mail address to hash.", code="holder-empty", field="email")
        normalised = self.email.strip().lower()
        return "sha256$" + hashlib.sha256((normalised + salt).encode("utf-8")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A composed, unsigned credential: a JSON document and what it is.

    ``document`` is treated as immutable; ``secure`` functions copy it.
    """

    id: str
    format: Format
    document: Mapping[str, Any] = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", Format(self.format))


@dataclass(frozen=True, kw_only=True)
class VerifiableCredential:
    """A signed credential as the exact bytes a wallet stores.

    ``id`` is the credential's own id, the same in every retry.
    """

    id: str
    format: Format
    media_type: str
    content: bytes = field(repr=False)
    extension: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", Format(self.format))


@dataclass(frozen=True, kw_only=True)
class DeliveryReceipt:
    """A wallet's yes. ``created`` is False when the wallet replaced or already had the credential."""

    credential_id: str
    wallet: str
    at: datetime
    created: bool
    location: str = ""

    def __post_init__(self) -> None:
        aware(self.at, field="at")


def credential_urn(award_id: UUID, format_: Format) -> str:
    """The stable id of an award's credential: ``urn:uuid:`` of a UUID derived from award and format.

    Deterministic, so a retry after a crash can never issue under a second id. Both forms of the
    Open Badge are the same credential and share the id.
    """
    family = Format.OPEN_BADGE if format_ is Format.OPEN_BADGE_JWT else format_
    return f"urn:uuid:{uuid5(award_id, family.value)}"


def bound_urn(award_id: UUID, form: BoundForm, holder_did: str) -> str:
    """The stable id of an award's credential for one holder's key; both forms of the badge share it."""
    family = BoundForm.LDP_VC if form is BoundForm.JWT_VC_JSON else form
    return f"urn:uuid:{uuid5(award_id, f'{family.value} {holder_did}')}"
