"""A competency framework as Moodle exports and imports it (the admin tool ``lpimportcsv``).

The names of its columns follow the language of who exported. One row describes the framework, each other one a
competency that names the one above it by its ID number.

Moodle keeps 100 characters of a short name. A longer title is cut there and opens the description in full, which is
how such frameworks are written by hand as well; reading puts it together again. Not carried: kind, reuse level,
threshold, skills, white space other than single line breaks and empty lines, and a first paragraph of the description
that is, or goes on from, the title.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...domain.errors import InvalidInput
from ...domain.outcomes import checked_slug
from ...domain.text import LINE_MAX
from ..values import mapping, shown
from .markup import to_html, to_text
from .model import Framework, Item, Notes, as_id, clean, placed, usable, worded
from .tables import Row, as_meant, harmless, parsed, table

HEADERS = (
    "Parent ID number", "ID number", "Short name", "Description", "Description format", "Scale values",
    "Scale configuration", "Rule type (optional)", "Rule outcome (optional)", "Rule config (optional)",
    "Cross-referenced competency ID numbers", "Exported ID (optional)", "Is framework", "Taxonomy",
)
_PARENT, _ID, _NAME, _DESCRIPTION, _FORMAT, _FRAMEWORK = 0, 1, 2, 3, 4, 12
_NAME_MAX = 100
_HTML = "1"
_NOT_HTML = ("2", "4")  # plain text, Markdown
_SCALES = {
    "en": "Not yet competent,Competent", "fr": "Non acquis,Acquis", "ar": "لم يُكتسب بعد,مُكتسب",
}
# Two values, the first the default until somebody rates, the second the one that is competent.
_SCALE_OF_TWO = '[{"scaleid":"1"},{"id":1,"scaledefault":1,"proficient":0},{"id":2,"scaledefault":0,"proficient":1}]'


def _folded(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


_KNOWN = {_folded(name) for name in HEADERS}
_READ = {_folded(HEADERS[place]): place for place in (_PARENT, _ID, _NAME, _DESCRIPTION, _FORMAT, _FRAMEWORK)}


def columns(rows: Sequence[Row]) -> dict[int, int] | None:
    """Where each of ``HEADERS`` that is read stands in this table; None if it is not Moodle's.

    By their English names, which older versions have in another order; in other languages by their number and by what
    is in the last but one.
    """
    header = rows[0].cells
    named = {_READ[_folded(cell)]: place for place, cell in enumerate(header) if _folded(cell) in _READ}
    if {_PARENT, _NAME, _FRAMEWORK} <= set(named):
        return named
    if len(header) != len(HEADERS):
        return None
    marks = [row.cells[_FRAMEWORK].strip() for row in rows[1:] if len(row.cells) == len(HEADERS)]
    as_moodle = sum(map(_yes, marks)) == 1 and all(mark in ("", "0", "1") for mark in marks)
    return {place: place for place in _READ.values()} if as_moodle else None


def table_of(text: str) -> list[Row]:
    """The rows; Moodle's own names tell the delimiter."""
    return parsed(text, lambda header: _folded(header) in _KNOWN)


def _yes(mark: str) -> bool:
    return mark not in ("", "0")


def read(rows: Sequence[Row], places: Mapping[int, int], notes: Notes) -> Framework:
    """The competencies as a tree; ``places`` are the ``columns``."""
    found: dict[str, Item] = {}
    title = ""
    for row in rows[1:]:
        cells = {
            name: clean(row.cells[place], notes) if place < len(row.cells) else "" for name, place in places.items()
        }
        if _yes(cells[_FRAMEWORK]):
            title = " ".join(as_meant(cells[_NAME]).split())
            continue
        item = _item(cells, notes)
        if item is None:
            notes.add("untitled", row.line)
        elif item.key in found:
            notes.add("repeated", item.values["title"][:40])
        else:
            found[item.key] = item
    if not found:
        raise InvalidInput("The framework has no competencies.", code="framework-no-items")
    return Framework(format="moodle", title=title, items=placed(found.values(), notes), notes=notes.all())


def _item(cells: Mapping[int, str], notes: Notes) -> Item | None:
    name, written = " ".join(as_meant(cells[_NAME]).split()), cells.get(_DESCRIPTION, "")
    description = written if cells.get(_FORMAT) in _NOT_HTML else to_text(written)
    title, description = _whole(name, clean(description, notes))
    if not title:
        return None
    code = cells.get(_ID, "")
    return Item(
        key=code or title, parent=cells[_PARENT], code=code,
        values={**as_id(code), **worded(title, description, notes)},
    )


def _whole(name: str, description: str) -> tuple[str, str]:
    """Title and description: a short name that was cut is completed from the description, and not said twice."""
    first, _gap, rest = description.partition("\n\n")
    line = " ".join(first.split())
    cut = re.sub(r"\s*(?:…|\.\.\.)$", "", name)
    shortened = len(name) >= _NAME_MAX - 2 or (cut != name and len(name) >= _NAME_MAX - 20)
    if name and _same(line, name):
        return name, rest.strip()
    if shortened and line.startswith(cut) and len(line) <= LINE_MAX:
        return line, rest.strip()
    return name, description


def _same(one: str, other: str) -> bool:
    return one.rstrip(".").casefold() == other.rstrip(".").casefold()


def write(title: str, key: str, outcomes: Sequence[Any], language: str) -> str:
    """A framework called ``title`` with the ID number ``key``, and a competency for each outcome."""
    scale = _SCALES.get(language.partition("-")[0], _SCALES["en"])
    rows = [
        HEADERS,
        ("", key[:_NAME_MAX], harmless(_short(title)), "", _HTML, scale, _SCALE_OF_TWO, "", "", "", "", "", "1",
         "outcome,outcome,outcome,outcome"),
        *(_row(mapping(item), name, number) for number, (item, name) in enumerate(
            zip(outcomes, _ids(outcomes), strict=True), start=1
        )),
    ]
    return table(rows)


def _ids(outcomes: Sequence[Any]) -> list[str]:
    """The outcomes' ids, and numbers in place of those that are none or not the only ones: Moodle would mix them up."""
    ids = [shown(item, "id") for item in outcomes]
    return [
        name if usable(checked_slug, name) and ids.count(name) == 1 else f"outcome.{number}"
        for number, name in enumerate(ids, start=1)
    ]


def _row(item: Mapping[str, Any], code: str, number: int) -> tuple[str, ...]:
    title = " ".join(shown(item, "title").split())
    name, description = _short(title), to_html(shown(item, "description"))
    if name != title:
        description = to_html(title) + description
    return (
        "", code, harmless(name), description, _HTML, "", "", "", "0", "null", "",
        str(number), "", "",
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _NAME_MAX else text[: _NAME_MAX - 1].rstrip() + "…"

