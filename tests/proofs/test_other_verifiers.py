"""What we sign, judged by code that this project did not write; and each judge refusing a tampered copy."""

from __future__ import annotations

import json

import pytest

from microcred_xblock.credentials import elm, pinned
from microcred_xblock.proofs import data_integrity, did, jades, jose, rdfc
from tests.factories import NOW, make_award, make_holder, make_issuer
from tests.verifiers import node

from .conftest import make_badge, make_certificate

pytestmark = pytest.mark.node
ISSUER = "did:web:learn.example"
#: What text may look like: quotes, backslashes, lines, scripts, an emoji, and what HTML and N-Quads give a meaning to.
UNUSUAL = 'Été «5 °C» "quoted" \\ back\\slash\nnew line\ttab <b>&amp; _:c14n0 . 風力 \u2028 é \U0001f32c {"a": [1]}'


def signed(badge, key, cache=None) -> dict:
    secured = data_integrity.secure(
        badge, key=key, verification_method=did.multikey_method(ISSUER, key), now=NOW,
        loader=pinned.document_loader, cache=cache,
    )
    return json.loads(secured.content)


class TestDigitalBazaar:
    def verdicts(self, documents, did_document) -> list[dict]:
        return node.verdicts("data-integrity", [
            {"credential": document, "didDocument": did_document, "now": NOW.isoformat()} for document in documents
        ])

    def test_accepts_the_badge_signed_in_full_and_from_the_template(self, ed25519, did_document):
        cache = data_integrity.TemplateCache()
        documents = [
            signed(make_badge(evidence_url=f"https://learn.example/evidence/{number}"), ed25519, cache)
            for number in range(3)
        ]
        assert cache.info().fast == 4, "document and proof options, twice"
        assert self.verdicts(documents, did_document) == [{"verified": True}] * 3

    def test_refuses_tampered_copies(self, ed25519, did_document):
        changes = [
            lambda d: d.update(name="Another title"),
            lambda d: d["credentialSubject"]["result"][0].update(value="100"),
            lambda d: d["credentialSubject"]["achievement"]["criteria"].update(narrative="Nothing."),
            lambda d: d["proof"][0].update(created="2026-11-20T10:04:00Z"),
            lambda d: d.update(undefined="x"),
        ]
        documents = [signed(make_badge(), ed25519) for _ in changes]
        for document, change in zip(documents, changes, strict=True):
            change(document)
        assert [verdict["verified"] for verdict in self.verdicts(documents, did_document)] == [False] * len(changes)

    def test_refuses_a_key_that_the_issuer_does_not_publish(self, ed25519, es256):
        other = did.document(ISSUER, assertion_keys=[es256])
        assert self.verdicts([signed(make_badge(), ed25519)], other)[0]["verified"] is False


class TestCanonicalForm:
    """jsonld.js and rdf-canonize give our canonical bytes."""

    def assert_same(self, document) -> None:
        verdict = node.verdict("canonical", {"document": document})
        assert verdict.get("nquads", verdict).encode("utf-8") == rdfc.canonical(document, pinned.document_loader)

    def test_of_unusual_text(self):
        document = make_badge().document
        subject = document["credentialSubject"]
        for node_ in (document, subject["achievement"], document["evidence"][0], subject["achievement"]["criteria"]):
            node_["narrative"] = UNUSUAL
        subject["achievement"]["tag"] = [UNUSUAL, "\U0001f32c", "風力", "\ud7ff", '"', "\r\n"]
        self.assert_same(document)

    def test_of_numbers(self):
        numbers = [1, 12, 0.1, 0.12, 2.5, 33.33, 1234.5678, 0.001, 0.00015, 2**53 - 1, -3, -0.5, 12345.12345]
        document = make_badge().document
        document["credentialSubject"]["creditsEarned"] = numbers
        self.assert_same(document)

    def test_of_tied_blank_nodes(self):
        document = make_badge().document
        result = {"type": ["Result"], "value": "1"}
        alignment = {"type": ["Alignment"], "targetName": "a", "targetUrl": "https://a.example"}
        document["credentialSubject"]["result"] = [
            {**result, "alignment": [dict(alignment), {**alignment, "targetName": "b"}]},
            {**result, "alignment": [{**alignment, "targetName": "b"}, {**alignment, "targetName": "c"}]},
            {**result, "alignment": [dict(alignment), {**alignment, "targetName": "c"}]},
        ]
        self.assert_same(document)

    def test_sort_orders_really_differ(self):
        """What ``rdfc`` refuses for its sort order is canonicalised differently here and there."""
        document = make_badge().document
        document["credentialSubject"]["achievement"]["tag"] = ["\U0001f32c", "\uff21"]
        nquads = node.verdict("canonical", {"document": document})["nquads"]
        lines = nquads.split("\n")[:-1]
        assert lines != sorted(lines)


