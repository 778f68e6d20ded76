"""The admin page on which platform staff say which issuer awards where."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from ..domain.errors import MicrocredError
from . import assignments, awarding_bodies, models


class AssignmentForm(forms.ModelForm):
    """An assignment as it will be stored; an issuer that is not in the settings is refused."""

    issuer_key = forms.ChoiceField(choices=lambda: _choices(), required=False)

    class Meta:
        model = models.IssuerAssignment
        fields = ("scope", "value", "issuer_key")

    def clean(self) -> dict[str, Any]:
        """The same rules as ``microcred keys assign``."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            scope, value, key = assignments.checked(cleaned["scope"], cleaned["value"], cleaned["issuer_key"])
        except MicrocredError as error:
            raise ValidationError(error.message, code=error.code) from error
        taken = models.IssuerAssignment.objects.filter(unique_key=models.pair_key(scope, value))
        if taken.exclude(pk=self.instance.pk).exists():
            raise ValidationError("An issuer is assigned there already: change that one.", code="assignment-taken")
        return {**cleaned, "scope": scope, "value": value, "issuer_key": key}


@admin.register(models.IssuerAssignment)
class IssuerAssignmentAdmin(admin.ModelAdmin):
    """For those to whom Django's admin gives the permissions on assignments."""

    form = AssignmentForm
    fields = list_display = ("scope", "value", "issuer_key")
    list_filter = ("scope",)
    search_fields = ("value", "=issuer_key")


def _choices() -> list[tuple[str, str]]:
    """The issuers of the settings."""
    try:
        return [(key, key or "MICROCRED_ISSUER") for key in awarding_bodies.configured()]
    except MicrocredError:
        return []
