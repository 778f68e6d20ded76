"""Requests: rows that say what has to be looked at again, however often it is asked for."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from django.db import IntegrityError, OperationalError, connection, transaction

from ..domain.errors import MicrocredError
from . import outbox

log = logging.getLogger(__name__)

UNREADY = "pill-unready"  # the code of what waits for an author
_REST = timedelta(hours=18)  # beside the slowest step of the ladder: publishing the mended pill wakes what waits for it
_TRIES = 5
_random = random.SystemRandom()
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def on_commit(work: Callable[..., None], *args: Any) -> None:
    """Do ``work`` once the caller's transaction is committed, in one of its own. Never raises.

    MySQL solves a deadlock by undoing one whole transaction. It must not be that of a learner's answer or of an
    author's publishing. A process killed in between loses the request; the next look at the page asks again.
    """
    transaction.on_commit(lambda: patiently(partial(work, *args)), robust=True)


def patiently(work: Callable[[], Any]) -> Any:
    """What ``work`` returns, in a transaction; again where the database gave it up in favour of another.

    In a caller's transaction it is tried once: that is undone with it, and only the caller can begin anew.
    """

    def whole() -> Any:
        with transaction.atomic():
            return work()

    if connection.in_atomic_block and connection.features.has_select_for_update:
        return whole()
    return _persist(whole)


def patient(service: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """``service``, which owns its transactions, again where the database gave one up: what was done once stays done.

    In a caller's transaction it is called once, as a block's handler does it in the platform's request: the whole
    request fails then, with nothing half done, and nothing was handed over either, since that waits for the commit.
    """

    @wraps(service)
    def wrapper(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        if connection.in_atomic_block:
            return service(*args, **kwargs)
        return _persist(lambda: service(*args, **kwargs))

    return wrapper


def _persist(work: Callable[[], _Result]) -> _Result:
    for tries in range(1, _TRIES + 1):
        try:
            return work()
        except OperationalError:
            if tries == _TRIES:
                raise
            time.sleep(_random.uniform(0.01, 0.05) * tries)
    raise AssertionError("unreachable")


def ask(rows: Any, now: datetime, *, key: dict[str, str], **columns: str) -> int:
    """Make the row with ``key``, or renew it; its primary key. Two statements."""
    renewed = {"token": uuid4().hex, "due_at": now, "attempts": 0, "error_code": ""}
    for _ in range(2):
        existing = rows.filter(**key)
        if existing.update(**renewed):
            pk = existing.values_list("pk", flat=True).first()
            if pk is not None:
                return pk
        try:
            with transaction.atomic():
                return rows.create(**key, **columns, **renewed).pk
        except IntegrityError:  # somebody else made it, or did the work and deleted it, between the two statements
            continue
    row, made = rows.get_or_create(**key, defaults={**columns, **renewed})
    if not made:  # whoever made it may have looked before we were asked
        rows.filter(pk=row.pk).update(**renewed)
    return row.pk


def done(row: Any) -> bool:
    """Delete the row unless it was asked for again meanwhile; whether it was deleted."""
    same = type(row).objects.filter(pk=row.pk, token=row.token)
    return bool(patiently(same.delete)[0])


def postpone(row: Any, until: datetime) -> None:
    """Leave the row for the sweep after ``until``, unless it was asked for again meanwhile."""
    type(row).objects.filter(pk=row.pk, token=row.token).update(due_at=until, attempts=0, error_code="")


def failed(row: Any, error: Exception, now: datetime) -> None:
    """Note what went wrong and when to try again: always once more, at the slowest step of the ladder.

    What an author has to mend is then looked at once a day only: a file that was put back is no publishing.
    """
    known = isinstance(error, MicrocredError)
    code = error.code if known else "internal"
    if not known:
        log.exception("%s %s failed.", type(row).__name__, row.pk)
    attempts = row.attempts + 1
    later = outbox.next_attempt(min(attempts, len(outbox.LADDER)), now)
    if code == UNREADY and attempts > len(outbox.LADDER):
        later = later and later + _REST
    type(row).objects.filter(pk=row.pk, token=row.token).update(
        attempts=attempts, due_at=later, error_code=code
    )
