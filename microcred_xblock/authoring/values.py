"""How the author's form spells stored values, and reads what a person types. Shared by showing and storing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..translation import Translator

UPKEEP = ("regrade", "grace_days", "valid_months")
NUMBERS = ("workload_hours", "ects")
DEFAULTS = {
    "kind": "skill", "reuse": "occupation-specific", "logic": "and", "regrade": "keep", "grace_days": "14",
}
_STORED = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,12})?")
_TYPED = re.compile(r"[+-]?(?:\d{1,12}[.,]?\d{0,12}|[.,]\d{1,12})")
_GROUPED = re.compile(r",\d{3}$")


def shown(data: Any, name: str) -> str:
    """The text of one value as a control holds it; the value a definition means where it says nothing."""
    value = mapping(data).get(name, DEFAULTS.get(name, ""))
    return value if isinstance(value, str) else str(value)


def is_yes(value: Any) -> bool:
    """Whether a stored yes-or-no is a yes."""
    return value in ("true", True)


def stored_number(value: Any) -> Decimal | None:
    """A number as a definition holds it, or None."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return Decimal(text) if _STORED.fullmatch(text) else None


def typed_number(text: str, translator: Translator) -> Decimal | None:
    """A number as a person writes it, or None: digits of any script with one comma or point; no exponent, no groups.

    A comma before three digits is read as the decimal separator only in languages that have that one: elsewhere
    it may separate thousands. ``studio_numbers.js`` reads by the same rule while she types.
    """
    bare = text.strip().replace("٫", ".")
    if not _TYPED.fullmatch(bare) or (_GROUPED.search(bare) and not decimal_comma(translator)):
        return None
    return Decimal(bare.replace(",", "."))


def typed_percentage(text: str, translator: Translator) -> Decimal | None:
    """The same of a percentage, with or without its sign."""
    return typed_number(text.strip().rstrip("%٪"), translator)


def decimal_comma(translator: Translator) -> bool:
    """Whether the reader's language writes decimals with a comma."""
    return translator.number(Decimal("0.5")) == "0,5"


def percentage(fraction: Any) -> Decimal | None:
    """A stored fraction as a percentage, or None if it is no number."""
    number = stored_number(fraction)
    return None if number is None else number * 100


def is_leaf(member: Any) -> bool:
    """Whether the form shows this member of an assessment as a checkbox, rather than in words as a group."""
    return not (isinstance(member, Mapping) and "members" in member)


def mapping(value: Any) -> Mapping[str, Any]:
    """``value``, or an empty mapping in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """``value``, or nothing in place of what is no list."""
    return value if isinstance(value, list | tuple) else ()
