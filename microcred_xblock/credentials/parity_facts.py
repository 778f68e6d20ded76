"""The facts of an award, and under which names a document would hold each of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.award import Award
from ..domain.outcomes import LearningOutcome, OutcomeResult
from ..domain.pill import LearningPill
from ..domain.recognition import BlocPlace, NationalLevel, QualificationPlace, Recognition
from ..domain.upkeep import RegradePolicy
from . import concepts, open_badges, wording
from .elm_nodes import duration


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Look for ``value`` in a member called ``key``; ``words``: as part of a text.

    ``inside`` narrows it to places within objects that have these members.
    """

    key: str
    value: Any
    words: bool = False
    inside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A fact and what to look for in each format, the best answer first."""

    code: str
    value: str
    open_badge: tuple[Probe, ...] = ()
    elm: tuple[Probe, ...] = ()
    subject: str = ""
    note: str = ""


def facts(award: Award, open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> Iterator[Fact]:
    """Everything an award and its issuer say, in the order in which people should read it."""
    yield from _learner(open_badge, elm)
    yield from _pill(award.pill)
    yield from _award(award)
    yield from _upkeep(award, open_badge, elm)
    yield from _issuer(open_badge, elm)
    for outcome, result in award.outcome_pairs():
        yield from _outcome(award, outcome, result)
    yield from _recognition(award.pill.recognition, award.pill.language)


def _is(key: str, value: Any, *inside: tuple[str, str]) -> Probe:
    return Probe(key=key, value=value, inside=inside)


def _says(key: str, text: str, *inside: tuple[str, str]) -> Probe:
    return Probe(key=key, value=text, words=True, inside=inside)


def _learner(open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> Iterator[Fact]:
    """How the learner is named. The values are personal data: probed for, never shown."""
    subject, person = open_badge.get("credentialSubject", {}), elm.get("credentialSubject", {})
    for name in person.get("fullName", {}).values():
        yield Fact(
            code="learner-name", value="", note="learner-name",
            open_badge=(_is("name", name, ("type", "Profile")),), elm=(_is("fullName", name),),
        )
    for identity in subject.get("identifier", ()):
        hashed = identity["identityHash"]
        yield Fact(
            code="learner-email", value="", note="learner-hashed",
            open_badge=(_is("identityHash", hashed),), elm=(_is("notation", hashed),),
        )
    for did in {str(node.get("id")) for node in (subject, person)}:
        if did.startswith("did:"):
            yield Fact(
                code="learner-did", value="",
                open_badge=(_is("id", did, ("type", "AchievementSubject")),), elm=(_is("id", did, ("type", "Person")),),
            )


def _pill(pill: LearningPill) -> Iterator[Fact]:
    yield Fact(code="title", value=pill.title, open_badge=(_is("name", pill.title),), elm=(_is("title", pill.title),))
    yield _same("description", pill.description, "description", "description")
    primary = wording.primary(pill.language)
    yield Fact(
        code="language", value=pill.language,
        open_badge=(_is("inLanguage", pill.language), _is("inLanguage", primary)),
        elm=(_is("primaryLanguage", concepts.language_uri(pill.language)),),
    )
    for tag in dict.fromkeys(pill.tags):
        yield Fact(
            code="tag", value=tag, open_badge=(_is("tag", tag), _says("tag", tag)), elm=(_is("category", tag),)
        )
    yield from _image(pill)
    yield _same("pill-id", pill.id, "identifier", "notation")
    yield _same("pill-version", pill.version, "version", "notation")
    yield _sentence("mastery-rule", wording.requirements(pill).split("\n", 1)[0])


def _image(pill: LearningPill) -> Iterator[Fact]:
    """The author's picture. ELM shows it drawn on its page, which no search in data can find."""
    if pill.image is None:
        return
    data = base64.b64encode(pill.image.data).decode("ascii")
    yield Fact(
        code="image", value=pill.image.media_type, note="image-on-page",
        open_badge=(_is("image", f"data:{pill.image.media_type};base64,{data}"),), elm=(_is("content", data),),
    )
    caption = pill.image.caption
    yield Fact(
        code="image-caption", value=caption, open_badge=(_is("caption", caption),),
        elm=(_is("title", caption, ("type", "MediaObject")),),
    )


def _award(award: Award) -> Iterator[Fact]:
    yield _same("award-date", wording.instant(award.awarded_at), "awardedDate", "awardingDate")
    yield Fact(code="award-id", value=str(award.id), note="internal")


