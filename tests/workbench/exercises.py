"""The right answers of the demo pill's exercises, read from its OLX, and a way to give them through the handlers."""

from __future__ import annotations

import json
from typing import Any

from lxml import etree
from webob import Request


def placements(olx: str) -> dict[str, dict[int, str]]:
    """url_name of each placing exercise → {item id: right zone}; decoys are left out."""
    return {
        exercise.get("url_name"): {
            item["id"]: item["zones"][0] for item in json.loads(exercise.get("data"))["items"] if item["zones"]
        }
        for exercise in etree.fromstring(olx).iter("drag-and-drop-v2")
    }


def choices(olx: str) -> dict[str, dict[str, Any]]:
    """url_name of each exercise with questions → {question name: submission as the browser sends it}."""
    return {
        exercise.get("url_name"): {question.get("name"): _submission(question) for question in exercise}
        for exercise in etree.fromstring(olx).iter("problem-builder")
    }


def _submission(question: etree._Element) -> Any:
    if question.tag == "pb-mcq":
        return {"value": json.loads(question.get("correct_choices"))[0]}
    return json.loads(question.get("required_choices"))


def call(block: Any, handler: str, data: Any) -> Any:
    """The JSON answer of one of ``block``'s handlers."""
    request = Request.blank("/", method="POST", body=json.dumps(data).encode())
    response = block.runtime.handle(block, handler, request)
    assert response.status_code == 200, response.text
    return response.json


def place(block: Any, items: dict[int, str]) -> None:
    """Drop items into zones and submit one attempt."""
    for item, zone in items.items():
        call(block, "drop_item", {"val": item, "zone": zone})
    call(block, "do_attempt", {})
