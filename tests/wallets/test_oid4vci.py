"""What wallets send is read as the specification says, and whatever else they send is refused in its words."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.domain.credential import BoundForm
from microcred_xblock.wallets import oid4vci
from microcred_xblock.wallets.oid4vci import GRANT, Refusal, Shape

LDP = oid4vci.Configuration(
    id="badge", form=BoundForm.LDP_VC, algorithms=("eddsa-rdfc-2022",), types=("VerifiableCredential", "Badge"),
    contexts=("https://www.w3.org/ns/credentials/v2",), display=({"name": "Badge", "locale": "en"},),
)
SD = oid4vci.Configuration(
    id="sd", form=BoundForm.SD_JWT_VC, algorithms=("ES256",), vct="https://a.example/t",
    claims=({"path": ["title"], "display": [{"name": "Title", "locale": "en"}]},),
)
AT = oid4vci.Endpoints(
    issuer="https://a.example/x", token="https://a.example/x/t", nonce="https://a.example/x/n",
    credential="https://a.example/x/c", deferred="https://a.example/x/d", notification="https://a.example/x/m",
)


def error_of(work, *args):
    with pytest.raises(Refusal) as refusal:
        work(*args)
    return refusal.value.error


def ask(**asked):
    return oid4vci.credential_request(json.dumps(asked).encode(), [LDP, SD])


def test_an_offer_as_in_the_specification():
    """Section 4.1.1, example."""
    ids, code = ["UniversityDegreeCredential"], "adhjhdjajkdkhjhdj"
    made = oid4vci.offer("https://a.example", ids, code, tx_code={"length": 4})
    assert made == {
        "credential_issuer": "https://a.example", "credential_configuration_ids": ["UniversityDegreeCredential"],
        "grants": {GRANT: {"pre-authorized_code": "adhjhdjajkdkhjhdj", "tx_code": {"length": 4}}},
    }
    assert oid4vci.by_value(made).startswith("openid-credential-offer://?credential_offer=%7B%22")


def test_a_token_request_as_in_the_specification():
    """Section 6.1.1, example."""
    body = (
        b"grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code=SplxlOBeZQQYbYS6WxSbIA"
        b"&tx_code=493536&authorization_details=%5B%7B%22type%22%3A%20%22openid_credential%22%2C%20%22"
        b"credential_configuration_id%22%3A%20%22UniversityDegreeCredential%22%7D%5D"
    )
    found = oid4vci.token_request(body)
    assert (found.code, found.tx_code) == ("SplxlOBeZQQYbYS6WxSbIA", "493536")
    assert found.details == ("UniversityDegreeCredential",)
    assert "Splx" not in repr(found) and "493536" not in repr(found)


def test_metadata_of_both_versions():
    final = oid4vci.issuer_metadata(AT, [LDP, SD], proof_algorithms=["ES256"], display=[])
    draft = oid4vci.issuer_metadata(AT, [LDP, SD], proof_algorithms=["ES256"], display=[], shape=Shape.DRAFT_13)
    configs, drafted = (found["credential_configurations_supported"] for found in (final, draft))
    assert configs["sd"]["format"] == "dc+sd-jwt" and drafted["sd"]["format"] == "vc+sd-jwt"
    assert configs["sd"]["credential_metadata"]["claims"][0]["path"] == ["title"]
    assert drafted["sd"]["claims"] == {"title": {"display": [{"name": "Title", "locale": "en"}]}}
    assert drafted["badge"]["display"] and "credential_metadata" not in drafted["badge"]
    assert configs["badge"]["credential_definition"]["@context"] and "nonce_endpoint" not in draft
    for config in (*configs.values(), *drafted.values()):
        assert config["cryptographic_binding_methods_supported"] and config["proof_types_supported"]


@pytest.mark.parametrize(("asked", "shape"), [
    ({"credential_configuration_id": "badge", "proofs": {"jwt": ["p"]}}, Shape.FINAL),
    ({"credential_configuration_id": "badge", "proof": {"proof_type": "jwt", "jwt": "p"}}, Shape.FINAL),
    ({"credential_identifier": "badge", "proofs": {"jwt": ["p"]}}, Shape.FINAL),
    ({"credential_identifier": "badge", "proof": {"proof_type": "jwt", "jwt": "p"}}, Shape.DRAFT_13),
    ({"format": "ldp_vc", "credential_definition": {"type": ["Badge"]}, "proof": {"proof_type": "jwt", "jwt": "p"}},
     Shape.DRAFT_13),
])
def test_the_version_is_told_by_the_form(asked, shape):
    found = ask(**asked, unknown="ignored")
    assert (found.shape, found.proof, found.configuration) == (shape, "p", LDP)


def test_draft_13_describes_what_it_wants():
    proof = {"proof_type": "jwt", "jwt": "p"}
    for name in ("vc+sd-jwt", "dc+sd-jwt"):
        assert ask(format=name, vct=SD.vct, proof=proof).configuration == SD
    assert error_of(lambda: ask(format="vc+sd-jwt", vct="x", proof=proof)) == "unsupported_credential_type"
    assert error_of(lambda: ask(format="ldp_vc", proof=proof)) == "unsupported_credential_type"
    assert error_of(lambda: ask(format=["ldp_vc"], proof=proof)) == "unsupported_credential_format"
    described = {"format": "ldp_vc", "credential_definition": {"type": ["Badge"]}}
    assert error_of(lambda: ask(**described, proof=[])) == "invalid_proof"
    both = {"proof": proof, "proofs": {"jwt": ["p"]}}
    assert error_of(lambda: ask(credential_configuration_id="sd", **both)) == "invalid_credential_request"


@pytest.mark.parametrize(("header", "token"), [
    ("Bearer abc.d-e_f~g+h/i==", "abc.d-e_f~g+h/i=="), ("bearer x", "x"), ("BEARER   x", "x"),
])
def test_a_token_is_read(header, token):
    assert oid4vci.bearer(header) == token


ERRORS = {
    "invalid_request", "unsupported_grant_type", "invalid_authorization_details", "invalid_token", "invalid_proof",
    "invalid_credential_request", "unknown_credential_configuration", "unknown_credential_identifier",
    "invalid_encryption_parameters", "unsupported_credential_format", "unsupported_credential_type",
    "invalid_transaction_id", "invalid_notification_request",
}
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8,
)
_request = st.fixed_dictionaries({}, optional={
    "credential_configuration_id": st.sampled_from(["badge", "sd"]) | _json, "credential_identifier": _json,
    "format": st.sampled_from(["ldp_vc", "vc+sd-jwt"]) | _json, "vct": st.just(SD.vct) | _json,
    "credential_definition": st.just({"type": ["Badge"]}) | _json, "proofs": _json, "proof": _json,
    "transaction_id": _json, "notification_id": _json, "event": st.sampled_from(oid4vci.EVENTS) | _json,
    "authorization_details": _json,
})
_bodies = st.binary() | st.text().map(str.encode) | _request.map(lambda found: json.dumps(found).encode())


@given(_bodies)
def test_no_body_does_harm(body):
    for read in (
        lambda: oid4vci.credential_request(body, [LDP, SD]), lambda: oid4vci.deferred_request(body),
        lambda: oid4vci.notification_request(body), lambda: oid4vci.token_request(body),
    ):
        try:
            read()
        except Refusal as refusal:
            assert refusal.error in ERRORS
            told = oid4vci.refusal_body(refusal)
            assert all(" " <= letter <= "~" and letter not in '"\\' for letter in told["error_description"])


_names = st.sampled_from(["grant_type", "pre-authorized_code", "tx_code", "authorization_details", "x"])


@given(st.lists(st.tuples(_names, st.just(GRANT) | st.text(max_size=30))))
def test_no_form_does_harm(pairs):
    try:
        found = oid4vci.token_request(urlencode(pairs).encode())
    except Refusal as refusal:
        assert refusal.error in ERRORS
    else:
        assert found.code == dict(pairs)["pre-authorized_code"] and len(dict(pairs)) == len(pairs)


@given(st.text())
def test_no_header_does_harm(header):
    try:
        assert oid4vci.bearer(header)
    except Refusal as refusal:
        assert refusal.status == 401
