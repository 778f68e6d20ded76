"""assess(): exact, monotone, order-free."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.domain.errors import InvalidInput, InvalidPill
from microcred_xblock.domain.outcomes import (
    CriteriaGroup,
    Criterion,
    LearningOutcome,
    Logic,
    OutcomeStatus,
    Rule,
    Score,
    assess,
)

from . import strategies as my


def outcome(*members, **over):
    group = {"members": members, "rule": Rule(value="0.7")} | over
    return LearningOutcome(id="lo", title="Find the fault", assessment=CriteriaGroup(**group))


def score(block, earned, possible=10, **over):
    return Score(block=block, earned=earned, possible=possible, **over)


def result(lo, *given_scores):
    return assess([lo], {s.block: s for s in given_scores})[0]


A, B = Criterion(block="a"), Criterion(block="b")


class TestStatus:
    def test_not_assessed_before_the_first_answer(self):
        r = result(outcome(A, B))
        assert (r.status, r.attempted, r.fraction) == (OutcomeStatus.NOT_ASSESSED, 0, Decimal(0))

    def test_viewing_without_answering_is_not_assessed(self):
        assert result(outcome(A), score("a", 0, attempted=False)).status is OutcomeStatus.NOT_ASSESSED

    def test_in_progress_counts_attempted_blocks(self):
        r = result(outcome(A, B), score("a", 10))
        assert (r.status, r.attempted, len(r.blocks)) == (OutcomeStatus.IN_PROGRESS, 1, 2)

    def test_not_achieved_when_all_answered_and_below(self):
        assert result(outcome(A, B), score("a", 9), score("b", 4)).status is OutcomeStatus.NOT_ACHIEVED

    def test_achieved_at_the_threshold_exactly(self):
        assert result(outcome(A, B), score("a", 10), score("b", 4)).status is OutcomeStatus.ACHIEVED

    def test_early_achievement_needs_no_further_answers(self):
        lo = outcome(Criterion(block="a", weight="9"), B)
        assert result(lo, score("a", 10)).status is OutcomeStatus.ACHIEVED

    def test_all_attempted_waits_for_every_block(self):
        lo = outcome(Criterion(block="a", weight="9"), B, all_attempted=True)
        assert result(lo, score("a", 10)).status is OutcomeStatus.IN_PROGRESS
        assert result(lo, score("a", 10), score("b", 0)).status is OutcomeStatus.ACHIEVED

    def test_a_zero_threshold_still_needs_an_answer(self):
        lo = outcome(A, rule=Rule(value="0"))
        assert result(lo).status is OutcomeStatus.NOT_ASSESSED
        assert result(lo, score("a", 0)).status is OutcomeStatus.ACHIEVED

    def test_times_come_from_the_latest_attempted_block(self):
        early, late = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
        r = result(outcome(A, B), score("a", 1, at=late), score("b", 1, at=early))
        assert r.assessed_at == late


class TestExactness:
    @pytest.mark.parametrize("earned,met", [("6.9999999999", False), ("7", True), ("7.0000000001", True)])
    def test_threshold_is_exact(self, earned, met):
        assert result(outcome(A), score("a", earned)).achieved is met

    def test_thirds_do_not_round_up(self):
        lo = outcome(A, rule=Rule(value="0.6667"))
        r = result(lo, score("a", 2, 3))
        assert not r.achieved and r.fraction == Decimal("0.6666")

    def test_weighted_mean_is_exact(self):
        lo = outcome(Criterion(block="a", weight="0.1"), Criterion(block="b", weight="0.2"))
        r = result(lo, score("a", 1, 10), score("b", 10, 10))
        assert r.achieved and r.fraction == Decimal("0.7000")  # 0.1*0.1 + 0.2*1 over 0.3, which floats miss

    def test_floats_are_refused_everywhere(self):
        for make in (
            lambda: Rule(value=0.7),
            lambda: score("a", 0.7),
            lambda: Criterion(block="a", weight=0.5),
        ):
            with pytest.raises(InvalidInput) as caught:
                make()
            assert caught.value.code == "number"

    def test_bonus_points_are_capped(self):
        assert result(outcome(A), score("a", 12)).fraction == 1

    def test_a_block_worth_nothing_counts_nothing(self):
        assert result(outcome(A), score("a", 0, 0)).fraction == 0


class TestGroups:
    def test_or_takes_the_best_member(self):
        lo = outcome(A, B, logic=Logic.OR)
        assert result(lo, score("a", 2), score("b", 7)).achieved

    def test_a_member_rule_must_hold_as_well(self):
        lo = outcome(Criterion(block="a", rule=Rule(value="0.5")), B)
        assert not result(lo, score("a", 4), score("b", 10)).achieved
        assert result(lo, score("a", 5), score("b", 9)).achieved

    def test_nested_groups_keep_their_weight(self):
        inner = CriteriaGroup(members=(A, B), logic=Logic.OR, weight="3")
        lo = outcome(inner, Criterion(block="c"))
        r = result(lo, score("a", 10), score("c", 0))
        assert r.fraction == Decimal("0.7500")

    def test_too_deep_is_refused(self):
        group = CriteriaGroup(members=(A,))
        with pytest.raises(InvalidPill, match="nested"):
            for _ in range(6):
                group = CriteriaGroup(members=(group,))


class TestBadInput:
    @pytest.mark.parametrize(
        "make,code",
        [
            (lambda: CriteriaGroup(members=()), "outcome-unassessed"),
            (lambda: Criterion(block="a", weight=0), "weight"),
            (lambda: Criterion(block="a", weight="-1"), "weight"),
            (lambda: Rule(value="1.01"), "fraction-range"),
            (lambda: Rule(value="-0.1"), "fraction-range"),
            (lambda: Rule(value="0.70001"), "fraction-places"),
            (lambda: Rule(value="NaN"), "number"),
            (lambda: Rule(value="0.5", op="lt"), "rule-op"),
            (lambda: outcome(A, A), "outcome-duplicate-block"),
            (lambda: outcome(A, rule=None), "outcome-threshold"),
            (lambda: score("a", -1), "score-negative"),
            (lambda: dataclasses.replace(outcome(A), id="no spaces"), "slug"),
            (lambda: dataclasses.replace(outcome(A), title="bad\x0btab"), "text-control-character"),
            (lambda: dataclasses.replace(outcome(A), title="x" * 10_000), "text-too-long"),
            (lambda: dataclasses.replace(outcome(A), title="  "), "text-empty"),
        ],
    )
    def test_is_refused_with_its_code(self, make, code):
        with pytest.raises(InvalidInput) as caught:
            make()
        assert caught.value.code == code and str(caught.value)


@given(my.outcomes(), my.scores(), st.sampled_from(my.BLOCKS), st.decimals("0", "5", places=2))
def test_monotone_in_scores(lo, scores, block, more):
    before = assess([lo], scores)[0]
    if block in scores:
        raised = dataclasses.replace(scores[block], earned=scores[block].earned + more, attempted=True)
    else:
        raised = Score(block=block, earned=more, possible=5)
    after = assess([lo], scores | {block: raised})[0]
    assert after.fraction >= before.fraction
    assert after.achieved or not before.achieved


@given(my.outcomes(), my.scores(), st.randoms())
def test_order_of_scores_and_members_is_irrelevant(lo, scores, random):
    shuffled = list(scores.items())
    random.shuffle(shuffled)
    members = list(lo.assessment.members)
    random.shuffle(members)
    other = dataclasses.replace(lo, assessment=dataclasses.replace(lo.assessment, members=tuple(members)))
    one, two = assess([lo], scores)[0], assess([other], dict(shuffled))[0]
    assert (one.status, one.fraction, one.assessed_at) == (two.status, two.fraction, two.assessed_at)


@given(my.scores(), my.fractions)
def test_shown_fraction_agrees_with_the_decision(scores, threshold):
    lo = outcome(*(Criterion(block=b, weight="0.3") for b in my.BLOCKS), rule=Rule(value=threshold))
    r = assess([lo], scores)[0]
    exact = sum((scores[b].fraction if b in scores else Fraction(0) for b in my.BLOCKS), Fraction(0)) / len(my.BLOCKS)
    assert (r.fraction >= threshold) == (exact >= Fraction(threshold))
    assert 0 <= exact - Fraction(r.fraction) < Fraction(1, 10_000)
    assert isinstance(r.fraction, Decimal)
