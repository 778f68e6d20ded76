"""References follow blocks into a copy, or stay as the author wrote them."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from microcred_xblock.copying import Node, new_names, nodes_written, rename
from microcred_xblock.definition import block_references


def node(kind, name, *below, graded=False):
    return Node(kind=kind, name=name, graded=graded, below=below)


OLD = (node("html", "intro"), node("problem", "p1"), node("vertical", "v", node("problem", "p2")))
NEW = (node("html", "a"), node("problem", "b", graded=True), node("vertical", "c", node("problem", "d", graded=True)))


class TestNewNames:
    def test_by_position_at_every_depth(self):
        assert new_names(OLD, NEW) == {"intro": "a", "p1": "b", "v": "c", "p2": "d"}

    def test_a_list_with_one_missing_tells_nothing(self):
        assert new_names(OLD, NEW[:2]) == {}

    def test_nor_does_one_in_another_order(self):
        assert new_names(OLD, (NEW[1], NEW[0], NEW[2])) == {}

    def test_but_the_lists_around_it_do(self):
        assert new_names(OLD, (*NEW[:2], node("vertical", "c"))) == {"intro": "a", "p1": "b", "v": "c"}

    def test_of_two_with_one_name_the_graded_one(self):
        old = (node("html", "x"), node("problem", "x"), node("problem", "x"))
        new = (node("html", "a"), node("problem", "b", graded=True), node("problem", "c", graded=True))
        assert new_names(old, new) == {"x": "b"}

    def test_blocks_without_a_name(self):
        assert new_names((node("problem", ""),), (node("problem", "a"),)) == {}

    def test_names_may_change_places(self):
        old, new = (node("a", "x"), node("b", "y")), (node("a", "y"), node("b", "x"))
        assert rename([{"assessed_by": [{"block": "x"}, {"block": "y"}]}], new_names(old, new)) == [
            {"assessed_by": [{"block": "y"}, {"block": "x"}]}
        ]


class TestNodesWritten:
    def test_elements_that_are_no_blocks_do_no_harm(self):
        olx = etree.fromstring(
            '<learning_pill><!-- note --><problem url_name="p1"><choice name="x">1</choice></problem>'
            '<vertical url_name="v"><problem url_name="p2"/></vertical></learning_pill>'
        )
        new = (node("problem", "a"), node("vertical", "b", node("problem", "c")))
        assert new_names(nodes_written(olx), new) == {"p1": "a", "v": "b", "p2": "c"}


class TestRename:
    def test_everything_else_stays(self):
        outcomes = [
            {"id": "p1", "title": "p1", "block": "p1", "skills": [{"label": "p1"}], "assessed_by": [
                {"block": "p1", "weight": "2", "unknown": {"block": "p1"}}, {"block": "lost"}, {"block": 7}, "p1", None,
                {"logic": "or", "members": [{"block": "p1"}, {"members": [{"block": "p2"}]}, {"members": "p1"}]},
            ]},
            "p1", None, {"assessed_by": "p1"}, {"assessed_by": None},
        ]
        before = copy.deepcopy(outcomes)
        renamed = rename(outcomes, {"p1": "a", "p2": "b"})
        assert outcomes == before, "the given list is not touched"
        assert renamed == [
            {"id": "p1", "title": "p1", "block": "p1", "skills": [{"label": "p1"}], "assessed_by": [
                {"block": "a", "weight": "2", "unknown": {"block": "p1"}}, {"block": "lost"}, {"block": 7}, "p1", None,
                {"logic": "or", "members": [{"block": "a"}, {"members": [{"block": "b"}]}, {"members": "p1"}]},
            ]},
            "p1", None, {"assessed_by": "p1"}, {"assessed_by": None},
        ]


NAMES = st.sampled_from(["p1", "p2", "p3", "lost"])
MEMBERS = st.recursive(
    st.fixed_dictionaries({"block": NAMES}, optional={"weight": st.just("2")}),
    lambda members: st.fixed_dictionaries({"members": st.lists(members, max_size=3), "logic": st.just("or")}),
    max_leaves=8,
)
OUTCOMES = st.lists(st.fixed_dictionaries({"id": NAMES, "assessed_by": st.lists(MEMBERS, max_size=3)}), max_size=3)


@given(outcomes=OUTCOMES, new=st.permutations(["p1", "p2", "p3"]))
def test_what_is_read_as_a_reference_is_what_is_renamed(outcomes, new):
    names = dict(zip(("p1", "p2", "p3"), new, strict=True))
    renamed = rename(outcomes, names)
    assert block_references(renamed) == [
        (outcome, names.get(block, block)) for outcome, block in block_references(outcomes)
    ]
    assert rename(renamed, {after: before for before, after in names.items()}) == outcomes


TREES = st.recursive(
    st.builds(tuple),
    lambda below: st.lists(st.tuples(st.sampled_from(["problem", "html", "vertical"]), below)), max_leaves=12,
)


@given(tree=TREES)
def test_a_whole_copy_maps_every_block_to_its_own_copy(tree):
    names: list[str] = []

    def grown(items, prefix):
        made = []
        for kind, below in items:
            name = f"{len(names)}"
            names.append(name)
            made.append(Node(kind=kind, name=f"{prefix}{name}", below=grown(below, prefix)))
        return tuple(made)

    old = grown(tree, "old")
    names.clear()
    new = grown(tree, "new")
    assert new_names(old, new) == {f"old{name}": f"new{name}" for name in names}
