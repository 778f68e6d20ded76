"""What the author's form in Studio sends, as new values of a pill's fields. Pure.

A value that the form shows as it is stored keeps its stored spelling, whatever that is, so a form saved unchanged
changes nothing; and what the form has no control for comes back as it was. Form of a submission::

    {"title", "description", "language",
     "outcomes": [{"key", "source": the outcome as it was, unless it is new, "title", "description", "kind", "reuse",
                   "threshold": "70", "logic", "all_attempted": true, "id": only where it had to be mended,
                   "blocks": [{"row": what the page calls it, "block", "weight", "threshold": "" | "50",
                               "member": its number among the stored ones or ""}],
                   "skills": see ``skills``}],
     "mastery": {"rule", "n", "required": ["key:<key>" | "id:<id>"]},
     "recognition": {…, "quality_assurance": {…}, "bloc": {…}, "nqf": {…}, "towards": {…}, "not_stated": {…}},
     "upkeep": {…}, "caption", "image": see ``badge``}
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import definition
from ..authoring_texts import UNUSABLE
from ..domain.errors import InvalidAnswer, InvalidInput, InvalidPill
from ..domain.text import LINE_MAX, checked_text
from ..translation import Translator
from . import badge, members, recognition, skills
from .submitted import items as _list
from .submitted import mapping as _mapping
from .submitted import text as _text
from .submitted import unusable as _unusable
from .values import UPKEEP, is_yes, shown
from .writing import put, put_number, put_percentage, same

_MAX_DEPTH = 120


@dataclass(frozen=True, kw_only=True)
class Edit:
    """``values``: the fields that change. ``keys``: what the page calls each of the new outcomes.

    ``problems`` are those that only the form can see; ``rows`` what the page calls each member of an outcome's
    assessment, by the outcome's key ("" for what is no row there). ``uploaded``: the badge image is a new file.
    """

    values: Mapping[str, Any]
    keys: tuple[str, ...]
    problems: tuple[InvalidPill, ...]
    rows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    uploaded: bool = False


def read(fields: Mapping[str, Any], submission: Mapping[str, Any], translator: Translator) -> Edit:
    """The submission held against the stored ``fields``. InvalidAnswer (``request-field``) if it has another form."""
    _check(submission)
    given = [_mapping(item, "outcomes") for item in _list(submission, "outcomes")]
    keys = tuple(_text(item, "key") for item in given)
    if len(set(keys)) != len(keys):
        raise _unusable("outcomes")
    reader = _Reader(translator)
    values = {
        "display_name": _kept(fields["display_name"], _text(submission, "title"), lines=False),
        "description": _kept(fields["description"], _text(submission, "description")),
        "language": _kept(fields["language"], _text(submission, "language"), lines=False),
        "outcomes": reader.outcomes(given),
        "upkeep": reader.upkeep(fields["upkeep"], _mapping(submission.get("upkeep"), "upkeep")),
        "recognition": recognition.read(
            fields["recognition"], _mapping(submission.get("recognition"), "recognition"), translator
        ),
        "badge_image": reader.image(fields["badge_image"], submission),
    }
    ids = {key: _id(item) for key, item in zip(keys, values["outcomes"], strict=True)}
    values["mastery"] = reader.mastery(fields["mastery"], _mapping(submission.get("mastery"), "mastery"), ids)
    changed = {name: value for name, value in values.items() if value != fields[name]}
    uploaded = _mapping(submission.get("image", {}), "image").get("kind") == "upload"
    return Edit(
        values=changed, keys=keys, problems=tuple(reader.problems(values["outcomes"])),
        rows={keys[place]: rows for place, rows in reader.rows.items()}, uploaded=uploaded,
    )


def refused(before: Iterable[InvalidInput], after: Iterable[InvalidInput], edit: Edit) -> list[InvalidInput]:
    """The problems that keep the edit from being stored: unusable values that were not stored before."""
    known = [(problem.code, problem.params) for problem in before]
    places = {problem.field for problem in edit.problems}
    return [*edit.problems, *(
        problem for problem in after
        if problem.code in UNUSABLE and (problem.code, problem.params) not in known and problem.field not in places
    )]


class _Reader:
    """Reads one submission and remembers what only the form can find wrong."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self.rows: dict[int, tuple[str, ...]] = {}  # what the page calls each member, by the outcome's place
        self._percentages: list[tuple[int, str, str]] = []  # the outcome's place, the one in it, and what was typed
        self._skills: list[tuple[int, InvalidInput]] = []  # the outcome's place, and what is wrong with a new skill
        self._picture: list[InvalidInput] = []

    def problems(self, outcomes: Sequence[Any]) -> Iterable[InvalidPill]:
        """What only the form can find wrong."""
        names = definition.outcome_names(outcomes)
        for place, inside, typed in self._percentages:
            yield InvalidPill(
                "The threshold must be a percentage from 0 to 100, with two decimals at most.", code="percentage",
                field=f"outcome {names[place]}.{inside}", outcome=names[place], value=typed[:40],
            )
        for place, error in self._skills:
            yield definition.placed(error, f"outcome {names[place]}", outcome=names[place])
        for error in self._picture:
            yield definition.placed(error, "badge image")

    def outcomes(self, given: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The outcomes in their new order, each with an id."""
        found = [self._outcome(place, item) for place, item in enumerate(given)]
        taken = {_id(item) for item in found}
        for number, item in enumerate(found, start=1):
            if isinstance(item, dict) and not item.get("id"):
                item["id"] = _new_id(shown(item, "title"), taken, number)
                taken.add(item["id"])
        return found

    def _outcome(self, place: int, given: Mapping[str, Any]) -> Any:
        source = given.get("source", {})
        if not isinstance(source, Mapping):
            return source  # damaged: it can be kept or deleted
        item = dict(source)
        for name in ("title", "kind", "reuse", "logic"):
            put(item, name, _text(given, name), lines=False)
        if "id" in given and _text(given, "id"):
            put(item, "id", _text(given, "id"), lines=False)
        put(item, "description", _text(given, "description"))
        if bool(given.get("all_attempted")) != is_yes(item.get("all_attempted")):
            item["all_attempted"] = "true" if given.get("all_attempted") else "false"
        self._assessment(item, given, place)
        self._put_skills(item, given.get("skills"), place)
        return item

    def _put_skills(self, item: dict[str, Any], given: Any, place: int) -> None:
        try:
            found, wrong = skills.read(item.get("skills"), given)
        except ValueError:
            raise _unusable("skills") from None
        self._skills += [(place, error) for error in wrong]
        if found:
            item["skills"] = found
        elif found != item.get("skills"):
            del item["skills"]

    def _assessment(self, item: dict[str, Any], given: Mapping[str, Any], place: int) -> None:
        """The outcome's own threshold, and what assesses it."""
        if not put_percentage(item, "threshold", _text(given, "threshold"), self._translator):
            self._percentages.append((place, "threshold", _text(given, "threshold")))
        found = members.read(item.get("assessed_by"), _rows(given), self._translator)
        self.rows[place] = found.rows
        self._percentages += [(place, f"assessed-by.{row}.threshold", typed) for row, typed in found.unread]
        if found.members != _iterable(item.get("assessed_by")):
            item["assessed_by"] = found.members

    def mastery(self, stored: Any, given: Mapping[str, Any], ids: Mapping[str, str]) -> Any:
        """The mastery rule; ``ids`` gives each outcome's id by its key."""
        data = dict(stored) if isinstance(stored, Mapping) else {}
        if not same(shown(data, "rule") or "all", _text(given, "rule"), lines=False):
            data["rule"] = _text(given, "rule")
        put_number(data, "n", _text(given, "n"), self._translator)
        tokens = [token for token in _list(given, "required") if isinstance(token, str)]
        chosen = [
            ids.get(token.removeprefix("key:"), "") if token.startswith("key:") else token.removeprefix("id:")
            for token in tokens
        ]
        before = [name for name in _iterable(data.get("required")) if str(name) in chosen]
        required = before + [name for name in dict.fromkeys(chosen) if name and name not in map(str, before)]
        if required != list(_iterable(data.get("required"))):
            data["required"] = required
        return data if data or isinstance(stored, Mapping) else stored

    def upkeep(self, stored: Any, given: Mapping[str, Any]) -> Any:
        """What becomes of an award afterwards."""
        data = dict(stored) if isinstance(stored, Mapping) else {}
        for name in UPKEEP:
            if name == "regrade":
                put(data, name, _text(given, name), lines=False)
            else:
                put_number(data, name, _text(given, name), self._translator)
        return data if data or isinstance(stored, Mapping) else stored

    def image(self, stored: Any, submission: Mapping[str, Any]) -> Any:
        """The badge image with its caption; there is none without an image."""
        try:
            value = badge.read(stored, _mapping(submission.get("image", {}), "image"))
        except InvalidAnswer:
            raise
        except InvalidInput as error:
            self._picture.append(error)
            return stored
        if not value or not isinstance(value, Mapping):
            return value
        data, caption = dict(value), _text(submission, "caption")
        if not badge.is_proposed(value, caption, submission):
            put(data, "caption", caption, lines=False)
        if data != stored:
            try:
                checked_text(data.get("caption", ""), field="image caption", limit=LINE_MAX, required=False)
            except InvalidInput as error:
                self._picture.append(error)
        return data


def _kept(stored: Any, text: str, *, lines: bool = True) -> Any:
    """The stored value where the page shows ``text`` for it, otherwise ``text``."""
    return stored if same(stored if isinstance(stored, str) else str(stored), text, lines) else text


def _rows(given: Mapping[str, Any]) -> list[members.Row]:
    """What the form says assesses an outcome."""
    found = []
    for number, row in enumerate(_mapping(row, "blocks") for row in _list(given, "blocks")):
        member = row.get("member", "")
        if member != "" and (not isinstance(member, int) or isinstance(member, bool)):
            raise _unusable("blocks")
        found.append(members.Row(
            row=_text(row, "row") or f"row{number}", block=_text(row, "block"), weight=_text(row, "weight"),
            threshold=_text(row, "threshold"), member=None if member == "" else member,
        ))
    return found


def _id(item: Any) -> str:
    return str(item.get("id") or "") if isinstance(item, Mapping) else ""


def _new_id(title: str, taken: set[str], number: int) -> str:
    """An id in the letters that ids may have, from the title where it has any of them."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    base = "-".join(words)[:48].strip("-") or f"outcome-{number}"
    names = [base, *(f"{base}-{count}" for count in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _check(value: Any, depth: int = 0) -> None:
    """Nothing that cannot be stored: text with lone surrogates, or a tree deeper than any definition."""
    if depth > _MAX_DEPTH:
        raise _unusable("outcomes")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _unusable("text") from None
    elif isinstance(value, Mapping):
        _check(list(value.keys()), depth + 1)
        _check(list(value.values()), depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


def _iterable(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
