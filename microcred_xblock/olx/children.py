"""The child blocks that are written in a pill's element, and their names in runtimes that make ids of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from .vocabulary import elements


def child_names(node: etree._Element) -> list[tuple[str, list]]:
    """``(url_name, names below)`` of every child block written in ``node``, in order."""
    return [(child.get("url_name", ""), child_names(child)) for child in blocks(node)]


def match_names(names: list[tuple[str, list]], block: Any) -> dict[str, str]:
    """url_name to usage id for the blocks below ``block``, in a runtime that makes its own usage ids.

    Empty where usage ids carry the url_name themselves, as in Open edX. Of two blocks with one
    name the first counts.
    """
    found: dict[str, str] = {}
    usages = list(getattr(block, "children", None) or ())
    if len(usages) != len(names) or any(hasattr(usage, "block_id") for usage in usages):
        return found
    for (name, below), usage in zip(names, usages, strict=True):
        if name:
            found.setdefault(name, str(usage))
        if below:
            found = {**match_names(below, block.runtime.get_block(usage)), **found}
    return found


def give_names(node: etree._Element, block: Any, references: Mapping[str, str]) -> None:
    """Write ``url_name`` on the exported child blocks that have none, the inverse of ``match_names``."""
    names = {usage: name for name, usage in references.items()}
    found, usages = blocks(node), list(getattr(block, "children", None) or ())
    if not names or len(found) != len(usages):
        return
    for element, usage in zip(found, usages, strict=True):
        name = names.get(str(usage))
        if name and "url_name" not in element.attrib:
            element.set("url_name", name)
        give_names(element, block.runtime.get_block(usage), references)


def blocks(node: etree._Element) -> list[etree._Element]:
    """The elements of ``node`` that are child blocks, once the pill's own are taken."""
    return [child for child in elements(node) if etree.QName(child).namespace is None]
