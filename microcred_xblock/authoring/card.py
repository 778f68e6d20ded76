"""One outcome in the author's form: its controls, what assesses it, and in words what the form cannot change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .. import definition, facts
from ..domain.outcomes import REUSE_LEVELS
from ..domain.text import LINE_MAX
from ..messages import N_
from ..translation import Translator
from .blocks import Block
from .page import FormPage
from .values import is_leaf, is_yes, items, mapping, percentage, shown, stored_number

NEW_OUTCOME = {"threshold": "0.7"}
_LOGICS = {"and": N_("Their weighted mean counts"), "or": N_("The best of them counts")}


def card(
    key: str, item: Any, page: FormPage, translator: Translator, ids: Sequence[Any]
) -> dict[str, Any]:
    """One outcome. A damaged one (no mapping) has no controls: it can be kept or deleted."""
    _, data = translator.gettext, mapping(item)
    members, grouped = items(data.get("assessed_by")), _grouped(data)
    threshold = percentage(data.get("threshold", ""))
    kinds = {code: _(facts.VALUES[code]) for code in ("knowledge", "skill")}
    levels = {code: _(facts.VALUES[code]) for code in REUSE_LEVELS}
    titles = page.titles
    return {
        "key": key, "id": shown(data, "id"), "damaged": not isinstance(item, Mapping),
        "title": shown(data, "title"),
        "controls": [
            *([control(f"{key}.id", _("Id"), shown(data, "id"), limit=64)] if _needs_id(data, ids) else []),
            control(f"{key}.title", _("Title of the outcome"), shown(data, "title"), limit=LINE_MAX),
            control(
                f"{key}.description", _("Description"), shown(data, "description"), kind="text", rows=2,
                limit=LINE_MAX * 4,
            ),
        ],
        "details": [
            control(f"{key}.kind", _("Kind"), shown(data, "kind"), options=options(kinds, shown(data, "kind"))),
            control(
                f"{key}.reuse", _("Reuse level"), shown(data, "reuse"),
                options=options(levels, shown(data, "reuse")), hint=_("How far beyond one occupation it is useful."),
            ),
            control(
                f"{key}.threshold", _("Threshold in %"),
                shown(data, "threshold") if threshold is None else translator.number(threshold),
                kind="number", hint=_("Share of the points that proves the outcome."),
            ),
        ],
        "logic": control(
            f"{key}.logic", _("When several activities assess it"), shown(data, "logic"),
            options=options({code: _(text) for code, text in _LOGICS.items()}, shown(data, "logic")), narrow=True,
        ),
        "all_attempted": is_yes(data.get("all_attempted")),
        "rows": _rows(key, members, grouped, page.blocks, translator),
        "groups": [_group_words(member, titles, translator) for member in members if not is_leaf(member)],
        "grouped": json.dumps(sorted(grouped)),
        "skills": [shown(skill, "label") or shown(skill, "uri") for skill in items(data.get("skills"))],
    }


def _needs_id(data: Mapping[str, Any], ids: Sequence[Any]) -> bool:
    """Whether the id has to be mended: it is unusable, or two outcomes have it. An absent one is made on saving."""
    own = data.get("id")
    return bool(own) and (ids.count(own) > 1 or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", str(own)))


def _rows(
    key: str, members: Sequence[Any], grouped: set[str], blocks: Sequence[Block], translator: Translator
) -> list[dict[str, Any]]:
    """A checkbox for each graded block, then for each reference to anything else."""
    _ = translator.gettext
    leaves = {number: member for number, member in enumerate(members) if is_leaf(member)}
    rows, left = [], dict(leaves)
    for block in blocks:
        own = [number for number, member in left.items() if shown(member, "block") == block.reference]
        if not own and block.offered and block.reference not in grouped:
            rows.append({"block": block.reference, "title": block.title, "weight": "1", "member": "", "note": ""})
        note = "" if block.graded else _("gives no score: choose another activity")
        rows += [_leaf_row(number, left.pop(number), block.title, note, translator) for number in own]
    for number, member in left.items():
        title = _("Missing block “{block}”").format(block=shown(member, "block") or "?")
        note = _("no longer in this pill; kept until you untick it")
        rows.append({**_leaf_row(number, member, title, note, translator), "missing": True})
    return [{**row, "uid": f"{key}-b{number}"} for number, row in enumerate(rows)]


def _leaf_row(number: int, member: Any, title: str, note: str, translator: Translator) -> dict[str, Any]:
    weight = stored_number(shown(member, "weight") or "1")
    own = percentage(mapping(member).get("threshold", ""))
    if own is not None:
        at_least = translator.gettext("at least {threshold}").format(threshold=translator.percent(own / 100))
        note = translator.gettext(", ").join(filter(None, (note, at_least)))
    return {
        "block": shown(member, "block"), "title": title, "checked": True, "member": number, "note": note,
        "weight": shown(member, "weight") if weight is None else translator.number(weight),
    }


def _grouped(data: Mapping[str, Any]) -> set[str]:
    """The blocks that only nested groups refer to."""
    groups = [member for member in items(data.get("assessed_by")) if not is_leaf(member)]
    return {reference for _outcome, reference in definition.block_references([{"id": "g", "assessed_by": groups}])}


def _group_words(group: Mapping[str, Any], titles: Mapping[str, str], translator: Translator) -> dict[str, Any]:
    """A nested group in words, as ``criteria.html`` shows it, even where it is wrong."""
    _ = translator.gettext
    best = shown(group, "logic") == "or"
    rule = _("The best of these counts") if best else _("The weighted mean of these counts")
    if is_yes(group.get("all_attempted")):
        rule = _("{rule}; all must be attempted").format(rule=rule)
    return {
        "rule": rule,
        "members": [_member_words(member, titles, translator) for member in items(group.get("members"))],
        **_conditions(group, translator),
    }


def _member_words(member: Any, titles: Mapping[str, str], translator: Translator) -> dict[str, Any]:
    if not is_leaf(member):
        return {**_conditions(member, translator), "group": _group_words(member, titles, translator)}
    block = shown(member, "block")
    return {
        **_conditions(member, translator), "block": block, "title": titles.get(block, ""),
        "missing": block not in titles,
    }


def _conditions(member: Any, translator: Translator) -> dict[str, str]:
    weight, threshold = stored_number(shown(member, "weight") or "1"), percentage(mapping(member).get("threshold", ""))
    return {
        "weight": shown(member, "weight") if weight is None else translator.number(weight),
        "threshold": shown(member, "threshold") if threshold is None else translator.percent(threshold / 100),
    }


def control(
    name: str, label: str, value: str, *, kind: str = "line", hint: str = "", limit: int | None = None,
    options: Sequence[dict[str, str]] = (), rows: int = 3, narrow: bool = False,
) -> dict[str, Any]:
    """One control. ``kind``: line, text (several lines), number, date; a select where there are ``options``."""
    return {
        "name": name, "dom": name.replace(".", "-"), "label": label, "value": value, "hint": hint, "limit": limit,
        "kind": "select" if options else kind, "options": options, "rows": rows, "narrow": narrow,
    }


def options(choices: Mapping[str, str], value: str) -> list[dict[str, str]]:
    """The choices of a select; a stored value that is none of them stays choosable, as it is."""
    known = {**choices, **({} if value in choices else {value: value})}
    return [{"value": code, "label": label} for code, label in known.items()]
