"""The Open Badge 2.0 of an award: what wallets that take nothing newer are sent, and what its public pages answer.

The page is the proof: whoever holds the badge asks it. So it is there once the award was sent to such a wallet, and
stays for as long as the learner agrees to the credential, whatever becomes of that wallet (decision 35).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from ..credentials import open_badges, open_badges_2
from ..credentials.open_badges_2 import Recipient
from ..domain import codec
from ..domain.credential import Format, VerifiableCredential
from ..domain.errors import InvalidInput, NotAllowed
from ..domain.pill import BadgeImage, LearningPill
from . import composing, issuers, issuing, models, places, requests, status
from .awarding import award_of

_State = models.Credential.State
_Status = models.Award.Status


def twin(row: models.Credential) -> VerifiableCredential:
    """The Assertion of an issued Open Badge, at its address, which is made now if it has none.

    Outside a transaction: the wallet asks that address at once. InvalidInput (``email``) for a badge without a hashed
    e-mail address, which Open Badges 2.0 cannot express.
    """
    hosted, _ = requests.patiently(lambda: models.HostedAssertion.objects.get_or_create(award=row.award))
    document = _assertion(hosted, row)
    return VerifiableCredential(
        id=document["id"], format=Format.OPEN_BADGE, media_type=open_badges_2.MEDIA_TYPE, extension="json",
        content=json.dumps(document, ensure_ascii=False).encode("utf-8"),
    )


def assertion(uuid: UUID, *, now: datetime) -> tuple[dict[str, Any], bool]:
    """What the page of an Assertion says, and whether it is gone for good.

    Of one that was revoked or replaced, or whose account was retired, nothing is left about its holder. NotAllowed:
    ``assertion-unknown`` where there is none, also while the learner does not agree; ``assertion-suspended``.
    """
    hosted = models.HostedAssertion.objects.select_related("award__pill").filter(pk=uuid).first()
    row = None
    if hosted is not None:
        row = hosted.award.credentials.filter(format=Format.OPEN_BADGE.value).first()
    if hosted is None or row is None:
        raise _unknown()
    award = hosted.award
    row.award = award
    if award.retired_at is not None or row.state == _State.ERASED:
        return open_badges_2.revoked(places.assertion(uuid)), True
    if award.status in (_Status.REVOKED, _Status.SUPERSEDED):
        reason = status.standing(row.credential_id, now=now).reason
        told = str(status.REASONS[reason]) if reason else ""
        return open_badges_2.revoked(places.assertion(uuid), reason=told), True
    if row.state != _State.ISSUED or not issuing.may_process(award.pk):
        raise _unknown()
    if award.status == _Status.SUSPENDED:
        raise NotAllowed("The badge is suspended: it cannot be verified for now.", code="assertion-suspended")
    return _assertion(hosted, row), False


def badge_class(uuid: UUID, issuer_key: str) -> dict[str, Any]:
    """The BadgeClass of a pill as an awarding body awards it. NotAllowed (``badge-unknown``): it has awarded none."""
    if not models.Award.objects.filter(pill__achievement=uuid, issuer_key=issuer_key).exists():
        raise _no_badge()
    return open_badges_2.badge_class(
        _pill(uuid), badge_id=places.badge_class(uuid, issuer_key), issuer_id=places.issuer_profile(issuer_key),
        image_url=places.badge_picture(uuid), criteria_url=places.achievement(uuid),
    )


def picture(uuid: UUID) -> BadgeImage:
    """The picture of a pill's badge. NotAllowed (``badge-unknown``)."""
    return open_badges.image_of(_pill(uuid))


def profile(issuer_key: str) -> dict[str, Any]:
    """An awarding body as it was recorded last. Misconfigured (``key-unpublished``) where there is none."""
    return open_badges_2.profile(issuers.recorded(issuer_key), issuer_id=places.issuer_profile(issuer_key))


def _assertion(hosted: models.HostedAssertion, row: models.Credential) -> dict[str, Any]:
    award, achievement = row.award, row.award.pill.achievement
    return open_badges_2.assertion(
        award_of(award), _recipient(row), assertion_id=places.assertion(hosted.pk),
        badge_id=places.badge_class(achievement, award.issuer_key), evidence_url=places.assessment(achievement),
        expires=award.expires_at,
    )


def _recipient(row: models.Credential) -> Recipient:
    """As the signed badge names the learner: the account may have another address by now."""
    named = composing.unsigned(row)["credentialSubject"].get("identifier", ())
    for identity in named:
        if identity.get("hashed") and identity.get("identityType") == "emailAddress":
            return Recipient(identity=identity["identityHash"], salt=identity["salt"])
    raise InvalidInput("An Open Badge 2.0 names its holder by a hashed e-mail.", code="email", field="email")


def _pill(uuid: UUID) -> LearningPill:
    frozen = models.FrozenPill.objects.filter(achievement=uuid).order_by("-pk").first()
    if frozen is None:
        raise _no_badge()
    return codec.decode(LearningPill, frozen.content)


def _unknown() -> NotAllowed:
    return NotAllowed("There is no such badge.", code="assertion-unknown")


def _no_badge() -> NotAllowed:
    return NotAllowed("Nobody has earned this here.", code="badge-unknown")
