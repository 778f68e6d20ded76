"""Titles as outlines, held against a full text shaper: what resvg draws of the same text in the same fonts."""

from __future__ import annotations

import io
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from microcred_xblock.credentials import badge_image, outlines, shaping


def drawn(body: str) -> Image.Image:
    """The drawing in black and white, cut to what is drawn."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 120"><rect width="900" height="120" fill="#fff"/>'
        f"{body}</svg>"
    )
    picture = Image.open(io.BytesIO(badge_image.render(svg.encode(), width=900))).convert("L")
    return picture.crop(ImageChops.invert(picture).getbbox())


def unlike(one: Image.Image, other: Image.Image) -> float:
    """The share of ink that is not at the same place, but for a few pixels; 0 to 2."""
    small = (one.width // 6, one.height // 6)
    one, other = (picture.resize(small, Image.Resampling.BOX) for picture in (one, other))
    return ink(ImageChops.invert(ImageChops.difference(one, other))) / ink(one)


def ink(picture: Image.Image) -> float:
    return sum(255 - value for value in picture.tobytes()) / 255


@pytest.mark.parametrize("text", [
    "Fault AVATAR Toé ñ To", "Crème brûlée № 2", "Безопасность", "Ασφάλεια", "تشخيص أعطال توربينات الرياح",
    "السلامة في العمل لا الأمن", "(مستوى 4)", "پایش گره‌ها", "אבחון תקלות 12",
])
def test_outlines_are_what_a_full_shaper_draws(text):
    path = drawn(f'<path d="{outlines.path(text, size=50, x=450, y=80)}"/>')
    direction = "rtl" if shaping.is_right_to_left(text) else "ltr"
    full = drawn(
        f'<text x="450" y="80" text-anchor="middle" font-size="50" font-weight="600" direction="{direction}"'
        f' font-family="Open Sans">{escape(text)}</text>'
    )
    assert abs(path.width - full.width) <= 0.015 * full.width
    assert abs(path.height - full.height) <= 2
    assert unlike(path, full) < 0.2, "the same letters at the same places"


def test_a_wrong_order_would_be_seen():
    one, other = (
        drawn(f'<path d="{outlines.path(text, size=50, x=450, y=80)}"/>') for text in ("السلامة 12", "12 السلامة")
    )
    assert unlike(one, other) > 0.6


@pytest.mark.parametrize(("text", "expected"), [
    ("abc", "abc"), ("", ""), ("אב", "בא"), ("אב 12", "12 בא"), ("ab אב", "ab בא"), ("(אב)", "(בא)"),
    ("אב ab 1.5", "ab 1.5 בא"), ("50% אב", "בא 50%"), ("אב 50%", "50% בא"), ("אָב", "בא"),
    ("אבחון (SCADA 2.0) תקלות", "תולקת (SCADA 2.0) ןוחבא"),
])
def test_the_order_from_left_to_right(text, expected):
    assert shaping.visual(text) == expected


def test_arabic_letters_are_joined():
    assert shaping.visual("بيت") == "\ufe96\ufef4\ufe91"
    assert shaping.visual("دار") == "\ufead\ufe8d\ufea9", "letters that do not reach on stand alone"
    assert shaping.visual("سلام") == "\ufee1\ufefc\ufeb3", "lam with alef is one sign, reached from before"
    assert shaping.visual("بِيت") == shaping.visual("بيت"), "vowel signs are left off"


@pytest.mark.parametrize("text", ["风力发电机", "วัด", "😀", "a\u0302\u0316b\u0ba8"])
def test_what_cannot_be_drawn_is_told(text):
    assert outlines.width(text) is None
    with pytest.raises(ValueError, match="cannot be drawn"):
        outlines.path(text, size=10, x=0, y=0)


@given(text=st.text(max_size=40))
def test_any_text_has_an_order(text):
    assert len(shaping.visual(text)) <= 3 * len(text)


@given(text=st.text(st.sampled_from("اللأبجدهوز (12) ab.%-אבג"), max_size=30))
def test_every_character_of_a_line_is_drawn_once(text):
    bare = shaping.visual(text)
    digits = sorted(character for character in text if character.isdecimal() or character in "ab")
    assert sorted(character for character in bare if character.isdecimal() or character in "ab") == digits
