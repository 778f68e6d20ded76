"""What makes a new version, in the author's words: told exactly when the version differs."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcred_xblock.authoring import versions
from microcred_xblock.domain.outcomes import CriteriaGroup, Criterion, LearningOutcome, Logic, Rule, Skill
from microcred_xblock.domain.pill import BadgeImage, LearningPill, Mastery, MasteryRule
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance.data import HeldVersion, Holders
from microcred_xblock.translation import Translator
from tests.factories import make_pill, make_recognition

from ..domain import strategies

ENGLISH = Translator("en")
PILL = make_pill()
FIRST = PILL.outcomes[0]


def told(after, before=PILL):
    """``(what makes a new version, what does not)``, without the marks around titles."""
    found = versions.changes(before, after, ENGLISH)
    plain = [(change.what.replace("\u2068", "").replace("\u2069", ""), change.certifies) for change in found]
    return [what for what, certifies in plain if certifies], [what for what, certifies in plain if not certifies]


def outcome(**changes):
    return replace(PILL, outcomes=(replace(FIRST, **changes), *PILL.outcomes[1:]))


def assessment(**changes):
    return outcome(assessment=replace(FIRST.assessment, **changes))


NAME = f"Outcome “{FIRST.title}”: "
A, B = FIRST.assessment.members


@pytest.mark.parametrize(("after", "what"), [
    (replace(PILL, title="Another"), "Title"),
    (replace(PILL, mastery=MasteryRule(kind=Mastery.N_OF_M, n=1)), "Mastery rule"),
    (replace(PILL, recognition=make_recognition(eqf_level=6)), "EQF level"),
    (replace(PILL, recognition=make_recognition(bloc=None)), "Bloc of competences"),
    (replace(PILL, recognition=make_recognition(quality_assurance=None)), "Quality assurance"),
    (replace(PILL, outcomes=PILL.outcomes[::-1]), "Order of the outcomes"),
    (replace(PILL, outcomes=PILL.outcomes[1:]), f"Outcome “{FIRST.title}” removed"),
    (replace(PILL, outcomes=(*PILL.outcomes, replace(FIRST, id="more", title="More"))), "New outcome “More”"),
    (outcome(title="Better"), "Outcome “Better”: Title of the outcome"),
    (outcome(kind="knowledge"), NAME + "Kind of outcome"),
    (outcome(skills=()), NAME + "Skill"),
    (assessment(rule=Rule(value=Decimal("0.9"))), NAME + "Threshold"),
    (assessment(logic=Logic.OR), NAME + "Logic of the group"),
    (assessment(all_attempted=False), NAME + "All attempted"),
    (assessment(members=(A,)), NAME + "Activities that assess it"),
    (assessment(members=(replace(A, weight=Decimal(2)), B)), NAME + "Weights"),
    (assessment(members=(replace(A, rule=Rule(value=Decimal(1))), B)), NAME + "Assessment"),
    (assessment(members=(CriteriaGroup(members=(A, B)),)), NAME + "Assessment"),
    (assessment(members=(A,), rule=Rule(value=Decimal(1))), NAME + "Activities that assess it, Threshold"),
])
def test_what_makes_a_new_version(after, what):
    assert after.version != PILL.version
    assert told(after) == ([what], [])


@pytest.mark.parametrize(("after", "what"), [
    (replace(PILL, description="A typo less."), "Description"),
    (replace(PILL, language="fr"), "Language"),
    (replace(PILL, tags=("x",)), "Tag"),
    (replace(PILL, upkeep=Upkeep(grace_days=3)), "After the award"),
    (replace(PILL, image=BadgeImage(media_type="image/png", data=b"x", caption="x")), "Badge image"),
    (outcome(description="A typo less."), NAME + "Description"),
    (outcome(reuse_level="transversal"), NAME + "Reuse level"),
    (outcome(skills=tuple(replace(skill, label="x") for skill in FIRST.skills)),
     NAME + "Words and order of the skills"),
])
def test_what_does_not(after, what):
    assert after.version == PILL.version
    assert told(after) == ([], [what])


def test_both_at_once_and_outcomes_of_one_title():
    twins = replace(PILL, outcomes=tuple(replace(item, title="Same") for item in PILL.outcomes))
    after = replace(twins, description="New.", outcomes=(
        twins.outcomes[0], replace(twins.outcomes[1], kind="knowledge", description="New."), twins.outcomes[2],
    ))
    assert told(after, twins) == (
        ["Outcome “Same (number 2)”: Kind of outcome"], ["Description", "Outcome “Same (number 2)”: Description"],
    )


@st.composite
def edits(draw):
    """A pill, and what may become of it: any of its parts is another one's, or something is done to its outcomes."""
    before, other = draw(strategies.pills()), draw(strategies.pills())
    names = [item.name for item in dataclasses.fields(LearningPill) if item.name not in ("id", "outcomes", "mastery")]
    changes = {name: getattr(other, name) for name in draw(st.sets(st.sampled_from(names), max_size=2))}
    outcomes = list(before.outcomes)
    for place in draw(st.lists(st.integers(0, len(outcomes) - 1), max_size=2)):
        name = draw(st.sampled_from([item.name for item in dataclasses.fields(LearningOutcome) if item.name != "id"]))
        outcomes[place] = replace(outcomes[place], **{name: getattr(draw(st.sampled_from(other.outcomes)), name)})
    if draw(st.booleans()):
        outcomes = draw(st.permutations(outcomes))
    if draw(st.booleans()):
        outcomes += [item for item in other.outcomes if item.id not in {one.id for one in outcomes}]
    if draw(st.booleans()):
        changes["mastery"] = MasteryRule(n=draw(st.integers(0, 2)))
    return before, replace(before, outcomes=tuple(outcomes), **changes)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits())
