"""One action on many awards, in the background: a row that survives its worker, with a cursor behind what is done.

Each award is done in a transaction of its own that also moves the cursor, so a killed worker repeats nothing and leaves
nothing out. Awards that no longer fit the filters when their turn comes are left alone.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from ..domain.errors import InvalidAnswer, MicrocredError, NotAllowed
from . import models, outbox, requests, staff, tasks

log = logging.getLogger(__name__)

ACTIONS = ("retry", "renew")
BATCH = 50
LEASE = timedelta(minutes=2)
TASK = timedelta(seconds=60)  # then another task goes on, so that a long job does not hold a worker
_State = models.BulkJob.State
OPEN = (_State.WAITING, _State.RUNNING)


class _Stopped(Exception):
    """The job was cancelled, or another worker has it; what was just done is undone."""


def start(
    scope: staff.Scope, action: str, filters: staff.Filters, *, params: dict[str, str] | None = None, actor: str = "",
    now: datetime, job_id: UUID | None = None,
) -> models.BulkJob:
    """Ask for ``action`` on every award in scope that fits. The same ``job_id`` twice is one job. InvalidAnswer."""
    if action not in ACTIONS:
        raise InvalidAnswer("There is no such action.", code="choice", field="action", codes=", ".join(ACTIONS))
    actor = actor or scope.actor
    total = staff.awards(scope, filters, now=now).filter(created_at__lte=now).count()
    try:
        with transaction.atomic():
            job = models.BulkJob.objects.create(
                id=job_id or uuid4(), action=action, scope=None if scope.courses is None else sorted(scope.courses),
                filters=filters.as_query(), params=params or {}, actor=actor, total=total, created_at=now,
            )
    except IntegrityError:
        return own(scope, job_id)
    outbox.enqueue(tasks.run_bulk, str(job.pk))
    log.info("Bulk job %s: %s on %s awards.", job.pk, action, total)
    return job


def own(scope: staff.Scope, job_id: Any) -> models.BulkJob:
    """A job of this person, or any for platform staff; else NotAllowed (``job-unknown``)."""
    try:
        job = models.BulkJob.objects.filter(pk=UUID(str(job_id))).first()
    except ValueError:
        job = None
    if job is None or (scope.courses is not None and job.actor != scope.actor):
        raise NotAllowed("There is no such job.", code="job-unknown")
    return job


def recent(scope: staff.Scope, limit: int = 5) -> list[models.BulkJob]:
    """The latest jobs that ``own`` would give."""
    jobs = models.BulkJob.objects.order_by("-created_at")
    return list((jobs if scope.courses is None else jobs.filter(actor=scope.actor))[:limit])


def under_way(scope: staff.Scope, limit: int = 5) -> list[models.BulkJob]:
    """The jobs that this person started and that are not over, the latest first."""
    jobs = models.BulkJob.objects.filter(actor=scope.actor, state__in=OPEN).order_by("-created_at")
    return list(jobs[:limit])


def cancel(job_id: Any, *, now: datetime) -> bool:
    """Stop a job after the award it is at; whether it was still open. What is done stays done."""
    jobs = models.BulkJob.objects.filter(pk=job_id, state__in=OPEN)
    return bool(jobs.update(state=_State.CANCELLED, finished_at=now, lease="", leased_until=None))


def due(now: datetime) -> list[str]:
    """Jobs that nobody is at: their task was lost or their worker killed. For the sweep."""
    jobs = models.BulkJob.objects.filter(_free(now), state__in=OPEN, created_at__lte=now - timedelta(seconds=30))
    return [str(pk) for pk in jobs.order_by("created_at").values_list("pk", flat=True)[:20]]


def sweep(now: datetime) -> int:
    """Hand over what is ``due``; how many."""
    found = due(now)
    for pk in found:
        outbox.enqueue(tasks.run_bulk, pk)
    return len(found)


def run(job_id: Any) -> None:
    """Go on with a job until it is done, cancelled, or a minute is over. Idempotent; one worker at a time."""
    token, began = uuid4().hex, timezone.now()
    mine = models.BulkJob.objects.filter(pk=job_id, lease=token, state=_State.RUNNING)
    if not models.BulkJob.objects.filter(_free(began), pk=job_id, state__in=OPEN).update(
        state=_State.RUNNING, lease=token, leased_until=began + LEASE
    ):
        return
    job = mine.get()
    try:
        scope = _scope(job)
        while batch := _next(job, scope):
            for pk, cursor in batch:
                _one(job, scope, mine, pk, cursor)
            if timezone.now() - began > TASK:
                if mine.update(lease="", leased_until=None):
                    outbox.enqueue(tasks.run_bulk, str(job.pk))
                return
            if not mine.update(leased_until=timezone.now() + LEASE):
                return
    except _Stopped:
        return
    except MicrocredError as error:
        mine.update(**_finished(_State.FAILED), error_code=error.code)
        return
    mine.update(**_finished(_State.DONE))


def _one(job: models.BulkJob, scope: staff.Scope, mine: Any, pk: Any, cursor: str) -> None:
    """One award and the cursor behind it, both or neither; an award that cannot be done is counted and passed."""
    step = {"cursor": cursor, "done": F("done") + 1, "leased_until": timezone.now() + LEASE}

    def act() -> None:
        changed = staff.act(
            scope, pk, job.action, reason=job.params.get("reason", ""), note=job.params.get("note", ""),
            actor=job.actor, now=timezone.now(),
        )
        if not mine.update(**step, changed=F("changed") + (1 if changed else 0)):
            raise _Stopped

    try:
        requests.patiently(act)
    except _Stopped:
        raise
    except Exception as error:  # one broken award must not stop the others
        if not isinstance(error, MicrocredError):
            log.exception("Bulk job %s failed at award %s.", job.pk, pk)
        if not mine.update(**step, failed=F("failed") + 1, error_code=getattr(error, "code", "internal")):
            raise _Stopped from None
    job.cursor = cursor


def _next(job: models.BulkJob, scope: staff.Scope) -> list[tuple[Any, str]]:
    """The next awards, newest first, with the cursor behind each; none that were made after the job was."""
    rows = staff.awards(scope, staff.Filters.from_query(job.filters)).filter(created_at__lte=job.created_at)
    rows = staff.after(rows, job.cursor) if job.cursor else rows
    rows = rows.only("id", "awarded_at").order_by("-awarded_at", "-pk")[:BATCH]
    return [(row.pk, staff.cursor_of(row)) for row in rows]


def _scope(job: models.BulkJob) -> staff.Scope:
    """What the actor may see now, within what they could see then. NotAllowed if they are no staff any more."""
    then = None if job.scope is None else frozenset(job.scope)
    kind, _, number = job.actor.partition(":")
    if kind != "user":
        return staff.Scope(courses=then, actor=job.actor)
    user = get_user_model().objects.filter(pk=number).first() if number.isdecimal() else None
    now = staff.scope_of(user)
    if now is None:
        raise NotAllowed("Whoever asked for this is no staff any more.", code="staff-only")
    if then is None or now.courses is None:
        return staff.Scope(courses=now.courses if then is None else then, actor=job.actor)
    return staff.Scope(courses=then & now.courses, actor=job.actor)


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)


def _finished(state: str) -> dict[str, Any]:
    return {"state": state, "finished_at": timezone.now(), "lease": "", "leased_until": None}
