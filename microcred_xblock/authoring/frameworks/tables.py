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
MAX_COLUMNS = 1_000
MAX_CELL = 131_072  # what the csv module reads; its own limit is that of the whole process, so nobody changes it
# What a spreadsheet would compute, in a cell whose text begins with it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True)
class Row:
    """Its cells, and the line of the file it starts in."""

    line: int
    cells: Sequence[str]


def parsed(text: str, known: Callable[[str], bool]) -> list[Row]:
    """The rows that are not empty. The delimiter is the one with which most headers are ``known``.

    InvalidInput (``framework-quotes``, ``-open-quote``, ``-cell``, ``-columns``, ``-many``, ``-empty``) where it is no
    table or too large a one.
    """
    text, delimiter = _declared(text)
    if delimiter is None:
        heads = {candidate: _first(text, candidate) for candidate in DELIMITERS}
        delimiter = max(heads, key=lambda each: (sum(map(known, heads[each][:MAX_COLUMNS])), len(heads[each])))
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
    lines = _Lines(text)
    rows: list[Row] = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter, strict=True):
            if any(cell.strip() for cell in cells):
                rows.append(Row(lines.start, _narrow(cells, lines.start)))
            if len(rows) > MAX_ITEMS + 1:
                raise InvalidInput(f"At most {MAX_ITEMS} rows are read.", code="framework-many", limit=MAX_ITEMS)
            lines.begin()
    except csv.Error as error:
        raise _unreadable(str(error), lines, delimiter) from None
    return rows


class _Lines:
    """The lines of a text for the csv module; keeps those of the row that is being read."""

    def __init__(self, text: str) -> None:
        self._stream, self.start, self.row = io.StringIO(text, newline=""), 1, list[str]()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.row.append(next(self._stream))
        return self.row[-1]

    def begin(self) -> None:
        """The row is done; another one begins."""
        self.start += len(self.row)
        self.row.clear()


def _narrow(cells: list[str], line: int) -> list[str]:
    """The cells without the empty ones that spreadsheets put behind the last column, if they are not too many."""
    if len(cells) <= MAX_COLUMNS:
        return cells
    if any(cell.strip() for cell in cells[MAX_COLUMNS:]):
        raise InvalidInput(
            f"Line {line} has more than {MAX_COLUMNS} columns.", code="framework-columns", line=line, limit=MAX_COLUMNS
        )
    return cells[:MAX_COLUMNS]


def _unreadable(reason: str, lines: _Lines, delimiter: str) -> InvalidInput:
    """What is wrong with the row that the csv module could not read."""
    line = lines.start
    column = _long_cell("".join(lines.row), delimiter)
    if column:
        return InvalidInput(
            f"Line {line}, column {column} is longer than {MAX_CELL} characters.", code="framework-cell", line=line,
            column=column, limit=MAX_CELL,
        )
    message = f"Line {line}: the quotation marks of the table are not in order ({reason})."
    if "unexpected end" in reason:
        return InvalidInput(message, code="framework-open-quote", line=line)
    return InvalidInput(message, code="framework-quotes", line=line)


def _long_cell(row: str, delimiter: str) -> int:
    """The number of the first cell that is longer than cells may be; 0 where there is none."""
    column, length, quoted = 1, 0, False
    for character in row:
        if character == '"':
            quoted = not quoted
        elif character == delimiter and not quoted:
            column, length = column + 1, 0
        else:
            length += 1
        if length > MAX_CELL:
            return column
    return 0


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
