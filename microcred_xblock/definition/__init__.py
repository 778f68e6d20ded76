"""The author's definition of a pill as plain data, and its one way into the domain.

The block stores what an author wrote as JSON values whose scalars are text exactly as written, so
nothing is lost when it is wrong. ``read`` turns that into a ``LearningPill`` and tells *every*
problem it meets, each with the place it is in; ``build`` is the same for callers who need the pill.

Shapes (all keys optional; ``unknown`` and ``unknown_elements`` hold what no rule understands)::

    outcome = {"id", "title", "description", "kind", "reuse", "threshold", "logic", "all_attempted",
               "skills": [{"uri", "label", "framework"}], "assessed_by": [member, …]}
    member  = {"block", "weight", "threshold"}
            | {"members": [member, …], "logic", "weight", "threshold", "all_attempted"}
    mastery = {"rule": "all" | "n-of-m" | "required-plus-n", "n", "required": ["outcome id", …]}
    recognition = {"workload_hours", "ects", "eqf_level", "isced_f", "mode", "assessment_type", "supervision",
                   "prerequisites", "stackability", "further_information", "quality_assurance": {…}, "bloc": {…},
                   "nqf": {…}, "towards": {…}, "not_stated": ["any of these", written with - for _, …]}
    badge image = {"caption", and one of "design": {"shape", "colour", "icon", "level", "title"}, "svg", "src", "text"}
    upkeep = {"regrade": "keep" | "suspend" | "revoke" | "supersede", "grace_days", "valid_months"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ..domain.badge import BadgeDesign
from ..domain.errors import InvalidPill
from ..domain.outcomes import CriteriaGroup, Criterion, LearningOutcome, Logic, Rule, Skill
from ..domain.pill import MAX_OUTCOMES, BadgeImage, LearningPill, Mastery, MasteryRule
from ..domain.recognition import Recognition
from ..domain.upkeep import RegradePolicy, Upkeep
from .places import Place, Problems, choice, known_values, mapping_of, placed, refuse_unknown, whole_number, yes_no
from .recognition import RECOGNITION_PARTS, RECOGNITION_VALUES, recognition_of, unstated

__all__ = [
    "RECOGNITION_PARTS", "RECOGNITION_VALUES", "Definition", "badge_design", "block_references", "build",
    "outcome_names", "placed", "read", "read_recognition", "sketch", "unstated",
]

_NO_RULE = MasteryRule()


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What an author wrote. ``image`` is called when the badge image is needed and may raise InvalidInput."""

    id: str
    title: Any
    description: Any
    language: Any = "en"
    outcomes: Sequence[Any] = ()
    mastery: Mapping[str, Any] = field(default_factory=dict)
    recognition: Mapping[str, Any] = field(default_factory=dict)
    image: Callable[[], BadgeImage | None] = lambda: None
    tags: Sequence[Any] = ()
    upkeep: Mapping[str, Any] = field(default_factory=dict)
    unknown: Sequence[str] = ()


def read(definition: Definition) -> tuple[LearningPill | None, tuple[InvalidPill, ...]]:
    """The pill, or None, and every problem found in ``definition``. Never raises for author's data."""
    pill, problems = sketch(definition)
    return (None if problems else pill), problems


