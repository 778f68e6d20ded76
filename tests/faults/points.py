"""Places in a worker at which it can be killed or held, deterministically: only workers of this test have them.

``arm`` puts a file into a folder; the first worker that reaches the place takes the file and does what it says. The
places are statements, requests and signatures, not lines of code.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from tests.faults.settings import TOLD

FOLDER = Path(TOLD["points"])
HELD_AT_MOST = 20.0

_SIGNED = r"INSERT INTO .microcred_credential. .* ON DUPLICATE KEY UPDATE .*.signed_at. = "

#: name of a place: when it is reached, and the statement
STATEMENTS = {
    "award: before its row": ("before", r"INSERT INTO .microcred_award."),
    "award: row written, not committed": ("after", r"INSERT INTO .microcred_award."),
    "award: committed, request not done": ("before", r"DELETE FROM .microcred_assessmentrequest."),
    "sign: signed, not stored": ("before", _SIGNED),
    "sign: stored, not committed": ("after", _SIGNED),
    "deliver: the wallet's yes not stored": ("before", r"UPDATE .microcred_delivery. SET .*.delivered_at. = "),
    "deliver: delivered, lease not given back": ("after", r"UPDATE .microcred_delivery. SET .*.delivered_at. = "),
    "bulk: an award and the cursor, not committed": ("after", r"UPDATE .microcred_bulkjob. SET .cursor."),
    "refresh: new token stored": ("after", r"UPDATE .microcred_walletconnection. SET .tokens."),
}


def arm(name: str, action: str = "kill", times: int = 1) -> None:
    """Have the next workers that reach a place killed, or held (``hold``) until ``release``."""
    for index in range(times):
        (FOLDER / f"{_file(name)}.{index}").write_text(action, encoding="utf-8")


def release(name: str) -> None:
    """Let those who are held at a place go on."""
    (FOLDER / f"{_file(name)}.go").touch()


def reached(name: str) -> int:
    """How many workers have been there since it was armed."""
    return len(list(FOLDER.glob(f"{_file(name)}.reached.*")))


def disarm() -> None:
    """Forget everything."""
    for path in FOLDER.iterdir():
        path.unlink(missing_ok=True)


def reach(name: str) -> None:
    """A worker is at this place."""
    for path in FOLDER.glob(f"{_file(name)}.[0-9]"):
        taken = FOLDER / f"{_file(name)}.reached.{os.getpid()}.{time.monotonic_ns()}"
        try:
            path.rename(taken)
        except FileNotFoundError:
            continue
        if taken.read_text(encoding="utf-8") == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        end = time.monotonic() + HELD_AT_MOST
        while not (FOLDER / f"{_file(name)}.go").exists() and time.monotonic() < end:
            time.sleep(0.02)
        return


def install() -> None:
    """Make this process one that can be killed at every place."""
    from celery.app.task import Task
    from django.db.backends.signals import connection_created

    from microcred_xblock.proofs import data_integrity, jades
    from microcred_xblock.wallets.transport import Transport

    connection_created.connect(lambda connection, **_kwargs: connection.execute_wrappers.append(_watch), weak=False)
    _around(data_integrity, "secure", lambda *_a, **_k: "sign: before the badge's proof")
    _around(jades, "seal", lambda *_a, **_k: "sign: before the ELM seal")
    _around(Transport, "request", _request, after=" answered")
    _around(Task, "apply_async", lambda task, *_a, **_k: f"enqueue: {task.name.rpartition('.')[2]}")


def _request(_transport: Any, method: str, url: str, **_kwargs: Any) -> str:
    path = url.partition("?")[0]
    if path.endswith("/token"):
        return "refresh: request"
    return "deliver: request" if method == "POST" and path.endswith(("/credentials", "/elm")) else "other: request"


def _watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Django's wrapper around each statement."""
    at = [(name, when) for name, (when, pattern) in STATEMENTS.items() if re.match(pattern, sql)]
    for name, when in at:
        if when == "before":
            reach(name)
    result = execute(sql, params, many, context)
    for name, when in at:
        if when == "after":
            reach(name)
    return result


def _around(owner: Any, name: str, place: Callable[..., str], after: str = "") -> None:
    work = getattr(owner, name)

    @wraps(work)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        here = place(*args, **kwargs)
        reach(here)
        result = work(*args, **kwargs)
        if after:
            reach(here + after)
        return result

    setattr(owner, name, wrapper)


def hurry() -> None:
    """Waiting times of seconds instead of minutes, so that what they lead to can be seen."""
    from datetime import timedelta

    from microcred_xblock.issuance import bulk, circuits, outbox

    outbox.LADDER = tuple(timedelta(seconds=seconds) for seconds in (0.4, 0.6, 1, 1, 1))
    outbox.LEASE = timedelta(seconds=3)
    outbox.HANDED_OVER = timedelta(seconds=1)
    bulk.LEASE = timedelta(seconds=2)
    circuits.RESTS_FIRST, circuits.RESTS_MOST = timedelta(seconds=0.5), timedelta(seconds=1)


def _file(name: str) -> str:
    return re.sub(r"\W+", "-", name)
