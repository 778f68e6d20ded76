"""The mastery rule in the author's form: its controls, and the words in which the form's script reads it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import messages
from ..domain.pill import Mastery
from ..messages import N_
from ..translation import Translator
from .card import control, options
from .page import FormPage
from .plurals import plural
from .values import items, mapping, shown

_RULES = {
    Mastery.ALL.value: N_("All outcomes"),
    Mastery.N_OF_M.value: N_("A number of outcomes, whichever they are"),
    Mastery.REQUIRED_PLUS_N.value: N_("Certain outcomes, and a number of the others"),
}


def controls(data: Mapping[str, Any], translator: Translator) -> dict[str, Any]:
    """The rule, and the number some rules need."""
    _ = translator.gettext
    rule = shown(data, "rule") or Mastery.ALL.value
    return {
        "rule": control(
            "mastery.rule", _("A learner earns the credential with"), rule,
            options=options({code: _(text) for code, text in _RULES.items()}, rule), narrow=True,
        ),
        "n": control("mastery.n", _("How many"), shown(data, "n"), kind="number", narrow=True),
    }


def required(mastery: Any, outcomes: Sequence[Any], keys: Sequence[str]) -> list[str]:
    """The outcomes the rule requires: ``key:…`` of an outcome, or ``id:…`` of one that is gone."""
    ids: dict[str, str] = {}
    for item, key in zip(outcomes, keys, strict=True):
        if mapping(item).get("id"):
            ids.setdefault(shown(item, "id"), key)
    wanted = items(mapping(mastery).get("required"))
    return [f"key:{ids[name]}" if name in ids else f"id:{name}" for name in map(str, wanted)]


def script(_page: FormPage, translator: Translator) -> dict[str, Any]:
    """The parts of the sentence ``<rule>; <what each outcome needs>.``, and what is said in its place."""
    _, ngettext = translator.gettext, translator.ngettext
    return {
        "all": plural(lambda total: ngettext("The outcome", "All {total} outcomes", total)),
        "some": plural(
            lambda n: ngettext("At least one of the {total} outcomes", "At least {n} of the {total} outcomes", n)
        ),
        "others": plural(
            lambda n: ngettext("{names} and at least one other outcome", "{names} and at least {n} other outcomes", n)
        ),
        "only": _("{names}; no other outcome is needed"),
        "each": plural(lambda total: ngettext(
            "it needs {threshold} of the points", "each needs {threshold} of the points", total
        )),
        "apart": plural(lambda count: ngettext(
            "outcome {numbers} needs {threshold} of the points", "outcomes {numbers} need {threshold} of the points",
            count,
        )),
        "between": _("each needs its own share of the points, from {least} to {most}"),
        "open": plural(lambda count: ngettext(
            "{count} outcome has no threshold yet", "{count} outcomes have no threshold yet", count
        )),
        "percent": _("{number}\u00a0%"), "clauses": _("{first}; {second}"), "sentence": _("{text}."),
        "how_many": plural(lambda most: ngettext(
            "Write how many outcomes are needed.", "Write how many outcomes are needed, from {least} to {most}.", most
        )),
        "range": _(messages.MESSAGES["mastery-range"]), "number": _("Write how many with digits, for example 2."),
        "no_outcomes": _(messages.MESSAGES["no-outcomes"]), "and": _(", "), "quoted": _("“{title}”"),
    }
