"""A remote seal: against a service on loopback that follows the CSC API v2, and breaks it on demand."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import elm
from microcred_xblock.domain.errors import MicrocredError, Misconfigured, NotReady
from microcred_xblock.proofs import csc, jades
from microcred_xblock.proofs.certificates import ORGANISATION_IDENTIFIER
from microcred_xblock.proofs.keys import LocalKey
from tests import factories
from tests.factories import NOW, make_award, make_holder

from . import csc_server
from .csc_server import CscServer

SEALED_AT = NOW + timedelta(hours=1)


def issued_chain(leaf_key: Any, *, now: datetime = factories.AWARDED_AT) -> tuple[x509.Certificate, ...]:
    """A certificate as an authority would give it: leaf, intermediate, root."""
    names = [
        x509.Name([
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Centre de formation exemple"),
            x509.NameAttribute(ORGANISATION_IDENTIFIER, "NTRFR-123456789"),
        ]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuing CA")]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root CA")]),
    ]
    keys = [leaf_key, ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())]
    return tuple(
        x509.CertificateBuilder()
        .subject_name(names[place]).issuer_name(names[min(place + 1, 2)])
        .public_key(keys[place].public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=place > 0, path_length=None), critical=True)
        .sign(keys[min(place + 1, 2)], hashes.SHA256())
        for place in range(3)
    )


ES256, RS256 = LocalKey.generate("ES256"), LocalKey.generate("RS256")
CHAINS = {key.algorithm: issued_chain(key.private) for key in (ES256, RS256)}


@pytest.fixture(params=["ES256", "RS256"])
def both(request):
    key = {"ES256": ES256, "RS256": RS256}[request.param]
    with CscServer(key.private, CHAINS[request.param]) as running:
        yield running


@pytest.fixture
def server():
    with CscServer(ES256.private, CHAINS["ES256"]) as running:
        yield running


class Clock:
    now = SEALED_AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def post(url: str, body: bytes, headers: Any) -> csc.Reply:
    """The plainest of ways there; the real one is tried in tests/issuance/test_signers.py."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return csc.Reply(status=response.status, content=response.read())
    except urllib.error.HTTPError as error:
        retry_after = error.headers.get("Retry-After")
        return csc.Reply(
            status=error.code, content=error.read(), retry_after=int(retry_after) if retry_after else None
        )


def service(server: CscServer, clock: Clock, **over: Any) -> csc.Service:
    values = {
        "base_url": server.url, "credential_id": csc_server.CREDENTIAL, "client_id": csc_server.CLIENT,
        "client_secret": csc_server.SECRET, "pin": csc_server.PIN, **over,
    }
    return csc.Service(csc.Account(**values), post, clock=clock)


def refused(code: str, call: Any, kind: type[MicrocredError] = Misconfigured) -> MicrocredError:
    with pytest.raises(kind) as caught:
        call()
    assert (type(caught.value), caught.value.code) == (kind, code)
    for secret in (csc_server.SECRET, csc_server.PIN):
        assert secret not in f"{caught.value} {caught.value.params}"
    return caught.value


def european() -> Any:
    return elm.compose(
        make_award(), factories.make_issuer(), make_holder(), credential_id=factories.CREDENTIAL_ID, issued=NOW,
        valid_from=NOW, open_badge_id=None,
    )


class TestSealing:
    def test_a_remote_seal_is_one_like_any_other(self, both, clock):
        seal = service(both, clock).certificate()
        assert [item.subject for item in seal.chain] == [item.subject for item in both.chain]
        assert not seal.self_signed
        sealed = jades.seal(european(), certificate=seal, now=SEALED_AT)
        document, identity = jades.verify(sealed.content, now=SEALED_AT)
        assert identity.legal_identifier == "NTRFR-123456789"
        assert document == european().document

    def test_only_the_hash_leaves(self, server, clock):
        service(server, clock).key().sign(b"Camille Exemple")
        sent = json.dumps(server.bodies)
        assert "Camille" not in sent
        method, body = server.bodies[-1]
        assert method == "signatures/signHash" and body["hashAlgorithmOID"] == csc_server.SHA256
        assert len(base64.b64decode(body["hashes"][0])) == 32

    @pytest.mark.parametrize("raw", [True, False])
    def test_ecdsa_in_either_form(self, raw, server, clock):
        server.raw_ecdsa = raw
        key = service(server, clock).key()
        for number in range(20):
            data = f"document {number}".encode()
            signature = key.sign(data)
            assert len(signature) == 64 and key.verification_key.verifies(signature, data)

    def test_rsa_under_the_name_of_the_key_alone(self, clock):
        with CscServer(RS256.private, CHAINS["RS256"]) as server:
            server.algorithms = [csc_server.RSA]
            key = service(server, clock).key()
            assert key.verification_key.verifies(key.sign(b"x"), b"x")
            assert server.bodies[-1][1]["signAlgo"] == csc_server.RSA

    def test_without_a_pin_where_none_is_wanted(self, server, clock):
        server.auth = {"mode": "implicit"}
        assert service(server, clock, pin="").key().sign(b"x")
        assert all("authData" not in body for _method, body in server.bodies)

    def test_activation_is_for_one_hash_and_one_signature(self, server, clock):
        key = service(server, clock).key()
        key.sign(b"a")
        key.sign(b"b")
        assert server.asked["credentials/authorize"] == 2
        asked = [body["hashes"] for method, body in server.bodies if method == "credentials/authorize"]
        assert asked[0] != asked[1]

    def test_the_order_of_the_authorities_does_not_matter_and_strangers_are_left_out(self, server, clock):
        stranger = CHAINS["RS256"][0]
        leaf, middle, root = server.chain
        server.chain = (leaf, root, stranger, middle)
        assert service(server, clock).certificate().chain == (leaf, middle, root)


