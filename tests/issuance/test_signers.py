"""Where private keys may be: in files, in the environment, in PKCS#12, at a remote seal. Never in the open."""

import base64
import io
import json
import logging

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.core.management import call_command
from django.utils import timezone

from microcred_xblock.domain.errors import MicrocredError, Misconfigured, NotReady
from microcred_xblock.issuance import api, awarding_bodies, issuers, issuing, models, signers
from microcred_xblock.issuance import checks as system_checks
from microcred_xblock.proofs import jades
from microcred_xblock.proofs.keys import LocalKey, VerificationKey, self_signed
from tests.factories import make_pill, make_scores
from tests.proofs import csc_server
from tests.proofs.csc_server import CscServer
from tests.proofs.test_csc import ES256, RS256, issued_chain

from .signing import badge, check, token

pytestmark = pytest.mark.django_db
PASSWORD = "only for tests"
BADGE, JWT, SEAL = models.SigningKey.Purpose.values


@pytest.fixture(autouse=True)
def fresh_caches():
    signers.forget()
    yield
    signers.forget()


@pytest.fixture
def folder(configured, tmp_path):
    configured.MICROCRED_KEYS_DIR = str(tmp_path)
    return tmp_path


def sources(settings, **keys):
    settings.MICROCRED_ISSUER = {
        **settings.MICROCRED_ISSUER, "keys": {name.replace("_", "-"): told for name, told in keys.items()}
    }


def init():
    call_command("microcred_init", "--self-signed", stdout=io.StringIO())


def key(purpose):
    return signers.key(awarding_bodies.body(), purpose)


def fails(code, call, kind=Misconfigured):
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
    return caught.value


def open_pem(private):
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class TestFiles:
    def test_in_other_places_and_under_other_passwords(self, folder, configured, monkeypatch, tmp_path_factory):
        elsewhere = tmp_path_factory.mktemp("elsewhere") / "my.pem"
        made = LocalKey.generate("Ed25519")
        elsewhere.write_bytes(made.to_pem("another"))
        monkeypatch.setenv("MY_PASSWORD", "another")
        sources(configured, badge={"type": "file", "file": str(elsewhere), "password_env": "MY_PASSWORD"})
        init()
        assert issuers.signer().badge.public_jwk() == made.public_jwk()
        check(badge())
        assert not (folder / "badge.pem").exists()
        assert models.SigningKey.objects.get(purpose=BADGE).reference == "my.pem"

    @pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
    def test_a_key_in_the_open_is_refused(self, form, folder, configured):
        init()
        private = LocalKey.generate("ES256").private
        (folder / "badge-jwt.pem").write_bytes(private.private_bytes(
            serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), serialization.NoEncryption()
        ))
        error = fails("key-unencrypted", lambda: key(JWT))
        assert "badge-jwt.pem" in error.message and "not encrypted" in error.message
        hints = [message.hint for message in system_checks.check_settings(None) if message.id == "microcred.W001"]
        assert any("not encrypted" in hint for hint in hints)

    def test_nothing_is_read_without_a_passphrase(self, folder, configured):
        init()
        configured.MICROCRED_KEYS_PASSPHRASE = ""
        fails("setting-missing", lambda: key(BADGE))

    @pytest.mark.parametrize(
        ("purpose", "algorithm"), [(BADGE, "ES256"), (BADGE, "RS256"), (JWT, "Ed25519")]
    )
    def test_a_key_of_the_wrong_kind(self, purpose, algorithm, folder, configured):
        init()
        (folder / signers.FILES[purpose]).write_bytes(LocalKey.generate(algorithm).to_pem(PASSWORD))
        fails("key-algorithm", lambda: key(purpose))

    def test_a_jwt_may_be_signed_with_rsa(self, folder, configured):
        init()
        (folder / "badge-jwt.pem").write_bytes(LocalKey.generate("RS256").to_pem(PASSWORD))
        init()
        methods = {item["id"]: item for item in issuers.did_document(issuers.did())["verificationMethod"]}
        signer = issuers.signer()
        assert methods[signer.badge_jwt_method]["publicKeyJwk"]["alg"] == "RS256"
        public = VerificationKey.from_jwk(methods[signer.badge_jwt_method]["publicKeyJwk"])
        head, payload, signature = token().split(".")
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        assert public.verifies(raw, f"{head}.{payload}".encode())

    def test_decrypting_is_done_once(self, folder, configured, monkeypatch):
        init()
        signers.forget()
        calls = []
        real = LocalKey.from_pem.__func__
        monkeypatch.setattr(LocalKey, "from_pem", classmethod(lambda cls, *args: calls.append(1) or real(cls, *args)))
        for _ in range(5):
            issuers.signer()
        assert len(calls) == 2


