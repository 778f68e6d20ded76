"""European Learning Model v3: what is composed, and the gate that needs no SHACL engine."""

from __future__ import annotations

import base64
import io
import json
from collections import defaultdict
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyld import jsonld

from microcred_xblock.credentials import concepts, elm, elm_gate, elm_nodes, elm_page, pinned
from microcred_xblock.domain.credential import Format
from microcred_xblock.domain.errors import InvalidDocument, InvalidInput, Misconfigured
from microcred_xblock.domain.outcomes import REUSE_LEVELS, Skill
from microcred_xblock.domain.recognition import (
    ASSESSMENT_TYPES,
    MODES,
    SUPERVISION,
    NationalLevel,
    QualificationPlace,
    Recognition,
)
from tests.factories import (
    CREDENTIAL_ID,
    NOW,
    make_award,
    make_holder,
    make_issuer,
    make_outcome,
    make_pill,
    make_recognition,
    make_results,
    make_scores,
)

from .conftest import ELM_ID
from .strategies import awards, examples
from .test_open_badges import two_of_three

VECTORS = Path(__file__).parents[1] / "vectors" / "elm"


def claim(document):
    return document["credentialSubject"]["hasClaim"][0]


def nodes_of(node):
    if isinstance(node, dict):
        if "id" in node:
            yield node
        for value in node.values():
            yield from nodes_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes_of(value)


def test_shape_of_the_credential(compose_elm):
    credential = compose_elm()
    document = credential.document
    assert credential.format is Format.ELM
    assert credential.id == ELM_ID == document["id"]
    assert document["@context"] == [
        "https://www.w3.org/2018/credentials/v1", "http://data.europa.eu/snb/model/context/edc-ap",
    ]
    assert document["type"] == ["VerifiableCredential", "EuropeanDigitalCredential"]
    assert document["issued"] == document["issuanceDate"] == document["validFrom"] == "2026-11-20T10:05:00Z"
    assert document["identifier"][0]["notation"] == CREDENTIAL_ID
    assert "credentialStatus" not in document
    elm.validate(document)


def test_same_input_same_bytes(compose_elm):
    assert json.dumps(compose_elm().document) == json.dumps(compose_elm().document)


def test_the_eleven_mandatory_elements_of_annex_i(compose_elm):
    document = compose_elm().document
    achieved = claim(document)
    pill = achieved["specifiedBy"]
    assert document["credentialSubject"]["fullName"] == {"en": "Camille Exemple"}
    assert document["displayParameter"]["title"] == achieved["title"] == {"en": "Fault diagnosis on a wind turbine"}
    assert document["issuer"]["location"][0]["address"]["countryCode"]["id"].endswith("/country/FRA")
    assert achieved["awardedBy"]["awardingBody"][0] == document["issuer"]
    assert achieved["awardedBy"]["awardingDate"] == "2026-11-20T10:00:00Z"
    assert [o["title"]["en"] for o in pill["learningOutcome"]] == [o.title for o in make_pill().outcomes]
    assert pill["volumeOfLearning"] == achieved["influencedBy"][0]["workload"] == "PT3H"
    assert pill["eqfLevel"]["id"] == "http://data.europa.eu/snb/eqf/5"
    assert {a["specifiedBy"]["dcType"]["prefLabel"]["en"] for a in achieved["provenBy"]} == {"quiz"}
    assert pill["mode"][0]["prefLabel"] == {"en": "Online"}
    assert pill["accreditation"][0]["title"] == {"en": "Qualiopi"}


def test_the_optional_elements_of_annex_i(compose_elm):
    achieved = claim(compose_elm().document)
    assert achieved["specifiedBy"]["entryRequirement"]["noteLiteral"] == {"en": "Basic electrical safety training."}
    assert achieved["provenBy"][0]["idVerification"]["prefLabel"] == {"en": "Unsupervised without ID Verification"}
    assert [a["grade"]["noteLiteral"]["en"] for a in achieved["provenBy"]] == ["90 %", "80 %", "90 %"]
    assert achieved["specifiedBy"]["isPartOf"][0]["identifier"][0]["notation"] == "RNCP38596BC02"
    assert achieved["specifiedBy"]["thematicArea"][0]["prefLabel"] == {"en": "Electricity and energy"}


def test_issuer_carries_what_its_certificate_says(compose_elm):
    issuer = compose_elm().document["issuer"]
    assert issuer["legalName"] == {"en": "Centre de formation exemple"}
    assert issuer["eIDASIdentifier"]["notation"] == "NTRFR-123456789"
    assert issuer["eIDASIdentifier"]["spatial"]["id"].endswith("/country/FRA")


