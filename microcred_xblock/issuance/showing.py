"""What a learner sees of an award, in a constant number of queries."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils import timezone

from ..credentials import parity
from ..domain.credential import Format
from ..domain.errors import Misconfigured, NotAllowed
from ..wallets.base import EUROPASS, Provider
from . import adapters, addressing, afterwards, awarding, chains, collecting, conf, issuing, mailing, models, runner
from .data import Panel, PanelCredential, PanelDelivery, PanelOffer, WalletOption

_CredentialState = models.Credential.State
_DeliveryState = models.Delivery.State


def panel(award_row: models.Award) -> Panel:
    """The award with everything that hangs on it; of one that waits to replace another, that other with an offer."""
    if conf.setting("MICROCRED_RUNNER") == "thread":
        runner.local.ensure_running()
    now, award_row = timezone.now(), afterwards.present(award_row)
    replacement = afterwards.replacement(award_row, now=now)
    rows = list(award_row.credentials.defer("content", "document"))
    consent = _consent(award_row)
    connections = _connections(award_row.learner_id)
    channels = _channels(award_row, rows, consent, now)
    return Panel(
        award_id=str(award_row.pk), awarded_at=award_row.awarded_at, state=_state(consent, rows), consent=consent,
        credentials=tuple(_credential(row) for row in rows),
        wallets=_wallets(connections),
        deliveries=_deliveries(award_row, connections),
        parity=_parity_of(award_row, rows) if consent == "given" else (),
        standing=afterwards.standing(award_row, now=now),
        notices=afterwards.notices(award_row, replacement.award_id if replacement is not None else None),
        expires_at=award_row.expires_at, replacement=replacement,
        channels=channels, offers=_offers(award_row, channels, now),
        mails_files=mailing.allowed(),
    )


def own_award(award_id: str, learner_id: str) -> models.Award:
    """The learner's award that counts, or one that stands until its successor is issued.

    NotAllowed (``award-unknown``) for one that counts no longer, is another's or does not exist.
    """
    try:
        pk = UUID(award_id)
    except (ValueError, TypeError, AttributeError):
        raise _unknown() from None
    row = models.Award.objects.select_related("pill").filter(pk=pk).first()
    if row is None or row.learner_id != learner_id or not (row.active or row.status in chains.STANDING):
        raise _unknown()
    return row


def _state(consent: str, rows: list[models.Credential]) -> str:
    if consent != "given":
        return "withdrawn" if consent == "withdrawn" else "earned"
    states = {row.state for row in rows}
    if _CredentialState.FAILED in states:
        return "failed"
    return "issued" if states == {_CredentialState.ISSUED} else "issuing"


def _consent(award_row: models.Award) -> str:
    ledger = award_row.consents.filter(purpose=models.Consent.Purpose.ISSUE)
    given = set(ledger.values_list("active", flat=True))
    if True in given:
        return "given"
    return "withdrawn" if given else "none"


def _credential(row: models.Credential) -> PanelCredential:
    return PanelCredential(
        format=Format(row.format), id=row.credential_id, state=row.state, code=row.error_code, params=row.error_params
    )


def _connections(learner_id: str) -> dict[str, models.WalletConnection]:
    """The learner's latest connection to each wallet, active or ended."""
    rows = models.WalletConnection.objects.filter(learner_id=learner_id).order_by("pk")
    if not any(wanted.by_address for wanted in _allowed().values()):
        rows = rows.defer("tokens")
    return {row.wallet_id: row for row in rows if row.learner_id == learner_id}


def _wallets(connections: dict[str, models.WalletConnection]) -> tuple[WalletOption, ...]:
    allowed = _allowed()
    hosts = {
        host.key: host.description for host in models.WalletHost.objects.filter(wallet_id__in=allowed)
    }
    return tuple(
        WalletOption(
            id=entry.id, name=entry.name,
            connected=entry.id in connections and bool(connections[entry.id].active),
            takes_elm=entry.kind == EUROPASS
            or bool(hosts.get(models.pair_key(entry.id, entry.base_url), {}).get("elm_url")),
            by_address=entry.by_address,
            recipient=addressing.told(connections[entry.id])
            if entry.by_address and entry.id in connections and connections[entry.id].active else "",
            public_page=adapters.hosted(entry),
        )
        for entry in allowed.values()
    )


