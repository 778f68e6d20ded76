"""Open Badges 3.0 (1EdTech, final) on the W3C Verifiable Credentials Data Model 2.0.

``compose()`` makes the unsigned AchievementCredential of one award; ``validate()`` is 1EdTech's
strict JSON Schema. What Open Badges has no property for (workload, form of participation,
supervision, quality assurance, prerequisites) stands in words in ``criteria.narrative``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from jsonschema import Draft201909Validator
from jsonschema.exceptions import best_match

from ..domain.award import Award
from ..domain.credential import Credential, Format, Holder, Issuer
from ..domain.errors import InvalidDocument, InvalidInput
from ..domain.outcomes import LearningOutcome, OutcomeResult, OutcomeStatus, Skill
from ..domain.pill import BadgeImage, LearningPill, Mastery
from ..domain.recognition import BlocPlace, NationalLevel, QualificationPlace
from . import badge_image, concepts, pinned, wording

CONTEXT = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",  # defines the type of credentialSchema below
)
TYPES = ("VerifiableCredential", "OpenBadgeCredential")
SCHEMA = {
    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
    "type": "1EdTechJsonSchemaValidator2019",
}
MIN_SALT = 22  # 128 random bits in base64url

STATUS = {
    OutcomeStatus.ACHIEVED: "Completed",
    OutcomeStatus.NOT_ACHIEVED: "Failed",
    OutcomeStatus.IN_PROGRESS: "InProgress",
    OutcomeStatus.NOT_ASSESSED: "Enrolled",
    OutcomeStatus.NOT_AVAILABLE: "Enrolled",
}


def compose(
    award: Award,
    issuer: Issuer,
    holder: Holder,
    *,
    credential_id: str,
    achievement_id: str,
    salt: str,
    valid_from: datetime,
    valid_until: datetime | None = None,
    evidence_url: str = "",
    status: Mapping[str, Any] | None = None,
    refresh_service: str = "",
) -> Credential:
    """The unsigned badge for ``award``; pure, and valid once a proof is added.

    ``achievement_id`` is an absolute IRI that names the pill in this version, the same for every
    learner. ``salt`` is fresh for each credential (InvalidInput ``salt`` when shorter than 128 bits);
    it is used only where the holder has an e-mail. ``evidence_url`` is a page about the assessment,
    ``status`` a BitstringStatusListEntry, ``refresh_service`` the address at which a newer one can be got.
    """
    _check_ids(credential_id, achievement_id)
    document: dict[str, Any] = {
        "@context": list(CONTEXT),
        "id": credential_id,
        "type": list(TYPES),
        "name": award.pill.title,
        "issuer": _issuer(issuer),
        "validFrom": wording.instant(valid_from),
    }
    if valid_until is not None:
        document["validUntil"] = wording.instant(valid_until)
    document["awardedDate"] = wording.instant(award.awarded_at)
    document["credentialSubject"] = {
        **_subject(holder, credential_id, salt),
        "achievement": _achievement(award, issuer, achievement_id),
        "result": [_result(result, achievement_id) for result in award.results],
        **({} if award.pill.recognition.ects is None else {"creditsEarned": number(award.pill.recognition.ects)}),
    }
    document["evidence"] = list(_evidence(award, evidence_url, credential_id))
    document["credentialSchema"] = [dict(SCHEMA)]
    if status is not None:
        document["credentialStatus"] = dict(status)
    if refresh_service:
        document["refreshService"] = {"id": refresh_service, "type": "1EdTechCredentialRefresh"}
    return Credential(id=credential_id, format=Format.OPEN_BADGE, document=document)


def validate(document: Mapping[str, Any], *, signed: bool = True) -> None:
    """1EdTech's strict schema. InvalidDocument (``open-badge-schema``) names the first bad place.

    A signed badge must carry at least one embedded proof; an unsigned one none.
    """
    if bool(document.get("proof")) is not signed:
        problem = "no proof" if signed else "a proof already"
        raise InvalidDocument(f"The badge has {problem}.", code="open-badge-proof", signed=signed)
    _check(_validator(), document)


def validate_proof(signed: Mapping[str, Any], unsigned: Mapping[str, Any]) -> None:
    """``validate(signed)`` where ``unsigned``, the same without its proof, was validated: only the proof is new.

    The schema judges each member of a badge for itself, so what was good without a proof is good with a good one.
    InvalidDocument: ``open-badge-proof`` also where ``signed`` is more, or less, than ``unsigned`` with a proof.
    """
    if not signed.get("proof") or {name: value for name, value in signed.items() if name != "proof"} != unsigned:
        raise InvalidDocument("The signed badge is not the one to be signed.", code="open-badge-proof", signed=True)
    _check(_proof_validator(), {"proof": signed["proof"]})


def result_description_id(achievement_id: str, outcome_id: str) -> str:
    """The IRI that ties a learner's Result to the ResultDescription of an outcome."""
    return f"{achievement_id}#{outcome_id}"


