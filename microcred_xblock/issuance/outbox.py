"""The outbox: rows are the truth, a task is only a reminder to look at one.

A lost task loses nothing, because ``sweep`` finds every row that is due; a repeated task does
nothing, because the service looks at the row first. Tasks take row ids only and never raise.

Whoever works on a row leases it in a short transaction and works outside any: ``lease`` is its token, ``leased_until``
when others may take over. ``leased_until`` without a token says that the row was handed over to a queue until then:
the sweep passes it over, a worker does not.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from ..domain import errors
from . import broker, conf, models, runner, staff_filters

log = logging.getLogger(__name__)

LADDER = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1_800, 1_800, 7_200, 21_600))
LEASE = timedelta(minutes=3)  # longer than one delivery can take: five requests, each within its time limit
HANDED_OVER = timedelta(minutes=5)
REQUESTS = 2_000  # of each kind, for one sweep
COUNTED = 1_000  # of each kind, for the health of the queues
HELD = "award-suspended"  # the code of what waits for the end of a suspension
_BATCH = 500
_JITTER = 0.2
_HELD_BACK = Q(error_code=HELD, next_attempt_at__isnull=True)  # only the end of a suspension makes it due
_random = random.SystemRandom()
_CLASSES = (
    (errors.InvalidInput, "invalid"), (errors.NotReady, "not-ready"), (errors.NotAllowed, "not-allowed"),
    (errors.Misconfigured, "misconfigured"), (errors.WalletRefused, "refused"),
    (errors.WalletUnreachable, "unreachable"),
)


@dataclass(frozen=True, kw_only=True)
class QueueFacts:
    """How much waits in each step, since when the oldest has been due, how many awards need a person, which hosts rest.

    ``dead`` counts awards in the state "failed": signing failed, or a wallet refused or was given up. Counting ends at
    1,000: ``capped`` names the steps (and ``dead``) that are more than the number says.
    """

    depth: Mapping[str, int]
    oldest_due: datetime | None
    dead: int
    open_circuits: tuple[str, ...] = ()
    capped: tuple[str, ...] = ()

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest row has been due."""
        return self.oldest_due


def error_class(error: Exception) -> str:
    """Who can mend it: a branch of the error tree, or ``internal``."""
    return next((name for kind, name in _CLASSES if isinstance(error, kind)), "internal")


def error_columns(error: Exception) -> dict[str, Any]:
    """What a row keeps of an error: its class, its code and the parameters of its message."""
    params = error.params if isinstance(error, errors.MicrocredError) else {}
    return {
        "error_class": error_class(error), "error_code": getattr(error, "code", "internal"),
        "error_params": {name: str(value)[:300] for name, value in params.items() if value not in (None, "")},
    }


NO_ERROR: Mapping[str, Any] = {"error_class": "", "error_code": "", "error_params": {}}


def enqueue(task: Any, *ids: Any) -> None:
    """Run ``task`` for a row once the current transaction is committed. Never raises: the sweeper comes anyway."""
    transaction.on_commit(lambda: _hand_over(task, ids), robust=True)


def eager() -> bool:
    """Whether tasks are run at once in the request that asks for them, as in a development setup."""
    return getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False) or getattr(settings, "CELERY_ALWAYS_EAGER", False)


def _hand_over(task: Any, ids: tuple[Any, ...]) -> bool:
    try:
        if conf.setting("MICROCRED_RUNNER") == "thread":
            runner.local.submit(task, ids)
        elif eager():
            task.apply(args=ids)
        else:
            broker.send(task, ids)
    except broker.Resting:
        return False
    except Exception:  # whatever a broker raises; the row is safe and due
        log.exception("Task %s could not be handed over; the sweeper will find its row.", task.name)
        return False
    return True


def next_attempt(attempts: int, now: datetime, *, retry_after: int | None = None) -> datetime | None:
    """When to try again after that many attempts, or None to give up.

    Never before ``Retry-After`` is over, of which as much is honoured as the setting allows.
    """
    if attempts > len(LADDER):
        return None
    wait = LADDER[max(attempts, 1) - 1].total_seconds()
    wait *= 1 + _random.uniform(-_JITTER, _JITTER)
    asked = min(retry_after or 0, conf.number("MICROCRED_RETRY_AFTER_MOST"))
    return now + timedelta(seconds=max(wait, asked))


