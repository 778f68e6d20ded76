"""A presentation proves its holder by a fresh signature for our challenge and domain, and by nothing else."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import pinned
from microcred_xblock.domain.errors import InvalidDocument, MicrocredError
from microcred_xblock.proofs import did, presentation
from microcred_xblock.proofs.keys import LocalKey
from tests.factories import NOW
from tests.wallet_apps import node
from tests.wallet_apps.present import ED25519_2020, NEW, OLD, V1, V2, Key, present

DOMAIN = "https://learn.example"


def verify(document, challenge="c", domain=DOMAIN, now=NOW):
    return presentation.verify(document, challenge=challenge, domain=domain, loader=pinned.document_loader, now=now)


def refused(document, **more):
    with pytest.raises(InvalidDocument) as error:
        verify(document, **more)
    return error.value.code


@pytest.mark.parametrize("suite", [OLD, NEW])
@pytest.mark.parametrize("method", ["key", "jwk"])
def test_who_signed_is_the_holder(suite, method):
    key = Key(method)
    assert verify(present(key, "c", DOMAIN, now=NOW, suite=suite)) == key.did


def test_presentations_of_another_stack_are_good_in_both_suites_and_models():
    items = [
        {"suite": suite, "challenge": "c", "domain": DOMAIN, "version": version}
        for suite in (OLD, NEW) for version in (1.0, 2.0)
    ]
    made = node.run("sign", items)
    for item in made:
        now = presentation.parse(item["presentation"]["proof"]["created"])
        assert verify(item["presentation"], now=now) == item["did"]
        assert refused(item["presentation"], now=now, challenge="d") == "presentation-proof"


@pytest.mark.parametrize("suite", [OLD, NEW])
@pytest.mark.parametrize("proof", [
    {"challenge": "other"}, {"challenge": None}, {"challenge": ["c"]}, {"domain": "https://evil.example"},
    {"domain": None}, {"domain": f"{DOMAIN}.evil.example"}, {"domain": DOMAIN + "/"},
    {"proofPurpose": "assertionMethod"}, {"proofPurpose": None},
    {"created": "2026-01-01T00:00:00Z"}, {"created": "2036-01-01T00:00:00Z"}, {"created": None}, {"created": "now"},
    {"expires": "2026-01-01T00:00:00Z"},
])
def test_a_proof_for_something_else_is_refused_though_its_signature_is_good(suite, proof):
    assert refused(present(Key(), "c", DOMAIN, now=NOW, suite=suite, proof=proof)) == "presentation-proof"


def test_a_domain_may_be_one_of_several_and_is_not_asked_for_where_none_was_told():
    key = Key()
    assert verify(present(key, "c", ["https://other.example", DOMAIN], now=NOW)) == key.did
    assert verify(present(key, "c", None, now=NOW), domain=None) == key.did


@pytest.mark.parametrize("holder", ["did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", None,
                                    "did:web:learn.example"])
def test_the_holder_is_whose_key_signed(holder):
    assert refused(present(Key(), "c", DOMAIN, now=NOW, holder=holder)) == "presentation-proof"


@pytest.mark.parametrize("method", [
    "did:web:learn.example#key-1", "did:example:1#1", "https://learn.example/key#1", "urn:uuid:1#0",
])
def test_keys_are_only_those_that_a_did_says_itself(method):
    assert refused(present(Key(), "c", DOMAIN, now=NOW, proof={"verificationMethod": method})) == "wallet-did"


def test_a_key_of_another_kind_or_no_key_is_refused():
    key = Key()
    other = LocalKey(ec.generate_private_key(ec.SECP256R1()))
    key.did = did.did_key(other)
    key.method = did.multikey_method(key.did, other)
    assert refused(present(key, "c", DOMAIN, now=NOW)) == "presentation-proof"
    key = Key()
    key.method = key.did
    assert refused(present(key, "c", DOMAIN, now=NOW)) == "presentation-proof"
    assert refused(present(Key(), "c", DOMAIN, now=NOW, proof={"verificationMethod": Key().method})) in (
        "presentation-proof",
    )


@pytest.mark.parametrize("change", [
    {"type": OLD}, {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"}, {"type": "JsonWebSignature2020"},
    {"cryptosuite": "ecdsa-rdfc-2019"}, {"cryptosuite": None}, {"cryptosuite": [NEW]}, {"type": ["DataIntegrityProof"]},
])
def test_a_proof_that_is_called_another_kind_is_not_good(change):
    made = present(Key(), "c", DOMAIN, now=NOW)
    made["proof"].update(change)
    assert refused(made) == "presentation-proof"


@pytest.mark.parametrize("value", ["", "z", "zzzz", "u123", None, 5, ["z1"], "z" + "1" * 150])
def test_a_signature_that_is_none(value):
    made = present(Key(), "c", DOMAIN, now=NOW)
    made["proof"]["proofValue"] = value
    assert refused(made) == "presentation-proof"


@pytest.mark.parametrize("changes", [
    {"@context": [V2, "https://evil.example/context"]}, {"@context": [ED25519_2020]}, {"@context": []},
    {"@context": [V2, {"holder": "https://evil.example/holder"}]}, {"@context": None}, {"type": ["Other"]},
    {"type": None}, {"evidence": "x"}, {"verifiableCredential": [{"id": "urn:x"}]}, {"@graph": []}, {"proof": []},
    {"proof": [{}, {}]}, {"proof": "x"}, {"proof": {"@context": V2}},
])
def test_a_presentation_that_holds_something_else_is_not_read(changes):
    made = present(Key(), "c", DOMAIN, now=NOW)
    made.update(changes)
    assert refused({name: value for name, value in made.items() if value is not None}) == "presentation-form"


@pytest.mark.parametrize("changes", [
    {"@context": [V2] * 2}, {"@context": [V2] * 600},
    {"type": ["VerifiablePresentation", *map("https://x.example/{}".format, range(1500))]},
    {"proof": {"domain": [DOMAIN, *map(str, range(3000))]}}, {"holder": {"id": "x", "a": [{}] * 200}},
])
def test_what_would_keep_json_ld_busy_is_not_read(changes, monkeypatch):
    """One such request took fourteen seconds, in which no other thread of the worker could sign."""
    document = present(Key(), "c", DOMAIN, now=NOW)
    monkeypatch.setattr(presentation.data_integrity, "hash_data", lambda *_args: pytest.fail("canonicalised"))
    proof = {**document["proof"], **changes.get("proof", {})}
    assert refused({**document, **changes, "proof": proof}) == "presentation-form"


def test_no_credentials_is_what_was_asked_for_and_one_context_may_be_a_text():
    key = Key()
    made = {**present(key, "c", DOMAIN, now=NOW), "verifiableCredential": []}
    assert verify({**made, "@context": V2}) == key.did


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(st.data())
def test_whatever_is_changed_after_signing_is_refused(data):
    """Whatever a wallet sends there is one kind of error, and never another holder."""
    key = Key()
    made = present(key, "c", DOMAIN, now=NOW, suite=data.draw(st.sampled_from([OLD, NEW])))
    changed = copy.deepcopy(made)
    place = data.draw(st.sampled_from([changed, changed["proof"]]))
    name = data.draw(st.sampled_from(sorted(place)))
    texts = st.text(max_size=5)
    values = st.none() | st.booleans() | st.integers() | texts | st.just(V1) | st.lists(texts, max_size=2)
    place[name] = data.draw(values | st.dictionaries(texts, texts, max_size=2))
    try:
        found = verify(changed)
    except MicrocredError:
        return
    assert (found == key.did and changed == made) or name in ("@context", "type")
