"""What assesses an outcome: rows as stored, what is stored of rows, and problems told at the right one."""

from __future__ import annotations

import pytest

from microcred_xblock.authoring import edits, members
from microcred_xblock.authoring.places import places
from microcred_xblock.domain.errors import InvalidAnswer, InvalidPill
from microcred_xblock.translation import Translator

from .page import EMPTY, FilledForm, page
from .test_form import edit, refused

ENGLISH = Translator("en")
GROUP = {"members": [{"block": "g1"}], "logic": "or"}


def outcome(*assessed_by):
    return {"id": "locate", "title": "Locate a fault", "threshold": "0.7", "assessed_by": list(assessed_by)}


def form_with(*assessed_by, language="en"):
    fields = {"outcomes": [outcome(*assessed_by)]}
    return fields, FilledForm.of(page(fields, ("p1", "p2", "p3")), language)


def stored(fields, form, language="en"):
    return edit(fields, form, language).values.get("outcomes", fields["outcomes"])[0]["assessed_by"]


@pytest.mark.parametrize(("typed", "expected"), [
    ("50", "0.5"), ("50 %", "0.5"), ("٥٠", "0.5"), ("62,5", "0.625"), ("0", "0"), ("100", "1"),
])
def test_an_activity_may_have_a_threshold_of_its_own(typed, expected):
    fields, form = form_with({"block": "p1"})
    form.choose("1", "p1", threshold=typed)
    form.choose("1", "p2", weight="2", threshold=typed)
    assert stored(fields, form) == [
        {"block": "p1", "threshold": expected}, {"block": "p2", "weight": "2", "threshold": expected},
    ]


def test_an_emptied_threshold_is_no_longer_stored():
    fields, form = form_with({"block": "p1", "threshold": "0.50", "unknown": {"a": "b"}})
    form.choose("1", "p1", threshold="")
    assert stored(fields, form) == [{"block": "p1", "unknown": {"a": "b"}}]


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
@pytest.mark.parametrize("threshold", ["0.50", "0.5", "1", "0.3333", "", "abc", "70"])
def test_what_is_shown_unchanged_keeps_its_spelling(threshold, language):
    fields, form = form_with({"block": "p1", "threshold": threshold, "weight": "1.50"}, language=language)
    assert edit(fields, form, language).values == {}


def test_unusable_thresholds_and_weights_are_told_at_their_rows():
    fields, form = form_with({"block": "p1"}, GROUP, {"block": "p2"})
    form.choose("1", "p1", on=False)
    form.choose("1", "p2", weight="0", threshold="half")
    form.choose("1", "p3", threshold="101")
    found = edit(fields, form)
    assert refused(fields, found) == [
        ("percentage", "outcome locate.assessed-by.m2.threshold"),
        ("percentage", "outcome locate.assessed-by.n1.threshold"), ("weight", "outcome locate.weight"),
    ]
    weight = InvalidPill("x", code="weight", field="outcome locate.weight", outcome="locate", value="0")
    told = places([*found.problems, weight], found.values["outcomes"], found.keys, ENGLISH, rows=found.rows)
    assert [problem["control"] for problem in told] == [
        "1.blocks.m2.threshold", "1.blocks.n1.threshold", "1.blocks.m2.weight",
    ]


@pytest.mark.parametrize(("item", "code", "part", "control"), [
    (outcome({"block": "p1"}, GROUP, {"block": "p2", "weight": "0"}), "weight", "weight", "1.blocks.m2.weight"),
    (outcome({"block": "p1", "threshold": "2"}), "fraction-range", "threshold", "1.blocks.m0.threshold"),
    ({**outcome({"block": "p1", "threshold": "2"}), "threshold": "3"}, "fraction-range", "threshold", "1.threshold"),
    (outcome({"members": [{"block": "p1", "weight": "0"}]}), "weight", "weight", "1.blocks"),
    (outcome(3, {"block": "p1", "weight": []}), "weight", "weight", "1.blocks"),
])
def test_a_stored_problem_is_led_to_its_row(item, code, part, control):
    problem = InvalidPill("x", code=code, field=f"outcome locate.{part}", outcome="locate", value="0")
    (told,) = places([problem], [item], ["1"], ENGLISH)
    assert told["control"] == control


def test_a_group_of_one_makes_no_noise():
    (words,) = members.groups([{"members": [{"block": "p1", "weight": "3"}], "weight": "2"}], {"p1": "One"}, ENGLISH)
    assert (words["rule"], words["weight"]) == ("", "2")
    assert words["members"][0]["weight"] == ""
    several = {"members": [{"block": "p1", "weight": "3"}, {"block": "p2"}]}
    (words,) = members.groups([several], {"p1": "One"}, ENGLISH)
    assert words["rule"] == "The weighted mean of these counts" and words["members"][0]["weight"] == "3"
    (words,) = members.groups([{"members": [{"block": "p1"}], "all_attempted": "true"}], {}, ENGLISH)
    assert words["rule"] == "This must be attempted"


@pytest.mark.parametrize("row", [
    {"block": 5}, {"block": "p1", "member": []}, {"block": "p1", "member": "0"}, {"block": "p1", "member": True},
    {"block": "p1", "threshold": 5}, {"row": {}}, [],
])
def test_rows_of_another_form_are_refused(row):
    submission = FilledForm.of(page({})).send()
    submission["outcomes"] = [{"key": "new1", "title": "x", "blocks": [row]}]
    with pytest.raises(InvalidAnswer):
        edits.read(EMPTY, submission, ENGLISH)


def test_a_row_of_a_member_that_does_not_exist_is_left_out():
    submission = FilledForm.of(page({})).send()
    submission["outcomes"] = [{"key": "new1", "title": "x", "blocks": [{"block": "p1", "weight": "1", "member": 7}]}]
    assert edits.read(EMPTY, submission, ENGLISH).values["outcomes"] == [{"title": "x", "id": "x"}]
