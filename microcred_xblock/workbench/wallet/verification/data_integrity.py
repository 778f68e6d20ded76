"""eddsa-rdfc-2022 (W3C VC Data Integrity EdDSA Cryptosuites §3.2), with the whole canonicalisation by PyLD."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pyld import jsonld

from .did import base58_decode
from .pinned import pinned
from .reading import members, strings, text
from .report import CheckFailed

# The wallet pins the contexts by content for itself: whatever the issuer's package calls or changes them, only these
# bytes are ever read.
_PINNED = {
    "https://www.w3.org/ns/credentials/v2": "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json":
        "ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json":
        "1c4f705af92007783c589eb1f1b221ecc24ac588a83e0212faf1728c69b61487",
}
# PyLD leaves these raw where RDFC-1.0 escapes them; no two verifiers would agree on such a document.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def assertion_proof(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The proof to verify: exactly one eddsa-rdfc-2022 assertion."""
    found = [
        proof for proof in members(document.get("proof"))
        if isinstance(proof, dict) and proof.get("type") == "DataIntegrityProof"
        and proof.get("cryptosuite") == "eddsa-rdfc-2022" and proof.get("proofPurpose") == "assertionMethod"
    ]
    if len(found) != 1:
        raise CheckFailed("no-proof")
    return found[0]


def check_signature(document: Mapping[str, Any], proof: Mapping[str, Any], key: bytes) -> None:
    """Whether ``proof`` is ``key``'s signature over ``document``; CheckFailed (``signature``) if not."""
    value = text(proof.get("proofValue"))
    if not value.startswith("z"):
        raise CheckFailed("signature")
    signature = base58_decode(value[1:], code="signature")
    options = {name: item for name, item in proof.items() if name != "proofValue"}
    options["@context"] = document.get("@context")
    secured = {name: item for name, item in document.items() if name != "proof"}
    message = hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(secured)).digest()
    try:
        VerifyKey(key).verify(message, signature)
    except (BadSignatureError, ValueError) as error:
        raise CheckFailed("signature") from error


def canonical(document: Mapping[str, Any]) -> bytes:
    """Canonical N-Quads. Terms that no context defines would be unsigned, so they are refused."""
    if any(_CONTROLS.search(item) for item in strings(document)):
        raise CheckFailed("control-character")
    dropped: list[str] = []
    options = {"documentLoader": load_context}
    try:
        expanded = jsonld.expand(document, options, on_property_dropped=lambda term: dropped.append(str(term)))
        if dropped:
            raise CheckFailed("undefined-term")
        quads = jsonld.normalize(
            expanded, {**options, "algorithm": "URDNA2015", "format": "application/n-quads"}
        )
    except Exception as error:  # on odd documents PyLD raises whatever Python raises
        raise _reason(error) from error
    return quads.encode("utf-8")


def load_context(url: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """PyLD's loader: pinned files only, never the network."""
    if url not in _PINNED:
        raise CheckFailed("unknown-context", url=url[:200])
    return {
        "contextUrl": None, "documentUrl": url, "document": json.loads(pinned("contexts", _PINNED[url])),
        "contentType": "application/ld+json",
    }


def _reason(error: BaseException) -> CheckFailed:
    """PyLD wraps what the loader raised; an unknown context is told as such."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, CheckFailed):
            return found
        found = found.__cause__
    return CheckFailed("json-ld")
