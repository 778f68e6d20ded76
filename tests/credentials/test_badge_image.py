"""Badge images: what strangers may upload, what is drawn, and how it is converted."""

from __future__ import annotations

import base64
import contextlib
import io
import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from microcred_xblock.credentials import badge_image, svg
from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.domain.pill import BadgeImage

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">'


def drawing(body, head=HEAD):
    return f"{head}{body}</svg>".encode()


def picture(width, height):
    out = io.BytesIO()
    Image.new("RGBA", (width, height), "#336699").save(out, "PNG")
    return out.getvalue()


def png_header(width, height):
    """A PNG that claims a size it does not have."""
    body = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = zlib.compress(b"\0" * 64)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in ((b"IHDR", body), (b"IDAT", data), (b"IEND", b"")):
        parts.append(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content)))
    return b"".join(parts)


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<g><script href='https://attacker.example/x.js'/></g>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><iframe src='x'/></body></foreignObject>",
        "<rect width='1' height='1' onclick='alert(1)'/>",
        "<rect width='1' height='1' ONLOAD='alert(1)'/>",
        "<a xlink:href='javascript:alert(1)'><rect width='1' height='1'/></a>",
        "<image href='https://attacker.example/track.png' width='1' height='1'/>",
        "<image xlink:href='file:///etc/passwd' width='1' height='1'/>",
        "<image href='data:image/svg+xml;base64,PHN2Zy8+' width='1' height='1'/>",
        "<use xlink:href='https://attacker.example/a.svg#x'/>",
        "<rect width='1' height='1' fill='url(https://attacker.example/a.svg#x)'/>",
        "<rect width='1' height='1' style='background: url(//attacker.example)'/>",
        "<style>@import 'https://attacker.example/a.css';</style>",
        "<style>rect { fill: url(https://attacker.example/a) }</style>",
        "<style>rect{}<g/>@import 'https://attacker.example/a.css';</style>",
        "<style>rect{}<x xmlns='urn:x'/>@import 'https://attacker.example/a.css';</style>",
        "<style>@impo/**/rt 'https://attacker.example/a.css'; rect{}</style>",
        "<animate attributeName='href' to='javascript:alert(1)'/>",
        "<set attributeName='onmouseover' to='alert(1)'/>",
        "<h:img xmlns:h='http://www.w3.org/1999/xhtml' src='x' onerror='alert(1)'/>",
        "<g xml:base='https://attacker.example/'/>",
        "<?xml-stylesheet href='https://attacker.example/a.css'?>",
        "<!-- <script>alert(1)</script> -->",
        "<metadata><x xmlns='urn:x'>javascript:alert(1)</x></metadata>",
    ],
)
def test_everything_active_or_outside_is_removed(body):
    clean = badge_image.sanitise_svg(drawing(f"{body}<path d='M0 0h5'/>")).decode()
    for word in ("script", "attacker", "alert", "foreign", "onclick", "onload", "file:", "svg+xml", "iframe"):
        assert word not in clean.lower()
    assert '<path d="M0 0h5"/>' in clean


def test_drawing_survives():
    body = (
        '<title>A badge</title><defs><linearGradient id="g"><stop stop-color="#fff"/></linearGradient></defs>'
        '<style>.a { fill: url(#g) } /* tone */</style><g transform="rotate(5)"><rect class="a" width="4" height="4"/>'
        '<use href="#r"/><circle id="r" r="2" style="fill: #123456"/></g><text y="2">Hi <tspan>there</tspan></text>'
    )
    clean = badge_image.sanitise_svg(drawing(body)).decode()
    for part in (
        "<title>A badge</title>", 'stop-color="#fff"', ".a { fill: url(#g) }", 'transform="rotate(5)"',
        'href="#r"', 'style="fill: #123456"', "Hi <tspan>there</tspan>",
    ):
        assert part in clean
    assert "tone" not in clean
    assert badge_image.sanitise_svg(clean.encode()).decode() == clean


