"""Printing on a sheet gives the picture that pasting on the original would give, as a valid PNG."""

from __future__ import annotations

import io
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from microcred_xblock.credentials import overprint

INK = (20, 32, 43)
COLOURS = ((255, 255, 255), (220, 231, 237), (29, 122, 79), (0, 0, 0))


@st.composite
def pictures(draw):
    """A picture of plain stripes."""
    width, height = draw(st.integers(4, 40)), draw(st.integers(12, 60))
    picture = Image.new("RGB", (width, height), COLOURS[0])
    for colour in draw(st.lists(st.sampled_from(COLOURS), max_size=4)):
        top = draw(st.integers(0, height - 4))
        picture.paste(colour, (draw(st.integers(0, width - 2)), top, width, top + 4))
    return picture


@st.composite
def jobs(draw):
    """A picture, rows to keep open (which may touch and overlap), and solid boxes in some of them."""
    picture = draw(pictures())
    rows = draw(st.lists(
        st.tuples(st.integers(0, picture.height - 1), st.integers(1, 12)).map(
            lambda pair: (pair[0], min(picture.height, pair[0] + pair[1]))
        ), max_size=5,
    ))
    boxes = []
    for top, bottom in rows:
        left = draw(st.integers(0, picture.width - 1))
        right = draw(st.integers(left + 1, picture.width))
        boxes.append((left, top, right, draw(st.integers(top + 1, bottom))))
    return picture, rows, boxes


def solid(box):
    left, top, right, bottom = box
    return overprint.line(left, top, Image.new("L", (right - left, bottom - top), 255))


@given(jobs())
def test_printing_is_pasting(job):
    picture, rows, boxes = job
    png = overprint.sheet(picture, ink="#14202b", rows=rows).printed(map(solid, boxes))
    expected = picture.copy()
    for box in boxes:
        expected.paste(INK, box)
    printed = Image.open(io.BytesIO(png))
    printed.load()
    assert printed.mode == "P" and printed.convert("RGB").tobytes() == expected.tobytes()


@given(jobs())
def test_checksums_and_sizes_are_right(job):
    picture, rows, boxes = job
    png = overprint.sheet(picture, ink="#14202b", rows=rows).printed(map(solid, boxes))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    kinds, at = {}, 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        assert png[at + 8 + length:at + 12 + length] == struct.pack(">I", zlib.crc32(kind + body))
        kinds[kind], at = body, at + 12 + length
    assert list(kinds) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    # Fails unless the Adler-32 over all rows is right; nothing may follow it.
    scanlines = zlib.decompressobj()
    assert len(scanlines.decompress(kinds[b"IDAT"])) == (picture.width + 1) * picture.height
    assert scanlines.eof and not scanlines.unused_data
    assert len(kinds[b"PLTE"]) == 3 * 256


def test_ink_that_covers_in_part_is_mixed_with_white():
    picture = Image.new("RGB", (256, 3), "white")
    cover = Image.frombytes("L", (256, 1), bytes(range(256)))
    png = overprint.sheet(picture, ink="#14202b", rows=[(1, 2)]).printed([overprint.line(0, 1, cover)])
    printed = Image.open(io.BytesIO(png)).convert("RGB")
    for part in range(256):
        ideal = [255 + (ink - 255) * part / 255 for ink in INK]
        assert all(abs(a - b) <= 4 for a, b in zip(printed.getpixel((part, 1)), ideal, strict=True)), part
    assert {printed.getpixel((x, y)) for x in range(256) for y in (0, 2)} == {(255, 255, 255)}


def test_a_sheet_remembers_nothing_of_what_was_printed():
    picture = Image.new("RGB", (30, 30), "white")
    sheet = overprint.sheet(picture, ink="#000000", rows=[(5, 12), (20, 25)])
    empty = sheet.printed([])
    first = sheet.printed([solid((3, 5, 20, 12))])
    assert sheet.printed([]) == empty != first
    assert sheet.printed([solid((3, 5, 20, 12))]) == first