class TestTokens:
    def test_one_token_and_one_look_at_the_credential_for_many_signatures(self, server, clock):
        key = service(server, clock).key()
        for number in range(3):
            key.sign(bytes([number]))
        assert server.asked["oauth2/token"] == server.asked["credentials/info"] == server.asked["info"] == 1

    def test_a_token_is_not_used_after_its_time(self, server, clock):
        server.token_seconds = 120
        signing = service(server, clock)
        signing.key().sign(b"x")
        clock.now += timedelta(seconds=100)
        signing.key().sign(b"x")
        assert server.asked["oauth2/token"] == 2

    def test_a_token_that_expired_there_is_asked_for_anew_once(self, server, clock):
        signing = service(server, clock)
        signing.key().sign(b"x")
        server.forget_tokens()
        signing.key().sign(b"y")
        assert server.asked["oauth2/token"] == 2

    def test_a_service_that_takes_no_token_is_not_asked_for_ever(self, server, clock):
        server.trouble["credentials/info"] = 401
        refused("csc-refused", service(server, clock).certificate)
        assert server.asked["credentials/info"] == 2

    def test_the_certificate_is_looked_at_again_after_an_hour(self, server, clock):
        signing = service(server, clock)
        signing.certificate()
        clock.now += timedelta(minutes=61)
        server.key_status = "disabled"
        error = refused("csc-credential", signing.certificate)
        assert error.params["status"] == "disabled"

    def test_only_a_plain_word_of_the_service_is_repeated(self, server, clock):
        server.key_status = "disabled\n"
        error = refused("csc-credential", service(server, clock).certificate)
        assert error.params["status"] == ""

    @pytest.mark.parametrize(
        "answer",
        [
            {"token_type": "Bearer"}, {"access_token": "x"}, {"access_token": "x y\n", "token_type": "Bearer"},
            {"access_token": "x", "token_type": "mac"}, {"access_token": "x", "token_type": "Bearer", "expires_in": -1},
            {"access_token": "x", "token_type": "Bearer", "expires_in": "3600"},
            {"access_token": "x\r\nX-Other: y", "token_type": "Bearer"},
        ],
    )
    def test_answers_that_are_no_token(self, answer, server, clock):
        server.trouble["oauth2/token"] = answer
        refused("csc-answer", service(server, clock).certificate)


class TestWhatAnAdminMustMend:
    def test_the_account(self, server, clock):
        error = refused("csc-refused", service(server, clock, client_secret="other").certificate)
        assert error.params["reason"] == "invalid_client"

    def test_the_credential_s_name(self, server, clock):
        refused("csc-refused", service(server, clock, credential_id="other").certificate)

    def test_a_wrong_pin_is_not_tried_until_the_credential_is_locked(self, server, clock):
        signing = service(server, clock, pin="9999")
        for _ in range(5):
            refused("csc-refused", lambda: signing.key().sign(b"x"))
        assert server.wrong_pins == 1
        clock.now += timedelta(minutes=16)
        refused("csc-refused", lambda: signing.key().sign(b"x"))
        assert server.wrong_pins == 2

    @pytest.mark.parametrize(
        ("auth", "pin"),
        [
            ({"mode": "explicit", "objects": [{"type": "Password", "id": "PIN"}]}, ""),
            ({"mode": "explicit", "objects": [{"type": "Password", "id": "PIN"}, {"type": "OTP", "id": "OTP"}]}, "1"),
            ({"mode": "oauth2code"}, "1"), ({}, "1"),
        ],
    )
    def test_a_credential_that_a_person_must_authorise(self, auth, pin, server, clock):
        server.auth = auth
        refused("csc-interactive", service(server, clock, pin=pin).certificate)

    def test_a_certificate_that_is_revoked(self, server, clock):
        server.cert_status = "revoked"
        refused("csc-credential", service(server, clock).certificate)

    def test_an_expired_certificate_seals_nothing(self, clock):
        with CscServer(ES256.private, issued_chain(ES256.private, now=NOW - timedelta(days=90))) as server:
            seal = service(server, clock).certificate()
            refused("certificate-expired", lambda: jades.seal(european(), certificate=seal, now=SEALED_AT))
            assert not server.asked["signatures/signHash"]

    def test_a_version_we_do_not_speak(self, server, clock):
        server.specs = "1.0.4.0"
        refused("csc-version", service(server, clock).certificate)

    def test_an_algorithm_we_do_not_use(self, server, clock):
        server.algorithms = ["1.2.840.10045.4.3.3"]
        refused("key-algorithm", service(server, clock).certificate)

    def test_a_kind_of_key_we_do_not_use(self, server, clock):
        private = ed25519.Ed25519PrivateKey.generate()
        server.chain = issued_chain(private)
        refused("key-algorithm", service(server, clock).certificate)


