"""SD-JWT VC (draft-ietf-oauth-sd-jwt-vc): an award as flat claims, each of which its holder can show alone.

The claims are those of the attestation rulebook for micro-credentials of the WE BUILD consortium (draft 0.1). They
are read from the European Digital Credential that the learner agreed to and say nothing that it does not say: what it
lacks is absent here, also where the rulebook wants it. In place of ``givenName`` and ``familyName`` stands
``fullName`` where only that is known: a name is not cut by guessing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from . import pinned

TYPE = "dc+sd-jwt"  # the typ of the header
TYPES = (TYPE, "vc+sd-jwt")  # what earlier drafts wrote
MEDIA_TYPE = "application/dc+sd-jwt"
CATEGORY = "non-qualified-EAA"
LABELS: Mapping[str, Mapping[str, str]] = {
    "title": {"en": "Title", "fr": "Intitulé", "ar": "العنوان"},
    "givenName": {"en": "Given name", "fr": "Prénom", "ar": "الاسم"},
    "familyName": {"en": "Family name", "fr": "Nom", "ar": "اللقب"},
    "fullName": {"en": "Full name", "fr": "Nom complet", "ar": "الاسم الكامل"},
    "identifier": {"en": "Identifier", "fr": "Identifiant", "ar": "المعرّف"},
    "issuerCountry": {"en": "Country of the issuer", "fr": "Pays de l’émetteur", "ar": "بلد جهة الإصدار"},
    "awardingBody": {"en": "Awarding body", "fr": "Organisme certificateur", "ar": "الجهة المانحة"},
    "awardingBodyHomepage": {"en": "Website", "fr": "Site web", "ar": "الموقع"},
    "awardingBodyIdentifier": {"en": "Legal identifier", "fr": "Identifiant légal", "ar": "المعرّف القانوني"},
    "issuanceDate": {"en": "Date of issuance", "fr": "Date de délivrance", "ar": "تاريخ الإصدار"},
    "learningOutcomes": {"en": "Learning outcomes", "fr": "Acquis d’apprentissage", "ar": "مخرجات التعلّم"},
    "notionalWorkload": {"en": "Notional workload", "fr": "Charge de travail", "ar": "عبء العمل التقديري"},
    "typeOfAssessment": {"en": "Type of assessment", "fr": "Type d’évaluation", "ar": "نوع التقييم"},
    "formOfParticipation": {"en": "Form of participation", "fr": "Forme de participation", "ar": "شكل المشاركة"},
    "qualityAssurance": {"en": "Quality assurance", "fr": "Assurance qualité", "ar": "ضمان الجودة"},
    "level": {"en": "EQF level", "fr": "Niveau CEC", "ar": "المستوى الأوروبي"},
    "nationalQualificationsFrameworkLevel": {"en": "National level", "fr": "Niveau national", "ar": "المستوى الوطني"},
    "fieldOfEducation": {"en": "Field of education", "fr": "Domaine d’études", "ar": "مجال التعليم"},
    "escoReference": {"en": "ESCO skills", "fr": "Compétences ESCO", "ar": "مهارات ESCO"},
    "idVerificationMethod": {"en": "Supervision", "fr": "Surveillance", "ar": "المراقبة"},
    "grade": {"en": "Results", "fr": "Résultats", "ar": "النتائج"},
    "gradingScheme": {"en": "Pass mark", "fr": "Seuil de réussite", "ar": "علامة النجاح"},
    "entryRequirements": {"en": "Prerequisites", "fr": "Prérequis", "ar": "المتطلبات"},
    "stackable": {"en": "Stackable", "fr": "Cumulable", "ar": "قابل للتراكم"},
    "partOfQualification": {"en": "Evidence towards", "fr": "Contribue à", "ar": "يُحتسب ضمن"},
    "accreditation": {"en": "Quality framework", "fr": "Cadre de qualité", "ar": "إطار الجودة"},
    "learningActivityType": {"en": "Learning activity", "fr": "Activité", "ar": "نشاط التعلّم"},
    "languageOfAssessment": {"en": "Language", "fr": "Langue", "ar": "اللغة"},
}
ALWAYS = ("title", "awardingBody", "issuanceDate", "identifier", "issuerCountry", "fullName")
_PARTICIPATION = {"online": "online", "presential": "on-site", "blended": "blended"}
_DURATION = re.compile(r"PT(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?", re.ASCII)


def shown(
    badge: Mapping[str, Any], *, issuer: str, vct: str, credential_id: str, holder_jwk: Mapping[str, str],
    status: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The claims that nobody can hide: who signed, what it is, whose key it is bound to, since and until when."""
    begins = int(datetime.fromisoformat(badge["validFrom"]).timestamp())
    found: dict[str, Any] = {
        "iss": issuer, "iat": begins, "nbf": begins, "vct": vct, "jti": credential_id,
        "attestation_legal_category": CATEGORY, "cnf": {"jwk": dict(holder_jwk)},
    }
    if "validUntil" in badge:
        found["exp"] = int(datetime.fromisoformat(badge["validUntil"]).timestamp())
    return found if status is None else {**found, "status": dict(status)}


