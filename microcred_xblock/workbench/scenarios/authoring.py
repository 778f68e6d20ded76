"""Expands the hand-written demo files into plain OLX.

Two things would be unreadable if written out: the JSON that xblock-drag-and-drop-v2 keeps in its
``data`` attribute, and drawings. The demo files write instead::

    <drag-and-drop-v2 url_name="…" display_name="…" columns="2">      or drawing="nacelle.svg"
      <target description="text alternative of the board"/>
      <zone id="gearbox" description="…">Gearbox</zone>
      <item zone="gearbox" yes="feedback" no="feedback">Text of the item</item>    no zone: a decoy
      <feedback start="…" finish="…"/>
    </drag-and-drop-v2>
    <drawing src="nacelle.svg" title="…">text alternative</drawing>
    <badge-image src="badge.svg" caption="…"/>
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from lxml import etree

SVG = "http://www.w3.org/2000/svg"
BOARD_WIDTH = 960
ROW_HEIGHT = 140
HEADER = 34  # the strip of a box that holds its label; items drop below it and never cover it
GAP = 12
INK, PAPER, EDGE = "#22404f", "#ffffff", "#9fb9c4"

Drawing = Callable[[str], bytes]


@dataclass(frozen=True, kw_only=True)
class Box:
    """A labelled box on the board, in pixels of the board image; what is below its header takes items."""

    x: int
    y: int
    width: int
    height: int


def expand(source: bytes, *, drawing: Drawing) -> tuple[str, str]:
    """``(display_name, OLX)`` of a demo file. ``drawing`` gives the bytes of a named SVG file."""
    root = etree.fromstring(source, etree.XMLParser(remove_comments=True, resolve_entities=False))
    numbers = count(1)
    for element in list(root.iter("drawing")):
        _replace(element, _figure(element, drawing, name=f"{root.get('url_name')}-drawing-{next(numbers)}"))
    for element in root.iter("badge-image"):
        element.append(_svg(drawing(element.attrib.pop("src"))))
    for element in root.iter("drag-and-drop-v2"):
        _expand_exercise(element, drawing)
    return root.get("display_name"), etree.tostring(root, encoding="unicode")


def _svg(data: bytes) -> etree._Element:
    return etree.fromstring(data, etree.XMLParser(remove_comments=True, resolve_entities=False))


def _line(text: str) -> str:
    """``text`` on one line; no-break spaces stay what they are."""
    return re.sub("[ \t\n]+", " ", text).strip(" ")


def _replace(old: etree._Element, new: etree._Element) -> None:
    new.tail = old.tail
    old.getparent().replace(old, new)


def _figure(element: etree._Element, drawing: Drawing, *, name: str) -> etree._Element:
    """The drawing inline, named and described for those who do not see it."""
    svg = _svg(drawing(element.get("src")))
    title, description = etree.Element(f"{{{SVG}}}title"), etree.Element(f"{{{SVG}}}desc")
    title.text, description.text = element.get("title"), _line(element.text)
    for position, (node, part, attribute) in enumerate(
        ((title, "title", "aria-labelledby"), (description, "description", "aria-describedby"))
    ):
        node.set("id", f"{name}-{part}")
        svg.set(attribute, f"{name}-{part}")
        svg.insert(position, node)
    svg.set("role", "img")
    svg.set("style", "display:block;width:100%;height:auto")
    return svg


def _expand_exercise(element: etree._Element, drawing: Drawing) -> None:
    """Turn the readable children into the attributes xblock-drag-and-drop-v2 reads."""
    zones, items = element.findall("zone"), element.findall("item")
    name = element.attrib.pop("drawing", "")
    columns = int(element.attrib.pop("columns", "4"))
    boxes, board = _around(zones, drawing(name)) if name else _grid(zones, columns)
    feedback = element.find("feedback")
    data = {
        "targetImg": "data:image/svg+xml," + quote(board),
        "targetImgDescription": element.find("target").get("description"),
        "displayLabels": False,  # the board shows them; screen readers get the zones' titles
        "displayBorders": False,
        "displayBordersDragging": True,
        "zones": [_zone(zone, box) for zone, box in zip(zones, boxes, strict=True)],
        "items": [_item(item, number) for number, item in enumerate(items)],
        "feedback": {"start": feedback.get("start"), "finish": feedback.get("finish")},
    }
    for child in list(element):
        element.remove(child)
    element.text = None
    element.set("mode", "assessment")  # standard mode lets everyone try until all is right: it proves nothing
    element.set("show_question_header", "false")
    element.set("data", json.dumps(data, ensure_ascii=False))


def _zone(zone: etree._Element, box: Box) -> dict[str, Any]:
    return {
        "uid": zone.get("id"), "title": _line(zone.text), "description": zone.get("description", ""),
        "x": box.x + 3, "y": box.y + HEADER, "width": box.width - 6, "height": box.height - HEADER - 3, "align": "left",
    }


def _item(item: etree._Element, number: int) -> dict[str, Any]:
    zone = item.get("zone")
    return {
        "id": number, "displayName": _line(item.text), "imageURL": "", "zones": [zone] if zone else [],
        "feedback": {"correct": item.get("yes", ""), "incorrect": item.get("no", "")},
    }


def _grid(zones: list[etree._Element], columns: int) -> tuple[list[Box], str]:
    """Boxes in rows of ``columns``, and the board that shows them."""
    rows = -(-len(zones) // columns)
    boxes = _row_boxes(len(zones), columns, top=0)
    return boxes, _board(zones, boxes, height=rows * ROW_HEIGHT, picture="")


def _around(zones: list[etree._Element], drawing: bytes) -> tuple[list[Box], str]:
    """Half the boxes above a numbered drawing and half below it."""
    half = -(-len(zones) // 2)
    picture = _svg(drawing)
    height = int(picture.get("height"))
    boxes = _row_boxes(half, half, top=0) + _row_boxes(len(zones) - half, half, top=ROW_HEIGHT + height)
    picture.set("y", str(ROW_HEIGHT))
    inner = etree.tostring(picture, encoding="unicode", with_tail=False)
    return boxes, _board(zones, boxes, height=height + 2 * ROW_HEIGHT, picture=inner)


def _row_boxes(number: int, columns: int, *, top: int) -> list[Box]:
    width = BOARD_WIDTH // columns
    return [
        Box(
            x=(index % columns) * width + GAP // 2, y=top + (index // columns) * ROW_HEIGHT + GAP // 2,
            width=width - GAP, height=ROW_HEIGHT - GAP,
        )
        for index in range(number)
    ]


def _board(zones: list[etree._Element], boxes: list[Box], *, height: int, picture: str) -> str:
    frames = "".join(
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"/>' for box in boxes
    )
    labels = "".join(
        f'<text x="{box.x + 12}" y="{box.y + 23}">{escape(_line(zone.text))}</text>'
        for zone, box in zip(zones, boxes, strict=True)
    )
    return (
        f'<svg xmlns="{SVG}" width="{BOARD_WIDTH}" height="{height}" viewBox="0 0 {BOARD_WIDTH} {height}">'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>{picture}'
        f'<g fill="{PAPER}" stroke="{EDGE}" stroke-width="2">{frames}</g>'
        f'<g fill="{INK}" font-family="sans-serif" font-size="16" font-weight="bold">{labels}</g></svg>'
    )
