"""From an award to signed credentials: the payload, consent to exactly that payload, signing, withdrawal."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import transaction

from ..credentials import elm, open_badges, parity, pinned
from ..domain.credential import Credential, Format, VerifiableCredential, credential_urn
from ..domain.errors import InvalidInput, MicrocredError, NotAllowed
from ..proofs import data_integrity, jades, jose
from . import filters, issuers, models, outbox, places, requests, signals, status, tasks
from .awarding import award_of
from .data import Learner, Payload

log = logging.getLogger(__name__)

FORMATS = (Format.OPEN_BADGE, Format.OPEN_BADGE_JWT, Format.ELM)
CLOCK_LEEWAY = timedelta(minutes=5)
PREPARED_FOR = timedelta(hours=1)

_State = models.Credential.State
_Purpose = models.Consent.Purpose
_Status = models.Award.Status
_Rows = dict[Format, models.Credential]
_templates = data_integrity.TemplateCache()


def payload(award_row: models.Award, learner: Learner, *, now: datetime) -> Payload:
    """What will be signed, or was. Fixes ids, salt and times first, so that consent sees the same documents.

    InvalidInput where the learner's account lacks a name or address, InvalidDocument, Misconfigured.
    """
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        rows = _prepared(award_row, now)
    badge, european = _documents(award_row, rows, learner)
    return Payload(
        digest=_digest(badge, european), open_badge=badge, elm=european,
        parity=parity.report(award_of(award_row), open_badge=badge, elm=european),
    )


def consent(award_row: models.Award, learner: Learner, *, digest: str, now: datetime) -> None:
    """Record that the learner agrees to the payload with ``digest``, and have it signed. Twice is once.

    NotAllowed (``payload-changed``) unless that is still exactly what would be signed.
    """
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        rows = _rows(award_row)
        if set(rows) != set(FORMATS):
            raise _changed()
        badge, european = _documents(award_row, rows, learner)
        if not secrets.compare_digest(_digest(badge, european).encode(), digest.encode()):
            raise _changed()
        _record_consent(award_row, digest, now)
        queued = False
        for format_, row in rows.items():
            if row.state in (_State.PREPARED, _State.FAILED):
                _queue(row, european if format_ is Format.ELM else badge, now)
                queued = True
        if queued:
            outbox.enqueue(tasks.issue_award, str(award_row.pk))


def withdraw(award_row: models.Award, *, now: datetime) -> None:
    """Stop everything that has not happened yet. What is signed stays; what lies in a wallet is the learner's."""
    state = models.Delivery.State
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        award_row.consents.filter(active=True).update(active=None, withdrawn_at=now)
        award_row.credentials.filter(state__in=(_State.QUEUED, _State.FAILED)).update(
            state=_State.PREPARED, document="", next_attempt_at=None
        )
        models.Delivery.objects.filter(
            credential__award=award_row, state__in=(state.QUEUED, state.WAITING, state.REFUSED, state.DEAD)
        ).update(state=state.STOPPED, next_attempt_at=None)


def may_process(award_id: Any) -> bool:
    """Whether consent to issue (and so to send) the award's credentials is in force."""
    return models.Consent.objects.filter(award_id=award_id, purpose=_Purpose.ISSUE, active=True).exists()


def issue(credential_pk: int, *, now: datetime) -> None:
    """``issue_award`` for one credential only."""
    row = models.Credential.objects.filter(pk=credential_pk, state=_State.QUEUED).only("award_id").first()
    if row is not None:
        issue_award(row.award_id, now=now, only=credential_pk)


def issue_award(award_id: Any, *, now: datetime, only: int | None = None) -> None:
    """Sign every queued credential of an award and keep its bytes for good; does nothing for any other.

    Outside any transaction, as a key may be far away; the rows are leased meanwhile. Never raises MicrocredError: a
    fault of the document fails the row, a fault of the installation leaves it queued for a later attempt.
    """
    queued = models.Credential.objects.filter(award_id=award_id, state=_State.QUEUED)
    lease, rows = outbox.acquire(queued if only is None else queued.filter(pk=only), now, state=_State.QUEUED)
    if not rows:
        return
    award = models.Award.objects.get(pk=award_id)
    signer = cache(issuers.signer)
    valid = award.status == _Status.VALID
    outcomes = {row.pk: _attempt(row, now, lambda: signer(award.issuer_key)) for row in rows if valid}
    try:
        requests.patiently(lambda: _settle(rows, outcomes, lease, now))
    except MicrocredError as error:  # a signature that could not be audited is not given out
        failures = {row.pk: _failure(row, error, now) for row in rows}
        requests.patiently(lambda: _settle(rows, failures, lease, now))


