"""An award and the one that is to take its place: until the new one is signed both stand, and both are one matter.

What is decided of one of them (revoked, suspended, reinstated) is decided of both, or a pending replacement would undo
it. All awards of a learner and a pill that still stand make the chain; the newest is the active one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from . import models, outbox

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
        rows = beside.filter(active=True)
        rows = rows.select_for_update() if connection.features.has_select_for_update else rows
        locked |= {item.pk: item for item in rows}
    found = [item for item in locked.values() if item.pk == row.pk or item.status in STANDING]
    return {item.pk: item for item in sorted(found, key=lambda item: (bool(item.active), item.created_at))}


def formers(award: models.Award) -> list[models.Award]:
    """The awards that still stand and whose place this one takes. No query for one that replaces none."""
    if award.supersedes_id is None:
        return []
    return [row for row in lock(award).values() if row.pk != award.pk and row.status in STANDING]


def former_keys(award_ids: Any) -> list[Any]:
    """The keys of what these awards are to replace: to lock all of them together."""
    rows = models.Award.objects.filter(pk__in=award_ids, supersedes__isnull=False)
    return list(rows.values_list("supersedes_id", flat=True))


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
    """Close the cases of awards that have ended: nothing more can follow from their scores."""
    models.Regrade.objects.filter(award__in=rows, open=True).update(
        open=None, outcome=outcome, closed_at=now, error_code=""
    )


def reissued(row: models.Award) -> bool:
    """Whether the award only says again what another said before: nothing was learnt."""
    return row.supersedes is not None and row.supersedes.awarded_at == row.awarded_at
