"""Messages of an exchange: what is asked, what is read of an answer, and what is refused unread."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.wallets import vc_api


def refused(work, *args) -> int:
    with pytest.raises(vc_api.Refusal) as error:
        work(*args)
    return error.value.status


@pytest.mark.parametrize("body", [b"", b" \n", b"{}", b" {} "])
def test_an_exchange_begins_with_nothing(body):
    assert vc_api.posted(body) is None


def test_a_presentation_is_taken_whatever_else_is_sent():
    assert vc_api.posted(b'{"verifiablePresentation": {"type": "x"}, "zcap": []}') == {"type": "x"}


@pytest.mark.parametrize(("body", "status"), [
    (b"[]", 400), (b"null", 400), (b"{", 400), (b'{"a": NaN}', 400), (b'{"a": 1, "a": 2}', 400), (b"\xff", 400),
    (b'{"verifiablePresentation": []}', 400), (b'{"verifiablePresentation": "x"}', 400), (b'{"zcap": []}', 400),
    (b'{"a": "\\ud800"}', 400), (b"[" * 30_000, 400), (b'{"a":' * 39 + b"1" + b"}" * 39, 400),
    (b'{"a":' * 41 + b"1" + b"}" * 41, 413), (b" " * 32_001, 413), (b'{"a": "' + b"x" * 2_000_000 + b'"}', 413),
])
def test_what_is_no_message_is_refused(body, status):
    assert refused(vc_api.posted, body + (b"x" if not body.strip() else b"")) == status


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=10,
).map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_message_or_refused(body):
    try:
        found = vc_api.posted(body)
    except vc_api.Refusal:
        return
    assert found is None or isinstance(found, dict)


def test_the_request_asks_for_a_did_and_nothing_else():
    asked = vc_api.request("https://x.example/e", challenge="c", domain="d", methods=["key"], suites=["s"])
    found = asked["verifiablePresentationRequest"]
    assert [item["type"] for item in found["query"]] == ["DIDAuthentication"]
    assert (found["challenge"], found["domain"]) == ("c", "d")
    assert found["interact"]["service"][0]["serviceEndpoint"] == "https://x.example/e"


def test_the_link_of_lcw_has_what_lcw_reads():
    link = vc_api.lcw_link(issuer="https://x.example", address="https://x.example/i/s?a=b&c", challenge="c")
    parts = urlsplit(link)
    assert link.startswith("https://lcw.app/request?")
    assert parse_qs(parts.query) == {
        "issuer": ["https://x.example"], "vc_request_url": ["https://x.example/i/s?a=b&c"], "auth_type": ["bearer"],
        "challenge": ["c"],
    }


@given(st.dictionaries(st.text(), st.text()))
def test_plain_json_says_the_same_without_an_ampersand(value):
    told = vc_api.plain(value)
    assert "&" not in told and json.loads(told) == value
