"""Reading and cleaning SVG (SVG 1.1) that strangers wrote."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator

from lxml import etree
from PIL import Image, UnidentifiedImageError

from ..domain.errors import InvalidInput

SVG = "http://www.w3.org/2000/svg"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_KEPT_XML = {"{http://www.w3.org/XML/1998/namespace}space", "{http://www.w3.org/XML/1998/namespace}lang"}

MAX_ELEMENTS = 5_000
# Once every reference is followed. A unit is a shape over the whole picture, half a millisecond to draw.
MAX_UNITS = 20_000
MAX_PIXELS = 4096 * 4096
MAX_RATIO = 4

_ELEMENTS = frozenset({
    "svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text",
    "tspan", "textPath", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "symbol", "use",
    "marker", "image", "style", "filter", "feGaussianBlur", "feOffset", "feMerge", "feMergeNode", "feColorMatrix",
    "feFlood", "feComposite", "feBlend", "feDropShadow", "switch",
})
_GRADIENTS = ("linearGradient", "radialGradient")
# Of the whole drawing. The work grows faster than these, and nothing else in the process runs meanwhile.
MAX_LETTERS, MAX_SPANS, MAX_OUTLINE = 5_000, 300, 200_000
_COSTS = {"mask": 60, "pattern": 90, "clipPath": 80, "marker": 20, "image": 60}
_FILTER_STEP, _LAYER = 300, 60
_MAX_SELECTORS = 200
_LAYERED = re.compile(r"(?<![\w-])(opacity|mix-blend-mode|isolation|clip-path|mask|filter)(?![\w-])")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# All patterns run in linear time: repeats that could trade characters with each other are bounded.
_REFERENCE = re.compile(r"url\(\s{0,9}['\"]?\s{0,9}#([^'\"()#\s]{1,200})\s{0,9}['\"]?\s{0,9}\)")
_ACTIVE = re.compile(r"@|\\|/\*|expression|javascript|image-set|url\(\s{0,9}(?!['\"]?\s{0,9}#)", re.IGNORECASE)
_EMBEDDED = re.compile(r"data:image/(png|jpeg);base64,([A-Za-z0-9+/=\s]+)")
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)(?:px)?\s*")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def parse(data: bytes, *, limit: int) -> etree._Element:
    """The root of a well-formed SVG in UTF-8 that declares no entities; InvalidInput otherwise.

    Codes: ``image-size``, ``svg-entities``, ``svg-unreadable``.
    """
    if len(data) > limit:
        raise InvalidInput(f"The image must not exceed {limit // 1_000_000} MB.", code="image-size", field="image")
    try:
        text = _DECLARATION.sub("", data.decode("utf-8-sig"), count=1)
    except UnicodeDecodeError as error:
        raise InvalidInput("The SVG image is not UTF-8 text.", code="svg-unreadable", field="image") from error
    if "<!ENTITY" in text.upper():
        raise InvalidInput("An SVG image must not declare entities.", code="svg-entities", field="image")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidInput("The SVG image is not well-formed.", code="svg-unreadable", field="image") from error
    if root.tag != f"{{{SVG}}}svg":
        raise InvalidInput("The image is not an SVG drawing.", code="svg-unreadable", field="image")
    return root


def sanitise(data: bytes, *, limit: int) -> bytes:
    """``data`` reduced to what draws: no script, event handler, foreign content or outside reference.

    Idempotent. InvalidInput codes as in ``parse``, and ``svg-complex`` (too many elements, or
    references that multiply), ``image-shape`` (no size, or more than four times as long as wide).
    """
    root = parse(data, limit=limit)
    _clean(root)
    _check_references(root)
    _set_view_box(root)
    etree.cleanup_namespaces(root, top_nsmap={None: SVG})
    return etree.tostring(root, encoding="utf-8")


def _clean(root: etree._Element) -> None:
    elements = list(root.iter())
    if len(elements) > MAX_ELEMENTS:
        raise _too_complex("has too many elements")
    gradients = {element.get("id") for name in _GRADIENTS for element in root.iter(f"{{{SVG}}}{name}")}
    for element in elements:
        if not isinstance(element.tag, str) or not _is_drawing(etree.QName(element)):
            remove(element)
    for element in list(root.iter()):
        name = etree.QName(element).localname
        _clean_attributes(element, name)
        if name == "style":
            _clean_style_sheet(element, gradients)
        elif name == "image" and "href" not in element.attrib:
            remove(element)
    _check_lengths(root)


def _check_lengths(root: etree._Element) -> None:
    """Refuses text and outlines that are few elements and yet long to draw."""
    texts = list(root.iter(f"{{{SVG}}}text"))
    if sum(len(part) for text in texts for part in text.itertext()) > MAX_LETTERS:
        raise _too_complex("has too much text")
    if sum(1 for name in ("tspan", "textPath") for _span in root.iter(f"{{{SVG}}}{name}")) > MAX_SPANS:
        raise _too_complex("has too much text")
    if sum(map(_outline, root.iter())) > MAX_OUTLINE:
        raise _too_complex("has too long outlines")


def _outline(element: etree._Element) -> int:
    """Characters of the element's outline."""
    return len(element.get("d", "")) + len(element.get("points", ""))


