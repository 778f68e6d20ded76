"""The recognition tab without a browser: what it shows, what is taken over, and what is stored of an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock import definition, inheritance
from microcred_xblock.authoring import recognition
from microcred_xblock.authoring.frameworks import form as frameworks
from microcred_xblock.authoring.places import places
from microcred_xblock.domain.errors import InvalidAnswer, InvalidPill
from microcred_xblock.translation import Translator

from ..test_inheritance import JSON, layers, said
from .page import FilledForm, page
from .test_form import edit, refused

ENGLISH = Translator("en")
GIVEN = {
    "workload_hours": "3.5", "eqf_level": "4", "mode": "blended", "isced_f": "0713",
    "prerequisites": "Basic\ntraining.",
    "quality_assurance": {"title": "Qualiopi", "agency": "An agency"},
    "bloc": {"certification": "RNCP1", "certification_title": "C", "bloc": "RNCP1BC02", "bloc_title": "Repair"},
}
ORGANISATION = (inheritance.layer("organisation", GIVEN),)


def shown(own, found=(), language="en"):
    return FilledForm.of(replace(page({"recognition": own}), layers=found), language)


def stored(own, form, language="en"):
    """The recognition data after the form is sent."""
    return edit({"recognition": own}, form, language).values.get("recognition", own)


def flag(form, name, value):
    form.control(f"recognition.not_stated.{name}").set("value", value)


def options(form, name):
    return {item.get("value"): item.text for item in form.control(f"recognition.{name}").iter("option")}


@settings(max_examples=40, deadline=None)
@given(JSON | said(), layers, st.sampled_from(["en", "fr", "ar"]))
def test_saved_unchanged_nothing_changes_whatever_is_stored_and_taken_over(own, found, language):
    assert stored(own, shown(own, found, language), language) == own


def test_what_is_taken_over_is_shown_with_its_source():
    form = shown({}, ORGANISATION)
    assert options(form, "mode")[""] == "From your organisation: Blended"
    assert options(form, "eqf_level")[""] == "From your organisation: 4"
    text = " ".join(form.root.text_content().split())
    for words in ("From your organisation: 3.5 h", "Electricity and energy (0713)", "Basic training.",
                  "Qualiopi (An agency)", "Repair (RNCP1BC02)"):
        assert words in text
    assert form.control("recognition.workload_hours").get("value") == ""


def test_an_own_value_beats_it_and_can_be_taken_back():
    form = shown({}, ORGANISATION)
    form.fill("recognition.mode", "online")
    form.fill("recognition.workload_hours", "7")
    form.fill("recognition.quality_assurance.title", "ISO 21001")
    own = stored({}, form)
    assert own == {"mode": "online", "workload_hours": "7", "quality_assurance": {"title": "ISO 21001"}}
    again = shown(own, ORGANISATION)
    assert "Your organisation says: 3.5 h" in again.root.text_content()
    for name in ("mode", "workload_hours", "quality_assurance.title"):
        again.fill(f"recognition.{name}", "")
    assert stored(own, again) == {}


def test_nothing_can_be_meant_and_taken_back():
    form = shown({}, ORGANISATION)
    form.fill("recognition.mode", "-")
    flag(form, "workload_hours", "yes")
    flag(form, "bloc", "yes")
    own = stored({}, form)
    assert own == {"not_stated": ["workload-hours", "mode", "bloc"]}
    assert inheritance.effective(own, ORGANISATION).keys() >= {"eqf_level", "quality_assurance"}
    assert not inheritance.effective(own, ORGANISATION).keys() & {"mode", "workload_hours", "bloc"}
    again = shown(own, ORGANISATION)
    assert again.value(again.control("recognition.mode")) == "-"
    assert "Not stated here. Your organisation says: 3.5 h" in again.root.text_content()
    again.fill("recognition.mode", "")
    flag(again, "workload_hours", "")
    assert stored(own, again) == {"not_stated": ["bloc"]}


def test_what_is_said_is_said_whatever_the_mark_beside_it():
    own = {"not_stated": ["ects", "mode"]}
    form = shown(own, (inheritance.layer("course", {"ects": "2"}),))
    form.fill("recognition.ects", "1")
    form.fill("recognition.mode", "online")
    flag(form, "ects", "")
    assert stored(own, form) == {"ects": "1", "mode": "online"}


def test_that_no_level_applies_can_be_said_without_anything_to_take_over():
    form = shown({})
    assert options(form, "eqf_level")["-"] == "No level applies"
    assert "-" not in options(form, "mode")
    form.fill("recognition.eqf_level", "-")
    assert stored({}, form) == {"not_stated": ["eqf-level"]}


def test_a_mark_that_nothing_answers_any_more_can_be_taken_back():
    own = {"not_stated": ["further-information", "mood"]}
    form = shown(own)
    assert "Not stated here." in form.root.text_content()
    flag(form, "further_information", "")
    assert stored(own, form) == {"not_stated": ["mood"]}


def test_every_new_value_is_stored():
    form = shown({})
    for name, value in {
        "stackability": "stackable", "further_information": "https://x.org/", "nqf.framework": "RNCP", "nqf.level": "4",
        "towards.title": "Electrician", "towards.code": "E1", "towards.framework": "Chamber", "isced_f": "0713",
    }.items():
        form.fill(f"recognition.{name}", value)
    own = stored({}, form)
    assert own == {
        "stackability": "stackable", "further_information": "https://x.org/",
        "nqf": {"framework": "RNCP", "level": "4"}, "isced_f": "0713",
        "towards": {"title": "Electrician", "code": "E1", "framework": "Chamber"},
    }
    assert definition.read_recognition(own)[1] == ()
    assert refused({}, edit({}, form)) == []


def test_the_fields_of_education_are_offered_by_code_and_name():
    form = shown({})
    name = form.control("recognition.isced_f").get("list")
    (listed,) = form.root.xpath("//datalist[@id=$name]", name=name)
    found = {item.get("value"): item.get("label") for item in listed}
    assert found["0713"] == "Electricity and energy" and len(found) > 200


@pytest.mark.parametrize(("field", "control"), [
    ("recognition.towards title", "recognition.towards.title"), ("recognition.national level", "recognition.nqf.level"),
    ("recognition.stackability", "recognition.stackability"),
    ("recognition.further_information", "recognition.further_information"), ("recognition", "recognition"),
    ("recognition.national level address", "recognition.nqf.url"),
])
def test_problems_are_led_to_their_controls(field, control):
    (told,) = places([InvalidPill("x", code="iri", field=field)], [], [], ENGLISH)
    assert told["control"] == control
    assert shown({}).root.xpath("//*[@data-control=$name or @id='mcp-x']", name=control) or control == "recognition"


def test_an_example_suggests_nothing_where_something_is_taken_over_or_left_unsaid():
    def unused(own, found=()):
        shown_page = replace(page({"recognition": own}), layers=found)
        return {name for name in frameworks.script(shown_page, ENGLISH)["unused"] if name.startswith("recognition.")}

    everything = unused({})
    assert {"recognition.mode", "recognition.supervision", "recognition.assessment_type"} <= everything
    left = unused({"not_stated": ["supervision"]}, ORGANISATION)
    assert everything - left == {"recognition.mode", "recognition.supervision"}


def test_every_value_has_a_control():
    form = shown({})
    for name in definition.RECOGNITION_VALUES:
        assert form.control(f"recognition.{name}") is not None
    assert recognition.PARTS.keys() == set(definition.RECOGNITION_PARTS)


@pytest.mark.parametrize("given_data", [
    {"not_stated": []}, {"mode": 3}, {"bloc": "x"}, {"nqf": {"level": []}}, {"not_stated": {"ects": True}},
])
def test_answers_of_another_form_are_refused(given_data):
    with pytest.raises(InvalidAnswer):
        recognition.read({"ects": "1"}, given_data, ENGLISH)


def test_hostile_text_stays_text():
    bad = '"><script>alert(1)</script>'
    own = {"prerequisites": bad, "quality_assurance": {"title": bad, "agency": bad}, "mode": bad}
    form = shown(own, (inheritance.layer("organisation", {
        "further_information": "https://x.org/", "towards": {"title": bad, "framework": bad},
    }),))
    assert not form.root.xpath("//script")
    assert stored(own, form) == own
