"""New keys in the place of old ones, and keys that others may have.

A rotated key goes on being published, so what it signed goes on verifying. A withdrawn key does not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from ..domain.credential import Format
from ..domain.errors import Misconfigured
from ..proofs.did import jwk_method, multikey_method
from ..proofs.keys import LocalKey, SealCertificate, SigningKey, load_pkcs12, self_signed
from . import awarding_bodies, issuers, models, signers
from .awarding_bodies import AwardingBody

_Purpose = models.SigningKey.Purpose
_SEAL_DAYS = 365
_FORMATS = {
    _Purpose.BADGE: Format.OPEN_BADGE, _Purpose.BADGE_JWT: Format.OPEN_BADGE_JWT, _Purpose.SEAL: Format.ELM,
}


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What a rotation did. ``kept`` is the former private key's file, where it was kept."""

    current: models.SigningKey
    former: tuple[models.SigningKey, ...]
    file: Path
    kept: Path | None


def rotate(key: str, purpose: str, *, now: datetime, keep_file: bool = True) -> Rotation:
    """Put a new key in the place of the issuer's key of a purpose. Other processes sign with it from now on.

    The order is what makes it safe at every moment, and safe to repeat after a crash: the new key lies beside the old
    one, is published, takes the old one's place in one step, and only then is the old one retired. A file is never
    overwritten. Misconfigured: ``rotate-source`` (the key is no file of this app's making), ``key-…``.
    """
    body = awarding_bodies.body(key)
    found = signers.source(body, purpose)
    if found.file is None:
        raise _by_hand(body, purpose)
    row = models.Issuer.objects.filter(did=body.did).first()
    if row is None:
        raise Misconfigured(
            "The issuer's keys are not published yet: run `microcred init`.", code="key-unpublished"
        )
    fresh = found.file.with_name(f"{found.file.stem}.next{found.file.suffix}")
    old = _public(_read(found, found.file))
    if not fresh.exists():
        unfinished = _others(row, purpose, old)
        if unfinished:  # a former run was cut off after the new key took its place
            return _retire(row, purpose, old, found.file, now)
        write(fresh, _made(body, purpose, found, now))
    new = _read(found, fresh)
    _publish(row, purpose, new, found.reference)
    kept = _set_aside(found.file, old) if keep_file else None
    os.replace(fresh, found.file)
    done = _retire(row, purpose, _public(new), found.file, now)
    return Rotation(current=done.current, former=done.former, file=found.file, kept=kept)


def affected(row: models.SigningKey) -> Any:
    """The credentials that a key has signed: those of its audit, and those from before there was one."""
    uses = models.KeyUse.objects.filter(subject=OuterRef("credential_id"), digest=OuterRef("digest"))
    before = ~Exists(uses) & Q(
        format=_FORMATS[_Purpose(row.purpose)].value, award__issuer_key=row.issuer.key, signed_at__gte=row.created_at,
    )
    if row.retired_at is not None:
        before &= Q(signed_at__lte=row.retired_at)
    rows = models.Credential.objects.filter(state=models.Credential.State.ISSUED)
    return rows.filter(Exists(uses.filter(key=row)) | before)


@transaction.atomic
def withdraw(row: models.SigningKey, *, now: datetime) -> int:
    """Publish a key no longer, because others may have it; how many credentials no longer verify because of that.

    They need a reissue. Status lists are signed anew. Misconfigured (``key-in-use``) for a key that signs now: rotate
    it first. A certificate is revoked by whoever gave it; here its key only stops being used.
    """
    if row.retired_at is None:
        raise Misconfigured("The key signs now: rotate it first.", code="key-in-use", purpose=row.purpose)
    models.SigningKey.objects.filter(pk=row.pk, withdrawn_at__isnull=True).update(withdrawn_at=now)
    row.refresh_from_db()
    if row.purpose == _Purpose.BADGE:
        models.StatusListCredential.objects.filter(list__issuer_key=row.issuer.key).update(changed=F("changed") + 1)
    return affected(row).count()


def write(path: Path, content: bytes) -> None:
    """A new file that only its owner can read from the first moment on; never over an existing one, never half."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _into_place(part, path)
    finally:
        part.unlink(missing_ok=True)


def _into_place(part: Path, path: Path) -> None:
    try:
        os.link(part, path)  # fails where there is a file already
    except FileExistsError:
        raise
    except OSError:  # no hard links here
        if path.exists():
            raise FileExistsError(path) from None
        os.rename(part, path)


def _made(body: AwardingBody, purpose: str, found: signers.Source, now: datetime) -> bytes:
    if found.kind == signers.PEM:
        algorithm = signers.key(body, purpose).algorithm
        return LocalKey.generate(algorithm).to_pem(found.password)
    seal = signers.seal(body) if purpose == _Purpose.SEAL else None
    if seal is None or not seal.self_signed:
        raise _by_hand(body, purpose)
    said = seal.identity
    return self_signed(
        legal_name=said.legal_name, legal_identifier=said.legal_identifier, country_alpha2=said.country_alpha2,
        now=now, days=_SEAL_DAYS, algorithm=seal.key.algorithm,
    ).to_pkcs12(found.password)


def _read(found: signers.Source, path: Path) -> SigningKey | SealCertificate:
    if found.kind == signers.PEM:
        return LocalKey.from_encrypted_pem(path.read_bytes(), found.password, name=path.name)
    return load_pkcs12(path.read_bytes(), found.password)


def _key_of(signing: SigningKey | SealCertificate) -> SigningKey:
    return signing.key if isinstance(signing, SealCertificate) else signing


def _public(signing: SigningKey | SealCertificate) -> str:
    return issuers.fingerprint(_key_of(signing).verification_key)


def _publish(row: models.Issuer, purpose: str, new: SigningKey | SealCertificate, reference: str) -> None:
    key = _key_of(new)
    method = {
        _Purpose.BADGE: lambda: multikey_method(row.did, key), _Purpose.BADGE_JWT: lambda: jwk_method(row.did, key),
        _Purpose.SEAL: lambda: "",
    }[_Purpose(purpose)]
    issuers.record_key(row, key, purpose, method(), reference)


def _set_aside(path: Path, fingerprint: str) -> Path:
    """The former key under a name of its own, beside the new one; a second run finds it there."""
    kept = path.with_name(f"{path.stem}.{fingerprint[:12]}{path.suffix}")
    if not kept.exists():
        write(kept, path.read_bytes())
    return kept


def _others(row: models.Issuer, purpose: str, fingerprint: str) -> Any:
    return row.keys.filter(purpose=purpose, retired_at__isnull=True).exclude(fingerprint=fingerprint)


def _retire(row: models.Issuer, purpose: str, fingerprint: str, file: Path, now: datetime) -> Rotation:
    current = row.keys.filter(purpose=purpose, fingerprint=fingerprint, retired_at__isnull=True).first()
    if current is None:
        raise Misconfigured(
            "The issuer's keys are not published yet: run `microcred init`.", code="key-unpublished"
        )
    former = tuple(_others(row, purpose, fingerprint))
    for item in former:
        item.retired_at = now
        item.save(update_fields=["retired_at"])
    return Rotation(current=current, former=former, file=file, kept=None)


def _by_hand(body: AwardingBody, purpose: str) -> Misconfigured:
    return Misconfigured(
        f"The key for {purpose} is not a file that was made here: put the new one where {body.setting} says, then run "
        "`microcred init`; the former one stays published.",
        code="rotate-source", purpose=str(purpose),
    )
