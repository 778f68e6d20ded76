"""Designed badges: sound drawings, enough contrast, titles that can be read, and their way into both credentials."""

from __future__ import annotations

import base64
import io
import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image, ImageChops

from microcred_xblock import badge
from microcred_xblock.credentials import badge_design, badge_image, baking, elm
from microcred_xblock.credentials.badge_icons import ICONS as DRAWN_ICONS
from microcred_xblock.domain.badge import COLOURS, ICONS, SHAPES, BadgeDesign
from microcred_xblock.domain.errors import InvalidInput, InvalidPill
from tests.factories import CREDENTIAL_ID, NOW, make_award, make_holder, make_issuer, make_pill

TITLE = "Fault diagnosis on a wind turbine"
DESIGN = {"shape": "shield", "colour": "navy", "icon": "turbine", "level": "true", "title": "true"}


def designs() -> st.SearchStrategy[BadgeDesign]:
    return st.builds(
        BadgeDesign, shape=st.sampled_from(SHAPES), colour=st.sampled_from(COLOURS), icon=st.sampled_from(ICONS),
        level=st.booleans(), title=st.booleans(),
    )


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_name_has_its_drawing():
    assert set(DRAWN_ICONS) == set(ICONS)
    assert set(badge_design.PALETTES) == set(COLOURS)
    for shape in SHAPES:
        assert badge_design.draw(BadgeDesign(shape=shape), title=TITLE, level=4, caption="x")
    pictures = [
        badge_design.draw(BadgeDesign(shape=shape, colour=colour, icon=icon), title="x", level=4, caption="x")
        for shape, colour, icon in itertools.product(SHAPES, COLOURS, ICONS)
    ]
    assert len(set(pictures)) == len(SHAPES) * len(COLOURS) * len(ICONS)


@pytest.mark.parametrize("colour", COLOURS)
def test_everything_stands_out_from_what_it_is_on(colour):
    palette = badge_design.PALETTES[colour]
    for ground in (palette.top, palette.bottom):
        assert contrast(palette.ink, ground) >= 3, "the icon"
        assert contrast(palette.accent, ground) >= 3, "the level"
    assert contrast(palette.edge, palette.rim) >= 4.5, "the title on its band"
    assert contrast(palette.edge, "#ffffff") >= 3, "the badge on a light page"
    assert contrast(palette.rim, "#1b2229") >= 3, "the badge on a dark page"


@settings(deadline=None, max_examples=40)
@given(design=designs(), title=st.text(max_size=60), level=st.none() | st.integers(1, 8))
def test_a_drawing_is_sound_whatever_the_title(design, title, level):
    caption = "".join(character for character in title if character.isprintable()) or "x"
    svg = badge_design.draw(design, title=title, level=level, caption=caption)
    assert svg == badge_design.draw.__wrapped__(design, title=title, level=level, caption=caption)
    clean = badge_image.sanitise_svg(svg)
    assert len(etree.fromstring(clean).findall(".//{*}path")) == len(etree.fromstring(svg).findall(".//{*}path"))
    assert b"<text" not in svg, "no font is needed"
    assert len(svg) < 120_000


@settings(deadline=None, max_examples=15)
@given(design=designs(), level=st.none() | st.integers(1, 8))
def test_a_drawing_can_be_shown(design, level):
    image = badge_image.designed_png(design, title=TITLE, level=level, caption="x")
    picture = Image.open(io.BytesIO(image.data)).convert("RGBA")
    assert picture.size == (600, 600)
    assert picture.getpixel((0, 0))[3] == 0, "nothing around it"
    left, top, right, bottom = picture.getbbox()
    assert min(left, top, 600 - right, 600 - bottom) >= 2, "nothing is cut off"
    assert len(image.data) < 30_000, "it travels in every credential"


@settings(deadline=None, max_examples=8)
@given(design=designs())
def test_as_png_it_is_what_was_drawn(design):
    png = badge_image.designed_png(design, title=TITLE, level=4, caption="x").data
    svg = badge_design.draw(design, title=TITLE, level=4, caption="x")
    for ground in ("#ffffff", "#1b2229"):
        one, other = (Image.new("RGBA", (600, 600), ground) for _ in range(2))
        one.alpha_composite(Image.open(io.BytesIO(png)).convert("RGBA"))
        other.alpha_composite(Image.open(io.BytesIO(badge_image.render(svg, width=600))).convert("RGBA"))
        counts = ImageChops.difference(one, other).convert("RGB").convert("L").histogram()
        assert sum(counts[12:]) < 0.002 * 600 * 600, "no colour is far off"
        assert sum(counts[6:]) < 0.02 * 600 * 600


def test_the_level_is_shown_only_where_there_is_one():
    def pips(level, shown=True):
        design = BadgeDesign(icon="drop", level=shown)
        return badge_design.draw(design, title="x", level=level, caption="x").count(b"<circle")

    assert pips(None) == pips(5, shown=False) == 0
    assert pips(1) == pips(8) == 8
    drawings = {badge_design.draw(BadgeDesign(), title="x", level=level, caption="x") for level in (None, *range(1, 9))}
    assert len(drawings) == 9


