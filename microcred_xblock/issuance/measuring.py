"""What follows for an award from scores as they are now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum

from ..domain.award import Award
from ..domain.outcomes import OutcomeResult, Score, assess
from ..domain.pill import LearningPill
from ..domain.upkeep import RegradePolicy


class Step(str, Enum):
    """What follows from the scores as they are now."""

    NOTHING = "nothing"
    RECOVER = "recover"
    RECORD = "record"
    WARN = "warn"


def decide(policy: RegradePolicy, award: Award, now: Sequence[OutcomeResult], *, suspended: bool = False) -> Step:
    """What follows for ``award`` when its results are ``now`` these. Pure.

    ``RECOVER``: nothing is wrong (any more). ``WARN``: the policy will act after the days of grace.
    """
    if award.pill.mastered(now):
        return Step.WARN if policy is RegradePolicy.SUPERSEDE and differ(award.results, now) else Step.RECOVER
    if policy is RegradePolicy.KEEP:
        return Step.RECORD
    return Step.NOTHING if suspended and policy is RegradePolicy.SUSPEND else Step.WARN


def measured(
    pill: LearningPill, then: Sequence[OutcomeResult], scores: Mapping[str, Score], *, annulled: bool = False
) -> tuple[OutcomeResult, ...]:
    """The results now, by the activities that counted ``then``. Pure.

    A block that gives no score any more (deleted, hidden, for others now) counts with its score of then, unless the
    whole section was annulled; a block that was not the learner's then does not count now.
    """
    known = {block.block: block for result in then for block in result.blocks}
    kept = {
        name: Score(
            block=name, earned=Decimal(0) if annulled else block.earned, possible=block.possible,
            attempted=block.attempted, at=block.at,
        )
        for name, block in known.items() if name not in scores
    }
    return assess(pill.outcomes, {**scores, **kept}, not_given=pill.references - known.keys())


def differ(then: Sequence[OutcomeResult], now: Sequence[OutcomeResult]) -> bool:
    """Whether another standing or share of points would be certified."""
    before, after = ([(r.outcome_id, r.achieved, r.fraction) for r in results] for results in (then, now))
    return before != after


def worse(then: Sequence[OutcomeResult], now: Sequence[OutcomeResult]) -> bool:
    """Whether any outcome has become worse."""
    before = {result.outcome_id: result for result in then}
    return any(
        result.outcome_id in before and (
            result.fraction < before[result.outcome_id].fraction
            or (before[result.outcome_id].achieved and not result.achieved)
        )
        for result in now
    )
