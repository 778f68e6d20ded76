"""The award: what was proved, frozen at the moment it was proved; and ``decide()``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .errors import InvalidInput
from .outcomes import OutcomeResult
from .pill import LearningPill
from .text import aware


@dataclass(frozen=True, kw_only=True)
class Award:
    """A pill mastered by one learner.

    Holds the pill as it was and every outcome's score, threshold, time and assessed blocks, so
    that both credentials can be composed again, byte for byte, whatever happens to the course.
    Holds no personal data: the learner is known to the row that stores it, not to the value.
    """

    id: UUID
    pill: LearningPill
    results: tuple[OutcomeResult, ...]
    awarded_at: datetime

    def __post_init__(self) -> None:
        aware(self.awarded_at, field="awarded_at")
        object.__setattr__(self, "results", tuple(self.results))
        known = [outcome.id for outcome in self.pill.outcomes]
        if [result.outcome_id for result in self.results] != known:
            raise InvalidInput("An award needs one result for each outcome, in order.", code="award-results")
        if not self.pill.mastered(self.results):
            raise InvalidInput("The results do not satisfy the mastery rule.", code="award-unmastered")

    @property
    def pill_version(self) -> str:
        """The version of the pill that was mastered."""
        return self.pill.version

    def outcome_pairs(self) -> list[tuple]:
        """``(LearningOutcome, OutcomeResult)`` pairs in the pill's order."""
        return list(zip(self.pill.outcomes, self.results, strict=True))


def decide(pill: LearningPill, results: Iterable[OutcomeResult], *, award_id: UUID, now: datetime) -> Award | None:
    """The Award if ``results`` master ``pill``, else None. Pure; order of results does not matter."""
    by_id = {result.outcome_id: result for result in results}
    ordered = tuple(by_id[outcome.id] for outcome in pill.outcomes if outcome.id in by_id)
    if len(ordered) != len(pill.outcomes) or not pill.mastered(ordered):
        return None
    return Award(id=award_id, pill=pill, results=ordered, awarded_at=now)
