"""Open Badges 2.0: every member is a term of the published context, and the facts are those of the Open Badge 3.0."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from pyld import jsonld

from microcred_xblock.credentials import open_badges, open_badges_2, wording
from microcred_xblock.credentials.open_badges_2 import Recipient
from microcred_xblock.domain.errors import InvalidDocument, InvalidInput
from tests.factories import ACHIEVEMENT_ID, CREDENTIAL_ID, NOW, SALT, make_award, make_holder, make_issuer, make_pill

from .strategies import awards, examples

CONTEXT = json.loads((Path(__file__).parents[1] / "vectors" / "ob2" / "context.json").read_text())
ASSERTION = "https://learn.example/microcred/ob2/assertions/7d3c9a52-9d0f-4ad0-8a41-0f6d4c1b7e01"
BADGE = "https://learn.example/microcred/ob2/badges/3d0f3c1e-6c0e-4c34-9d52-0a6e8a6f2c11"
ISSUER = "https://learn.example/microcred/ob2/issuer"
EVIDENCE = "https://learn.example/assessment"
RECIPIENT = Recipient(identity=make_holder().identity_hash(SALT), salt=SALT)
EXPIRES = NOW + timedelta(days=900)


def twin(award):
    """The three documents."""
    return (
        open_badges_2.assertion(
            award, RECIPIENT, assertion_id=ASSERTION, badge_id=BADGE, evidence_url=EVIDENCE, expires=EXPIRES
        ),
        open_badges_2.badge_class(
            award.pill, badge_id=BADGE, issuer_id=ISSUER, image_url=f"{BADGE}.png", criteria_url=ACHIEVEMENT_ID
        ),
        open_badges_2.profile(make_issuer(), issuer_id=ISSUER),
    )


def badge(award):
    """The Open Badge 3.0 of the same award."""
    return open_badges.compose(
        award, make_issuer(), make_holder(), credential_id=CREDENTIAL_ID, achievement_id=ACHIEVEMENT_ID, salt=SALT,
        valid_from=NOW, valid_until=EXPIRES, evidence_url=EVIDENCE,
    ).document


def loader(url, _options):
    assert url == "https://w3id.org/openbadges/v2"
    return {"contextUrl": None, "documentUrl": url, "document": CONTEXT, "contentType": "application/ld+json"}


def check_terms(document):
    """A member that JSON-LD would drop silently fails the test."""
    dropped = []
    assert jsonld.expand(dict(document), {"documentLoader": loader}, on_property_dropped=dropped.append)
    assert dropped == []


def test_an_assertion_is_what_the_specification_asks_for():
    assertion, badge_class, profile = twin(make_award())
    hashed = "sha256$" + hashlib.sha256((make_holder().email.lower() + SALT).encode()).hexdigest()
    assert assertion["recipient"] == {"type": "email", "hashed": True, "salt": SALT, "identity": hashed}
    assert (assertion["id"], assertion["badge"], assertion["type"]) == (ASSERTION, BADGE, "Assertion")
    assert assertion["verification"] == {"type": "HostedBadge"}
    assert assertion["issuedOn"] == "2026-11-20T10:00:00Z" and assertion["expires"].endswith("Z")
    assert (badge_class["id"], badge_class["issuer"], profile["id"]) == (BADGE, ISSUER, ISSUER)
    assert badge_class["criteria"]["id"] == ACHIEVEMENT_ID and badge_class["image"]["id"] == f"{BADGE}.png"
    assert profile["type"] == "Issuer" and profile["url"] and profile["name"] and profile["email"]


def test_nothing_names_the_learner():
    for document in twin(make_award()):
        text = json.dumps(document, ensure_ascii=False)
        assert make_holder().email not in text and make_holder().full_name not in text


@examples(25)
@given(award=awards())
def test_the_twin_says_what_the_badge_says(award):
    """Fact by fact, for any award; the Open Badge 3.0 is read here, not the award."""
    assertion, badge_class, profile = twin(award)
    for document in (assertion, badge_class, profile):
        check_terms(document)
    three = badge(award)
    subject, achievement = three["credentialSubject"], three["credentialSubject"]["achievement"]
    identity = subject["identifier"][0]
    assert (assertion["recipient"]["identity"], assertion["recipient"]["salt"]) == (
        identity["identityHash"], identity["salt"],
    )
    assert (assertion["issuedOn"], assertion["expires"]) == (three["awardedDate"], three["validUntil"])
    for name in ("name", "description", "version"):
        assert badge_class[name] == achievement[name]
    assert badge_class["@language"] == achievement["inLanguage"]
    assert badge_class["criteria"] == {"id": achievement["id"], "narrative": achievement["criteria"]["narrative"]}
    assert badge_class["image"].get("caption", "") == achievement["image"]["caption"]
    assert [item["targetUrl"] for item in badge_class.get("alignment", [])] == [
        item["targetUrl"] for item in achievement.get("alignment", [])
    ]
    assert ", ".join(badge_class.get("tags", [])) == ", ".join(achievement.get("tag", [])) or set(
        badge_class["tags"]
    ) == set(achievement["tag"])
    check_evidence(award, assertion, three)
    issuer = three["issuer"]
    assert (profile["name"], profile["url"], profile["email"]) == (issuer["name"], issuer["url"], issuer["email"])
    for fact in (issuer["id"], issuer["otherIdentifier"][0]["identifier"], issuer["address"]["addressCountry"]):
        assert fact in profile["description"]


def check_evidence(award, assertion, three):
    page, *records = assertion["evidence"]
    assert page == {name: value for name, value in three["evidence"][0].items() if name != "type"} | {
        "type": "Evidence"
    }
    results = three["credentialSubject"]["result"]
    descriptions = three["credentialSubject"]["achievement"]["resultDescription"]
    assert len(records) == len(three["evidence"]) - 1 == len(results)
    for found, told, result, described in zip(records, three["evidence"][1:], results, descriptions, strict=True):
        assert found["name"] == told["name"] == described["name"]
        assert found.get("description") == told.get("description")
        assert found["narrative"].startswith(told["narrative"])
        assert result["value"] in found["narrative"].replace(",", ".")
        skills = [item["targetUrl"] for item in described.get("alignment", [])]
        assert all((f"<{uri}>" in found["narrative"]) is (result["status"] == "Completed") for uri in skills)


def test_what_is_left_after_a_revocation_says_nothing_of_the_learner():
    bare = open_badges_2.revoked(ASSERTION)
    assert bare == {
        "@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": ASSERTION, "revoked": True
    }
    assert open_badges_2.revoked(ASSERTION, reason="Renewed")["revocationReason"] == "Renewed"
    check_terms(open_badges_2.revoked(ASSERTION, reason="Renewed"))


@pytest.mark.parametrize("bad", ["urn:uuid:1", "learn.example/1", "https://learn.example/a b", ""])
def test_only_an_address_can_be_verified(bad):
    with pytest.raises(InvalidDocument) as caught:
        open_badges_2.assertion(make_award(), RECIPIENT, assertion_id=bad, badge_id=BADGE)
    assert caught.value.code == "iri"


@pytest.mark.parametrize(
    ("identity", "salt", "code"), [("camille@learner.example", SALT, "email"), ("sha256$00", "short", "salt")]
)
def test_a_holder_is_named_by_a_salted_hash_only(identity, salt, code):
    with pytest.raises(InvalidInput) as caught:
        Recipient(identity=identity, salt=salt)
    assert caught.value.code == code
    assert SALT not in repr(RECIPIENT)


def test_a_badge_without_page_and_end():
    document = open_badges_2.assertion(make_award(), RECIPIENT, assertion_id=ASSERTION, badge_id=BADGE)
    assert "expires" not in document and "id" not in document["evidence"][0]
    bare = open_badges_2.badge_class(
        make_pill(tags=()), badge_id=BADGE, issuer_id=ISSUER, image_url=f"{BADGE}.png", criteria_url=ACHIEVEMENT_ID
    )
    assert "tags" not in bare and bare["criteria"]["narrative"] == wording.requirements(make_pill())
