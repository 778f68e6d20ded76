"""The page that shows a European Digital Credential to people: one A4 landscape picture.

Drawn as SVG with the fonts of this package only (Latin, Greek, Cyrillic, Arabic, Hebrew), so it is
the same on every machine. Characters outside these scripts are not drawn; the data has them.

Everything that learners with the same achieved outcomes have in common is drawn once per process
and kept as a sheet (``overprint``); the name, the results and the date are printed on it. Neither a
name nor a finished page is kept.
"""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import escape

from PIL import Image

from ..domain.award import Award
from ..domain.credential import Holder, Issuer
from ..domain.outcomes import LearningOutcome
from ..domain.pill import BadgeImage, LearningPill
from . import badge_image, fonts, overprint, wording

WIDTH, HEIGHT = 1260, 891
_W, _H = 842, 595
_ACROSS, _DOWN = WIDTH / _W, HEIGHT / _H
_LEFT, _RIGHT = 266, 806
_INK, _MUTED, _RULE, _PANEL = "#14202b", "#52616e", "#cfd8df", "#dce7ed"
_OUTCOMES_END = 436
# Marks that change the direction of text: they could make the picture say something else than the data.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
# Latin, Greek, Cyrillic, dashes and quotes.
_MEASURED = re.compile("[\0-\u052f\u2010-\u2027]*")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a line of the learner's is printed: as the attributes of ``<text>``."""

    x: float = _RIGHT
    y: float
    size: float = 10.5
    anchor: str = "end"

    @property
    def rows(self) -> tuple[int, int]:
        """The pixel rows it may cover. No glyph of the fonts is taller; stacks of marks are cut."""
        return math.floor((self.y - 1.1 * self.size) * _DOWN), math.ceil((self.y + 0.65 * self.size) * _DOWN)


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """What learners have in common, as SVG, and where the rest goes; ``results`` are those that fit."""

    parts: tuple[str, ...]
    name: _Place
    results: tuple[_Place, ...]
    date: _Place


def draw(award: Award, issuer: Issuer, holder: Holder) -> bytes:
    """The page as PNG. Names the learner; equal arguments give equal bytes."""
    sheet, layout = _sheet(award.pill, issuer, _achieved(award))
    name, *rest = _contents(award, holder, layout)
    return sheet.printed([_line(*name), *(_stamp(*content) for content in rest)])


def at_once(award: Award, issuer: Issuer, holder: Holder) -> bytes:
    """The same page as one SVG, for comparison: drawing it takes many times as long."""
    layout = _layout(award.pill, issuer, _achieved(award))
    return _svg((*layout.parts, *(_written(*content) for content in _contents(award, holder, layout))))


def forget() -> None:
    """Lets go of all sheets, as in a new process; what is drawn stays the same."""
    _sheet.cache_clear()
    _stamp.cache_clear()


def _achieved(award: Award) -> tuple[str, ...]:
    return tuple(result.outcome_id for result in award.results if result.achieved)


def _contents(award: Award, holder: Holder, layout: _Layout) -> Iterator[tuple[str, _Place]]:
    """What is the learner's, and where: the name first."""
    yield _wrapped(holder.full_name, size=19, width=_RIGHT - _LEFT, most=1)[0], layout.name
    yield wording.instant(award.awarded_at)[:10], layout.date
    for place, result in zip(layout.results, (r for r in award.results if r.achieved), strict=False):
        yield f"{wording.localised(result.fraction * 100, award.pill.language)} %", place


@lru_cache(maxsize=64)  # some 300 kB each
def _sheet(pill: LearningPill, issuer: Issuer, achieved: tuple[str, ...]) -> tuple[overprint.Sheet, _Layout]:
    layout = _layout(pill, issuer, achieved)
    rows = [place.rows for place in (layout.name, layout.date, *layout.results)]
    with Image.open(io.BytesIO(badge_image.render(_svg(layout.parts), width=WIDTH))) as picture:
        return overprint.sheet(picture, ink=_INK, rows=rows), layout


