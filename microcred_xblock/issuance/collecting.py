"""Offers that a wallet collects: made by the learner, redeemed once, ended by the next one.

What a wallet says on the way is the affair of each channel (``oid4vci``, ``vc_api``); here it is told who may go on.
An offer is a bearer's secret: it holds for minutes, for one wallet, and only its digest is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import F

from ..domain.errors import InvalidAnswer, NotAllowed, NotReady
from . import binding, composing, conf, models, outbox, places, requests

Channel = models.WalletOffer.Channel
LASTS = timedelta(minutes=10)
TOKEN_LASTS = timedelta(minutes=5)  # OpenID4VCI 1.0, section 13.10: no longer for a bearer token
MOST_TRIES = 5
_PURPOSE = models.Consent.Purpose.SHARE
_LINE = "offer:"  # how the ledger's recipient begins


@dataclass(frozen=True, kw_only=True)
class Made:
    """A fresh offer with what only its maker is ever told. ``tx_code``: digits, empty where none is asked for."""

    row: models.WalletOffer
    secret: str = field(repr=False)
    tx_code: str = field(default="", repr=False)


@requests.patient
def make(award_row: models.Award, channel: str, *, with_code: bool = False, now: datetime) -> Made:
    """Offer the award. The learner's earlier offers of it by this channel end; pressing the button is the consent.

    InvalidAnswer (``offer-channel``) for a channel that the admin does not allow; NotAllowed and NotReady as
    ``binding.issue``.
    """
    if channel not in channels():
        raise InvalidAnswer("This way to a wallet is not offered here.", code="offer-channel")
    secret, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**6):06d}" if with_code else ""
    with transaction.atomic():
        award = outbox.lock_award(award_row.pk)
        if award is None:
            raise NotAllowed("You hold no such award.", code="award-unknown")
        binding.check(award, now)
        rows = composing.rows_of(award)
        if not rows or any(row.state != models.Credential.State.ISSUED for row in rows.values()):
            raise NotReady("The credential is not issued yet: try again in a moment.", code="not-issued")
        _end(models.WalletOffer.objects.filter(award=award, channel=channel), now)
        _record(award, channel, now)
        row = models.WalletOffer.objects.create(
            award=award, channel=channel, secret_digest=digest(secret), created_at=now, expires_at=now + LASTS,
            tx_code_digest=digest(secret, code) if code else "",
        )
    return Made(row=row, secret=secret, tx_code=code)


def uri(channel: str, secret: str) -> str:
    """What a wallet is given of an offer, by QR code or link."""
    if channel == Channel.OPENID4VCI:
        return "openid-credential-offer://?" + urlencode({"credential_offer_uri": places.credential_offer(secret)})
    return places.interaction(secret)


def channels() -> tuple[str, ...]:
    """The channels that the admin allows, as the setting orders them; none without any form to give."""
    empty = () if conf.chosen("MICROCRED_OPENID4VCI_FORMATS") else (Channel.OPENID4VCI,)
    return tuple(name for name in conf.chosen("MICROCRED_OFFERS") if name not in empty)


def find(secret: str, channel: str, *, now: datetime) -> models.WalletOffer:
    """The offer, which is still good and was not redeemed yet.

    NotAllowed: ``offer-unknown`` (also one that ended), ``offer-expired``, ``offer-used``, and ``offer-channel`` where
    the admin has closed the channel meanwhile.
    """
    check_open(channel)
    return _good(models.WalletOffer.objects.filter(secret_digest=digest(secret), channel=channel), now)


def redeem(
    secret: str, channel: str, *, tx_code: str = "", token: str = "", now: datetime
) -> tuple[models.WalletOffer, str]:
    """Use the secret up, once for good; the offer, and a token by which the same wallet goes on (``token``: this one).

    NotAllowed as ``find``, and ``offer-code`` for a wrong transaction code; after ``MOST_TRIES`` of those the offer
    ends.
    """
    row = find(secret, channel, now=now)
    if row.tx_code_digest:
        _check_code(row, digest(secret, tx_code), now)
    token = token or secrets.token_urlsafe(32)
    mine = models.WalletOffer.objects.filter(pk=row.pk, redeemed_at__isnull=True, ended_at__isnull=True)
    if not mine.update(redeemed_at=now, token_digest=digest(token), token_expires_at=now + TOKEN_LASTS):
        raise NotAllowed("This offer was used already.", code="offer-used")
    row.refresh_from_db()
    return row, token


def by_token(token: str, channel: str, *, now: datetime) -> models.WalletOffer:
    """The offer that a wallet is collecting. NotAllowed (``offer-token``, ``offer-channel``)."""
    check_open(channel)
    rows = models.WalletOffer.objects.filter(
        token_digest=digest(token), channel=channel, ended_at__isnull=True, token_expires_at__gt=now
    )
    row = rows.first()
    if row is None:
        raise NotAllowed("This token is not, or no longer, good.", code="offer-token")
    return row


def collected(row: models.WalletOffer, *, now: datetime) -> None:
    """The wallet was given what it came for."""
    models.WalletOffer.objects.filter(pk=row.pk).update(collected_at=now, error_code="")


def failed(row: models.WalletOffer, code: str) -> None:
    """Why the wallet was given nothing, for the learner to see."""
    models.WalletOffer.objects.filter(pk=row.pk).update(error_code=code[:60])


def given_back(row: models.WalletOffer, code: str) -> None:
    """The wallet says that it does not keep what it was given."""
    models.WalletOffer.objects.filter(pk=row.pk).update(collected_at=None, error_code=code[:60])


def take_back(award_id: Any, recipient: str, *, now: datetime) -> None:
    """The learner withdraws the ledger's line with that recipient: its offers end, those being collected too."""
    channel = recipient.removeprefix(_LINE)
    if channel != recipient:
        _end(models.WalletOffer.objects.filter(award_id=award_id, channel=channel), now)


