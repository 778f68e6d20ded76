"""Whether a pill's credentials could be issued: the verdict of its trial, reached once and kept.

A trial costs some tenths of a second, so nobody who waits should pay for it twice: a verdict is kept in this process
and in the site's cache, under a digest of all that was tried. Copies of a pill share one, whatever they are called; a
pill that was mended has another.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from .. import __version__
from ..domain import codec
from ..domain.errors import InvalidDocument, MicrocredError, NotReady
from ..domain.pill import LearningPill
from . import trial
from .trial import Finding

log = logging.getLogger(__name__)

KEPT = 86_400  # seconds; the row of the pill, once it is frozen, remembers for ever
REFUSED = 3_600  # mended code may find the same pill good
BROKEN = 60  # what broke a trial may be over in a moment, and must not cost each of a thousand learners a trial
_ANY = "pill"  # what every pill is called in its trial
_near = LocMemCache("microcred-verdicts", {"timeout": KEPT, "OPTIONS": {"MAX_ENTRIES": 256}})
_gates = tuple(threading.Lock() for _ in range(16))


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What keeps a pill from being issued, if anything does; ``broke``: its trial broke, and says nothing of it."""

    findings: tuple[Finding, ...] = ()

    @property
    def broke(self) -> bool:
        return any(finding.error.code == "internal" for finding in self.findings)


def known(pill: LearningPill) -> Verdict | None:
    """The verdict, if it was reached before. No query and no trial."""
    return _kept(_name(pill))


def reached(pill: LearningPill) -> Verdict:
    """The verdict; the pill is tried where there is none yet. No query. Call it outside of transactions and locks.

    Threads of a process that ask for the same pill at once wait for one trial.
    """
    name = _name(pill)
    found = _kept(name)
    if found is None:
        with _gates[int(name[-1], 16)]:
            found = _kept(name)
            if found is None:
                found = _tried(pill)
                _keep(name, found)
    return found


def require(pill: LearningPill) -> None:
    """NotReady (``pill-unready``) for a pill whose credentials no issuer could issue.

    Asked before a pill is frozen into awards, where its author could mend it no more.
    """
    findings = reached(pill).findings
    if findings:
        raise NotReady(
            "The credentials of this pill could not be issued as it is: its author has to mend it in Studio, where the "
            "preview says what is wrong. Results are kept.", code="pill-unready", reason=findings[0].error.code,
        )


def _tried(pill: LearningPill) -> Verdict:
    try:
        findings = trial.faults(replace(pill, id=_ANY), now=datetime.now(UTC))
    except Exception as error:  # what breaks a trial would break the real thing; no page must break with it
        log.exception("The trial of pill %s broke.", pill.id)
        broken = MicrocredError(f"The trial broke: {type(error).__name__}.", code="internal")
        return Verdict(findings=(Finding(check="trial", error=broken, blocks=True),))
    for finding in findings[:1]:
        log.warning("Pill %s cannot be awarded yet (%s): %s", pill.id, finding.error.code, finding.error.message)
    return Verdict(findings=findings)


def _name(pill: LearningPill) -> str:
    content = json.dumps(codec.encode(replace(pill, id=_ANY)), sort_keys=True, separators=(",", ":"))
    return f"microcred:verdict:{__version__}:{hashlib.sha256(content.encode()).hexdigest()}"


def _kept(name: str) -> Verdict | None:
    found = _near.get(name)
    if found is None:
        try:
            found = cache.get(name)
        except Exception as error:  # a cache that is away costs a trial, and nothing else
            log.warning("The cache cannot be read: %s", type(error).__name__)
        if found is not None:
            _near.set(name, found, BROKEN)
    return None if found is None else _read(found)


def _keep(name: str, verdict: Verdict) -> None:
    seconds = BROKEN if verdict.broke else REFUSED if verdict.findings else KEPT
    text = _written(verdict.findings)
    _near.set(name, text, seconds)
    try:
        cache.set(name, text, seconds)
    except Exception as error:
        log.warning("The cache cannot be written: %s", type(error).__name__)


def _written(findings: Iterable[Finding]) -> str:
    """As JSON: what one process keeps, another of a newer kind may have to read."""
    return json.dumps([
        {
            "check": finding.check, "code": finding.error.code, "message": finding.error.message,
            "params": finding.error.params,
        } for finding in findings
    ], default=str)


def _read(text: str) -> Verdict:
    return Verdict(findings=tuple(
        Finding(check=item["check"], error=_error(item), blocks=True) for item in json.loads(text)
    ))


def _error(item: dict[str, Any]) -> MicrocredError:
    code = item["code"]
    if code == "internal":
        return MicrocredError(item["message"], code="internal")
    return InvalidDocument(item["message"], code=code, **item["params"])
