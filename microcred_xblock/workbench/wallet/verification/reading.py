"""Reading documents that anybody may have written: every function answers for any JSON value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from .report import CheckFailed, Unreadable

MAX_BYTES = 2_000_000
MAX_DEPTH = 60
CLOCK_TOLERANCE = timedelta(minutes=5)


def load_object(content: bytes) -> dict[str, Any]:
    """The JSON object in ``content``. Duplicate members are refused: two readers could see two documents."""
    if len(content) > MAX_BYTES:
        raise Unreadable("The document is too large.")
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The content is not a JSON document.") from error
    if not isinstance(document, dict):
        raise Unreadable("The content is not a JSON object.")
    if _depth(document) > MAX_DEPTH:
        raise Unreadable("The document is nested too deeply.")
    return document


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def members(value: Any) -> list[Any]:
    """``value`` as a list: itself, one item, or nothing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """``value`` if it is text, else empty."""
    return value if isinstance(value, str) else ""


def identifier(value: Any) -> str:
    """The id of a node that is given as a string or as an object with ``id``."""
    return text(value) or text(mapping(value).get("id"))


def strings(value: Any) -> Iterator[str]:
    """Every string anywhere in ``value``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def moment(value: Any) -> datetime | None:
    """The time with timezone in ``value``, or None."""
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return found if found.utcoffset() is not None else None


def check_period(document: Mapping[str, Any], now: datetime) -> None:
    """validFrom ≤ now < validUntil, with five minutes for clocks that differ."""
    start = moment(document.get("validFrom"))
    if start is None:
        raise CheckFailed("no-valid-from")
    if start > now + CLOCK_TOLERANCE:
        raise CheckFailed("not-yet-valid", date=start.date().isoformat())
    if "validUntil" not in document:
        return
    end = moment(document["validUntil"])
    if end is None:
        raise CheckFailed("bad-valid-until")
    if end <= now - CLOCK_TOLERANCE:
        raise CheckFailed("expired", date=end.date().isoformat())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate member")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        children: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                children.extend(item.values())
            elif isinstance(item, list):
                children.extend(item)
        level = children
    return depth
