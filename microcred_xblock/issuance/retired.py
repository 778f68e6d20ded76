"""Accounts that were retired. What arrives late, a score or a wallet's answer, must not bring one back.

A retirement writes its line first and looks for rows afterwards; whoever stores a row looks for the line. Neither can
miss the other where both lock the same row, or where the writer looks once more after its commit.
"""

from __future__ import annotations

from datetime import datetime

from ..domain.errors import NotAllowed
from . import models


def mark(learner_id: str, now: datetime) -> None:
    """From now on nothing is stored for this account. Twice is once."""
    row = models.RetiredLearner(key=_key(learner_id), retired_at=now)
    models.RetiredLearner.objects.bulk_create([row], ignore_conflicts=True)  # one statement, also for two at once


def unmark(learner_id: str) -> bool:
    """Whether it was marked; what arrives for this id is stored again. Nothing that was erased comes back."""
    deleted, _ = models.RetiredLearner.objects.filter(key=_key(learner_id)).delete()
    return bool(deleted)


def is_marked(learner_id: str) -> bool:
    """Whether the account was retired. One indexed query."""
    return models.RetiredLearner.objects.filter(key=_key(learner_id)).exists()


def refusal(learner_id: str) -> NotAllowed | None:
    """The objection to storing anything for this account, if any."""
    if not is_marked(learner_id):
        return None
    return NotAllowed("This account was retired: nothing is recorded for it any more.", code="account-retired")


def _key(learner_id: str) -> str:
    return models.pair_key("retired", learner_id)
