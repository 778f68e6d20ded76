"""Times as the console writes them: in one form in every language, with the time zone."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter(expects_localtime=True)
def moment(value: datetime | None) -> str | SafeString:
    """Such as ``25 Nov 2026, 14:03 UTC``, the month in the reader's language."""
    return _isolated(date_format(value, "j M Y, H:i T")) if value else ""


@register.filter(expects_localtime=True)
def day(value: datetime | None) -> str | SafeString:
    """Such as ``25 Nov 2026``."""
    return _isolated(date_format(value, "j M Y")) if value else ""


def _isolated(text: str) -> SafeString:
    """In a text that runs the other way it stays in one piece."""
    return format_html("<bdi>{}</bdi>", text)
