"""Which changes to a pill make a new version of what is certified, in its author's words, and whom that concerns.

``LearningPill.certified`` decides what a version is; here its differences are only named, so nothing is called a new
version that is none, and none goes unnamed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from .. import messages
from ..domain.outcomes import LearningOutcome
from ..domain.pill import LearningPill
from ..issuance.data import Holders
from ..message_texts import FIELDS
from ..messages import N_
from ..problem_words import isolated, told_apart
from ..rendering import render
from ..translation import Translator
from .page import FormPage

# What the parts of a pill are called, where their names in the definition do not say it.
_NAMES = {
    "kind": "kind", "reuse_level": "reuse", "description": "description", "skills": "skill", "tags": "tag",
    "quality_assurance": "quality assurance",
}
_WORDS = {
    "bloc": N_("Bloc of competences"), "reuse": N_("Reuse level"), "order": N_("Order of the outcomes"),
    "activities": N_("Activities that assess it"), "weights": N_("Weights"),
    "skill-labels": N_("Words and order of the skills"),
}


_ABSENT = object()


@dataclass(frozen=True, kw_only=True)
class Change:
    """``what`` changed, in words; ``certifies``: it makes a new version."""

    what: str
    certifies: bool


def changes(before: LearningPill, after: LearningPill, translator: Translator) -> list[Change]:
    """Everything that differs. At least one change certifies exactly if the versions of the two pills differ."""
    words, old, new = _Words(translator), before.certified, after.certified
    return [
        *(Change(what=what, certifies=True) for what in _certified(old, new, words)),
        *(Change(what=what, certifies=False) for what in _free(before, after, (old, new), words)),
    ]


class _Words:
    """Names of what changes, for one reader."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def field(self, name: str, otherwise: str = "pill") -> str:
        """A part of the pill; what has no name yet is called by what it is a part of."""
        name = _NAMES.get(name, name)
        if name in _WORDS:
            return self._translator.gettext(_WORDS[name])
        return messages.field_name(name if name in FIELDS else otherwise, self._translator)

    def outcome(self, title: str, parts: Iterable[str]) -> str:
        """An outcome by its title, with what changes of it."""
        _ = self._translator.gettext
        listed = _(", ").join(dict.fromkeys(self.field(part, "outcomes") for part in parts))
        return _("Outcome “{outcome}”: {parts}").format(outcome=isolated(title), parts=listed)

    def titles(self, titles: Mapping[str, str]) -> Mapping[str, str]:
        """What each outcome is called, so that no two are called alike."""
        return told_apart(titles, self._translator)

    def new(self, title: str) -> str:
        return self._translator.gettext("New outcome “{outcome}”").format(outcome=isolated(title))

    def gone(self, title: str) -> str:
        return self._translator.gettext("Outcome “{outcome}” removed").format(outcome=isolated(title))


def _certified(before: Mapping[str, Any], after: Mapping[str, Any], words: _Words) -> Iterator[str]:
    for name in _differing(before, after):
        if name == "outcomes":
            yield from _certified_outcomes(before[name], after[name], words)
        elif name == "recognition":
            parts = _differing(before[name], after[name])
            yield from dict.fromkeys(words.field(part, "recognition") for part in parts)
        else:
            yield words.field(name)


def _certified_outcomes(before: Sequence[Any], after: Sequence[Any], words: _Words) -> Iterator[str]:
    old, new = ({item["id"]: item for item in items} for items in (before, after))
    former, titles = (words.titles({name: item["title"] for name, item in items.items()}) for items in (old, new))
    for name, item in new.items():
        if name not in old:
            yield words.new(titles[name])
        elif item != old[name]:
            yield words.outcome(titles[name], _parts(old[name], item))
    yield from (words.gone(former[name]) for name in old if name not in new)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield words.field("order")


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in _differing(before, after):
        if name == "assessment":
            yield from _assessment(before[name], after[name])
        else:
            yield "outcome title" if name == "title" else name


