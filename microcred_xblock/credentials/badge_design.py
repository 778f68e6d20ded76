"""Draws the badges that authors design: a shape with rim and ring, an icon on it, the level, the title on a band.

Titles are outlines, so the drawing needs no font and looks the same everywhere. Icon and ground differ by at least
3 : 1 in luminance (WCAG 2.2, 1.4.11) in every colour; the rim is light inside and dark outside, to stand on any page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin
from xml.sax.saxutils import escape, quoteattr

from ..domain.badge import BadgeDesign
from ..domain.text import TITLE_MAX
from . import outlines, shaping
from .badge_icons import ICONS

SIZE = 480
LEVELS = 8
_CENTRE = 240
_TEXT_WIDTH, _TEXT_HEIGHT = 388, 90
_LARGEST, _SMALLEST = 50, 26
_MOST_LINES = 3


@dataclass(frozen=True)
class Palette:
    """``top`` and ``bottom`` of the ground, the ``ink`` on it, the ``rim`` inside and the dark ``edge`` outside."""

    top: str
    bottom: str
    ink: str
    rim: str
    edge: str
    accent: str


PALETTES: dict[str, Palette] = {
    "teal": Palette("#12807f", "#0b4d57", "#ffffff", "#d9f0ee", "#0a3d46", "#ffc857"),
    "blue": Palette("#2a72c8", "#174a94", "#ffffff", "#dceafb", "#12386f", "#ffd166"),
    "navy": Palette("#31477f", "#18234a", "#ffffff", "#dfe5f6", "#111a38", "#f6c667"),
    "violet": Palette("#7a50b8", "#4a2a80", "#ffffff", "#ebe2f8", "#371f61", "#ffd166"),
    "berry": Palette("#b23a78", "#741f4e", "#ffffff", "#fae0ec", "#57163a", "#ffd9a0"),
    "red": Palette("#c5382f", "#862019", "#ffffff", "#fbe2df", "#661611", "#ffd9a0"),
    "orange": Palette("#c25a12", "#8a3a06", "#ffffff", "#fdead7", "#672a03", "#ffe0a3"),
    "sun": Palette("#ffd55e", "#f2ae2a", "#3d2a00", "#fff6dc", "#6b4a00", "#8a3a06"),
    "green": Palette("#3a8544", "#1d5430", "#ffffff", "#e0f2e1", "#143f23", "#ffdf7e"),
    "slate": Palette("#5b6b78", "#333f4a", "#ffffff", "#e6ebef", "#242d35", "#ffd166"),
}


@lru_cache(maxsize=512)
def draw(design: BadgeDesign, *, title: str, level: int | None, caption: str) -> bytes:
    """The badge as SVG, 480 units square; equal arguments give equal bytes.

    A level of None, and a title that ``fits`` says no to, are left off.
    """
    palette = PALETTES[design.colour]
    lines = _lines(title) if design.title else None
    shown = level if design.level else None
    parts = [_gradient(palette), _ground(design.shape, palette)]
    parts.append(_icon(design, palette, titled=lines is not None, levelled=shown is not None))
    if shown is not None:
        parts.append(_pips(shown, palette, 276 if lines is not None else _PIPS[design.shape]))
    if lines is not None:
        parts.append(_band(lines, palette))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img"'
        f' aria-label={quoteattr(caption)}><title>{escape(caption)}</title>{"".join(parts)}</svg>'
    ).encode()


def outline(shape: str) -> str:
    """The SVG path of a shape alone."""
    return _SHAPES[shape][0]


def fits(title: str) -> bool:
    """Whether ``title`` can be written on a badge: short enough to be read, in a script that can be drawn."""
    return _lines(title) is not None


def is_drawable(title: str) -> bool:
    """Whether every character of ``title`` can be drawn, whatever its length."""
    return all(outlines.width(word) is not None for word in _words(title))


def _gradient(palette: Palette) -> str:
    return (
        f'<defs><linearGradient id="ground" gradientUnits="userSpaceOnUse" x1="130" y1="20" x2="330" y2="460">'
        f'<stop offset="0" stop-color="{palette.top}"/><stop offset="1" stop-color="{palette.bottom}"/>'
        "</linearGradient></defs>"
    )


def _ground(shape: str, palette: Palette) -> str:
    path, middle = _SHAPES[shape]
    layers = ((palette.edge, 56), (palette.rim, 46), ("url(#ground)", 16))
    drawn = "".join(
        f'<path d="{path}" fill="{colour}" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"/>'
        for colour, width in layers
    )
    ring = 0.93
    return drawn + (
        f'<path d="{path}" transform="translate({_CENTRE * (1 - ring):.2f} {middle * (1 - ring):.2f}) scale({ring})"'
        f' fill="none" stroke="{palette.rim}" stroke-opacity="0.5" stroke-width="3" stroke-dasharray="1 10"'
        ' stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _icon(design: BadgeDesign, palette: Palette, *, titled: bool, levelled: bool) -> str:
    side, middle = 232.0, float(_SHAPES[design.shape][1])
    if titled:
        side, middle = (156.0, 170.0) if levelled else (186.0, 182.0)
    elif levelled:
        side, middle = 204.0, middle - 24
    scale = side / 24
    drawing = ICONS[design.icon].replace("{ink}", palette.ink).replace("{ground}", "url(#ground)")
    return (
        f'<g transform="translate({_CENTRE - side / 2:.2f} {middle - side / 2:.2f}) scale({scale:.4f})" fill="none"'
        f' stroke="{palette.ink}" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round">{drawing}</g>'
    )


def _pips(level: int, palette: Palette, y: float) -> str:
    """A row of eight, as many filled as the level."""
    pips = []
    for index in range(LEVELS):
        x = _CENTRE + (index - (LEVELS - 1) / 2) * 25
        reached = index < level
        pips.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{8.5 if reached else 6}" fill="{palette.accent if reached else "none"}"'
            f' stroke="{palette.accent if reached else palette.ink}" stroke-width="2.5"'
            f' stroke-opacity="{1 if reached else 0.75}"/>'
        )
    return "".join(pips)


def _band(lines: tuple[tuple[str, ...], float], palette: Palette) -> str:
    """The title on a band across the badge, with its ends folded back."""
    texts, size = lines
    height = max(64.0, len(texts) * size * 1.18 + 26)
    top = 352 - height / 2
    bottom = top + height
    fold = 22
    ends = (
        f'<path d="M12 {top + fold:g}H60V{bottom + fold:g}H12L30 {(top + bottom) / 2 + fold:g}Z"/>'
        f'<path d="M468 {top + fold:g}H420V{bottom + fold:g}H468L450 {(top + bottom) / 2 + fold:g}Z"/>'
    )
    backs = f'<path d="M30 {bottom:g}H60V{bottom + fold:g}ZM450 {bottom:g}H420V{bottom + fold:g}Z"/>'
    first = top + height / 2 - (len(texts) - 1) * size * 1.18 / 2 + size * 0.36
    path = "".join(
        outlines.path(text, size=size, x=_CENTRE, y=first + index * size * 1.18) for index, text in enumerate(texts)
    )
    # The Arabic and Hebrew fonts have one weight: a line around the letters makes up for the other.
    weight = size * 0.02 if shaping.is_right_to_left("".join(texts)) else 0
    around = f' stroke="{palette.edge}" stroke-width="{weight:.2f}" stroke-linejoin="round"' if weight else ""
    return (
        f'<g fill="{palette.rim}" stroke="{palette.edge}" stroke-width="5" stroke-linejoin="round">{ends}</g>'
        f'<g fill="{palette.edge}" stroke="{palette.edge}" stroke-width="5" stroke-linejoin="round">{backs}</g>'
        f'<rect x="30" y="{top:g}" width="420" height="{height:g}" rx="5" fill="{palette.rim}" stroke="{palette.edge}"'
        f' stroke-width="5"/><path d="{path}" fill="{palette.edge}"{around}/>'
    )


@lru_cache(maxsize=512)
def _lines(title: str) -> tuple[tuple[str, ...], float] | None:
    """The lines of ``title`` that let it be largest, and its size; None if it cannot be drawn legibly."""
    words = _words(title)
    if not words or len(title) > TITLE_MAX or not is_drawable(title):
        return None
    found = []
    for texts in _broken(words, min(_MOST_LINES, len(words))):
        widest = max(outlines.width(text) or 0 for text in texts)
        size = min(_LARGEST, _TEXT_WIDTH / widest if widest else _LARGEST, _TEXT_HEIGHT / (1.18 * len(texts) - 0.18))
        found.append((round(size), -len(texts), -widest, size, texts))
    best = max(found, default=None)
    return (best[4], best[3]) if best is not None and best[3] >= _SMALLEST else None


def _broken(words: list[str], most: int) -> Iterable[tuple[str, ...]]:
    """Every way to break ``words`` into at most ``most`` lines, shorter ways first; many words are never legible."""
    if len(words) > 16:
        return
    yield (" ".join(words),)
    for first in range(1, len(words)) if most > 1 else ():
        yield " ".join(words[:first]), " ".join(words[first:])
    for first in range(1, len(words)) if most > 2 else ():
        for second in range(first + 1, len(words)):
            yield " ".join(words[:first]), " ".join(words[first:second]), " ".join(words[second:])


def _words(title: str) -> list[str]:
    """The words of a title; of one that no pill may have, those of its beginning."""
    return unicodedata.normalize("NFC", title[:TITLE_MAX]).split()


def _polygon(corners: int, radius: float, turn: float, middle: float) -> str:
    points = (
        f"{_CENTRE + radius * cos(turn + index * 2 * pi / corners):.2f}"
        f" {middle + radius * sin(turn + index * 2 * pi / corners):.2f}"
        for index in range(corners)
    )
    return f"M{'L'.join(points)}Z"


def _lobed(lobes: int, outer: float, inner: float, middle: float) -> str:
    """A closed row of round lobes between two radii."""
    step = 2 * pi / lobes

    def at(radius: float, angle: float) -> str:
        return f"{_CENTRE + radius * cos(angle):.2f} {middle + radius * sin(angle):.2f}"

    curves = "".join(
        f"Q{at(2 * outer - inner, index * step - pi / 2)} {at(inner, (index + 0.5) * step - pi / 2)}"
        for index in range(lobes)
    )
    return f"M{at(inner, -step / 2 - pi / 2)}{curves}Z"


def _circle(radius: float, middle: float) -> str:
    return (
        f"M{_CENTRE - radius:g} {middle:g}A{radius:g} {radius:g} 0 1 1 {_CENTRE + radius:g} {middle:g}"
        f"A{radius:g} {radius:g} 0 1 1 {_CENTRE - radius:g} {middle:g}Z"
    )


# The path of each shape, and the height of its visual middle.
_SHAPES: dict[str, tuple[str, float]] = {
    "seal": (_lobed(20, 200, 184, 240), 240),
    "circle": (_circle(198, 240), 240),
    "shield": (
        "M240 38C290 66 350 78 424 78V222C424 330 340 404 240 444C140 404 56 330 56 222V78C130 78 190 66 240 38Z", 226,
    ),
    "hexagon": (_polygon(6, 208, -pi / 2, 240), 240),
    "octagon": (_polygon(8, 208, pi / 8, 240), 240),
    "square": (
        "M86 50H394A36 36 0 0 1 430 86V394A36 36 0 0 1 394 430H86A36 36 0 0 1 50 394V86A36 36 0 0 1 86 50Z", 240,
    ),
    "petals": (_lobed(8, 206, 168, 240), 240),
    "pennant": ("M64 44H416V436L240 370L64 436Z", 206),
}
_PIPS = {
    "seal": 356, "circle": 358, "shield": 340, "hexagon": 350, "octagon": 360, "square": 364, "petals": 352,
    "pennant": 322,
}
