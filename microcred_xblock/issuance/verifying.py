"""Whether a file is a credential of this site, unchanged, and what it is worth now. Reads only; asks no other server.

Keys come from the rows that the DID documents are made from, the certificate of a seal from the same rows: a file
brings no key with it that is believed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from django.db import InterfaceError, OperationalError

from ..credentials import baking, pinned, sd_jwt_vc
from ..domain import strict_json
from ..domain.credential import Format
from ..domain.errors import InvalidDocument, InvalidInput, MicrocredError, NotAllowed
from ..proofs import data_integrity, jades, jose, sd_jwt
from ..proofs.keys import VerificationKey
from . import issuers, models, status
from .data import Verification

log = logging.getLogger(__name__)

MOST_BYTES = 2_000_000  # a badge picture with its credential inside
_MOST_VALUES, _MOST_IN_LIST, _MOST_CONTEXTS = 20_000, 300, 10  # JSON-LD compares each text of a list with all others
_MOST_OBJECTS = 3_000  # of a badge; more would keep this process busy, and no pill has so many parts
_MOST_PROOFS = 10  # the key of each is looked up
_MOST_UNKNOWN = 600, 6_000  # objects and values of a badge whose id nobody here knows: it cannot be genuine anyway
_PNG = b"\x89PNG"
_AFTER_THE_SIGNATURE = ("expired", "not-yet-valid")  # said only where the signature is good
_AWAY = (OperationalError, InterfaceError)
_Purpose = models.SigningKey.Purpose


@dataclass(frozen=True, kw_only=True)
class _Presented:
    """A file that looks like a credential; ``check`` raises where its signature is not good."""

    format: Format
    content: bytes = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)
    issuer_did: str
    check: Callable[[datetime], None] = field(repr=False)


class _Key(InvalidDocument):
    """The key is not one that this site's issuers publish. ``verdict`` says what that means."""

    def __init__(self, verdict: str) -> None:
        super().__init__("The key is not published by an issuer of this site.", code=f"key-{verdict}")
        self.verdict = verdict


def verify(content: bytes, *, now: datetime) -> Verification:
    """The verdict on a badge (JSON, JWT, PNG or SVG), a European Digital Credential or an SD-JWT VC, as a file.

    A credential that has expired or was revoked is genuine all the same: its standing says so. No file makes this
    raise; a database that is away does, as nothing can be said then.
    """
    if len(content) > MOST_BYTES:
        return Verification(verdict="unreadable", code="document-size")
    try:
        presented = _presented(content)
    except MicrocredError as error:
        return Verification(verdict="unreadable", code=error.code)
    except _AWAY:
        raise
    except Exception:  # whatever a parser makes of a hostile file
        return Verification(verdict="unreadable", code="document-unreadable")
    verdict, code = _signature(presented, now)
    found = Verification(
        verdict=verdict, code=code, format=presented.format, credential_id=_text(presented.document.get("id"))[:100],
        issuer_did=presented.issuer_did[:255],
    )
    return _registered(presented, found, now) if verdict == "genuine" else found


def _signature(presented: _Presented, now: datetime) -> tuple[str, str]:
    try:
        presented.check(now)
    except _Key as error:
        return error.verdict, error.code
    except MicrocredError as error:
        return ("genuine", "") if error.code in _AFTER_THE_SIGNATURE else ("changed", error.code)
    except _AWAY:
        raise
    except Exception:  # whatever a library makes of a hostile file
        log.exception("A document could not be verified.")
        return "changed", "internal"
    return "genuine", ""