def sketch(definition: Definition) -> tuple[LearningPill, tuple[InvalidPill, ...]]:
    """The same for who looks at an unfinished pill: what cannot be used is replaced by something valid.

    So the rest is still read and checked. The outcomes are those of the definition, in order, unless there are none
    or too many.
    """
    problems = Problems()
    here = Place(problems, "pill")
    here.read(lambda: refuse_unknown({"unknown_elements": list(definition.unknown)}))
    outcomes = _outcomes(definition.outcomes, problems)
    mastery = _mastery(definition.mastery, Place(problems, "mastery"))
    recognition = recognition_of(definition.recognition, Place(problems, "recognition"))
    upkeep = _upkeep(definition.upkeep, Place(problems, "upkeep"))
    image = Place(problems, "badge image").read(definition.image)
    tags = here.items(definition.tags or ())
    given = [
        ("id", definition.id), ("title", definition.title), ("description", definition.description),
        ("language", definition.language), *(("tags", (tag,)) for tag in tags), ("tags", tags),
        ("recognition", recognition), ("upkeep", upkeep), ("image", image), ("outcomes", outcomes),
    ]
    if 0 < len(outcomes) <= MAX_OUTCOMES:  # without outcomes to count, the rule would look wrong although it is not
        given += [("mastery", replace(_NO_RULE, required=(name,))) for name in mastery.required]
        given.append(("mastery", mastery))
    pill = here.build(
        LearningPill, {"id": "pill", "title": "-", "description": "-", "outcomes": (_stand_in("-"),)}, given
    )
    return pill, tuple(problems.found)


def build(definition: Definition) -> LearningPill:
    """The pill. Raises the first InvalidPill of ``read``."""
    pill, problems = read(definition)
    if pill is None:
        raise problems[0]
    return pill


def read_recognition(data: Any) -> tuple[Recognition | None, tuple[InvalidPill, ...]]:
    """Recognition data alone, as ``read`` reads it: the value, or None, and every problem."""
    problems = Problems()
    found = recognition_of(data, Place(problems, "recognition"))
    return (None if problems.found else found), tuple(problems.found)


def badge_design(value: Any) -> BadgeDesign:
    """The design of a badge. Raises the first InvalidPill met in it."""
    data = mapping_of(value)
    refuse_unknown(data)
    shows = {name: yes_no(data.get(name, "true"), field=f"badge {name}") for name in ("level", "title")}
    return BadgeDesign(**known_values(data, ("shape", "colour", "icon")), **shows)


def block_references(outcomes: Sequence[Any]) -> list[tuple[str, str]]:
    """``(outcome, block reference)`` of every assessed block, readable even in a broken definition.

    An outcome is called as in the problems of ``read``: by its id, or its number if that does not tell which.
    """
    found: list[tuple[str, str]] = []

    def collect(outcome: str, members: Any) -> None:
        for member in members if isinstance(members, list) else ():
            if isinstance(member, Mapping) and isinstance(member.get("block"), str):
                found.append((outcome, member["block"]))
            elif isinstance(member, Mapping):
                collect(outcome, member.get("members"))

    for name, outcome in zip(outcome_names(outcomes or ()), outcomes or (), strict=True):
        if isinstance(outcome, Mapping):
            collect(name, outcome.get("assessed_by"))
    return found


def outcome_names(outcomes: Sequence[Any]) -> list[str]:
    """What each outcome is called in the places of problems: its id, or its number where it has none or shares it."""
    ids = [str(item.get("id") or "")[:64] if isinstance(item, Mapping) else "" for item in outcomes]
    return [
        name if name and ids.count(name) == 1 else str(number) for number, name in enumerate(ids, start=1)
    ]


def _outcomes(data: Sequence[Any], problems: Problems) -> tuple[LearningOutcome, ...]:
    outcomes: list[LearningOutcome] = []
    for number, (name, item) in enumerate(zip(outcome_names(data or ()), data or (), strict=True), start=1):
        here = Place(problems, f"outcome {name}", {"outcome": name})
        outcome = _outcome(here.mapping(item), here, f"unread.{number}")
        if any(outcome.id == other.id for other in outcomes):
            problems.add(InvalidPill(
                f"Two outcomes have the id '{outcome.id}': change one.", code="duplicate-outcome",
                field=f"{here.where}.outcome id", outcome=outcome.id,
            ))
            outcome = replace(outcome, id=f"unread.{number}")
        outcomes.append(outcome)
    return tuple(outcomes)


def _stand_in(name: str) -> LearningOutcome:
    """A valid outcome in place of one that cannot be read."""
    return LearningOutcome(
        id=name, title="-", assessment=CriteriaGroup(members=(Criterion(block="-"),), rule=Rule(value=Decimal(1)))
    )


