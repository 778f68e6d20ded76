"""What a credential says, for people: the same ``Facts`` read from an Open Badge and from an ELM document.

Documents are foreign: nothing is taken for granted about their shape, links may only be http(s), images only PNG
or SVG data.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .verification.reading import identifier, mapping, members, moment, text

_LINE = 300
_TEXT = 5000
_IMAGE_MAX = 700_000
_IMAGE = re.compile(r"data:image/(png|svg\+xml);base64,([A-Za-z0-9+/=\s]+)")
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,4})M)?)?")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A name with an optional http(s) address."""

    name: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Towards(Link):
    """What the credential is evidence towards without awarding it, and how the credential words that."""

    description: str = ""


@dataclass(frozen=True, kw_only=True)
class OutcomeFact:
    """A learning outcome, what was reached and what was needed, as the credential words it."""

    title: str
    reached: str = ""
    needed: str = ""
    skills: tuple[Link, ...] = ()

    @property
    def percent(self) -> int | None:
        """``reached`` as whole percents for the bar, when it is a percentage."""
        match = re.fullmatch(r"(\d{1,3})(?:[.,]\d+)?\s?%", self.reached)
        return min(100, int(match.group(1))) if match else None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything the wallet shows of a credential beside its verification."""

    title: str
    issuer: Link
    description: str = ""
    language: str = ""
    image: str = ""
    image_alt: str = ""
    awarded: datetime | None = None
    expires: datetime | None = None
    holder: str = ""
    level: str = ""
    study: str = ""
    workload: str = ""
    criteria: str = ""
    outcomes: tuple[OutcomeFact, ...] = ()
    towards: tuple[Towards, ...] = ()
    related: tuple[Link, ...] = field(default=())


def badge_facts(document: Mapping[str, Any]) -> Facts:
    """The facts of an Open Badge 3.0."""
    subject = mapping(document.get("credentialSubject"))
    achievement = mapping(subject.get("achievement"))
    issuer = mapping(document.get("issuer"))
    image = mapping(achievement.get("image")) or mapping(document.get("image"))
    alignments = [mapping(item) for item in members(achievement.get("alignment"))]
    level = next((item for item in alignments if _is_level(item)), {})
    study = next((item for item in alignments if _is_study(item)), {})
    towards = [item for item in alignments if text(item.get("targetType")).startswith("ext:towards")]
    outcomes = tuple(_badge_outcomes(achievement, subject))
    told = {skill.url for outcome in outcomes for skill in outcome.skills}
    return Facts(
        title=_line(achievement.get("name")) or _line(document.get("name")),
        issuer=Link(name=_line(issuer.get("name")) or identifier(document.get("issuer")), url=_url(issuer.get("url"))),
        description=_text(achievement.get("description")),
        language=_line(achievement.get("inLanguage")),
        image=_image(identifier(image)),
        image_alt=_line(image.get("caption")),
        awarded=moment(document.get("awardedDate")) or moment(document.get("validFrom")),
        expires=moment(document.get("validUntil")),
        level=_line(level.get("targetName")),
        study=_line(study.get("targetName")),
        criteria=_text(mapping(achievement.get("criteria")).get("narrative")),
        outcomes=outcomes,
        towards=tuple(_towards(item) for item in towards),
        related=tuple(
            _alignment(item) for item in alignments
            if item not in (level, study, *towards) and _url(item.get("targetUrl")) not in told
        ),
    )


def elm_facts(document: Mapping[str, Any]) -> Facts:
    """The facts of a European Digital Credential."""
    display, issuer = mapping(document.get("displayParameter")), mapping(document.get("issuer"))
    subject = mapping(document.get("credentialSubject"))
    claim = next((mapping(item) for item in members(subject.get("hasClaim")) if isinstance(item, dict)), {})
    specification = mapping(claim.get("specifiedBy"))
    return Facts(
        title=_localised(display.get("title")) or _localised(claim.get("title")),
        issuer=Link(name=_localised(issuer.get("legalName")), url=_url(_homepage(issuer))),
        description=_localised(display.get("description")) or _localised(claim.get("description")),
        language=next(iter(mapping(display.get("title"))), ""),
        image=_elm_image(display),
        awarded=moment(mapping(claim.get("awardedBy")).get("awardingDate")) or moment(document.get("issued")),
        expires=moment(document.get("validUntil")) or moment(document.get("expirationDate")),
        holder=_localised(subject.get("fullName")),
        level=_localised(mapping(specification.get("eqfLevel")).get("prefLabel")),
        workload=_duration(specification.get("volumeOfLearning")),
        outcomes=tuple(_elm_outcomes(claim, specification)),
        towards=tuple(_elm_towards(specification)),
    )


def _badge_outcomes(achievement: Mapping[str, Any], subject: Mapping[str, Any]) -> Iterator[OutcomeFact]:
    results = {
        text(mapping(item).get("resultDescription")): mapping(item) for item in members(subject.get("result"))
    }
    for item in members(achievement.get("resultDescription")):
        description = mapping(item)
        result = results.get(text(description.get("id")), {})
        unit = " %" if description.get("resultType") == "Percent" else ""
        yield OutcomeFact(
            title=_line(description.get("name")),
            reached=_amount(result.get("value"), unit) or _line(result.get("status")),
            needed=_amount(description.get("requiredValue"), unit),
            skills=tuple(_alignment(mapping(a)) for a in members(description.get("alignment"))),
        )


def _elm_outcomes(claim: Mapping[str, Any], specification: Mapping[str, Any]) -> Iterator[OutcomeFact]:
    """Learning outcomes, each with the grade of the assessment of the same title, when there is one."""
    grades = {}
    for item in members(claim.get("provenBy")):
        for node in [mapping(item), *map(mapping, members(mapping(item).get("hasPart")))]:
            grades[_localised(node.get("title"))] = _localised(mapping(node.get("grade")).get("noteLiteral"))
    for item in members(specification.get("learningOutcome")):
        outcome = mapping(item)
        title = _localised(outcome.get("title"))
        yield OutcomeFact(
            title=title,
            reached=grades.get(title, ""),
            skills=tuple(
                Link(name=_localised(mapping(skill).get("prefLabel")), url=_url(identifier(skill)))
                for skill in members(outcome.get("relatedESCOSkill"))
            ),
        )


def _elm_towards(specification: Mapping[str, Any]) -> Iterator[Towards]:
    """A part of a qualification does not award the whole."""
    for item in members(specification.get("isPartOf")):
        whole = mapping(item)
        yield Towards(name=_localised(whole.get("title")), url=_url(_homepage(whole)))
        yield from _elm_towards(whole)


def _homepage(node: Mapping[str, Any]) -> Any:
    return next((mapping(page).get("contentURL") for page in members(node.get("homepage"))), "")


def _elm_image(display: Mapping[str, Any]) -> str:
    for individual in members(display.get("individualDisplay")):
        for detail in members(mapping(individual).get("displayDetail")):
            media = mapping(mapping(detail).get("image"))
            kind = identifier(media.get("contentType")).rpartition("/")[2].lower()
            subtype = {"png": "png", "svg": "svg+xml"}.get(kind, "")
            found = _image(f"data:image/{subtype};base64,{text(media.get('content'))}") if subtype else ""
            if found:
                return found
    return ""


def _is_level(alignment: Mapping[str, Any]) -> bool:
    return "EQF" in (text(alignment.get("targetFramework")) + text(alignment.get("targetType")))


def _is_study(alignment: Mapping[str, Any]) -> bool:
    return "ISCED" in (text(alignment.get("targetFramework")) + text(alignment.get("targetType")))


def _towards(item: Mapping[str, Any]) -> Towards:
    link = _alignment(item)
    return Towards(name=link.name, url=link.url, description=_text(item.get("targetDescription")))


def _alignment(item: Mapping[str, Any]) -> Link:
    framework, name = _line(item.get("targetFramework")), _line(item.get("targetName"))
    shown = f"{framework}: {name}" if framework and framework not in name else name
    return Link(name=shown, url=_url(item.get("targetUrl")))


def _line(value: Any) -> str:
    return text(value).strip()[:_LINE]


def _text(value: Any) -> str:
    return text(value).strip()[:_TEXT]


def _amount(value: Any, unit: str) -> str:
    shown = _line(value)
    return f"{shown}{unit}" if shown and not shown.endswith("%") else shown


def _localised(value: Any) -> str:
    """The first text of a language map."""
    for item in mapping(value).values():
        for candidate in members(item):
            if text(candidate).strip():
                return _text(candidate)
    return ""


def _url(value: Any) -> str:
    """An http(s) address, or empty: ``javascript:`` and the like never become links."""
    try:
        parts = urlsplit(text(value))
    except ValueError:
        return ""
    return text(value) if parts.scheme in ("http", "https") and parts.hostname else ""


def _image(value: str) -> str:
    """A PNG or SVG data URI that really is one, or empty. Remote images would tell their host who looks at them."""
    match = _IMAGE.fullmatch(value) if len(value) <= _IMAGE_MAX else None
    if match is None:
        return ""
    try:
        data = base64.b64decode(match.group(2))
    except binascii.Error:
        return ""
    good = data.startswith(b"\x89PNG\r\n\x1a\n") if match.group(1) == "png" else b"<svg" in data[:2000]
    return value if good else ""


def _duration(value: Any) -> str:
    match = _DURATION.fullmatch(text(value))
    if not match or not any(match.groups()):
        return ""
    days, hours, minutes = (int(group or 0) for group in match.groups())
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part)
