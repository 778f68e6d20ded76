"""The whole journey on running servers: a pill made from nothing in Studio, earned in the LMS, kept in a wallet."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, urlsplit

import pytest

from . import app
from .course import enrol, make_unit

# Where the LMS believes the learning app to be (LEARNING_MICROFRONTEND_URL): frames may resize only there.
APP = os.environ.get("PLATFORM_APP", "http://localhost:18020")
TITLE = "Find the fault"


@pytest.fixture(scope="module")
def made(places, chromium):  # in this order: without servers no second browser is started
    """What the author made: ``(course id, unit's usage id)``."""
    from .conftest import Person

    author = Person(chromium, places)
    author.sign_in(places.studio, *places.author[:2])
    course, unit = make_unit(author, places.studio)
    with author.filmed("studio"):
        write_the_pill(author, places.studio, unit)
    author.context.close()
    return course, unit


def write_the_pill(author, studio: str, unit: str) -> None:
    """By hand: add the block, two problems inside, one outcome that both assess, publish."""
    page = author.page
    page.goto(f"{studio}/container/{unit}")
    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("button", name="Learning pill").click()
    page.locator(".microcred-pill").first.wait_for()
    author.look("studio-1-new", inside=".microcred-pill")
    page.get_by_role("link", name=re.compile("^View", re.I)).last.click()
    for number in (1, 2):
        page.get_by_role("button", name="Problem").click()
        page.get_by_role("button", name="Multiple Choice", exact=True).click()
        page.locator(".studio-xblock-wrapper[data-course-key] .problem").nth(number - 1).wait_for()
    page.locator(".nav-actions .edit-button").click()
    fill_in(page)
    author.look("studio-2-editor", inside=".mcp-studio")
    page.locator(".mcp-studio").get_by_role("button", name="Save", exact=True).click()
    page.locator(".mcp-studio").wait_for(state="detached")
    page.locator(".microcred-pill").first.wait_for()
    author.look("studio-3-pill", inside=".microcred-pill .mcp-section")
    page.goto(f"{studio}/container/{unit}")
    page.locator(".microcred-pill").first.wait_for()
    assert page.get_by_text("To be mended before learners can earn").count() == 0
    author.look("studio-4-unit", inside=".microcred-pill")
    with page.expect_response(lambda response: "/xblock/" in response.url and response.request.method == "POST"):
        page.locator(".action-publish").click()
    page.get_by_text("Published and Live").or_(page.get_by_text("Published")).first.wait_for()


def fill_in(page) -> None:
    """The editor, as an author who knows her subject fills it in."""
    form = page.locator(".mcp-studio")
    form.get_by_label("Title", exact=True).fill(TITLE)
    form.get_by_label("Description", exact=True).first.fill("You find the fault that stops a wind turbine.")
    form.locator("[role='tab'][data-target='outcomes']").click()
    form.get_by_role("button", name="Add an outcome").click()
    form.get_by_label("Title of the outcome").fill("Locate a fault in the drive train")
    for tick in form.locator("[data-part='tick']").all():
        tick.check()
    form.locator("[role='tab'][data-target='recognition']").click()
    form.get_by_label("Workload in hours").fill("2")


@pytest.fixture
def learner(people, places, made):
    """Somebody enrolled, signed in to the LMS, without a wallet connected."""
    person = people()
    person.sign_in(places.lms, *places.learner[:2])
    enrol(person, places.lms, made[0])
    return person


def test_in_the_learning_app_from_the_first_answer_to_two_credentials_in_a_wallet(learner, places, made):
    page, unit = learner.page, f"{places.lms}/xblock/{quote(made[1])}?show_title=0"
    wait_until_open(page, unit)
    with app.serving(urlsplit(APP).port) as address, learner.filmed("lms"):
        page.goto(f"{address}/?unit={quote(unit)}")
        frame = page.frame_locator("#unit")
        frame.locator(".mcp-outcome").wait_for()
        inner = page.locator("#unit").element_handle().content_frame()
        check_height(page, inner)
        learner.look("lms-1-pill")
        answer(frame)
        frame.locator("[data-action='review']").wait_for()
        check_height(page, inner)
        learner.look("lms-2-earned")
        agree(learner, page, frame)
        connect(learner, page, frame, places)
        frame.locator(".mcp-delivery--delivered").nth(1).wait_for()
        learner.look("lms-3-delivered")
    look_into_the_wallet(learner, places)


def wait_until_open(page, unit: str) -> None:
    """The LMS reads a published course about half a minute later; until then it does not know the unit."""
    for _ in range(30):
        if page.goto(unit).status == 200:
            return
        page.wait_for_timeout(5_000)
    raise AssertionError("The LMS does not show the unit that Studio has published.")


def check_height(page, inner) -> None:
    """The app gives the frame the height of what is in it: nothing is cut off, and nothing scrolls inside."""
    page.wait_for_timeout(800)
    content = inner.evaluate("document.getElementById('content').offsetHeight")  # what the platform reports
    height = page.locator("#unit").evaluate("frame => frame.clientHeight")
    resizes = page.evaluate("window.resizes || 0")
    assert resizes and abs(content - height) <= 2, (content, height, resizes)


def answer(frame) -> None:
    """Both problems, rightly, without loading the page again."""
    for number in (0, 1):
        problem = frame.locator(".problem").nth(number)
        problem.get_by_label("the correct answer").check()
        problem.get_by_role("button", name=re.compile("^Submit")).click()
        problem.locator(".notification.success").wait_for()


def agree(learner, page, frame) -> None:
    """The dialog opens where the learner is, inside the frame, and can be used to the end."""
    frame.locator("[data-action='review']").click()
    dialog = frame.locator("dialog[data-mcp='consent']")
    dialog.wait_for()
    page.wait_for_timeout(500)
    box, screen = dialog.bounding_box(), page.viewport_size
    top = max(box["y"], 0)
    assert top < screen["height"] * 0.75, f"the dialog begins out of sight: {box} in {screen}"
    learner.look("lms-consent")
    frame.locator("[data-action='agree']").click()
    frame.locator(".mcp-wallet").first.wait_for()


def connect(learner, page, frame, places) -> None:
    """The wallet opens in a window of its own, never inside the frame."""
    if frame.locator("[data-action='disconnect']").count():
        frame.locator("[data-action='disconnect']").first.click()
    with page.expect_popup() as opened:
        frame.locator("[data-action='connect']").first.click()
    wallet = opened.value
    wallet.wait_for_url(f"{places.wallet}/**")
    sign_in_to_the_wallet(wallet, places.learner[2])
    wallet.get_by_role("button", name="Allow", exact=True).click()


def sign_in_to_the_wallet(wallet, email: str) -> None:
    """With the wallet of an earlier run, or a new one."""
    wallet.get_by_label("E-mail address").fill(email)
    wallet.get_by_label("Password").fill("correct horse battery")
    wallet.get_by_role("button", name="Sign in").click()
    allow = wallet.get_by_role("button", name="Allow", exact=True)
    opening = wallet.get_by_role("link", name="Open a wallet")
    allow.or_(opening).first.wait_for()
    if allow.count():
        return
    opening.click()
    wallet.get_by_label("Name").fill("Ann Lindqvist")
    wallet.get_by_label("E-mail address").fill(email)
    wallet.get_by_label("Password").fill("correct horse battery")
    wallet.get_by_role("button", name="Open my wallet").click()
    allow.wait_for()


def look_into_the_wallet(learner, places) -> None:
    """Both files of the newest award, each verified by the wallet itself against the LMS's DID document."""
    page = learner.page
    page.goto(places.wallet)
    page.locator(".card__link").first.click()
    files = page.locator(".file")
    files.first.wait_for()
    assert files.count() == 2
    assert files.locator(".state--verified").count() == 2
    assert TITLE in page.locator("main").inner_text()
    learner.look("wallet")
