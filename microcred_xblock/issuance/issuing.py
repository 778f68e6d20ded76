"""From an award to signed credentials: the payload, consent to exactly that payload, signing, withdrawal."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from ..credentials import parity
from ..domain.credential import Format, VerifiableCredential
from ..domain.errors import InvalidInput, MicrocredError, NotAllowed
from . import chains, holding, issuers, models, outbox, requests, sharing, signals, signing, status, tasks, writing
from .awarding import award_of
from .composing import FORMATS, digest_of, documents, prepared, rows_of, signed, unsigned
from .data import Learner, Payload

__all__ = [
    "FORMATS", "consent", "issue", "issue_award", "may_process", "payload", "refused", "signed", "unsigned", "withdraw",
]

log = logging.getLogger(__name__)

SHARE = 20  # awards signed together
SIGNS_FOR = 2.0  # seconds; a remote seal may need as long for one, and others have workers too
TOGETHER = 20  # connections to one wallet in a task

_State = models.Credential.State
_Purpose = models.Consent.Purpose
_Status = models.Award.Status
_random = random.SystemRandom()


@requests.patient
def payload(award_row: models.Award, learner: Learner, *, now: datetime) -> Payload:
    """What will be signed, or was. Fixes ids, salt and times first, so that consent sees the same documents.

    InvalidInput where the learner's account lacks a name or address, InvalidDocument, Misconfigured; NotAllowed
    (``award-expired``) where nothing was agreed to before it expired.
    """
    with transaction.atomic():
        fresh = _locked(award_row)
        rows = prepared(fresh, now)
    _check_term(fresh, rows, now)
    badge, european = documents(fresh, rows, learner)
    return Payload(
        digest=digest_of(badge, european), open_badge=badge, elm=european,
        parity=parity.report(award_of(fresh), open_badge=badge, elm=european),
    )


@requests.patient
def consent(award_row: models.Award, learner: Learner, *, digest: str, now: datetime) -> None:
    """Record that the learner agrees to the payload with ``digest``, and have it signed. Twice is once.

    NotAllowed: ``payload-changed`` unless that is still exactly what would be signed, ``award-expired``,
    ``award-suspended``, ``award-ended``.
    """
    former = award_row.supersedes_id
    with transaction.atomic():
        fresh = _locked(award_row, former or award_row.pk)
        rows = rows_of(fresh)
        refusal = refused(fresh) if _unsigned(rows) else None  # what replaces another stands and falls with it
        if refusal is not None:
            raise refusal
        _check_term(fresh, rows, now)
        if set(rows) != set(FORMATS):
            raise _changed()
        badge, european = documents(fresh, rows, learner)
        if not secrets.compare_digest(digest_of(badge, european).encode(), digest.encode()):
            raise _changed()
        _record_consent(award_row, digest, now)
        if former is not None:  # from now on the new one is what the learner wants to have
            sharing.stop(Q(credential__award_id=former))
        queued = False
        for format_, row in rows.items():
            if row.state in (_State.PREPARED, _State.FAILED):
                _queue(row, european if format_ is Format.ELM else badge, now)
                queued = True
        if queued:
            outbox.enqueue(tasks.issue_award, str(award_row.pk))


@requests.patient
def withdraw(award_row: models.Award, *, now: datetime) -> None:
    """Stop everything that has not happened yet. What is signed stays; what lies in a wallet is the learner's.

    That holds for the award with all that it replaced and, while it stands, with what is to replace it.
    """
    with transaction.atomic():
        awards = holding.chain(award_row)
        outbox.lock_awards(awards)
        models.Consent.objects.filter(award_id__in=awards, active=True).update(active=None, withdrawn_at=now)
        models.Credential.objects.filter(award_id__in=awards, state__in=(_State.QUEUED, _State.FAILED)).update(
            state=_State.PREPARED, document="", next_attempt_at=None
        )
        sharing.stop(Q(credential__award_id__in=awards))
        models.WalletOffer.objects.filter(award_id__in=awards, ended_at__isnull=True).update(ended_at=now)


def _locked(stale: models.Award, *more: Any) -> models.Award:
    """The award as it is now, locked with ``more``: what is composed must not come of a row that was put right since.

    NotAllowed (``account-retired``) where there is nobody any more for whom anything could be composed.
    """
    fresh = outbox.lock_awards({stale.pk, *more})[stale.pk]
    if fresh.retired_at is not None:
        raise NotAllowed("The account was retired: nothing is issued for it any more.", code="account-retired")
    if fresh.pill_id == stale.pill_id:
        fresh.pill = stale.pill
    return fresh


def may_process(award_id: Any) -> bool:
    """Whether consent to issue (and so to send) the award's credentials is in force."""
    return _agreed().filter(award_id=award_id).exists()


