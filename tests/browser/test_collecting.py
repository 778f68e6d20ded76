"""A wallet app reads the QR code from the screen, and the page follows: from pixels to a badge bound to its key."""

from __future__ import annotations

import io
import json
import re
import urllib.error
import urllib.request

import pytest
from PIL import Image

from tests.wallet_apps import node

from .conftest import own_demo, size, violations
from .learner import answer_everything
from .test_journey import FOREIGN

zxingcpp = pytest.importorskip("zxingcpp")
OPEN = "dialog[data-mcp='collecting']"


demo = own_demo("collecting")  # a learner earns the pill once only


def test_from_the_pixels_of_the_screen_to_a_badge_bound_to_the_app(visitor, visitors):
    page = visitor.page
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/offers" in request.url else None)
    earn(visitor)
    visitor.look("20-collect", without=FOREIGN)
    page.evaluate("window.sameDocument = true")

    uri = make(page, "vc-api")
    assert uri.startswith("https://lcw.app/request?")
    visitor.look("21-collect-lcw", without=FOREIGN)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, forced_colors="active" if scheme == "dark" else "none")
        assert read(page) == uri
    collect(page, uri, "Ed25519Signature2020")
    assert page.locator(f"{OPEN} .mcp-qr").count() == 0, "nobody scans what is used up"
    visitor.look("22-collected", without=FOREIGN)
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.dataset.channel === 'vc-api'", timeout=3_000)
    assert page.locator("[data-offer='vc-api'][data-state='collected']").is_visible()
    asked.clear()
    page.wait_for_timeout(7_000)
    assert not asked, "nothing is asked when there is nothing to wait for"

    make(page, "vc-api")
    page.locator(f"{OPEN} [data-way-choice][value='lcw']").focus()
    page.keyboard.press("ArrowDown")
    uri = read(page)
    assert re.fullmatch(re.escape(visitor.demo.course) + r"/microcred/interactions/[\w-]+\?iuv=1", uri)
    assert page.locator(f"{OPEN} a:visible").get_attribute("href") == uri
    visitor.look("23-collect-any", without=FOREIGN)
    hidden(page, True)
    page.wait_for_timeout(500)
    asked.clear()
    page.wait_for_timeout(5_000)
    assert not asked, "nothing is asked while nobody looks"
    hidden(page, False)
    collect(page, uri, "eddsa-rdfc-2022")
    page.keyboard.press("Escape")

    make(page, "vc-api")
    page.locator(f"{OPEN} [data-way-choice][value='any']").check()
    assert refuse(read(page)) == 400
    page.locator(f"{OPEN} [data-mcp='offer-state'][data-state='failed']").wait_for()
    visitor.look("24-collect-failed", without=FOREIGN)
    page.locator("[data-mcp='offer-again']").click()
    page.locator(f"{OPEN} [data-mcp='offer-state'][data-state='open']").wait_for()
    assert read(page).startswith("https://lcw.app/request?")
    page.keyboard.press("Escape")
    page.locator("[data-mcp='panel'] [data-action='offer-show']").click()
    assert page.locator(f"{OPEN} .mcp-qr:visible").count() == 1
    page.keyboard.press("Escape")
    assert page.evaluate("window.sameDocument") is True

    for language in ("fr", "ar"):
        other = visitors(language)
        open_the_pill(other)
        make(other.page, "openid4vci")
        assert other.page.locator(OPEN).get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        assert len(other.page.locator(".mcp-code-box__digits").inner_text()) == 6
        other.look(f"25-collect-{language}", without=FOREIGN)


def test_a_browser_that_opens_the_link_finds_the_way_into_an_app(visitor):
    """As the camera of a phone does that knows no wallet."""
    page = visitor.page
    open_the_pill(visitor)
    make(page, "vc-api")
    page.locator(f"{OPEN} [data-way-choice][value='any']").check()
    uri = read(page)
    page.goto(uri)
    visitor.look("26-interaction", page)
    links = [link.get_attribute("href") for link in page.locator("main a").all()]
    assert links[0].startswith("https://lcw.app/request?") and links[1] == f"interaction:{uri}"
    page.emulate_media(color_scheme="dark")
    assert not violations(page)


def test_what_another_tab_ended_is_no_longer_shown_to_be_scanned(visitor):
    page = visitor.page
    earn(visitor, student="student_2")
    make(page, "openid4vci")
    hidden(page, True)
    other = visitor.context.new_page()
    open_the_pill(visitor, other, student="student_2")
    other.locator("[data-mcp='panel'] [data-action='withdraw']").click()
    other.locator("[data-action='withdraw-now']").click()
    other.locator("[data-mcp='panel'] [data-action='review']").wait_for()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.locator("[data-mcp='panel'] [data-action='review']").wait_for()
    hidden(page, False)
    page.locator(f"{OPEN} [data-mcp='offer-state'][data-state='over']").wait_for()
    assert page.locator(f"{OPEN} .mcp-qr").count() == 0
    assert "not good any more" in page.locator(OPEN).inner_text()


def open_the_pill(visitor, page=None, student: str = "student_1") -> None:
    page = page or visitor.page
    page.goto(f"{visitor.demo.course}/scenario/pill-en/?student={student}")
    page.locator("[data-mcp='panel']").wait_for()


def earn(visitor, student: str = "student_1") -> None:
    page = visitor.page
    open_the_pill(visitor, student=student)
    answer_everything(page)
    page.locator("[data-action='review']").click()
    page.locator("[data-action='agree']").click()
    page.locator("[data-action='offer']").first.wait_for()


def make(page, channel: str) -> str:
    """Press the button; what the code says."""
    page.locator(f"[data-mcp='panel'] [data-action='offer'][data-channel='{channel}']").click()
    page.locator(f"{OPEN}[open] .mcp-qr:visible").wait_for()
    assert page.evaluate("document.activeElement.className") == "mcp-dialog__title"
    return read(page)


def read(page) -> str:
    """What a camera sees, at both sizes of the screen."""
    found = set()
    for label in ("phone", "desktop"):
        page.set_viewport_size(size(label))
        page.locator(f"{OPEN} .mcp-qr:visible").scroll_into_view_if_needed()
        page.wait_for_timeout(150)
        screen = Image.open(io.BytesIO(page.screenshot())).convert("L")
        found |= {code.text for code in zxingcpp.read_barcodes(screen)}
    assert len(found) == 1, found
    return found.pop()


def collect(page, uri: str, suite: str) -> None:
    """The app does its part, and the page tells so by itself."""
    found = node.run("collect", [{"uri": uri, "suite": suite}])[0]
    assert found["verified"] and found["subject"] == found["holder"], found
    page.locator(f"{OPEN} [data-mcp='offer-state'][data-state='collected']").wait_for()


def refuse(uri: str) -> int:
    """An app whose presentation is no good."""
    request = urllib.request.Request(
        uri.partition("?")[0] + "/exchange", json.dumps({"verifiablePresentation": {"type": "x"}}).encode(),
        {"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    return error.value.code


def hidden(page, value: bool) -> None:
    """As if another tab were shown."""
    page.evaluate(
        "(value) => { Object.defineProperty(document, 'hidden', {value, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }", value,
    )
