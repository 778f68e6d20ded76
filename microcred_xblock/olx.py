"""The readable OLX of a learning pill, both ways (lxml).

::

    <learning_pill url_name="…" display_name="…" language="en">
      <summary>What a learner can do after this pill.</summary>
      <outcome id="locate" title="…" threshold="0.7" kind="skill" reuse="occupation-specific"
               logic="and" all-attempted="true">
        <description>…</description>
        <skill uri="http://data.europa.eu/esco/skill/…" label="…" framework="ESCO"/>
        <assessed-by block="url_name of a graded block inside" weight="2" threshold="0.5"/>
        <group logic="or" weight="1" threshold="0.6" all-attempted="false">
          <assessed-by block="…"/> …
        </group>
      </outcome>
      <mastery rule="required-plus-n" n="1" required="locate decide"/>
      <recognition workload-hours="3" ects="0.1" eqf-level="4" isced-f="0713" mode="online"
                   assessment-type="practical" supervision="unsupervised-id" stackability="stackable"
                   further-information="https://…" not-stated="ects">
        <prerequisites>…</prerequisites>
        <quality-assurance title="…" agency="…" url="…"/>
        <nqf framework="…" level="…" url="…"/>
        <towards title="…" framework="…" code="…" url="…"/>
        <bloc certification="RNCP38596" certification-title="…" bloc="RNCP38596BC02" bloc-title="…"
              url="…" valid-until="2027-08-31"/>
      </recognition>
      <badge-image caption="…" src="/static/badge.svg"/>      or with <svg> or base64 PNG inside, or with
        <design shape="shield" colour="teal" icon="turbine" level="true" title="false"/>
      <upkeep regrade="suspend" grace-days="14" valid-months="24"/>
      <tag>wind power</tag>
      …child blocks…
    </learning_pill>

An attribute is the name in ``definition`` with ``-`` for ``_``. ``not-stated`` names the attributes and elements of
``<recognition>`` that the pill leaves unsaid although its course or organisation says them. What is not understood
is kept, written back on export and told to the author; only a document that cannot be kept faithfully
(entities, absurd size or depth) is refused, with InvalidInput.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from lxml import etree
from xblock.core import XML_NAMESPACES, XBlock
from xblock.plugin import PluginMissingError

from .domain.errors import InvalidInput

OWN_ELEMENTS = ("summary", "outcome", "mastery", "recognition", "badge-image", "upkeep", "tag")
MAX_ELEMENTS = 5_000
MAX_CHARACTERS = 3_000_000
MAX_NESTING = 40

_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_GROUP = ("logic", "threshold", "all_attempted")
_RECOGNITION_PARTS = ("quality-assurance", "bloc", "nqf", "towards")
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "outcome": ("id", "title", "kind", "reuse", *_GROUP),
    "skill": ("uri", "label", "framework"),
    "assessed-by": ("block", "weight", "threshold"),
    "group": ("weight", *_GROUP),
    "mastery": ("rule", "n"),
    "recognition": (
        "workload_hours", "ects", "eqf_level", "isced_f", "mode", "assessment_type", "supervision", "stackability",
        "further_information",
    ),
    "quality-assurance": ("title", "agency", "url"),
    "bloc": ("certification", "certification_title", "bloc", "bloc_title", "url", "valid_until"),
    "nqf": ("framework", "level", "url"),
    "towards": ("title", "framework", "code", "url"),
    "badge-image": ("caption", "src", "media_type"),
    "design": ("shape", "colour", "icon", "level", "title"),
    "upkeep": ("regrade", "grace_days", "valid_months"),
}


def take(node: etree._Element) -> dict[str, Any]:
    """Remove the pill's own elements from ``node`` and return them as field values.

    Keys: ``description``, ``outcomes``, ``mastery``, ``recognition``, ``badge_image``, ``upkeep``,
    ``tags``, ``unknown_elements``; only those that are present. Comments and processing instructions are
    dropped too, so that what stays are child blocks (and ``option:`` fields). An element that
    names no installed block counts as unknown, for it makes a runtime fail. Raises InvalidInput
    (``olx-entity``, ``olx-too-large``, ``olx-too-deep``) before anything is taken.
    """
    own = [child for child in _elements(node) if child.tag in OWN_ELEMENTS or not _may_be_block(child)]
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


def give(node: etree._Element, fields: Mapping[str, Any]) -> None:
    """Write ``fields`` (as ``take`` returns them) as the first elements of ``node``."""
    elements: list[etree._Element] = []
    if fields.get("description"):
        elements.append(_text_element("summary", fields["description"]))
    elements += [_outcome_element(_map(item)) for item in _items(fields.get("outcomes"))]
    for name, element in (
        ("mastery", _mastery_element), ("recognition", _recognition_element), ("badge_image", _image_element),
        ("upkeep", _upkeep_element),
    ):
        part = element(_map(fields.get(name)))
        elements += [part] if part.attrib or len(part) or part.text else []  # one that says nothing is not read again
    elements += [_text_element("tag", tag) for tag in _items(fields.get("tags"))]
    elements += _unknown_elements(fields)
    for position, element in enumerate(elements):
        node.insert(position, element)


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
    elements, usages = blocks(node), list(getattr(block, "children", None) or ())
    if not names or len(elements) != len(usages):
        return
    for element, usage in zip(elements, usages, strict=True):
        name = names.get(str(usage))
        if name and "url_name" not in element.attrib:
            element.set("url_name", name)
        give_names(element, block.runtime.get_block(usage), references)


def blocks(node: etree._Element) -> list[etree._Element]:
    """The elements of ``node`` that are child blocks, once the pill's own are taken."""
    return [child for child in _elements(node) if etree.QName(child).namespace is None]


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
    for child in _elements(node):
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
    for child in _elements(node):
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
    for child in _elements(node):
        name = child.tag.replace("-", "_")
        if child.tag == "prerequisites" and name not in data and _is_text(child):
            data[name] = _text(child)
        elif child.tag in _RECOGNITION_PARTS and name not in data:
            data[name] = _leaf(child)
        else:
            _keep(data, child)
    return data


