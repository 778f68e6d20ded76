"""The parity report: complete over the award, and decided by what the documents hold."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given

from microcred_xblock.credentials import badge_image, parity, wording
from microcred_xblock.domain import codec
from microcred_xblock.domain.upkeep import RegradePolicy, Upkeep
from tests.factories import make_award, make_holder, make_issuer, make_pill

from .strategies import awards, examples
from .test_open_badges import two_of_three

# Which fact tells each part of an award. A part of the domain that is not listed here fails the
# test below: nothing may be added to awards without deciding how people learn of it.
FACTS = {
    r"id": "award-id",
    r"awarded_at": "award-date",
    r"pill\.id": "pill-id",
    r"pill\.title": "title",
    r"pill\.description": "description",
    r"pill\.language": "language",
    r"pill\.tags": "tag",
    r"pill\.mastery\..*": "mastery-rule",
    r"pill\.upkeep\.valid_months": "valid-until",
    r"pill\.upkeep\.regrade": "regrade",
    r"pill\.upkeep\.grace_days": "grace-days",
    r"pill\.image\.(data|media_type)": "image",
    r"pill\.image\.caption": "image-caption",
    r"pill\.outcomes\.(id|title)": "outcome",
    r"pill\.outcomes\.description": "outcome-description",
    r"pill\.outcomes\.kind": "outcome-kind",
    r"pill\.outcomes\.reuse_level": "outcome-reuse-level",
    r"pill\.outcomes\.skills\..*": "skill",
    r"pill\.outcomes\.assessment\..*": "outcome-criteria",
    r"pill\.recognition\.workload_hours": "workload",
    r"pill\.recognition\.ects": "ects",
    r"pill\.recognition\.eqf_level": "level",
    r"pill\.recognition\.isced_f": "field",
    r"pill\.recognition\.mode": "mode",
    r"pill\.recognition\.assessment_type": "assessment-type",
    r"pill\.recognition\.supervision": "supervision",
    r"pill\.recognition\.quality_assurance\.title": "quality-assurance",
    r"pill\.recognition\.quality_assurance\.agency": "quality-assurance-agency",
    r"pill\.recognition\.quality_assurance\.url": "quality-assurance-url",
    r"pill\.recognition\.prerequisites": "prerequisites",
    r"pill\.recognition\.bloc\.certification": "certification",
    r"pill\.recognition\.bloc\.certification_title": "certification-title",
    r"pill\.recognition\.bloc\.bloc": "bloc",
    r"pill\.recognition\.bloc\.bloc_title": "bloc-title",
    r"pill\.recognition\.bloc\.url": "bloc-url",
    r"pill\.recognition\.bloc\.valid_until": "certification-valid-until",
    r"pill\.recognition\.nqf\.(framework|level)": "national-level",
    r"pill\.recognition\.nqf\.url": "national-level-url",
    r"pill\.recognition\.towards\.title": "towards-title",
    r"pill\.recognition\.towards\.framework": "towards-framework",
    r"pill\.recognition\.towards\.code": "towards-code",
    r"pill\.recognition\.towards\.url": "towards-url",
    r"pill\.recognition\.stackability": "stackability",
    r"pill\.recognition\.further_information": "further-information",
    r"results\.outcome_id": "outcome",
    r"results\.status": "outcome-status",
    r"results\.threshold": "outcome-threshold",
    r"results\.fraction": "outcome-score",
    r"results\.assessed_at": "outcome-time",
    r"results\.blocks\..*": "assessed-block",
}
TEXTS = {
    "title", "description", "tag", "image-caption", "outcome", "outcome-description", "prerequisites", "bloc-title",
    "certification-title", "quality-assurance", "quality-assurance-agency", "national-level", "national-level-url",
    "towards-title", "towards-framework", "towards-code", "towards-url", "further-information",
}


def leaves(node, path=""):
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "$":
                yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, path)
    elif node not in (None, ""):
        yield path, node


def fact_of(path):
    found = [fact for pattern, fact in FACTS.items() if re.fullmatch(pattern, path)]
    assert len(found) == 1, path
    return found[0]


@pytest.fixture
def report(compose_badge, compose_elm):
    def make(award, **over):
        badge = over.pop("open_badge", None) or compose_badge(award).document
        credential = over.pop("elm", None) or compose_elm(award).document
        return parity.report(award, open_badge=badge, elm=credential)

    return make


def by_fact(rows, fact):
    return [row for row in rows if row.fact == fact]


def check_complete(award, rows):
    never_tried = {o.title for o, r in award.outcome_pairs() if not r.attempted}
    told = {row.fact for row in rows}
    for path, value in leaves(codec.encode(award)):
        fact = fact_of(path)
        if fact in ("outcome-score", "assessed-block") and never_tried:
            continue
        if fact == "grace-days" and award.pill.upkeep.regrade is RegradePolicy.KEEP:
            continue
        assert fact in told, path
        if fact in TEXTS and not path.endswith("_id") and path != "pill.outcomes.id":
            assert any(value in row.value for row in rows if row.fact == fact), path


def test_nothing_of_the_award_is_missing(report):
    image = badge_image.default_image("x", 3, "en")
    award = make_award(pill=make_pill(image=image))
    check_complete(award, report(award))


@examples(25)
@given(award=awards())
def test_nothing_of_any_award_is_missing(report, award):
    rows = report(award)
    check_complete(award, rows)
    for row in rows:
        assert row.open_badge is bool(row.open_badge_path)
        assert row.elm is bool(row.elm_path)
        if row.fact.startswith(("national-", "towards-", "stackability", "further-")):
            assert row.open_badge and row.elm, row


def at(document, path):
    node = document
    for part in re.findall(r"[^.\[\]]+", path):
        node = node[int(part)] if isinstance(node, list) else node[part]
    return node


def test_every_path_leads_to_a_value(report, compose_badge, compose_elm):
    award = make_award()
    badge, credential = compose_badge(award).document, compose_elm(award).document
    for row in report(award):
        for document, path in ((badge, row.open_badge_path), (credential, row.elm_path)):
            if path:
                assert at(document, path) not in (None, "", [], {})


def test_the_facts_that_each_format_drops(report):
    award = make_award(pill=make_pill(image=badge_image.default_image("x", 3, "en")))
    rows = report(award)
    assert {row.fact for row in rows if not row.open_badge} == {
        "learner-name", "award-id", "regrade", "outcome-kind", "outcome-reuse-level",
    }
    assert {row.fact for row in rows if not row.elm} == {
        "learner-email", "award-id", "regrade", "image", "image-caption",
    }
    in_words = {row.fact for row in rows if row.open_badge_in_words}
    assert {"workload", "mode", "supervision", "quality-assurance", "prerequisites"} <= in_words
    assert by_fact(rows, "workload")[0].note == "open-badge-in-words"


def test_a_fact_removed_from_a_document_is_reported_as_dropped(report, compose_badge, compose_elm):
    award = make_award()
    badge = json.loads(json.dumps(compose_badge(award).document))
    credential = json.loads(json.dumps(compose_elm(award).document))
    achievement = badge["credentialSubject"]["achievement"]
    achievement["alignment"] = [a for a in achievement["alignment"] if a.get("targetType") != "ext:EQF"]
    del badge["credentialSubject"]["result"][1]["value"]
    del credential["credentialSubject"]["hasClaim"][0]["specifiedBy"]["accreditation"]
    rows = report(award, open_badge=badge, elm=credential)
    level = by_fact(rows, "level")[0]
    assert (level.open_badge, level.elm, level.note) == (False, True, "not-in-open-badge")
    assert [row.open_badge for row in by_fact(rows, "outcome-score")] == [True, False, True]
    assert not by_fact(rows, "quality-assurance")[0].elm


def test_the_score_of_one_outcome_does_not_count_for_another(report, compose_badge):
    award = make_award()
    badge = json.loads(json.dumps(compose_badge(award).document))
    first, _, third = badge["credentialSubject"]["result"]
    assert first["value"] == third["value"] == "90"
    third["value"] = "91"
    assert [row.open_badge for row in by_fact(report(award, open_badge=badge), "outcome-score")] == [True, True, False]


def test_outcomes_that_were_not_achieved(report):
    rows = report(two_of_three())
    kinds = by_fact(rows, "outcome-kind")
    assert [row.elm for row in kinds] == [True, False, False]
    assert kinds[1].note == "outcome-not-achieved"
    assert [row.value for row in by_fact(rows, "outcome-status")] == ["achieved", "not achieved", "not assessed"]


def test_how_long_it_counts_is_told_by_both(report, compose_badge, compose_elm):
    award = make_award(pill=make_pill(upkeep=Upkeep(regrade="suspend", grace_days=9, valid_months=6)))
    expiry = award.pill.upkeep.expiry(award.awarded_at)
    badge = compose_badge(award, valid_until=expiry).document
    european = compose_elm(award, valid_until=expiry).document
    rows = report(award, open_badge=badge, elm=european)
    (until,) = by_fact(rows, "valid-until")
    assert (until.value, until.note) == (wording.instant(expiry), "")
    assert (until.open_badge_path, until.elm_path) == ("validUntil", "expirationDate")
    rule, grace = by_fact(rows, "regrade") + by_fact(rows, "grace-days")
    assert [(row.value, row.note, row.open_badge or row.elm) for row in (rule, grace)] == [
        ("suspend", "internal", False), ("9", "internal", False),
    ]


def test_an_expiry_that_a_document_leaves_out_is_reported(report, compose_badge, compose_elm):
    award = make_award(pill=make_pill(upkeep=Upkeep(valid_months=6)))
    expiry = award.pill.upkeep.expiry(award.awarded_at)
    (neither,) = by_fact(report(award), "valid-until")
    assert (neither.value, neither.note) == (wording.instant(expiry), "in-neither")
    badge = compose_badge(award, valid_until=expiry).document
    (until,) = by_fact(report(award, open_badge=badge), "valid-until")
    assert until.note == "not-in-elm"
    assert not by_fact(report(make_award()), "valid-until")


def test_no_personal_data_is_shown(report, compose_badge, compose_elm):
    holder = make_holder(did="did:key:z6MkHolder")
    award = make_award()
    rows = report(
        award, open_badge=compose_badge(award, holder=holder).document, elm=compose_elm(award, holder=holder).document
    )
    text = " ".join(row.value for row in rows)
    assert holder.full_name not in text
    assert holder.email not in text
    assert holder.did not in text
    did = by_fact(rows, "learner-did")[0]
    assert did.open_badge and did.elm


def test_the_place_in_a_bloc_is_reported_as_a_goal(report):
    rows = report(make_award())
    assert by_fact(rows, "bloc")[0].note == "towards"
    assert by_fact(rows, "bloc")[0].value.startswith("RNCP38596BC02")
    assert by_fact(rows, "not-awarded")[0].open_badge


def test_the_issuer_is_reported_from_the_documents(report, compose_badge, compose_elm):
    award, issuer = make_award(), make_issuer(name="Same", legal_name="Same")
    rows = report(
        award, open_badge=compose_badge(award, issuer).document, elm=compose_elm(award, issuer).document
    )
    for fact in ("awarding-body", "awarding-body-legal-name", "awarding-body-legal-identifier", "issuer-country"):
        assert by_fact(rows, fact)[0].open_badge, fact
        assert by_fact(rows, fact)[0].elm, fact


def test_supervision_without_a_concept_is_in_words_in_both(report):
    recognition = replace(make_pill().recognition, supervision="supervised")
    row = by_fact(report(make_award(pill=make_pill(recognition=recognition))), "supervision")[0]
    assert row.note == "in-words"
    assert row.value == wording.texts("en")["supervised"]


def test_a_signed_badge_gives_the_same_report(report, compose_badge):
    award = make_award()
    document = {**compose_badge(award).document, "proof": [{"type": "DataIntegrityProof", "proofValue": "z1"}]}
    assert report(award, open_badge=document) == report(award)