def _check(validator: Draft201909Validator, document: Mapping[str, Any]) -> None:
    error = best_match(validator.iter_errors(document))
    if error is not None:
        raise InvalidDocument(
            f"The badge would not be a valid Open Badge at {error.json_path}.",
            code="open-badge-schema", place=error.json_path[:200],
        )


@cache
def _validator() -> Draft201909Validator:
    return Draft201909Validator(pinned.schema("ob_v3p0_achievementcredential_schema"))


@cache
def _proof_validator() -> Draft201909Validator:
    """The same schema for the one member ``proof``."""
    schema = pinned.schema("ob_v3p0_achievementcredential_schema")
    proof = {"properties": {"proof": schema["properties"]["proof"]}, "required": ["proof"]}
    return Draft201909Validator({**schema, **proof})


def _check_ids(credential_id: str, achievement_id: str) -> None:
    for name, value in (("credential_id", credential_id), ("achievement_id", achievement_id)):
        absolute = value.startswith(("https://", "http://", "urn:uuid:"))
        if not absolute or "#" in value or any(c <= " " or c in '<>"{}|\\^`' for c in value):
            raise InvalidDocument(f"{name} must be an absolute IRI without a fragment.", code="iri", field=name)


def _issuer(issuer: Issuer) -> dict[str, Any]:
    country = concepts.country(issuer.country)
    profile: dict[str, Any] = {"id": issuer.id, "type": ["Profile"], "name": issuer.name, "url": issuer.url}
    if issuer.legal_name != issuer.name:
        profile["description"] = issuer.legal_name
    if issuer.email:
        profile["email"] = issuer.email
    profile["address"] = {
        "type": ["Address"],
        "addressCountry": country["prefLabel"]["en"],
        "addressCountryCode": country["alpha2"],
        **({"streetAddress": issuer.address} if issuer.address else {}),
    }
    profile["otherIdentifier"] = [
        {
            "type": "IdentifierEntry",
            "identifier": issuer.legal_identifier,
            "identifierType": "ext:organizationIdentifier",
        }
    ]
    return profile


def _subject(holder: Holder, credential_id: str, salt: str) -> dict[str, Any]:
    """Who was awarded: a DID, a salted hash of the e-mail, or both; never a name or an address.

    A VC-JWT needs a subject id. Without a DID it is made from the credential's id, so it says
    nothing about the person and differs in every credential.
    """
    subject: dict[str, Any] = {
        "id": holder.did or f"urn:uuid:{uuid5(_uuid(credential_id), 'subject')}",
        "type": ["AchievementSubject"],
    }
    if holder.email:
        if len(salt) < MIN_SALT:
            raise InvalidInput("The salt must hold at least 128 random bits.", code="salt", field="salt")
        subject["identifier"] = [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": holder.identity_hash(salt),
                "identityType": "emailAddress",
                "salt": salt,
            }
        ]
    return subject


def _uuid(credential_id: str) -> UUID:
    if credential_id.startswith("urn:uuid:"):
        try:
            return UUID(credential_id)
        except ValueError as error:
            raise InvalidDocument("The credential's id is no UUID.", code="iri", field="credential_id") from error
    return uuid5(NAMESPACE_URL, credential_id)


