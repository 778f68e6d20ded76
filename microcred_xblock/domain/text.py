"""Checks on text and numbers that every value of the domain shares."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from .errors import InvalidInput

TITLE_MAX = 250
LINE_MAX = 500
TEXT_MAX = 5_000

# C0 and C1 controls, DEL, noncharacters and lone surrogates. Tab and line feed are text; the
# rest is canonicalised differently by different JSON-LD stacks (a vertical tab makes a signature
# that one verifier accepts and another refuses), so none of it may enter a credential.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# As a person writes it: Decimal itself would also take 1e3, 1_000 and infinity.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def forbidden_character(value: str) -> str | None:
    """The first character of ``value`` that no credential may hold, as ``U+XXXX``, or None."""
    match = _FORBIDDEN.search(value)
    if match:
        return f"U+{ord(match.group()):04X}"
    # The two noncharacters at the end of each supplementary plane.
    for character in value:
        if ord(character) > 0xFFFF and ord(character) & 0xFFFE == 0xFFFE:
            return f"U+{ord(character):04X}"
    return None


def checked_text(value: Any, *, field: str, limit: int, required: bool = True) -> str:
    """``value`` unchanged if it is usable text of at most ``limit`` characters.

    Raises InvalidInput (codes ``text-type``, ``text-empty``, ``text-too-long``,
    ``text-control-character``) naming ``field``. Never strips or shortens: nothing an author
    wrote is lost silently.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{field} must be text.", code="text-type", field=field)
    if required and not value.strip():
        raise InvalidInput(f"{field} is empty: fill it in.", code="text-empty", field=field)
    if len(value) > limit:
        raise InvalidInput(
            f"{field} has {len(value)} characters; at most {limit} are allowed: shorten it.",
            code="text-too-long", field=field, length=len(value), limit=limit,
        )
    bad = forbidden_character(value)
    if bad:
        raise InvalidInput(
            f"{field} contains the control character {bad}: delete it.",
            code="text-control-character", field=field, character=bad,
        )
    return value


def checked_language(value: Any, *, field: str = "language") -> str:
    """A BCP 47 tag such as ``en`` or ``pt-BR``; InvalidInput (``language``) otherwise."""
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise InvalidInput(f"{field} must be a language code such as 'en' or 'fr'.", code="language", field=field)
    return value


def decimal(value: Any, *, field: str) -> Decimal:
    """An exact, finite Decimal from a Decimal, int or a string of digits with at most a point; never from a float.

    Raises InvalidInput (``number``). Floats are refused because 0.7 is not seven tenths.
    """
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise InvalidInput(f"{field} must be an exact decimal number.", code="number", field=field)
    if isinstance(value, str):
        value = value.strip() if _NUMBER.fullmatch(value.strip()) else "NaN"
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > 30 or len(number.as_tuple().digits) > 30:
        raise InvalidInput(f"{field} must be a number.", code="number", field=field)
    return number


def checked_fraction(value: Any, *, field: str) -> Decimal:
    """A Decimal from 0 to 1 with at most four places (0.0001 = 0.01 %).

    Raises InvalidInput (``fraction-range``, ``fraction-places``).
    """
    number = decimal(value, field=field)
    if not 0 <= number <= 1:
        raise InvalidInput(
            f"{field} must lie between 0 and 1 (0 % and 100 %), not {number}.",
            code="fraction-range", field=field, value=str(number),
        )
    if number != number.quantize(Decimal("0.0001")):
        raise InvalidInput(f"{field} may have at most four decimal places.", code="fraction-places", field=field)
    return number


def aware(value: Any, *, field: str) -> datetime:
    """``value`` if it is a datetime with a timezone; InvalidInput (``datetime``) otherwise."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InvalidInput(f"{field} must be a time with a timezone.", code="datetime", field=field)
    return value
