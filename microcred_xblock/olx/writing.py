"""Field values as the pill's own elements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from .vocabulary import ATTRIBUTES, RECOGNITION_PARTS, XML_SPACE

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def give(node: etree._Element, fields: Mapping[str, Any]) -> None:
    """Write ``fields`` (as ``take`` returns them) as the first elements of ``node``."""
    written: list[etree._Element] = []
    if fields.get("description"):
        written.append(_text_element("summary", fields["description"]))
    written += [_outcome_element(_map(item)) for item in _items(fields.get("outcomes"))]
    for name, element in (
        ("mastery", _mastery_element), ("recognition", _recognition_element), ("badge_image", _image_element),
        ("upkeep", _upkeep_element),
    ):
        part = element(_map(fields.get(name)))
        written += [part] if part.attrib or len(part) or part.text else []  # one that says nothing is not read again
    written += [_text_element("tag", tag) for tag in _items(fields.get("tags"))]
    written += _unknown_elements(fields)
    for position, element in enumerate(written):
        node.insert(position, element)


def _outcome_element(data: Mapping[str, Any]) -> etree._Element:
    node = _element("outcome", data)
    if data.get("description"):
        node.append(_text_element("description", data["description"]))
    for skill in _items(data.get("skills")):
        node.append(_with_unknown(_element("skill", _map(skill)), _map(skill)))
    for member in _items(data.get("assessed_by")):
        node.append(_member_element(_map(member)))
    return _with_unknown(node, data)


def _member_element(data: Mapping[str, Any]) -> etree._Element:
    if "members" not in data:
        return _with_unknown(_element("assessed-by", data), data)
    node = _element("group", data)
    for member in _items(data["members"]):
        node.append(_member_element(_map(member)))
    return _with_unknown(node, data)


def _mastery_element(data: Mapping[str, Any]) -> etree._Element:
    node = _element("mastery", data)
    _give_names(node, data, "required")
    return _with_unknown(node, data)


def _give_names(node: etree._Element, data: Mapping[str, Any], attribute: str) -> None:
    names = _items(data.get(attribute.replace("-", "_")))
    if names:
        node.set(attribute, _writable(" ".join(map(str, names))))


def _recognition_element(data: Mapping[str, Any]) -> etree._Element:
    node = _element("recognition", data)
    _give_names(node, data, "not-stated")
    if data.get("prerequisites"):
        node.append(_text_element("prerequisites", data["prerequisites"]))
    for name in RECOGNITION_PARTS:
        if name.replace("-", "_") in data:
            part = _map(data[name.replace("-", "_")])
            node.append(_with_unknown(_element(name, part), part))
    return _with_unknown(node, data)


def _image_element(data: Mapping[str, Any]) -> etree._Element:
    node = _element("badge-image", data)
    if data.get("text"):
        node.text = _writable(data["text"])
        _preserve(node, node.text)
    if data.get("svg"):
        node.append(_parsed(data["svg"]))
    if "design" in data:
        design = _map(data["design"])
        node.append(_with_unknown(_element("design", design), design))
    return _with_unknown(node, data)


def _upkeep_element(data: Mapping[str, Any]) -> etree._Element:
    return _with_unknown(_element("upkeep", data), data)


def _element(tag: str, data: Mapping[str, Any]) -> etree._Element:
    node = etree.Element(tag)
    for key in ATTRIBUTES[tag]:
        if key in data:
            node.set(key.replace("_", "-"), _writable(data[key]))
    return node


def _with_unknown(node: etree._Element, data: Mapping[str, Any]) -> etree._Element:
    for name, value in _map(data.get("unknown", {})).items():
        node.set(name, _writable(value))
    node.extend(_unknown_elements(data))
    return node


def _unknown_elements(data: Mapping[str, Any]) -> list[etree._Element]:
    return [_parsed(markup) for markup in _items(data.get("unknown_elements"))]


def _parsed(markup: Any) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(_writable(markup), parser)
    except (etree.XMLSyntaxError, ValueError):
        return _text_element("unreadable", markup)


def _text_element(tag: str, text: Any) -> etree._Element:
    node = etree.Element(tag)
    node.text = _writable(text)
    _preserve(node, node.text)
    return node


def _preserve(node: etree._Element, text: str) -> None:
    """Outer white space is layout unless the element says otherwise."""
    if text != text.strip():
        node.set(XML_SPACE, "preserve")


def _writable(value: Any) -> str:
    """``value`` as text XML can hold; a character it cannot hold becomes U+FFFD, visibly."""
    return _UNWRITABLE.sub("\ufffd", value if isinstance(value, str) else str(value))


def _items(value: Any) -> Sequence[Any]:
    """``value``, or nothing in place of what is no list."""
    return value if isinstance(value, list | tuple) else ()


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