def _agreed() -> Any:
    return models.Consent.objects.filter(purpose=_Purpose.ISSUE, active=True)


def issue(credential_pk: int, *, now: datetime) -> None:
    """``issue_award`` for one credential only."""
    row = models.Credential.objects.filter(pk=credential_pk, state=_State.QUEUED).only("award_id").first()
    if row is not None:
        issue_award(row.award_id, now=now, only=credential_pk)


def issue_award(award_id: Any, *, now: datetime, only: int | None = None) -> None:
    """Sign every queued credential of an award and keep its bytes for good; does nothing for any other.

    Others that are due are signed along with it, as many awards together cost little more than one. Outside any
    transaction, as a key may be far away; the rows are leased meanwhile. Never raises MicrocredError: a fault of the
    document fails the row, a fault of the installation leaves it queued for a later attempt.
    """
    lease, rows = _leased(award_id, now, only)
    if not rows:
        return
    awards = models.Award.objects.in_bulk({row.award_id for row in rows})
    desk, begun, outcomes, left = cache(signing.Desk), monotonic(), {}, {}
    for row in rows:
        award = awards[row.award_id]
        if str(award.pk) != str(award_id) and monotonic() - begun > SIGNS_FOR:
            outcomes[row.pk] = {"attempts": 0, "next_attempt_at": now}
            left[award.pk] = True
        elif award.status == _Status.VALID:
            outcomes[row.pk] = _attempt(row, now, partial(desk, award.issuer_key))
    _write(rows, outcomes, lease, now)
    for pk in left:
        outbox.enqueue(tasks.issue_award, str(pk))


def _leased(award_id: Any, now: datetime, only: int | None) -> tuple[str, list[models.Credential]]:
    """The rows of the award, and after them those of others that nobody has tried yet.

    An attempt is counted against the others at once: what kills a worker kills it once, and then has its own task.
    """
    queued = models.Credential.objects.filter(state=_State.QUEUED)
    own = queued.filter(award_id=award_id)
    if only is not None:
        return outbox.acquire(own.filter(pk=only), now, state=_State.QUEUED)
    if not own.filter(outbox.free(now)).exists():
        return "", []
    untried = Q(attempts=0, lease="", next_attempt_at__lte=now)
    # Without the awards: joined to them, MariaDB reads every award there is before it sorts.
    due = queued.filter(untried).order_by("next_attempt_at").values_list("award_id", flat=True)
    others = list(set(due[:len(FORMATS) * SHARE * 4]) - {UUID(str(award_id))})
    some = _random.sample(others, min(SHARE - 1, len(others)))  # another worker looks at the same ones
    chosen = list(models.Award.objects.filter(pk__in=some, supersedes__isnull=True).values_list("pk", flat=True))
    wanted = queued.filter(Q(award_id=award_id) | untried, award_id__in=[award_id, *chosen])
    lease, rows = outbox.acquire(wanted, now, state=_State.QUEUED)
    rows.sort(key=lambda row: (str(row.award_id) != str(award_id), row.award_id, row.pk))
    along = [row.pk for row in rows if str(row.award_id) != str(award_id)]
    if along:
        models.Credential.objects.filter(pk__in=along, lease=lease).update(attempts=1)
    return lease, rows


def _attempt(row: models.Credential, now: datetime, desk: Callable[[], signing.Desk]) -> dict[str, Any]:
    """What is to be written of one credential: its signature, or why there is none."""
    try:
        signed, key = _sign(row, now, desk)
    except Exception as error:
        return _failure(row, error, now)
    return {
        "state": _State.ISSUED, "content": signed.content, "media_type": signed.media_type,
        "extension": signed.extension, "digest": hashlib.sha256(signed.content).hexdigest(), "signed_at": now,
        "document": "", "attempts": row.attempts + 1, "next_attempt_at": None, **outbox.NO_ERROR, "key": key,
    }


