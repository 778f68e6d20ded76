"""The consent ledger as the learner keeps it: read it, take a line back, show a badge to the world."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from ..domain.credential import Format
from ..domain.errors import NotAllowed
from . import collecting, conf, issuing, models, outbox, requests, sharing

EVERYBODY = "everybody"  # the recipient of what is published
_Purpose = models.Consent.Purpose


def lines(learner_id: str) -> Any:
    """Every line of the learner's ledger, the latest first, those withdrawn too."""
    return models.Consent.objects.filter(award__learner_id=learner_id).order_by("-pk")


@requests.patient
def withdraw(learner_id: str, consent_pk: int, *, now: datetime) -> models.Consent:
    """Take one line back. Twice is once; NotAllowed (``consent-unknown``) for another's.

    ``issue``: nothing more is signed, sent or shown. ``share``: nothing more is sent to that wallet, or
    collected by that way, until the learner sends or offers it again. ``publish``: the badge is no longer shown.
    """
    found = lines(learner_id).filter(pk=consent_pk).select_related("award").first()
    if found is None or found.award.learner_id != learner_id:
        raise NotAllowed("You have given no such consent.", code="consent-unknown")
    if found.active and found.purpose == _Purpose.ISSUE:
        issuing.withdraw(found.award, now=now)
    elif found.active:
        with transaction.atomic():
            outbox.lock_award(found.award_id)
            models.Consent.objects.filter(pk=found.pk, active=True).update(active=None, withdrawn_at=now)
            if found.purpose == _Purpose.SHARE:
                _stop_sending(found)
                collecting.take_back(found.award_id, found.recipient, now=now)
    found.refresh_from_db()
    return found


@requests.patient
def publish(award_row: models.Award, *, digest: str, now: datetime) -> models.Consent:
    """The learner wants the signed badge with ``digest`` shown to everybody who has its address. Twice is once.

    NotAllowed: ``consent-missing``, ``not-issued``, ``payload-changed`` (it is another badge).
    """
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        if not issuing.may_process(award_row.pk):
            raise NotAllowed("Nothing is shown without your consent to issue it.", code="consent-missing")
        badge = _badges(award_row).first()
        if badge is None:
            raise NotAllowed("The badge is not issued yet.", code="not-issued")
        if not secrets.compare_digest(badge.digest.encode(), digest.encode()):
            raise NotAllowed("That is the digest of another badge: read it again.", code="payload-changed")
        line, _ = models.Consent.objects.get_or_create(
            award=award_row, purpose=_Purpose.PUBLISH, recipient=EVERYBODY, active=True,
            defaults={"formats": [Format.OPEN_BADGE.value], "payload_digest": badge.digest, "given_at": now},
        )
    return line


@requests.patient
def unpublish(award_row: models.Award, *, now: datetime) -> None:
    """Show it no longer. Twice is once."""
    with transaction.atomic():
        outbox.lock_award(award_row.pk)
        award_row.consents.filter(purpose=_Purpose.PUBLISH, active=True).update(active=None, withdrawn_at=now)


def published(uuid: UUID) -> models.Credential:
    """The signed badge with that id, where its holder lets everybody see it; NotAllowed (``publish-unknown``).

    One answer for a badge that does not exist, is not published or is so no longer: none of it is anybody's business.
    """
    row = models.Credential.objects.filter(
        credential_id=uuid.urn, format=Format.OPEN_BADGE.value, state=models.Credential.State.ISSUED
    ).first()
    shown = row is not None and models.Consent.objects.filter(
        award_id=row.award_id, purpose=_Purpose.PUBLISH, active=True, payload_digest=row.digest
    ).exists()
    if row is None or not shown or not issuing.may_process(row.award_id):
        raise NotAllowed("There is no such public credential.", code="publish-unknown")
    return row


def _badges(award_row: models.Award) -> Any:
    return award_row.credentials.filter(format=Format.OPEN_BADGE.value, state=models.Credential.State.ISSUED)


def _stop_sending(line: models.Consent) -> None:
    """What has not left yet for the wallet of this line, given up or not."""
    wallets = [key for key, wallet in conf.wallets().items() if sharing.recipient(wallet) == line.recipient]
    there = Q(connection__wallet_id__in=wallets) | Q(connection__registration__host__base_url=line.recipient)
    sharing.stop(there, Q(credential__award_id=line.award_id))
