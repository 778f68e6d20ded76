"""The translation catalogues: ``python -m tools.messages update|compile|check``.

There are two: that of the block, and that of the Django app (console, verification pages), which Django looks up.
``update`` collects every text of each part of the package and merges it into each language; ``compile`` writes the
``.mo`` files; ``check`` fails if a source text is not in the catalogues, if a language that is promised complete lacks
one, if a translation uses other parameters than its source, or if a ``.mo`` file is not what its ``.po`` compiles to.
"""

from __future__ import annotations

import ast
import re
import string
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "microcred_xblock"
ISSUANCE = PACKAGE / "issuance"
LANGUAGES = {"en": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);",
             "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;"}
COMPLETE = ("fr", "ar")
OUTSIDE = ("workbench", "issuance", "credentials", "proofs", "wallets")  # not shown by the block

_TAG = re.compile(r"""\{%\s*t\s+"((?:[^"\\]|\\.)+)"[^%]*%\}""")
_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(?:n?gettext|_)\(({_LITERAL})(?:, ({_LITERAL}))?")  # what templatize makes of a tag
_FRENCH_SPACE = re.compile(r"(?<=\S) (?=[:;?!»](?![^\W_]))|(?<=«) ")
_NAMED = re.compile(r"%\((\w+)\)s|%%")

Text = tuple[str, str]  # msgid, msgid_plural or ""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """One catalogue in several languages: where it is, and what has to be in it."""

    folder: Path
    domain: str
    languages: tuple[str, ...]
    source_texts: Callable[[], dict[Text, list[str]]]

    def po_path(self, language: str) -> Path:
        """Where the catalogue of ``language`` is."""
        return self.folder / language / "LC_MESSAGES" / f"{self.domain}.po"

    def compiled(self, language: str) -> bytes:
        """The ``.mo`` bytes of a language; the same for the same ``.po``. French punctuation stays on its line."""
        book = polib.pofile(str(self.po_path(language)))
        for entry in book if language == "fr" else ():
            entry.msgstr = unbroken(entry.msgstr)
            entry.msgstr_plural = {place: unbroken(text) for place, text in entry.msgstr_plural.items()}
        return book.to_binary()


def unbroken(text: str) -> str:
    """``text`` with no-break spaces where French sets a space that no line may end with."""
    return _FRENCH_SPACE.sub("\u00a0", text)


def block_texts() -> dict[Text, list[str]]:
    """Every text of the block, of the errors and of the notices, with the places it is used in."""
    found: dict[Text, list[str]] = {}
    for path in sorted([*PACKAGE.glob("*.py"), *(PACKAGE / "authoring").rglob("*.py")]):
        for text in _python_texts(path):
            found.setdefault(text, []).append(path.name)
    for path in sorted((PACKAGE / "templates").glob("*.html")):
        for match in _TAG.finditer(path.read_text(encoding="utf-8")):
            found.setdefault((match.group(1), ""), []).append(f"templates/{path.name}")
    return {text: sorted(set(places)) for text, places in found.items()}


def issuance_texts() -> dict[Text, list[str]]:
    """Every text that the Django app looks up in its own catalogue, with the places it is used in."""
    found: dict[Text, list[str]] = {}
    for path in sorted(ISSUANCE.rglob("*.py")):
        for text in _python_texts(path):
            found.setdefault(text, []).append(path.relative_to(ISSUANCE).as_posix())
    for path in sorted((ISSUANCE / "templates").rglob("*.*")):
        for text in _template_texts(path):
            found.setdefault(text, []).append(path.relative_to(ISSUANCE).as_posix())
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


def _template_texts(path: Path) -> Iterator[Text]:
    """As Django's makemessages reads a template, without its need of xgettext."""
    for match in _CALL.finditer(templatize(path.read_text(encoding="utf-8"), origin=path.name)):
        yield ast.literal_eval(match[1]), ast.literal_eval(match[2] or "''")


CATALOGUES = (
    Catalogue(
        folder=PACKAGE / "translations", domain="text", languages=("en", "fr", "ar"), source_texts=block_texts
    ),
    Catalogue(folder=ISSUANCE / "locale", domain="django", languages=("fr", "ar"), source_texts=issuance_texts),
)


def update() -> None:
    """Bring every catalogue up to the source texts; translations that are still used stay."""
    for catalogue in CATALOGUES:
        texts = catalogue.source_texts()
        for language in catalogue.languages:
            _merge(catalogue.po_path(language), language, texts)


def _merge(path: Path, language: str, texts: dict[Text, list[str]]) -> None:
    old = {(e.msgid, e.msgid_plural): e for e in polib.pofile(str(path))} if path.exists() else {}
    merged = polib.POFile(wrapwidth=100)
    merged.metadata = {
        "Project-Id-Version": "microcred-xblock", "Language": language, "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": LANGUAGES[language],
    }
    for (msgid, plural), places in sorted(texts.items()):
        entry = polib.POEntry(
            msgid=msgid, msgid_plural=plural, occurrences=[(place, "") for place in places], flags=_flags(msgid)
        )
        known = old.get((msgid, plural))
        if plural:
            count = int(LANGUAGES[language].split("nplurals=")[1][0])
            entry.msgstr_plural = {i: (known.msgstr_plural.get(i, "") if known else "") for i in range(count)}
        elif known:
            entry.msgstr = known.msgstr
        merged.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    merged.save(str(path))


def _flags(msgid: str) -> list[str]:
    return ["python-format"] if _NAMED.search(msgid) else []


def compile_all() -> None:
    """Write the ``.mo`` file of each language."""
    for catalogue in CATALOGUES:
        for language in catalogue.languages:
            catalogue.po_path(language).with_suffix(".mo").write_bytes(catalogue.compiled(language))


def problems() -> list[str]:
    """What is wrong with the catalogues; empty when all is well."""
    return [
        f"{catalogue.domain} {language}: {fault}"
        for catalogue in CATALOGUES for texts in (set(catalogue.source_texts()),)
        for language in catalogue.languages for fault in _problems(catalogue, language, texts)
    ]


def _problems(catalogue: Catalogue, language: str, texts: set[Text]) -> Iterator[str]:
    path = catalogue.po_path(language)
    entries = {(e.msgid, e.msgid_plural): e for e in polib.pofile(str(path))}
    yield from (f"missing, run update: {msgid}" for msgid, _plural in sorted(texts - set(entries)))
    yield from (f"no longer used, run update: {msgid}" for msgid, _plural in sorted(set(entries) - texts))
    for (msgid, plural), entry in entries.items():
        yield from (f"{fault}: {msgid}" for fault in _faults(entry, msgid + plural, language in COMPLETE))
    file = path.with_suffix(".mo")
    if not file.exists() or file.read_bytes() != catalogue.compiled(language):
        yield f"{file.name} is not current, run compile"


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
        if _NAMED.search(source) and "%" in _NAMED.sub("", text):
            yield "a single percent sign"


def parameters(text: str) -> set[str]:
    """The names in braces, and those of ``%(name)s``."""
    braces = {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}
    return braces | {match[1] for match in _NAMED.finditer(text) if match[1]}


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
