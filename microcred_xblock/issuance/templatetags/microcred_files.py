"""Addresses of the app's static files."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.templatetags.static import static

register = template.Library()


@register.simple_tag
def file_url(name: str) -> str:
    """The file's address; the plain one where ``collectstatic`` has not met the file yet, instead of no page at all."""
    try:
        return static(name)
    except ValueError:
        return f"{settings.STATIC_URL or '/static/'}{name}"
