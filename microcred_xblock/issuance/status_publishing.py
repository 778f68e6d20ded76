"""Status lists as the world gets them: signed with the issuer's badge key, kept, and signed anew when a bit changes.

Nothing is scheduled. Whoever asks for a list after a change has it signed; everybody else gets the stored bytes. So
the first answer after a revocation tells of it, and a list that nobody asks for costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ..credentials import pinned, status_list, token_status_list
from ..domain.errors import MicrocredError, Misconfigured, NotAllowed
from ..proofs import data_integrity, jose
from ..proofs.keys import SigningKey
from . import conf, issuers, models, places, requests

log = logging.getLogger(__name__)

VALID_FOR = timedelta(days=1)  # so long the last good list serves while nothing can be signed
KEY_USE = "status-list"
_TRIES = 3
_COLUMNS = {status_list.REVOCATION: "revoked", status_list.SUSPENSION: "suspended"}


@dataclass(frozen=True, kw_only=True)
class SignedList:
    """The signed list, its strong validator, and for how many seconds it may be kept."""

    content: bytes = field(repr=False)
    etag: str
    max_age: int
    signed_at: datetime


def signed_list(list_id: UUID, purpose: str, *, now: datetime) -> SignedList:
    """The list as it stands. One query where it is signed already.

    Safe in two workers at once: one signature is kept, the other thrown away. Where signing fails, the last good list
    as long as it is valid. NotAllowed (``status-list-unknown``); Misconfigured (``status-unsigned``).
    """
    row = None
    for _ in range(_TRIES):
        row = _row(list_id, purpose)
        if _fresh(row, now):
            return _given(row, now)
        try:
            signed = _sign(row, now)
        except Exception as error:  # whatever a key raises: the list of before is better than none
            _note(row, error)
            break
        if signed is not None:
            return signed
    assert row is not None
    if row.valid_until is not None and row.valid_until > now:
        return _given(row, now)
    raise Misconfigured("The status list cannot be signed.", code="status-unsigned")


def _row(list_id: UUID, purpose: str) -> models.StatusListCredential:
    rows = models.StatusListCredential.objects.select_related("list")
    row = rows.filter(list_id=list_id, purpose=purpose).first()
    if row is None:
        raise NotAllowed("There is no such status list.", code="status-list-unknown")
    return row


def _fresh(row: models.StatusListCredential, now: datetime) -> bool:
    return row.signed == row.changed and row.valid_until is not None and row.valid_until > now + VALID_FOR / 2


def _given(row: models.StatusListCredential, now: datetime) -> SignedList:
    assert row.valid_until is not None and row.signed_at is not None
    left = int((row.valid_until - now).total_seconds())
    return SignedList(
        content=bytes(row.content), etag=row.etag, max_age=max(0, min(conf.status_ttl(), left)),
        signed_at=row.signed_at,
    )


def _sign(row: models.StatusListCredential, now: datetime) -> SignedList | None:
    """Sign the list and keep it; None if somebody else did meanwhile.

    ``row.changed`` was read before the bits: a bit that is set in between makes the list be signed once more.
    """
    signer = issuers.signer(row.list.issuer_key)
    url = places.status_list(row.list_id, row.purpose)
    made = _token if row.purpose == status_list.TOKEN else _bitstring
    content, key = made(row, url, signer, now)
    etag = hashlib.sha256(content).hexdigest()
    columns = {
        "content": content, "etag": etag, "signed": row.changed, "signed_at": now, "valid_until": now + VALID_FOR,
    }

    def keep() -> bool:
        if not models.StatusListCredential.objects.filter(pk=row.pk, etag=row.etag).update(**columns):
            return False
        issuers.record_use(key, purpose=KEY_USE, subject=url, digest=etag, at=now)
        return True

    if not requests.patiently(keep):
        return None
    for name, value in columns.items():
        setattr(row, name, value)
    return _given(row, now)


def _bitstring(
    row: models.StatusListCredential, url: str, signer: issuers.Signer, now: datetime
) -> tuple[bytes, SigningKey]:
    document = status_list.compose(
        url, issuer=signer.did, purpose=row.purpose, encoded=status_list.encode(_set(row, row.purpose), row.list.size),
        ttl=conf.status_ttl() * 1000, valid_from=now, valid_until=now + VALID_FOR,
    )
    proof = data_integrity.create_proof(
        document, key=signer.badge, verification_method=signer.badge_method, created=now,
        loader=pinned.document_loader,
    )
    return json.dumps({**document, "proof": proof}, separators=(",", ":")).encode("ascii"), signer.badge


def _token(
    row: models.StatusListCredential, url: str, signer: issuers.Signer, now: datetime
) -> tuple[bytes, SigningKey]:
    claims = token_status_list.claims(
        url, issuer=places.jwt_issuer(row.list.issuer_key), revoked=_set(row, status_list.REVOCATION),
        suspended=_set(row, status_list.SUSPENSION), size=row.list.size, ttl=conf.status_ttl(), issued=now,
        expires=now + VALID_FOR,
    )
    content = jose.token(
        claims, key=signer.badge_jwt, key_id=signer.badge_jwt_method, type_=token_status_list.TYPE
    )
    return content.encode("ascii"), signer.badge_jwt


def _set(row: models.StatusListCredential, purpose: str) -> Any:
    return row.list.entries.filter(**{_COLUMNS[purpose]: True}).values_list("index", flat=True)


def _note(row: models.StatusListCredential, error: Exception) -> None:
    if isinstance(error, MicrocredError):
        log.error("Status list %s could not be signed: %s", row.pk, error.code)
    else:
        log.exception("Status list %s could not be signed.", row.pk)
