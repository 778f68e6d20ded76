"""Learning outcomes, how they are assessed, and ``assess()``.

The vocabulary is that of openedx-core's competency criteria (AND/OR groups, rules of the form
``{"op": "gte", "value": 0.7}``), with fractions as Decimal. All comparisons are exact: scores are
compared as rational numbers, so 2 of 3 points meet neither more nor less than two thirds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import Enum
from fractions import Fraction

from .errors import InvalidPill
from .text import LINE_MAX, aware, checked_fraction, checked_text, decimal, forbidden_character

MAX_DEPTH = 5
_PLACES = Decimal("0.0001")


class Logic(str, Enum):
    """How the members of a group combine."""

    AND = "and"
    OR = "or"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """``fraction >= value``; ``gte`` is the only operator the competency vocabulary has so far."""

    value: Decimal
    op: str = "gte"

    def __post_init__(self) -> None:
        if self.op != "gte":
            raise InvalidPill(f"The rule '{self.op}' is not known; use 'gte'.", code="rule-op", field="op")
        object.__setattr__(self, "value", checked_fraction(self.value, field="threshold"))

    def holds(self, fraction: Fraction) -> bool:
        """Whether ``fraction`` meets the threshold, exactly."""
        return fraction >= Fraction(self.value)


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One assessed block. ``block`` is a reference inside the pill; ``weight`` counts in the mean."""

    block: str
    weight: Decimal = Decimal(1)
    rule: Rule | None = None

    def __post_init__(self) -> None:
        checked_text(self.block, field="block", limit=LINE_MAX)
        object.__setattr__(self, "weight", checked_weight(self.weight))


@dataclass(frozen=True, kw_only=True)
class CriteriaGroup:
    """Criteria joined by AND (weighted mean) or OR (the best member).

    A group is met when its own ``rule`` holds for its fraction, its members with rules are met
    (AND: every one; OR: at least one member) and, with ``all_attempted``, every block below it was
    attempted. ``weight`` is the group's weight inside its parent.
    """

    members: tuple[Criterion | CriteriaGroup, ...]
    logic: Logic = Logic.AND
    rule: Rule | None = None
    all_attempted: bool = False
    weight: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(self.members))
        object.__setattr__(self, "logic", Logic(self.logic))
        object.__setattr__(self, "weight", checked_weight(self.weight))
        if not self.members:
            raise InvalidPill(
                "Nothing assesses this outcome: choose at least one graded block.",
                code="outcome-unassessed", field="assessed-by",
            )
        if _depth(self) > MAX_DEPTH:
            raise InvalidPill(f"Groups may be nested {MAX_DEPTH} deep at most.", code="group-depth", field="group")

    def leaves(self) -> Iterator[Criterion]:
        """Every criterion below this group, in the author's order."""
        for member in self.members:
            if isinstance(member, Criterion):
                yield member
            else:
                yield from member.leaves()


@dataclass(frozen=True, kw_only=True)
class Skill:
    """A concept of a skills framework the outcome is aligned to, normally an ESCO skill.

    ``uri`` is an absolute http(s) IRI; ``label`` is in the pill's language.
    """

    uri: str
    label: str
    framework: str = "ESCO"

    def __post_init__(self) -> None:
        checked_text(self.label, field="skill", limit=LINE_MAX)
        checked_text(self.framework, field="framework", limit=LINE_MAX)
        checked_iri(self.uri, field="skill")


@dataclass(frozen=True, kw_only=True)
class LearningOutcome:
    """What a learner can do afterwards, and the criteria that prove it.

    ``kind`` is ``knowledge`` or ``skill`` (ESCO skill type); ``reuse_level`` one of ESCO's four.
    """

    id: str
    title: str
    assessment: CriteriaGroup
    description: str = ""
    kind: str = "skill"
    reuse_level: str = "occupation-specific"
    skills: tuple[Skill, ...] = ()

    def __post_init__(self) -> None:
        checked_slug(self.id, field="outcome id")
        checked_text(self.title, field="outcome title", limit=LINE_MAX)
        checked_text(self.description, field="outcome description", limit=LINE_MAX * 4, required=False)
        object.__setattr__(self, "skills", tuple(self.skills))
        if self.kind not in ("knowledge", "skill"):
            raise InvalidPill("An outcome is either 'knowledge' or 'skill'.", code="outcome-kind", field="kind")
        if self.reuse_level not in REUSE_LEVELS:
            raise InvalidPill(
                f"The reuse level must be one of {', '.join(REUSE_LEVELS)}.", code="reuse-level", field="reuse"
            )
        if self.assessment.rule is None:
            raise InvalidPill(
                f"Outcome '{self.id}' has no threshold: say which share of the points it needs.",
                code="outcome-threshold", field="threshold", outcome=self.id,
            )
        blocks = [leaf.block for leaf in self.assessment.leaves()]
        if len(blocks) != len(set(blocks)):
            raise InvalidPill(
                f"Outcome '{self.id}' names the same block twice.",
                code="outcome-duplicate-block", field="assessed-by", outcome=self.id,
            )

    @property
    def threshold(self) -> Decimal:
        """The fraction the whole outcome needs."""
        assert self.assessment.rule is not None
        return self.assessment.rule.value


