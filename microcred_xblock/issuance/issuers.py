"""Issuers and their keys: read from settings and key sources, recorded as rows, published as DID documents.

Nothing is signed with a key whose public half is not recorded, because then it would not be published.
``key`` names an issuer of the settings; "" is the default one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..domain.credential import Issuer
from ..domain.errors import Misconfigured
from ..proofs import did as did_documents
from ..proofs.did import did_web, jwk_method, multikey_method
from ..proofs.keys import SealCertificate, SigningKey, VerificationKey
from . import awarding_bodies, conf, models, signers
from .assignments import assign, assignments, key_for, unassign
from .awarding_bodies import AwardingBody, configured

__all__ = [
    "Signer", "assign", "assignments", "configured", "did", "did_document", "document_at", "fingerprint", "issuer",
    "issuer_of", "key_for", "load_signer", "names_of", "record", "record_key", "record_use", "record_uses", "recorded",
    "signer", "try_keys", "unassign",
]

_Purpose = models.SigningKey.Purpose
_FACTS = ("name", "legal_name", "legal_identifier", "country", "url", "email", "address")


@dataclass(frozen=True, kw_only=True)
class Signer:
    """An issuer with everything it signs with. Keys are read when they are first asked for.

    ``recorded`` maps the fingerprints of public keys to their rows; None where nothing has to be recorded yet.
    Asking for a key raises Misconfigured (``key-…``, ``certificate-…``, ``csc-…``) or NotReady (``csc-unreachable``).
    """

    body: AwardingBody = field(repr=False)
    did: str
    recorded: Mapping[str, int] | None = field(default=None, repr=False)

    @cached_property
    def issuer(self) -> Issuer:
        """The issuer as documents name it."""
        return issuer(self.body.key)

    @cached_property
    def badge(self) -> SigningKey:
        """The key of embedded proofs and status lists."""
        return self._published(signers.key(self.body, _Purpose.BADGE))

    @cached_property
    def badge_jwt(self) -> SigningKey:
        """The key of VC-JWTs."""
        return self._published(signers.key(self.body, _Purpose.BADGE_JWT))

    @cached_property
    def seal(self) -> SealCertificate:
        """The organisation's certificate with its key."""
        certificate = signers.seal(self.body)
        self._published(certificate.key)
        return certificate

    @property
    def badge_method(self) -> str:
        """The verification method of embedded proofs."""
        return multikey_method(self.did, self.badge)

    @property
    def badge_jwt_method(self) -> str:
        """The ``kid`` of VC-JWTs."""
        return jwk_method(self.did, self.badge_jwt)

    def row_of(self, key: SigningKey) -> int | None:
        """The row of a recorded key of this issuer."""
        return (self.recorded or {}).get(fingerprint(key.verification_key))

    def _published(self, key: SigningKey) -> SigningKey:
        if self.recorded is not None and self.row_of(key) is None:
            raise Misconfigured(
                "The signing keys are not published in the DID document yet: run `microcred init`.",
                code="key-unpublished",
            )
        return key


def did(key: str = "") -> str:
    """The issuer's did:web, made from its public address."""
    return awarding_bodies.did_of(key)


def issuer(key: str = "") -> Issuer:
    """The issuer: names and addresses from the settings, legal facts from the certificate. Misconfigured.

    Legal facts of a remote seal are those that were recorded last, so that no learner's page waits for the service.
    """
    body = awarding_bodies.body(key)
    if signers.source(body, _Purpose.SEAL).remote:
        row = models.Issuer.objects.filter(did=body.did).first()
        if row is not None:
            return _described(body, row.legal_name, row.legal_identifier, row.country)
    return issuer_of(body, signers.seal(body))


def recorded(key: str = "") -> Issuer:
    """The issuer as it was recorded last: what is public of it, without a key, a secret or a setting of this process.

    Misconfigured (``key-unpublished``) where none is recorded, so nothing can be issued yet.
    """
    row = models.Issuer.objects.filter(key=key).order_by("-updated_at").first()
    if row is None:
        raise Misconfigured(
            f"The issuer '{key}' is not recorded yet: set it up and run `microcred init`.", code="key-unpublished"
        )
    return Issuer(id=row.did, **{name: getattr(row, name) for name in _FACTS})


def issuer_of(body: AwardingBody, seal: SealCertificate) -> Issuer:
    """The issuer as its certificate and the settings describe it."""
    identity = seal.identity
    return _described(body, identity.legal_name, identity.legal_identifier, identity.country)


