"""The pill's own consistency, its version, and the mastery rules."""

from __future__ import annotations

import dataclasses
from uuid import UUID

import pytest
from hypothesis import given

from microcred_xblock.domain import codec
from microcred_xblock.domain.award import Award, decide
from microcred_xblock.domain.errors import InvalidInput, InvalidPill
from microcred_xblock.domain.outcomes import (
    CriteriaGroup,
    Criterion,
    LearningOutcome,
    Logic,
    Rule,
    Score,
    Skill,
    assess,
)
from microcred_xblock.domain.pill import LearningPill, Mastery, MasteryRule
from microcred_xblock.domain.recognition import (
    BlocPlace,
    NationalLevel,
    QualificationPlace,
    QualityAssurance,
    Recognition,
)

from . import strategies as my

AWARD_ID = UUID("11111111-2222-4333-8444-555555555555")


def lo(id, block=None, **over):
    group = CriteriaGroup(members=(Criterion(block=block or id),), rule=Rule(value="0.7"))
    return LearningOutcome(**{"id": id, "title": f"Outcome {id}", "assessment": group} | over)


def pill(*ids, **over):
    values = {
        "id": "pill-1", "title": "Fault diagnosis", "description": "Find it.", "outcomes": tuple(lo(i) for i in ids)
    }
    return LearningPill(**values | over)


def standing(p, *achieved):
    return assess(p.outcomes, {i: Score(block=i, earned=1, possible=1) for i in achieved})


class TestMastery:
    def test_all(self):
        p = pill("a", "b")
        assert not p.mastered(standing(p, "a"))
        assert p.mastered(standing(p, "a", "b"))

    def test_n_of_m(self):
        p = pill("a", "b", "c", mastery=MasteryRule(kind=Mastery.N_OF_M, n=2))
        assert not p.mastered(standing(p, "c"))
        assert p.mastered(standing(p, "a", "c"))

    def test_required_plus_n_of_the_others(self):
        p = pill("a", "b", "c", mastery=MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=1, required=("a",)))
        assert not p.mastered(standing(p, "a"))
        assert not p.mastered(standing(p, "b", "c"))
        assert p.mastered(standing(p, "a", "c"))

    @pytest.mark.parametrize(
        "mastery,code",
        [
            (MasteryRule(kind=Mastery.N_OF_M, n=0), "mastery-range"),
            (MasteryRule(kind=Mastery.N_OF_M, n=3), "mastery-range"),
            (MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=2, required=("a",)), "mastery-range"),
            (MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=0), "mastery-range"),
            (MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=1, required=("z",)), "mastery-unknown"),
        ],
    )
    def test_impossible_rules_are_refused(self, mastery, code):
        with pytest.raises(InvalidPill) as caught:
            pill("a", "b", mastery=mastery)
        assert caught.value.code == code


class TestBadInput:
    @pytest.mark.parametrize(
        "make,code",
        [
            (lambda: pill(), "no-outcomes"),
            (lambda: pill("a", "a"), "duplicate-outcome"),
            (lambda: pill(*(f"o{n}" for n in range(101))), "many-outcomes"),
            (lambda: pill("a", title="T" * 10_000), "text-too-long"),
            (lambda: pill("a", title="\u0085"), "text-empty"),
            (lambda: pill("a", title="a\u0085b"), "text-control-character"),
            (lambda: pill("a", description="a\ud800"), "text-control-character"),
            (lambda: pill("a", title="a\U0001fffe"), "text-control-character"),
            (lambda: pill("a", language="English"), "language"),
            (lambda: Recognition(eqf_level=9), "eqf-level"),
            (lambda: Recognition(workload_hours="0"), "recognition-number"),
            (lambda: Recognition(isced_f="7a"), "isced-f"),
            (lambda: Recognition(mode="telepathy"), "recognition-code"),
            (lambda: BlocPlace(certification="38596", certification_title="T"), "bloc-certification"),
            (
                lambda: BlocPlace(
                    certification="RNCP1", certification_title="T", bloc="RNCP2BC01", bloc_title="B"
                ),
                "bloc-code",
            ),
            (lambda: Skill(uri="javascript:alert(1)", label="x"), "iri"),
            (lambda: Skill(uri="https://a b", label="x"), "iri"),
            *(
                (lambda c=c: Skill(uri=f"https://a/{c}b", label="x"), "iri")
                for c in "\t\n\r\x7f\xa0\ufdd0\ufffe\uffff\ud800\U0001fffe"
            ),
            *(
                (lambda code=code: BlocPlace(certification=code, certification_title="T"), "bloc-certification")
                for code in ("RNCP1\n", "RNCP\u0663")
            ),
            *(
                (
                    lambda code=code: BlocPlace(
                        certification="RNCP1", certification_title="T", bloc=code, bloc_title="B"
                    ),
                    "bloc-code",
                )
                for code in ("RNCP1BC01\n", "RNCP1BC0\u0661")
            ),
            *((lambda code=code: Recognition(isced_f=code), "isced-f") for code in ("0713\n", "07\u0661\u0663")),
            (lambda: pill("a", language="en\n"), "language"),
        ],
    )
    def test_is_refused_with_its_code(self, make, code):
        with pytest.raises(InvalidInput) as caught:
            make()
        assert caught.value.code == code

    def test_mixed_scripts_and_emoji_are_welcome(self):
        title = "Éolienne – диагностика 🔧 العربية ｆｕｌｌ"
        assert pill("a", title=title).title == title