def latest(award_row: models.Award) -> dict[str, models.WalletOffer]:
    """The last offer of each channel. One query."""
    return {row.channel: row for row in models.WalletOffer.objects.filter(award=award_row).order_by("pk")}


def digest(*parts: str) -> str:
    """A secret as rows keep it."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def check_open(channel: str) -> None:
    """NotAllowed (``offer-channel``) where the admin does not allow the channel."""
    if channel not in channels():
        raise NotAllowed("This way to a wallet is not offered here.", code="offer-channel")


def _good(rows: Any, now: datetime) -> models.WalletOffer:
    row = rows.first()
    if row is None or row.ended_at is not None:
        raise NotAllowed("There is no such offer, or it was taken back.", code="offer-unknown")
    if row.redeemed_at is not None:
        raise NotAllowed("This offer was used already.", code="offer-used")
    if row.expires_at <= now:
        raise NotAllowed("This offer has expired: make a new one.", code="offer-expired")
    return row


def _check_code(row: models.WalletOffer, told: str, now: datetime) -> None:
    """A try is counted before it is looked at: guesses that come at the same moment are not worth more."""
    rows = models.WalletOffer.objects.filter(pk=row.pk)
    if not rows.filter(tries__lt=MOST_TRIES, ended_at__isnull=True).update(tries=F("tries") + 1):
        raise NotAllowed("There is no such offer, or it was taken back.", code="offer-unknown")
    if secrets.compare_digest(row.tx_code_digest, told):
        return
    rows.filter(tries__gte=MOST_TRIES, redeemed_at__isnull=True, ended_at__isnull=True).update(
        ended_at=now, error_code="offer-code"
    )
    raise NotAllowed("The code is not the one that is shown beside the offer.", code="offer-code")


def _end(rows: Any, now: datetime) -> None:
    rows.filter(ended_at__isnull=True).update(ended_at=now)


def _record(award: models.Award, channel: str, now: datetime) -> None:
    """The ledger's line: the learner gives the credential to a wallet that comes for it by this channel."""
    issued = award.consents.get(purpose=models.Consent.Purpose.ISSUE, active=True)
    place = {"purpose": _PURPOSE, "recipient": f"{_LINE}{channel}"}
    line = award.consents.filter(**place, active=True).first()
    if line is not None and line.payload_digest == issued.payload_digest:
        return
    if line is not None:
        award.consents.filter(pk=line.pk).update(active=None, withdrawn_at=now)
    award.consents.create(**place, formats=issued.formats, payload_digest=issued.payload_digest, given_at=now)