def _allowed() -> dict[str, Provider]:
    """The wallets of the settings; none where these cannot be read, which the system check tells: other ways stay."""
    try:
        return conf.wallets()
    except Misconfigured:
        return {}


def _deliveries(
    award_row: models.Award, connections: dict[str, models.WalletConnection]
) -> tuple[PanelDelivery, ...]:
    """Those of the latest connection to each wallet; stopped ones concern nobody any more."""
    rows = models.Delivery.objects.filter(
        credential__award=award_row, connection__in=[row.pk for row in connections.values()]
    ).exclude(state=_DeliveryState.STOPPED)
    rows = rows.select_related("connection", "credential").only(
        "state", "attempts", "next_attempt_at", "error_code", "error_params", "delivered_at", "location",
        "connection__wallet_id", "credential__format",
    )
    return tuple(
        PanelDelivery(
            wallet=row.connection.wallet_id, format=Format(row.credential.format), state=_shown(row.state),
            attempts=row.attempts, code=row.error_code, params=row.error_params,
            next_attempt_at=row.next_attempt_at if row.state == _DeliveryState.WAITING else None,
            delivered_at=row.delivered_at, location=row.location,
        )
        for row in rows
    )


def _channels(
    award_row: models.Award, rows: list[models.Credential], consent: str, now: datetime
) -> tuple[str, ...]:
    """By which an offer can be made now."""
    valid = award_row.status == models.Award.Status.VALID and not (
        award_row.expires_at is not None and award_row.expires_at <= now
    )
    return collecting.channels() if valid and _state(consent, rows) == "issued" else ()


def _offers(award_row: models.Award, channels: tuple[str, ...], now: datetime) -> tuple[PanelOffer, ...]:
    return tuple(
        PanelOffer(
            channel=channel, state=_offer_state(row, channel in channels, now), expires_at=row.expires_at,
            collected_at=row.collected_at, code=row.error_code,
        )
        for channel, row in collecting.latest(award_row).items()
    )


def _offer_state(row: models.WalletOffer, possible: bool, now: datetime) -> str:
    """``possible``: whether a wallet would be given the award by this channel now."""
    if row.collected_at is not None:
        return "collected"
    if row.error_code:
        return "failed"
    if row.ended_at is not None or not possible:
        return "over"
    if row.redeemed_at is not None and row.token_expires_at is not None:
        return "started" if row.token_expires_at > now else "over"
    return "open" if row.expires_at > now else "over"


def _shown(state: str) -> str:
    """To the learner one that was given up is one that waits for somebody to try again."""
    return _DeliveryState.WAITING.value if state == _DeliveryState.DEAD else state


def _parity_of(award_row: models.Award, rows: list[models.Credential]) -> tuple[Any, ...]:
    digests = {Format(row.format): row.digest for row in rows if row.state == _CredentialState.ISSUED}
    if not {Format.OPEN_BADGE, Format.ELM} <= set(digests):
        return ()
    return _parity(award_row.pk, digests[Format.OPEN_BADGE], digests[Format.ELM])


@lru_cache(maxsize=256)
def _parity(award_pk: UUID, _badge_digest: str, _elm_digest: str) -> tuple[Any, ...]:
    """Signed bytes never change, so their report does not either; the digests make the cache's key."""
    award_row = models.Award.objects.select_related("pill").get(pk=award_pk)
    documents = {Format(row.format): row for row in award_row.credentials.exclude(format=Format.OPEN_BADGE_JWT.value)}
    return parity.report(
        awarding.award_of(award_row), open_badge=issuing.unsigned(documents[Format.OPEN_BADGE]),
        elm=issuing.unsigned(documents[Format.ELM]),
    )


def _unknown() -> NotAllowed:
    return NotAllowed("You hold no such award.", code="award-unknown")
