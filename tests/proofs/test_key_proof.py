"""Key proofs and the names of keys: what is good is read, and nothing else gets past, whatever it is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.common import base64url_encode
from jwcrypto.jws import JWS

from microcred_xblock.domain.errors import InvalidDocument
from microcred_xblock.proofs import did as did_documents
from microcred_xblock.proofs import holder_keys, key_proof, multibase
from microcred_xblock.proofs.keys import LocalKey
from tests.issuance.vci_wallet import ISSUER, did_jwk, make_key, public
from tests.issuance.vci_wallet import key_proof as make

NOW = datetime.now(UTC)
KEY = make_key()
# did:key method, section "Test Vectors": one of each kind that is taken here
VECTORS = {
    "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp": "Ed25519",
    "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169": "P-256",
    "did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9": "P-384",
}


def verify(token, *, now=None):
    return key_proof.verify(token, audience=ISSUER, now=now or datetime.now(UTC))


def code_of(work, *args):
    with pytest.raises(InvalidDocument) as error:
        work(*args)
    return error.value.code


@pytest.mark.parametrize("curve", ["P-256", "P-384", "Ed25519"])
def test_a_good_proof_names_its_holder(curve):
    key = make_key(curve)
    found = verify(make(key, "n"))
    assert found.nonce == "n" and holder_keys.resolve(found.did) == found.jwk
    assert found.jwk["x"] == public(key)["x"] and set(found.jwk) <= {"kty", "crv", "x", "y"}
    assert "x" not in repr(found).replace("did:jwk", "") or found.jwk["x"] not in repr(found)


def test_the_same_key_is_the_same_holder():
    told = {**public(KEY), "kid": "mine", "alg": "ES256", "use": "sig"}
    assert verify(make(KEY, "n", header={"jwk": told})).did == verify(make(KEY, "n")).did


@pytest.mark.parametrize(("did", "curve"), VECTORS.items())
def test_vectors_of_did_key(did, curve):
    assert holder_keys.resolve(did)["crv"] == curve
    assert holder_keys.key_of(f"{did}#{did.removeprefix('did:key:')}")[0] == did


@pytest.mark.parametrize("algorithm", ["Ed25519", "ES256"])
def test_our_own_did_key_is_read(algorithm):
    key = LocalKey.generate(algorithm)
    found = holder_keys.resolve(did_documents.did_key(key))
    assert found["x"] == key.public_jwk()["x"]


def test_a_window_of_five_minutes():
    token = make(KEY, "n", claims={"iat": int(NOW.timestamp())})
    for minutes in (-4, 0, 4):
        assert verify(token, now=NOW + timedelta(minutes=minutes))
    for minutes in (-6, 6):
        assert code_of(lambda: verify(token, now=NOW + timedelta(minutes=minutes))) == "key-proof"  # noqa: B023


def test_what_only_looks_like_a_proof():
    head, body, signature = make(KEY, "n").split(".")

    def with_header(**changes):
        header = {"typ": key_proof.TYPE, "alg": "ES256", "jwk": public(KEY), **changes}
        return f"{base64url_encode(json.dumps(header))}.{body}.{signature}"

    twice = base64url_encode(f'{{"typ":"{key_proof.TYPE}","alg":"none","alg":"ES256","jwk":{json.dumps(public(KEY))}}}')
    for token in (
        "", ".", "..", "a.b.c", f"{head}.{body}", f"{head}.{body}.", f"{head}.{body}.{signature}.x", "é.é.é",
        f"{head}.{body}.{signature[:-4]}AAAA", f"{twice}.{body}.{signature}", with_header(crit=["exp"]),
        with_header(b64=False), with_header(alg="none"), with_header(alg=None), with_header(alg=["ES256"]),
        with_header(alg="HS256"), with_header(alg="RS256"), with_header(alg="ES384"), with_header(alg="EdDSA"),
        with_header(kid="x"), with_header(jwk=None), with_header(x5c=[]), "a" * 20_000,
    ):
        assert code_of(verify, token) in ("key-proof", "wallet-key", "wallet-did"), token[:80]


@pytest.mark.parametrize(("header", "claims"), [
    ({}, {"aud": "https://elsewhere.example"}), ({}, {"aud": None}), ({}, {"aud": [ISSUER]}), ({}, {"iat": None}),
    ({}, {"nbf": int(NOW.timestamp()) + 3_600}), ({}, {"exp": int(NOW.timestamp()) - 3_600}), ({}, {"nonce": 5}),
    ({"crit": ["b64"], "b64": True}, {}), ({"typ": "JWT"}, {}),
])
def test_what_is_well_signed_and_yet_no_proof(header, claims):
    assert verify(make(KEY, "n"))
    assert code_of(verify, make(KEY, "n", header=header, claims=claims)) == "key-proof"


def test_a_signature_over_something_else_is_no_proof():
    """A JWS in JSON that holds, before the parts that were signed, others in which what is not Base64url is skipped."""
    signed = JWS(b"whatever this key has signed anywhere")
    signed.add_signature(KEY, None, json.dumps({"alg": "ES256"}), None)
    elsewhere = json.loads(signed.serialize())
    header, claims = (
        base64url_encode(text + " " * (-len(text) % 3)) for text in (
            json.dumps({"typ": key_proof.TYPE, "alg": "ES256", "jwk": public(KEY)}),
            json.dumps({"aud": ISSUER, "iat": int(datetime.now(UTC).timestamp()), "nonce": "n"}),
        )
    )
    assert code_of(verify, f'{{  "{header}.{claims}.":"",{json.dumps(elsewhere)[1:]}') == "key-proof"


@pytest.mark.parametrize("y", sorted({*holder_keys._EVERYBODYS, 2**255 - 19, 2**255 - 18, 2**255 - 1}))
@pytest.mark.parametrize("sign", [0, 1])
def test_a_key_that_is_everybodys_is_not_taken(y, sign):
    x = base64url_encode((y | sign << 255).to_bytes(32, "little"))
    assert code_of(holder_keys.public_jwk, {"kty": "OKP", "crv": "Ed25519", "x": x}) == "wallet-key"


def test_one_key_is_written_in_one_way():
    x = public(KEY)["x"]
    for written in (f"{x[:4]}!\n<\"{x[4:]}", f"{x}.", f" {x}", x[:-1] + chr(ord(x[-1]) + 1)):
        assert code_of(holder_keys.public_jwk, {**public(KEY), "x": written}) == "wallet-key", written
    jwk = json.dumps(public(KEY))
    twice = base64url_encode(f'{{"x":"{x[::-1]}",{jwk[1:]}')
    assert code_of(holder_keys.resolve, f"did:jwk:{twice}") == "wallet-did", "others may read the first x"
    plain = base64url_encode(jwk + " " * (-len(jwk) % 3))
    assert code_of(holder_keys.resolve, f'did:jwk:{plain[:8]}\n"<!{plain[8:]}') == "wallet-key"
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    assert code_of(holder_keys.resolve, "did:key:" + multibase.encode(multibase.P256_PUBLIC + point)) == "wallet-key"


def test_a_coordinate_is_smaller_than_its_field():
    """P-256 has a point with x = 5; 5 plus the prime fits into the same bytes, and OpenSSL takes it for the same."""
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x02" + (5).to_bytes(32, "big"))
    y = base64url_encode(point.public_numbers().y.to_bytes(32, "big"))
    good, other = (
        {"kty": "EC", "crv": "P-256", "x": base64url_encode(x.to_bytes(32, "big")), "y": y} for x in (5, 5 + prime)
    )
    assert holder_keys.public_jwk(good) == good
    assert code_of(holder_keys.public_jwk, other) == "wallet-key"


@pytest.mark.parametrize("changes", [
    {"kty": "oct", "k": "aw"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"crv": "secp256k1"}, {"crv": ["P-256"]},
    {"x": "AAAA"}, {"x": None}, {"x": 5}, {"y": public(make_key())["y"]}, {"d": "AAAA"}, {"x": public(KEY)["x"] + "="},
    {"x": "é" * 43}, {"kty": "OKP"}, {"crv": "Ed25519"},
])
def test_keys_that_are_not_taken(changes):
    assert code_of(holder_keys.public_jwk, {**public(KEY), **changes}) == "wallet-key"


@pytest.mark.parametrize("did", [
    "", "did:", "did:key:", "did:key:z", "did:key:zzzz", "did:key:z6Mk", "did:jwk:", "did:jwk:e30", "did:jwk:AAAA",
    "did:web:evil.example", "did:key:é", "did:jwk:" + "A" * 3_000, "did:jwk:" + base64url_encode("[" * 1_000),
    "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp/path", "https://evil.example/jwks",
])
def test_names_that_are_not_followed(did):
    assert code_of(holder_keys.resolve, did) in ("wallet-did", "wallet-key")


@pytest.mark.parametrize("key_id", [
    "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
    did_jwk(KEY) + "#1", did_jwk(KEY) + "#", did_jwk(KEY) + "#0#0",
])
def test_a_fragment_must_name_the_key(key_id):
    assert code_of(holder_keys.key_of, key_id) == "wallet-did"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8,
)
_header = st.fixed_dictionaries({}, optional={
    "typ": st.just(key_proof.TYPE) | _json, "alg": st.sampled_from([*key_proof.ALGORITHMS, "none", "HS256"]) | _json,
    "jwk": st.just(public(KEY)) | _json, "kid": st.just(did_jwk(KEY) + "#0") | _json, "x5c": _json, "crit": _json,
}) | st.just({"typ": key_proof.TYPE, "alg": "ES256", "jwk": public(KEY)})
_claims = st.just({"aud": ISSUER, "iat": int(NOW.timestamp()), "nonce": "n"}) | _json


@given(header=_header, claims=_claims, signature=st.binary(min_size=64, max_size=64) | st.binary(max_size=80))
def test_nothing_unsigned_gets_past(header, claims, signature):
    parts = [base64url_encode(json.dumps(part)) for part in (header, claims)]
    token = ".".join([*parts, base64url_encode(signature)])
    assert code_of(lambda: verify(token, now=NOW)) in ("key-proof", "wallet-key", "wallet-did")


@given(st.text() | st.text(alphabet="abcAB12-_.", max_size=200))
def test_no_text_does_harm(text):
    assert code_of(verify, text)
    assert code_of(holder_keys.resolve, text)


@given(_json)
def test_no_value_is_a_key(value):
    assert code_of(holder_keys.public_jwk, value) == "wallet-key"