class TestVersion:
    def test_typos_do_not_make_a_new_version(self):
        p = pill("a", "b")
        assert dataclasses.replace(p, description="Other words", tags=("x",)).version == p.version

    @pytest.mark.parametrize(
        "change",
        [
            {"outcomes": (lo("a"),)},
            {"outcomes": (lo("a"), lo("b", block="c"))},
            {"title": "Doctor of Wind"},
            {"recognition": Recognition(eqf_level=5)},
            {"recognition": Recognition(ects="30")},
            {"recognition": Recognition(workload_hours="750")},
            {"mastery": MasteryRule(kind=Mastery.N_OF_M, n=1)},
        ],
    )
    def test_what_is_certified_makes_a_new_version(self, change):
        p = pill("a", "b")
        assert dataclasses.replace(p, **change).version != p.version

    def test_stays_the_same_across_releases(self):
        assert pill("a").version == "878703e6524b"
        full = pill("a", recognition=Recognition(
            workload_hours="3", ects="0.1", eqf_level=4, isced_f="0713", mode="online", assessment_type="quiz",
            supervision="supervised", quality_assurance=QualityAssurance(title="Qualiopi", agency="AFNOR"),
            prerequisites="None.", bloc=BlocPlace(
                certification="RNCP38596", certification_title="T", bloc="RNCP38596BC02", bloc_title="B",
                valid_until=my.date(2029, 12, 31),
            ),
        ))
        assert full.version == "b82ad37cf18d"

    @pytest.mark.parametrize("later", [
        {"nqf": NationalLevel(framework="RNCP", level="4")}, {"towards": QualificationPlace(title="Electrician")},
        {"stackability": "stand-alone"}, {"further_information": "https://example.org/"},
    ])
    def test_values_that_came_later_count_and_are_written_only_where_they_are_set(self, later):
        plain, more = pill("a"), pill("a", recognition=Recognition(**later))
        assert more.version != plain.version
        assert codec.encode(more)["recognition"].keys() - codec.encode(plain)["recognition"].keys() == later.keys()
        assert codec.decode(LearningPill, codec.encode(more)) == more

    def test_what_was_frozen_before_is_frozen_alike_now(self):
        assert set(codec.encode(Recognition())) == {
            "$", "workload_hours", "ects", "eqf_level", "isced_f", "mode", "assessment_type", "supervision",
            "quality_assurance", "prerequisites", "bloc",
        }


