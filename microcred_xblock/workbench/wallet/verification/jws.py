"""Compact JWS of a VC-JWT (RFC 7515, RFC 7518) with PyJWT's algorithms, of which we allow two."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.algorithms import get_default_algorithms

from .reading import load_object, mapping
from .report import CheckFailed, Unreadable

CLAIMS = frozenset({"iss", "jti", "nbf", "sub", "exp", "iat"})
ALGORITHMS = {"ES256": "EC", "RS256": "RSA"}  # what Open Badges 3.0 verifiers accept
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True)
class Token:
    """A parsed compact JWS; nothing about it is verified yet."""

    header: Mapping[str, Any]
    payload: dict[str, Any]
    signing_input: bytes
    signature: bytes


def parse_compact(content: bytes) -> Token:
    """The three parts of a compact JWS; Unreadable otherwise."""
    content = content.strip()
    if not _COMPACT.fullmatch(content):
        raise Unreadable("This is not a compact JWS.")
    signing_input, _, signature = content.rpartition(b".")
    header, _, payload = signing_input.partition(b".")
    return Token(
        header=load_object(base64url(header)),
        payload=load_object(base64url(payload)),
        signing_input=signing_input,
        signature=base64url(signature),
    )


def base64url(value: bytes | str) -> bytes:
    """Decoded base64url without padding; Unreadable otherwise."""
    raw = value.encode("ascii", "replace") if isinstance(value, str) else value
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("This is not base64url.") from error


def check_header(token: Token) -> bool:
    """alg ES256 or RS256, typ JWT, a kid, and nothing critical that we do not know."""
    header = token.header
    if header.get("alg") not in ALGORITHMS:
        raise CheckFailed("algorithm")
    if header.get("typ") != "JWT" or "crit" in header or not isinstance(header.get("kid"), str):
        raise CheckFailed("jws-header")
    return True


def check_signature(token: Token, method: Mapping[str, Any]) -> None:
    """Whether the issuer's ``method`` (a JsonWebKey) made the signature."""
    algorithm = token.header["alg"]
    jwk = mapping(method.get("publicKeyJwk"))
    if jwk.get("kty") != ALGORITHMS[algorithm]:
        raise CheckFailed("key-kind")
    try:
        key = jwt.PyJWK(dict(jwk), algorithm=algorithm).key
    except jwt.PyJWTError as error:
        raise CheckFailed("key-kind") from error
    check_bytes(algorithm, token.signing_input, key, token.signature)


def check_bytes(algorithm: str, message: bytes, key: Any, signature: bytes) -> None:
    """Whether ``signature`` over ``message`` is ``key``'s; CheckFailed (``signature``) if not."""
    try:
        good = get_default_algorithms()[algorithm].verify(message, key, signature)
    except Exception as error:  # a key of another kind, a signature of another length: all mean no
        raise CheckFailed("signature") from error
    if not good:
        raise CheckFailed("signature")
