"""The one way in for a file of any of the formats, and the one way out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...domain.errors import InvalidAnswer, InvalidInput
from ...messages import N_
from ...translation import Translator
from ..values import shown
from . import case, moodle, plain
from .decoding import decoded
from .model import Framework, Notes

MAX_BYTES = 2_000_000
FORMATS: dict[str, str] = {
    "csv": N_("Table (CSV)"), "moodle": N_("Moodle competency framework (CSV)"), "case": N_("CASE 1.0 (JSON)"),
}


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to download. ``left_out``: how many outcomes are not in it, because they have no title yet."""

    name: str
    media_type: str
    text: str
    left_out: int = 0


def read(data: bytes, language: str) -> Framework:
    """What ``data`` holds, whichever of the formats it is; ``language`` is the author's.

    InvalidInput (``framework-…``) says what is wrong, where, and what to do.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput("The file is larger than 2 MB.", code="framework-large")
    notes = Notes()
    text = decoded(data, language, notes)
    if not text.strip():
        raise InvalidInput("The file is empty.", code="framework-empty")
    if text.lstrip()[:1] in ("{", "["):
        return case.read(text, notes)
    if _is_markup(text.strip()):
        raise InvalidInput("The file is HTML or XML.", code="framework-markup")
    found = _as_moodle(text, notes) or plain.read(text, notes)
    if not found.items:
        raise InvalidInput("There is no outcome in the file.", code="framework-no-items")
    return found


def _is_markup(text: str) -> bool:
    """Whether it is a web page or XML, and not an outcome about some: ``<img> and <picture> compared``."""
    return text.startswith("<") and (text.endswith(">") or re.match(r"<[?!]|<html\b", text, re.IGNORECASE) is not None)


def _as_moodle(text: str, notes: Notes) -> Framework | None:
    """The framework, if it is Moodle’s table; what is no table at all is judged by the other reader."""
    head = text[:4_000].lstrip().partition("\n")[0]
    if len(re.split("[,;\t]", head)) < len(moodle.HEADERS) - 2:
        return None
    rows = moodle.table_of(text)
    places = moodle.columns(rows)
    return moodle.read(rows, places, notes) if places else None


def write(
    format: str, outcomes: Sequence[Any], *, title: str, key: str, language: str, creator: str, now: datetime,
    translator: Translator,
) -> File:
    """The outcomes of the pill ``key`` as a file. InvalidAnswer (``request-field``) for another ``format``.

    ``language`` is the pill's, ``translator`` the author's, whose spreadsheet opens the table.
    """
    titled = [item for item in outcomes if isinstance(item, Mapping) and shown(item, "title").strip()]
    if not titled:
        raise InvalidInput("There is no outcome to download.", code="framework-nothing")
    if format == "csv":
        text, suffix, media_type = plain.write(titled, translator), "outcomes.csv", "text/csv"
    elif format == "moodle":
        text, suffix, media_type = moodle.write(title, _slug(key), titled, language), "moodle.csv", "text/csv"
    elif format == "case":
        text = case.write(title, key, titled, language=language, creator=creator, now=now)
        suffix, media_type = "case.json", "application/json"
    else:
        raise InvalidAnswer(f"No format is called '{format[:40]}'.", code="request-field", field="format")
    name = f"{_file_name(title)}-{suffix}"
    return File(name=name, media_type=media_type, text=text, left_out=len(outcomes) - len(titled))


def _slug(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", key).strip("-.")[-100:] or "pill"


def _file_name(title: str) -> str:
    """Letters and digits of the title, whatever its script."""
    return re.sub(r"[\W_]+", "-", title).strip("-")[:60] or "pill"
