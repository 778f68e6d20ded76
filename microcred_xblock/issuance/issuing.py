"""From an award to signed credentials: the payload, consent to exactly that payload, signing, withdrawal."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from ..credentials import elm, open_badges, parity, pinned
from ..domain.credential import Credential, Format, VerifiableCredential, credential_urn
from ..domain.errors import InvalidInput, MicrocredError, NotAllowed
from ..proofs import data_integrity, jades, jose
from . import issuers, models, outbox, places, tasks
from .awarding import award_of
from .data import Learner, Payload

log = logging.getLogger(__name__)

FORMATS = (Format.OPEN_BADGE, Format.OPEN_BADGE_JWT, Format.ELM)
CLOCK_LEEWAY = timedelta(minutes=5)
PREPARED_FOR = timedelta(hours=1)

_State = models.Credential.State
_Purpose = models.Consent.Purpose
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
        for format_, row in rows.items():
            if row.state in (_State.PREPARED, _State.FAILED):
                _queue(row, european if format_ is Format.ELM else badge, now)


def withdraw(award_row: models.Award, *, now: datetime) -> None:
    """Stop everything that has not happened yet. What is signed stays; what lies in a wallet is the learner's."""
    state = models.Delivery.State
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        award_row.consents.filter(active=True).update(active=None, withdrawn_at=now)
        award_row.credentials.filter(state=_State.QUEUED).update(
            state=_State.PREPARED, document="", next_attempt_at=None
        )
        models.Delivery.objects.filter(
            credential__award=award_row, state__in=(state.QUEUED, state.WAITING, state.REFUSED)
        ).update(state=state.STOPPED, next_attempt_at=None)


def may_process(award_id: Any) -> bool:
    """Whether consent to issue (and so to send) the award's credentials is in force."""
    return models.Consent.objects.filter(award_id=award_id, purpose=_Purpose.ISSUE, active=True).exists()


def issue(credential_pk: int, *, now: datetime) -> None:
    """Sign one queued credential and keep its bytes for good; does nothing for any other.

    Never raises MicrocredError: a fault of the document fails the row, a fault of the installation
    leaves it queued for a later attempt.
    """
    row = models.Credential.objects.select_related("award__pill").filter(pk=credential_pk, state=_State.QUEUED).first()
    if row is None:
        return
    try:
        signed = _sign(row, now)
    except Exception as error:
        _note_failure(row, error, now)
        return
    issued = _settle(
        row, state=_State.ISSUED, content=signed.content, media_type=signed.media_type, extension=signed.extension,
        digest=hashlib.sha256(signed.content).hexdigest(), signed_at=now, document="", attempts=F("attempts") + 1,
        next_attempt_at=None, error_code="", error_params={},
    )
    if issued:
        waiting = row.deliveries.filter(state=models.Delivery.State.QUEUED).values_list("connection_id", flat=True)
        for connection_id in set(waiting):
            outbox.enqueue(tasks.deliver_connection, connection_id)


def _settle(row: models.Credential, **columns: Any) -> bool:
    """Write what came of signing ``row.document``, unless meanwhile the learner withdrew or agreed to another one."""
    with transaction.atomic():
        outbox.lock_award(row.award_id)
        queued = models.Credential.objects.filter(pk=row.pk, state=_State.QUEUED)
        current = queued.first()
        if current is None or current.document != row.document:
            return False
        if not may_process(row.award_id):
            columns = {"state": _State.PREPARED, "document": "", "next_attempt_at": None}
        queued.update(**columns)
        return columns["state"] == _State.ISSUED


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
        award_of(award_row), issuers.issuer(), learner.holder(), credential_id=row.credential_id,
        achievement_id=places.achievement(achievement), salt=row.salt, valid_from=row.valid_from,
        evidence_url=places.assessment(achievement),
    )
    open_badges.validate(composed.document, signed=False)
    return dict(composed.document)


def _compose_elm(award_row: models.Award, row: models.Credential, learner: Learner) -> dict[str, Any]:
    composed = elm.compose(
        award_of(award_row), issuers.issuer(), learner.holder(), credential_id=row.credential_id,
        issued=row.issued_at, valid_from=row.valid_from,
        open_badge_id=credential_urn(award_row.pk, Format.OPEN_BADGE),
    )
    elm.validate(composed.document)
    return dict(composed.document)


def _record_consent(award_row: models.Award, digest: str, now: datetime) -> None:
    active = award_row.consents.filter(purpose=_Purpose.ISSUE, active=True)
    if active.filter(payload_digest=digest).exists():
        return
    active.update(active=None, withdrawn_at=now)
    models.Consent.objects.create(
        award=award_row, purpose=_Purpose.ISSUE, recipient=issuers.did(), formats=[item.value for item in FORMATS],
        payload_digest=digest, given_at=now,
    )


def _queue(row: models.Credential, document: Mapping[str, Any], now: datetime) -> None:
    row.document = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    row.state = _State.QUEUED
    row.attempts = 0
    row.next_attempt_at = now
    row.error_code, row.error_params = "", {}
    row.save(update_fields=["document", "state", "attempts", "next_attempt_at", "error_code", "error_params"])
    outbox.enqueue(tasks.issue_credential, row.pk)


def _sign(row: models.Credential, now: datetime) -> VerifiableCredential:
    signer = issuers.signer()
    now = max(now, row.valid_from)  # a worker's clock may be behind that of the server which took the consent
    format_ = Format(row.format)
    badge = format_ is not Format.ELM
    composed = Credential(
        id=row.credential_id, format=Format.OPEN_BADGE if badge else Format.ELM, document=json.loads(row.document)
    )
    if format_ is Format.OPEN_BADGE_JWT:
        return jose.secure(composed, key=signer.badge_jwt, key_id=signer.badge_jwt_method)
    if format_ is Format.ELM:
        return jades.seal(composed, certificate=signer.seal, now=now)
    signed_badge = data_integrity.secure(
        composed, key=signer.badge, verification_method=signer.badge_method, now=now,
        loader=pinned.document_loader, cache=_templates,
    )
    open_badges.validate(json.loads(signed_badge.content))
    return signed_badge


def _note_failure(row: models.Credential, error: Exception, now: datetime) -> None:
    """InvalidInput will not mend itself; everything else may."""
    known = isinstance(error, MicrocredError)
    if not known:
        log.exception("Credential %s could not be signed.", row.pk)
    final = isinstance(error, InvalidInput)
    attempts = row.attempts + 1
    later = outbox.next_attempt(min(attempts, len(outbox.LADDER)), now)
    _settle(
        row, state=_State.FAILED if final else _State.QUEUED, attempts=attempts,
        next_attempt_at=None if final else later,
        error_code=error.code if known else "internal", error_params=error_params(error),
        **({"document": ""} if final else {}),
    )


def error_params(error: Exception) -> dict[str, str]:
    """The parameters of an error as they are stored."""
    params = error.params if isinstance(error, MicrocredError) else {}
    return {name: str(value)[:300] for name, value in params.items() if value not in (None, "")}


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
