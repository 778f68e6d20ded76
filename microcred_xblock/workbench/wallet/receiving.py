"""Taking a credential in: verify, refuse what is broken, keep the rest once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from .models import Client, StoredCredential
from .status_info import ApiError
from .verification import DidResolver, Report, Unreadable, Verified, verify_badge, verify_badge_jwt, verify_elm

_Form = StoredCredential.Form


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of an upsert: ``created``, replaced, or (``kept``) nothing as a newer one is here already."""

    stored: StoredCredential
    created: bool
    kept: bool = False


def receive(content: bytes, form: str, media_type: str, *, owner, client: Client | None) -> Received:
    """Verify and store. ApiError 400 for what is unreadable or proved false; what cannot be decided yet is kept."""
    verified = verify(content, form, email=owner.email)
    failure = verified.report.first_failure
    if failure is not None and verified.report.state == "invalid":
        raise ApiError(400, f"The credential does not verify: {failure.name} ({failure.code}).")
    with transaction.atomic():
        key = {
            "owner": owner, "form": form, "issuer_id": verified.issuer_id, "credential_id": verified.credential_id,
        }
        known = StoredCredential.objects.filter(**key).first()
        if known is not None and known.valid_from > verified.valid_from:
            return Received(stored=known, created=False, kept=True)
        stored, created = StoredCredential.objects.update_or_create(
            **key,
            defaults={
                "client": client, "valid_from": verified.valid_from, "media_type": media_type, "content": content,
                "document": verified.document, "report": verified.report.to_json(),
            },
        )
    return Received(stored=stored, created=created)


def verify(content: bytes, form: str, *, email: str, now: datetime | None = None) -> Verified:
    """The verification for a form; ApiError 400 for what cannot even be read."""
    now = now or timezone.now()
    resolver = DidResolver(settings.WALLET_ISSUER_ORIGINS)
    try:
        if form == _Form.BADGE:
            return verify_badge(content, resolver=resolver, now=now, email=email)
        if form == _Form.BADGE_JWT:
            return verify_badge_jwt(content, resolver=resolver, now=now, email=email)
        return verify_elm(content, now=now)
    except Unreadable as error:
        raise ApiError(400, str(error)) from error


def recheck(stored: StoredCredential) -> None:
    """Verify again what was relied on for as long as its issuer allows."""
    due = Report.from_json(stored.report).recheck_at
    if due is not None and due <= timezone.now():
        verify_again(stored)


def verify_again(stored: StoredCredential) -> Report:
    """A fresh report on a stored credential, kept with it. What is revoked stays so while nobody can be asked."""
    former = Report.from_json(stored.report)
    report = verify(bytes(stored.content), stored.form, email=stored.owner.email).report
    if former.state == "revoked" and report.state == "unknown":
        return former
    stored.report = report.to_json()
    stored.save(update_fields=["report"])
    return report
