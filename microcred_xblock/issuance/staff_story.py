"""The whole story of one award as values: why it was made, what was agreed, signed and sent, and what became of it.

No document, no address and no token is in it. The learner is a number, and on a platform a name for staff to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from .. import compat
from ..domain.errors import InvalidInput, Misconfigured
from . import holders, models, places, regrading
from .staff_actions import possible, version
from .staff_filters import state_of


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Fractions are percentages as text; empty where nothing is known."""

    id: str
    title: str
    achieved: bool
    score: str
    threshold: str
    assessed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A line of the consent ledger."""

    purpose: str
    recipient: str
    formats: tuple[str, ...]
    digest: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One form of the credential; ``key`` is the verification method that the audit of keys names."""

    format: str
    id: str
    state: str
    digest: str
    signed_at: datetime | None
    key: str
    key_retired_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    code: str
    params: Mapping[str, Any]
    error_class: str


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One form on its way into one wallet."""

    wallet: str
    format: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    code: str
    params: Mapping[str, Any]
    error_class: str
    connected: bool


@dataclass(frozen=True, kw_only=True)
class Change:
    """A line of the history. ``actor_name`` is empty where the platform knows none."""

    action: str
    reason: str
    note: str
    actor: str
    actor_name: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ScoreChange:
    """Scores that changed after the award: the case, and what came of it."""

    policy: str
    outcomes: tuple[Outcome, ...]
    mastered: bool
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """A notice to the learner."""

    kind: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    code: str


@dataclass(frozen=True, kw_only=True)
class Links:
    """Addresses; empty where there is nothing to see."""

    verification: str
    status_list: str
    achievement: str
    course: str
    progress: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """``entry_purpose`` is the one purpose that is written in the badge itself; other changes show elsewhere only.

    ``assessed_otherwise``: by the pill as it was awarded last; scores are not compared with this award while it is so.
    """

    id: str
    learner: str
    learner_name: str
    course: str
    course_name: str
    pill: str
    pill_id: str
    pill_version: str
    issuer: str
    issuer_name: str
    awarded_at: datetime
    expires_at: datetime | None
    retired_at: datetime | None
    status: str
    status_at: datetime | None
    state: str
    regain: str
    supersedes: str
    superseded_by: str
    entry_purpose: str
    assessed_otherwise: bool
    outcomes: tuple[Outcome, ...]
    consents: tuple[Agreement, ...]
    credentials: tuple[Signed, ...]
    deliveries: tuple[Sent, ...]
    changes: tuple[Change, ...]
    score_changes: tuple[ScoreChange, ...]
    notices: tuple[Told, ...]
    links: Links
    actions: tuple[str, ...]
    version: str = field(repr=False)


def tell(row: models.Award, now: datetime) -> Story:
    """The story of an award. A constant number of queries."""
    credentials = list(row.credentials.defer("content", "document", "salt").order_by("pk"))
    deliveries = _deliveries(row)
    consents = list(row.consents.order_by("pk"))
    changes = list(row.changes.order_by("pk"))
    regrades = list(row.regrades.order_by("pk"))
    entry = models.StatusEntry.objects.filter(award=row).first()
    successor = models.Award.objects.filter(supersedes=row).values_list("pk", flat=True).first()
    issue = [item for item in consents if item.purpose == models.Consent.Purpose.ISSUE and item.active]
    actors = {change.actor.partition(":")[2] for change in changes if change.actor.startswith("user:")}
    people = compat.names_of({*actors, *(() if row.retired_at else (row.learner_id,))})
    return Story(
        id=str(row.pk), learner=row.learner_id, learner_name=people.get(row.learner_id, ""), course=row.course_id,
        course_name=compat.course_names({row.course_id}).get(row.course_id, ""), pill=row.pill.title,
        pill_id=row.pill.pill_id, pill_version=row.pill.version, issuer=row.issuer_key,
        issuer_name=_issuer_name(row.issuer_key), awarded_at=row.awarded_at, expires_at=row.expires_at,
        retired_at=row.retired_at, status=row.status, status_at=row.status_at,
        state=state_of(
            row, agreed=bool(issue), credentials=[item.state for item in credentials],
            deliveries=[item.state for item in deliveries], now=now,
        ),
        regain=row.regain, supersedes=str(row.supersedes_id or ""), superseded_by=str(successor or ""),
        entry_purpose=entry.purpose if entry else "", assessed_otherwise=_assessed_otherwise(row),
        outcomes=_outcomes(row.results, row.pill.content),
        consents=tuple(map(_agreement, consents)), credentials=_signed(credentials), deliveries=tuple(deliveries),
        changes=tuple(_change(change, people) for change in changes),
        score_changes=tuple(_score_change(case, row.pill.content) for case in regrades), notices=_notices(row),
        links=_links(row, credentials, entry),
        actions=possible(
            row, regrade_open=any(case.open for case in regrades), superseding=successor is not None,
            signed=any(item.state == models.Credential.State.ISSUED for item in credentials),
        ),
        version=version(row),
    )


def _assessed_otherwise(row: models.Award) -> bool:
    """Read leniently, as ``_outcomes``."""
    last = holders.last_awarded(row.pill.pill_id)
    try:
        return last is not None and regrading.standard(row, last) is None
    except InvalidInput:
        return False


def _deliveries(row: models.Award) -> list[Sent]:
    rows = models.Delivery.objects.filter(credential__award=row).order_by("pk")
    rows = rows.select_related("connection", "credential").only(
        "state", "attempts", "next_attempt_at", "error_code", "error_params", "error_class", "created_at",
        "delivered_at", "connection__wallet_id", "connection__active", "credential__format",
    )
    return [
        Sent(
            wallet=item.connection.wallet_id, format=item.credential.format, state=item.state,
            attempts=item.attempts, created_at=item.created_at, next_attempt_at=item.next_attempt_at,
            delivered_at=item.delivered_at, code=item.error_code, params=item.error_params,
            error_class=item.error_class, connected=bool(item.connection.active),
        )
        for item in rows
    ]


def _signed(credentials: list[models.Credential]) -> tuple[Signed, ...]:
    """The key that signed exactly these bytes, as the audit says."""
    uses = models.KeyUse.objects.filter(subject__in={item.credential_id for item in credentials})
    keys = {(use.subject, use.digest): use.key for use in uses.select_related("key").order_by("pk")}
    found = []
    for item in credentials:
        key = keys.get((item.credential_id, item.digest))
        found.append(Signed(
            format=item.format, id=item.credential_id, state=item.state, digest=item.digest, signed_at=item.signed_at,
            key=key.method_id if key else "", key_retired_at=key.retired_at if key else None, attempts=item.attempts,
            next_attempt_at=item.next_attempt_at, code=item.error_code, params=item.error_params,
            error_class=item.error_class,
        ))
    return tuple(found)


def _outcomes(results: Any, pill: Any) -> tuple[Outcome, ...]:
    """Read leniently: a damaged or erased row must not hide the rest of the story."""
    known = pill.get("outcomes") if isinstance(pill, dict) else None
    titles = {
        item.get("id"): item.get("title") or "" for item in (known or ()) if isinstance(item, dict)
    }
    return tuple(
        Outcome(
            id=str(item.get("outcome_id") or ""), title=str(titles.get(item.get("outcome_id")) or item["outcome_id"]),
            achieved=item.get("status") == "achieved", score=_percent(item.get("fraction")),
            threshold=_percent(item.get("threshold")), assessed_at=_moment(item.get("assessed_at")),
        )
        for item in (results if isinstance(results, list) else ()) if isinstance(item, dict) and item.get("outcome_id")
    )


def _percent(fraction: Any) -> str:
    try:
        value = round(float(fraction) * 100, 2)
    except (TypeError, ValueError):
        return ""
    return f"{value:g}"


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _agreement(row: models.Consent) -> Agreement:
    return Agreement(
        purpose=row.purpose, recipient=row.recipient, formats=tuple(map(str, row.formats or ())),
        digest=row.payload_digest, given_at=row.given_at, withdrawn_at=row.withdrawn_at,
    )


def _change(row: models.StatusChange, people: Mapping[str, str]) -> Change:
    return Change(
        action=row.action, reason=row.reason, note=row.note, actor=row.actor,
        actor_name=people.get(row.actor.partition(":")[2], ""), at=row.at,
    )


def _score_change(row: models.Regrade, pill: Any) -> ScoreChange:
    return ScoreChange(
        policy=row.policy, outcomes=_outcomes(row.results, pill), mastered=row.mastered, opened_at=row.opened_at,
        due_at=row.due_at, closed_at=row.closed_at, outcome=row.outcome,
    )


def _notices(row: models.Award) -> tuple[Told, ...]:
    return tuple(
        Told(
            kind=item.kind, state=item.state, created_at=item.created_at, sent_at=item.sent_at, code=item.error_code
        )
        for item in row.notices.order_by("pk")
    )


def _issuer_name(key: str) -> str:
    names = models.Issuer.objects.filter(key=key).order_by("-updated_at").values_list("name", flat=True)
    return names.first() or ""


def _links(
    row: models.Award, credentials: list[models.Credential], entry: models.StatusEntry | None
) -> Links:
    """Public addresses; none where the site's own is not set yet, which must not hide the story."""
    issued = [item for item in credentials if item.state == models.Credential.State.ISSUED]
    course, root = quote(row.course_id), (getattr(settings, "LMS_ROOT_URL", "") or "").rstrip("/")
    inside = bool(root and row.course_id and compat.platform())
    numbered = row.learner_id.isascii() and row.learner_id.isdecimal() and row.retired_at is None
    try:
        verification = places.verification(issued[0].credential_id.rpartition(":")[2]) if issued else ""
        status_list = places.status_list(entry.list_id, entry.purpose) if entry else ""
        achievement = places.achievement(row.pill.achievement)
    except Misconfigured:
        verification = status_list = achievement = ""
    return Links(
        verification=verification, status_list=status_list, achievement=achievement,
        course=f"{root}/courses/{course}/course/" if inside else "",
        progress=f"{root}/courses/{course}/progress/{row.learner_id}/" if inside and numbered else "",
    )
