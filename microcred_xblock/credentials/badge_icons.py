"""The icons of designed badges, drawn for this package on a grid of 24 by 24: lines, and few filled parts.

In each, ``{ink}`` is the colour of the icon and ``{ground}`` that of what it stands on.
"""

from __future__ import annotations

from math import cos, pi, sin


def _gear() -> str:
    """Eight teeth around a hole."""
    points = []
    for tooth in range(8):
        middle = tooth * pi / 4
        for turn, radius in ((-0.27, 7.0), (-0.19, 9.6), (0.19, 9.6), (0.27, 7.0)):
            points.append(f"{12 + radius * cos(middle + turn):.2f} {12 + radius * sin(middle + turn):.2f}")
    return f'<path d="M{"L".join(points)}Z"/><circle cx="12" cy="12" r="2.9"/>'


def _turbine() -> str:
    """Three blades on a tower."""
    blade = "M11.2 8.6C10.9 5.6 11.1 2.6 11.8 0.4C13.2 2.4 13.6 5.8 12.9 8.6Z"
    blades = "".join(f'<path transform="rotate({turn} 12 9.6)" d="{blade}"/>' for turn in (0, 120, 240))
    return (
        f'<g fill="{{ink}}" stroke-width="0.9">{blades}<circle cx="12" cy="9.6" r="1.5"/>'
        '<path d="M11.5 13.2 10.7 23.2H13.3L12.5 13.2Z"/></g>'
    )


def _star() -> str:
    points = []
    for index in range(10):
        radius, angle = (9.6 if index % 2 == 0 else 4.3), index * pi / 5 - pi / 2
        points.append(f"{12 + radius * cos(angle):.2f} {12.6 + radius * sin(angle):.2f}")
    return f'<path d="M{"L".join(points)}Z" fill="{{ink}}"/>'


def _sun(x: float, y: float) -> str:
    rays = "".join(
        f"M{x + 4.1 * cos(turn):.2f} {y + 4.1 * sin(turn):.2f}L{x + 5.7 * cos(turn):.2f} {y + 5.7 * sin(turn):.2f}"
        for turn in (index * pi / 4 for index in range(8))
    )
    return f'<circle cx="{x}" cy="{y}" r="2.2" fill="{{ink}}"/><path d="{rays}"/>'


ICONS: dict[str, str] = {
    "turbine": _turbine(),
    "solar": (
        '<path d="M5.6 13.2H18.4L21 21.8H3ZM12 13.2V21.8M4.4 17.3H19.6"/>' + _sun(12, 6)
    ),
    "bolt": '<path d="M13.6 1.8 4.6 13.6H11L9.8 22.2 19.4 9.8H12.8Z" fill="{ink}"/>',
    "drop": (
        '<path d="M12 2.2C12 2.2 5 10 5 15A7 7 0 0 0 19 15C19 10 12 2.2 12 2.2Z"/>'
        '<path d="M8.6 15A3.4 3.4 0 0 0 12 18.4"/>'
    ),
    "leaf": (
        '<path d="M3.6 20.4C4.6 18.6 7.6 14.4 13.2 10.8M6 17.4C2.6 11 7.6 3.4 20.6 3.2C21.8 14.6 14.4 21.2 6 17.4Z"/>'
    ),
    "gear": _gear(),
    "tool": (
        '<path d="M20.9 6.3A5.4 5.4 0 0 1 14 12.6L6.6 20.9A2.5 2.5 0 0 1 3.1 17.4L11.4 10A5.4 5.4 0 0 1 17.7 3.1L14.6'
        ' 6.4 15.2 8.8 17.6 9.4Z"/>'
    ),
    "safety": (
        '<path d="M4 16.2V14.6A8 8 0 0 1 20 14.6V16.2M2.2 16.4H21.8V19.6H2.2Z"/>'
        '<path d="M9.6 12.4V5.2H14.4V12.4" fill="{ground}"/>'
    ),
    "medical": '<path d="M9 3H15V9H21V15H15V21H9V15H3V9H9Z"/>',
    "flask": (
        '<path d="M9.4 2.6V8.8L3.8 18.6A2 2 0 0 0 5.6 21.6H18.4A2 2 0 0 0 20.2 18.6L14.6 8.8V2.6M7.8 2.6H16.2'
        'M6.6 14.6H17.4"/>'
    ),
    "code": '<path d="M7.2 6.2 1.6 12 7.2 17.8M16.8 6.2 22.4 12 16.8 17.8M14 3.6 10 20.4"/>',
    "chart": '<path d="M3 2.8V21H21.4M7.2 16.4 11.4 11 14.6 13.8 20.6 6.2M20.8 10.2V6H16.6"/>',
    "speech": (
        '<path d="M8.4 16.4H5.4A2.6 2.6 0 0 1 2.8 13.8V6.4A2.6 2.6 0 0 1 5.4 3.8H14.6A2.6 2.6 0 0 1 17.2 6.4V7.2"/>'
        '<path d="M11.2 9.6H18.8A2.4 2.4 0 0 1 21.2 12V16.4A2.4 2.4 0 0 1 18.8 18.8V21.8L15.4 18.8H11.2A2.4 2.4 0 0 1'
        ' 8.8 16.4V12A2.4 2.4 0 0 1 11.2 9.6Z"/>'
    ),
    "book": (
        '<path d="M12 5.8C9.6 3.9 6 3.5 2.4 3.9V18.7C6 18.3 9.6 18.7 12 20.6C14.4 18.7 18 18.3 21.6 18.7V3.9C18 3.5'
        ' 14.4 3.9 12 5.8ZM12 5.8V20.6"/>'
    ),
    "globe": (
        '<circle cx="12" cy="12" r="9.6"/><path d="M2.4 12H21.6M12 2.4C15.2 5 16.4 8.4 16.4 12S15.2 19 12 21.6C8.8 19'
        ' 7.6 15.6 7.6 12S8.8 5 12 2.4Z"/>'
    ),
    "people": (
        '<circle cx="8.8" cy="7.6" r="3.6"/><path d="M2 20.4V18.6A4.8 4.8 0 0 1 6.8 13.8H10.8A4.8 4.8 0 0 1 15.6 18.6'
        'V20.4M15.8 4.2A3.6 3.6 0 0 1 15.8 11M18 14A4.8 4.8 0 0 1 22 18.6V20.4"/>'
    ),
    "idea": (
        '<path d="M9 17.4C9 15.4 5.4 14 5.4 9A6.6 6.6 0 0 1 18.6 9C18.6 14 15 15.4 15 17.4ZM9.4 20H14.6M10.8 22.4H13.2'
        'M12 17.2V11.4M9.6 9.6 12 11.4 14.4 9.6"/>'
    ),
    "star": _star(),
}
