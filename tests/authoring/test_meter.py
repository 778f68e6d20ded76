"""What the European Recommendation asks of a pill, and what an author is told is missing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock import inheritance
from microcred_xblock.authoring import meter
from microcred_xblock.definition import Definition
from microcred_xblock.inheritance import Layer
from microcred_xblock.translation import Translator

from ..test_inheritance import JSON, layers, said

ENGLISH = Translator("en")
ISSUER = {"name": "Training Centre", "country": "FRA"}
OUTCOME = {"id": "a", "title": "Locate", "threshold": "0.7", "assessed_by": [{"block": "p1"}]}
FULL = {
    "workload_hours": "3", "eqf_level": "4", "assessment_type": "quiz", "mode": "online",
    "quality_assurance": {"title": "Q", "agency": "A"},
}


def look(recognition=None, *, title="Find the fault", outcomes=(OUTCOME,), issuer=ISSUER, layers=()):
    pill = Definition(id="pill", title=title, description="", outcomes=outcomes, recognition=recognition or {})
    found = meter.elements(pill, issuer, ENGLISH, layers)
    return {element["code"]: element for element in found}, meter.summary(found, ENGLISH)


def missing(found):
    return {code for code, element in found.items() if not element["done"]}


def test_the_eleven_mandatory_and_the_five_optional_elements_in_their_order():
    found, counted = look()
    assert tuple(found) == (*meter.MANDATORY, *meter.OPTIONAL)
    assert (len(meter.MANDATORY), len(meter.OPTIONAL)) == (11, 5)
    assert all(element["why"].endswith(".") and element["name"] for element in found.values())
    assert counted["text"] == "Mandatory elements: 6 of 11. Optional: 1 of 5."


def test_a_pill_that_says_nothing():
    found, counted = look(title=" ", outcomes=(), issuer=None)
    assert missing(found) == {
        "title", "country", "awarding-body", "outcomes", "workload", "level", "assessment", "participation", "quality",
        "prerequisites", "supervision", "stackability", "further",
    }
    assert not counted["complete"]
    assert "administrator" in found["country"]["note"] and found["country"]["control"] == ""
    assert found["workload"]["control"] == "recognition.workload_hours"


def test_a_complete_pill():
    found, counted = look(FULL)
    assert counted["mandatory"] == {"done": 11, "total": 11} and counted["complete"]
    assert found["country"]["note"] == "From the issuer: France"
    assert found["awarding-body"]["note"] == "From the issuer: Training Centre"
    assert {code for code, element in found.items() if element["state"] == "given"} == {
        "learner", "country", "awarding-body", "date", "grade",
    }


@pytest.mark.parametrize("outcomes", [
    [{**OUTCOME, "title": " "}], [OUTCOME, {**OUTCOME, "assessed_by": []}], [{"title": "x"}], ["odd"], "odd", None,
])
def test_outcomes_are_there_when_each_is_named_and_assessed(outcomes):
    assert "outcomes" in missing(look(FULL, outcomes=outcomes)[0])


@pytest.mark.parametrize(("recognition", "code", "there"), [
    ({"nqf": {"framework": "F", "level": "4"}}, "level", True), ({"not_stated": ["eqf-level"]}, "level", True),
    ({"not_stated": ["mode"]}, "participation", False), ({"workload_hours": "three"}, "workload", False),
    ({"quality_assurance": {"title": "Q"}}, "quality", False), ({"towards": {"title": "T"}}, "stackability", True),
    ({"stackability": "stand-alone"}, "stackability", True), ({"mode": "onlin"}, "participation", False),
    ({"further_information": "https://x.org/"}, "further", True), ({"further_information": "x"}, "further", False),
    ({"prerequisites": "None."}, "prerequisites", True), ("damaged", "level", False),
])
def test_what_completes_an_element(recognition, code, there):
    assert (code not in missing(look(recognition)[0])) is there


def test_what_is_taken_over_counts_and_names_its_source():
    found, _ = look({"mode": "online"}, layers=[
        inheritance.layer("course", {"assessment_type": "quiz"}),
        inheritance.layer("organisation", {"quality_assurance": FULL["quality_assurance"], "mode": "blended"}),
    ])
    assert found["assessment"]["note"] == "From your course"
    assert found["quality"]["note"] == "From your organisation"
    assert found["participation"]["note"] == "" and found["participation"]["done"]


@pytest.mark.parametrize(("until", "note"), [
    ("2026-11-24", meter.PAST), ("2026-11-25", meter.ENDING), ("2027-05-01", meter.ENDING), ("2027-12-31", ""),
    ("soon", ""), ("", ""), (7, ""),
])
@pytest.mark.parametrize("taken", [True, False])
def test_a_registration_that_ends_is_told_and_keeps_nobody(until, note, taken):
    bloc = {"certification": "RNCP1", "certification_title": "C", "valid_until": until}
    pill = Definition(id="p", title="t", description="", recognition={} if taken else {"bloc": bloc})
    found = meter.elements(
        pill, ISSUER, ENGLISH, [Layer(source="course", data={"bloc": bloc})] if taken else (), date(2026, 11, 25)
    )
    (told,) = [element for element in found if element["code"] == "stackability"]
    assert told["note"] == (note or ("From your course" if taken and told["done"] else ""))
    if note:
        assert told["done"]


@settings(max_examples=40, deadline=None)
@given(JSON, JSON, layers)
def test_nothing_that_is_stored_breaks_it(recognition, outcomes, found):
    look(recognition, outcomes=outcomes, layers=found)


@settings(max_examples=40, deadline=None)
@given(said(), layers)
def test_it_is_the_same_of_what_is_written_and_of_what_counts(own, found):
    written, counted = look(own, layers=found)[0], look(inheritance.effective(own, found))[0]
    assert missing(written) == missing(counted)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(meter.conditions())), said(), layers)
def test_the_conditions_for_the_page_s_script_are_those_of_the_server(code, own, found):
    counted = inheritance.effective(own, found)
    done = any(inheritance.says(counted, name) for name in meter.conditions()[code])
    done = done or (code == "level" and "eqf-level" in own.get("not_stated", ()))
    assert (code not in missing(look(own, layers=found)[0])) == done