class TestEnvironment:
    def test_an_encrypted_pem(self, folder, configured, monkeypatch):
        made = LocalKey.generate("Ed25519")
        monkeypatch.setenv("BADGE_KEY", made.to_pem(PASSWORD).decode())
        sources(configured, badge={"type": "environment", "variable": "BADGE_KEY"})
        init()
        check(badge())
        assert issuers.signer().badge.public_jwk() == made.public_jwk()
        assert models.SigningKey.objects.get(purpose=BADGE).reference == "env:BADGE_KEY"

    def test_missing_or_in_the_open(self, folder, configured, monkeypatch):
        sources(configured, badge={"type": "environment", "variable": "BADGE_KEY"})
        monkeypatch.delenv("BADGE_KEY", raising=False)
        assert "BADGE_KEY" in fails("key-missing", lambda: key(BADGE)).message
        secret = open_pem(LocalKey.generate("Ed25519").private).decode()
        monkeypatch.setenv("BADGE_KEY", secret)
        error = fails("key-unencrypted", lambda: key(BADGE))
        assert secret.splitlines()[1] not in f"{error.message} {error.params}"
        monkeypatch.setenv("BADGE_KEY", "nonsense")
        fails("key-unreadable", lambda: key(BADGE))

    def test_a_whole_pkcs12_as_base64(self, folder, configured, monkeypatch):
        made = self_signed(
            legal_name="Env School", legal_identifier="NTRFR-7", country_alpha2="FR", now=timezone.now()
        )
        monkeypatch.setenv("SEAL", base64.b64encode(made.to_pkcs12("p")).decode())
        sources(configured, seal={"type": "pkcs12", "variable": "SEAL", "password": "p"})
        init()
        assert issuers.signer().seal.identity.legal_name == "Env School"
        monkeypatch.setenv("SEAL", "§")
        fails("pkcs12-unreadable", lambda: signers.seal(awarding_bodies.body()))


class TestPkcs12:
    @pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
    def test_certificate_for_the_seal_and_the_same_file_for_jwts(self, algorithm, folder, configured):
        private = {"ES256": ES256, "RS256": RS256}[algorithm].private
        leaf, *others = issued_chain(private, now=timezone.now())
        (folder / "own.p12").write_bytes(pkcs12.serialize_key_and_certificates(
            b"x", private, leaf, others, BestAvailableEncryption(b"p")
        ))
        told = {"type": "pkcs12", "file": "own.p12", "password": "p"}
        sources(configured, seal=told)
        init()
        assert len(issuers.signer().seal.chain) == 3
        assert signers.key(awarding_bodies.body(), SEAL).algorithm == algorithm

    def test_a_wrong_password(self, folder, configured):
        init()
        sources(configured, seal={"type": "pkcs12", "file": "seal.p12", "password": "other"})
        fails("pkcs12-unreadable", lambda: signers.seal(awarding_bodies.body()))


@pytest.mark.parametrize(
    ("purpose", "told"),
    [
        (BADGE, {"type": "csc"}), (BADGE, {"type": "pkcs12", "file": "x"}), (BADGE, {}), (BADGE, {"type": "hsm"}),
        (SEAL, {"type": "file", "file": "x"}), (BADGE, {"type": "file"}), (BADGE, {"type": "environment"}),
        (SEAL, {"type": "csc", "base_url": "https://x.example", "credential_id": "a", "client_id": "b"}),
        (SEAL, {"type": "csc", "credential_id": "a", "client_id": "b", "client_secret": "c"}),
        (SEAL, {"type": "csc", "base_url": "https://x.example", "credential_id": 7, "client_id": "b",
                "client_secret": "c"}),
        (SEAL, {"type": "csc", "base_url": "https://x.example", "credential_id": "a", "client_id": "b",
                "client_secret": "c", "hosts": "y.example"}),
    ],
)
def test_sources_that_cannot_be_used_are_named(purpose, told, configured):
    sources(configured, **{purpose.replace("-", "_"): told})
    error = fails("key-source", lambda: signers.source(awarding_bodies.body(), purpose))
    assert purpose in error.params["setting"]


@pytest.fixture
def remote(folder, configured, monkeypatch):
    """A remote seal of a certificate that an authority gave; badges are signed here."""
    monkeypatch.setenv("CSC_SECRET", csc_server.SECRET)
    monkeypatch.setenv("CSC_PIN", csc_server.PIN)
    with CscServer(ES256.private, issued_chain(ES256.private, now=timezone.now())) as server:
        configured.MICROCRED_HTTP_TIMEOUTS = {"connect": 1, "read": 1, "total": 1.5}
        told = {
            "type": "csc", "base_url": server.url, "credential_id": csc_server.CREDENTIAL,
            "client_id": csc_server.CLIENT, "client_secret_env": "CSC_SECRET", "pin_env": "CSC_PIN",
        }
        sources(configured, seal=told)
        init()
        yield server


@pytest.fixture
def queued(remote, learner, commits):
    """Issues an award; gives its credentials by format."""

    def run():
        award = api.record_scores(
            make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id="course-v1:x+y+z"
        ).award_id
        with commits():
            api.consent(award, learner, digest=api.payload(award, learner).digest)
        return {row.format: row for row in models.Credential.objects.filter(award_id=award)}

    return run