def _registered(presented: _Presented, found: Verification, now: datetime) -> Verification:
    """The credential in the register, where it is. The form counts, too: a seal is no proof of a badge."""
    rows = models.Credential.objects.filter(credential_id=found.credential_id, format=presented.format.value)
    digest = rows.exclude(digest="").values_list("digest", flat=True).first()
    if digest is None:
        digest = _bound(found.credential_id, presented.format).values_list("digest", flat=True).first()
    try:
        standing = status.standing(found.credential_id, now=now) if digest is not None else None
    except NotAllowed:
        standing = None
    facts = {
        "format": found.format, "credential_id": found.credential_id, "issuer_did": found.issuer_did,
    }
    if standing is None:
        return Verification(verdict="unknown", code="credential-unknown", **facts)
    same = hashlib.sha256(presented.content).hexdigest() == digest
    return Verification(verdict="genuine", same_bytes=same, standing=standing, **facts)


def _presented(content: bytes) -> _Presented:
    content = _unbaked(content)
    if not content.lstrip().startswith(b"{"):
        return _claims(content.strip()) if b"~" in content else _token(content.strip())
    outer = strict_json.load(content)
    if isinstance(outer, dict) and "signatures" in outer:
        return _sealed(content, outer)
    return _badge(content, outer)


def _unbaked(content: bytes) -> bytes:
    if content.startswith(_PNG):
        return baking.unbake_png(content).encode("utf-8")
    if content.lstrip().startswith(b"<"):
        return baking.unbake_svg(content).encode("utf-8")
    return content


def _badge(content: bytes, document: dict[str, Any]) -> _Presented:
    proofs = document.get("proof")
    known = isinstance(proofs, list) and proofs and all(isinstance(proof, dict) for proof in proofs)
    if "VerifiableCredential" not in document["type"] or not known:
        raise InvalidInput("This is no signed credential.", code="document-unreadable")
    objects = content.count(b"{")
    busy = objects > _MOST_OBJECTS or _is_busy(document, _MOST_VALUES)
    if busy or ((objects > _MOST_UNKNOWN[0] or _is_busy(document, _MOST_UNKNOWN[1])) and _stored(document) is None):
        raise InvalidInput("The badge has more parts than any of ours.", code="document-size")
    issuer = _issuer_of(document)

    def check(now: datetime) -> None:
        _known_issuer(issuer)
        for proof in document["proof"]:
            _published(_text(proof.get("verificationMethod")), _Purpose.BADGE)
        if _as_stored(content, document):
            return
        data_integrity.verify(
            document, public_key_for=lambda method: _published(method, _Purpose.BADGE).raw(),
            loader=pinned.document_loader, now=now,
        )

    return _Presented(
        format=Format.OPEN_BADGE, content=content, document=document, issuer_did=issuer, check=check
    )


def _is_busy(document: dict[str, Any], most: int) -> bool:
    """Whether a badge has more than ``most`` values, or in one place more than any of ours."""
    for name, limit in (("@context", _MOST_CONTEXTS), ("proof", _MOST_PROOFS)):
        if isinstance(document.get(name), list) and len(document[name]) > limit:
            return True
    left: list[Any] = [document]
    for _ in range(most):
        if not left:
            return False
        found = left.pop()
        if isinstance(found, list) and sum(not isinstance(item, dict) for item in found) > _MOST_IN_LIST:
            return True
        left.extend(found.values() if isinstance(found, dict) else found if isinstance(found, list) else ())
    return bool(left)


def _as_stored(content: bytes, document: Mapping[str, Any]) -> bool:
    """Whether a badge says exactly what was signed here under its id, which spares the work of checking its proof.

    InvalidDocument (``proof-invalid``) where it says something else: nothing is signed twice under one id, and making
    a stranger's document canonical can take seconds. False where we do not hold what was signed (any more). Only a
    badge that was written differently (order, white space, escapes) is the same: software that moves JSON-LD about
    beyond that leaves a badge that we call changed.
    """
    row = _stored(document)
    if row is None:
        return False
    if hashlib.sha256(content).hexdigest() == row.digest:
        return True
    if not row.content:
        return False
    if _plain(json.loads(bytes(row.content))) != _plain(document):
        raise InvalidDocument("The badge is not what was signed under its id.", code="proof-invalid")
    return True


