"""The documents of an award: as they are composed now, as its learner agreed to them, or as they were signed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..credentials import elm, open_badges
from ..domain.credential import Format, VerifiableCredential, credential_urn
from . import filters, issuers, models, places, status
from .awarding import award_of
from .data import Learner

FORMATS = (Format.OPEN_BADGE, Format.OPEN_BADGE_JWT, Format.ELM)
CLOCK_LEEWAY = timedelta(minutes=5)
PREPARED_FOR = timedelta(hours=1)

_State = models.Credential.State
_Rows = dict[Format, models.Credential]


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


def prepared(award_row: models.Award, now: datetime) -> _Rows:
    """The rows of all forms, made if need be; times that nobody agreed to within the hour are set anew."""
    rows = rows_of(award_row)
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
        return rows_of(award_row)
    untouched = all(row.state == _State.PREPARED for row in rows.values())
    if untouched and min(row.valid_from for row in rows.values()) < now - PREPARED_FOR:
        award_row.credentials.update(issued_at=valid_from, valid_from=valid_from)
        return rows_of(award_row)
    return rows


def rows_of(award_row: models.Award) -> _Rows:
    """The rows of an award's forms."""
    return {Format(row.format): row for row in award_row.credentials.all()}


def documents(award_row: models.Award, rows: _Rows, learner: Learner) -> tuple[dict[str, Any], dict[str, Any]]:
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
    return places.refresh(uuid, row.salt) if uuid is not None else ""


def digest_of(badge: Mapping[str, Any], european: Mapping[str, Any]) -> str:
    """SHA-256 of both documents as one canonical JSON text."""
    text = json.dumps(
        {"elm": european, "open_badge": badge}, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
