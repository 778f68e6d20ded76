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


    recognition = {"workload_hours", "ects", "eqf_level", "isced_f", "mode", "assessment_type",
                   "supervision", "prerequisites", "quality_assurance": {…}, "bloc": {…}}
    badge image = {"caption", and one of "design": {"shape", "colour", "icon", "level", "title"}, "svg", "src", "text"}
    upkeep = {"regrade": "keep" | "suspend" | "revoke" | "supersede", "grace_days", "valid_months"}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from .domain.badge import BadgeDesign
from .domain.errors import InvalidInput, InvalidPill
from .domain.outcomes import CriteriaGroup, Criterion, LearningOutcome, Logic, Rule, Skill
from .domain.pill import MAX_OUTCOMES, BadgeImage, LearningPill, Mastery, MasteryRule
from .domain.recognition import BlocPlace, NationalLevel, QualificationPlace, QualityAssurance, Recognition
from .domain.upkeep import RegradePolicy, Upkeep

UNKNOWN = ("unknown", "unknown_elements")
# What recognition data may say; what can be left unsaid, or inherited, is one of these.
RECOGNITION_VALUES = (
    "workload_hours", "ects", "eqf_level", "isced_f", "mode", "assessment_type", "supervision", "prerequisites",
    "stackability", "further_information",
)
RECOGNITION_PARTS = ("quality_assurance", "nqf", "bloc", "towards")
_DAMAGED = "A part of the pill is damaged: enter it again."
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


class _Problems:
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
            damaged = InvalidPill(_DAMAGED, code="definition-damaged", field=where, **params)
            damaged.__cause__ = error
            self.add(damaged)

    def add(self, problem: InvalidPill) -> None:
        """Record ``problem`` unless the very same is recorded already."""
        self.count += 1
        if all((problem.code, problem.params) != (known.code, known.params) for known in self.found):
            self.found.append(problem)


@dataclass(frozen=True)
class _Place:
    """Where in the definition something is read, and the parameters its problems have."""

    problems: _Problems
    where: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def read(self, make: Callable[[], Any], otherwise: Any = None) -> Any:
        """What ``make`` returns, or ``otherwise`` and a problem."""
        with self.problems.at(self.where, **self.params):
            return make()
        return otherwise

    def mapping(self, value: Any) -> Mapping[str, Any]:
        """``value``, or an empty mapping and a problem; what is unknown inside is a problem too."""
        data = self.read(lambda: _mapping(value), {})
        self.read(lambda: _refuse_unknown(data))
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


def read(definition: Definition) -> tuple[LearningPill | None, tuple[InvalidPill, ...]]:
    """The pill, or None, and every problem found in ``definition``. Never raises for author's data."""
    pill, problems = sketch(definition)
    return (None if problems else pill), problems


def sketch(definition: Definition) -> tuple[LearningPill, tuple[InvalidPill, ...]]:
    """The same for who looks at an unfinished pill: what cannot be used is replaced by something valid.

    So the rest is still read and checked. The outcomes are those of the definition, in order, unless there are none
    or too many.
    """
    problems = _Problems()
    here = _Place(problems, "pill")
    here.read(lambda: _refuse_unknown({"unknown_elements": list(definition.unknown)}))
    outcomes = _outcomes(definition.outcomes, problems)
    mastery = _mastery(definition.mastery, _Place(problems, "mastery"))
    recognition = _recognition(definition.recognition, _Place(problems, "recognition"))
    upkeep = _upkeep(definition.upkeep, _Place(problems, "upkeep"))
    image = _Place(problems, "badge image").read(definition.image)
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
    problems = _Problems()
    found = _recognition(data, _Place(problems, "recognition"))
    return (None if problems.found else found), tuple(problems.found)


