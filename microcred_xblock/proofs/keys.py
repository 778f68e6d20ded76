"""Signing keys and the keys that verify them.

``SigningKey`` is the only thing the proof modules ask of a key, so that a remote signing service
can stand where ``LocalKey`` stands. Private keys leave this module only as encrypted PKCS#8 or
PKCS#12, and never appear in ``repr``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import pkcs12
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

from ..domain.errors import Misconfigured
from . import multibase
from .certificates import (
    OrganisationIdentity,
    check_chain,
    check_period,
    check_usage,
    identity_of,
    issue_self_signed,
    ordered_chain,
)

ALGORITHMS = ("Ed25519", "ES256", "RS256")
SEAL_ALGORITHMS = ("ES256", "RS256")
RSA_BITS = 3072
_RSA_LEAST_BITS = 2048
_COORDINATE = 32  # bytes of r, s and of a P-256 coordinate


@dataclass(frozen=True, kw_only=True)
class VerificationKey:
    """A public key: what a DID document publishes and what signatures are checked with.

    Made from a key of ``cryptography`` or from a JWK, so that a retired key can stay published
    after its private half is destroyed.
    """

    public: Any = field(repr=False)
    algorithm: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "algorithm", _algorithm_of(self.public))

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> VerificationKey:
        """The key of a public JWK; Misconfigured (``key-unreadable``) otherwise."""
        try:
            pem = JWK(**jwk).export_to_pem()
        except (JWException, ValueError, TypeError) as error:
            raise Misconfigured("The public key is not a usable JWK.", code="key-unreadable") from error
        return cls(public=serialization.load_pem_public_key(pem))

    def public_jwk(self) -> dict[str, Any]:
        """The JWK with its ``alg`` (RFC 7517), no private member."""
        jwk = JWK.from_pyca(self.public).export_public(as_dict=True)
        return {**{name: jwk[name] for name in sorted(jwk) if name != "kid"}, "alg": _JWK_ALG[self.algorithm]}

    def public_multikey(self) -> str:
        """The Multikey value (CID 1.0 §2.2.2); Misconfigured for RSA, which has no form here."""
        return self._multikey

    @cached_property
    def _multikey(self) -> str:
        if self.algorithm == "Ed25519":
            return multibase.encode(multibase.ED25519_PUBLIC + self.raw())
        if self.algorithm == "ES256":
            point = self.public.public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
            )
            return multibase.encode(multibase.P256_PUBLIC + point)
        raise Misconfigured(f"A {self.algorithm} key has no Multikey form.", code="key-algorithm")

    def raw(self) -> bytes:
        """The 32 bytes of an Ed25519 key; Misconfigured (``key-algorithm``) for other keys."""
        if self.algorithm != "Ed25519":
            raise Misconfigured(f"An Ed25519 key is needed, not {self.algorithm}.", code="key-algorithm")
        return self.public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` (JOSE form: raw r||s for ES256) is this key's over ``data``."""
        try:
            if self.algorithm == "Ed25519":
                self.public.verify(signature, data)
            elif self.algorithm == "ES256":
                if len(signature) != 2 * _COORDINATE:
                    return False
                r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE], signature[_COORDINATE:]))
                self.public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
            else:
                self.public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


class SigningKey(ABC):
    """A key that signs: in memory, in a module, or at a remote service.

    ``algorithm`` is ``Ed25519``, ``ES256`` or ``RS256``; ``sign`` returns the JOSE form of the
    signature (raw r||s for ES256).
    """

    algorithm: str

    @abstractmethod
    def sign(self, data: bytes) -> bytes:
        """The signature over ``data``."""

    @property
    @abstractmethod
    def verification_key(self) -> VerificationKey:
        """The public half."""

    def public_multikey(self) -> str:
        """``VerificationKey.public_multikey`` of the public half."""
        return self.verification_key.public_multikey()

    def public_jwk(self) -> dict[str, Any]:
        """``VerificationKey.public_jwk`` of the public half."""
        return self.verification_key.public_jwk()


