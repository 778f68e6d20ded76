"""What keeps a pill's credentials from being issued, or from looking good, in its author's words.

Pure. What a library says of a document is led back to the control that the author wrote it in; where that cannot be
told, the library's own words stand under “technical detail”.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import definition, facts
from ..credentials import concepts
from ..domain.errors import InvalidDocument, InvalidInput, InvalidPill, MicrocredError
from ..domain.pill import BadgeImage, LearningPill
from ..domain.text import checked_language
from ..messages import N_
from ..translation import Translator
from . import wording
from .places import places
from .values import mapping

ERROR, WARNING, ADVICE = "error", "warning", "advice"
# The checks in their order, and what an author calls them. One that was not made is not listed.
CHECKS = {
    "definition": N_("Everything is there that a credential needs"),
    "wording": N_("No words of an example are left in brackets"),
    "open-badge": N_("Open Badge: it can be made"),
    "open-badge-schema": N_("Open Badge: 1EdTech’s strict schema"),
    "open-badge-json-ld": N_("Open Badge: every term has a meaning (JSON-LD)"),
    "elm": N_("European credential: it can be made"),
    "elm-profile": N_("European credential: the rules of Europass"),
    "elm-json-ld": N_("European credential: every term has a meaning (JSON-LD)"),
    "elm-shacl": N_("European credential: the EU’s own test (SHACL)"),
    "site": N_("What this site adds to credentials"),
    "image": N_("Badge image: shape and size"),
    "parity": N_("Nothing you wrote gets lost"),
}
# Codes whose message already says to an author what to do.
_TOLD = frozenset({
    "document-control", "document-duplicate", "document-iri", "document-sort-order", "image-shape", "image-size",
    "image-unreadable", "language-unknown", "png-pixels", "png-unreadable", "svg-complex", "svg-entities",
    "svg-unreadable", "text-control-character", "text-too-long",
})
_REFUSED = {"open-badge": "preflight-open-badge", "elm": "preflight-elm"}
_TOLERATED = ("olx-unknown-attribute", "inherited-course", "inherited-organisation", "inherited-site")
_SQUARE, _SMALL, _HEAVY = 1.1, 300, 250_000
# Where a document has what an author wrote: a pattern of a place, and the field. ``{}`` is the number of an outcome.
_PLACES = tuple((re.compile(pattern), name) for pattern, name in (
    (r"resultDescription\[(\d+)\]\.alignment|learningOutcome\[(\d+)\]\.related", "outcome {}.skill"),
    (r"resultDescription\[(\d+)\]|\.result\[(\d+)\]|learningOutcome\[(\d+)\]|provenBy\[(\d+)\]", "outcome {}"),
    (r"\.image\b|displayParameter", "image"),
    (r"inLanguage|\.language\b|primaryLanguage", "language"),
    (r"eqfLevel", "eqf_level"),
    (r"creditPoint|creditReceived|creditsAvailable|creditsEarned", "ects"),
    (r"volumeOfLearning|workload", "workload_hours"),
    (r"fieldOfStudy|thematicArea", "isced_f"),
    (r"entryRequirement", "prerequisites"),
    (r"accreditation", "quality assurance"),
    (r"isPartOf", "certification"),
    (r"\.mode\b", "mode"),
    (r"achievement\.alignment", "recognition"),
    (r"\.tag\b|category", "pill"),
    (r"\.description\b", "description"),
    (r"\.name\b|\.title\b", "title"),
))
# Where an author writes what the parity report calls by these names.
_FACTS = {
    "title": "title", "description": "description", "language": "language",
    "image": "image", "level": "eqf_level",
    "field": "isced_f", "workload": "workload_hours", "ects": "ects",
    "assessment-type": "assessment_type", "mode": "mode",
    "supervision": "supervision", "prerequisites": "prerequisites",
}
_OUTCOME_FACTS = {"outcome": ".outcome title", "outcome-description": ".outcome description", "skill": ".skill"}
_LOST = {  # notes of the parity report
    "in-neither": (WARNING, "preflight-in-neither"), "not-in-elm": (ADVICE, "preflight-not-in-elm"),
    "not-in-open-badge": (ADVICE, "preflight-not-in-open-badge"),
}
_NOT_THE_AUTHOR_S = ("learner-", "awarding-", "issuer-")
# What one of the formats has no place for, whatever the author writes: nothing to mend, and nothing to tell.
_NEVER_IN_BOTH = ("image-caption", "outcome-kind", "outcome-reuse-level")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is looked at: ``outcomes`` as written, ``keys`` as the form calls them, ``pill`` unless it is incomplete.

    ``texts`` are those of the whole pill by the name of their field, as written.
    ``problems`` are those of the definition; ``blocks`` the titles of the blocks inside, by reference; ``rows`` what
    the form calls each member of an assessment, as ``places`` asks for it.
    """

    outcomes: Sequence[Any]
    keys: Sequence[str]
    problems: Sequence[InvalidInput]
    pill: LearningPill | None = None
    blocks: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Sequence[str]] | None = None
    texts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A problem with its severity, the check that found it, and a library's own words."""

    severity: str
    check: str
    problem: InvalidInput
    detail: str = ""


