"""How what a person typed is stored: what is shown unchanged keeps its stored spelling, whatever that is."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from ..translation import Translator
from .values import percentage, shown, stored_number, typed_number, typed_percentage


def put(data: dict[str, Any], name: str, text: str, *, lines: bool = True) -> None:
    """Store ``text`` unless it is what is shown for the stored value; nothing is stored of an empty one."""
    if same(shown(data, name), text, lines):
        return
    if text:
        data[name] = text
    else:
        data.pop(name, None)


def put_number(data: dict[str, Any], name: str, typed: str, translator: Translator, otherwise: str = "") -> None:
    """Store a number if it is another than the stored one; what is no number is stored as it was typed.

    ``otherwise`` is what the form shows where nothing is stored.
    """
    stored = shown(data, name) or otherwise
    number = typed_number(typed, translator)
    if same(stored, typed, lines=False) or (number is not None and number == stored_number(stored)):
        return
    put(data, name, typed.strip() if number is None else written(number))


def put_percentage(data: dict[str, Any], name: str, typed: str, translator: Translator) -> bool:
    """Store a percentage as a fraction, or nothing of an empty one; False, and nothing changed, if it is unusable."""
    number, stored = typed_percentage(typed, translator), percentage(data.get(name, ""))
    if stored is None and same(shown(data, name), typed, lines=False):
        return True  # "70 %" in OLX is no fraction; that a person may have meant it is for her to say
    if number is not None and number == stored:
        return True
    if not typed.strip():
        data.pop(name, None)
        return True
    if number is None or not 0 <= number <= 100 or number != round(number, 2):
        return False
    data[name] = written(number / 100)
    return True


def same(stored: str, text: str, lines: bool) -> bool:
    """Whether a control that was filled with ``stored`` may answer ``text``: browsers change line ends."""
    if not lines:
        return re.sub(r"[\r\n]", "", stored) == re.sub(r"[\r\n]", "", text)
    return re.sub(r"\r\n?", "\n", stored) == re.sub(r"\r\n?", "\n", text)


def written(number: Decimal) -> str:
    """A number as a definition holds it."""
    return format(number.normalize(), "f")
