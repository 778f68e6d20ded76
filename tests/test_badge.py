"""The badge of a pill from its OLX on: a design is read, drawn, told of, exported, and changes no version."""

from __future__ import annotations

import base64
import io
import json
from unittest.mock import Mock

import pytest
import webob
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from workbench.runtime import WorkbenchRuntime

from microcred_xblock import compat
from microcred_xblock.compat import saving

from . import pills
from .authoring.page import FilledForm
from .credentials.test_badge_upload import png
from .scorebox import OldBox, PlainBox, ScoreBox, installed

pytestmark = pytest.mark.django_db
DESIGN = '<design shape="shield" colour="navy" icon="turbine" level="true" title="false"/>'
VERSION = "fd74bbafabef"  # of the pill in pills.PILL, before badges could be designed


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


def designed(design: str = DESIGN, caption: str = ' caption="A turbine"') -> str:
    """The pill with a designed badge."""
    return pills.PILL.replace(
        f'<badge-image caption="A badge">{pills.SVG}</badge-image>', f"<badge-image{caption}>{design}</badge-image>"
    )


def test_a_designed_badge_is_part_of_the_pill_but_not_of_its_version():
    pill = pills.block(pills.parse(designed())).pill()
    assert (pill.image.media_type, pill.image.caption) == ("image/png", "A turbine")
    assert Image.open(io.BytesIO(pill.image.data)).size == (600, 600)
    assert pill.version == pills.block(pills.parse()).pill().version == VERSION


def test_without_a_caption_the_proposed_one_counts():
    pill = pills.block(pills.parse(designed(caption="").replace('language="en"', 'language="fr"'))).pill()
    assert pill.image.caption == "Badge\u00a0: Fault diagnosis"


def test_the_badge_follows_the_level_of_the_pill():
    one, other = (
        pills.block(pills.parse(designed().replace('eqf-level="4"', f'eqf-level="{level}"'))).pill() for level in (4, 5)
    )
    assert one.image.data != other.image.data


def test_a_design_comes_back_from_an_export_as_it_was():
    usage = pills.parse(designed('<design icon="gear" level="maybe" size="9"><dot/></design>'))
    block, file = pills.block(usage), io.BytesIO()
    assert block.badge_image == {
        "caption": "A turbine", "design": {
            "icon": "gear", "level": "maybe", "unknown": {"size": "9"}, "unknown_elements": ["<dot/>"],
        },
    }
    block.runtime.export_to_xml(block, file)
    again = WorkbenchRuntime("author")
    again.id_generator.set_scenario("again")
    exported = file.getvalue().decode().partition("?>")[2]
    assert '<design icon="gear" level="maybe" size="9">' in exported
    assert pills.block(again.parse_xml_string(exported)).badge_image == block.badge_image


@pytest.mark.parametrize(("design", "field", "code"), [
    ('<design shape="heart"/>', "badge image.badge shape", "choice"),
    ('<design colour="#f00"/>', "badge image.badge colour", "choice"),
    ('<design icon=""/>', "badge image.badge icon", "choice"),
    ('<design title="yes"/>', "badge image.badge title", "yes-no"),
    ('<design size="9"/>', "badge image", "olx-unknown"),
])
def test_what_is_wrong_with_a_design_is_told(design, field, code):
    (problem,) = pills.block(pills.parse(designed(design))).problems()
    assert (problem.field, problem.code) == (field, code)


def test_a_learner_sees_the_designed_badge():
    usage = pills.parse(designed())
    block = pills.block(usage)
    html = block.runtime.render(block, "student_view").content
    assert 'alt="A turbine"' in html and "data:image/png;base64," in html


# In Studio


def upload(usage, data, *, learner="staff", name="badge.png", **headers):
    """The answer to a picture chosen in the form."""
    request = webob.Request.blank("/", POST={"file": (name, data)})
    request.headers.update(headers)
    block = pills.block(usage, learner)
    response = block.runtime.handle(block, "upload_badge", request)
    return response.status_code, json.loads(response.body)


def form_of(usage) -> FilledForm:
    answer = pills.call(usage, "edit_form", learner="staff").data
    return FilledForm(answer["html"], answer["args"])


