"""did:web resolution and the keys of a DID document (W3C DID Core, CID 1.0, did:web method)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from .fetching import NoAnswer, Origins
from .reading import identifier, mapping, members, text
from .report import CheckFailed, CheckUndecided

MAX_DOCUMENT = 100_000
_ED25519 = b"\xed\x01"  # multicodec prefix of an Ed25519 public key
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class DidResolver:
    """Fetches did:web documents of up to 100 kB from the trusted ``origins``, and from nowhere else."""

    def __init__(self, origins: Sequence[str], *, timeout: float = 5.0) -> None:
        self.origins = Origins(origins, timeout=timeout)

    def resolve(self, did: str) -> Mapping[str, Any]:
        """The DID document of ``did``; CheckFailed or CheckUndecided otherwise."""
        origin, path = self._place(did)
        try:
            content = self.origins.get(
                origin, path, accept="application/did+json, application/json", most=MAX_DOCUMENT
            )
            document = dict(mapping(json.loads(content)))
        except NoAnswer as error:
            raise CheckUndecided("did-unreachable", host=error.host) from error
        except (ValueError, RecursionError) as error:
            raise CheckUndecided("did-unreachable", host=urlsplit(origin).netloc) from error
        if document.get("id") != did:
            raise CheckFailed("did-other-subject", did=did)
        return document

    def _place(self, did: str) -> tuple[str, str]:
        if not did.startswith("did:web:"):
            raise CheckUndecided("did-method", did=did)
        host, *folders = [unquote(part) for part in did.removeprefix("did:web:").split(":")]
        origin = self.origins.at(host)
        if not origin:
            raise CheckUndecided("issuer-unlisted", did=did)
        return origin, f"/{'/'.join(folders)}/did.json" if folders else "/.well-known/did.json"


def assertion_method(document: Mapping[str, Any], method_id: str) -> Mapping[str, Any]:
    """The verification method ``method_id`` if its document lets it make assertions and its issuer controls it."""
    did = text(document.get("id"))
    if method_id.partition("#")[0] != did:
        raise CheckFailed("key-of-another", did=did)
    if method_id not in {identifier(item) for item in members(document.get("assertionMethod"))}:
        raise CheckFailed("key-not-listed", did=did)
    candidates = [*members(document.get("verificationMethod")), *members(document.get("assertionMethod"))]
    for candidate in candidates:
        method = mapping(candidate)
        if method.get("id") == method_id:
            if method.get("controller") != did:
                raise CheckFailed("key-of-another", did=did)
            return method
    raise CheckFailed("key-not-listed", did=did)


def ed25519_key(method: Mapping[str, Any]) -> bytes:
    """The 32 key bytes of a Multikey method with an Ed25519 key."""
    multikey = text(method.get("publicKeyMultibase"))
    if method.get("type") != "Multikey" or not multikey.startswith("z"):
        raise CheckFailed("key-kind")
    raw = base58_decode(multikey[1:])
    if not raw.startswith(_ED25519) or len(raw) != 34:
        raise CheckFailed("key-kind")
    fragment = text(method.get("id")).partition("#")[2]
    if fragment.startswith("z6Mk") and fragment != multikey:
        raise CheckFailed("key-kind")
    return raw[2:]


def base58_decode(value: str, *, code: str = "key-kind") -> bytes:
    """Bytes of a base58btc string; CheckFailed (``code``) for anything else."""
    if len(value) > 200 or any(character not in _ALPHABET for character in value):
        raise CheckFailed(code)
    number = 0
    for character in value:
        number = number * 58 + _ALPHABET.index(character)
    zeros = len(value) - len(value.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
