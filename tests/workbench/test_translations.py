"""Every text of the demo's own pages is translated, and the compiled catalogues are current."""

import gettext
import re
from pathlib import Path

import pytest

import microcred_xblock.workbench

ROOT = Path(microcred_xblock.workbench.__file__).parent
CATALOGUES = sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")) + sorted(
    ROOT.glob("wallet/locale/*/LC_MESSAGES/django.po")
)
_ENTRY = re.compile(r'^msgid "(?P<id>(?:[^"\\]|\\.)+)"\n(?:msgid_plural ".*"\n)?msgstr(?:\[0\])? "(?P<text>.*)"$', re.M)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: "/".join(path.parts[-5:-2]))
def test_a_catalogue_is_complete_and_compiled(path):
    entries = [(unescaped(m["id"]), unescaped(m["text"])) for m in _ENTRY.finditer(path.read_text(encoding="utf-8"))]
    assert len(entries) > 10
    assert [id_ for id_, text in entries if not text] == []
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for id_, text in entries:
        assert text in (compiled.gettext(id_), compiled.ngettext(id_, id_, 1))
        assert set(re.findall(r"%\(\w+\)s", id_)) == set(re.findall(r"%\(\w+\)s", text))


def unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def test_there_are_catalogues():
    assert len(CATALOGUES) == 3
