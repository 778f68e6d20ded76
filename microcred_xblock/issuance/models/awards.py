"""What was proved, what the learner agreed to, and what was issued."""

import uuid

from django.db import models

from ...domain.credential import Format

_FORMATS = [(item.value, item.value) for item in Format if item is not Format.SD_JWT]


class FrozenPill(models.Model):
    """A pill as it was when somebody mastered it; equal pills share a row.

    .. no_pii:
    """

    digest = models.CharField(max_length=64, unique=True)
    pill_id = models.CharField(max_length=500)
    version = models.CharField(max_length=12)
    achievement = models.UUIDField(db_index=True, help_text="Names this pill in this version; part of a public URL.")
    title = models.CharField(max_length=250)
    content = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "frozen pill"
        indexes = (models.Index(fields=["pill_id"], name="microcred_frozen_pill"),)

    def __str__(self) -> str:
        return self.title


class Award(models.Model):
    """A pill mastered by a learner. ``active`` is True or NULL: a learner has one active award of a pill at most.

    A suspended award stays active; a revoked or superseded one does not, which is the way back: the pill can then be
    earned again, under the condition in ``regain``. ``issuer_key`` names the awarding body and is fixed for good.
    Retirement empties ``results`` and replaces the learner's id; the rest says nothing of a person.

    .. pii: The learner's user id, with the scores that earned the award.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    class Status(models.TextChoices):
        VALID = "valid", "Valid"
        SUSPENDED = "suspended", "Suspended"
        REVOKED = "revoked", "Revoked"
        SUPERSEDED = "superseded", "Superseded"

    class Regain(models.TextChoices):
        RESULTS = "results", "As soon as the results suffice"
        ANEW = "anew", "Only with every outcome assessed anew"
        NEVER = "never", "Never"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    learner_id = models.CharField(max_length=100, db_index=True)
    learner_pill = models.CharField(max_length=64, editable=False)
    active = models.BooleanField(null=True, default=True)
    pill = models.ForeignKey(FrozenPill, on_delete=models.PROTECT, related_name="awards")
    course_id = models.CharField(max_length=255, blank=True, db_index=True)
    results = models.JSONField()
    awarded_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    issuer_key = models.CharField(max_length=40, blank=True, default="", db_index=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.VALID, db_index=True)
    status_at = models.DateTimeField(null=True, blank=True)
    regain = models.CharField(max_length=10, choices=Regain.choices, default=Regain.RESULTS)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "award"
        indexes = (models.Index(fields=["course_id", "awarded_at"], name="microcred_award_course"),)
        constraints = (
            models.UniqueConstraint(fields=["learner_pill", "active"], name="microcred_one_active_award"),
        )

    def __str__(self) -> str:
        return str(self.id)


class Consent(models.Model):
    """A line of the consent ledger: what may be done with which payload, for whom, since when, until when.

    ``purpose`` ``issue`` lets the issuer sign; ``share`` lets it send to the wallet ``recipient``; ``publish`` lets
    it show the signed badge at its public address.

    .. pii: Which payload a learner (by award) agreed to have issued and sent where.
    .. pii_types: other
    .. pii_retirement: retained
    """

    class Purpose(models.TextChoices):
        ISSUE = "issue", "Issue"
        SHARE = "share", "Send to a wallet"
        PUBLISH = "publish", "Show to anybody"

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    recipient = models.CharField(max_length=255, blank=True, help_text="The issuer's DID, or the wallet's host.")
    formats = models.JSONField()
    payload_digest = models.CharField(max_length=64)
    active = models.BooleanField(null=True, default=True)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "consent"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["award", "purpose", "recipient", "active"], name="microcred_one_active_consent"
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.given_at:%Y-%m-%d}"


class Credential(models.Model):
    """One form of an award. Id, salt and times are fixed when the row is made; bytes once signed never change.

    ``document`` holds the unsigned document the learner agreed to, from consent until it is signed. ``lease`` marks
    the worker that is signing. Retirement empties documents, bytes and salt and keeps id and digest.

    .. pii: The signed credential: the learner's full name (ELM) or salted e-mail hash (Open Badge), and results.
    .. pii_types: name, email_address, other
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        PREPARED = "prepared", "Prepared"
        QUEUED = "queued", "Waiting to be signed"
        ISSUED = "issued", "Issued"
        FAILED = "failed", "Failed"
        ERASED = "erased", "Erased"

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="credentials")
    format = models.CharField(max_length=10, choices=_FORMATS)
    credential_id = models.CharField(max_length=100, db_index=True)
    salt = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    valid_from = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREPARED, db_index=True)
    document = models.TextField(blank=True)
    content = models.BinaryField(blank=True, default=b"")
    media_type = models.CharField(max_length=100, blank=True)
    extension = models.CharField(max_length=10, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the signed bytes.")
    signed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, db_index=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    error_class = models.CharField(max_length=20, blank=True, default="")
    lease = models.CharField(max_length=32, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "credential"
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["award", "format"], name="microcred_one_credential"),)

    def __str__(self) -> str:
        return f"{self.format} {self.credential_id}"
