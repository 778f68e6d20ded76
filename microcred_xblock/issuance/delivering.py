"""From signed credentials into a learner's wallet."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from ..domain.credential import DeliveryReceipt, Format
from ..domain.errors import (
    InvalidInput,
    MicrocredError,
    NotAllowed,
    WalletRefused,
    WalletUnreachable,
)
from ..wallets import oauth
from ..wallets.open_badges_api import OpenBadgesWallet, ServiceDescription
from . import circuits, conf, connecting, issuing, models, outbox, signals, tasks

log = logging.getLogger(__name__)

REFRESH_BEFORE = timedelta(minutes=1)
SHARE = 20  # deliveries of one learner in a pass, and connections of a worker in the slow lane
PASSES = 2
_ENDS_CONNECTION = ("wallet-reconnect", "wallet-client")
_State = models.Delivery.State


def send(award_row: models.Award, wallet_id: str, *, now: datetime) -> None:
    """Have every credential the wallet takes sent there. Twice is once: one delivery per credential and connection.

    NotAllowed: ``consent-missing``, ``wallet-not-connected``, ``wallet-unknown``. What was delivered stays so.
    """
    wanted = connecting.provider(wallet_id)
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        connection = _usable_connection(award_row, wallet_id)
        digest = _consented_digest(award_row)
        rows = {Format(row.format): row for row in award_row.credentials.defer("content", "document")}
        formats = _formats(connection, rows)
        _record_sharing(award_row, wanted.base_url, formats, digest, now)
        for format_ in formats:
            delivery, created = models.Delivery.objects.get_or_create(
                credential=rows[format_], connection=connection, defaults={"next_attempt_at": now}
            )
            if not created and delivery.state in (_State.REFUSED, _State.STOPPED, _State.DEAD):
                _queue(delivery, now)
        outbox.enqueue(tasks.deliver_connection, connection.pk)


def retry(award_row: models.Award, wallet_id: str, *, now: datetime) -> None:
    """Try now what is waiting or was refused. NotAllowed as for ``send``."""
    connecting.provider(wallet_id)
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        connection = _usable_connection(award_row, wallet_id)
        again = connection.deliveries.filter(
            credential__award=award_row, state__in=(_State.WAITING, _State.REFUSED, _State.STOPPED, _State.DEAD)
        )
        for delivery in again:
            _queue(delivery, now)
        outbox.enqueue(tasks.deliver_connection, connection.pk)


def deliver_due(connection_pk: int) -> None:
    """Make the deliveries that are due through a connection, unless another worker is at it.

    Looks again after giving the connection back: a delivery added meanwhile found it taken. A worker at a slow host
    goes on with others that wait for one, as those who found the lane full have left. Only so many in one call.
    """
    lane = circuits.Lane()
    try:
        _drain(connection_pk, lane)
        for _ in range(SHARE):
            following = _next_in_lane(timezone.now()) if lane.held else None
            if following is None:
                return
            _drain(following, lane)
    finally:
        lane.leave()
    following = _next_in_lane(timezone.now())
    if following is not None:
        outbox.enqueue(tasks.deliver_connection, following)


def _drain(connection_pk: int, lane: circuits.Lane) -> None:
    rows = models.WalletConnection.objects.filter(pk=connection_pk)
    for _ in range(PASSES):
        lease, found = outbox.acquire(rows, timezone.now())
        if not found:
            return
        try:
            complete = _deliver_through(found[0], lane)
        finally:
            outbox.drop_lease(connection_pk, lease)
        if not complete or not _due(connection_pk, timezone.now()).exists():
            return
    outbox.enqueue(tasks.deliver_connection, connection_pk)  # others first


def _next_in_lane(now: datetime) -> int | None:
    """A connection to a slow host with something due that nobody is at."""
    slow = circuits.slow_wallets(now)
    if not slow:
        return None
    free = Q(connection__lease="") | Q(connection__leased_until__lt=now)
    rows = outbox.due_deliveries(now).filter(free, connection__wallet_id__in=slow)
    return rows.order_by("next_attempt_at").values_list("connection_id", flat=True).first()


def _due(connection_pk: int, now: datetime) -> Any:
    return outbox.due_deliveries(now).filter(connection_id=connection_pk)


def _deliver_through(connection: models.WalletConnection, lane: circuits.Lane) -> bool:
    """One pass under the row's lease, of a bounded length; False where what is left has to wait.

    A wallet that cannot be reached is not asked a second time in the same pass.
    """
    begun = timezone.now()
    due = list(_due(connection.pk, begun).values_list("pk", flat=True)[:SHARE])
    link = _Link(connection)
    if due and link.wanted is not None:
        if circuits.is_slow(link.circuit, begun) and not lane.enter(begun):
            return False
        resting = circuits.closed_until(link.circuit, begun)
        if resting is not None:
            _rest(connection.pk, resting)
            return False
    for pk in due:
        now = timezone.now()
        if link.slow and not lane.enter(now):
            return False
        if connection.leased_until - now < outbox.LEASE * 5 / 6:
            if not outbox.renew_lease(connection.pk, connection.lease, now):
                return False
            connection.leased_until = now + outbox.LEASE
        unreachable = _deliver(pk, link)
        if unreachable is not None:
            for other in _due(connection.pk, timezone.now()):
                _postpone(other, unreachable, timezone.now())
            return False
    return True


def _rest(connection_pk: int, until: datetime) -> None:
    """The host is left alone: everything due waits for it, and no attempt is lost."""
    _due(connection_pk, timezone.now()).exclude(state__in=(_State.DELIVERED, _State.STOPPED)).update(
        state=_State.WAITING, next_attempt_at=until, error_class="unreachable", error_code=circuits.RESTING,
        error_params={},
    )


class _Link:
    """A connection to a wallet during one pass: what is asked of the database once, not for every delivery."""

    def __init__(self, connection: models.WalletConnection) -> None:
        self.connection = connection
        self.wanted = conf.wallets().get(connection.wallet_id)
        self.circuit = circuits.of(self.wanted) if self.wanted is not None else None
        self.slow = circuits.is_slow(self.circuit, timezone.now())
        self._description: ServiceDescription | None = None

    def description(self) -> ServiceDescription:
        """What the host offers; asked for when it is first needed. WalletUnreachable, WalletRefused, NotAllowed."""
        if self._description is None:
            wanted = connecting.provider(self.connection.wallet_id)
            _host, self._description = connecting.describe(wanted, now=timezone.now(), stale=True)
        return self._description

    def took(self, begun: float, error: Exception | None) -> None:
        """Report how the host answered."""
        if self.wanted is None or not isinstance(error, WalletRefused | WalletUnreachable | None):
            return
        now = timezone.now()
        if isinstance(error, WalletUnreachable):
            circuits.failed(self.wanted, error.code, now)
        else:
            circuits.answered(self.circuit, self.wanted, now)
            if self.circuit is not None:
                self.circuit.failures = 0
        self.slow = circuits.measured(self.circuit, self.wanted, timedelta(seconds=monotonic() - begun), now)


def _deliver(pk: int, link: _Link | None = None) -> WalletUnreachable | None:
    """One attempt, its outcome written down whatever it is."""
    agreed = models.Consent.objects.filter(
        award=OuterRef("credential__award"), purpose=models.Consent.Purpose.ISSUE, active=True
    )
    rows = models.Delivery.objects.select_related("credential__award", "connection").defer(
        "credential__document", "credential__award__results"
    )
    delivery = rows.annotate(agreed=Exists(agreed)).get(pk=pk)
    if not (delivery.agreed and delivery.connection.active):
        _settle(delivery, _State.STOPPED)
        return None
    if not _may_go(delivery):
        return None
    begun = models.Delivery.objects.filter(pk=pk).exclude(state__in=(_State.STOPPED, _State.DELIVERED))
    if not begun.update(state=_State.SENDING, attempts=F("attempts") + 1, next_attempt_at=None):
        return None
    delivery.attempts += 1
    link = link or _Link(delivery.connection)
    link.connection = delivery.connection
    started, problem = monotonic(), None
    try:
        receipt = _push(delivery, link)
    except Exception as error:
        problem = error
    link.took(started, problem)
    if problem is None:
        _arrived(delivery, receipt)
    elif isinstance(problem, WalletRefused | InvalidInput):
        _refuse(delivery, problem)
    else:
        if not isinstance(problem, MicrocredError):
            log.error("Delivery %s failed.", pk, exc_info=problem)
        _postpone(delivery, problem, timezone.now())
    return problem if isinstance(problem, WalletUnreachable) else None


def _push(delivery: models.Delivery, link: _Link | None = None) -> DeliveryReceipt:
    """Send with a good token; a token the wallet refuses is refreshed once."""
    connection, now = delivery.connection, timezone.now()
    wanted = connecting.provider(connection.wallet_id)
    description = (link or _Link(connection)).description()
    tokens = connecting.tokens_of(connection)
    fresh = tokens.expires_at <= now + REFRESH_BEFORE
    if fresh:
        tokens = _refresh(connection, tokens, description.endpoints)
    credential = issuing.signed(delivery.credential)
    while True:
        wallet = OpenBadgesWallet(
            transport=conf.transport(wanted), base_url=wanted.base_url, description=description,
            access_token=tokens.access, name=wanted.id,
        )
        try:
            return wallet.deliver(credential, now=timezone.now())
        except WalletRefused as error:
            if error.code != "wallet-reconnect" or fresh or not tokens.refresh:
                raise
        tokens, fresh = _refresh(connection, tokens, description.endpoints), True


def _refresh(
    connection: models.WalletConnection, tokens: oauth.Tokens, endpoints: oauth.Endpoints
) -> oauth.Tokens:
    """Fresh tokens, stored before they are used: a rotated refresh token works only once."""
    found = oauth.refresh(
        conf.transport(connecting.provider(connection.wallet_id)), endpoints,
        connecting.client_of(connection.registration), tokens, now=timezone.now(),
    )
    connecting.keep_tokens(connection, found)
    return found


def _arrived(delivery: models.Delivery, receipt: DeliveryReceipt) -> None:
    """Written even if consent was withdrawn meanwhile: the learner must know what lies in the wallet."""
    arrived = models.Delivery.objects.filter(pk=delivery.pk).exclude(state=_State.DELIVERED).update(
        state=_State.DELIVERED, delivered_at=receipt.at, created_there=receipt.created, location=receipt.location,
        next_attempt_at=None, **outbox.NO_ERROR,
    )
    if arrived:
        signals.send(signals.credential_delivered, delivery.pk)


def _refuse(delivery: models.Delivery, error: MicrocredError) -> None:
    if not _wanted(delivery):
        return
    _settle(delivery, _State.REFUSED, **outbox.error_columns(error))
    if error.code in _ENDS_CONNECTION:
        connecting.end(delivery.connection, code=error.code, now=timezone.now())
    if error.code == "wallet-client":  # the host has forgotten us: register anew next time
        models.ClientRegistration.objects.filter(pk=delivery.connection.registration_id).update(active=None)


def _postpone(delivery: models.Delivery, error: Exception, now: datetime) -> None:
    """Wait as long as the wallet asked, else as the ladder says; after its last rung it is a dead letter."""
    if not _wanted(delivery):
        return
    later = outbox.next_attempt(delivery.attempts, now, retry_after=getattr(error, "retry_after", None))
    _settle(
        delivery, _State.WAITING if later is not None else _State.DEAD, next_attempt_at=later,
        **outbox.error_columns(error),
    )


def _wanted(delivery: models.Delivery) -> bool:
    """Whether consent and connection are still in force, as the database says now; else the delivery is stopped."""
    wanted = models.WalletConnection.objects.filter(
        pk=delivery.connection_id, active=True, deliveries__credential__award__consents__active=True,
        deliveries__credential__award__consents__purpose=models.Consent.Purpose.ISSUE, deliveries__pk=delivery.pk,
    )
    if wanted.exists():
        return True
    _settle(delivery, _State.STOPPED)
    return False


def _may_go(delivery: models.Delivery) -> bool:
    """Whether the award is valid; of one that is suspended the delivery waits, of any other it is stopped."""
    award = delivery.credential.award
    refusal = issuing.refused(award)
    if refusal is None:
        return True
    suspended = award.status == models.Award.Status.SUSPENDED
    _settle(delivery, _State.WAITING if suspended else _State.STOPPED, **outbox.error_columns(refusal))
    return False


def _settle(delivery: models.Delivery, state: str, **columns: Any) -> None:
    """Write an outcome, but never over a delivery that has arrived or was stopped."""
    rows = models.Delivery.objects.filter(pk=delivery.pk).exclude(state__in=(_State.DELIVERED, _State.STOPPED))
    rows.update(**{"state": state, "next_attempt_at": None, **columns})


def _queue(delivery: models.Delivery, now: datetime) -> None:
    rows = models.Delivery.objects.filter(pk=delivery.pk).exclude(state__in=(_State.DELIVERED, _State.SENDING))
    rows.update(state=_State.QUEUED, attempts=0, next_attempt_at=now, **outbox.NO_ERROR)


def _usable_connection(award_row: models.Award, wallet_id: str) -> models.WalletConnection:
    if not issuing.may_process(award_row.pk):
        raise NotAllowed("Nothing is sent without your consent.", code="consent-missing")
    connection = connecting.connection(award_row.learner_id, wallet_id)
    if connection is None:
        raise NotAllowed("Connect the wallet first.", code="wallet-not-connected")
    return connection


def _formats(connection: models.WalletConnection, rows: dict[Format, models.Credential]) -> list[Format]:
    """The badge always; the ELM file where the host takes it."""
    takes_elm = bool(connection.registration.host.description.get("elm_url"))
    wanted = (Format.OPEN_BADGE, Format.ELM) if takes_elm else (Format.OPEN_BADGE,)
    return [format_ for format_ in wanted if format_ in rows]


def _consented_digest(award_row: models.Award) -> str:
    purpose = models.Consent.Purpose.ISSUE
    return award_row.consents.get(purpose=purpose, active=True).payload_digest


def _record_sharing(
    award_row: models.Award, recipient: str, formats: list[Format], digest: str, now: datetime
) -> None:
    """The ledger's line for this wallet; pressing "send" is the learner's consent to it."""
    models.Consent.objects.get_or_create(
        award=award_row, purpose=models.Consent.Purpose.SHARE, recipient=recipient[:255], active=True,
        defaults={"formats": [item.value for item in formats], "payload_digest": digest, "given_at": now},
    )
