"""The recognition data in the author's form: controls, what the pill takes over, and what is stored of an answer. Pure.

A select says everything itself: its first option is what the pill takes over (or nothing), ``-`` is that the pill
leaves the element unsaid all the same. Beside any other control stands what the pill takes over, and whether it does;
the answer says so under ``not_stated``: ``{"workload_hours": "yes" | ""}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from .. import definition, facts, inheritance, messages
from ..authoring_texts import MESSAGES
from ..credentials import concepts, pinned, wording
from ..definition import RECOGNITION_PARTS, RECOGNITION_VALUES
from ..domain.recognition import MOST
from ..domain.text import LINE_MAX, TEXT_MAX
from ..inheritance import Layer
from ..messages import N_
from ..translation import Translator
from . import meter, submitted
from .card import control
from .page import FormPage
from .values import NUMBERS, mapping, shown, stored_number
from .writing import put, put_number, same

NOTHING = "-"
PARTS = {
    "quality_assurance": ("title", "agency", "url"), "nqf": ("framework", "level", "url"),
    "bloc": ("certification", "certification_title", "bloc", "bloc_title", "valid_until", "url"),
    "towards": ("title", "framework", "code", "url"),
}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "eqf_level": {str(level): str(level) for level in range(1, 9)}, "mode": facts.MODES,
    "assessment_type": facts.ASSESSMENTS, "supervision": facts.SUPERVISION, "stackability": facts.STACKABILITY,
}
# What a part needs before it says anything.
_NEEDED = {
    "quality_assurance": ("title", "agency"), "nqf": ("framework", "level"),
    "bloc": ("certification", "certification_title"), "towards": ("title",),
}
_GROUPS = (
    (N_("Workload and level"), ("workload_hours", "ects", "eqf_level", "isced_f"), ("nqf",)),
    (N_("Learning and assessment"), ("mode", "assessment_type", "supervision", "prerequisites"), ()),
    (N_("Quality assurance"), (), ("quality_assurance",)),
    (N_("What it counts towards"), ("stackability",), ("bloc", "towards")),
    (N_("More about it"), ("further_information",), ()),
)
_PART_TITLES = {
    "nqf": N_("Level in a national framework"), "bloc": N_("Bloc of competences (France)"),
    "towards": N_("Another qualification"), "quality_assurance": "",
}
_PART_HINTS = {
    "nqf": N_("The level as the framework itself calls it."),
    "bloc": N_("The certification the pill is evidence towards. The bloc itself is never awarded by a pill."),
    "towards": N_("A qualification the pill is evidence towards. It is never awarded by a pill."),
    "quality_assurance": N_("Under which framework the pill is offered, and who stands for it."),
}
_HINTS = {
    "workload_hours": N_("Time a typical learner needs, in hours."),
    "ects": N_("Only if the awarding body states them."),
    "eqf_level": N_("The level of this learning, not that of what it counts towards."),
    "isced_f": N_("Type a word or a code, for example 0713."),
    "prerequisites": N_("What a learner should know beforehand."),
    "further_information": N_("Address of a page about the pill; starts with https://"),
}
_LABELS = {
    ("quality_assurance", "title"): N_("Quality framework"), ("quality_assurance", "agency"): N_("Agency"),
    ("quality_assurance", "url"): N_("Web address"), ("bloc", "certification"): N_("Certification code"),
    ("bloc", "certification_title"): N_("Title of the certification"), ("bloc", "bloc"): N_("Bloc code"),
    ("bloc", "bloc_title"): N_("Title of the bloc"), ("bloc", "valid_until"): N_("Valid until"),
    ("bloc", "url"): N_("Web address"), ("nqf", "framework"): N_("National framework"),
    ("nqf", "level"): N_("Level in the framework"), ("nqf", "url"): N_("Web address"),
    ("towards", "title"): N_("Title of the qualification"),
    ("towards", "framework"): N_("Register or awarding body"), ("towards", "code"): N_("Code of the qualification"),
    ("towards", "url"): N_("Web address"),
}
_PART_CONTROL_HINTS = {
    ("bloc", "certification"): N_("For example RNCP38596 or RS1234."),
    ("bloc", "bloc"): N_("For example RNCP38596BC02."),
    ("bloc", "valid_until"): N_("End of the certification’s registration."),
    ("quality_assurance", "title"): N_("For example Qualiopi."),
    ("nqf", "url"): N_("Of the level; Europass reads those of its own register as data."),
    ("towards", "code"): N_("If the register has one."),
}
_WEB = N_("Starts with https://")
_INHERITED = {
    inheritance.COURSE: N_("From your course: {value}"),
    inheritance.ORGANISATION: N_("From your organisation: {value}"),
    inheritance.SITE: N_("From this site: {value}"),
}
_OVERRIDDEN = {
    inheritance.COURSE: N_("Your course says: {value}"),
    inheritance.ORGANISATION: N_("Your organisation says: {value}"),
    inheritance.SITE: N_("This site says: {value}"),
}
_BACK = {
    inheritance.COURSE: N_("Use the course’s value"), inheritance.ORGANISATION: N_("Use the organisation’s value"),
    inheritance.SITE: N_("Use the site’s value"),
}
_MUCH = 120  # characters of an inherited value that are shown


def model(page: FormPage, translator: Translator) -> dict[str, Any]:
    """What the template shows: the meter, the groups of controls, the fields of education to choose from."""
    data = mapping(page.fields["recognition"])
    offered = inheritance.offered(page.layers)
    found = meter.elements(_written(page), page.issuer, translator, page.layers, page.today)
    return {
        "meter": found, "summary": meter.summary(found, translator),
        "groups": [
            {
                "number": number, "title": translator.gettext(title),
                "controls": [_value(name, data, offered.get(name), translator) for name in values],
                "parts": [_part(name, data, offered.get(name), translator) for name in parts],
            }
            for number, (title, values, parts) in enumerate(_GROUPS, start=1)
        ],
        "fields_of_education": _fields_of_education(translator.language),
    }


def script(page: FormPage, translator: Translator) -> dict[str, Any]:
    """What the page's script needs to follow the author while she writes."""
    _, offered = translator.gettext, inheritance.offered(page.layers)
    return {
        "elements": {
            name: {
                "controls": [f"recognition.{name}.{key}" for key in PARTS[name]] if name in PARTS
                else [f"recognition.{name}"],
                "needed": [f"recognition.{name}.{key}" for key in _NEEDED[name]] if name in PARTS
                else [f"recognition.{name}"],
                "select": name in _CHOICES, "most": MOST.get(name, 0), "range": _range(name, translator),
                "source": _(meter.SOURCES[offered[name].source]) if name in offered else "",
            }
            for name in (*RECOGNITION_VALUES, *RECOGNITION_PARTS)
        },
        "meter": {code: list(names) for code, names in meter.conditions().items()},
        "hours": str(mapping(offered["workload_hours"].data).get("workload_hours", ""))
        if "workload_hours" in offered else "",
        "until": shown(mapping(offered["bloc"].data["bloc"]), "valid_until") if "bloc" in offered else "",
        "soon": meter.SOON.days,
        "texts": {
            **meter.words(translator), "none_applies": _(meter.NONE_APPLIES),
            "number": _(
                "Write the number with digits, with one comma or point before decimals at most, for example 7.5."
            ),
            "ects": _("One ECTS point usually stands for 25 to 30 hours; here it stands for {hours}."),
            "certification": _(MESSAGES["bloc-certification"]), "bloc": _(MESSAGES["bloc-code"]),
            "no_blocs": _("A certification of the Répertoire spécifique (RS) has no blocs."),
            "past": _(meter.PAST), "soon": _(meter.ENDING),
            "field": _("{name} ({code})"), "no_field": _("No field of education has this code."),
            "alone": _("The pill stands alone, so it cannot count towards anything."),
            "leave": _("Left unsaid."), "back": _("Taken over again."),
        },
    }