class LocalKey(SigningKey):
    """A private key in this process's memory."""

    def __init__(self, private: Any) -> None:
        """``private`` is a key of ``cryptography``; Misconfigured for a kind or size we do not sign with."""
        self._private = private
        self._verification_key = VerificationKey(public=private.public_key())
        self.algorithm = self._verification_key.algorithm

    def __repr__(self) -> str:
        return f"LocalKey({self.algorithm})"

    @property
    def verification_key(self) -> VerificationKey:
        """The public half."""
        return self._verification_key

    @property
    def private(self) -> Any:
        """The key object, for PKCS#12 and certificate signing."""
        return self._private

    @classmethod
    def generate(cls, algorithm: str) -> LocalKey:
        """A fresh key; ``algorithm`` is one of ``ALGORITHMS``."""
        if algorithm == "Ed25519":
            return cls(ed25519.Ed25519PrivateKey.generate())
        if algorithm == "ES256":
            return cls(ec.generate_private_key(ec.SECP256R1()))
        if algorithm == "RS256":
            return cls(rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))
        raise Misconfigured(
            f"Keys are {', '.join(ALGORITHMS)}; '{algorithm}' is none of them.", code="key-algorithm"
        )

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | str | None = None) -> LocalKey:
        """The key of a PKCS#8 PEM. Misconfigured (``key-unreadable``) if file or password is wrong."""
        try:
            private = serialization.load_pem_private_key(pem, _password(password))
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Misconfigured(
                "The private key cannot be read: check the file and its password.", code="key-unreadable"
            ) from error
        return cls(private)

    @classmethod
    def from_encrypted_pem(cls, pem: bytes, password: bytes | str, *, name: str) -> LocalKey:
        """Like ``from_pem``; Misconfigured (``key-unencrypted``) for a key that anybody could read."""
        if b"ENCRYPTED" not in pem and b"PRIVATE KEY-----" in pem:
            raise Misconfigured(
                f"The private key {name} is not encrypted: encrypt it under the passphrase "
                "(openssl pkcs8 -topk8 -v2 aes-256-cbc), and make a new one if others could read it.",
                code="key-unencrypted", file=name,
            )
        return cls.from_pem(pem, required_password(password))

    def to_pem(self, password: bytes | str) -> bytes:
        """PKCS#8 PEM, always encrypted; Misconfigured (``key-password``) for an empty password."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(required_password(password)),
        )

    def sign(self, data: bytes) -> bytes:
        """The signature in JOSE form; equal data give equal bytes wherever the library can (RFC 6979 for ES256)."""
        if self.algorithm == "Ed25519":
            return self._private.sign(data)
        if self.algorithm == "RS256":
            return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self._private.sign(data, self._ecdsa))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")

    @cached_property
    def _ecdsa(self) -> ec.ECDSA:
        try:
            return ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        except UnsupportedAlgorithm:  # OpenSSL older than 3.2
            return ec.ECDSA(hashes.SHA256())


_JWK_ALG = {"Ed25519": "EdDSA", "ES256": "ES256", "RS256": "RS256"}


def required_password(password: bytes | str) -> bytes:
    """``password`` as bytes; Misconfigured (``key-password``) if it is empty."""
    encoded = _password(password)
    if not encoded:
        raise Misconfigured("A private key is stored only under a password: set one.", code="key-password")
    return encoded


def _password(password: bytes | str | None) -> bytes | None:
    return password.encode("utf-8") if isinstance(password, str) else password


def _algorithm_of(public: Any) -> str:
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(public, rsa.RSAPublicKey):
        if public.key_size < _RSA_LEAST_BITS:
            raise Misconfigured(f"An RSA key needs at least {_RSA_LEAST_BITS} bits.", code="key-weak")
        return "RS256"
    raise Misconfigured("The key is neither Ed25519, P-256 nor RSA.", code="key-algorithm")


@dataclass(frozen=True)
class SealCertificate:
    """A signing key with the X.509 certificate of the organisation, leaf first, then its issuers.

    Whether the certificate is a qualified one is written in the EU's trusted lists, which nothing
    here reads: what is made with it is a technical signature. ``sign`` is the key's.
    """

    key: SigningKey
    chain: tuple[x509.Certificate, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "chain", tuple(self.chain))
        if not self.chain:
            raise Misconfigured("The seal has no certificate.", code="certificate-missing")
        if self.leaf.public_key() != self.key.verification_key.public:
            raise Misconfigured("The certificate is not for this private key.", code="certificate-key")
        check_chain(self.chain)
        check_usage(self.leaf)
        identity_of(self.leaf)

    @property
    def leaf(self) -> x509.Certificate:
        """The organisation's own certificate."""
        return self.chain[0]

    @property
    def identity(self) -> OrganisationIdentity:
        """The organisation named by the certificate."""
        return identity_of(self.leaf)

    @property
    def self_signed(self) -> bool:
        """Whether nobody but the organisation itself vouches for the certificate."""
        return self.leaf.issuer == self.leaf.subject

    def check_valid(self, now: datetime) -> None:
        """Misconfigured (``certificate-expired``, ``certificate-not-yet-valid``) if it may not sign at ``now``."""
        for certificate in self.chain:
            check_period(certificate, now)

    def to_pkcs12(self, password: bytes | str) -> bytes:
        """PKCS#12 with key and chain, always encrypted; Misconfigured for a key that is not local."""
        if not isinstance(self.key, LocalKey):
            raise Misconfigured("The private key is not held here and cannot be exported.", code="key-not-local")
        return pkcs12.serialize_key_and_certificates(
            b"seal", self.key.private, self.leaf, self.chain[1:] or None,
            serialization.BestAvailableEncryption(required_password(password)),
        )


def load_pkcs12(data: bytes, password: bytes | str) -> SealCertificate:
    """The seal certificate of a PKCS#12 file. Misconfigured (``pkcs12-unreadable``, ``certificate-…``, ``key-…``)."""
    try:
        private, leaf, others = pkcs12.load_key_and_certificates(data, _password(password))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misconfigured(
            "The PKCS#12 file cannot be read: check the file and its password.", code="pkcs12-unreadable"
        ) from error
    if private is None or leaf is None:
        raise Misconfigured("The PKCS#12 file holds no private key with its certificate.", code="pkcs12-unreadable")
    return SealCertificate(LocalKey(private), ordered_chain(leaf, others))


def self_signed(
    *, legal_name: str, legal_identifier: str, country_alpha2: str, now: datetime, days: int = 365,
    algorithm: str = "ES256",
) -> SealCertificate:
    """A fresh key under a certificate that only the organisation itself vouches for. ES256 or RS256."""
    if algorithm not in SEAL_ALGORITHMS:
        raise Misconfigured(f"Seals are {' or '.join(SEAL_ALGORITHMS)}, not '{algorithm}'.", code="key-algorithm")
    key = LocalKey.generate(algorithm)
    leaf = issue_self_signed(
        key.private, legal_name=legal_name, legal_identifier=legal_identifier, country_alpha2=country_alpha2,
        now=now, days=days,
    )
    return SealCertificate(key, (leaf,))