class TestJose:
    def verdicts(self, tokens, did_document) -> list[dict]:
        return node.verdicts("jwt", [
            {"token": token, "didDocument": did_document, "now": NOW.isoformat()} for token in tokens
        ])

    @pytest.fixture
    def token(self, badge, es256) -> str:
        return jose.secure(badge, key=es256, key_id=did.jwk_method(ISSUER, es256)).content.decode("ascii")

    def test_accepts_the_jwt(self, token, did_document, badge):
        (verdict,) = self.verdicts([token], did_document)
        assert verdict["verified"] is True
        assert {name: verdict["payload"][name] for name in badge.document} == badge.document

    def test_refuses_tampered_tokens(self, token, did_document):
        tampered = []
        for part in range(3):
            parts = token.split(".")
            middle = len(parts[part]) // 2
            other = "A" if parts[part][middle] != "A" else "B"
            parts[part] = parts[part][:middle] + other + parts[part][middle + 1:]
            tampered.append(".".join(parts))
        assert [verdict["verified"] for verdict in self.verdicts(tampered, did_document)] == [False] * 3


@pytest.fixture(scope="module", params=["ES256", "RS256"])
def sealed(request) -> dict:
    credential = elm.compose(
        make_award(), make_issuer(), make_holder(), issued=NOW, valid_from=NOW,
        credential_id="urn:uuid:0a1c6d1e-53f5-4c39-8f0e-5a5d5f3c2b11",
    )
    certificate = make_certificate(algorithm=request.param)
    return json.loads(jades.seal(credential, certificate=certificate, now=NOW).content)


class TestJades:
    def test_jose_accepts_the_seal(self, sealed):
        verdict = node.verdict("jades", {"sealed": sealed})
        assert verdict["verified"] is True, verdict
        assert verdict["payload"] == json.loads(sealed["payload"])
        assert "O=Centre de formation exemple" in verdict["subject"]
        assert verdict["header"]["crit"] == ["b64", "sigT"]

    def test_jose_refuses_tampered_copies(self, sealed):
        (signature,) = sealed["signatures"]
        tampered = [
            {**sealed, "payload": sealed["payload"].replace("10:05:00", "10:06:00", 1)},
            {**sealed, "payload": sealed["payload"] + " "},
            {**sealed, "signatures": [{**signature, "signature": signature["signature"][::-1]}]},
        ]
        assert sealed not in tampered
        verdicts = node.verdicts("jades", [{"sealed": copy} for copy in tampered])
        assert [verdict["verified"] for verdict in verdicts] == [False] * 3


@pytest.mark.parametrize(("required", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)])
def test_without_node_the_tests_say_so(monkeypatch, required, outcome):
    monkeypatch.setattr(node, "problem", lambda: "node is not installed")
    monkeypatch.setattr(node, "REQUIRED", required)
    with pytest.raises(outcome, match="node is not installed"):
        node.require()


def test_lock_file_names_no_registry_of_one_machine():
    lock = json.loads((node.FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        if name:
            assert "resolved" not in package, name
            assert package["integrity"].startswith("sha512-"), name
    assert lock["packages"][""]["engines"] == {"node": ">=18"}
