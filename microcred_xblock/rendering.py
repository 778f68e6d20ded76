"""Renders the package's templates, in the reader's language, without touching Django's global settings.

``{% t "text {name}" name=value %}`` is the only translation tag: it takes the translator ``t`` from
the context and escapes the parameters.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from django.template import Context, Engine, Library
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from .translation import Translator

TEMPLATES = Path(__file__).parent / "templates"
register = Library()


@register.simple_tag(takes_context=True)
def t(context: Context, message: str, **params: Any) -> SafeString:
    """``message`` translated, with its parameters escaped; the translated text itself may not hold HTML."""
    text = conditional_escape(context["translator"].gettext(message))
    if params:
        text = text.format(**{name: conditional_escape(value) for name, value in params.items()})
    return mark_safe(text)  # noqa: S308 - every part has been escaped above


@register.simple_tag(takes_context=True)
def number(context: Context, value: Any) -> str:
    """A number in the reader's language."""
    return context["translator"].number(value)


@register.simple_tag(takes_context=True)
def locale(context: Context, language: str = "") -> SafeString:
    """The ``lang`` and ``dir`` attributes for the reader's language, or for ``language``."""
    translator = Translator(language) if language else context["translator"]
    return format_html('lang="{}" dir="{}"', translator.language, translator.direction)


@register.simple_tag(takes_context=True)
def stamp(context: Context, template: str, name: str, values: Mapping[str, Any]) -> SafeString:
    """``template`` with ``values`` as ``name``, for a page that holds it hundreds of times.

    ``values["printed"]`` are the names of texts that the template only prints, or leaves out where they are empty: for
    all values that differ in nothing else it is rendered once, and then filled in.
    """
    known = _STAMPS.setdefault(context["translator"], {})
    printed, uid = values["printed"], context["uid"]
    shape = [value for key, value in values.items() if key not in printed]
    key = repr((template, uid, shape, [bool(values[text]) for text in printed]))
    if key not in known:
        marks = {text: SafeString(f"{_MARK}{text}{_MARK}") if values[text] else "" for text in printed}
        known[key] = render(template, context["translator"], uid=uid, **{name: {**values, **marks}}).split(_MARK)
    return mark_safe("".join(  # noqa: S308 - every second part is a text, escaped here
        conditional_escape(values[part]) if place % 2 else part for place, part in enumerate(known[key])
    ))


_MARK = secrets.token_hex(12)  # nobody can have written it
_STAMPS: WeakKeyDictionary[Translator, dict[str, list[str]]] = WeakKeyDictionary()


@register.simple_tag
def options(choices: Sequence[Mapping[str, str]], chosen: str) -> SafeString:
    """The options of a select, each with ``value``, ``label`` and perhaps ``lang``."""
    return _options(tuple((item["value"], item["label"], item.get("lang", "")) for item in choices), chosen)


@lru_cache(maxsize=512)  # the cards of a form have the same ones
def _options(choices: tuple[tuple[str, str, str], ...], chosen: str) -> SafeString:
    return format_html_join("", '<option value="{}"{}{}>{}</option>', (
        (value, format_html(' lang="{}"', lang) if lang else "", " selected" if value == chosen else "", label)
        for value, label, lang in choices
    ))


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """A decorative line icon; what it means is always said in words beside it."""
    return format_html(
        '<svg class="mcp-icon mcp-icon--{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        name, mark_safe(ICONS[name]),  # noqa: S308 - constants below
    )


ICONS = {
    "check": '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
    "none": '<circle cx="12" cy="12" r="8" stroke-dasharray="2.6 3.2"/>',
    "partial": '<circle cx="12" cy="12" r="8"/><path d="M12 12V4a8 8 0 0 1 0 16z" fill="currentColor" stroke="none"/>',
    "again": '<path d="M19 12a7 7 0 1 1-2.1-5"/><path d="M19 3.5V8h-4.5"/>',
    "dash": '<path d="M6 12h12"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.5v.2"/>',
    "warning": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17v.2"/>',
    "upload": '<path d="M12 15.5V4m0 0L7.5 8.5M12 4l4.5 4.5M5 20h14"/>',
    "download": '<path d="M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 20h14"/>',
    "qr": '<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM20 14v2.5M17.5 20H20v-1.5M14 20v.1"/>',
    "wallet": '<rect x="3.5" y="6" width="17" height="13" rx="2.5"/><path d="M3.5 10h17M16 14.5h1.5"/>',
    "send": '<path d="M4 12h14m0 0-5.5-5.5M18 12l-5.5 5.5"/>',
    "close": '<path d="M6 6l12 12M18 6 6 18"/>',
    "out": '<path d="M9 5H5v14h14v-4M13 5h6v6M19 5l-8.5 8.5"/>',
    "medal": '<circle cx="12" cy="9.5" r="5.5"/><path d="M8.5 14 7 21l5-2.5L17 21l-1.5-7"/>',
    "up": '<path d="M12 19V5.5M6 11l6-6 6 6"/>',
    "down": '<path d="M12 5v13.5M6 13l6 6 6-6"/>',
    "bin": '<path d="M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5"/>',
    "grip": '<path d="M9 6v.2M15 6v.2M9 12v.2M15 12v.2M9 18v.2M15 18v.2"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.3l3.4 2"/>',
}


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(TEMPLATES)], builtins=[__name__], autoescape=True)


def render(name: str, translator: Translator, **values: Any) -> str:
    """The template ``name`` of this package as HTML."""
    return _engine().get_template(name).render(Context({**values, "translator": translator}))
