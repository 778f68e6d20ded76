"""The translation catalogues: ``python -m tools.messages update|compile|check``.

``update`` collects every text of the package into ``translations/en`` and merges it into the other
languages; ``compile`` writes the ``.mo`` files; ``check`` fails if a source text is not in the
catalogues, if a language that is promised complete lacks one, if a translation uses other
parameters than its source, or if a ``.mo`` file is not what its ``.po`` compiles to.
"""

from __future__ import annotations

import ast
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "microcred_xblock"
TRANSLATIONS = PACKAGE / "translations"
LANGUAGES = {"en": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);",
             "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;"}
COMPLETE = ("fr",)
OUTSIDE = ("workbench", "issuance", "credentials", "proofs", "wallets")  # not shown by the block

_TAG = re.compile(r"""\{%\s*t\s+"((?:[^"\\]|\\.)+)"[^%]*%\}""")

Text = tuple[str, str]  # msgid, msgid_plural or ""


def source_texts() -> dict[Text, list[str]]:
    """Every text of the package with the places it is used in."""
    found: dict[Text, list[str]] = {}
    for path in sorted(PACKAGE.glob("*.py")):
        for text in _python_texts(path):
            found.setdefault(text, []).append(path.name)
    for path in sorted((PACKAGE / "templates").glob("*.html")):
        for match in _TAG.finditer(path.read_text(encoding="utf-8")):
            found.setdefault((match.group(1), ""), []).append(f"templates/{path.name}")
    return {text: sorted(set(places)) for text, places in found.items()}


def _python_texts(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name in ("gettext", "_", "N_") and texts:
            yield texts[0], ""
        elif name == "ngettext" and len(texts) >= 2:
            yield texts[0], texts[1]


def po_path(language: str) -> Path:
    """Where the catalogue of ``language`` is."""
    return TRANSLATIONS / language / "LC_MESSAGES" / "text.po"


def update() -> None:
    """Bring every catalogue up to the source texts; translations that are still used stay."""
    texts = source_texts()
    for language in LANGUAGES:
        path = po_path(language)
        old = {(e.msgid, e.msgid_plural): e for e in polib.pofile(str(path))} if path.exists() else {}
        catalogue = polib.POFile(wrapwidth=100)
        catalogue.metadata = {
            "Project-Id-Version": "microcred-xblock", "Language": language, "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit",
            "Plural-Forms": LANGUAGES[language],
        }
        for (msgid, plural), places in sorted(texts.items()):
            entry = polib.POEntry(msgid=msgid, msgid_plural=plural, occurrences=[(place, "") for place in places])
            known = old.get((msgid, plural))
            if plural:
                count = int(LANGUAGES[language].split("nplurals=")[1][0])
                entry.msgstr_plural = {i: (known.msgstr_plural.get(i, "") if known else "") for i in range(count)}
            elif known:
                entry.msgstr = known.msgstr
            catalogue.append(entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(path))


def compile_all() -> None:
    """Write the ``.mo`` file of each language."""
    for language in LANGUAGES:
        po_path(language).with_suffix(".mo").write_bytes(compiled(language))


def compiled(language: str) -> bytes:
    """The ``.mo`` bytes of a language; the same for the same ``.po``."""
    return polib.pofile(str(po_path(language))).to_binary()


def problems() -> list[str]:
    """What is wrong with the catalogues; empty when all is well."""
    texts, found = set(source_texts()), []
    for language in LANGUAGES:
        catalogue = polib.pofile(str(po_path(language)))
        entries = {(e.msgid, e.msgid_plural): e for e in catalogue}
        found += [f"{language}: missing, run update: {msgid}" for msgid, _p in sorted(texts - set(entries))]
        found += [f"{language}: no longer used, run update: {msgid}" for msgid, _p in sorted(set(entries) - texts)]
        for (msgid, plural), entry in entries.items():
            found += [f"{language}: {fault}: {msgid}" for fault in _faults(entry, msgid + plural, language in COMPLETE)]
        file = po_path(language).with_suffix(".mo")
        if not file.exists() or file.read_bytes() != compiled(language):
            found.append(f"{language}: {file.name} is not current, run compile")
    return found


def _faults(entry: polib.POEntry, source: str, complete: bool) -> Iterator[str]:
    translations = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if complete and not all(translations):
        yield "not translated"
    if entry.fuzzy:
        yield "fuzzy"
    for text in filter(None, translations):
        if parameters(text) - parameters(source):
            yield "unknown parameters"
        elif not entry.msgid_plural and parameters(source) - parameters(text):
            yield "lost parameters"


def parameters(text: str) -> set[str]:
    """The names in braces."""
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


def main(arguments: list[str]) -> int:
    """Run one command; the exit status."""
    command = arguments[0].lstrip("-") if arguments else "check"
    if command == "update":
        update()
    elif command == "compile":
        compile_all()
    elif command == "check":
        found = problems()
        print("\n".join(found) or "The catalogues are complete and current.")
        return bool(found)
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