def _is_drawing(name: etree.QName) -> bool:
    return name.namespace == SVG and name.localname in _ELEMENTS


def remove(element: etree._Element) -> None:
    """Takes ``element`` out of its parent, and leaves the text after it."""
    parent = element.getparent()
    if parent is None:
        return
    previous = element.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    parent.remove(element)


def _clean_style_sheet(element: etree._Element, targets: set[str | None]) -> None:
    """Cleans all the text that browsers read as the style sheet, also that behind child elements."""
    text = _clean_style(_without_comments("".join(element.itertext())), targets)
    for child in list(element):
        element.remove(child)
    element.text = text
    if _ACTIVE.search(text):
        remove(element)


def _clean_style(text: str, targets: set[str | None]) -> str:
    """CSS without filters, and with references only to ``targets``: the cost of others cannot be counted."""
    parts = re.split(r"([;{}])", text)
    for index in range(0, len(parts), 2):
        name = parts[index].partition(":")[0].strip().lower()
        if name == "filter" or not targets.issuperset(_REFERENCE.findall(parts[index])):
            parts[index] = ""
    return "".join(parts)


def _without_comments(text: str) -> str:
    first, *rest = text.split("/*")
    return first + "".join(part.partition("*/")[2] for part in rest)


def _clean_attributes(element: etree._Element, name: str) -> None:
    if "style" in element.attrib:
        style = element.get("style")
        element.set("style", _clean_style(style, set(_REFERENCE.findall(style))))
    if "filter" in element.attrib and not _REFERENCE.fullmatch(element.get("filter").strip()):
        del element.attrib["filter"]
    reference = element.attrib.pop(_XLINK_HREF, None) or element.attrib.pop("href", None)
    element.attrib.pop("href", None)
    for key, value in list(element.attrib.items()):
        foreign = key.startswith("{") and key not in _KEPT_XML
        if foreign or key.lower().startswith("on") or _ACTIVE.search(value):
            del element.attrib[key]
    if reference is None:
        return
    local = reference.strip().startswith("#") and name != "image"
    if local or (name == "image" and _usable_picture(reference)):
        element.set("href", reference.strip())


