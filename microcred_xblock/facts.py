"""The parity report as a person reads it: which fact is in which form of the credential."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils import translation as django_translation

from .compat import Viewer
from .credentials import concepts, pinned, wording
from .domain.upkeep import RegradePolicy
from .messages import N_
from .translation import Translator

NAMES: dict[str, str] = {
    "learner-name": N_("Your name"),
    "learner-email": N_("Your e-mail address"),
    "learner-did": N_("Your decentralised identifier"),
    "title": N_("Title"),
    "description": N_("Description"),
    "language": N_("Language"),
    "tag": N_("Tag"),
    "image": N_("Badge image"),
    "image-caption": N_("Text alternative of the badge image"),
    "pill-id": N_("Identifier of the pill"),
    "pill-version": N_("Version of the pill"),
    "mastery-rule": N_("Mastery rule"),
    "award-date": N_("Date of the award"),
    "valid-until": N_("Valid until"),
    "regrade": N_("When scores fall below what is needed, are corrected or deleted"),
    "grace-days": N_("Days of grace"),
    "award-id": N_("Identifier of the award"),
    "awarding-body": N_("Awarding body"),
    "awarding-body-legal-name": N_("Legal name"),
    "awarding-body-legal-identifier": N_("Legal identifier"),
    "awarding-body-did": N_("Decentralised identifier"),
    "awarding-body-url": N_("Web address"),
    "awarding-body-address": N_("Postal address"),
    "awarding-body-email": N_("E-mail address"),
    "issuer-country": N_("Country"),
    "outcome": N_("Learning outcome"),
    "outcome-description": N_("Description"),
    "outcome-kind": N_("Kind"),
    "outcome-reuse-level": N_("Reuse level"),
    "skill": N_("Skill"),
    "outcome-criteria": N_("How it was assessed"),
    "outcome-threshold": N_("Needed"),
    "outcome-status": N_("Result"),
    "outcome-score": N_("Your score"),
    "outcome-time": N_("Assessed"),
    "assessed-block": N_("Activity"),
    "level": N_("Level"),
    "field": N_("Field of study"),
    "workload": N_("Workload"),
    "ects": N_("ECTS points"),
    "assessment-type": N_("Type of assessment"),
    "mode": N_("Mode of learning"),
    "supervision": N_("Supervision and identity check"),
    "prerequisites": N_("Prerequisites"),
    "quality-assurance": N_("Quality assurance"),
    "quality-assurance-agency": N_("Quality assurance agency"),
    "quality-assurance-url": N_("Address of the quality assurance"),
    "certification": N_("Certification"),
    "certification-title": N_("Title of the certification"),
    "certification-valid-until": N_("Certification registered until"),
    "bloc": N_("Bloc of competences"),
    "bloc-title": N_("Title of the bloc"),
    "bloc-url": N_("Address of the bloc"),
    "national-level": N_("Level in the national framework"),
    "national-level-url": N_("Address of the national level"),
    "stackability": N_("Integration and stackability"),
    "towards-title": N_("Counts towards"),
    "towards-framework": N_("Register or awarding body"),
    "towards-code": N_("Code of the qualification"),
    "towards-url": N_("Address of the qualification"),
    "further-information": N_("Further information"),
    "not-awarded": N_("What it is not"),
}
NOTES: dict[str, str] = {
    "learner-name": N_("The Open Badge leaves your name out."),
    "learner-hashed": N_("Only as a salted hash: whoever already knows the address can check it, nobody can read it."),
    "image-on-page": N_("In the European credential it is drawn on its page."),
    "internal": N_("Kept by this site only."),
    "outcome-not-achieved": N_("Not achieved, so the European credential does not claim it."),
    "towards": N_("Evidence towards it; it is not awarded by this credential."),
    "in-neither": N_("Neither form has a place for it."),
}
VALUES: dict[str, str] = {
    "knowledge": N_("Knowledge"), "skill": N_("Skill"), "transversal": N_("Transversal"),
    "cross-sector": N_("Cross-sector"), "sector-specific": N_("Sector-specific"),
    "occupation-specific": N_("Occupation-specific"), "image/png": "PNG", "image/svg+xml": "SVG",
}
MODES = {
    "online": N_("Online"), "blended": N_("Blended"), "presential": N_("On site"), "workbased": N_("At the workplace"),
}
ASSESSMENTS = {
    "quiz": N_("Quiz"), "practical": N_("Practical assessment"), "portfolio": N_("Portfolio"),
    "project": N_("Project work"), "written-exam": N_("Written examination"), "oral-exam": N_("Oral examination"),
    "continuous": N_("Continuous evaluation"),
}
REGRADES = {
    RegradePolicy.KEEP.value: N_("Nothing: the credential stays as it is"),
    RegradePolicy.SUSPEND.value: N_("It is suspended, until the scores suffice again"),
    RegradePolicy.REVOKE.value: N_("It is revoked; the learner can earn it again"),
    RegradePolicy.SUPERSEDE.value: N_("A new one with the present scores takes its place, or it is revoked"),
}
SUPERVISION = {
    "unsupervised": N_("Unsupervised, identity not checked"), "unsupervised-id": N_("Unsupervised, identity checked"),
    "supervised": N_("Supervised, identity not checked"), "supervised-id": N_("Supervised, identity checked"),
}
STACKABILITY = {
    "stand-alone": N_("Stands alone, independent of others"),
    "stackable": N_("Can be stacked towards another credential"),
}
_STATUSES = {
    "status-achieved": N_("Achieved"), "status-not-achieved": N_("Not achieved"),
    "status-in-progress": N_("Not completed"), "status-not-assessed": N_("Not assessed"),
    "status-not-available": N_("Not offered"),
}
# What the documents say in the pill's language; here it is said in the reader's.
_WORDED = {
    "mode": MODES, "assessment-type": ASSESSMENTS, "supervision": SUPERVISION, "outcome-status": _STATUSES,
    "stackability": STACKABILITY,
}
_CODED = ("outcome-kind", "outcome-reuse-level", "image")
_TECHNICAL = ("pill-id", "pill-version", "award-id", "awarding-body-did")
_MOMENTS = ("award-date", "valid-until", "outcome-time")
_ACHIEVEMENT, _RECOGNITION, _LAST = N_("The achievement"), N_("Recognition"), N_("Technical")
_GROUPS = (("learner-", N_("About you")), ("awarding-body", N_("Awarding body")), ("issuer-", N_("Awarding body")))
_ACHIEVEMENT_FACTS = (
    "title", "description", "language", "tag", "image", "image-caption", "mastery-rule", "award-date",
    "valid-until", "regrade", "grace-days",
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the page knows besides the report: the titles of the activities, and the mastery rule of one version."""

    blocks: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    mastery: str = ""


