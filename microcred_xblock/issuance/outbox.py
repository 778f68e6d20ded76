"""The outbox: rows are the truth, a task is only a reminder to look at one.

A lost task loses nothing, because ``sweep`` finds every row that is due; a repeated task does
nothing, because the service looks at the row first. Tasks take row ids only and never raise.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from . import conf, models, runner

log = logging.getLogger(__name__)

LADDER = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1_800, 1_800, 7_200, 21_600))
LEASE = timedelta(minutes=3)  # longer than one delivery can take: five requests, each within its time limit
HANDED_OVER = timedelta(minutes=5)
REQUESTS = 2_000  # for one sweep
_JITTER = 0.2
_random = random.SystemRandom()


def enqueue(task: Any, *ids: Any) -> None:
    """Run ``task`` for a row once the current transaction is committed. Never raises: the sweeper comes anyway."""
    transaction.on_commit(lambda: _hand_over(task, ids), robust=True)


def _hand_over(task: Any, ids: tuple[Any, ...]) -> None:
    try:
        if conf.setting("MICROCRED_RUNNER") == "thread":
            runner.local.submit(task, ids)
        elif getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False) or getattr(settings, "CELERY_ALWAYS_EAGER", False):
            task.apply(args=ids)
        else:
            task.apply_async(args=ids, retry=False)
    except Exception:  # whatever a broker raises; the row is safe and due
        log.exception("Task %s could not be handed over; the sweeper will find its row.", task.name)


def next_attempt(attempts: int, now: datetime, *, retry_after: int | None = None) -> datetime | None:
    """When to try again after that many attempts, or None to give up. Never before ``Retry-After`` is over."""
    if attempts > len(LADDER):
        return None
    wait = LADDER[max(attempts, 1) - 1].total_seconds()
    wait *= 1 + _random.uniform(-_JITTER, _JITTER)
    return now + timedelta(seconds=max(wait, retry_after or 0))


def lock_award(award_id: Any) -> models.Award | None:
    """The award's row, locked until the transaction ends, so that consent, withdrawal and sending take turns."""
    rows = models.Award.objects.filter(pk=award_id)
    if connection.features.has_select_for_update:
        return rows.select_for_update().first()
    rows.update(active=F("active"))  # changes nothing, but a write takes SQLite's only lock
    return rows.first()


def take_lease(connection_id: int, now: datetime) -> str:
    """A token if the caller may now deliver through the connection, else "".

    One conditional UPDATE, which only one worker can win on any database. A killed worker's lease runs out.
    """
    token = uuid4().hex
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    won = models.WalletConnection.objects.filter(free, pk=connection_id).update(lease=token, leased_until=now + LEASE)
    return token if won else ""


def renew_lease(connection_id: int, token: str, now: datetime) -> bool:
    """Whether the caller still holds the lease, which then runs anew."""
    return bool(models.WalletConnection.objects.filter(pk=connection_id, lease=token).update(leased_until=now + LEASE))


def drop_lease(connection_id: int, token: str) -> None:
    """Give the connection back, unless another worker has it already."""
    models.WalletConnection.objects.filter(pk=connection_id, lease=token).update(lease="", leased_until=None)


def due_credentials(now: datetime) -> Any:
    """Credentials to be signed now."""
    return models.Credential.objects.filter(state=models.Credential.State.QUEUED, next_attempt_at__lte=now)


def due_deliveries(now: datetime) -> Any:
    """Deliveries to be tried now; one that is ``sending`` is due when the worker that sent it is gone."""
    state = models.Delivery.State
    return models.Delivery.objects.filter(
        Q(state__in=(state.QUEUED, state.WAITING), next_attempt_at__lte=now) | Q(state=state.SENDING),
        credential__state=models.Credential.State.ISSUED,
    )


def sweep(now: datetime, *, limit: int = 500) -> int:
    """Enqueue what is due and nobody is working on; how many reminders were made."""
    from . import tasks

    credentials = list(due_credentials(now).values_list("pk", flat=True)[:limit])
    free = Q(connection__leased_until__isnull=True) | Q(connection__leased_until__lt=now)
    connections = list(due_deliveries(now).filter(free).values_list("connection_id", flat=True).distinct()[:limit])
    courses = _take(models.IndexRequest, now)
    assessments = _take(models.AssessmentRequest, now)
    for pk in courses:
        enqueue(tasks.index_course, pk)
    for pk in assessments:
        enqueue(tasks.assess_learner, pk)
    for pk in credentials:
        enqueue(tasks.issue_credential, pk)
    for pk in connections:
        enqueue(tasks.deliver_connection, pk)
    models.AuthorizationAttempt.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    return len(courses) + len(assessments) + len(credentials) + len(connections)


def _take(requests: Any, now: datetime) -> list[int]:
    """Requests that are overdue, the oldest first; each is handed over again only after a while.

    Requests have their own task at once: what is left half a minute later was lost, or waits in a long queue.
    """
    overdue = requests.objects.filter(due_at__lte=now - HANDED_OVER / 10).order_by("due_at")
    taken = list(overdue.values_list("pk", flat=True)[:REQUESTS])
    requests.objects.filter(pk__in=taken).update(due_at=now + HANDED_OVER)
    return taken
