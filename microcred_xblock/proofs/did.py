"""did:web identifiers and DID documents (did:web method; W3C DID Core 1.0; CID 1.0 §2.2)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from jwcrypto.jwk import JWK

from ..domain.errors import InvalidDocument, Misconfigured
from . import multibase

CONTEXT = [
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
]
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")
_LOOPBACK_HOST = "localhost"


class PublicKeyInfo(Protocol):
    """The public half of a key: ``SigningKey`` and ``VerificationKey`` both are one."""

    algorithm: str

    def public_multikey(self) -> str:
        """The Multikey value."""

    def public_jwk(self) -> dict[str, Any]:
        """The public JWK."""


def did_web(base_url: str) -> str:
    """The did:web of ``base_url``: https host, optional port and path.

    ``http://localhost`` is taken too, for a demonstration on one machine. Misconfigured
    (``did-web-url``) for anything that did:web cannot say: IP addresses, queries, user names.
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    try:
        port = parts.port
    except ValueError:
        port = -1
    secure = parts.scheme == "https" or (parts.scheme == "http" and host == _LOOPBACK_HOST)
    segments = [segment for segment in parts.path.split("/") if segment]
    if (
        not secure or not _HOST.fullmatch(host) or _is_address(host) or port == -1
        or parts.query or parts.fragment or "@" in parts.netloc
        or not all(_SEGMENT.fullmatch(segment) and set(segment) != {"."} for segment in segments)
    ):
        raise Misconfigured(
            "The issuer's address must be https with a host name, an optional port and a plain path.",
            code="did-web-url",
        )
    place = host if port is None else f"{host}%3A{port}"
    return ":".join(["did:web", place, *segments])


def did_web_url(did: str) -> str:
    """Where the DID document of ``did`` is published; InvalidDocument (``did``) if it is no did:web."""
    prefix, _, rest = did.partition("did:web:")
    place, *segments = rest.split(":")
    host = unquote(place)
    if prefix or not host or "/" in host or any(not segment for segment in segments) or "#" in did:
        raise InvalidDocument("The identifier is not a did:web.", code="did")
    scheme = "http" if host.partition(":")[0] == _LOOPBACK_HOST else "https"
    path = "/".join(segments) or ".well-known"
    return f"{scheme}://{host}/{path}/did.json"


def multikey_method(did: str, key: PublicKeyInfo) -> str:
    """``<did>#z6Mk…``: the fragment is the key itself, so a verifier need not fetch anything.

    For a did:key this is its long form, as verifiers want it.
    """
    return f"{did}#{key.public_multikey()}"


def jwk_method(did: str, key: PublicKeyInfo) -> str:
    """``<did>#<JWK thumbprint>`` (RFC 7638), the ``kid`` of VC-JWTs."""
    return f"{did}#{JWK(**key.public_jwk()).thumbprint()}"


def did_key(key: PublicKeyInfo) -> str:
    """The did:key of an Ed25519 or P-256 key."""
    return f"did:key:{key.public_multikey()}"


def document(did: str, *, assertion_keys: Sequence[PublicKeyInfo]) -> dict[str, Any]:
    """The DID document that publishes ``assertion_keys``, retired ones included.

    Ed25519 keys are published as Multikey, the others as JsonWebKey; every method is named by its
    full URL in ``assertionMethod``, because some verifiers do not read embedded methods.
    Misconfigured (``did-keys``) without any key.
    """
    if not assertion_keys:
        raise Misconfigured("The issuer has no key to publish.", code="did-keys")
    methods = {method["id"]: method for method in (_method(did, key) for key in assertion_keys)}
    return {
        "@context": list(CONTEXT),
        "id": did,
        "verificationMethod": list(methods.values()),
        "assertionMethod": list(methods),
    }


def ed25519_key_of(verification_method: str) -> bytes:
    """The 32 key bytes named by the fragment of ``<did>#z6Mk…``; InvalidDocument (``proof-key``) otherwise."""
    _, _, fragment = verification_method.partition("#")
    try:
        decoded = multibase.decode(fragment)
    except InvalidDocument as error:
        raise InvalidDocument("The proof's key is not in its name.", code="proof-key") from error
    prefix = multibase.ED25519_PUBLIC
    if not decoded.startswith(prefix) or len(decoded) != len(prefix) + 32:
        raise InvalidDocument("The proof's key is not an Ed25519 key.", code="proof-key")
    return decoded[len(prefix):]


def _method(did: str, key: PublicKeyInfo) -> dict[str, Any]:
    if key.algorithm == "Ed25519":
        return {
            "id": multikey_method(did, key), "type": "Multikey", "controller": did,
            "publicKeyMultibase": key.public_multikey(),
        }
    return {"id": jwk_method(did, key), "type": "JsonWebKey", "controller": did, "publicKeyJwk": key.public_jwk()}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
