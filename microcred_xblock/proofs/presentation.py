"""A wallet's presentation that proves who its holder is: W3C VC Data Integrity with the purpose ``authentication``.

Two suites of Ed25519 are read: ``eddsa-rdfc-2022`` and the older ``Ed25519Signature2020``, which hash alike.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwcrypto.common import base64url_decode

from ..domain.errors import InvalidDocument
from . import data_integrity, holder_keys, multibase, rdfc
from .times import CLOCK_LEEWAY, parse

ED25519_2020 = "Ed25519Signature2020"
SUITES = (data_integrity.CRYPTOSUITE, ED25519_2020)
METHODS = ("key", "jwk")
MOST_AGE = timedelta(minutes=15)
_MOST_PARTS = 150  # values in all; a presentation has about twenty, and JSON-LD takes their square in time
_FIRST = ("https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2")
_CONTEXTS = {
    *_FIRST, "https://w3id.org/security/data-integrity/v2", "https://w3id.org/security/suites/ed25519-2020/v1",
}
_MEMBERS = {"@context", "id", "type", "holder", "proof"}
_PROOF_MEMBERS = {
    "id", "type", "cryptosuite", "created", "expires", "verificationMethod", "proofPurpose", "challenge", "domain",
    "nonce", "proofValue",
}


def verify(
    document: Mapping[str, Any], *, challenge: str, domain: str | None, loader: rdfc.Loader, now: datetime
) -> str:
    """The DID of the holder, who has just signed ``challenge`` for ``domain`` with a key that the DID itself says.

    ``domain``: None where the wallet is not told of one; what it says is then not looked at. InvalidDocument:
    ``presentation-form``, ``presentation-proof``, ``wallet-did``, ``wallet-key``, or a code of ``rdfc``.
    """
    secured, proof = _parts(document)
    _check_purpose(proof, challenge, domain)
    _check_times(proof, now)
    did, key = _holder(proof, secured.get("holder"))
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    data = data_integrity.hash_data(secured, options, loader)
    try:
        key.verify(multibase.decode(proof.get("proofValue", "")), data)
    except (InvalidSignature, InvalidDocument) as error:
        raise _bad("The proof does not fit the presentation.") from error
    return did


def _parts(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is signed, and its only proof. Credentials were not asked for: an empty list of them says nothing."""
    if not _is_small(document):
        raise _odd("The presentation has too many parts.")
    secured = {name: value for name, value in document.items() if name != "proof"}
    if secured.get("verifiableCredential") == []:
        del secured["verifiableCredential"]
    contexts = secured.get("@context")
    contexts = [contexts] if isinstance(contexts, str) else contexts
    if not isinstance(contexts, list) or not contexts or not all(isinstance(item, str) for item in contexts):
        raise _odd("The contexts of a presentation are a list of addresses.")
    if contexts[0] not in _FIRST or not set(contexts) <= _CONTEXTS or len(set(contexts)) != len(contexts):
        raise _odd("The presentation has a context that is not read here, or one twice.")
    types = secured.get("type")
    if "VerifiablePresentation" not in (types if isinstance(types, list) else [types]):
        raise _odd("This is no presentation.")
    if not set(secured) <= _MEMBERS:
        raise _odd("The presentation holds more than was asked for: only its holder's proof.")
    proofs = document.get("proof")
    proofs = proofs if isinstance(proofs, list) else [proofs]
    if len(proofs) != 1 or not isinstance(proofs[0], dict) or not set(proofs[0]) <= _PROOF_MEMBERS:
        raise _odd("A presentation has one proof, with nothing in it but a proof.")
    return {**secured, "@context": contexts}, proofs[0]


def _is_small(document: Any) -> bool:
    left, count = [document], 0
    while left and count <= _MOST_PARTS:
        found = left.pop()
        count += 1
        left.extend(found.values() if isinstance(found, Mapping) else found if isinstance(found, list) else ())
    return count <= _MOST_PARTS


def _check_purpose(proof: Mapping[str, Any], challenge: str, domain: str | None) -> None:
    suite = proof.get("cryptosuite") if proof.get("type") == "DataIntegrityProof" else proof.get("type")
    if suite not in SUITES or (suite == ED25519_2020) != ("cryptosuite" not in proof):
        raise _bad(f"The proof must be of {' or '.join(SUITES)}.")
    if proof.get("proofPurpose") != "authentication":
        raise _bad("The purpose of the proof must be authentication.")
    if not _same(proof.get("challenge"), challenge):
        raise _bad("The proof is not for this challenge.")
    told = proof.get("domain")
    if domain is not None and domain not in (told if isinstance(told, list) else [told]):
        raise _bad("The proof is not for this domain.")


def _check_times(proof: Mapping[str, Any], now: datetime) -> None:
    created = _moment(proof.get("created"))
    if created > now + CLOCK_LEEWAY or created < now - MOST_AGE:
        raise _bad("The proof was not made just now: look at the clock of the device.")
    if "expires" in proof and _moment(proof["expires"]) < now - CLOCK_LEEWAY:
        raise _bad("The proof has expired.")


def _holder(proof: Mapping[str, Any], holder: Any) -> tuple[str, Ed25519PublicKey]:
    method = proof.get("verificationMethod")
    if not isinstance(method, str) or "#" not in method:
        raise _bad("The proof does not name its key.")
    did, jwk = holder_keys.key_of(method)
    if jwk["crv"] != "Ed25519":
        raise _bad("The key of the proof must be an Ed25519 key.")
    if (holder.get("id") if isinstance(holder, dict) else holder) != did:
        raise _bad("The holder must be the one whose key signed.")
    return did, Ed25519PublicKey.from_public_bytes(base64url_decode(jwk["x"]))


def _same(told: Any, expected: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode())


def _moment(value: Any) -> datetime:
    try:
        return parse(value)
    except (ValueError, OverflowError) as error:
        raise _bad("The proof does not say when it was made.") from error


def _odd(message: str) -> InvalidDocument:
    return InvalidDocument(message, code="presentation-form")


def _bad(message: str) -> InvalidDocument:
    return InvalidDocument(message, code="presentation-proof")
