"""The catalogue of skills for the admin: read-only, because files are its truth."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from . import models
from .admin_rows import ReadOnly


class SkillTextInline(ReadOnly, admin.TabularInline):
    """What a skill is called in each language."""

    model = models.SkillText
    fields = readonly_fields = ("language", "label", "alternatives", "description")
    extra = 0


@admin.register(models.Skill)
class SkillAdmin(ReadOnly, admin.ModelAdmin):
    """Skills that authors may choose; changed with ``microcred skills import``."""

    list_display = ("name", "framework", "kind", "reuse", "obsolete")
    list_filter = ("framework", "kind", "reuse", "obsolete")
    search_fields = ("=uri", "texts__label")
    fields = ("uri", "framework", "kind", "reuse", "obsolete")
    inlines = (SkillTextInline,)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the texts, which name each row."""
        return super().get_queryset(request).prefetch_related("texts")

    @admin.display(description="skill")
    def name(self, row: models.Skill) -> str:
        """Its English label, or any."""
        texts = sorted(row.texts.all(), key=lambda text: text.language != "en")
        return texts[0].label if texts else row.uri


@admin.register(models.SkillImport)
class SkillImportAdmin(ReadOnly, admin.ModelAdmin):
    """Which files the skills came from."""

    list_display = fields = ("framework", "language", "source", "concepts", "at")