def _attempt(row: models.Credential, now: datetime, signer: Callable[[], issuers.Signer]) -> dict[str, Any]:
    """What is to be written of one credential: its signature, or why there is none."""
    try:
        signed, key = _sign(row, now, signer)
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


def _settle(
    rows: list[models.Credential], outcomes: Mapping[int, Mapping[str, Any]], lease: str, now: datetime
) -> None:
    """Write what came of signing, unless meanwhile the learner withdrew or agreed to another document.

    Signatures go into the audit in the same transaction: without their lines nothing is issued.
    """
    award = outbox.lock_award(rows[0].award_id)
    current = set(award.credentials.filter(state=_State.QUEUED, lease=lease).values_list("pk", flat=True))
    held = [row for row in rows if row.pk in current]  # whoever queued another document took the lease away
    stopped = _stopped(award)
    issued = False
    for row in held:
        columns = dict(stopped or outcomes.get(row.pk) or {"next_attempt_at": now})
        key = columns.pop("key", None)
        models.Credential.objects.filter(pk=row.pk).update(lease="", leased_until=None, **columns)
        if columns.get("state") != _State.ISSUED:
            continue
        issued = True
        if key is not None:
            issuers.record_use(
                key, purpose=row.format, subject=row.credential_id, digest=columns["digest"], at=columns["signed_at"]
            )
        signals.send(signals.credential_issued, row.pk)
    if issued:
        _go_on(award, now)


def _stopped(award: models.Award) -> dict[str, Any] | None:
    """What becomes of credentials that may not be signed now; None where they may."""
    if not may_process(award.pk):
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
    return NotAllowed("The award is no longer valid: nothing more of it is signed or sent.", code="award-ended")


def _go_on(award: models.Award, now: datetime) -> None:
    """After a signature: send what waited for it, and let the last one take the place of the former award's."""
    waiting = models.Delivery.objects.filter(credential__award_id=award.pk, state=models.Delivery.State.QUEUED)
    for connection_id in set(waiting.values_list("connection_id", flat=True)):
        outbox.enqueue(tasks.deliver_connection, connection_id)
    if award.supersedes_id is None or award.credentials.exclude(state=_State.ISSUED).exists():
        return
    former = models.Award.objects.get(pk=award.supersedes_id)
    if former.status in (_Status.VALID, _Status.SUSPENDED):
        status.supersede(former, reason=_why(award), actor="system", now=now)


def _why(award: models.Award) -> str:
    """Why an award takes the place of another, as its learner was told."""
    told = models.Notice.objects.filter(award_id=award.pk, kind="renewal-offered").order_by("-pk").first()
    reason = str(told.params.get("reason", "")) if told is not None else ""
    return reason if reason in status.REASONS else "renewal"


def signed(row: models.Credential) -> VerifiableCredential:
    """The signed credential of an issued row."""
    return VerifiableCredential(
        id=row.credential_id, format=Format(row.format), media_type=row.media_type, content=bytes(row.content),
        extension=row.extension,
    )


def unsigned(row: models.Credential) -> dict[str, Any]:
    """The document inside an issued Open Badge or ELM row."""
    outer = json.loads(bytes(row.content))
    if Format(row.format) is Format.ELM:
        return json.loads(outer["payload"])
    return {name: value for name, value in outer.items() if name != "proof"}


def _prepared(award_row: models.Award, now: datetime) -> _Rows:
    """The rows of all forms, made if need be; times that nobody agreed to within the hour are set anew."""
    rows = _rows(award_row)
    valid_from = min(now, max(award_row.awarded_at, now - CLOCK_LEEWAY)).replace(microsecond=0)
    if not rows:
        salt = secrets.token_hex(16)
        models.Credential.objects.bulk_create(
            models.Credential(
                award=award_row, format=format_.value, credential_id=credential_urn(award_row.pk, format_), salt=salt,
                issued_at=valid_from, valid_from=valid_from,
            )
            for format_ in FORMATS
        )
        return _rows(award_row)
    untouched = all(row.state == _State.PREPARED for row in rows.values())
    if untouched and min(row.valid_from for row in rows.values()) < now - PREPARED_FOR:
        award_row.credentials.update(issued_at=valid_from, valid_from=valid_from)
        return _rows(award_row)
    return rows


