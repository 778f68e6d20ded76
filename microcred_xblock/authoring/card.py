"""One outcome in the author's form: its controls; ``members`` has what assesses it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from .. import facts
from ..domain.outcomes import REUSE_LEVELS
from ..domain.text import LINE_MAX
from ..messages import N_
from ..translation import Translator
from . import members, skills
from .page import FormPage
from .values import is_yes, mapping, percentage, shown

NEW_OUTCOME = {"threshold": "0.7"}
_LOGICS = {"and": N_("Their weighted mean counts"), "or": N_("The best of them counts")}


def card(
    key: str, item: Any, page: FormPage, translator: Translator, ids: Mapping[str, int]
) -> dict[str, Any]:
    """One outcome. A damaged one (no mapping) has no controls: it can be kept or deleted."""
    _, data = translator.gettext, mapping(item)
    threshold = percentage(data.get("threshold", ""))
    kinds = {code: _(facts.VALUES[code]) for code in ("knowledge", "skill")}
    levels = {code: _(facts.VALUES[code]) for code in REUSE_LEVELS}
    return {
        "key": plain_id(key), "id": shown(data, "id"), "damaged": not isinstance(item, Mapping),
        "title": shown(data, "title"),
        "controls": [
            *([control(f"{key}.id", _("Id"), shown(data, "id"), limit=64)] if _needs_id(data, ids) else []),
            control(
                f"{key}.title", _("Title of the outcome"), shown(data, "title"), limit=LINE_MAX,
                hint=_("Verb, object, context: for example “Locate a fault in the drive train from monitoring data”."),
            ),
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
        "rows": members.rows(plain_id(key), data.get("assessed_by"), page.inside, translator),
        "blank_row": members.BLANK_ROW,
        "groups": members.groups(data.get("assessed_by"), page.titles, translator),
        "grouped": json.dumps(sorted(members.grouped(data.get("assessed_by")))),
        "skills": skills.chips(data.get("skills"), translator),
    }


def _needs_id(data: Mapping[str, Any], ids: Mapping[str, int]) -> bool:
    """Whether the id has to be mended: it is unusable, or two outcomes have it. An absent one is made on saving."""
    own = data.get("id")
    return bool(own) and (ids[str(own)] > 1 or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", str(own)))


def control(
    name: str, label: str, value: str, *, kind: str = "line", hint: str = "", limit: int | None = None,
    options: Sequence[dict[str, str]] = (), rows: int = 3, narrow: bool = False,
) -> dict[str, Any]:
    """One control. ``kind``: line, text (several lines), number, date; a select where there are ``options``.

    ``printed``: the texts of it that make no difference to the rest (``rendering.stamp``).
    """
    return {
        "name": plain_id(name), "dom": plain_id(name.replace(".", "-")), "label": label, "value": value, "hint": hint,
        "limit": limit,
        "kind": "select" if options else kind, "options": options, "rows": rows, "narrow": narrow,
        "printed": ("name", "dom") if options else ("name", "dom", "value"),
    }


def plain_id(text: str) -> str:
    """``text``, said to need no escaping where it is only letters, digits and marks: a form has thousands of them."""
    return SafeString(text) if re.fullmatch(r"[\w.-]*", text, re.ASCII) else text


def options(choices: Mapping[str, str], value: str) -> list[dict[str, str]]:
    """The choices of a select; a stored value that is none of them stays choosable, as it is."""
    known = {**choices, **({} if value in choices else {value: value})}
    return [{"value": code, "label": label} for code, label in known.items()]