def lock_award(award_id: Any) -> models.Award | None:
    """The award's row, locked until the transaction ends, so that consent, withdrawal and sending take turns."""
    rows = models.Award.objects.filter(pk=award_id)
    if connection.features.has_select_for_update:
        return rows.select_for_update().first()
    rows.update(active=F("active"))  # changes nothing, but a write takes SQLite's only lock
    return rows.first()


def lock_awards(award_ids: Collection[Any]) -> dict[Any, models.Award]:
    """``lock_award`` for several, always in the same order; by primary key."""
    rows = models.Award.objects.filter(pk__in=award_ids).order_by("pk")
    if connection.features.has_select_for_update:
        return {row.pk: row for row in rows.select_for_update()}
    rows.order_by().update(active=F("active"))
    return {row.pk: row for row in rows}


def free(now: datetime) -> Q:
    """Rows that a worker may take: nobody works on them, or whoever did is gone."""
    return Q(lease="") | Q(leased_until__lt=now)


def acquire(rows: Any, now: datetime, *, most: int | None = None, **still: Any) -> tuple[str, list[Any]]:
    """A token and those of ``rows`` that it now leases, ordered by key; rows that another worker has are passed over.

    One short transaction under row locks where the database can skip locked rows, else one conditional UPDATE, which
    only one worker can win. A killed worker's lease runs out. ``still`` are columns that must be so under the lock.
    """
    token, until, everything = uuid4().hex, now + LEASE, rows.model.objects
    keys = list(rows.filter(free(now)).order_by("pk").values_list("pk", flat=True)[:most])
    if not keys:
        return token, []
    if not connection.features.has_select_for_update_skip_locked:
        everything.filter(free(now), pk__in=keys, **still).update(lease=token, leased_until=until)
        return token, list(everything.filter(lease=token).order_by("pk"))
    with transaction.atomic():
        # By primary key alone: along another index InnoDB would lock, and so have others skip, rows that are not meant.
        locked = everything.filter(pk__in=keys).select_for_update(skip_locked=True).order_by("pk")
        found = [
            row for row in locked
            if (not row.lease or (row.leased_until is not None and row.leased_until < now))
            and all(getattr(row, name) == value for name, value in still.items())
        ]
        if found:
            everything.filter(pk__in=[row.pk for row in found]).update(lease=token, leased_until=until)
    for row in found:
        row.lease, row.leased_until = token, until
    return token, found


def take_lease(connection_id: int, now: datetime) -> str:
    """A token if the caller may now deliver through the connection, else ""."""
    token, found = acquire(models.WalletConnection.objects.filter(pk=connection_id), now)
    return token if found else ""


def renew_lease(connection_id: int, token: str, now: datetime) -> bool:
    """Whether the caller still holds the lease, which then runs anew."""
    return bool(models.WalletConnection.objects.filter(pk=connection_id, lease=token).update(leased_until=now + LEASE))


def drop_lease(connection_id: int, token: str) -> None:
    """Give the connection back, unless another worker has it already."""
    drop_leases([connection_id], token)


def drop_leases(connection_ids: Collection[int], token: str) -> None:
    """``drop_lease`` for several."""
    models.WalletConnection.objects.filter(pk__in=connection_ids, lease=token).update(lease="", leased_until=None)


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


def sweep(now: datetime, *, limit: int = REQUESTS) -> int:
    """Enqueue what is due and nobody is working on; how many reminders were made.

    What was handed over is left alone for a while, so that a long queue is not made longer every minute. Each part is
    done whatever becomes of the others.
    """
    from . import bulk, notices, regrading, renewing, tasks

    parts: tuple[Callable[[datetime], int], ...] = (
        lambda now: len(_take(models.IndexRequest, tasks.index_course, now)),
        lambda now: len(_take(models.AssessmentRequest, tasks.assess_learner, now)),
        lambda now: _remind_to_sign(now, limit), lambda now: _remind_to_deliver(now, limit), _forget_attempts,
        regrading.close_due, renewing.remind_due, notices.send_due, bulk.sweep, _resume_forgotten,
    )
    return sum(_apart(part, now) for part in parts)


def _apart(part: Callable[[datetime], int], now: datetime) -> int:
    try:
        return part(now)
    except Exception:
        log.exception("A part of the sweep was left out; it is tried again by the next.")
        return 0


