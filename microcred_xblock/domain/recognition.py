"""What makes a pill recognisable across Europe.

The eleven mandatory and the optional elements of Annex I of the Council Recommendation on
micro-credentials (2022/C 243/02), as far as they are not already on the pill or the issuer.
Coded values are the short codes below; ``credentials`` maps them to the EU vocabularies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .codec import sparse
from .errors import InvalidPill
from .outcomes import checked_iri
from .text import LINE_MAX, TEXT_MAX, checked_text, decimal

MOST = {"workload_hours": 10_000, "ects": 300}  # of the numbers
MODES = ("online", "blended", "presential", "workbased")
ASSESSMENT_TYPES = ("quiz", "practical", "portfolio", "project", "written-exam", "oral-exam", "continuous")
SUPERVISION = ("unsupervised", "unsupervised-id", "supervised", "supervised-id")
STAND_ALONE, STACKABLE = "stand-alone", "stackable"
STACKABILITY = (STAND_ALONE, STACKABLE)

_CERTIFICATION = re.compile(r"(RNCP|RS)[0-9]{1,6}")
_BLOC = re.compile(r"RNCP[0-9]{1,6}BC[0-9]{2}")
_ISCED = re.compile(r"[0-9]{2,4}")


@dataclass(frozen=True, kw_only=True)
class QualityAssurance:
    """The quality framework under which the pill is offered, e.g. Qualiopi, and who stands for it."""

    title: str
    agency: str
    url: str = ""

    def __post_init__(self) -> None:
        checked_text(self.title, field="quality assurance", limit=LINE_MAX)
        checked_text(self.agency, field="quality assurance agency", limit=LINE_MAX)
        if self.url:
            checked_iri(self.url, field="quality assurance address")


@dataclass(frozen=True, kw_only=True)
class BlocPlace:
    """The bloc de compétences *towards* which a pill is evidence; never a claim to the bloc itself.

    ``certification`` is ``RNCP<n>`` (or ``RS<n>``, which has no blocs); ``bloc`` is
    ``RNCP<n>BC<nn>`` of the same certification. ``valid_until`` is the end of the certification's
    registration.
    """

    certification: str
    certification_title: str
    bloc: str = ""
    bloc_title: str = ""
    url: str = ""
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if not _CERTIFICATION.fullmatch(self.certification or ""):
            raise InvalidPill(
                "The certification code must look like RNCP38596 or RS1234.", code="bloc-certification",
                field="certification",
            )
        checked_text(self.certification_title, field="certification title", limit=LINE_MAX)
        if self.bloc:
            if not _BLOC.fullmatch(self.bloc) or not self.bloc.startswith(self.certification + "BC"):
                raise InvalidPill(
                    f"The bloc code must look like {self.certification}BC01 and belong to the certification.",
                    code="bloc-code", field="bloc", certification=self.certification,
                )
            checked_text(self.bloc_title, field="bloc title", limit=LINE_MAX)
        if self.url:
            checked_iri(self.url, field="bloc address")


@dataclass(frozen=True, kw_only=True)
class NationalLevel:
    """The level of the pill in a national qualifications framework, in the framework's own words.

    ``url`` names the level, or describes the framework. A URI of the European register of such levels
    (``http://data.europa.eu/snb/qdr/…``) makes the level machine-readable; nothing else does.
    """

    framework: str
    level: str
    url: str = ""

    def __post_init__(self) -> None:
        checked_text(self.framework, field="national framework", limit=LINE_MAX)
        checked_text(self.level, field="national level", limit=LINE_MAX)
        if self.url:
            checked_iri(self.url, field="national level address")


@dataclass(frozen=True, kw_only=True)
class QualificationPlace:
    """Another credential or qualification *towards* which a pill is evidence; never a claim to it.

    For the blocs of French certifications there is ``BlocPlace``, which knows their codes. ``framework`` is the
    register in which ``code`` is found, or who awards it.
    """

    title: str
    framework: str = ""
    code: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        checked_text(self.title, field="towards title", limit=LINE_MAX)
        checked_text(self.framework, field="towards framework", limit=LINE_MAX, required=bool(self.code))
        checked_text(self.code, field="towards code", limit=LINE_MAX, required=False)
        if self.url:
            checked_iri(self.url, field="towards address")


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """Recognition data of a pill. Everything may be absent; what is absent is not claimed.

    ``workload_hours`` is the notional workload; ``ects`` is present only where the awarding body
    states it and is never computed from the hours. ``isced_f`` is a code such as ``0713``.
    ``stackability`` says whether the pill stands alone or counts towards more; ``bloc`` and ``towards`` say what.
    """

    workload_hours: Decimal | None = None
    ects: Decimal | None = None
    eqf_level: int | None = None
    isced_f: str = ""
    mode: str = ""
    assessment_type: str = ""
    supervision: str = ""
    quality_assurance: QualityAssurance | None = None
    prerequisites: str = ""
    bloc: BlocPlace | None = None
    nqf: NationalLevel | None = field(default=None, metadata=sparse())
    towards: QualificationPlace | None = field(default=None, metadata=sparse())
    further_information: str = field(default="", metadata=sparse())
    stackability: str = field(default="", metadata=sparse())

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            value = getattr(self, name)
            if value is not None:
                number = decimal(value, field=name)
                if not 0 < number <= most or number != number.quantize(Decimal("0.01")):
                    raise InvalidPill(
                        f"{name} must lie above 0 and be at most {most}, with two decimals at most.",
                        code="recognition-number", field=name, most=most,
                    )
                object.__setattr__(self, name, number)
        if self.eqf_level is not None and (isinstance(self.eqf_level, bool) or self.eqf_level not in range(1, 9)):
            raise InvalidPill("The EQF level must lie between 1 and 8.", code="eqf-level", field="eqf_level")
        if self.isced_f and not _ISCED.fullmatch(self.isced_f):
            raise InvalidPill("The ISCED-F code has two to four digits.", code="isced-f", field="isced_f")
        for name, codes in (
            ("mode", MODES), ("assessment_type", ASSESSMENT_TYPES), ("supervision", SUPERVISION),
            ("stackability", STACKABILITY),
        ):
            value = getattr(self, name)
            if value and value not in codes:
                raise InvalidPill(
                    f"{name} must be one of {', '.join(codes)}.", code="recognition-code", field=name,
                    codes=", ".join(codes),
                )
        checked_text(self.prerequisites, field="prerequisites", limit=TEXT_MAX, required=False)
        if self.further_information:
            checked_iri(self.further_information, field="further_information")
        if self.stackability == STAND_ALONE and (self.bloc is not None or self.towards is not None):
            raise InvalidPill(
                "The pill cannot stand alone and count towards something: change one of the two.",
                code="stackability-contradiction", field="stackability",
            )