class TestNothingIsBelieved:
    @pytest.mark.parametrize("trouble", [{"wrong signature": True}, {"other key": LocalKey.generate("ES256").private}])
    def test_a_signature_that_does_not_fit_the_certificate(self, trouble, server, clock):
        key = service(server, clock).key()
        server.trouble.update(trouble)
        refused("csc-signature", lambda: key.sign(b"x"))

    def test_a_certificate_of_another_key_from_one_hour_to_the_next(self, server, clock):
        signing = service(server, clock)
        key = signing.key()
        clock.now += timedelta(hours=2)
        server.private, server.chain, server.algorithms = RS256.private, CHAINS["RS256"], [csc_server.RSA_SHA256]
        refused("csc-signature", lambda: key.sign(b"x"))

    def test_a_chain_that_is_none(self, server, clock):
        leaf, _middle, root = server.chain
        other = issued_chain(ES256.private)[1]
        server.chain = (leaf, other, root)
        refused("certificate-chain", service(server, clock).certificate)

    @pytest.mark.parametrize("certificates", [["AAAA"], ["no base64 ²"], [7], ["A"] * 11, "AAAA", [""]])
    def test_certificates_that_are_none(self, certificates, server, clock):
        server.trouble["certificates"] = certificates
        refused("csc-answer", service(server, clock).certificate)

    def test_an_organisation_without_a_name(self, server, clock):
        server.chain = server.chain[1:]
        refused("certificate-identity", service(server, clock).certificate)

    @pytest.mark.parametrize(
        ("method", "answer"),
        [
            ("signatures/signHash", {}), ("signatures/signHash", {"signatures": []}),
            ("signatures/signHash", {"signatures": ["AA==", "AA=="]}), ("signatures/signHash", {"signatures": [None]}),
            ("signatures/signHash", {"signatures": ["AA=="]}), ("signatures/signHash", {"signatures": ["?"]}),
            ("credentials/authorize", {}), ("credentials/authorize", {"SAD": 7}), ("credentials/info", {}),
            ("credentials/info", {"key": [], "cert": {}, "auth": {}}), ("info", {"specs": 2}),
        ],
    )
    def test_answers_of_another_form(self, method, answer, server, clock):
        server.trouble[method] = answer
        with pytest.raises(Misconfigured) as caught:
            service(server, clock).key().sign(b"x")
        assert caught.value.code in ("csc-answer", "csc-signature", "csc-version")

    @given(content=st.binary(max_size=200) | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
            ["key", "cert", "auth", "status", "certificates", "mode", "algo", "access_token", "token_type", "specs",
             "oauth2", "methods"]) | st.text(max_size=5), inner, max_size=5), max_leaves=20,
    ).map(lambda value: json.dumps(value).encode()), status=st.sampled_from([200, 204, 400, 401, 403, 404, 429, 503]))
    @settings(max_examples=300, deadline=None)
    def test_whatever_is_answered_ends_in_our_own_errors(self, content, status):
        account = csc.Account(base_url="https://x.example", credential_id="a", client_id="b", client_secret="c")
        signing = csc.Service(account, lambda *_: csc.Reply(status=status, content=content), clock=Clock())
        with pytest.raises((Misconfigured, NotReady)):
            signing.certificate()


class TestWhatIsTriedAgain:
    @pytest.mark.parametrize("method", ["info", "oauth2/token", "credentials/info", "credentials/authorize",
                                        "signatures/signHash"])
    @pytest.mark.parametrize("status", [429, 500, 503, 408])
    def test_a_busy_or_broken_service(self, method, status, server, clock):
        server.trouble[method] = status
        error = refused("csc-unreachable", lambda: service(server, clock).key().sign(b"x"), NotReady)
        assert error.retry_after == 7

    def test_a_page_instead_of_data(self, server, clock):
        server.trouble["signatures/signHash"] = "html"
        refused("csc-unreachable", lambda: service(server, clock).key().sign(b"x"), NotReady)

    def test_it_goes_on_afterwards(self, server, clock):
        signing = service(server, clock)
        server.trouble["signatures/signHash"] = 503
        refused("csc-unreachable", lambda: signing.key().sign(b"x"), NotReady)
        server.trouble.clear()
        assert signing.key().sign(b"x")


def test_no_secret_is_in_a_repr(server, clock):
    signing = service(server, clock)
    account = csc.Account(
        base_url="https://x.example", credential_id="a", client_id="who", client_secret="hush", pin="4711"
    )
    for text in (repr(signing), repr(signing.key()), repr(account)):
        assert not {"hush", "4711", csc_server.SECRET, csc_server.PIN} & set(text.replace("'", " ").split())
        assert "hush" not in text and "4711" not in text
