"""JSON that every reader reads alike (RFC 7493): for what strangers send, where a second meaning would be a way in."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def load(content: bytes | str) -> Any:
    """The value of a JSON text in UTF-8. ValueError for anything else, for a name that stands in an object twice, for
    NaN and infinity, for half a character (no database and no answer takes it), and for what is nested too deeply."""
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
