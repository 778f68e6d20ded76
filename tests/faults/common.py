"""How a fault becomes a line of the matrix, and what the faults have in common."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.faults.stage import Learner, Stage

Play = Callable[[Stage], str]


@dataclass(frozen=True)
class Scenario:
    """A line of the matrix; ``play`` returns its outcome or raises AssertionError."""

    fault: str
    step: str
    play: Play

    @property
    def id(self) -> str:
        """For pytest."""
        return f"{self.fault} / {self.step}"


SCENARIOS: list[Scenario] = []


def scenario(fault: str, step: str, **fixed: Any) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Add a scenario; decorators pile up, the lowest comes first."""
    def add(play: Callable[..., str]) -> Callable[..., str]:
        SCENARIOS.append(Scenario(fault, step, partial(play, **fixed) if fixed else play))
        return play
    return add


def ready(stage: Stage, wallet: str = "good") -> Learner:
    """A learner with signed credentials and a connected wallet."""
    one = stage.learner(wallet)
    stage.consent(one)
    stage.connect(one)
    stage.drive(lambda: stage.issued(one), "issued")
    return one


def queued(stage: Stage, count: int) -> list[Learner]:
    """Learners who have agreed and pressed "send" while the workers rest."""
    learners = [stage.learner() for _ in range(count)]
    for one in learners:
        stage.connect(one)
        stage.consent(one)
        stage.send(one)
    return learners


def ask_for_assessment(one: Learner) -> None:
    """The platform says that a score changed."""
    from django.utils import timezone

    from microcred_xblock.issuance import assessing
    from tests.faults import app

    assert assessing.request(one.value.id, app.BLOCK, now=timezone.now()) == 1


def request_of(one: Learner) -> int | None:
    """The open request to assess the learner."""
    from microcred_xblock.issuance import models

    return models.AssessmentRequest.objects.filter(learner_id=one.value.id).values_list("pk", flat=True).first()


def assessed(one: Learner) -> bool:
    """Whether nothing is left to look at."""
    from microcred_xblock.issuance import models

    return request_of(one) is None and models.Award.objects.filter(learner_id=one.value.id).exists()


def take_award(one: Learner) -> None:
    """The one award that there is."""
    from microcred_xblock.issuance import models

    one.award_id = str(models.Award.objects.get(learner_id=one.value.id).pk)


def pill_of(one: Learner) -> str:
    """The id of the pill of the learner's award."""
    from microcred_xblock.issuance import models

    return models.Award.objects.get(pk=one.award_id).pill.pill_id


def restart_database(stage: Stage) -> None:
    """A crash and a new start; our own connections are gone too."""
    from django.db import connection

    stage.database.kill()
    time.sleep(0.5)
    stage.database.start()
    connection.close()
