"""Revocation and suspension as the wallet finds them out for itself, and every way to mislead it."""

import gzip
import json
import tracemalloc
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.workbench.wallet.verification import (
    DidResolver,
    Outcome,
    Report,
    status,
    verify_badge,
    verify_badge_jwt,
)
from microcred_xblock.workbench.wallet.verification.fetching import Origins
from microcred_xblock.workbench.wallet.verification.report import CheckFailed
from microcred_xblock.workbench.wallet.verification.status import MAX_ENTRIES, MAX_LIST, decode

from .issuer import STARTED, Issuer, multibase, tampered

NOW = STARTED
SIZE = 131_072


@pytest.fixture(scope="module")
def host():
    made = Issuer()
    yield made
    made.server.shutdown()


@pytest.fixture
def issuer(host):
    host.lists.clear()
    host.asked.clear()
    host.status = 200
    return host


def report(issuer, badge, *, now=NOW) -> Report:
    resolver = DidResolver([issuer.origin], timeout=2)
    return verify_badge(json.dumps(badge).encode(), resolver=resolver, now=now).report


def status_of(found: Report) -> tuple[str, str]:
    """The state of the whole, and the code of its line about the status."""
    return found.state, next((check.code for check in found.checks if check.name == "status"), "")


def asked(issuer, *, entry=None, listed=None, index=5, purpose="revocation") -> tuple[str, str]:
    """What the wallet says of a good badge: ``entry`` changes its entry, ``listed`` is the published list."""
    if listed is not None:
        issuer.publish(listed)
    badge = issuer.with_status(issuer.badge(), index, purpose=purpose, **(entry or {}))
    return status_of(report(issuer, issuer.sign(badge)))


@pytest.mark.parametrize(("purpose", "verdict"), [("revocation", "revoked"), ("suspension", "suspended")])
@pytest.mark.parametrize("index", [0, 7, 8, SIZE - 1])
def test_exactly_its_own_bit_counts(issuer, purpose, verdict, index):
    ask = lambda *marked: asked(  # noqa: E731
        issuer, index=index, purpose=purpose, listed=issuer.sign(issuer.status_list(*marked, purpose=purpose))
    )
    assert ask() == ("verified", "status-clear")
    assert ask(index) == (verdict, verdict)
    assert ask(*{(index + step) % SIZE for step in (1, 8, SIZE - 1)}) == ("verified", "status-clear")
    mirrored = index // 8 * 8 + 7 - index % 8
    assert ask(mirrored) == ("verified", "status-clear")


def test_a_token_has_a_status_too(issuer):
    resolver = DidResolver([issuer.origin], timeout=2)
    token = issuer.token(issuer.with_status(issuer.badge())).encode()
    for marked, expected in (((), ("verified", "status-clear")), ((5,), ("revoked", "revoked"))):
        issuer.publish(issuer.sign(issuer.status_list(*marked)))
        assert status_of(verify_badge_jwt(token, resolver=resolver, now=NOW).report) == expected


def test_a_list_is_asked_for_once_and_only_about_a_badge_that_is_genuine(issuer):
    issuer.publish(issuer.sign(issuer.status_list()))
    badge = issuer.sign(issuer.with_status(issuer.badge()))
    report(issuer, badge)
    assert issuer.asked == ["/.well-known/did.json", "/lists/revocation"]
    issuer.asked.clear()
    forged = tampered(badge, lambda d: d["credentialStatus"].update(statusListCredential=issuer.origin + "/secret"))
    assert status_of(report(issuer, forged)) == ("invalid", "")
    assert issuer.asked == ["/.well-known/did.json"]


def test_revoked_is_worse_than_expired_and_better_than_false(issuer):
    issuer.publish(issuer.sign(issuer.status_list(5)))
    badge = issuer.with_status({**issuer.badge(), "validUntil": (NOW - timedelta(hours=1)).isoformat()})
    assert status_of(report(issuer, issuer.sign(badge))) == ("revoked", "revoked")
    del badge["credentialSubject"]["achievement"]["criteria"]
    assert report(issuer, issuer.sign(badge)).state == "invalid"