def test_every_name_has_one_language(compose_elm):
    award = make_award(pill=make_pill(language="fr"))
    document = compose_elm(award).document
    assert list(document["credentialSubject"]["fullName"]) == ["fr"]
    assert list(document["issuer"]["legalName"]) == ["fr"]
    assert list(document["displayParameter"]["title"]) == ["fr"]
    elm.validate(document)


def test_concepts_carry_the_labels_of_the_vocabularies_everywhere(compose_elm):
    labels = defaultdict(set)
    for node in nodes_of(compose_elm().document):
        if node.get("type") == "Concept":
            labels[node["id"]].add(json.dumps(node["prefLabel"], sort_keys=True))
    assert all(len(found) == 1 for found in labels.values())
    france = "http://publications.europa.eu/resource/authority/country/FRA"
    assert labels[france] == {'{"en": "France", "fr": "France"}'}


def test_one_skill_has_one_label_even_when_authors_wrote_two(compose_elm):
    uri = "http://data.europa.eu/esco/skill/b7a26b32-c457-49aa-9a78-25ade10090e3"
    pill = make_pill()
    renamed = replace(pill.outcomes[2], skills=(Skill(uri=uri, label="look after turbines"),))
    document = compose_elm(make_award(pill=replace(pill, outcomes=(*pill.outcomes[:2], renamed)))).document
    elm.validate(document)
    assert "look after turbines" not in json.dumps(document)


def test_skills_of_other_frameworks_are_related_but_not_esco(compose_elm):
    own = Skill(uri="https://skills.example/7", label="read a drawing", framework="Own")
    disguised = Skill(uri="http://data.europa.eu/snb/eqf/5", label="not a skill", framework="Own")
    outcomes = (make_outcome("only", "Only", ("read-scada",), skills=(own, disguised)),)
    document = compose_elm(make_award(pill=make_pill(outcomes=outcomes))).document
    outcome = claim(document)["specifiedBy"]["learningOutcome"][0]
    assert [skill["id"] for skill in outcome["relatedSkill"]] == [own.uri]
    assert "relatedESCOSkill" not in outcome
    elm.validate(document)


def test_each_id_stands_for_one_content(compose_elm):
    seen = {}
    for node in nodes_of(compose_elm().document):
        assert seen.setdefault(node["id"], node) == node


def test_the_place_in_the_bloc_is_a_goal_never_an_award(compose_elm):
    document = compose_elm().document
    achieved = claim(document)
    bloc = achieved["specifiedBy"]["isPartOf"][0]
    assert "isPartOf" not in achieved
    assert "hasPart" not in achieved
    assert achieved["specifiedBy"]["isPartialQualification"] is True
    assert bloc["isPartOf"][0]["identifier"][0]["notation"] == "RNCP38596"
    assert "eqfLevel" not in bloc
    assert "eqfLevel" not in bloc["isPartOf"][0]
    assert "It does not award the bloc" in achieved["specifiedBy"]["additionalNote"][0]["noteLiteral"]["en"]
    assert "RNCP" not in achieved["title"]["en"]


REGISTER = "http://data.europa.eu/snb/qdr/c_5ad5d222"


@pytest.mark.parametrize(("url", "concept"), [("", None), ("https://nqf.example/4", None), (REGISTER, REGISTER)])
def test_a_national_level_is_a_concept_only_where_the_register_has_it(compose_elm, url, concept):
    level = NationalLevel(framework="Cadre national", level="4", url=url)
    document = compose_elm(make_award(pill=make_pill(recognition=Recognition(nqf=level)))).document
    elm.validate(document)
    specification = claim(document)["specifiedBy"]
    assert [item["id"] for item in specification.get("nqfLevel", [])] == ([concept] if concept else [])
    assert specification["type"] == ("Qualification" if concept else "LearningAchievementSpecification")
    note = specification["additionalNote"][0]["noteLiteral"]["en"]
    assert note == f"Level in the national framework Cadre national: 4. {url}".strip()


