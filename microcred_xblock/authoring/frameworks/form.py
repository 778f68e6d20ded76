"""What the author's form shows of examples, files and frameworks, and what its script needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...definition import unstated
from ...domain.pill import MAX_OUTCOMES
from ...inheritance import offered
from ...messages import MESSAGES
from ...translation import Translator
from ..page import FormPage
from ..plurals import plural
from ..presets import PRESETS
from ..values import mapping, percentage
from .files import FORMATS, MAX_BYTES
from .model import NOTES, Framework

# Stored values, and the controls that show them: suggested is only what is in none of them.
_SUGGESTED = {
    "mastery.rule": ("mastery", "rule"), "mastery.n": ("mastery", "n"),
    "recognition.mode": ("recognition", "mode"),
    "recognition.assessment_type": ("recognition", "assessment_type"),
    "recognition.supervision": ("recognition", "supervision"),
    "recognition.stackability": ("recognition", "stackability"),
    "upkeep.regrade": ("upkeep", "regrade"), "upkeep.valid_months": ("upkeep", "valid_months"),
}


def model(page: FormPage, translator: Translator) -> dict[str, Any]:
    """The examples and formats; ``new``: whether nothing is written in the pill yet."""
    _, fields = translator.gettext, page.fields
    return {
        "new": not any(fields[name] for name in ("description", "outcomes", "recognition")),
        "presets": [
            {"name": name, "title": _(preset.title), "about": _(preset.about), "count": len(preset.outcomes)}
            for name, preset in PRESETS.items()
        ],
        "formats": [{"name": name, "title": _(title)} for name, title in FORMATS.items()],
    }


def script(page: FormPage, translator: Translator) -> dict[str, Any]:
    """``unused``: the controls that a suggestion may fill, because nothing is stored or taken over for them."""
    _, ngettext = translator.gettext, translator.ngettext
    taken = unstated(page.fields["recognition"]).union(offered(page.layers))
    return {
        "unused": [
            name for name, (field, key) in _SUGGESTED.items()
            if key not in mapping(page.fields[field]) and not (field == "recognition" and key in taken)
        ],
        "limit": MAX_OUTCOMES, "bytes": MAX_BYTES,
        "texts": {
            "and": _(", "), "added": plural(lambda count: ngettext(
                "{count} outcome was added from “{title}”.", "{count} outcomes were added from “{title}”.", count
            )),
            "blank": _("An empty outcome was added."),
            "unsaved": _("Nothing is saved yet."),
            "replace": _("Replace the words in square brackets with your own."),
            "suggested": _("Suggested as well: {names}."),
            "undone": _("What was added is gone again."),
            "stayed": _("What you have changed since stays."),
            "chosen": plural(
                lambda count: ngettext("{count} outcome is chosen.", "{count} outcomes are chosen.", count)
            ),
            "full": _(MESSAGES["many-outcomes"]),
            "too_many": _(
                "A pill may have {limit} outcomes. It has {have} and you chose {chosen}: choose {room} at most."
            ),
            "none": _("Choose at least one outcome."),
            "present": _("already in this pill"),
            "below": _("Choose what is below “{title}” ({count})"),
            "large": _(MESSAGES["framework-large"]),
            "empty": _(MESSAGES["framework-empty"]),
            "reading": _("The file is being read…"),
            "found": plural(lambda count: ngettext("{count} entry", "{count} entries", count)),
            "written": _("“{name}” was made from the outcomes in this form."),
            "left_out": _("Outcomes without a title are not in it: {count}."),
            "list": _("pasted text"),
        },
    }


def answer(found: Framework, translator: Translator) -> dict[str, Any]:
    """What the list shows of a file that was read, and the values each line would have as an outcome."""
    return {
        "ok": True, "title": found.title, "format": translator.gettext(FORMATS[found.format]),
        "notes": [
            translator.gettext(NOTES[code]).format(count=count, where=where) for code, count, where in found.notes
        ],
        "items": [
            {
                "key": item.key, "parent": item.parent, "code": item.code, "uri": item.uri,
                "values": _typed(item.values, translator),
            }
            for item in found.items
        ],
    }


def _typed(values: Mapping[str, Any], translator: Translator) -> dict[str, Any]:
    """The values as the controls of an outcome hold them."""
    number = percentage(values.get("threshold", ""))
    return {**values, **({} if number is None else {"threshold": translator.number(number)})}
