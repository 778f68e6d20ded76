"""Recognition data of a definition."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import Any

from ..domain.errors import InvalidInput, InvalidPill
from ..domain.recognition import BlocPlace, NationalLevel, QualificationPlace, QualityAssurance, Recognition
from .places import DAMAGED, UNKNOWN, Place, day, refuse_unknown, whole_number

# What recognition data may say; what can be left unsaid, or inherited, is one of these.
RECOGNITION_VALUES = (
    "workload_hours", "ects", "eqf_level", "isced_f", "mode", "assessment_type", "supervision", "prerequisites",
    "stackability", "further_information",
)
RECOGNITION_PARTS = ("quality_assurance", "nqf", "bloc", "towards")
_RECORDS: Mapping[str, tuple[type, Mapping[str, Any]]] = {
    "quality_assurance": (QualityAssurance, {"title": "-", "agency": "-"}),
    "bloc": (BlocPlace, {}),
    "nqf": (NationalLevel, {"framework": "-", "level": "-"}),
    "towards": (QualificationPlace, {"title": "-"}),
}


def unstated(data: Any) -> frozenset[str]:
    """What recognition data names as not stated, as keys; whatever else is in the list is left out."""
    names = data.get("not_stated") if isinstance(data, Mapping) else None
    keys = {str(name).replace("-", "_") for name in names} if isinstance(names, list | tuple) else set()
    return frozenset(keys.intersection((*RECOGNITION_VALUES, *RECOGNITION_PARTS)))


def recognition_of(value: Any, here: Place) -> Recognition:
    """The recognition data; what cannot be used is a problem ``here`` and left out."""
    data = here.mapping(value)
    here.read(lambda: _refuse_unstated(data))
    given = {
        name: here.read(partial(whole_number, data[name], field=name)) if name == "eqf_level" else data[name]
        for name in RECOGNITION_VALUES if name in data
    }
    for name, (kind, sound) in _RECORDS.items():
        if name in data:
            part = here.mapping(data[name])
            given[name] = _bloc(part, here) if name == "bloc" else _record(kind, part, here, sound)
    if "stackability" in given:  # last: it may contradict what the pill counts towards
        given["stackability"] = given.pop("stackability")
    return here.build(Recognition, {}, given.items())


def _refuse_unstated(data: Mapping[str, Any]) -> None:
    names = data.get("not_stated", ())
    if not isinstance(names, list | tuple):
        raise InvalidPill(DAMAGED, code="definition-damaged")
    known = unstated(data)
    refuse_unknown({"unknown": [str(name) for name in names if str(name).replace("-", "_") not in known]})


def _bloc(data: Mapping[str, Any], here: Place) -> BlocPlace:
    written = dict(data)
    if "valid_until" in written:
        written["valid_until"] = here.read(lambda: day(data["valid_until"], field="valid_until"))
    sound = {"certification": "RNCP1", "certification_title": "-", "bloc_title": "-"}
    own = str(data.get("bloc", "")).partition("BC")[0]
    with suppress(InvalidInput):  # a bloc is held against its own certification where the one written is unusable
        sound["certification"] = BlocPlace(certification=own, certification_title="-").certification
    return _record(BlocPlace, {"bloc": "", "bloc_title": "", **written}, here, sound)


def _record(kind: type, data: Mapping[str, Any], here: Place, sound: Mapping[str, Any]) -> Any:
    """``data`` as a ``kind``; what ``sound`` has is required and comes first."""
    written = {**dict.fromkeys(sound, ""), **{name: value for name, value in data.items() if name not in UNKNOWN}}
    known = [item.name for item in fields(kind) if item.name in written]  # in this order: one may need another
    given = {name: written[name] for name in (*known, *(name for name in written if name not in known))}
    if "bloc_title" in given:  # only a bloc that is known makes its title necessary
        given["bloc_title"] = given.pop("bloc_title")
    return here.build(kind, sound, given.items())