def signer(key: str = "") -> Signer:
    """Ready to sign. Misconfigured: ``key-missing``, ``key-unpublished``, ``key-…``, ``setting-…``, ``issuer-…``.

    Keys that are here are tried at once; what is elsewhere is asked for when it is needed.
    """
    found = load_signer(key)
    usable = models.SigningKey.objects.filter(
        Q(issuer__did=found.did) | Q(purpose=_Purpose.SEAL), retired_at__isnull=True, withdrawn_at__isnull=True
    )
    recorded = dict(usable.values_list("fingerprint", "pk"))
    return _with_keys(Signer(body=found.body, did=found.did, recorded=recorded), remote=False)


def load_signer(key: str = "") -> Signer:
    """Like ``signer``, before its keys are recorded; nothing is read yet."""
    body = awarding_bodies.body(key)
    return Signer(body=body, did=body.did)


def try_keys(key: str = "", *, remote: bool = True) -> Signer:
    """``load_signer`` with every key read. Errors as those of ``Signer``'s keys. ``remote``: also those elsewhere."""
    return _with_keys(load_signer(key), remote=remote)


def did_document(identifier: str) -> dict[str, Any] | None:
    """The DID document of ``identifier`` with all its keys, retired ones too; None if nobody issued under it here."""
    rows = models.SigningKey.objects.filter(issuer__did=identifier, withdrawn_at__isnull=True)
    keys = [VerificationKey.from_jwk(row.public_jwk) for row in rows.exclude(purpose=_Purpose.SEAL)]
    return did_documents.document(identifier, assertion_keys=keys) if keys else None


def document_at(host: str, folder: str) -> dict[str, Any] | None:
    """The DID document whose did:web leads to ``folder`` ("": ``.well-known``) of ``host``; None if there is none.

    A host name that an issuer has for itself serves that issuer only. Any other name is taken for this site's own: a
    server before it may have rewritten it.
    """
    main = urlsplit(conf.public_base_url()).netloc
    served = did_document(did_web(f"https://{host}/{folder}")) if _nameable(host) else None
    if served is not None or host.lower() == main.lower() or _has_issuer(host):
        return served
    return did_document(did_web(f"{urlsplit(conf.public_base_url()).scheme}://{main}/{folder}"))


def names_of(keys: Collection[str]) -> str:
    """The names of issuers as they were last recorded: public pages must not depend on key files.

    Without any key, or where none of them is recorded, the default issuer's.
    """
    found: dict[str, str] = {}
    for row in models.Issuer.objects.filter(key__in={*keys, ""}).order_by("-updated_at"):
        found.setdefault(row.key, row.name)
    wanted = {found[key] for key in keys if key in found}
    return ", ".join(sorted(wanted)) or found.get("", "")


def record_use(
    key: models.SigningKey | SigningKey | SealCertificate | str | int, *, purpose: str, subject: str, digest: str,
    at: datetime,
) -> None:
    """The audit line of one signature, in the caller's transaction: what is not in the audit is not issued.

    ``key`` is the row (or its number), the key itself, or its verification method. Misconfigured
    (``key-unpublished``) for a key that is not recorded; (``key-withdrawn``) for one withdrawn while it signed.
    """
    row_id = key if isinstance(key, int) else _row_id(key)
    record_uses([models.KeyUse(key_id=row_id, purpose=purpose, subject=subject, digest=digest, at=at)])


def record_uses(uses: Collection[models.KeyUse]) -> None:
    """``record_use`` for several signatures by keys that are recorded. Misconfigured: ``key-withdrawn``."""
    keys = {use.key_id for use in uses}
    withdrawn = models.SigningKey.objects.filter(pk__in=keys, withdrawn_at__isnull=False).values_list("pk", flat=True)
    gone = set(withdrawn)
    for use in uses:
        if use.key_id in gone:
            raise _withdrawn(use.purpose)
    models.KeyUse.objects.bulk_create(uses)


@transaction.atomic
def record(signing: Signer, *, new_address: bool = False) -> models.Issuer:
    """Write issuer and public keys as rows; keys of the same purpose that are no longer used are retired.

    Keys published under another DID are moved only with ``new_address``; else Misconfigured:
    ``issuer-address-changed``. The certificate's key may always move: it is published in no DID document. A withdrawn
    key is not taken back: ``key-withdrawn``.
    """
    said = issuer_of(signing.body, signing.seal)
    if not new_address:
        check_address(signing)
    row, _ = models.Issuer.objects.update_or_create(
        did=said.id, defaults={"key": signing.body.key, **{name: getattr(said, name) for name in _FACTS}}
    )
    for purpose, key, method in (
        (_Purpose.BADGE, signing.badge, signing.badge_method),
        (_Purpose.BADGE_JWT, signing.badge_jwt, signing.badge_jwt_method),
        (_Purpose.SEAL, signing.seal.key, ""),
    ):
        current = record_key(row, key, purpose, method, signers.source(signing.body, purpose).reference)
        row.keys.filter(purpose=purpose, retired_at__isnull=True).exclude(pk=current.pk).update(
            retired_at=timezone.now()
        )
    return row


