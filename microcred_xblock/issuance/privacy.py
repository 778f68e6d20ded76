"""When an account is retired: everything that says whose a credential is goes, what verification needs stays.

What stays of an award: which pill, when, its standing and history, its credentials' ids, digests and status bits, and
the consent ledger, all without a person. So whoever holds a copy of the credential can still have it verified, and
nobody can tell from here whose it is. See docs/privacy.md.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from .. import compat
from . import connecting, models, outbox, requests, retired, signals
from .exporting import export, known

__all__ = ["RETIRED", "export", "known", "retire"]

log = logging.getLogger(__name__)

BATCH = 50
LATE = timedelta(days=7)
RETIRED = "user:retired"  # who did it, in the history, where that account is retired
_Job = models.BulkJob.State
_Outcome = models.Regrade.Outcome
_State = models.Credential.State
_Delivery = models.Delivery.State


def retire(learner_id: str, *, now: datetime) -> int:
    """Erase what is personal about an account; how many awards it held. Idempotent.

    In transactions of one award, connection or batch each: after a crash the next call does the rest. Wallets are told
    to forget the tokens afterwards, and if that fails it changes nothing. What arrives late is refused from the first
    line on (``retired``); attempts go before connections, because each may still become one.
    """
    if not learner_id:
        return 0
    requests.patiently(partial(retired.mark, learner_id, now))
    for rows in (models.AuthorizationAttempt, models.AssessmentRequest):
        _delete(rows, learner_id)
    _end_connections(learner_id, now)
    count = _empty_awards(learner_id, now)
    _forget_staff(learner_id, now)
    _forget_searches({learner_id, *compat.former_names(learner_id)}, now)
    _empty_late_arrivals(now)
    log.info("A retired account: %s awards hold no personal data any more.", count)
    return count


def _own(rows: Any, learner_id: str) -> list[Any]:
    """The keys of an account's rows, letter for letter: databases differ in whether ``a`` equals ``A``."""
    found = rows.objects.filter(learner_id=learner_id).order_by("pk").values_list("pk", "learner_id")
    return [pk for pk, owner in found if owner == learner_id]


def _delete(rows: Any, learner_id: str) -> None:
    pks = _own(rows, learner_id)
    for start in range(0, len(pks), BATCH):
        rows.objects.filter(pk__in=pks[start:start + BATCH]).delete()


def _end_connections(learner_id: str, now: datetime) -> None:
    """Wipe every connection, ended ones too, and afterwards tell the wallets."""
    for pk in _own(models.WalletConnection, learner_id):
        requests.patiently(partial(_end_connection, pk, now))


def _end_connection(pk: int, now: datetime) -> None:
    row = models.WalletConnection.objects.select_related("registration").get(pk=pk)
    connecting.close_for_good(row, now=now)
    nobody = _nobody()
    models.WalletConnection.objects.filter(pk=pk).update(
        learner_id=nobody, learner_wallet=models.pair_key(nobody, row.wallet_id), tokens="", scopes=[]
    )


def connect() -> None:
    """Look once more after an award was made: its account may have been retired in the same moment."""
    signals.award_made.connect(_forget_late, dispatch_uid="microcred.privacy.award_made")


def _forget_late(*, pk: Any, **_kwargs: Any) -> None:
    owner = models.Award.objects.filter(pk=pk).values_list("learner_id", flat=True).first()
    if owner is not None and retired.is_marked(owner):
        _empty_awards(owner, timezone.now())


def _empty_awards(learner_id: str, now: datetime) -> int:
    """Until there are none: one that is being replaced has a successor afterwards.

    Where nothing is left to do, others were faster: an old snapshot shows what they have emptied for ever.
    """
    count = 0
    while emptied := sum(
        requests.patiently(partial(_empty_own, pk, learner_id, now)) for pk in _own(models.Award, learner_id)
    ):
        count += emptied
    return count


def _empty_own(pk: Any, learner_id: str, now: datetime) -> bool:
    award = outbox.lock_award(pk)
    if award is None or award.learner_id != learner_id:
        return False
    _empty(award, now)
    return True


def _empty(award: models.Award, now: datetime) -> None:
    """Everything about one award, with its row locked."""
    award.notices.all().delete()
    award.regrades.filter(open=True).update(open=None, outcome=_Outcome.DISMISSED, closed_at=now)
    award.regrades.update(results=[])
    award.changes.update(note="")
    award.consents.filter(active=True).update(active=None, withdrawn_at=now)
    award.offers.all().delete()
    for pk in list(award.bound.values_list("pk", flat=True)):
        models.BoundCredential.objects.filter(pk=pk).update(content=b"", binding=secrets.token_hex(32))
    award.credentials.update(
        state=_State.ERASED, document="", content=b"", salt="", error_params={}, next_attempt_at=None, lease="",
        leased_until=None,
    )
    deliveries = models.Delivery.objects.filter(credential__award=award)
    sent = models.Delivery.objects.filter(pk__in=list(deliveries.values_list("pk", flat=True)))
    sent.exclude(state=_Delivery.DELIVERED).update(state=_Delivery.STOPPED, next_attempt_at=None)
    deliveries.update(location="", error_params={})
    models.StatusChange.objects.create(
        award=award, action=models.StatusChange.Action.RETIRE, reason="account-retired", actor="system", at=now
    )
    nobody = _nobody()
    models.Award.objects.filter(pk=award.pk).update(
        learner_id=nobody, learner_pill=models.pair_key(nobody, str(award.pk)), results=[], retired_at=now
    )


def _empty_late_arrivals(now: datetime) -> None:
    """Deliveries that were under way while an account was retired: a wallet may have answered after that."""
    late = models.Delivery.objects.filter(credential__award__retired_at__gte=now - LATE).exclude(location="")
    for pk in list(late.values_list("pk", flat=True)):
        models.Delivery.objects.filter(pk=pk).update(location="")


def _nobody() -> str:
    """An id that is nobody's, and fresh for each row, so that not even two rows of one account belong together."""
    return f"retired-{secrets.token_hex(16)}"


def _forget_staff(learner_id: str, now: datetime) -> None:
    """Somebody who has worked here leaves no name in the history either, and nothing goes on in it."""
    actor = f"user:{learner_id}"
    _cancel(models.BulkJob.objects.filter(actor=actor), now)
    for rows in (models.StatusChange.objects, models.BulkJob.objects):
        while pks := list(rows.filter(actor=actor).values_list("pk", flat=True)[:BATCH]):
            rows.filter(pk__in=pks).update(actor=RETIRED)


def _forget_searches(names: Iterable[str], now: datetime) -> None:
    """Bulk jobs that were to look for this account, and what was noted of it in them.

    One that still runs is stopped: it has nobody left to find.
    """
    sought = {name.casefold() for name in names}
    searching = models.BulkJob.objects.filter(filters__has_key="learner").values_list("pk", "filters", "params")
    for pk, filters, params in searching.iterator(chunk_size=BATCH):
        if str(filters["learner"]).casefold() not in sought:
            continue
        jobs = models.BulkJob.objects.filter(pk=pk)
        _cancel(jobs, now)
        jobs.update(filters={**filters, "learner": _nobody()}, params={**params, "note": ""})


def _cancel(jobs: Any, now: datetime) -> None:
    jobs.filter(state__in=(_Job.WAITING, _Job.RUNNING)).update(state=_Job.CANCELLED, finished_at=now)
