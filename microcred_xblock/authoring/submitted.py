"""Parts of what the form sent, each of the kind the form makes it; InvalidAnswer (``request-field``) otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..domain.errors import InvalidAnswer


def text(data: Mapping[str, Any], name: str) -> str:
    """A text; empty where there is none."""
    value = data.get(name, "")
    if not isinstance(value, str):
        raise unusable(name)
    return value


def items(data: Mapping[str, Any], name: str) -> list[Any]:
    """A list; empty where there is none."""
    value = data.get(name, [])
    if not isinstance(value, list):
        raise unusable(name)
    return value


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """``value``, which must be an object."""
    if not isinstance(value, Mapping):
        raise unusable(name)
    return value


def unusable(name: str) -> InvalidAnswer:
    """What to raise for a part that no form makes."""
    return InvalidAnswer(
        f"The request's '{name}' has another form than the page gives it.", code="request-field", field=name
    )
