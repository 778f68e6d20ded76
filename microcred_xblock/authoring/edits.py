"""What the author's form in Studio sends, as new values of a pill's fields. Pure.

A value that the form shows as it is stored keeps its stored spelling, whatever that is, so a form saved unchanged
changes nothing; and what the form has no control for comes back as it was. Form of a submission::

    {"title", "description", "language",
     "outcomes": [{"key", "source": the outcome as it was, unless it is new, "title", "description", "kind", "reuse",
                   "threshold": "70", "logic", "all_attempted": true, "id": only where it had to be mended,
                   "blocks": [{"block", "weight", "member": its number among the stored ones or ""}]}],
     "mastery": {"rule", "n", "required": ["key:<key>" | "id:<id>"]},
     "recognition": {…, "quality_assurance": {…}, "bloc": {…}}, "upkeep": {…}, "caption"}
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .. import definition
from ..authoring_texts import UNUSABLE
from ..domain.errors import InvalidAnswer, InvalidInput, InvalidPill
from ..domain.text import LINE_MAX, checked_text
from ..translation import Translator
from .values import (
    BLOC,
    NUMBERS,
    QUALITY,
    RECOGNITION,
    UPKEEP,
    is_leaf,
    is_yes,
    percentage,
    shown,
    stored_number,
    typed_number,
)

_MAX_DEPTH = 120


@dataclass(frozen=True, kw_only=True)
class Edit:
    """``values``: the fields that change. ``keys``: what the page calls each of the new outcomes.

    ``problems`` are those that only the form can see.
    """

    values: Mapping[str, Any]
    keys: tuple[str, ...]
    problems: tuple[InvalidPill, ...]


def read(fields: Mapping[str, Any], submission: Mapping[str, Any], translator: Translator) -> Edit:
    """The submission held against the stored ``fields``. InvalidAnswer (``request-field``) if it has another form."""
    _check(submission)
    given = [_mapping(item, "outcomes") for item in _list(submission, "outcomes")]
    keys = tuple(_text(item, "key") for item in given)
    if len(set(keys)) != len(keys):
        raise _unusable("outcomes")
    reader, recognition = _Reader(translator), _mapping(submission.get("recognition"), "recognition")
    values = {
        "display_name": _kept(fields["display_name"], _text(submission, "title"), lines=False),
        "description": _kept(fields["description"], _text(submission, "description")),
        "language": _kept(fields["language"], _text(submission, "language"), lines=False),
        "outcomes": reader.outcomes(given),
        "upkeep": reader.upkeep(fields["upkeep"], _mapping(submission.get("upkeep"), "upkeep")),
        "recognition": reader.recognition(fields["recognition"], recognition),
        "badge_image": reader.image(fields["badge_image"], submission),
    }
    ids = {key: _id(item) for key, item in zip(keys, values["outcomes"], strict=True)}
    values["mastery"] = reader.mastery(fields["mastery"], _mapping(submission.get("mastery"), "mastery"), ids)
    changed = {name: value for name, value in values.items() if value != fields[name]}
    return Edit(values=changed, keys=keys, problems=tuple(reader.problems(values["outcomes"])))


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
        self._percentages: list[tuple[int, str]] = []  # the outcome's place, and what was typed as its threshold
        self._caption: InvalidInput | None = None

    def problems(self, outcomes: Sequence[Any]) -> Iterable[InvalidPill]:
        """What only the form can find wrong."""
        names = definition.outcome_names(outcomes)
        for place, typed in self._percentages:
            yield InvalidPill(
                "The threshold must be a percentage from 0 to 100, with two decimals at most.", code="percentage",
                field=f"outcome {names[place]}.threshold", outcome=names[place], value=typed[:40],
            )
        if self._caption is not None:
            yield definition.placed(self._caption, "badge image")

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
            _put(item, name, _text(given, name), lines=False)
        if "id" in given and _text(given, "id"):
            _put(item, "id", _text(given, "id"), lines=False)
        _put(item, "description", _text(given, "description"))
        self._threshold(item, _text(given, "threshold"), place)
        if bool(given.get("all_attempted")) != is_yes(item.get("all_attempted")):
            item["all_attempted"] = "true" if given.get("all_attempted") else "false"
        members = self._members(item.get("assessed_by"), _list(given, "blocks"))
        if members != _iterable(item.get("assessed_by")):
            item["assessed_by"] = members
        return item

    def _threshold(self, item: dict[str, Any], typed: str, place: int) -> None:
        number, stored = typed_number(typed, self._translator), item.get("threshold", "")
        if number is None and _same(shown(item, "threshold"), typed, lines=False):
            return
        if number is not None and number == percentage(stored):
            return
        if not typed.strip():
            item.pop("threshold", None)
        elif number is not None and 0 <= number <= 100 and number == round(number, 2):
            item["threshold"] = _written(number / 100)
        else:
            self._percentages.append((place, typed))

    def _members(self, stored: Any, rows: Sequence[Any]) -> list[Any]:
        """The stored members that are still ticked, and every group, in their order; then the new ones."""
        given = [_mapping(row, "blocks") for row in rows]
        kept = {row.get("member"): row for row in given if row.get("member") != ""}
        members: list[Any] = []
        for number, member in enumerate(stored if isinstance(stored, list) else ()):
            if not is_leaf(member) or number in kept:
                members.append(self._weighted(member, kept[number]) if is_leaf(member) else member)
        for row in given:
            if row.get("member") == "":
                members.append(self._weighted({"block": _text(row, "block")}, row))
        return members

    def _weighted(self, member: Any, row: Mapping[str, Any]) -> Any:
        if not isinstance(member, Mapping):
            return member
        weighted = dict(member)
        self._number(weighted, "weight", _text(row, "weight"), otherwise="1")
        return weighted

    def _number(self, data: dict[str, Any], name: str, typed: str, otherwise: str = "") -> None:
        """Take a number over if it is another than the stored one; what is no number is taken as it was typed."""
        stored = shown(data, name) or otherwise
        number = typed_number(typed, self._translator)
        if _same(stored, typed, lines=False) or (number is not None and number == stored_number(stored)):
            return
        _put(data, name, typed.strip() if number is None else _written(number))

    def mastery(self, stored: Any, given: Mapping[str, Any], ids: Mapping[str, str]) -> Any:
        """The mastery rule; ``ids`` gives each outcome's id by its key."""
        data = dict(stored) if isinstance(stored, Mapping) else {}
        if not _same(shown(data, "rule") or "all", _text(given, "rule"), lines=False):
            data["rule"] = _text(given, "rule")
        self._number(data, "n", _text(given, "n"))
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

    def recognition(self, stored: Any, given: Mapping[str, Any]) -> Any:
        """The recognition data, with both of its parts."""
        data = dict(stored) if isinstance(stored, Mapping) else {}
        for name in RECOGNITION:
            if name in NUMBERS:
                self._number(data, name, _text(given, name))
            else:
                _put(data, name, _text(given, name), lines=name == "prerequisites")
        for part, names in (("quality_assurance", QUALITY), ("bloc", BLOC)):
            before = data.get(part)
            after = dict(before) if isinstance(before, Mapping) else {}
            for name in names:
                _put(after, name, _text(_mapping(given.get(part), part), name), lines=False)
            if after or (before is not None and after == before):
                data[part] = after
            elif isinstance(before, Mapping):
                del data[part]
        return data if data or isinstance(stored, Mapping) else stored

    def upkeep(self, stored: Any, given: Mapping[str, Any]) -> Any:
        """What becomes of an award afterwards."""
        data = dict(stored) if isinstance(stored, Mapping) else {}
        for name in UPKEEP:
            if name == "regrade":
                _put(data, name, _text(given, name), lines=False)
            else:
                self._number(data, name, _text(given, name))
        return data if data or isinstance(stored, Mapping) else stored

    def image(self, stored: Any, submission: Mapping[str, Any]) -> Any:
        """The badge image with its caption; there is none without an image."""
        if not stored or not isinstance(stored, Mapping):
            return stored
        data = dict(stored)
        _put(data, "caption", _text(submission, "caption"), lines=False)
        if data != stored:
            try:
                checked_text(data.get("caption", ""), field="image caption", limit=LINE_MAX, required=False)
            except InvalidInput as error:
                self._caption = error
        return data


