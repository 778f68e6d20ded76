"""Open Badges 3.0: the strict schema, JSON-LD without loss, and what each part says."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from pyld import jsonld

from microcred_xblock.credentials import open_badges, pinned
from microcred_xblock.domain.credential import Format
from microcred_xblock.domain.errors import InvalidDocument, InvalidInput, Misconfigured
from microcred_xblock.domain.outcomes import Skill
from microcred_xblock.domain.pill import Mastery, MasteryRule
from microcred_xblock.domain.recognition import NationalLevel, QualificationPlace, Recognition
from tests.factories import (
    ACHIEVEMENT_ID,
    CREDENTIAL_ID,
    EARNED,
    INSPECT,
    MAINTAIN,
    NOW,
    PREDICT,
    SALT,
    make_award,
    make_holder,
    make_issuer,
    make_pill,
    make_recognition,
    make_results,
    make_scores,
)

from .strategies import awards, examples

VECTORS = Path(__file__).parents[1] / "vectors" / "ob3"
PROOF = {
    "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-11-20T10:05:00Z",
    "proofPurpose": "assertionMethod", "verificationMethod": "did:web:learn.example#z6Mk", "proofValue": "z3",
}


def signed(document):
    return {**document, "proof": [PROOF]}


def nquads(document):
    """All statements of a document; a member that JSON-LD would drop silently fails the test."""
    dropped = []
    loader = {"documentLoader": pinned.document_loader}
    jsonld.expand(dict(document), loader, on_property_dropped=dropped.append)
    assert dropped == []
    return jsonld.to_rdf(dict(document), {**loader, "format": "application/n-quads"})


def strings(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def test_a_badge_is_valid_unsigned_and_signed(compose_badge):
    credential = compose_badge()
    assert credential.format is Format.OPEN_BADGE
    assert credential.id == CREDENTIAL_ID == credential.document["id"]
    open_badges.validate(credential.document, signed=False)
    open_badges.validate(signed(credential.document))


def test_same_input_same_bytes(compose_badge):
    assert json.dumps(compose_badge().document) == json.dumps(compose_badge().document)


def test_context_order_and_every_text_survives_as_a_statement(compose_badge):
    document = compose_badge().document
    assert document["@context"] == [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
    ]
    statements = nquads(document)
    for text in strings({key: value for key, value in document.items() if key != "@context"}):
        first = re.split(r'[\n"\\]', text)[0]
        assert first in statements, text


def test_terms_that_differ_between_copies_of_the_context_are_not_used(compose_badge):
    text = json.dumps(compose_badge(status={"id": "https://s.example/1#2", "type": "X"}).document)
    assert '"jti"' not in text
    assert "endorsementJwt" not in text


def test_the_learner_is_named_by_salted_hash_only(compose_badge):
    holder = make_holder()
    document = compose_badge(holder=holder).document
    subject = document["credentialSubject"]
    assert subject["identifier"] == [
        {
            "type": "IdentityObject", "hashed": True, "identityType": "emailAddress", "salt": SALT,
            "identityHash": holder.identity_hash(SALT),
        }
    ]
    text = json.dumps(document)
    assert holder.email not in text
    assert holder.full_name not in text


def test_subject_id_without_a_did_is_pairwise_and_stable(compose_badge):
    other = "urn:uuid:11111111-2222-4333-8444-555555555555"
    first, again, second = compose_badge(), compose_badge(), compose_badge(credential_id=other)
    ids = [c.document["credentialSubject"]["id"] for c in (first, again, second)]
    assert ids[0] == ids[1] != ids[2]
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", identifier) for identifier in ids)
    assert CREDENTIAL_ID not in ids


def test_a_did_is_the_subject_id_beside_or_instead_of_the_hash(compose_badge):
    both = compose_badge(holder=make_holder(did="did:key:z6MkHolder")).document["credentialSubject"]
    assert both["id"] == "did:key:z6MkHolder"
    assert "identifier" in both
    only = compose_badge(holder=make_holder(did="did:key:z6MkHolder", email=""), salt="").document["credentialSubject"]
    assert "identifier" not in only


def test_a_short_salt_is_refused_before_it_can_be_guessed(compose_badge):
    with pytest.raises(InvalidInput) as caught:
        compose_badge(salt="short")
    assert caught.value.code == "salt"


@pytest.mark.parametrize(
    "over",
    [
        {"achievement_id": "pill-1"},
        {"achievement_id": "https://x.example/a b"},
        {"achievement_id": "https://x.example/#part"},
        {"credential_id": "3732"},
        {"credential_id": "urn:uuid:no-uuid"},
    ],
)
def test_ids_are_absolute_iris(compose_badge, over):
    with pytest.raises(InvalidDocument) as caught:
        compose_badge(**over)
    assert caught.value.code == "iri"


def test_results_tell_score_threshold_and_status_of_each_outcome(compose_badge):
    document = compose_badge().document["credentialSubject"]
    descriptions = document["achievement"]["resultDescription"]
    assert [d["id"] for d in descriptions] == [
        f"{ACHIEVEMENT_ID}#{name}" for name in ("read-data", "find-cause", "restart-safely")
    ]
    assert [(d["resultType"], d["valueMin"], d["valueMax"], d["requiredValue"]) for d in descriptions] == [
        ("Percent", "0", "100", "70"), ("Percent", "0", "100", "70"), ("Percent", "0", "100", "80"),
    ]
    assert [(r["resultDescription"], r["value"], r["status"]) for r in document["result"]] == [
        (descriptions[0]["id"], "90", "Completed"),
        (descriptions[1]["id"], "80", "Completed"),
        (descriptions[2]["id"], "90", "Completed"),
    ]


def test_fractions_are_exact_decimal_text(compose_badge):
    results = make_results()
    odd = (replace(results[0], fraction=Decimal("0.8333")), *results[1:])
    values = compose_badge(make_award(results=odd)).document["credentialSubject"]["result"]
    assert values[0]["value"] == "83.33"


def two_of_three():
    """The learner failed the second outcome and never tried the third."""
    pill = make_pill(mastery=MasteryRule(kind=Mastery.N_OF_M, n=1))
    scores = make_scores({**EARNED, "fault-tree": "1", "sort-causes": "0"})
    scores = {block: score for block, score in scores.items() if block not in ("lockout-order", "restart-check")}
    return make_award(pill=pill, results=make_results(pill, scores))


def test_outcomes_not_achieved_are_said_so_and_lend_no_skill_to_the_achievement(compose_badge):
    subject = compose_badge(two_of_three()).document["credentialSubject"]
    assert [(r["status"], r["value"]) for r in subject["result"]] == [
        ("Completed", "90"), ("Failed", "10"), ("Enrolled", "0"),
    ]
    kinds = {alignment["targetType"] for alignment in subject["achievement"]["alignment"]}
    assert "ext:ESCOSkill" not in kinds


@pytest.mark.parametrize(
    ("rule", "skills"),
    [
        (MasteryRule(), {INSPECT, PREDICT, MAINTAIN}),
        (MasteryRule(kind=Mastery.N_OF_M, n=3), {INSPECT, PREDICT, MAINTAIN}),
        (MasteryRule(kind=Mastery.N_OF_M, n=2), set()),
        (MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=1, required=("read-data",)), {INSPECT, PREDICT}),
        (MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=2, required=("read-data",)), {INSPECT, PREDICT, MAINTAIN}),
    ],
)
def test_the_achievement_claims_the_skills_that_everybody_proved(compose_badge, rule, skills):
    award = make_award(pill=make_pill(mastery=rule))
    alignments = compose_badge(award).document["credentialSubject"]["achievement"]["alignment"]
    claimed = {a["targetUrl"] for a in alignments if a["targetType"] == "ext:ESCOSkill"}
    assert claimed == {skill.uri for skill in skills}


def test_level_and_field_are_alignments_to_the_european_vocabularies(compose_badge):
    alignments = compose_badge().document["credentialSubject"]["achievement"]["alignment"]
    by_kind = {a["targetType"]: a for a in alignments}
    assert by_kind["ext:EQF"]["targetUrl"] == "http://data.europa.eu/snb/eqf/5"
    assert by_kind["ext:ISCEDF"]["targetCode"] == "0713"
    assert by_kind["ext:ISCEDF"]["targetName"] == "Electricity and energy"


def test_another_qualification_and_a_national_level_are_aligned_where_they_have_an_address(compose_badge):
    def kinds(**over):
        document = compose_badge(make_award(pill=make_pill(recognition=Recognition(**over)))).document
        achievement = document["credentialSubject"]["achievement"]
        return {item["targetType"]: item for item in achievement.get("alignment", []) if "targetType" in item}, (
            achievement["criteria"]["narrative"]
        )

    place = QualificationPlace(title="Electrician", framework="Chamber", code="E-7", url="https://x.example/e7")
    level = NationalLevel(framework="Cadre national", level="4", url="https://nqf.example/4")
    found, words = kinds(towards=place, nqf=level)
    assert found["ext:towardsQualification"]["targetCode"] == "E-7"
    assert "does not award" in found["ext:towardsQualification"]["targetDescription"]
    assert (found["ext:NQF"]["targetName"], found["ext:NQF"]["targetFramework"]) == ("4", "Cadre national")
    found, words_alone = kinds(towards=replace(place, url=""), nqf=replace(level, url=""))
    assert not found.keys() & {"ext:towardsQualification", "ext:NQF"}
    assert words_alone == words.replace(" https://nqf.example/4", ""), "the level's address, too, where it has one"
    assert "evidence towards “Electrician” (Chamber E-7). It does not award that qualification" in words


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_bloc_is_named_as_a_goal_and_never_as_awarded(compose_badge, language):
    award = make_award(pill=make_pill(language=language))
    achievement = compose_badge(award).document["credentialSubject"]["achievement"]
    bloc = next(a for a in achievement["alignment"] if a.get("targetCode") == "RNCP38596BC02")
    disclaimer = {"en": "It does not award the bloc", "fr": "Elle ne délivre ni le bloc"}[language]
    assert bloc["targetType"] == "ext:towardsBlocDeCompetences"
    assert disclaimer in bloc["targetDescription"]
    assert disclaimer in achievement["criteria"]["narrative"]
    assert "RNCP38596" not in compose_badge(award).document["name"]


def test_what_has_no_property_stands_in_the_criteria_in_plain_words(compose_badge):
    narrative = compose_badge().document["credentialSubject"]["achievement"]["criteria"]["narrative"]
    for sentence in (
        "every one of these learning outcomes",
        "Locate the cause of a standstill with a fault tree: at least 70 % on the weighted mean of 2 assessments, "
        "every assessment attempted.",
        "Notional workload: 3 h.",
        "Form of participation: online.",
        "Type of assessment: quiz.",
        "Supervision of the assessment: unsupervised, identity not checked.",
        "Quality assurance: Qualiopi (Example quality agency).",
        "Prerequisites: Basic electrical safety training.",
    ):
        assert sentence in narrative


def test_a_language_without_own_sentences_falls_back_to_english(compose_badge):
    document = compose_badge(make_award(pill=make_pill(language="pt-BR"))).document
    achievement = document["credentialSubject"]["achievement"]
    assert achievement["inLanguage"] == "pt-BR"
    assert achievement["criteria"]["narrative"].startswith("To earn this credential")
    open_badges.validate(document, signed=False)


@pytest.mark.parametrize(
    ("tag", "written"), [("sr-Latn-RS", "sr"), ("pt-br", "pt-BR"), ("es-419", "es"), ("fil", "fil")]
)
def test_language_tags_take_the_form_of_the_schema(compose_badge, tag, written):
    document = compose_badge(make_award(pill=make_pill(language=tag))).document
    assert document["credentialSubject"]["achievement"]["inLanguage"] == written
    open_badges.validate(document, signed=False)


@pytest.mark.parametrize(("ects", "written"), [("1", "1"), ("0.12", "0.12"), ("2.50", "2.5")])
def test_ects_only_where_stated_and_written_without_a_needless_fraction(compose_badge, ects, written):
    award = make_award(pill=make_pill(recognition=make_recognition(ects=Decimal(ects))))
    subject = compose_badge(award).document["credentialSubject"]
    assert json.dumps(subject["creditsEarned"]) == written
    assert json.dumps(subject["achievement"]["creditsAvailable"]) == written
    assert "ects" not in json.dumps(compose_badge().document).lower()


def test_evidence_on_the_credential(compose_badge):
    url = "https://learn.example/microcred/evidence/1"
    page, *records = compose_badge(evidence_url=url).document["evidence"]
    assert page["id"] == url
    assert page["genre"] == "quiz"
    assert [record["name"] for record in records] == [outcome.title for outcome in make_pill().outcomes]
    assert "read-scada: 4 of 5 points (2026-11-20T09:54:00Z)" in records[0]["narrative"]
    assert len(compose_badge().document["evidence"]) == 3


def test_image_is_inline_and_a_badge_is_drawn_for_pills_without_one(compose_badge):
    image = compose_badge().document["credentialSubject"]["achievement"]["image"]
    assert image["id"].startswith("data:image/png;base64,iVBOR")
    assert image["type"] == "Image"
    assert image["caption"]


def test_issuer_is_a_profile_with_its_country(compose_badge):
    issuer = compose_badge().document["issuer"]
    assert issuer["type"] == ["Profile"]
    assert issuer["address"]["addressCountryCode"] == "FR"
    assert issuer["otherIdentifier"][0]["identifier"] == "NTRFR-123456789"
    with pytest.raises(Misconfigured) as caught:
        compose_badge(issuer=make_issuer(country="XYZ"))
    assert caught.value.code == "country-unknown"


def test_times_are_utc_and_the_award_date_is_kept(compose_badge):
    document = compose_badge(valid_until=NOW.replace(year=2031)).document
    assert document["validFrom"] == "2026-11-20T10:05:00Z"
    assert document["validUntil"] == "2031-11-20T10:05:00Z"
    assert document["awardedDate"] == "2026-11-20T10:00:00Z"


def test_status_is_one_object(compose_badge):
    status = {
        "id": "https://learn.example/status/1#94567", "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation", "statusListIndex": "94567",
        "statusListCredential": "https://learn.example/status/1",
    }
    document = compose_badge(status=status).document
    assert document["credentialStatus"] == status
    open_badges.validate(document, signed=False)
    nquads(document)


def test_tags_that_libraries_would_sort_differently_become_one(compose_badge):
    def tags(*values):
        pill = make_pill(tags=values)
        return compose_badge(make_award(pill=pill)).document["credentialSubject"]["achievement"]["tag"]

    assert tags("😀 joy", "\uff21 wide") == ["😀 joy, \uff21 wide"]
    assert tags("b", "a", "b", "é") == ["b", "a", "é"]


def test_an_unknown_field_of_education_is_told_but_not_aligned(compose_badge):
    award = make_award(pill=make_pill(recognition=make_recognition(isced_f="9898")))
    achievement = compose_badge(award).document["credentialSubject"]["achievement"]
    assert achievement["fieldOfStudy"] == "9898"
    assert not [a for a in achievement["alignment"] if a.get("targetType") == "ext:ISCEDF"]


FAULTS = {
    "no-type": lambda d: d.pop("type"),
    "scalar-type": lambda d: d.update(type="OpenBadgeCredential"),
    "v1-context": lambda d: d["@context"].__setitem__(0, "https://www.w3.org/2018/credentials/v1"),
    "no-issuer": lambda d: d.pop("issuer"),
    "no-valid-from": lambda d: d.pop("validFrom"),
    "no-achievement": lambda d: d["credentialSubject"].pop("achievement"),
    "no-criteria": lambda d: d["credentialSubject"]["achievement"].pop("criteria"),
    "alignment-without-url": lambda d: d["credentialSubject"]["achievement"]["alignment"][0].pop("targetUrl"),
    "number-as-result": lambda d: d["credentialSubject"]["result"][0].update(value=90),
    "unknown-result-type": lambda d: d["credentialSubject"]["achievement"]["resultDescription"][0].update(
        resultType="Percentage"
    ),
    "extra-in-identity": lambda d: d["credentialSubject"]["identifier"][0].update(email="a@b.example"),
    "status-list": lambda d: d.update(credentialStatus=[{"id": "x", "type": "y"}]),
    "proof-object": lambda d: d.update(proof=PROOF),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_schema_refuses_faulty_badges(compose_badge, fault):
    document = signed(deepcopy(compose_badge().document))
    FAULTS[fault](document)
    with pytest.raises(InvalidDocument) as caught:
        open_badges.validate(document)
    assert caught.value.code == "open-badge-schema"


def test_a_signed_badge_needs_a_proof_and_an_unsigned_one_must_have_none(compose_badge):
    document = compose_badge().document
    for candidate, is_signed in ((document, True), (signed(document), False), ({**document, "proof": []}, True)):
        with pytest.raises(InvalidDocument) as caught:
            open_badges.validate(candidate, signed=is_signed)
        assert caught.value.code == "open-badge-proof"


def test_the_specification_example_is_valid():
    document = json.loads((VECTORS / "basicOpenBadgeCredential.json").read_text(encoding="utf-8"))
    open_badges.validate(document, signed="proof" in document)


def test_duplicate_skills_of_an_outcome_are_said_once(compose_badge):
    pill = make_pill()
    twice = replace(pill.outcomes[1], skills=(MAINTAIN, Skill(uri=MAINTAIN.uri, label="again")))
    award = make_award(pill=replace(pill, outcomes=(pill.outcomes[0], twice, pill.outcomes[2])))
    description = compose_badge(award).document["credentialSubject"]["achievement"]["resultDescription"][1]
    assert len(description["alignment"]) == 1


@examples(40)
@given(award=awards())
def test_every_award_becomes_a_valid_badge_without_loss(compose_badge, award):
    document = compose_badge(award).document
    open_badges.validate(signed(document))
    assert json.loads(json.dumps(document)) == document
    nquads(document)


def test_the_schema_judges_every_member_for_itself():
    """What ``validate_proof`` rests on: a valid badge and a valid proof are a valid signed badge."""
    schema = pinned.schema("ob_v3p0_achievementcredential_schema")
    notes = {"$schema", "$id", "$defs", "title", "description"}
    assert set(schema) <= notes | {"type", "properties", "required", "additionalProperties"}
    assert schema["additionalProperties"] is True and "proof" not in schema["required"]


@pytest.mark.parametrize("proof", [
    [], None, "x", {"type": "DataIntegrityProof"}, [1], [{"type": 1}], [{"type": "DataIntegrityProof", "created": 1}],
    [{"type": "DataIntegrityProof", "created": "2026-01-01T00:00:00Z", "verificationMethod": "did:web:x#y"}],
])
def test_a_proof_alone_is_judged_as_with_its_badge(proof):
    unsigned = {
        "@context": list(open_badges.CONTEXT), "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "did:web:x", "type": ["Profile"]}, "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"type": ["AchievementSubject"], "achievement": {
            "id": "urn:uuid:2", "type": ["Achievement"], "name": "x", "description": "x",
            "criteria": {"narrative": "x"},
        }},
    }
    open_badges.validate(unsigned, signed=False)
    signed, found = {**unsigned, "proof": proof}, []
    for check in (lambda: open_badges.validate(signed), lambda: open_badges.validate_proof(signed, unsigned)):
        try:
            check()
            found.append("")
        except InvalidDocument as error:
            found.append(error.code)
    assert found[0] == found[1]
    with pytest.raises(InvalidDocument):
        open_badges.validate_proof({**unsigned, "name": "other", "proof": [{"type": "x"}]}, unsigned)
