"""eddsa-rdfc-2022: the W3C vectors byte for byte, what ``secure`` refuses, what ``verify`` accepts."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from microcred_xblock.credentials import open_badges, pinned
from microcred_xblock.domain.credential import Credential
from microcred_xblock.domain.errors import InvalidDocument, Misconfigured
from microcred_xblock.proofs import data_integrity, did, multibase, rdfc
from microcred_xblock.proofs.keys import LocalKey
from tests.factories import NOW

from .conftest import make_badge

VECTORS = Path(__file__).parents[1] / "vectors" / "vc-di-eddsa"
SUITE = VECTORS / "eddsa-rdfc-2022"
LOADER = pinned.document_loader


def vector_loader(url, options=None):
    """The pinned contexts, and the examples context that only the vectors use."""
    if url == "https://www.w3.org/ns/credentials/examples/v2":
        document = json.loads((VECTORS / "credentials-examples-v2.jsonld").read_text(encoding="utf-8"))
        return {"contextUrl": None, "documentUrl": url, "document": document, "contentType": "application/ld+json"}
    return LOADER(url, options)


@pytest.fixture(scope="module")
def unsigned():
    return json.loads((VECTORS / "unsigned.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def options():
    proof = json.loads((SUITE / "proofConfigDataInt.json").read_text(encoding="utf-8"))
    return {name: value for name, value in proof.items() if name != "@context"}


@pytest.fixture(scope="module")
def vector_key():
    pair = json.loads((VECTORS / "keyPair.json").read_text(encoding="utf-8"))
    seed = multibase.decode(pair["privateKeyMultibase"])[2:]  # two bytes of multicodec
    key = LocalKey(Ed25519PrivateKey.from_private_bytes(seed))
    assert key.public_multikey() == pair["publicKeyMultibase"]
    return key


class TestVectors:
    def test_files_are_the_published_ones(self):
        manifest = json.loads((VECTORS / "manifest.json").read_text(encoding="utf-8"))["files"]
        for name, entry in manifest.items():
            assert hashlib.sha256((VECTORS / name).read_bytes()).hexdigest() == entry["sha256"], name

    def test_canonical_document_and_its_hash(self, unsigned):
        canonical = rdfc.canonical(unsigned, vector_loader)
        assert canonical == (SUITE / "canonDocDataInt.txt").read_bytes()
        assert hashlib.sha256(canonical).hexdigest() == (SUITE / "docHashDataInt.txt").read_text().strip()

    def test_canonical_proof_options_and_their_hash(self, unsigned, options):
        canonical = rdfc.canonical({"@context": unsigned["@context"], **options}, vector_loader)
        assert canonical == (SUITE / "proofCanonDataInt.txt").read_bytes()
        assert hashlib.sha256(canonical).hexdigest() == (SUITE / "proofHashDataInt.txt").read_text().strip()

    @pytest.mark.parametrize("cached", [False, True])
    def test_signature_and_signed_document(self, unsigned, options, vector_key, cached):
        cache = data_integrity.TemplateCache() if cached else None
        for _ in range(2):  # with the cache: once in full, once from the template
            proof = data_integrity.create_proof(
                unsigned, key=vector_key, verification_method=options["verificationMethod"],
                created=datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC), loader=vector_loader, cache=cache,
            )
            assert proof["proofValue"] == (SUITE / "sigBTC58DataInt.txt").read_text().strip()
            signed = json.loads((SUITE / "signedDataInt.json").read_text(encoding="utf-8"))
            assert {**unsigned, "proof": proof} == signed

    def test_signed_bytes(self, unsigned, options, vector_key):
        data = data_integrity.hash_data(unsigned, options, vector_loader)
        assert data.hex() == (SUITE / "combinedHashDataInt.txt").read_text().strip()
        assert vector_key.sign(data).hex() == (SUITE / "sigHexDataInt.txt").read_text().strip()


def signed(badge: Credential, key: LocalKey, **over) -> dict:
    method = did.multikey_method(badge.document["issuer"]["id"], key)
    secured = data_integrity.secure(
        badge, **{"key": key, "verification_method": method, "now": NOW, "loader": LOADER, **over}
    )
    return json.loads(secured.content)


def verify(document, **over):
    data_integrity.verify(document, **{
        "public_key_for": did.ed25519_key_of, "loader": LOADER, "now": NOW, **over
    })


class TestSecure:
    def test_makes_a_badge_that_is_schema_valid_and_verifies(self, badge, ed25519):
        document = signed(badge, ed25519)
        open_badges.validate(document)
        verify(document)
        (proof,) = document["proof"]
        assert proof["type"] == "DataIntegrityProof" and proof["cryptosuite"] == "eddsa-rdfc-2022"
        assert proof["created"] == "2026-11-20T10:05:00Z" and proof["proofPurpose"] == "assertionMethod"
        assert {name: value for name, value in document.items() if name != "proof"} == badge.document

    def test_is_pure(self, badge, ed25519):
        before = copy.deepcopy(badge.document)
        assert signed(badge, ed25519) == signed(badge, ed25519)
        assert badge.document == before

    @pytest.mark.parametrize("image", [
        "data:image/png;base64," + "A" * 3000, "data:,\u00e9" + "A" * 3000, "data:,x-image-goes-here" + "A" * 3000,
        "https://learn.example/badge.png",
    ])
    @pytest.mark.parametrize("name", ["Badge", "x-image-goes-here", '"x-image-goes-here"', "\U0001f32c"])
    def test_content_is_plain_compact_json(self, badge, ed25519, image, name):
        badge.document["credentialSubject"]["achievement"]["image"]["id"] = image
        badge.document["name"] = name
        secured = data_integrity.secure(
            badge, key=ed25519, verification_method=did.multikey_method("did:web:learn.example", ed25519), now=NOW,
            loader=LOADER,
        )
        document = {**badge.document, "proof": json.loads(secured.content)["proof"]}
        assert secured.content.decode("utf-8") == json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    def test_keeps_id_and_says_what_it_is(self, badge, ed25519):
        secured = data_integrity.secure(
            badge, key=ed25519, verification_method=did.multikey_method("did:web:learn.example", ed25519), now=NOW,
            loader=LOADER,
        )
        assert (secured.id, secured.format, secured.media_type, secured.extension) == (
            badge.id, badge.format, "application/vc+ld+json", "json"
        )

    def test_refuses_to_sign_twice(self, badge, ed25519):
        twice = Credential(id=badge.id, format=badge.format, document=signed(badge, ed25519))
        with pytest.raises(InvalidDocument) as error:
            signed(twice, ed25519)
        assert error.value.code == "proof-present"

    @pytest.mark.parametrize("method", ["did:web:other.example#{key}", "did:web:learn.example#key-1", "{key}", ""])
    def test_method_must_be_the_issuers_and_the_keys(self, badge, ed25519, method):
        with pytest.raises(Misconfigured) as error:
            signed(badge, ed25519, verification_method=method.format(key=ed25519.public_multikey()))
        assert error.value.code == "verification-method"

    def test_did_key_must_be_in_its_long_form(self, badge, ed25519):
        issuer = did.did_key(ed25519)
        own = Credential(
            id=badge.id, format=badge.format,
            document={**badge.document, "issuer": {**badge.document["issuer"], "id": issuer}},
        )
        assert signed(own, ed25519)["proof"][0]["verificationMethod"] == f"{issuer}#{issuer.removeprefix('did:key:')}"
        with pytest.raises(Misconfigured):
            signed(own, ed25519, verification_method=issuer)

    def test_key_must_be_ed25519(self, badge, es256):
        with pytest.raises(Misconfigured) as error:
            signed(badge, es256)
        assert error.value.code == "key-algorithm"

    @pytest.mark.parametrize("undefined", ["jti", "endorsementJwt"])
    def test_terms_of_only_one_edition_of_the_context_are_refused(self, badge, ed25519, undefined):
        odd = Credential(id=badge.id, format=badge.format, document={**badge.document, undefined: "x"})
        with pytest.raises(InvalidDocument) as error:
            signed(odd, ed25519)
        assert (error.value.code, error.value.params["term"]) == ("document-undefined-term", undefined)

    def test_schema_type_needs_the_extensions_context(self, badge, ed25519):
        bare = {**badge.document, "@context": badge.document["@context"][:2]}
        with pytest.raises(InvalidDocument) as error:
            signed(Credential(id=badge.id, format=badge.format, document=bare), ed25519)
        assert error.value.params["term"] == "1EdTechJsonSchemaValidator2019"


class TestVerify:
    @pytest.mark.parametrize("change", [
        lambda d: d.update(name="Another title"),
        lambda d: d["credentialSubject"]["result"][0].update(value="100"),
        lambda d: d["credentialSubject"]["achievement"].update(id="https://learn.example/other"),
        lambda d: d["credentialSubject"]["identifier"][0].update(salt="00000000000000000000000000"),
        lambda d: d["proof"][0].update(created="2026-11-20T10:04:00Z"),
        lambda d: d["proof"][0].update(proofValue="z" + "1" * 64),
        lambda d: d["proof"][0].update(proofValue="nothing"),
    ])
    def test_refuses_a_tampered_copy(self, badge, ed25519, change):
        document = signed(badge, ed25519)
        change(document)
        with pytest.raises(InvalidDocument) as error:
            verify(document)
        assert error.value.code == "proof-invalid"

    def test_an_added_undefined_term_is_seen(self, badge, ed25519):
        document = signed(badge, ed25519) | {"grade": "A+"}
        with pytest.raises(InvalidDocument) as error:
            verify(document)
        assert error.value.code == "document-undefined-term"

    def test_somebody_elses_signature_is_refused(self, badge, ed25519):
        other = LocalKey.generate("Ed25519")
        document = signed(badge, ed25519)
        document["issuer"]["id"] = "did:web:other.example"
        with pytest.raises(InvalidDocument) as error:
            verify(document)
        assert error.value.code == "proof-controller"
        with pytest.raises(InvalidDocument) as error:
            verify(signed(badge, ed25519), public_key_for=lambda _: other.verification_key.raw())
        assert error.value.code == "proof-invalid"

    @pytest.mark.parametrize("proof", [
        None, [], "x", [{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"}],
    ])
    def test_without_a_proof_it_is_not_verified(self, badge, proof):
        with pytest.raises(InvalidDocument) as error:
            verify({**badge.document, "proof": proof})
        assert error.value.code == "proof-missing"

    def test_every_proof_must_be_good(self, badge, ed25519):
        document = signed(badge, ed25519)
        document["proof"].append({**document["proof"][0], "created": "2026-11-20T10:00:00Z"})
        with pytest.raises(InvalidDocument):
            verify(document)

    def test_clocks_may_differ_by_five_minutes(self, badge, ed25519):
        document = signed(badge, ed25519)
        verify(document, now=NOW - timedelta(minutes=5))
        with pytest.raises(InvalidDocument) as error:
            verify(document, now=NOW - timedelta(minutes=5, seconds=1))
        assert error.value.code == "not-yet-valid"

    @pytest.mark.parametrize("time", ["2026-11-20", "2026-11-20T10:00:00", "soon", 7])
    def test_a_time_without_timezone_is_no_time(self, badge, ed25519, time):
        late = Credential(id=badge.id, format=badge.format, document={**badge.document, "validUntil": time})
        with pytest.raises(InvalidDocument) as error:
            verify(signed(late, ed25519))
        assert error.value.code == "document-time"

    def test_expiry(self, ed25519):
        document = signed(make_badge(valid_until=NOW + timedelta(days=1)), ed25519)
        verify(document, now=NOW + timedelta(days=1, minutes=5))
        with pytest.raises(InvalidDocument) as error:
            verify(document, now=NOW + timedelta(days=1, minutes=6))
        assert error.value.code == "expired"