def unissuable(findings: Iterable[Any], draft: Draft) -> list[InvalidInput]:
    """What the trial of a complete pill found, as problems in its definition."""
    found = (_problem(finding.check, finding.error, draft) for finding in findings)
    return [problem if problem.field else definition.placed(problem, "pill") for problem in found]


def unnameable(language: Any) -> list[InvalidInput]:
    """That no European credential can name the pill's language; nothing of one that is no language at all."""
    try:
        concepts.elm_language(checked_language(language))
    except InvalidDocument as problem:
        return [problem]
    except InvalidInput:
        pass
    return []


def report(draft: Draft, rehearsal: Any | None, translator: Translator) -> dict[str, Any]:
    """``items`` (severity, place, control, text, detail; the gravest first), ``checks`` made, and how many errors."""
    found = [*_of_definition(draft.problems), *_of_wording(draft)]
    made = ["definition", "wording"]
    if draft.pill is not None and rehearsal is not None:
        found += [*_of_rehearsal(rehearsal, draft), *_of_image(draft.pill.image)]
        found += _of_parity(rehearsal, draft, translator)
        made += [*rehearsal.checks, "image", *(["parity"] if rehearsal.parity else [])]
    order = [ERROR, WARNING, ADVICE]
    found.sort(key=lambda item: order.index(item.severity))
    problems = [item.problem for item in found]
    told = places(problems, draft.outcomes, draft.keys, translator, draft.blocks, draft.rows)
    items = [
        {**words, "severity": item.severity, "detail": item.detail} for item, words in zip(found, told, strict=True)
    ]
    for item, one in zip(items, found, strict=True):
        if not one.problem.field:  # nothing of the form is meant
            item["control"] = item["place"] = ""
    return {
        "items": items,
        "checks": [
            {"label": translator.gettext(CHECKS[name]), "state": _state(name, found)}
            for name in CHECKS if name in made
        ],
        "errors": sum(item.severity == ERROR for item in found),
    }


def _state(check: str, found: Iterable[_Found]) -> str:
    severities = {item.severity for item in found if item.check == check}
    return next((severity for severity in (ERROR, WARNING, ADVICE) if severity in severities), "good")


def _of_definition(problems: Iterable[InvalidInput]) -> Iterator[_Found]:
    for problem in problems:
        yield _Found(
            severity=WARNING if problem.code in _TOLERATED else ERROR, check="definition", problem=problem
        )


def _of_wording(draft: Draft) -> Iterator[_Found]:
    """What an example left open, once for each text."""
    written = dict(draft.texts)
    for name, outcome in zip(definition.outcome_names(draft.outcomes), draft.outcomes, strict=True):
        written |= {f"outcome {name}.outcome {part}": mapping(outcome).get(part) for part in ("title", "description")}
    for place, text in written.items():
        word = wording.blank(text)
        if word:
            problem = InvalidPill("An example's words are left.", code="preflight-blank", field=place, word=word)
            yield _Found(severity=WARNING, check="wording", problem=problem)


def _of_rehearsal(rehearsal: Any, draft: Draft) -> Iterator[_Found]:
    if rehearsal.missing_issuer is not None:
        yield _Found(
            severity=WARNING, check="issuer", problem=InvalidPill("No issuer.", code="preflight-no-issuer"),
            detail=_raw(rehearsal.missing_issuer),
        )
    for finding in rehearsal.findings:
        yield _Found(
            severity=ERROR if finding.blocks else WARNING, check=finding.check,
            problem=_problem(finding.check, finding.error, draft), detail=_raw(finding.error),
        )


