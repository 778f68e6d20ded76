"""The picture of a pill's badge, from what the author gave: a file, an SVG, a PNG in base64, or a design."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from . import definition
from .domain.errors import InvalidPill
from .domain.pill import BadgeImage
from .domain.text import LINE_MAX, checked_text
from .translation import Translator


def image(
    data: Any, *, title: Any, level: int | None, language: Any, file: Callable[[str], bytes | None]
) -> BadgeImage | None:
    """The picture, sanitised, or drawn from its design; None where there is none.

    ``file`` reads a file of the course. A designed badge without a caption has that of ``caption``.
    Raises InvalidInput.
    """
    if not data:
        return None
    if not isinstance(data, Mapping):
        raise _unreadable()
    from .credentials import badge_image

    if "design" in data:
        return drawn(data["design"], data.get("caption", ""), title=title, level=level, language=language)
    picture, media_type = content(data, file)
    return BadgeImage(
        media_type=media_type, data=badge_image.fit(picture, media_type), caption=data.get("caption", "")
    )


def drawn(design: Any, text: Any, *, title: Any, level: int | None, language: Any) -> BadgeImage:
    """The picture of a design with the caption ``text``, as PNG: many wallets show no SVG. Raises InvalidInput."""
    from .credentials import badge_image

    checked = checked_text(text or caption(title, language), field="image caption", limit=LINE_MAX)
    return badge_image.designed_png(definition.badge_design(design), title=str(title), level=level, caption=checked)


def caption(title: Any, language: Any) -> str:
    """The text alternative of a badge that the package draws, in the pill's language."""
    from .credentials import wording

    primary = wording.primary(str(language))
    return Translator(primary).gettext(wording.texts(primary)["badge"]).format(title=title)


def level(recognition: Any) -> int | None:
    """The level that a badge shows: the pill's EQF level, if it has a usable one."""
    text = str(recognition.get("eqf_level", "")).strip() if isinstance(recognition, Mapping) else ""
    return int(text) if text in tuple("12345678") else None


def content(data: Mapping[str, Any], file: Callable[[str], bytes | None]) -> tuple[bytes, str]:
    """The author's picture as it is stored, and its media type. InvalidPill where there is none to be read."""
    svg, source, text = (data.get(name) or "" for name in ("svg", "src", "text"))
    if not all(isinstance(value, str) for value in (svg, source, text)):
        raise _unreadable()
    if svg:
        return svg.encode("utf-8", "replace"), "image/svg+xml"
    if source:
        return _read(source, file), "image/svg+xml" if source.lower().endswith(".svg") else "image/png"
    try:
        return base64.b64decode("".join(text.split()), validate=True), "image/png"
    except (binascii.Error, ValueError):
        raise _unreadable() from None


def _unreadable() -> InvalidPill:
    return InvalidPill("The badge image cannot be read.", code="image-unreadable", field="image")


def _read(source: str, file: Callable[[str], bytes | None]) -> bytes:
    content = file(source)
    if content is None:
        raise InvalidPill(
            f"The badge image {source[:200]} is not among the files of this course.", code="image-missing",
            field="image", source=source[:200],
        )
    return content