def _assessment(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two groups of criteria; at least one name if anything does."""
    names = {"rule": "threshold", "all_attempted": "all-attempted", "logic": "logic"}
    for name in _differing(before, after):
        if name != "members":
            yield names.get(name, "assessed-by")
        elif _blocks(before) != _blocks(after):
            yield "activities"
        elif _unweighted(before["members"]) == _unweighted(after["members"]):
            yield "weights"
        else:
            yield "assessed-by"


def _blocks(group: Mapping[str, Any]) -> list[str]:
    """The activities of a group, in whatever order."""
    found = (_blocks(member) if "members" in member else [member["block"]] for member in group["members"])
    return sorted(block for blocks in found for block in blocks)


def _unweighted(members: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [
        {**member, "weight": "", **({"members": _unweighted(member["members"])} if "members" in member else {})}
        for member in members
    ]


def _free(
    before: LearningPill, after: LearningPill, certified: Iterable[Mapping[str, Any]], words: _Words
) -> Iterator[str]:
    """What differs and is no part of a version; ``certified`` is what is one."""
    bound = {"id"}.union(*certified)
    for item in fields(LearningPill):
        if item.name not in bound and getattr(before, item.name) != getattr(after, item.name):
            yield words.field(item.name)
    inside = {name for part in certified for outcome in part["outcomes"] for name in outcome}
    old = {outcome.id: outcome for outcome in before.outcomes}
    titles = words.titles({outcome.id: outcome.title for outcome in after.outcomes})
    for outcome in after.outcomes:
        parts = list(_free_parts(old[outcome.id], outcome, inside)) if outcome.id in old else []
        if parts:
            yield words.outcome(titles[outcome.id], parts)


def _free_parts(before: LearningOutcome, after: LearningOutcome, bound: Collection[str]) -> Iterator[str]:
    for item in fields(LearningOutcome):
        if item.name not in bound and getattr(before, item.name) != getattr(after, item.name):
            yield item.name
    old, new = ({skill.uri: skill for skill in outcome.skills} for outcome in (before, after))
    both = [uri for uri in old if uri in new]
    if any(old[uri] != new[uri] for uri in both) or both != [uri for uri in new if uri in old]:
        yield "skill-labels"


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names under which two mappings differ, in order."""
    return [name for name in {**before, **after} if before.get(name, _ABSENT) != after.get(name, _ABSENT)]


def held(holders: Holders, version: str | None, translator: Translator) -> str:
    """How many learners hold the pill, and how many of them in another version than ``version``."""
    _, total = translator.gettext, holders.total
    if not total:
        return _("No learner holds it yet.")
    other = total - holders.of(version) if version is not None else 0
    if other == total:
        return translator.ngettext(
            "Held by {count} learner, in another version than this.",
            "Held by {count} learners, all in other versions than this.", total,
        ).format(count=total)
    found = translator.ngettext("Held by {count} learner.", "Held by {count} learners.", total).format(count=total)
    if not other:
        return found
    told = translator.ngettext("{count} holds another version.", "{count} hold another version.", other)
    return f"{found} {told.format(count=other)}"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What an author is told before saving. ``renews``: a save makes a version that nobody holds."""

    html: str
    renews: bool


def notice(before: LearningPill, after: LearningPill, holders: Holders, translator: Translator) -> Notice:
    """The notice for a pill that learners hold; empty where nothing changes, or nobody is concerned."""
    found = changes(before, after, translator)
    if not found or not holders.total:
        return Notice(html="", renews=False)
    certifying = [change.what for change in found if change.certifies]
    again = holders.of(after.version) if certifying else 0
    html = render(
        "studio_versions.html", translator, certifying=certifying, again=_again(again, translator),
        others=[change.what for change in found if not change.certifies],
        held=held(holders, before.version, translator),
    )
    return Notice(html=html, renews=bool(certifying) and not again)


def _again(holders: int, translator: Translator) -> str:
    """That a version comes back which learners hold."""
    if not holders:
        return ""
    return translator.ngettext(
        "Saved like this, the pill is again the version that {count} learner holds.",
        "Saved like this, the pill is again the version that {count} learners hold.", holders,
    ).format(count=holders)


def script(page: FormPage, translator: Translator) -> dict[str, Any]:
    """What the form's script needs: whether anybody is concerned, and the words of the button."""
    _ = translator.gettext
    return {
        "held": page.holders is not None and page.holders.total > 0,
        "texts": {
            "save": _("Save"), "save_new": _("Save as a new version"),
            "look": _("Read what becomes a new version, then save again."),
        },
    }
