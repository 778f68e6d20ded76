"""What a file of competencies holds, whatever its format, and what is noted while it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...domain.errors import InvalidInput
from ...domain.outcomes import checked_iri, checked_slug
from ...domain.text import LINE_MAX, forbidden_character
from ...messages import N_

ESCO = "http://data.europa.eu/esco/"
MAX_ITEMS = 5_000
DESCRIPTION_MAX = LINE_MAX * 4

# What is told beside the list, by code; ``{count}`` is how often it happened, ``{where}`` the first place.
NOTES: dict[str, str] = {
    "encoding": N_("The file is not in UTF-8. It was read as {where}: check the letters with accents."),
    "lines": N_("The text has no columns: each line was read as the title of one outcome."),
    "untitled": N_("Left out because they have no title: {count}, the first in line {where}."),
    "shortened": N_("Shortened because they are too long for an outcome: {count}, the first “{where}”."),
    "controls": N_("Invisible control characters were taken out of texts: {count}, the first “{where}”."),
    "kind": N_("Kinds that are neither knowledge nor skill were left out: {count}, the first “{where}”."),
    "reuse": N_("Reuse levels that are not known were left out: {count}, the first “{where}”."),
    "threshold": N_("Thresholds that are no percentage were left out: {count}, the first “{where}”."),
    "skill": N_("Skills without a usable web address or name were left out: {count}, the first “{where}”."),
    "unknown-columns": N_("Columns that were not used: {where}."),
    "place": N_(
        "Items whose place in the framework cannot be told were put on the first level: {count}, the first “{where}”."
    ),
    "repeated": N_("Items that stand in the file twice were taken once: {count}, the first “{where}”."),
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of the list. ``key`` is its own in the file, ``parent`` the key of the one above, or empty.

    ``values`` is what becomes of it as an outcome: ``id``, ``title``, ``description``, ``kind``, ``reuse``,
    ``threshold`` (a fraction, as a definition holds it) and ``skills``; what the file does not say is absent.
    ``uri`` is the framework's own address of the item, if it has one.
    """

    key: str
    values: Mapping[str, Any]
    parent: str = ""
    code: str = ""
    uri: str = ""


@dataclass(frozen=True, kw_only=True)
class Framework:
    """A file as it was read. ``notes`` are codes of ``NOTES`` with how often and where each happened."""

    format: str
    items: Sequence[Item]
    title: str = ""
    notes: Sequence[tuple[str, int, str]] = ()


@dataclass
class Notes:
    """What happened while a file was read, each kind once with its number and its first place."""

    found: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, code: str, where: object = "") -> None:
        """One more of ``code``."""
        self.found.setdefault(code, [0, str(where)[:80]])[0] += 1

    def all(self) -> list[tuple[str, int, str]]:
        """As ``Framework.notes``."""
        return [(code, count, where) for code, (count, where) in self.found.items()]


def clean(text: object, notes: Notes) -> str:
    """``text`` with plain line ends and without what no credential may hold."""
    if not isinstance(text, str):
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\f", "\n")
    if forbidden_character(text) is None:
        return text.strip()
    notes.add("controls", text.strip()[:40])
    return "".join(character for character in text if forbidden_character(character) is None).strip()


def worded(title: str, description: str, notes: Notes) -> dict[str, str]:
    """Title and description as an outcome may hold them; the whole of a long title opens the description."""
    if len(title) > LINE_MAX:
        description = "\n\n".join(filter(None, (title, description)))
        title = _cut(title, LINE_MAX)
        notes.add("shortened", title[:40])
    if len(description) > DESCRIPTION_MAX:
        description = _cut(description, DESCRIPTION_MAX)
        notes.add("shortened", title[:40])
    return {"title": title, **({"description": description} if description else {})}


def _cut(text: str, limit: int) -> str:
    """The beginning of ``text``, to the end of a word."""
    head = text[: limit - 1]
    return (head[: head.rfind(" ")] if " " in head[limit // 2:] else head).rstrip() + "…"


def usable(check: Callable[..., Any], value: str) -> bool:
    """Whether a check of the domain accepts ``value``."""
    try:
        check(value, field="")
    except InvalidInput:
        return False
    return True


def as_id(code: str) -> dict[str, str]:
    """``{"id": code}`` where ``code`` may be the id of an outcome, else nothing."""
    return {"id": code} if usable(checked_slug, code) else {}


def skill(uri: str, label: str, framework: str, notes: Notes) -> dict[str, str] | None:
    """A skill as a definition holds it, or None and a note. One that names no framework is called after its site."""
    uri, label = clean(uri, notes), " ".join(clean(label, notes).split())[:LINE_MAX]
    if not label or not usable(checked_iri, uri):
        notes.add("skill", uri or label)
        return None
    named = " ".join(clean(framework, notes).split())[:LINE_MAX] or ("" if uri.startswith(ESCO) else _site(uri))
    return {"uri": uri, "label": label, **({"framework": named} if named and named != "ESCO" else {})}


def _site(uri: str) -> str:
    return re.sub(r"^https?://(?:[^/?#@]*@)?([^/?#:]*).*", r"\1", uri, flags=re.DOTALL)[:LINE_MAX]


def placed(items: Iterable[Item], notes: Notes) -> list[Item]:
    """The items, each after the one it stands below; one that stands below nothing or itself is on the first level."""
    known = {item.key: item for item in items}
    below: dict[str, list[Item]] = {}
    for item in known.values():
        below.setdefault(item.parent if item.parent in known else "", []).append(item)
        if item.parent and item.parent not in known:
            notes.add("place", item.values["title"][:40])
    found: dict[str, Item] = {}
    for start in [*below.get("", ()), *known.values()]:
        if start.key in found:
            continue
        if start.parent in known:  # not reached from above: part of a circle
            notes.add("place", start.values["title"][:40])
        found[start.key] = _moved(start, "")
        waiting = below.get(start.key, [])[::-1]
        while waiting:
            item = waiting.pop()
            if item.key not in found:
                found[item.key] = item
                waiting += below.get(item.key, [])[::-1]
    return list(found.values())


def _moved(item: Item, parent: str) -> Item:
    return Item(key=item.key, values=item.values, parent=parent, code=item.code, uri=item.uri)
