"""Which awards staff want to see: filters, and what state an award is in, as a query and as a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Exact, GreaterThan, IsNull
from django.utils import timezone

from .. import compat
from ..domain.errors import InvalidAnswer
from . import models

# An award is in the first of these that fits. Tested: the query of each finds what the word says.
STATES = (
    "erased", "revoked", "superseded", "suspended", "expired", "no-consent", "failed", "waiting", "delivered", "issued",
)
LONGEST = 500
PILLS = 1_000  # found by title
FEW = 400  # named one by one in a query
_ROWS = 4  # read for each award that may be counted: its forms, each on its way to some wallets
_NEVER = datetime(9000, 1, 1, tzinfo=UTC)
_Award, _Credential, _Delivery = models.Award.Status, models.Credential.State, models.Delivery.State
FAILED = (_Delivery.REFUSED, _Delivery.DEAD)
WAITING = (_Delivery.QUEUED, _Delivery.SENDING, _Delivery.WAITING)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What was asked for. All fields hold text that is safe to show again; an empty one does not filter."""

    course: str = ""
    pill: str = ""
    state: str = ""
    wallet: str = ""
    learner: str = ""
    issuer: str = ""
    since: str = ""
    until: str = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if len(value) > LONGEST:
                raise InvalidAnswer(
                    "The filter is too long.", code="text-too-long", field=item.name, length=len(value), limit=LONGEST
                )
        if self.state and self.state not in STATES:
            raise InvalidAnswer(
                "There is no such state.", code="choice", field="state", codes=", ".join(STATES)
            )
        for name in ("since", "until"):
            _day(getattr(self, name), name)

    @classmethod
    def from_query(cls, query: Mapping[str, Any]) -> Filters:
        """The filters of a query string, or of a stored job. InvalidAnswer: ``choice``, ``date``, ``text-too-long``."""
        values = {item.name: str(query.get(item.name) or "") for item in fields(cls)}
        return cls(**{name: value.replace("\x00", "").strip() for name, value in values.items()})

    def as_query(self) -> dict[str, str]:
        """What is set, for a query string or a stored job."""
        return {item.name: getattr(self, item.name) for item in fields(self) if getattr(self, item.name)}

    def narrow(self, rows: Any, now: datetime) -> Any:
        """Those of ``rows`` that fit. One query for pills by title, and on a platform two for accounts by name."""
        if self.course:
            rows = rows.filter(course_id=self.course)
        if self.issuer:
            rows = rows.filter(issuer_key="" if self.issuer == "default" else self.issuer)
        if self.learner:
            rows = rows.filter(learner_id__in=[self.learner[:100], *compat.accounts_called(self.learner)])
        if self.pill:
            rows = rows.filter(pill_id__in=_pills(self.pill))
        if self.since:
            rows = rows.filter(awarded_at__gte=_midnight(_day(self.since, "since")))
        if self.until:
            rows = rows.filter(awarded_at__lt=_midnight(_day(self.until, "until") + timedelta(days=1)))
        if self.wallet:
            sent = models.Delivery.objects.filter(connection__wallet_id=self.wallet)
            few = _few(sent.values_list("credential__award_id", flat=True))
            rows = rows.filter(
                _has(_deliveries().filter(connection__wallet_id=self.wallet)) if few is None else Q(pk__in=few)
            )
        return rows.filter(in_state(self.state, now)) if self.state else rows


def in_state(state: str, now: datetime) -> Q:
    """Awards in one of STATES, so that every database walks them by date until a page is full, or looks up the few.

    What is only compared is kept from the planner: an index on status or expiry finds nearly all awards, unsorted.
    """
    erased = Q(retired_at__isnull=False)
    if state == "erased":
        return erased
    if state in (_Award.REVOKED, _Award.SUPERSEDED, _Award.SUSPENDED):
        return Q(status=state) & ~erased
    if state == "expired":
        return Q(status=_Award.VALID, expires_at__lte=now) & ~erased
    current, agreed = _current(now), _agreed()
    if state == "no-consent":
        return current & ~agreed
    if state == "failed":
        return current & agreed & _few_or_each((_Credential.FAILED,), FAILED)
    failed = _each((_Credential.FAILED,), FAILED)
    if state == "waiting":
        return current & agreed & _few_or_each((_Credential.QUEUED,), WAITING) & ~failed
    rest = current & agreed & ~failed & ~_each((_Credential.QUEUED,), WAITING)
    delivered = _has(_deliveries().filter(state=_Delivery.DELIVERED))
    return rest & delivered if state == "delivered" else rest & ~delivered


