"""Nonces for the key proofs of wallets: made without a trace, used once.

Whoever asks is given one, so nothing is written for it: the site's secret vouches for it, and for until when it
holds. Its use is a row under a unique index (``models.SpentValue``), and only a wallet with a good token comes that
far; so it is used once whichever worker is asked, and strangers fill no table.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from . import models

LASTS = timedelta(minutes=5)
_SALT = "microcred.wallet.nonce"
_RANDOM, _TIME, _MAC = 16, 8, 16  # bytes


def make(now: datetime) -> str:
    """A fresh nonce that nobody can foresee."""
    until = int((now + LASTS).timestamp()).to_bytes(_TIME, "big")
    told = secrets.token_bytes(_RANDOM) + until
    return base64.urlsafe_b64encode(told + _mac(told)).decode("ascii").rstrip("=")


def spend(nonce: str, *, now: datetime) -> bool:
    """Use the nonce up; False if it was not made here, has expired, or was used before."""
    try:
        found = base64.b64decode(nonce.encode("ascii") + b"=" * (-len(nonce) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return False
    told, mac = found[:-_MAC], found[-_MAC:]
    if len(found) != _RANDOM + _TIME + _MAC or not hmac.compare_digest(mac, _mac(told)):
        return False
    until = int.from_bytes(told[_RANDOM:], "big")
    if until <= now.timestamp():
        return False
    return spent_now(told.hex(), until=datetime.fromtimestamp(until, tz=now.tzinfo))


def spent_now(value: str, *, until: datetime) -> bool:
    """Mark ``value`` as used; False if it was before. It may be forgotten a day after ``until``."""
    try:
        with transaction.atomic():
            models.SpentValue.objects.create(digest=_digest(value), expires_at=until)
    except IntegrityError:
        return False
    return True


def is_spent(value: str) -> bool:
    """Whether ``spent_now`` was told of it."""
    return models.SpentValue.objects.filter(digest=_digest(value)).exists()


def _digest(value: str) -> str:
    return hashlib.sha256(f"{_SALT}\0{value}".encode()).hexdigest()


def _mac(told: bytes) -> bytes:
    return salted_hmac(_SALT, told, algorithm="sha256").digest()[:_MAC]