def _failure(row: models.Credential, error: Exception, now: datetime) -> dict[str, Any]:
    """InvalidInput will not mend itself, nor will a bug after many attempts; everything else may.

    What failed keeps its document: staff can have it tried again, and its learner has agreed to nothing else.
    """
    if not isinstance(error, MicrocredError):
        log.exception("Credential %s could not be signed.", row.pk)
    attempts = row.attempts + 1
    bug = not isinstance(error, MicrocredError) and attempts > len(outbox.LADDER)
    final = bug or isinstance(error, InvalidInput)
    later = outbox.next_attempt(min(attempts, len(outbox.LADDER)), now, retry_after=getattr(error, "retry_after", None))
    return {
        "state": _State.FAILED if final else _State.QUEUED, "attempts": attempts,
        "next_attempt_at": None if final else later, **outbox.error_columns(error),
    }


def _write(
    rows: list[models.Credential], outcomes: Mapping[int, Mapping[str, Any]], lease: str, now: datetime
) -> None:
    """Write what came of signing, all awards in one transaction; where that fails, each in its own."""
    awards = list(dict.fromkeys(row.award_id for row in rows))
    try:
        _store(rows, outcomes, lease, now)
    except Exception as error:
        if len(awards) == 1:
            if not isinstance(error, MicrocredError):
                raise
            failures = {row.pk: _failure(row, error, now) for row in rows}  # what cannot be audited is not given out
            _store(rows, failures, lease, now)
            return
        for award in awards:
            try:
                _write([row for row in rows if row.award_id == award], outcomes, lease, now)
            except Exception:
                log.exception("What came of signing award %s could not be stored; it is due again.", award)


def _store(
    rows: list[models.Credential], outcomes: Mapping[int, Mapping[str, Any]], lease: str, now: datetime
) -> None:
    keys = {row.award_id for row in rows}
    # In a transaction before: what is read under the locks must not be older than they.
    beside = requests.patiently(lambda: chains.keys_beside(keys))
    requests.patiently(lambda: _settle(rows, outcomes, lease, now, beside))


def _settle(
    rows: list[models.Credential], outcomes: Mapping[int, Mapping[str, Any]], lease: str, now: datetime,
    beside: list[Any],
) -> None:
    """Write what came of signing, unless meanwhile a learner withdrew or agreed to another document.

    Signatures go into the audit in the same transaction: without their lines nothing is issued.
    """
    keys = {row.award_id for row in rows}
    locked = outbox.lock_awards({*keys, *beside})
    awards = {pk: award for pk, award in locked.items() if pk in keys}
    current = writing.still_queued([row.pk for row in rows], lease)
    agreed = set(_agreed().filter(award_id__in=awards).values_list("award_id", flat=True))
    stopped = {pk: _stopped(award, agreed=pk in agreed) for pk, award in awards.items()}
    uses: list[models.KeyUse] = []
    issued: dict[Any, models.Award] = {}
    changed: list[tuple[models.Credential, dict[str, Any]]] = []
    for row in rows:
        if row.pk not in current:  # whoever queued another document took the lease away
            continue
        columns = dict(stopped[row.award_id] or outcomes.get(row.pk) or {"next_attempt_at": now})
        key = columns.pop("key", None)
        changed.append((row, {"lease": "", "leased_until": None, **columns}))
        if columns.get("state") != _State.ISSUED:
            continue
        issued[row.award_id] = awards[row.award_id]
        if key is not None:
            uses.append(models.KeyUse(
                key_id=key, purpose=row.format, subject=row.credential_id, digest=columns["digest"],
                at=columns["signed_at"],
            ))
        signals.send(signals.credential_issued, row.pk)
    writing.put(changed)
    if uses:
        issuers.record_uses(uses)
    if issued:
        _go_on(issued, now)