def hidden(european: Mapping[str, Any]) -> dict[str, Any]:
    """The claims that the holder shows one by one, as far as the European Digital Credential has them."""
    person = _first(european.get("credentialSubject"))
    achievement = _first(person.get("hasClaim"))
    body = _first(_first(achievement.get("awardedBy")).get("awardingBody"))
    found = {
        "identifier": european.get("id"),
        "title": _text(achievement.get("title")),
        **{name: _text(person.get(name)) for name in ("givenName", "familyName", "fullName")},
        "issuanceDate": str(european.get("issued", ""))[:10],
        "awardingBody": _text(body.get("legalName")),
        "awardingBodyHomepage": _first(body.get("homepage")).get("contentURL"),
        "awardingBodyIdentifier": _first(body.get("eIDASIdentifier")).get("notation"),
        "issuerCountry": _country(_first(european.get("issuer"))),
        **_assessed(_all(achievement.get("provenBy"))),
        **_specified(_first(achievement.get("specifiedBy"))),
    }
    activity = _first(_first(achievement.get("influencedBy")).get("specifiedBy"))
    found["learningActivityType"] = _label(_first(activity.get("dcType")))
    found["formOfParticipation"] = found["formOfParticipation"] or _participation(_first(activity.get("mode")))
    return {name: found[name] for name in LABELS if found.get(name) not in (None, "", [], {})}


def described(vct: str, *, languages: tuple[str, ...]) -> dict[str, Any]:
    """The Type Metadata behind ``vct``: what the credential and its claims are called, and that each can be hidden."""
    return {
        "vct": vct,
        "name": _TITLES["en"],
        "description": "A micro-credential earned in a learning pill, as Council Recommendation 2022/C 243/02 has it.",
        "display": [{"locale": tag, "name": _TITLES[tag]} for tag in languages],
        "claims": [
            {
                "path": [claim], "sd": "always", "mandatory": claim in ALWAYS,
                "display": [{"locale": tag, "label": words[tag]} for tag in languages],
            }
            for claim, words in LABELS.items()
        ],
    }


