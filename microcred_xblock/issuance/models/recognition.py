"""Recognition data that an organisation or a site gives to its pills."""

from __future__ import annotations

from typing import Any

from django.db import models

from .keys import pair_key


class RecognitionDefaults(models.Model):
    """What pills inherit where they and their course say nothing. An organisation's beat its site's.

    .. no_pii:
    """

    class Scope(models.TextChoices):
        SITE = "site", "Site"
        ORGANISATION = "organisation", "Organisation"

    scope = models.CharField(max_length=15, choices=Scope.choices)
    value = models.CharField(max_length=255, help_text="The organisation's short name, or the site's host name.")
    recognition = models.JSONField(help_text="Recognition data as in the administrator's guide.")
    unique_key = models.CharField(max_length=64, unique=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "recognition data of an organisation or site"
        verbose_name_plural = "recognition data of organisations and sites"
        ordering = ("scope", "value")

    def __str__(self) -> str:
        return f"{self.scope} {self.value}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the unique column true: databases differ in whether ``a`` equals ``A``, organisations do not."""
        self.unique_key = pair_key(self.scope, self.value)
        super().save(*args, **kwargs)
