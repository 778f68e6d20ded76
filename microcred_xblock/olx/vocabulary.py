"""The names of the pill's own elements and of their attributes."""

from __future__ import annotations

from lxml import etree

OWN_ELEMENTS = ("summary", "outcome", "mastery", "recognition", "badge-image", "upkeep", "tag")
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_GROUP = ("logic", "threshold", "all_attempted")
RECOGNITION_PARTS = ("quality-assurance", "bloc", "nqf", "towards")
ATTRIBUTES: dict[str, tuple[str, ...]] = {
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


def elements(node: etree._Element) -> list[etree._Element]:
    """The elements in ``node``, without comments and the like."""
    return [child for child in node if isinstance(child.tag, str)]
