"""European Learning Model v3: a European Digital Credential in the generic application profile.

``compose()`` makes the unsigned credential of one award; ``validate()`` is the structural gate
that needs no SHACL engine. All eleven mandatory elements of Annex I of the Council Recommendation
on micro-credentials (2022/C 243/02) are written where the pill records them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..domain.award import Award
from ..domain.credential import Credential, Format, Holder, Issuer
from ..domain.errors import InvalidInput
from ..domain.outcomes import LearningOutcome, OutcomeResult
from ..domain.recognition import Recognition
from . import concepts, elm_gate, elm_page, wording
from .elm_nodes import Nodes, duration

CONTEXT = ("https://www.w3.org/2018/credentials/v1", "http://data.europa.eu/snb/model/context/edc-ap")
PROFILE_SCHEMA = "http://data.europa.eu/snb/model/ap/edc-generic-full"


def compose(
    award: Award,
    issuer: Issuer,
    holder: Holder,
    *,
    credential_id: str,
    issued: datetime,
    valid_from: datetime,
    valid_until: datetime | None = None,
    open_badge_id: str = "",
) -> Credential:
    """The unsigned European Digital Credential for ``award``; pure.

    ``issuer`` must hold what the sealing certificate says. ``open_badge_id`` names the Open Badge
    of the same award. There is no credentialStatus: profile 3.1 admits none. Raises InvalidInput
    (``holder-name``) without the learner's full name, InvalidDocument (``language-unknown``),
    Misconfigured (``country-unknown``).
    """
    if not holder.full_name.strip():
        raise InvalidInput(
            "A European Digital Credential needs your full name: add it to your profile.",
            code="holder-name", field="full name",
        )
    nodes = Nodes(award.pill.language)
    organisation = nodes.issuer(issuer)
    document: dict[str, Any] = {
        "@context": list(CONTEXT),
        "id": credential_id,
        "type": ["VerifiableCredential", "EuropeanDigitalCredential"],
        "credentialProfiles": [concepts.elm("credential-profile", "generic")],
        "credentialSchema": [{"id": PROFILE_SCHEMA, "type": "ShaclValidator2017"}],
        "issuanceDate": wording.instant(issued),
        "issued": wording.instant(issued),
        "validFrom": wording.instant(valid_from),
    }
    if valid_until is not None:
        document["expirationDate"] = document["validUntil"] = wording.instant(valid_until)
    if open_badge_id:
        document["identifier"] = [nodes.identifier(open_badge_id, nodes.words["open-badge"], issuer.legal_name)]
    document["issuer"] = organisation
    document["displayParameter"] = _display(nodes, award, issuer, holder)
    person = nodes.make(
        "Person",
        fullName=nodes.text(holder.full_name),
        hasClaim=[_achievement(nodes, award, issuer, nodes.awarding(organisation, award.awarded_at))],
    )
    document["credentialSubject"] = person | ({"id": holder.did} if holder.did else {})
    return Credential(id=credential_id, format=Format.ELM, document=document)


def validate(document: Mapping[str, Any]) -> None:
    """The gate before sealing. InvalidDocument says what is wrong and where; see ``elm_gate``."""
    elm_gate.check(document, contexts=CONTEXT, profile=PROFILE_SCHEMA)


def _display(nodes: Nodes, award: Award, issuer: Issuer, holder: Holder) -> dict[str, Any]:
    language = concepts.elm_language(award.pill.language)
    page = nodes.make("DisplayDetail", page=1, image=nodes.picture(elm_page.draw(award, issuer, holder)))
    return nodes.make(
        "DisplayParameter",
        title=nodes.text(award.pill.title),
        description=nodes.text(nodes.words["display"]),
        primaryLanguage=language,
        language=[language],
        individualDisplay=[nodes.make("IndividualDisplay", language=language, displayDetail=[page])],
    )


def _achievement(nodes: Nodes, award: Award, issuer: Issuer, awarding: dict[str, Any]) -> dict[str, Any]:
    recognition = award.pill.recognition
    assessments = [
        _assessment(nodes, award, outcome, result, awarding)
        for outcome, result in award.outcome_pairs()
        if result.attempted
    ]
    return nodes.make(
        "LearningAchievement",
        title=nodes.text(award.pill.title),
        awardedBy=awarding,
        creditReceived=[nodes.ects(recognition.ects)] if recognition.ects is not None else [],
        provenBy=assessments,
        influencedBy=list(_activity(nodes, award, awarding)),
        specifiedBy=_specification(nodes, award, issuer),
    )


def _assessment(
    nodes: Nodes, award: Award, outcome: LearningOutcome, result: OutcomeResult, awarding: dict[str, Any]
) -> dict[str, Any]:
    """How one outcome was assessed, and the result; also for outcomes that were not achieved."""
    recognition = award.pill.recognition
    grade = f"{wording.localised(result.fraction * 100, award.pill.language)} %"
    if not result.achieved:
        grade += f" ({nodes.words['status-' + result.status.value]})"
    return nodes.make(
        "LearningAssessment",
        title=nodes.text(outcome.title),
        description=nodes.text(wording.record(award, result)),
        awardedBy=awarding,
        dateIssued=wording.instant(result.assessed_at) if result.assessed_at else "",
        grade=nodes.note(grade),
        gradeStatus=concepts.elm("grade-status", "pass") if result.achieved else None,
        idVerification=_coded("supervision", recognition.supervision),
        specifiedBy=nodes.make(
            "LearningAssessmentSpecification",
            title=nodes.text(outcome.title),
            dcType=_coded("assessment-type", recognition.assessment_type),
            mode=_list(_coded("mode", recognition.mode)),
            language=[concepts.elm_language(award.pill.language)],
            gradingScheme=nodes.make(
                "GradingScheme",
                title=nodes.text(
                    nodes.words["passmark"].format(
                        percent=wording.localised(result.threshold * 100, award.pill.language)
                    )
                ),
                description=nodes.text(wording.condition(outcome.assessment, award.pill.language)),
            ),
        ),
    )


def _activity(nodes: Nodes, award: Award, awarding: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Working through the pill, where its workload or form of participation is recorded."""
    recognition = award.pill.recognition
    if recognition.workload_hours is None and not recognition.mode:
        return
    hours = duration(recognition.workload_hours) if recognition.workload_hours is not None else ""
    yield nodes.make(
        "LearningActivity",
        title=nodes.text(nodes.words["activity"]),
        awardedBy=awarding,
        workload=hours,
        specifiedBy=nodes.make(
            "LearningActivitySpecification",
            title=nodes.text(nodes.words["activity"]),
            dcType=_list(_coded("learning-activity", recognition.mode)),
            mode=_list(_coded("mode", recognition.mode)),
            volumeOfLearning=hours,
            language=[concepts.elm_language(award.pill.language)],
        ),
    )


