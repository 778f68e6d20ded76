"""The learning pill: outcomes, mastery rule, recognition data, badge image."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from . import codec
from .errors import InvalidPill
from .outcomes import CriteriaGroup, Criterion, LearningOutcome, OutcomeResult, checked_slug
from .recognition import Recognition
from .text import LINE_MAX, TEXT_MAX, TITLE_MAX, checked_language, checked_text
from .upkeep import Upkeep

MAX_OUTCOMES = 100


class Mastery(str, Enum):
    """Which outcomes a learner must achieve."""

    ALL = "all"
    N_OF_M = "n-of-m"
    REQUIRED_PLUS_N = "required-plus-n"


@dataclass(frozen=True, kw_only=True)
class MasteryRule:
    """``n`` counts outcomes for N_OF_M, and *other* outcomes for REQUIRED_PLUS_N."""

    kind: Mastery = Mastery.ALL
    n: int = 0
    required: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Mastery(self.kind))
        object.__setattr__(self, "required", tuple(self.required))
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 0:
            raise InvalidPill("The number of outcomes must be a whole number.", code="mastery-number", field="mastery")

    def met(self, achieved: Iterable[str]) -> bool:
        """Whether the ids in ``achieved`` suffice. Only meaningful for N_OF_M and REQUIRED_PLUS_N."""
        ids = set(achieved)
        if self.kind is Mastery.N_OF_M:
            return len(ids) >= self.n
        return ids.issuperset(self.required) and len(ids.difference(self.required)) >= self.n


@dataclass(frozen=True, kw_only=True)
class BadgeImage:
    """The badge's picture. ``data`` is the sanitised file; ``caption`` is its text alternative."""

    media_type: str
    data: bytes
    caption: str

    def __post_init__(self) -> None:
        if self.media_type not in ("image/png", "image/svg+xml"):
            raise InvalidPill("A badge image must be PNG or SVG.", code="image-type", field="image")
        if not self.data or len(self.data) > 1_000_000:
            raise InvalidPill("A badge image must not exceed 1 MB.", code="image-size", field="image")
        checked_text(self.caption, field="image caption", limit=LINE_MAX)


@dataclass(frozen=True, kw_only=True)
class LearningPill:
    """A pill as its author defined it; complete and consistent by construction.

    ``id`` identifies the pill on this platform (the block's usage key). ``language`` is the one
    language of all its texts.
    """

    id: str
    title: str
    description: str
    outcomes: tuple[LearningOutcome, ...]
    language: str = "en"
    mastery: MasteryRule = field(default_factory=MasteryRule)
    recognition: Recognition = field(default_factory=Recognition)
    image: BadgeImage | None = None
    tags: tuple[str, ...] = ()
    upkeep: Upkeep = field(default_factory=Upkeep)

    def __post_init__(self) -> None:
        checked_text(self.id, field="pill id", limit=LINE_MAX)
        checked_text(self.title, field="title", limit=TITLE_MAX)
        checked_text(self.description, field="description", limit=TEXT_MAX)
        checked_language(self.language)
        object.__setattr__(self, "outcomes", tuple(self.outcomes))
        object.__setattr__(self, "tags", tuple(checked_text(t, field="tag", limit=LINE_MAX) for t in self.tags))
        self._check_outcomes()
        self._check_mastery()

    def _check_outcomes(self) -> None:
        if not self.outcomes:
            raise InvalidPill("The pill has no learning outcome: add one.", code="no-outcomes", field="outcomes")
        if len(self.outcomes) > MAX_OUTCOMES:
            raise InvalidPill(
                f"A pill may have {MAX_OUTCOMES} outcomes at most.", code="many-outcomes", field="outcomes",
                limit=MAX_OUTCOMES,
            )
        seen: set[str] = set()
        for outcome in self.outcomes:
            if outcome.id in seen:
                raise InvalidPill(
                    f"Two outcomes have the id '{outcome.id}': change one.", code="duplicate-outcome",
                    field="outcomes", outcome=outcome.id,
                )
            seen.add(outcome.id)

    def _check_mastery(self) -> None:
        ids = {outcome.id for outcome in self.outcomes}
        for required in self.mastery.required:
            checked_slug(required, field="required outcome")
            if required not in ids:
                raise InvalidPill(
                    f"The mastery rule requires '{required}', which is not an outcome of this pill.",
                    code="mastery-unknown", field="mastery", outcome=required,
                )
        others = len(ids.difference(self.mastery.required))
        most = others if self.mastery.kind is Mastery.REQUIRED_PLUS_N else len(ids)
        least = 0 if self.mastery.kind is Mastery.REQUIRED_PLUS_N and self.mastery.required else 1
        if self.mastery.kind is not Mastery.ALL and not least <= self.mastery.n <= most:
            raise InvalidPill(
                f"The mastery rule asks for {self.mastery.n} outcomes; between {least} and {most} are possible.",
                code="mastery-range", field="mastery", n=self.mastery.n, least=least, most=most,
            )

    @property
    def version(self) -> str:
        """Twelve hex digits that change exactly when what is *certified* changes.

        Title, outcomes, assessment, mastery and recognition data make a new version; words of the
        description, the image, tags and upkeep do not. Labels of skills do not, their identity does.
        """
        canonical = json.dumps(self.certified, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    @property
    def certified(self) -> dict[str, Any]:
        """What is certified, as plain JSON values: two pills are of one version exactly if these are equal."""
        return {
            "title": self.title,
            "outcomes": [
                {
                    "id": o.id, "title": o.title, "kind": o.kind, "assessment": codec.encode(o.assessment),
                    "skills": sorted(s.uri for s in o.skills),
                }
                for o in self.outcomes
            ],
            "mastery": codec.encode(self.mastery),
            "recognition": codec.encode(self.recognition),
        }

    @property
    def assessed(self) -> Hashable:
        """What has to be proved: see ``assessed_part``."""
        return assessed_part(self.outcomes, self.mastery)

    @property
    def references(self) -> frozenset[str]:
        """Every block that assesses something here."""
        return frozenset(leaf.block for outcome in self.outcomes for leaf in outcome.assessment.leaves())

    def mastered(self, results: Iterable[OutcomeResult]) -> bool:
        """Whether ``results`` satisfy the mastery rule. Results of unknown outcomes are ignored."""
        ids = [outcome.id for outcome in self.outcomes]
        achieved = {r.outcome_id for r in results if r.achieved and r.outcome_id in ids}
        if self.mastery.kind is Mastery.ALL:
            return achieved == set(ids)
        return self.mastery.met(achieved)


def assessed_part(outcomes: Iterable[LearningOutcome], mastery: MasteryRule) -> Hashable:
    """What has to be proved, comparable: the outcomes by id, with their criteria, and the mastery rule.

    Where it is equal for two versions of a pill, all scores mean the same in both. Words, skills, order, the spelling
    of numbers and recognition data are no part of it.
    """
    rule: Hashable = mastery.kind
    if mastery.kind is Mastery.N_OF_M:
        rule = (mastery.kind, mastery.n)
    elif mastery.kind is Mastery.REQUIRED_PLUS_N:
        rule = (mastery.kind, mastery.n, frozenset(mastery.required))
    return frozenset((outcome.id, _criteria(outcome.assessment)) for outcome in outcomes), rule


def _criteria(node: Criterion | CriteriaGroup) -> Hashable:
    if isinstance(node, Criterion):
        return node
    members = frozenset(_criteria(member) for member in node.members)
    return node.logic, node.rule, node.all_attempted, node.weight, members