def _problem(check: str, error: MicrocredError, draft: Draft) -> InvalidInput:
    """What a check found, as a problem in a place of the definition where that can be told."""
    if check == "site":
        return InvalidPill(error.message, code="preflight-site")
    if error.code == "internal":
        return InvalidPill(error.message, code="preflight-unknown")
    if not isinstance(error, InvalidInput):
        return InvalidPill(error.message, code="preflight-issuer")
    where = _where(error, draft)
    if error.code in _TOLD:
        return definition.placed(error, where) if where else error
    if check == "elm-shacl":
        return InvalidPill(error.message, code="preflight-shacl")
    if where:
        family = "elm" if check.startswith("elm") else "open-badge"
        return InvalidPill(error.message, code=_REFUSED[family], field=where)
    return InvalidPill(error.message, code="preflight-unknown")


def _where(error: InvalidInput, draft: Draft) -> str:
    """The place in the definition that an error is about, or an empty string."""
    path = str(error.params.get("place", ""))
    if ".issuer" in path or path.startswith("issuer"):
        return ""
    names = definition.outcome_names(draft.outcomes)
    for pattern, place in _PLACES:
        match = pattern.search(path)
        number = next((int(group) for group in match.groups() if group), None) if match else None
        if match and number is None:
            return place
        if match and number is not None and number < len(names):
            return place.format(names[number])
    if error.field in ("image", "language"):
        return error.field
    return _with_text(str(error.params.get("iri", "")), draft, names)


def _with_text(text: str, draft: Draft, names: Sequence[str]) -> str:
    """The place of the address that a document refused."""
    if not text or draft.pill is None:
        return ""
    for name, outcome in zip(names, draft.pill.outcomes, strict=True):
        if any(text in skill.uri for skill in outcome.skills):
            return f"outcome {name}.skill"
    return ""


def _raw(error: MicrocredError) -> str:
    """What the library said, for whoever has to look into it."""
    problems = error.params.get("problems")
    more = "".join(f"\n{line}" for line in problems) if isinstance(problems, list) else ""
    return f"{error.message} [{error.code}]{more}"


def _of_image(image: BadgeImage | None) -> Iterator[_Found]:
    """What can be seen of the author's own picture without looking at it."""
    if image is None:
        return

    def found(severity: str, code: str, **params: Any) -> _Found:
        problem = InvalidPill("The badge image could be better.", code=code, field="image", **params)
        return _Found(severity=severity, check="image", problem=problem)

    width, height = _size(image)
    if width and height and max(width, height) > _SQUARE * min(width, height):
        yield found(WARNING, "preflight-image-shape")
    if image.media_type == "image/png" and min(width, height) < _SMALL:
        yield found(ADVICE, "preflight-image-small", least=_SMALL)
    if len(image.data) > _HEAVY:
        yield found(ADVICE, "preflight-image-heavy", size=round(len(image.data) / 1000), most=_HEAVY // 1000)


def _size(image: BadgeImage) -> tuple[float, float]:
    """Width and height of an image that was checked: a PNG's pixels, a drawing's units."""
    if image.media_type == "image/png":
        return tuple(map(float, struct.unpack(">II", image.data[16:24])))  # of its first chunk, IHDR
    box = re.search(rb"viewBox=[\"']\s*[\d.eE+-]+[\s,]+[\d.eE+-]+[\s,]+([\d.eE+-]+)[\s,]+([\d.eE+-]+)", image.data)
    return (float(box[1]), float(box[2])) if box else (1.0, 1.0)


def _of_parity(rehearsal: Any, draft: Draft, translator: Translator) -> Iterator[_Found]:
    """What the author wrote, and one of the documents, or both, have no place for."""
    for row in rehearsal.parity:
        if row.note not in _LOST or row.fact in _NEVER_IN_BOTH or row.fact.startswith(_NOT_THE_AUTHOR_S):
            continue
        severity, code = _LOST[row.note]
        problem = InvalidPill(
            "This is not in both credentials.", code=code, field=_field_of(row, draft), value=row.value[:120],
            fact=translator.gettext(facts.NAMES.get(row.fact, row.fact)),
        )
        yield _Found(severity=severity, check="parity", problem=problem)


def _field_of(row: Any, draft: Draft) -> str:
    if row.subject and draft.pill is not None:
        names = zip(definition.outcome_names(draft.outcomes), draft.pill.outcomes, strict=True)
        name = next((name for name, outcome in names if outcome.title == row.subject), None)
        if name is not None:
            return f"outcome {name}{_OUTCOME_FACTS.get(row.fact, '')}"
    return _FACTS.get(row.fact, "recognition")
