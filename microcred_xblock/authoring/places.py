"""Where in the author's form a problem is mended.

A problem's ``field`` is a place in the definition, such as ``outcome locate.threshold``; the form calls outcomes by
their keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import definition
from ..domain.errors import InvalidInput
from ..problem_words import outcome_of, outcome_titles, told
from ..translation import Translator
from . import members
from .values import UPKEEP, mapping

# The last part of a problem's place, and the control that mends it.
OUTCOME_CONTROLS = {
    "outcome id": "id", "outcome title": "title", "outcome description": "description", "kind": "kind",
    "reuse": "reuse", "threshold": "threshold", "weight": "blocks",
    "assessed-by": "blocks", "logic": "logic", "all-attempted": "all_attempted", "skill": "skills",
    "framework": "skills",
}
CONTROLS = {
    "title": "title", "description": "description", "language": "language", "outcomes": "outcomes",
    "mastery": "mastery.n", "rule": "mastery.rule", "n": "mastery.n", "required outcome": "mastery.required",
    **{f"badge {name}": f"image.{name}" for name in ("shape", "colour", "icon", "level", "title")},
    "image caption": "image.caption", "badge image": "image", "image": "image",
    **{name: f"recognition.{name}" for name in definition.RECOGNITION_VALUES},
    "quality assurance": "recognition.quality_assurance.title",
    "quality assurance agency": "recognition.quality_assurance.agency",
    "quality assurance address": "recognition.quality_assurance.url",
    "certification": "recognition.bloc.certification", "certification title": "recognition.bloc.certification_title",
    "bloc": "recognition.bloc.bloc", "bloc title": "recognition.bloc.bloc_title",
    "bloc address": "recognition.bloc.url", "valid_until": "recognition.bloc.valid_until",
    "national framework": "recognition.nqf.framework", "national level": "recognition.nqf.level",
    "national level address": "recognition.nqf.url", "towards title": "recognition.towards.title",
    "towards framework": "recognition.towards.framework", "towards code": "recognition.towards.code",
    "towards address": "recognition.towards.url",
    **{name: f"upkeep.{name}" for name in UPKEEP},
}
# The first part of a place, and the section of the form where none of the controls above is meant.
SECTIONS = {
    "pill": "pill", "mastery": "mastery", "recognition": "recognition", "upkeep": "upkeep", "badge image": "image",
}


def places(
    problems: Iterable[InvalidInput], outcomes: Sequence[Any], keys: Sequence[str], translator: Translator,
    blocks: Mapping[str, str] | None = None, rows: Mapping[str, Sequence[str]] | None = None,
) -> list[dict[str, str]]:
    """Each problem with the control of the form that mends it; ``keys`` are those of the ``outcomes``.

    ``rows`` is what the form calls each member of an outcome's assessment, by key, where that is not as it is stored.
    """
    names = definition.outcome_names(outcomes)
    known, named = dict(zip(names, keys, strict=True)), dict(zip(names, outcomes, strict=True))
    titles = outcome_titles(outcomes, translator)

    def control(problem: InvalidInput) -> str:
        name = outcome_of(problem.field, known)
        member = _member_control(problem, named[name], known[name], name, rows or {}) if name else ""
        return member or _control(problem.field, known)

    return [
        {"control": control(problem), **told(problem, titles, blocks or {}, translator)} for problem in problems
    ]


def _member_control(
    problem: InvalidInput, outcome: Any, key: str, name: str, rows: Mapping[str, Sequence[str]]
) -> str:
    """The weight or threshold of one row that a problem is about, or nothing."""
    place = problem.field.removeprefix(f"outcome {name}").removeprefix(".")
    said = re.fullmatch(r"assessed-by\.(\w+)\.(threshold)", place)
    if said:
        return f"{key}.blocks.{said[1]}.{said[2]}"
    if place not in ("weight", "threshold"):
        return ""
    number = members.culprit(outcome, problem.code, place)
    if number is None:
        return ""
    called = rows[key] if key in rows else members.stored_rows(mapping(outcome).get("assessed_by"))
    return f"{key}.blocks.{called[number]}.{place}"


def _control(place: str, known: Mapping[str, str]) -> str:
    """The control or section that mends a problem in ``place``."""
    first, _dot, rest = place.partition(".")
    last = place.rpartition(".")[2]
    if first.startswith("outcome "):
        name = outcome_of(place, known)
        if name is None:
            return "outcomes"
        control = OUTCOME_CONTROLS.get(place.removeprefix(f"outcome {name}").removeprefix("."), "")
        return f"{known[name]}.{control}" if control else known[name]
    return CONTROLS.get(last if rest else first) or SECTIONS.get(first, "pill")
