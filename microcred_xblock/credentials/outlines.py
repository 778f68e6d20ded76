"""Text as outlines, from the package's own TrueType fonts (OpenType 1.9, ``cmap`` 4, ``glyf``, ``kern`` 0).

What is drawn from outlines needs no font where it is shown. Scripts that need more than the joined letters of
``shaping`` are not drawn at all rather than wrongly.
"""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from pathlib import Path

from . import fonts, shaping

_FILES = (1, 2, 3)  # of fonts.paths(), in order of preference: semibold, Arabic, Hebrew
_WORDS, _XY, _SCALE, _MORE, _XY_SCALE, _TWO_BY_TWO = 0x01, 0x02, 0x08, 0x20, 0x40, 0x80
_Point = tuple[float, float, bool]


def width(text: str) -> float | None:
    """How wide a line of ``text`` is at size 1; None if a character of it cannot be drawn."""
    placed = _placed(text)
    return None if placed is None else placed[1]


def path(text: str, *, size: float, x: float, y: float) -> str:
    """The SVG path of a line of ``text``, its middle at ``x`` and its baseline at ``y``. Drawable text only."""
    placed = _placed(text)
    if placed is None:
        raise ValueError("This text cannot be drawn.")
    glyphs, wide = placed
    start = x - wide * size / 2
    return "".join(
        font.path(glyph, scale=size / font.units, x=start + offset * size, y=y) for font, glyph, offset in glyphs
    )


@lru_cache(maxsize=2048)
def _placed(text: str) -> tuple[tuple[tuple[Font, int, float], ...], float] | None:
    """The glyphs of a line from left to right, each with its place at size 1, and the line's width."""
    found: list[tuple[Font, int, float]] = []
    place = 0.0
    for character in shaping.visual(text):
        near = (found[-1][0],) if found and character == " " else ()
        font = next((font for font in (*near, *_fonts()) if ord(character) in font.glyphs), None)
        if font is None:
            return None
        glyph = font.glyphs[ord(character)]
        if found and found[-1][0] is font:
            place += font.kerning.get((found[-1][1], glyph), 0) / font.units
        found.append((font, glyph, place))
        place += font.advance(glyph) / font.units
    return tuple(found), place


@cache
def _fonts() -> tuple[Font, ...]:
    return tuple(Font(Path(fonts.paths()[index]).read_bytes()) for index in _FILES)


