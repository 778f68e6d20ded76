"""JAdES-B over the ELM credential: the form of European Digital Credentials, and everything a reader must refuse."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from jwcrypto.common import base64url_decode, base64url_encode

from microcred_xblock.credentials import elm
from microcred_xblock.domain.credential import Credential, Format
from microcred_xblock.domain.errors import InvalidDocument, Misconfigured
from microcred_xblock.proofs import jades
from microcred_xblock.proofs.keys import SealCertificate
from tests.factories import AWARDED_AT, NOW, make_award, make_holder, make_issuer

from .conftest import make_certificate


@pytest.fixture(scope="module")
def credential() -> Credential:
    return elm.compose(
        make_award(), make_issuer(), make_holder(), credential_id="urn:uuid:0a1c6d1e-53f5-4c39-8f0e-5a5d5f3c2b11",
        issued=NOW, valid_from=NOW,
    )


@pytest.fixture(scope="module")
def rsa_certificate():
    return make_certificate(algorithm="RS256")


def seal(credential, certificate, **over) -> dict:
    return json.loads(jades.seal(credential, **{"certificate": certificate, "now": NOW, **over}).content)


def verify(sealed: dict, **over):
    content = json.dumps(sealed, ensure_ascii=False).encode("utf-8")
    return jades.verify(content, **{"now": NOW, **over})


def protected(sealed: dict) -> dict:
    return json.loads(base64url_decode(sealed["signatures"][0]["protected"]))


def resealed(sealed: dict, certificate: SealCertificate, **header) -> dict:
    """A seal with other header parameters, correctly signed; ``...`` leaves one out."""
    whole = {name: value for name, value in {**protected(sealed), **header}.items() if value is not ...}
    encoded = base64url_encode(json.dumps(whole))
    signature = certificate.key.sign(f"{encoded}.{sealed['payload']}".encode())
    return {
        "payload": sealed["payload"],
        "signatures": [{"protected": encoded, "signature": base64url_encode(signature)}],
    }


class TestSeal:
    @pytest.mark.parametrize("kind", ["certificate", "rsa_certificate"])
    def test_header(self, credential, kind, request):
        certificate = request.getfixturevalue(kind)
        der = certificate.leaf.public_bytes(Encoding.DER)
        header = protected(seal(credential, certificate))
        assert header == {
            "alg": certificate.key.algorithm,
            "cty": "octet-stream",
            "kid": header["kid"],
            "x5t#S256": base64url_encode(hashlib.sha256(der).digest()),
            "x5c": [base64.b64encode(der).decode("ascii")],
            "typ": "jose+json",
            "b64": False,
            "sigT": "2026-11-20T10:05:00Z",
            "crit": ["b64", "sigT"],
        }

    def test_general_serialisation_with_the_credential_as_it_is(self, credential, certificate):
        sealed = seal(credential, certificate)
        assert set(sealed) == {"payload", "signatures"} and len(sealed["signatures"]) == 1
        assert set(sealed["signatures"][0]) == {"protected", "signature"}
        assert json.loads(sealed["payload"]) == credential.document

    def test_says_what_it_is(self, credential, certificate):
        sealed = jades.seal(credential, certificate=certificate, now=NOW)
        assert (sealed.id, sealed.format, sealed.media_type, sealed.extension) == (
            credential.id, Format.ELM, "application/jose+json", "jsonld"
        )

    def test_same_input_same_bytes(self, credential, certificate):
        assert seal(credential, certificate) == seal(credential, certificate)

    def test_period_of_the_certificate(self, credential, certificate):
        for now, code in (
            (AWARDED_AT - timedelta(minutes=6), "certificate-not-yet-valid"),
            (AWARDED_AT + timedelta(days=366), "certificate-expired"),
        ):
            with pytest.raises(Misconfigured) as error:
                seal(credential, certificate, now=now)
            assert error.value.code == code

    @pytest.mark.parametrize(("over", "fact"), [
        ({"legal_name": "Autre centre"}, "legalName"),
        ({"legal_identifier": "NTRFR-000000000"}, "eIDASIdentifier"),
        ({"country_alpha2": "BE"}, "countryCode"),
    ])
    def test_issuer_is_the_certificates_organisation(self, credential, over, fact):
        with pytest.raises(Misconfigured) as error:
            seal(credential, make_certificate(**over))
        assert (error.value.code, error.value.params["fact"]) == ("certificate-issuer", fact)

    def test_an_open_badge_is_not_sealed(self, badge, certificate):
        with pytest.raises(InvalidDocument) as error:
            seal(badge, certificate)
        assert error.value.code == "seal-format"

    def test_half_a_character_is_refused(self, credential, certificate):
        broken = Credential(id="x", format=Format.ELM, document={**credential.document, "id": "\ud800"})
        with pytest.raises(InvalidDocument) as error:
            seal(broken, certificate)
        assert error.value.code == "document-control"


class TestKeyId:
    def test_is_the_issuer_serial_of_the_certificate(self, certificate):
        """SEQUENCE { SEQUENCE { [4] Name }, INTEGER serial }, read back by hand."""
        encoded = base64.b64decode(jades.key_id(certificate.leaf))

        def read(data: bytes) -> tuple[int, bytes, bytes]:
            tag, length, start = data[0], data[1], 2
            if length & 0x80:
                start += length & 0x7F
                length = int.from_bytes(data[2:start], "big")
            return tag, data[start:start + length], data[start + length:]

        tag, body, rest = read(encoded)
        assert (tag, rest) == (0x30, b"")
        tag, names, serial = read(body)
        assert tag == 0x30
        assert read(names) == (0xA4, certificate.leaf.issuer.public_bytes(), b"")
        tag, number, rest = read(serial)
        assert (tag, rest, int.from_bytes(number, "big")) == (0x02, b"", certificate.leaf.serial_number)
        assert number[0] < 0x80, "a serial number is not negative"


class TestVerify:
    @pytest.mark.parametrize("kind", ["certificate", "rsa_certificate"])
    def test_gives_credential_and_organisation(self, credential, kind, request):
        certificate = request.getfixturevalue(kind)
        document, identity = verify(seal(credential, certificate))
        assert document == credential.document
        assert identity == certificate.identity

    def code(self, sealed, **over) -> str:
        with pytest.raises(InvalidDocument) as error:
            verify(sealed, **over)
        return error.value.code

    def test_one_changed_character(self, credential, certificate):
        sealed = seal(credential, certificate)
        changed = {**sealed, "payload": sealed["payload"].replace("10:05:00", "10:06:00", 1)}
        assert changed != sealed
        assert self.code(changed) == "seal-invalid"

    def test_another_serialisation_of_the_same_json(self, credential, certificate):
        sealed = seal(credential, certificate)
        assert self.code({**sealed, "payload": json.dumps(json.loads(sealed["payload"]))}) == "seal-invalid"

    def test_a_changed_header(self, credential, certificate):
        sealed = seal(credential, certificate)
        header = {**protected(sealed), "sigT": "2026-11-20T10:04:00Z"}
        sealed["signatures"][0]["protected"] = base64url_encode(json.dumps(header))
        assert self.code(sealed) == "seal-invalid"

    def test_somebody_elses_key_under_the_same_certificate(self, credential, certificate):
        assert self.code(resealed(seal(credential, certificate), make_certificate())) == "seal-invalid"

    @pytest.mark.parametrize(("header", "code"), [
        ({"x5t#S256": "AAAA"}, "seal-invalid"),
        ({"x5c": []}, "seal-form"),
        ({"x5c": ["AAAA"]}, "seal-form"),
        ({"x5c": "AAAA"}, "seal-form"),
        ({"x5c": ...}, "seal-form"),
        ({"crit": ["b64"]}, "seal-form"),
        ({"crit": ["b64", "sigT", "adoTst"]}, "seal-form"),
        ({"crit": ...}, "seal-form"),
        ({"b64": True}, "seal-form"),
        ({"sigT": ...}, "seal-invalid"),
        ({"sigT": "yesterday"}, "seal-form"),
        ({"sigT": "2026-11-20T10:05:00"}, "seal-form"),
        ({"sigT": "2026-11-20T09:00:00Z"}, "certificate-not-yet-valid"),
        ({"alg": "none"}, "seal-invalid"),
        ({"alg": "HS256"}, "seal-invalid"),
        ({"alg": "RS256"}, "seal-invalid"),
    ])
    def test_headers_that_are_signed_but_wrong(self, credential, certificate, header, code):
        assert self.code(resealed(seal(credential, certificate), certificate, **header)) == code

    @pytest.mark.parametrize("content", [
        b"", b"x", b"[]", b"{}", b'"x"', b'{"payload":"","signatures":[]}', b'{"payload":"","signatures":[{}]}',
        b'{"payload":"","signatures":[1]}', b'{"payload":"","signatures":[{"protected":"!","signature":""}]}',
        b'{"payload":"{}","signatures":[{"protected":"e30","signature":""}]}', b"\xff", b"a.b.c",
    ])
    def test_files_that_are_no_seals(self, content):
        with pytest.raises(InvalidDocument) as error:
            jades.verify(content, now=NOW)
        assert error.value.code == "seal-form"

    def test_two_signatures(self, credential, certificate):
        sealed = seal(credential, certificate)
        assert self.code({**sealed, "signatures": sealed["signatures"] * 2}) == "seal-form"

    @pytest.mark.parametrize("payload", ["[]", "7", "x", ""])
    def test_a_payload_that_is_no_credential(self, credential, certificate, payload):
        assert self.code(resealed({**seal(credential, certificate), "payload": payload}, certificate)) == "seal-form"

    def test_clocks_may_differ_by_five_minutes(self, credential, certificate):
        sealed = seal(credential, certificate)
        verify(sealed, now=NOW - timedelta(minutes=5))
        assert self.code(sealed, now=NOW - timedelta(minutes=5, seconds=1)) == "seal-invalid"

    def test_after_the_certificates_end(self, credential, certificate):
        assert self.code(seal(credential, certificate), now=NOW + timedelta(days=366)) == "certificate-expired"

    def test_an_organisation_cannot_seal_for_another(self, credential, certificate):
        other = make_certificate(legal_name="Autre centre")
        sealed = seal(credential, certificate)
        der = other.leaf.public_bytes(Encoding.DER)
        forged = resealed(
            sealed, other, x5c=[base64.b64encode(der).decode("ascii")],
            **{"x5t#S256": base64url_encode(hashlib.sha256(der).digest())},
        )
        assert self.code(forged) == "certificate-issuer"

    def test_a_chain_that_does_not_hold(self, credential, certificate):
        chain = [certificate.leaf, make_certificate().leaf]
        forged = resealed(
            seal(credential, certificate), certificate,
            x5c=[base64.b64encode(item.public_bytes(Encoding.DER)).decode("ascii") for item in chain],
        )
        assert self.code(forged) == "certificate-chain"


def test_nothing_in_a_seal_claims_to_be_qualified(credential, certificate):
    sealed = seal(credential, certificate)
    for text in (sealed["payload"], json.dumps(protected(sealed)), str(certificate.leaf.subject)):
        assert "qualified" not in text.lower()