def _put(data: dict[str, Any], name: str, text: str, *, lines: bool = True) -> None:
    """Store ``text`` unless it is what is shown for the stored value; nothing is stored of an empty one."""
    if _same(shown(data, name), text, lines):
        return
    if text:
        data[name] = text
    else:
        data.pop(name, None)


def _kept(stored: Any, text: str, *, lines: bool = True) -> Any:
    """The stored value where the page shows ``text`` for it, otherwise ``text``."""
    return stored if _same(stored if isinstance(stored, str) else str(stored), text, lines) else text


def _same(stored: str, text: str, lines: bool) -> bool:
    """Whether a control that was filled with ``stored`` may answer ``text``: browsers change line ends."""
    if not lines:
        return re.sub(r"[\r\n]", "", stored) == re.sub(r"[\r\n]", "", text)
    return re.sub(r"\r\n?", "\n", stored) == re.sub(r"\r\n?", "\n", text)


def _written(number: Decimal) -> str:
    return format(number.normalize(), "f")


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


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise _unusable(name)
    return value


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise _unusable(name)
    return value


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _unusable(name)
    return value


def _iterable(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _unusable(name: str) -> InvalidAnswer:
    return InvalidAnswer(
        f"The request's '{name}' has another form than the page gives it.", code="request-field", field=name
    )
