"""The badge image in the author's form: drawn from the title, designed here, or a picture of her own. Pure.

Form of what the page sends as ``image``::

    {"kind": "kept"}                                            the stored image, whatever it is
    {"kind": "none"}                                            no image: the badge is drawn from the title
    {"kind": "design", "shape", "colour", "icon", "level": true, "title": true}
    {"kind": "upload", "data": a sanitised picture in base64, as ``received`` gave it}

An uploaded picture is in the page's hands until she saves: what is given up leaves nothing behind.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .. import badge, messages, views
from ..credentials import badge_design, badge_legibility, badge_upload
from ..credentials.badge_icons import ICONS as DRAWINGS
from ..credentials.badge_image import default_image
from ..definition import badge_design as read_design
from ..domain import badge as known
from ..domain.errors import InvalidAnswer, InvalidInput
from ..domain.pill import BadgeImage
from ..domain.text import LINE_MAX, TITLE_MAX
from ..messages import N_
from ..translation import Translator
from .card import control
from .page import FormPage
from .values import is_yes, mapping, shown

DRAWN, DESIGN, FILE = "none", "design", "file"
_FILES = ("svg", "src", "text", "media_type")
_MODES = {DRAWN: N_("Drawn from the title"), DESIGN: N_("Designed here"), FILE: N_("A picture of your own")}
_SHAPES = {
    "seal": N_("Seal"), "circle": N_("Circle"), "shield": N_("Shield"), "hexagon": N_("Hexagon"),
    "octagon": N_("Octagon"), "square": N_("Square"), "petals": N_("Flower"), "pennant": N_("Pennant"),
}
_COLOURS = {
    "teal": N_("Teal"), "blue": N_("Blue"), "navy": N_("Navy blue"), "violet": N_("Violet"), "berry": N_("Berry"),
    "red": N_("Red"), "orange": N_("Orange"), "sun": N_("Yellow"), "green": N_("Green"), "slate": N_("Slate grey"),
}
_ICONS = {
    "turbine": N_("Wind turbine"), "solar": N_("Solar panel"), "bolt": N_("Electricity"), "drop": N_("Water"),
    "leaf": N_("Environment"), "gear": N_("Mechanics"), "tool": N_("Tool"), "safety": N_("Safety helmet"),
    "medical": N_("Health"), "flask": N_("Laboratory"), "code": N_("Programming"), "chart": N_("Data"),
    "speech": N_("Languages"), "book": N_("Reading"), "globe": N_("World"), "people": N_("Working together"),
    "idea": N_("Idea"), "star": N_("Star"),
}
_CAPTION = N_("Badge: {title}")  # what badge.caption translates
_ADVICE = {
    "empty": N_("This picture shows nothing: it is empty or of one colour."),
    "small": N_("This picture is small and will look blurred. At least 400 pixels wide is better, 600 is best."),
    "unequal": N_("This picture is far from square. Wallets show badges in a square, so it will look small."),
    "margin": N_("There is much empty space around the badge, so it will look small. Cut it closer."),
    "contrast": N_("At 64 pixels light and dark differ too little to be told apart. Use stronger contrast."),
    "detail": N_("At 64 pixels small letters and thin lines are lost. Fewer and larger shapes are easier to make out."),
    "on-light": N_("Its outline is hardly seen on a light page. A darker edge helps."),
    "on-dark": N_("Its outline is hardly seen on a dark page. A lighter edge helps."),
    "opaque": N_("It has a light ground, which is a box on a dark page. Save it with a transparent ground."),
    "text": N_("It holds text that depends on the reader’s fonts. Save the letters as paths."),
    "moved": N_("This picture moved. Badges stand still: its first image is used."),
    "smaller": N_("It was made smaller, from {width} × {height} pixels, so that every wallet takes it."),
    "title-long": N_("The title is too long to be read on a badge, so it is left off."),
    "title-script": N_("The title has letters that cannot be drawn here, so it is left off."),
    "level-missing": N_("The pill has no EQF level yet, so none is shown. It is stated under Recognition."),
}


def mode(stored: Any) -> str:
    """Which of the three ways the stored image is of."""
    if not stored:
        return DRAWN
    return DESIGN if "design" in mapping(stored) else FILE


def model(page: FormPage, translator: Translator) -> dict[str, Any]:
    """What ``studio_badge.html`` shows."""
    _, stored = translator.gettext, page.fields["badge_image"]
    design, chosen = mapping(mapping(stored).get("design")), mode(stored)
    text = shown(stored, "caption")
    if chosen == DESIGN and not text:
        text = _proposed(page.fields["display_name"], page.fields["language"])
    return {
        "mode": chosen, "image": page.image,
        "modes": [{"value": name, "label": _(label)} for name, label in _MODES.items()],
        "caption": control(
            "image.caption", _("Text alternative of the badge image"), text,
            hint=_("What the badge shows, for people who cannot see it."), limit=LINE_MAX,
        ),
        "groups": [
            {"name": name, "label": _(label), "options": _options(name, design, labels, translator)}
            for name, label, labels in (
                ("shape", N_("Shape"), _SHAPES), ("colour", N_("Colour"), _COLOURS), ("icon", N_("Icon"), _ICONS),
            )
        ],
        "level": is_yes(design.get("level", "true")), "title": is_yes(design.get("title", "true")),
        "limit": badge_upload.MAX_UPLOAD // 1_000_000,
    }


def script(page: FormPage, translator: Translator) -> dict[str, Any]:
    """What the part's script needs to start."""
    _, stored = translator.gettext, page.fields["badge_image"]
    limit = badge_upload.MAX_UPLOAD
    size = _(messages.MESSAGES["upload-size"])
    return {
        "mode": mode(stored), "limit": limit, "made_from": made_from(stored),
        "caption": shown(stored, "caption"),
        "proposed": _proposed(page.fields["display_name"], page.fields["language"]),
        "texts": {
            "working": _("Checking the picture…"), "taken": _("The picture is taken. It is kept when you save."),
            "one": _("Drop one file only."), "size": size.replace("{limit}", str(limit // 1_000_000)),
            "given_up": _("Your picture is given up when you save."), "back": _("Your picture is back."),
            "caption": _("The text alternative is that of the picture before. See whether it still fits."),
            "file": _("{name}, {width} × {height}"),
            "old": _("The badge could not be drawn anew: what you see is the one before."),
            "signed_out": _("You are signed out. Sign in again in another tab, come back here and try again."),
        },
    }


def read(stored: Any, given: Mapping[str, Any]) -> Any:
    """The new value of the field, but for its caption. What the page shows of a stored design keeps its spelling.

    InvalidInput where an uploaded picture cannot be used; InvalidAnswer for another form than the page's.
    """
    kind = given.get("kind", "kept")
    if kind == "kept":
        if given.get("of", made_from(stored)) != made_from(stored):  # hers is gone: another's would have her caption
            raise InvalidInput("The picture was changed meanwhile.", code="image-changed", field="image")
        return stored
    if kind == DRAWN:
        return {} if stored else stored
    if kind == DESIGN and mode(stored) == DESIGN:
        before = stored["design"]
        after = _design(before, given)
        return {**stored, "design": after if after or isinstance(before, Mapping) else before}
    kept = {name: value for name, value in mapping(stored).items() if name not in (*_FILES, "design")}
    if kind == DESIGN:
        return {**kept, "design": _design(None, given)}
    if kind != "upload":
        raise _unusable("image")
    picture = badge_upload.read(_bytes(given.get("data")))
    if picture.media_type == "image/svg+xml":
        return {**kept, "svg": picture.data.decode("utf-8")}
    return {**kept, "text": base64.b64encode(picture.data).decode("ascii")}


def made_from(stored: Any) -> str:
    """Another text for another stored picture, so that a form knows whether the one it shows is still there."""
    text = json.dumps(stored, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_proposed(value: Any, text: str, submission: Mapping[str, Any]) -> bool:
    """Whether ``text`` is the caption that a designed badge has of itself, so that none need be stored."""
    if "design" not in mapping(value) or mapping(value).get("caption"):
        return False
    return text == _proposed(submission.get("title", ""), submission.get("language", ""))


def drawn(
    given: Mapping[str, Any], stored: Any, shown_now: BadgeImage | None, level: int | None, translator: Translator
) -> dict[str, Any]:
    """The badge as the page describes it: its address, the caption proposed for it, and what is to be said of it.

    ``stored`` is what the field holds, and ``shown_now`` its picture, if it can be shown; both for ``kept``. The
    address is empty where nothing can be shown. Raises InvalidInput.
    """
    image = mapping(given.get("image"))
    title, language = (_clean(given.get(name)) for name in ("title", "language"))
    proposed, kind = _proposed(title, language), image.get("kind")
    notes: list[str] = []
    if kind == DESIGN:
        design = read_design(_design(None, image))
        data = badge_design.draw(design, title=title, level=level, caption=proposed)
        picture, notes = BadgeImage(media_type="image/svg+xml", data=data, caption=proposed), _left_off(
            design, title, level
        )
    elif kind == "kept" and stored:
        picture = shown_now
        notes = list(badge_legibility.judge(picture).advice) if picture else []
    else:
        picture = default_image(title, level, language)
    return {
        "url": views.image(picture)["url"] if picture else "", "caption": proposed,
        "notes": [translator.gettext(_ADVICE[code]) for code in notes],
    }


def received(data: bytes, translator: Translator) -> dict[str, Any]:
    """An uploaded file as the page keeps it until she saves. Raises InvalidInput for what cannot be used."""
    picture = badge_upload.read(data)
    image = BadgeImage(media_type=picture.media_type, data=picture.data, caption="-")
    kept = badge_legibility.judge(image, width=picture.width, height=picture.height)
    codes = [*(["moved"] if picture.moved else []), *(["smaller"] if picture.shrunk else []), *kept.advice]
    return {
        "data": base64.b64encode(picture.data).decode("ascii"), "url": views.image(image)["url"],
        "width": picture.width, "height": picture.height,
        "notes": [
            translator.gettext(_ADVICE[code]).format(width=picture.width, height=picture.height) for code in codes
        ],
    }


def _options(
    name: str, design: Mapping[str, Any], labels: Mapping[str, str], translator: Translator
) -> list[dict[str, Any]]:
    """The choices of one property, each with a small drawing of it."""
    chosen = shown(design, name) or getattr(known.BadgeDesign(), name)
    return [
        {
            "value": value, "label": translator.gettext(label), "checked": value == chosen,
            "shape": badge_design.outline(value) if name == "shape" else "",
            "palette": badge_design.PALETTES[value] if name == "colour" else None,
            "icon": DRAWINGS[value].format(ink="currentColor", ground="none") if name == "icon" else "",
        }
        for value, label in labels.items()
    ]


def _design(stored: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The stored design with what the page says of it."""
    data = dict(mapping(stored))
    for name in ("shape", "colour", "icon"):
        text = given.get(name, "")
        if not isinstance(text, str):
            raise _unusable(name)
        if text and text != (shown(data, name) or getattr(known.BadgeDesign(), name)):
            data[name] = text
    for name in ("level", "title"):
        if bool(given.get(name)) != is_yes(data.get(name, "true")):
            data[name] = "true" if given.get(name) else "false"
    return data


def _left_off(design: known.BadgeDesign, title: str, level: int | None) -> list[str]:
    """What the design asks for and cannot show."""
    found = []
    if design.title and title.strip() and not badge_design.fits(title):
        found.append("title-long" if badge_design.is_drawable(title) else "title-script")
    if design.level and level is None:
        found.append("level-missing")
    return found


def _proposed(title: Any, language: Any) -> str:
    return badge.caption(_clean(title), _clean(language))


def _clean(value: Any) -> str:
    """A text that is still being typed, without what no drawing can hold."""
    text = value[:TITLE_MAX] if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable())


def _bytes(data: Any) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise _unusable("image") from None


def _unusable(name: str) -> InvalidAnswer:
    return InvalidAnswer(f"The request's '{name}' has another form than the page gives it.", code="request-field",
                         field=name)