def test_files_of_drawing_programs_with_a_doctype_are_welcome():
    text = (
        b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- made by hand -->\n'
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    ) + drawing("<rect width='1' height='1'/>")
    clean = badge_image.sanitise_svg(b"\xef\xbb\xbf" + text)
    assert b"DOCTYPE" not in clean
    assert b"<rect" in clean


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "svg-unreadable"),
        (b"\x89PNG\r\n", "svg-unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "svg-unreadable"),
        (b"<svg viewBox='0 0 1 1'/>", "svg-unreadable"),
        (b"<!DOCTYPE s [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>" + drawing("&b;"), "svg-entities"),
        (b"<!DOCTYPE s [<!entity % a SYSTEM 'file:///etc/passwd'>]>" + drawing(""), "svg-entities"),
        (drawing("&undefined;"), "svg-unreadable"),
        (drawing("<g>" * 400 + "</g>" * 400), "svg-unreadable"),
        (drawing("<g/>" * (svg.MAX_ELEMENTS + 1)), "svg-complex"),
        (drawing("<text>" + "a" * 5_001 + "</text>"), "svg-complex"),
        (drawing("<text>" + "a<g/>" * 2_501 + "</text><text>" + "b" * 2_501 + "</text>"), "svg-complex"),
        (drawing("<text>" + "<tspan>a</tspan>" * 301 + "</text>"), "svg-complex"),
        (drawing("<path d='M0 0" + "L1 1" * 50_000 + "'/>"), "svg-complex"),
        (drawing("<polygon points='" + "1,1 " * 50_001 + "'/>"), "svg-complex"),
        (drawing("<path id='p' d='M0 0" + "L1 1" * 25_000 + "'/>" + "<use href='#p'/>" * 20), "svg-complex"),
        (drawing("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>"), "svg-complex"),
        (drawing("", "<svg xmlns='http://www.w3.org/2000/svg'>"), "image-shape"),
        (drawing("", "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 100000'>"), "image-shape"),
        (drawing("", "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 0 0'>"), "image-shape"),
        (drawing("", "<svg xmlns='http://www.w3.org/2000/svg' width='100%' height='1e99'>"), "image-shape"),
        (drawing("x" * 1_000_001), "image-size"),
    ],
)
def test_unusable_svg_is_refused(data, code):
    with pytest.raises(InvalidInput) as caught:
        badge_image.sanitise_svg(data)
    assert caught.value.code == code


def multiplied(wrap):
    layers = ["<g id='l0'>" + "<path d='M0 0h1'/>" * 10 + "</g>", *(wrap(n) for n in range(1, 12))]
    return drawing("<defs>" + "".join(layers) + "</defs><use href='#l11'/>")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda n: f"<g id='l{n}'>" + f"<use href='#l{n - 1}'/>" * 10 + "</g>",
        lambda n: (
            f"<g id='l{n}'>" + f"<rect width='9' height='9' fill='url(#p{n})'/>" * 10 + "</g>"
            f"<pattern id='p{n}' width='1' height='1'><use href='#l{n - 1}'/></pattern>"
        ),
    ],
)
def test_drawings_that_multiply_themselves_are_refused_at_once(wrap):
    started = time.monotonic()
    with pytest.raises(InvalidInput) as caught:
        badge_image.sanitise_svg(multiplied(wrap))
    assert caught.value.code == "svg-complex"
    assert time.monotonic() - started < 2


FULL = "<rect width='10' height='10'{}/>"
BLUR = "<filter id='f'><feGaussianBlur stdDeviation='2'/></filter>"


