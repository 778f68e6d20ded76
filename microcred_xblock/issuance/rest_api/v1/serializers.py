"""What learners and the public are answered, field by field."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers as s

from .... import messages
from ... import data, downloads, models
from . import errors
from .described import described

STATES = ("valid", "suspended", "revoked", "superseded", "expired")
VERDICTS = ("genuine", "changed", "withdrawn", "unknown", "foreign", "unreadable")
_Status = models.Award.Status


class Problem(s.Serializer):
    """A failure. ``code`` is for programs and stable; ``message`` is for people; ``field`` says where, if known."""

    code = s.CharField()
    message = s.CharField()
    field = s.CharField(allow_blank=True)


class PillTitle(s.Serializer):
    """A learning pill, in the version that was awarded."""

    id = s.CharField(source="pill_id")
    title = s.CharField()
    achievement = s.UUIDField()


class Award(s.Serializer):
    """An award. ``status`` is what was decided about it; ``expires_at`` applies beside it."""

    id = s.UUIDField()
    pill = PillTitle()
    course = s.CharField(source="course_id")
    awarded_at = s.DateTimeField()
    status = s.ChoiceField(choices=_Status.values)
    status_at = s.DateTimeField(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True)
    active = s.SerializerMethodField(
        help_text="Whether it is the award of this pill that counts now. One that is to be superseded does so until "
        "there is consent to issue the new one."
    )
    consented = s.BooleanField(source="agreed", help_text="Whether consent to issue it is in force.")
    published = s.BooleanField(help_text="Whether its badge is shown to everybody.")
    supersedes = s.UUIDField(source="supersedes_id", allow_null=True)
    superseded_by = s.SerializerMethodField()

    def get_active(self, row: models.Award) -> bool:
        """Not what the database calls active: there it is the award that scores are held against."""
        return bool(row.stands or (row.active and not row.waits))

    def get_superseded_by(self, row: models.Award) -> str | None:
        """The award that took or takes its place."""
        found = getattr(row, "superseded_by", None)
        return str(found.pk) if found is not None else None


class Change(s.Serializer):
    """A line of an award's history."""

    action = s.CharField()
    reason = s.CharField()
    at = s.DateTimeField()


class CredentialForm(s.Serializer):
    """One form of an award. ``code`` and ``message`` say why it is not issued yet, if something went wrong."""

    id = s.CharField(source="credential_id")
    format = s.CharField()
    state = s.ChoiceField(choices=models.Credential.State.values)
    valid_from = s.DateTimeField()
    signed_at = s.DateTimeField(allow_null=True)
    digest = s.CharField(allow_blank=True, help_text="SHA-256 of the signed bytes.")
    media_type = s.CharField(allow_blank=True)
    code = s.CharField(source="error_code", allow_blank=True)
    message = s.SerializerMethodField()
    downloads = s.SerializerMethodField()

    def get_message(self, row: models.Credential) -> str:
        """The stored error in the reader's language."""
        if not row.error_code:
            return ""
        return messages.text(row.error_code, errors.translator(), retried=True, **row.error_params)

    def get_downloads(self, row: models.Credential) -> list[str]:
        """Addresses of the files that can be had of it."""
        if row.state != models.Credential.State.ISSUED:
            return []
        kinds = [kind for kind, format_ in downloads.FORMATS.items() if format_.value == row.format]
        return [
            reverse("microcred:api-v1:me-download", kwargs={"award_id": row.award_id, "kind": kind}) for kind in kinds
        ]


class OwnAward(Award):
    """An award with its history and its credentials."""

    results = s.ListField(child=s.DictField(), help_text="What was proved, outcome by outcome.")
    history = Change(many=True, source="changes.all")
    credentials = CredentialForm(many=True, source="credentials.all")


class Consent(s.Serializer):
    """A line of the consent ledger."""

    id = s.IntegerField()
    award = s.UUIDField(source="award_id")
    purpose = s.ChoiceField(choices=models.Consent.Purpose.values)
    recipient = s.CharField(allow_blank=True)
    formats = s.ListField(child=s.CharField())
    payload_digest = s.CharField()
    active = s.SerializerMethodField()
    given_at = s.DateTimeField()
    withdrawn_at = s.DateTimeField(allow_null=True)

    def get_active(self, row: models.Consent) -> bool:
        """NULL in the database means no."""
        return bool(row.active)


class Notice(s.Serializer):
    """What the learner was told about an award."""

    id = s.IntegerField()
    award = s.UUIDField(source="award_id")
    kind = s.CharField()
    title = s.CharField()
    text = s.CharField()
    created_at = s.DateTimeField()


class Publish(s.Serializer):
    """Which badge: the ``digest`` of the signed badge, as the award's credentials give it."""

    digest = s.RegexField(r"^[0-9a-f]{64}$")


class Outcome(s.Serializer):
    """A learning outcome of an achievement."""

    id = s.CharField()
    title = s.CharField()


class Achievement(s.Serializer):
    """What a pill in one version stands for."""

    id = s.CharField(help_text="The id of the Achievement in every badge for it; also the address of its page.")
    title = s.CharField()
    description = s.CharField(allow_blank=True)
    language = s.CharField()
    version = s.CharField()
    issuer = s.CharField(allow_blank=True)
    outcomes = Outcome(many=True)


def page_of(item: type[s.Serializer]) -> type[s.Serializer]:
    """A page of such items: ``results`` and the cursor of the ``next`` page, empty at the end."""
    fields: dict[str, Any] = {"results": item(many=True), "next": s.CharField(allow_blank=True)}
    return type(f"{item.__name__}Page", (s.Serializer,), {"__doc__": "A page.", **fields})


AwardPage = page_of(Award)
Standing = described(data.CredentialStanding, state=s.ChoiceField(choices=STATES))


class Verification(
    described(data.Verification, verdict=s.ChoiceField(choices=VERDICTS), standing=Standing(allow_null=True))
):
    """Whether a document is genuine, in one word, and what it is worth now if it is entered here."""

    verified = s.BooleanField(help_text="Genuine; whether it still counts is told by its standing.")
