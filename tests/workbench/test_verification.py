"""The wallet's own verification: what it accepts, and that every tampering and every foreign key is found."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from urllib.parse import unquote

import pytest

from microcred_xblock.workbench.wallet.verification import (
    DidResolver,
    Outcome,
    Report,
    Unreadable,
    verify_badge,
    verify_badge_jwt,
    verify_elm,
)

from .issuer import STARTED, Issuer, Sealer, elm, tampered

NOW = STARTED


@pytest.fixture(scope="module")
def issuer():
    made = Issuer()
    yield made
    made.server.shutdown()


@pytest.fixture
def resolver(issuer):
    return DidResolver([issuer.origin], timeout=2)


def encoded(document) -> bytes:
    return json.dumps(document).encode()


def failures(report: Report) -> dict[str, str]:
    return {check.name: check.code for check in report.checks if check.outcome is Outcome.FAILED}


def badge_report(document, resolver, **options) -> Report:
    return verify_badge(encoded(document), resolver=resolver, **{"now": NOW, **options}).report


def test_a_good_badge_is_verified(issuer, resolver):
    found = verify_badge(encoded(issuer.sign(issuer.badge())), resolver=resolver, now=NOW)
    assert found.report.state == "verified", failures(found.report)
    assert found.issuer_id == unquote(issuer.did)
    assert {check.name for check in found.report.checks} >= {"structure", "period", "issuer", "authority", "signature"}


@pytest.mark.parametrize("change", [
    lambda d: d["credentialSubject"]["result"][0].update(value="100"),
    lambda d: d["credentialSubject"]["achievement"].update(name="Everything"),
    lambda d: d["issuer"].update(name="Another school"),
    lambda d: d["proof"][0].update(created="2020-01-01T00:00:00Z"),
    lambda d: d["credentialSubject"].pop("result"),
])
def test_any_change_breaks_the_signature(issuer, resolver, change):
    document = tampered(issuer.sign(issuer.badge()), change)
    assert failures(badge_report(document, resolver)) == {"signature": "signature"}


def test_a_term_that_no_context_defines_is_refused_as_unsigned(issuer, resolver):
    document = tampered(issuer.sign(issuer.badge()), lambda d: d["credentialSubject"].update(salaryClass="A"))
    assert failures(badge_report(document, resolver)) == {"signature": "undefined-term"}


def test_a_foreign_context_is_never_fetched(issuer, resolver):
    document = tampered(issuer.sign(issuer.badge()), lambda d: d["@context"].append("https://evil.example/context"))
    assert failures(badge_report(document, resolver)) == {"signature": "unknown-context"}


def test_an_invisible_character_is_refused(issuer, resolver):
    document = tampered(issuer.sign(issuer.badge()), lambda d: d.update(name="a\x0bb"))
    assert failures(badge_report(document, resolver)) == {"signature": "control-character"}


def test_a_key_that_the_issuer_does_not_list_cannot_sign_for_it(issuer, resolver):
    stranger = Issuer()
    try:
        badge = issuer.badge()
        claimed = stranger.sign(badge, verificationMethod=f"{issuer.did}#{stranger.multikey}")
        assert failures(badge_report(claimed, resolver)) == {"authority": "key-not-listed"}
        own = stranger.sign(badge)
        assert failures(badge_report(own, resolver)) == {"authority": "key-of-another"}
    finally:
        stranger.server.shutdown()


def test_an_issuer_that_is_not_listed_or_not_there_leaves_the_question_open(issuer):
    document = issuer.sign(issuer.badge())
    unlisted = badge_report(document, DidResolver(["http://localhost:1"]))
    assert (unlisted.state, [c.code for c in unlisted.checks if c.outcome is Outcome.UNKNOWN]) == (
        "unknown", ["issuer-unlisted"]
    )
    issuer.status = 503
    try:
        assert badge_report(document, DidResolver([issuer.origin])).state == "unknown"
    finally:
        issuer.status = 200


@pytest.mark.parametrize(("proof", "code"), [
    ({}, "no-proof"),
    ([], "no-proof"),
    ([{"type": "Ed25519Signature2020"}], "no-proof"),
])
def test_without_a_known_proof_nothing_is_verified(issuer, resolver, proof, code):
    report = badge_report({**issuer.badge(), "proof": proof}, resolver)
    assert report.state == "invalid"
    assert failures(report)["proof"] == code


def test_the_period_counts_with_five_minutes_for_clocks(issuer, resolver):
    document = issuer.sign({**issuer.badge(now=NOW), "validUntil": (NOW + timedelta(days=1)).isoformat()})
    at = lambda **delta: badge_report(document, resolver, now=NOW + timedelta(**delta)).state  # noqa: E731
    assert at(minutes=-4) == "verified"
    assert at(minutes=-6) == "not-yet-valid"
    assert at(days=1, minutes=4) == "verified"
    assert at(days=1, minutes=6) == "expired"


def test_the_schema_is_the_strict_one(issuer, resolver):
    broken = issuer.badge()
    del broken["credentialSubject"]["achievement"]["criteria"]
    assert "structure" in failures(badge_report(issuer.sign(broken), resolver))


def test_the_recipient_is_recognised_by_the_salted_hash(issuer, resolver):
    document = issuer.sign(issuer.badge(email="alex@example.org"))
    codes = lambda email: [c.code for c in badge_report(document, resolver, email=email).checks if c.name == "recipient"]  # noqa: E731,E501
    assert codes(" Alex@Example.org") == ["recipient-you"]
    assert codes("noor@example.org") == ["recipient-other"]


def test_a_good_token_is_verified(issuer, resolver):
    found = verify_badge_jwt(issuer.token(issuer.badge()).encode(), resolver=resolver, now=NOW)
    assert found.report.state == "verified", failures(found.report)
    assert "iss" not in found.document


@pytest.mark.parametrize(("claims", "expected"), [
    ({"iss": "did:web:evil.example"}, {"claims": "claim"}),
    ({"jti": "urn:uuid:0"}, {"claims": "claim"}),
    ({"sub": "did:example:other"}, {"claims": "claim"}),
    ({"nbf": 0}, {"claims": "claim"}),
])
def test_a_token_whose_envelope_says_otherwise_is_refused(issuer, resolver, claims, expected):
    token = issuer.token(issuer.badge(), **claims)
    assert failures(verify_badge_jwt(token.encode(), resolver=resolver, now=NOW).report) == expected


def test_a_token_with_another_payload_or_algorithm_is_refused(issuer, resolver):
    header, _payload, signature = issuer.token(issuer.badge()).split(".")
    other = issuer.token(issuer.badge(title="Everything")).split(".")[1]
    report = verify_badge_jwt(f"{header}.{other}.{signature}".encode(), resolver=resolver, now=NOW).report
    assert failures(report) == {"signature": "signature"}
    import jwt

    unsigned = jwt.encode(issuer.badge(), None, algorithm="none")
    with pytest.raises(Unreadable):
        verify_badge_jwt(unsigned.encode(), resolver=resolver, now=NOW)
    symmetric = jwt.encode(issuer.badge(), "k" * 32, algorithm="HS256", headers={"kid": f"{issuer.did}#jwk"})
    report = verify_badge_jwt(symmetric.encode(), resolver=resolver, now=NOW).report
    assert failures(report)["proof"] == "algorithm"


def test_a_sealed_elm_file_is_verified_and_called_a_technical_signature():
    found = verify_elm(Sealer().seal(elm()), now=NOW)
    assert found.report.state == "verified", failures(found.report)
    assert found.issuer_id == "NTRFR-123456789"
    assert [c.code for c in found.report.checks if c.name == "seal"] == ["self-signed"]


def test_one_changed_byte_of_the_payload_breaks_the_seal():
    sealed = Sealer().seal(elm())
    changed = sealed.replace(b"85 %", b"95 %")
    assert changed != sealed
    assert failures(verify_elm(changed, now=NOW).report) == {"signature": "signature"}


def test_white_space_in_the_payload_counts_too():
    outer = json.loads(Sealer().seal(elm()))
    outer["payload"] += " "
    assert failures(verify_elm(encoded(outer), now=NOW).report) == {"signature": "signature"}


@pytest.mark.parametrize(("sealer", "document", "code"), [
    (Sealer(organisation="Somebody else"), elm(), "issuer-name"),
    (Sealer(), {**elm(), "issuer": {**elm()["issuer"], "eIDASIdentifier": {"notation": "NTRFR-0"}}},
     "issuer-identifier"),
    (Sealer(), elm(country="DEU"), "issuer-country"),
])
def test_the_certificate_must_be_the_issuers(sealer, document, code):
    assert failures(verify_elm(sealer.seal(document), now=NOW).report) == {"issuer": code}


@pytest.mark.parametrize(("changes", "where"), [
    ({"x5t#S256": "AAAA"}, {"certificate": "certificate-digest"}),
    ({"x5c": []}, {"certificate": "certificate-unreadable"}),
    ({"sigT": "2001-01-01T00:00:00Z"}, {"certificate": "certificate-period"}),
    ({"crit": ["b64", "sigT", "exp"]}, {"signature": "jws-header"}),
    ({"b64": True}, {"signature": "jws-header"}),
    ({"alg": "none"}, {"signature": "algorithm"}),
])
def test_a_seal_with_an_odd_header_is_refused(changes, where):
    assert failures(verify_elm(Sealer().seal(elm(), **changes), now=NOW).report) == where


def test_a_seal_of_an_expired_certificate_is_refused():
    report = verify_elm(Sealer(days=-1).seal(elm()), now=NOW).report
    assert failures(report) == {"certificate": "certificate-period"}


@pytest.mark.parametrize("missing", ["displayParameter", "credentialProfiles", "issued", "credentialSubject"])
def test_an_elm_file_without_a_mandatory_member_is_refused(missing):
    document = elm()
    del document[missing]
    assert failures(verify_elm(Sealer().seal(document), now=NOW).report)["structure"] == "member"


HOSTILE = [
    b"", b"null", b"[]", b"\xff\xfe", b"{" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"type": 1}',
    b'{"type": ["OpenBadgeCredential"], "id": {}, "issuer": []}', b'{"a": 1, "a": 2}', b'{"a": NaN}',
    b'{"payload": 1, "signatures": {}}', b'{"payload": "{}", "signatures": [{"protected": "e30"}]}',
    b'{"payload": "{}", "signatures": [{"protected": "\xc3\xa9", "signature": 7}]}', b"a.b.c", b"....",
    b"<html></html>",
    b'{"type": ["OpenBadgeCredential"], "id": "x", "issuer": "y", "validFrom": "tomorrow"}',
]


@pytest.mark.parametrize("content", HOSTILE)
def test_what_cannot_be_read_is_refused_and_never_crashes(resolver, content):
    for verify in (
        lambda: verify_badge(content, resolver=resolver, now=NOW),
        lambda: verify_badge_jwt(content, resolver=resolver, now=NOW),
        lambda: verify_elm(content, now=NOW),
    ):
        with pytest.raises(Unreadable):
            verify()


@pytest.mark.parametrize("change", [
    lambda d: d.update(proof=[{"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022",
                               "proofPurpose": "assertionMethod", "verificationMethod": 7, "proofValue": []}]),
    lambda d: d.update(credentialSubject=[]),
    lambda d: d.update(credentialSubject={"identifier": "x", "achievement": 3}),
    lambda d: d.update({"@context": 5}),
    lambda d: d.update({"@context": {"@version": "x"}}),
    lambda d: d["proof"][0].update(proofValue="z0OIl"),
    lambda d: d["proof"][0].update(verificationMethod="did:web:localhost%3A1#z6Mk"),
])
def test_a_badge_of_any_odd_shape_is_reported_as_invalid(issuer, resolver, change):
    document = tampered(issuer.sign(issuer.badge()), change)
    assert badge_report(document, resolver).state == "invalid"


def test_a_report_survives_storing(issuer, resolver):
    report = badge_report(issuer.sign(issuer.badge()), resolver)
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_the_wallet_shares_no_code_with_the_issuer():
    program = (
        "import os, sys, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'microcred_xblock.workbench.wallet.settings'\n"
        "django.setup()\n"
        "import microcred_xblock.workbench.wallet.urls\n"
        "parts = ('proofs', 'credentials', 'issuance', 'wallets', 'domain')\n"
        "print([name for name in sys.modules if name.startswith(tuple('microcred_xblock.' + part for part in parts))])"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={**os.environ, "MICROCRED_DEMO_DIR": folder},
        )
    assert done.stdout.strip() == "[]"