def _range(name: str, translator: Translator) -> str:
    """Which numbers a control takes; nothing where it takes others."""
    if name not in MOST:
        return ""
    text = translator.gettext(MESSAGES["recognition-number"])
    return text.format(field=messages.field_name(name, translator), most=MOST[name])


def read(stored: Any, given: Mapping[str, Any], translator: Translator) -> Any:
    """The recognition data after an answer; what it shows as it is stored stays as it is."""
    data = dict(stored) if isinstance(stored, Mapping) else {}
    flags = submitted.mapping(given.get("not_stated", {}), "not_stated")
    for name in RECOGNITION_VALUES:
        typed = submitted.text(given, name)
        if name in _CHOICES:
            _read_choice(data, name, typed)
            continue
        if name in NUMBERS:
            put_number(data, name, typed, translator)
        else:
            put(data, name, typed, lines=name == "prerequisites")
        _read_flag(data, name, flags)
    for name in PARTS:
        _read_part(data, name, submitted.mapping(given.get(name, {}), name))
        _read_flag(data, name, flags)
    return data if data or isinstance(stored, Mapping) else stored


def _read_choice(data: dict[str, Any], name: str, typed: str) -> None:
    before = _chosen(data, name)
    if same(before, typed, lines=False):
        return
    put(data, name, "" if typed == NOTHING else typed, lines=False)
    if (typed == NOTHING) is not (before == NOTHING):
        _leave_unsaid(data, name, typed == NOTHING)


