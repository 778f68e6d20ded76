"""Credentials for a key that a holder has proved: the badge that was issued, with the wallet's DID as its subject.

They say nothing that the learner has not agreed to, but for the DID, which is the wallet's own; they stand and fall
with the award, by the same entry in a status list (decision 31).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ..credentials import open_badges, sd_jwt_vc
from ..domain.credential import BoundForm, Format, VerifiableCredential, bound_urn
from ..domain.errors import InvalidDocument, NotAllowed, NotReady
from ..proofs import holder_keys
from . import issuers, issuing, models, outbox, places, requests, signing, status
from .composing import unsigned

FORMATS: Mapping[BoundForm, Format] = {BoundForm(form): found for form, found in status.BOUND.items()}
_DID_MOST = 2_000  # a did:jwk holds a whole key
MOST_A_DAY = 40  # of one award: a wallet makes as many keys as it likes, and each would be signed for and kept


def issue(award_id: Any, form: BoundForm, holder_did: str, *, now: datetime) -> models.BoundCredential:
    """The credential for the holder's key, made if need be. The same bytes however often it is asked for.

    Whoever calls has checked that the holder controls the DID and may collect the award. Not inside a transaction: a
    key may be far away. NotAllowed (``consent-missing``, ``award-suspended``, ``award-ended``, ``award-expired``,
    ``account-retired``, ``bound-rate``), NotReady (``not-issued``), InvalidDocument (``wallet-did``), Misconfigured.
    """
    if not holder_did.startswith("did:") or len(holder_did) > _DID_MOST or not holder_did.isascii():
        raise InvalidDocument("The holder's identifier must be a DID.", code="wallet-did")
    award, badge, european = requests.patiently(partial(_documents, award_id, now))
    found = _existing(award, form, holder_did)
    if found is not None:
        return found
    _check_rate(award, now)
    credential_id, desk = bound_urn(award.pk, form, holder_did), signing.Desk(award.issuer_key)
    if form is BoundForm.SD_JWT_VC:
        shown = sd_jwt_vc.shown(
            badge, issuer=places.jwt_issuer(award.issuer_key), vct=places.credential_type(),
            credential_id=credential_id, holder_jwk=holder_keys.resolve(holder_did), status=status.token_entry(award),
        )
        signed, key = signing.sign_claims(shown, sd_jwt_vc.hidden(european), credential_id=credential_id, desk=desk)
    else:
        document = _bound(badge, credential_id, holder_did)
        signed, key = signing.sign(
            document, credential_id=credential_id, format_=FORMATS[form], now=now, desk=desk
        )
    return requests.patiently(partial(_store, award.pk, form, holder_did, signed, key, now))


def _documents(award_id: Any, now: datetime) -> tuple[models.Award, dict[str, Any], dict[str, Any]]:
    """The award, which may be given out now, with its badge and its European Digital Credential as they were issued."""
    award = outbox.lock_award(award_id)
    if award is None:
        raise NotAllowed("You hold no such award.", code="award-unknown")
    check(award, now)
    issued = award.credentials.filter(state=models.Credential.State.ISSUED)
    rows = {row.format: row for row in issued.filter(format__in=[Format.OPEN_BADGE.value, Format.ELM.value])}
    if len(rows) != 2:
        raise NotReady("The credential is not issued yet: try again in a moment.", code="not-issued")
    return award, unsigned(rows[Format.OPEN_BADGE.value]), unsigned(rows[Format.ELM.value])


def check(award: models.Award, now: datetime) -> None:
    """NotAllowed where nothing of the award may be given to a wallet now."""
    if award.retired_at is not None:
        raise NotAllowed("The account was retired: nothing is issued for it any more.", code="account-retired")
    if not issuing.may_process(award.pk):
        raise NotAllowed("Nothing is given out without your consent.", code="consent-missing")
    refusal = issuing.refused(award)
    if refusal is not None:
        raise refusal
    if award.expires_at is not None and award.expires_at <= now:
        raise NotAllowed("The award has expired: renew it.", code="award-expired")


def _bound(document: Mapping[str, Any], credential_id: str, holder_did: str) -> dict[str, Any]:
    """The badge for this holder. Its refresh service is left out: it would give a badge that is bound to nobody."""
    made = {name: value for name, value in document.items() if name != "refreshService"}
    made |= {"id": credential_id, "credentialSubject": {**document["credentialSubject"], "id": holder_did}}
    open_badges.validate(made, signed=False)
    return made


def _existing(award: models.Award, form: BoundForm, holder_did: str) -> models.BoundCredential | None:
    return models.BoundCredential.objects.filter(
        award=award, form=form.value, binding=binding_of(holder_did)
    ).exclude(content=b"").first()


def _check_rate(award: models.Award, now: datetime) -> None:
    if award.bound.filter(issued_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise NotAllowed("The credential was collected too often today.", code="bound-rate")


def _store(
    award_id: Any, form: BoundForm, holder_did: str, signed: VerifiableCredential, key: int | None, now: datetime
) -> models.BoundCredential:
    """Write it down with the use of the key, unless the award was withdrawn meanwhile, or another was faster."""
    award = outbox.lock_award(award_id)
    assert award is not None  # its credentials protect it
    check(award, now)
    found = _existing(award, form, holder_did)
    if found is not None:
        return found
    digest = hashlib.sha256(signed.content).hexdigest()
    if key is not None:
        issuers.record_uses([
            models.KeyUse(key_id=key, purpose=FORMATS[form].value, subject=signed.id, digest=digest, at=now)
        ])
    return models.BoundCredential.objects.create(
        award=award, form=form.value, binding=binding_of(holder_did), credential_id=signed.id, content=signed.content,
        media_type=signed.media_type, digest=digest, issued_at=now,
    )


def binding_of(holder_did: str) -> str:
    """A holder as rows name it."""
    return hashlib.sha256(holder_did.encode("ascii")).hexdigest()
