"""What happened, told in the platform's manner (openedx-events), for other plugins and for the event bus.

Our own events name a learner by their user id only. ``BADGE_AWARDED`` and ``BADGE_REVOKED`` are the platform's: their
data hold the account's name and address, so they are sent only where there is such an account and somebody listens.
Each event is sent once, after the commit of the row that it tells of; a process that is killed in that very moment
takes it along, so whoever must miss nothing reads the rows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attr
from openedx_events.learning.data import BadgeData, BadgeTemplateData, UserData, UserPersonalData
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED
from openedx_events.tooling import OpenEdxPublicSignal

from .. import compat
from ..domain.credential import Format
from . import chains, models, places, signals

ORIGIN = "microcred"
_Change = models.StatusChange.Action


@attr.s(frozen=True)
class PillAwardData:
    """A pill mastered by a learner.

    ``learner_id`` is the user id, ``pill_id`` the usage id of the pill, ``pill_version`` changes with its meaning, and
    ``achievement`` is the public address of that version.
    """

    award_id = attr.ib(type=str)
    learner_id = attr.ib(type=str)
    course_id = attr.ib(type=str)
    pill_id = attr.ib(type=str)
    pill_version = attr.ib(type=str)
    achievement = attr.ib(type=str)
    title = attr.ib(type=str)
    awarded_at = attr.ib(type=datetime)


@attr.s(frozen=True)
class PillAwardStatusData:
    """A change of an award: ``action`` and ``reason`` as in its history; ``status`` is the one it has now."""

    award = attr.ib(type=PillAwardData)
    action = attr.ib(type=str)
    reason = attr.ib(type=str)
    status = attr.ib(type=str)
    changed_at = attr.ib(type=datetime)


@attr.s(frozen=True)
class PillCredentialData:
    """A signed credential. ``format`` is ``ob3``, ``ob3-jwt`` or ``elm``; ``digest`` is the SHA-256 of its bytes."""

    award = attr.ib(type=PillAwardData)
    credential_id = attr.ib(type=str)
    format = attr.ib(type=str)
    digest = attr.ib(type=str)
    signed_at = attr.ib(type=datetime)


@attr.s(frozen=True)
class PillDeliveryData:
    """A credential that arrived in a wallet. ``wallet`` is its id in the settings."""

    credential = attr.ib(type=PillCredentialData)
    wallet = attr.ib(type=str)
    delivered_at = attr.ib(type=datetime)


# .. event_type: eu.micret.learning.pill.award.made.v1
# .. event_name: PILL_AWARD_MADE
# .. event_description: A learner has mastered a pill, for the first time or anew, and holds an award now.
# .. event_data: PillAwardData
# .. event_trigger_repository: microcred-xblock
PILL_AWARD_MADE = OpenEdxPublicSignal(
    event_type="eu.micret.learning.pill.award.made.v1", data={"award": PillAwardData}
)

# .. event_type: eu.micret.learning.pill.award.status.changed.v1
# .. event_name: PILL_AWARD_STATUS_CHANGED
# .. event_description: An award was suspended, revoked, reinstated or superseded.
# .. event_data: PillAwardStatusData
# .. event_trigger_repository: microcred-xblock
PILL_AWARD_STATUS_CHANGED = OpenEdxPublicSignal(
    event_type="eu.micret.learning.pill.award.status.changed.v1", data={"change": PillAwardStatusData}
)

# .. event_type: eu.micret.learning.pill.credential.issued.v1
# .. event_name: PILL_CREDENTIAL_ISSUED
# .. event_description: One form of an award was signed.
# .. event_data: PillCredentialData
# .. event_trigger_repository: microcred-xblock
PILL_CREDENTIAL_ISSUED = OpenEdxPublicSignal(
    event_type="eu.micret.learning.pill.credential.issued.v1", data={"credential": PillCredentialData}
)

# .. event_type: eu.micret.learning.pill.credential.delivered.v1
# .. event_name: PILL_CREDENTIAL_DELIVERED
# .. event_description: A signed credential arrived in a learner's wallet.
# .. event_data: PillDeliveryData
# .. event_trigger_repository: microcred-xblock
PILL_CREDENTIAL_DELIVERED = OpenEdxPublicSignal(
    event_type="eu.micret.learning.pill.credential.delivered.v1", data={"delivery": PillDeliveryData}
)


def connect() -> None:
    """Listen to our own signals, which send robustly: nothing that fails here reaches the work they tell of."""
    for signal, receiver in (
        (signals.award_made, award_made), (signals.award_status_changed, status_changed),
        (signals.credential_issued, credential_issued), (signals.credential_delivered, credential_delivered),
    ):
        signal.connect(receiver, dispatch_uid=f"microcred.events.{receiver.__name__}")


def award_made(*, pk: Any, **_kwargs: Any) -> None:
    """Tell that an award was made, unless it only says again what another said before."""
    if not PILL_AWARD_MADE.has_listeners():
        return
    row = models.Award.objects.select_related("pill", "supersedes").defer("pill__content").get(pk=pk)
    if not chains.reissued(row):
        _send(PILL_AWARD_MADE, row.awarded_at, award=_award(row))


def status_changed(*, pk: Any, **_kwargs: Any) -> None:
    """Tell that an award changed; where a badge that was issued is worth nothing any more, also that."""
    if not (PILL_AWARD_STATUS_CHANGED.has_listeners() or BADGE_REVOKED.has_listeners()):
        return
    row = models.StatusChange.objects.select_related("award__pill").defer("award__pill__content").get(pk=pk)
    if PILL_AWARD_STATUS_CHANGED.has_listeners():
        change = PillAwardStatusData(
            award=_award(row.award), action=row.action, reason=row.reason, status=row.award.status,
            changed_at=_utc(row.at),
        )
        _send(PILL_AWARD_STATUS_CHANGED, row.at, change=change)
    if row.action in (_Change.REVOKE, _Change.SUPERSEDE):
        issued = row.award.credentials.filter(
            format=Format.OPEN_BADGE.value, state=models.Credential.State.ISSUED
        ).values_list("credential_id", flat=True).first()
        if issued:
            _send_badge(BADGE_REVOKED, row.award, issued, row.at)


def credential_issued(*, pk: Any, **_kwargs: Any) -> None:
    """Tell that a credential was signed; of the Open Badge also in the platform's own words."""
    if not (PILL_CREDENTIAL_ISSUED.has_listeners() or BADGE_AWARDED.has_listeners()):
        return
    row = _with_award(models.Credential.objects).get(pk=pk)
    if PILL_CREDENTIAL_ISSUED.has_listeners():
        _send(PILL_CREDENTIAL_ISSUED, row.signed_at, credential=_credential(row))
    if row.format == Format.OPEN_BADGE.value:
        _send_badge(BADGE_AWARDED, row.award, row.credential_id, row.signed_at)


