"""The issuer and its keys: read from settings and key files, recorded as rows, published as a DID document.

Nothing is signed with a key whose public half is not recorded, because then it would not be published.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from ..domain.credential import Issuer
from ..domain.errors import Misconfigured
from ..proofs import did as did_documents
from ..proofs.did import did_web, jwk_method, multikey_method
from ..proofs.keys import LocalKey, SealCertificate, SigningKey, VerificationKey, load_pkcs12
from . import conf, models

BADGE_FILE = "badge.pem"
BADGE_JWT_FILE = "badge-jwt.pem"
_Purpose = models.SigningKey.Purpose


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The issuer with everything it signs with."""

    issuer: Issuer
    badge: SigningKey = field(repr=False)
    badge_jwt: SigningKey = field(repr=False)
    seal: SealCertificate = field(repr=False)

    @property
    def badge_method(self) -> str:
        """The verification method of embedded proofs."""
        return multikey_method(self.issuer.id, self.badge)

    @property
    def badge_jwt_method(self) -> str:
        """The ``kid`` of VC-JWTs."""
        return jwk_method(self.issuer.id, self.badge_jwt)


def did() -> str:
    """The issuer's did:web, made from the public address of this site."""
    return did_web(conf.public_base_url())


def did_at(folder: str) -> str:
    """The did:web whose document lies in ``folder`` (empty: ``.well-known``) of this site's host."""
    parts = urlsplit(conf.public_base_url())
    return did_web(f"{parts.scheme}://{parts.netloc}/{folder}")


def issuer() -> Issuer:
    """The issuer: names and addresses from MICROCRED_ISSUER, legal facts from the certificate. Misconfigured."""
    return issuer_of(_keys()[2])


def issuer_of(seal: SealCertificate) -> Issuer:
    """The issuer as ``seal`` and the settings describe it."""
    told = conf.required("MICROCRED_ISSUER", what="the awarding body")
    identity = seal.identity
    return Issuer(
        id=did(), name=told.get("name") or identity.legal_name, legal_name=identity.legal_name,
        legal_identifier=identity.legal_identifier, country=identity.country,
        url=told.get("url") or conf.public_base_url() + "/", email=told.get("email", ""),
        address=told.get("address", ""),
    )


def signer() -> Signer:
    """Ready to sign. Misconfigured: ``key-missing``, ``key-unpublished``, ``key-…``, ``certificate-…``, ``setting-…``.
    """
    badge, badge_jwt, seal = _keys()
    found = Signer(issuer=issuer_of(seal), badge=badge, badge_jwt=badge_jwt, seal=seal)
    wanted = {fingerprint(badge.verification_key), fingerprint(badge_jwt.verification_key)}
    published = models.SigningKey.objects.filter(
        issuer__did=found.issuer.id, fingerprint__in=wanted, retired_at__isnull=True
    )
    if published.count() != len(wanted):
        raise Misconfigured(
            "The signing keys are not published in the DID document yet: run `microcred_init`.", code="key-unpublished"
        )
    return found


def did_document(identifier: str) -> dict[str, Any] | None:
    """The DID document of ``identifier`` with all its keys, retired ones too; None if nobody issued under it here."""
    rows = models.SigningKey.objects.filter(issuer__did=identifier).exclude(purpose=_Purpose.SEAL)
    keys = [VerificationKey.from_jwk(row.public_jwk) for row in rows]
    return did_documents.document(identifier, assertion_keys=keys) if keys else None


@transaction.atomic
def record(signing: Signer, *, new_address: bool = False) -> models.Issuer:
    """Write issuer and public keys as rows; keys of the same purpose that are no longer used are retired.

    Keys published under another DID are moved only with ``new_address``; else Misconfigured:
    ``issuer-address-changed``. The certificate's key may always move: it is published in no DID document.
    """
    said = signing.issuer
    if not new_address:
        _check_address(signing)
    row, _ = models.Issuer.objects.update_or_create(
        did=said.id,
        defaults={
            name: getattr(said, name)
            for name in ("name", "legal_name", "legal_identifier", "country", "url", "email", "address")
        },
    )
    for purpose, key, method, reference in (
        (_Purpose.BADGE, signing.badge, signing.badge_method, BADGE_FILE),
        (_Purpose.BADGE_JWT, signing.badge_jwt, signing.badge_jwt_method, BADGE_JWT_FILE),
        (_Purpose.SEAL, signing.seal.key, "", conf.seal_file().name),
    ):
        current, _ = models.SigningKey.objects.update_or_create(
            fingerprint=fingerprint(key.verification_key),
            defaults={
                "issuer": row, "purpose": purpose, "algorithm": key.algorithm, "method_id": method,
                "public_jwk": key.public_jwk(), "reference": reference, "retired_at": None,
            },
        )
        former = row.keys.filter(purpose=purpose, retired_at__isnull=True).exclude(pk=current.pk)
        former.update(retired_at=timezone.now())
    return row


def _check_address(signing: Signer) -> None:
    wanted = [fingerprint(key.verification_key) for key in (signing.badge, signing.badge_jwt)]
    bound = models.SigningKey.objects.filter(fingerprint__in=wanted).exclude(issuer__did=signing.issuer.id)
    former = bound.values_list("issuer__did", flat=True).first()
    if former is not None:
        raise Misconfigured(
            f"The signing keys belong to {former}, but the address of this site now makes it {signing.issuer.id}. "
            "Keep the former address (MICROCRED_PUBLIC_BASE_URL); or name an empty folder in MICROCRED_KEYS_DIR, for "
            "new keys; or run `microcred_init --new-address` to move the keys: what was issued under the former "
            "address then no longer verifies.",
            code="issuer-address-changed", former=former, now=signing.issuer.id,
        )


def load_signer() -> Signer:
    """Like ``signer``, before its keys are recorded."""
    badge, badge_jwt, seal = _keys()
    return Signer(issuer=issuer_of(seal), badge=badge, badge_jwt=badge_jwt, seal=seal)


def fingerprint(key: VerificationKey) -> str:
    """SHA-256 of the public key as canonical JSON."""
    canonical = json.dumps(key.public_jwk(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _keys() -> tuple[LocalKey, LocalKey, SealCertificate]:
    files = (conf.keys_dir() / BADGE_FILE, conf.keys_dir() / BADGE_JWT_FILE, conf.seal_file())
    stamps = tuple(_stamp(path) for path in files)
    return _load(files, stamps, conf.passphrase(), conf.seal_password())


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was last changed, so that a replaced key is noticed without reading it each time."""
    try:
        status = path.stat()
    except OSError as error:
        raise Misconfigured(
            f"The key file {path.name} is missing or cannot be read: run `microcred_init`.", code="key-missing",
            file=path.name,
        ) from error
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _load(
    files: tuple[Path, Path, Path], _stamps: tuple[tuple[int, int], ...], passphrase: str, seal_password: str
) -> tuple[LocalKey, LocalKey, SealCertificate]:
    """Decrypting a key file is slow by intention, so it is done once."""
    badge, badge_jwt, seal = (path.read_bytes() for path in files)
    return (
        LocalKey.from_pem(badge, passphrase), LocalKey.from_pem(badge_jwt, passphrase),
        load_pkcs12(seal, seal_password),
    )