def _layout(pill: LearningPill, issuer: Issuer, achieved: tuple[str, ...]) -> _Layout:
    heading, name, bottom = _heading(pill, 66)
    outcomes, results = _outcomes(pill, [outcome for outcome in pill.outcomes if outcome.id in achieved], bottom + 34)
    parts = (*_panel(pill), *heading, *outcomes, *_signature(pill, issuer))
    return _Layout(parts=parts, name=name, results=tuple(results), date=_Place(y=541))


def _panel(pill: LearningPill) -> Iterator[str]:
    """Background, and the side panel with badge and recognition data."""
    words = wording.texts(pill.language)
    image = pill.image or badge_image.default_png(
        pill.title, pill.recognition.eqf_level, wording.primary(pill.language)
    )
    yield f'<rect width="{_W}" height="{_H}" fill="#ffffff"/><rect width="230" height="{_H}" fill="{_PANEL}"/>'
    yield f'<image x="30" y="34" width="170" height="170" href="data:image/png;base64,{_badge(image)}"/>'
    facts = list(wording.page_facts(pill.recognition, pill.language))
    if facts:
        yield _text(30, 240, words["facts"], size=8.5, fill=_MUTED, weight=600, spacing=0.6)
    y = 258.0
    for label, value in facts:
        yield _text(30, y, label, size=7.5, fill=_MUTED)
        for line in _wrapped(value, size=9.5, width=172, most=2):
            y += 13
            yield _text(30, y, line, size=9.5)
        y += 17


def _heading(pill: LearningPill, y: float) -> tuple[list[str], _Place, float]:
    """Title, the place of the learner's name, and where they end."""
    words = wording.texts(pill.language)
    width = _RIGHT - _LEFT
    parts = [_text(_LEFT, y - 4, words["certificate"], size=9.5, fill=_MUTED, weight=600, spacing=1.2)]
    size = next((s for s in (25, 21, 17) if len(_wrap(pill.title, size=s, width=width)) <= 2), 14)
    for line in _wrapped(pill.title, size=size, width=width, most=4):
        y += size * 1.25
        parts.append(_text(_LEFT, y, line, size=size, weight=600))
    parts += [_text(_LEFT, y + 30, words["awarded-to"], size=9.5, fill=_MUTED), _rule(y + 69)]
    return parts, _Place(x=_LEFT, y=y + 54, size=19, anchor="start"), y + 69


def _outcomes(pill: LearningPill, achieved: list[LearningOutcome], y: float) -> tuple[list[str], list[_Place]]:
    """The achieved outcomes and the places of their results; those that do not fit are counted."""
    words = wording.texts(pill.language)
    parts = [_text(_LEFT, y, words["outcomes"], size=9.5, fill=_MUTED, weight=600, spacing=0.6)]
    places: list[_Place] = []
    y += 22
    for outcome in achieved:
        lines = _wrapped(outcome.title, size=10.5, width=_RIGHT - _LEFT - 80, most=2)
        if y + 14.5 * len(lines) > _OUTCOMES_END:
            more = words["more"].format(n=len(achieved) - len(places))
            return [*parts, _text(_LEFT + 20, y, more, size=9.5, fill=_MUTED)], places
        parts.append(f'<path d="M{_LEFT} {y - 4:g} l4 4 l7 -9" fill="none" stroke="#1d7a4f" stroke-width="2"/>')
        places.append(_Place(y=y))
        for line in lines:
            parts.append(_text(_LEFT + 20, y, line, size=10.5))
            y += 14.5
        y += 8
    return parts, places


