"""The pill as its authors see it: the map of its assessment, who holds it, and that nothing wrong breaks it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

from microcred_xblock import definition
from microcred_xblock.authoring import meter
from microcred_xblock.authoring.blocks import Block
from microcred_xblock.authoring.overview import AuthorPage, author
from microcred_xblock.definition import Definition
from microcred_xblock.domain.errors import InvalidPill
from microcred_xblock.issuance.data import HeldVersion, Holders
from microcred_xblock.translation import Translator

ENGLISH = Translator("en")
BLOCKS = (
    Block(reference="p1", title="First", graded=True), Block(reference="p2", title="Second", graded=True),
    Block(reference="p3", title="Third", graded=True), Block(reference="text", title="A text", graded=False),
    Block(reference="part", title="A part", graded=True, part=True),
)
OUTCOME = {"id": "locate", "title": "Locate a fault", "threshold": "0.7", "assessed_by": [
    {"block": "p1", "weight": "2"}, {"block": "p2", "threshold": "0.5"},
]}


def shown(outcomes=(OUTCOME,), *, language="en", extra=(), **options):
    source = Definition(id="p", title="Fault diagnosis", description="Find out why.", outcomes=list(outcomes))
    problems = (*definition.read(source)[1], *extra)
    page = AuthorPage(
        key="p", title="Fault diagnosis", **{"definition": source, "problems": problems, "blocks": BLOCKS, **options}
    )
    return html.fragment_fromstring(author(page, Translator(language), ()))


def words(element):
    return " ".join(element.text_content().split())


def items(root):
    return [words(item) for item in root.xpath("//*[contains(@class, 'mcp-map__item')]")]


def test_what_assesses_an_outcome_and_how_much_it_counts():
    root = shown()
    assert items(root) == ["First counts 67 %", "Second counts 33 % at least 50 %"]
    assert "Locate a fault Needs 70 %" in words(root)
    assert "The weighted mean of these counts" in words(root)
    assert "Achieve the outcome to earn the credential." in words(root) and "Find out why." in words(root)
    assert "This pill is complete." in words(root)


def test_of_the_best_no_share_is_told_and_one_alone_needs_no_rule():
    best = {**OUTCOME, "logic": "or"}
    assert items(shown([best])) == ["First", "Second at least 50 %"]
    assert "The best of these counts" in words(shown([best]))
    alone = {**OUTCOME, "assessed_by": [{"block": "p1"}]}
    assert items(shown([alone])) == ["First counts 100 %"] and "weighted mean" not in words(shown([alone]))


def test_groups_within_groups():
    nested = {**OUTCOME, "assessed_by": [
        {"block": "p1"}, {"members": [{"block": "p2"}, {"block": "p3"}], "logic": "or", "weight": "3"},
    ]}
    assert items(shown([nested])) == [
        "First counts 25 %", "The best of these counts Second Third counts 75 %", "Second", "Third",
    ]


def test_activities_that_assess_nothing_are_told_and_parts_of_others_are_not():
    unused = shown().xpath("//*[contains(@class, 'mcp-map__unused')]//li")
    assert [words(item) for item in unused] == ["Third"]
    every = {**OUTCOME, "assessed_by": [{"block": name} for name in ("p1", "p2", "p3")]}
    assert not shown([every]).xpath("//*[contains(@class, 'mcp-map__unused')]")


def test_references_that_lead_nowhere_stand_out_where_they_are():
    lost = {**OUTCOME, "assessed_by": [{"block": "gone"}, {"block": "text"}]}
    missing = InvalidPill("", code="block-missing", field="outcome locate.assessed-by", outcome="locate", block="gone")
    root = shown([lost], extra=(missing,))
    assert items(root) == [
        "Missing block “gone” counts 50 %", "A text gives no score counts 50 %",
    ]
    assert len(root.xpath("//*[contains(@class, 'mcp-map__item')][contains(@class, 'mcp-map__odd')]")) == 2


def test_of_an_unfinished_pill_what_can_be_trusted_is_shown():
    root = shown([OUTCOME, {"id": "decide", "title": "Decide"}])
    assert "To be mended before learners can earn" in words(root)
    assert "Decide To be mended" in words(root) and items(root)[0] == "First counts 67 %"
    assert "Find out why." in words(root), "the summary too"
    assert "Outcomes and what assesses them" not in words(shown([]))


def holders(*counts, present="x"):
    return Holders(versions=tuple(
        HeldVersion(version=name, holders=count, first_awarded_at=datetime(2026, 5, 4, tzinfo=UTC))
        for name, count in zip((present, "0123456789ab", "cdef01234567"), counts, strict=False)
    ))


VERSION = definition.build(Definition(
    id="p", title="Fault diagnosis", description="Find out why.", outcomes=[OUTCOME]
)).version


def test_nobody_holds_it_yet():
    root = shown(holders=Holders())
    assert "No learner holds it yet." in words(root)
    assert not root.xpath("//*[contains(@class, 'mcp-versions')]")


def test_holders_of_the_present_version_alone_need_no_history():
    root = shown(holders=holders(12, present=VERSION))
    assert "Held by 12 learners." in words(root) and not root.xpath("//*[contains(@class, 'mcp-versions')]")


def test_the_versions_that_were_awarded():
    root = shown(holders=holders(9, 3, 0, present=VERSION))
    assert "Held by 12 learners. 3 hold another version." in words(root)
    assert [words(item) for item in root.xpath("//li[@class='mcp-versions__item']")] == [
        f"First awarded: May 4, 2026 9 learners hold it as it is now {VERSION}",
        "First awarded: May 4, 2026 3 learners hold it 0123456789ab",
        "First awarded: May 4, 2026 0 learners hold it cdef01234567",
    ]


def test_how_far_it_is_from_what_europe_asks():
    source = Definition(id="p", title="T", description="D", outcomes=[OUTCOME], recognition={"workload_hours": "3"})
    found = meter.elements(source, {"name": "School", "country": "FR"}, ENGLISH)
    text = words(shown(definition=source, elements=found))
    assert "Recognition across Europe Mandatory elements: 7 of 11. Optional: 1 of 5." in text
    assert "Still missing of the mandatory ones: Level, if one applies, Type of assessment," in text
    whole = [{**element, "done": True} for element in found]
    assert "Still missing" not in words(shown(definition=source, elements=whole))


def test_where_nothing_is_issued_or_nobody_can_tell():
    assert "Who holds it" not in words(shown())
    assert "cannot be told at the moment" in words(shown(holders_unknown=True))


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_script_in_every_text_is_text(language):
    bad = "<script>alert(1)</script>\"'>"
    outcome = {
        "id": "a", "title": bad, "description": bad, "threshold": "0.7", "assessed_by": [{"block": bad}],
        "skills": [{"uri": "https://e.org/1", "label": bad, "framework": bad}],
    }
    source = Definition(id="p", title=bad, description=bad, outcomes=[outcome])
    blocks = (Block(reference="x", title=bad, graded=True),)
    root = shown(definition=source, blocks=blocks, problems=definition.read(source)[1], language=language)
    assert not root.xpath("//script")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "title", "threshold", "assessed_by", "block", "members"]), inner
    ),
    max_leaves=9,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(JSON, max_size=3), JSON, JSON)
def test_whatever_is_stored_is_shown(outcomes, title, description):
    source = Definition(id="p", title=title, description=description, outcomes=outcomes)
    page = AuthorPage(
        key="p", title=str(title), definition=source, problems=definition.read(source)[1], blocks=BLOCKS,
        holders=Holders(),
    )
    assert "No learner holds it yet." in author(page, ENGLISH, ())


def unissuable(count):
    return [InvalidPill("x", code="preflight-elm", field="outcome locate.skill") for _ in range(count)]


def test_what_keeps_it_from_being_issued_is_told_first_of_all_and_where_to_see_the_rest():
    root = shown(unissuable=unissuable(5), in_studio=True)
    (state,) = root.xpath("//*[@data-mcp='state']")
    assert "To be mended before learners can earn this credential" in words(state)
    assert len(state.xpath(".//li")) == 3 and "Europass would refuse" in words(state)
    assert "Choose “Edit” and look into “Preview”" in words(state) and "This pill is complete" not in words(root)
    assert "Needs 70 %" in words(root), "the outcome is sound, and shown"


def test_a_pill_that_was_not_tried_yet_is_not_called_good():
    state = words(shown(untried=True).xpath("//*[@data-mcp='state']")[0])
    assert "It is being checked" in state and "Learners can earn" not in state
