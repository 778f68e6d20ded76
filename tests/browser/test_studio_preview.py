"""The Preview tab in a browser: what an author sees before anybody has earned the pill."""

from __future__ import annotations

import json

import pytest

from .conftest import Visitor, own_demo

# The direction of each text that an author or a standard wrote, and the one it is shown in.
DIRECTIONS = """(inside) => [...document.querySelectorAll(`${inside} [dir="auto"], ${inside} bdi`)]
  .map((element) => ({ element, letter: (element.textContent.match(/\\p{L}/u) || [])[0] }))
  .filter(({ letter }) => letter)
  .map(({ element, letter }) => ({
    text: element.textContent, written: /\\p{Script=Arabic}/u.test(letter) ? "rtl" : "ltr",
    shown: getComputedStyle(element).direction,
  }))"""
FORM = "/scenario/{pill}/studio_view/?student=staff"

demo = own_demo("preview")


@pytest.fixture
def author(visitor):
    return opened(visitor)


def opened(visitor: Visitor, pill: str = "pill-en") -> Visitor:
    visitor.page.goto(visitor.demo.course + FORM.format(pill=pill))
    visitor.page.locator("[role='tab'][aria-selected='true']").wait_for()
    return visitor


def tab(page, name: str) -> None:
    page.locator(f"[role='tab'][data-target='{name}']").click()
    page.locator(f"[data-tab='{name}']").wait_for()


def previewed(page) -> None:
    """The tab is open, and its answer is there."""
    tab(page, "preview")
    page.locator(".mcp-preview__verdict").wait_for()
    page.locator("[data-mcp='preview-progress']").wait_for(state="hidden")


def test_opening_the_tab_checks_the_form_and_shows_both_credentials(author):
    page = author.page
    previewed(page)
    assert "Nothing keeps" in page.locator(".mcp-preview__verdict").inner_text()
    page.locator(".mcp-wallet__name").wait_for()
    assert page.locator(".mcp-wallet__image").evaluate("image => image.complete && image.naturalWidth > 0")
    page.get_by_role("button", name="Learning outcomes", exact=True).click()
    page.locator("[data-europass='outcomes']").wait_for()
    assert page.locator("[data-europass]:visible").count() == 1
    assert "ESCO skills" in page.locator("[data-europass='outcomes']").inner_text()
    author.look("s5-preview")


def test_a_change_makes_it_stale_and_another_look_is_new(author):
    page = author.page
    previewed(page)
    tab(page, "pill")
    page.locator("[data-control='title']").fill("A title that nobody saved")
    stale = page.locator("[data-mcp='preview-stale']")
    page.wait_for_function("!document.querySelector(\"[data-mcp='preview-stale']\").hidden")
    previewed(page)
    page.locator(".mcp-wallet__name", has_text="A title that nobody saved").wait_for()
    assert stale.is_hidden()
    page.reload()
    page.locator("[data-control='title']").wait_for()
    assert page.locator("[data-control='title']").input_value() != "A title that nobody saved"


def test_what_blocks_issuing_leads_to_its_field(author):
    page = author.page
    page.locator("[data-control='description']").fill("")
    previewed(page)
    assert "1 thing keeps" in page.locator(".mcp-preview__verdict").inner_text()
    assert page.locator(".mcp-wallet").count() == 0
    page.locator("[data-mcp='status']", has_text="1 thing keeps").wait_for()
    author.look("s5-preview-blocked")
    page.locator(".mcp-preview__findings [data-action='go']").click()
    page.wait_for_function("document.activeElement.dataset.control === 'description'")
    page.keyboard.type("Now it has one.")
    assert page.locator("[data-mcp='status']").inner_text() == "", "it was said of the form before this change"
    previewed(page)
    page.locator(".mcp-wallet", has_text="Now it has one.").wait_for()


def test_what_is_wrong_is_listed_once(author):
    """Of the stored pill above the other tabs, of the form in the pre-flight."""
    page = opened(author, "pill-new").page
    stored = page.locator("[data-mcp='problems']")
    assert stored.is_visible()
    previewed(page)
    assert page.locator(".mcp-preview__finding").count() and stored.is_hidden()
    with page.expect_response("**/rehearse/**"):
        page.get_by_role("button", name="Save", exact=True).click()
    page.locator("[data-mcp='preview-progress']").wait_for(state="hidden")
    assert "Saved" in page.locator("[data-mcp='status']").inner_text(), "the new verdict does not talk over it"
    assert stored.is_hidden()
    tab(page, "pill")
    assert stored.is_visible()
    page.route("**/rehearse/**", lambda route: route.abort())
    page.locator("[data-control='title']").fill("Another")
    tab(page, "preview")
    page.locator("[data-mcp='preview-failed']", has_text="did not work").wait_for()
    assert stored.is_visible(), "without a pre-flight there is nothing else"


