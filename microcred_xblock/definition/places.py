"""Problems of a definition with the places they are in, and the plain values that a definition holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..domain.errors import InvalidInput, InvalidPill

UNKNOWN = ("unknown", "unknown_elements")
DAMAGED = "A part of the pill is damaged: enter it again."


class Problems:
    """Collects the problems of one reading, each with its place and each once."""

    def __init__(self) -> None:
        self.found: list[InvalidPill] = []
        self.count = 0  # with repetitions, so that a stand-in may be numbered by it

    @contextmanager
    def at(self, where: str, **params: Any) -> Iterator[None]:
        """Record an InvalidInput raised inside as an InvalidPill whose ``field`` names the place."""
        try:
            yield
        except InvalidInput as error:
            self.add(placed(error, where, **params))
        except (TypeError, ValueError, AttributeError) as error:  # values of a wrong shape, e.g. from an old version
            damaged = InvalidPill(DAMAGED, code="definition-damaged", field=where, **params)
            damaged.__cause__ = error
            self.add(damaged)

    def add(self, problem: InvalidPill) -> None:
        """Record ``problem`` unless the very same is recorded already."""
        self.count += 1
        if all((problem.code, problem.params) != (known.code, known.params) for known in self.found):
            self.found.append(problem)


@dataclass(frozen=True)
class Place:
    """Where in the definition something is read, and the parameters its problems have."""

    problems: Problems
    where: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def read(self, make: Callable[[], Any], otherwise: Any = None) -> Any:
        """What ``make`` returns, or ``otherwise`` and a problem."""
        with self.problems.at(self.where, **self.params):
            return make()
        return otherwise

    def mapping(self, value: Any) -> Mapping[str, Any]:
        """``value``, or an empty mapping and a problem; what is unknown inside is a problem too."""
        data = self.read(lambda: mapping_of(value), {})
        self.read(lambda: refuse_unknown(data))
        return data

    def items(self, value: Any) -> tuple[Any, ...]:
        """The items of a list, or none and a problem."""
        return self.read(lambda: tuple(value), ())

    def build(self, kind: type, sound: Mapping[str, Any], given: Iterable[tuple[str, Any]]) -> Any:
        """A ``kind`` of the ``given`` fields; each unusable one is a problem and stays as in ``sound``.

        ``sound`` makes a valid ``kind``. Fields are added to it one by one, in order, so that one
        problem does not hide the next.
        """
        given, fields = list(given), dict(sound)
        with suppress(InvalidInput, TypeError, ValueError, AttributeError):
            return kind(**{**fields, **dict(given)})  # as a rule everything is usable
        for name, value in given:
            if self.read(lambda name=name, value=value: kind(**{**fields, name: value})) is not None:
                fields[name] = value
        return kind(**fields)


def placed(error: InvalidInput, where: str, **params: Any) -> InvalidPill:
    """``error`` as an InvalidPill whose ``field`` starts with ``where``; ``params`` win over its own."""
    kept = {name: value for name, value in error.params.items() if name != "field"}
    place = f"{where}.{error.field}" if error.field and error.field != where else where
    return InvalidPill(error.message, code=error.code, field=place, **{**kept, **params})


def known_values(data: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of ``data`` that are called so."""
    return {name: data[name] for name in names if name in data}


def refuse_unknown(data: Mapping[str, Any]) -> None:
    """InvalidPill (``olx-unknown``) if ``data`` holds what no rule understands."""
    names = [*data.get("unknown", {}), *(f"<{name}>" for name in map(_tag, data.get("unknown_elements", ())))]
    if names:
        listed = ", ".join(sorted(names))[:200]
        raise InvalidPill(
            f"This is not understood: {listed}. Correct its spelling or delete it.", code="olx-unknown", names=listed
        )


def _tag(element: str) -> str:
    return element.lstrip("<").split(">")[0].split()[0].rstrip("/") if element.strip("< ") else "?"


def mapping_of(value: Any) -> Mapping[str, Any]:
    """``value``; InvalidPill (``definition-damaged``) if it is no mapping."""
    if not isinstance(value, Mapping):
        raise InvalidPill(DAMAGED, code="definition-damaged")
    return value


def choice(kind: type, value: Any, *, field: str) -> Any:
    """The member of the enumeration ``kind``; InvalidPill (``choice``)."""
    known = [member.value for member in kind]
    if value not in known:
        raise InvalidPill(
            f"{field} must be one of {', '.join(known)}.", code="choice", field=field, codes=", ".join(known)
        )
    return kind(value)


def whole_number(value: Any, *, field: str) -> int:
    """The number; InvalidPill (``whole-number``)."""
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidPill(f"{field} must be a whole number.", code="whole-number", field=field)
    return int(text)


def yes_no(value: Any, *, field: str) -> bool:
    """Whether it is a yes; InvalidPill (``yes-no``) if it is neither."""
    if value not in ("true", "false", True, False):
        raise InvalidPill(f"{field} must be 'true' or 'false'.", code="yes-no", field=field)
    return value in ("true", True)


def day(value: Any, *, field: str) -> date:
    """The date; InvalidPill (``date``)."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidPill(f"{field} must be a date such as 2027-08-31.", code="date", field=field) from None
