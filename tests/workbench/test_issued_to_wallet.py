"""What the package issues, seen by the wallet: two implementations that share no code must agree."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from nacl.signing import SigningKey

from microcred_xblock.credentials import elm, open_badges, pinned, status_list
from microcred_xblock.proofs import data_integrity, did, jades, jose
from microcred_xblock.proofs.keys import LocalKey, self_signed
from microcred_xblock.workbench.wallet.facts import badge_facts, elm_facts
from microcred_xblock.workbench.wallet.verification import (
    DidResolver,
    Unreadable,
    verify_badge,
    verify_badge_jwt,
    verify_elm,
)
from tests.factories import ACHIEVEMENT_ID, CREDENTIAL_ID, SALT, make_award, make_holder, make_issuer

from .issuer import Issuer

NOW = datetime.now(UTC).replace(microsecond=0)
INDEX = 131_075
ELM_ID = "urn:uuid:9e0d6c1e-53f5-4c39-8f0e-5a5d5f3c2b99"


class Issued:
    """One award in three signed forms, from the package's own modules."""

    def __init__(self) -> None:
        self.host = Issuer()
        badge_key, token_key = LocalKey.generate("Ed25519"), LocalKey.generate("ES256")
        self.host.did_document = lambda: did.document(self.host.did, assertion_keys=[badge_key, token_key])
        self.key, self.method = badge_key, did.multikey_method(self.host.did, badge_key)
        self.list_url = f"{self.host.origin}/microcred/status/x/revocation"
        self.publish()
        issuer, holder, award = make_issuer(id=self.host.did), make_holder(did="did:example:camille"), make_award()
        badge = open_badges.compose(
            award, issuer, holder, credential_id=CREDENTIAL_ID, achievement_id=ACHIEVEMENT_ID, salt=SALT,
            valid_from=NOW, status=status_list.entry(self.list_url, INDEX, status_list.REVOCATION),
        )
        european = elm.compose(
            award, issuer, holder, credential_id=ELM_ID, issued=NOW, valid_from=NOW, open_badge_id=CREDENTIAL_ID
        )
        certificate = self_signed(
            legal_name=issuer.legal_name, legal_identifier=issuer.legal_identifier, country_alpha2="FR",
            now=NOW - timedelta(minutes=1),
        )
        self.badge = data_integrity.secure(
            badge, key=badge_key, verification_method=self.method, now=NOW, loader=pinned.document_loader
        ).content
        self.token = jose.secure(badge, key=token_key, key_id=did.jwk_method(self.host.did, token_key)).content
        self.elm = jades.seal(european, certificate=certificate, now=NOW).content
        self.resolver = DidResolver([self.host.origin])

    def publish(self, *revoked: int) -> None:
        """The issuer's status list, signed anew."""
        document = status_list.compose(
            self.list_url, issuer=self.host.did, purpose=status_list.REVOCATION,
            encoded=status_list.encode(revoked, 2 * status_list.MIN_ENTRIES), ttl=300_000, valid_from=NOW,
            valid_until=NOW + timedelta(days=1),
        )
        proof = data_integrity.create_proof(
            document, key=self.key, verification_method=self.method, created=NOW, loader=pinned.document_loader
        )
        self.host.publish({**document, "proof": proof})


@pytest.fixture(scope="module")
def issued():
    made = Issued()
    yield made
    made.host.server.shutdown()


def test_the_wallet_verifies_all_three_forms(issued):
    email = make_holder().email
    reports = [
        verify_badge(issued.badge, resolver=issued.resolver, now=NOW, email=email).report,
        verify_badge_jwt(issued.token, resolver=issued.resolver, now=NOW, email=email).report,
        verify_elm(issued.elm, now=NOW).report,
    ]
    assert [report.state for report in reports] == ["verified"] * 3, reports
    assert [check.code for report in reports for check in report.checks if check.outcome.value == "note"] == [
        "recipient-you", "recipient-you", "self-signed"
    ]


def test_the_wallet_sees_what_the_issuer_revokes(issued):
    ask = lambda: [  # noqa: E731
        verify(content, resolver=issued.resolver, now=NOW).report.state
        for verify, content in ((verify_badge, issued.badge), (verify_badge_jwt, issued.token))
    ]
    try:
        for revoked, state in (((INDEX - 1, INDEX + 1), "verified"), ((INDEX,), "revoked")):
            issued.publish(*revoked)
            assert ask() == [state] * 2
    finally:
        issued.publish()


def test_the_wallet_refuses_a_changed_copy_of_each(issued):
    changed = issued.badge.replace(b'"value":"90"', b'"value":"99"')
    assert changed != issued.badge
    assert verify_badge(changed, resolver=issued.resolver, now=NOW).report.first_failure.code == "signature"
    head, body, tail = issued.token.split(b".")
    other = body[:-6] + (b"AAAAAA" if not body.endswith(b"AAAAAA") else b"BBBBBB")
    with suppress(Unreadable):
        changed = b".".join((head, other, tail))
        assert verify_badge_jwt(changed, resolver=issued.resolver, now=NOW).report.state == "invalid"
    sealed = issued.elm.replace(b"Camille", b"Camilla")
    assert sealed != issued.elm
    assert verify_elm(sealed, now=NOW).report.first_failure.code == "signature"


def test_the_wallet_refuses_the_badge_under_a_key_that_is_not_published(issued):
    stranger = SigningKey.generate()
    document = json.loads(issued.badge)
    document.pop("proof")
    issued_by = Issuer()
    try:
        issued_by.ed25519 = stranger
        forged = issued_by.sign(document, verificationMethod=f"{issued.host.did}#{issued_by.multikey}")
        report = verify_badge(json.dumps(forged).encode(), resolver=issued.resolver, now=NOW).report
        assert report.first_failure.code == "key-not-listed"
    finally:
        issued_by.server.shutdown()


def test_the_wallet_reads_the_same_facts_from_both(issued):
    badge = badge_facts(json.loads(issued.badge))
    european = elm_facts(json.loads(json.loads(issued.elm)["payload"]))
    assert badge.title == european.title == "Fault diagnosis on a wind turbine"
    assert [o.title for o in badge.outcomes] == [o.title for o in european.outcomes]
    assert [o.percent for o in badge.outcomes] == [o.percent for o in european.outcomes] == [90, 80, 90]
    assert [len(o.skills) for o in badge.outcomes] == [len(o.skills) for o in european.outcomes] == [2, 1, 1]
    assert badge.outcomes[2].needed == "80 %"
    assert "5" in badge.level
    assert "5" in european.level
    assert european.workload == "3 h"
    assert european.holder == "Camille Exemple"
    assert badge.image and european.image
