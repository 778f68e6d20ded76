"""Presentations as a wallet signs them, and as one that means no good does."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from microcred_xblock.credentials import pinned
from microcred_xblock.proofs import data_integrity, did, holder_keys, multibase
from microcred_xblock.proofs.keys import LocalKey
from microcred_xblock.proofs.times import stamp

V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"
OLD, NEW = "Ed25519Signature2020", "eddsa-rdfc-2022"


class Key:
    """A wallet's key."""

    def __init__(self, method: str = "key") -> None:
        self.key = LocalKey(Ed25519PrivateKey.generate())
        if method == "key":
            self.did = did.did_key(self.key)
            self.method = did.multikey_method(self.did, self.key)
        else:
            self.did = holder_keys.did_jwk(holder_keys.public_jwk(self.key.public_jwk()))
            self.method = f"{self.did}#0"


def present(
    key: Key, challenge: str, domain: Any, *, now, suite: str = NEW, proof: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A signed presentation. ``proof`` and ``changes`` are put in before it is signed; None leaves a member out."""
    told = {"type": OLD} if suite == OLD else {"type": "DataIntegrityProof", "cryptosuite": suite}
    told |= {
        "created": stamp(now), "verificationMethod": key.method, "proofPurpose": "authentication",
        "challenge": challenge, "domain": domain, **(proof or {}),
    }
    document = {
        "@context": [V1, ED25519_2020] if suite == OLD else [V2], "type": ["VerifiablePresentation"],
        "holder": key.did, **changes,
    }
    told, document = ({name: value for name, value in item.items() if value is not None} for item in (told, document))
    signature = key.key.sign(data_integrity.hash_data(document, told, pinned.document_loader))
    return {**document, "proof": {**told, "proofValue": multibase.encode(signature)}}
