"""Texts, numbers and dates in the reader's language.

The platform's ``i18n`` service knows this package's catalogue (or a newer one it was given); the
workbench's knows only Django's. So the catalogue bundled in ``translations/`` is read here too.
"""

from __future__ import annotations

import gettext
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from django.utils import formats, timezone
from django.utils import translation as django_translation

DOMAIN = "text"


class Translator:
    """gettext for one reader, with the formats of their language.

    ``service`` is a platform's i18n service and is asked first; None where there is no platform.
    """

    def __init__(self, language: str = "en", service: Any = None) -> None:
        self.language = language or "en"
        self._service = service
        self._bundled = bundled(self.language)
        self._known: dict[str, str] = {}  # a long form asks for the same texts again and again

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``, for the ``dir`` attribute."""
        try:
            return "rtl" if django_translation.get_language_info(self.language)["bidi"] else "ltr"
        except KeyError:
            return "ltr"

    def gettext(self, message: str) -> str:
        """``message`` in the reader's language, or as it is."""
        if message not in self._known:
            text = message if self._service is None else self._service.gettext(message)
            self._known[message] = text if text != message else self._bundled.gettext(message)
        return self._known[message]

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The form for ``number``, which the text then still has to be formatted with."""
        if self._service is not None:
            text = self._service.ngettext(singular, plural, number)
            if text not in (singular, plural):
                return text
        return self._bundled.ngettext(singular, plural, number)

    def number(self, value: Decimal | int) -> str:
        """A number without trailing zeros, with the language's decimal separator."""
        text = format(Decimal(value).normalize(), "f")
        return text.replace(".", str(formats.get_format("DECIMAL_SEPARATOR", lang=self.language)))

    def percent(self, fraction: Decimal) -> str:
        """A fraction as a percentage; exact, because fractions have four places at most."""
        # Translators: how a percentage is written, e.g. "80 %"; the space should be a no-break space.
        return self.gettext("{number}\u00a0%").format(number=self.number(fraction * 100))

    def moment(self, value: datetime) -> str:
        """A time in the server's timezone, for readers without JavaScript."""
        with django_translation.override(self.language):
            return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")

    def date(self, value: datetime) -> str:
        """The day of a time in the server's timezone."""
        with django_translation.override(self.language):
            return formats.date_format(timezone.localtime(value), "DATE_FORMAT")


@lru_cache(maxsize=64)
def bundled(language: str) -> gettext.NullTranslations:
    """The bundled catalogue for ``language`` or its base language; an empty one if there is none."""
    code = language.lower().replace("_", "-")
    for name in dict.fromkeys((code, code.partition("-")[0])):
        if not name.replace("-", "").isalnum():
            continue
        path = files(__package__) / "translations" / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
        if path.is_file():
            with path.open("rb") as file:
                return gettext.GNUTranslations(file)
    return gettext.NullTranslations()