def _signature(pill: LearningPill, issuer: Issuer) -> Iterator[str]:
    """The place in a qualification, the issuer, and what the page is worth."""
    words = wording.texts(pill.language)
    places = [place for place in (pill.recognition.bloc, pill.recognition.towards) if place is not None]
    if places:
        sentence = " ".join(wording.towards(place, pill.language) for place in places)
        for index, line in enumerate(_wrapped(sentence, size=7.5, width=_RIGHT - _LEFT, most=4)):
            yield _text(_LEFT, 464 + 10.5 * index, line, size=7.5, fill=_MUTED)
    yield _rule(508)
    yield _text(_LEFT, 526, words["awarded-by"], size=7.5, fill=_MUTED)
    yield _text(_LEFT, 541, _wrapped(issuer.legal_name, size=10.5, width=390, most=1)[0], size=10.5, weight=600)
    yield _text(_RIGHT, 526, words["awarded-on"], size=7.5, fill=_MUTED, anchor="end")
    yield _text(_LEFT, 566, words["footer"], size=7, fill=_MUTED)


@lru_cache(maxsize=512)
def _stamp(content: str, place: _Place) -> overprint.Line:
    """A result or a date: the same of many learners."""
    return _line(content, place)


def _line(content: str, place: _Place) -> overprint.Line:
    """``content`` as resvg draws it at ``place`` of the whole page."""
    width, pad = _extent(content, place), place.size
    left = math.floor((place.x - pad - (width if place.anchor == "end" else 0)) * _ACROSS)
    right = min(WIDTH, math.ceil((place.x + pad + (width if place.anchor == "start" else 0)) * _ACROSS))
    top, bottom = place.rows
    drawing = _svg((_written(content, place),), box=(left, top, right - left, bottom - top))
    with Image.open(io.BytesIO(badge_image.render(drawing, width=right - left))) as picture:
        return overprint.line(left, top, picture.getchannel("A"))


def _written(content: str, place: _Place) -> str:
    return _text(place.x, place.y, content, size=place.size, weight=600, anchor=place.anchor)


def _extent(content: str, place: _Place) -> float:
    """At least the width of ``content``; of scripts other than those of Open Sans, all there is."""
    return 1.05 * fonts.width(content, place.size) if _MEASURED.fullmatch(content) else _W - place.x


def _svg(parts: tuple[str, ...], box: tuple[int, int, int, int] = (0, 0, WIDTH, HEIGHT)) -> bytes:
    """A drawing of ``parts``, of which only the pixels in ``box`` (left, top, width, height) are shown."""
    left, top, width, height = box
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{fonts.FAMILY}">'
        f'<g transform="translate({-left} {-top}) scale({_ACROSS:.8f} {_DOWN:.8f})">{"".join(parts)}</g></svg>'
    ).encode()


@lru_cache(maxsize=32)
def _badge(image: BadgeImage) -> str:
    return base64.b64encode(badge_image.to_png(image, width=340)).decode("ascii")


def _rule(y: float) -> str:
    return f'<rect x="{_LEFT}" y="{y:g}" width="{_RIGHT - _LEFT}" height="1" fill="{_RULE}"/>'


def _text(
    x: float, y: float, content: str, *, size: float, fill: str = _INK, weight: int = 400, anchor: str = "start",
    spacing: float = 0,
) -> str:
    tracking = f' letter-spacing="{spacing:g}"' if spacing else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" fill="{fill}"'
        f' text-anchor="{anchor}"{tracking}>{escape(content)}</text>'
    )


def _wrapped(content: str, *, size: float, width: float, most: int) -> list[str]:
    """``content`` in at most ``most`` lines; what does not fit ends in an ellipsis. Never empty."""
    lines = _wrap(content, size=size, width=width) or [""]
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and fonts.width(last + "…", size) > width:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + "…"]


def _wrap(content: str, *, size: float, width: float) -> list[str]:
    lines: list[str] = []
    for word in re.split(r"[ \t\n]+", _DIRECTION.sub("", content).strip()):
        if lines and fonts.width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] = f"{lines[-1]} {word}"
            continue
        while word and fonts.width(word, size) > width:
            fitting = next((n for n in range(len(word) - 1, 1, -1) if fonts.width(word[:n], size) <= width), 1)
            lines.append(word[:fitting])
            word = word[fitting:]
        if word:
            lines.append(word)
    return lines