def _read_part(data: dict[str, Any], part: str, given: Mapping[str, Any]) -> None:
    before = data.get(part)
    after = dict(before) if isinstance(before, Mapping) else {}
    for name in PARTS[part]:
        put(after, name, submitted.text(given, name), lines=False)
    if after or (before is not None and after == before):
        data[part] = after
    elif isinstance(before, Mapping):
        del data[part]


def _read_flag(data: dict[str, Any], name: str, flags: Mapping[str, Any]) -> None:
    """A value that is said is said, whatever the mark beside it."""
    if name not in flags:
        return
    before, after = name in definition.unstated(data), submitted.text(flags, name) != ""
    if before is not after:
        _leave_unsaid(data, name, after and not inheritance.says(data, name))


def _leave_unsaid(data: dict[str, Any], name: str, unsaid: bool) -> None:
    listed = data.get("not_stated")
    names = list(listed) if isinstance(listed, list) else []
    kept = [item for item in names if str(item).replace("-", "_") != name]
    if unsaid:
        data["not_stated"] = [*kept, name.replace("_", "-")]
    elif kept:
        data["not_stated"] = kept
    else:
        data.pop("not_stated", None)


def _written(page: FormPage) -> definition.Definition:
    return definition.Definition(
        id=page.key, title=page.fields["display_name"], description="", outcomes=page.fields["outcomes"],
        recognition=page.fields["recognition"],
    )


def _chosen(data: Mapping[str, Any], name: str) -> str:
    """What a select shows for what is stored."""
    unsaid = name in definition.unstated(data) and not inheritance.says(data, name)
    return NOTHING if unsaid else shown(data, name)


def _value(name: str, data: Mapping[str, Any], layer: Layer | None, translator: Translator) -> dict[str, Any]:
    """One control, with what the pill takes over instead of it."""
    _, value = translator.gettext, shown(data, name)
    label, hint = messages.field_name(name, translator), _(_HINTS.get(name, "")) if name in _HINTS else ""
    if name in _CHOICES:
        found = control(
            f"recognition.{name}", label, _chosen(data, name), hint=hint,
            options=_options(name, data, layer, translator),
        )
        return {**found, "element": name, "take": None}
    number = stored_number(value) if name in NUMBERS else None
    found = control(
        f"recognition.{name}", label, value if number is None else translator.number(number), hint=hint,
        kind="number" if name in NUMBERS else "text" if name == "prerequisites" else "line",
        limit=TEXT_MAX if name == "prerequisites" else None,
    )
    listed = {"list": "fields-of-education"} if name == "isced_f" else {}
    return {**found, **listed, "element": name, "take": _take(name, label, data, layer, translator)}


def _options(
    name: str, data: Mapping[str, Any], layer: Layer | None, translator: Translator
) -> list[dict[str, str]]:
    """What is taken over, or nothing; that nothing is meant, where that says something; then the codes."""
    _, chosen = translator.gettext, _chosen(data, name)
    first = _("Not stated")
    if layer is not None:
        first = _(_INHERITED[layer.source]).format(value=_worded(name, layer.data, translator))
    found = {"": first}
    if name == "eqf_level":
        found[NOTHING] = _("No level applies")
    elif layer is not None or chosen == NOTHING:
        found[NOTHING] = _("Not stated here")
    found.update({code: _(text) for code, text in _CHOICES[name].items()})
    found.setdefault(chosen, chosen)
    return [{"value": code, "label": label} for code, label in found.items()]


