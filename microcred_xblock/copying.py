"""References follow blocks into a copy.

Studio gives every block of a duplicate and of a paste a new id. Which new block is the copy of which old one is told
by its position: two lists of children are matched only if they are equally long and of the same types in the same
order. What cannot be matched stays as the author wrote it, and is then a problem of the pill (``block-missing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from . import compat


@dataclass(frozen=True, kw_only=True)
class Node:
    """A block as far as a copy of it can be recognised; ``name`` is what references call it."""

    kind: str
    name: str
    graded: bool = False
    below: tuple[Node, ...] = ()


def nodes_below(block: Any) -> tuple[Node, ...]:
    """The blocks below a stored block."""
    return tuple(
        Node(
            kind=usage_id.block_type, name=usage_id.block_id, graded=compat.is_graded(child),
            below=nodes_below(child) if getattr(child, "has_children", False) else (),
        )
        for usage_id, child in compat.children(block)
    )


def nodes_written(elements: Iterable[etree._Element]) -> tuple[Node, ...]:
    """The blocks that OLX elements stand for. Elements that are no blocks do no harm: no block will match them."""
    return tuple(
        Node(kind=element.tag, name=element.get("url_name", ""), below=nodes_written(element))
        for element in elements
        if isinstance(element.tag, str)
    )


def new_names(old: Sequence[Node], new: Sequence[Node]) -> dict[str, str]:
    """What each old name is called in the copy. Of two old blocks with one name the first graded one counts."""
    found: dict[str, Node] = {}
    for before, after in _pairs(old, new):
        if before.name and (before.name not in found or (after.graded and not found[before.name].graded)):
            found[before.name] = after
    return {name: node.name for name, node in found.items()}


def _pairs(old: Sequence[Node], new: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    if [node.kind for node in old] == [node.kind for node in new]:
        for before, after in zip(old, new, strict=True):
            yield before, after
            yield from _pairs(before.below, after.below)


def rename(outcomes: Sequence[Any], names: Mapping[str, str]) -> list[Any]:
    """``outcomes`` as the block stores them with every reference renamed; all else, sound or not, as it was."""
    return [_renamed(outcome, "assessed_by", names) for outcome in outcomes]


def _renamed(item: Any, members: str, names: Mapping[str, str]) -> Any:
    if not isinstance(item, Mapping):
        return item
    if members == "members" and isinstance(item.get("block"), str):
        return {**item, "block": names.get(item["block"], item["block"])}
    if isinstance(item.get(members), list):
        return {**item, members: [_renamed(member, "members", names) for member in item[members]]}
    return item
