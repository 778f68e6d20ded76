"""What a verification found: one ``Check`` per question, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

STATES = ("invalid", "revoked", "suspended", "expired", "not-yet-valid", "unknown", "verified")  # the worst first
_GENUINE = {"revoked", "suspended", "expired", "not-yet-valid"}  # it does not count, but it is what it seems to be


class Outcome(str, Enum):
    """The answer to one question. NOTE informs without judging; UNKNOWN could not be decided now."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOTE = "note"


class Unreadable(Exception):
    """What was sent is no credential of the announced kind. ``str()`` says why, in English."""


class CheckFailed(Exception):
    """Raised inside a check: the answer is no. ``code`` names the reason, ``params`` fill its sentence."""

    outcome = Outcome.FAILED

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class CheckUndecided(CheckFailed):
    """Raised inside a check that cannot be answered now, e.g. because the issuer cannot be reached."""

    outcome = Outcome.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question (``name``), its outcome, and the code and parameters of the sentence that explains it."""

    name: str
    outcome: Outcome
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Report:
    """All checks of one credential at one time, and when its status is to be asked for again, if ever."""

    checks: tuple[Check, ...]
    at: datetime
    recheck_at: datetime | None = None

    @property
    def state(self) -> str:
        """One of ``STATES``; the worst answer decides."""
        failed = {check.code for check in self.checks if check.outcome is Outcome.FAILED}
        if failed - _GENUINE:
            return "invalid"
        if failed:
            return min(failed, key=STATES.index)
        if any(check.outcome is Outcome.UNKNOWN for check in self.checks):
            return "unknown"
        return "verified"

    @property
    def first_failure(self) -> Check | None:
        """The check that made it invalid, if it is."""
        return next((check for check in self.checks if check.outcome is Outcome.FAILED), None)

    def to_json(self) -> dict[str, Any]:
        """A JSON form to store."""
        return {
            "at": self.at.isoformat(),
            "recheck_at": self.recheck_at and self.recheck_at.isoformat(),
            "checks": [
                {"name": c.name, "outcome": c.outcome.value, "code": c.code, "params": dict(c.params)}
                for c in self.checks
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """The report that ``to_json`` wrote."""
        checks = tuple(
            Check(name=c["name"], outcome=Outcome(c["outcome"]), code=c["code"], params=c["params"])
            for c in data["checks"]
        )
        recheck = data.get("recheck_at")  # reports from before there was a status have none
        return cls(
            checks=checks, at=datetime.fromisoformat(data["at"]),
            recheck_at=datetime.fromisoformat(recheck) if recheck else None,
        )


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A received credential: its document, the ids that make it the same credential as another, and the report."""

    document: Mapping[str, Any]
    issuer_id: str
    credential_id: str
    valid_from: datetime
    report: Report


class Checklist:
    """Runs checks one after the other and collects their answers; a later check may need an earlier one's result."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.fresh_for: timedelta | None = None  # so long the issuer lets its status be relied on

    def ask(self, name: str, question, *arguments, code: str = "ok", **params: str) -> Any:
        """The value of ``question(*arguments)``, or None when it raised CheckFailed or CheckUndecided."""
        try:
            value = question(*arguments)
        except CheckFailed as no:
            self.checks.append(Check(name=name, outcome=no.outcome, code=no.code, params=no.params))
            return None
        self.checks.append(Check(name=name, outcome=Outcome.PASSED, code=code, params=params))
        return value

    def note(self, name: str, code: str, **params: str) -> None:
        """A remark that judges nothing."""
        self.checks.append(Check(name=name, outcome=Outcome.NOTE, code=code, params=params))

    def add(self, checks: Iterable[Check]) -> None:
        """Checks made elsewhere."""
        self.checks.extend(checks)

    def report(self, now: datetime) -> Report:
        """Everything asked so far."""
        return Report(checks=tuple(self.checks), at=now)
