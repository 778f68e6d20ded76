"""The certificate as a page to print: one A4 sheet with text that can be searched and read aloud (PDF 1.7).

Drawn with the fonts of this package and shaped by HarfBuzz, so Arabic and Hebrew join and run as they must. What the
fonts lack is not drawn wrongly: ``draw`` then gives None. The page proves nothing; its QR code leads to what does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import fonts, shaping

_INK, _MUTED, _RULE, _GREEN = (20, 32, 43), (74, 89, 102), (201, 211, 218), (20, 96, 60)
_MARGIN, _WIDTH, _HEIGHT = 18, 210, 297  # mm
_INNER = _WIDTH - 2 * _MARGIN
_FOOT = 232  # where the part with the code begins
_QR = 34
# Marks that change the direction of text: they could make the page say something else than the data.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What stands on the page, in words that are ready to be read. ``name`` may be empty, ``facts`` are pairs."""

    language: str
    right_to_left: bool
    kicker: str
    title: str
    awarded_to: str
    name: str
    outcomes_label: str
    outcomes: Sequence[str]
    more: str  # with ``{n}``, for outcomes that do not fit
    facts: Sequence[tuple[str, str]]
    awarded_by: str
    issuer: str
    badge: bytes  # PNG
    url: str
    url_note: str
    footer: str
    issued_at: datetime


def draw(certificate: Certificate) -> bytes | None:
    """The PDF; None where a character is in none of the fonts. Equal arguments give equal bytes."""
    page = _Page(certificate)
    if not page.drawable():
        return None
    page.draw()
    return page.written()


