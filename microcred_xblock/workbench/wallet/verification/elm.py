"""European Digital Credentials (ELM v3) under a JAdES baseline-B seal (ETSI TS 119 182-1), as Europass writes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from .countries import ALPHA3
from .jws import ALGORITHMS, base64url, check_bytes
from .reading import check_period, identifier, load_object, mapping, members, moment, text
from .report import CheckFailed, Checklist, Unreadable, Verified

_ORGANISATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
_KNOWN_CRITICAL = {"b64", "sigT"}
_REQUIRED = (
    "credentialProfiles", "credentialSchema", "credentialSubject", "issuer", "issued", "validFrom", "displayParameter",
)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A parsed JAdES signature in the general JSON serialisation; nothing about it is verified yet."""

    protected: str
    header: Mapping[str, Any]
    signature: bytes
    payload: str


def verify_elm(content: bytes, *, now: datetime) -> Verified:
    """A sealed European Digital Credential. The signature covers the payload's exact bytes.

    Whether the certificate is a *qualified* one stands in the EU's trusted lists, which the wallet
    does not read: a good seal is reported as a technical signature.
    """
    seal = _parse(content)
    document = _credential(load_object(seal.payload.encode("utf-8", "surrogatepass")))
    checks = Checklist()
    checks.ask("structure", _check_structure, document)
    checks.ask("period", check_period, document, now)
    chain = checks.ask("certificate", _check_chain, seal, now)
    if chain:
        checks.ask("signature", _check_signature, seal, chain[0], code="jades", algorithm=text(seal.header.get("alg")))
        checks.ask("issuer", _check_issuer, document, chain[0], code="certificate-issuer", **_subject(chain[0]))
        checks.note("seal", "self-signed" if _self_signed(chain[0]) else "not-consulted")
    valid_from = moment(document["validFrom"])
    assert valid_from is not None
    return Verified(
        document=document,
        issuer_id=_issuer_key(document),
        credential_id=document["id"].strip(),
        valid_from=valid_from,
        report=checks.report(now),
    )


def _parse(content: bytes) -> Seal:
    outer = load_object(content)
    signatures = members(outer.get("signatures"))
    payload = outer.get("payload")
    if not isinstance(payload, str) or len(signatures) != 1:
        raise Unreadable("This is not a sealed European Digital Credential.")
    signature = mapping(signatures[0])
    protected = text(signature.get("protected"))
    return Seal(
        protected=protected,
        header=load_object(base64url(protected)),
        signature=base64url(text(signature.get("signature"))),
        payload=payload,
    )


def _credential(document: dict[str, Any]) -> dict[str, Any]:
    if "EuropeanDigitalCredential" not in members(document.get("type")):
        raise Unreadable("This is not a European Digital Credential.")
    if not text(document.get("id")).strip() or not _issuer_key(document):
        raise Unreadable("The credential has no id or no issuer.")
    if moment(document.get("validFrom")) is None:
        raise Unreadable("The credential's validFrom is no time with a timezone.")
    return document


def _issuer_key(document: Mapping[str, Any]) -> str:
    """What identifies the issuer: the legal identifier, as the issuer's id may be random in each file."""
    issuer = mapping(document.get("issuer"))
    return text(mapping(issuer.get("eIDASIdentifier")).get("notation")) or identifier(issuer)


def _check_structure(document: Mapping[str, Any]) -> None:
    """The members that every European Digital Credential must have."""
    for name in _REQUIRED:
        if not document.get(name):
            raise CheckFailed("member", member=name)
    issuer, subject = mapping(document["issuer"]), mapping(document["credentialSubject"])
    display = mapping(document["displayParameter"])
    for found, name in (
        (mapping(issuer.get("legalName")), "issuer.legalName"),
        (mapping(issuer.get("eIDASIdentifier")).get("notation"), "issuer.eIDASIdentifier"),
        (issuer.get("location"), "issuer.location"),
        (members(subject.get("hasClaim")), "credentialSubject.hasClaim"),
        (mapping(display.get("title")), "displayParameter.title"),
    ):
        if not found:
            raise CheckFailed("member", member=name)


def _check_chain(seal: Seal, now: datetime) -> list[x509.Certificate]:
    """The certificates of x5c: matching digest, in their validity, each signed by the next."""
    try:
        chain = [x509.load_der_x509_certificate(_standard_base64(item)) for item in members(seal.header.get("x5c"))]
    except (ValueError, TypeError) as error:
        raise CheckFailed("certificate-unreadable") from error
    if not chain or len(chain) > 10:
        raise CheckFailed("certificate-unreadable")
    digest = hashlib.sha256(_der(chain[0])).digest()
    try:
        named = base64url(text(seal.header.get("x5t#S256")))
    except Unreadable as error:
        raise CheckFailed("certificate-digest") from error
    if not hmac.compare_digest(digest, named):
        raise CheckFailed("certificate-digest")
    signed_at = moment(seal.header.get("sigT"))
    if signed_at is None or not chain[0].not_valid_before_utc <= signed_at <= chain[0].not_valid_after_utc:
        raise CheckFailed("certificate-period")
    if now > chain[0].not_valid_after_utc:
        raise CheckFailed("certificate-period")
    for certificate, issuer in pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise CheckFailed("certificate-chain") from error
    return chain


def _check_signature(seal: Seal, certificate: x509.Certificate) -> None:
    """JAdES-B with an unencoded payload (RFC 7797): protected header, a dot, the payload as it stands."""
    header = seal.header
    if header.get("alg") not in ALGORITHMS:
        raise CheckFailed("algorithm")
    critical = header.get("crit")
    if not isinstance(critical, list) or header.get("b64") is not False:
        raise CheckFailed("jws-header")
    if not {"b64", "sigT"} <= set(map(str, critical)) or not set(map(str, critical)) <= _KNOWN_CRITICAL:
        raise CheckFailed("jws-header")
    message = f"{seal.protected}.{seal.payload}".encode("utf-8", "surrogatepass")
    check_bytes(header["alg"], message, certificate.public_key(), seal.signature)


def _check_issuer(document: Mapping[str, Any], certificate: x509.Certificate) -> None:
    """The organisation of the certificate is the issuer of the credential: name, legal identifier, country."""
    subject = _subject(certificate)
    issuer = mapping(document.get("issuer"))
    names = {text(name) for value in mapping(issuer.get("legalName")).values() for name in members(value)}
    if subject["organisation"] not in names:
        raise CheckFailed("issuer-name", organisation=subject["organisation"])
    if text(mapping(issuer.get("eIDASIdentifier")).get("notation")) != subject["legal_identifier"]:
        raise CheckFailed("issuer-identifier", organisation=subject["organisation"])
    country = ALPHA3.get(subject["country"], "")
    codes = {
        identifier(mapping(address).get("countryCode")).rpartition("/")[2]
        for place in members(issuer.get("location"))
        for address in members(mapping(place).get("address"))
    }
    if not country or country not in codes:
        raise CheckFailed("issuer-country", organisation=subject["organisation"])


def _subject(certificate: x509.Certificate) -> dict[str, str]:
    def first(oid: x509.ObjectIdentifier) -> str:
        found = certificate.subject.get_attributes_for_oid(oid)
        return str(found[0].value) if found else ""

    return {
        "organisation": first(NameOID.ORGANIZATION_NAME),
        "legal_identifier": first(_ORGANISATION_IDENTIFIER),
        "country": first(NameOID.COUNTRY_NAME),
    }


def _self_signed(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _standard_base64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError("x5c holds text")
    return base64.b64decode(value, validate=True)
