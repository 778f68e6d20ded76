"""The fonts of this package: Latin, Greek, Cyrillic, Arabic and Hebrew, the same on every machine."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file
from importlib.resources import files as package_files

from PIL import ImageFont

FAMILY = "Open Sans"
_FILES = (
    "OpenSans-Regular.ttf", "OpenSans-Semibold.ttf", "NotoNaskhArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf",
)


@cache
def paths() -> tuple[str, ...]:
    """The font files, in order of preference."""
    return tuple(map(_path, _FILES))


def width(text: str, size: float) -> float:
    """Width of ``text`` at ``size``, by the wider of the two weights."""
    return _semibold().getlength(text) * size / 100


@cache
def _semibold() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_path("OpenSans-Semibold.ttf"), 100, layout_engine=ImageFont.Layout.BASIC)


def _path(name: str) -> str:
    with as_file(package_files(__package__).joinpath("fonts", name)) as path:
        return str(path)
