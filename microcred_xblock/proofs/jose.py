"""VC-JWT as Open Badges 3.0 wants it (OB 3.0 §8.2; RFC 7515, RFC 7519): the badge itself as claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jwcrypto.common import base64url_encode

from ..domain.credential import Credential, Format, VerifiableCredential
from ..domain.errors import InvalidDocument, Misconfigured
from .keys import SigningKey
from .times import parse

ALGORITHMS = ("ES256", "RS256")  # what Open Badges verifiers accept
MEDIA_TYPE = "text/plain"  # what the Open Badges 3.0 API takes a compact JWS as
EXTENSION = "jwt"


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
    header = {"alg": key.algorithm, "kid": key_id, "typ": "JWT"}
    signed = f"{_part(header)}.{_part({**credential.document, **claims})}"
    content = f"{signed}.{base64url_encode(key.sign(signed.encode('ascii')))}"
    return VerifiableCredential(
        id=credential.id, format=Format.OPEN_BADGE_JWT, media_type=MEDIA_TYPE, content=content.encode("ascii"),
        extension=EXTENSION,
    )


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


def _part(value: Mapping[str, Any]) -> str:
    return base64url_encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