def unstated(data: Any) -> frozenset[str]:
    """What recognition data names as not stated, as keys; whatever else is in the list is left out."""
    names = data.get("not_stated") if isinstance(data, Mapping) else None
    keys = {str(name).replace("-", "_") for name in names} if isinstance(names, list | tuple) else set()
    return frozenset(keys.intersection((*RECOGNITION_VALUES, *RECOGNITION_PARTS)))


def badge_design(value: Any) -> BadgeDesign:
    """The design of a badge. Raises the first InvalidPill met in it."""
    data = _mapping(value)
    _refuse_unknown(data)
    shows = {name: _yes_no(data.get(name, "true"), field=f"badge {name}") for name in ("level", "title")}
    return BadgeDesign(**_known(data, ("shape", "colour", "icon")), **shows)


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


def _outcomes(data: Sequence[Any], problems: _Problems) -> tuple[LearningOutcome, ...]:
    outcomes: list[LearningOutcome] = []
    for number, (name, item) in enumerate(zip(outcome_names(data or ()), data or (), strict=True), start=1):
        here = _Place(problems, f"outcome {name}", {"outcome": name})
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


def _outcome(data: Mapping[str, Any], here: _Place, stand_in: str) -> LearningOutcome:
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


def _skill(data: Mapping[str, Any], here: _Place) -> Skill:
    given = {"uri": "", "label": "", "framework": "ESCO", **_known(data, ("uri", "label", "framework"))}
    return here.build(Skill, {"uri": "https://example.org/", "label": "-"}, given.items())


def _group(data: Mapping[str, Any], here: _Place, rule: Rule | None = None) -> CriteriaGroup:
    """The group; with a threshold that cannot be read, its rule is ``rule``."""
    members = tuple(_member(item, here) for item in here.items(data.get("members", ())))
    return here.build(CriteriaGroup, {"members": (_unread_criterion(here),)}, [
        ("members", members),
        ("logic", here.read(lambda: _choice(Logic, data.get("logic", "and"), field="logic"), Logic.AND)),
        ("rule", here.read(lambda: _rule(data), rule)),
        ("all_attempted", here.read(lambda: _yes_no(data.get("all_attempted", "false"), field="all-attempted"), False)),
        ("weight", data.get("weight", "1")),
    ])


def _member(value: Any, here: _Place) -> Criterion | CriteriaGroup:
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


def _unread_criterion(here: _Place) -> Criterion:
    return Criterion(block=f"unread {here.problems.count}")  # no two are called alike: that would be a problem


def _rule(data: Mapping[str, Any]) -> Rule | None:
    return Rule(value=data["threshold"]) if "threshold" in data else None


def _mastery(value: Any, here: _Place) -> MasteryRule:
    """The rule; one that cannot be read asks only for what it says is required."""
    data, before = here.mapping(value), here.problems.count
    rule = here.build(MasteryRule, {}, [
        ("kind", here.read(lambda: _choice(Mastery, data.get("rule", "all"), field="rule"), Mastery.ALL)),
        ("n", here.read(lambda: _whole(data.get("n", "0"), field="n"), 0)),
        ("required", here.items(data.get("required", ()))),
    ])
    return rule if here.problems.count == before else replace(_NO_RULE, required=rule.required)


def _recognition(value: Any, here: _Place) -> Recognition:
    data = here.mapping(value)
    here.read(lambda: _refuse_unstated(data))
    given = {
        name: here.read(lambda: _whole(data["eqf_level"], field="eqf_level")) if name == "eqf_level" else data[name]
        for name in RECOGNITION_VALUES if name in data
    }
    for name, (kind, sound) in _RECORDS.items():
        if name in data:
            part = here.mapping(data[name])
            given[name] = _bloc(part, here) if name == "bloc" else _record(kind, part, here, sound)
    if "stackability" in given:  # last: it may contradict what the pill counts towards
        given["stackability"] = given.pop("stackability")
    return here.build(Recognition, {}, given.items())


