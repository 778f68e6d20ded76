"""The key proof of a wallet: a JWT signed with the key that its credential is to name (OpenID4VCI 1.0, F.1)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jwcrypto.common import JWException, base64url_decode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from ..domain import strict_json
from ..domain.errors import InvalidDocument
from . import holder_keys
from .times import CLOCK_LEEWAY

TYPE = "openid4vci-proof+jwt"
ALGORITHMS: Mapping[str, str] = {"ES256": "P-256", "ES384": "P-384", "EdDSA": "Ed25519"}  # and their only curve
WINDOW = CLOCK_LEEWAY  # how far the clocks may differ, and how long a proof may be on its way
_MOST = 12_000
# Strictly: jwcrypto also reads JWS in JSON and skips what is not Base64url, so that it might verify other parts than
# those that are read here.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_NAMES_A_KEY = ("kid", "jwk", "x5c")


@dataclass(frozen=True, kw_only=True)
class Proved:
    """Who proved a key, and the nonce that it signed, which whoever calls has to know as its own and unused."""

    did: str
    jwk: Mapping[str, str] = field(repr=False)
    nonce: str = field(repr=False)


def verify(token: str, *, audience: str, now: datetime) -> Proved:
    """The holder of a good proof. InvalidDocument: ``key-proof`` says what is wrong; ``wallet-did``, ``wallet-key``.

    ``iss`` is not looked at: whoever collects by a pre-authorised code is anonymous, and wallets of draft 13 write
    what they like there. A key attestation is not asked for, so none is read.
    """
    header, claims = _parts(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise _bad(f"The key proof must be signed with {', '.join(ALGORITHMS)}.")
    if header.get("typ") != TYPE:
        raise _bad(f"The typ of a key proof is {TYPE}.")
    if "crit" in header or "b64" in header:
        raise _bad("No critical header is understood.")
    did, jwk = _named(header)
    if jwk["crv"] != ALGORITHMS[algorithm]:
        raise _bad("The algorithm does not fit the key.")
    _check_signature(token, jwk, algorithm)
    if claims.get("aud") != audience:
        raise _bad("The aud of a key proof is the Credential Issuer Identifier, as one text.")
    _check_times(claims, now)
    nonce = claims.get("nonce", "")
    if not isinstance(nonce, str):
        raise _bad("The nonce must be a text.")
    return Proved(did=did, jwk=jwk, nonce=nonce)


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(token) > _MOST or not _COMPACT.fullmatch(token):
        raise _bad("The key proof is no signed JWT in compact form.")
    try:
        header, claims = (strict_json.load(base64url_decode(part)) for part in token.split(".")[:2])
    except ValueError as error:
        raise _bad("The key proof is no JWT.") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _bad("The key proof is no JWT.")
    return header, claims


def _named(header: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    named = [name for name in _NAMES_A_KEY if name in header]
    if len(named) != 1:
        raise _bad("Exactly one of kid, jwk and x5c names the key.")
    if named == ["x5c"]:
        raise _bad("Keys named by a certificate (x5c) are not supported: send jwk, or a kid of did:key or did:jwk.")
    if named == ["jwk"]:
        jwk = holder_keys.public_jwk(header["jwk"])
        return holder_keys.did_jwk(jwk), jwk
    if not isinstance(header["kid"], str):
        raise _bad("The kid must be a text.")
    return holder_keys.key_of(header["kid"])


def _check_signature(token: str, jwk: Mapping[str, str], algorithm: str) -> None:
    signed = JWS()
    signed.allowed_algs = [algorithm]
    try:
        signed.deserialize(token)
        signed.verify(JWK(**jwk), alg=algorithm)
    except (JWException, ValueError, TypeError) as error:
        raise _bad("The signature of the key proof is not good.") from error


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    at, leeway = now.timestamp(), WINDOW.total_seconds()
    issued = _time(claims, "iat")
    if issued is None:
        raise _bad("The key proof does not say when it was made (iat).")
    if abs(at - issued) > leeway:
        raise _bad("The key proof was not made just now: look at the clock of the device.")
    expires, begins = _time(claims, "exp"), _time(claims, "nbf")
    if (expires is not None and expires < at - leeway) or (begins is not None and begins > at + leeway):
        raise _bad("The key proof is not valid now.")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12 or math.isnan(value):
        raise _bad(f"{name} must be a number of seconds.")
    return float(value)


def _bad(message: str) -> InvalidDocument:
    return InvalidDocument(message, code="key-proof")
