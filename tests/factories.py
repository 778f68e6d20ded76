"""A realistic pill, award, issuer and holder for every test that needs one.

``make_*(**over)`` replaces single fields; nothing here is random, so documents made from it are
the same in every run.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from microcred_xblock.domain.award import Award, decide
from microcred_xblock.domain.credential import Holder, Issuer
from microcred_xblock.domain.outcomes import (
    CriteriaGroup,
    Criterion,
    LearningOutcome,
    OutcomeResult,
    Rule,
    Score,
    Skill,
    assess,
)
from microcred_xblock.domain.pill import LearningPill
from microcred_xblock.domain.recognition import BlocPlace, QualityAssurance, Recognition

AWARD_ID = UUID("5e6f2f0a-8a0b-4a53-9a3b-0f6d4c1b7e01")
AWARDED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOW = AWARDED_AT + timedelta(minutes=5)
SALT = "b1f3a0c29d5e4768a1b2c3d4e5f60718"
ACHIEVEMENT_ID = "https://learn.example/microcred/achievements/3d0f3c1e-6c0e-4c34-9d52-0a6e8a6f2c11"
CREDENTIAL_ID = "urn:uuid:0a1c6d1e-53f5-4c39-8f0e-5a5d5f3c2b10"

_ESCO = "http://data.europa.eu/esco/skill/"
INSPECT = Skill(uri=_ESCO + "52242966-692f-4a4f-8279-cadbc7874183", label="inspect wind turbines")
PREDICT = Skill(uri=_ESCO + "7d913551-e17a-40ba-baf7-48d0c3b12e50", label="predictive maintenance")
MAINTAIN = Skill(uri=_ESCO + "b7a26b32-c457-49aa-9a78-25ade10090e3", label="maintain wind turbines")

#: Points of 5 on each block, in the order of ``make_pill().outcomes``.
EARNED = {
    "read-scada": "4", "vibration-quiz": "5",
    "fault-tree": "4", "sort-causes": "4",
    "lockout-order": "5", "restart-check": "4",
}


def make_outcome(id: str, title: str, blocks: tuple[str, ...], threshold: str = "0.7", **over: Any) -> LearningOutcome:
    """An outcome assessed by ``blocks`` with equal weights."""
    group = CriteriaGroup(
        members=tuple(Criterion(block=block) for block in blocks),
        rule=Rule(value=Decimal(threshold)),
        all_attempted=True,
    )
    return LearningOutcome(**{"id": id, "title": title, "assessment": group, **over})


def make_pill(**over: Any) -> LearningPill:
    """Fault diagnosis on a wind turbine: three outcomes, 3 h, EQF 5, ISCED-F 0713, towards a bloc."""
    values: dict[str, Any] = {
        "id": "block-v1:MiCRET+WT101+2026+type@learning_pill+block@fault-diagnosis",
        "title": "Fault diagnosis on a wind turbine",
        "description": "Find the cause of a standstill from operating data, and bring the turbine back safely.",
        "language": "en",
        "outcomes": (
            make_outcome(
                "read-data", "Interpret operating and vibration data of a wind turbine",
                ("read-scada", "vibration-quiz"), skills=(INSPECT, PREDICT), reuse_level="sector-specific",
                description="Tells a sensor fault from a mechanical one.",
            ),
            make_outcome(
                "find-cause", "Locate the cause of a standstill with a fault tree",
                ("fault-tree", "sort-causes"), skills=(MAINTAIN,),
            ),
            make_outcome(
                "restart-safely", "Name the steps of a safe restart after a fault",
                ("lockout-order", "restart-check"), "0.8", skills=(MAINTAIN,), kind="knowledge",
            ),
        ),
        "recognition": make_recognition(),
        "tags": ("wind energy", "maintenance"),
    }
    return LearningPill(**{**values, **over})


def make_recognition(**over: Any) -> Recognition:
    """Everything Annex I of the Council Recommendation asks for, without ECTS (none is stated)."""
    values: dict[str, Any] = {
        "workload_hours": Decimal(3),
        "eqf_level": 5,
        "isced_f": "0713",
        "mode": "online",
        "assessment_type": "quiz",
        "supervision": "unsupervised",
        "quality_assurance": QualityAssurance(
            title="Qualiopi", agency="Example quality agency", url="https://quality.example/qualiopi"
        ),
        "prerequisites": "Basic electrical safety training.",
        "bloc": BlocPlace(
            certification="RNCP38596",
            certification_title="Wind turbine maintenance technician (example)",
            bloc="RNCP38596BC02",
            bloc_title="Diagnose and repair faults on wind turbines (example)",
            url="https://www.francecompetences.fr/recherche/rncp/38596/",
            valid_until=date(2029, 1, 31),
        ),
    }
    return Recognition(**{**values, **over})


def make_scores(earned: dict[str, str] | None = None, *, at: datetime = AWARDED_AT) -> dict[str, Score]:
    """Scores of 5 possible points on each block, a minute apart and before ``at``."""
    points = EARNED if earned is None else earned
    return {
        block: Score(
            block=block, earned=Decimal(value), possible=Decimal(5), at=at - timedelta(minutes=len(points) - index)
        )
        for index, (block, value) in enumerate(points.items())
    }


def make_results(pill: LearningPill | None = None, scores: dict[str, Score] | None = None) -> tuple[OutcomeResult, ...]:
    """The results of ``pill`` (all achieved unless ``scores`` say otherwise)."""
    return assess((pill or make_pill()).outcomes, make_scores() if scores is None else scores)


def make_award(**over: Any) -> Award:
    """The award of a learner who achieved every outcome. ``pill=`` and ``results=`` replace its parts."""
    pill = over.pop("pill", None) or make_pill()
    results = over.pop("results", None) or make_results(pill)
    award = decide(pill, results, award_id=over.pop("id", AWARD_ID), now=over.pop("awarded_at", AWARDED_AT))
    assert award is not None, "these results do not master the pill"
    return replace(award, **over) if over else award


def make_issuer(**over: Any) -> Issuer:
    """A French training centre."""
    values: dict[str, Any] = {
        "id": "did:web:learn.example",
        "name": "Example Training Centre",
        "legal_name": "Centre de formation exemple",
        "legal_identifier": "NTRFR-123456789",
        "country": "FRA",
        "url": "https://learn.example/",
        "email": "registrar@learn.example",
        "address": "1 rue du Vent, 44000 Nantes",
    }
    return Issuer(**{**values, **over})


def make_holder(**over: Any) -> Holder:
    """A learner known by name and e-mail."""
    return Holder(**{"full_name": "Camille Exemple", "email": "camille@learner.example", **over})