def _usable_picture(reference: str) -> bool:
    """Whether an embedded picture is a PNG or JPEG of sane size."""
    match = _EMBEDDED.fullmatch(reference.strip())
    if not match:
        return False
    try:
        data = base64.b64decode(match.group(2), validate=False)
        with Image.open(io.BytesIO(data), formats=(match.group(1).upper(),)) as picture:
            return picture.width * picture.height <= MAX_PIXELS
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _check_references(root: etree._Element) -> None:
    """Follows every reference to an id, adding up the work; refuses loops and drawings that multiply."""
    targets = {element.get("id"): element for element in root.iter() if element.get("id")}
    layered = _layered_by_rule(root)
    costs: dict[etree._Element, int] = {}
    open_: set[etree._Element] = set()

    def cost(element: etree._Element) -> int:
        if element in costs:
            return costs[element]
        if element in open_:
            raise _too_complex("refers to itself")
        open_.add(element)
        total = _own_cost(element) + (_LAYER if element in layered else 0) + sum(cost(child) for child in element)
        total += sum(cost(targets[name]) for name in _references(element) if name in targets)
        open_.discard(element)
        if total > MAX_UNITS:
            raise _too_complex("takes too long to draw")
        costs[element] = total
        return total

    try:
        cost(root)
    except RecursionError as error:
        raise _too_complex("is nested too deeply") from error


def _own_cost(element: etree._Element) -> int:
    name = etree.QName(element).localname
    if name.startswith("fe"):
        return _FILTER_STEP
    layers = {found for text in (*element.attrib, element.get("style", "")) for found in _LAYERED.findall(text)}
    letters = len("".join(element.itertext())) // 20 if name == "text" else 0
    return _COSTS.get(name, 1) + _LAYER * len(layers) + letters + _outline(element) // 60


def _layered_by_rule(root: etree._Element) -> set[etree._Element]:
    """The elements that a style sheet gives a layer of their own, or could."""
    selectors: set[str] = set()
    for style in root.iter(f"{{{SVG}}}style"):
        tokens = re.split(r"[{}]", style.text or "")
        for names, declarations in zip(tokens[::2], tokens[1::2], strict=False):
            if _LAYERED.search(declarations):
                selectors.update(map(str.strip, names.split(",")))
    if len(selectors) > _MAX_SELECTORS:
        raise _too_complex("has too many style rules")
    return {element for element in root.iter() if any(_may_select(selector, element) for selector in selectors)}


def _may_select(selector: str, element: etree._Element) -> bool:
    """Whether a simple selector selects ``element``; anything but a class, an id or a name might."""
    kind, name = selector[:1], selector[1:]
    if not re.fullmatch(r"[.#]?[\w-]+", selector):
        return True
    if kind == ".":
        return name in element.get("class", "").split()
    return element.get("id") == name if kind == "#" else etree.QName(element).localname == selector


def _too_complex(problem: str) -> InvalidInput:
    return InvalidInput(
        f"The SVG image {problem}: simplify it, or use a PNG.", code="svg-complex", field="image"
    )


def _references(element: etree._Element) -> Iterator[str]:
    href = element.get("href", "")
    if href.startswith("#"):
        yield href[1:]
    for value in element.attrib.values():
        yield from _REFERENCE.findall(value)


def _set_view_box(root: etree._Element) -> None:
    """Gives the root a viewBox and no size of its own, so that the asked width alone decides."""
    box = [float(number) for number in _NUMBER.findall(root.get("viewBox", ""))]
    if len(box) != 4:
        sizes = [_LENGTH.fullmatch(root.get(key, "")) for key in ("width", "height")]
        box = [0.0, 0.0, *(float(size.group(1)) for size in sizes if size)]
    if len(box) != 4 or not (0 < box[2] <= 1e6 and 0 < box[3] <= 1e6 and 1 / MAX_RATIO <= box[2] / box[3] <= MAX_RATIO):
        raise InvalidInput(
            f"An SVG image needs a viewBox that is at most {MAX_RATIO} times as long as wide.",
            code="image-shape", field="image", ratio=MAX_RATIO,
        )
    if "viewBox" not in root.attrib:
        root.set("viewBox", f"0 0 {box[2]:g} {box[3]:g}")
    for key in ("width", "height"):
        root.attrib.pop(key, None)