def test_nobody_there_leaves_the_question_open(issuer):
    assert asked(issuer) == ("unknown", "status-unreachable")
    issuer.lists["/lists/revocation"] = b"x" * (MAX_LIST + 1)
    assert asked(issuer) == ("unknown", "status-unreachable")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff", b"{" * 100_000, b'{"a": 1, "a": 2}', b"a.b.c", b"{}"])
def test_what_is_no_list_leaves_the_question_open(issuer, body):
    issuer.lists["/lists/revocation"] = body
    assert asked(issuer)[0] == "unknown"


@pytest.mark.parametrize("url", [
    "https://elsewhere.example/lists/revocation", "http://{host}@elsewhere.example/lists/revocation",
    "http://{host}.elsewhere.example/lists/revocation", "//{host}/lists/revocation", "file:///etc/passwd",
    "http://{host}", "http://{host}/lists\r\nX: y", "http://{host}/lists/rev ocation", "http://{host}/lists/é",
    "http://{host}/lists/revocation#x", "http://{host}/" + "a" * 500, "",
])
def test_no_other_address_is_ever_asked(issuer, url):
    place = url.replace("{host}", issuer.origin.removeprefix("http://"))
    assert Origins([issuer.origin]).place(place) is None
    if place.isascii() and not set(place) & {"\r", " "} and place:  # what the badge's schema admits
        assert asked(issuer, entry={"statusListCredential": place}) == ("unknown", "status-unlisted")
        assert issuer.asked == ["/.well-known/did.json"]


@pytest.mark.parametrize(("entry", "expected"), [
    ({"statusListIndex": str(SIZE)}, ("invalid", "status-index")),
    ({"statusListIndex": "999999999"}, ("invalid", "status-index")),
    ({"statusListIndex": "9" * 5000}, ("invalid", "status-entry")),
    ({"statusListIndex": "-1"}, ("invalid", "status-entry")),
    ({"statusListIndex": "+5"}, ("invalid", "status-entry")),
    ({"statusListIndex": "05"}, ("invalid", "status-entry")),
    ({"statusListIndex": "5 "}, ("invalid", "status-entry")),
    ({"statusListIndex": "٥"}, ("invalid", "status-entry")),
    ({"statusListIndex": 5}, ("invalid", "status-entry")),
    ({"statusPurpose": ""}, ("invalid", "status-entry")),
    ({"statusPurpose": "refresh"}, ("unknown", "status-kind")),
    ({"statusSize": 2}, ("unknown", "status-kind")),
    ({"statusPurpose": "suspension"}, ("unknown", "status-other-list")),
])
def test_an_odd_entry_is_never_taken_for_a_clear_one(issuer, entry, expected):
    listed = issuer.sign(issuer.status_list())
    assert asked(issuer, entry=entry, listed=listed) == expected


def with_subject(**changes):
    return lambda document: document["credentialSubject"].update(changes)


@pytest.mark.parametrize(("change", "code"), [
    (lambda d: d.update(id=d["id"] + "/other"), "status-other-list"),
    (lambda d: d.update(type=["VerifiableCredential"]), "status-other-list"),
    (lambda d: d.update(issuer="did:web:elsewhere.example"), "status-other-list"),
    (lambda d: d.update({"@context": [*d["@context"], {"encodedList": None}]}), "status-other-list"),
    (lambda d: d.update({"@context": "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}),
     "status-other-list"),
    (with_subject(type="Thing"), "status-other-list"),
    (with_subject(statusPurpose="suspension"), "status-other-list"),
    (lambda d: d.update(validUntil="2020-01-01T00:00:00Z"), "status-list-period"),
    (lambda d: d.update(validFrom="2999-01-01T00:00:00Z"), "status-list-period"),
    (with_subject(encodedList=multibase(gzip.compress(bytes(SIZE // 8 - 1)))), "status-list"),
    (with_subject(encodedList=multibase(gzip.compress(bytes(MAX_ENTRIES // 8 + 1)))), "status-list"),
    (with_subject(encodedList=multibase(gzip.compress(bytes(100_000_000)))), "status-list"),
    (with_subject(encodedList=multibase(gzip.compress(bytes(SIZE // 8))[:-4])), "status-list"),
    (with_subject(encodedList=multibase(gzip.compress(bytes(SIZE // 8)) + b"more")), "status-list"),
    (with_subject(encodedList=multibase(bytes(SIZE // 8))), "status-list"),
    (with_subject(encodedList="z" + multibase(gzip.compress(bytes(SIZE // 8)))[1:]), "status-list"),
    (with_subject(encodedList="u"), "status-list"),
    (with_subject(encodedList="ué"), "status-list"),
])
def test_even_a_signed_list_is_looked_at_closely(issuer, change, code):
    listed = issuer.sign(tampered(issuer.status_list(), change))
    issuer.lists["/lists/revocation"] = json.dumps(listed).encode()
    assert asked(issuer) == ("unknown", code)


@pytest.mark.parametrize("change", [
    lambda d: d.pop("proof"),
    lambda d: d.update(proof=[]),
    lambda d: d["proof"][0].update(proofPurpose="authentication"),
    lambda d: d["proof"][0].update(cryptosuite="ecdsa-rdfc-2019"),
    lambda d: d["proof"][0].update(proofValue=7),
    lambda d: d.update(validUntil="2999-01-01T00:00:00Z"),
    lambda d: d.update(extra=1),
    with_subject(encodedList=multibase(gzip.compress(bytes(SIZE // 8)))),
    with_subject(encodedList=["u"]),
])
def test_a_list_that_is_not_as_it_was_signed_does_not_clear_a_revoked_badge(issuer, change):
    listed = issuer.sign(issuer.status_list(5))
    assert asked(issuer, listed=listed) == ("revoked", "revoked")
    assert asked(issuer, listed=tampered(listed, change)) == ("unknown", "status-list")


def test_nobody_else_can_sign_the_list(issuer):
    stranger = Issuer()
    try:
        for method in (f"{issuer.did}#{stranger.multikey}", stranger.method):
            listed = stranger.sign(issuer.status_list(), verificationMethod=method)
            assert asked(issuer, listed=listed) == ("unknown", "status-list")
    finally:
        stranger.server.shutdown()


def test_an_unsigned_bomb_is_not_inflated(issuer, monkeypatch):
    monkeypatch.setattr(status, "decode", lambda _encoded: pytest.fail("inflated before it was verified"))
    assert asked(issuer, listed=issuer.status_list(5)) == ("unknown", "status-list")


def test_a_bomb_is_inflated_no_further_than_the_longest_list():
    bomb = multibase(gzip.compress(bytes(100_000_000)))
    tracemalloc.start()
    try:
        with pytest.raises(CheckFailed):
            decode(bomb)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_ENTRIES // 8
    finally:
        tracemalloc.stop()


def test_a_list_may_serve_two_purposes_and_need_not_say_from_when(issuer):
    listed = tampered(issuer.status_list(5), with_subject(statusPurpose=["suspension", "revocation"]))
    assert asked(issuer, listed=issuer.sign(listed)) == ("revoked", "revoked")
    del listed["validFrom"]
    assert asked(issuer, listed=issuer.sign(listed)) == ("revoked", "revoked")


def test_a_status_of_another_kind_is_left_open(issuer):
    badge = {**issuer.badge(), "credentialStatus": {"id": issuer.list_url(), "type": "1EdTechRevocationList"}}
    assert status_of(report(issuer, issuer.sign(badge))) == ("unknown", "status-kind")


@pytest.mark.parametrize(("ttl", "minutes"), [
    (300_000, 5), (60_000, 1), (0, 0), (10**18, 24 * 60), (-1, 5), ("soon", 5), (True, 5), (None, 5),
])
def test_the_answer_is_relied_on_for_as_long_as_the_list_allows(issuer, ttl, minutes):
    change = with_subject(ttl=ttl) if ttl is not None else lambda d: d["credentialSubject"].pop("ttl")
    issuer.publish(issuer.sign(tampered(issuer.status_list(), change)))
    found = report(issuer, issuer.sign(issuer.with_status(issuer.badge())))
    assert found.state == "verified"
    assert found.recheck_at == NOW + timedelta(minutes=minutes)
    assert Report.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_what_is_open_is_asked_again_soon_and_what_is_decided_never(issuer):
    badge = issuer.with_status(issuer.badge())
    assert report(issuer, issuer.sign(badge)).recheck_at == NOW + timedelta(minutes=1)
    issuer.publish(issuer.sign(issuer.status_list(5)))
    assert report(issuer, issuer.sign(badge)).recheck_at is None
    issuer.publish(issuer.sign(issuer.status_list(5, purpose="suspension")))
    suspended = issuer.sign(issuer.with_status(issuer.badge(), purpose="suspension"))
    assert report(issuer, suspended).recheck_at == NOW + timedelta(minutes=1)
    assert report(issuer, issuer.sign(issuer.badge())).recheck_at is None
    issuer.status = 503
    unreachable = report(issuer, issuer.sign(badge))
    assert (unreachable.state, unreachable.recheck_at) == ("unknown", NOW + timedelta(minutes=1))


def test_a_report_from_before_there_was_a_status_can_be_read(issuer):
    old = report(issuer, issuer.sign(issuer.badge())).to_json()
    del old["recheck_at"]
    assert Report.from_json(old).recheck_at is None


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()), st.binary().map(multibase),
                 st.binary().map(gzip.compress).map(multibase)))
def test_no_encoded_list_crashes_the_wallet(encoded):
    with pytest.raises(CheckFailed):
        decode(encoded)


@given(st.sets(st.integers(0, SIZE - 1), max_size=9), st.integers(0, 9).map(lambda more: SIZE // 8 + more))
def test_a_list_comes_back_as_it_was_packed(marked, size):
    octets = bytearray(size)
    for index in marked:
        octets[index // 8] |= 1 << 7 - index % 8
    assert decode(multibase(gzip.compress(bytes(octets)))) == octets


def test_a_status_of_any_shape_leads_to_an_outcome(issuer):
    issuer.publish(issuer.sign(issuer.status_list()))
    for value in (None, [], {}, "x", 7, [{"id": "urn:x:1", "type": "BitstringStatusListEntry"}] * 2,
                  {"id": "urn:x:1", "type": [["BitstringStatusListEntry"]]}, {"id": "urn:x:1", "type": {}}):
        badge = {**issuer.badge(), "credentialStatus": value}
        try:
            badge = issuer.sign(badge)
        except Exception:  # not even to be signed: whoever sends it has no signature to show
            continue
        found = report(issuer, badge)
        assert found.state in ("invalid", "unknown"), value
        assert all(check.outcome is not Outcome.PASSED for check in found.checks if check.name == "status")
