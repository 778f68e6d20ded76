"""Who is gone."""

from django.db import models


class RetiredLearner(models.Model):
    """An account that was retired: nothing that arrives late is stored under its id any more.

    ``key`` is a digest of the id. Nothing leads from it to an award, nor from an award to it.

    .. pii: That an account existed and was retired, as a digest of its id.
    .. pii_types: id
    .. pii_retirement: retained
    """

    key = models.CharField(max_length=64, unique=True, editable=False)
    retired_at = models.DateTimeField()

    class Meta:
        verbose_name = "retired account"

    def __str__(self) -> str:
        return str(self.pk)
