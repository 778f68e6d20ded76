"""JAdES baseline-B (ETSI TS 119 182-1) over an ELM credential, in the form European Digital Credentials have.

Enveloping, general JSON serialisation, unencoded payload (RFC 7797). What is made here is a
technical signature; whether it counts as a seal under eIDAS depends on a certificate's listing
that nothing here reads, so nothing here says so.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jwcrypto.common import JWException, JWSEHeaderParameter, base64url_decode, base64url_encode, json_decode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from ..domain.credential import Credential, Format, VerifiableCredential
from ..domain.errors import InvalidDocument, Misconfigured
from ..domain.text import aware
from . import der
from .certificates import check_chain, check_period, check_usage, identity_of
from .keys import SEAL_ALGORITHMS, OrganisationIdentity, SealCertificate
from .times import CLOCK_LEEWAY, parse, stamp

MEDIA_TYPE = "application/jose+json"
EXTENSION = "jsonld"
_CRITICAL = ["b64", "sigT"]
_MAX_CHAIN = 10


def seal(credential: Credential, *, certificate: SealCertificate, now: datetime) -> VerifiableCredential:
    """``credential`` (ELM) sealed at ``now`` by the organisation it names as its issuer.

    Misconfigured: ``key-algorithm``, ``certificate-expired``, ``certificate-not-yet-valid``,
    ``certificate-issuer`` (the issuer of the credential is not the organisation of the certificate).
    InvalidDocument: ``seal-format``, ``document-control``.
    """
    if credential.format is not Format.ELM:
        raise InvalidDocument("Only a European Digital Credential is sealed.", code="seal-format")
    if certificate.key.algorithm not in SEAL_ALGORITHMS:
        raise Misconfigured(
            f"A seal is made with {' or '.join(SEAL_ALGORITHMS)}, not {certificate.key.algorithm}.",
            code="key-algorithm",
        )
    certificate.check_valid(aware(now, field="now"))
    check_issuer(credential.document, certificate.identity)
    return VerifiableCredential(
        id=credential.id, format=Format.ELM, media_type=MEDIA_TYPE,
        content=envelope(credential.document, certificate, now), extension=EXTENSION,
    )


def envelope(document: Mapping[str, Any], certificate: SealCertificate, now: datetime) -> bytes:
    """``document`` under a signature of ``certificate``, whoever it belongs to: ``seal`` asks that first."""
    payload = _json(document)
    protected = base64url_encode(_json(protected_header(certificate, now)))
    signature = certificate.key.sign(f"{protected}.{payload}".encode())
    return _json({
        "payload": payload,
        "signatures": [{"protected": protected, "signature": base64url_encode(signature)}],
    }).encode("utf-8")


def protected_header(certificate: SealCertificate, now: datetime) -> dict[str, Any]:
    """The protected header (TS 119 182-1 §5.1, §5.2): kid is the base64 DER IssuerSerial of the certificate."""
    chain = [item.public_bytes(Encoding.DER) for item in certificate.chain]
    return {
        "alg": certificate.key.algorithm,
        "cty": "octet-stream",
        "kid": key_id(certificate.leaf),
        "x5t#S256": base64url_encode(sha256(chain[0]).digest()),
        "x5c": [base64.b64encode(item).decode("ascii") for item in chain],
        "typ": "jose+json",
        "b64": False,
        "sigT": stamp(now),
        "crit": _CRITICAL,
    }


def key_id(certificate: x509.Certificate) -> str:
    """Base64 of the DER IssuerSerial (RFC 5035 §4): the issuer as a directory name, and the serial number."""
    issuer = der.sequence(der.explicit(4, certificate.issuer.public_bytes()))
    return base64.b64encode(der.sequence(issuer, der.integer(certificate.serial_number))).decode("ascii")


def check_issuer(document: Mapping[str, Any], identity: OrganisationIdentity) -> None:
    """Misconfigured (``certificate-issuer``) unless name, legal identifier and country are the certificate's."""
    issuer = _mapping(document.get("issuer"))
    names = _mapping(issuer.get("legalName")).values()
    countries = {
        str(_mapping(_mapping(address).get("countryCode")).get("id")).rpartition("/")[2]
        for place in _list(issuer.get("location"))
        for address in _list(_mapping(place).get("address"))
    }
    for fact, same in (
        ("legalName", identity.legal_name in names),
        ("eIDASIdentifier", _mapping(issuer.get("eIDASIdentifier")).get("notation") == identity.legal_identifier),
        ("countryCode", countries == {identity.country}),
    ):
        if not same:
            raise Misconfigured(
                f"The issuer's {fact} is not the one in the organisation's certificate: correct the issuer.",
                code="certificate-issuer", fact=fact,
            )


def verify(content: bytes, *, now: datetime) -> tuple[dict[str, Any], OrganisationIdentity]:
    """The credential and the organisation whose key sealed it.

    Checks signature, certificate chain, periods (five minutes of leeway) and that issuer and
    organisation are the same; trust in the certificate is not judged. InvalidDocument
    (``seal-form``, ``seal-invalid``, ``certificate-…``).
    """
    jws, header, chain = _parse(content)
    try:
        jws.verify(JWK.from_pyca(chain[0].public_key()))
    except (JWException, ValueError, TypeError) as error:
        raise InvalidDocument("The seal does not fit the credential.", code="seal-invalid") from error
    try:
        document = json_decode(jws.payload)
    except (ValueError, TypeError) as error:
        raise _malformed() from error
    if not isinstance(document, dict):
        raise _malformed()
    signed_at = _signing_time(header)
    if signed_at > now + CLOCK_LEEWAY:
        raise InvalidDocument("The seal lies in the future.", code="seal-invalid")
    try:
        check_chain(chain)
        check_usage(chain[0])
        check_period(chain[0], signed_at)
        check_period(chain[0], max(now, signed_at))
        identity = identity_of(chain[0])
        check_issuer(document, identity)
    except Misconfigured as error:
        raise InvalidDocument(error.message, code=error.code, **error.params) from error
    return document, identity


def _parse(content: bytes) -> tuple[JWS, dict[str, Any], list[x509.Certificate]]:
    registry = {"sigT": JWSEHeaderParameter("Claimed signing time", True, True, None)}
    jws = JWS(header_registry=registry)
    jws.allowed_algs = list(SEAL_ALGORITHMS)
    try:
        outer = json_decode(content)
        (signature,) = outer["signatures"]
        if set(outer) != {"payload", "signatures"} or not set(signature) <= {"protected", "signature", "header"}:
            raise _malformed()
        jws.deserialize(content.decode("utf-8"))
        header = json_decode(base64url_decode(signature["protected"]))
        chain = [x509.load_der_x509_certificate(base64.b64decode(item, validate=True)) for item in header["x5c"]]
    except (JWException, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise _malformed() from error
    if not 0 < len(chain) <= _MAX_CHAIN or header.get("b64") is not False or header.get("crit") != _CRITICAL:
        raise _malformed()
    if header.get("x5t#S256") != base64url_encode(sha256(chain[0].public_bytes(Encoding.DER)).digest()):
        raise InvalidDocument("The certificate is not the one the seal names.", code="seal-invalid")
    return jws, header, chain


def _signing_time(header: Mapping[str, Any]) -> datetime:
    try:
        return parse(header.get("sigT"))
    except ValueError as error:
        raise _malformed() from error


def _malformed() -> InvalidDocument:
    return InvalidDocument("The file is not a sealed European Digital Credential.", code="seal-form")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidDocument(
            "The credential contains half a character: delete it.", code="document-control"
        ) from error
    return text


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
