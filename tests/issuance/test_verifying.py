"""Verdicts on files: what we issued in every form, what was changed, what others made, and what nobody should send."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import pinned
from microcred_xblock.domain.credential import Format
from microcred_xblock.issuance import api, downloads, issuers, models, privacy, status, verifying
from microcred_xblock.proofs import data_integrity, did, jose
from microcred_xblock.proofs.keys import LocalKey, VerificationKey

pytestmark = pytest.mark.django_db
KINDS = [kind for kind in downloads.KINDS if kind != downloads.BUNDLE]
WHY = {"reason": "integrity", "actor": "user:7"}


@pytest.fixture
def award(issued):
    return models.Award.objects.get(pk=issued)


@pytest.fixture
def files(award):
    """Every file that a learner can take home."""
    return {kind: downloads.download(award, kind).content for kind in KINDS}


def verify(content, **over):
    return verifying.verify(content, **{"now": timezone.now(), **over})


class TestGenuine:
    @pytest.mark.parametrize("kind", KINDS)
    def test_what_was_issued(self, files, kind, award):
        found = verify(files[kind])
        assert (found.verdict, found.code, found.verified, found.same_bytes) == ("genuine", "", True, True)
        row = award.credentials.get(format=found.format.value)
        assert found.credential_id == row.credential_id and found.standing.state == "valid"
        assert found.issuer_did == "did:web:localhost%3A8000"
        assert found.format is downloads.FORMATS[kind]

    def test_nothing_is_written(self, files, django_assert_max_num_queries):
        before = [list(rows.objects.order_by("pk").values()) for rows in (models.Credential, models.KeyUse)]
        for content in files.values():
            with django_assert_max_num_queries(9):
                verify(content)
        assert [list(rows.objects.order_by("pk").values()) for rows in (models.Credential, models.KeyUse)] == before

    def test_written_differently_it_says_the_same(self, files):
        again = json.dumps(json.loads(files["ob3.json"]), indent=2, sort_keys=True).encode()
        found = verify(again)
        assert found.verified and not found.same_bytes

    def test_a_badge_of_the_register_is_compared_and_not_made_canonical(self, files, award, monkeypatch):
        monkeypatch.setattr(data_integrity, "verify", lambda *_args, **_more: 1 / 0)
        document = json.loads(files["ob3.json"])
        assert verify(files["ob3.json"]).verified
        assert verify(json.dumps(document, indent=1, sort_keys=True).encode()).verified
        document["name"] = "Doctor of Medicine"
        assert verify(json.dumps(document).encode()).code == "proof-invalid"
        privacy.retire(award.learner_id, now=timezone.now())
        assert verify(files["ob3.json"]).verified, "the digest is kept"

    @pytest.mark.parametrize(("stored", "shown"), [(1, True), (True, 1), (0, False), (1, 1.0)])
    def test_a_number_is_no_truth_value(self, files, award, stored, shown):
        document = json.loads(files["ob3.json"])
        row = award.credentials.get(format="ob3")
        row.content = json.dumps({**document, "name": stored}).encode()
        row.save()
        found = verify(json.dumps({**document, "name": shown}).encode())
        assert (found.verdict, found.code) == ("changed", "proof-invalid")

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(("action", "state"), [("revoke", "revoked"), ("suspend", "suspended")])
    def test_a_revoked_one_is_genuine_and_revoked(self, files, award, kind, action, state):
        getattr(status, action)(award, now=timezone.now(), **WHY)
        found = verify(files[kind])
        assert found.verified and found.standing.state == state

    @pytest.mark.parametrize("kind", KINDS)
    def test_after_the_learner_has_left(self, files, award, kind):
        privacy.retire(award.learner_id, now=timezone.now())
        found = verify(files[kind])
        assert found.verified and found.same_bytes and found.standing.state == "valid"

    @pytest.mark.parametrize("kind", ["ob3.json", "ob3.jwt", "ob3.png", "ob3.svg"])
    def test_an_expired_one_is_genuine_and_expired(self, award_id, learner, commits, kind):
        until = timezone.now() + timedelta(days=10)
        models.Award.objects.filter(pk=award_id).update(expires_at=until)
        with commits():
            api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
        content = downloads.download(models.Award.objects.get(pk=award_id), kind).content
        found = verify(content, now=until + timedelta(days=1))
        assert found.verified and found.standing.state == "expired"

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_retired_key_s_signature_counts(self, files, kind):
        models.SigningKey.objects.update(retired_at=timezone.now())
        assert verify(files[kind]).verified


class TestNotGenuine:
    @pytest.mark.parametrize("change", [
        lambda d: d.update(name="Doctor of Medicine"),
        lambda d: d["credentialSubject"]["result"][0].update(value="100"),
        lambda d: d.pop("credentialStatus"),
        lambda d: d["proof"][0].update(created="2020-01-01T00:00:00Z"),
        lambda d: d["proof"][0].update(proofValue="z" + "2" * 88),
        lambda d: d["proof"][0].update(proofPurpose="authentication"),
        lambda d: d.update(undefinedTerm="x"),
        lambda d: d.update(validFrom=["x"]),
        lambda d: d["@context"].append("https://evil.example/context"),
    ])
    def test_a_changed_badge(self, files, change):
        document = json.loads(files["ob3.json"])
        change(document)
        found = verify(json.dumps(document).encode())
        assert found.verdict == "changed" and found.code and found.standing is None

    @pytest.mark.parametrize(("change", "verdict"), [
        (lambda d: d["proof"][0].update(verificationMethod=7), "withdrawn"),
        (lambda d: d.update(proof={}), "unreadable"), (lambda d: d.update(proof=[]), "unreadable"),
        (lambda d: d.update(proof=[7]), "unreadable"),
    ])
    def test_a_badge_without_a_key_of_ours(self, files, change, verdict):
        document = json.loads(files["ob3.json"])
        change(document)
        found = verify(json.dumps(document).encode())
        assert found.verdict == verdict and found.code and found.standing is None

    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_changed_jwt(self, files, part):
        parts = files["ob3.jwt"].decode().split(".")
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=="))
        if part == 0:
            parts[0] = packed({**header, "typ": "other"})
        elif part == 1:
            parts[1] = packed({**claims, "name": "Doctor of Medicine"})
        else:
            parts[2] = base64.urlsafe_b64encode(b"\1" * 64).decode().rstrip("=")
        found = verify(".".join(parts).encode())
        assert (found.verdict, found.code) == ("changed", "jwt-invalid")

    @pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"crit": ["x"]}, {"kid": None}])
    def test_a_jwt_that_chooses_its_own_rules(self, files, header):
        parts = files["ob3.jwt"].decode().split(".")
        parts[0] = packed({**json.loads(base64.urlsafe_b64decode(parts[0] + "==")), **header})
        assert verify(".".join(parts).encode()).verdict == "changed"

    def test_a_changed_european_credential(self, files):
        outer = json.loads(files["elm.jsonld"])
        outer["payload"] = outer["payload"].replace("Camille", "Camilla")
        found = verify(json.dumps(outer).encode())
        assert (found.verdict, found.code) == ("changed", "seal-invalid")

    def test_somebody_else_s_key_in_our_name(self, files):
        """A badge signed by a stranger whose key stands in its own name, as Multikeys do."""
        stranger = LocalKey.generate("Ed25519")
        document = json.loads(files["ob3.json"])
        document.pop("proof")
        document["name"] = "Doctor of Medicine"
        proof = data_integrity.create_proof(
            document, key=stranger, verification_method=did.multikey_method(document["issuer"]["id"], stranger),
            created=timezone.now(), loader=pinned.document_loader,
        )
        assert verify(json.dumps({**document, "proof": [proof]}).encode()).verdict == "withdrawn"

    def test_a_seal_by_another_certificate(self, files):
        models.SigningKey.objects.filter(purpose="seal").update(fingerprint="0" * 64)
        found = verify(files["elm.jsonld"])
        assert (found.verdict, found.issuer_did) == ("foreign", "")

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_withdrawn_key_is_believed_no_longer(self, files, kind):
        models.SigningKey.objects.update(withdrawn_at=timezone.now())
        assert verify(files[kind]).verdict == "withdrawn"

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_is_in_no_register(self, files, kind):
        models.StatusEntry.objects.all().delete()
        models.Credential.objects.all().delete()
        found = verify(files[kind])
        assert (found.verdict, found.standing) == ("unknown", None)

    @pytest.mark.parametrize("kind", ["ob3.json", "ob3.jwt", "ob3.png", "ob3.svg"])
    def test_another_site_s_badge(self, files, kind):
        models.Issuer.objects.update(did="did:web:other.example")
        assert verify(files[kind]).verdict == "foreign"

    def test_a_jwt_of_a_badge_signed_for_another_purpose(self, files):
        """The key of embedded proofs may not sign JWTs, nor the other way round."""
        models.SigningKey.objects.filter(purpose="badge-jwt").update(purpose="seal")
        assert verify(files["ob3.jwt"]).verdict == "withdrawn"


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["\ud800", "\0", "", "x" * 600, "did:web:\U0001f600", "2026-11-25T10:00:00Z", "9" * 20]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "\ud800"]), inner),
    max_leaves=5,
)


def tampered(node, data):
    """A document with something odd at one place, whichever it is."""
    if isinstance(node, dict | list) and node and data.draw(st.integers(0, 9)):
        place = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        changed = dict(node) if isinstance(node, dict) else list(node)
        changed[place] = tampered(node[place], data)
        return changed
    return data.draw(ODD)


class TestHostile:
    @pytest.mark.parametrize("content", [
        b"", b"{}", b"[]", b"null", b"{", b"x", b"a.b.c", b"....", b"\0" * 100, b"\xff\xfe", b"<svg/>", b"<?xml",
        b"\x89PNG\r\n\x1a\n", b"[" * 100_000, b'{"a":' * 50_000, b'{"type": 7, "proof": 1}', b'{"signatures": []}',
        b'{"signatures": [{"protected": "e30"}], "payload": "{}"}', b'{"type": "VerifiableCredential", "proof": {}}',
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>', b"eyJ9.eyJ9.x",
        b'{"type": ["VerifiableCredential"], "proof": [], "issuer": null}',
        b'{"payload": "{\\"id\\": \\"x\\"}", "signatures": []}', b'{"payload": "{}", "signatures": {"0": 1}}',
        b'{"payload": "{\\"id\\": \\"x\\"}", "signatures": [{"protected": "eyJ4NWMiOltdfQ"}]}',
        b'{"type": ["VerifiableCredential"], "proof": ["x"], "issuer": "x", "id": "x"}',
        b'{"type": ["VerifiableCredential"], "proof": [{}], "issuer": "did:web:\\ud800", "id": "\\ud800"}',
        b'{"type": ["VerifiableCredential"], "proof": [{}], "issuer": "did:web:\\u0000", "id": "\\u0000"}',
        b"a." + base64.urlsafe_b64encode(b'{"issuer": "did:\\ud800", "id": "\\ud800"}').rstrip(b"=") + b".c",
        b'{"type": ["VerifiableCredential"], "proof": [{}], "issuer": "x", "id": ' + b"1" * 5_000 + b"}",
    ])
    def test_it_is_called_unreadable_or_foreign(self, issuer, content):
        assert verify(content).verdict in ("unreadable", "foreign")

    def test_half_a_character_under_our_own_name(self, issuer):
        own = {"type": ["VerifiableCredential"], "issuer": models.Issuer.objects.get().did}
        for more in ({"proof": [{"verificationMethod": "\ud800"}], "id": "x"}, {"proof": [{}], "id": "\ud800"}):
            assert verify(json.dumps({**own, **more}).encode()).verdict == "unreadable"

    @pytest.mark.parametrize("curve", [bytes.fromhex("06032b6577"), bytes.fromhex("06032b6571")])
    def test_a_certificate_with_a_key_that_nobody_knows(self, issuer, curve):
        """An Ed448 certificate whose key claims to be of a kind that does not exist, or is Ed448 after all."""
        key = ed448.Ed448PrivateKey.generate()
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]), timezone.now()
        builder = x509.CertificateBuilder(name, name, key.public_key(), 5, now, now + timedelta(days=1))
        der = builder.sign(key, None).public_bytes(Encoding.DER).replace(bytes.fromhex("06032b6571"), curve)
        protected = packed({"x5c": [base64.b64encode(der).decode()]})
        sealed = {"payload": '{"id": "urn:uuid:x"}', "signatures": [{"protected": protected, "signature": ""}]}
        assert verify(json.dumps(sealed).encode()).verdict in ("unreadable", "foreign")

    def test_a_database_that_is_away_is_no_verdict(self, files, monkeypatch):
        def away(*_args):
            raise OperationalError(2006, "Server has gone away")

        monkeypatch.setattr(verifying, "_known_issuer", away)
        monkeypatch.setattr(issuers, "fingerprint", away)
        for kind in KINDS:
            with pytest.raises(OperationalError):
                verify(files[kind])

    def test_a_large_file_is_not_read(self, issuer, monkeypatch):
        monkeypatch.setattr(verifying, "_presented", lambda *_args: 1 / 0)
        assert verify(b"{" + b" " * verifying.MOST_BYTES).code == "document-size"

    def test_a_key_that_stands_there_twice_is_refused(self, files):
        """Some readers take the first, some the last."""
        text = files["ob3.json"].decode()
        assert verify(("{" + '"name":"Doctor of Medicine",' + text[1:]).encode()).verdict == "unreadable"

    def test_parts_made_to_keep_the_verifier_busy(self, files):
        document = json.loads(files["ob3.json"])
        alike = {"type": ["Alignment"], "targetName": "a", "targetUrl": "https://a.example"}
        achievement = document["credentialSubject"]["achievement"]
        achievement["alignment"] = [alike] * 40  # harmless: none of them leads on to another
        assert verify(json.dumps(document).encode()).code == "proof-invalid"
        document["id"] = "urn:uuid:0f1e2d3c-4b5a-4968-8776-655443322110"  # one that we have nothing to compare with
        assert verify(json.dumps(document).encode()).code == "proof-invalid"
        tree = alike
        achievement["alignment"] = [alike]
        for code in ("document-complex", "document-size"):
            for _ in range(4):
                tree = {"type": ["Result"], "alignment": [tree] * 4}
            document["credentialSubject"]["result"] = [tree]
            assert verify(json.dumps(document).encode()).code == code

    @pytest.mark.parametrize("changes", [
        {"@context": ["https://www.w3.org/ns/credentials/v2"] * 600},
        {"type": ["VerifiableCredential", *map("https://x.example/{}".format, range(4_000))]},
        {"https://x.example/a": list(map(str, range(4_000)))},
        {f"https://x.example/{number}": "a" for number in range(21_000)},
        {"proof": [{"type": "DataIntegrityProof"}] * 500},
    ])
    def test_texts_made_to_keep_the_verifier_busy(self, files, changes, monkeypatch):
        """JSON-LD compares each with all others, under a lock: four thousand took it thirteen seconds."""
        monkeypatch.setattr(verifying.data_integrity, "verify", lambda *_args, **_more: pytest.fail("canonicalised"))
        document = {**json.loads(files["ob3.json"]), "id": "urn:uuid:0f1e2d3c-4b5a-4968-8776-655443322110"}
        assert verify(json.dumps({**document, **changes}).encode()).code == "document-size"

    @pytest.mark.parametrize("changes", [
        {"https://x.example/a": [{"id": f"https://x.example/{number}"} for number in range(700)]},
        {f"https://x.example/{number}": "a" for number in range(7_000)},
    ])
    def test_a_large_badge_that_nobody_here_made_is_not_worth_the_work(self, files, award, changes, monkeypatch):
        """Three thousand objects take some seconds; ours may have so many, but then their id is known."""
        document = {**json.loads(files["ob3.json"]), **changes}
        assert verify(json.dumps(document).encode()).code == "proof-invalid"
        monkeypatch.setattr(verifying.data_integrity, "verify", lambda *_args, **_more: pytest.fail("canonicalised"))
        document["id"] = "urn:uuid:0f1e2d3c-4b5a-4968-8776-655443322110"
        assert verify(json.dumps(document).encode()).code == "document-size"
        large = json.dumps(document).encode()
        award.credentials.filter(format="ob3").update(content=large, credential_id=document["id"])
        assert verify(large).code != "document-size"

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_mutations_are_never_genuine_unless_they_say_the_same(self, files, data):
        kind = data.draw(st.sampled_from(["ob3.json", "ob3.jwt", "elm.jsonld"]))
        content = bytearray(files[kind])
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
        found = verify(bytes(content))
        if found.verified and kind == "ob3.json":
            assert json.loads(content) == json.loads(files[kind])

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_no_file_of_ours_that_was_tampered_with_makes_an_address_fail(self, files, client, data):
        kind = data.draw(st.sampled_from(KINDS))
        content = bytearray(files[kind])
        if kind in ("ob3.json", "elm.jsonld") and data.draw(st.booleans()):
            content = bytearray(json.dumps(tampered(json.loads(content), data)).encode())
        elif kind == "elm.jsonld" or data.draw(st.booleans()):
            start = data.draw(st.integers(0, len(content)))
            content[start:start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
        else:
            del content[data.draw(st.integers(0, len(content))):]
        self.only_verdicts(bytes(content), client)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_nor_does_anything_with_the_right_keys(self, issuer, client, data):
        did = models.Issuer.objects.get().did
        method = models.SigningKey.objects.filter(purpose="badge").get().method_id
        proof = st.fixed_dictionaries({}, optional={
            "type": ODD | st.just("DataIntegrityProof"), "cryptosuite": ODD | st.just("eddsa-rdfc-2022"),
            "verificationMethod": ODD | st.just(method), "proofValue": ODD, "created": ODD,
            "proofPurpose": ODD | st.just("assertionMethod"),
        })
        badge = st.fixed_dictionaries({
            "type": ODD | st.just(["VerifiableCredential", "OpenBadgeCredential"]),
            "issuer": ODD | st.just(did) | st.fixed_dictionaries({"id": ODD | st.just(did)}),
            "proof": st.lists(proof, max_size=3) | ODD,
        }, optional={"id": ODD, "@context": ODD, "credentialSubject": ODD, "validUntil": ODD, "validFrom": ODD})
        header = st.fixed_dictionaries({}, optional={"alg": ODD, "kid": ODD | st.just(method), "x5c": ODD, "crit": ODD})
        signature = st.fixed_dictionaries({"protected": header.map(packed) | ODD, "signature": ODD})
        sealed = st.fixed_dictionaries({
            "payload": badge.map(json.dumps) | ODD, "signatures": st.lists(signature, max_size=2) | ODD,
        })
        token = st.tuples(header | ODD, badge | ODD, ODD).map(lambda parts: ".".join(map(packed, parts)).encode())
        document = data.draw((badge | sealed).map(lambda value: json.dumps(value).encode()) | token)
        self.only_verdicts(document, client)

    def only_verdicts(self, content, client):
        """``verify`` and both addresses say the same, and nothing but a verdict."""
        cache.clear()  # the limits on how often one may ask
        verdict = verify(content).verdict
        sent = client.post("/microcred/api/v1/verify/", content, content_type="application/octet-stream")
        assert sent.status_code == 200 and sent.json()["verdict"] == verdict
        page = client.post("/microcred/verify/", {"file": SimpleUploadedFile("x", content)})
        assert page.status_code == (200 if content else 400)

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([
                "type", "proof", "issuer", "id", "signatures", "payload", "protected", "@context", "credentialSubject",
                "x5c", "verificationMethod", "cryptosuite",
            ]), inner, max_size=6), max_leaves=20,
        ).map(lambda value: json.dumps(value).encode()),
    ))
    def test_nothing_makes_it_fall_over(self, issuer, content):
        assert not verify(content).verified


class TestJwt:
    """``jose.verify`` by itself."""

    def test_gives_the_badge_back(self, files, award):
        keys = {row.method_id: row for row in models.SigningKey.objects.filter(purpose="badge-jwt")}
        found = jose.verify(
            files["ob3.jwt"], now=timezone.now(),
            public_key_for=lambda method: VerificationKey.from_jwk(keys[method].public_jwk),
        )
        badge = json.loads(files["ob3.json"])
        badge.pop("proof")
        assert found == badge
        assert Format(award.credentials.get(format="ob3-jwt").format) is Format.OPEN_BADGE_JWT


def packed(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