def failed_at(wallet: str) -> Q:
    """Awards with something that this wallet refused or was given up at."""
    return _has(_deliveries().filter(connection__wallet_id=wallet, state__in=FAILED))


def count_failed(now: datetime, *, most: int) -> int:
    """How many awards are in the state "failed", or one more than ``most``.

    Three queries that read a bounded number of rows; where there are more rows than that, there are too many awards.
    """
    signing = models.Credential.objects.filter(state=_Credential.FAILED).values_list("award_id", flat=True)
    sending = models.Delivery.objects.filter(state__in=FAILED).values_list("credential__award_id", flat=True)
    found = [list(rows.order_by()[:_ROWS * most + 1]) for rows in (signing, sending)]
    if any(len(keys) > _ROWS * most for keys in found):
        return most + 1
    keys = {pk for some in found for pk in some}
    return min(models.Award.objects.filter(_current(now) & _agreed(), pk__in=keys).count(), most + 1)


def _current(now: datetime) -> Q:
    erased = Q(retired_at__isnull=False)
    return Q(Exact(Lower("status"), Value(_Award.VALID.value))) & ~erased & Q(
        GreaterThan(Coalesce("expires_at", Value(_NEVER)), Value(now))
    )


def _agreed() -> Q:
    return _has(models.Consent.objects.filter(
        award=OuterRef("pk"), purpose=models.Consent.Purpose.ISSUE, active=True
    ))


def _has(rows: Any) -> Q:
    """Whether there is one. Not EXISTS, which MariaDB turns into a search through the whole table."""
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))


def _deliveries() -> Any:
    return models.Delivery.objects.filter(credential__award=OuterRef("pk"))


def _each(credentials: Iterable[str], deliveries: Iterable[str]) -> Q:
    """Asked of each award on the way."""
    signing = models.Credential.objects.filter(award=OuterRef("pk"), state__in=tuple(credentials))
    return _has(signing) | _has(_deliveries().filter(state__in=tuple(deliveries)))


def _few_or_each(credentials: Iterable[str], deliveries: Iterable[str]) -> Q:
    """The few awards there are by their keys; where there are many, a page is soon full by asking each."""
    signing = models.Credential.objects.filter(state__in=tuple(credentials)).values_list("award_id", flat=True)
    sending = models.Delivery.objects.filter(state__in=tuple(deliveries)).values_list("credential__award_id", flat=True)
    few = _few(signing, sending)
    return _each(credentials, deliveries) if few is None else Q(pk__in=few)


def _few(*queries: Any) -> set[UUID] | None:
    """The awards the queries name, if they are few. As many queries either way."""
    found = [list(keys.order_by()[:FEW + 1]) for keys in queries]
    return {pk for some in found for pk in some} if all(len(some) <= FEW for some in found) else None


def state_of(
    row: models.Award, *, agreed: bool, credentials: Iterable[str], deliveries: Iterable[str], now: datetime
) -> str:
    """The one of STATES that ``row`` is in, from the states of what hangs on it."""
    if row.retired_at is not None:
        return "erased"
    if row.status != _Award.VALID:
        return row.status
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    if not agreed:
        return "no-consent"
    signing, sending = set(credentials), set(deliveries)
    if _Credential.FAILED in signing or sending & set(FAILED):
        return "failed"
    if _Credential.QUEUED in signing or sending & set(WAITING):
        return "waiting"
    return "delivered" if _Delivery.DELIVERED in sending else "issued"


def _pills(text: str) -> list[int]:
    """The frozen pills with this id, or with these words in the title."""
    named = models.FrozenPill.objects.filter(Q(pill_id=text) | Q(title__icontains=text))
    return list(named.order_by("-pk").values_list("pk", flat=True)[:PILLS])


def _day(text: str, name: str) -> date:
    """A day as text; the filters have been checked when it is called a second time."""
    if not text:
        return date.min
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) != 10 or not 1900 < found.year < 2200:
        raise InvalidAnswer("This is no date.", code="date", field=name)
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_current_timezone())
