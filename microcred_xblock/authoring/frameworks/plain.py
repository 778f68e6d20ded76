"""A table of outcomes: one row each, with columns named in English, French or Arabic.

It carries everything but what assesses an outcome: id, title, description, kind, reuse level, threshold, and hundreds
of skills (“Skill URI”, “Skill label”, “Skill framework”; then “Skill URI 2” and so on). Not carried: how activities
are combined, and white space at the beginning or end of a text. Text without any columns is read as a list of titles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ...domain.errors import InvalidInput
from ...domain.outcomes import checked_slug
from ...translation import Translator
from ..values import items, mapping, percentage, shown, typed_percentage
from .model import MAX_ITEMS, Framework, Item, Notes, as_id, clean, skill, usable, worded
from .tables import MAX_COLUMNS, Row, as_meant, harmless, parsed, table
from .vocabulary import COLUMNS, KINDS, REUSES, SKILL_COLUMNS, column_of

_POINT = Translator("en")
_BULLET = re.compile(r"^\s*(?:[-–—•*·]|\(?[0-9]{1,3}[.)])\s+")


def read(text: str, notes: Notes) -> Framework:
    """The outcomes of a table or a list; InvalidInput (``framework-…``) with what to do where it is neither."""
    if _is_list(text):
        return _lines(text, notes)
    rows = parsed(text, lambda header: bool(column_of(header)[0]))
    header = [column_of(cell) for cell in rows[0].cells]
    if ("title", 1) not in header:
        found = ", ".join(map(str.strip, rows[0].cells))[:200]
        raise InvalidInput("The table has no column with the titles.", code="framework-no-title", found=found)
    unknown = [cell.strip() for cell, (name, _number) in zip(rows[0].cells, header, strict=True) if not name]
    if any(unknown):
        notes.add("unknown-columns", ", ".join(filter(None, unknown)))
    found = [_item(row, header, notes) for row in rows[1:]]
    return Framework(format="csv", items=_own([item for item in found if item]), notes=notes.all())


def _is_list(text: str) -> bool:
    """Whether there are no columns at all: no delimiter but commas, and no header that is known."""
    if any(mark in text for mark in '\t;"'):
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 2 and len({line.count(",") for line in lines}) == 1 and "," in lines[0]:
        return False
    return not any(column_of(cell)[0] for cell in lines[0].split(",", MAX_COLUMNS)[:MAX_COLUMNS])


def _lines(text: str, notes: Notes) -> Framework:
    """Each line is a title; bullets and numbers before it are not part of it."""
    titles = [clean(_BULLET.sub("", line), notes) for line in text.splitlines()]
    titles = [title for title in titles if title]
    if len(titles) > MAX_ITEMS:
        raise InvalidInput(f"At most {MAX_ITEMS} lines are read.", code="framework-many", limit=MAX_ITEMS)
    notes.add("lines")
    found = [Item(key=str(number), values=worded(title, "", notes)) for number, title in enumerate(titles, start=1)]
    return Framework(format="csv", items=found, notes=notes.all())


def _item(row: Row, header: Sequence[tuple[str, int]], notes: Notes) -> Item | None:
    cells: dict[tuple[str, int], str] = {}
    for column, cell in zip(header, row.cells, strict=False):
        if column[0] and not cells.get(column):
            cells[column] = clean(as_meant(cell), notes)
    given = {name: cells.get((name, 1), "") for name in COLUMNS.codes}
    if not given["title"]:
        notes.add("untitled", row.line)
        return None
    values: dict[str, Any] = {**as_id(given["id"]), **worded(given["title"], given["description"], notes)}
    for name, words in (("kind", KINDS), ("reuse", REUSES)):
        code = words.code(given[name])
        values.update({name: code} if code else {})
        if given[name] and not code:
            notes.add(name, given[name])
    if given["threshold"]:
        fraction = _fraction(given["threshold"])
        values.update({} if fraction is None else {"threshold": format(fraction.normalize(), "f")})
        if fraction is None:
            notes.add("threshold", given["threshold"])
    skills = _skills(cells, notes)
    return Item(
        key=str(row.line), code=given["id"], values={**values, **({"skills": skills} if skills else {})}
    )


def _skills(cells: Mapping[tuple[str, int], str], notes: Notes) -> list[dict[str, str]]:
    numbers = sorted({number for name, number in cells if name in SKILL_COLUMNS})
    found = []
    for number in numbers:
        uri, label, framework = (cells.get((name, number), "") for name in SKILL_COLUMNS)
        one = skill(uri, label, framework, notes) if uri or label else None
        found += [one] if one else []
    return found


def _fraction(text: str) -> Decimal | None:
    """A threshold as a person writes it: “70 %”, “0,7”, “70”. Without a per cent sign, 1 is all of the points."""
    number = typed_percentage(text, _POINT) or typed_percentage(text.replace(",", "."), _POINT)
    if number is None:
        return None
    fraction = number if not re.search("[%٪]", text) and number <= 1 else number / 100
    return fraction if 0 <= fraction <= 1 and fraction == round(fraction, 4) else None


def _own(found: Sequence[Item]) -> list[Item]:
    """The items, none with the id of one before it."""
    taken: set[str] = set()
    own = []
    for item in found:
        name = item.values.get("id")
        values = {key: value for key, value in item.values.items() if key != "id" or name not in taken}
        taken.add(name or "")
        own.append(Item(key=item.key, values=values, code=item.code))
    return own


def write(outcomes: Sequence[Any], translator: Translator) -> str:
    """The table in the author's language, with what separates columns in spreadsheets where that is spoken."""
    outcomes = [mapping(item) for item in outcomes]
    most = max([1, *(len(items(item.get("skills"))) for item in outcomes)])
    header = [COLUMNS.word(name, translator.language) for name in COLUMNS.codes if name not in SKILL_COLUMNS]
    for number in range(1, most + 1):
        numbered = f" {number}" if number > 1 else ""
        header += [COLUMNS.word(name, translator.language) + numbered for name in SKILL_COLUMNS]
    rows = [header, *(_row(item, most, translator) for item in outcomes)]
    decimal_comma = translator.number(Decimal("0.5")) == "0,5"
    text = table([list(map(harmless, row)) for row in rows], ";" if decimal_comma else ",")
    return "\ufeff" + text  # without the mark, Excel takes it for the old encoding of Windows


def _row(item: Mapping[str, Any], most: int, translator: Translator) -> list[str]:
    number, name = percentage(item.get("threshold", "")), shown(item, "id")
    row = [
        name if usable(checked_slug, name) else "", shown(item, "title"), shown(item, "description"),
        KINDS.word(shown(item, "kind"), translator.language), REUSES.word(shown(item, "reuse"), translator.language),
        shown(item, "threshold") if number is None else f"{translator.number(number)} %",
    ]
    skills = [mapping(entry) for entry in items(item.get("skills"))]
    for entry in skills:
        row += [shown(entry, "uri"), shown(entry, "label"), shown(entry, "framework") or "ESCO"]
    return row + [""] * (len(SKILL_COLUMNS) * (most - len(skills)))
