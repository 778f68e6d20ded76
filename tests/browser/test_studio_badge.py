"""The badge image in the author's form in a browser: uploaded, dropped, designed, given up and taken back."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from .conftest import Visitor, own_demo

FORM = "/scenario/pill-en/studio_view/?student=staff"
SHAPES = (
    b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'><script>parent.hacked = 1</script>"
    b"<circle cx='50' cy='50' r='49' fill='#8ab'/><path d='M30 30h40v40z' fill='#9bc'"
    b" onload='parent.hacked = 1'/></svg>"
)

demo = own_demo("badges")


@pytest.fixture
def author(visitor):
    return opened(visitor)


def opened(visitor: Visitor) -> Visitor:
    visitor.page.goto(visitor.demo.course + FORM)
    visitor.page.locator("[data-mcp='badge']").wait_for()
    return visitor


def way(page, name: str) -> None:
    page.locator(f"[data-badge='mode'][value='{name}']").check()


def pick(page, name: str, value: str) -> None:
    page.locator(f"[data-badge='{name}'][value='{value}']").check()


def picture(page) -> str:
    return page.locator("[data-badge-picture]").last.get_attribute("src")


def redrawn(page, before: str) -> str:
    """The new picture, once it is another than ``before``."""
    page.wait_for_function(
        "(before) => [...document.querySelectorAll('[data-badge-picture]')].pop().getAttribute('src') !== before",
        arg=before,
    )
    return picture(page)


def save(page) -> None:
    page.get_by_role("button", name="Save").click()
    page.locator("[data-mcp='status']", has_text="Saved").wait_for()


def png(size=(600, 600)) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGBA", size, (18, 64, 120, 255))
    image.paste((255, 255, 255, 255), (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    image.save(out, "PNG")
    return out.getvalue()


def choose_file(page, data: bytes, name: str = "badge.svg") -> None:
    page.locator("[data-badge='file']").set_input_files({"name": name, "mimeType": "image/svg+xml", "buffer": data})


def taken(page, size: str) -> None:
    page.locator("[data-mcp='badge-file']", has_text=size).wait_for()


def caption(page):
    return page.get_by_label("Text alternative of the badge image")


def test_a_badge_is_designed_and_comes_back_as_it_was(author):
    page = author.page
    before = picture(page)
    way(page, "design")
    before = redrawn(page, before)
    for name, value in {"shape": "hexagon", "colour": "berry", "icon": "gear"}.items():
        pick(page, name, value)
        before = redrawn(page, before)
    assert caption(page).input_value() == "Badge: Fault diagnosis on a wind turbine"
    page.get_by_label("Title", exact=True).fill("Gears")
    redrawn(page, before)
    page.wait_for_function(
        "document.querySelector('[data-control=\"image.caption\"]').value === 'Badge: Gears'"
    )  # the proposal follows the title
    author.look("b1-designed")
    save(page)
    opened(author)
    for name, value in {"mode": "design", "shape": "hexagon", "colour": "berry", "icon": "gear"}.items():
        assert page.locator(f"[data-badge='{name}']:checked").get_attribute("value") == value
    assert caption(page).input_value() == "Badge: Gears"
    redrawn(page, "data:,")
    page.wait_for_timeout(600)  # until the drawing has been asked for and the form has looked for changes
    assert page.locator("[data-mcp='unsaved']").inner_text() == "", "what is shown is what is stored"
    assert picture(page).startswith("data:image/")


def test_what_could_not_be_drawn_is_said_and_drawn_again(author):
    page = author.page
    way(page, "none")
    page.wait_for_timeout(600)
    before = picture(page)
    page.route("**/draw_badge/**", lambda route: route.abort())
    page.get_by_label("Title", exact=True).fill("Drawn offline")
    note = page.get_by_text("The badge could not be drawn anew")
    note.first.wait_for()
    page.locator("[data-mcp='status']", has_text="could not be drawn anew").wait_for()
    assert picture(page) == before
    author.look("b1-old")
    page.unroute("**/draw_badge/**")
    again = page.get_by_role("button", name="Draw it again")
    again.focus()
    page.keyboard.press("Enter")
    before = redrawn(page, before)
    again.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.dataset.badge") == "mode", "the focus is not lost with the button"
    page.route("**/draw_badge/**", lambda route: route.abort())
    page.get_by_label("Title", exact=True).fill("Offline again")
    again.wait_for()
    page.unroute("**/draw_badge/**")
    page.get_by_label("Title", exact=True).fill("Drawn at the next change")
    redrawn(page, before)
    again.wait_for(state="hidden")


def test_by_keyboard_alone(author):
    page = author.page
    way(page, "none")
    page.locator("[data-badge='mode']:checked").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-badge='mode']:checked").get_attribute("value") == "design"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab") if page.evaluate("document.activeElement.dataset.action === 'badge-back'") else None
    before = page.locator("[data-badge='shape']:checked").get_attribute("value")
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-badge='shape']:checked").get_attribute("value") != before
    assert page.evaluate("document.activeElement.dataset.badge") == "shape"


def test_a_picture_is_chosen_judged_and_kept(author):
    page = author.page
    way(page, "file")
    before = picture(page)
    choose_file(page, SHAPES)
    redrawn(page, before)
    page.locator("[data-mcp='badge-notes']", has_text="light and dark differ too little").wait_for()
    taken(page, "100 × 100")
    assert page.evaluate("window.hacked") is None
    caption(page).fill("A corner on a disc")
    author.look("b2-judged")
    save(page)
    opened(author)
    assert page.locator("[data-badge='mode']:checked").get_attribute("value") == "file"
    assert caption(page).input_value() == "A corner on a disc"
    page.locator("[data-mcp='badge-notes']", has_text="light and dark differ too little").wait_for()


def test_a_picture_is_dropped(author):
    page = author.page
    way(page, "file")
    before = picture(page)
    transfer = page.evaluate_handle(
        "(bytes) => { const all = new DataTransfer();"
        " all.items.add(new File([new Uint8Array(bytes)], 'mine.png', {type: 'image/png'})); return all; }",
        list(png()),
    )
    page.locator("[data-mcp='badge-drop']").dispatch_event("drop", {"dataTransfer": transfer})
    assert redrawn(page, before).startswith("data:image/png")
    taken(page, "600 × 600")
    page.locator("[data-mcp='status']", has_text="The picture is taken").wait_for()


def test_a_new_picture_without_a_text_alternative_is_saved_and_told(author):
    page = author.page
    way(page, "none")
    save(page)
    way(page, "file")
    choose_file(page, png(), "badge.png")
    taken(page, "600 × 600")
    page.wait_for_function("document.activeElement.dataset.control === 'image.caption'")
    save(page)
    assert caption(page).get_attribute("aria-invalid") == "true"
    author.look("b3-no-caption")
    caption(page).fill("A white square")
    save(page)
    assert caption(page).get_attribute("aria-invalid") is None


@pytest.mark.parametrize(("name", "data", "words"), [
    ("photo.png", b"\xff\xd8\xff\xe0 a photograph", "must be a PNG or SVG file"),
    ("bomb.svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>", "entities"),
    ("huge.png", b"\0" * 50_000_000, "The file has 50 MB; at most 5 MB are taken"),
])
def test_a_file_that_cannot_be_used_changes_nothing(author, tmp_path, name, data, words):
    page = author.page
    page.get_by_label("Title", exact=True).fill("Still here")
    way(page, "file")
    page.wait_for_load_state("networkidle")  # until the stored picture has been judged
    before = picture(page)
    (tmp_path / name).write_bytes(data)
    page.locator("[data-badge='file']").set_input_files(tmp_path / name)
    page.locator("[data-mcp='badge-problem']", has_text=words).wait_for()
    assert picture(page) == before
    assert page.get_by_label("Title", exact=True).input_value() == "Still here"
    if name == "bomb.svg":
        author.look("b4-refused")


def test_a_picture_is_given_up_and_taken_back(author):
    page = author.page
    way(page, "file")
    choose_file(page, png(), "badge.png")
    taken(page, "600 × 600")
    caption(page).fill("Mine")
    mine = picture(page)
    page.get_by_role("button", name="Use the drawn badge again").click()
    redrawn(page, mine)
    assert page.evaluate("document.activeElement.dataset.action") == "badge-back"
    author.look("b5-given-up")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(mine) => [...document.querySelectorAll('[data-badge-picture]')].pop().getAttribute('src') === mine", arg=mine
    )
    assert caption(page).input_value() == "Mine"
    save(page)
    opened(author)
    assert caption(page).input_value() == "Mine"
    page.get_by_role("button", name="Use the drawn badge again").click()
    save(page)
    opened(author)
    assert page.locator("[data-badge='mode']:checked").get_attribute("value") == "none"


def test_a_picture_that_comes_after_another_way_was_chosen_is_not_waited_for(author):
    page, held = author.page, []
    way(page, "file")
    page.route("**/upload_badge/**", lambda route: held.append(route))
    with page.expect_request("**/upload_badge/**"):
        choose_file(page, png(), "badge.png")
    status = page.locator("[data-mcp='status']")
    status.get_by_text("Checking the picture").wait_for()
    way(page, "design")
    with page.expect_response("**/upload_badge/**"):
        held[0].continue_()
    page.wait_for_function("!document.querySelector(\"[data-mcp='status']\").textContent")
    assert page.locator("[data-badge='mode']:checked").get_attribute("value") == "design"


def test_a_late_answer_is_not_shown(author):
    page = author.page
    held = []

    def drawn(colour: str):
        return lambda sent: "/draw_badge/" in sent.url and f'"{colour}"' in (
            getattr(sent, "request", sent).post_data or ""
        )

    def hold_the_red_one(route):
        held.append(route) if drawn("red")(route.request) else route.continue_()

    page.route("**/draw_badge/**", hold_the_red_one)
    with page.expect_request(drawn("red")):
        way(page, "design")
        pick(page, "colour", "red")
    before = picture(page)
    with page.expect_response(drawn("sun")):
        pick(page, "colour", "sun")
    after = redrawn(page, before)
    with page.expect_response(drawn("red")):
        held[0].continue_()
    page.wait_for_timeout(300)  # long enough for an answer that is here to be shown
    assert picture(page) == after


def test_in_arabic_on_a_phone_too(visitors):
    visitor = opened(visitors("ar"))
    page = visitor.page
    way(page, "design")
    page.wait_for_timeout(800)
    visitor.look("b6-arabic")
    assert page.locator(".mcp-studio").get_attribute("dir") == "rtl"