def record_key(
    row: models.Issuer, key: SigningKey, purpose: str, method: str, reference: str
) -> models.SigningKey:
    """Publish one key of an issuer, and retire none. Misconfigured: ``key-withdrawn``."""
    marked = fingerprint(key.verification_key)
    if models.SigningKey.objects.filter(fingerprint=marked, withdrawn_at__isnull=False).exists():
        raise _withdrawn(purpose)
    current, _ = models.SigningKey.objects.update_or_create(
        fingerprint=marked,
        defaults={
            "issuer": row, "purpose": purpose, "algorithm": key.algorithm, "method_id": method,
            "public_jwk": key.public_jwk(), "reference": reference, "retired_at": None,
        },
    )
    return current


def fingerprint(key: VerificationKey) -> str:
    """SHA-256 of the public key as canonical JSON."""
    canonical = json.dumps(key.public_jwk(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _with_keys(found: Signer, *, remote: bool) -> Signer:
    for purpose, name in ((_Purpose.BADGE, "badge"), (_Purpose.BADGE_JWT, "badge_jwt"), (_Purpose.SEAL, "seal")):
        if remote or not signers.source(found.body, purpose).remote:
            getattr(found, name)
    return found


def _described(body: AwardingBody, legal_name: str, legal_identifier: str, country: str) -> Issuer:
    return Issuer(
        id=body.did, name=body.told.get("name") or legal_name, legal_name=legal_name,
        legal_identifier=legal_identifier, country=country, url=body.url, email=body.told.get("email", ""),
        address=body.told.get("address", ""),
    )


def check_address(signing: Signer) -> None:
    """Misconfigured (``issuer-address-changed``, ``key-shared``) if the keys are published under another DID."""
    wanted = [fingerprint(key.verification_key) for key in (signing.badge, signing.badge_jwt)]
    bound = models.SigningKey.objects.filter(fingerprint__in=wanted).exclude(issuer__did=signing.did)
    former = bound.values_list("issuer__did", "issuer__key").first()
    if former is None:
        return
    if former[1] != signing.body.key:
        raise Misconfigured(
            f"The signing keys belong to {former[0]} already: every issuer needs its own.", code="key-shared",
            former=former[0],
        )
    raise Misconfigured(
        f"The signing keys belong to {former[0]}, but the address of this site now makes it {signing.did}. "
        "Keep the former address (MICROCRED_PUBLIC_BASE_URL); or name an empty folder in MICROCRED_KEYS_DIR, for "
        "new keys; or run `microcred init --new-address` to move the keys: what was issued under the former "
        "address then no longer verifies.",
        code="issuer-address-changed", former=former[0], now=signing.did,
    )


def _withdrawn(purpose: str) -> Misconfigured:
    return Misconfigured(
        f"The key for {purpose} was withdrawn because others may have it: put a new one in its place.",
        code="key-withdrawn", purpose=str(purpose),
    )


def _row_id(key: Any) -> int:
    rows = models.SigningKey.objects
    if isinstance(key, models.SigningKey):
        return key.pk
    if isinstance(key, str):
        found = rows.filter(method_id=key).values_list("pk", flat=True).first()
    else:
        public = (key.key if isinstance(key, SealCertificate) else key).verification_key
        found = rows.filter(fingerprint=fingerprint(public)).values_list("pk", flat=True).first()
    if found is None:
        raise Misconfigured(
            "A key that is not recorded was used: run `microcred init`.", code="key-unpublished"
        )
    return found


def _nameable(host: str) -> bool:
    try:
        did_web(f"https://{host}")
    except Misconfigured:
        return False
    return True


def _has_issuer(host: str) -> bool:
    """Whether an issuer has been recorded under this host name, or is set up with it."""
    if not _nameable(host):
        return False
    root = did_web(f"https://{host}")
    dids = [*models.Issuer.objects.values_list("did", flat=True), *map(did, configured())]
    return any(known == root or known.startswith(f"{root}:") for known in dids)