_RECORDS: Mapping[str, tuple[type, Mapping[str, Any]]] = {
    "quality_assurance": (QualityAssurance, {"title": "-", "agency": "-"}),
    "bloc": (BlocPlace, {}),
    "nqf": (NationalLevel, {"framework": "-", "level": "-"}),
    "towards": (QualificationPlace, {"title": "-"}),
}


def _refuse_unstated(data: Mapping[str, Any]) -> None:
    names = data.get("not_stated", ())
    if not isinstance(names, list | tuple):
        raise InvalidPill(_DAMAGED, code="definition-damaged")
    known = unstated(data)
    _refuse_unknown({"unknown": [str(name) for name in names if str(name).replace("-", "_") not in known]})


def _upkeep(value: Any, here: _Place) -> Upkeep:
    data = here.mapping(value)
    given = {}
    if "regrade" in data:
        given["regrade"] = here.read(
            lambda: _choice(RegradePolicy, data["regrade"], field="regrade"), RegradePolicy.KEEP
        )
    for name in ("grace_days", "valid_months"):
        if name in data:
            number = here.read(lambda name=name: _whole(data[name], field=name))
            given.update({} if number is None else {name: number})
    return here.build(Upkeep, {}, given.items())


def _bloc(data: Mapping[str, Any], here: _Place) -> BlocPlace:
    written = dict(data)
    if "valid_until" in written:
        written["valid_until"] = here.read(lambda: _date(data["valid_until"], field="valid_until"))
    sound = {"certification": "RNCP1", "certification_title": "-", "bloc_title": "-"}
    own = str(data.get("bloc", "")).partition("BC")[0]
    with suppress(InvalidInput):  # a bloc is held against its own certification where the one written is unusable
        sound["certification"] = BlocPlace(certification=own, certification_title="-").certification
    return _record(BlocPlace, {"bloc": "", "bloc_title": "", **written}, here, sound)


def _record(kind: type, data: Mapping[str, Any], here: _Place, sound: Mapping[str, Any]) -> Any:
    """``data`` as a ``kind``; what ``sound`` has is required and comes first."""
    written = {**dict.fromkeys(sound, ""), **{name: value for name, value in data.items() if name not in UNKNOWN}}
    known = [item.name for item in fields(kind) if item.name in written]  # in this order: one may need another
    given = {name: written[name] for name in (*known, *(name for name in written if name not in known))}
    if "bloc_title" in given:  # only a bloc that is known makes its title necessary
        given["bloc_title"] = given.pop("bloc_title")
    return here.build(kind, sound, given.items())


def _known(data: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _refuse_unknown(data: Mapping[str, Any]) -> None:
    names = [*data.get("unknown", {}), *(f"<{name}>" for name in map(_tag, data.get("unknown_elements", ())))]
    if names:
        listed = ", ".join(sorted(names))[:200]
        raise InvalidPill(
            f"This is not understood: {listed}. Correct its spelling or delete it.", code="olx-unknown", names=listed
        )


def _tag(element: str) -> str:
    return element.lstrip("<").split(">")[0].split()[0].rstrip("/") if element.strip("< ") else "?"


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidPill(_DAMAGED, code="definition-damaged")
    return value


def _choice(kind: type, value: Any, *, field: str) -> Any:
    known = [member.value for member in kind]
    if value not in known:
        raise InvalidPill(
            f"{field} must be one of {', '.join(known)}.", code="choice", field=field, codes=", ".join(known)
        )
    return kind(value)


def _whole(value: Any, *, field: str) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidPill(f"{field} must be a whole number.", code="whole-number", field=field)
    return int(text)


def _yes_no(value: Any, *, field: str) -> bool:
    if value not in ("true", "false", True, False):
        raise InvalidPill(f"{field} must be 'true' or 'false'.", code="yes-no", field=field)
    return value in ("true", True)


def _date(value: Any, *, field: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidPill(f"{field} must be a date such as 2027-08-31.", code="date", field=field) from None
