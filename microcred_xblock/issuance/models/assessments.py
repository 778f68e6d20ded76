"""Which graded block belongs to which pill, and what has to be looked at again."""

from django.db import models


class PillBlock(models.Model):
    """A block whose score counts in a pill, or the subsection whose grade staff may override.

    ``block`` is the digest of its usage id (``keys.pair_key``): one short indexed column, asked at every answer on
    the platform.

    .. no_pii:
    """

    block = models.CharField(max_length=64, db_index=True)
    pill_id = models.CharField(max_length=500)
    course_id = models.CharField(max_length=255, db_index=True)

    class Meta:
        verbose_name = "block of a pill"
        verbose_name_plural = "blocks of pills"

    def __str__(self) -> str:
        return self.pill_id


class Request(models.Model):
    """Something to be done soon, once, however often it is asked for.

    ``token`` changes with every request; whoever did the work deletes the row only if the token is the one it
    started with, so what is asked for meanwhile is done too.
    """

    token = models.CharField(max_length=32)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_index=True)
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_class = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        abstract = True


class AssessmentRequest(Request):
    """A learner's scores in a pill have changed.

    .. pii: Which learner has answered something in which pill; deleted when it has been assessed.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    learner_pill = models.CharField(max_length=64, unique=True, editable=False)
    learner_id = models.CharField(max_length=100)
    pill_id = models.CharField(max_length=500)

    class Meta:
        verbose_name = "assessment request"

    def __str__(self) -> str:
        return str(self.pk)


class IndexRequest(Request):
    """A course was published: the index of its pills may be out of date. ``leased_until``: somebody is at it.

    .. no_pii:
    """

    course = models.CharField(max_length=64, unique=True, editable=False)
    course_id = models.CharField(max_length=255)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "index request"

    def __str__(self) -> str:
        return self.course_id
