"""An award and the one that is to take its place: until the new one is signed both stand, and both are one matter.

What is decided of one of them (revoked, suspended, reinstated) is decided of both, or a pending replacement would undo
it. All awards of a learner and a pill that still stand make the chain; the newest is the active one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from ..domain.errors import NotAllowed
from . import models, outbox, sharing

_Status = models.Award.Status
STANDING = (_Status.VALID, _Status.SUSPENDED)
NOT_AGREED = "not-agreed"  # why a former award is suspended whose replacement nobody agreed to in time


def lock(row: models.Award) -> dict[Any, models.Award]:
    """The award and all that still stands beside it, locked in the order of their keys; by key, the oldest first.

    Whoever may change the standing of an award takes these locks before any other, so nobody waits in a circle.
    """
    if not connection.features.has_select_for_update:
        outbox.lock_award(row.pk)  # SQLite's only lock, before anything is read
    beside = models.Award.objects.filter(learner_pill=row.learner_pill)
    keys = {row.pk, *beside.filter(status__in=STANDING).values_list("pk", flat=True)}
    locked = outbox.lock_awards(keys)
    if row.pk in locked and locked[row.pk].status in STANDING and not any(item.active for item in locked.values()):
        # It was replaced after the keys were read; an old snapshot hides that from all but a locking read.
        rows = beside.order_by("pk")
        rows = rows.select_for_update() if connection.features.has_select_for_update else rows
        locked |= {item.pk: item for item in rows}
    found = [item for item in locked.values() if item.pk == row.pk or item.status in STANDING]
    return {item.pk: item for item in sorted(found, key=lambda item: (bool(item.active), item.created_at))}


def formers(award: models.Award) -> list[models.Award]:
    """The awards that still stand and whose place this one takes. No query for one that replaces none.

    Never one that is to take its own place: it may be signed late, when the next one waits for consent already.
    """
    if award.supersedes_id is None:
        return []
    chain, later = lock(award), {award.pk}
    while more := {row.pk for row in chain.values() if row.supersedes_id in later} - later:
        later |= more
    return [row for row in chain.values() if row.pk not in later and row.status in STANDING]


def keys_beside(award_ids: Any) -> list[Any]:
    """The keys of what stands beside those of these awards that replace others: to lock all of them together."""
    replacing = models.Award.objects.filter(pk__in=award_ids, supersedes__isnull=False)
    pills = list(replacing.values_list("learner_pill", flat=True))
    if not pills:
        return []
    return list(models.Award.objects.filter(learner_pill__in=pills, status__in=STANDING).values_list("pk", flat=True))


def covered(action: str, chosen: models.Award, chain: Mapping[Any, models.Award], *, actor: str) -> list[models.Award]:
    """Which rows of ``chain`` an action on ``chosen`` changes, the oldest first.

    A person's suspension also covers what the system had suspended, so that better scores alone do not lift it; what
    was suspended in one act is reinstated in one. A credential is superseded alone.
    """
    change = models.StatusChange.Action
    if action == change.REVOKE:
        return [row for row in chain.values() if row.status in STANDING]
    if action == change.SUSPEND:
        return [row for row in chain.values() if row.status == _Status.VALID or (
            row.status == _Status.SUSPENDED and actor != "system"
        )]
    if action == change.REINSTATE:
        return [
            row for row in chain.values() if row.status == _Status.SUSPENDED and row.status_at == chosen.status_at
        ]
    return [chosen]


def ended(rows: list[Any], outcome: str, now: datetime) -> None:
    """Nothing more follows for awards that have ended: neither from their scores, nor is any of it signed or sent.

    A worker may hold what was due of them; it asks the rows again before it begins with one.
    """
    state, why = models.Credential.State, outbox.error_columns(refusal())
    models.Regrade.objects.filter(award__in=rows, open=True).update(
        open=None, outcome=outcome, closed_at=now, error_code=""
    )
    models.Credential.objects.filter(award__in=rows, state__in=(state.QUEUED, state.FAILED)).update(
        state=state.PREPARED, document="", next_attempt_at=None, **why
    )
    sharing.stop(Q(credential__award_id__in=rows), **why)


def refusal() -> NotAllowed:
    """Why nothing is signed or sent of an award that has ended."""
    return NotAllowed("The award is no longer valid: nothing more of it is signed or sent.", code="award-ended")


def reissued(row: models.Award) -> bool:
    """Whether the award only says again what another said before: nothing was learnt."""
    return row.supersedes is not None and row.supersedes.awarded_at == row.awarded_at