def _achievement(award: Award, issuer: Issuer, achievement_id: str) -> dict[str, Any]:
    """The definition of the pill: the same for every learner who masters this version of it."""
    pill = award.pill
    achievement: dict[str, Any] = {
        "id": achievement_id,
        "type": ["Achievement"],
        "achievementType": "MicroCredential",
        "name": pill.title,
        "description": pill.description,
        "criteria": {"narrative": wording.requirements(pill)},
        "creator": {"id": issuer.id, "type": ["Profile"], "name": issuer.name},
        "inLanguage": language_tag(pill.language),
        "version": pill.version,
        "image": _image(pill),
        "otherIdentifier": [
            {"type": "IdentifierEntry", "identifier": pill.id, "identifierType": "ext:learningPill"}
        ],
        "resultDescription": [
            _result_description(outcome, achievement_id) for outcome in pill.outcomes
        ],
        **({} if pill.recognition.ects is None else {"creditsAvailable": number(pill.recognition.ects)}),
    }
    alignment = list(alignments(pill))
    if alignment:
        achievement["alignment"] = alignment
    field = concepts.isced_f(pill.recognition.isced_f)
    if pill.recognition.isced_f:
        label = field["prefLabel"]["en"] if field else ""
        achievement["fieldOfStudy"] = f"{pill.recognition.isced_f} {label}".strip()
    if pill.tags:
        achievement["tag"] = _tags(pill.tags)
    return achievement


def _tags(tags: tuple[str, ...]) -> list[str]:
    """The tags, in one text where implementations of RDF canonicalisation would sort them differently.

    The standard sorts by code point, the JavaScript libraries by UTF-16 unit; the orders differ
    only between characters beyond U+FFFF and those from U+E000 on.
    """
    unique = list(dict.fromkeys(tags))
    if sorted(unique) == sorted(unique, key=lambda tag: tag.encode("utf-16-be")):
        return unique
    return [", ".join(unique)]


def alignments(pill: LearningPill) -> Iterator[dict[str, Any]]:
    """Alignments that hold for everybody who masters the pill.

    Skills only of outcomes that the mastery rule makes sure of; those of all outcomes stand at
    their ResultDescription.
    """
    skills = {skill.uri: skill for outcome in _certain(pill) for skill in outcome.skills}
    yield from map(_skill, skills.values())
    recognition = pill.recognition
    if recognition.eqf_level is not None:
        eqf = concepts.concept("eqf", str(recognition.eqf_level))
        yield _alignment(
            eqf["id"], eqf["prefLabel"]["en"], "European Qualifications Framework",
            code=str(recognition.eqf_level), kind="ext:EQF",
        )
    field = concepts.isced_f(recognition.isced_f)
    if field:
        yield _alignment(
            field["id"], field["prefLabel"]["en"], "ISCED-F 2013", code=recognition.isced_f, kind="ext:ISCEDF"
        )
    if recognition.nqf is not None and recognition.nqf.url:
        yield _national(recognition.nqf)
    if recognition.bloc is not None:
        yield _towards(recognition.bloc, pill.language)
    if recognition.towards is not None and recognition.towards.url:  # without an address it stands in words only
        yield _towards_qualification(recognition.towards, pill.language)


def _certain(pill: LearningPill) -> list[LearningOutcome]:
    rule = pill.mastery
    others = [outcome for outcome in pill.outcomes if outcome.id not in rule.required]
    if rule.kind is Mastery.ALL or (rule.kind is Mastery.N_OF_M and rule.n == len(pill.outcomes)):
        return list(pill.outcomes)
    if rule.kind is Mastery.N_OF_M:
        return []
    if rule.n == len(others):
        return list(pill.outcomes)
    return [outcome for outcome in pill.outcomes if outcome.id in rule.required]


