"""The skills of an outcome in the author's form: chips, what the form sends of them, and what tags offer. Pure.

The form sends ``[{"member": number of a stored skill} | {"uri", "label", "framework"}]`` in the order it shows: a
stored skill comes back as it is, whatever it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .. import compat, facts
from ..credentials.concepts import ESCO_SKILL
from ..domain.errors import InvalidInput
from ..domain.outcomes import REUSE_LEVELS, Skill, checked_iri
from ..domain.text import LINE_MAX
from ..issuance.data import MOST_FOUND, FoundSkill
from ..messages import N_
from ..translation import Translator
from .page import FormPage
from .values import items, mapping, shown
from .writing import same

ESCO = "ESCO"
BLANK = {"member": "", "uri": "", "link": "", "label": "", "framework": ""}
_SLUG = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_FIELDS = ("uri", "label", "framework")
_TEXTS = {
    "searching": N_("Searching…"),
    "nothing": N_(
        "Nothing found for “{query}”. Try fewer or other words, or add the skill by its address below."
    ),
    "uninstalled": N_(
        "No skills catalogue is installed: ask your administrator to run “manage.py cms microcred skills import”. "
        "Meanwhile you can add skills by their address below."
    ),
    "failed": N_("The search did not work. Type on to try again, or add the skill by its address below."),
    "signed_out": N_("You are signed out. Sign in again in another tab, come back here and try again."),
    "added": N_("“{skill}” was added."), "removed": N_("“{skill}” was removed."),
    "known": N_("“{skill}” is among the skills of this outcome already."),
    "took": N_("{control} was set to “{value}”, as the framework has it for this skill."),
    "offer": N_("The framework has “{value}” for this skill; here “{own}” is chosen as {control}."),
    "use": N_("Use “{value}”"), "remove": N_("Remove “{skill}”"), "also": N_("also: {name}"),
    "open": N_("Open “{skill}” in its framework, in a new tab"),
    "label": N_("Write what the skill is called."),
    "uri": N_("Write the address of the skill in its framework; it starts with https:// or http://."),
    "framework": N_("Write the name of the framework, for example ESCO or DigComp."),
    "long": N_("This is too long."),
    "half": N_("Nothing was saved yet: a skill is only half written. Complete it, or empty its lines."),
}
_TAG_TEXTS = {
    "looking": N_("Looking for tags…"), "failed": N_("The tags could not be read. Please try again."),
    "none": N_(
        "Neither this pill nor its unit nor anything inside has tags with an identity of their own. Tag them in Studio "
        "first."
    ),
    "used": N_("All tags of this pill are among its outcomes and skills already."),
    "new": N_("as a new outcome"), "skill": N_("as a skill of “{title}”"),
    "outcome_added": N_("The outcome “{title}” was added. Choose what assesses it."),
    "on": N_("on {places}"), "here": N_("this pill"), "unit": N_("its unit"), "label": N_("Take “{title}”"),
}


def chips(stored: Any, translator: Translator) -> list[dict[str, Any]]:
    """The stored skills as the form shows them; one that cannot be read is shown, too, and can be removed."""
    return [
        {
            "member": number, "uri": shown(skill, "uri"), "link": link(shown(skill, "uri")),
            "label": shown(skill, "label") or shown(skill, "uri") or translator.gettext("Damaged skill"),
            "framework": shown(skill, "framework") if "framework" in mapping(skill) else ESCO,
        }
        for number, skill in enumerate(items(stored))
    ]


def link(uri: str) -> str:
    """``uri`` where it may be a link, otherwise nothing."""
    try:
        return checked_iri(uri, field="skill")
    except InvalidInput:
        return ""


def read(stored: Any, given: Any) -> tuple[Any, list[InvalidInput]]:
    """The new value of an outcome's skills, and what is wrong with those that are new.

    ``given`` is what the form sends, None where it sends nothing of skills. Raises ValueError for another form.
    """
    if given is None:
        return stored, []
    before, after, wrong = list(items(stored)), [], []
    if not isinstance(given, list):
        raise ValueError("skills")
    for item in given:
        if not isinstance(item, Mapping):
            raise ValueError("skills")
        if "member" in item:
            number = item["member"]
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(before):
                raise ValueError("skills")
            after.append(before[number])
            continue
        if any(not isinstance(item.get(name, ""), str) for name in _FIELDS):
            raise ValueError("skills")
        skill = {name: item.get(name, "").strip() for name in _FIELDS}
        if any(mapping(other).get("uri") == skill["uri"] for other in after):
            continue
        try:
            Skill(**skill)
        except InvalidInput as error:
            wrong.append(error)
        after.append(skill)
    return (stored if after == before else after), wrong


def script(_page: FormPage, translator: Translator) -> dict[str, Any]:
    """What the form's script needs."""
    _ = translator.gettext
    return {
        "texts": {name: _(text) for name, text in _TEXTS.items()},
        "counts": [
            translator.ngettext(
                "{count} skill found. Choose it with the arrow keys and Enter.",
                "{count} skills found. Choose with the arrow keys and Enter.", count,
            ).format(count=translator.number(Decimal(count))) for count in range(MOST_FOUND + 1)
        ],
        "tag_texts": {name: _(text) for name, text in _TAG_TEXTS.items()},
        "kinds": {code: _(facts.VALUES[code]) for code in ("knowledge", "skill")},
        "levels": {code: _(facts.VALUES[code]) for code in REUSE_LEVELS},
        "controls": {"kind": _("Kind"), "reuse": _("Reuse level")},
        "separator": _(", "), "limit": LINE_MAX, "tags": compat.has_tags(),
    }


def results(found: Iterable[FoundSkill], language: str) -> list[dict[str, str]]:
    """What the search answers. The language is told only where it is not the pill's."""
    return [
        {
            "uri": skill.uri, "label": skill.label, "framework": skill.framework, "kind": skill.kind,
            "reuse": skill.reuse, "description": skill.description, "also": skill.alternative,
            "language": skill.language, "foreign": "" if same_language(skill.language, language) else skill.language,
        }
        for skill in found
    ]


def same_language(one: str, other: str) -> bool:
    """Whether two tags are of one language."""
    return same(one.partition("-")[0].lower(), other.partition("-")[0].lower(), lines=False)


def offers(tags: Sequence[compat.ContentTag], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """What each tag can become. Its ``external_id`` is its identity: a web address is a skill's, a plain name an
    outcome's id; where two taxonomies have one name, the taxonomy's number, which never changes, tells them apart.
    """
    names = Counter(tag.external_id.casefold() for tag in tags)
    return [_offer(tag, titles, shared=names[tag.external_id.casefold()] > 1) for tag in tags]


def _offer(tag: compat.ContentTag, titles: Mapping[str, str], *, shared: bool) -> dict[str, Any]:
    uri = link(tag.external_id)
    name = f"{tag.taxonomy}.{tag.external_id}" if shared else tag.external_id
    return {
        "label": tag.label[:LINE_MAX], "taxonomy": tag.taxonomy_name, "external_id": tag.external_id, "uri": uri,
        "framework": ESCO if uri.startswith(ESCO_SKILL) else tag.taxonomy_name[:LINE_MAX] or "–",
        "id": name if not uri and _SLUG.fullmatch(name) else "",
        "places": [titles[block] for block in tag.blocks if block in titles],
    }
