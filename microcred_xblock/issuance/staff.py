"""What staff may see and do with the awards of their courses: the door for the console, REST and bulk jobs.

Every function takes the ``Scope`` of whoever asks and never looks beyond it: an award outside does not exist for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Exists, Func, OuterRef, Q
from django.utils import timezone

from .. import compat
from ..domain.errors import InvalidAnswer
from . import models
from .staff_actions import ACTIONS, act
from .staff_filters import LONGEST, STATES, Filters, state_of
from .staff_scope import Scope, own, scope_of
from .staff_story import Story
from .staff_story import tell as _tell

__all__ = [
    "ACTIONS", "CSV_COLUMNS", "LONGEST", "MOST", "STATES", "Filters", "Line", "Page", "Scope", "act", "after",
    "awards", "count", "csv_rows", "cursor_of", "issuers_in_use", "own", "page", "scope_of", "story",
]

PAGE = 50
CHUNK = 500
MOST = 1_000  # counted exactly; beyond it is "more than"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIST_FIELDS = (
    "id", "learner_id", "course_id", "awarded_at", "status", "status_at", "expires_at", "retired_at", "issuer_key",
    "pill_id",
)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How far an award is with one wallet: its worst delivery."""

    wallet: str
    state: str
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One award in a list."""

    id: str
    awarded_at: datetime
    learner: str
    learner_name: str
    course: str
    course_name: str
    pill: str
    pill_id: str
    issuer: str
    state: str
    since: datetime | None
    expires_at: datetime | None
    credentials: tuple[models.Credential, ...]
    sendings: tuple[Sending, ...]
    regrade_due: datetime | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """``older`` and ``newer`` are cursors, empty where there is nothing more. ``count`` stops at MOST + 1."""

    lines: tuple[Line, ...]
    count: int
    older: str
    newer: str

    @property
    def countless(self) -> bool:
        """Whether there are more than anybody counted."""
        return self.count > MOST


def awards(scope: Scope, filters: Filters, *, now: datetime | None = None) -> Any:
    """The awards in scope that fit, in no order."""
    rows = models.Award.objects.all()
    if scope.courses is not None:
        rows = rows.filter(course_id__in=sorted(scope.courses))
        if connection.vendor == "mysql":  # to its index a course named in other letters is the same one
            exact = Func("course_id", template="BINARY %(expressions)s", output_field=CharField())
            rows = rows.alias(exact_course=exact).filter(exact_course__in=sorted(scope.courses))
    return filters.narrow(rows, now or timezone.now())


def count(scope: Scope, filters: Filters, *, now: datetime | None = None) -> int:
    """How many there are, up to MOST + 1: counting everything would cost as much as there is."""
    return awards(scope, filters, now=now).values("pk")[:MOST + 1].count()


def page(scope: Scope, filters: Filters, cursor: str = "", *, now: datetime | None = None) -> Page:
    """Newest first. A constant number of queries, however many awards there are. InvalidAnswer (``request-field``)."""
    now = now or timezone.now()
    rows = awards(scope, filters, now=now)
    back = cursor.startswith("-")
    place = after(rows, cursor.removeprefix("-"), back=back) if cursor else rows
    found = list(_listed(place, back=back)[:PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    if back:
        found.reverse()
    further, returning = (bool(cursor), more) if back else (more, bool(cursor))
    return Page(
        lines=_lines(found, now),
        count=rows.values("pk")[:MOST + 1].count(),
        older=cursor_of(found[-1]) if further and found else "",
        newer=f"-{cursor_of(found[0])}" if returning and found else "",
    )


def story(scope: Scope, award_id: Any, now: datetime) -> Story:
    """Everything about one award but its documents, in a constant number of queries. NotAllowed (``award-unknown``)."""
    return _tell(own(scope, award_id), now)


CSV_COLUMNS = (
    "award", "awarded_at_utc", "learner", "course", "pill", "pill_id", "issuer", "state", "since_utc",
    "expires_at_utc", "credentials", "deliveries", "error",
)


def csv_rows(scope: Scope, filters: Filters, *, now: datetime | None = None) -> Iterator[tuple[str, ...]]:
    """A row for each award, newest first, read in chunks by keyset: memory stays flat on every database."""
    now, cursor = now or timezone.now(), ""
    rows = awards(scope, filters, now=now)
    while chunk := list(_listed(after(rows, cursor) if cursor else rows)[:CHUNK]):
        yield from map(_csv_row, _lines(chunk, now, names=False))
        cursor = cursor_of(chunk[-1])


def _csv_row(line: Line) -> tuple[str, ...]:
    codes = [row.error_code for row in line.credentials] + [sending.code for sending in line.sendings]
    return tuple(map(harmless, (
        line.id, _utc(line.awarded_at), line.learner, line.course, line.pill, line.pill_id, line.issuer or "default",
        line.state, _utc(line.since), _utc(line.expires_at),
        " ".join(f"{row.format}:{row.state}:{row.credential_id}" for row in line.credentials),
        " ".join(f"{sending.wallet}:{sending.state}" for sending in line.sendings),
        " ".join(sorted({code for code in codes if code})),
    )))


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def harmless(cell: str) -> str:
    """``cell`` as a spreadsheet shows it: one that a spreadsheet would calculate is marked as text."""
    return f"'{cell}" if cell.lstrip().startswith(("=", "+", "-", "@")) or cell.startswith(("\t", "\r", "\n")) else cell


def cursor_of(row: models.Award) -> str:
    """Names the place of an award in the order of the list: microseconds, and the id for those of one moment."""
    return f"{(row.awarded_at - _EPOCH) // timedelta(microseconds=1)}.{row.pk.hex}"


def after(rows: Any, cursor: str, *, back: bool = False) -> Any:
    """``rows`` older than the cursor's award, or newer. Written so that every database reads a range of the index."""
    at, pk = _place(cursor)
    if back:
        return rows.filter(Q(awarded_at__gt=at) | Q(pk__gt=pk), awarded_at__gte=at)
    return rows.filter(Q(awarded_at__lt=at) | Q(pk__lt=pk), awarded_at__lte=at)


