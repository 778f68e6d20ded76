"""What an author uploads as a badge, made fit to be kept: told by its bytes, never by its name."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageMath

from ..domain.errors import InvalidInput
from . import badge_image, svg

MAX_UPLOAD = 5_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_EDGES = (1024, 800, 600, 400)
_SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N", "I")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The kept file, and what it was: its size in pixels (of an SVG, in its own units), whether it moved or was larger.
    """

    media_type: str
    data: bytes
    width: int
    height: int
    moved: bool = False
    shrunk: bool = False


def read(data: bytes) -> Picture:
    """The picture in ``data``: an SVG sanitised, a PNG written anew without anything but its pixels.

    What was read once is read again as itself. InvalidInput: ``upload-size``, ``image-empty``, ``image-type``,
    ``image-ratio``, ``image-size``, and those of ``badge_image`` for damaged and hostile files.
    """
    if len(data) > MAX_UPLOAD:
        raise too_large(len(data))
    if not data:
        raise InvalidInput("The file is empty.", code="image-empty", field="image")
    if data.startswith(_PNG):
        return _png(data)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return _svg(data)
    raise InvalidInput("A badge image must be PNG or SVG.", code="image-type", field="image")


def too_large(size: int) -> InvalidInput:
    """The refusal of a file of so many bytes."""
    return InvalidInput(
        f"The file has {size} bytes; {MAX_UPLOAD} are taken at most.", code="upload-size", field="image",
        size=-(-size // 1_000_000), limit=MAX_UPLOAD // 1_000_000,
    )


def _svg(data: bytes) -> Picture:
    clean = badge_image.sanitise_svg(data)
    box = svg.parse(clean, limit=badge_image.MAX_BYTES).get("viewBox", "").replace(",", " ").split()
    width, height = (max(1, round(float(size))) for size in box[2:4])
    badge_image.render(clean, width=64)  # one that cannot be drawn is told of now
    return Picture(media_type="image/svg+xml", data=clean, width=width, height=height)


def _png(data: bytes) -> Picture:
    picture = badge_image.open_png(data)
    moved = getattr(picture, "n_frames", 1) > 1
    width, height = picture.size
    if not 1 / svg.MAX_RATIO <= width / height <= svg.MAX_RATIO:
        raise InvalidInput(
            f"A badge image may be {svg.MAX_RATIO} times as long as wide at most.", code="image-ratio", field="image",
            ratio=svg.MAX_RATIO,
        )
    plain = _eight_bits(picture)
    plain = plain.convert("RGBA" if _is_transparent(plain) else "RGB")
    for edge in _EDGES:
        kept = _written(plain, edge)
        if len(kept) <= badge_image.MAX_BYTES:
            shrunk = edge < max(width, height)
            return Picture(
                media_type="image/png", data=kept, width=width, height=height, moved=moved, shrunk=shrunk
            )
    raise InvalidInput("A badge image must not exceed 1 MB.", code="image-size", field="image")


def _written(picture: Image.Image, edge: int) -> bytes:
    """``picture`` as PNG, neither side longer than ``edge``; no metadata, and nothing behind the end."""
    scale = min(1.0, edge / max(picture.size))
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    smaller = picture.copy() if scale == 1 else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    smaller.info.clear()
    out = io.BytesIO()
    smaller.save(out, "PNG", optimize=True)
    return out.getvalue()


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A grey picture of 16 bits as one of 8: converted plainly it would turn white."""
    if picture.mode not in _SIXTEEN_BITS:
        return picture
    return ImageMath.lambda_eval(lambda args: args["convert"](args["grey"] / 256, "L"), grey=picture.convert("I"))


def _is_transparent(picture: Image.Image) -> bool:
    if "A" in picture.getbands() or "transparency" in picture.info:
        return picture.convert("RGBA").getextrema()[3][0] < 255
    return False
