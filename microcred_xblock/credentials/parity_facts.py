"""The facts of an award, and under which names a document would hold each of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from ..domain.award import Award
from ..domain.outcomes import LearningOutcome, OutcomeResult
from ..domain.pill import LearningPill
from ..domain.upkeep import RegradePolicy
from . import concepts, open_badges, wording
from .parity_probes import Fact, Probe, as_sentence, as_value, has, says
from .parity_recognition import of_recognition


def facts(award: Award, open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> Iterator[Fact]:
    """Everything an award and its issuer say, in the order in which people should read it."""
    yield from _learner(open_badge, elm)
    yield from _pill(award.pill)
    yield from _award(award)
    yield from _upkeep(award, open_badge, elm)
    yield from _issuer(open_badge, elm)
    for outcome, result in award.outcome_pairs():
        yield from _outcome(award, outcome, result)
    yield from of_recognition(award.pill.recognition, award.pill.language)


def _learner(open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> Iterator[Fact]:
    """How the learner is named. The values are personal data: probed for, never shown."""
    subject, person = open_badge.get("credentialSubject", {}), elm.get("credentialSubject", {})
    for name in person.get("fullName", {}).values():
        yield Fact(
            code="learner-name", value="", note="learner-name",
            open_badge=(has("name", name, ("type", "Profile")),), elm=(has("fullName", name),),
        )
    for identity in subject.get("identifier", ()):
        hashed = identity["identityHash"]
        yield Fact(
            code="learner-email", value="", note="learner-hashed",
            open_badge=(has("identityHash", hashed),), elm=(has("notation", hashed),),
        )
    for did in {str(node.get("id")) for node in (subject, person)}:
        if did.startswith("did:"):
            yield Fact(
                code="learner-did", value="",
                open_badge=(has("id", did, ("type", "AchievementSubject")),), elm=(has("id", did, ("type", "Person")),),
            )


def _pill(pill: LearningPill) -> Iterator[Fact]:
    yield Fact(code="title", value=pill.title, open_badge=(has("name", pill.title),), elm=(has("title", pill.title),))
    yield as_value("description", pill.description, "description", "description")
    primary = wording.primary(pill.language)
    yield Fact(
        code="language", value=pill.language,
        open_badge=(has("inLanguage", pill.language), has("inLanguage", primary)),
        elm=(has("primaryLanguage", concepts.language_uri(pill.language)),),
    )
    for tag in dict.fromkeys(pill.tags):
        yield Fact(
            code="tag", value=tag, open_badge=(has("tag", tag), says("tag", tag)), elm=(has("category", tag),)
        )
    yield from _image(pill)
    yield as_value("pill-id", pill.id, "identifier", "notation")
    yield as_value("pill-version", pill.version, "version", "notation")
    yield as_sentence("mastery-rule", wording.requirements(pill).split("\n", 1)[0])


def _image(pill: LearningPill) -> Iterator[Fact]:
    """The author's picture. ELM shows it drawn on its page, which no search in data can find."""
    if pill.image is None:
        return
    data = base64.b64encode(pill.image.data).decode("ascii")
    yield Fact(
        code="image", value=pill.image.media_type, note="image-on-page",
        open_badge=(has("image", f"data:{pill.image.media_type};base64,{data}"),), elm=(has("content", data),),
    )
    caption = pill.image.caption
    yield Fact(
        code="image-caption", value=caption, open_badge=(has("caption", caption),),
        elm=(has("title", caption, ("type", "MediaObject")),),
    )


def _award(award: Award) -> Iterator[Fact]:
    yield as_value("award-date", wording.instant(award.awarded_at), "awardedDate", "awardingDate")
    yield Fact(code="award-id", value=str(award.id), note="internal")


def _upkeep(award: Award, open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> Iterator[Fact]:
    """Until when the award counts, and what becomes of it meanwhile, which only the site knows."""
    upkeep = award.pill.upkeep
    expiry = upkeep.expiry(award.awarded_at)
    until = open_badge.get("validUntil") or elm.get("validUntil") or (expiry and wording.instant(expiry))
    if until:
        yield Fact(
            code="valid-until", value=until, open_badge=(has("validUntil", until),),
            elm=(has("expirationDate", until), has("validUntil", until)),
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
                open_badge=tuple(has(key, value, ("type", "Profile")) for key in badge_keys),
                elm=tuple(has(key, value, ("type", "Organisation")) for key in elm_keys),
            )
    if email:
        yield Fact(
            code="awarding-body-email", value=email, open_badge=(has("email", email),),
            elm=(has("emailAddress", f"mailto:{email}"),),
        )
    if country:
        code = country.rpartition("/")[2]
        yield Fact(
            code="issuer-country", value=code,
            open_badge=(has("addressCountryCode", concepts.country(code)["alpha2"]),),
            elm=(has("countryCode", country),),
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
        "outcome", outcome.title, (has("name", outcome.title, description),),
        (has("title", outcome.title, learning), has("title", outcome.title, assessment)), missing,
    )
    if outcome.description:
        yield fact(
            "outcome-description", outcome.description, (has("description", outcome.description, evidence),),
            (has("noteLiteral", outcome.description, learning, titled),), missing,
        )
    yield fact(
        "outcome-kind", outcome.kind, (),
        (has("dcType", concepts.concept("skill-type", outcome.kind)["id"], learning, titled),), missing,
    )
    yield fact(
        "outcome-reuse-level", outcome.reuse_level, (),
        (has("reusabilityLevel", concepts.concept("skill-reuse-level", outcome.reuse_level)["id"], learning, titled),),
        missing,
    )
    for skill in {skill.uri: skill for skill in outcome.skills}.values():
        yield fact(
            "skill", f"{skill.label} ({skill.framework}, {skill.uri})",
            (has("targetUrl", skill.uri, description),),
            (has("relatedESCOSkill", skill.uri, titled), has("relatedSkill", skill.uri, titled)), missing,
        )
    criteria = wording.condition(outcome.assessment, language)
    yield fact("outcome-criteria", criteria, (says("narrative", criteria),), (has("description", criteria, titled),))
    percent = wording.localised(result.threshold * 100, language)
    yield fact(
        "outcome-threshold", f"{percent} %",
        (has("requiredValue", wording.percent(result.threshold), description),),
        (has("title", wording.texts(language)["passmark"].format(percent=percent), titled),),
    )
    status = wording.texts(language)["status-" + result.status.value]
    yield fact(
        "outcome-status", status, (has("status", open_badges.STATUS[result.status], here),),
        (
            has("gradeStatus", concepts.concept("grade-status", "pass")["id"], assessment, titled)
            if result.achieved
            else says("grade", status, assessment, titled),
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
        open_badge=(has("value", wording.percent(result.fraction), here),),
        elm=(has("noteLiteral", score, *assessment), says("noteLiteral", score, *assessment)),
    )
    if result.assessed_at is not None:
        moment = wording.instant(result.assessed_at)
        yield Fact(
            code="outcome-time", value=moment, subject=outcome.title,
            open_badge=(says("narrative", moment, evidence),), elm=(has("dateIssued", moment, *assessment),),
        )
    for block in result.blocks:
        points = wording.points(block, language)
        yield Fact(
            code="assessed-block", value=points, subject=outcome.title,
            open_badge=(says("narrative", points, evidence),), elm=(says("description", points, *assessment),),
        )
