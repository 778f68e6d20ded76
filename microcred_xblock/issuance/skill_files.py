"""Files of skills: ESCO's official CSV (or its zip), and the selection that ships with this package.

A file is foreign: it is read in pieces, of bounded size, and believed in nothing. InvalidInput says what is wrong and
where. The words of https://esco.ec.europa.eu/en/structure-esco-downloadable-datasets name the columns.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..domain.errors import InvalidInput
from ..domain.outcomes import REUSE_LEVELS, checked_iri
from ..domain.text import LINE_MAX, TEXT_MAX, checked_text
from .skills import Concept, language_of

MOST_BYTES = 200_000_000  # of one file, unpacked; ESCO's are about 10 MB
MOST_CONCEPTS = 100_000
MOST_ALTERNATIVES = 300
FIELD_MAX = 100_000
ESCO = "ESCO"
ESCO_SKILLS = "http://data.europa.eu/esco/skill/"
SHIPPED = "esco-renewables.json"
FOLDER = Path(__file__).parent / "catalogue"
_KINDS = {"knowledge": "knowledge", "skill/competence": "skill", "skill": "skill", "": ""}
_NEEDED = ("conceptUri", "preferredLabel")
_NAME = re.compile(r"(?:^|/)skills_([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]+)*\.csv$")
_TOO_LARGE = f"is larger than {MOST_BYTES // 1_000_000} MB when it is unpacked. ESCO's own files are far smaller"


@dataclass(frozen=True, kw_only=True)
class SkillFile:
    """One table of concepts, in one language. ``official``: its name is that of a complete file."""

    path: Path
    member: str
    language: str
    framework: str
    official: bool

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.path.name}: {self.member}" if self.member else self.path.name

    def concepts(self) -> Iterator[tuple[int, Concept | InvalidInput]]:
        """``(line, concept)``, or what is wrong with that line. InvalidInput if the file as a whole cannot be read."""
        try:
            with _opened(self.path, self.member) as stream:
                yield from _concepts(_Lines(stream, self.name), self.name, self.framework)
        except UnicodeDecodeError as error:
            raise _bad(
                f"{self.name} is not UTF-8. Save it as “CSV UTF-8”, or take the file as ESCO gives it."
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise _bad(f"{self.name} is damaged: {error}. Download it again.") from error
        except OSError as error:
            raise _bad(f"{self.path} cannot be read: {error.strerror or error}.") from error


def files(path: Path, *, language: str = "", framework: str = ESCO) -> list[SkillFile]:
    """The tables in a CSV file or a zip; InvalidInput where there is none or its language is not known."""
    try:
        packed = path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)
        members = _members(path) if packed else [""]
    except (zipfile.BadZipFile, OSError) as error:
        raise _bad(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    found, asked = [], language_of(language)
    for member in members:
        named = _NAME.search(member or path.name)
        code = language_of(named.group(1)) if named else ""
        if asked and len(members) == 1:
            code = asked
        if not re.fullmatch(r"[a-z]{2,3}", code):
            raise _bad(f"The language of {member or path.name} is not in its name: give it with --language, as “fr”.")
        found.append(SkillFile(path=path, member=member, language=code, framework=framework, official=bool(named)))
    if asked:
        found = [each for each in found if each.language == asked]
    if not found:
        wanted = f"skills_{asked or '<language>'}.csv"
        raise _bad(f"{path.name} has no file {wanted}. Is it ESCO's download of the classification as CSV?")
    return found


def shipped() -> tuple[dict[str, Any], list[Concept]]:
    """What the manifest says of the selection that ships with the package, and its concepts."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))[SHIPPED]
    content = (FOLDER / SHIPPED).read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        raise _bad(f"{SHIPPED} is not the file that was released: install the package again.")
    return manifest, [
        Concept(
            uri=row["uri"], label=row["label"], kind=row["kind"], alternatives=tuple(row.get("alternatives", ())),
            description=row["description"],
        )
        for row in json.loads(content)
    ]


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if _NAME.search(entry.filename)]
    for entry in entries:
        if entry.flag_bits & 1:
            raise _bad(f"{path.name} is protected by a password: unpack it first.")
        if entry.file_size > MOST_BYTES:
            raise _bad(f"{entry.filename} in {path.name} {_TOO_LARGE}.")
    return [entry.filename for entry in entries]


