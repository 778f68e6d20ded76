"""While the learner is in the wallet's window, the course's page says so, leads back to it, and can give it up."""

from __future__ import annotations

import pytest

from .conftest import running_demo
from .learner import answer_everything
from .test_journey import EMAIL, FOREIGN


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo of its own: a learner earns the pill once only."""
    with running_demo(tmp_path_factory.mktemp("windows")) as running:
        yield running


def test_the_page_says_where_the_learner_is_until_it_is_over(visitor):
    page = visitor.page
    page.goto(visitor.demo.course)
    page.get_by_role("link", name="Fault diagnosis on a wind turbine").click()
    page.locator(".mcp-outcome").first.wait_for()
    answer_everything(page)
    page.locator("[data-action='review']").click()
    page.locator("[data-action='agree']").click()
    page.locator("[data-action='connect']").wait_for()
    waiting = page.locator("[data-mcp='waiting']")
    assert not waiting.is_visible()

    wallet = connect(page)
    waiting.get_by_text("This page follows by itself").wait_for()
    assert "Go on in the window of" in page.locator("[data-mcp='announcement']").inner_text()
    visitor.look("10-in-the-wallet", without=FOREIGN)
    page.get_by_role("button", name="Show the window").click()
    assert waiting.is_visible() and not wallet.is_closed()
    page.get_by_role("button", name="Cancel").click()
    waiting.wait_for(state="hidden")
    page.locator("[data-mcp='announcement']", has_text="You may close the wallet’s window").wait_for()
    wallet.close()
    assert page.evaluate("document.activeElement.dataset.action") == "connect"

    wallet = connect(page)
    wallet.close()
    page.get_by_role("button", name="Show the window").wait_for(state="hidden")
    assert waiting.is_visible(), "it may be open though it looks closed from here"

    wallet = connect(page)
    wallet.get_by_role("link", name="Open a wallet").click()
    wallet.get_by_label("Name").fill("Alex Martin")
    wallet.get_by_label("E-mail address").fill(EMAIL)
    wallet.get_by_label("Password").fill("correct horse battery")
    wallet.get_by_role("button", name="Open my wallet").click()
    wallet.get_by_role("button", name="Allow", exact=True).click()
    page.locator(".mcp-delivery--delivered").nth(1).wait_for()
    assert not waiting.is_visible()


def connect(page):
    """The wallet's window, loaded."""
    with page.expect_popup() as opened:
        page.locator("[data-action='connect']").click()
    opened.value.get_by_role("link", name="Open a wallet").wait_for()
    return opened.value
