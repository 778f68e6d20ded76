"""Recognition data that a pill takes over from its course, its organisation or its site. Pure.

The pill beats the course, the course beats the organisation, the organisation beats the site; each element (a value,
or a whole part such as the quality assurance) is taken from the first that says it. ``not_stated`` says of an element
that it is to stay unsaid, whatever those below say. What comes out is recognition data of the same shape as what an
author writes (``definition``), and is what everything that reads the pill goes by: without anything to inherit it is
what the author wrote, unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .definition import RECOGNITION_PARTS, RECOGNITION_VALUES, read_recognition, unstated
from .domain.errors import InvalidPill
from .domain.recognition import STAND_ALONE

COURSE, ORGANISATION, SITE = "course", "organisation", "site"
ELEMENTS = (*RECOGNITION_VALUES, *RECOGNITION_PARTS)
_PILL = "pill"
_PLACES = {"bloc", "towards"}
_DAMAGED = "Recognition data must be an object."


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What one ``source`` gives: only usable data. ``problems``: why something of it is left out."""

    source: str
    data: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[InvalidPill, ...] = ()


def layer(source: str, given: Any) -> Layer:
    """``given``, as it was stored somewhere, as a layer. Never raises: what cannot be used is left out and told.

    Names may be written with ``-`` as in OLX; numbers as numbers.
    """
    if not isinstance(given, Mapping):
        return Layer(source=source, problems=(
            InvalidPill(_DAMAGED, code="definition-damaged", field="recognition", element="recognition"),
        ))
    written = _written(given)
    known = {name: written[name] for name in (*ELEMENTS, "not_stated") if name in written}
    sound, problems = _sound(known)
    unknown = sorted(written.keys() - known.keys())
    if unknown:
        names = ", ".join(unknown)[:200]
        problems.append(InvalidPill(
            f"This is not understood: {names}. Correct its spelling or delete it.", code="olx-unknown",
            field="recognition", names=names, element=names,
        ))
    return Layer(source=source, data=sound, problems=tuple(problems))


def effective(own: Any, layers: Sequence[Layer]) -> Any:
    """The recognition data that count for a pill whose author wrote ``own``. Data of a wrong shape come back as is."""
    if not isinstance(own, Mapping):
        return own
    added = {name: found.data[name] for name, found in inherited(own, layers).items()}
    return {**own, **added} if added else own


def inherited(own: Any, layers: Sequence[Layer]) -> dict[str, Layer]:
    """From which layer each element comes that the pill takes over."""
    mine = Layer(source=_PILL, data=own if isinstance(own, Mapping) else {})
    return {name: found for name, found in offered((mine, *layers)).items() if found is not mine}


def offered(layers: Iterable[Layer]) -> dict[str, Layer]:
    """From which layer each element would come if the pill said nothing; ``layers`` with the strongest first.

    What a weaker layer says is not taken where it would contradict a stronger one: that a pill stands alone, where
    something is said that it counts towards; nor the other way round.
    """
    found: dict[str, Layer] = {}
    closed: set[str] = set()
    for one in layers:
        here = {name for name in ELEMENTS if says(one.data, name)}
        taken = here - closed
        if one.data.get("stackability") == STAND_ALONE and found.keys() & _PLACES:
            taken -= {"stackability"}
        found.update(dict.fromkeys(taken, one))
        closed |= here | unstated(one.data)
        if "stackability" in taken and one.data["stackability"] == STAND_ALONE:
            closed |= _PLACES
    return {name: found[name] for name in ELEMENTS if name in found}


def says(data: Any, name: str) -> bool:
    """Whether recognition data say something of an element; an empty value says nothing."""
    return isinstance(data, Mapping) and data.get(name) not in (None, "", {}, [])


def _written(given: Mapping[str, Any], *, part: bool = False) -> dict[str, Any]:
    """``given`` as an author's form would have stored it: keys with ``_``, scalars as text, nothing empty.

    A ``part`` holds scalars only; whatever is nested deeper is left as it is, and will be found damaged.
    """
    return {
        str(name).replace("-", "_"): text
        for name, value in given.items() if (text := _text(value, part)) not in (None, "", {}, [])
    }


def _text(value: Any, inside: bool) -> Any:
    if isinstance(value, Mapping) and not inside:
        return _written(value, part=True)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _sound(known: Mapping[str, Any]) -> tuple[dict[str, Any], list[InvalidPill]]:
    """What of ``known`` can be used together, and what is wrong with the rest."""
    if not read_recognition(known)[1]:
        return dict(known), []
    sound: dict[str, Any] = {}
    problems: list[InvalidPill] = []
    if isinstance(known.get("not_stated"), list | tuple):  # one misspelt name does not undo the others
        names, problems = _unstated(known["not_stated"])
        known = {**known, "not_stated": names}
    for name, value in known.items():
        sound, found = _with(sound, name, value)
        problems += found
    return sound, problems


def _unstated(names: Sequence[Any]) -> tuple[list[Any], list[InvalidPill]]:
    """The names of elements among ``names``, and what is wrong with the others."""
    kept = [name for name in names if str(name).replace("-", "_") in ELEMENTS]
    others = [name for name in names if name not in kept]
    if not others:
        return kept, []
    problems = read_recognition({"not_stated": others})[1]
    told = ", ".join(map(str, others))[:200]
    return kept, [
        InvalidPill(problem.message, code=problem.code, **{**problem.params, "element": f"not_stated: {told}"})
        for problem in problems
    ]


def _with(sound: dict[str, Any], name: str, value: Any) -> tuple[dict[str, Any], list[InvalidPill]]:
    """``sound`` with one more element, or without it and the problems it makes."""
    more = {**sound, name: value}
    _found, problems = read_recognition(more)
    if not problems:
        return more, []
    return sound, [
        InvalidPill(problem.message, code=problem.code, **{**problem.params, "element": name}) for problem in problems
    ]