def credential_delivered(*, pk: Any, **_kwargs: Any) -> None:
    """Tell that a credential arrived."""
    if not PILL_CREDENTIAL_DELIVERED.has_listeners():
        return
    row = _with_award(models.Delivery.objects, "credential__").select_related("connection").get(pk=pk)
    delivery = PillDeliveryData(
        credential=_credential(row.credential), wallet=row.connection.wallet_id, delivered_at=_utc(row.delivered_at)
    )
    _send(PILL_CREDENTIAL_DELIVERED, row.delivered_at, delivery=delivery)


def _send(signal: OpenEdxPublicSignal, at: datetime, **data: Any) -> None:
    signal.send_event(time=_utc(at), **data)


def _send_badge(signal: OpenEdxPublicSignal, award: models.Award, credential_id: str, at: datetime) -> None:
    """One of the platform's badge events, with the account's data as they are now."""
    account = compat.account(award.learner_id) if signal.has_listeners() else None
    if account is None:
        return
    pii = UserPersonalData(username=account.username, email=account.email, name=account.full_name)
    template = BadgeTemplateData(uuid=str(award.pill.achievement), origin=ORIGIN, name=award.pill.title)
    badge = BadgeData(
        uuid=credential_id.removeprefix("urn:uuid:"), template=template,
        user=UserData(id=account.id, is_active=account.active, pii=pii),
    )
    _send(signal, at, badge=badge)


def _award(row: models.Award) -> PillAwardData:
    return PillAwardData(
        award_id=str(row.pk), learner_id=row.learner_id, course_id=row.course_id, pill_id=row.pill.pill_id,
        pill_version=row.pill.version, achievement=places.achievement(row.pill.achievement), title=row.pill.title,
        awarded_at=_utc(row.awarded_at),
    )


def _credential(row: models.Credential) -> PillCredentialData:
    return PillCredentialData(
        award=_award(row.award), credential_id=row.credential_id, format=row.format, digest=row.digest,
        signed_at=_utc(row.signed_at),
    )


def _with_award(rows: Any, prefix: str = "") -> Any:
    """``rows`` with their award and pill in one query, without documents and bytes."""
    heavy = (f"{prefix}document", f"{prefix}content", f"{prefix}award__pill__content", f"{prefix}award__results")
    return rows.select_related(f"{prefix}award__pill").defer(*heavy)


def _utc(at: datetime) -> datetime:
    """The events' metadata takes no other timezone."""
    return at.astimezone(UTC)
