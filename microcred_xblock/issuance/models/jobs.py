"""Work on many awards at once."""

import uuid

from django.db import models


class BulkJob(models.Model):
    """An action of staff on many awards: which, how far it is, what failed. Survives the worker that does it.

    ``scope`` is null for all courses, else the list of the actor's courses when it was asked for; ``filters`` are
    those of the console. ``cursor`` is the last award done.

    .. pii: The id of the member of staff who asked for it, and the filters, which may hold a learner's id.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.CharField(max_length=20)
    scope = models.JSONField(null=True, blank=True)
    filters = models.JSONField(default=dict, blank=True)
    params = models.JSONField(default=dict, blank=True)
    actor = models.CharField(max_length=110)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cursor = models.CharField(max_length=60, blank=True, default="")
    error_code = models.CharField(max_length=60, blank=True, default="")
    lease = models.CharField(max_length=32, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "bulk job"

    def __str__(self) -> str:
        return f"{self.action} {self.state}"