def _rows(award_row: models.Award) -> _Rows:
    return {Format(row.format): row for row in award_row.credentials.all()}


def _documents(award_row: models.Award, rows: _Rows, learner: Learner) -> tuple[dict[str, Any], dict[str, Any]]:
    """Badge and ELM document: as issued, as agreed to, or composed now."""
    badge, european = (_fixed(rows[format_]) for format_ in (Format.OPEN_BADGE, Format.ELM))
    if badge is None:
        badge = _compose_badge(award_row, rows[Format.OPEN_BADGE], learner)
    if european is None:
        european = _compose_elm(award_row, rows[Format.ELM], learner)
    return badge, european


def _fixed(row: models.Credential) -> dict[str, Any] | None:
    if row.state == _State.ISSUED:
        return unsigned(row)
    return json.loads(row.document) if row.state == _State.QUEUED else None


def _compose_badge(award_row: models.Award, row: models.Credential, learner: Learner) -> dict[str, Any]:
    achievement = award_row.pill.achievement
    composed = open_badges.compose(
        award_of(award_row), issuers.issuer(award_row.issuer_key), learner.holder(), credential_id=row.credential_id,
        achievement_id=places.achievement(achievement), salt=row.salt, valid_from=row.valid_from,
        valid_until=award_row.expires_at, evidence_url=places.assessment(achievement),
        status=status.badge_entry(award_row), refresh_service=_refreshed_at(award_row, row),
    )
    document = filters.composed(composed.document, Format.OPEN_BADGE, award_of(award_row))
    open_badges.validate(document, signed=False)
    return document


def _compose_elm(award_row: models.Award, row: models.Credential, learner: Learner) -> dict[str, Any]:
    composed = elm.compose(
        award_of(award_row), issuers.issuer(award_row.issuer_key), learner.holder(), credential_id=row.credential_id,
        issued=row.issued_at, valid_from=row.valid_from, valid_until=award_row.expires_at,
        open_badge_id=credential_urn(award_row.pk, Format.OPEN_BADGE),
    )
    document = filters.composed(composed.document, Format.ELM, award_of(award_row))
    elm.validate(document)
    return document


def _refreshed_at(award_row: models.Award, row: models.Credential) -> str:
    """Where a badge that expires can be had anew."""
    uuid = status.uuid_of(row.credential_id) if award_row.expires_at is not None else None
    return places.refresh(uuid) if uuid is not None else ""


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
    row: models.Credential, now: datetime, signer_of: Callable[[], issuers.Signer]
) -> tuple[VerifiableCredential, int | None]:
    """The signed credential, and the row of the key that signed it."""
    signer = signer_of()
    now = max(now, row.valid_from)  # a worker's clock may be behind that of the server which took the consent
    format_ = Format(row.format)
    badge = format_ is not Format.ELM
    composed = Credential(
        id=row.credential_id, format=Format.OPEN_BADGE if badge else Format.ELM, document=json.loads(row.document)
    )
    if format_ is Format.OPEN_BADGE_JWT:
        token = jose.secure(composed, key=signer.badge_jwt, key_id=signer.badge_jwt_method)
        return token, signer.row_of(signer.badge_jwt)
    if format_ is Format.ELM:
        return jades.seal(composed, certificate=signer.seal, now=now), signer.row_of(signer.seal.key)
    signed_badge = data_integrity.secure(
        composed, key=signer.badge, verification_method=signer.badge_method, now=now,
        loader=pinned.document_loader, cache=_templates,
    )
    open_badges.validate(json.loads(signed_badge.content))
    return signed_badge, signer.row_of(signer.badge)


def _digest(badge: Mapping[str, Any], european: Mapping[str, Any]) -> str:
    """SHA-256 of both documents as one canonical JSON text."""
    text = json.dumps(
        {"elm": european, "open_badge": badge}, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _changed() -> NotAllowed:
    return NotAllowed(
        "What would be issued has changed since you saw it: read it again.", code="payload-changed"
    )