def test_a_new_version_is_told_exactly_when_there_is_one(pair):
    before, after = pair
    found = versions.changes(before, after, ENGLISH)
    assert any(change.certifies for change in found) == (before.version != after.version)
    assert bool(found) == (before != after), "and nothing changes untold"
    assert all(change.what.strip() for change in found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.pills(), strategies.pills())
def test_any_two_pills(before, after):
    found = versions.changes(before, after, ENGLISH)
    assert any(change.certifies for change in found) == (before.version != after.version)


def holders(*counts, versions_=(PILL.version, "old")):
    return Holders(versions=tuple(
        HeldVersion(version=name, holders=count, first_awarded_at=datetime(2026, 5, 4, tzinfo=UTC))
        for name, count in zip(versions_, counts, strict=False)
    ))


@pytest.mark.parametrize(("held", "text"), [
    ((), "No learner holds it yet."), ((0,), "No learner holds it yet."), ((1,), "Held by 1 learner."),
    ((9, 3), "Held by 12 learners. 3 hold another version."), ((1, 1), "Held by 2 learners. 1 holds another version."),
    ((0, 1), "Held by 1 learner, in another version than this."),
    ((0, 2), "Held by 2 learners, all in other versions than this."),
])
def test_holders_in_words(held, text):
    assert versions.held(holders(*held), PILL.version, ENGLISH) == text


def test_of_an_unfinished_pill_no_version_is_the_present_one():
    assert versions.held(holders(9, 3), None, ENGLISH) == "Held by 12 learners."


def notice(after, *held):
    found = versions.notice(PILL, after, holders(*held), ENGLISH)
    return " ".join(found.html.replace("\u2068", "").replace("\u2069", "").split()), found.renews


def test_the_notice_names_what_changes_for_whom():
    html, renews = notice(replace(PILL, title="A <b>new</b> one", description="x"), 12)
    assert renews
    for text in ("This makes a new version", ">Title<", "no new version: Description", "Held by 12 learners."):
        assert text in html, html
    html, renews = notice(outcome(title="<script>alert(1)</script>"), 1)
    assert "&lt;script&gt;" in html and "<script>" not in html


def test_a_mended_typo_is_calm():
    image = BadgeImage(media_type="image/png", data=b"x", caption="x")
    html, renews = notice(replace(PILL, description="x", image=image), 12)
    assert not renews and "No new version: Description; Badge image" in html and "This makes" not in html


def test_nobody_is_bothered_where_nobody_holds_it_or_nothing_changes():
    assert notice(replace(PILL, title="x"), 0) == ("", False)
    assert notice(PILL, 12) == ("", False)


def test_going_back_to_what_learners_hold_is_no_new_version():
    after = replace(PILL, title="As it was")
    found = versions.notice(PILL, after, holders(0, 5, versions_=(PILL.version, after.version)), ENGLISH)
    assert not found.renews and "again the version that 5 learners hold" in found.html


def test_skills_that_are_only_sorted_otherwise():
    skills = (Skill(uri="https://e.org/1", label="a"), Skill(uri="https://e.org/2", label="b"))
    before, after = outcome(skills=skills), outcome(skills=skills[::-1])
    assert before.version == after.version and told(after, before) == ([], [NAME + "Words and order of the skills"])


def test_weights_in_nested_groups():
    group = CriteriaGroup(members=(Criterion(block="a"), Criterion(block="b")))
    other = CriteriaGroup(members=(Criterion(block="a", weight=Decimal(3)), Criterion(block="b")))
    assert told(assessment(members=(other,)), assessment(members=(group,))) == ([NAME + "Weights"], [])
