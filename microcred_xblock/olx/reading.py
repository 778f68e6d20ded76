"""The pill's own elements as field values."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from lxml import etree
from xblock.core import XML_NAMESPACES, XBlock
from xblock.plugin import PluginMissingError

from ..domain.errors import InvalidInput
from .vocabulary import ATTRIBUTES, OWN_ELEMENTS, RECOGNITION_PARTS, XML_SPACE, elements

MAX_ELEMENTS = 5_000
MAX_CHARACTERS = 3_000_000
MAX_NESTING = 40


def take(node: etree._Element) -> dict[str, Any]:
    """Remove the pill's own elements from ``node`` and return them as field values.

    Keys: ``description``, ``outcomes``, ``mastery``, ``recognition``, ``badge_image``, ``upkeep``,
    ``tags``, ``unknown_elements``; only those that are present. Comments and processing instructions are
    dropped too, so that what stays are child blocks (and ``option:`` fields). An element that
    names no installed block counts as unknown, for it makes a runtime fail. Raises InvalidInput
    (``olx-entity``, ``olx-too-large``, ``olx-too-deep``) before anything is taken.
    """
    own = [child for child in elements(node) if child.tag in OWN_ELEMENTS or not _may_be_block(child)]
    for child in node:
        if child.tag is etree.Entity:
            _check_tree([child])
    _check_tree(own)
    fields: dict[str, Any] = {}
    for child in own:
        _take_one(child, fields)
    for child in list(node):
        if child in own or not isinstance(child.tag, str):
            _remove(child)
    return fields


def _may_be_block(node: etree._Element) -> bool:
    """Whether to leave ``node`` to the platform: all but what certainly is no block, field or aside.

    A bare pointer to another file always is: a platform that shows a placeholder for a block that
    is not installed reads that file, and would lose it if the pointer were only kept here.
    """
    pointer = set(node.attrib) == {"url_name"} and not len(node) and not (node.text or "").strip()
    if pointer or "xblock-family" in node.attrib or etree.QName(node).namespace == XML_NAMESPACES["option"]:
        return True
    try:
        XBlock.load_class(node.tag)
    except PluginMissingError:
        return False
    except Exception:  # it is installed; that it does not load is for the platform to tell
        return True
    return True


def _check_tree(elements: Iterable[etree._Element]) -> None:
    count = size = 0
    for top in elements:
        for depth, item in _walk(top):
            count += 1
            if item.tag is etree.Entity:
                raise InvalidInput(
                    "The OLX uses an entity it does not define; write the text itself.", code="olx-entity"
                )
            size += len(item.text or "") + len(item.tail or "") + sum(len(v) for v in item.attrib.values())
            if depth > MAX_NESTING:
                raise InvalidInput("The OLX of the pill is nested too deeply.", code="olx-too-deep", limit=MAX_NESTING)
            if count > MAX_ELEMENTS or size > MAX_CHARACTERS:
                raise InvalidInput("The OLX of the pill is too large.", code="olx-too-large", limit=MAX_CHARACTERS)


def _walk(top: etree._Element) -> Iterable[tuple[int, etree._Element]]:
    waiting = [(1, top)]
    while waiting:
        depth, item = waiting.pop()
        yield depth, item
        waiting += [(depth + 1, child) for child in item]


def _take_one(child: etree._Element, fields: dict[str, Any]) -> None:
    tag = child.tag
    if tag == "outcome":
        fields.setdefault("outcomes", []).append(_read_outcome(child))
    elif tag == "tag" and _is_text(child):
        fields.setdefault("tags", []).append(_text(child))
    elif tag == "summary" and "description" not in fields and _is_text(child):
        fields["description"] = _text(child)
    elif tag == "mastery" and "mastery" not in fields:
        fields["mastery"] = _read_mastery(child)
    elif tag == "recognition" and "recognition" not in fields:
        fields["recognition"] = _read_recognition(child)
    elif tag == "badge-image" and "badge_image" not in fields:
        fields["badge_image"] = _read_image(child)
    elif tag == "upkeep" and "upkeep" not in fields:
        fields["upkeep"] = _leaf(child)
    else:  # a second <summary>, one with markup inside, or nothing known at all: kept, and told to the author
        fields.setdefault("unknown_elements", []).append(_markup(child))


def _read_outcome(node: etree._Element) -> dict[str, Any]:
    data = _attributes(node)
    for child in elements(node):
        if child.tag == "skill":
            data.setdefault("skills", []).append(_leaf(child))
        elif child.tag == "description" and "description" not in data and _is_text(child):
            data["description"] = _text(child)
        elif child.tag in ("assessed-by", "group"):
            data.setdefault("assessed_by", []).append(_read_member(child))
        else:
            _keep(data, child)
    return data


def _read_member(node: etree._Element) -> dict[str, Any]:
    if node.tag == "assessed-by":
        return _leaf(node)
    data: dict[str, Any] = {**_attributes(node), "members": []}
    for child in elements(node):
        if child.tag in ("assessed-by", "group"):
            data["members"].append(_read_member(child))
        else:
            _keep(data, child)
    return data


def _read_mastery(node: etree._Element) -> dict[str, Any]:
    return _with_names(_leaf(node), "required")


def _with_names(data: dict[str, Any], attribute: str) -> dict[str, Any]:
    """``data`` with an attribute that lists names as a list."""
    names = data.get("unknown", {}).pop(attribute, None)
    if names is not None:
        data[attribute.replace("-", "_")] = names.split()
        if not data["unknown"]:
            del data["unknown"]
    return data


def _read_recognition(node: etree._Element) -> dict[str, Any]:
    data = _with_names(_attributes(node), "not-stated")
    for child in elements(node):
        name = child.tag.replace("-", "_")
        if child.tag == "prerequisites" and name not in data and _is_text(child):
            data[name] = _text(child)
        elif child.tag in RECOGNITION_PARTS and name not in data:
            data[name] = _leaf(child)
        else:
            _keep(data, child)
    return data


def _read_image(node: etree._Element) -> dict[str, Any]:
    data = _attributes(node)
    for child in elements(node):
        if etree.QName(child).localname == "svg" and "svg" not in data:
            data["svg"] = _markup(child)
        elif child.tag == "design" and "design" not in data:
            data["design"] = _leaf(child)
        else:
            _keep(data, child)
    if _text(node).strip():
        data["text"] = _text(node)
    return data


def _leaf(node: etree._Element) -> dict[str, Any]:
    data = _attributes(node)
    for child in elements(node):
        _keep(data, child)
    return data


def _attributes(node: etree._Element) -> dict[str, Any]:
    data: dict[str, Any] = {}
    known = ATTRIBUTES[node.tag]
    for name, value in node.attrib.items():
        key = name.replace("-", "_")
        if key in known and "_" not in name:
            data[key] = value
        elif name != XML_SPACE:
            data.setdefault("unknown", {})[name] = value
    return data


def _keep(data: dict[str, Any], child: etree._Element) -> None:
    data.setdefault("unknown_elements", []).append(_markup(child))


def _markup(node: etree._Element) -> str:
    """``node`` as text, without the indentation that each export would add to."""
    copied = deepcopy(node)
    for element in copied.iter(etree.Element):
        spaces = [element.text, *(child.tail for child in element)]
        if len(element) and not any(space and space.strip() for space in spaces):
            element.text = None
            for child in element:
                child.tail = None
    return etree.tostring(copied, encoding="unicode", with_tail=False)


def _is_text(node: etree._Element) -> bool:
    """Whether ``node`` holds nothing but text, so that taking its text loses nothing."""
    return not elements(node) and not set(node.attrib) - {XML_SPACE}


def _text(node: etree._Element) -> str:
    text = "".join([node.text or "", *(child.tail or "" for child in node)])
    return text if node.get(XML_SPACE) == "preserve" else text.strip()


def _remove(child: etree._Element) -> None:
    parent = child.getparent()
    child.tail = None
    parent.remove(child)