def _stored(document: Mapping[str, Any]) -> Any:
    """The badge that was signed here under the document's id; None where none was."""
    name = _text(document.get("id"))[:100]
    rows = models.Credential.objects.filter(credential_id=name, format=Format.OPEN_BADGE.value).exclude(digest="")
    return (
        rows.only("content", "digest").first() or _bound(name, Format.OPEN_BADGE).only("content", "digest").first()
    )


def _bound(credential_id: str, format_: Format) -> Any:
    """What a wallet has collected under this id, in this form."""
    forms = [form for form, found in status.BOUND.items() if found is format_]
    return models.BoundCredential.objects.filter(credential_id=credential_id, form__in=forms)


def _plain(document: Any) -> str:
    """One text for one document; unlike Python's ``==`` it tells 1 from true."""
    return json.dumps(document, sort_keys=True)


def _token(content: bytes) -> _Presented:
    claims = content.split(b".")
    if len(claims) != 3:
        raise InvalidInput("This is no signed credential.", code="document-unreadable")
    document = strict_json.load(base64.urlsafe_b64decode(claims[1] + b"=" * (-len(claims[1]) % 4)))
    issuer = _issuer_of(document)

    def check(now: datetime) -> None:
        _known_issuer(issuer)
        jose.verify(content, public_key_for=lambda method: _published(method, _Purpose.BADGE_JWT), now=now)

    return _Presented(
        format=Format.OPEN_BADGE_JWT, content=content, document=document, issuer_did=issuer, check=check
    )


def _claims(content: bytes) -> _Presented:
    """An SD-JWT VC, with whichever claims its holder shows."""
    claims, method = sd_jwt.claims_of(content), sd_jwt.key_id_of(content)
    issuer = method.partition("#")[0]

    def check(now: datetime) -> None:
        _known_issuer(issuer)
        sd_jwt.verify(
            content, types=sd_jwt_vc.TYPES, public_key_for=lambda method: _published(method, _Purpose.BADGE_JWT),
            now=now,
        )

    return _Presented(
        format=Format.SD_JWT, content=content, document={"id": claims.get("jti")}, issuer_did=_text(issuer),
        check=check,
    )


def _sealed(content: bytes, outer: dict[str, Any]) -> _Presented:
    """A European Digital Credential. Its seal counts where the certificate's key is one that sealed here."""
    document = strict_json.load(outer["payload"])
    header = outer["signatures"][0]["protected"]
    chain = strict_json.load(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["x5c"]
    leaf = x509.load_der_x509_certificate(base64.b64decode(chain[0])).public_key()
    key = VerificationKey(public=leaf)
    row = models.SigningKey.objects.filter(fingerprint=issuers.fingerprint(key), purpose=_Purpose.SEAL).first()

    def check(now: datetime) -> None:
        if row is None or row.withdrawn_at is not None:
            raise _Key("foreign" if row is None else "withdrawn")
        jades.verify(content, now=now)

    return _Presented(
        format=Format.ELM, content=content, document={"id": document["id"]},
        issuer_did=row.issuer.did if row is not None else "", check=check,
    )


def _published(method: str, purpose: str) -> VerificationKey:
    """The key of a verification method that is published now, letter for letter."""
    rows = models.SigningKey.objects.filter(method_id=method[:500], purpose=purpose)
    for row in rows:
        if row.method_id == method and row.withdrawn_at is None:
            return VerificationKey.from_jwk(row.public_jwk)
    raise _Key("withdrawn")


def _known_issuer(did: str) -> None:
    if did not in models.Issuer.objects.filter(did=did[:255]).values_list("did", flat=True):
        raise _Key("foreign")


def _issuer_of(document: Mapping[str, Any]) -> str:
    issuer = document["issuer"]
    return _text(issuer.get("id") if isinstance(issuer, dict) else issuer)


def _text(value: Any) -> str:
    """A text that a database can be asked for."""
    return value if isinstance(value, str) and "\0" not in value else ""
