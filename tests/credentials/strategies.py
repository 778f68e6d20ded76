"""Hypothesis strategies for awards, on top of those of the domain."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import badge_image
from microcred_xblock.domain.award import decide
from microcred_xblock.domain.outcomes import Score, assess
from tests.domain import strategies as domain
from tests.factories import AWARD_ID

IMAGES = (
    None,
    badge_image.default_image("Hypothesis", 3, "en"),
    badge_image.default_png("Hypothesis", None, "fr"),
)


def examples(count):
    """Settings for tests that compose whole documents and take function-scoped fixtures."""
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    return settings(max_examples=count, deadline=None, suppress_health_check=slow)


@st.composite
def awards(draw):
    """An award of any pill: with the scores drawn where they suffice, else with full marks."""
    pill = replace(draw(domain.pills()), image=draw(st.sampled_from(IMAGES)))
    when = draw(domain.times)
    for scores in (draw(domain.scores()), _full_marks(draw(domain.times))):
        award = decide(pill, assess(pill.outcomes, scores), award_id=AWARD_ID, now=when)
        if award is not None:
            return award
    raise AssertionError("full marks master every pill")


def _full_marks(at):
    return {block: Score(block=block, earned=Decimal(3), possible=Decimal(3), at=at) for block in domain.BLOCKS}