@pytest.mark.parametrize(
    "body",
    [
        BLUR + FULL.format(" filter='url(#f)'") * 100,
        "<filter id='f'>" + "<feGaussianBlur stdDeviation='2'/>" * 100 + "</filter>" + FULL.format(" filter='url(#f)'"),
        "<mask id='m'>" + FULL.format("") + "</mask>" + FULL.format(" mask='url(#m)'") * 200,
        "<clipPath id='m'>" + FULL.format("") + "</clipPath>" + FULL.format(" clip-path='url(#m)'") * 200,
        FULL.format(" opacity='.5'") * 500,
        FULL.format(" style='opacity:.5'") * 500,
        "<style>.a, .b { opacity: .5 }</style>" + FULL.format(" class='b'") * 500,
        "<style>rect { mix-blend-mode: multiply }</style>" + FULL.format("") * 500,
        "<style>g > * { opacity: .5 }</style>" + FULL.format("") * 500,
    ],
)
def test_drawings_that_take_long_are_refused_before_they_are_drawn(body):
    started = time.monotonic()
    with pytest.raises(InvalidInput) as caught:
        badge_image.sanitise_svg(drawing(body))
    assert caught.value.code == "svg-complex"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "body",
    [
        f"<style>{'/*' * 400_000}</style>",
        f"<style>{'a' * 800_000}</style>",
        f"<style>{'a:' * 400_000}</style>",
        f"<style>{'filter ' * 100_000}</style>",
        f"<style>{'.a,' * 200_000}.b {{ opacity: .5 }}</style>" + "<g/>" * 4_000,
        "<style>" + "".join(f".a{n}{{opacity:.5}}" for n in range(30_000)) + "</style>" + "<g/>" * 4_000,
        f"<g fill='url({' ' * 900_000}'/>",
        f"<g style='{'url(#' * 100_000}'/>",
        f"<path d='{'M0 0l9 9' * 100_000}' stroke='#000'/>",
    ],
)
def test_cleaning_takes_no_longer_for_odd_texts(body):
    started = time.monotonic()
    with contextlib.suppress(InvalidInput):
        badge_image.sanitise_svg(drawing(body))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "body",
    [
        FULL.format(" filter='blur(9px) blur(9px)'") * 50,
        FULL.format(" style='fill:red;filter:blur(9px)'") * 50,
        "<style>rect { filter: blur(9px); fill: red }</style>" + FULL.format("") * 50,
        "<style>rect { fill: url(#p) } circle { fill: url(#g) }</style><pattern id='p' width='1' height='1'/>"
        "<linearGradient id='g'><stop/></linearGradient>",
    ],
)
def test_effects_that_cannot_be_counted_are_removed(body):
    clean = badge_image.sanitise_svg(drawing(body)).decode()
    assert "blur" not in clean
    assert "url(#p)" not in clean
    assert ("url(#g)" in clean) is ("url(#g)" in body)
    assert ("red" in clean) is ("red" in body)


def test_ordinary_drawings_are_not_too_complex():
    shapes = "".join(f"<path d='M0 {n}h9' fill='url(#g)' fill-opacity='.5'/>" for n in range(1500))
    body = (
        f"<style>.soft {{ opacity: .6 }}</style>{BLUR}<linearGradient id='g'><stop/></linearGradient><g>{shapes}</g>"
        + FULL.format(" class='soft'") * 40 + FULL.format(" filter='url(#f)'") * 3
    )
    assert badge_image.sanitise_svg(drawing(body)).count(b"<path") == 1500


def test_only_pictures_of_sane_size_may_be_embedded():
    def embedded(png):
        data = base64.b64encode(png).decode()
        return badge_image.sanitise_svg(drawing(f"<image href='data:image/png;base64,{data}' width='9' height='9'/>"))

    assert b"<image" in embedded(picture(20, 20))
    assert b"<image" not in embedded(png_header(60_000, 60_000))
    assert b"<image" not in embedded(b"no picture")


def test_size_of_the_root_becomes_a_view_box():
    root = etree.fromstring(
        badge_image.sanitise_svg(drawing("<g/>", "<svg xmlns='http://www.w3.org/2000/svg' width='30px' height='20'>"))
    )
    assert root.get("viewBox") == "0 0 30 20"
    assert root.get("width") is None


