"""How well a badge is told at the size in which wallets list it. Advice, never a condition.

Contrast is that of WCAG 2.2. What is lost is measured as total variation, the sum of all differences between
neighbours: an edge keeps it when a picture becomes small, thin lines and small letters do not.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter, ImageStat

from ..domain.pill import BadgeImage
from . import badge_image

SMALL = 64
_LARGE = 256
_LEAST_EDGE = 200
_LEAST_CONTRAST, _LEAST_OUTLINE, _MOST_OUTLINE_LOST = 3.0, 1.35, 0.6
_MOST_LOST = 0.42
_MOST_UNEQUAL = 1.4
_LEAST_FILLED = 0.55
_LIGHT, _DARK = 255, 4  # luminance of a white page and of one in #1b2229, from 0 to 255
_RIM = 5  # a pale rim of so many of the 64 pixels is no loss if what it holds is seen


@dataclass(frozen=True, kw_only=True)
class Legibility:
    """``contrast`` inside the picture at 64 px, 1 to 21; ``lost``: share of the detail that is gone there, 0 to 1.

    ``advice`` are codes: ``empty``, ``small``, ``unequal``, ``margin``, ``contrast``, ``detail``, ``on-light``,
    ``on-dark``, ``opaque``, ``text``.
    """

    contrast: float
    lost: float
    advice: tuple[str, ...]


def judge(image: BadgeImage, *, width: int | None = None, height: int | None = None) -> Legibility:
    """Judge a sound image. ``width`` and ``height`` are those the author's own file had in pixels."""
    large, small = _shown(image, _LARGE), _shown(image, SMALL)
    cover = small.getchannel("A").point(lambda value: 255 if value > 127 else 0)
    if cover.getbbox() is None:
        return Legibility(contrast=1.0, lost=0.0, advice=("empty",))
    contrast, lost = _contrast(small, cover), _lost(large, small)
    found = _of_size(image, large, width, height)
    if _is_one_colour(large):
        found.append("empty")
    elif contrast < _LEAST_CONTRAST and _has_content(large):
        found.append("contrast")
    if lost > _MOST_LOST:
        found.append("detail")
    found += _on_grounds(small, cover)
    if image.media_type == "image/svg+xml" and b"<text" in image.data:
        found.append("text")
    return Legibility(contrast=round(contrast, 2), lost=round(lost, 2), advice=tuple(found))


def _shown(image: BadgeImage, edge: int) -> Image.Image:
    """The picture as large as a frame of that size lets it be."""
    with Image.open(io.BytesIO(badge_image.to_png(image, width=_LARGE))) as picture:
        shown = picture.convert("RGBA")
    scale = edge / max(shown.size)
    size = tuple(max(1, round(side * scale)) for side in shown.size)
    return shown.resize(size, Image.Resampling.LANCZOS)


def _of_size(image: BadgeImage, large: Image.Image, width: int | None, height: int | None) -> list[str]:
    found = []
    if image.media_type == "image/png" and width and height and max(width, height) < _LEAST_EDGE:
        found.append("small")
    if max(large.size) / min(large.size) > _MOST_UNEQUAL:
        found.append("unequal")
    left, top, right, bottom = large.getchannel("A").point(lambda value: 255 if value > 40 else 0).getbbox()
    if max(right - left, bottom - top) < _LEAST_FILLED * max(large.size):
        found.append("margin")
    return found


def _luminance(picture: Image.Image) -> Image.Image:
    """Relative luminance (WCAG 2.2) of a picture in RGB, 0 to 255."""
    linear = picture.convert("RGB").point([round(255 * _linear(value / 255)) for value in range(256)] * 3)
    return linear.convert("L", matrix=(0.2126, 0.7152, 0.0722, 0))


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _ratio(one: float, other: float) -> float:
    """The contrast of two luminances from 0 to 255."""
    light, dark = max(one, other) / 255, min(one, other) / 255
    return (light + 0.05) / (dark + 0.05)


def _contrast(picture: Image.Image, cover: Image.Image) -> float:
    """Between the darkest and the lightest parts inside; a few pixels at either end do not count."""
    counts = _luminance(picture).histogram(cover)
    total, seen, found = sum(counts), 0, []
    for value, count in enumerate(counts):
        for share in (0.02, 0.98):
            if seen <= share * total < seen + count:
                found.append(value)
        seen += count
    return _ratio(found[0], found[-1]) if found else 1.0


def _is_one_colour(picture: Image.Image) -> bool:
    return all(low == high for low, high in picture.getextrema())


def _has_content(picture: Image.Image) -> bool:
    """Whether anything is told inside the outline; a plain silhouette is told by its outline alone."""
    inside = picture.getchannel("A").point(lambda value: 255 if value > 250 else 0).filter(ImageFilter.MinFilter(9))
    if inside.getbbox() is None:
        return False
    return ImageStat.Stat(picture.convert("L"), inside).stddev[0] > 2


def _lost(large: Image.Image, small: Image.Image) -> float:
    """The share of the total variation that is gone at 64 px."""
    ground = Image.new("RGBA", large.size, (127, 127, 127, 255))
    grown = small.resize(large.size, Image.Resampling.BICUBIC)
    before, after = (
        _variation(Image.alpha_composite(ground, picture).convert("L")) for picture in (large, grown)
    )
    return max(0.0, 1 - after / before) if before else 0.0


def _variation(picture: Image.Image) -> float:
    width, height = picture.size
    across = ImageChops.difference(picture.crop((1, 0, width, height)), picture.crop((0, 0, width - 1, height)))
    down = ImageChops.difference(picture.crop((0, 1, width, height)), picture.crop((0, 0, width, height - 1)))
    return ImageStat.Stat(across).sum[0] + ImageStat.Stat(down).sum[0]


def _on_grounds(picture: Image.Image, cover: Image.Image) -> list[str]:
    """Whether its outline is lost on a light or dark page; a full rectangle has none."""
    luminance = _luminance(picture)
    if ImageStat.Stat(cover).mean[0] > 0.98 * 255:
        frame = ImageChops.invert(_inside(cover))
        return ["opaque"] if ImageStat.Stat(luminance, frame).median[0] > 200 else []
    outline = ImageChops.subtract(cover, _inside(cover))
    if outline.getbbox() is None:
        return []
    found = []
    for code, ground in (("on-light", _LIGHT), ("on-dark", _DARK)):
        seen = luminance.point([255 if _ratio(value, ground) >= _LEAST_OUTLINE else 0 for value in range(256)])
        near = ImageChops.multiply(seen, cover).filter(ImageFilter.MaxFilter(2 * _RIM + 1))
        lost = ImageChops.subtract(outline, near)
        if ImageStat.Stat(lost).sum[0] > _MOST_OUTLINE_LOST * ImageStat.Stat(outline).sum[0]:
            found.append(code)
    return found


def _inside(cover: Image.Image) -> Image.Image:
    """``cover`` without its outermost pixels, also where it touches the frame."""
    framed = Image.new("L", (cover.width + 2, cover.height + 2))
    framed.paste(cover, (1, 1))
    return framed.filter(ImageFilter.MinFilter(3)).crop((1, 1, cover.width + 1, cover.height + 1))