def test_another_qualification_is_a_goal_and_further_information_has_its_address(compose_elm):
    place = QualificationPlace(title="Electrician", framework="Chamber of crafts", code="E-7", url="https://x.example/e7")
    recognition = Recognition(towards=place, stackability="stackable", further_information="https://x.example/pill")
    document = compose_elm(make_award(pill=make_pill(recognition=recognition))).document
    elm.validate(document)
    specification = claim(document)["specifiedBy"]
    (goal,) = specification["isPartOf"]
    assert (goal["title"], goal["identifier"][0]["notation"]) == ({"en": "Electrician"}, "E-7")
    assert goal["identifier"][0]["schemeName"] == "Chamber of crafts"
    assert specification["homepage"][0]["contentURL"] == "https://x.example/pill"
    notes = [note["noteLiteral"]["en"] for note in specification["additionalNote"]]
    assert "It does not award that qualification or its level." in notes[0]
    assert notes[1] == "Integration and stackability: integrated, stackable towards another credential."


def test_nothing_calls_the_document_a_qualified_seal(compose_elm):
    for language in ("en", "fr"):
        text = json.dumps(compose_elm(make_award(pill=make_pill(language=language))).document).lower()
        assert "qualified seal" not in text
        assert "qualifié" not in text


def test_ects_only_where_stated(compose_elm):
    assert "creditReceived" not in claim(compose_elm().document)
    award = make_award(pill=make_pill(recognition=make_recognition(ects=Decimal("0.50"))))
    achieved = claim(compose_elm(award).document)
    assert achieved["creditReceived"][0]["point"] == "0.5"
    framework = achieved["specifiedBy"]["creditPoint"][0]["framework"]
    assert framework["prefLabel"] == {"en": "European Credit Transfer System"}


def test_a_pill_without_level_bloc_or_quality_assurance_is_no_qualification(compose_elm):
    document = compose_elm(make_award(pill=make_pill(recognition=Recognition()))).document
    assert claim(document)["specifiedBy"]["type"] == "LearningAchievementSpecification"
    assert "influencedBy" not in claim(document)
    elm.validate(document)


def test_outcomes_that_were_not_achieved_are_no_learning_outcomes(compose_elm):
    achieved = claim(compose_elm(two_of_three()).document)
    assert [o["title"]["en"] for o in achieved["specifiedBy"]["learningOutcome"]] == [make_pill().outcomes[0].title]
    passed, failed = achieved["provenBy"]
    assert passed["gradeStatus"]["prefLabel"] == {"en": "pass"}
    assert failed["grade"]["noteLiteral"]["en"] == "10 % (not achieved)"
    assert "gradeStatus" not in failed


@pytest.mark.parametrize("supervision", SUPERVISION)
def test_every_kind_of_supervision_is_told(compose_elm, supervision):
    document = compose_elm(make_award(pill=make_pill(recognition=make_recognition(supervision=supervision)))).document
    elm.validate(document)
    coded = "idVerification" in claim(document)["provenBy"][0]
    notes = json.dumps(claim(document)["specifiedBy"].get("additionalNote", []))
    assert coded or "Supervision of the assessment" in notes


def test_a_did_names_the_person(compose_elm):
    assert compose_elm(holder=make_holder(did="did:key:z6MkHolder")).document["credentialSubject"]["id"] == (
        "did:key:z6MkHolder"
    )


def test_no_e_mail_of_the_learner(compose_elm):
    assert make_holder().email not in json.dumps(compose_elm().document)


def test_a_name_a_language_and_a_country_are_needed(compose_elm):
    for error, code, arguments in (
        (InvalidInput, "holder-name", {"holder": make_holder(full_name=" ")}),
        (InvalidDocument, "language-unknown", {"award": make_award(pill=make_pill(language="tlh"))}),
        (Misconfigured, "country-unknown", {"issuer": make_issuer(country="XYZ")}),
    ):
        with pytest.raises(error) as caught:
            compose_elm(**arguments)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("hours", "written"),
    [("3", "PT3H"), ("1.5", "PT1H30M"), ("0.01", "PT36S"), ("0.25", "PT15M"), ("10000", "PT10000H")],
)
def test_hours_as_duration(hours, written):
    assert elm_nodes.duration(Decimal(hours)) == written


@settings(deadline=None)
@given(hours=st.integers(1, 1_000_000).map(lambda n: Decimal(n) / 100))
def test_durations_are_exact(hours):
    text = elm_nodes.duration(hours)
    total, number = 0, ""
    for character in text.removeprefix("PT"):
        if character.isdigit():
            number += character
        else:
            total += int(number) * {"H": 3600, "M": 60, "S": 1}[character]
            number = ""
    assert Decimal(total) == hours * 3600


