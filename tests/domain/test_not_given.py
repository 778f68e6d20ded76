"""assess() where a learner was not given some of the blocks: another draw, another group."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

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

A, B, C = (Criterion(block=name) for name in "abc")
blocks = st.sets(st.sampled_from(my.BLOCKS))


def outcome(*members, **over):
    group = {"members": members, "rule": Rule(value="0.7")} | over
    return LearningOutcome(id="lo", title="Find the fault", assessment=CriteriaGroup(**group))


def result(lo, scores, not_given=()):
    given_scores = {name: Score(block=name, earned=earned, possible=10) for name, earned in scores.items()}
    return assess([lo], given_scores, not_given=not_given)[0]


class TestOneDrawOfThree:
    lo = outcome(A, B, C)

    def test_only_what_was_given_counts(self):
        found = result(self.lo, {"a": 10}, {"b", "c"})
        assert (found.status, found.fraction) == (OutcomeStatus.ACHIEVED, Decimal(1))
        assert [block.block for block in found.blocks] == ["a"]
        assert result(self.lo, {"a": 10}).status is OutcomeStatus.IN_PROGRESS

    def test_a_score_on_another_draw_is_worth_nothing(self):
        assert result(self.lo, {"b": 10, "c": 10}, {"b", "c"}).status is OutcomeStatus.NOT_ASSESSED

    def test_a_wrong_answer_to_it_is_not_achieved(self):
        assert result(self.lo, {"a": 2}, {"b", "c"}).status is OutcomeStatus.NOT_ACHIEVED

    def test_nothing_given_is_not_available(self):
        found = result(self.lo, {"a": 10, "b": 10, "c": 10}, {"a", "b", "c"})
        assert found.status is OutcomeStatus.NOT_AVAILABLE and not found.achieved
        assert (found.fraction, found.blocks, found.attempted, found.assessed_at) == (Decimal(0), (), 0, None)
        assert found.threshold == Decimal("0.7")

    def test_a_threshold_of_nothing_is_not_met_by_nothing(self):
        assert not result(outcome(A, rule=Rule(value="0")), {}, {"a"}).achieved


class TestGroups:
    def test_all_must_be_attempted_means_all_that_were_given(self):
        lo = outcome(A, B, all_attempted=True)
        assert result(lo, {"a": 10}, {"b"}).achieved
        assert not result(lo, {"a": 10}).achieved

    def test_the_best_of_what_was_given(self):
        lo = outcome(A, B, logic=Logic.OR)
        assert not result(lo, {"a": 10, "b": 2}, {"a"}).achieved

    def test_a_group_of_which_nothing_was_given_goes_with_its_rule_and_weight(self):
        inner = CriteriaGroup(members=(A, B), rule=Rule(value="0.9"), weight="9")
        lo = outcome(inner, C)
        assert not result(lo, {"c": 10}).achieved
        assert result(lo, {"c": 10}, {"a", "b"}).achieved

    def test_a_group_of_which_something_was_given_keeps_both(self):
        inner = CriteriaGroup(members=(A, B), rule=Rule(value="0.9"), weight="9")
        lo = outcome(inner, C)
        assert result(lo, {"b": 8, "c": 10}, {"a"}).status is OutcomeStatus.NOT_ACHIEVED
        assert result(lo, {"b": 9, "c": 10}, {"a"}).achieved

    def test_weights_of_the_rest_are_as_they_were(self):
        lo = outcome(Criterion(block="a", weight=1), Criterion(block="b", weight=3), Criterion(block="c", weight=5))
        assert result(lo, {"a": 10, "b": 0}, {"c"}).fraction == Decimal("0.2500")


def without(group, names):
    """The group as an author without these blocks would have written it; None if nothing is left to write."""
    members = [without(m, names) if isinstance(m, CriteriaGroup) else m for m in group.members]
    members = [m for m in members if m is not None and getattr(m, "block", None) not in names]
    return dataclasses.replace(group, members=tuple(members)) if members else None


@given(my.outcomes(), my.scores(), blocks)
def test_it_is_as_if_the_author_had_not_written_them(lo, scores, missing):
    rest = without(lo.assessment, missing)
    found = assess([lo], scores, not_given=missing)[0]
    if rest is None:
        assert found.status is OutcomeStatus.NOT_AVAILABLE
    else:
        assert found == assess([dataclasses.replace(lo, assessment=rest)], scores)[0]


@given(my.outcomes(), my.scores(), blocks)
def test_their_scores_change_nothing_and_are_not_shown(lo, scores, missing):
    found = assess([lo], scores, not_given=missing)[0]
    assert found == assess([lo], {n: s for n, s in scores.items() if n not in missing}, not_given=missing)[0]
    assert not {block.block for block in found.blocks} & missing


@given(my.outcomes(), my.scores(), blocks)
def test_names_that_assess_nothing_change_nothing(lo, scores, others):
    used = {leaf.block for leaf in lo.assessment.leaves()}
    assert assess([lo], scores, not_given=others - used) == assess([lo], scores)


@given(my.outcomes(), my.scores(), blocks, st.sampled_from(my.BLOCKS), st.decimals("0", "5", places=2))
def test_it_stays_monotone(lo, scores, missing, block, more):
    before = assess([lo], scores, not_given=missing)[0]
    raised = Score(block=block, earned=more, possible=5)
    if block in scores:
        raised = dataclasses.replace(scores[block], earned=scores[block].earned + more, attempted=True)
    after = assess([lo], scores | {block: raised}, not_given=missing)[0]
    assert after.fraction >= before.fraction
    assert after.achieved or not before.achieved


@given(my.outcomes(), my.scores(), st.sampled_from(my.BLOCKS))
def test_a_withheld_block_never_helps(lo, scores, hidden):
    """What a learner cannot open has no score: as good as not answered, and never better than any answer."""
    if assess([lo], {n: s for n, s in scores.items() if n != hidden})[0].achieved:
        assume(hidden in scores and scores[hidden].attempted)
        assert assess([lo], scores)[0].achieved


@given(my.pills(), my.scores(), blocks)
def test_what_is_not_available_is_never_mastered(pill, scores, missing):
    results = assess(pill.outcomes, scores, not_given=missing)
    unavailable = [r for r in results if r.status is OutcomeStatus.NOT_AVAILABLE]
    assert not any(r.achieved for r in unavailable)
    if len(unavailable) == len(results):
        assert not pill.mastered(results)


@pytest.mark.parametrize("kind", [set, frozenset, list, tuple])
def test_any_collection_will_do(kind):
    assert result(outcome(A, B), {"a": 10}, kind(["b"])).achieved