def _upkeep(award: Award, open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> Iterator[Fact]:
    """Until when the award counts, and what becomes of it meanwhile, which only the site knows."""
    upkeep = award.pill.upkeep
    expiry = upkeep.expiry(award.awarded_at)
    until = open_badge.get("validUntil") or elm.get("validUntil") or (expiry and wording.instant(expiry))
    if until:
        yield Fact(
            code="valid-until", value=until, open_badge=(_is("validUntil", until),),
            elm=(_is("expirationDate", until), _is("validUntil", until)),
        )
    yield Fact(code="regrade", value=upkeep.regrade.value, note="internal")
    if upkeep.regrade is not RegradePolicy.KEEP:
        yield Fact(code="grace-days", value=str(upkeep.grace_days), note="internal")


def _issuer(open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> Iterator[Fact]:
    """The awarding body, as either document names it."""
    profile, organisation = open_badge.get("issuer", {}), elm.get("issuer", {})
    email = profile.get("email", "")
    legal_name = next(iter(organisation.get("legalName", {}).values()), "")
    legal_id = organisation.get("eIDASIdentifier", {}).get("notation", "")
    address = profile.get("address", {}).get("streetAddress", "")
    country = str(organisation.get("eIDASIdentifier", {}).get("spatial", {}).get("id", ""))
    rows = (
        ("awarding-body", profile.get("name"), ("name",), ("altLabel", "legalName")),
        ("awarding-body-legal-name", legal_name, ("description", "name"), ("legalName",)),
        ("awarding-body-legal-identifier", legal_id, ("identifier",), ("notation",)),
        ("awarding-body-did", profile.get("id"), ("id",), ("id",)),
        ("awarding-body-url", profile.get("url"), ("url",), ("contentURL",)),
        ("awarding-body-address", address, ("streetAddress",), ("noteLiteral",)),
    )
    for code, value, badge_keys, elm_keys in rows:
        if value:
            yield Fact(
                code=code, value=value,
                open_badge=tuple(_is(key, value, ("type", "Profile")) for key in badge_keys),
                elm=tuple(_is(key, value, ("type", "Organisation")) for key in elm_keys),
            )
    if email:
        yield Fact(
            code="awarding-body-email", value=email, open_badge=(_is("email", email),),
            elm=(_is("emailAddress", f"mailto:{email}"),),
        )
    if country:
        code = country.rpartition("/")[2]
        yield Fact(
            code="issuer-country", value=code,
            open_badge=(_is("addressCountryCode", concepts.country(code)["alpha2"]),),
            elm=(_is("countryCode", country),),
        )


def _outcome(award: Award, outcome: LearningOutcome, result: OutcomeResult) -> Iterator[Fact]:
    language = award.pill.language
    here = ("resultDescription", f"#{outcome.id}")
    description, evidence = ("id", f"#{outcome.id}"), ("id", f"#{outcome.id}")
    learning, assessment = ("type", "LearningOutcome"), ("type", "LearningAssessment")
    titled = ("title", outcome.title)
    missing = "" if result.achieved else "outcome-not-achieved"

    def fact(code: str, value: str, open_badge: tuple[Probe, ...], elm: tuple[Probe, ...], note: str = "") -> Fact:
        return Fact(code=code, value=value, open_badge=open_badge, elm=elm, subject=outcome.title, note=note)

    yield fact(
        "outcome", outcome.title, (_is("name", outcome.title, description),),
        (_is("title", outcome.title, learning), _is("title", outcome.title, assessment)), missing,
    )
    if outcome.description:
        yield fact(
            "outcome-description", outcome.description, (_is("description", outcome.description, evidence),),
            (_is("noteLiteral", outcome.description, learning, titled),), missing,
        )
    yield fact(
        "outcome-kind", outcome.kind, (),
        (_is("dcType", concepts.concept("skill-type", outcome.kind)["id"], learning, titled),), missing,
    )
    yield fact(
        "outcome-reuse-level", outcome.reuse_level, (),
        (_is("reusabilityLevel", concepts.concept("skill-reuse-level", outcome.reuse_level)["id"], learning, titled),),
        missing,
    )
    for skill in {skill.uri: skill for skill in outcome.skills}.values():
        yield fact(
            "skill", f"{skill.label} ({skill.framework}, {skill.uri})",
            (_is("targetUrl", skill.uri, description),),
            (_is("relatedESCOSkill", skill.uri, titled), _is("relatedSkill", skill.uri, titled)), missing,
        )
    criteria = wording.condition(outcome.assessment, language)
    yield fact("outcome-criteria", criteria, (_says("narrative", criteria),), (_is("description", criteria, titled),))
    percent = wording.localised(result.threshold * 100, language)
    yield fact(
        "outcome-threshold", f"{percent} %",
        (_is("requiredValue", wording.percent(result.threshold), description),),
        (_is("title", wording.texts(language)["passmark"].format(percent=percent), titled),),
    )
    status = wording.texts(language)["status-" + result.status.value]
    yield fact(
        "outcome-status", status, (_is("status", open_badges.STATUS[result.status], here),),
        (
            _is("gradeStatus", concepts.concept("grade-status", "pass")["id"], assessment, titled)
            if result.achieved
            else _says("grade", status, assessment, titled),
        ),
    )
    if result.attempted:
        yield from _measured(award, outcome, result, here, evidence)


def _measured(
    award: Award, outcome: LearningOutcome, result: OutcomeResult, here: tuple[str, str], evidence: tuple[str, str]
) -> Iterator[Fact]:
    """Score, time and assessed blocks of an outcome that was attempted."""
    language = award.pill.language
    assessment = (("type", "LearningAssessment"), ("title", outcome.title))
    score = f"{wording.localised(result.fraction * 100, language)} %"
    yield Fact(
        code="outcome-score", value=score, subject=outcome.title,
        open_badge=(_is("value", wording.percent(result.fraction), here),),
        elm=(_is("noteLiteral", score, *assessment), _says("noteLiteral", score, *assessment)),
    )
    if result.assessed_at is not None:
        moment = wording.instant(result.assessed_at)
        yield Fact(
            code="outcome-time", value=moment, subject=outcome.title,
            open_badge=(_says("narrative", moment, evidence),), elm=(_is("dateIssued", moment, *assessment),),
        )
    for block in result.blocks:
        points = wording.points(block, language)
        yield Fact(
            code="assessed-block", value=points, subject=outcome.title,
            open_badge=(_says("narrative", points, evidence),), elm=(_says("description", points, *assessment),),
        )


def _recognition(recognition: Recognition, language: str) -> Iterator[Fact]:
    sentences = dict(wording.circumstances(recognition, language))
    if recognition.eqf_level is not None:
        yield _concept("level", f"EQF {recognition.eqf_level}", "eqf", str(recognition.eqf_level), "eqfLevel")
    if recognition.nqf is not None:
        yield from _national(recognition.nqf, sentences["national"])
    if recognition.isced_f:
        known = concepts.has("isced-f", recognition.isced_f)
        yield Fact(
            code="field", value=f"ISCED-F {recognition.isced_f}",
            open_badge=(
                _is("targetCode", recognition.isced_f, ("targetFramework", "ISCED-F 2013")),
                _says("fieldOfStudy", recognition.isced_f),
            ),
            elm=(_is("thematicArea", concepts.concept("isced-f", recognition.isced_f)["id"]),) if known else (),
        )
    if recognition.workload_hours is not None:
        yield Fact(
            code="workload", value=f"{wording.localised(recognition.workload_hours, language)} h",
            open_badge=(_says("narrative", sentences["workload"]),),
            elm=(_is("volumeOfLearning", duration(recognition.workload_hours)),),
        )
    if recognition.ects is not None:
        yield Fact(
            code="ects", value=wording.localised(recognition.ects, language),
            open_badge=(_is("creditsEarned", open_badges.number(recognition.ects)),),
            elm=(_is("point", wording.plain(recognition.ects)),),
        )
    yield from _circumstances(recognition, sentences, language)
    if recognition.stackability:
        said = sentences["stackability"]
        yield Fact(
            code="stackability", value=wording.texts(language)[recognition.stackability],
            open_badge=(_says("narrative", said),), elm=(_says("noteLiteral", said),),
        )
    if recognition.bloc is not None:
        yield from _place(recognition.bloc, language)
    if recognition.towards is not None:
        yield from _qualification(recognition.towards, language)
    if recognition.further_information:
        yield Fact(
            code="further-information", value=recognition.further_information,
            open_badge=(_says("narrative", recognition.further_information),),
            elm=(_is("contentURL", recognition.further_information),),
        )


def _national(level: NationalLevel, sentence: str) -> Iterator[Fact]:
    """The level in a national framework; a concept only where it is one of the European register."""
    yield Fact(
        code="national-level", value=f"{level.level} ({level.framework})",
        open_badge=(
            _is("targetName", level.level, ("targetFramework", level.framework)), _says("narrative", sentence),
        ),
        elm=(_is("nqfLevel", level.url), _says("noteLiteral", sentence)) if level.url else (
            _says("noteLiteral", sentence),
        ),
    )
    if level.url:
        yield Fact(
            code="national-level-url", value=level.url, open_badge=(_is("targetUrl", level.url),),
            elm=(_is("nqfLevel", level.url), _says("noteLiteral", level.url)),
        )


def _circumstances(recognition: Recognition, sentences: Mapping[str, str], language: str) -> Iterator[Fact]:
    words = wording.texts(language)
    coded = (
        ("assessment-type", recognition.assessment_type, "assessment", ("dcType",)),
        ("mode", recognition.mode, "mode", ("mode",)),
        ("supervision", recognition.supervision, "supervision", ("idVerification",)),
    )
    for name, code, sentence, keys in coded:
        if code:
            uri = concepts.concept(name, code)["id"] if concepts.has(name, code) else ""
            genre = (_is("genre", words[code]),) if name == "assessment-type" else ()
            yield Fact(
                code=name, value=words[code],
                open_badge=(*genre, _says("narrative", sentences[sentence])),
                elm=(*(_is(key, uri) for key in keys), _says("noteLiteral", sentences[sentence])),
            )
    if recognition.prerequisites:
        yield Fact(
            code="prerequisites", value=recognition.prerequisites,
            open_badge=(_says("narrative", recognition.prerequisites),),
            elm=(_is("entryRequirement", recognition.prerequisites), _is("noteLiteral", recognition.prerequisites)),
        )
    assurance = recognition.quality_assurance
    if assurance is not None:
        parts = (
            ("quality-assurance", assurance.title, "title"),
            ("quality-assurance-agency", assurance.agency, "legalName"),
            ("quality-assurance-url", assurance.url, "contentURL"),
        )
        for code, value, key in parts:
            if value:
                yield Fact(
                    code=code, value=value, open_badge=(_says("narrative", value),),
                    elm=(_is(key, value, ("type", "Accreditation")),),
                )


def _place(bloc: BlocPlace, language: str) -> Iterator[Fact]:
    """What the pill is evidence towards; a place, not an award."""
    yield _towards("certification", f"{bloc.certification} {bloc.certification_title}", bloc.certification)
    yield _towards("certification-title", bloc.certification_title, bloc.certification_title)
    if bloc.bloc:
        yield _towards("bloc", f"{bloc.bloc} {bloc.bloc_title}", bloc.bloc)
        yield _towards("bloc-title", bloc.bloc_title, bloc.bloc_title)
    if bloc.url:
        yield Fact(
            code="bloc-url", value=bloc.url, open_badge=(_is("targetUrl", bloc.url),),
            elm=(_is("contentURL", bloc.url, ("type", "Qualification")),),
        )
    if bloc.valid_until is not None:
        sentence = wording.texts(language)["valid-until"].format(date=bloc.valid_until.isoformat())
        yield Fact(
            code="certification-valid-until", value=bloc.valid_until.isoformat(),
            open_badge=(_says("narrative", sentence),), elm=(_says("noteLiteral", sentence),),
        )
    yield _sentence("not-awarded", wording.towards(bloc, language))


def _qualification(place: QualificationPlace, language: str) -> Iterator[Fact]:
    """Another qualification that the pill is evidence towards."""
    sentence = wording.towards(place, language)
    parts = (
        ("towards-title", place.title, "targetName", (_is("title", place.title, ("type", "Qualification")),)),
        ("towards-framework", place.framework, "targetFramework", (
            _is("schemeName", place.framework), _is("noteLiteral", place.framework, ("type", "Qualification")),
        )),
        ("towards-code", place.code, "targetCode", (_is("notation", place.code),)),
        ("towards-url", place.url, "targetUrl", (_is("contentURL", place.url, ("type", "Qualification")),)),
    )
    for code, value, key, elm in parts:
        if value:
            yield Fact(
                code=code, value=value, note="towards", elm=elm,
                open_badge=(_is(key, value, ("targetType", "ext:towardsQualification")), _says("narrative", value)),
            )
    yield _sentence("not-awarded", sentence)


def _towards(code: str, value: str, needle: str) -> Fact:
    return Fact(
        code=code, value=value, note="towards",
        open_badge=(_is("targetCode", needle), _is("targetName", needle), _says("targetDescription", needle)),
        elm=(_is("notation", needle), _is("title", needle, ("type", "Qualification"))),
    )


def _concept(code: str, value: str, vocabulary: str, name: str, elm_key: str) -> Fact:
    uri = concepts.concept(vocabulary, name)["id"]
    return Fact(code=code, value=value, open_badge=(_is("targetUrl", uri),), elm=(_is(elm_key, uri),))


def _same(code: str, value: str, badge_key: str, elm_key: str) -> Fact:
    return Fact(code=code, value=value, open_badge=(_is(badge_key, value),), elm=(_is(elm_key, value),))


def _sentence(code: str, sentence: str) -> Fact:
    return Fact(
        code=code, value=sentence, open_badge=(_says("narrative", sentence),), elm=(_says("noteLiteral", sentence),)
    )
