"""The badge image in the author's form: what is shown, what is stored of what she does, and what she is told."""

from __future__ import annotations

import base64

import pytest

from microcred_xblock.authoring import badge, edits
from microcred_xblock.authoring.page import FormPage
from microcred_xblock.credentials import badge_image
from microcred_xblock.domain.badge import COLOURS, ICONS, SHAPES
from microcred_xblock.domain.errors import InvalidAnswer, InvalidInput
from microcred_xblock.domain.pill import BadgeImage
from microcred_xblock.translation import Translator

from ..credentials.test_badge_upload import png
from .page import EMPTY, FilledForm, page

ENGLISH = Translator("en")
DESIGN = {"shape": "shield", "colour": "navy", "icon": "turbine", "level": "true", "title": "true"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>x</script><path d="M0 0h9v9z"/></svg>'
STORED = {
    "none": {}, "design": {"design": DESIGN, "caption": "A turbine"}, "bare design": {"design": {}},
    "odd design": {"design": {"shape": "heart", "level": "maybe", "unknown": {"size": "9"}}, "unknown": {"x": "1"}},
    "no design": {"design": "shield"}, "both": {"design": {"shape": "seal"}, "svg": SVG, "caption": 5},
    "file": {"src": "/static/x.svg", "caption": "Mine"}, "svg": {"svg": SVG}, "damaged": {"text": "?"},
}


def form_of(stored, **fields) -> FilledForm:
    return FilledForm.of(page({"display_name": "Fault diagnosis", "badge_image": stored, **fields}))


def edited(stored, form: FilledForm, **given):
    fields = {**EMPTY, "display_name": "Fault diagnosis", "badge_image": stored}
    found = edits.read(fields, {**form.send(), **given}, ENGLISH)
    return found.values.get("badge_image", stored), found


def sent(data: bytes) -> dict:
    """What the page sends of an uploaded file."""
    return {"kind": "upload", "data": badge.received(data, ENGLISH)["data"]}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_a_form_that_is_saved_unchanged_changes_nothing(stored):
    value, found = edited(stored, form_of(stored))
    assert value == stored and not found.values


@pytest.mark.parametrize(("stored", "mode"), [
    ({}, "none"), (STORED["design"], "design"), (STORED["file"], "file"), (STORED["svg"], "file"), ("?", "file"),
])
def test_the_way_the_stored_image_is_of_is_chosen(stored, mode):
    assert badge.mode(stored) == mode
    (chosen,) = [box for box in form_of(stored).root.xpath("//*[@data-badge='mode']") if box.get("checked") is not None]
    assert chosen.get("value") == mode


def test_every_choice_is_offered_with_a_name_and_a_drawing():
    root = form_of({}).root
    for name, known in (("shape", SHAPES), ("colour", COLOURS), ("icon", ICONS)):
        boxes = root.xpath("//*[@data-badge=$name]", name=name)
        assert tuple(box.get("value") for box in boxes) == known
        labels = [box.getparent().text_content().strip() for box in boxes]
        assert len(set(labels)) == len(known) and all(labels)
        assert all(box.getparent().xpath(".//*[local-name()='path' or local-name()='circle']") for box in boxes)


def test_a_badge_is_designed():
    form = form_of({})
    for name, value in {"mode": "design", "shape": "hexagon", "icon": "gear", "level": False}.items():
        form.badge(name, value)
    assert edited({}, form)[0] == {"design": {"shape": "hexagon", "icon": "gear", "level": "false"}}
    assert edited({}, form, caption="Cogs")[0]["caption"] == "Cogs"


def test_a_design_takes_the_place_of_a_file_and_keeps_what_is_not_its_own():
    stored = {"src": "/static/x.svg", "media_type": "image/svg+xml", "caption": "Mine", "unknown": {"x": "1"}}
    form = form_of(stored)
    form.badge("mode", "design")
    assert edited(stored, form)[0] == {"design": {}, "caption": "Mine", "unknown": {"x": "1"}}


def test_the_proposed_caption_is_shown_and_not_stored():
    form = form_of({"design": DESIGN}, language="fr")
    assert form.value(form.control("image.caption")) == "Badge\u00a0: Fault diagnosis"
    assert edited({"design": DESIGN}, form)[0] == {"design": DESIGN}
    assert edited({"design": DESIGN}, form, caption="")[0] == {"design": DESIGN}
    assert edited({"design": DESIGN}, form, caption="My own")[0] == {"design": DESIGN, "caption": "My own"}


def test_the_image_is_given_up():
    form = form_of(STORED["file"])
    form.badge("mode", "none")
    assert edited(STORED["file"], form)[0] == {}


@pytest.mark.parametrize("theirs", [{}, STORED["svg"], STORED["design"]], ids=["none", "another", "design"])
def test_a_picture_that_somebody_else_replaced_does_not_get_the_caption_of_hers(theirs):
    mine = {"src": "/static/mine.png", "caption": "Mine"}
    image = {"kind": "kept", "of": badge.made_from(mine)}
    kept, found = edited(mine, form_of(mine), image=image, caption="Mine, told better")
    assert kept == {**mine, "caption": "Mine, told better"} and not found.problems
    value, found = edited(theirs, form_of(mine), image=image, caption="Mine")
    assert value == theirs
    assert [(problem.code, problem.field) for problem in found.problems] == [("image-changed", "badge image.image")]


def test_an_uploaded_picture_is_stored_clean():
    form = form_of({})
    value, found = edited({}, form, image=sent(SVG.encode()), caption="A corner")
    assert found.uploaded and value["caption"] == "A corner"
    assert "script" not in value["svg"] and "<path" in value["svg"]
    value, _found = edited({"design": DESIGN}, form, image=sent(png()), caption="")
    assert badge_image.check_png(base64.b64decode(value["text"])) and set(value) == {"text"}


def test_what_the_page_sends_is_cleaned_again():
    hostile = {"kind": "upload", "data": base64.b64encode(SVG.encode()).decode()}
    assert "script" not in edited({}, form_of({}), image=hostile)[0]["svg"]


@pytest.mark.parametrize(("data", "code"), [
    (b"GIF89a", "image-type"), (b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>", "svg-entities"),
    (b"", "image-empty"),
])
def test_an_unusable_picture_is_refused_at_its_place(data, code):
    given = {"kind": "upload", "data": base64.b64encode(data).decode()}
    value, found = edited(STORED["file"], form_of(STORED["file"]), image=given)
    assert value == STORED["file"]
    (problem,) = found.problems
    assert (problem.code, problem.field) == (code, "badge image.image")


@pytest.mark.parametrize("given", [
    {"kind": "other"}, {"kind": ["none"]}, "none", {"kind": "upload"}, {"kind": "upload", "data": "é"},
    {"kind": "upload", "data": 5}, {"kind": "design", "shape": 4}, {"kind": "design", "icon": ["gear"]},
])
def test_another_form_than_the_pages_is_refused(given):
    with pytest.raises(InvalidAnswer):
        edited({}, form_of({}), image=given)


def test_a_caption_that_is_too_long_is_told_at_its_place():
    _value, found = edited({"design": DESIGN}, form_of({"design": DESIGN}), caption="x" * 501)
    assert [(problem.code, problem.field) for problem in found.problems] == [
        ("text-too-long", "badge image.image caption")
    ]


# While she works


def drawn(image, *, stored=None, shown=None, level=4, title="Fault diagnosis", language="en"):
    return badge.drawn({"image": image, "title": title, "language": language}, stored, shown, level, ENGLISH)


def test_a_design_is_drawn_as_it_stands_in_the_form():
    first = drawn({"kind": "design", **DESIGN, "level": True, "title": True})
    other = drawn({"kind": "design", **DESIGN, "colour": "berry", "level": True, "title": True})
    assert first["url"].startswith("data:image/svg+xml;base64,") and first["url"] != other["url"]
    assert (first["caption"], first["notes"]) == ("Badge: Fault diagnosis", [])
    assert drawn({"kind": "none"})["url"] != first["url"]


@pytest.mark.parametrize(("given", "told"), [
    ({"title": "风力发电机"}, "letters that cannot be drawn"), ({"title": "word " * 30}, "too long"),
    ({"level": None}, "no EQF level"), ({"title": ""}, None),
])
def test_what_is_left_off_is_told(given, told):
    notes = drawn({"kind": "design", **DESIGN, "level": True, "title": True}, **given)["notes"]
    assert len(notes) == (told is not None) and all(told in note for note in notes)


def test_what_is_not_shown_is_not_told_of():
    image = {"kind": "design", **DESIGN, "level": False, "title": False}
    assert drawn(image, title="风力发电机", level=None)["notes"] == []


@pytest.mark.parametrize("title", ["\ud800", "a\0b", "<script>alert(1)</script>", "x" * 100_000, None, ["x"]])
def test_a_title_that_is_still_being_typed_does_no_harm(title):
    for kind in ("none", "design"):
        answer = drawn({"kind": kind, "level": True, "title": True}, title=title)
        svg = base64.b64decode(answer["url"].partition("base64,")[2])
        assert badge_image.sanitise_svg(svg) and b"<script" not in svg


def test_the_stored_picture_is_judged_too():
    pale = BadgeImage(media_type="image/svg+xml", caption="x", data=(
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'><circle cx='50' cy='50' r='49' fill='#8ab'/>"
        b"<path d='M30 30h40v40z' fill='#9bc'/></svg>"
    ))
    answer = drawn({"kind": "kept"}, stored={"svg": "…"}, shown=pale)
    assert "stronger contrast" in answer["notes"][0]
    assert drawn({"kind": "kept"}, stored={})["url"] == drawn({"kind": "none"})["url"], "nothing was chosen yet"
    assert drawn({"kind": "kept"}, stored={"svg": "…"}, shown=None)["url"] == ""


def test_an_unusable_design_is_refused():
    with pytest.raises(InvalidInput):
        drawn({"kind": "design", "shape": "heart", "level": True, "title": True})


def test_what_comes_of_an_upload():
    answer = badge.received(png(size=(2000, 1500)), ENGLISH)
    assert (answer["width"], answer["height"]) == (2000, 1500)
    assert answer["url"].endswith(answer["data"]) and "2000 × 1500" in answer["notes"][0]


def test_a_form_can_be_made_of_an_image_that_cannot_be_shown():
    fields = {**EMPTY, "badge_image": {"text": "?"}}
    shown = badge.model(FormPage(key="p", fields=fields, problems=(), blocks=(), image={}), ENGLISH)
    assert shown["mode"] == "file" and shown["image"] == {}
