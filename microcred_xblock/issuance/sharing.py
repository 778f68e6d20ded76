"""The consent to send: what a learner agrees that goes to which wallet. Read with the deliveries, in one query."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

from ..domain.credential import Format
from ..wallets.base import Provider
from . import conf, models

_Purpose = models.Consent.Purpose
_State = models.Delivery.State
_OPEN = (_State.QUEUED, _State.WAITING, _State.REFUSED, _State.DEAD)  # what is sent already is not to be stopped


def recipient(wallet: Provider) -> str:
    """A wallet as the ledger names it."""
    return wallet.base_url[:255]


def marked(deliveries: Any) -> Any:
    """``deliveries``, each with ``agreed``: consent to issue and to send there is in force.

    Nothing can be sent to a wallet that the settings no longer name; what waits for one may go on waiting.
    """
    places = [When(connection__wallet_id=key, then=Value(recipient(found))) for key, found in conf.wallets().items()]
    given = models.Consent.objects.filter(award=OuterRef("credential__award"), active=True)
    shared = given.filter(purpose=_Purpose.SHARE, recipient=OuterRef("place"))
    return deliveries.annotate(
        place=Case(*places, default=Value(""), output_field=CharField()),
    ).annotate(
        agreed=Exists(given.filter(purpose=_Purpose.ISSUE)) & (Q(place="") | Exists(shared)),
    )


def record(
    award_row: models.Award, wallet: Provider, formats: Iterable[Format], digest: str, now: datetime
) -> None:
    """The ledger's line for this wallet; pressing "send" or "retry" is the learner's consent to it.

    A line that says less than what is sent now, or names another document, gives way to a new one. Lock the award.
    """
    wanted, place = [item.value for item in formats], {"purpose": _Purpose.SHARE, "recipient": recipient(wallet)}
    line = award_row.consents.filter(**place, active=True).first()
    if line is not None:
        if line.payload_digest == digest and set(wanted) <= set(line.formats):
            return
        wanted = list(dict.fromkeys([*line.formats, *wanted]))
        award_row.consents.filter(pk=line.pk).update(active=None, withdrawn_at=now)
    award_row.consents.create(**place, formats=wanted, payload_digest=digest, given_at=now)


def stop(*of: Q, **why: Any) -> None:
    """Nothing more of these deliveries is sent, whoever asks for it, until the learner sends again.

    ``why``: columns that say it, where it was not the learner.
    """
    found = list(models.Delivery.objects.filter(*of, state__in=_OPEN).values_list("pk", flat=True))
    # Their states are asked for once more: an UPDATE with a join changes what it has found, whatever became of it.
    rows = models.Delivery.objects.filter(pk__in=found, state__in=_OPEN)
    rows.update(state=_State.STOPPED, next_attempt_at=None, **why)
