"""The page that shows a European Digital Credential to people: one A4 landscape picture.

Drawn as SVG with the fonts of this package only (Latin, Greek, Cyrillic, Arabic, Hebrew), so it is
the same on every machine. Characters outside these scripts are not drawn; the data has them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from xml.sax.saxutils import escape

from ..domain.award import Award
from ..domain.credential import Holder, Issuer
from ..domain.pill import BadgeImage
from . import badge_image, fonts, wording

WIDTH = 1260
_W, _H = 842, 595
_LEFT, _RIGHT = 266, 806
_INK, _MUTED, _RULE, _PANEL = "#14202b", "#52616e", "#cfd8df", "#dce7ed"
_OUTCOMES_END = 436
# Marks that change the direction of text: they could make the picture say something else than the data.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def draw(award: Award, issuer: Issuer, holder: Holder) -> bytes:
    """The page as PNG. Names the learner; equal arguments give equal bytes."""
    heading, bottom = _heading(award, holder, 66)
    parts = [*_panel(award), *heading, *_outcomes(award, bottom + 34), *_signature(award, issuer)]
    page = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} {_H}" font-family="{fonts.FAMILY}">'
        f"{''.join(parts)}</svg>"
    )
    return badge_image.reduced(badge_image.render(page.encode(), width=WIDTH))


def _panel(award: Award) -> Iterator[str]:
    """Background, and the side panel with badge and recognition data."""
    pill = award.pill
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


def _heading(award: Award, holder: Holder, y: float) -> tuple[list[str], float]:
    """Title and learner, and where they end."""
    pill = award.pill
    words = wording.texts(pill.language)
    width = _RIGHT - _LEFT
    parts = [_text(_LEFT, y - 4, words["certificate"], size=9.5, fill=_MUTED, weight=600, spacing=1.2)]
    size = next((s for s in (25, 21, 17) if len(_wrap(pill.title, size=s, width=width)) <= 2), 14)
    for line in _wrapped(pill.title, size=size, width=width, most=4):
        y += size * 1.25
        parts.append(_text(_LEFT, y, line, size=size, weight=600))
    name = _wrapped(holder.full_name, size=19, width=width, most=1)[0]
    return [
        *parts,
        _text(_LEFT, y + 30, words["awarded-to"], size=9.5, fill=_MUTED),
        _text(_LEFT, y + 54, name, size=19, weight=600),
        _rule(y + 69),
    ], y + 69


def _outcomes(award: Award, y: float) -> Iterator[str]:
    """The achieved outcomes with their results; those that do not fit are counted."""
    words = wording.texts(award.pill.language)
    pairs = [pair for pair in award.outcome_pairs() if pair[1].achieved]
    yield _text(_LEFT, y, words["outcomes"], size=9.5, fill=_MUTED, weight=600, spacing=0.6)
    y += 22
    for shown, (outcome, result) in enumerate(pairs):
        lines = _wrapped(outcome.title, size=10.5, width=_RIGHT - _LEFT - 80, most=2)
        if y + 14.5 * len(lines) > _OUTCOMES_END:
            yield _text(_LEFT + 20, y, words["more"].format(n=len(pairs) - shown), size=9.5, fill=_MUTED)
            return
        percent = wording.localised(result.fraction * 100, award.pill.language)
        yield f'<path d="M{_LEFT} {y - 4:g} l4 4 l7 -9" fill="none" stroke="#1d7a4f" stroke-width="2"/>'
        yield _text(_RIGHT, y, f"{percent} %", size=10.5, weight=600, anchor="end")
        for line in lines:
            yield _text(_LEFT + 20, y, line, size=10.5)
            y += 14.5
        y += 8


def _signature(award: Award, issuer: Issuer) -> Iterator[str]:
    """The place in a qualification, issuer, date, and what the page is worth."""
    words = wording.texts(award.pill.language)
    bloc = award.pill.recognition.bloc
    if bloc is not None:
        sentence = wording.towards(bloc, award.pill.language)
        for index, line in enumerate(_wrapped(sentence, size=7.5, width=_RIGHT - _LEFT, most=4)):
            yield _text(_LEFT, 464 + 10.5 * index, line, size=7.5, fill=_MUTED)
    yield _rule(508)
    yield _text(_LEFT, 526, words["awarded-by"], size=7.5, fill=_MUTED)
    yield _text(_LEFT, 541, _wrapped(issuer.legal_name, size=10.5, width=390, most=1)[0], size=10.5, weight=600)
    yield _text(_RIGHT, 526, words["awarded-on"], size=7.5, fill=_MUTED, anchor="end")
    yield _text(_RIGHT, 541, wording.instant(award.awarded_at)[:10], size=10.5, weight=600, anchor="end")
    yield _text(_LEFT, 566, words["footer"], size=7, fill=_MUTED)


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
