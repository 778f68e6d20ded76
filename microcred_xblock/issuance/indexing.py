"""The index ``pill <- block``, kept current with what is published."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from .. import compat
from . import assessing, holding, models, outbox, requests, tasks, verdicts

log = logging.getLogger(__name__)

_BATCH = 500
_TRYING = 60.0  # seconds that a worker may spend on trials; what is left is tried when it is asked for


def request(course_id: str, *, now: datetime) -> None:
    """A course was published. A hundred times in a row is stored once, and read once or twice."""
    requests.on_commit(_ask, course_id, now)


def _ask(course_id: str, now: datetime) -> None:
    key = {"course": models.pair_key(course_id)}
    pk = requests.ask(models.IndexRequest.objects, now, key=key, course_id=course_id)
    outbox.enqueue(tasks.index_course, pk)


def index(request_pk: int, *, now: datetime) -> None:
    """Do what a request asks for, unless somebody is at this course already: they will see the newer token."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    rows = models.IndexRequest.objects.filter(pk=request_pk)
    if not rows.filter(free).update(leased_until=now + outbox.LEASE):
        return
    row = rows.get()
    try:
        index_course(row.course_id, now=now)
        if not requests.done(row):
            rows.update(leased_until=None)
            outbox.enqueue(tasks.index_course, row.pk)
    except Exception as error:  # as in ``assessing``
        rows.update(leased_until=None)
        requests.failed(row, error, now)
        return
    if not outbox.eager():  # else the author who publishes would wait for it
        try_pills(row.course_id)


def index_course(course_id: str, *, now: datetime) -> int:
    """Read the published course and store which blocks count in which pills; how many pills. Idempotent."""
    pills = compat.pills_of_course(course_id)
    assessing.wake(pills, now=now)
    return store(course_id, pills)


def try_pills(course_id: str) -> int:
    """Have a verdict on each published pill that is yet to be frozen, before a learner waits for it; how many.

    Never raises.
    """
    until, reached = time.monotonic() + _TRYING, 0
    try:
        for pill_id in compat.pills_of_course(course_id):
            if time.monotonic() > until:
                break
            with compat.load_pill(pill_id) as block:
                pill = block.readable_pill() if block is not None else None
            if pill is not None and not holding.is_frozen(pill):
                verdicts.reached(pill)
                reached += 1
    except Exception:  # nothing depends on it
        log.exception("The pills of %s could not all be tried.", course_id)
    return reached


def store(course_id: str, pills: Mapping[str, frozenset[str]]) -> int:
    """Make the rows of the course those of ``pills``, touching only what differs."""
    wanted = {(models.pair_key(block), pill) for pill, blocks in pills.items() for block in blocks}
    rows = models.PillBlock.objects.filter(course_id=course_id)
    with transaction.atomic():
        present: dict[tuple[str, str], int] = {}
        surplus: list[int] = []
        for pk, block, pill in rows.values_list("pk", "block", "pill_id"):
            if (block, pill) in wanted and (block, pill) not in present:
                present[block, pill] = pk
            else:
                surplus.append(pk)
        for start in range(0, len(surplus), _BATCH):
            models.PillBlock.objects.filter(pk__in=surplus[start:start + _BATCH]).delete()
        models.PillBlock.objects.bulk_create(
            [
                models.PillBlock(block=block, pill_id=pill, course_id=course_id)
                for block, pill in sorted(wanted - present.keys())
            ],
            batch_size=_BATCH,
        )
    return len(pills)


def forget(course_id: str) -> None:
    """A course was deleted. Awards made in it stay."""
    models.PillBlock.objects.filter(course_id=course_id).delete()
