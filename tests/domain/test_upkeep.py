"""What becomes of an award afterwards: its terms, its expiry, and that they are no part of what is certified."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.domain import codec
from microcred_xblock.domain.errors import InvalidPill
from microcred_xblock.domain.pill import LearningPill
from microcred_xblock.domain.upkeep import RegradePolicy, Upkeep
from tests.factories import make_pill

from . import strategies as my


def test_without_a_word_of_the_author_nothing_happens_to_an_award():
    assert (Upkeep().regrade, Upkeep().grace_days, Upkeep().valid_months) == (RegradePolicy.KEEP, 14, None)
    assert Upkeep().expiry(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(("awarded", "months", "expires"), [
    (datetime(2026, 11, 20, 10, 30, tzinfo=UTC), 24, datetime(2028, 11, 20, 10, 30, tzinfo=UTC)),
    (datetime(2026, 1, 31, tzinfo=UTC), 1, datetime(2026, 2, 28, tzinfo=UTC)),
    (datetime(2027, 8, 31, tzinfo=UTC), 6, datetime(2028, 2, 29, tzinfo=UTC)),
    (datetime(2026, 12, 31, tzinfo=UTC), 12, datetime(2027, 12, 31, tzinfo=UTC)),
])
def test_months_are_calendar_months(awarded, months, expires):
    assert Upkeep(valid_months=months).expiry(awarded) == expires


@given(my.times, st.integers(1, 600), st.integers(1, 600))
def test_expiry_is_aware_later_and_grows_with_the_months(awarded, fewer, more):
    early, late = sorted((fewer, more))
    first, second = (Upkeep(valid_months=months).expiry(awarded) for months in (early, late))
    assert first.tzinfo is not None and awarded + timedelta(days=27) < first <= second
    assert (first == second) == (early == late)


@pytest.mark.parametrize("over", [
    {"grace_days": -1}, {"grace_days": 366}, {"grace_days": True}, {"grace_days": 1.5}, {"valid_months": 0},
    {"valid_months": 601}, {"valid_months": "12"},
])
def test_other_numbers_are_refused(over):
    with pytest.raises(InvalidPill) as refusal:
        Upkeep(**over)
    assert refusal.value.code == "upkeep-number"


@given(my.pills(), my.upkeeps)
def test_it_is_no_part_of_the_version(pill, upkeep):
    assert replace(pill, upkeep=upkeep).version == pill.version


def test_the_version_of_a_known_pill_is_what_it_was_before_there_were_terms():
    assert make_pill().version == "2a315fd37360"


@given(my.pills())
def test_a_pill_frozen_before_there_were_terms_is_still_read(pill):
    stored = codec.encode(pill)
    del stored["upkeep"]
    assert codec.decode(LearningPill, stored) == replace(pill, upkeep=Upkeep())