def _place(cursor: str) -> tuple[datetime, UUID]:
    moment, _, name = cursor.partition(".")
    try:
        if not (moment.isascii() and moment.isdecimal()):
            raise ValueError(moment)
        return _EPOCH + timedelta(microseconds=int(moment[:20])), UUID(hex=name)
    except (ValueError, OverflowError):
        raise InvalidAnswer("There is no such page.", code="request-field", field="cursor") from None


def _listed(rows: Any, *, back: bool = False) -> Any:
    """Without the pills: joined, they have MariaDB sort all awards instead of reading one page of the index."""
    return rows.only(*_LIST_FIELDS).order_by(*(("awarded_at", "pk") if back else ("-awarded_at", "-pk")))


def _lines(rows: list[models.Award], now: datetime, *, names: bool = True) -> tuple[Line, ...]:
    """What hangs on the awards, in one query each."""
    keys = [row.pk for row in rows]
    pills = models.FrozenPill.objects.only("title", "pill_id").in_bulk({row.pill_id for row in rows})
    credentials = models.Credential.objects.filter(award__in=keys).only(
        "award_id", "format", "state", "credential_id", "error_code", "error_params"
    )
    deliveries = models.Delivery.objects.filter(credential__award__in=keys).values_list(
        "credential__award_id", "connection__wallet_id", "state", "error_code", "error_params"
    )
    agreed = set(models.Consent.objects.filter(
        award__in=keys, purpose=models.Consent.Purpose.ISSUE, active=True
    ).values_list("award_id", flat=True))
    regrades = dict(models.Regrade.objects.filter(award__in=keys, open=True).values_list("award_id", "due_at"))
    people = compat.names_of({row.learner_id for row in rows if row.retired_at is None}) if names else {}
    courses = compat.course_names({row.course_id for row in rows}) if names else {}
    signed: dict[UUID, list[models.Credential]] = {}
    for item in credentials:
        signed.setdefault(item.award_id, []).append(item)
    sent: dict[UUID, list[Sending]] = {}
    for award_id, wallet, state, code, params in deliveries:
        sent.setdefault(award_id, []).append(Sending(wallet=wallet, state=state, code=code, params=params))
    return tuple(
        Line(
            id=str(row.pk), awarded_at=row.awarded_at, learner=row.learner_id,
            learner_name=people.get(row.learner_id, ""), course=row.course_id,
            course_name=courses.get(row.course_id, ""), pill=pills[row.pill_id].title,
            pill_id=pills[row.pill_id].pill_id, issuer=row.issuer_key, since=row.status_at, expires_at=row.expires_at,
            state=state_of(
                row, agreed=row.pk in agreed, credentials=[item.state for item in signed.get(row.pk, ())],
                deliveries=[item.state for item in sent.get(row.pk, ())], now=now,
            ),
            credentials=tuple(signed.get(row.pk, ())), sendings=_worst(sent.get(row.pk, ())),
            regrade_due=regrades.get(row.pk),
        )
        for row in rows
    )


_BADNESS = {state: place for place, state in enumerate((
    "stopped", "delivered", "queued", "sending", "waiting-retry", "refused", "dead",
))}


def _worst(sendings: Any) -> tuple[Sending, ...]:
    """For each wallet the delivery that needs looking at most."""
    worst: dict[str, Sending] = {}
    for item in sendings:
        held = worst.get(item.wallet)
        if held is None or _BADNESS.get(item.state, 9) > _BADNESS.get(held.state, 9):
            worst[item.wallet] = item
    return tuple(worst[name] for name in sorted(worst))


def issuers_in_use() -> list[tuple[str, str]]:
    """Key and name of every issuer that is known here."""
    awarded = Exists(models.Award.objects.filter(issuer_key=OuterRef("key")))
    rows = models.Issuer.objects.filter(awarded).order_by("key", "-updated_at").values_list("key", "name")
    return list({key or "default": name for key, name in rows}.items())