@pytest.mark.parametrize("size", ["viewBox='٠ ٠ ٣٠ ٢٠'", "width='٣٠px' height='٢٠'"])
def test_a_size_is_in_digits_that_every_drawing_program_reads(size):
    with pytest.raises(InvalidInput) as caught:
        badge_image.sanitise_svg(drawing("<g/>", f"<svg xmlns='http://www.w3.org/2000/svg' {size}>"))
    assert caught.value.code == "image-shape"


def test_png_upload():
    good = picture(300, 200)
    assert badge_image.check_png(good) == good
    for data, code in (
        (b"", "png-unreadable"),
        (b"<svg/>", "png-unreadable"),
        (good[:100], "png-unreadable"),
        (png_header(60_000, 60_000), "png-pixels"),
        (png_header(5_000, 5_000), "png-pixels"),
        (png_header(300, 300), "png-unreadable"),
        (good + b"\0" * 1_000_000, "image-size"),
    ):
        with pytest.raises(InvalidInput) as caught:
            badge_image.check_png(data)
        assert caught.value.code == code, data[:20]


def test_a_jpeg_is_no_png():
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "JPEG")
    with pytest.raises(InvalidInput):
        badge_image.check_png(out.getvalue())


@pytest.mark.parametrize("width", [64, 600])
def test_to_png_keeps_the_proportions(width):
    for image in (
        BadgeImage(media_type="image/png", data=picture(300, 150), caption="x"),
        BadgeImage(media_type="image/svg+xml", data=drawing("<rect width='9' height='9'/>",
                   "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 10'>"), caption="x"),
    ):
        result = Image.open(io.BytesIO(badge_image.to_png(image, width=width)))
        assert (result.format, result.size) == ("PNG", (width, width // 2))


def test_to_png_of_hostile_images():
    tall = BadgeImage(media_type="image/png", data=picture(1, 1000), caption="x")
    lie = BadgeImage(media_type="image/png", data=b"<svg/>", caption="x")
    script = BadgeImage(media_type="image/svg+xml", data=b"<html/>", caption="x")
    for image in (tall, lie, script):
        with pytest.raises(InvalidInput):
            badge_image.to_png(image)


def test_text_of_uploaded_drawings_is_drawn_in_the_fonts_of_the_package():
    words = drawing("<text x='1' y='8' font-size='6' font-family='Nowhere Sans'>Ab</text>")
    image = BadgeImage(media_type="image/svg+xml", data=words, caption="x")
    assert Image.open(io.BytesIO(badge_image.to_png(image, width=100))).getbbox()


def test_to_svg_embeds_a_png_and_keeps_a_drawing():
    png = BadgeImage(media_type="image/png", data=picture(30, 20), caption='Quotes " & <tags>')
    embedded = etree.fromstring(badge_image.to_svg(png))
    assert embedded.get("viewBox") == "0 0 30 20"
    assert embedded.get("aria-label") == png.caption
    assert base64.b64decode(embedded[0].get("href").partition(",")[2]) == png.data
    default = badge_image.default_image("x", 1, "en")
    assert b"<path" in badge_image.to_svg(default)
    again = BadgeImage(media_type="image/svg+xml", data=badge_image.to_svg(png), caption="x")
    assert Image.open(io.BytesIO(badge_image.to_png(again, width=60))).size == (60, 40)


def test_default_image_is_a_function_of_title_and_level():
    one, same = badge_image.default_image("Diagnosis", 5, "en"), badge_image.default_image("Diagnosis", 5, "en")
    assert one == same
    assert len({badge_image.default_image(f"Title {n}", 5, "en").data for n in range(20)}) == 20
    assert badge_image.default_image("Diagnosis", 4, "en").data != one.data
    assert b"<text" not in one.data
    assert badge_image.default_image("Diagnosis", 5, "fr").caption == "Badge\u00a0: Diagnosis"


@pytest.mark.parametrize("level", [None, 1, 8])
def test_pips_show_the_level(level):
    def circles(image):
        return image.data.count(b"<circle")

    plain = circles(badge_image.default_image("Diagnosis", None, "en"))
    assert circles(badge_image.default_image("Diagnosis", level, "en")) == plain + (8 if level else 0)


@settings(deadline=None)
@given(title=st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=250).filter(str.strip))
def test_default_image_passes_its_own_sanitiser(title):
    image = badge_image.default_image(title, 3, "en")
    assert etree.fromstring(image.data)[0].text == image.caption
    assert etree.fromstring(badge_image.sanitise_svg(image.data)) is not None


def test_default_png_is_small_enough_to_travel_in_every_credential():
    png = badge_image.default_png("Fault diagnosis on a wind turbine", 5, "en")
    assert png.media_type == "image/png"
    assert len(png.data) < 30_000
    assert Image.open(io.BytesIO(png.data)).size == (badge_image.DEFAULT_WIDTH, badge_image.DEFAULT_WIDTH)


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused_cleanly(data):
    for check in (badge_image.check_png, badge_image.sanitise_svg):
        with pytest.raises(InvalidInput):
            check(data)


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "<g>", "</g>", "<path d='M0 0", "h1e309'/>", "<use href='#a'/>", "<rect width='-1' height='x'/>", "&amp;",
            "<filter id='a'><feGaussianBlur stdDeviation='1e9'/></filter>", "<circle r='1e30' filter='url(#a)'/>",
            "<g id='a' transform='scale(1e-30)'/>", "<pattern id='a' width='1e-9' height='1'/>",
            "<text font-size='1e9'>x</text>", "]]>",
        ]
    ),
    max_size=8,
).map("".join)