def claims_described(languages: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """The same in the words of OpenID4VCI 1.0, appendix B.2."""
    return tuple(
        {"path": [claim], "display": [{"name": words[tag], "locale": tag} for tag in languages]}
        for claim, words in LABELS.items()
    )


_TITLES = {"en": "Micro-credential", "fr": "Microcertification", "ar": "شهادة مصغّرة"}


def _assessed(assessments: list[Mapping[str, Any]]) -> dict[str, Any]:
    specified = _first([_first(item.get("specifiedBy")) for item in assessments])
    grades = [(_text(item.get("title")), _note(item.get("grade"))) for item in assessments]
    marks = [_text(_first(_first(item.get("specifiedBy")).get("gradingScheme")).get("title")) for item in assessments]
    language = _first(specified.get("language")).get("id")
    tags = {entry["id"]: tag for tag, entry in pinned.vocabulary("languages")["concepts"].items()}
    return {
        "typeOfAssessment": _label(_first(specified.get("dcType"))),
        "idVerificationMethod": _label(_first([_first(item.get("idVerification")) for item in assessments])),
        "grade": "; ".join(f"{title}: {grade}" for title, grade in grades if grade),
        "gradingScheme": "; ".join(dict.fromkeys(mark for mark in marks if mark)),
        "languageOfAssessment": tags.get(language, ""),
    }


def _specified(specification: Mapping[str, Any]) -> dict[str, Any]:
    outcomes = _all(specification.get("learningOutcome"))
    towards = _all(specification.get("isPartOf"))
    accreditation = _first(specification.get("accreditation"))
    skills = [skill.get("id") for outcome in outcomes for skill in _all(outcome.get("relatedESCOSkill"))]
    return {
        "learningOutcomes": [text for text in (_text(item.get("title")) for item in outcomes) if text],
        "notionalWorkload": _workload(specification),
        "formOfParticipation": _participation(_first(specification.get("mode"))),
        "qualityAssurance": _assurance(_first(accreditation.get("dcType"))),
        "accreditation": _text(accreditation.get("title")),
        "level": _level(_first(specification.get("eqfLevel")).get("id")),
        "nationalQualificationsFrameworkLevel": _text(_first(specification.get("nqfLevel")).get("prefLabel")),
        "fieldOfEducation": str(_first(specification.get("thematicArea")).get("id", "")).rpartition("/")[2],
        "escoReference": list(dict.fromkeys(skill for skill in skills if isinstance(skill, str))),
        "entryRequirements": _note(specification.get("entryRequirement")),
        "stackable": True if towards else None,
        "partOfQualification": "; ".join(filter(None, map(_place, towards))),
    }


def _place(qualification: Mapping[str, Any]) -> str:
    codes = [str(item.get("notation", "")) for item in _all(qualification.get("identifier"))]
    return " ".join(filter(None, [*codes, _text(qualification.get("title"))]))


def _workload(specification: Mapping[str, Any]) -> dict[str, Any]:
    point = _first(specification.get("creditPoint")).get("point")
    if point:
        return {"value": _number(float(point)), "unit": "ECTS"}
    found = _DURATION.fullmatch(str(specification.get("volumeOfLearning", "")))
    if found is None or not any(found.groups()):
        return {}
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return {"value": _number(round(hours + minutes / 60 + seconds / 3600, 2)), "unit": "hours"}


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _participation(concept: Mapping[str, Any]) -> str:
    for code, entry in pinned.vocabulary("concepts")["mode"]["concepts"].items():
        if entry["id"] == concept.get("id"):
            return _PARTICIPATION.get(code, code)
    return ""


def _assurance(concept: Mapping[str, Any]) -> str:
    known = pinned.vocabulary("concepts")["accreditation"]["concepts"]["institutional-quality"]["id"]
    return "institutional-accreditation" if concept.get("id") == known else ""


def _level(uri: Any) -> str:
    number = str(uri or "").rpartition("/")[2]
    return f"EQF-{number}" if number in "12345678" and number else ""


def _country(organisation: Mapping[str, Any]) -> str:
    code = _first(_first(_first(organisation.get("location")).get("address")).get("countryCode")).get("id")
    entries: Iterator[Mapping[str, Any]] = iter(pinned.vocabulary("countries")["concepts"].values())
    return next((entry["alpha2"] for entry in entries if entry["id"] == code), "")


def _label(concept: Mapping[str, Any]) -> str:
    return _text(concept.get("prefLabel"))


def _note(value: Any) -> str:
    return _text(_first(value).get("noteLiteral"))


def _text(value: Any) -> str:
    """The only text of a language map."""
    if isinstance(value, str):
        return value
    return next((text for text in value.values() if isinstance(text, str)), "") if isinstance(value, Mapping) else ""


def _all(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Mapping)]


def _first(value: Any) -> Mapping[str, Any]:
    return next(iter(_all(value)), {})
