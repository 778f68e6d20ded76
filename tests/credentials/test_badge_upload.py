"""What is made of an uploaded picture: of honest ones, of odd ones, and of those that mean harm."""

from __future__ import annotations

import contextlib
import io
import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from microcred_xblock.credentials import badge_image, badge_upload
from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.domain.pill import BadgeImage

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path d="M0 0h9v9z"/></svg>'


def png(mode="RGB", size=(300, 200), colour=None, **options) -> bytes:
    out = io.BytesIO()
    (Image.new(mode, size, colour) if colour is not None else Image.new(mode, size)).save(out, "PNG", **options)
    return out.getvalue()


def noise(width: int, height: int) -> bytes:
    """A PNG that does not compress."""
    value, row = 1, bytearray()
    for _ in range(width * height * 3):
        value = value * 1103515245 + 12345 & 0x7FFFFFFF
        row.append(value >> 16 & 255)
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), bytes(row)).save(out, "PNG")
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def opened(picture: badge_upload.Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data))


def code_of(data: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        badge_upload.read(data)
    return caught.value.code


def test_a_png_keeps_its_pixels_and_nothing_else():
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Ann Example")
    info.add_itxt("openbadgecredential", '{"id": "somebody else’s"}')
    data = png("RGBA", colour=(200, 10, 20, 128), pnginfo=info, icc_profile=b"\0" * 200, exif=b"Exif\0\0secret")
    picture = badge_upload.read(data + b"<script>behind the end</script>")
    kept = opened(picture)
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 300, 200)
    assert kept.getpixel((7, 7)) == (200, 10, 20, 128)
    assert not {"Author", "openbadgecredential", "icc_profile", "exif"} & set(kept.info)
    for trace in (b"Ann", b"secret", b"script", b"iCCP", b"eXIf", b"iTXt"):
        assert trace not in picture.data


@pytest.mark.parametrize(("mode", "colour", "expected"), [
    ("1", 1, (255, 255, 255)), ("L", 100, (100, 100, 100)), ("LA", (100, 90), (100, 100, 100, 90)),
    ("P", 0, (0, 0, 0)), ("RGB", (1, 2, 3), (1, 2, 3)), ("RGBA", (1, 2, 3, 255), (1, 2, 3)),
    ("I;16", 40_000, (156, 156, 156)), ("I;16", 300, (1, 1, 1)),
])
def test_every_kind_of_png_becomes_a_plain_one(mode, colour, expected):
    kept = opened(badge_upload.read(png(mode, colour=colour)))
    assert kept.mode == ("RGBA" if len(expected) == 4 else "RGB")
    assert kept.getpixel((5, 5)) == expected


def test_a_colour_that_counts_as_transparent_is():
    kept = opened(badge_upload.read(png("RGB", colour=(9, 9, 9), transparency=(9, 9, 9))))
    assert kept.mode == "RGBA" and kept.getpixel((0, 0))[3] == 0


def test_a_large_picture_is_made_smaller_and_that_is_told():
    picture = badge_upload.read(png(size=(3000, 1500)))
    assert opened(picture).size == (1024, 512)
    assert (picture.width, picture.height, picture.shrunk) == (3000, 1500, True)
    assert not badge_upload.read(png(size=(1024, 700))).shrunk


def test_a_picture_that_does_not_compress_is_made_small_enough():
    data = noise(900, 900)
    assert badge_image.MAX_BYTES < len(data) < badge_upload.MAX_UPLOAD
    picture = badge_upload.read(data)
    assert len(picture.data) <= badge_image.MAX_BYTES and opened(picture).width == 400
    assert BadgeImage(media_type=picture.media_type, data=picture.data, caption="x")