@contextmanager
def _opened(path: Path, member: str) -> Iterator[IO[str]]:
    if not member:
        with path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            yield text
        return
    with zipfile.ZipFile(path) as archive, archive.open(member) as raw, \
            io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        yield text


class _Lines:
    """The lines of a stream for the csv module, none of them endless, and not too many altogether."""

    def __init__(self, stream: IO[str], name: str) -> None:
        self._stream, self._name, self._read, self.number = stream, name, 0, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(FIELD_MAX)
        if not line:
            raise StopIteration
        self._read += len(line)
        self.number += 1
        if self._read > MOST_BYTES:
            raise _bad(f"{self._name} {_TOO_LARGE}.")
        if len(line) == FIELD_MAX and not line.endswith("\n"):
            raise _bad(f"{self._name}, line {self.number} is too long to be one of a table of skills.")
        return line


def _concepts(lines: _Lines, name: str, framework: str) -> Iterator[tuple[int, Concept | InvalidInput]]:
    rows = _rows(lines, name)
    header = [column.strip() for column in next(rows, [])]
    lacking = [column for column in _NEEDED if column not in header]
    if lacking:
        raise _bad(
            f"{name} lacks the column {' and '.join(lacking)}. Its first line must name the columns, as in ESCO's "
            "skills_en.csv, with commas between them."
        )
    seen: set[str] = set()
    for row in rows:
        if not any(row):
            continue
        line = lines.number
        found = _concept(dict(zip(header, row, strict=False)), len(row) == len(header), framework)
        if isinstance(found, Concept):
            if found.uri in seen:
                found = _bad("the concept is in the file twice")
            else:
                seen.add(found.uri)
        if found is not None:
            yield line, found
        if len(seen) > MOST_CONCEPTS:
            raise _bad(f"{name} has more than {MOST_CONCEPTS:,} concepts; ESCO has about 14,000.")
    if not seen:
        raise _bad(f"{name} has no concept of the kind KnowledgeSkillCompetence.")


def _rows(lines: _Lines, name: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, strict=True)
    except csv.Error as error:
        raise _bad(f"{name}, line {lines.number}: {error}. Is it a table with commas and double quotes?") from error


def _concept(row: dict[str, str], whole: bool, framework: str) -> Concept | InvalidInput | None:
    """One row as a concept; None for the groups among them."""
    if not whole:
        return _bad("it has another number of columns than the first line")
    if row.get("conceptType", "") not in ("", "KnowledgeSkillCompetence"):
        return None
    uri, kind, reuse = (row.get(name, "").strip() for name in ("conceptUri", "skillType", "reuseLevel"))
    kind, reuse = kind.rpartition("skill-type/")[2], reuse.rpartition("/")[2]
    if framework == ESCO and not uri.startswith(ESCO_SKILLS):
        return _bad(f"conceptUri does not begin with {ESCO_SKILLS}; for other skills give --framework")
    if kind not in _KINDS:
        return _bad(f"skillType is “{kind[:40]}”, neither knowledge nor skill/competence")
    if reuse and reuse not in REUSE_LEVELS:
        return _bad(f"reuseLevel is “{reuse[:40]}”, none of {', '.join(REUSE_LEVELS)}")
    try:
        return Concept(
            uri=checked_iri(uri, field="conceptUri"), kind=_KINDS[kind], reuse=reuse,
            label=checked_text(_line(row["preferredLabel"]), field="preferredLabel", limit=LINE_MAX),
            alternatives=_alternatives(row), obsolete=row.get("status", "").strip() == "obsolete",
            description=checked_text(
                row.get("description", "").replace("\r\n", "\n").strip(), field="description", limit=TEXT_MAX,
                required=False,
            ),
        )
    except InvalidInput as error:
        return error


def _alternatives(row: dict[str, str]) -> tuple[str, ...]:
    own = _line(row["preferredLabel"]).casefold()
    names = dict.fromkeys(filter(None, map(_line, row.get("altLabels", "").splitlines())))
    found = tuple(name for name in names if name.casefold() != own)
    if len(found) > MOST_ALTERNATIVES:
        raise _bad(f"altLabels has more than {MOST_ALTERNATIVES} labels")
    for name in found:
        checked_text(name, field="altLabels", limit=LINE_MAX)
    return found


def _line(text: str) -> str:
    return " ".join(text.split())


def _bad(message: str) -> InvalidInput:
    return InvalidInput(message, code="skill-file")
