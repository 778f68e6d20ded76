"""What the templates' own tags make of texts that nobody checked."""

from __future__ import annotations

import pytest
from django.template import Context
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.authoring import members
from microcred_xblock.authoring.blocks import Block
from microcred_xblock.authoring.card import control, options
from microcred_xblock.rendering import _engine, render
from microcred_xblock.translation import Translator

ENGLISH = Translator("en")
TEXTS = st.text(max_size=6) | st.sampled_from(["", "name", "\0", "<b>", "\"'&", "{{ uid }}", "{x}"])


def stamped(template: str, name: str, values: dict) -> str:
    tag = _engine().from_string(f'{{% stamp "{template}" "{name}" it %}}')
    return tag.render(Context({"translator": ENGLISH, "uid": "form", "it": values}))


@given(TEXTS, TEXTS, st.sampled_from(["line", "text", "number", "date"]), st.sampled_from(["", "A <hint>"]))
def test_a_stamped_control_is_the_one_its_template_makes(value, label, kind, hint):
    made = control("1.title", label, value, kind=kind, hint=hint)
    assert stamped("studio_control.html", "control", made) == render(
        "studio_control.html", ENGLISH, uid="form", control=made
    )


@given(TEXTS, st.booleans())
def test_so_is_a_select(value, narrow):
    made = control("1.kind", "Kind", value, options=options({"a": "A", "": "<none>"}, value), narrow=narrow)
    assert stamped("studio_control.html", "control", made) == render(
        "studio_control.html", ENGLISH, uid="form", control=made
    )


@given(st.lists(st.fixed_dictionaries({"block": TEXTS}, optional={"weight": TEXTS, "threshold": TEXTS}), max_size=3))
def test_and_a_row(stored):
    inside = {"name": Block(reference="name", title="<Title>", graded=False)}
    for row in members.rows("1", stored, inside, ENGLISH):
        assert stamped("studio_row.html", "row", row) == render("studio_row.html", ENGLISH, uid="form", row=row)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_stamps_are_their_readers_own(language):
    row = members.rows("1", [{"block": "p1"}], {}, Translator(language))[0]
    made = render("studio_row.html", Translator(language), uid="form", row=row)
    assert ("Missing block" in made) is (language == "en")


def test_options_are_escaped_and_one_is_chosen():
    tag = _engine().from_string("{% options it 'b' %}")
    made = tag.render(Context({"it": [{"value": "a", "label": "<A>", "lang": "en"}, {"value": "b", "label": "\""}]}))
    assert made == '<option value="a" lang="en">&lt;A&gt;</option><option value="b" selected>&quot;</option>'