def test_the_page_is_an_a4_landscape_png_that_names_the_learner():
    award, issuer = make_award(), make_issuer()
    page = elm_page.draw(award, issuer, make_holder())
    picture = Image.open(io.BytesIO(page))
    assert picture.format == "PNG"
    assert picture.width / picture.height == pytest.approx(297 / 210, abs=0.01)
    assert page == elm_page.draw(award, issuer, make_holder())
    assert page != elm_page.draw(award, issuer, make_holder(full_name="Dominique Autre"))
    blank = elm_page.draw(award, issuer, make_holder(full_name="\u200b"))
    assert _ink(page) > _ink(blank) + 500, "the name is not drawn"


@pytest.mark.parametrize(
    "name", ["Οδυσσέας Παπαδόπουλος", "Наталья Иванова", "سارة المثال", "שרה לדוגמה", "Zoë Ångström-Čížková"]
)
def test_the_page_draws_names_of_other_scripts(name):
    award, issuer = make_award(), make_issuer()
    blank = elm_page.draw(award, issuer, make_holder(full_name="\u200b"))
    assert _ink(elm_page.draw(award, issuer, make_holder(full_name=name))) > _ink(blank) + 300


def test_the_page_bears_long_and_hostile_texts():
    outcomes = tuple(make_outcome(f"o{n}", f"{n} " + "long title " * 40, ("block",)) for n in range(30))
    pill = make_pill(title="W" * 250, outcomes=outcomes, recognition=make_recognition())
    award = make_award(pill=pill, results=make_results(pill, make_scores({"block": "5"})))
    page = elm_page.draw(award, make_issuer(legal_name="<b>&\u202e" + "x" * 400), make_holder(full_name="&<svg>" * 60))
    assert Image.open(io.BytesIO(page)).width == elm_page.WIDTH


def _ink(page):
    return sum(1 for value in Image.open(io.BytesIO(page)).convert("RGBA").convert("L").tobytes() if value < 100)


def test_the_page_is_embedded(monkeypatch):
    monkeypatch.setattr(elm_page, "draw", lambda *_: b"the page")
    document = elm.compose(
        make_award(), make_issuer(), make_holder(), credential_id=ELM_ID, issued=NOW, valid_from=NOW
    ).document
    media = document["displayParameter"]["individualDisplay"][0]["displayDetail"][0]["image"]
    assert base64.b64decode(media["content"]) == b"the page"
    assert media["contentType"]["id"].endswith("/file-type/PNG")


def put(path, value):
    """A change of a document: sets the member at ``path``; ``...`` removes it."""

    def change(document):
        *way, last = path
        node = document
        for step in way:
            node = node[step]
        if value is ...:
            del node[last]
        else:
            node[last] = value

    return change


def of_issuer(path, value):
    """``put`` in every copy of the issuer's node, so that the fault is not only that the copies differ."""

    def change(document):
        identifier = document["issuer"]["id"]
        for node in list(nodes_of(document)):
            if node["id"] == identifier:
                put(path, value)(node)

    return change


