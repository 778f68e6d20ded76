"""The badge that is drawn for a pill without an image of its own.

A scalloped seal on two ribbons, a rotor in its middle, one pip per EQF level. Hue, number of blades
and their shape come from the title's digest. No text, so no font: it looks the same everywhere.
"""

from __future__ import annotations

import colorsys
import hashlib
from math import cos, pi, sin
from xml.sax.saxutils import escape, quoteattr

CENTRE = 240
LEVELS = 8
_LOBES = 28
# Hue of the seal and of its accent, as fractions of the circle; pairs that stay apart for colour-blind eyes.
_HUES = (
    (0.47, 0.12), (0.53, 0.11), (0.57, 0.12), (0.61, 0.10), (0.66, 0.13), (0.72, 0.12),
    (0.78, 0.13), (0.90, 0.14), (0.97, 0.13), (0.03, 0.50), (0.07, 0.53), (0.38, 0.14),
)


def draw(title: str, level: int | None, caption: str) -> bytes:
    """The badge as SVG, 480 units square; equal arguments give equal bytes."""
    digest = hashlib.sha256(title.encode("utf-8")).digest()
    hue, accent = _HUES[digest[0] % len(_HUES)]
    palette = {
        "light": _colour(hue, 0.52, 0.62),
        "base": _colour(hue, 0.38, 0.64),
        "deep": _colour(hue, 0.24, 0.66),
        "pale": _colour(hue, 0.93, 0.70),
        "accent": _colour(accent, 0.62, 0.92),
    }
    parts = [_gradients(palette), _ribbons(palette), _seal(palette), _rotor(digest, palette), _pips(level, palette)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480" role="img" aria-label={quoteattr(caption)}>'
        f"<title>{escape(caption)}</title>{''.join(parts)}</svg>"
    ).encode()


def _gradients(palette: dict[str, str]) -> str:
    return (
        '<defs><linearGradient id="face" x1="0" y1="0" x2="1" y2="1">'
        f'<stop offset="0" stop-color="{palette["light"]}"/><stop offset="1" stop-color="{palette["deep"]}"/>'
        '</linearGradient><radialGradient id="disc" cx="0.4" cy="0.32" r="0.8">'
        f'<stop offset="0" stop-color="{palette["base"]}"/><stop offset="1" stop-color="{palette["deep"]}"/>'
        "</radialGradient></defs>"
    )


def _ribbons(palette: dict[str, str]) -> str:
    left = "M150 300 L96 452 L150 432 L182 474 L236 330 Z"
    right = "M330 300 L384 452 L330 432 L298 474 L244 330 Z"
    return f'<path d="{left}" fill="{palette["deep"]}"/><path d="{right}" fill="{palette["base"]}"/>'


def _seal(palette: dict[str, str]) -> str:
    return (
        f'<path d="{_scallops(206, 194)}" fill="url(#face)"/>'
        f'<circle cx="{CENTRE}" cy="220" r="176" fill="{palette["pale"]}"/>'
        f'<circle cx="{CENTRE}" cy="220" r="166" fill="url(#disc)"/>'
        f'<circle cx="{CENTRE}" cy="220" r="152" fill="none" stroke="{palette["pale"]}" stroke-opacity="0.55"'
        ' stroke-width="2.5" stroke-dasharray="1 9" stroke-linecap="round"/>'
    )


def _rotor(digest: bytes, palette: dict[str, str]) -> str:
    """Blades around a hub; the second, smaller rotor stands between the blades of the first."""
    blades = 3 + digest[2] % 5
    sweep, width = 12 + digest[3] % 26, 30 - 2 * blades
    outer = _blades(blades, 104, width + 6, sweep, 0)
    inner = _blades(blades, 62, width, -sweep / 2, pi / blades)
    return (
        f'<path d="{inner}" fill="{palette["accent"]}" fill-opacity="0.85"/>'
        f'<path d="{outer}" fill="{palette["pale"]}"/>'
        f'<circle cx="{CENTRE}" cy="208" r="17" fill="{palette["deep"]}"/>'
        f'<circle cx="{CENTRE}" cy="208" r="8" fill="{palette["accent"]}"/>'
    )


def _blades(count: int, length: float, width: float, sweep: float, turn: float) -> str:
    paths = []
    for index in range(count):
        angle = turn + index * 2 * pi / count - pi / 2
        points = ((10, -5), (length * 0.45, -width), (length, sweep), (length * 0.55, width * 0.25), (10, 5))
        start, control, tip, back, end = (_turned(x, y, angle) for x, y in points)
        paths.append(f"M{start} Q{control} {tip} Q{back} {end} Z")
    return " ".join(paths)


def _pips(level: int | None, palette: dict[str, str]) -> str:
    if level is None:
        return ""
    pips = []
    for index in range(LEVELS):
        angle = pi * (0.5 + 0.052 * (LEVELS - 1) - 0.104 * index)
        x, y = CENTRE + 132 * cos(angle), 220 + 132 * sin(angle)
        reached = index < level
        fill = palette["accent"] if reached else "none"
        stroke = palette["pale"]
        opacity = "1" if reached else "0.6"
        pips.append(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{9 if reached else 7}" fill="{fill}" stroke="{stroke}"'
            f' stroke-width="2.5" stroke-opacity="{opacity}"/>'
        )
    return "".join(pips)


def _scallops(outer: float, inner: float) -> str:
    step = 2 * pi / _LOBES
    lobes = (
        f"Q{_polar(2 * outer - inner, index * step)} {_polar(inner, (index + 0.5) * step)}" for index in range(_LOBES)
    )
    return f"M{_polar(inner, -step / 2)} {' '.join(lobes)} Z"


def _polar(radius: float, angle: float) -> str:
    return f"{CENTRE + radius * cos(angle):.2f} {220 + radius * sin(angle):.2f}"


def _turned(x: float, y: float, angle: float) -> str:
    return f"{CENTRE + x * cos(angle) - y * sin(angle):.2f} {208 + x * sin(angle) + y * cos(angle):.2f}"


def _colour(hue: float, lightness: float, saturation: float) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in colorsys.hls_to_rgb(hue, lightness, saturation))
