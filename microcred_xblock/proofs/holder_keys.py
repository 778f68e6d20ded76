"""Keys that a wallet names as its own: did:key, did:jwk, or a bare JWK; each as a JWK and as the holder's DID."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto.common import JWException, base64url_decode, base64url_encode
from jwcrypto.jwk import JWK

from ..domain import strict_json
from ..domain.errors import InvalidDocument
from . import multibase

MOST_DID = 2_000
_CURVES: Mapping[str, tuple[str, int]] = {  # of a JWK: its key type and the bytes of a coordinate
    "P-256": ("EC", 32), "P-384": ("EC", 48), "Ed25519": ("OKP", 32),
}
_MULTICODECS: tuple[tuple[bytes, Any], ...] = (  # for EC: the point is compressed
    (multibase.P256_PUBLIC, ec.SECP256R1), (b"\x81\x24", ec.SECP384R1),
)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)  # jwcrypto would skip anything else
_FIELD = 2**255 - 19
# The y of the points of Ed25519 whose order is 1, 2, 4 or 8: everybody can make signatures that fit such a "key".
_EVERYBODYS = {
    0, 1, _FIELD - 1,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
}
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def public_jwk(told: Any) -> dict[str, str]:
    """The JWK with nothing but what makes the key (RFC 7638), its point checked. InvalidDocument (``wallet-key``)."""
    if not isinstance(told, Mapping) or not all(isinstance(name, str) for name in told):
        raise _unusable("The key is no JWK.")
    if _PRIVATE & set(told):
        raise _unusable("A key proof must not hold a private key.")
    kind, size = _CURVES.get(told.get("crv") if isinstance(told.get("crv"), str) else "", ("", 0))
    if not kind or told.get("kty") != kind:
        raise _unusable(f"The key must be on one of the curves {', '.join(_CURVES)}.")
    members = ("crv", "kty", "x", "y") if kind == "EC" else ("crv", "kty", "x")
    found = {name: told.get(name) for name in members}
    for name in members[2:]:
        if len(_bytes(found[name])) != size:
            raise _unusable("A coordinate of the key has not the length that it must have.")
    if kind == "OKP" and not _is_somebodys(_bytes(found["x"])):
        raise _unusable("The key is not one that a single holder can have.")
    try:
        key = JWK(**found)
        point = key.get_op_key("verify")  # where it is not on the curve, it is here that it is seen
    except (JWException, ValueError, TypeError) as error:
        raise _unusable("The key is not one of its curve.") from error
    if kind == "EC" and [_bytes(found["x"]), _bytes(found["y"])] != _coordinates(point, size):
        raise _unusable("A coordinate of the key is larger than its field.")  # which would be a second name
    return {name: str(found[name]) for name in members}


def did_jwk(jwk: Mapping[str, str]) -> str:
    """The did:jwk of a key that ``public_jwk`` has made: always the same one for the same key."""
    return "did:jwk:" + base64url_encode(json.dumps(dict(sorted(jwk.items())), separators=(",", ":")))


def resolve(did: str) -> dict[str, str]:
    """The key that a did:key or did:jwk says. InvalidDocument (``wallet-did``, ``wallet-key``)."""
    method, _, rest = did.partition("did:")[2].partition(":")
    if not did.startswith("did:") or len(did) > MOST_DID or not did.isascii() or set(did) & set("#?/"):
        raise _unknown()
    if method == "jwk":
        try:
            return public_jwk(strict_json.load(_bytes(rest)))
        except ValueError as error:
            raise _unknown() from error
    if method == "key":
        return _of_multikey(rest)
    raise _unknown()


def key_of(key_id: str) -> tuple[str, dict[str, str]]:
    """The DID and the key that a ``kid`` names: ``did:key:z…#z…``, ``did:jwk:…#0``, or the DID alone."""
    did, separator, fragment = key_id.partition("#")
    jwk = resolve(did)
    expected = "0" if did.startswith("did:jwk:") else did.removeprefix("did:key:")
    if separator and fragment != expected:
        raise _unknown()
    return did, jwk


def _of_multikey(text: str) -> dict[str, str]:
    try:
        decoded = multibase.decode(text)
    except InvalidDocument as error:
        raise _unknown() from error
    if decoded.startswith(multibase.ED25519_PUBLIC):
        raw = decoded[len(multibase.ED25519_PUBLIC):]
        return public_jwk({"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(raw)})
    for prefix, curve in _MULTICODECS:
        if decoded.startswith(prefix) and decoded[len(prefix):len(prefix) + 1] in (b"\x02", b"\x03"):
            try:
                point = ec.EllipticCurvePublicKey.from_encoded_point(curve(), decoded[len(prefix):])
            except ValueError as error:
                raise _unusable("The key is not one of its curve.") from error
            return public_jwk(JWK.from_pyca(point).export_public(as_dict=True))
    raise _unusable(f"The key must be on one of the curves {', '.join(_CURVES)}.")


def _bytes(value: Any) -> bytes:
    """What ``value`` writes, which nothing else may write: one key must not have two names."""
    if not isinstance(value, str) or len(value) > MOST_DID or not _BASE64URL.fullmatch(value):
        raise _unusable("The key is not written in Base64url.")
    try:
        found = base64url_decode(value)
    except ValueError as error:
        raise _unusable("The key is not written in Base64url.") from error
    if base64url_encode(found) != value:
        raise _unusable("The key is not written in Base64url.")
    return found


def _coordinates(point: ec.EllipticCurvePublicKey, size: int) -> list[bytes]:
    numbers = point.public_numbers()
    return [number.to_bytes(size, "big") for number in (numbers.x, numbers.y)]


def _is_somebodys(encoded: bytes) -> bool:
    """Whether an Ed25519 key is in canonical form (RFC 8032, section 5.1.3) and not of small order."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y < _FIELD and y not in _EVERYBODYS


def _unknown() -> InvalidDocument:
    return InvalidDocument("The holder is named by did:key, did:jwk or a JWK.", code="wallet-did")


def _unusable(message: str) -> InvalidDocument:
    return InvalidDocument(message, code="wallet-key")