class Font:
    """The outlines of one TrueType font of this package; trusted, so read without a check."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        count = struct.unpack_from(">H", data, 4)[0]
        records = (struct.unpack_from(">4s4xII", data, 12 + 16 * index) for index in range(count))
        self._tables = {tag.decode("ascii"): (offset, length) for tag, offset, length in records}
        head = self._tables["head"][0]
        self.units = struct.unpack_from(">H", data, head + 18)[0]
        self._long = struct.unpack_from(">h", data, head + 50)[0] == 1
        self._metrics = struct.unpack_from(">H", data, self._tables["hhea"][0] + 34)[0]
        self.glyphs = self._characters()
        self.kerning = self._pairs()

    def advance(self, glyph: int) -> int:
        """How far the next glyph stands."""
        place = self._tables["hmtx"][0] + 4 * min(glyph, self._metrics - 1)
        return struct.unpack_from(">H", self._data, place)[0]

    def path(self, glyph: int, *, scale: float, x: float, y: float) -> str:
        """The glyph as SVG path, its origin at ``x``, ``y``."""
        return "".join(_contour(points, scale, x, y) for points in self._contours(glyph))

    def _characters(self) -> dict[int, int]:
        table = self._tables["cmap"][0]
        records = struct.unpack_from(">H", self._data, table + 2)[0]
        found = [struct.unpack_from(">HHI", self._data, table + 4 + 8 * index) for index in range(records)]
        start = table + next(offset for platform, _encoding, offset in found if platform == 3)
        segments = struct.unpack_from(">H", self._data, start + 6)[0] // 2
        columns = [
            struct.unpack_from(f">{segments}H", self._data, start + 14 + place * 2 * segments + (2 if place else 0))
            for place in range(4)
        ]
        glyphs: dict[int, int] = {}
        for index, (end, first, delta, offset) in enumerate(zip(*columns, strict=True)):
            for character in range(first, min(end, 0xFFFE) + 1):
                glyph = character
                if offset:
                    place = start + 16 + 6 * segments + 2 * index + offset + 2 * (character - first)
                    glyph = struct.unpack_from(">H", self._data, place)[0]
                    if glyph == 0:
                        continue
                glyphs[character] = (glyph + delta) & 0xFFFF
        return glyphs

    def _pairs(self) -> dict[tuple[int, int], int]:
        if "kern" not in self._tables:
            return {}
        start = self._tables["kern"][0] + 4
        count = struct.unpack_from(">H", self._data, start + 6)[0]
        pairs = struct.iter_unpack(">HHh", self._data[start + 14:start + 14 + 6 * count])
        return {(left, right): value for left, right, value in pairs}

    def _contours(self, glyph: int) -> list[list[_Point]]:
        start, end = self._bounds(glyph)
        if start == end:
            return []
        count = struct.unpack_from(">h", self._data, start)[0]
        return self._composite(start + 10) if count < 0 else self._simple(start + 10, count)

    def _bounds(self, glyph: int) -> tuple[int, int]:
        loca, glyf = self._tables["loca"][0], self._tables["glyf"][0]
        if self._long:
            first, last = struct.unpack_from(">II", self._data, loca + 4 * glyph)
        else:
            first, last = (2 * half for half in struct.unpack_from(">HH", self._data, loca + 2 * glyph))
        return glyf + first, glyf + last

    def _simple(self, place: int, count: int) -> list[list[_Point]]:
        data = self._data
        ends = struct.unpack_from(f">{count}H", data, place)
        place += 2 * count
        place += 2 + struct.unpack_from(">H", data, place)[0]
        flags: list[int] = []
        while len(flags) <= ends[-1]:
            flag = data[place]
            place += 1
            flags.append(flag)
            if flag & 8:
                flags += [flag] * data[place]
                place += 1
        columns = []
        for short, same in ((2, 16), (4, 32)):
            value, column = 0, []
            for flag in flags:
                if flag & short:
                    value += data[place] if flag & same else -data[place]
                    place += 1
                elif not flag & same:
                    value += struct.unpack_from(">h", data, place)[0]
                    place += 2
                column.append(value)
            columns.append(column)
        points = [(x, y, bool(flag & 1)) for x, y, flag in zip(*columns, flags, strict=True)]
        return [points[first:last + 1] for first, last in zip((0, *(end + 1 for end in ends)), ends, strict=False)]

    def _composite(self, place: int) -> list[list[_Point]]:
        found: list[list[_Point]] = []
        flags = _MORE
        while flags & _MORE:
            flags, glyph = struct.unpack_from(">HH", self._data, place)
            kind = ">hh" if flags & _WORDS else ">bb"
            dx, dy = struct.unpack_from(kind, self._data, place + 4) if flags & _XY else (0, 0)
            place += 4 + struct.calcsize(kind)
            size = 4 if flags & _TWO_BY_TWO else 2 if flags & _XY_SCALE else 1 if flags & _SCALE else 0
            given = [value / 16384 for value in struct.unpack_from(f">{size}h", self._data, place)]
            place += 2 * size
            a, b, c, d = _matrix(given)
            found += [
                [(a * x + c * y + dx, b * x + d * y + dy, on) for x, y, on in points]
                for points in self._contours(glyph)
            ]
        return found


def _matrix(given: list[float]) -> tuple[float, float, float, float]:
    """The four numbers of a component's transformation, of which a font writes four, two, one or none."""
    if len(given) == 4:
        return given[0], given[1], given[2], given[3]
    if len(given) == 2:
        return given[0], 0, 0, given[1]
    return (given[0], 0, 0, given[0]) if given else (1, 0, 0, 1)


def _contour(points: list[_Point], scale: float, x: float, y: float) -> str:
    """One closed contour; between two points off the curve lies one on it."""
    full: list[_Point] = []
    for index, point in enumerate(points):
        before = points[index - 1]
        if not point[2] and not before[2]:
            full.append(((point[0] + before[0]) / 2, (point[1] + before[1]) / 2, True))
        full.append(point)
    first = next(index for index, point in enumerate(full) if point[2])
    full = full[first:] + full[:first + 1]

    def written(point: _Point) -> str:
        return f"{x + point[0] * scale:.1f} {y - point[1] * scale:.1f}"

    parts = [f"M{written(full[0])}"]
    index = 1
    while index < len(full):
        if full[index][2]:
            parts.append(f"L{written(full[index])}")
            index += 1
        else:
            parts.append(f"Q{written(full[index])} {written(full[index + 1])}")
            index += 2
    return "".join(parts) + "Z"
