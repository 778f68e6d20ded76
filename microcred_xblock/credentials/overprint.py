"""PNG pictures of which only some lines change: everything else is drawn and compressed once.

A sheet is a palette picture (PNG, clause 11.2.2) kept as deflated runs of rows (RFC 1951). Rows that
lines are printed on are kept open, and deflated with each copy. Holds nothing of what is printed.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from PIL import Image, ImageColor

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER, _END = b"\x78\xda", b"\x03\x00"  # of a zlib stream: how it is packed; an empty last block
_STEPS = 32  # of the ink, from hardly visible to full
_COLOURS = 256 - _STEPS
_PLAIN = 0.005  # of all pixels
_MODULUS = 65521  # of Adler-32, RFC 1950
_COLOUR = [_COLOURS - 1 + round(cover * _STEPS / 255) for cover in range(256)]  # of a pixel covered so much
_PRINTED = [255 * (colour >= _COLOURS) for colour in _COLOUR]


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is printed: the colours of a sheet in the pixels of a mask, and where the upper left corner is."""

    x: int
    y: int
    colours: Image.Image = field(repr=False)
    mask: Image.Image = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class _Band:
    """Rows in one run; ``data`` are deflated scanlines, of an open band the scanlines themselves."""

    top: int
    rows: int
    open: bool
    data: bytes = field(repr=False)
    checksum: int


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A picture to print lines on. ``printed`` is pure."""

    width: int
    height: int
    palette: bytes = field(repr=False)
    bands: tuple[_Band, ...] = field(repr=False)

    def printed(self, lines: Iterable[Line]) -> bytes:
        """The picture with ``lines`` as PNG. They must lie in the rows that were kept open."""
        lines = list(lines)
        packed, checksum = [_HEADER], 1
        for band in self.bands:
            if band.open:
                scanlines = self._scanlines(band, lines)
                packed.append(_deflated(scanlines, level=4))
                checksum = _joined(checksum, zlib.adler32(scanlines), len(scanlines))
            else:
                packed.append(band.data)
                checksum = _joined(checksum, band.checksum, band.rows * (self.width + 1))
        size = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        data = b"".join([*packed, _END, struct.pack(">I", checksum)])
        chunks = ((b"IHDR", size), (b"PLTE", self.palette), (b"IDAT", data), (b"IEND", b""))
        return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)

    def _scanlines(self, band: _Band, lines: list[Line]) -> bytes:
        bottom = band.top + band.rows
        here = [line for line in lines if band.top <= line.y and line.y + line.mask.height <= bottom]
        # The filter byte that begins each scanline (0, none) is the picture's first column.
        picture = Image.frombytes("L", (self.width + 1, band.rows), band.data)
        for line in here:
            picture.paste(line.colours, (line.x + 1, line.y - band.top), line.mask)
        return picture.tobytes()


def line(x: int, y: int, cover: Image.Image) -> Line:
    """A line of which ``cover`` (mode L) says how much ink is in each pixel."""
    return Line(x=x, y=y, colours=cover.point(_COLOUR), mask=cover.point(_PRINTED))


def sheet(picture: Image.Image, *, ink: str, rows: Iterable[tuple[int, int]]) -> Sheet:
    """A sheet of ``picture`` (opaque), to be printed on in ``ink`` over white, in ``rows`` (first, one after last)."""
    drawn = picture.convert("RGB")
    base = drawn.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    width, height = base.size
    pixels = base.tobytes()

    def band(top: int, bottom: int, kept_open: bool) -> _Band:
        scanlines = b"".join(b"\0" + pixels[row * width:(row + 1) * width] for row in range(top, bottom))
        data = scanlines if kept_open else _deflated(scanlines, level=9)
        return _Band(top=top, rows=bottom - top, open=kept_open, data=data, checksum=zlib.adler32(scanlines))

    bands, at = [], 0
    for top, bottom in _merged(rows):
        bands += [band(at, top, False)] if top > at else []
        bands.append(band(top, bottom, True))
        at = bottom
    bands += [band(at, height, False)] if height > at else []
    return Sheet(width=width, height=height, palette=_palette(base, drawn) + _ramp(ink), bands=tuple(bands))


def _palette(base: Image.Image, drawn: Image.Image) -> bytes:
    """The colours of ``base``; those of plain areas as they were ``drawn``, not the mean of similar ones."""
    flat = bytes(base.getpalette("RGB") or b"")[:3 * _COLOURS].ljust(3 * _COLOURS, b"\0")
    colours = [tuple(flat[at:at + 3]) for at in range(0, len(flat), 3)]
    pixels = drawn.width * drawn.height
    for count, plain in sorted(drawn.getcolors(pixels) or ()):
        if count > pixels * _PLAIN:
            colours[min(range(len(colours)), key=lambda n: math.dist(colours[n], plain))] = plain
    return b"".join(map(bytes, colours))


def _ramp(ink: str) -> bytes:
    full = ImageColor.getrgb(ink)[:3]
    return bytes(round(255 + (part - 255) * step / _STEPS) for step in range(1, _STEPS + 1) for part in full)


def _merged(rows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """``rows`` in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for top, bottom in sorted(rows):
        if merged and top <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(bottom, merged[-1][1]))
        else:
            merged.append((top, bottom))
    return merged


def _deflated(data: bytes, *, level: int) -> bytes:
    """``data`` as blocks that end on a byte and refer to nothing before them."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def _joined(first: int, second: int, length: int) -> int:
    """Adler-32 of two texts in a row, from theirs and the length of the second."""
    low = first & 0xFFFF
    high = (first >> 16) + (second >> 16) + length * (low - 1)
    return high % _MODULUS << 16 | (low + (second & 0xFFFF) - 1) % _MODULUS


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
