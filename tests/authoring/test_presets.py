"""Examples to start from: complete in every language, usable as they are, and with nothing made up about France."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from microcred_xblock.authoring import presets, wording
from microcred_xblock.authoring.frameworks import form
from microcred_xblock.definition import Definition, read
from microcred_xblock.domain.errors import InvalidAnswer
from microcred_xblock.inheritance import COURSE, layer
from microcred_xblock.translation import Translator

from .page import FilledForm, page

LANGUAGES = ("en", "fr", "ar")
ENGLISH = Translator("en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", presets.PRESETS)
def test_an_example_is_whole_in_every_language(name, language):
    found = presets.values(name, language, ENGLISH)
    assert len(found["outcomes"]) >= 2 and found["title"]
    titles = [outcome["title"] for outcome in found["outcomes"]]
    assert len(set(titles)) == len(titles)
    for outcome in found["outcomes"]:
        assert re.search(r"\[[^\[\]]+\]", outcome["title"]), "something for the author to replace"
        assert outcome["description"].count("[") == outcome["description"].count("]")
        assert not outcome["title"].endswith("."), "an outcome is no sentence"
        assert [code for code, _word in wording.advice(outcome["title"], language)] == ["blank"], "as we advise others"
    if language == "ar":
        assert all(re.search("[\u0600-\u06ff]", title) for title in titles)


def test_the_texts_are_parallel():
    folder = Path(presets.__file__).parent / "preset_texts"
    texts = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    assert set(texts) == set(LANGUAGES)
    for words in texts.values():
        assert {name: len(outcomes) for name, outcomes in words.items()} == {
            name: len(preset.outcomes) for name, preset in presets.PRESETS.items()
        }
        assert not re.search(r"(RNCP|RS)\s*\d", json.dumps(words)), "no code of a certification is made up"
    for preset in presets.PRESETS.values():
        assert not re.search(r"(RNCP|RS)\s*\d", preset.after + preset.about)


@pytest.mark.parametrize("name", presets.PRESETS)
def test_the_form_takes_an_example_and_it_makes_a_pill(name):
    """Its values are choices that the form has, and together they are no problem but for what she still decides."""
    filled, found = FilledForm.of(page({}, blocks=("p",))), presets.values(name, "en", ENGLISH)
    for control, value in found["suggested"].items():
        filled.fill(control, value)
    outcomes = []
    for outcome in found["outcomes"]:
        key = filled.add(**outcome)
        filled.choose(key, "p")
        outcomes.append({
            **outcome, "id": key, "threshold": str(int(outcome["threshold"]) / 100), "assessed_by": [{"block": "p"}],
        })
    pick = {
        part: {control.partition(".")[2]: value for control, value in found["suggested"].items()
               if control.startswith(part)} for part in ("mastery", "recognition", "upkeep")
    }
    pill, problems = read(Definition(id="p", title="T", description="D", outcomes=outcomes, **pick))
    assert problems == () and pill is not None


def test_numbers_are_the_readers_and_the_language_may_have_a_region():
    assert presets.values("safety", "fr-CA", ENGLISH)["outcomes"][0]["title"].startswith("Identifier les dangers")
    assert presets.values("safety", "de", ENGLISH)["outcomes"][0]["title"].startswith("Identify")
    assert presets.values("safety", ["fr"], ENGLISH)["outcomes"][0]["threshold"] == "80"


@pytest.mark.parametrize("name", ["", "blank", None, ["safety"], {"a": 1}])
def test_an_unknown_example_is_refused(name):
    with pytest.raises(InvalidAnswer):
        presets.values(name, "en", ENGLISH)


def test_a_new_pill_is_met_with_the_examples_and_a_written_one_is_not():
    new = FilledForm.of(page({}))
    assert new.root.xpath("//*[@data-from='start']") and not new.root.xpath("//*[@data-from='body'][@hidden]")
    for fields in ({"description": "D"}, {"outcomes": [{"title": "T"}]}, {"recognition": {"ects": "1"}}):
        written = FilledForm.of(page(fields))
        assert not written.root.xpath("//*[@data-from='start']")
        assert written.root.xpath("//*[@data-from='body'][@hidden]")


def test_only_what_nothing_is_stored_for_may_be_suggested():
    unused = form.script(page({"recognition": {"mode": "online"}, "upkeep": {"regrade": "keep"}}), ENGLISH)["unused"]
    assert "recognition.mode" not in unused and "upkeep.regrade" not in unused
    assert {"recognition.supervision", "upkeep.valid_months", "mastery.rule"} <= set(unused)
    assert set(unused) >= {
        name for preset in presets.PRESETS.values() for name in preset.suggested
    } - {"recognition.mode", "upkeep.regrade"}


def test_what_the_course_says_or_the_pill_leaves_unsaid_is_not_suggested():
    shown = page({"recognition": {"not_stated": ["supervision"]}})
    shown = replace(shown, layers=[layer(COURSE, {"mode": "blended"})])
    unused = form.script(shown, ENGLISH)["unused"]
    assert "recognition.assessment_type" in unused
    assert not {"recognition.mode", "recognition.supervision"} & set(unused)
