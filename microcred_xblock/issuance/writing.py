"""Many signed credentials into the database in few statements, under locks that the caller's transaction holds."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

from django.db import connection

from . import models

PACKET = 2_000_000  # bytes in one statement; one row alone may be larger


def still_queued(keys: list[int], lease: str) -> set[int]:
    """Those of the rows that still wait under the lease; nobody changes or deletes them before the transaction ends."""
    rows = models.Credential.objects.filter(pk__in=keys).order_by("pk")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    found = rows.values_list("pk", "state", "lease")
    return {pk for pk, state, token in found if state == models.Credential.State.QUEUED and token == lease}


def put(changed: list[tuple[models.Credential, dict[str, Any]]]) -> None:
    """Write columns of rows that are locked, those with the same columns in few statements of a bounded size."""
    groups: dict[tuple[str, ...], list[models.Credential]] = {}
    for row, columns in changed:
        fresh = copy(row)  # a transaction that is done again starts from what was read
        for name, value in columns.items():
            setattr(fresh, name, value)
        groups.setdefault(tuple(columns), []).append(fresh)
    aimed = connection.features.supports_update_conflicts_with_target
    for names, rows in groups.items():
        for batch in _batches(rows):
            models.Credential.objects.bulk_create(
                batch, update_conflicts=True, update_fields=names, unique_fields=["pk"] if aimed else None,
            )


def _batches(rows: list[models.Credential]) -> Iterator[list[models.Credential]]:
    """``rows`` in portions that a database takes in one packet."""
    batch: list[models.Credential] = []
    size = 0
    for row in rows:
        size += len(row.content) + 4 * len(row.document)
        if batch and size > PACKET:
            yield batch
            batch, size = [], len(row.content) + 4 * len(row.document)
        batch.append(row)
    if batch:
        yield batch
