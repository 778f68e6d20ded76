"""A badge that its author designed: which drawing, not how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InvalidPill

SHAPES = ("seal", "circle", "shield", "hexagon", "octagon", "square", "petals", "pennant")
COLOURS = ("teal", "blue", "navy", "violet", "berry", "red", "orange", "sun", "green", "slate")
ICONS = (
    "turbine", "solar", "bolt", "drop", "leaf", "gear", "tool", "safety", "medical", "flask", "code", "chart",
    "speech", "book", "globe", "people", "idea", "star",
)


@dataclass(frozen=True, kw_only=True)
class BadgeDesign:
    """Shape, colour and icon by their names; ``level`` and ``title``: whether the badge shows the pill's own."""

    shape: str = "seal"
    colour: str = "teal"
    icon: str = "star"
    level: bool = True
    title: bool = True

    def __post_init__(self) -> None:
        for name, known in (("shape", SHAPES), ("colour", COLOURS), ("icon", ICONS)):
            if getattr(self, name) not in known:
                raise InvalidPill(
                    f"The {name} of a badge must be one of {', '.join(known)}.", code="choice", field=f"badge {name}",
                    codes=", ".join(known),
                )
