"""What becomes of an award after it was made: when scores change, and when time passes."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .errors import InvalidPill

GRACE_DAYS_MAX = 365
MONTHS_MAX = 600


class RegradePolicy(str, Enum):
    """What happens to an award whose scores no longer support it, after the days of grace."""

    KEEP = "keep"
    SUSPEND = "suspend"
    REVOKE = "revoke"
    SUPERSEDE = "supersede"


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """The terms of an award: those of its pill at the moment it was earned.

    ``valid_months``: calendar months from the award, None for good. No part of what is certified, so no part of the
    pill's version.
    """

    regrade: RegradePolicy = RegradePolicy.KEEP
    grace_days: int = 14
    valid_months: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "regrade", RegradePolicy(self.regrade))
        _checked_number(self.grace_days, 0, GRACE_DAYS_MAX, field="grace_days")
        if self.valid_months is not None:
            _checked_number(self.valid_months, 1, MONTHS_MAX, field="valid_months")

    def expiry(self, awarded_at: datetime) -> datetime | None:
        """When an award of that moment expires: the same day of a later month, or that month's last."""
        if self.valid_months is None:
            return None
        years, month = divmod(awarded_at.month - 1 + self.valid_months, 12)
        year, month = awarded_at.year + years, month + 1
        return awarded_at.replace(year=year, month=month, day=min(awarded_at.day, monthrange(year, month)[1]))


def _checked_number(value: object, least: int, most: int, *, field: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidPill(
            f"{field} must be a whole number from {least} to {most}.", code="upkeep-number", field=field,
            least=least, most=most,
        )