def _specification(nodes: Nodes, award: Award, issuer: Issuer) -> dict[str, Any]:
    """The pill itself: a partial Qualification where it has a level, a place or a quality framework.

    Only those can say so; a pill without them is a LearningAchievementSpecification and claims
    nothing more.
    """
    pill, recognition = award.pill, award.pill.recognition
    field = concepts.has("isced-f", recognition.isced_f)
    properties: dict[str, Any] = {
        "title": nodes.text(pill.title),
        "description": nodes.text(pill.description),
        "identifier": [
            nodes.identifier(pill.id, nodes.words["pill-id"], issuer.legal_name),
            nodes.identifier(pill.version, nodes.words["pill-version"], issuer.legal_name),
        ],
        "dcType": [concepts.elm("learning-opportunity", "short-programme")],
        "thematicArea": [concepts.elm("isced-f", recognition.isced_f)] if field else [],
        "category": {nodes.tag: list(dict.fromkeys(pill.tags))} if pill.tags else {},
        "volumeOfLearning": duration(recognition.workload_hours) if recognition.workload_hours is not None else "",
        "creditPoint": [nodes.ects(recognition.ects)] if recognition.ects is not None else [],
        "mode": _list(_coded("mode", recognition.mode)),
        "language": [concepts.elm_language(pill.language)],
        "entryRequirement": nodes.note(recognition.prerequisites),
        "learningOutcome": [
            _outcome(nodes, outcome) for outcome, result in award.outcome_pairs() if result.achieved
        ],
        "learningOutcomeSummary": nodes.note(wording.requirements(pill)),
        "homepage": nodes.web(recognition.further_information),
        "additionalNote": nodes.notes(*_remarks(recognition, pill.language)),
    }
    standing = _standing(nodes, recognition, issuer)
    if not any(standing.values()):
        return nodes.make("LearningAchievementSpecification", **properties)
    return nodes.make("Qualification", **properties, isPartialQualification=True, **standing)


def _standing(nodes: Nodes, recognition: Recognition, issuer: Issuer) -> dict[str, Any]:
    level, assurance = recognition.eqf_level, recognition.quality_assurance
    places = [place for place in (recognition.bloc, recognition.towards) if place is not None]
    return {
        "eqfLevel": concepts.elm("eqf", str(level)) if level is not None else None,
        "nqfLevel": nodes.national_level(recognition.nqf) if recognition.nqf is not None else [],
        "accreditation": [nodes.accreditation(assurance, issuer.country)] if assurance is not None else [],
        "isPartOf": [nodes.towards(place) for place in places],
    }


def _remarks(recognition: Recognition, language: str) -> Iterator[str]:
    """What has no concept: that the pill only counts towards something, and supervision without a known code."""
    for place in (recognition.bloc, recognition.towards):
        if place is not None:
            yield wording.towards(place, language)
    said = dict(wording.circumstances(recognition, language))
    yield from (said[key] for key in ("national", "stackability") if key in said)
    if recognition.supervision and not concepts.has("supervision", recognition.supervision):
        words = wording.texts(language)
        yield words["supervision"].format(supervision=words[recognition.supervision])


def _outcome(nodes: Nodes, outcome: LearningOutcome) -> dict[str, Any]:
    """An achieved outcome. Outcomes that were not achieved are told by their assessment only."""
    related: dict[str, list[dict[str, Any]]] = {}
    for found in map(nodes.skill, outcome.skills):
        if found and found[1] not in related.setdefault(found[0], []):
            related[found[0]].append(found[1])
    return nodes.make(
        "LearningOutcome",
        title=nodes.text(outcome.title),
        dcType=concepts.elm("skill-type", outcome.kind),
        reusabilityLevel=concepts.elm("skill-reuse-level", outcome.reuse_level),
        additionalNote=nodes.notes(outcome.description),
        **related,
    )


def _coded(vocabulary: str, code: str) -> dict[str, Any] | None:
    return concepts.elm(vocabulary, code) if code and concepts.has(vocabulary, code) else None


def _list(node: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [node] if node else []
