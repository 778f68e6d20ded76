"""Baked badges, byte by byte as the specification has them."""

from __future__ import annotations

import io
import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from microcred_xblock.credentials import badge_image, baking
from microcred_xblock.domain.errors import InvalidInput

JSON_TEXT = json.dumps({"name": "Diagnosis ]]> <é & 風 😀>", "nested": {"a": ["]]>", "]]]]>"]}}, ensure_ascii=False)
JWS = "eyJhbGciOiJFUzI1NiJ9.eyJuYW1lIjoieCJ9.c2ln_LW5hdHVyZQ"
PNG = badge_image.default_png("Baking", 4, "en").data
SVG = badge_image.default_image("Baking", 4, "en").data
KEYWORD = b"openbadgecredential"


def chunks(png):
    position = 8
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position:position + 8])
        body = png[position + 8:position + 8 + length]
        assert struct.unpack(">I", png[position + 8 + length:position + 12 + length])[0] == zlib.crc32(kind + body)
        yield kind, body
        position += 12 + length


@pytest.mark.parametrize("text", [JSON_TEXT, JWS])
def test_png_has_one_uncompressed_itxt_before_its_end(text):
    baked = baking.bake_png(PNG, text)
    found = list(chunks(baked))
    assert [body for kind, body in found if kind == b"iTXt"] == [KEYWORD + b"\0\0\0\0\0" + text.encode()]
    assert [kind for kind, _ in found][-2:] == [b"iTXt", b"IEND"]
    assert baking.unbake_png(baked) == text


def test_png_is_the_same_picture_and_readable_by_another_reader():
    baked = Image.open(io.BytesIO(baking.bake_png(PNG, JSON_TEXT)))
    baked.load()
    assert baked.text["openbadgecredential"] == JSON_TEXT
    plain = Image.open(io.BytesIO(PNG))
    assert baked.convert("RGBA").tobytes() == plain.convert("RGBA").tobytes()


def test_baking_again_replaces():
    once = baking.bake_png(PNG, JWS)
    assert baking.bake_png(once, JSON_TEXT) == baking.bake_png(PNG, JSON_TEXT)
    svg = baking.bake_svg(baking.bake_svg(SVG, JWS), JSON_TEXT)
    assert svg.count(b"<openbadges:credential") == 1
    assert baking.unbake_svg(svg) == JSON_TEXT


def test_svg_has_the_credential_directly_after_its_start_tag():
    baked = baking.bake_svg(SVG, JSON_TEXT)
    root = etree.fromstring(baked)
    assert root.nsmap["openbadges"] == "https://purl.imsglobal.org/ob/v3p0"
    assert root[0].tag == "{https://purl.imsglobal.org/ob/v3p0}credential"
    assert not (root.text or "").strip()
    assert root[0].text == JSON_TEXT
    assert root[0].get("verify") is None
    assert b"<openbadges:credential><![CDATA[{" in baked
    assert b"]]]]><![CDATA[>" in baked
    assert baking.unbake_svg(baked) == JSON_TEXT


def test_svg_carries_a_jws_in_an_attribute():
    baked = baking.bake_svg(SVG, JWS)
    element = etree.fromstring(baked)[0]
    assert element.get("verify") == JWS
    assert element.text is None
    assert baking.unbake_svg(baked) == JWS


def test_svg_keeps_drawing_the_same():
    def drawn(data):
        return badge_image.render(data, width=120)

    assert drawn(baking.bake_svg(SVG, JSON_TEXT)) == drawn(SVG)


def test_svg_that_uses_the_prefix_for_something_else():
    old = SVG.replace(b"<svg ", b'<svg xmlns:openbadges="http://openbadges.org" ')
    baked = baking.bake_svg(old, JWS)
    assert baking.unbake_svg(baked) == JWS
    assert b'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"' in baked.split(b">")[1]


@settings(deadline=None)
@given(
    text=st.dictionaries(st.text(max_size=5), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)).map(
        lambda d: json.dumps(d, ensure_ascii=False)
    )
)
def test_what_is_baked_comes_out_again(text):
    if any(character in "\ufffe\uffff" for character in text):
        with pytest.raises(InvalidInput):
            baking.bake_svg(SVG, text)
        return
    assert baking.unbake_png(baking.bake_png(PNG, text)) == text
    assert baking.unbake_svg(baking.bake_svg(SVG, text)) == text


@pytest.mark.parametrize("text", ["", "hello", "[1]", "a.b", "a.b.c.d", "{\x00}", "{\ud800}", "{\x0b}", "{\ufffe}"])
@pytest.mark.parametrize(("bake", "image"), [(baking.bake_png, PNG), (baking.bake_svg, SVG)])
def test_only_credentials_are_baked(bake, image, text):
    with pytest.raises(InvalidInput) as caught:
        bake(image, text)
    assert caught.value.code == "bake-text"


@pytest.mark.parametrize(
    "png",
    [
        b"",
        b"GIF89a",
        PNG[:8],
        PNG[:-4],
        PNG[:60],
        PNG[:40] + bytes([PNG[40] ^ 1]) + PNG[41:],
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 0x7FFFFFFF, b"IHDR"),
        b"\x89PNG\r\n\x1a\n\0\0\0\0IEND",
    ],
)
@pytest.mark.parametrize("function", [lambda png: baking.bake_png(png, JWS), baking.unbake_png])
def test_damaged_png_is_refused(function, png):
    with pytest.raises(InvalidInput) as caught:
        function(png)
    assert caught.value.code == "png-unreadable"


def test_images_without_a_badge():
    for unbake, image in ((baking.unbake_png, PNG), (baking.unbake_svg, SVG)):
        with pytest.raises(InvalidInput) as caught:
            unbake(image)
        assert caught.value.code == "bake-missing"


def test_compressed_or_damaged_text_is_refused():
    def with_chunk(body):
        chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
        return PNG[:-12] + chunk + PNG[-12:]

    for body in (
        KEYWORD + b"\0\1\0\0\0" + zlib.compress(JWS.encode()),
        KEYWORD + b"\0\0\0\0\0\xff\xfe{}",
        KEYWORD,
        KEYWORD + b"\0\0\0\0\0no credential",
    ):
        with pytest.raises(InvalidInput) as caught:
            baking.unbake_png(with_chunk(body))
        assert caught.value.code == "bake-text"


@pytest.mark.parametrize(
    ("svg", "code"),
    [
        (b"", "svg-unreadable"),
        (b"<svg", "svg-unreadable"),
        (b"<html/>", "svg-unreadable"),
        (b'<!DOCTYPE svg [<!ENTITY x "y">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>', "svg-entities"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>'.encode("utf-16"), "svg-unreadable"),
    ],
)
@pytest.mark.parametrize("function", [lambda svg: baking.bake_svg(svg, JWS), baking.unbake_svg])
def test_hostile_svg_is_refused(function, svg, code):
    with pytest.raises(InvalidInput) as caught:
        function(svg)
    assert caught.value.code == code


def test_sizes_are_limited():
    with pytest.raises(InvalidInput) as caught:
        baking.unbake_png(PNG + b"\0" * (2 * baking.MAX_BYTES))
    assert caught.value.code == "image-size"
    with pytest.raises(InvalidInput) as caught:
        baking.bake_png(PNG, '{"a": "' + "x" * baking.MAX_BYTES + '"}')
    assert caught.value.code == "image-size"
