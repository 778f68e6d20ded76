"""SD-JWT: what is signed is read, what was not signed is not, and nothing is told that was not shown."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.common import base64url_encode

from microcred_xblock.domain.errors import InvalidDocument, Misconfigured
from microcred_xblock.proofs import sd_jwt
from microcred_xblock.proofs.keys import LocalKey

NOW = datetime(2026, 11, 25, tzinfo=UTC)
KEY = LocalKey.generate("ES256")
SHOWN = {"iss": "https://a.example", "nbf": int(NOW.timestamp()), "vct": "https://a.example/t"}
HIDDEN = {"title": "Fault diagnosis é", "learningOutcomes": ["a", "b"], "stackable": True}


def issue(shown=SHOWN, hidden=HIDDEN, key=KEY):
    numbers = count()
    return sd_jwt.issue(
        shown, hidden, key=key, key_id="did:web:a#1", type_="dc+sd-jwt", salt=lambda: f"{next(numbers):022}"
    )


def verify(token, now=NOW):
    content = token.encode() if isinstance(token, str) else token
    return sd_jwt.verify(content, types=("dc+sd-jwt",), public_key_for=lambda _kid: KEY.verification_key, now=now)


def code_of(work, *args, **more):
    with pytest.raises(InvalidDocument) as error:
        work(*args, **more)
    return error.value.code


def test_all_of_it_or_a_part_is_read():
    token = issue()
    assert verify(token) == {**SHOWN, **HIDDEN}
    jwt, first, *_ = token.split("~")
    assert verify(f"{jwt}~{first}~") == {**SHOWN, "title": HIDDEN["title"]}
    assert verify(f"{jwt}~") == SHOWN


def test_what_is_hidden_is_not_in_the_token():
    payload = base64.urlsafe_b64decode(issue().split("~")[0].split(".")[1] + "==").decode()
    assert "Fault" not in payload and "title" not in payload
    digests = json.loads(payload)["_sd"]
    assert digests == sorted(digests) and len(digests) == 3, "their order says nothing"


def test_the_digest_is_that_of_the_specification():
    # RFC 9901, section 4.2.3
    disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert sd_jwt.digest(disclosure) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_what_was_not_signed_is_not_believed():
    jwt, first, second, third, _ = issue().split("~")
    other = base64url_encode(json.dumps(["salt", "title", "Something better"]))
    for token in (f"{jwt}~{other}~", f"{jwt}~{first}~{first}~", f"{jwt}~{first}~{other}~"):
        assert code_of(verify, token) == "jwt-invalid"
    head, body, signature = jwt.split(".")
    changed = base64url_encode(json.dumps({**SHOWN, "iss": "https://b.example"}))
    assert code_of(verify, f"{head}.{changed}.{signature}~") == "jwt-invalid"
    for alg in ("none", "HS256", "ES384"):
        header = base64url_encode(json.dumps({"alg": alg, "kid": "x", "typ": "dc+sd-jwt"}))
        assert code_of(verify, f"{header}.{body}.{signature}~") == "sd-jwt-form"
    assert code_of(verify, f"{jwt}~{second}x~") in ("jwt-invalid", "sd-jwt-form")
    assert verify(f"{jwt}~{third}~")["stackable"] is True


def test_times():
    token = issue(shown={**SHOWN, "exp": int((NOW + timedelta(days=1)).timestamp())})
    assert code_of(verify, token, now=NOW - timedelta(days=1)) == "not-yet-valid"
    assert code_of(verify, token, now=NOW + timedelta(days=2)) == "expired"
    assert verify(token)


@pytest.mark.parametrize(("shown", "hidden"), [({"a": 1}, {"a": 2}), ({}, {"_sd": 1}), ({"...": 1}, {})])
def test_claims_that_contradict_are_not_signed(shown, hidden):
    assert code_of(issue, shown, hidden) == "sd-jwt-claim"


def test_keys_that_do_not_sign_these():
    with pytest.raises(Misconfigured):
        issue(key=LocalKey.generate("Ed25519"))


@given(st.binary() | st.text(alphabet="abcAB12-_.~", max_size=200).map(str.encode))
def test_nothing_else_is_one(content):
    assert code_of(verify, content) in ("sd-jwt-form", "jwt-invalid")
    assert code_of(sd_jwt.claims_of, content) == "sd-jwt-form"


@given(st.lists(st.binary(max_size=40).map(base64url_encode) | st.text(max_size=10), max_size=3))
def test_no_disclosure_does_harm(disclosures):
    token = "~".join([issue().split("~")[0], *disclosures, ""])
    try:
        assert verify(token) == SHOWN
    except InvalidDocument as error:
        assert error.code in ("sd-jwt-form", "jwt-invalid")
