"""The sentences of credentials: exact numbers, both languages alike, no claim to what is not awarded."""

from __future__ import annotations

import re
import string
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import wording
from microcred_xblock.domain.outcomes import CriteriaGroup, Criterion, LearningOutcome, Logic, Rule
from microcred_xblock.domain.pill import Mastery, MasteryRule
from microcred_xblock.domain.recognition import ASSESSMENT_TYPES, MODES, SUPERVISION, BlocPlace
from tests.domain import strategies
from tests.factories import make_pill


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_sentences_with_the_same_gaps():
    english, french = wording.texts("en"), wording.texts("fr")
    assert english.keys() == french.keys()
    for key in english:
        assert placeholders(english[key]) == placeholders(french[key]), key
    assert {*MODES, *ASSESSMENT_TYPES, *SUPERVISION} <= english.keys()


@pytest.mark.parametrize(
    ("number", "written"), [("3", "3"), ("0.25", "0.25"), ("2.50", "2.5"), ("100", "100"), ("1E+2", "100"), ("0", "0")]
)
def test_numbers_in_full(number, written):
    assert wording.plain(Decimal(number)) == written


@settings(deadline=None)
@given(n=st.integers(0, 10_000))
def test_percent_is_exact(n):
    fraction = Decimal(n) / 10_000
    assert Decimal(wording.percent(fraction)) == fraction * 100
    assert re.fullmatch(r"\d+(\.\d*[1-9])?", wording.percent(fraction))


def test_french_numbers_and_spaces():
    assert wording.localised(Decimal("83.33"), "fr-FR") == "83,33"
    assert wording.localised(Decimal("83.33"), "de") == "83.33"
    assert wording.texts("fr")["threshold"] == "au moins {percent}\u00a0%"


def test_times_are_utc():
    east = timezone(timedelta(hours=9))
    assert wording.instant(datetime(2026, 1, 1, 3, 4, 5, 999, tzinfo=east)) == "2025-12-31T18:04:05Z"


def outcome(group):
    return LearningOutcome(id="o", title="O", assessment=group)


def leaf(block, weight="1", rule=None):
    return Criterion(block=block, weight=Decimal(weight), rule=Rule(value=Decimal(rule)) if rule else None)


SEVENTY = Rule(value=Decimal("0.7"))


@pytest.mark.parametrize(
    ("group", "sentence"),
    [
        (CriteriaGroup(members=(leaf("a"),), rule=SEVENTY), "at least 70 % in one assessment."),
        (
            CriteriaGroup(members=(leaf("a", "1", "0.9"),), rule=SEVENTY),
            "at least 70 % on the weighted mean of [assessment 1 (weight 1, at least 90 %)].",
        ),
        (
            CriteriaGroup(
                members=(CriteriaGroup(members=(leaf("a"),), rule=Rule(value=Decimal("0.9"))),), rule=SEVENTY
            ),
            "at least 70 % on the weighted mean of [at least 90 % in one assessment (weight 1)].",
        ),
        (
            CriteriaGroup(members=(CriteriaGroup(members=(leaf("a"),)),), rule=SEVENTY),
            "at least 70 % in one assessment.",
        ),
        (
            CriteriaGroup(members=(leaf("a"), leaf("b")), rule=SEVENTY, logic=Logic.OR),
            "at least 70 % on the best of 2 assessments.",
        ),
        (
            CriteriaGroup(members=(leaf("a", "2"), leaf("b", "1", "0.5")), rule=SEVENTY, all_attempted=True),
            "at least 70 % on the weighted mean of [assessment 1 (weight 2); assessment 2 (weight 1, at least 50 %)], "
            "every assessment attempted.",
        ),
        (
            CriteriaGroup(
                members=(
                    leaf("a"),
                    CriteriaGroup(members=(leaf("b"), leaf("c")), logic=Logic.OR, weight=Decimal(3)),
                ),
                rule=SEVENTY,
            ),
            "at least 70 % on the weighted mean of [assessment 1 (weight 1); on the best of 2 assessments (weight 3)].",
        ),
    ],
)
def test_criteria_in_words(group, sentence):
    assert wording.condition(group, "en") == sentence


@settings(deadline=None)
@given(group=strategies.groups(["a", "b", "c", "d"]), language=st.sampled_from(["en", "fr"]))
def test_every_threshold_is_said(group, language):
    sentence = wording.condition(group, language)

    def rules(node):
        if node.rule is not None:
            yield node.rule.value
        for member in getattr(node, "members", ()):
            yield from rules(member)

    for value in rules(group):
        assert f"{wording.localised(value * 100, language)}" in sentence


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (MasteryRule(), "every one of these"),
        (MasteryRule(kind=Mastery.N_OF_M, n=2), "at least 2 of these 3 learning outcomes"),
        (MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=1, required=("read-data",)), "at least 1 of the others"),
    ],
)
def test_the_mastery_rule_in_words(rule, words):
    text = wording.requirements(make_pill(mastery=rule))
    assert words in text
    assert ("(required)" in text) is bool(rule.required)


def test_an_outcome_title_stays_one_item_of_the_list():
    pill = make_pill()
    odd = outcome(CriteriaGroup(members=(leaf("a"),), rule=SEVENTY))
    text = wording.requirements(make_pill(outcomes=(*pill.outcomes, LearningOutcome(
        id="z", title="line one\n- line two", assessment=odd.assessment,
    ))))
    assert "\n- line two" not in text


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("bloc", ["", "RNCP38596BC02"])
def test_the_sentence_about_the_bloc_claims_nothing(language, bloc):
    place = BlocPlace(
        certification="RNCP38596", certification_title="Title", bloc=bloc, bloc_title="Bloc" if bloc else "",
        valid_until=date(2029, 1, 31),
    )
    sentence = wording.towards(place, language)
    refusal = {"en": "It does not award", "fr": "Elle ne délivre ni"}[language]
    assert sentence.count(refusal) == 1
    assert "2029-01-31" in sentence
    assert ("RNCP38596BC02" in sentence) is bool(bloc)
    before = sentence.split(refusal)[0].lower()
    assert not re.search(r"\b(awards|obtained|validated|délivre|obtenu|validé)", before)
