"""Embedded proofs of the cryptosuite eddsa-rdfc-2022 (W3C VC Data Integrity 1.0; EdDSA Cryptosuites 1.0 §3.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..domain.credential import Credential, VerifiableCredential
from ..domain.errors import InvalidDocument, Misconfigured
from . import multibase, rdfc
from .keys import SigningKey
from .template_cache import TemplateCache
from .times import CLOCK_LEEWAY, parse, stamp

CRYPTOSUITE = "eddsa-rdfc-2022"
MEDIA_TYPE = "application/vc+ld+json"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LONG = 1000
_IMAGE = "x-image-goes-here"  # any text that no badge contains

__all__ = ["CRYPTOSUITE", "MEDIA_TYPE", "TemplateCache", "create_proof", "secure", "verify"]


def secure(
    credential: Credential, *, key: SigningKey, verification_method: str, now: datetime, loader: rdfc.Loader,
    cache: TemplateCache | None = None,
) -> VerifiableCredential:
    """``credential`` with one proof in the array ``proof``.

    ``verification_method`` is ``<issuer id>#<Multikey of key>``: verifiers want the proof's
    controller to be the issuer. ``cache`` only makes it faster: the bytes are the same without.
    Raises Misconfigured (``key-algorithm``, ``verification-method``) and InvalidDocument
    (``proof-present`` or a code of ``rdfc``).
    """
    document = credential.document
    if "proof" in document:
        raise InvalidDocument("The credential is signed already.", code="proof-present")
    _check_method(verification_method, key, issuer=_issuer(document))
    proof = create_proof(
        document, key=key, verification_method=verification_method, created=now, loader=loader, cache=cache
    )
    content = _json({**document, "proof": [proof]})
    return VerifiableCredential(
        id=credential.id, format=credential.format, media_type=MEDIA_TYPE, content=content, extension="json"
    )


def create_proof(
    document: Mapping[str, Any], *, key: SigningKey, verification_method: str, created: datetime,
    loader: rdfc.Loader, cache: TemplateCache | None = None,
) -> dict[str, str]:
    """The proof object over ``document`` (which has none). Knows nothing of issuers and badges."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": stamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }
    canonical = cache.canonical if cache is not None else rdfc.canonical
    return {**proof, "proofValue": multibase.encode(key.sign(hash_data(document, proof, loader, canonical)))}


def hash_data(
    document: Mapping[str, Any], options: Mapping[str, Any], loader: rdfc.Loader,
    canonical: Callable[[Mapping[str, Any], rdfc.Loader], bytes] = rdfc.canonical,
) -> bytes:
    """The 64 signed bytes: SHA-256 of the canonical proof options, then of the canonical document (§3.2.4)."""
    config = {"@context": document.get("@context"), **options}
    return sha256(canonical(config, loader)).digest() + sha256(canonical(document, loader)).digest()


def verify(
    document: Mapping[str, Any], *, public_key_for: Callable[[str], bytes], loader: rdfc.Loader, now: datetime
) -> None:
    """Whether the issuer itself signed ``document`` with an eddsa-rdfc-2022 proof, and it is valid ``now``.

    ``public_key_for`` gives the 32 key bytes of a verification method, or raises. Every such
    assertion proof must be good. Clocks may differ by five minutes. InvalidDocument: ``proof-missing``,
    ``proof-controller``, ``proof-invalid``, ``not-yet-valid``, ``expired``, ``document-time`` or a code of ``rdfc``.
    """
    proofs = [proof for proof in _proofs(document) if _is_ours(proof)]
    if not proofs:
        raise InvalidDocument("The credential has no eddsa-rdfc-2022 proof.", code="proof-missing")
    secured = {name: value for name, value in document.items() if name != "proof"}
    for proof in proofs:
        method = proof.get("verificationMethod")
        if not isinstance(method, str) or method.partition("#")[0] != _issuer(document):
            raise InvalidDocument("The proof is not the issuer's own.", code="proof-controller")
        _check_proof(secured, proof, public_key_for(method), loader)
        _check_after(proof.get("created"), now)
    _check_after(document.get("validFrom"), now)
    until = document.get("validUntil")
    if until is not None and _moment(until) < now - CLOCK_LEEWAY:
        raise InvalidDocument("The credential has expired.", code="expired")


def _json(document: Mapping[str, Any]) -> bytes:
    """Compact JSON. A badge's image is most of it and needs no escapes: it is put in afterwards, which is faster."""
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    image = achievement.get("image") if isinstance(achievement, dict) else None
    data = image.get("id") if isinstance(image, dict) else None
    if isinstance(data, str) and len(data) > _LONG and data.isascii() and not any(c in data for c in '"\\\t\n\r'):
        without = {**achievement, "image": {**image, "id": _IMAGE}}
        document = {**document, "credentialSubject": {**subject, "achievement": without}}
        encoded = _encode(document).encode("utf-8")
        if encoded.count(_IMAGE.encode("ascii")) == 1:
            return encoded.replace(_IMAGE.encode("ascii"), data.encode("ascii"))
        without["image"] = image
    return _encode(document).encode("utf-8")


def _check_proof(
    secured: Mapping[str, Any], proof: Mapping[str, Any], public_key: bytes, loader: rdfc.Loader
) -> None:
    options = {name: value for name, value in proof.items() if name not in ("proofValue", "@context")}
    data = hash_data(secured, options, loader)
    try:
        signature = multibase.decode(proof.get("proofValue", ""))
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError, InvalidDocument) as error:
        raise InvalidDocument("The proof does not fit the credential.", code="proof-invalid") from error


def _proofs(document: Mapping[str, Any]) -> list[Any]:
    proofs = document.get("proof")
    return proofs if isinstance(proofs, list) else [proofs]


def _is_ours(proof: Any) -> bool:
    return (
        isinstance(proof, Mapping) and proof.get("type") == "DataIntegrityProof"
        and proof.get("cryptosuite") == CRYPTOSUITE and proof.get("proofPurpose") == "assertionMethod"
    )


def _check_method(method: str, key: SigningKey, *, issuer: str) -> None:
    if key.algorithm != "Ed25519":
        raise Misconfigured(f"{CRYPTOSUITE} needs an Ed25519 key, not {key.algorithm}.", code="key-algorithm")
    controller, _, fragment = method.partition("#")
    if controller != issuer or fragment != key.public_multikey():
        raise Misconfigured(
            "The verification method must be the issuer's id, '#', and the signing key as Multikey.",
            code="verification-method",
        )


def _issuer(document: Mapping[str, Any]) -> str:
    issuer = document.get("issuer")
    found = issuer.get("id") if isinstance(issuer, Mapping) else issuer
    return found if isinstance(found, str) else ""


def _check_after(value: Any, now: datetime) -> None:
    if value is not None and _moment(value) > now + CLOCK_LEEWAY:
        raise InvalidDocument("The credential is not valid yet.", code="not-yet-valid")


def _moment(value: Any) -> datetime:
    try:
        return parse(value)
    except ValueError as error:
        raise InvalidDocument("A time of the credential cannot be read.", code="document-time") from error
