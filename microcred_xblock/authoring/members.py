"""What assesses one outcome, in the author's form: a row for each block, nested groups in words, and what is stored.

A card shows only what its outcome uses. All other blocks are in the form's one list to choose from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from .. import definition
from ..domain.errors import InvalidInput
from ..domain.outcomes import Criterion, Rule
from ..translation import Translator
from .blocks import Block
from .values import is_leaf, is_yes, items, mapping, percentage, shown, stored_number
from .writing import put_number, put_percentage

# What the page fills in for a block that the author chooses.
BLANK_ROW = {
    "key": "__key__", "row": "__row__", "block": "", "title": "", "member": "", "weight": "1", "threshold": "",
    "note": "",
}
_PRINTED = tuple(BLANK_ROW)  # all of a row is text


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a submission; ``member``: its number among the stored members, None if it is new."""

    row: str
    block: str
    weight: str
    threshold: str
    member: int | None


@dataclass(frozen=True, kw_only=True)
class Members:
    """The ``members`` to store; ``rows``: what the page calls each of them, "" for a group.

    ``unread`` are the thresholds that are no percentage, as they were typed, by row.
    """

    members: list[Any]
    rows: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]


def rows(key: str, stored: Any, inside: Mapping[str, Block], translator: Translator) -> list[dict[str, Any]]:
    """A row of the card ``key`` for each stored reference to a block, in order, whether or not it is ``inside``."""
    return [
        {"key": key, **_row(number, member, inside, translator), "printed": _PRINTED}
        for number, member in enumerate(items(stored)) if is_leaf(member)
    ]


def groups(stored: Any, titles: Mapping[str, str], translator: Translator) -> list[dict[str, Any]]:
    """The nested groups in words."""
    return [_group_words(member, titles, translator) for member in items(stored) if not is_leaf(member)]


def grouped(stored: Any) -> set[str]:
    """The blocks that nested groups refer to."""
    nested = [member for member in items(stored) if not is_leaf(member)]
    return {reference for _outcome, reference in definition.block_references([{"id": "g", "assessed_by": nested}])}


def stored_rows(stored: Any) -> tuple[str, ...]:
    """What the page calls each stored member, "" for a group."""
    return tuple(_name(number) if is_leaf(member) else "" for number, member in enumerate(items(stored)))


def read(stored: Any, given: Sequence[Row], translator: Translator) -> Members:
    """The stored members that still have a row, and every group, in their order; then the new ones."""
    kept = {row.member: row for row in given if row.member is not None}
    found: list[tuple[Any, str]] = []
    unread: list[tuple[str, str]] = []

    def conditions(member: Any, row: Row) -> Any:
        if not isinstance(member, Mapping):
            return member
        data = dict(member)
        put_number(data, "weight", row.weight, translator, otherwise="1")
        if not put_percentage(data, "threshold", row.threshold, translator):
            unread.append((row.row, row.threshold))
        return data

    for number, member in enumerate(stored if isinstance(stored, list) else ()):
        if not is_leaf(member):
            found.append((member, ""))
        elif number in kept:
            found.append((conditions(member, kept[number]), kept[number].row))
    found += [(conditions({"block": row.block}, row), row.row) for row in given if row.member is None]
    return Members(
        members=[member for member, _name in found], rows=tuple(name for _member, name in found), unread=tuple(unread)
    )


def culprit(outcome: Any, code: str, part: str) -> int | None:
    """The number of the member whose ``part`` (weight or threshold) has the problem ``code``.

    None if it is the outcome's own, or in a group.
    """
    data = mapping(outcome)
    if part == "threshold" and "threshold" in data and _code(data, part) == code:
        return None
    fits = [
        number for number, member in enumerate(items(data.get("assessed_by")))
        if is_leaf(member) and part in mapping(member) and _code(member, part) == code
    ]
    return fits[0] if fits else None


def _code(data: Mapping[str, Any], part: str) -> str:
    """The code of what is wrong with a weight or threshold, or nothing."""
    try:
        Criterion(block="-", weight=data[part]) if part == "weight" else Rule(value=data[part])
    except InvalidInput as error:
        return error.code
    except (TypeError, ValueError, AttributeError):
        return "definition-damaged"
    return ""


def _name(number: int) -> str:
    return SafeString(f"m{number}")  # it needs no escaping, a thousand times


def _row(number: int, member: Any, inside: Mapping[str, Block], translator: Translator) -> dict[str, Any]:
    _, reference = translator.gettext, shown(member, "block")
    block, weight = inside.get(reference), stored_number(shown(member, "weight") or "1")
    own = percentage(mapping(member).get("threshold", ""))
    note = ""
    if block is None:
        note = _("no longer in this pill; kept until you take it out")
    elif not block.graded:
        note = _("gives no score: choose another activity")
    return {
        "row": _name(number), "block": reference, "member": str(number), "note": note,
        "title": block.title if block else _("Missing block “{block}”").format(block=reference or "?"),
        "weight": shown(member, "weight") if weight is None else translator.number(weight),
        "threshold": shown(member, "threshold") if own is None else translator.number(own),
    }


def _group_words(group: Mapping[str, Any], titles: Mapping[str, str], translator: Translator) -> dict[str, Any]:
    """A nested group in words, as ``criteria.html`` shows it, even where it is wrong.

    How its members count together is said only where there are several.
    """
    _, inner = translator.gettext, items(group.get("members"))
    if len(inner) < 2:
        rule = _("This must be attempted") if is_yes(group.get("all_attempted")) else ""
    else:
        best = shown(group, "logic") == "or"
        rule = _("The best of these counts") if best else _("The weighted mean of these counts")
        if is_yes(group.get("all_attempted")):
            rule = _("{rule}; all must be attempted").format(rule=rule)
    return {
        "rule": rule, "members": [_member_words(member, len(inner) > 1, titles, translator) for member in inner],
        **_conditions(group, True, translator),
    }


def _member_words(member: Any, several: bool, titles: Mapping[str, str], translator: Translator) -> dict[str, Any]:
    if not is_leaf(member):
        return {**_conditions(member, several, translator), "group": _group_words(member, titles, translator)}
    block = shown(member, "block")
    return {
        **_conditions(member, several, translator), "block": block, "title": titles.get(block, ""),
        "missing": block not in titles,
    }


def _conditions(member: Any, several: bool, translator: Translator) -> dict[str, str]:
    """Weight and threshold; the weight only where it can matter, among several."""
    weight, threshold = stored_number(shown(member, "weight") or "1"), percentage(mapping(member).get("threshold", ""))
    return {
        "weight": "" if not several else shown(member, "weight") if weight is None else translator.number(weight),
        "threshold": shown(member, "threshold") if threshold is None else translator.percent(threshold / 100),
    }