CLAIM = ("credentialSubject", "hasClaim", 0)
FAULTS = {
    "elm-context": [
        put(("@context",), ["https://www.w3.org/ns/credentials/v2", "http://data.europa.eu/snb/model/context/edc-ap"]),
        put(("@context", 1), "https://attacker.example/edc-ap"),
        put(("@context",), ...),
    ],
    "elm-type": [put(("type",), ["VerifiableCredential"]), put(("type",), "EuropeanDigitalCredential")],
    "elm-profile": [
        put(("credentialSchema",), ...),
        put(("credentialSchema", 0, "id"), "http://data.europa.eu/snb/model/ap/edc-accredited"),
        put(("credentialProfiles", 0, "id"), "http://data.europa.eu/snb/credential/c_ae121a00"),
    ],
    "elm-unknown-key": [
        put(("credentialStatus",), {"id": "https://s.example/1", "type": "StatusList2021Entry"}),
        put((*CLAIM, "titel"), {"en": "x"}),
        put((*CLAIM, "provenBy", 0, "idVerification", "label"), "x"),
        of_issuer(("nationalID",), "1"),
    ],
    "elm-cardinality": [
        put(("issued",), ...),
        put(("validFrom",), ...),
        of_issuer(("legalName",), ...),
        of_issuer(("location",), []),
        put(("credentialSubject", "hasClaim"), []),
        put(("credentialSubject", "fullName"), {"en": "Camille", "fr": "Camille"}),
        put((*CLAIM, "provenBy", 0, "grade"), ...),
        put((*CLAIM, "awardedBy", "awardingBody"), []),
        put(("displayParameter", "individualDisplay"), ...),
    ],
    "elm-value": [
        put(("issued",), "2026-11-20"),
        put(("issued",), "2026-13-20T10:00:00Z"),
        put(("issued",), "2026-11-20T10:00:00"),
        put((*CLAIM, "title"), "a string"),
        put((*CLAIM, "title"), {"en": ["two", "texts"]}),
        put((*CLAIM, "title"), {"en": 3}),
        put((*CLAIM, "title"), {"en\n": "a text"}),
        put((*CLAIM, "specifiedBy", "volumeOfLearning"), "PT3H\n"),
        put((*CLAIM, "specifiedBy", "volumeOfLearning"), "PT٣H"),
        put((*CLAIM, "specifiedBy", "volumeOfLearning"), "3 hours"),
        put((*CLAIM, "specifiedBy", "isPartialQualification"), "true"),
        put(("displayParameter", "individualDisplay", 0, "displayDetail", 0, "page"), 0),
        put((*CLAIM, "provenBy", 0), "urn:epass:learningAssessment:1"),
    ],
    "elm-range": [
        put((*CLAIM, "specifiedBy", "isPartOf", 0, "type"), "LearningAchievementSpecification"),
        put((*CLAIM, "specifiedBy", "type"), "Specification"),
        put((*CLAIM, "type"), "Claim"),
    ],
    "elm-scheme": [
        put((*CLAIM, "specifiedBy", "eqfLevel", "inScheme", "id"), "http://data.europa.eu/snb/isced-f/25831c2"),
        put((*CLAIM, "specifiedBy", "learningOutcome", 0, "relatedESCOSkill", 0, "inScheme"), ...),
    ],
    "elm-id": [
        put((*CLAIM, "id"), "claim 1"),
        put((*CLAIM, "id"), "urn:epass:claim:1\n"),
        put((*CLAIM, "id"), ...),
        put((*CLAIM, "awardedBy", "awardingBody", 0, "legalName"), {"en": "Another body"}),
        put(("issuer", "eIDASIdentifier", "spatial", "prefLabel"), {"en": "Frankreich"}),
        put((*CLAIM, "provenBy", 1, "id"), "urn:epass:learningAssessment:1"),
    ],
    "elm-mandatory": [of_issuer(("eIDASIdentifier",), ...), put(("credentialSubject", "fullName"), ...)],
}


@pytest.mark.parametrize(("code", "index"), [(code, n) for code, faults in FAULTS.items() for n in range(len(faults))])
def test_the_gate_refuses_faulty_credentials(compose_elm, code, index):
    document = json.loads(json.dumps(compose_elm().document))
    FAULTS[code][index](document)
    with pytest.raises(InvalidDocument) as caught:
        elm.validate(document)
    assert caught.value.code == code
    assert caught.value.params["place"]
    assert "Camille" not in caught.value.message


@pytest.mark.parametrize(("datatype", "good"), [
    ("decimal", "-3.50"), ("duration", "PT3H"), ("dateTime", "2026-11-20T10:00:00Z"), ("anyURI", "https://x.example/3"),
])
def test_a_value_ends_where_it_ends_and_has_plain_digits(datatype, good):
    holds = elm_gate._LEXICAL[datatype]
    assert holds(good) and not holds(good + "\n")
    assert datatype == "anyURI" or not holds(good.replace("3", "٣").replace("2", "٢"))


def test_the_gate_accepts_credentials_made_by_others():
    document = json.loads((VECTORS / "stackable.json").read_text(encoding="utf-8"))
    elm.validate(document)
    sample = json.loads((VECTORS / "ec-sample-mc-annex1.json").read_text(encoding="utf-8"))
    sample["credentialSubject"].pop("nationalID")  # context and shapes spell this property differently
    elm.validate(sample)


def test_the_gate_does_not_change_the_document(compose_elm):
    document = compose_elm().document
    before = deepcopy(document)
    elm.validate(document)
    assert document == before


def test_json_ld_loses_nothing(compose_elm):
    dropped = []
    loader = {"documentLoader": pinned.document_loader}
    jsonld.expand(dict(compose_elm().document), loader, on_property_dropped=dropped.append)
    assert dropped == []


@pytest.mark.parametrize(
    ("vocabulary", "codes"),
    [("mode", MODES), ("assessment-type", ASSESSMENT_TYPES), ("skill-reuse-level", REUSE_LEVELS)],
)
def test_every_coded_value_of_the_domain_has_a_concept(vocabulary, codes):
    assert all(concepts.has(vocabulary, code) for code in codes)


@examples(40)
@given(award=awards())
def test_every_award_passes_the_gate(compose_elm, award):
    document = compose_elm(award).document
    elm.validate(document)
    assert json.loads(json.dumps(document)) == document
