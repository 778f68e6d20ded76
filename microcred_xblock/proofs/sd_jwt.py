"""SD-JWT (RFC 9901): a signed JWT whose claims the holder can show one by one.

Written here because the library there is (``sd-jwt``) signs with a private key in memory only, and ours may be at a
service (decision 32). Every claim has a disclosure of its own; none lies inside another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jwcrypto.common import base64url_decode, base64url_encode

from ..domain import strict_json
from ..domain.errors import InvalidDocument
from . import jose
from .keys import SigningKey, VerificationKey
from .times import CLOCK_LEEWAY

HASH = "sha-256"
_RESERVED = ("_sd", "_sd_alg", "...")
_MOST_DISCLOSURES = 200


def issue(
    shown: Mapping[str, Any], hidden: Mapping[str, Any], *, key: SigningKey, key_id: str, type_: str,
    salt: Callable[[], str],
) -> str:
    """The SD-JWT in compact form: ``shown`` for everybody to see, each claim of ``hidden`` in its own disclosure.

    ``salt`` gives at least 128 random bits as text, anew for each claim. Misconfigured (``key-algorithm``),
    InvalidDocument (``sd-jwt-claim``).
    """
    if set(shown) & set(hidden) or {*shown, *hidden} & set(_RESERVED):
        raise InvalidDocument("A claim of the SD-JWT stands there twice, or is reserved.", code="sd-jwt-claim")
    disclosures = [_encoded([salt(), name, value]) for name, value in hidden.items()]
    claims = dict(shown)
    if disclosures:
        claims |= {"_sd": sorted(map(digest, disclosures)), "_sd_alg": HASH}  # their order tells nothing
    return "~".join([jose.token(claims, key=key, key_id=key_id, type_=type_), *disclosures, ""])


def verify(
    content: bytes, *, types: tuple[str, ...], public_key_for: Callable[[str], VerificationKey], now: datetime
) -> dict[str, Any]:
    """The claims that are shown, of an SD-JWT whose issuer's signature is good; a key binding JWT is not looked at.

    ``public_key_for`` gives the key of a ``kid``, or raises. InvalidDocument: ``sd-jwt-form``, ``jwt-invalid``; last
    of all, with a good signature, ``not-yet-valid`` and ``expired``.
    """
    header, claims, disclosures, signed, signature = _parsed(content)
    method = header.get("kid")
    if header.get("alg") not in jose.ALGORITHMS or header.get("typ") not in types or "crit" in header:
        raise _malformed()
    if not isinstance(method, str):
        raise _malformed()
    key = public_key_for(method)
    if key.algorithm != header["alg"] or not key.verifies(signature, signed):
        raise InvalidDocument("The signature does not fit the credential.", code="jwt-invalid")
    found = _disclosed(claims, disclosures)
    at, leeway = now.timestamp(), CLOCK_LEEWAY.total_seconds()
    if isinstance(found.get("nbf"), int | float) and found["nbf"] > at + leeway:
        raise InvalidDocument("The credential is not valid yet.", code="not-yet-valid")
    if isinstance(found.get("exp"), int | float) and found["exp"] < at - leeway:
        raise InvalidDocument("The credential has expired.", code="expired")
    return found


def claims_of(content: bytes) -> dict[str, Any]:
    """The claims for everybody to see; nothing of it is verified. InvalidDocument (``sd-jwt-form``)."""
    return _parsed(content)[1]


def key_id_of(content: bytes) -> str:
    """The ``kid`` of the header, as unverified; empty without one. InvalidDocument (``sd-jwt-form``)."""
    found = _parsed(content)[0].get("kid")
    return found if isinstance(found, str) else ""


def digest(disclosure: str) -> str:
    """What stands in ``_sd`` for a disclosure (RFC 9901, section 4.2.3)."""
    return base64url_encode(hashlib.sha256(disclosure.encode("ascii")).digest())


def _disclosed(claims: Mapping[str, Any], disclosures: list[str]) -> dict[str, Any]:
    """RFC 9901, section 7.1, for disclosures at the top: each is named once, and says what is not there already."""
    digests = claims.get("_sd", [])
    if not isinstance(digests, list) or claims.get("_sd_alg", HASH) != HASH:
        raise _malformed()
    found = {name: value for name, value in claims.items() if name not in _RESERVED}
    for disclosure in disclosures:
        parts = _decoded(disclosure)
        if not isinstance(parts, list) or len(parts) != 3 or not isinstance(parts[1], str):
            raise _malformed()
        if parts[1] in found or parts[1] in _RESERVED or digest(disclosure) not in digests:
            raise InvalidDocument("A claim is not one that the issuer signed.", code="jwt-invalid")
        found[parts[1]] = parts[2]
    return found


def _parsed(content: bytes) -> tuple[dict[str, Any], dict[str, Any], list[str], bytes, bytes]:
    try:
        token, *disclosures = content.decode("ascii").strip().split("~")
        first, middle, last = token.split(".")
        header, claims = _decoded(first), _decoded(middle)
        signature = base64url_decode(last)
    except (ValueError, RecursionError) as error:
        raise _malformed() from error
    if not disclosures or len(disclosures) > _MOST_DISCLOSURES or not isinstance(header, dict):
        raise _malformed()
    if not isinstance(claims, dict):
        raise _malformed()
    return header, claims, disclosures[:-1], f"{first}.{middle}".encode("ascii"), signature


def _encoded(value: Any) -> str:
    return base64url_encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _decoded(part: str) -> Any:
    try:
        return strict_json.load(base64url_decode(part))
    except ValueError as error:
        raise _malformed() from error


def _malformed() -> InvalidDocument:
    return InvalidDocument("This is no SD-JWT.", code="sd-jwt-form")
