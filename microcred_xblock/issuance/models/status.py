"""Status lists, the history of every award, score changes after an award, and notices to the learner."""

import uuid

from django.db import models

from .awards import Award


class StatusList(models.Model):
    """A list of an issuer: one index for a credential, the same for every purpose. Full lists are closed.

    .. no_pii:
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    issuer_key = models.CharField(max_length=40, blank=True, default="")
    size = models.PositiveIntegerField()
    allocated = models.PositiveIntegerField(default=0)
    open = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "status list"
        indexes = (models.Index(fields=["issuer_key", "open"], name="microcred_open_lists"),)

    def __str__(self) -> str:
        return str(self.id)


class StatusEntry(models.Model):
    """The place of one credential in a list. Its two bits are the truth; a signed list is made from them.

    Outlives the award's personal data, so that verification goes on.

    .. no_pii:
    """

    list = models.ForeignKey(StatusList, on_delete=models.PROTECT, related_name="entries")
    index = models.PositiveIntegerField()
    credential_id = models.CharField(max_length=100, unique=True)
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="status_entry")
    purpose = models.CharField(max_length=15, help_text="The purpose of the entry that is written in the badge.")
    revoked = models.BooleanField(default=False)
    suspended = models.BooleanField(default=False)

    class Meta:
        verbose_name = "status entry"
        verbose_name_plural = "status entries"
        constraints = (models.UniqueConstraint(fields=["list", "index"], name="microcred_one_status_index"),)

    def __str__(self) -> str:
        return self.credential_id


class StatusListCredential(models.Model):
    """A list as it was last signed, for one purpose. ``changed`` is counted up with every bit, ``signed`` follows it.

    .. no_pii:
    """

    list = models.ForeignKey(StatusList, on_delete=models.PROTECT, related_name="documents")
    purpose = models.CharField(max_length=15)
    changed = models.PositiveIntegerField(default=1)
    signed = models.PositiveIntegerField(default=0)
    content = models.BinaryField(blank=True, default=b"")
    etag = models.CharField(max_length=64, blank=True, default="")
    signed_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "signed status list"
        constraints = (models.UniqueConstraint(fields=["list", "purpose"], name="microcred_one_list_document"),)

    def __str__(self) -> str:
        return f"{self.list_id} {self.purpose}"


class StatusChange(models.Model):
    """A line in the history of an award: who changed what, when and why. Never changed, never deleted.

    ``actor`` is ``system``, ``command`` or ``user:<id>``. ``reason`` is a code, ``note`` the words of whoever did it.

    .. pii: The id of the member of staff who changed an award, and their words about it.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    class Action(models.TextChoices):
        SUSPEND = "suspend", "Suspended"
        REVOKE = "revoke", "Revoked"
        REINSTATE = "reinstate", "Reinstated"
        SUPERSEDE = "supersede", "Superseded"
        KEEP = "keep", "Kept"
        RETIRE = "retire", "Personal data erased"

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="changes")
    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.CharField(max_length=40)
    note = models.CharField(max_length=500, blank=True, default="")
    actor = models.CharField(max_length=110)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "status change"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d}"


class Regrade(models.Model):
    """Scores no longer support an award (or now say something else): what the pill's policy will do, and when.

    Nothing happens before ``due_at``; the learner is told at once. One open case for an award at most
    (``open`` is True or NULL).

    .. pii: A learner's results (by award) after a change of scores.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RECOVERED = "recovered", "The scores suffice again"
        KEPT = "kept", "Kept"
        SUSPENDED = "suspended", "Suspended"
        REVOKED = "revoked", "Revoked"
        SUPERSEDED = "superseded", "Superseded"
        DISMISSED = "dismissed", "Dismissed by staff"

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="regrades")
    policy = models.CharField(max_length=10)
    results = models.JSONField()
    mastered = models.BooleanField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    open = models.BooleanField(null=True, default=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    closed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = "change of scores after an award"
        verbose_name_plural = "changes of scores after an award"
        constraints = (models.UniqueConstraint(fields=["award", "open"], name="microcred_one_open_regrade"),)

    def __str__(self) -> str:
        return f"{self.policy} {self.outcome}"


class Notice(models.Model):
    """Something a learner must be told about an award: on its page, and by e-mail where the admin allows it.

    ``key`` makes a notice that is asked for twice one notice. ``params`` holds dates and codes, nobody's name.

    .. pii: What a learner (by award) was told, and when.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENT = "sent", "Sent"
        SHOWN = "shown", "Shown on the page only"
        DEAD = "dead", "Given up"

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=64, unique=True, editable=False)
    params = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, db_index=True)
    leased_until = models.DateTimeField(null=True, blank=True, help_text="Handed over to a queue until then.")
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_class = models.CharField(max_length=20, blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "notice"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.kind
