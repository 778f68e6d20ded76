"""Messages to Celery's broker, from requests that must not wait for one that is away.

Rows are the truth and the sweep finds them, so a hand-over is tried once and shortly. After one that failed the broker
is left alone for some seconds: only the first request in this process notices that it is away.
"""

from __future__ import annotations

import time
from typing import Any

REST = 10.0  # seconds
_CONNECT = 2  # seconds; kombu would try for four, and wait between its tries
_OURS = {"max_retries": 0, "socket_connect_timeout": _CONNECT}  # a pool apart from the platform's, whose limits stay
_AGAIN = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}  # a connection that had died
_rests_until = 0.0


class Resting(Exception):
    """The broker was away moments ago and is not asked now."""


def send(task: Any, ids: tuple[Any, ...]) -> None:
    """Hand ``task`` over; raises Resting, or whatever a broker raises, which the caller must expect."""
    global _rests_until
    if time.monotonic() < _rests_until:
        raise Resting
    try:
        _send(task, ids)
    except Exception:
        _rests_until = time.monotonic() + REST
        raise


def wake() -> None:
    """Ask the broker again at the next hand-over."""
    global _rests_until
    _rests_until = 0.0


def _send(task: Any, ids: tuple[Any, ...]) -> None:
    from kombu.pools import producers

    link = task.app.connection_for_write(connect_timeout=_CONNECT, transport_options=_OURS)
    with producers[link].acquire(block=True) as producer:
        task.apply_async(args=ids, producer=producer, retry=True, retry_policy=_AGAIN)