def save(usage, form, **given):
    return pills.call(usage, "save_pill", {**form.send(), **given}, learner="staff")


def test_an_upload_is_answered_and_stores_nothing():
    usage = pills.parse()
    before = pills.block(usage).badge_image
    status, answer = upload(usage, png())
    assert (status, answer["ok"], answer["width"], answer["height"]) == (200, True, 300, 200)
    assert pills.block(usage).badge_image == before


@pytest.mark.parametrize(("data", "code", "words"), [
    (b"\0" * 5_000_001, "upload-size", "at most 5 MB"), (b"GIF89a", "image-type", "PNG or SVG"),
    (b"", "image-empty", "empty"), (b"<svg><!ENTITY", "svg-entities", "entities"),
    (png(size=(900, 90)), "image-ratio", "square"),
])
def test_a_picture_that_cannot_be_used_is_refused_in_words(data, code, words):
    status, answer = upload(pills.parse(), data)
    assert (status, answer["code"]) == (400, code)
    assert words in answer["message"]


def test_fifty_megabytes_are_refused_unread():
    class Unread(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, _buffer):
            raise AssertionError("the body was read")

    request = webob.Request.blank("/", method="POST")
    request.content_type = "multipart/form-data; boundary=x"
    request.body_file = Unread()
    for size, code in (("50000000", "upload-size"), (None, "request-field")):
        request.content_length = size
        block = pills.block(pills.parse(), "staff")
        response = block.runtime.handle(block, "upload_badge", request)
        assert json.loads(response.body)["code"] == code
    request.content_length = "50000000"
    assert "50 MB" in json.loads(block.runtime.handle(block, "upload_badge", request).body)["message"]


