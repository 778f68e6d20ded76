"""The words of a table of outcomes in English, French and Arabic: its columns and the values of two of them.

Of several words the first is written; all are read, in any language, whatever their case.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_HEADER_MAX = 80


class Words:
    """Codes with their words by language."""

    def __init__(self, words: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        self.codes = tuple(words)
        self._words = words
        self._codes: dict[str, str] = {}
        for code, names in words.items():
            for name in (code, *(name for language in names.values() for name in language)):
                self._codes.setdefault(folded(name), code)

    def word(self, code: str, language: str) -> str:
        """How ``code`` is written in ``language``, in English where there is no other; what is no code as it is."""
        names = self._words.get(code)
        return code if names is None else names.get(language.partition("-")[0], names["en"])[0]

    def code(self, text: str) -> str:
        """The code that ``text`` means in any of the languages, or an empty string."""
        return self._codes.get(folded(text), "") if 0 < len(text) <= _HEADER_MAX else ""


def folded(text: str) -> str:
    """``text`` without what people write differently: case, accents, vowel signs, spaces, apostrophes, hyphens."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum() or letter == "%")


COLUMNS = Words({
    "id": {
        "en": ("Id", "identifier", "id number", "code"), "fr": ("Identifiant", "n° d’identification"),
        "ar": ("المعرّف", "الرمز"),
    },
    "title": {
        "en": ("Title", "statement", "outcome", "learning outcome", "full statement", "competency", "name"),
        "fr": ("Intitulé", "titre", "énoncé", "acquis", "acquis d’apprentissage", "compétence", "nom"),
        "ar": ("العنوان", "العبارة", "المخرج", "مخرج التعلّم", "الكفاءة", "الاسم"),
    },
    "description": {
        "en": ("Description", "details"), "fr": ("Description", "précisions"), "ar": ("الوصف", "التفاصيل"),
    },
    "kind": {"en": ("Kind", "type"), "fr": ("Nature", "type"), "ar": ("النوع",)},
    "reuse": {
        "en": ("Reuse level", "reuse", "reusability"), "fr": ("Niveau de réutilisation", "réutilisation", "portée"),
        "ar": ("مستوى إعادة الاستخدام", "إعادة الاستخدام"),
    },
    "threshold": {
        "en": ("Threshold", "threshold in %"), "fr": ("Seuil", "seuil en %"), "ar": ("الحد المطلوب", "العتبة"),
    },
    "uri": {
        "en": ("Skill URI", "skill address", "skill url", "uri"),
        "fr": ("URI de l’aptitude", "adresse de l’aptitude", "URI de la compétence"),
        "ar": ("معرّف المهارة", "عنوان المهارة"),
    },
    "label": {
        "en": ("Skill label", "skill"), "fr": ("Libellé de l’aptitude", "aptitude", "libellé de la compétence"),
        "ar": ("اسم المهارة", "المهارة"),
    },
    "framework": {
        "en": ("Skill framework", "framework"), "fr": ("Référentiel de l’aptitude", "référentiel"),
        "ar": ("إطار المهارة", "الإطار"),
    },
})
SKILL_COLUMNS = ("uri", "label", "framework")

KINDS = Words({
    "knowledge": {"en": ("knowledge",), "fr": ("connaissance", "connaissances", "savoir"), "ar": ("معرفة",)},
    "skill": {
        "en": ("skill", "skills", "competence", "competency"), "fr": ("aptitude", "savoir-faire", "compétence"),
        "ar": ("مهارة",),
    },
})
REUSES = Words({
    "transversal": {"en": ("transversal",), "fr": ("transversal", "transversale"), "ar": ("مستعرضة",)},
    "cross-sector": {"en": ("cross-sector",), "fr": ("intersectoriel", "intersectorielle"), "ar": ("عابرة للقطاعات",)},
    "sector-specific": {
        "en": ("sector-specific",), "fr": ("sectoriel", "propre à un secteur"), "ar": ("خاصة بقطاع",),
    },
    "occupation-specific": {
        "en": ("occupation-specific",), "fr": ("propre à un métier", "professionnel"), "ar": ("خاصة بمهنة",),
    },
})


def column_of(text: str) -> tuple[str, int]:
    """The column that a header names, and its number: of several skills each has columns of its own."""
    text = text.strip()
    if not text or len(text) > _HEADER_MAX:
        return "", 0
    name = text.rstrip("0123456789").rstrip(" _\u00a0")
    number = text[len(text.rstrip("0123456789")):]
    code = COLUMNS.code(text)
    if code or not number:
        return code, 1
    return COLUMNS.code(name), int(number)