def _remind_to_sign(now: datetime, limit: int) -> int:
    from . import tasks

    unmarked = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    credentials = due_credentials(now).filter(unmarked).order_by("next_attempt_at")
    awards = list(dict.fromkeys(credentials.values_list("award_id", flat=True)[:limit]))
    _remind(tasks.issue_award, awards, models.Credential, "award_id", now, state=models.Credential.State.QUEUED)
    return len(awards)


def _remind_to_deliver(now: datetime, limit: int) -> int:
    from . import tasks

    connections = _connections(now, limit)
    _remind(tasks.deliver_connection, connections, models.WalletConnection, "pk", now)
    return len(connections)


def _forget_attempts(now: datetime) -> int:
    for rows in (models.AuthorizationAttempt, models.WalletOffer, models.SpentValue):
        rows.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    return 0


def _connections(now: datetime, limit: int) -> list[int]:
    """Connections with something due that nobody delivers through. Two queries, each with an index of its own."""
    state = models.Delivery.State
    unmarked = Q(connection__leased_until__isnull=True) | Q(connection__leased_until__lt=now)
    ready = models.Delivery.objects.filter(unmarked, credential__state=models.Credential.State.ISSUED)
    due = ready.filter(state__in=(state.QUEUED, state.WAITING), next_attempt_at__lte=now)
    found: dict[int, None] = {}
    for rows in (ready.filter(state=state.SENDING).order_by(), due.order_by("next_attempt_at")):
        found.update(dict.fromkeys(rows.values_list("connection_id", flat=True)[:limit]))
    return list(found)[:limit]


def _remind(task: Any, ids: Collection[Any], rows: Any, key: str, now: datetime, **more: Any) -> None:
    """Hand ``ids`` over and mark their rows; those that the broker does not take are due again at once."""
    unmarked = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    taken = list(ids)
    batches = [taken[start:start + _BATCH] for start in range(0, len(taken), _BATCH)]
    for batch in batches:
        rows.objects.filter(unmarked, **{f"{key}__in": batch}, **more).update(lease="", leased_until=now + HANDED_OVER)

    hand_over_all(
        task, taken, lambda left: rows.objects.filter(**{f"{key}__in": left}, lease="").update(leased_until=None)
    )


def hand_over_all(task: Any, ids: Collection[Any], undo: Callable[[list[Any]], Any]) -> None:
    """Once the current transaction is committed, run ``task`` for each id, whose rows the caller has marked.

    ``undo`` takes the marks of those that the broker does not take, some hundred at a time.
    """
    waiting = list(ids)

    def go() -> None:
        for done, pk in enumerate(waiting):
            if not _hand_over(task, (pk,)):
                left = waiting[done:]
                for start in range(0, len(left), _BATCH):
                    undo(left[start:start + _BATCH])
                return

    if waiting:
        transaction.on_commit(go, robust=True)


def _take(requests: Any, task: Any, now: datetime) -> list[int]:
    """Hand over requests that are overdue, the oldest first; each is handed over again only after a while.

    Requests have their own task at once: what is left half a minute later was lost, or waits in a long queue.
    """
    until = now + HANDED_OVER
    overdue = requests.objects.filter(due_at__lte=now - HANDED_OVER / 10).order_by("due_at")
    taken = list(overdue.values_list("pk", flat=True)[:REQUESTS])
    requests.objects.filter(pk__in=taken).update(due_at=until)
    hand_over_all(task, taken, lambda left: requests.objects.filter(pk__in=left, due_at=until).update(due_at=now))
    return taken