@settings(deadline=None, max_examples=50)
@given(body=FRAGMENTS)
def test_odd_drawings_are_drawn_or_refused(body):
    image = BadgeImage(media_type="image/svg+xml", data=drawing(body), caption="x")
    with contextlib.suppress(InvalidInput):
        assert Image.open(io.BytesIO(badge_image.to_png(image, width=40))).width == 40


class TestFit:
    @pytest.fixture
    def looks(self, monkeypatch):
        """How often pictures are read or sanitised."""
        seen = []
        for module, name in ((badge_image, "open_png"), (svg, "sanitise")):
            real = getattr(module, name)
            monkeypatch.setattr(
                module, name, lambda data, real=real, **options: seen.append(data) or real(data, **options)
            )
        badge_image._looked_at.cache_clear()
        return seen

    @pytest.mark.parametrize(("data", "media_type"), [
        (picture(30, 30), "image/png"), (drawing("<script/><rect width='1' height='1'/>"), "image/svg+xml"),
    ])
    def test_an_equal_picture_is_looked_at_once_and_comes_out_the_same(self, looks, data, media_type):
        first, again = (badge_image.fit(bytes(bytearray(data)), media_type) for _ in range(2))
        assert first == again and b"script" not in first and len(looks) == 1

    def test_what_is_refused_is_refused_again_without_another_look_and_not_as_the_same_error(self, looks):
        found = []
        for _ in range(2):
            with pytest.raises(InvalidInput) as refused:
                badge_image.fit(png_header(100_000, 100_000), "image/png")
            found.append(refused.value)
        assert [(error.code, error.field) for error in found] == [("png-pixels", "image")] * 2
        assert found[0] is not found[1] and len(looks) == 1

    def test_what_is_too_large_is_neither_looked_at_nor_kept(self, looks):
        for media_type in ("image/png", "image/svg+xml"):
            with pytest.raises(InvalidInput, match="1 MB") as refused:
                badge_image.fit(b"x" * (badge_image.MAX_BYTES + 1), media_type)
            assert refused.value.code == "image-size"
        assert looks == [] and badge_image._looked_at.cache_info().currsize == 0