REUSE_LEVELS = ("transversal", "cross-sector", "sector-specific", "occupation-specific")


@dataclass(frozen=True, kw_only=True)
class Score:
    """A learner's score on one block, as the platform reports it.

    ``possible`` may be 0 for a block worth nothing; it then counts as fraction 0.
    ``attempted`` is False before the first answer. Bonus points are capped at 1.
    """

    block: str
    earned: Decimal
    possible: Decimal
    attempted: bool = True
    at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "earned", decimal(self.earned, field="earned"))
        object.__setattr__(self, "possible", decimal(self.possible, field="possible"))
        if self.possible < 0 or self.earned < 0:
            raise InvalidPill("A score cannot be negative.", code="score-negative", field="score")
        if self.at is not None:
            aware(self.at, field="score time")

    @property
    def fraction(self) -> Fraction:
        """Exact share of the points, from 0 to 1."""
        if not self.attempted or self.possible == 0:
            return Fraction(0)
        return min(Fraction(1), Fraction(self.earned) / Fraction(self.possible))


class OutcomeStatus(str, Enum):
    """Where a learner stands on one outcome."""

    NOT_ASSESSED = "not-assessed"
    IN_PROGRESS = "in-progress"
    NOT_ACHIEVED = "not-achieved"
    ACHIEVED = "achieved"
    NOT_AVAILABLE = "not-available"


@dataclass(frozen=True, kw_only=True)
class BlockResult:
    """What one assessed block contributed, frozen into the award."""

    block: str
    weight: Decimal
    earned: Decimal
    possible: Decimal
    attempted: bool
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OutcomeResult:
    """A learner's standing on one outcome.

    ``fraction`` is rounded *down* to four places, so it never shows more than was earned, and
    ``fraction >= threshold`` exactly when the exact score meets the threshold. ``assessed_at`` is
    the latest time of a contributing score.
    """

    outcome_id: str
    status: OutcomeStatus
    fraction: Decimal
    threshold: Decimal
    blocks: tuple[BlockResult, ...]
    assessed_at: datetime | None = None

    @property
    def achieved(self) -> bool:
        """Whether the outcome is proved."""
        return self.status is OutcomeStatus.ACHIEVED

    @property
    def attempted(self) -> int:
        """How many of its blocks have been attempted."""
        return sum(block.attempted for block in self.blocks)


def assess(
    outcomes: Iterable[LearningOutcome], scores: Mapping[str, Score], *, not_given: Collection[str] = ()
) -> tuple[OutcomeResult, ...]:
    """One result per outcome, in the pill's order. ``scores`` is keyed by block reference.

    Pure. A block without a score counts as not attempted. A block in ``not_given`` was never meant for this
    learner (another draw, another group): the outcome is assessed without it, and is ``not-available`` if
    nothing remains. Monotone: a higher score never lowers a fraction and never takes an achieved outcome away.
    """
    return tuple(_assess_one(outcome, scores, frozenset(not_given)) for outcome in outcomes)


def assess_at_best(
    outcomes: Iterable[LearningOutcome], scores: Mapping[str, Score], *, missing: Collection[str],
    not_given: Collection[str] = (),
) -> tuple[OutcomeResult, ...]:
    """``assess`` as if what is ``missing`` were there and answered in full: no mending of a pill gives better results.
    """
    full = {block: Score(block=block, earned=Decimal(1), possible=Decimal(1)) for block in missing}
    return assess(outcomes, {**scores, **full}, not_given=not_given)


def _assess_one(outcome: LearningOutcome, scores: Mapping[str, Score], not_given: frozenset[str]) -> OutcomeResult:
    assessment = _given(outcome.assessment, not_given) if not_given else outcome.assessment
    if assessment is None:
        return OutcomeResult(
            outcome_id=outcome.id, status=OutcomeStatus.NOT_AVAILABLE, fraction=_floor(Fraction(0)),
            threshold=outcome.threshold, blocks=(),
        )
    blocks = tuple(_block_result(leaf, scores.get(leaf.block)) for leaf in assessment.leaves())
    fraction = _fraction(assessment, scores)
    attempted = sum(block.attempted for block in blocks)
    if _met(assessment, scores) and attempted:
        status = OutcomeStatus.ACHIEVED
    elif attempted == 0:
        status = OutcomeStatus.NOT_ASSESSED
    elif attempted < len(blocks):
        status = OutcomeStatus.IN_PROGRESS
    else:
        status = OutcomeStatus.NOT_ACHIEVED
    return OutcomeResult(
        outcome_id=outcome.id,
        status=status,
        fraction=_floor(fraction),
        threshold=outcome.threshold,
        blocks=blocks,
        assessed_at=max((block.at for block in blocks if block.attempted and block.at), default=None),
    )