@pytest.mark.parametrize(("title", "fits", "drawable"), [
    (TITLE, True, True), ("تشخيص أعطال توربينات الرياح", True, True), ("אבחון תקלות", True, True),
    ("Diagnostic de pannes sur une éolienne", True, True), ("Sécurité", True, True),
    ("", False, True), ("   ", False, True), ("风力发电机", False, False), ("😀 safety", False, False),
    ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", False, True), (" ".join(["word"] * 60), False, True),
])
def test_a_title_that_cannot_be_read_is_left_off(title, fits, drawable):
    assert badge_design.fits(title) is fits
    assert badge_design.is_drawable(title) is drawable
    with_title, without = (
        badge_design.draw(BadgeDesign(title=shown), title=title, level=None, caption="x") for shown in (True, False)
    )
    assert (with_title == without) is not fits


@pytest.mark.parametrize("title", ["x" * 300_000, "! " * 150_000, "א!" * 150_000, "\u0644" * 300_000])
def test_a_title_that_no_pill_may_have_takes_no_time(title):
    started = time.monotonic()
    badge_design.draw.__wrapped__(BadgeDesign(), title=title, level=None, caption="x")
    assert time.monotonic() - started < 1


def test_another_name_than_the_known_is_refused():
    for name in ("shape", "colour", "icon"):
        with pytest.raises(InvalidPill) as caught:
            BadgeDesign(**{name: "<script>"})
        assert (caught.value.code, caught.value.field) == ("choice", f"badge {name}")


# From the author's data


def image(data, **given):
    values = {"title": TITLE, "level": 4, "language": "fr", "file": lambda _source: None, **given}
    return badge.image(data, **values)


def test_a_design_is_drawn_with_the_pills_own_title_level_and_language():
    drawn = image({"design": DESIGN})
    assert drawn.media_type == "image/png" and drawn.caption == f"Badge\u00a0: {TITLE}"
    assert drawn == badge_image.designed_png(BadgeDesign(shape="shield", colour="navy", icon="turbine"), title=TITLE,
                                             level=4, caption=drawn.caption)
    assert image({"design": DESIGN, "caption": "Mine"}).caption == "Mine"
    assert image({"design": {}}).data == image({"design": {"shape": "seal", "colour": "teal", "icon": "star"}}).data
    assert image({"design": DESIGN}, level=5) != drawn != image({"design": DESIGN}, title="Another")
    assert image({"design": {**DESIGN, "level": "false", "title": False}}).data != drawn.data
    assert image({}) is None


@pytest.mark.parametrize(("design", "code"), [
    ({"shape": "heart"}, "choice"), ({"colour": ["red"]}, "choice"), ({"level": "maybe"}, "yes-no"),
    ("shield", "definition-damaged"), (None, "definition-damaged"), ({"unknown": {"size": "9"}}, "olx-unknown"),
])
def test_a_design_that_cannot_be_drawn_is_told(design, code):
    with pytest.raises(InvalidInput) as caught:
        image({"design": design})
    assert caught.value.code == code


@pytest.mark.parametrize(("recognition", "level"), [
    ({"eqf_level": "4"}, 4), ({"eqf_level": 8}, 8), ({"eqf_level": "9"}, None), ({"eqf_level": "x"}, None), ({}, None),
    (None, None), ([], None),
])
def test_the_level_comes_from_the_recognition_data(recognition, level):
    assert badge.level(recognition) == level


def test_a_designed_badge_is_in_both_credentials(compose_badge):
    designed = image({"design": DESIGN})
    award, plain = make_award(pill=make_pill(image=designed)), make_award(pill=make_pill())
    entry = compose_badge(award).document["credentialSubject"]["achievement"]["image"]
    assert base64.b64decode(entry["id"].partition("base64,")[2]) == designed.data
    assert entry["caption"] == designed.caption
    assert award.pill.version == plain.pill.version, "the image is no part of what is certified"

    documents = [
        elm.compose(
            one, make_issuer(), make_holder(), credential_id=CREDENTIAL_ID, issued=NOW, valid_from=NOW,
            open_badge_id=CREDENTIAL_ID,
        ).document for one in (award, plain)
    ]
    pages = [Image.open(io.BytesIO(page(document))).convert("RGB") for document in documents]
    across = pages[0].width / 842  # an A4 page in points
    difference = ImageChops.difference(*pages).convert("L").point(lambda value: 255 if value > 32 else 0)
    left, top, right, bottom = (edge / across for edge in difference.getbbox())
    assert left >= 29 and top >= 33 and right <= 201 and bottom <= 205, "the badge on the page, and nothing else"


def page(document: dict) -> bytes:
    """The drawn page of a European credential."""
    media = document["displayParameter"]["individualDisplay"][0]["displayDetail"][0]["image"]
    return base64.b64decode(media["content"])


def test_a_designed_badge_can_be_baked():
    designed, text = image({"design": DESIGN}), '{"id": "urn:uuid:1"}'
    baked = baking.bake_png(badge_image.to_png(designed), text)
    assert baking.unbake_png(baked) == text
    drawing = baking.bake_svg(badge_image.to_svg(designed), text)
    assert baking.unbake_svg(drawing) == text
    assert Image.open(io.BytesIO(badge_image.render(badge_image.to_svg(designed), width=64))).size == (64, 64)
