"""What a learner did, for the platform's tracking log, and through event-routing-backends for an xAPI store.

``edx.microcred.pill.mastered`` when an award is made, ``edx.microcred.credential.earned`` when its badge is signed.
An event names the learner by user id; of the request that happens to run, whoever's it is, nothing is taken along.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from functools import cache
from typing import Any

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from ..domain.award import Award
from ..domain.credential import Format
from ..domain.outcomes import OutcomeStatus
from . import awarding, chains, models, places, signals

log = logging.getLogger(__name__)

MASTERED = "edx.microcred.pill.mastered"
EARNED = "edx.microcred.credential.earned"
EVENTS = (MASTERED, EARNED)
_OF_THE_REQUEST = ("username", "session", "ip", "agent", "referer", "client_id", "accept_language")


def connect() -> None:
    """Listen to our own signals, which send robustly: nothing that fails here reaches the work they tell of."""
    signals.award_made.connect(award_made, dispatch_uid="microcred.tracking.award_made")
    signals.credential_issued.connect(credential_issued, dispatch_uid="microcred.tracking.credential_issued")


def award_made(*, pk: Any, **_kwargs: Any) -> None:
    """A learner has mastered a pill."""
    if _tracker() is None:
        return
    row = models.Award.objects.select_related("pill", "supersedes").get(pk=pk)
    if not chains.reissued(row):
        award = awarding.award_of(row)
        _emit(MASTERED, row, {"outcomes": _outcomes(award), "score": _score(award)})


def credential_issued(*, pk: Any, **_kwargs: Any) -> None:
    """A learner has earned a badge; its other forms are the same badge, and no event of their own."""
    if _tracker() is None:
        return
    rows = models.Credential.objects.select_related("award__pill", "award__supersedes")
    row = rows.defer("document", "content", "award__results").get(pk=pk)
    if row.format == Format.OPEN_BADGE.value and not chains.reissued(row.award):
        _emit(EARNED, row.award, {"credential_id": row.credential_id})


def _tracker() -> Any:
    """The platform's tracker; None where there is none."""
    tracker = _tracking()
    return None if tracker is None else tracker.get_tracker()


@cache
def _tracking() -> Any:
    """The library, looked for once: that it is not there costs as much to learn as a query."""
    try:
        from eventtracking import tracker
    except ImportError:
        return None
    return tracker


def _emit(name: str, row: models.Award, data: dict[str, Any]) -> None:
    tracker = _tracker()
    common = {
        "user_id": row.learner_id, "course_id": row.course_id, "award_id": str(row.pk), "pill_id": row.pill.pill_id,
        "pill_version": row.pill.version, "title": row.pill.title, "language": row.pill.content.get("language", "en"),
        "achievement": places.achievement(row.pill.achievement),
    }
    context = dict.fromkeys(_OF_THE_REQUEST, "") | _course(row.course_id) | {"user_id": _number(row.learner_id)}
    with tracker.context(name, context):
        tracker.emit(name, common | data)


def _course(course_id: str) -> dict[str, str]:
    """The course as the platform's own events carry it."""
    try:
        return {"course_id": course_id, "org_id": CourseKey.from_string(course_id).org}
    except InvalidKeyError:
        return {"course_id": course_id, "org_id": ""}


def _outcomes(award: Award) -> list[dict[str, Any]]:
    return [
        {
            "id": outcome.id, "title": outcome.title, "status": result.status.value,
            "fraction": float(result.fraction), "threshold": float(result.threshold),
        }
        for outcome, result in award.outcome_pairs()
    ]


def _score(award: Award) -> float:
    """The mean of the outcomes that were there for this learner."""
    given = [result.fraction for result in award.results if result.status is not OutcomeStatus.NOT_AVAILABLE]
    return round(float(sum(given, Decimal(0)) / len(given)), 4) if given else 0.0


def _number(learner_id: str) -> int | str:
    """User ids are numbers on the platform, and so they stand in the context of its events."""
    return int(learner_id) if learner_id.isdecimal() else learner_id