def conceal(results: Iterable[OutcomeResult], blocks: Collection[str]) -> tuple[OutcomeResult, ...]:
    """``results`` as somebody may see them who must not know how ``blocks`` were answered, only that they were.

    Nothing about an outcome that one of them assesses is told: a share of the points would give the rest away.
    """
    return tuple(
        _conceal(result, frozenset(blocks)) if any(block.block in blocks for block in result.blocks) else result
        for result in results
    )


def _conceal(result: OutcomeResult, blocks: frozenset[str]) -> OutcomeResult:
    told = tuple(
        replace(block, earned=Decimal(0), possible=Decimal(0)) if block.block in blocks else block
        for block in result.blocks
    )
    status = OutcomeStatus.IN_PROGRESS if result.attempted else OutcomeStatus.NOT_ASSESSED
    return replace(result, status=status, fraction=_floor(Fraction(0)), blocks=told)


def _given(group: CriteriaGroup, not_given: frozenset[str]) -> CriteriaGroup | None:
    """The group without the blocks this learner was not given; None if nothing remains."""
    kept: list[Criterion | CriteriaGroup] = []
    for member in group.members:
        if isinstance(member, CriteriaGroup):
            rest = _given(member, not_given)
            kept += [rest] if rest is not None else []
        elif member.block not in not_given:
            kept.append(member)
    return replace(group, members=tuple(kept)) if kept else None


def _block_result(leaf: Criterion, score: Score | None) -> BlockResult:
    if score is None:
        return BlockResult(
            block=leaf.block, weight=leaf.weight, earned=Decimal(0), possible=Decimal(0), attempted=False
        )
    return BlockResult(
        block=leaf.block, weight=leaf.weight, earned=score.earned, possible=score.possible,
        attempted=score.attempted, at=score.at,
    )


def _fraction(node: Criterion | CriteriaGroup, scores: Mapping[str, Score]) -> Fraction:
    if isinstance(node, Criterion):
        score = scores.get(node.block)
        return score.fraction if score else Fraction(0)
    fractions = [_fraction(member, scores) for member in node.members]
    if node.logic is Logic.OR:
        return max(fractions)
    weights = [Fraction(member.weight) for member in node.members]
    return sum((f * w for f, w in zip(fractions, weights, strict=True)), Fraction(0)) / sum(weights)


def _met(node: Criterion | CriteriaGroup, scores: Mapping[str, Score]) -> bool:
    if node.rule is not None and not node.rule.holds(_fraction(node, scores)):
        return False
    if isinstance(node, Criterion):
        return True
    if node.all_attempted and not all(_attempted(leaf, scores) for leaf in node.leaves()):
        return False
    members = [_met(member, scores) for member in node.members]
    return any(members) if node.logic is Logic.OR else all(members)


def _attempted(leaf: Criterion, scores: Mapping[str, Score]) -> bool:
    score = scores.get(leaf.block)
    return score is not None and score.attempted


def _floor(fraction: Fraction) -> Decimal:
    places = Fraction(10_000)
    return (Decimal(int(fraction * places // 1)) / Decimal(10_000)).quantize(_PLACES, rounding=ROUND_FLOOR)


def _depth(group: CriteriaGroup) -> int:
    return 1 + max((_depth(m) for m in group.members if isinstance(m, CriteriaGroup)), default=0)


def checked_weight(value: object) -> Decimal:
    """A weight above zero; InvalidPill (``weight``) otherwise."""
    weight = decimal(value, field="weight")
    if not 0 < weight <= 10_000:
        raise InvalidPill(
            f"A weight must be above 0 and at most 10000, not {weight}.", code="weight", field="weight",
            value=str(weight),
        )
    return weight


def checked_slug(value: object, *, field: str) -> str:
    """An id of letters, digits, ``-``, ``_`` and ``.`` (at most 64); InvalidPill (``slug``) otherwise."""
    allowed = isinstance(value, str) and 0 < len(value) <= 64 and value.isascii()
    if not allowed or not all(c.isalnum() or c in "-_." for c in str(value)):
        raise InvalidPill(
            f"{field} may hold only letters, digits, '-', '_' and '.', at most 64 of them.", code="slug", field=field
        )
    return str(value)


def checked_iri(value: object, *, field: str) -> str:
    """An absolute http(s) IRI without spaces, quotes or what no text may hold; InvalidPill (``iri``) otherwise."""
    ok = isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) <= 2_000
    if not ok or forbidden_character(str(value)) or any(c in '<>"{}|\\^` \t\n\xa0' for c in str(value)):
        raise InvalidPill(f"{field} must be a web address (http:// or https://).", code="iri", field=field)
    return str(value)
