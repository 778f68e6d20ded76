"""How far a pill is from what Annex I of the Council Recommendation on micro-credentials asks (2022/C 243/02).

``elements`` judges the eleven mandatory and the five optional elements, each with who gives it, why it matters and
where the author mends it; ``summary`` counts them. Pure: the form and the author view show the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from .. import definition, facts, inheritance
from ..inheritance import Layer
from ..messages import N_
from ..translation import Translator

# Who else gives an element; what of a pill says it is in _SAID.
ACCOUNT, AWARD, ISSUER = "account", "award", "issuer"
_NAMES = {
    "learner": N_("Learner"), "title": N_("Title"), "country": N_("Country of the issuer"),
    "awarding-body": N_("Awarding body"), "date": N_("Date of issue"), "outcomes": N_("Learning outcomes"),
    "workload": N_("Workload"), "level": N_("Level, if one applies"), "assessment": N_("Type of assessment"),
    "participation": N_("Form of participation"), "quality": N_("Quality assurance"),
    "prerequisites": N_("Prerequisites"), "supervision": N_("Supervision and identity check"), "grade": N_("Grade"),
    "stackability": N_("Integration and stackability"), "further": N_("Further information"),
}
MANDATORY = (
    "learner", "title", "country", "awarding-body", "date", "outcomes", "workload", "level", "assessment",
    "participation", "quality",
)
OPTIONAL = ("prerequisites", "supervision", "grade", "stackability", "further")
_WHY = {
    "learner": N_("Whoever reads it must know whose achievement it is."),
    "title": N_("It is what an employer reads first."),
    "country": N_("It tells under which country’s rules the credential was issued."),
    "awarding-body": N_("A credential is worth what its issuer’s name is worth."),
    "date": N_("It tells how recent the learning is."),
    "outcomes": N_("They say what the learner can do; everything else only describes them."),
    "workload": N_("Schools that credit the pill need to know how much learning it stands for."),
    "level": N_("It makes the learning comparable between countries; leave it out if no level applies."),
    "assessment": N_("It tells how the outcomes were proved."),
    "participation": N_("It tells whether the learner took part online, on site or at work."),
    "quality": N_("It is why somebody who has never heard of you can trust the credential."),
    "prerequisites": N_("They tell for whom the pill is meant."),
    "supervision": N_("It tells how sure it is that the learner did the work."),
    "grade": N_("It tells how well the outcomes were achieved."),
    "stackability": N_("It tells whether the credential counts towards something larger."),
    "further": N_("Whoever wants to know more finds it there."),
}
_GIVEN = {
    "learner": ACCOUNT, "country": ISSUER, "awarding-body": ISSUER, "date": AWARD, "grade": AWARD,
}
_GIVEN_WORDS = {
    ACCOUNT: N_("Comes from the learner’s account."), AWARD: N_("Comes with each award."),
}
PAST = N_("This registration has ended. Ask who runs the certification what takes its place.")
ENDING = N_("This registration ends in less than six months.")
SOON = timedelta(days=183)
NONE_APPLIES = N_("You say that none applies.")
_MISSING_ISSUER = N_("Missing: ask the administrator of this platform to set up the issuer.")
SOURCES = {
    inheritance.COURSE: N_("From your course"), inheritance.ORGANISATION: N_("From your organisation"),
    inheritance.SITE: N_("From this site"),
}
# Which values of the recognition data say an element: one of them is enough.
_SAID = {
    "workload": ("workload_hours",), "level": ("eqf_level", "nqf"), "assessment": ("assessment_type",),
    "participation": ("mode",), "quality": ("quality_assurance",), "prerequisites": ("prerequisites",),
    "supervision": ("supervision",), "stackability": ("stackability", "bloc", "towards"),
    "further": ("further_information",),
}
# The control of the form that an element is given with.
_CONTROLS = {
    "title": "title", "outcomes": "outcomes", "quality": "recognition.quality_assurance.title",
    **{
        name: f"recognition.{said[0]}" for name, said in _SAID.items() if name != "quality"
    },
}


def elements(
    pill: definition.Definition, issuer: Mapping[str, str] | None, translator: Translator,
    layers: Sequence[Layer] = (), today: date | None = None,
) -> list[dict[str, Any]]:
    """Every element of the Recommendation, in its order, for a person to read.

    ``pill`` has what its author wrote (or what counts: the effective recognition data); ``issuer`` the ``name`` and
    ``country`` of whoever awards here, as far as they are known; ``layers`` what the pill takes over; ``today`` lets
    it warn of a certification whose registration ends. Of each element:
    ``code``, ``name``, ``why``, ``mandatory``, ``state`` (``complete``, ``missing``, or ``given``: by somebody else),
    ``done``, ``note`` (where it comes from, or who must be asked) and ``control``, where the author gives it.
    """
    counted = inheritance.effective(pill.recognition, layers)
    sources = inheritance.inherited(pill.recognition, layers)
    found = []
    for code in (*MANDATORY, *OPTIONAL):
        given = _given(code, issuer or {}, translator) if code in _GIVEN else None
        state, note = given or _written(code, pill, counted, sources, translator)
        if code == "stackability" and today is not None:
            note = _ending(counted, today, translator) or note
        found.append({
            "code": code, "name": translator.gettext(_NAMES[code]), "why": translator.gettext(_WHY[code]),
            "mandatory": code in MANDATORY, "state": state, "done": state != "missing", "note": note,
            "control": _CONTROLS.get(code, ""),
        })
    return found


def summary(found: Sequence[Mapping[str, Any]], translator: Translator) -> dict[str, Any]:
    """How many of the mandatory and of the optional elements are there, as numbers and in words."""
    counts = {}
    for kind, mandatory in (("mandatory", True), ("optional", False)):
        these = [element["done"] for element in found if element["mandatory"] is mandatory]
        counts[kind] = {"done": sum(these), "total": len(these)}
    texts = words(translator)
    return {
        **counts, "complete": counts["mandatory"]["done"] == counts["mandatory"]["total"],
        "text": texts["summary"].format(
            mandatory=texts["of"].format(**counts["mandatory"]), optional=texts["of"].format(**counts["optional"])
        ),
    }


def words(translator: Translator) -> dict[str, str]:
    """The sentences of ``summary``, for who counts again while the author writes."""
    _ = translator.gettext
    return {"summary": _("Mandatory elements: {mandatory}. Optional: {optional}."), "of": _("{done} of {total}")}


def conditions() -> dict[str, tuple[str, ...]]:
    """Which values of the recognition data complete each element that the author gives: one of them is enough."""
    return dict(_SAID)


def _given(code: str, issuer: Mapping[str, str], translator: Translator) -> tuple[str, str]:
    """What somebody else gives; only the issuer can be missing."""
    source = _GIVEN[code]
    if source != ISSUER:
        return "given", translator.gettext(_GIVEN_WORDS[source])
    value = issuer.get("country" if code == "country" else "name", "")
    if value and code == "country":
        value = facts.country(value, translator)
    if not value:
        return "missing", translator.gettext(_MISSING_ISSUER)
    return "given", translator.gettext("From the issuer: {value}").format(value=value)


def _written(
    code: str, pill: definition.Definition, counted: Any, sources: Mapping[str, Layer], translator: Translator
) -> tuple[str, str]:
    """What the author gives, or her course or organisation for her."""
    if code == "title":
        return ("complete" if isinstance(pill.title, str) and pill.title.strip() else "missing"), ""
    if code == "outcomes":
        return ("complete" if _promises(pill.outcomes) else "missing"), ""
    for name in _SAID[code]:
        if inheritance.says(counted, name) and _usable(counted, name):
            return "complete", translator.gettext(SOURCES[sources[name].source]) if name in sources else ""
    if code == "level" and "eqf_level" in definition.unstated(counted):
        return "complete", translator.gettext(NONE_APPLIES)
    return "missing", ""


def _ending(counted: Any, today: date, translator: Translator) -> str:
    """What to know of the registration that the pill counts towards, if it is over or soon will be."""
    bloc = counted.get("bloc") if isinstance(counted, Mapping) else None
    try:
        until = date.fromisoformat(bloc["valid_until"])
    except (TypeError, KeyError, ValueError):
        return ""
    if until < today:
        return translator.gettext(PAST)
    return translator.gettext(ENDING) if until < today + SOON else ""


def _promises(outcomes: Any) -> bool:
    """Whether there is something a learner can do afterwards, and each such thing is named and assessed."""
    items = outcomes if isinstance(outcomes, list | tuple) else ()
    return bool(items) and all(
        isinstance(item, Mapping) and str(item.get("title") or "").strip() and item.get("assessed_by") for item in items
    )


def _usable(data: Mapping[str, Any], name: str) -> bool:
    """Whether the value could be certified. What contradicts another value is a problem of its own."""
    return not definition.read_recognition({name: data[name]})[1]
