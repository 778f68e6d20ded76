"""What we read from, and ask of, an organisation's X.509 certificate (RFC 5280, ETSI EN 319 412-3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ..domain.errors import Misconfigured
from ..domain.text import aware
from .countries import ALPHA3
from .times import CLOCK_LEEWAY

ORGANISATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
_COMMON_NAME_MAX = 64  # bytes; RFC 5280, ub-common-name


@dataclass(frozen=True, kw_only=True)
class OrganisationIdentity:
    """Who a certificate says the organisation is, and from when to when it says so.

    ``country`` is the alpha-3 code of the EU country vocabulary.
    """

    legal_name: str
    legal_identifier: str
    country_alpha2: str
    country: str
    not_before: datetime
    not_after: datetime


def identity_of(certificate: x509.Certificate) -> OrganisationIdentity:
    """The organisation named by O, 2.5.4.97 and C; Misconfigured (``certificate-identity``) if one is absent."""
    alpha2 = _attribute(certificate, NameOID.COUNTRY_NAME, "country (C)").upper()
    if alpha2 not in ALPHA3:
        raise Misconfigured(
            f"The certificate's country '{alpha2}' is not an ISO 3166-1 code.", code="certificate-country",
            country=alpha2,
        )
    return OrganisationIdentity(
        legal_name=_attribute(certificate, NameOID.ORGANIZATION_NAME, "organisation name (O)"),
        legal_identifier=_attribute(certificate, ORGANISATION_IDENTIFIER, "organisation identifier (2.5.4.97)"),
        country_alpha2=alpha2,
        country=ALPHA3[alpha2],
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def check_period(certificate: x509.Certificate, at: datetime) -> None:
    """Misconfigured (``certificate-not-yet-valid``, ``certificate-expired``) unless valid ``at`` that time."""
    if at < certificate.not_valid_before_utc:
        since = certificate.not_valid_before_utc.isoformat()
        raise Misconfigured(
            f"The organisation's certificate is valid only from {since}: check the server's clock, or wait.",
            code="certificate-not-yet-valid", since=since,
        )
    if at > certificate.not_valid_after_utc:
        until = certificate.not_valid_after_utc.isoformat()
        raise Misconfigured(
            f"The organisation's certificate expired at {until}: install a new one.",
            code="certificate-expired", until=until,
        )


def check_chain(chain: Sequence[x509.Certificate]) -> None:
    """Misconfigured (``certificate-chain``) unless every certificate is signed by the next."""
    for certificate, issuer in pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise Misconfigured(
                "The certificates do not form a chain from the organisation's own to its issuers.",
                code="certificate-chain",
            ) from error


def check_usage(certificate: x509.Certificate) -> None:
    """Misconfigured (``certificate-usage``) if the certificate says that its key may not sign documents."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise Misconfigured("The certificate does not allow its key to sign documents.", code="certificate-usage")


def ordered_chain(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """``leaf`` and its issuers in order, taken from ``others``; unrelated certificates are left out."""
    chain = [leaf]
    rest = list(others)
    while chain[-1].issuer != chain[-1].subject:
        issuer = next((other for other in rest if other.subject == chain[-1].issuer), None)
        if issuer is None:
            break
        rest.remove(issuer)
        chain.append(issuer)
    return tuple(chain)


def issue_self_signed(
    private: Any, *, legal_name: str, legal_identifier: str, country_alpha2: str, now: datetime, days: int
) -> x509.Certificate:
    """A certificate by which an organisation vouches for itself: for demonstrations and tests, not for eIDAS."""
    aware(now, field="now")
    common_name = legal_name.encode("utf-8")[:_COMMON_NAME_MAX].decode("utf-8", "ignore")
    try:
        subject = x509.Name([
            x509.NameAttribute(NameOID.COUNTRY_NAME, country_alpha2),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, legal_name),
            x509.NameAttribute(ORGANISATION_IDENTIFIER, legal_identifier),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ])
    except ValueError as error:
        raise Misconfigured(
            "Legal name, legal identifier and a two-letter country are needed for a certificate.",
            code="certificate-identity",
        ) from error
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_LEEWAY)  # valid at once for readers whose clock is behind ours
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier, name: str) -> str:
    values = [str(attribute.value).strip() for attribute in certificate.subject.get_attributes_for_oid(oid)]
    if not values or not values[0]:
        raise Misconfigured(f"The certificate names no {name}.", code="certificate-identity", attribute=name)
    return values[0]
