"""Every text of the app's pages is translated, and the compiled catalogues are current."""

import gettext
import re
from pathlib import Path

import pytest

import microcred_xblock.issuance

ROOT = Path(microcred_xblock.issuance.__file__).parent
_TEXT = re.compile(r'{%\s*translate "((?:[^"\\]|\\.)+)"')
_ENTRY = re.compile(r'^msgid ((?:"(?:[^"\\]|\\.)*"\n)+)msgstr ((?:"(?:[^"\\]|\\.)*"\n?)+)', re.M)


def texts():
    templates = (ROOT / "templates").rglob("*.html")
    return {text for path in templates for text in _TEXT.findall(path.read_text(encoding="utf-8"))}


def joined(lines):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', lines)).replace('\\"', '"').replace("\\n", "\n")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_catalogue_is_complete_and_compiled(language):
    source = (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    entries = {joined(m[1]): joined(m[2]) for m in _ENTRY.finditer(source) if joined(m[1])}
    assert set(entries) == texts()
    assert all(entries.values())
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {text: compiled.gettext(text) for text in entries} == entries
