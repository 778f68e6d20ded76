"""Comma-separated text as rows, and rows as a file that spreadsheets open as what it is (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...domain.errors import InvalidInput
from .model import MAX_ITEMS

DELIMITERS = (",", ";", "\t")
# What a spreadsheet would compute, in a cell whose text begins with it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True)
class Row:
    """Its cells, and the line of the file it starts in."""

    line: int
    cells: Sequence[str]


def parsed(text: str, known: Callable[[str], bool]) -> list[Row]:
    """The rows that are not empty. The delimiter is the one with which most headers are ``known``.

    InvalidInput (``framework-quotes``, ``-open-quote``, ``-many``, ``-empty``) where it is no table or too long a one.
    """
    text, delimiter = _declared(text)
    if delimiter is None:
        found = [(sum(map(known, _first(text, candidate))), candidate) for candidate in DELIMITERS]
        delimiter = max(found, key=lambda pair: (pair[0], len(_first(text, pair[1]))))[1]
    rows = _rows(text, delimiter)
    if not rows:
        raise InvalidInput("There is nothing but delimiters.", code="framework-empty")
    return rows


def _declared(text: str) -> tuple[str, str | None]:
    """Excel’s own first line “sep=;” says what separates the columns."""
    match = re.match(r'"?sep=(.)"?\r?\n', text)
    return ("\n" + text[match.end():], match[1]) if match else (text, None)


def _first(text: str, delimiter: str) -> list[str]:
    """The first row with ``delimiter``, as far as it can be read."""
    try:
        return next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)), [])
    except csv.Error:
        return []


def _rows(text: str, delimiter: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(Row(start, cells))
            if len(rows) > MAX_ITEMS + 1:
                raise InvalidInput(f"At most {MAX_ITEMS} rows are read.", code="framework-many", limit=MAX_ITEMS)
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"Line {start}: the quotation marks of the table are not in order ({error})."
        if "unexpected end" in str(error):
            raise InvalidInput(message, code="framework-open-quote", line=start) from None
        raise InvalidInput(message, code="framework-quotes", line=start) from None
    return rows


def table(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """The rows as text, with the line ends that the format asks for."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def harmless(cell: str) -> str:
    """``cell`` so that no spreadsheet computes it: an apostrophe goes before what looks like a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


def as_meant(cell: str) -> str:
    """The cell whose ``harmless`` form was read, and any other as it is."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
