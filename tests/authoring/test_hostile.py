"""What an attacker writes into a pill is text on every page of authors and learners, and is refused or kept whole."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from lxml import html

from microcred_xblock.authoring import edits
from microcred_xblock.domain.errors import InvalidAnswer
from microcred_xblock.translation import Translator
from tests import hostile, pills
from tests.scorebox import OldBox, PlainBox, ScoreBox, installed

from .page import EMPTY, FilledForm, page

ENGLISH = Translator("en")
PLAIN = "plain words"


def everywhere(text: str) -> dict[str, Any]:
    """A pill with ``text`` in every place that can hold any."""
    member = {"block": text, "weight": text, "threshold": text, "unknown": {text: text}}
    group = {"members": [member, {"block": "p1"}], "logic": text, "weight": text, "threshold": text}
    return {
        "display_name": text, "language": text, "description": text,
        "outcomes": [
            {
                "id": text, "title": text, "description": text, "kind": text, "reuse": text, "threshold": text,
                "logic": text, "all_attempted": text, "assessed_by": [member, group, {"block": "p2", "weight": text}],
                "skills": [{"uri": text, "label": text, "framework": text}], "unknown": {text: text},
                "unknown_elements": [text],
            },
            text, {"id": "sound", "title": text, "threshold": "0.5", "assessed_by": [{"block": "p1"}]},
        ],
        "mastery": {"rule": text, "n": text, "required": [text, "sound"], "unknown": {text: text}},
        "recognition": {
            **dict.fromkeys((
                "workload_hours", "ects", "eqf_level", "isced_f", "mode", "assessment_type", "supervision",
                "prerequisites", "stackability", "further_information",
            ), text),
            "quality_assurance": {"title": text, "agency": text, "url": text},
            "nqf": {"framework": text, "level": text, "url": text},
            "towards": {"title": text, "framework": text, "code": text, "url": text},
            "bloc": dict.fromkeys(
                ("certification", "certification_title", "bloc", "bloc_title", "url", "valid_until"), text
            ),
            "not_stated": [text], "unknown": {text: text},
        },
        "upkeep": {"regrade": text, "grace_days": text, "valid_months": text, "unknown": {text: text}},
        "badge_image": {"caption": text, "src": text},
    }


def in_use(text: str) -> dict[str, Any]:
    """A sound pill with ``text`` wherever an author is free to write."""
    fields = everywhere(text)
    outcome = {
        "id": "one", "title": text, "description": text, "threshold": "0.5",
        "skills": [{"uri": "https://x.example/", "label": text, "framework": text}], "assessed_by": [{"block": "p1"}],
    }
    recognition = fields["recognition"]
    return {
        "display_name": text, "language": "en", "description": text, "outcomes": [outcome],
        "recognition": {
            "prerequisites": text, "quality_assurance": {"title": text, "agency": text},
            "nqf": {"framework": text, "level": text}, "towards": {**recognition["towards"], "url": "https://x.example/"},
            "bloc": {"certification": "RNCP1", "certification_title": text, "bloc": "RNCP1BC01", "bloc_title": text},
        },
        "badge_image": {"caption": text, "design": {}}, "tags": [text],
    }


def skeleton(markup: str) -> Counter:
    """The elements of a page with the names of their attributes: what must not follow from a text."""
    root = html.fragment_fromstring(markup, create_parent=True)
    found = Counter()
    for element in root.iter():
        if isinstance(element.tag, str):
            found[element.tag, tuple(sorted(element.attrib))] += 1
        else:
            found["comment"] += 1
    return found


@pytest.mark.parametrize("name", hostile.TEXTS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_form_shows_it_as_text_and_sends_it_back_whole(name, language):
    text = hostile.TEXTS[name]
    shown, plain = (page(everywhere(words), (words, "p1", "p2")) for words in (text, PLAIN))
    form = FilledForm.of(shown, language)
    assert skeleton(html.tostring(form.root, encoding="unicode")) == skeleton(
        html.tostring(FilledForm.of(plain, language).root, encoding="unicode")
    )
    assert edits.read({**EMPTY, **shown.fields}, form.send(), Translator(language)).values == {}


@pytest.mark.parametrize("name", hostile.TEXTS)
def test_what_is_typed_is_stored_as_it_was_typed(name):
    text, stored = hostile.TEXTS[name], {**EMPTY, "badge_image": {"design": {}}}
    form = FilledForm.of(page(stored, ("p1",)))
    form.add(title=text, description=text)
    typed = {
        control.get("data-control") for control in form.root.xpath("//textarea[@data-control]|//input[@data-control]")
        if control.get("type") == "text" and control.get("inputmode") is None
    }
    for control in typed:
        form.fill(control, text)
    again = FilledForm.of(page({**stored, **edits.read(stored, form.send(), ENGLISH).values}, ("p1",)))
    for control in typed:
        assert again.value(again.control(control.replace("new1.", "1."))) == text, control


@pytest.mark.parametrize("name", hostile.UNSTORABLE)
def test_what_cannot_be_stored_is_refused_in_every_field(name):
    sent = FilledForm.of(page(everywhere(PLAIN), ("p1",))).send()
    texts = [path for path in hostile.places(sent) if isinstance(_at(sent, path), str)]
    assert len(texts) > 60
    for path in texts:
        with pytest.raises(InvalidAnswer):
            edits.read(EMPTY, hostile.replaced(sent, path, hostile.UNSTORABLE[name]), ENGLISH)


def _at(value, path):
    for key in path:
        value = value[key]
    return value


@pytest.fixture
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


BARE = """<learning_pill url_name="pill">
<scorebox url_name="p1" display_name="First"/><scorebox url_name="p2" display_name="Second"/></learning_pill>"""


def block_of(fields: dict[str, Any], learner: str):
    usage = pills.parse(BARE)
    block = pills.block(usage)
    for name, value in fields.items():
        setattr(block, name, value)
    block.save()
    return pills.block(usage, learner)


@pytest.mark.django_db
@pytest.mark.parametrize("name", hostile.TEXTS)
@pytest.mark.parametrize("pill", [everywhere, in_use])
@pytest.mark.parametrize(("view", "learner"), [
    ("studio_view", "staff"), ("author_view", "staff"), ("student_view", "ann"), ("student_view", "staff"),
    ("public_view", None),
])
def test_every_page_shows_it_as_text(boxes, name, pill, view, learner):
    text = hostile.TEXTS[name]
    shown, plain = (getattr(block_of(pill(words), learner), view)() for words in (text, PLAIN))
    assert skeleton(shown.content) == skeleton(plain.content)
    json.dumps(shown.json_init_args)  # as every runtime hands it over


@pytest.mark.django_db
@pytest.mark.parametrize("name", hostile.TEXTS)
def test_the_preview_shows_it_as_text(boxes, name):
    shown, plain = (
        pills.call(block_of(in_use(words), "staff").scope_ids.usage_id, "rehearse", learner="staff").data["html"]
        for words in (hostile.TEXTS[name], PLAIN)
    )
    assert skeleton(shown) == skeleton(plain)


@pytest.mark.django_db
@pytest.mark.parametrize("text", [hostile.LONG, *hostile.CONTROLS.values()])
def test_what_no_credential_may_hold_is_refused_and_changes_nothing(boxes, text):
    usage = block_of(in_use(PLAIN), "staff").scope_ids.usage_id
    answer = pills.call(usage, "edit_form", learner="staff").data
    for control in ("title", "description", "1.title", "1.description", "recognition.prerequisites"):
        form = FilledForm(answer["html"], answer["args"])
        sent = form.send()
        path = ("outcomes", 0, control[2:]) if control.startswith("1.") else tuple(control.split("."))
        refused = pills.call(usage, "save_pill", hostile.replaced(sent, path, text), learner="staff")
        assert (refused.status, refused.data["code"]) == (400, "form-unusable")
        assert [problem["control"] for problem in refused.data["problems"]] == [control]
    assert pills.call(usage, "edit_form", learner="staff").data["args"]["digest"] == answer["args"]["digest"]