def _outcome(data: Mapping[str, Any], here: Place, stand_in: str) -> LearningOutcome:
    skills = here.items(data.get("skills", ()))
    group = {"logic": "and", **data, "members": data.get("assessed_by", ()), "weight": "1"}
    sound = _stand_in(stand_in)
    assessment = _group(group, here, sound.assessment.rule)
    return here.build(
        LearningOutcome, {"id": sound.id, "title": sound.title, "assessment": sound.assessment}, [
            ("id", data.get("id", "")),
            ("title", data.get("title", "")),
            ("description", data.get("description", "")),
            ("kind", data.get("kind", "skill")),
            ("reuse_level", data.get("reuse", "occupation-specific")),
            ("skills", tuple(_skill(here.mapping(item), here) for item in skills)),
            # A missing threshold must not hide what else is wrong with the assessment.
            ("assessment", replace(assessment, rule=assessment.rule or sound.assessment.rule)),
            *([("assessment", assessment)] if assessment.rule is None else []),
        ],
    )


def _skill(data: Mapping[str, Any], here: Place) -> Skill:
    given = {"uri": "", "label": "", "framework": "ESCO", **known_values(data, ("uri", "label", "framework"))}
    return here.build(Skill, {"uri": "https://example.org/", "label": "-"}, given.items())


def _group(data: Mapping[str, Any], here: Place, rule: Rule | None = None) -> CriteriaGroup:
    """The group; with a threshold that cannot be read, its rule is ``rule``."""
    members = tuple(_member(item, here) for item in here.items(data.get("members", ())))
    return here.build(CriteriaGroup, {"members": (_unread_criterion(here),)}, [
        ("members", members),
        ("logic", here.read(lambda: choice(Logic, data.get("logic", "and"), field="logic"), Logic.AND)),
        ("rule", here.read(lambda: _rule(data), rule)),
        ("all_attempted", here.read(lambda: yes_no(data.get("all_attempted", "false"), field="all-attempted"), False)),
        ("weight", data.get("weight", "1")),
    ])


def _member(value: Any, here: Place) -> Criterion | CriteriaGroup:
    data = here.mapping(value)
    if "members" in data:
        return _group(data, here)
    if not isinstance(value, Mapping):
        return _unread_criterion(here)
    return here.build(Criterion, {"block": _unread_criterion(here).block}, [
        ("block", data.get("block", "")),
        ("weight", data.get("weight", "1")),
        ("rule", here.read(lambda: _rule(data))),
    ])


def _unread_criterion(here: Place) -> Criterion:
    return Criterion(block=f"unread {here.problems.count}")  # no two are called alike: that would be a problem


def _rule(data: Mapping[str, Any]) -> Rule | None:
    return Rule(value=data["threshold"]) if "threshold" in data else None


def _mastery(value: Any, here: Place) -> MasteryRule:
    """The rule; one that cannot be read asks only for what it says is required."""
    data, before = here.mapping(value), here.problems.count
    rule = here.build(MasteryRule, {}, [
        ("kind", here.read(lambda: choice(Mastery, data.get("rule", "all"), field="rule"), Mastery.ALL)),
        ("n", here.read(lambda: whole_number(data.get("n", "0"), field="n"), 0)),
        ("required", here.items(data.get("required", ()))),
    ])
    return rule if here.problems.count == before else replace(_NO_RULE, required=rule.required)


def _upkeep(value: Any, here: Place) -> Upkeep:
    data = here.mapping(value)
    given = {}
    if "regrade" in data:
        given["regrade"] = here.read(
            lambda: choice(RegradePolicy, data["regrade"], field="regrade"), RegradePolicy.KEEP
        )
    for name in ("grace_days", "valid_months"):
        if name in data:
            number = here.read(lambda name=name: whole_number(data[name], field=name))
            given.update({} if number is None else {name: number})
    return here.build(Upkeep, {}, given.items())
