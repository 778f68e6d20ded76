"""Badge images: checking what authors upload, drawing the others, PNG and SVG forms."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from xml.sax.saxutils import quoteattr

import resvg_py
from PIL import Image, ImageColor, UnidentifiedImageError

from ..domain.badge import BadgeDesign
from ..domain.errors import InvalidInput
from ..domain.pill import BadgeImage
from . import badge_design, badge_drawing, fonts, svg, wording

MAX_BYTES = 1_000_000
DEFAULT_WIDTH = 400
DESIGNED_WIDTH = 600
_DEGREES = 31  # of transparency


def default_image(title: str, level: int | None, language: str) -> BadgeImage:
    """The badge of ``badge_drawing`` as SVG. ``level`` None draws no pips."""
    caption = wording.texts(language)["badge"].format(title=title)
    return BadgeImage(media_type="image/svg+xml", data=badge_drawing.draw(title, level, caption), caption=caption)


@lru_cache(maxsize=256)
def default_png(title: str, level: int | None, language: str) -> BadgeImage:
    """``default_image`` as PNG, the form that every wallet can show."""
    drawn = default_image(title, level, language)
    png = reduced(to_png(drawn, width=DEFAULT_WIDTH))
    return BadgeImage(media_type="image/png", data=png, caption=drawn.caption)


@lru_cache(maxsize=256)
def designed_png(design: BadgeDesign, *, title: str, level: int | None, caption: str) -> BadgeImage:
    """The badge of ``badge_design`` as PNG, large enough for every use."""
    drawing = badge_design.draw(design, title=title, level=level, caption=caption)
    png = outlined(render(drawing, width=DESIGNED_WIDTH), edge=badge_design.PALETTES[design.colour].edge)
    return BadgeImage(media_type="image/png", data=png, caption=caption)


def sanitise_svg(data: bytes) -> bytes:
    """An uploaded SVG reduced to drawing: no script, no foreign content, no outside reference.

    InvalidInput (``image-size``, ``svg-unreadable``, ``svg-entities``) when it cannot be used.
    """
    return svg.sanitise(data, limit=MAX_BYTES)


def check_png(data: bytes) -> bytes:
    """``data`` unchanged if it is a readable PNG of sane size.

    InvalidInput: ``image-size`` (more than 1 MB), ``png-unreadable``, ``png-pixels``.
    """
    if len(data) > MAX_BYTES:
        raise _too_large()
    open_png(data).close()
    return data


def fit(data: bytes, media_type: str) -> bytes:
    """``sanitise_svg`` or ``check_png``. Equal pictures are looked at once: every view of a pill asks for its own."""
    if len(data) > MAX_BYTES:
        raise _too_large()
    found = _looked_at(data, media_type)
    if isinstance(found, InvalidInput):
        raise InvalidInput(found.message, code=found.code, **found.params)
    return found


@lru_cache(maxsize=32)  # of at most a megabyte each
def _looked_at(data: bytes, media_type: str) -> bytes | InvalidInput:
    check = sanitise_svg if media_type == "image/svg+xml" else check_png
    try:
        return check(data)
    except InvalidInput as error:
        return error


def to_png(image: BadgeImage, *, width: int = 600) -> bytes:
    """``image`` as PNG, ``width`` pixels wide with its proportions kept.

    InvalidInput (``svg-unreadable``, ``png-unreadable``, ``png-pixels``) for what cannot be rendered.
    """
    if image.media_type == "image/svg+xml":
        return render(svg.sanitise(image.data, limit=MAX_BYTES), width=width)
    picture = open_png(image.data)
    height = max(1, round(picture.height * width / picture.width))
    if height > 4 * width:
        raise InvalidInput("The badge image is too tall.", code="png-pixels", field="image")
    resized = picture.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    resized.save(out, "PNG", optimize=True)
    return out.getvalue()


def to_svg(image: BadgeImage) -> bytes:
    """``image`` as SVG; a PNG is embedded in one of its own size."""
    if image.media_type == "image/svg+xml":
        return sanitise_svg(image.data)
    picture = open_png(image.data)
    data = base64.b64encode(image.data).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {picture.width} {picture.height}"'
        f' width="{picture.width}" height="{picture.height}" role="img" aria-label={quoteattr(image.caption)}>'
        f'<image width="{picture.width}" height="{picture.height}" href="data:image/png;base64,{data}"/></svg>'
    ).encode()


def render(drawing: bytes, *, width: int) -> bytes:
    """A trusted or sanitised SVG as PNG. Text is drawn in the package's fonts, never the system's."""
    faces = list(fonts.paths()) if b"<text" in drawing else []
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=drawing.decode("utf-8"), width=width, skip_system_fonts=True, font_files=faces,
                font_family=fonts.FAMILY, sans_serif_family=fonts.FAMILY, serif_family=fonts.FAMILY,
            )
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise InvalidInput("The SVG image cannot be drawn.", code="svg-unreadable", field="image") from error


def reduced(png: bytes) -> bytes:
    """A drawing as PNG with at most 256 colours: a third of the bytes."""
    with Image.open(io.BytesIO(png)) as picture:
        palette = picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    palette.save(out, "PNG")
    return out.getvalue()


def outlined(png: bytes, *, edge: str) -> bytes:
    """The same for a drawing whose outline is all of the colour ``edge``: its colours stay true, gradients smooth.

    What is transparent, wholly or in part, is of that colour: a few degrees of it leave the palette to the rest.
    """
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGBA")
    alpha, colours = picture.getchannel("A"), 256 - _DEGREES
    solid = Image.new("RGB", picture.size, edge)
    solid.paste(picture.convert("RGB"), mask=alpha.point(lambda value: 255 if value == 255 else 0))
    palette = solid.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    degrees = alpha.point(lambda value: colours + min(_DEGREES - 1, round(value * _DEGREES / 255)))
    palette.paste(degrees, mask=alpha.point(lambda value: 0 if value == 255 else 255))
    known = [*palette.getpalette(), *[0] * 768][:3 * colours]
    palette.putpalette([*known, *ImageColor.getrgb(edge) * _DEGREES])
    transparency = bytes([255] * colours + [round(degree * 255 / _DEGREES) for degree in range(_DEGREES)])
    out = io.BytesIO()
    palette.save(out, "PNG", transparency=transparency, optimize=True)
    return out.getvalue()


def open_png(data: bytes) -> Image.Image:
    """The picture in ``data``, read whole. InvalidInput (``png-unreadable``, ``png-pixels``)."""
    try:
        picture = Image.open(io.BytesIO(data), formats=("PNG",))
        if picture.width * picture.height > svg.MAX_PIXELS:
            raise _too_many_pixels()
        picture.load()
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise InvalidInput("The PNG image cannot be read.", code="png-unreadable", field="image") from error
    return picture


def _too_large() -> InvalidInput:
    return InvalidInput("A badge image must not exceed 1 MB.", code="image-size", field="image")


def _too_many_pixels() -> InvalidInput:
    return InvalidInput(f"A badge image may have {svg.MAX_PIXELS} pixels at most.", code="png-pixels", field="image")
