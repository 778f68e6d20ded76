"""What is advised of a picture: each shortcoming alone, none for good ones, and numbers that mean something."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from microcred_xblock.credentials import badge_design, badge_image, badge_legibility
from microcred_xblock.domain.badge import COLOURS, ICONS, SHAPES, BadgeDesign
from microcred_xblock.domain.pill import BadgeImage

RIM = "<circle cx='50' cy='50' r='48' fill='#fff'/><circle cx='50' cy='50' r='50' fill='none' stroke='#123'/>"
FACE = f"{RIM}<circle cx='50' cy='50' r='43' fill='#1a4f8a'/>"
GOOD = f"{FACE}<path d='M30 30h40v40z' fill='#fff'/>"
LINES = "".join(f"<path d='M15 {y}h70' stroke='#fff' stroke-width='.5'/>" for y in range(22, 80, 2))
WORDS = "".join(f"<path d='M{x} {y}v3h1v-3z' fill='#fff'/>" for y in range(22, 80, 5) for x in range(20, 80, 2))


def drawing(body: str, box: str = "0 0 100 100") -> BadgeImage:
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{box}'>{body}</svg>"
    return BadgeImage(media_type="image/svg+xml", data=svg.encode(), caption="x")


def advice(body: str, box: str = "0 0 100 100") -> tuple[str, ...]:
    return badge_legibility.judge(drawing(body, box)).advice


def png(width: int, height: int) -> BadgeImage:
    with Image.open(io.BytesIO(badge_image.to_png(drawing(GOOD), width=max(width, height)))) as picture:
        out = io.BytesIO()
        picture.resize((width, height)).save(out, "PNG")
    return BadgeImage(media_type="image/png", data=out.getvalue(), caption="x")


@pytest.mark.parametrize(("body", "box", "expected"), [
    (GOOD, "0 0 100 100", ()),
    ("", "0 0 100 100", ("empty",)),
    ("<rect width='100' height='100' fill='#127'/>", "0 0 100 100", ("empty",)),
    (f"{RIM}<circle cx='50' cy='50' r='43' fill='#f4f4f4'/><path d='M30 30h40v40z' fill='#fff'/>", "0 0 100 100", ()),
    ("<circle cx='50' cy='50' r='49' fill='#8ab'/><path d='M30 30h40v40z' fill='#9bc'/>", "0 0 100 100", ("contrast",)),
    (FACE + LINES, "0 0 100 100", ("detail",)), (FACE + WORDS, "0 0 100 100", ("detail",)),
    (f"<g transform='translate(50)'>{GOOD}</g>", "0 0 200 100", ("unequal", "margin")),
    (f"<g transform='translate(60 60)'>{GOOD}</g>", "0 0 220 220", ("margin",)),
    (f"{GOOD}<text x='50' y='50' fill='#000'>A</text>", "0 0 100 100", ("text",)),
    (f"<rect width='100' height='100' fill='#fff'/>{GOOD}", "0 0 100 100", ("opaque",)),
    ("<rect width='100' height='100' fill='#124'/><path d='M30 30h40v40z' fill='#fff'/>", "0 0 100 100", ()),
    ("<circle cx='50' cy='50' r='49' fill='#fff'/><path d='M30 30h40v40z' fill='#127'/>", "0 0 100 100", ("on-light",)),
    ("<circle cx='50' cy='50' r='49' fill='#1a2026'/><path d='M30 30h40v40z' fill='#fff'/>", "0 0 100 100",
     ("on-dark",)),
])
def test_each_shortcoming_has_its_advice(body, box, expected):
    found = advice(body, box)
    if "#f4f4f4" in body:
        assert "detail" not in found, "a faint motif in a strong frame is not a loss of detail"
    else:
        assert found == expected


def test_a_plain_silhouette_is_told_by_its_outline():
    assert "contrast" not in advice("<path d='M5 5h90v90z' fill='#2a72c8'/>")


def test_the_size_in_pixels():
    assert badge_legibility.judge(png(150, 150), width=150, height=150).advice == ("small",)
    assert badge_legibility.judge(png(400, 400), width=400, height=400).advice == ()
    assert badge_legibility.judge(png(400, 400)).advice == ()
    assert "unequal" in badge_legibility.judge(png(400, 250), width=400, height=250).advice


def test_the_numbers():
    good, thin = badge_legibility.judge(drawing(GOOD)), badge_legibility.judge(drawing(FACE + LINES))
    assert 8 < good.contrast < 21 and good.lost < 0.15
    assert thin.lost > 0.6
    black_and_white = "<rect width='100' height='50'/><rect y='50' width='100' height='50' fill='#fff'/>"
    assert badge_legibility.judge(drawing(black_and_white)).contrast == 21
    assert badge_legibility.judge(drawing("<rect width='100' height='100' fill='#777'/>")).contrast == 1


def test_what_the_package_draws_is_told_at_64_pixels():
    for index, icon in enumerate(ICONS):
        design = BadgeDesign(
            shape=SHAPES[index % len(SHAPES)], colour=COLOURS[index % len(COLOURS)], icon=icon, title=index % 2 == 0
        )
        svg = badge_design.draw(design, title="Fault diagnosis on a wind turbine", level=5, caption="x")
        image = BadgeImage(media_type="image/svg+xml", data=svg, caption="x")
        assert badge_legibility.judge(image).advice == (), design


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (4, 1), (2, 3)])
def test_tiny_pictures_are_judged_without_harm(size):
    out = io.BytesIO()
    Image.new("RGBA", size, (255, 0, 0, 90)).save(out, "PNG")
    image = BadgeImage(media_type="image/png", data=out.getvalue(), caption="x")
    assert badge_legibility.judge(image, width=size[0], height=size[1]).advice