def groups(
    rows: Iterable[Any], viewer: Viewer, translator: Translator, known: Known | None = None
) -> list[dict[str, Any]]:
    """The rows of a parity report under headings, in their order. ``viewer`` is the learner they are about."""
    rows = sorted(rows, key=lambda row: row.fact in _TECHNICAL)  # stable: what only machines read comes last
    known = known or Known()
    if known.version not in [row.value for row in rows if row.fact == "pill-version"]:
        known = Known(blocks=known.blocks)  # the pill was changed since: its rule need not be this award's
    found: list[dict[str, Any]] = []
    for row in rows:
        title = _heading(row, translator)
        if not found or found[-1]["title"] != title:
            found.append({"title": title, "facts": []})
        found[-1]["facts"].append(_fact(row, viewer, translator, known))
    return found


def _heading(row: Any, translator: Translator) -> str:
    if row.fact in _TECHNICAL:
        return translator.gettext(_LAST)
    if row.subject:
        return row.subject
    if row.fact in _ACHIEVEMENT_FACTS:
        return translator.gettext(_ACHIEVEMENT)
    return translator.gettext(next((name for start, name in _GROUPS if row.fact.startswith(start)), _RECOGNITION))


def _fact(row: Any, viewer: Viewer, translator: Translator, known: Known) -> dict[str, Any]:
    # The report itself holds no personal data; the learner may see their own.
    own = {"learner-name": viewer.full_name, "learner-email": viewer.email}
    value, at = _value(row, translator, known)
    return {
        "name": translator.gettext(NAMES[row.fact]) if row.fact in NAMES else row.fact,
        "value": own.get(row.fact) or value,
        "moment": _moment(row.value) if row.fact in _MOMENTS else None,
        "at": at,
        "composed": row.fact == "assessed-block",  # in the reader's direction, whatever a title in it has
        "note": translator.gettext(NOTES[row.note]) if row.note in NOTES else "",
        "open_badge": row.open_badge, "open_badge_in_words": row.open_badge_in_words,
        "elm": row.elm, "elm_in_words": row.elm_in_words,
    }


