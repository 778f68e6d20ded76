"""What the author's form in Studio shows of a pill's fields. Pure: ``edits`` decides what is stored.

The form shows scalars as a person writes them (70 for a threshold of ``0.7``) and everything else in words. What
it has no control for stays in ``source``, a copy of the outcome that the page sends back untouched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils import translation as django_translation
from django.utils.safestring import SafeString

from .. import facts
from ..credentials import pinned
from ..domain.text import TEXT_MAX, TITLE_MAX
from ..messages import N_
from ..rendering import render
from ..translation import Translator
from . import badge, mastery, outcomes, preflight, preview, recognition, skills, versions, wording
from .card import NEW_OUTCOME, card, control, options
from .frameworks import form as frameworks
from .page import FormPage, digest
from .places import places
from .values import decimal_comma, items, mapping, shown

# Panels of the form, in order.
_TABS = {
    "pill": N_("Pill"), "outcomes": N_("Outcomes"), "recognition": N_("Recognition"), "preview": N_("Preview"),
}
# What the scripts of the form's parts need to start, by the part's name.
_PARTS: dict[str, Callable[[FormPage, Translator], dict[str, Any]]] = {
    "badge": badge.script, "outcomes": outcomes.script, "mastery": mastery.script, "wording": wording.script,
    "recognition": recognition.script, "preview": preview.script, "versions": versions.script,
    "frameworks": frameworks.script,
    "skills": skills.script,
}


def form(page: FormPage, translator: Translator) -> str:
    """The form as HTML."""
    return render("studio_form.html", translator, **model(page, translator))


def script_arguments(page: FormPage, translator: Translator) -> dict[str, Any]:
    """What the form's script needs to start, and again after each save."""
    stored = items(page.fields["outcomes"])
    return {
        "uid": page.uid,
        "digest": digest(page.fields),
        "decimal_comma": decimal_comma(translator),
        "sources": dict(zip(_keys(stored), stored, strict=True)),
        "required": mastery.required(page.fields["mastery"], stored, _keys(stored)),
        "problems": places((*page.problems, *page.unissuable), stored, _keys(stored), translator, page.titles),
        "texts": _script_texts(page, translator),
        "parts": {name: script(page, translator) for name, script in _PARTS.items()},
    }


def model(page: FormPage, translator: Translator) -> dict[str, Any]:
    """Everything the template shows."""
    _ = translator.gettext
    stored = items(page.fields["outcomes"])
    ids = Counter(str(item.get("id")) for item in stored if isinstance(item, Mapping) and item.get("id"))
    required = mastery.required(page.fields["mastery"], stored, _keys(stored))
    return {
        "uid": SafeString(page.uid),  # a digest, so there is nothing to escape, a thousand times
        "tabs": [{"name": name, "label": _(label)} for name, label in _TABS.items()],
        "from": frameworks.model(page, translator),
        "pill": _pill_controls(page.fields, translator),
        "cards": [
            card(key, item, page, translator, ids)
            for key, item in zip(_keys(stored), stored, strict=True)
        ],
        "blank": card("__key__", NEW_OUTCOME, page, translator, ids),
        "blank_skill": skills.BLANK,
        "folded": len(stored) > 1,
        **outcomes.model(page),
        "mastery": mastery.controls(mapping(page.fields["mastery"]), translator),
        "missing_required": [token.removeprefix("id:") for token in required if token.startswith("id:")],
        "recognition": recognition.model(page, translator),
        "upkeep": _upkeep_controls(mapping(page.fields["upkeep"]), translator),
        "badge": badge.model(page, translator),
    }


def _pill_controls(fields: Mapping[str, Any], translator: Translator) -> list[dict[str, Any]]:
    _ = translator.gettext
    return [
        control("title", _("Title"), shown(fields, "display_name"), limit=TITLE_MAX),
        control(
            "description", _("Description"), shown(fields, "description"), kind="text", limit=TEXT_MAX,
            hint=_("What a learner can do after this pill, in a sentence or two."),
        ),
        control(
            "language", _("Language of the texts"), shown(fields, "language"),
            options=_languages(shown(fields, "language"), translator),
            hint=_("The credential carries these texts in this language."), narrow=True,
        ),
    ]


def _upkeep_controls(data: Mapping[str, Any], translator: Translator) -> list[dict[str, Any]]:
    _ = translator.gettext
    policy = shown(data, "regrade")
    return [
        control(
            "upkeep.regrade", _("When scores fall below what is needed, are corrected or deleted"), policy,
            options=options({code: _(text) for code, text in facts.REGRADES.items()}, policy),
            hint=_("The learner is told at once. Awards keep the rule they were earned under."),
        ),
        control(
            "upkeep.grace_days", _("Days of grace"), shown(data, "grace_days"), kind="number", narrow=True,
            hint=_("Nothing happens before they are over, and nothing at all if the scores suffice again by then."),
        ),
        control(
            "upkeep.valid_months", _("Months of validity"), shown(data, "valid_months"), kind="number",
            narrow=True, hint=_("Leave it empty if the credential does not expire."),
        ),
    ]


def _languages(value: str, translator: Translator) -> list[dict[str, str]]:
    """The languages that both credentials can name, each in its own words, and the stored one, whatever it is."""
    names = {code: concept["prefLabel"]["en"] for code, concept in pinned.vocabulary("languages")["concepts"].items()}
    found = []
    for code, name in names.items():
        known = _native(code)
        found.append({"value": code, "label": known, "lang": code} if known else {"value": code, "label": name})
    if value not in names:
        label = f"{_native(value)} ({value})" if _native(value) else value
        if preflight.unnameable(value):
            label = translator.gettext("{language}: European credentials cannot name it").format(language=label)
        found.append({"value": value, "label": label})
    return sorted(found, key=lambda option: option["label"].casefold())


def _native(code: str) -> str:
    """What a language is called in itself; nothing of one that Django does not know."""
    try:
        return django_translation.get_language_info(code)["name_local"]
    except KeyError:
        return ""


def _keys(outcomes: Sequence[Any]) -> list[str]:
    """What the page calls each outcome until it is saved: its number. New ones are called ``new1`` and so on."""
    return [str(number) for number in range(1, len(outcomes) + 1)]


def _script_texts(page: FormPage, translator: Translator) -> dict[str, Any]:
    _ = translator.gettext
    unfinished = _("Saved. What still has to be mended is listed above.")
    if page.unissuable:
        unfinished = _("Saved. But no credential is issued before what is listed above is mended.")
    return {
        "untitled": _("Outcome without a title"),
        "moved": _("“{title}” is now number {number} of {total}."), "removed": _("“{title}” was removed."),
        "restored": _("“{title}” is back."), "added": _("A new outcome was added."),
        "saving": _("Saving…"), "saved": _("Saved."), "not_saved": _("Not saved"),
        "loading": _("Loading the stored version…"), "not_loaded_title": _("Not loaded"),
        "not_loaded": _("The stored version could not be loaded. What you typed is still here; please try again."),
        "unfinished": unfinished,
        "failed": _("That did not work. Nothing was saved, and what you typed is still here; please try again."),
        "signed_out": _("You are signed out. Sign in again in another tab, come back here and save."),
        "signed_out_again": _("You are signed out. Sign in again in another tab, come back here and try again."),
        "threshold": _("needs {threshold} %"), "to_mend": _("to be mended: {count}"),
        "unsaved": _("Unsaved changes"),
    }


