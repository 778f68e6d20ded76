"""did:web identifiers, their documents, and keys named in a DID URL."""

from __future__ import annotations

import pytest

from microcred_xblock.domain.errors import InvalidDocument, Misconfigured
from microcred_xblock.proofs import did
from microcred_xblock.proofs.keys import VerificationKey


@pytest.mark.parametrize(("url", "identifier", "place"), [
    ("https://learn.example", "did:web:learn.example", "https://learn.example/.well-known/did.json"),
    ("https://learn.example/", "did:web:learn.example", "https://learn.example/.well-known/did.json"),
    ("https://Learn.Example/a/b/", "did:web:learn.example:a:b", "https://learn.example/a/b/did.json"),
    ("https://learn.example:8443", "did:web:learn.example%3A8443", "https://learn.example:8443/.well-known/did.json"),
    ("https://learn.example:8443/a", "did:web:learn.example%3A8443:a", "https://learn.example:8443/a/did.json"),
    ("http://localhost:8000/issuer", "did:web:localhost%3A8000:issuer", "http://localhost:8000/issuer/did.json"),
])
def test_did_web(url, identifier, place):
    assert did.did_web(url) == identifier
    assert did.did_web_url(identifier) == place


@pytest.mark.parametrize("url", [
    "http://learn.example", "ftp://learn.example", "learn.example", "", "https://", "https://127.0.0.1",
    "https://[::1]/", "https://learn.example?x=1", "https://learn.example/#x", "https://user@learn.example",
    "https://learn.example:x", "https://learn.example:99999", "https://learn.example/a%2fb", "https://learn.example/a:b",
    "https://learn.example/..", "https://learn example", "https://-learn.example", "https://learn..example",
])
def test_what_did_web_cannot_say(url):
    with pytest.raises(Misconfigured) as error:
        did.did_web(url)
    assert error.value.code == "did-web-url"


@pytest.mark.parametrize("identifier", [
    "did:key:z6Mk", "did:web:", "xdid:web:a", "did:web:a::b", "did:web:a#k", "a/b", "did:web:a%2Fb",
])
def test_what_is_no_did_web(identifier):
    with pytest.raises(InvalidDocument):
        did.did_web_url(identifier)


class TestDocument:
    def test_names_every_method_by_its_full_url(self, ed25519, es256, rs256):
        document = did.document("did:web:learn.example", assertion_keys=[ed25519, es256, rs256])
        assert document["id"] == "did:web:learn.example"
        assert document["assertionMethod"] == [method["id"] for method in document["verificationMethod"]]
        assert [method["type"] for method in document["verificationMethod"]] == ["Multikey", "JsonWebKey", "JsonWebKey"]
        for method in document["verificationMethod"]:
            assert method["controller"] == "did:web:learn.example"
            assert method["id"].startswith("did:web:learn.example#")

    def test_methods_carry_the_keys(self, ed25519, es256):
        multikey, jwk = did.document("did:web:a.example", assertion_keys=[ed25519, es256])["verificationMethod"]
        assert multikey["id"] == did.multikey_method("did:web:a.example", ed25519)
        assert multikey["publicKeyMultibase"] == ed25519.public_multikey()
        assert did.ed25519_key_of(multikey["id"]) == ed25519.verification_key.raw()
        assert jwk["id"] == did.jwk_method("did:web:a.example", es256)
        assert VerificationKey.from_jwk(jwk["publicKeyJwk"]).verifies(es256.sign(b"x"), b"x")
        assert "d" not in jwk["publicKeyJwk"]

    def test_retired_keys_stay_published_without_their_private_half(self, ed25519, es256):
        retired = VerificationKey.from_jwk(ed25519.public_jwk())
        with_private = did.document("did:web:a.example", assertion_keys=[es256, ed25519])
        assert did.document("did:web:a.example", assertion_keys=[es256, retired]) == with_private

    def test_a_key_is_published_once(self, ed25519):
        document = did.document("did:web:a.example", assertion_keys=[ed25519, ed25519.verification_key])
        assert len(document["verificationMethod"]) == 1

    def test_without_keys_there_is_nothing_to_publish(self):
        with pytest.raises(Misconfigured) as error:
            did.document("did:web:a.example", assertion_keys=[])
        assert error.value.code == "did-keys"


def test_did_key_long_form(ed25519):
    identifier = did.did_key(ed25519)
    assert did.multikey_method(identifier, ed25519) == f"{identifier}#{identifier.removeprefix('did:key:')}"


@pytest.mark.parametrize("method", ["did:web:a.example", "did:web:a.example#key-1", "did:web:a.example#z6Mk", "#"])
def test_a_method_that_does_not_name_its_key(method):
    with pytest.raises(InvalidDocument) as error:
        did.ed25519_key_of(method)
    assert error.value.code == "proof-key"


def test_a_method_with_another_kind_of_key(es256):
    with pytest.raises(InvalidDocument):
        did.ed25519_key_of(did.multikey_method("did:web:a.example", es256))
