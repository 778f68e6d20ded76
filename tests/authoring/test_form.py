"""The author's form without a platform: what it shows, and what is stored of what a person does in it."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcred_xblock import definition
from microcred_xblock.authoring import edits as studio_edits
from microcred_xblock.authoring import form as studio_form
from microcred_xblock.authoring.page import FIELDS, digest
from microcred_xblock.authoring.places import places
from microcred_xblock.authoring.values import UPKEEP
from microcred_xblock.credentials import concepts
from microcred_xblock.definition import Definition
from microcred_xblock.domain.errors import InvalidAnswer, InvalidPill
from microcred_xblock.domain.text import checked_language
from microcred_xblock.inheritance import ELEMENTS
from microcred_xblock.translation import Translator

from ..domain import strategies
from .page import EMPTY, FilledForm, fields_of, page

ENGLISH = Translator("en")
OUTCOME = {"id": "locate", "title": "Locate a fault", "threshold": "0.70", "assessed_by": [{"block": "p1"}]}
OTHER = {"id": "decide", "title": "Decide", "threshold": "0.5", "assessed_by": [{"block": "p2", "weight": "2"}]}
FULL = {
    "display_name": "Fault diagnosis", "description": "Find out why.", "outcomes": [OUTCOME, OTHER],
    "mastery": {"rule": "required-plus-n", "n": "1", "required": ["decide"]},
    "recognition": {"workload_hours": "3", "eqf_level": "4", "unknown": {"colour": "red"}},
    "upkeep": {"regrade": "suspend", "valid_months": "24", "unknown": {"mood": "calm"}},
    "badge_image": {"src": "/static/x.svg", "caption": "A badge"},
}
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=8) | st.sampled_from(["0.5", "1", "a\nb"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "id", "title", "threshold", "assessed_by", "block", "weight", "members", "logic", "skills", "label", "rule",
            "n", "required", "eqf_level", "ects", "bloc", "quality_assurance", "url", "all_attempted", "kind", "x",
        ]), inner, max_size=4,
    ),
    max_leaves=12,
)


def edit(fields, form, language="en", **options):
    stored = {**EMPTY, **fields}
    before = copy.deepcopy(stored)
    found = studio_edits.read(stored, form.send(**options), Translator(language))
    assert stored == before, "what is stored is never changed in place"
    return found


def refused(fields, found):
    def problems(values):
        merged = {**EMPTY, **fields, **values}
        return definition.read(Definition(
            id="pill", title=merged["display_name"], description=merged["description"], language=merged["language"],
            outcomes=merged["outcomes"], mastery=merged["mastery"], recognition=merged["recognition"],
            upkeep=merged["upkeep"],
        ))[1]

    return [(p.code, p.field) for p in studio_edits.refused(problems({}), problems(found.values), found)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.pills(), st.sampled_from(["en", "fr", "ar"]))
def test_a_form_saved_unchanged_changes_nothing(pill, language):
    fields = fields_of(pill)
    found = edit(fields, FilledForm.of(page(fields, strategies.BLOCKS[:4]), language), language)
    assert found.values == {}
    assert refused(fields, found) == []


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(outcomes=st.lists(JSON, max_size=3), mastery=st.dictionaries(st.sampled_from(["rule", "n", "required"]), JSON),
       recognition=st.dictionaries(st.sampled_from([*ELEMENTS, "not_stated"]), JSON),
       upkeep=st.dictionaries(st.sampled_from([*UPKEEP, "unknown"]), JSON))
def test_nothing_that_is_stored_breaks_the_form_or_is_lost_by_it(outcomes, mastery, recognition, upkeep):
    fields = {"outcomes": outcomes, "mastery": mastery, "recognition": recognition, "upkeep": upkeep}
    changed = edit(fields, FilledForm.of(page(fields, ("p1",)))).values
    named = [  # an outcome without an id gets one: that is all
        {**item, "id": new["id"]} if isinstance(item, dict) and not item.get("id") else item
        for item, new in zip(outcomes, changed.get("outcomes", outcomes), strict=True)
    ]
    assert changed in ({}, {"outcomes": named})


def test_a_pill_from_nothing():
    form = FilledForm.of(page({}, ("p1", "p2")))
    form.fill("title", "Fault diagnosis")
    form.fill("description", "Find out\nwhy.")
    form.fill("language", "fr")
    key = form.add(title="Repérer une panne", threshold="72,5", kind="knowledge")
    form.choose(key, "p1")
    form.choose(key, "p2", weight="2")
    form.fill("mastery.rule", "n-of-m")
    form.fill("mastery.n", "1")
    form.fill("recognition.workload_hours", "2.50")
    form.fill("recognition.eqf_level", "5")
    form.fill("recognition.bloc.certification", "RNCP38596")
    found = edit({}, form)
    assert found.values == {
        "display_name": "Fault diagnosis", "description": "Find out\nwhy.", "language": "fr",
        "outcomes": [{
            "id": "reperer-une-panne", "title": "Repérer une panne", "threshold": "0.725", "kind": "knowledge",
            "assessed_by": [{"block": "p1"}, {"block": "p2", "weight": "2"}],
        }],
        "mastery": {"rule": "n-of-m", "n": "1"},
        "recognition": {"workload_hours": "2.5", "eqf_level": "5", "bloc": {"certification": "RNCP38596"}},
    }
    assert refused({}, found) == []


def test_only_what_is_touched_changes_its_spelling():
    form = FilledForm.of(page(FULL, ("p1", "p2")))
    form.fill("2.title", "Decide what to do")
    assert edit(FULL, form).values == {"outcomes": [OUTCOME, {**OTHER, "title": "Decide what to do"}]}


def test_ids_stay_and_new_ones_are_made_apart():
    form = FilledForm.of(page(FULL))
    form.fill("1.title", "Something else")
    for title in ("Locate!", "locate", "تشخيص", ""):
        form.add(title=title)
    ids = [item["id"] for item in edit(FULL, form).values["outcomes"]]
    assert ids == ["locate", "decide", "locate-2", "locate-3", "outcome-5", "outcome-6"]


def test_order_removal_and_the_rule_that_follows():
    form = FilledForm.of(page(FULL))
    form.move_up("2")
    assert [item["id"] for item in edit(FULL, form).values["outcomes"]] == ["decide", "locate"]
    form.remove("2")
    found = edit(FULL, form, required=[])
    assert found.values["outcomes"] == [OUTCOME]
    assert found.values["mastery"] == {"rule": "required-plus-n", "n": "1", "required": []}


def test_a_new_outcome_can_be_required_before_it_has_an_id():
    form = FilledForm.of(page(FULL))
    key = form.add(title="Third")
    assert edit(FULL, form, required=["key:2", f"key:{key}"]).values["mastery"]["required"] == ["decide", "third"]


def test_required_outcomes_that_are_gone_are_kept_until_they_are_unticked():
    fields = {**FULL, "mastery": {"rule": "required-plus-n", "n": "0", "required": ["gone", "locate"]}}
    form = FilledForm.of(page(fields))
    assert form.arguments["required"] == ["id:gone", "key:1"]
    assert "Missing outcome “gone”" in form.root.text_content()
    assert edit(fields, form).values == {}
    assert edit(fields, form, required=["key:1"]).values["mastery"]["required"] == ["locate"]


def test_missing_and_ungraded_references_are_shown_and_kept_until_they_are_taken_out():
    fields = {"outcomes": [{**OUTCOME, "assessed_by": [{"block": "gone", "weight": "3"}, {"block": "p1"}]}]}
    form = FilledForm.of(page(fields, ("p1", "p2")))
    assert "Missing block “gone”" in form.root.text_content()
    assert edit(fields, form).values == {}
    form.choose("1", "gone", on=False)
    form.choose("1", "p2")
    assert edit(fields, form).values["outcomes"][0]["assessed_by"] == [{"block": "p1"}, {"block": "p2"}]


def test_what_the_form_cannot_show_survives():
    hidden = {
        "skills": [{"uri": "http://data.europa.eu/esco/skill/1", "label": "diagnose"}], "unknown": {"colour": "red"},
        "unknown_elements": ["<wat/>"],
        "assessed_by": [
            {"members": [{"block": "p1", "threshold": "0.5"}, {"block": "gone"}], "logic": "or", "weight": "2"},
            {"block": "p2", "threshold": "0.4", "unknown": {"a": "b"}},
        ],
    }
    fields = {**FULL, "outcomes": [{**OUTCOME, **hidden}]}
    form = FilledForm.of(page(fields, ("p1", "p2", "p3")))
    text = " ".join(form.root.text_content().split())
    assert "The best of these counts" in text and "diagnose ESCO" in text
    (row,) = form.rows("1", "p2")
    assert row.xpath(".//*[@data-part='threshold']")[0].get("value") == "40"
    assert form.rows("1", "p1") == [], "a block in a group has no row of its own"
    form.fill("1.title", "New")
    form.choose("1", "p3")
    form.fill("recognition.ects", "1")
    changed = edit(fields, form).values
    assert changed["outcomes"] == [{
        **OUTCOME, **hidden, "title": "New", "assessed_by": [*hidden["assessed_by"], {"block": "p3"}],
    }]
    assert changed["recognition"] == {**FULL["recognition"], "ects": "1"}


def test_the_image_keeps_everything_but_its_caption():
    form = FilledForm.of(page(FULL))
    form.fill("image.caption", "Another")
    assert edit(FULL, form).values == {"badge_image": {"src": "/static/x.svg", "caption": "Another"}}
    form.fill("image.caption", "x" * 501)
    assert refused(FULL, edit(FULL, form)) == [("text-too-long", "badge image.image caption")]


def test_emptied_values_are_no_longer_stored():
    fields = {**FULL, "recognition": {"ects": "1", "bloc": {"certification": "RNCP1", "url": "https://x.org/"}}}
    form = FilledForm.of(page(fields))
    for name in ("ects", "bloc.certification", "bloc.url"):
        form.fill(f"recognition.{name}", "")
    form.fill("1.threshold", " ")
    changed = edit(fields, form).values
    assert changed["recognition"] == {}
    assert "threshold" not in changed["outcomes"][0]


@pytest.mark.parametrize(("typed", "stored"), [
    ("70", "0.70"), ("70 %", "0.70"), ("٧٠", "0.70"), ("٧٢٫٥", "0.725"), ("72,5", "0.725"), ("0", "0"), ("100.00", "1"),
    ("\u00a033,33\u00a0%", "0.3333"),
])
def test_thresholds_as_people_write_them(typed, stored):
    form = FilledForm.of(page(FULL))
    form.fill("1.threshold", typed)
    found = edit(FULL, form)
    assert found.values.get("outcomes", FULL["outcomes"])[0]["threshold"] == stored
    assert found.problems == ()


@pytest.mark.parametrize("typed", ["most", "101", "-1", "33.333", "1,000", "1e1", "NaN", "½", "7" * 40])
def test_other_thresholds_are_refused(typed):
    form = FilledForm.of(page(FULL))
    form.fill("1.threshold", typed)
    assert refused(FULL, edit(FULL, form)) == [("percentage", "outcome locate.threshold")]


@pytest.mark.parametrize(("control", "typed", "code"), [
    ("title", "x" * 251, "text-too-long"), ("description", "x" * 5001, "text-too-long"),
    ("1.title", "x" * 501, "text-too-long"), ("title", "a\x85b", "text-control-character"),
    ("recognition.workload_hours", "three", "number"), ("recognition.workload_hours", "0", "recognition-number"),
    ("recognition.workload_hours", "1,000", "number"), ("recognition.workload_hours", "1e3", "number"),
    ("recognition.workload_hours", "1_000", "number"), ("recognition.workload_hours", "1 500", "number"),
    ("recognition.ects", "7 %", "number"), ("mastery.n", "1.5", "whole-number"),
    ("upkeep.grace_days", "1.5", "whole-number"), ("upkeep.grace_days", "366", "upkeep-number"),
    ("upkeep.valid_months", "0", "upkeep-number"), ("upkeep.valid_months", "two", "whole-number"),
])
def test_unusable_values_are_refused(control, typed, code):
    form = FilledForm.of(page(FULL))
    form.fill(control, typed)
    assert [code for code, _field in refused(FULL, edit(FULL, form))] == [code]


def test_what_becomes_of_an_award_afterwards():
    form = FilledForm.of(page({}))
    assert form.send()["upkeep"] == {"regrade": "keep", "grace_days": "14", "valid_months": ""}
    form.fill("upkeep.regrade", "revoke")
    form.fill("upkeep.grace_days", "٣٠")
    form.fill("upkeep.valid_months", "24")
    found = edit({}, form)
    assert found.values == {"upkeep": {"regrade": "revoke", "grace_days": "30", "valid_months": "24"}}
    assert refused({}, found) == []
    emptied = FilledForm.of(page(FULL))
    emptied.fill("upkeep.valid_months", "")
    assert edit(FULL, emptied).values == {"upkeep": {"regrade": "suspend", "unknown": {"mood": "calm"}}}


def test_problems_name_outcomes_and_activities_by_their_titles():
    problem = InvalidPill("x", code="block-ungraded", field="outcome locate.assessed-by", outcome="locate", block="p1")
    (told,) = FilledForm.of(page(FULL, ("p1",), (problem,))).arguments["problems"]
    title = FULL["outcomes"][0]["title"]
    assert told["place"] == "Outcome 1"
    assert told["text"].startswith(f"Outcome “\u2068{title}\u2069” is assessed by “\u2068Title of p1\u2069”")


def test_an_unusable_weight_is_refused():
    form = FilledForm.of(page(FULL, ("p1",)))
    form.choose("1", "p1", weight="0")
    assert refused(FULL, edit(FULL, form)) == [("weight", "outcome locate.weight")]


def test_a_card_has_rows_only_for_what_assesses_its_outcome():
    form = FilledForm.of(page(FULL, tuple(f"p{number}" for number in range(1, 31))))
    assert [row.get("data-block") for row in form.root.xpath("//*[@data-card]//*[@data-row]")] == ["p1", "p2"]
    assert len(form.root.xpath("//*[@data-option]")) == 30, "one list to choose from, for all cards"


@pytest.mark.parametrize(("count", "searched"), [(8, False), (9, True)])
def test_many_activities_can_be_searched(count, searched):
    form = FilledForm.of(page({}, tuple(f"p{number}" for number in range(count))))
    assert bool(form.root.xpath("//*[@data-mcp='picker-search']")) is searched


def test_without_anything_to_choose_the_card_says_what_to_do():
    form = FilledForm.of(page({"outcomes": [OUTCOME]}))
    assert "There is nothing in this pill yet that gives a score." in form.root.text_content()
    assert not form.root.xpath("//*[@data-action='outcomes-choose'] | //*[@data-mcp='picker']")


@pytest.mark.parametrize("threshold", ["70", "70 %", "most"])
def test_what_was_unusable_before_keeps_nobody_from_saving(threshold):
    fields = {**FULL, "outcomes": [{**OUTCOME, "threshold": threshold}], "recognition": {"eqf_level": "high"}}
    form = FilledForm.of(page(fields, ("p1",)))
    form.fill("title", "A better title")
    found = edit(fields, form)
    assert found.values == {"display_name": "A better title"}
    assert refused(fields, found) == []


def test_what_is_only_unfinished_is_not_refused():
    form = FilledForm.of(page({}))
    form.fill("title", "")
    form.add(title="", threshold="")
    form.fill("mastery.rule", "n-of-m")
    form.fill("recognition.isced_f", "physics")
    form.fill("recognition.quality_assurance.url", "qualiopi")
    assert refused({}, edit({}, form)) == []


def test_an_id_that_cannot_stay_can_be_mended():
    fields = {"outcomes": [{**OUTCOME, "id": "a b"}, OTHER, {**OTHER, "title": "Again"}]}
    form = FilledForm.of(page(fields))
    form.fill("1.id", "a-b")
    form.fill("3.id", "again")
    assert [item["id"] for item in edit(fields, form).values["outcomes"]] == ["a-b", "decide", "again"]
    assert not FilledForm.of(page({"outcomes": [OUTCOME]})).root.xpath("//*[@data-control='1.id']")


@pytest.mark.parametrize(("field", "control"), [
    ("pill.title", "title"), ("outcomes", "outcomes"), ("pill.outcomes", "outcomes"), ("pill.mastery", "mastery.n"),
    ("outcome a.b.threshold", "2.threshold"), ("outcome a.threshold", "1.threshold"), ("outcome a.weight", "1.blocks"),
    ("outcome a.skill", "1.skills"), ("outcome a.b", "2"), ("outcome z.threshold", "outcomes"),
    ("recognition.bloc title", "recognition.bloc.bloc_title"), ("recognition.eqf_level", "recognition.eqf_level"),
    ("recognition", "recognition"), ("mastery.rule", "mastery.rule"), ("badge image.image", "image"), ("pill", "pill"),
    ("badge image.image caption", "image.caption"), ("pill.tag", "pill"), ("upkeep.grace_days", "upkeep.grace_days"),
    ("upkeep", "upkeep"), ("upkeep.regrade", "upkeep.regrade"),
])
def test_each_problem_is_led_to_its_control(field, control):
    problem = InvalidPill("x", code="number", field=field)
    (place,) = places([problem], [{"id": "a"}, {"id": "a.b"}], ["1", "2"], ENGLISH)
    assert place["control"] == control and place["text"] and place["place"]


def test_the_digest_changes_with_every_field():
    digests = {digest({**EMPTY, **FULL, name: "other"}) for name in FIELDS}
    assert len(digests) == len(FIELDS)


def test_author_texts_cannot_become_markup():
    nasty = "</textarea><script>alert(1)</script>\"'{t}"
    fields = {
        "display_name": nasty, "description": nasty,
        "outcomes": [{"id": nasty, "title": nasty, "assessed_by": [{"block": nasty}], "skills": [{"label": nasty}]}],
        "mastery": {"required": [nasty + "x"]},
    }
    form = studio_form.form(page(fields, (nasty,)), ENGLISH)
    assert "<script>" not in form


@pytest.mark.parametrize("change", [
    {"title": 5}, {"outcomes": {}}, {"outcomes": ["x"]}, {"mastery": []}, {"recognition": None},
    {"outcomes": [{"key": "1"}, {"key": "1"}]}, {"title": "\ud800"}, {"outcomes": [{"key": "1", "blocks": [7]}]},
    {"recognition": {"bloc": 3, "quality_assurance": {}}},
])
def test_requests_of_another_form_are_refused(change):
    with pytest.raises(InvalidAnswer):
        studio_edits.read(EMPTY, {**FilledForm.of(page({})).send(), **change}, ENGLISH)


def test_a_tree_deeper_than_any_definition_is_refused():
    deep = []
    for _ in range(500):
        deep = [deep]
    submission = {**FilledForm.of(page({})).send(), "outcomes": [{"key": "1", "source": deep}]}
    with pytest.raises(InvalidAnswer):
        studio_edits.read(EMPTY, submission, ENGLISH)


def languages_of(stored):
    """The options of the form's languages, by value, and the chosen one."""
    shown = FilledForm.of(page({"language": stored}))
    select = shown.control("language")
    options = {option.get("value"): option.text_content() for option in select.xpath(".//option")}
    return options, select.xpath(".//option[@selected]/@value")


def test_every_language_that_is_offered_can_be_named_by_both_credentials():
    options, chosen = languages_of("fr")
    assert chosen == ["fr"] and len(options) > 40 and not {"sw", "oc", "br", "fy", "gsw", "rm", "gd"} & options.keys()
    for code in options:
        assert concepts.elm_language(code)["id"] and checked_language(code) == code


@pytest.mark.parametrize(("stored", "label"), [
    ("sw", "Kiswahili (sw): European credentials cannot name it"), ("oc", "oc: European credentials cannot name it"),
    ("fr-CA", "français (fr-CA)"), ("English", "English"), ("", ""),
])
def test_a_stored_language_stays_chosen_and_says_what_it_cannot(stored, label):
    options, chosen = languages_of(stored)
    assert chosen == [stored] and options[stored] == label
