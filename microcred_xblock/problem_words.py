"""A problem of a pill in words that its author knows: outcomes and blocks by their titles, not by ids.

A problem's ``field`` is a place in the definition, such as ``outcome locate.threshold``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import definition, messages
from .domain.errors import InvalidInput
from .messages import N_
from .translation import Translator

_OF_IDS = ("duplicate-outcome", "mastery-unknown")  # codes of problems in which the id itself is what is wrong
_MOST = 250  # characters of a title that was never checked


def outcome_titles(outcomes: Sequence[Any], translator: Translator) -> dict[str, str]:
    """What an author calls each outcome, by the name that problems have for it: its title, or its number. In order."""
    found = {}
    for number, (name, item) in enumerate(zip(definition.outcome_names(outcomes), outcomes, strict=True), start=1):
        title = item.get("title") if isinstance(item, Mapping) else None
        shown = title.strip() if isinstance(title, str) else ""
        found[name] = shown[:_MOST] or translator.gettext("number {number}").format(number=number)
    return told_apart(found, translator)


def told_apart(titles: Mapping[str, str], translator: Translator) -> dict[str, str]:
    """The titles, in the same order and no two alike; of several that are equal each has its number."""
    often, seen = Counter(titles.values()), Counter[str]()
    taken = {title for title, count in often.items() if count == 1}
    names = {}
    for name, title in titles.items():
        names[name] = title
        while often[title] > 1 and (names[name] == title or names[name] in taken):
            seen[title] += 1
            names[name] = translator.gettext("{title} (number {number})").format(title=title, number=seen[title])
        taken.add(names[name])
    return names


def told(
    problem: InvalidInput, outcomes: Mapping[str, str], blocks: Mapping[str, str], translator: Translator
) -> dict[str, str]:
    """``place`` and ``text`` of a problem; ``outcomes`` and ``blocks`` are the titles by name and by reference.

    The place is the outcome's title, or its number where the text has the title already.
    """
    params = dict(problem.params)
    if problem.code not in _OF_IDS:
        for name, titles in (("outcome", outcomes), ("block", blocks)):
            if params.get(name) in titles:
                params[name] = isolated(titles[params[name]])
    text = messages.text(problem.code, translator, error=problem, **params)
    name = outcome_of(problem.field, outcomes)
    if name is None:
        return {"place": messages.place(problem.field, translator), "text": text}
    title = isolated(outcomes[name])
    called = translator.gettext(N_("Outcome “{outcome}”"))
    text = text.replace(called.format(outcome=name), called.format(outcome=title))
    if title in text:
        number = list(outcomes).index(name) + 1
        return {"place": translator.gettext(N_("Outcome {number}")).format(number=number), "text": text}
    return {"place": called.format(outcome=title), "text": text}


def isolated(title: str) -> str:
    """``title`` with a direction of its own, or the quotes around it would go astray in the other direction."""
    return f"\u2068{title}\u2069"


def outcome_of(place: str, known: Iterable[str]) -> str | None:
    """The outcome that a place is in. An id may itself hold a dot, so the longest name that fits is meant."""
    fits = [name for name in known if f"{place}.".startswith(f"outcome {name}.")]
    return max(fits, key=len) if fits else None
