"""The admin page on which platform staff say what pills inherit from their organisation or site."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from .. import inheritance
from ..domain.errors import MicrocredError
from . import models, recognition_defaults

_HELP = (
    "An object such as {\"mode\": \"blended\", \"quality_assurance\": {\"title\": \"Qualiopi\", \"agency\": \"…\"}}. "
    f"Known are {', '.join(inheritance.ELEMENTS)}. A change counts for awards to come; those that are made keep theirs."
)


class DefaultsForm(forms.ModelForm):
    """What will be stored; a value that no pill could have is refused."""

    class Meta:
        model = models.RecognitionDefaults
        fields = ("scope", "value", "recognition")
        help_texts: ClassVar[dict[str, str]] = {"recognition": _HELP}

    def clean(self) -> dict[str, Any]:
        """The same rules as ``microcred recognition set``, and every problem at once."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        found = inheritance.layer(cleaned["scope"], cleaned["recognition"])
        if found.problems:
            raise ValidationError([
                ValidationError(f"{problem.params['element']}: {problem.message}", code=problem.code)
                for problem in found.problems
            ])
        try:
            scope, value, data = recognition_defaults.checked(
                cleaned["scope"], cleaned["value"], cleaned["recognition"]
            )
        except MicrocredError as error:
            raise ValidationError(error.message, code=error.code) from error
        taken = models.RecognitionDefaults.objects.filter(unique_key=models.pair_key(scope, value))
        if taken.exclude(pk=self.instance.pk).exists():
            raise ValidationError("Something is given there already: change that.", code="defaults-taken")
        return {**cleaned, "scope": scope, "value": value, "recognition": data}


@admin.register(models.RecognitionDefaults)
class RecognitionDefaultsAdmin(admin.ModelAdmin):
    """For those to whom Django's admin gives the permissions on these data."""

    form = DefaultsForm
    fields = ("scope", "value", "recognition")
    list_display = ("scope", "value", "updated_at")
    list_filter = ("scope",)
    search_fields = ("value",)