class _Page:
    """A sheet that is being drawn, from the top down."""

    def __init__(self, certificate: Certificate) -> None:
        from fpdf import FPDF  # takes a while to load, and most processes never draw

        self.certificate = certificate
        self.pdf: Any = FPDF(format="A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(_MARGIN)
        self._load_fonts()
        self.pdf.add_page()
        self.start, self.end = ("R", "L") if certificate.right_to_left else ("L", "R")

    def _load_fonts(self) -> None:
        regular, semibold, arabic, hebrew = fonts.paths()
        self.pdf.add_font("sans", "", regular)
        self.pdf.add_font("sans", "B", semibold)
        kinds = {unicodedata.bidirectional(character) for text in self._texts() for character in text}
        further = {"arabic": arabic} if "AL" in kinds else {}
        if "R" in kinds:
            further["hebrew"] = hebrew
        for name, path in further.items():  # every font that is added is written, used or not
            self.pdf.add_font(name, "", path)
        self.pdf.set_fallback_fonts(list(further), exact_match=False)
        self.pdf.set_font("sans", size=10)
        self.pdf.set_text_shaping(True)

    def drawable(self) -> bool:
        known = {code for font in self.pdf.fonts.values() for code in font.cmap}
        return all(ord(character) in known for text in self._texts() for character in _shown(text))

    def _texts(self) -> list[str]:
        said = self.certificate
        told = (said.kicker, said.title, said.awarded_to, said.name, said.outcomes_label, said.more, said.awarded_by)
        facts = (part for fact in said.facts for part in fact)
        return [*told, *said.outcomes, *facts, said.issuer, said.url_note, said.footer]

    def draw(self) -> None:
        said, pdf = self.certificate, self.pdf
        pdf.set_lang(said.language)
        pdf.set_title(said.title)
        pdf.set_author(said.issuer)
        pdf.set_creation_date(said.issued_at)
        y = self._heading()
        y = self._facts(y)
        self._outcomes(y)
        self._foot()

    def written(self) -> bytes:
        return bytes(self.pdf.output())

    def _heading(self) -> float:
        said, side = self.certificate, 44
        x = _WIDTH - _MARGIN - side if self.start == "L" else _MARGIN
        self.pdf.image(said.badge, x=x, y=_MARGIN, w=side, h=side, alt_text=said.title)
        left = _MARGIN if self.start == "L" else _MARGIN + side + 8
        width = _INNER - side - 8
        y = self._text(said.kicker, left, _MARGIN + 2, width, size=10, colour=_MUTED, bold=True)
        size = next((s for s in (26, 22, 18, 15) if self._lines(said.title, width, s, bold=True) <= 3), 12)
        y = self._text(said.title, left, y + 2, width, size=size, bold=True)
        if said.name:
            y = self._text(said.awarded_to, left, y + 5, width, size=10, colour=_MUTED)
            y = self._text(said.name, left, y + 1, width, size=18, bold=True)
        y = max(y, _MARGIN + side) + 6
        self._rule(y)
        return y + 5

    def _facts(self, y: float) -> float:
        """Two columns; the row that both have reached is where the next pair begins."""
        half, bottom = (_INNER - 8) / 2, y
        for index, (label, value) in enumerate(self.certificate.facts):
            second = (index % 2 == 1) == (self.start == "L")
            left = _MARGIN + (half + 8 if second else 0)
            end = self._text(label, left, y, half, size=9, colour=_MUTED)
            bottom = max(bottom, self._text(value, left, end, half, size=11))
            if index % 2:
                y = bottom = bottom + 2.5
        return bottom + 5

    def _outcomes(self, y: float) -> None:
        said = self.certificate
        y = self._text(said.outcomes_label, _MARGIN, y, _INNER, size=11, bold=True) + 1.5
        indent = 6
        left = _MARGIN + (indent if self.start == "L" else 0)
        for index, outcome in enumerate(said.outcomes):
            height = 5.2 * self._lines(outcome, _INNER - indent, 10.5)
            if y + height > _FOOT - 9:
                rest = said.more.format(n=len(said.outcomes) - index)
                self._text(rest, left, y, _INNER - indent, size=9.5, colour=_MUTED)
                return
            self._tick(_MARGIN if self.start == "L" else _WIDTH - _MARGIN - 3.4, y + 2.6)
            y = self._text(outcome, left, y, _INNER - indent, size=10.5, line=5.2) + 1.2

    def _foot(self) -> None:
        said = self.certificate
        self._rule(_FOOT)
        x = _WIDTH - _MARGIN - _QR if self.start == "L" else _MARGIN
        self._code(x, _FOOT + 6)
        left = _MARGIN if self.start == "L" else _MARGIN + _QR + 8
        width = _INNER - _QR - 8
        y = self._text(said.awarded_by, left, _FOOT + 5, width, size=9, colour=_MUTED)
        y = self._text(said.issuer, left, y, width, size=13, bold=True)
        y = self._text(said.url_note, left, y + 3, width, size=9, colour=_MUTED)
        y = self._text(said.url, left, y, width, size=8, link=said.url)
        self._text(said.footer, left, y + 3, width, size=9, colour=_MUTED)

    def _code(self, x: float, y: float) -> None:
        """The address as a QR code (ISO/IEC 18004), as squares, without a picture."""
        import segno

        rows = [list(row) for row in segno.make(self.certificate.url, error="m", micro=False).matrix]
        cell = _QR / len(rows)
        self.pdf.set_fill_color(0, 0, 0)
        with self.pdf.local_context():
            for down, row in enumerate(rows):
                across = 0
                while across < len(row):
                    run = across
                    while run < len(row) and row[run]:
                        run += 1
                    if run > across:
                        self.pdf.rect(x + across * cell, y + down * cell, (run - across) * cell, cell, style="F")
                    across = run + 1

    def _tick(self, x: float, y: float) -> None:
        self.pdf.set_draw_color(*_GREEN)
        self.pdf.set_line_width(0.6)
        self.pdf.polyline([(x, y), (x + 1.2, y + 1.2), (x + 3.4, y - 1.6)])

    def _rule(self, y: float) -> None:
        self.pdf.set_fill_color(*_RULE)
        self.pdf.rect(_MARGIN, y, _INNER, 0.35, style="F")

    def _text(
        self, text: str, x: float, y: float, width: float, *, size: float, colour: tuple[int, int, int] = _INK,
        bold: bool = False, line: float = 0, link: str = "",
    ) -> float:
        """Where the next text may begin. The block stands at the page's start, whatever the direction of ``text``."""
        self._style(text, size, bold)
        self.pdf.set_text_color(*colour)
        self.pdf.set_xy(x, y)
        self.pdf.multi_cell(
            width, line or size * 0.47, _shown(text), align=self.start, link=link or None, new_x="LMARGIN",
            new_y="NEXT", padding=0,
        )
        return self.pdf.get_y()

    def _lines(self, text: str, width: float, size: float, *, bold: bool = False) -> int:
        self._style(text, size, bold)
        return len(self.pdf.multi_cell(width, size, _shown(text), dry_run=True, output="LINES"))

    def _style(self, text: str, size: float, bold: bool) -> None:
        self.pdf.set_font("sans", "B" if bold else "", size)
        rtl = shaping.is_right_to_left(text)
        self.pdf.set_text_shaping(True, direction="rtl" if rtl else "ltr")


def _shown(text: str) -> str:
    return " ".join(_DIRECTION.sub("", text).split())