def _stopped(award: models.Award, *, agreed: bool) -> dict[str, Any] | None:
    """What becomes of credentials that may not be signed now; None where they may."""
    if not agreed:
        return {"state": _State.PREPARED, "document": "", "next_attempt_at": None}
    refusal = refused(award)
    if refusal is None:
        return None
    if award.status == _Status.SUSPENDED:
        return {"next_attempt_at": None, **outbox.error_columns(refusal)}
    return {"state": _State.PREPARED, "document": "", "next_attempt_at": None, **outbox.error_columns(refusal)}


def refused(award: models.Award) -> NotAllowed | None:
    """Why nothing of an award is signed or sent now, if so."""
    if award.status == _Status.VALID:
        return None
    if award.status == _Status.SUSPENDED:
        return NotAllowed("The award is suspended: nothing is signed or sent for now.", code="award-suspended")
    return chains.refusal()


def _go_on(awards: Mapping[Any, models.Award], now: datetime) -> None:
    """After signatures: send what waited for them, and let an award's last one take the place of the former award's."""
    waiting = models.Delivery.objects.filter(credential__award_id__in=awards, state=models.Delivery.State.QUEUED)
    by_wallet: dict[str, list[int]] = {}
    for wallet_id, pk in sorted(set(waiting.values_list("connection__wallet_id", "connection_id"))):
        by_wallet.setdefault(wallet_id, []).append(pk)
    for found in by_wallet.values():
        for start in range(0, len(found), TOGETHER):
            outbox.enqueue(tasks.deliver_connection, *found[start:start + TOGETHER])
    for award in awards.values():
        if award.supersedes_id is not None and not award.credentials.exclude(state=_State.ISSUED).exists():
            for former in chains.formers(award):
                status.supersede(former, reason=_why(award), actor="system", now=now)


def _unsigned(rows: Mapping[Format, models.Credential]) -> bool:
    """Whether consent would have anything signed."""
    return any(row.state in (_State.PREPARED, _State.FAILED) for row in rows.values())


def _check_term(award: models.Award, rows: Mapping[Format, models.Credential], now: datetime) -> None:
    """NotAllowed (``award-expired``) for what would be signed after its last day."""
    if award.expires_at is not None and award.expires_at <= now and _unsigned(rows):
        raise NotAllowed("The award expired before anything was signed: renew it.", code="award-expired")


def _why(award: models.Award) -> str:
    """Why an award takes the place of another, as its learner was told."""
    told = models.Notice.objects.filter(award_id=award.pk, kind="renewal-offered").order_by("-pk").first()
    reason = str(told.params.get("reason", "")) if told is not None else ""
    return reason if reason in status.REASONS else "renewal"


def _record_consent(award_row: models.Award, digest: str, now: datetime) -> None:
    active = award_row.consents.filter(purpose=_Purpose.ISSUE, active=True)
    if active.filter(payload_digest=digest).exists():
        return
    active.update(active=None, withdrawn_at=now)
    models.Consent.objects.create(
        award=award_row, purpose=_Purpose.ISSUE, recipient=issuers.did(award_row.issuer_key),
        formats=[item.value for item in FORMATS], payload_digest=digest, given_at=now,
    )


def _queue(row: models.Credential, document: Mapping[str, Any], now: datetime) -> None:
    row.document = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    row.state = _State.QUEUED
    row.attempts = 0
    row.next_attempt_at = now
    row.lease, row.leased_until = "", None
    row.error_class, row.error_code, row.error_params = "", "", {}
    row.save(update_fields=[
        "document", "state", "attempts", "next_attempt_at", "lease", "leased_until", "error_class", "error_code",
        "error_params",
    ])


def _sign(
    row: models.Credential, now: datetime, desk_of: Callable[[], signing.Desk]
) -> tuple[VerifiableCredential, int | None]:
    """The signed credential, and the row of the key that signed it."""
    now = max(now, row.valid_from)  # a worker's clock may be behind that of the server which took the consent
    return signing.sign(
        json.loads(row.document), credential_id=row.credential_id, format_=Format(row.format), now=now, desk=desk_of()
    )


def _changed() -> NotAllowed:
    return NotAllowed(
        "What would be issued has changed since you saw it: read it again.", code="payload-changed"
    )