DAMAGED = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5) | st.sampled_from(["true", "seal"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=4,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.dictionaries(
    st.sampled_from(["caption", "svg", "src", "text", "design", "unknown", "media_type", "x"]),
    DAMAGED | st.dictionaries(st.sampled_from(["shape", "colour", "icon", "level", "title"]), DAMAGED, max_size=3),
    max_size=4,
))
def test_a_form_can_be_made_and_saved_of_whatever_is_stored(data):
    block = pills.block(pills.parse(), "staff")
    block.badge_image = data
    block.save()
    usage = block.scope_ids.usage_id
    assert pills.block(usage).problems() is not None
    form = form_of(usage)
    assert pills.call(usage, "draw_badge", {"image": {"kind": "kept"}, "title": "x"}, learner="staff").data["ok"]
    assert save(usage, form).status == 200
    assert pills.block(usage).badge_image == data


def test_an_image_that_cannot_be_shown_is_not_shown_as_another():
    usage = pills.parse(pills.PILL.replace(pills.SVG, "no picture"))
    assert "The image cannot be shown." in form_of(usage).root.text_content()
    kept = pills.call(usage, "draw_badge", {"image": {"kind": "kept"}, "title": "x"}, learner="staff").data
    assert kept["ok"] and kept["url"] == ""


@pytest.mark.parametrize("handler", ["upload_badge", "draw_badge"])
def test_only_authors_may_ask(handler):
    usage = pills.parse()
    answer = upload(usage, png(), learner="ann") if handler == "upload_badge" else None
    if answer is None:
        found = pills.call(usage, "draw_badge", {}, learner="ann")
        answer = (found.status, found.data)
    assert (answer[0], answer[1]["code"]) == (403, "author-required")


def test_a_request_without_a_file_is_refused():
    usage = pills.parse()
    for body in ({}, {"file": "text"}):
        block = pills.block(usage, "staff")
        response = block.runtime.handle(block, "upload_badge", webob.Request.blank("/", POST=body))
        assert (response.status_code, json.loads(response.body)["code"]) == (400, "request-field")


def test_an_uploaded_picture_is_stored_with_the_next_save():
    usage = pills.parse()
    data = upload(usage, png())[1]["data"]
    answer = save(usage, form_of(usage), image={"kind": "upload", "data": data}, caption="")
    assert answer.status == 200
    assert [problem["control"] for problem in answer.data["args"]["problems"]] == ["image.caption"]
    assert pills.block(usage).badge_image == {"text": data}, "there are no files here: it is kept in the pill"
    shown = form_of(usage).root.xpath("//img[@data-badge-picture]/@src")
    assert shown.count(f"data:image/png;base64,{data}") == 1, "seen although its text is wanting, and sent once"
    kept = pills.call(usage, "draw_badge", {"image": {"kind": "kept"}, "title": "x"}, learner="staff").data
    assert kept["url"] in shown
    assert save(usage, form_of(usage), caption="Plain").data["args"]["problems"] == []
    image = pills.block(usage).pill().image
    assert (image.media_type, image.caption) == ("image/png", "Plain")


def test_a_save_that_is_refused_puts_no_file_anywhere(monkeypatch):
    usage, kept = pills.parse(), []
    monkeypatch.setattr(compat, "save_course_file", lambda *given: kept.append(given) or "/static/kept.png")
    image = {"kind": "upload", "data": upload(usage, png())[1]["data"]}
    form = form_of(usage)
    form.fill("1.threshold", "most")
    assert save(usage, form, image=image).status == 400 and not kept
    form.fill("1.threshold", "70")
    assert save(usage, form, image=image, caption="Mine").status == 200
    ((_block, stem, ending, media_type, data),) = kept
    assert stem.startswith("badge-") and (ending, media_type) == ("png", "image/png") and data == base64.b64decode(
        image["data"]
    )
    assert pills.block(usage).badge_image == {"src": "/static/kept.png", "caption": "Mine"}


def test_who_cannot_store_a_picture_can_save_without_it_at_once(monkeypatch):
    """Nothing was saved, so nobody must tell her that somebody changed the pill."""
    monkeypatch.setattr(saving, "platform", lambda: compat.STUDIO)
    usage = pills.parse()
    image = {"kind": "upload", "data": upload(usage, png())[1]["data"]}
    form = form_of(usage)
    with monkeypatch.context() as away:
        away.setattr(compat, "save_course_file", Mock(side_effect=OSError("the store is away")))
        with pytest.raises(OSError, match="away"):
            save(usage, form, image=image, caption="Mine")
    form.fill("title", "Without a picture")
    assert save(usage, form).status == 200
    assert pills.block(usage).display_name == "Without a picture"


def test_a_badge_is_designed_in_the_form_and_drawn_for_learners():
    usage, form = pills.parse(), None
    form = form_of(usage)
    for name, value in {"mode": "design", "shape": "pennant", "colour": "sun", "icon": "safety"}.items():
        form.badge(name, value)
    assert save(usage, form, caption="").data["args"]["problems"] == []
    assert pills.block(usage).badge_image == {"design": {"shape": "pennant", "colour": "sun", "icon": "safety"}}
    assert pills.block(usage).pill().image.caption == "Badge: Fault diagnosis"
    form = form_of(usage)
    form.badge("mode", "none")
    assert save(usage, form).status == 200 and pills.block(usage).pill().image is None


def test_a_design_that_nobody_could_choose_is_refused():
    usage = pills.parse()
    answer = save(usage, form_of(usage), image={"kind": "design", "shape": "heart", "level": True, "title": True})
    assert answer.status == 400
    assert [problem["control"] for problem in answer.data["problems"]] == ["image.shape"]


def test_the_badge_is_drawn_while_she_works():
    usage = pills.parse()
    image = {"kind": "design", "shape": "seal", "colour": "red", "icon": "star", "level": True, "title": True}
    one, other = (
        pills.call(usage, "draw_badge", {"image": image, "title": "New", "language": "fr", "eqf_level": level},
                   learner="staff").data for level in ("4", "5")
    )
    assert one["ok"] and one["url"] != other["url"] and one["caption"] == "Badge\u00a0: New"
    assert pills.call(usage, "draw_badge", ["odd"], learner="staff").data["ok"]
    odd = pills.call(usage, "draw_badge", {"image": {**image, "icon": "?"}}, learner="staff")
    assert (odd.status, odd.data["code"]) == (400, "choice")
