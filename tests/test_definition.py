"""From what an author wrote to a pill: every problem is told, with its place, and nothing ever crashes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock import definition
from microcred_xblock.definition import Definition
from microcred_xblock.domain.errors import InvalidInput, InvalidPill
from microcred_xblock.domain.outcomes import CriteriaGroup, Logic
from microcred_xblock.domain.pill import Mastery
from microcred_xblock.domain.recognition import NationalLevel
from microcred_xblock.domain.upkeep import RegradePolicy, Upkeep

OUTCOME = {"id": "a", "title": "A", "threshold": "0.7", "assessed_by": [{"block": "p1"}]}


def define(**changes):
    return Definition(**{"id": "pill", "title": "T", "description": "D", "outcomes": [OUTCOME], **changes})


def test_everything_that_is_written_arrives():
    pill = definition.build(define(
        language="fr",
        outcomes=[
            {
                "id": "a", "title": "A", "description": "d", "kind": "knowledge", "reuse": "transversal",
                "threshold": "0.75", "logic": "or", "all_attempted": "true",
                "skills": [{"uri": "https://x.org/1", "label": "s", "framework": "own"}],
                "assessed_by": [
                    {"block": "p1", "weight": "2.5", "threshold": "0.5"},
                    {"members": [{"block": "p2"}], "logic": "and", "threshold": "0.1", "weight": "3"},
                ],
            },
            {**OUTCOME, "id": "b"},
        ],
        mastery={"rule": "required-plus-n", "n": "1", "required": ["b"]},
        recognition={
            "workload_hours": "2.5", "ects": "0.1", "eqf_level": " 5 ", "isced_f": "0713", "mode": "online",
            "assessment_type": "quiz", "supervision": "supervised-id", "prerequisites": "none",
            "quality_assurance": {"title": "Q", "agency": "A"},
            "bloc": {"certification": "RNCP1", "certification_title": "C", "valid_until": "2027-08-31"},
            "nqf": {"framework": "RNCP", "level": "4", "url": "https://x.org/4"},
            "towards": {"title": "Electrician", "framework": "NQF", "code": "E1", "url": "https://x.org/e"},
            "stackability": "stackable", "further_information": "https://x.org/more", "not_stated": ["isced-f"],
        },
        upkeep={"regrade": "suspend", "grace_days": "7", "valid_months": "24"},
        tags=["x"],
    ))
    group = pill.outcomes[0].assessment
    assert (group.logic, group.all_attempted, pill.outcomes[0].threshold) == (Logic.OR, True, Decimal("0.75"))
    assert (group.members[0].weight, group.members[0].rule.value) == (Decimal("2.5"), Decimal("0.5"))
    assert isinstance(group.members[1], CriteriaGroup) and group.members[1].weight == 3
    assert (pill.outcomes[0].kind, pill.outcomes[0].reuse_level) == ("knowledge", "transversal")
    assert (pill.mastery.kind, pill.mastery.n, pill.mastery.required) == (Mastery.REQUIRED_PLUS_N, 1, ("b",))
    assert (pill.recognition.eqf_level, pill.recognition.ects) == (5, Decimal("0.1"))
    assert pill.recognition.bloc.valid_until == date(2027, 8, 31)
    assert pill.recognition.nqf == NationalLevel(framework="RNCP", level="4", url="https://x.org/4")
    assert pill.recognition.towards.code == "E1" and pill.recognition.stackability == "stackable"
    assert pill.recognition.further_information == "https://x.org/more"
    assert pill.upkeep == Upkeep(regrade=RegradePolicy.SUSPEND, grace_days=7, valid_months=24)


def test_one_broken_outcome_does_not_make_the_rule_look_wrong():
    broken = {**OUTCOME, "id": "b", "threshold": "7"}
    pill, problems = definition.read(define(
        outcomes=[OUTCOME, broken], mastery={"rule": "required-plus-n", "n": "1", "required": ["b"]}
    ))
    assert pill is None
    assert [(p.code, p.field, p.params["outcome"]) for p in problems] == [
        ("fraction-range", "outcome b.threshold", "b")
    ]


def test_everything_that_is_wrong_is_told_at_once():
    pill, problems = definition.read(define(
        title="x" * 10_000,
        outcomes=[
            {**OUTCOME, "threshold": "1.7"},
            {**OUTCOME, "title": "", "assessed_by": [{"block": "p1", "weight": "0"}]},
        ],
        mastery={"rule": "n-of-m", "n": "9"},
        recognition={"isced_f": "zz", "eqf_level": "12"},
        upkeep={"regrade": "punish", "grace_days": "soon", "valid_months": "0", "unknown": {"grace": "1"}},
    ))
    assert pill is None
    assert {(p.code, p.field) for p in problems} == {
        ("fraction-range", "outcome 1.threshold"),
        ("text-empty", "outcome 2.outcome title"),
        ("weight", "outcome 2.weight"),
        ("duplicate-outcome", "outcome 2.outcome id"),
        ("mastery-range", "pill.mastery"),
        ("isced-f", "recognition.isced_f"),
        ("eqf-level", "recognition.eqf_level"),
        ("text-too-long", "pill.title"),
        ("choice", "upkeep.regrade"),
        ("whole-number", "upkeep.grace_days"),
        ("upkeep-number", "upkeep.valid_months"),
        ("olx-unknown", "upkeep"),
    }
    assert len(problems) == 12
    (out_of_range,) = [p for p in problems if p.code == "mastery-range"]
    assert out_of_range.params["most"] == 2


def test_one_problem_of_an_outcome_does_not_hide_the_next():
    _pill, problems = definition.read(define(outcomes=[{
        "id": "é", "title": "", "kind": "art", "reuse": "never", "logic": "xor", "all_attempted": "maybe",
        "skills": [{"uri": "x", "label": ""}], "unknown": {"treshold": "0.7"},
        "assessed_by": [{"block": "p1"}, {"block": "p1"}, {"block": ""}, {"block": "", "threshold": "2"}, 5],
    }]))
    assert {(p.code, p.field.removeprefix("outcome é").lstrip(".")) for p in problems} == {
        ("olx-unknown", ""), ("text-empty", "block"), ("fraction-range", "threshold"), ("definition-damaged", ""),
        ("choice", "logic"), ("yes-no", "all-attempted"), ("iri", "skill"), ("text-empty", "skill"),
        ("slug", "outcome id"), ("text-empty", "outcome title"), ("outcome-kind", "kind"), ("reuse-level", "reuse"),
        ("outcome-duplicate-block", "assessed-by"), ("outcome-threshold", "threshold"),
    }
    assert {p.params["outcome"] for p in problems} == {"é"}


def test_one_problem_of_the_recognition_does_not_hide_the_next():
    _pill, problems = definition.read(define(recognition={
        "workload_hours": "0", "ects": "many", "mode": "asleep", "unknown": {"colour": "red"},
        "quality_assurance": {"title": "", "url": "x"},
        "bloc": {"certification": "X1", "bloc": "RNCP2BC01", "valid_until": "soon"},
    }))
    assert {(p.code, p.field.removeprefix("recognition").lstrip(".")) for p in problems} == {
        ("olx-unknown", ""), ("recognition-number", "workload_hours"), ("number", "ects"), ("recognition-code", "mode"),
        ("text-empty", "quality assurance"), ("text-empty", "quality assurance agency"),
        ("iri", "quality assurance address"), ("bloc-certification", "certification"),
        ("text-empty", "certification title"), ("text-empty", "bloc title"), ("date", "valid_until"),
    }


def test_the_order_in_which_recognition_is_written_does_not_matter():
    written = {"towards": {"code": "FR-1", "url": "https://x.org/", "framework": "Register", "title": "Technician"}}
    found, problems = definition.read_recognition(written)
    assert problems == () and (found.towards.code, found.towards.framework) == ("FR-1", "Register")


def test_a_mastery_rule_that_cannot_be_read_still_names_outcomes():
    _pill, problems = definition.read(define(mastery={"rule": "n-of-m", "n": "two", "required": ["b", "c"]}))
    assert [(p.code, p.field, p.params.get("outcome")) for p in problems] == [
        ("whole-number", "mastery.n", None), ("mastery-unknown", "pill.mastery", "b"),
        ("mastery-unknown", "pill.mastery", "c"),
    ]


def test_no_or_too_many_outcomes_do_not_make_the_rule_look_wrong():
    for number, code in ((0, "no-outcomes"), (101, "many-outcomes")):
        outcomes = [{**OUTCOME, "id": f"o{n}"} for n in range(number)]
        _pill, problems = definition.read(define(outcomes=outcomes, mastery={"rule": "n-of-m", "n": "3"}))
        assert [p.code for p in problems] == [code]


def test_only_broken_outcomes_are_not_called_no_outcomes():
    _pill, problems = definition.read(define(outcomes=[{**OUTCOME, "threshold": "x"}]))
    assert [p.code for p in problems] == ["number"]
    _pill, problems = definition.read(define(outcomes=[]))
    assert [p.code for p in problems] == ["no-outcomes"]


def test_a_broken_image_is_a_problem_of_the_image():
    def image():
        raise InvalidInput("no", code="svg-unreadable", field="image")

    _pill, problems = definition.read(define(image=image))
    assert [(p.code, p.field) for p in problems] == [("svg-unreadable", "badge image.image")]


@pytest.mark.parametrize("value", ["0.70", "1", "0", "0.3333", ".001"])
def test_thresholds_are_exact_text(value):
    pill = definition.build(define(outcomes=[{**OUTCOME, "threshold": value}]))
    assert pill.outcomes[0].threshold == Decimal(value)


@pytest.mark.parametrize("value", [0.7, "0,7", "70 %", "1e-3", "", None, "NaN", "0.12345", "-0.1", [1], True])
def test_other_thresholds_are_refused(value):
    with pytest.raises(InvalidPill):
        definition.build(define(outcomes=[{**OUTCOME, "threshold": value}]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "id", "title", "threshold", "assessed_by", "members", "block", "weight", "skills", "uri", "label", "rule",
            "n", "required", "eqf_level", "bloc", "quality_assurance", "certification", "valid_until", "unknown",
            "unknown_elements", "workload_hours", "logic", "all_attempted", "regrade",
            "grace_days", "valid_months",
        ]), inner, max_size=5,
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    outcomes=st.lists(JSON, max_size=3), mastery=JSON, recognition=JSON, upkeep=JSON, tags=JSON, title=JSON,
    language=JSON,
)
def test_no_stored_value_can_crash_the_reading(outcomes, mastery, recognition, upkeep, tags, title, language):
    pill, problems = definition.read(define(
        outcomes=outcomes, mastery=mastery, recognition=recognition, upkeep=upkeep, tags=tags, title=title,
        language=language,
    ))
    assert (pill is None) == bool(problems)
    assert all(isinstance(problem, InvalidPill) and problem.field for problem in problems)
    definition.block_references(outcomes)


def test_references_are_found_in_a_broken_definition():
    outcomes = [
        {"id": "a", "threshold": "x", "assessed_by": [{"block": "p1"}, {"members": [{"block": "p2"}, 5]}]}, "junk",
    ]
    assert definition.block_references(outcomes) == [("a", "p1"), ("a", "p2")]
    assert definition.block_references([OUTCOME, OUTCOME]) == [("1", "p1"), ("2", "p1")]


@pytest.mark.parametrize(("recognition", "code", "field"), [
    ({"stackability": "yes"}, "recognition-code", "recognition.stackability"),
    ({"stackability": "stand-alone", "towards": {"title": "T"}}, "stackability-contradiction",
     "recognition.stackability"),
    ({"further_information": "example.org"}, "iri", "recognition.further_information"),
    ({"nqf": {"framework": "RNCP"}}, "text-empty", "recognition.national level"),
    ({"nqf": {"framework": "RNCP", "level": "4", "url": "x"}}, "iri", "recognition.national level address"),
    ({"towards": {"title": "T", "code": "1"}}, "text-empty", "recognition.towards framework"),
    ({"towards": {}}, "text-empty", "recognition.towards title"),
    ({"not_stated": ["mood"]}, "olx-unknown", "recognition"),
    ({"not_stated": "mode"}, "definition-damaged", "recognition"),
])
def test_recognition_alone_tells_what_is_wrong_with_it(recognition, code, field):
    found, problems = definition.read_recognition(recognition)
    assert found is None
    assert [(problem.code, problem.field) for problem in problems] == [(code, field)]
