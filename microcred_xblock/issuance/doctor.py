"""Whether everything that issuing depends on is healthy: a list of checks, a list of findings.

Every check runs beside the others, within one time limit: one that hangs or fails is itself a finding and keeps no
other from being made. Findings hold numbers, names of files, settings and hosts, and nothing about a person.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import connections

from ..domain.errors import MicrocredError
from . import doctor_remedies

log = logging.getLogger(__name__)

SECONDS = 30


class Level(Enum):
    """How bad a finding is; its value is the exit code of the command."""

    OK = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found, and what to do about it (nothing, where it is well)."""

    level: Level
    said: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    check: str = ""

    def encoded(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "check": self.check, "level": self.level.name.lower(), "said": self.said, "remedy": self.remedy,
            "facts": dict(self.facts),
        }


Check = Callable[[datetime], Iterator[Finding]]


def ok(said: str, **facts: Any) -> Finding:
    """All is well."""
    return Finding(level=Level.OK, said=said, facts=facts)


def warning(said: str, remedy: str, **facts: Any) -> Finding:
    """Issuing goes on, but somebody should look at it."""
    return Finding(level=Level.WARNING, said=said, remedy=remedy, facts=facts)


def error(said: str, remedy: str, **facts: Any) -> Finding:
    """Something does not work."""
    return Finding(level=Level.ERROR, said=said, remedy=remedy, facts=facts)


def examine(
    checks: Mapping[str, Check], *, now: datetime, seconds: float = SECONDS, apart: bool = True
) -> tuple[Finding, ...]:
    """The findings of all checks, in their order.

    ``apart`` gives each its own thread and so its time limit; without it they run one after the other, here.
    """
    if not apart:
        return tuple(found for name, check in checks.items() for found in _findings(name, check, now))
    results: dict[str, list[Finding]] = {}

    def run(name: str, check: Check) -> None:
        try:
            results[name] = _findings(name, check, now)
        finally:
            connections.close_all()

    workers = {
        name: threading.Thread(target=run, args=(name, check), daemon=True) for name, check in checks.items()
    }
    for worker in workers.values():
        worker.start()
    deadline = time.monotonic() + seconds
    for worker in workers.values():
        worker.join(max(0.0, deadline - time.monotonic()))
    return tuple(found for name in checks for found in results.get(name) or [_late(name, seconds)])


def worst(findings: tuple[Finding, ...]) -> Level:
    """The worst level among them."""
    return max((found.level for found in findings), key=lambda level: level.value, default=Level.OK)


def _findings(name: str, check: Check, now: datetime) -> list[Finding]:
    """What one check found before it ended, and what ended it."""
    made: list[Finding] = []
    try:
        made.extend(check(now))
    except MicrocredError as problem:
        made.append(error(problem.message, doctor_remedies.remedy(problem), code=problem.code))
    except Exception as problem:  # a broken check is a finding like any other; its text might hold anything
        log.exception("The check %s failed.", name)
        made.append(
            error(
                f"The check itself failed ({type(problem).__name__}).",
                "Read the log; if the database or a service is down, start it.",
            )
        )
    return [
        Finding(check=name, level=item.level, said=item.said, remedy=item.remedy, facts=item.facts) for item in made
    ]


def _late(name: str, seconds: float) -> Finding:
    return Finding(
        check=name, level=Level.ERROR, said=f"No answer within {seconds:g} seconds.",
        remedy="See whether what this check asks (database, broker, network) answers at all.",
    )