def retry_award(award_row: models.Award, *, now: datetime) -> int:
    """Staff: put back everything failed, given up, refused or waiting of a valid award; how many rows.

    Nothing is signed or sent that its learner has not agreed to, or that the learner has stopped.
    """
    from . import sharing, tasks

    state, sent, told = models.Credential.State, models.Delivery.State, models.Notice.State
    fresh = {"attempts": 0, "next_attempt_at": now, **NO_ERROR}
    with transaction.atomic():
        locked = lock_award(award_row.pk)
        if locked is None or locked.status != models.Award.Status.VALID:
            return 0
        credentials = locked.credentials.filter(state__in=(state.FAILED, state.QUEUED)).exclude(document="")
        count = credentials.update(state=state.QUEUED, **fresh)
        over = models.Delivery.objects.filter(state__in=(sent.DEAD, sent.REFUSED, sent.WAITING))
        deliveries = over.filter(credential__award_id=locked.pk, connection__active=True)
        connections = dict(sharing.marked(deliveries).filter(agreed=True).values_list("pk", "connection_id"))
        count += over.filter(pk__in=connections).update(state=sent.QUEUED, **fresh)
        notices = locked.notices.filter(Q(state=told.DEAD) | Q(state=told.QUEUED, error_code__gt=""))
        for pk in list(notices.values_list("pk", flat=True)):
            count += models.Notice.objects.filter(pk=pk).update(
                state=told.QUEUED, attempts=0, next_attempt_at=now, error_code="", error_class=""
            )
            enqueue(tasks.send_notice, pk)
        if count:
            enqueue(tasks.issue_award, locked.pk)
        for pk in set(connections.values()):
            enqueue(tasks.deliver_connection, pk)
    return count


def resume(award_id: Any, *, now: datetime) -> None:
    """A reinstated award goes on where it was stopped. Call it in the transaction that reinstates."""
    from . import tasks

    again = {"next_attempt_at": now, **NO_ERROR}
    if _held_credentials().filter(award_id=award_id).update(**again):
        enqueue(tasks.issue_award, str(award_id))
    found = dict(_held_deliveries().filter(credential__award_id=award_id).values_list("pk", "connection_id"))
    models.Delivery.objects.filter(pk__in=found).update(state=models.Delivery.State.QUEUED, **again)
    for connection_id in set(found.values()):
        enqueue(tasks.deliver_connection, connection_id)


def _held_credentials() -> Any:
    """What waits for the end of a suspension."""
    return models.Credential.objects.filter(_HELD_BACK, state=models.Credential.State.QUEUED)


def _held_deliveries() -> Any:
    return models.Delivery.objects.filter(_HELD_BACK, state=models.Delivery.State.WAITING)


def _resume_forgotten(now: datetime) -> int:
    """What is still held though its award counts again: a crash, or an old release, has left it. How many awards."""
    valid = models.Award.Status.VALID
    held = _held_deliveries().filter(credential__award__status=valid).order_by()
    found = set(held.values_list("credential__award_id", flat=True)[:_BATCH])
    found.update(
        _held_credentials().filter(award__status=valid).order_by().values_list("award_id", flat=True)[:_BATCH]
    )
    for award_id in sorted(found):
        with transaction.atomic():
            award = lock_award(award_id)
            if award is not None and award.status == valid:
                resume(award_id, now=now)
    return len(found)


def queue_facts(now: datetime) -> QueueFacts:
    """The health of the queues: a constant number of queries, each of which reads a bounded number of rows."""
    state, sent, told = models.Credential.State, models.Delivery.State, models.Notice.State
    waiting = {
        "assess": (models.AssessmentRequest.objects.all(), "due_at"),
        "index": (models.IndexRequest.objects.all(), "due_at"),
        "sign": (models.Credential.objects.filter(state=state.QUEUED).exclude(_HELD_BACK), "next_attempt_at"),
        "deliver": (
            models.Delivery.objects.filter(state__in=(sent.QUEUED, sent.WAITING, sent.SENDING)).exclude(_HELD_BACK),
            "next_attempt_at",
        ),
        "tell": (models.Notice.objects.filter(state=told.QUEUED), "next_attempt_at"),
    }
    oldest = [
        rows.filter(**{f"{at}__lte": now}).order_by(at).values_list(at, flat=True).first()
        for rows, at in waiting.values()
    ]
    found = {step: _counted(rows) for step, (rows, _at) in waiting.items()}
    found["held"] = sum(_counted(rows) for rows in (_held_credentials(), _held_deliveries()))
    found["dead"] = staff_filters.count_failed(now, most=COUNTED)
    shown = {step: min(count, COUNTED) for step, count in found.items()}
    return QueueFacts(
        dead=shown.pop("dead"), depth=shown, oldest_due=min((at for at in oldest if at is not None), default=None),
        open_circuits=tuple(
            models.WalletCircuit.objects.filter(open_until__gt=now).order_by("name").values_list("name", flat=True)
        ),
        capped=tuple(step for step, count in found.items() if count > COUNTED),
    )


def _counted(rows: Any) -> int:
    """How many there are, or one more than are counted."""
    return rows.order_by().values("pk")[:COUNTED + 1].count()