def _value(row: Any, translator: Translator, known: Known) -> tuple[str, str | None]:
    """What the row says, for people, and the time that belongs to it."""
    _, value = translator.gettext, row.value
    if row.fact in _CODED and value in VALUES:
        return _(VALUES[value]), None
    if row.fact == "regrade" and value in REGRADES:
        return _(REGRADES[value]), None
    if row.fact in _WORDED:
        code = next((code for code in _WORDED[row.fact] if value in _said(code)), "")
        return (_(_WORDED[row.fact][code]) if code else value), None
    if row.fact == "assessed-block":
        return _activity(value, translator, known)
    if row.fact == "mastery-rule":
        return known.mastery or value.rstrip(" \u00a0:") + ".", None
    if row.fact == "language":
        return _language(value, translator), None
    if row.fact == "issuer-country":
        return country(value, translator), None
    if row.fact == "level" and value.startswith("EQF "):
        return _("EQF level {level}").format(level=value.removeprefix("EQF ")), None
    if row.fact == "field":
        return _field(value, translator), None
    return value, None


@cache
def _said(key: str) -> frozenset[str]:
    """The words that credentials use for a code, in each language they are written in."""
    return frozenset(wording.texts(language)[key] for language in ("en", "fr"))


@cache
def _points() -> tuple[re.Pattern[str], ...]:
    """How a credential writes the points of an activity, in each language that credentials are written in."""
    keys = ("points", "unattempted")
    return tuple(_pattern(wording.texts(language)[key]) for language in ("en", "fr") for key in keys)


def _pattern(template: str) -> re.Pattern[str]:
    text = re.escape(template)
    for name, what in (("block", ".+"), ("earned", r"\d+(?:[.,]\d+)?"), ("possible", r"\d+(?:[.,]\d+)?")):
        text = text.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{what})")
    return re.compile(text + r"(?: \((?P<at>[^()]+)\))?", re.DOTALL)


def _activity(value: str, translator: Translator, known: Known) -> tuple[str, str | None]:
    """An activity by its title, with its points as the list of outcomes shows them."""
    found = next(filter(None, (pattern.fullmatch(value) for pattern in _points())), None)
    if found is None:
        return value, None
    _, parts = translator.gettext, found.groupdict()
    title = f"\u2068{known.blocks.get(parts['block']) or parts['block']}\u2069"  # isolated: its direction is its own
    if "earned" not in parts:
        return _("{activity}: not done").format(activity=title), None
    earned, possible = (
        translator.number(round(Decimal(parts[name].replace(",", ".")), 2)) for name in ("earned", "possible")
    )
    points = _("{earned} of {possible}").format(earned=earned, possible=possible)
    at = _moment(parts["at"]) if parts["at"] else None
    return _("{activity}: {points}").format(activity=title, points=points), at


def _language(tag: str, translator: Translator) -> str:
    entry = pinned.vocabulary("languages")["concepts"].get(tag.split("-")[0], {})
    name = entry.get("prefLabel", {}).get(wording.primary(translator.language))
    if name is None:
        try:
            with django_translation.override(translator.language):
                name = str(django_translation.get_language_info(tag)["name_translated"])
        except KeyError:
            return tag
    return name[:1].upper() + name[1:]


def country(code: str, translator: Translator) -> str:
    """The name of the country with that alpha-3 code; the code where it is not known."""
    labels = pinned.vocabulary("countries")["concepts"].get(code, {}).get("prefLabel", {})
    return labels.get(wording.primary(translator.language)) or labels.get("en") or code


def _field(value: str, translator: Translator) -> str:
    """The code of a field of study with its name."""
    labels = (concepts.isced_f(value.removeprefix("ISCED-F ")) or {}).get("prefLabel", {})
    name = labels.get(wording.primary(translator.language)) or labels.get("en")
    return f"{name} ({value})" if name else value


def _moment(value: str) -> str | None:
    try:
        return datetime.fromisoformat(value).isoformat()
    except ValueError:
        return None
