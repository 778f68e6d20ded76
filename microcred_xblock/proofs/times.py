"""Times as credentials write them, and how far the clocks of issuer and reader may differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ..domain.text import aware

CLOCK_LEEWAY = timedelta(minutes=5)


def stamp(at: datetime) -> str:
    """``at`` in UTC to the second, as ``2026-11-20T10:05:00Z``; InvalidInput without a timezone."""
    return aware(at, field="time").astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(value: Any) -> datetime:
    """The time that ``value`` writes, with its timezone; ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("not a time")
    moment = datetime.fromisoformat(value)
    if moment.utcoffset() is None:
        raise ValueError("no timezone")
    return moment