class TestAssessedPart:
    """What makes two versions ask for the same."""

    @pytest.mark.parametrize("change", [
        {"title": "Doctor of Wind"}, {"recognition": Recognition(eqf_level=5)}, {"language": "fr"},
        {"outcomes": (lo("b"), lo("a"))}, {"outcomes": (lo("a"), lo("b", title="Other words", kind="knowledge"))},
        {"mastery": MasteryRule(n=1)},
    ])
    def test_words_order_and_recognition_are_no_part_of_it(self, change):
        p = pill("a", "b")
        assert dataclasses.replace(p, **change).assessed == p.assessed

    @pytest.mark.parametrize("change", [
        {"outcomes": (lo("a"),)}, {"outcomes": (lo("a"), lo("c", block="b"))},
        {"outcomes": (lo("a"), lo("b", block="c"))},
        {"mastery": MasteryRule(kind=Mastery.N_OF_M, n=1)}, {"mastery": MasteryRule(kind=Mastery.N_OF_M, n=2)},
        {"mastery": MasteryRule(kind=Mastery.REQUIRED_PLUS_N, n=1, required=("a",))},
    ])
    def test_outcomes_activities_and_rule_are(self, change):
        p = pill("a", "b")
        assert dataclasses.replace(p, **change).assessed != p.assessed

    @pytest.mark.parametrize("change", [
        {"rule": Rule(value="0.71")}, {"all_attempted": True}, {"logic": Logic.OR},
        {"members": (Criterion(block="x"), Criterion(block="y", weight=2))},
        {"members": (Criterion(block="x"), Criterion(block="y", rule=Rule(value="0.7")))},
        {"members": (Criterion(block="x"), CriteriaGroup(members=(Criterion(block="y"),)))},
    ])
    def test_so_is_everything_that_a_criterion_says(self, change):
        group = CriteriaGroup(members=(Criterion(block="x"), Criterion(block="y")), rule=Rule(value="0.7"))
        other = dataclasses.replace(group, **change)
        before, after = (pill(outcomes=(lo("a", assessment=made),)) for made in (group, other))
        assert after.assessed != before.assessed
        alike = dataclasses.replace(group, members=group.members[::-1], rule=Rule(value="0.70"))
        assert pill(outcomes=(lo("a", assessment=alike),)).assessed == before.assessed

    @given(my.pills(), my.pills(), my.scores())
    def test_where_it_is_equal_scores_mean_the_same(self, p, other, scores):
        again = codec.decode(LearningPill, codec.encode(p))
        turned = dataclasses.replace(again, outcomes=again.outcomes[::-1], recognition=other.recognition, title="Other")
        assert turned.assessed == p.assessed and hash(turned.assessed) == hash(p.assessed)
        assert turned.mastered(assess(turned.outcomes, scores)) == p.mastered(assess(p.outcomes, scores))


class TestDecide:
    def test_no_award_before_mastery(self):
        p = pill("a", "b")
        assert decide(p, standing(p, "a"), award_id=AWARD_ID, now=my.datetime(2026, 1, 1, tzinfo=my.UTC)) is None

    def test_an_award_freezes_results_in_order(self):
        p = pill("a", "b")
        results = standing(p, "a", "b")
        now = my.datetime(2026, 1, 1, tzinfo=my.UTC)
        award = decide(p, reversed(results), award_id=AWARD_ID, now=now)
        assert award.results == results and award.awarded_at == now and award.pill_version == p.version

    def test_an_unmastered_award_cannot_be_made(self):
        p = pill("a")
        with pytest.raises(InvalidInput, match="mastery rule"):
            Award(id=AWARD_ID, pill=p, results=standing(p), awarded_at=my.datetime(2026, 1, 1, tzinfo=my.UTC))

    def test_a_naive_time_is_refused(self):
        p = pill("a")
        with pytest.raises(InvalidInput, match="timezone"):
            decide(p, standing(p, "a"), award_id=AWARD_ID, now=my.datetime(2026, 1, 1))


@given(my.pills(), my.scores(), my.times)
def test_awards_survive_storage(p, scores, now):
    assert codec.decode(LearningPill, codec.encode(p)) == p
    award = decide(p, assess(p.outcomes, scores), award_id=AWARD_ID, now=now)
    if award is not None:
        assert codec.decode(Award, codec.encode(award)) == award


@given(my.pills(), my.scores(), my.scores())
def test_mastery_is_monotone(p, scores, extra):
    if not p.mastered(assess(p.outcomes, scores)):
        return
    better = dict(scores)
    for block, s in extra.items():
        if block not in better or s.fraction > better[block].fraction:
            better[block] = dataclasses.replace(s, attempted=True)
    assert p.mastered(assess(p.outcomes, better))


@pytest.mark.parametrize(
    "damage", [{"title": 5}, {"outcomes": "x"}, {"language": None}, {"recognition": {"ects": 0.1}}]
)
def test_a_damaged_row_is_an_error_not_a_wrong_credential(damage):
    data = codec.encode(pill("a")) | damage
    with pytest.raises(InvalidInput):
        codec.decode(LearningPill, data)
