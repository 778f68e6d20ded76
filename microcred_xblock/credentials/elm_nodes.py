"""Nodes of the European Learning Model v3 that several parts of a credential share.

``Nodes`` gives out ids the way European Digital Credentials do (``urn:epass:note:1``): counted by
kind, unique in the document. A node that appears twice is the same object with the same content,
as JSON-LD merges nodes with one id.
"""

from __future__ import annotations

import base64
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..domain.credential import Issuer
from ..domain.outcomes import Skill
from ..domain.recognition import BlocPlace, NationalLevel, QualificationPlace, QualityAssurance
from . import concepts, wording

_KINDS = {
    "LearningAchievementSpecification": "learningAchievementSpec",
    "LearningActivity": "activity",
    "LearningActivitySpecification": "activitySpec",
    "LearningAssessmentSpecification": "learningAssessmentSpec",
}
_VOCABULARIES = ("http://data.europa.eu/snb/", "http://publications.europa.eu/resource/authority/")


class Nodes:
    """Makes the nodes of one document, whose texts are all in ``language``."""

    def __init__(self, language: str) -> None:
        self.tag = wording.primary(language)
        self.words = wording.texts(language)
        self._counts: Counter[str] = Counter()
        self._skills: dict[str, dict[str, Any]] = {}

    def make(self, kind: str, /, **properties: Any) -> dict[str, Any]:
        """A node of type ``kind`` with a fresh id; properties that are empty are left out."""
        name = _KINDS.get(kind, kind[0].lower() + kind[1:])
        self._counts[name] += 1
        kept = {key: value for key, value in properties.items() if value not in (None, "", [], {})}
        return {"id": f"urn:epass:{name}:{self._counts[name]}", "type": kind, **kept}

    def text(self, value: str) -> dict[str, str]:
        """``value`` as a language map with exactly one language."""
        return {self.tag: value} if value else {}

    def note(self, value: str) -> dict[str, Any] | None:
        """A Note, or None for an empty text."""
        return self.make("Note", noteLiteral=self.text(value)) if value else None

    def notes(self, *values: str) -> list[dict[str, Any]]:
        """A Note for each text that is not empty."""
        return [note for note in map(self.note, values) if note]

    def identifier(self, notation: str, name: str, agency: str = "") -> dict[str, Any]:
        """An Identifier in the scheme called ``name``."""
        return self.make("Identifier", notation=notation, schemeName=name, schemeAgency=self.text(agency))

    def web(self, url: str) -> list[dict[str, Any]]:
        """A WebResource in a list, or an empty list."""
        return [self.make("WebResource", contentURL=url)] if url else []

    def location(self, country: str, address: str = "") -> dict[str, Any]:
        """A Location in the country with that alpha-3 code."""
        return self.make(
            "Location",
            address=self.make(
                "Address", countryCode=concepts.elm_country(country), fullAddress=self.note(address)
            ),
        )

    def issuer(self, issuer: Issuer) -> dict[str, Any]:
        """The awarding body; legal name, identifier and country must be those of its certificate."""
        contact = [{"id": f"mailto:{issuer.email}", "type": "Mailbox"}] if issuer.email else []
        other_name = issuer.name if issuer.name != issuer.legal_name else ""
        organisation = self.make(
            "Organisation",
            legalName=self.text(issuer.legal_name),
            altLabel=self.text(other_name),
            eIDASIdentifier=self.make(
                "LegalIdentifier",
                notation=issuer.legal_identifier,
                spatial=concepts.elm_country(issuer.country),
            ),
            location=[self.location(issuer.country, issuer.address)],
            contactPoint=[self.make("ContactPoint", emailAddress=contact)] if contact else [],
            homepage=self.web(issuer.url),
        )
        return organisation | {"id": issuer.id}

    def awarding(self, organisation: dict[str, Any], awarded_at: datetime) -> dict[str, Any]:
        """The AwardingProcess that every claim of the document refers to."""
        return self.make(
            "AwardingProcess", awardingBody=[organisation], awardingDate=wording.instant(awarded_at)
        )

    def accreditation(self, assurance: QualityAssurance, country: str) -> dict[str, Any]:
        """The quality framework as an Accreditation.

        The profile wants a country for the agency and the pill does not record one; the agency is
        taken to work in the issuer's country, as national quality frameworks do.
        """
        agency = self.make(
            "Organisation", legalName=self.text(assurance.agency), location=[self.location(country)]
        )
        return self.make(
            "Accreditation",
            title=self.text(assurance.title),
            dcType=concepts.elm("accreditation", "institutional-quality"),
            accreditingAgent=agency,
            landingPage=self.web(assurance.url),
        )

    def national_level(self, level: NationalLevel) -> list[dict[str, Any]]:
        """The level as a concept, where it is one of the European register: the profile admits no other."""
        if not level.url.startswith(concepts.NQF_LEVEL):
            return []
        label = self.text(f"{level.framework}: {level.level}")
        return [concepts.node({"id": level.url, "prefLabel": label}, concepts.NQF_SCHEME)]

    def towards(self, place: BlocPlace | QualificationPlace) -> dict[str, Any]:
        """The bloc (inside its certification), certification or qualification that the pill is evidence towards."""
        if isinstance(place, BlocPlace):
            return self._bloc(place)
        code = [self.identifier(place.code, place.framework)] if place.code else []
        return self.make(
            "Qualification", title=self.text(place.title), identifier=code, homepage=self.web(place.url),
            additionalNote=self.notes(place.framework if not place.code else ""),
        )

    def _bloc(self, bloc: BlocPlace) -> dict[str, Any]:
        agency = "France compétences"
        register = "RNCP" if bloc.certification.startswith("RNCP") else "RS"
        url = bloc.url or concepts.certification_url(bloc.certification)
        certification = self.make(
            "Qualification",
            title=self.text(bloc.certification_title),
            identifier=[self.identifier(bloc.certification, register, agency)],
            homepage=self.web(url),
        )
        if not bloc.bloc:
            return certification
        return self.make(
            "Qualification",
            title=self.text(bloc.bloc_title),
            identifier=[self.identifier(bloc.bloc, f"{register} bloc de compétences", agency)],
            isPartialQualification=True,
            isPartOf=[certification],
        )

    def skill(self, skill: Skill) -> tuple[str, dict[str, Any]] | None:
        """``(property, Concept)`` of an outcome's skill, or None where the concept would be ambiguous.

        The first label given to a URI is used throughout. A URI of another EU vocabulary is no
        skill, and naming it one would give that concept two labels and two schemes.
        """
        if skill.uri.startswith(_VOCABULARIES):
            return None
        if skill.uri in self._skills:
            concept = self._skills[skill.uri]
        else:
            concept = {"id": skill.uri, "type": "Concept"}
            if skill.uri.startswith(concepts.ESCO_SKILL):
                concept["inScheme"] = {"id": concepts.ESCO_SCHEME, "type": "ConceptScheme"}
            concept["prefLabel"] = self.text(skill.label)
            self._skills[skill.uri] = concept
        return ("relatedESCOSkill" if "inScheme" in concept else "relatedSkill"), concept

    def ects(self, value: Decimal) -> dict[str, Any]:
        """ECTS credits; the number is text in ELM."""
        return self.make("CreditPoint", framework=concepts.elm("credit", "ects"), point=wording.plain(value))

    def picture(self, png: bytes) -> dict[str, Any]:
        """A PNG as MediaObject."""
        return self.make(
            "MediaObject",
            content=base64.b64encode(png).decode("ascii"),
            contentEncoding=concepts.elm("encoding", "base64"),
            contentType=concepts.elm("file-type", "png"),
        )


def duration(hours: Decimal) -> str:
    """Hours with at most two decimals as xsd:duration, exactly: ``PT3H``, ``PT1H30M``, ``PT36S``."""
    seconds = int(hours * 3600)
    parts = ((seconds // 3600, "H"), (seconds % 3600 // 60, "M"), (seconds % 60, "S"))
    return "PT" + "".join(f"{number}{unit}" for number, unit in parts if number)