def test_by_keyboard_alone(author):
    page = author.page
    page.get_by_role("tab", name="Pill").focus()
    page.keyboard.press("End")
    page.locator(".mcp-preview__verdict").wait_for()
    page.keyboard.press("Tab")  # into the panel or to its first control
    page.get_by_role("button", name="Check again").focus()
    page.keyboard.press("Enter")
    page.locator("[data-mcp='status']", has_text="Nothing keeps").wait_for()
    page.get_by_role("button", name="Awarding body", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("[data-europass='issuer']").wait_for()


def test_the_documents_can_be_copied_and_downloaded(author):
    page = author.page
    author.context.grant_permissions(["clipboard-read", "clipboard-write"])
    previewed(page)
    page.get_by_text("The exact document: Open Badge 3.0").click()
    page.get_by_role("button", name="Copy Open Badge 3.0").click()
    page.locator("[data-mcp='status']", has_text="Copied.").wait_for()
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["type"][1] == "OpenBadgeCredential"
    page.get_by_text("The exact document: European Digital Credential (ELM)").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download the test file European Digital Credential (ELM)").click()
    assert "TEST" in caught.value.suggested_filename
    assert json.loads(caught.value.path().read_text(encoding="utf-8"))["signatures"]


def test_a_server_that_does_not_answer_is_told_and_can_be_asked_again(author):
    page = author.page
    page.route("**/rehearse/**", lambda route: route.abort())
    tab(page, "preview")
    page.locator("[data-mcp='preview-failed']", has_text="did not work").wait_for()
    assert "saved" not in page.locator("[data-mcp='preview-failed']").inner_text(), "nobody wanted to save"
    page.unroute("**/rehearse/**")
    page.get_by_role("button", name="Check again").click()
    page.locator(".mcp-wallet").wait_for()
    assert page.locator("[data-mcp='preview-failed']").is_hidden()


def test_a_form_that_changes_while_it_is_checked_is_told_to_have_changed(author):
    page = author.page
    page.route("**/rehearse/**", lambda route: (page.wait_for_timeout(50), route.continue_()))
    previewed(page)
    page.evaluate("""() => {
        document.querySelector('[data-action="preview-check"]').click();
        const title = document.querySelector('[data-control="title"]');
        title.value = 'Changed meanwhile';
        title.dispatchEvent(new Event('input', { bubbles: true }));
    }""")
    page.wait_for_function("!document.querySelector(\"[data-mcp='preview-stale']\").hidden")
    assert page.locator("[data-mcp='status']").inner_text() == "", "the verdict is of what is gone"


def test_in_french(visitors):
    visitor = opened(visitors("fr"), "pill-fr")
    previewed(visitor.page)
    assert visitor.page.locator(".mcp-wallet").get_attribute("lang") == "fr"
    visitor.look("s5-preview-fr")


def test_from_right_to_left(visitors):
    """The author reads Arabic, and the pill is written in it from this form on."""
    visitor = opened(visitors("ar"))
    page = visitor.page
    page.locator("[data-control='language']").select_option("ar")
    page.locator("[data-control='title']").fill("تشخيص الأعطال في توربين الرياح")
    page.locator("[data-control='description']").fill("يحدد المتعلم سبب توقف التوربين ويعيد تشغيله بأمان.")
    previewed(page)
    wallet = page.locator(".mcp-wallet")
    assert (wallet.get_attribute("lang"), wallet.get_attribute("dir")) == ("ar", "rtl")
    for part in ("wallet", "europass"):
        texts = page.evaluate(DIRECTIONS, f".mcp-{part}")
        assert {text["written"] for text in texts} == {"rtl", "ltr"}, "texts of both kinds are there"
        assert [text for text in texts if text["shown"] != text["written"]] == []
    page.locator("[data-europass='holder']", has_text="أمينة مثال").wait_for(state="attached")
    visitor.look("s5-preview-ar")


VIEW = "/scenario/{pill}/author_view/?student=staff"
FOREIGN = (".mcp-content [data-block-type='drag-and-drop-v2']", ".mcp-content [data-block-type='problem-builder']")


def state(page):
    return page.locator("[data-mcp='state']")


def test_the_page_of_the_pill_tells_whether_it_can_be_issued_without_waiting_for_it(visitor):
    page = visitor.page
    page.goto(visitor.demo.course + VIEW.format(pill="pill-fr"))
    state(page).get_by_text("Learners can earn its credential").wait_for()
    assert page.locator(".mcp-content").count() == 1, "what is inside stays"
    opened(visitor, "pill-fr")
    page.locator("[data-control='language']").evaluate("select => select.append(new Option('sw', 'sw'))")
    page.locator("[data-control='language']").select_option("sw")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("[data-mcp='status']", has_text="no credential is issued before").wait_for()
    assert "cannot name the language" in page.locator("[data-mcp='problem-list']").inner_text()
    assert page.locator("[data-control='language'] option:checked").inner_text().startswith("Kiswahili (sw): European")
    visitor.look("trial-form")
    page.goto(visitor.demo.course + VIEW.format(pill="pill-fr"))
    assert "cannot name the language" in state(page).inner_text()
    visitor.look("trial-view", without=FOREIGN)