def _read_image(node: etree._Element) -> dict[str, Any]:
    data = _attributes(node)
    for child in _elements(node):
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
    for child in _elements(node):
        _keep(data, child)
    return data


def _attributes(node: etree._Element) -> dict[str, Any]:
    data: dict[str, Any] = {}
    known = _ATTRIBUTES[node.tag]
    for name, value in node.attrib.items():
        key = name.replace("-", "_")
        if key in known and "_" not in name:
            data[key] = value
        elif name != _XML_SPACE:
            data.setdefault("unknown", {})[name] = value
    return data


def _elements(node: etree._Element) -> list[etree._Element]:
    return [child for child in node if isinstance(child.tag, str)]


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
    return not _elements(node) and not set(node.attrib) - {_XML_SPACE}


def _text(node: etree._Element) -> str:
    text = "".join([node.text or "", *(child.tail or "" for child in node)])
    return text if node.get(_XML_SPACE) == "preserve" else text.strip()


def _remove(child: etree._Element) -> None:
    parent = child.getparent()
    child.tail = None
    parent.remove(child)


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
    for name in _RECOGNITION_PARTS:
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
    for key in _ATTRIBUTES[tag]:
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
        node.set(_XML_SPACE, "preserve")


def _writable(value: Any) -> str:
    """``value`` as text XML can hold; a character it cannot hold becomes U+FFFD, visibly."""
    return _UNWRITABLE.sub("\ufffd", value if isinstance(value, str) else str(value))


def _items(value: Any) -> Sequence[Any]:
    """``value``, or nothing in place of what is no list."""
    return value if isinstance(value, list | tuple) else ()


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
