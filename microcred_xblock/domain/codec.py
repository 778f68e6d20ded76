"""Domain values to plain JSON values and back, driven by their type hints.

Used for the rows that freeze an award. Decimals and times become strings, tuples lists, enums
their values, bytes base64. Decoding constructs the dataclasses again, so every invariant is
checked a second time and a damaged row is an error rather than a wrong credential.
"""

from __future__ import annotations

import base64
import dataclasses
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from .errors import InvalidInput

T = TypeVar("T")

_SPARSE = "sparse"


def sparse() -> dict[str, bool]:
    """Metadata of a field that is written only where it differs from its default.

    For fields that came later: what was frozen, and hashed, before them stays what it was.
    """
    return {_SPARSE: True}


def encode(value: Any) -> Any:
    """A JSON-ready copy of a domain value. Unions of dataclasses carry their class name in ``$``."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value) if _written(f, value)}
        return {"$": type(value).__name__, **fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"{type(value).__name__} is not a domain value")


def _written(field: dataclasses.Field, value: Any) -> bool:
    return not field.metadata.get(_SPARSE) or getattr(value, field.name) != field.default


def decode(kind: type[T], data: Any) -> T:
    """The value of type ``kind`` that ``encode`` wrote. Raises InvalidInput (``stored-value``)."""
    try:
        return _decode(kind, data)
    except InvalidInput:
        raise
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise InvalidInput(f"A stored {getattr(kind, '__name__', kind)} is damaged.", code="stored-value") from error


def _decode(kind: Any, data: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), data)
    if origin is tuple:
        if not isinstance(data, list):
            raise TypeError("expected a list")
        return tuple(_decode(typing.get_args(kind)[0], item) for item in data)
    if dataclasses.is_dataclass(kind):
        if not isinstance(data, dict):
            raise TypeError("expected an object")
        hints = _hints(kind)
        known = {f.name for f in dataclasses.fields(kind)}
        return kind(**{name: _decode(hints[name], item) for name, item in data.items() if name in known})
    if kind in (Decimal, UUID):
        if not isinstance(data, str):
            raise TypeError("expected text")
        return kind(data)
    if kind in (datetime, date):
        return kind.fromisoformat(data)
    if kind is bytes:
        return base64.b64decode(data, validate=True)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if isinstance(kind, type) and not isinstance(data, kind):
        raise TypeError(f"expected {kind.__name__}")
    return data


def _decode_union(options: tuple[Any, ...], data: Any) -> Any:
    if data is None and type(None) in options:
        return None
    rest = [option for option in options if option is not type(None)]
    if len(rest) == 1:
        return _decode(rest[0], data)
    for option in rest:
        if option.__name__ == data["$"]:
            return _decode(option, data)
    raise ValueError("no such alternative")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
