"""The admin page on which platform staff say what pills inherit from their organisation or site."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from .. import inheritance
from ..domain.errors import MicrocredError
from . import models, recognition_defaults, recognition_reach

_TOLD = 20  # of several that are deleted at once
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
    fields = ("scope", "value", "recognition", "reach")
    readonly_fields = ("reach",)
    list_display = ("scope", "value", "updated_at")
    list_filter = ("scope",)
    search_fields = ("value",)

    @admin.display(description="What a change does")
    def reach(self, row: models.RecognitionDefaults) -> str:
        """Told before it is saved, in numbers."""
        if not row.value:
            return "How many pills and awards a change concerns is told here once it is saved."
        return str(recognition_reach.of(row.scope, row.value))

    def save_model(self, request: HttpRequest, obj: models.RecognitionDefaults, form: Any, change: bool) -> None:
        """Store it, and say what follows; also for where it was given before, if that is another place now."""
        before = (form.initial.get("scope"), form.initial.get("value")) if change else None
        super().save_model(request, obj, form, change)
        if form.has_changed():
            for place in dict.fromkeys(filter(None, (before, (obj.scope, obj.value)))):
                self._tell(request, *place)

    def delete_model(self, request: HttpRequest, obj: models.RecognitionDefaults) -> None:
        """Nothing is given any more, and whom that concerns."""
        super().delete_model(request, obj)
        self._tell(request, obj.scope, obj.value)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """The same for several."""
        places = list(queryset.values_list("scope", "value")[:_TOLD])
        super().delete_queryset(request, queryset)
        for place in places:
            self._tell(request, *place)

    def _tell(self, request: HttpRequest, scope: str, value: str) -> None:
        self.message_user(request, f"{scope} {value}: {recognition_reach.of(scope, value)}")