def _skill(skill: Skill) -> dict[str, Any]:
    kind = "ext:ESCOSkill" if skill.framework == "ESCO" else ""
    return _alignment(skill.uri, skill.label, skill.framework, kind=kind)


def _towards(bloc: BlocPlace, language: str) -> dict[str, Any]:
    return _alignment(
        bloc.url or concepts.certification_url(bloc.certification),
        bloc.bloc_title or bloc.certification_title,
        "RNCP" if bloc.certification.startswith("RNCP") else "RS",
        code=bloc.bloc or bloc.certification,
        kind="ext:towardsBlocDeCompetences" if bloc.bloc else "ext:towardsCertification",
        description=wording.towards(bloc, language),
    )


def _towards_qualification(place: QualificationPlace, language: str) -> dict[str, Any]:
    return _alignment(
        place.url, place.title, place.framework, code=place.code, kind="ext:towardsQualification",
        description=wording.towards(place, language),
    )


def _national(level: NationalLevel) -> dict[str, Any]:
    return _alignment(level.url, level.level, level.framework, code=level.level, kind="ext:NQF")


def _alignment(
    url: str, name: str, framework: str, *, code: str = "", kind: str = "", description: str = ""
) -> dict[str, Any]:
    alignment: dict[str, Any] = {"type": ["Alignment"], "targetName": name, "targetUrl": url}
    optional = {
        "targetFramework": framework, "targetCode": code, "targetType": kind, "targetDescription": description,
    }
    return alignment | {key: value for key, value in optional.items() if value}


def _result_description(outcome: LearningOutcome, achievement_id: str) -> dict[str, Any]:
    description: dict[str, Any] = {
        "id": result_description_id(achievement_id, outcome.id),
        "type": ["ResultDescription"],
        "name": outcome.title,
        "resultType": "Percent",
        "valueMin": "0",
        "valueMax": "100",
        "requiredValue": wording.percent(outcome.threshold),
    }
    alignment = [_skill(skill) for skill in {skill.uri: skill for skill in outcome.skills}.values()]
    return description | ({"alignment": alignment} if alignment else {})


def _result(result: OutcomeResult, achievement_id: str) -> dict[str, Any]:
    return {
        "type": ["Result"],
        "resultDescription": result_description_id(achievement_id, result.outcome_id),
        "value": wording.percent(result.fraction),
        "status": STATUS[result.status],
    }


def _evidence(award: Award, evidence_url: str, credential_id: str) -> Iterator[dict[str, Any]]:
    """The page about the assessment, then one record for each outcome that was assessed."""
    words = wording.texts(award.pill.language)
    kind = award.pill.recognition.assessment_type
    genre = {"genre": words[kind]} if kind else {}
    if evidence_url:
        yield {"id": evidence_url, "type": ["Evidence"], "name": words["record"], **genre}
    for outcome, result in award.outcome_pairs():
        yield {
            "id": f"{credential_id}#{outcome.id}",
            "type": ["Evidence"],
            "name": outcome.title,
            **({"description": outcome.description} if outcome.description else {}),
            "narrative": wording.record(award, result),
            **genre,
        }


def number(value: Decimal) -> int | float:
    """``value`` as JSON number, whole where it is whole: 1.0 and 1 would be signed differently."""
    return int(value) if value == value.to_integral_value() else float(value)


def image_of(pill: LearningPill) -> BadgeImage:
    """The pill's picture, or one drawn for it."""
    return pill.image or badge_image.default_png(
        pill.title, pill.recognition.eqf_level, wording.primary(pill.language)
    )


def _image(pill: LearningPill) -> dict[str, Any]:
    image = image_of(pill)
    return {"id": _data_uri(image), "type": "Image", "caption": image.caption}


def _data_uri(image: BadgeImage) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode('ascii')}"


def language_tag(tag: str) -> str:
    """``tag`` in the form the schema takes (``pt-BR``), or its primary subtag."""
    parts = tag.split("-")
    if len(parts) == 2 and len(parts[1]) == 2 and parts[1].isalpha():
        return f"{parts[0]}-{parts[1].upper()}"
    return parts[0]
