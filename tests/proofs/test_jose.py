"""VC-JWT: claims and header as Open Badges wants them, checked with jwcrypto."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS, InvalidJWSSignature

from microcred_xblock.domain.credential import Credential, Format
from microcred_xblock.domain.errors import InvalidDocument, Misconfigured
from microcred_xblock.proofs import did, jose
from tests.factories import NOW

from .conftest import make_badge

ISSUER = "did:web:learn.example"


def secured(badge, key, **over):
    return jose.secure(badge, **{"key": key, "key_id": did.jwk_method(ISSUER, key), **over})


def opened(token: bytes, key) -> tuple[dict, dict]:
    jws = JWS()
    jws.deserialize(token.decode("ascii"), JWK(**key.public_jwk()))
    return jws.jose_header, json.loads(jws.payload)


@pytest.mark.parametrize("name", ["es256", "rs256"])
def test_header_and_claims(badge, name, request):
    key = request.getfixturevalue(name)
    token = secured(badge, key)
    header, claims = opened(token.content, key)
    assert header == {"alg": key.algorithm, "kid": did.jwk_method(ISSUER, key), "typ": "JWT"}
    registered = {name: claims.pop(name) for name in ("iss", "jti", "nbf", "sub")}
    assert registered == {
        "iss": ISSUER, "jti": badge.id, "nbf": int(NOW.timestamp()), "sub": badge.document["credentialSubject"]["id"],
    }
    assert claims == badge.document
    assert (token.id, token.format, token.media_type, token.extension) == (
        badge.id, Format.OPEN_BADGE_JWT, "text/plain", "jwt"
    )


def test_expiry(es256):
    until = NOW + timedelta(days=30)
    _, claims = opened(secured(make_badge(valid_until=until), es256).content, es256)
    assert claims["exp"] == int(until.timestamp())


def test_a_changed_token_is_refused(badge, es256):
    header, _, signature = secured(badge, es256).content.decode("ascii").split(".")
    other = secured(make_badge(evidence_url="https://learn.example/e"), es256).content.decode("ascii").split(".")[1]
    with pytest.raises(InvalidJWSSignature):
        opened(f"{header}.{other}.{signature}".encode("ascii"), es256)


def test_same_badge_same_token(badge, es256):
    assert secured(badge, es256) == secured(badge, es256)


def test_ed25519_is_refused(badge, ed25519):
    with pytest.raises(Misconfigured) as error:
        secured(badge, ed25519)
    assert error.value.code == "key-algorithm"


def test_key_id_belongs_to_the_issuer(badge, es256):
    with pytest.raises(Misconfigured) as error:
        secured(badge, es256, key_id="did:web:other.example#k")
    assert error.value.code == "key-id"


@pytest.mark.parametrize(("change", "field"), [
    (lambda d: d["credentialSubject"].pop("id"), "credentialSubject.id"),
    (lambda d: d.update(credentialSubject=[d["credentialSubject"]]), "credentialSubject.id"),
    (lambda d: d.pop("issuer"), "issuer.id"),
    (lambda d: d.update(id=""), "id"),
    (lambda d: d.pop("validFrom"), "validFrom"),
    (lambda d: d.update(validFrom="2026-11-20T10:05:00"), "validFrom"),
    (lambda d: d.update(validUntil="soon"), "validUntil"),
])
def test_what_a_jwt_cannot_claim_is_named(badge, es256, change, field):
    change(badge.document)
    with pytest.raises(InvalidDocument) as error:
        secured(badge, es256)
    assert (error.value.code, error.value.field) == ("jwt-claim", field)


def test_an_elm_credential_has_no_jwt_form(badge, es256):
    with pytest.raises(InvalidDocument) as error:
        secured(Credential(id=badge.id, format=Format.ELM, document=badge.document), es256)
    assert error.value.code == "jwt-format"
