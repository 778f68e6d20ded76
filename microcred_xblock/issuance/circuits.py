"""How a wallet's host has been answering, and so how many workers may speak to it.

A host that fails several times in a row is left alone for a while; then one worker tries it alone. Hosts that answer
slowly share a lane with few places, so that no learner waits for another's wallet. Both are rows: every worker knows.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q

from ..wallets.base import Provider
from . import conf, models, outbox, tasks

RESTS_FIRST = timedelta(seconds=15)
RESTS_MOST = timedelta(minutes=10)
SLOW_FOR = timedelta(minutes=5)
RESTING = "wallet-resting"
_LANE = "slow lane"
_JITTER = 0.2
_random = random.SystemRandom()


def place_of(wanted: Provider) -> tuple[str, str]:
    """The key and the name of the host that a wallet is at."""
    parts = urlsplit(wanted.base_url)
    name = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    return models.pair_key(name), name


def of(wanted: Provider) -> models.WalletCircuit | None:
    """What is known of a wallet's host; None while it has given no cause."""
    return models.WalletCircuit.objects.filter(place=place_of(wanted)[0]).first()


def closed_until(row: models.WalletCircuit | None, now: datetime) -> datetime | None:
    """Until when nobody may ask the host; None if the caller may, alone where the host has to be tried first.

    Who is told None of a host that was left alone has to report ``answered`` or ``failed``.
    """
    if row is None or row.failures < _limit():
        return None
    if row.open_until is not None and row.open_until > now:
        return _spread(row.open_until, now)
    mine = Q(probe="") | Q(probe_until__lt=now)
    won = models.WalletCircuit.objects.filter(mine, pk=row.pk, failures=row.failures).update(
        probe=uuid4().hex, probe_until=now + outbox.LEASE
    )
    return None if won else _spread(now + RESTS_FIRST, now)


def answered(row: models.WalletCircuit | None, wanted: Provider, now: datetime) -> None:
    """The host gave an answer, be it a no. Deliveries that waited for it are due."""
    if row is None or not row.failures:
        return
    rows = models.WalletCircuit.objects.filter(pk=row.pk, failures__gt=0)
    if not rows.update(failures=0, open_until=None, probe="", probe_until=None, error_code=""):
        return
    state = models.Delivery.State
    at_place = [item.id for item in conf.wallets().values() if place_of(item) == place_of(wanted)]
    waiting = models.Delivery.objects.filter(state=state.WAITING, error_code=RESTING, next_attempt_at__gt=now)
    found = list(waiting.filter(connection__wallet_id__in=at_place).values_list("pk", flat=True)[:outbox.REQUESTS])
    if found and models.Delivery.objects.filter(pk__in=found).update(next_attempt_at=now):
        outbox.enqueue(tasks.sweep)


def failed(wanted: Provider, code: str, now: datetime) -> None:
    """The host gave no usable answer. After some of these in a row it is left alone, each time for longer."""
    place, name = place_of(wanted)
    models.WalletCircuit.objects.get_or_create(place=place, defaults={"name": name[:255]})
    with transaction.atomic():
        rows = models.WalletCircuit.objects.filter(place=place)
        rows.update(failures=F("failures") + 1, error_code=code, probe="", probe_until=None)
        over = rows.values_list("failures", flat=True)[0] - _limit()
        if over >= 0:
            rests = min(RESTS_FIRST * 2 ** min(over, 16), RESTS_MOST)
            rows.update(open_until=now + rests * (1 - _random.uniform(0, _JITTER)))


def measured(row: models.WalletCircuit | None, wanted: Provider, took: timedelta, now: datetime) -> bool:
    """Note how long an answer took; whether the host is slow."""
    if took.total_seconds() <= conf.number("MICROCRED_SLOW_SECONDS"):
        return is_slow(row, now)
    place, name = place_of(wanted)
    columns = {"name": name[:255], "slow_until": now + SLOW_FOR}
    models.WalletCircuit.objects.update_or_create(place=place, defaults=columns)
    return True


def is_slow(row: models.WalletCircuit | None, now: datetime) -> bool:
    """Whether the host answered slowly some minutes ago."""
    return row is not None and row.slow_until is not None and row.slow_until > now


def slow_wallets(now: datetime) -> list[str]:
    """The ids of the wallets at hosts that are slow."""
    slow = set(models.WalletCircuit.objects.filter(slow_until__gt=now).values_list("place", flat=True))
    return [wanted.id for wanted in conf.wallets().values() if place_of(wanted)[0] in slow] if slow else []


class Lane:
    """One of the few places for workers at slow hosts. Each is a row that only one worker can lease."""

    def __init__(self) -> None:
        self._token = uuid4().hex
        self._held: int | None = None

    @property
    def held(self) -> bool:
        """Whether this worker is in the lane."""
        return self._held is not None

    def enter(self, now: datetime) -> bool:
        """Take a place, or keep it; False where all are taken."""
        until = now + outbox.LEASE
        if self._held is not None:
            if models.WalletCircuit.objects.filter(pk=self._held, probe=self._token).update(probe_until=until):
                return True
            self._held = None
        for pk in _places():
            free = Q(probe="") | Q(probe_until__lt=now)
            if models.WalletCircuit.objects.filter(free, pk=pk).update(probe=self._token, probe_until=until):
                self._held = pk
                return True
        return False

    def leave(self) -> None:
        """Give the place back."""
        if self._held is not None:
            models.WalletCircuit.objects.filter(pk=self._held, probe=self._token).update(probe="", probe_until=None)
            self._held = None


def _places() -> list[int]:
    names = [f"{_LANE} {number}" for number in range(1, int(conf.number("MICROCRED_SLOW_WORKERS")) + 1)]
    found = dict(models.WalletCircuit.objects.filter(name__in=names).values_list("name", "pk"))
    for name in names:
        if name not in found:
            row, _ = models.WalletCircuit.objects.get_or_create(place=models.pair_key(name), defaults={"name": name})
            found[name] = row.pk
    return [found[name] for name in names]


def _spread(until: datetime, now: datetime) -> datetime:
    """A little after ``until``, so that not all come at once."""
    return until + (until - now) * _random.uniform(0, _JITTER)


def _limit() -> int:
    return int(conf.number("MICROCRED_CIRCUIT_FAILURES"))