def test_a_moving_picture_stands_still():
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:], duration=100)
    picture = badge_upload.read(out.getvalue())
    assert picture.moved and getattr(opened(picture), "n_frames", 1) == 1
    assert b"acTL" not in picture.data and opened(picture).convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_an_svg_is_reduced_to_its_drawing():
    hostile = (
        b'\xef\xbb\xbf  <?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"'
        b' xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)"><script>alert(2)</script>'
        b'<foreignObject><iframe src="javascript:alert(3)"/></foreignObject><a href="https://evil.example/">'
        b'<path d="M0 0h9v9z" onclick="alert(4)"/></a><image href="https://evil.example/track.png"/>'
        b'<use xlink:href="https://evil.example/#x"/><style>@import url(https://evil.example/);</style>'
        b'<set attributeName="onload" to="alert(5)"/></svg>'
    )
    picture = badge_upload.read(hostile)
    assert (picture.media_type, picture.width, picture.height) == ("image/svg+xml", 40, 20)
    for trace in (b"alert", b"script", b"evil", b"foreign", b"iframe", b"onload", b"<set", b"import"):
        assert trace not in picture.data, trace


@pytest.mark.parametrize(("data", "code"), [
    (b"", "image-empty"),
    (b"GIF89a\x01\0\x01\0", "image-type"), (b"\xff\xd8\xff\xe0\0\x10JFIF", "image-type"), (b"hello", "image-type"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image-type"), (b"%PDF-1.7", "image-type"), (b"\x1f\x8b\x08\0svgz", "image-type"),
    (b"<html><body/></html>", "svg-unreadable"), (b"<svg", "svg-unreadable"), (b"<svg xmlns='x'/>", "svg-unreadable"),
    (b"<!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>",
     "svg-entities"),
    (b"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>",
     "svg-entities"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 500 10'/>", "image-shape"),
    (b"\x89PNG\r\n\x1a\n", "png-unreadable"), (png()[:60], "png-unreadable"),
    (png(size=(500, 50)), "image-ratio"), (png(size=(10, 1000)), "image-ratio"),
    (b"\0" * (badge_upload.MAX_UPLOAD + 1), "upload-size"),
])
def test_what_cannot_be_used_is_refused_with_its_reason(data, code):
    assert code_of(data) == code


def test_bombs_are_refused_before_they_are_unpacked():
    header = b"\x89PNG\r\n\x1a\n"
    wide = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0))
    inside = zlib.compress(b"\0" * 50_000_000, 9)
    pixels = header + wide + chunk(b"IDAT", inside) + chunk(b"IEND", b"")
    small = chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 20, 8, 6, 0, 0, 0))
    text = header + small + chunk(b"zTXt", b"Comment\0\0" + inside) + chunk(b"IDAT", inside) + chunk(b"IEND", b"")
    profile = header + small + chunk(b"iCCP", b"p\0\0" + inside) + chunk(b"IDAT", inside) + chunk(b"IEND", b"")
    assert code_of(pixels) == "png-pixels"
    for bomb in (text, profile):
        started = time.monotonic()
        with contextlib.suppress(InvalidInput):
            assert len(badge_upload.read(bomb).data) < 5_000
        assert time.monotonic() - started < 2


def test_a_drawing_that_multiplies_is_refused():
    doubled = "".join(f"<g id='a{n + 1}'><use href='#a{n}'/><use href='#a{n}'/></g>" for n in range(40))
    bomb = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path id='a0' d='M0 0'/>{doubled}</svg>"
    started = time.monotonic()
    assert code_of(bomb.encode()) == "svg-complex"
    assert time.monotonic() - started < 2


@settings(deadline=None, max_examples=40)
@given(
    mode=st.sampled_from(["1", "L", "LA", "RGB", "RGBA"]), width=st.integers(20, 60), height=st.integers(20, 60),
    seed=st.binary(min_size=4, max_size=60),
)
def test_what_is_kept_is_read_again_as_itself(mode, width, height, seed):
    image = Image.new(mode, (width, height))
    size = len(image.tobytes())
    image = Image.frombytes(mode, (width, height), (seed * (size // len(seed) + 1))[:size])
    out = io.BytesIO()
    image.save(out, "PNG")
    once = badge_upload.read(out.getvalue())
    assert badge_upload.read(once.data).data == once.data
    assert opened(once).convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


def test_a_kept_drawing_is_read_again_as_itself():
    once = badge_upload.read(SVG)
    assert badge_upload.read(once.data).data == once.data


@settings(deadline=None)
@given(
    data=st.binary(max_size=300), start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"<svg ", b"<?xml ", png()[:50]])
)
def test_any_bytes_are_taken_or_refused(data, start):
    with contextlib.suppress(InvalidInput):
        badge_upload.read(start + data)
