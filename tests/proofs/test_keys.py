"""Keys and the organisation's certificate: what they sign, how they are stored, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from microcred_xblock.domain.errors import InvalidInput, Misconfigured
from microcred_xblock.proofs.certificates import ORGANISATION_IDENTIFIER
from microcred_xblock.proofs.countries import ALPHA3
from microcred_xblock.proofs.keys import (
    LocalKey,
    SealCertificate,
    SigningKey,
    VerificationKey,
    load_pkcs12,
    self_signed,
)
from tests.factories import AWARDED_AT as NOW

from .conftest import make_certificate


def refused(action, *arguments, **named) -> str:
    with pytest.raises(Misconfigured) as error:
        action(*arguments, **named)
    return error.value.code


@pytest.fixture(params=["ed25519", "es256", "rs256"])
def key(request) -> LocalKey:
    return request.getfixturevalue(request.param)


class TestKeys:
    def test_signature_is_checked_by_the_public_half_alone(self, key):
        signature = key.sign(b"data")
        public = VerificationKey.from_jwk(key.public_jwk())
        assert public.verifies(signature, b"data")
        assert not public.verifies(signature, b"other")
        assert not public.verifies(signature[:-1] + bytes([signature[-1] ^ 1]), b"data")
        assert not public.verifies(signature[:-1], b"data")

    def test_same_data_same_signature(self, key):
        assert key.sign(b"data") == key.sign(b"data")

    def test_es256_signature_is_r_and_s(self, es256):
        assert {len(es256.sign(bytes([number]))) for number in range(50)} == {64}

    def test_pem_is_encrypted_and_comes_back(self, key):
        pem = key.to_pem("secret")
        assert b"ENCRYPTED PRIVATE KEY" in pem
        assert LocalKey.from_pem(pem, b"secret").public_jwk() == key.public_jwk()

    @pytest.mark.parametrize("password", ["", b""])
    def test_pem_is_never_written_in_clear(self, ed25519, password):
        assert refused(ed25519.to_pem, password) == "key-password"

    @pytest.mark.parametrize("password", ["wrong", None, ""])
    def test_wrong_password_is_told(self, ed25519, password):
        assert refused(LocalKey.from_pem, ed25519.to_pem("secret"), password) == "key-unreadable"

    def test_rubbish_is_told(self):
        assert refused(LocalKey.from_pem, b"rubbish") == "key-unreadable"
        assert refused(VerificationKey.from_jwk, {"kty": "EC"}) == "key-unreadable"
        assert refused(LocalKey.generate, "ES512") == "key-algorithm"

    def test_weak_and_foreign_keys_are_refused(self):
        assert refused(LocalKey, ec.generate_private_key(ec.SECP384R1())) == "key-algorithm"
        assert refused(LocalKey, rsa.generate_private_key(public_exponent=65537, key_size=1024)) == "key-weak"

    def test_no_secret_in_repr_or_jwk(self, key):
        assert repr(key) == f"LocalKey({key.algorithm})"
        assert not {"d", "p", "q", "k"} & set(key.public_jwk())

    def test_multikeys(self, ed25519, es256, rs256):
        assert ed25519.public_multikey().startswith("z6Mk")
        assert es256.public_multikey().startswith("zDna")
        assert refused(rs256.public_multikey) == "key-algorithm"

    def test_a_remote_key_needs_only_two_things(self, ed25519):
        class Remote(SigningKey):
            algorithm = "Ed25519"
            verification_key = ed25519.verification_key

            def sign(self, data):
                return ed25519.sign(data)

        assert Remote().public_multikey() == ed25519.public_multikey()
        assert Remote().public_jwk() == ed25519.public_jwk()


class TestCertificate:
    def test_identity(self, certificate):
        identity = certificate.identity
        assert identity.legal_name == "Centre de formation exemple"
        assert identity.legal_identifier == "NTRFR-123456789"
        assert (identity.country_alpha2, identity.country) == ("FR", "FRA")
        assert certificate.self_signed

    def test_is_valid_five_minutes_before_it_was_made(self, certificate):
        """For readers whose clock is behind."""
        assert certificate.identity.not_before == NOW - timedelta(minutes=5)
        certificate.check_valid(NOW - timedelta(minutes=5))

    @pytest.mark.parametrize(("at", "code"), [
        (NOW - timedelta(minutes=6), "certificate-not-yet-valid"),
        (NOW + timedelta(days=365, seconds=1), "certificate-expired"),
    ])
    def test_period(self, certificate, at, code):
        assert refused(certificate.check_valid, at) == code

    def test_pkcs12_comes_back(self, certificate):
        again = load_pkcs12(certificate.to_pkcs12("secret"), b"secret")
        assert again.identity == certificate.identity
        assert again.key.public_jwk() == certificate.key.public_jwk()

    def test_pkcs12_needs_its_password(self, certificate):
        assert refused(load_pkcs12, certificate.to_pkcs12("secret"), "wrong") == "pkcs12-unreadable"
        assert refused(load_pkcs12, b"rubbish", "secret") == "pkcs12-unreadable"
        assert refused(certificate.to_pkcs12, "") == "key-password"

    def test_pkcs12_without_a_key(self, certificate):
        bare = pkcs12.serialize_key_and_certificates(
            b"x", None, certificate.leaf, None, serialization.BestAvailableEncryption(b"secret")
        )
        assert refused(load_pkcs12, bare, "secret") == "pkcs12-unreadable"

    def test_a_key_that_is_not_local_stays_where_it_is(self, certificate):
        class Remote(SigningKey):
            algorithm = "ES256"
            verification_key = certificate.key.verification_key

            def sign(self, data):
                return certificate.key.sign(data)

        assert refused(SealCertificate(Remote(), certificate.chain).to_pkcs12, "secret") == "key-not-local"

    def test_key_and_certificate_belong_together(self, certificate, es256):
        assert refused(SealCertificate, es256, certificate.chain) == "certificate-key"
        assert refused(SealCertificate, es256, ()) == "certificate-missing"

    def test_seal_algorithms(self):
        assert refused(make_certificate, algorithm="Ed25519") == "key-algorithm"

    @pytest.mark.parametrize("over", [{"legal_name": ""}, {"legal_identifier": ""}, {"country_alpha2": "FRA"}])
    def test_self_signed_needs_the_whole_identity(self, over):
        assert refused(make_certificate, **over) == "certificate-identity"

    def test_long_names_are_kept_whole(self):
        name = "École " * 20 + "exemple"
        assert make_certificate(legal_name=name).identity.legal_name == name

    def test_now_has_a_timezone(self):
        with pytest.raises(InvalidInput):
            make_certificate(now=datetime(2026, 1, 1))  # noqa: DTZ001


def issue(key: LocalKey, subject: list, *, issuer=None, issuer_key=None, ca=False, usage=True) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(issuer.subject if issuer else name)
        .public_key(key.private.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(
            digital_signature=usage, content_commitment=False, key_encipherment=not usage, data_encipherment=False,
            key_agreement=False, key_cert_sign=ca, crl_sign=False, encipher_only=False, decipher_only=False,
        ), critical=True)
    )
    return builder.sign((issuer_key or key).private, hashes.SHA256())


ORGANISATION = [
    (NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "Centre"), (ORGANISATION_IDENTIFIER, "NTRFR-1"),
]


@pytest.fixture(scope="module")
def authority():
    key = LocalKey.generate("ES256")
    return key, issue(key, [(NameOID.COMMON_NAME, "CA")], ca=True)


@pytest.fixture(scope="module")
def stranger():
    key = LocalKey.generate("ES256")
    return key, issue(key, [(NameOID.COMMON_NAME, "Stranger")], ca=True)


class TestIssuedCertificate:
    def test_chain_is_put_in_order_and_strangers_left_out(self, es256, authority, stranger):
        leaf = issue(es256, ORGANISATION, issuer=authority[1], issuer_key=authority[0])
        data = pkcs12.serialize_key_and_certificates(
            b"x", es256.private, leaf, [stranger[1], authority[1]], serialization.BestAvailableEncryption(b"secret")
        )
        certificate = load_pkcs12(data, "secret")
        assert certificate.chain == (leaf, authority[1])
        assert not certificate.self_signed

    def test_chain_must_hold(self, es256, authority, stranger):
        leaf = issue(es256, ORGANISATION, issuer=authority[1], issuer_key=stranger[0])
        assert refused(SealCertificate, es256, (leaf, authority[1])) == "certificate-chain"

    def test_key_must_be_allowed_to_sign(self, es256):
        assert refused(SealCertificate, es256, (issue(es256, ORGANISATION, usage=False),)) == "certificate-usage"

    @pytest.mark.parametrize("missing", range(3))
    def test_identity_must_be_whole(self, es256, missing):
        subject = [attribute for index, attribute in enumerate(ORGANISATION) if index != missing]
        assert refused(SealCertificate, es256, (issue(es256, subject),)) == "certificate-identity"

    def test_country_must_exist(self, es256):
        subject = [(NameOID.COUNTRY_NAME, "ZZ"), *ORGANISATION[1:]]
        assert refused(SealCertificate, es256, (issue(es256, subject),)) == "certificate-country"


def test_countries():
    assert len(ALPHA3) == len(set(ALPHA3.values())) == 250
    assert all(len(alpha2) == 2 and len(alpha3) == 3 for alpha2, alpha3 in ALPHA3.items())
    assert (ALPHA3["GR"], ALPHA3["DE"], ALPHA3["CH"], ALPHA3["IE"]) == ("GRC", "DEU", "CHE", "IRL")


def test_self_signed_rs256():
    certificate = self_signed(
        legal_name="Centre", legal_identifier="NTRFR-1", country_alpha2="FR", now=datetime(2026, 1, 1, tzinfo=UTC),
        days=1, algorithm="RS256",
    )
    assert certificate.key.algorithm == "RS256"
