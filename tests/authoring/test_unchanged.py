"""The author's form keeps what it shows: saved unchanged, no pill changes, whatever its author or accident wrote."""

from __future__ import annotations

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcred_xblock import definition
from microcred_xblock.authoring import edits
from microcred_xblock.definition import Definition
from microcred_xblock.translation import Translator
from tests import strategies

from .page import EMPTY, FilledForm, page

LANGUAGES = st.sampled_from(("en", "fr", "ar"))


def examples(count: int):
    return settings(
        max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )


def saved(fields: dict, language: str) -> edits.Edit:
    """What a save stores of a form that nobody touched."""
    stored = {**EMPTY, **fields}
    before = copy.deepcopy(stored)
    problems = definition.read(Definition(
        id="pill", title=stored["display_name"], description=stored["description"], language=stored["language"],
        outcomes=stored["outcomes"], mastery=stored["mastery"], recognition=stored["recognition"],
        upkeep=stored["upkeep"],
    ))[1]
    form = FilledForm.of(page(fields, strategies.BLOCKS[:4], problems), language)
    found = edits.read(stored, form.send(), Translator(language))
    assert stored == before, "what is stored is never changed in place"
    assert edits.refused(problems, problems, found) == [], "nobody is kept from saving by what was there before"
    return found


@examples(40)
@given(strategies.written(), LANGUAGES)
def test_a_sound_pill(fields, language):
    assert saved(fields, language).values == {}


@examples(40)
@given(strategies.messy() | strategies.damaged(), LANGUAGES)
def test_any_other(fields, language):
    named = {  # an outcome without an id gets one: that is all
        "outcomes": [
            {**item, "id": new["id"]} if isinstance(item, dict) and not item.get("id") else item
            for item, new in zip(
                fields["outcomes"], saved(fields, language).values.get("outcomes", fields["outcomes"]), strict=True
            )
        ]
    }
    assert saved(fields, language).values in ({}, named)
