"""Hypothesis strategies for domain values; every value they draw is one an author could write."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from microcred_xblock.domain.outcomes import CriteriaGroup, Criterion, LearningOutcome, Logic, Rule, Score, Skill
from microcred_xblock.domain.pill import BadgeImage, LearningPill, Mastery, MasteryRule
from microcred_xblock.domain.recognition import (
    ASSESSMENT_TYPES,
    MODES,
    STACKABILITY,
    SUPERVISION,
    BlocPlace,
    NationalLevel,
    QualificationPlace,
    QualityAssurance,
    Recognition,
)
from microcred_xblock.domain.upkeep import RegradePolicy, Upkeep

BLOCKS = tuple(f"block-{n}" for n in range(6))

texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40).filter(str.strip)
fractions = st.integers(0, 10_000).map(lambda n: Decimal(n) / 10_000)
weights = st.decimals("0.01", "100", places=2)
rules = fractions.map(lambda value: Rule(value=value))
times = st.integers(0, 10**8).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
slugs = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=12)


@st.composite
def groups(draw, blocks, depth=2, *, root=True):
    """A criteria group over exactly ``blocks``, each used once."""
    members, rest = [], list(blocks)
    while rest:
        if depth > 1 and len(rest) > 1 and draw(st.booleans()):
            take = draw(st.integers(1, len(rest)))
            members.append(draw(groups(rest[:take], depth - 1, root=False)))
            rest = rest[take:]
        else:
            rule = draw(st.none() | rules)
            members.append(Criterion(block=rest.pop(0), weight=draw(weights), rule=rule))
    return CriteriaGroup(
        members=tuple(members),
        logic=draw(st.sampled_from(Logic)),
        rule=draw(rules) if root else draw(st.none() | rules),
        all_attempted=draw(st.booleans()),
        weight=Decimal(1) if root else draw(weights),
    )


urls = st.sampled_from(["", "https://example.org/more", "http://data.europa.eu/snb/qdr/c_5ad5d222"])


def _recognition(**values):
    """What cannot stand together is not drawn together."""
    if values["bloc"] or values["towards"]:
        values["stackability"] = values["stackability"] and "stackable"
    return Recognition(**values)


skills = st.builds(
    Skill, uri=slugs.map(lambda s: f"http://data.europa.eu/esco/skill/{s}"), label=texts, framework=st.just("ESCO")
)


@st.composite
def outcomes(draw, id=None):
    used = draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=4, unique=True))
    return LearningOutcome(
        id=id or draw(slugs),
        title=draw(texts),
        description=draw(st.just("") | texts),
        kind=draw(st.sampled_from(["knowledge", "skill"])),
        reuse_level=draw(st.sampled_from(["transversal", "sector-specific"])),
        skills=tuple(draw(st.lists(skills, max_size=2, unique_by=lambda s: s.uri))),
        assessment=draw(groups(used)),
    )


recognitions = st.builds(
    _recognition,
    workload_hours=st.none() | st.decimals("0.5", "300", places=1),
    ects=st.none() | st.decimals("0.1", "30", places=1),
    eqf_level=st.none() | st.integers(1, 8),
    isced_f=st.sampled_from(["", "0713", "061"]),
    mode=st.sampled_from(["", *MODES]),
    assessment_type=st.sampled_from(["", *ASSESSMENT_TYPES]),
    supervision=st.sampled_from(["", *SUPERVISION]),
    quality_assurance=st.none() | st.builds(QualityAssurance, title=texts, agency=texts, url=st.just("")),
    prerequisites=st.just("") | texts,
    bloc=st.none()
    | st.builds(
        BlocPlace,
        certification=st.just("RNCP38596"),
        certification_title=texts,
        bloc=st.just("RNCP38596BC02"),
        bloc_title=texts,
        valid_until=st.none() | st.dates(date(2027, 1, 1), date(2030, 1, 1)),
    ),
    nqf=st.none() | st.builds(NationalLevel, framework=texts, level=texts, url=urls),
    towards=st.none() | st.builds(
        QualificationPlace, title=texts, framework=texts, code=st.just("") | texts, url=urls
    ),
    further_information=urls,
    stackability=st.sampled_from(["", *STACKABILITY]),
)


upkeeps = st.builds(
    Upkeep, regrade=st.sampled_from(RegradePolicy), grace_days=st.integers(0, 365),
    valid_months=st.none() | st.integers(1, 600),
)


@st.composite
def pills(draw):
    ids = draw(st.lists(slugs, min_size=1, max_size=4, unique=True))
    members = tuple(draw(outcomes(id=i)) for i in ids)
    kind = draw(st.sampled_from(Mastery))
    required = tuple(draw(st.lists(st.sampled_from(ids), unique=True))) if kind is Mastery.REQUIRED_PLUS_N else ()
    least = 0 if required else 1
    most = len(ids) - len(required)
    if kind is Mastery.ALL:
        mastery = MasteryRule()
    else:
        mastery = MasteryRule(kind=kind, n=draw(st.integers(min(least, most), most)), required=required)
    return LearningPill(
        id=draw(texts),
        title=draw(texts),
        description=draw(texts),
        language=draw(st.sampled_from(["en", "fr", "pt-BR"])),
        outcomes=members,
        mastery=mastery,
        recognition=draw(recognitions),
        image=draw(
            st.none()
            | st.builds(BadgeImage, media_type=st.just("image/png"), data=st.binary(min_size=1), caption=texts)
        ),
        tags=tuple(draw(st.lists(texts, max_size=3))),
        upkeep=draw(upkeeps),
    )


@st.composite
def scores(draw, blocks=BLOCKS):
    """Scores for some of the blocks, keyed by block."""
    result = {}
    for block in draw(st.lists(st.sampled_from(blocks), unique=True)):
        possible = draw(st.decimals("0", "10", places=2))
        result[block] = Score(
            block=block,
            earned=draw(st.decimals("0", "12", places=2)),
            possible=possible,
            attempted=draw(st.booleans()),
            at=draw(st.none() | times),
        )
    return result
