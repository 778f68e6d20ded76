"""A learner who holds an award, scores that change, and days that go by: for tests of what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from microcred_xblock.domain.outcomes import Rule, Score
from microcred_xblock.domain.pill import LearningPill
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance import api, models, regrading
from tests.factories import EARNED, make_pill, make_scores

START = datetime(2025, 11, 25, 9, 0, tzinfo=UTC)  # past, because tasks look at the clock
DAY = timedelta(days=1)
COURSE = "course-v1:MiCRET+WT101+2026"
WEAK = {**EARNED, "fault-tree": "0"}  # one outcome of three is lost


class Story:
    """One learner and one pill; every step says how many days after the start it happens."""

    def __init__(self, learner: Any = "student_1", **upkeep: Any) -> None:
        self.learner, self.pill = str(learner), make_pill(upkeep=Upkeep(**upkeep))

    def at(self, days: float) -> datetime:
        return START + days * DAY

    def scores(self, days: float, earned: dict[str, str] | None = None, **over: Score | None) -> dict[str, Score]:
        """The scores of that day; ``over`` replaces single ones by block (``-`` as ``_``), None takes one away."""
        found: dict[str, Score | None] = {
            **make_scores(earned, at=self.at(days)),
            **{name.replace("_", "-"): score for name, score in over.items()},
        }
        return {name: score for name, score in found.items() if score is not None}

    def record(
        self, days: float, earned: dict[str, str] | None = None, *, pill: LearningPill | None = None,
        scores: dict[str, Score] | None = None, **options: Any,
    ) -> Any:
        """Scores reach the app."""
        return api.record_scores(
            pill or self.pill, self.scores(days, earned) if scores is None else scores, learner_id=self.learner,
            course_id=COURSE, now=self.at(days), **options,
        )

    def sweep(self, days: float) -> int:
        """The sweep of that day, and the task of each case it finds."""
        now = self.at(days)
        due = list(models.Regrade.objects.filter(open=True, due_at__lte=now).values_list("pk", flat=True))
        handed_over = regrading.close_due(now)
        for pk in due:
            regrading.close(pk, now=now)
        return handed_over

    @property
    def award(self) -> models.Award:
        """The award made last."""
        return models.Award.objects.filter(learner_id=self.learner).order_by("-created_at")[0]

    @property
    def case(self) -> models.Regrade:
        """The case opened last."""
        return models.Regrade.objects.order_by("-pk")[0]

    def told(self) -> list[str]:
        """The kinds of all notices, in order."""
        return list(models.Notice.objects.order_by("pk").values_list("kind", flat=True))

    def shown(self) -> list[str]:
        """The kinds of the notices on the learner's page."""
        panel = api.panel(self.learner, self.pill.id)
        return [notice.kind for notice in panel.notices] if panel is not None else []

    def sign(self) -> None:
        """As if the learner had agreed to the award and it had been signed."""
        award, state = self.award, models.Credential.State
        models.Credential.objects.get_or_create(
            award=award, format="ob3",
            defaults={
                "credential_id": f"urn:uuid:{award.pk}", "salt": "s", "issued_at": award.awarded_at,
                "valid_from": award.awarded_at, "state": state.ISSUED,
            },
        )


def unanswered(score: Score) -> Score:
    """The score of a block whose state staff have deleted."""
    return replace(score, earned=0, attempted=False, at=None)


def assessing_otherwise(pill: LearningPill, **over: Any) -> LearningPill:
    """The pill as if its author had asked for less in the first outcome."""
    first, *others = pill.outcomes
    easier = replace(first, assessment=replace(first.assessment, rule=Rule(value="0.6")))
    return replace(pill, outcomes=(easier, *others), **over)