class TestRemoteSeal:
    def test_seals_like_a_file(self, remote, queued):
        row = queued()["elm"]
        assert row.state == "issued"
        _document, identity = jades.verify(bytes(row.content), now=timezone.now())
        assert identity.legal_identifier == "NTRFR-123456789"
        used = models.KeyUse.objects.select_related("key").get(purpose="elm")
        assert used.key.reference == f"csc:{csc_server.CREDENTIAL}" and used.subject == row.credential_id

    def test_also_signs_jwts(self, remote, configured, queued):
        told = configured.MICROCRED_ISSUER["keys"]["seal"]
        sources(configured, seal=told, badge_jwt=told)
        signing = signers.key(awarding_bodies.body(), JWT)
        assert signing.verification_key.verifies(signing.sign(b"x"), b"x")

    def test_while_it_is_away_badges_are_issued_and_only_the_seal_waits(self, remote, queued):
        remote.trouble["signatures/signHash"] = 503
        rows = queued()
        assert (rows["ob3"].state, rows["ob3-jwt"].state) == ("issued", "issued")
        assert (rows["elm"].state, rows["elm"].error_code) == ("queued", "csc-unreachable")
        assert rows["elm"].next_attempt_at is not None
        remote.trouble.clear()
        issuing.issue(rows["elm"].pk, now=timezone.now())
        rows["elm"].refresh_from_db()
        assert rows["elm"].state == "issued"

    def test_a_learner_s_page_does_not_wait_for_it(self, remote, queued):
        signers.forget()
        remote.asked.clear()
        issuers.issuer()
        assert not remote.asked
        assert system_checks.check_settings(None) == []
        assert not remote.asked

    @pytest.mark.parametrize("trouble", ["slow", "huge", "html"])
    def test_a_service_that_drips_floods_or_chats(self, trouble, remote, queued):
        remote.trouble["signatures/signHash"] = trouble
        row = queued()["elm"]
        assert (row.state, row.error_code) == ("queued", "csc-unreachable")

    def test_a_lying_service_seals_nothing(self, remote, queued):
        remote.trouble["wrong signature"] = True
        row = queued()["elm"]
        assert (row.state, row.error_code, bytes(row.content)) == ("queued", "csc-signature", b"")
        assert not models.KeyUse.objects.filter(purpose="elm").exists()

    def test_it_is_sent_no_name_and_logs_no_secret(self, remote, queued, learner, caplog):
        caplog.set_level(logging.DEBUG)
        queued()
        for text in (json.dumps(remote.bodies, ensure_ascii=False), caplog.text):
            assert learner.full_name not in text and learner.email not in text
        for secret in (csc_server.SECRET, *remote.tokens):
            assert secret not in caplog.text

    @pytest.mark.parametrize("url", ["https://other.example/oauth2/token", "http://127.0.0.2:1/oauth2/token", "ftp://x"])
    def test_it_leads_nowhere_else(self, url, remote, configured):
        told = {**configured.MICROCRED_ISSUER["keys"]["seal"], "token_url": url}
        sources(configured, seal=told)
        fails("csc-host", lambda: signers.seal(awarding_bodies.body()))

    def test_nor_to_where_it_says_tokens_are(self, remote, configured):
        signers.forget()
        remote.trouble["info"] = {"specs": "2.0.0.2", "oauth2": "https://thief.example"}
        fails("csc-host", lambda: signers.seal(awarding_bodies.body()))

    def test_a_port_that_nobody_listens_on(self, remote, configured):
        told = {**configured.MICROCRED_ISSUER["keys"]["seal"], "base_url": "http://localhost:9/csc/v2"}
        sources(configured, seal=told)
        fails("csc-unreachable", lambda: signers.seal(awarding_bodies.body()), NotReady)

    def test_another_key_behind_the_credential_waits_for_init(self, remote, queued):
        rows = queued()
        other = LocalKey.generate("ES256")
        remote.private, remote.chain = other.private, issued_chain(other.private, now=timezone.now())
        signers.forget()
        fails("key-unpublished", lambda: issuers.signer().seal)
        init()
        assert issuers.signer().seal.leaf.public_key() == other.private.public_key()
        assert jades.verify(bytes(rows["elm"].content), now=timezone.now())


def test_no_secret_in_any_repr(remote, configured):
    signer = issuers.signer()
    source = signers.source(awarding_bodies.body(), SEAL)
    local = signers.source(awarding_bodies.body(), BADGE)
    for item in (signer, source, local, signer.badge, signer.badge_jwt, signer.seal, awarding_bodies.body()):
        for secret in (csc_server.SECRET, csc_server.PIN, PASSWORD, "PRIVATE"):
            assert secret not in repr(item)


def test_every_error_is_ours(configured, tmp_path):
    """A folder in the place of a file, and so on."""
    configured.MICROCRED_KEYS_DIR = str(tmp_path)
    for name in ("badge.pem", "badge-jwt.pem", "seal.p12"):
        (tmp_path / name).mkdir()
    for purpose in (BADGE, JWT, SEAL):
        with pytest.raises(MicrocredError):
            key(purpose)
