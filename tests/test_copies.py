"""A pill is duplicated, pasted, moved, emptied: what its author wrote follows, or is told; never silently wrong.

On a platform in memory; Studio itself does the same in ``tests/platform/test_studio_copies.py``.
"""

from __future__ import annotations

from unittest.mock import patch

import pytest
from lxml import etree
from opaque_keys.edx.keys import CourseKey

from microcred_xblock import compat, copying, definition
from tests.fake_platform import FakePlatform

pytestmark = pytest.mark.django_db
COURSE = "course-v1:Org+C+R"
SKILLS = [{"uri": "http://data.europa.eu/esco/skill/1", "label": "diagnose", "framework": "ESCO"}]
OUTCOMES = [
    {
        "id": "locate", "title": "Locate", "threshold": "0.7", "skills": SKILLS, "unknown": {"colour": "red"},
        "assessed_by": [{"block": "p1", "weight": "2"}, {"members": [{"block": "p2"}, {"block": "p3"}], "logic": "or"}],
    },
    {"id": "decide", "title": "Decide", "threshold": "0.5", "assessed_by": [{"block": "p3", "threshold": "0.5"}]},
]
WRITTEN = {
    "outcomes": OUTCOMES, "mastery": {"rule": "required-plus-n", "n": "0", "required": ["decide", "locate"]},
    "recognition": {"workload_hours": "3", "eqf_level": "5"}, "upkeep": {"regrade": "suspend"}, "tags": ["wind"],
    "unknown_elements": ["<later>kept</later>"], "unknown_attributes": {"colour": "blue"}, "language": "fr",
}
KEY = CourseKey.from_string(COURSE)


@pytest.fixture
def world():
    with patch.object(compat, "save_copy", lambda copy, _store: None):
        yield FakePlatform()


@pytest.fixture
def pill(world):
    return world.blocks[world.pill("pill", ("p1", "p2", "p3"), course=COURSE, **WRITTEN)]


def references(block):
    return [name for _outcome, name in definition.block_references(block.outcomes)]


def flaws(block):
    return [(problem.code, problem.params.get("block", "")) for problem in block.problems()
            if problem.code.startswith("block-")]


def empty(world, name="copy", course=COURSE, fields=()):
    """A pill as Studio has just made it, with the fields that it copied itself."""
    key = CourseKey.from_string(course).make_usage_key("learning_pill", name)
    block = world.make(key, dict(fields))
    block.children = []
    return block


def grow(world, copy, names, course=COURSE):
    """What the platform's own copying of children does: each gets a new id."""
    for name in names:
        key = CourseKey.from_string(course).make_usage_key("problem", name)
        world.make(key, {"display_name": name})
        copy.children = [*copy.children, key]


def duplicated(world, pill, names=("c1", "c2", "c3")):
    copy = empty(world, fields={name: getattr(pill, name) for name in (*WRITTEN, "display_name", "description")})
    with patch.object(compat, "duplicate_children", lambda _source, made: grow(world, made, names)):
        assert copy.studio_post_duplicate(None, pill) is True
    return copy


def written(pill):
    """The element of Studio's clipboard."""
    node = etree.Element("unknown_root")
    pill.add_xml_to_node(node)
    for element, key in zip(node.iter("problem"), pill.children, strict=True):
        element.set("url_name", key.block_id)
    return node


def pasted(world, pill, names=("c1", "c2", "c3"), course=COURSE):
    attributes = {name: getattr(pill, name) for name in ("display_name", "language", "unknown_attributes")}
    copy = empty(world, course=course, fields=attributes)  # what Studio reads of an element itself
    with patch.object(compat, "paste_children", lambda elements, made, _store: grow(world, made, names, course)):
        assert copy.studio_post_paste(None, written(pill)) is True
    return copy


@pytest.mark.parametrize("made", [duplicated, pasted])
class TestCopies:
    def test_references_point_to_the_copied_blocks_and_the_original_is_as_it_was(self, world, pill, made):
        copy = made(world, pill)
        assert references(copy) == ["c1", "c2", "c3", "c3"]
        assert references(pill) == ["p1", "p2", "p3", "p3"]
        assert flaws(copy) == flaws(pill) == []

    def test_required_outcomes_skills_and_all_else_come_along(self, world, pill, made):
        copy = made(world, pill)
        for name in set(WRITTEN) - {"outcomes"}:
            assert getattr(copy, name) == WRITTEN[name], name
        back = copying.rename(copy.outcomes, {"c1": "p1", "c2": "p2", "c3": "p3"})
        if made is duplicated:
            assert back == OUTCOMES
        assert back[0]["skills"][0]["uri"] == SKILLS[0]["uri"] and back[0]["skills"][0]["label"] == "diagnose"
        assert "colour" in str(back[0]) and back[0]["assessed_by"][0] == {"block": "p1", "weight": "2"}
        assert {"mastery-unknown", "duplicate-outcome"}.isdisjoint(problem.code for problem in copy.problems())

    def test_what_cannot_be_matched_is_told_and_points_to_nothing_else(self, world, pill, made):
        copy = made(world, pill, ("c1", "c2"))
        assert references(copy) == ["p1", "p2", "p3", "p3"]
        assert flaws(copy) == [
            ("block-missing", "p1"), ("block-missing", "p2"), ("block-missing", "p3"), ("block-missing", "p3"),
        ]

    def test_a_copy_that_has_the_old_names_by_chance_is_mapped_all_the_same(self, world, pill, made):
        copy = made(world, pill, ("p3", "p1", "p2"))
        assert references(copy) == ["p3", "p1", "p2", "p2"], "by position, not by name"

    def test_a_dangling_reference_stays_dangling(self, world, pill, made):
        pill.outcomes = [{**OUTCOMES[0], "assessed_by": [{"block": "gone"}, {"block": "p1"}]}]
        copy = made(world, pill)
        assert references(copy) == ["gone", "c1"] and flaws(copy) == [("block-missing", "gone")]


def test_into_another_course_every_reference_is_one_there(world, pill):
    copy = pasted(world, pill, course="course-v1:Org+Other+R")
    assert references(copy) == ["c1", "c2", "c3", "c3"] and flaws(copy) == []


class TestChildrenThatGo:
    def test_moved_out_or_deleted_is_told_and_back_is_sound(self, world, pill):
        p1 = pill.children[0]
        pill.unknown_elements, pill.outcomes = [], [{**OUTCOMES[0], "unknown": {}}, OUTCOMES[1]]
        pill.children = pill.children[1:]
        assert flaws(pill) == [("block-missing", "p1")]
        assert pill.readable_pill() is not None, "the definition itself is whole; no award is made all the same"
        found = world.platform_evidence("7", str(pill.scope_ids.usage_id), pill.pill().references)
        assert found.missing == {"p1"}
        pill.children = [*pill.children, p1]
        assert flaws(pill) == []

    def test_one_that_is_put_into_a_container_inside_stays(self, world, pill):
        box = KEY.make_usage_key("vertical", "box")
        world.make(box, {}).children = [pill.children[0]]
        pill.children = [*pill.children[1:], box]
        assert flaws(pill) == []

    def test_an_outcome_that_goes_is_told_where_mastery_requires_it(self, pill):
        pill.outcomes = OUTCOMES[:1]
        assert "mastery-unknown" in {problem.code for problem in pill.problems()}
