"""From signed credentials into a learner's wallet."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
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
from ..wallets.open_badges_api import OpenBadgesWallet
from . import conf, connecting, issuing, models, outbox, tasks

log = logging.getLogger(__name__)

REFRESH_BEFORE = timedelta(minutes=1)
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
            if not created and delivery.state in (_State.REFUSED, _State.STOPPED):
                _queue(delivery, now)
        outbox.enqueue(tasks.deliver_connection, connection.pk)


def retry(award_row: models.Award, wallet_id: str, *, now: datetime) -> None:
    """Try now what is waiting or was refused. NotAllowed as for ``send``."""
    connecting.provider(wallet_id)
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        connection = _usable_connection(award_row, wallet_id)
        again = connection.deliveries.filter(
            credential__award=award_row, state__in=(_State.WAITING, _State.REFUSED, _State.STOPPED)
        )
        for delivery in again:
            _queue(delivery, now)
        outbox.enqueue(tasks.deliver_connection, connection.pk)


def deliver_due(connection_pk: int) -> None:
    """Make every delivery that is due through a connection, unless another worker is at it.

    Looks again after giving the connection back: a delivery added meanwhile found it taken.
    """
    while _due(connection_pk, timezone.now()).exists():
        lease = outbox.take_lease(connection_pk, timezone.now())
        if not lease:
            return
        try:
            _deliver_through(connection_pk, lease)
        finally:
            outbox.drop_lease(connection_pk, lease)


def _due(connection_pk: int, now: datetime) -> Any:
    return outbox.due_deliveries(now).filter(connection_id=connection_pk)


def _deliver_through(connection_pk: int, lease: str) -> None:
    """One pass under the lease. A wallet that cannot be reached is not asked a second time in the same pass."""
    for pk in list(_due(connection_pk, timezone.now()).values_list("pk", flat=True)):
        if not outbox.renew_lease(connection_pk, lease, timezone.now()):
            return
        unreachable = _deliver(pk)
        if unreachable is not None:
            for other in _due(connection_pk, timezone.now()):
                _postpone(other, unreachable, timezone.now())
            return


def _deliver(pk: int) -> WalletUnreachable | None:
    """One attempt, its outcome written down whatever it is."""
    delivery = models.Delivery.objects.select_related("credential", "connection__registration").get(pk=pk)
    if not _wanted(delivery):
        _settle(delivery, _State.STOPPED)
        return None
    begun = models.Delivery.objects.filter(pk=pk).exclude(state__in=(_State.STOPPED, _State.DELIVERED))
    if not begun.update(state=_State.SENDING, attempts=F("attempts") + 1, next_attempt_at=None):
        return None
    delivery.attempts += 1
    try:
        receipt = _push(delivery)
    except WalletUnreachable as error:
        _postpone(delivery, error, timezone.now())
        return error
    except (WalletRefused, InvalidInput) as error:
        _refuse(delivery, error)
    except Exception as error:
        if not isinstance(error, MicrocredError):
            log.exception("Delivery %s failed.", pk)
        _postpone(delivery, error, timezone.now())
    else:
        _arrived(delivery, receipt)
    return None


def _push(delivery: models.Delivery) -> DeliveryReceipt:
    """Send with a good token; a token the wallet refuses is refreshed once."""
    connection, now = delivery.connection, timezone.now()
    wanted = connecting.provider(connection.wallet_id)
    _host, description = connecting.describe(wanted, now=now, stale=True)
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
    models.Delivery.objects.filter(pk=delivery.pk).update(
        state=_State.DELIVERED, delivered_at=receipt.at, created_there=receipt.created, location=receipt.location,
        next_attempt_at=None, error_code="", error_params={},
    )


def _refuse(delivery: models.Delivery, error: MicrocredError) -> None:
    if not _wanted(delivery):
        _settle(delivery, _State.STOPPED)
        return
    _settle(delivery, _State.REFUSED, error_code=error.code, error_params=issuing.error_params(error))
    if error.code in _ENDS_CONNECTION:
        connecting.end(delivery.connection, code=error.code, now=timezone.now())
    if error.code == "wallet-client":  # the host has forgotten us: register anew next time
        models.ClientRegistration.objects.filter(pk=delivery.connection.registration_id).update(active=None)


def _postpone(delivery: models.Delivery, error: Exception, now: datetime) -> None:
    """Wait as long as the wallet asked, else as the ladder says; after its last rung, for the learner."""
    wait = getattr(error, "retry_after", None)
    if not _wanted(delivery):
        _settle(delivery, _State.STOPPED)
        return
    _settle(
        delivery, _State.WAITING, next_attempt_at=outbox.next_attempt(delivery.attempts, now, retry_after=wait),
        error_code=getattr(error, "code", "internal"), error_params=issuing.error_params(error),
    )


def _wanted(delivery: models.Delivery) -> bool:
    """Whether consent and connection are still in force, as the database says now."""
    connected = models.WalletConnection.objects.filter(pk=delivery.connection_id, active=True).exists()
    return connected and issuing.may_process(delivery.credential.award_id)


def _settle(delivery: models.Delivery, state: str, **columns: Any) -> None:
    """Write an outcome, but never over a delivery that has arrived or was stopped."""
    rows = models.Delivery.objects.filter(pk=delivery.pk).exclude(state__in=(_State.DELIVERED, _State.STOPPED))
    rows.update(**{"state": state, "next_attempt_at": None, **columns})


def _queue(delivery: models.Delivery, now: datetime) -> None:
    rows = models.Delivery.objects.filter(pk=delivery.pk).exclude(state__in=(_State.DELIVERED, _State.SENDING))
    rows.update(state=_State.QUEUED, attempts=0, next_attempt_at=now, error_code="", error_params={})


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
