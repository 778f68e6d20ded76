"""Serializers made from the frozen values of the services, so that the two cannot drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from rest_framework import serializers as s

_PLAIN: dict[Any, tuple[type[s.Field], dict[str, Any]]] = {
    str: (s.CharField, {"allow_blank": True}), int: (s.IntegerField, {}), bool: (s.BooleanField, {}),
    datetime: (s.DateTimeField, {}), UUID: (s.UUIDField, {}),
}


def described(kind: type, *, prefix: str = "", **over: s.Field) -> type[s.Serializer]:
    """A serializer with a field for each field of the dataclass; ``over`` gives those that need another."""
    hints = get_type_hints(kind)
    made = {item.name: over.get(item.name) or _field(hints[item.name], prefix) for item in fields(kind)}
    return type(f"{prefix}{kind.__name__}", (s.Serializer,), {"__doc__": kind.__doc__, **made})


@cache
def _nested(kind: type, prefix: str) -> type[s.Serializer]:
    """One class for one kind of value, wherever it appears."""
    return described(kind, prefix=prefix)


def _field(hint: Any, prefix: str) -> s.Field:
    nullable = get_origin(hint) is UnionType
    if nullable:
        hint = next(item for item in get_args(hint) if item is not type(None))
    more = {"allow_null": True} if nullable else {}
    if hint in _PLAIN:
        made, options = _PLAIN[hint]
        return made(**options, **more)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return s.ChoiceField(choices=[item.value for item in hint], **more)
    if is_dataclass(hint):
        return _nested(hint, prefix)(**more)
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        if is_dataclass(item):
            return _nested(item, prefix)(many=True, **more)
        return s.ListField(child=_field(item, prefix), **more)
    if get_origin(hint) is Mapping:
        return s.DictField(**more)
    raise TypeError(f"No field for {hint!r}")
