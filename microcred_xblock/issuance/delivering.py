"""From signed credentials into a learner's wallet."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from ..domain.credential import DeliveryReceipt, Format
from ..domain.errors import (
    InvalidInput,
    MicrocredError,
    NotAllowed,
    WalletRefused,
    WalletUnreachable,
)
from ..wallets.base import EUROPASS, Provider
from . import (
    adapters,
    circuits,
    connecting,
    hosting,
    issuing,
    models,
    outbox,
    registering,
    requests,
    sharing,
    signals,
    tasks,
)
from .links import Link

log = logging.getLogger(__name__)

SHARE = 20  # deliveries of one learner in a pass, and connections of a worker in the slow lane
PASSES = 2
RECENT = timedelta(seconds=1)  # for so long what was read of several learners at once may be relied on
_ENDS_CONNECTION = ("wallet-reconnect", "wallet-client", "wallet-scope-shrunk", "wallet-nobody")
_State = models.Delivery.State
_OPEN = tuple(state for state in _State if state not in (_State.DELIVERED, _State.STOPPED))


@requests.patient
def send(award_row: models.Award, wallet_id: str, *, now: datetime) -> None:
    """Have every credential the wallet takes sent there. Twice is once: one delivery per credential and connection.

    NotAllowed: ``consent-missing``, ``wallet-not-connected``, ``wallet-unknown``. What was delivered stays so.
    """
    wanted = registering.provider(wallet_id)
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        connection = _usable_connection(award_row, wallet_id)
        digest = _consented_digest(award_row)
        rows = {Format(row.format): row for row in award_row.credentials.defer("content", "document")}
        formats = _formats(wanted, connection, rows)
        sharing.record(award_row, wanted, formats, digest, now)
        for format_ in formats:
            delivery, created = models.Delivery.objects.get_or_create(
                credential=rows[format_], connection=connection, defaults={"next_attempt_at": now}
            )
            if not created and delivery.state in (_State.REFUSED, _State.STOPPED, _State.DEAD):
                _queue(delivery, now)
        outbox.enqueue(tasks.deliver_connection, connection.pk)


@requests.patient
def retry(award_row: models.Award, wallet_id: str, *, now: datetime) -> None:
    """Try now what is waiting or was refused, or was stopped: agreed to anew. NotAllowed as for ``send``."""
    wanted = registering.provider(wallet_id)
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        connection = _usable_connection(award_row, wallet_id)
        again = list(connection.deliveries.select_related("credential").defer(
            "credential__content", "credential__document"
        ).filter(
            credential__award=award_row, state__in=(_State.WAITING, _State.REFUSED, _State.STOPPED, _State.DEAD)
        ))
        if again:
            formats = sorted({Format(delivery.credential.format) for delivery in again}, key=issuing.FORMATS.index)
            sharing.record(award_row, wanted, formats, _consented_digest(award_row), now)
        for delivery in again:
            _queue(delivery, now)
        outbox.enqueue(tasks.deliver_connection, connection.pk)


def deliver_due(*connection_pks: int) -> None:
    """Make the deliveries that are due through some connections, but for those that another worker is at.

    Looks again after giving the connections back: a delivery added meanwhile found its own taken. A worker at a slow
    host goes on with others that wait for one, as those who found the lane full have left. Only so many in one call.
    """
    lane = circuits.Lane()
    try:
        _drain(connection_pks, lane)
        for _ in range(SHARE):
            following = _next_in_lane(timezone.now()) if lane.held else None
            if following is None:
                return
            _drain([following], lane)
    finally:
        lane.leave()
    following = _next_in_lane(timezone.now())
    if following is not None:
        outbox.enqueue(tasks.deliver_connection, following)


def _drain(connection_pks: Collection[int], lane: circuits.Lane) -> None:
    wanted: Collection[int] = connection_pks
    for _ in range(PASSES):
        lease, found = outbox.acquire(models.WalletConnection.objects.filter(pk__in=wanted), timezone.now())
        if not found:
            return
        try:
            complete, left = _deliver_in_turn(found, lane)
        finally:
            outbox.drop_leases([connection.pk for connection in found], lease)
        for pk in left:
            outbox.enqueue(tasks.deliver_connection, pk)
        due = outbox.due_deliveries(timezone.now()).filter(connection_id__in=complete).order_by()
        wanted = set(due.values_list("connection_id", flat=True)) if complete else ()
        if not wanted:
            return
    outbox.enqueue(tasks.deliver_connection, *sorted(wanted))  # others first


def _deliver_in_turn(found: list[models.WalletConnection], lane: circuits.Lane) -> tuple[list[int], list[int]]:
    """The connections through which all went that was due, and those that nobody came to.

    As soon as a host is slow, or gives no answer, every other learner there gets a task of their own: who shares one
    never waits for a second slow answer.
    """
    complete: list[int] = []
    links: dict[str, Link] = {}
    begun = timezone.now()
    due: dict[int, list[models.Delivery]] = {}
    several = len(found) > 1
    if several:
        for delivery in _due([connection.pk for connection in found], begun)[:SHARE * PASSES]:
            due.setdefault(delivery.connection_id, []).append(delivery)
    for done, connection in enumerate(found):
        link = links.get(connection.wallet_id) or Link(connection)
        links[connection.wallet_id] = link
        link.turn_to(connection)
        known = due.get(connection.pk, []) if several and timezone.now() - begun < RECENT else None
        if _deliver_through(connection, lane, link, known):
            complete.append(connection.pk)
        if link.slow or link.failed:
            return complete, [left.pk for left in found[done + 1:]]
    return complete, []


def _next_in_lane(now: datetime) -> int | None:
    """A connection to a slow host with something due that nobody is at."""
    slow = circuits.slow_wallets(now)
    if not slow:
        return None
    free = Q(connection__lease="") | Q(connection__leased_until__lt=now)
    rows = outbox.due_deliveries(now).filter(free, connection__wallet_id__in=slow)
    return rows.order_by("next_attempt_at").values_list("connection_id", flat=True).first()


def _due(connection_pks: Collection[int], now: datetime) -> Any:
    """What is due through some connections, with credentials and awards, and whether the learner agrees."""
    rows = outbox.due_deliveries(now).filter(connection_id__in=connection_pks).select_related("credential__award")
    return sharing.marked(rows.defer("credential__document", "credential__award__results"))


def _deliver_through(
    connection: models.WalletConnection, lane: circuits.Lane, link: Link | None = None,
    known: list[models.Delivery] | None = None,
) -> bool:
    """One pass under the row's lease, of a bounded length; False where what is left has to wait.

    A wallet that cannot be reached is not asked a second time in the same pass. ``known`` is what is due, if somebody
    has just looked.
    """
    begun = timezone.now()
    due = list(_due([connection.pk], begun)[:SHARE]) if known is None else known
    link = link or Link(connection)
    if due and link.wanted is not None:
        if circuits.is_slow(link.circuit, begun) and not lane.enter(begun):
            return False
        resting = circuits.closed_until(link.circuit, begun)
        if resting is not None:
            link.failed = True
            _rest(connection.pk, resting)
            return False
    for delivery in due:
        now = timezone.now()
        if link.slow and not lane.enter(now):
            return False
        if connection.leased_until - now < outbox.LEASE * 5 / 6:
            if not outbox.renew_lease(connection.pk, connection.lease, now):
                return False
            connection.leased_until = now + outbox.LEASE
        unreachable = _deliver(delivery, link)
        if unreachable is not None:
            for other in _due([connection.pk], timezone.now()):
                _postpone(other, unreachable, timezone.now())
            return False
    return True


def _rest(connection_pk: int, until: datetime) -> None:
    """The host is left alone: everything due waits for it, and no attempt is lost."""
    due = list(outbox.due_deliveries(timezone.now()).filter(connection_id=connection_pk).values_list("pk", flat=True))
    models.Delivery.objects.filter(pk__in=due, state__in=_OPEN).update(
        state=_State.WAITING, next_attempt_at=until, error_class="unreachable", error_code=circuits.RESTING,
        error_params={},
    )


def _deliver(delivery: models.Delivery, link: Link) -> WalletUnreachable | None:
    """One attempt, its outcome written down whatever it is."""
    if delivery.state == _State.SENDING:  # left by a worker that is gone, and so stopped by nobody: look once more
        due = _due([delivery.connection_id], timezone.now()).select_related("connection")
        fresh = due.filter(pk=delivery.pk).first()
        if fresh is None:
            return None
        delivery = fresh
    else:
        delivery.connection = link.connection
    if not (delivery.agreed and delivery.connection.active):
        _settle(delivery, _State.STOPPED)
        return None
    if not _may_go(delivery):
        return None
    begun = models.Delivery.objects.filter(pk=delivery.pk, state__in=_OPEN)
    if not begun.update(state=_State.SENDING, attempts=F("attempts") + 1, next_attempt_at=None):
        return None
    delivery.attempts += 1
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
            log.error("Delivery %s failed.", delivery.pk, exc_info=problem)
        _postpone(delivery, problem, timezone.now())
    return problem if isinstance(problem, WalletUnreachable) else None


def _push(delivery: models.Delivery, link: Link | None = None) -> DeliveryReceipt:
    """Send with a good token; a token the wallet refuses is refreshed once."""
    link = link or Link(delivery.connection)
    fresh = link.renew_in_time()
    twin = adapters.hosted(link.provider())
    credential = hosting.twin(delivery.credential) if twin else issuing.signed(delivery.credential)
    while True:
        try:
            return link.wallet().deliver(credential, now=timezone.now())
        except WalletRefused as error:
            if error.code != "wallet-reconnect" or fresh or not link.renewable:
                raise
        link.refresh()
        fresh = True


def _arrived(delivery: models.Delivery, receipt: DeliveryReceipt) -> None:
    """Written even if consent was withdrawn meanwhile: the learner must know what lies in the wallet.

    Not its address, if the account was retired meanwhile.
    """
    location: Any = ""
    if receipt.location:
        gone = models.WalletConnection.objects.filter(pk=OuterRef("connection_id"), ended_code=connecting.RETIRED)
        location = Case(When(Exists(gone), then=Value("")), default=Value(receipt.location))
    rows = models.Delivery.objects.filter(pk=delivery.pk).exclude(state=_State.DELIVERED)

    def write() -> None:
        arrived = rows.update(
            state=_State.DELIVERED, delivered_at=receipt.at, created_there=receipt.created, location=location,
            next_attempt_at=None, **outbox.NO_ERROR,
        )
        if arrived:
            signals.send(signals.credential_delivered, delivery.pk)

    if receipt.location:  # another row is looked at too, so the database may give this one up for another's sake
        requests.patiently(write)
    else:
        write()


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
    rows = sharing.marked(models.Delivery.objects.filter(pk=delivery.pk, connection__active=True))
    if rows.filter(agreed=True).exists():
        return True
    _settle(delivery, _State.STOPPED)
    return False


def _may_go(delivery: models.Delivery) -> bool:
    """Whether the award is valid; of one that is suspended the delivery waits, of any other it is stopped.

    What is to wait is written under the award's lock, or a reinstatement at this moment would look for it too early.
    """
    if issuing.refused(delivery.credential.award) is None:
        return True
    return requests.patiently(lambda: _is_free(delivery))


def _is_free(delivery: models.Delivery) -> bool:
    award = outbox.lock_award(delivery.credential.award_id)
    assert award is not None  # a credential protects it
    refusal = issuing.refused(award)
    if refusal is None:
        return True
    suspended = award.status == models.Award.Status.SUSPENDED
    _settle(delivery, _State.WAITING if suspended else _State.STOPPED, **outbox.error_columns(refusal))
    return False


def _settle(delivery: models.Delivery, state: str, **columns: Any) -> None:
    """Write an outcome, but never over a delivery that has arrived or was stopped."""
    rows = models.Delivery.objects.filter(pk=delivery.pk, state__in=_OPEN)
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


def _formats(
    provider: Provider, connection: models.WalletConnection, rows: dict[Format, models.Credential]
) -> list[Format]:
    """The badge, and the ELM file where the host takes it; to Europass that file alone."""
    registration = connection.registration
    if provider.kind == EUROPASS:
        wanted: tuple[Format, ...] = (Format.ELM,)
    elif registration is not None and registration.host.description.get("elm_url"):
        wanted = (Format.OPEN_BADGE, Format.ELM)
    else:
        wanted = (Format.OPEN_BADGE,)
    return [format_ for format_ in wanted if format_ in rows]


def _consented_digest(award_row: models.Award) -> str:
    purpose = models.Consent.Purpose.ISSUE
    return award_row.consents.get(purpose=purpose, active=True).payload_digest

