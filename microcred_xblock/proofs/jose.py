"""VC-JWT as Open Badges 3.0 wants it (OB 3.0 §8.2; RFC 7515, RFC 7519): the badge itself as claims."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jwcrypto.common import base64url_decode, base64url_encode

from ..domain.credential import Credential, Format, VerifiableCredential
from ..domain.errors import InvalidDocument, Misconfigured
from .keys import SigningKey, VerificationKey
from .times import CLOCK_LEEWAY, parse

ALGORITHMS = ("ES256", "RS256")  # what Open Badges verifiers accept
MEDIA_TYPE = "text/plain"  # what the Open Badges 3.0 API takes a compact JWS as
EXTENSION = "jwt"
_CLAIMS = frozenset({"iss", "jti", "nbf", "sub", "exp"})


def secure(credential: Credential, *, key: SigningKey, key_id: str) -> VerifiableCredential:
    """``credential`` (an Open Badge) as a compact JWS: the document plus iss, jti, nbf, sub and, if set, exp.

    ``key_id`` is the DID URL of the JWK in the issuer's DID document. The document may carry an
    embedded proof, which is then signed along. Raises Misconfigured (``key-algorithm``, ``key-id``)
    and InvalidDocument (``jwt-format``, ``jwt-claim``): a JWT names its subject, so a badge that
    knows its holder by a hash alone has no JWT form.
    """
    if key.algorithm not in ALGORITHMS:
        raise Misconfigured(
            f"A VC-JWT is signed with {' or '.join(ALGORITHMS)}, not {key.algorithm}.", code="key-algorithm"
        )
    if credential.format is not Format.OPEN_BADGE:
        raise InvalidDocument("Only an Open Badge is issued as VC-JWT.", code="jwt-format")
    claims = registered_claims(credential.document)
    if key_id.partition("#")[0] != claims["iss"]:
        raise Misconfigured("The key's id must belong to the issuer.", code="key-id")
    content = token({**credential.document, **claims}, key=key, key_id=key_id, type_="JWT")
    return VerifiableCredential(
        id=credential.id, format=Format.OPEN_BADGE_JWT, media_type=MEDIA_TYPE, content=content.encode("ascii"),
        extension=EXTENSION,
    )


def token(claims: Mapping[str, Any], *, key: SigningKey, key_id: str, type_: str) -> str:
    """Claims as a signed compact JWT of that ``typ``. Misconfigured (``key-algorithm``)."""
    if key.algorithm not in ALGORITHMS:
        raise Misconfigured(
            f"A JWT is signed with {' or '.join(ALGORITHMS)}, not {key.algorithm}.", code="key-algorithm"
        )
    signed = f"{_part({'alg': key.algorithm, 'kid': key_id, 'typ': type_})}.{_part(claims)}"
    return f"{signed}.{base64url_encode(key.sign(signed.encode('ascii')))}"


def verify(
    content: bytes, *, public_key_for: Callable[[str], VerificationKey], now: datetime
) -> dict[str, Any]:
    """The badge in a compact JWS that its issuer signed and that is valid ``now``, without the registered claims.

    ``public_key_for`` gives the key of a ``kid``, or raises. InvalidDocument: ``jwt-form``, ``jwt-invalid``,
    ``jwt-claim``, ``proof-controller``; last of all, with a good signature, ``not-yet-valid`` and ``expired``.
    """
    header, claims, signed, signature = _parsed(content)
    method = header.get("kid")
    if header.get("alg") not in ALGORITHMS or "crit" in header or not isinstance(method, str):
        raise _malformed()
    document = {name: value for name, value in claims.items() if name not in _CLAIMS}
    wanted = registered_claims(document)
    if method.partition("#")[0] != wanted["iss"]:
        raise InvalidDocument("The signature is not the issuer's own.", code="proof-controller")
    key = public_key_for(method)
    if key.algorithm != header["alg"] or not key.verifies(signature, signed):
        raise InvalidDocument("The signature does not fit the credential.", code="jwt-invalid")
    if any(claims.get(name) != value for name, value in wanted.items()):
        raise InvalidDocument("The claims of the JWT are not those of the credential.", code="jwt-claim")
    if wanted["nbf"] > (now + CLOCK_LEEWAY).timestamp():
        raise InvalidDocument("The credential is not valid yet.", code="not-yet-valid")
    if wanted.get("exp", now.timestamp()) < (now - CLOCK_LEEWAY).timestamp():
        raise InvalidDocument("The credential has expired.", code="expired")
    return document


def registered_claims(document: Mapping[str, Any]) -> dict[str, Any]:
    """iss, jti, nbf, sub and, with validUntil, exp; InvalidDocument (``jwt-claim``) if one cannot be made."""
    issuer = document.get("issuer")
    claims = {
        "iss": _text(issuer.get("id") if isinstance(issuer, Mapping) else issuer, "issuer.id"),
        "jti": _text(document.get("id"), "id"),
        "nbf": _numeric_date(document.get("validFrom"), "validFrom"),
        "sub": _text(_subject_id(document), "credentialSubject.id"),
    }
    if "validUntil" in document:
        claims["exp"] = _numeric_date(document["validUntil"], "validUntil")
    return claims


def _subject_id(document: Mapping[str, Any]) -> Any:
    subject = document.get("credentialSubject")
    return subject.get("id") if isinstance(subject, Mapping) else None


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidDocument(f"A VC-JWT needs {where} in the credential.", code="jwt-claim", field=where)
    return value


def _numeric_date(value: Any, where: str) -> int:
    try:
        return int(parse(value).timestamp())
    except ValueError as error:
        raise InvalidDocument(
            f"A VC-JWT needs {where}, a time with a timezone, in the credential.", code="jwt-claim", field=where
        ) from error


def _parsed(content: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, the signed bytes and the signature of a compact JWS; nothing of it is verified yet."""
    signed, _, last = content.strip().rpartition(b".")
    first, _, middle = signed.partition(b".")
    try:
        header, claims = (json.loads(base64url_decode(part.decode("ascii"))) for part in (first, middle))
        signature = base64url_decode(last.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _malformed()
    return header, claims, signed, signature


def _malformed() -> InvalidDocument:
    return InvalidDocument("This is no badge as VC-JWT.", code="jwt-form")


def _part(value: Mapping[str, Any]) -> str:
    return base64url_encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