def _part(name: str, data: Mapping[str, Any], layer: Layer | None, translator: Translator) -> dict[str, Any]:
    """The controls of a part of the data, and whether anything is said there."""
    _, own = translator.gettext, mapping(data.get(name))
    title = _(_PART_TITLES[name]) if _PART_TITLES[name] else ""
    take = _take(name, title or _("Quality assurance"), data, layer, translator)
    return {
        "element": name, "title": title, "hint": _(_PART_HINTS[name]), "take": take,
        "open": bool(own) or take is not None,
        "controls": [_part_control(name, key, own, translator) for key in PARTS[name]],
    }


def _part_control(part: str, key: str, own: Mapping[str, Any], translator: Translator) -> dict[str, Any]:
    _, value = translator.gettext, shown(own, key)
    hint = _PART_CONTROL_HINTS.get((part, key), _WEB if key == "url" else "")
    dated = key == "valid_until" and (not value or re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) is not None)
    return control(
        f"recognition.{part}.{key}", _(_LABELS[part, key]), value, kind="date" if dated else "line",
        hint=_(hint) if hint else "", limit=2_000 if key == "url" else None if key == "valid_until" else LINE_MAX,
    )


def _take(
    name: str, label: str, data: Mapping[str, Any], layer: Layer | None, translator: Translator
) -> dict[str, Any] | None:
    """What the pill takes over of an element that no select chooses, in each state of the control beside it."""
    _, unsaid = translator.gettext, name in definition.unstated(data)
    if layer is None and not unsaid:
        return None
    said = inheritance.says(data, name)
    found = {
        "control": f"recognition.not_stated.{name}", "dom": f"recognition-not_stated-{name}", "label": label,
        "value": "yes" if unsaid else "", "state": "own" if said else "unsaid" if unsaid else "taken",
        "taken": "", "own": "", "unsaid": _("Not stated here."), "back": _("Take it back"), "leave": "",
    }
    if layer is None:
        return found
    value = _worded(name, layer.data, translator)
    overridden = _(_OVERRIDDEN[layer.source]).format(value=value)
    return {
        **found, "taken": _(_INHERITED[layer.source]).format(value=value), "own": overridden,
        "unsaid": _("Not stated here. {source}").format(source=overridden), "back": _(_BACK[layer.source]),
        "leave": _("Leave it unsaid here"),
    }


def _worded(name: str, data: Mapping[str, Any], translator: Translator) -> str:
    """The value of an element in words, at the length of a line."""
    _, value = translator.gettext, data[name]
    if name in _CHOICES:
        return _(_CHOICES[name].get(str(value), str(value)))
    if name in NUMBERS:
        number = stored_number(value)
        text = str(value) if number is None else translator.number(number)
        return _("{hours} h").format(hours=text) if name == "workload_hours" else text
    if name == "isced_f":
        label = _field_name(concepts.isced_f(value), translator.language)
        return _("{name} ({code})").format(name=label, code=value) if label else str(value)
    text = _part_words(name, value, translator) if name in PARTS else " ".join(str(value).split())
    return text if len(text) <= _MUCH else text[: _MUCH - 1] + "…"


def _part_words(name: str, part: Mapping[str, Any], translator: Translator) -> str:
    both = {
        "quality_assurance": ("title", "agency"), "nqf": ("level", "framework"), "towards": ("title", "framework"),
        "bloc": ("bloc_title", "bloc") if part.get("bloc") else ("certification_title", "certification"),
    }[name]
    first, second = (shown(part, key) for key in both)
    words = translator.gettext("{name} ({code})").format(name=first, code=second) if second else first
    if name == "bloc" and part.get("valid_until"):
        return translator.gettext("{bloc}, registered until {date}").format(bloc=words, date=part["valid_until"])
    return words


@lru_cache(maxsize=16)  # the same in every form of a language, and more of it than of all the rest of the tab
def _fields_of_education(language: str) -> SafeString:
    """The fields of ISCED-F 2013 as options, by code."""
    known = pinned.vocabulary("concepts")["isced-f"]["concepts"]
    named = ((code, _field_name(known[code], language)) for code in sorted(known))
    return format_html_join("", '<option value="{0}" label="{1}">{0} {1}</option>', named)


def _field_name(concept: Mapping[str, Any] | None, language: str) -> str:
    labels: Mapping[str, str] = (concept or {}).get("prefLabel", {})
    return labels.get(wording.primary(language)) or labels.get("en", "")
