"""Changing a pill that a learner holds: what is told before saving, by mouse and by keyboard, and the author's view."""

from __future__ import annotations

import pytest
from lxml import html

from tests.authoring.test_overview import shown

from .conftest import Visitor, running_demo
from .learner import answer_everything

FORM = "/scenario/pill-en/studio_view/?student=staff"
VIEW = "/scenario/pill-en/author_view/?student=staff"
FOREIGN = (".mcp-content [data-block-type='drag-and-drop-v2']", ".mcp-content [data-block-type='problem-builder']")


@pytest.fixture(scope="module")
def demo(tmp_path_factory, chromium):
    """A demo in which a learner holds the English pill."""
    with running_demo(tmp_path_factory.mktemp("versions")) as running:
        learner = Visitor(chromium, running)
        learner.page.goto(running.course)
        learner.page.get_by_role("link", name="Fault diagnosis on a wind turbine").click()
        learner.page.locator(".mcp-outcome").first.wait_for()
        answer_everything(learner.page)
        learner.page.locator("[data-action='review']").wait_for()
        learner.close()
        yield running


@pytest.fixture
def author(visitor):
    return opened(visitor)


def opened(visitor: Visitor) -> Visitor:
    visitor.page.goto(visitor.demo.course + FORM)
    visitor.page.locator("[role='tab'][aria-selected='true']").wait_for()
    return visitor


def tab(page, name: str) -> None:
    page.locator(f"[role='tab'][data-target='{name}']").click()
    page.locator(f"[data-tab='{name}']").wait_for()


def notice(page):
    return page.locator("[data-mcp='versions']")


def saved(page) -> None:
    page.locator("[data-mcp='status']", has_text="Saved.").wait_for()


def test_what_makes_a_new_version_is_told_while_it_is_written(author):
    page = author.page
    assert notice(page).inner_text() == ""
    description = page.get_by_label("Description", exact=True).first
    before = description.input_value()
    description.fill(before + " A typo less.")
    notice(page).get_by_text("No new version: Description").wait_for()
    assert page.get_by_role("button", name="Save", exact=True).is_visible()
    author.look("v1-typo")

    tab(page, "outcomes")
    page.locator("[data-action='fold']").first.click()
    threshold = page.locator("[data-control='1.threshold']")
    stored = threshold.input_value()
    threshold.fill("55")
    notice(page).get_by_text("This makes a new version of the achievement").wait_for()
    assert "Threshold" in notice(page).inner_text() and "Held by 1 learner." in notice(page).inner_text()
    button = page.get_by_role("button", name="Save as a new version")
    assert button.get_attribute("aria-describedby") == notice(page).get_attribute("id")
    below = page.evaluate(
        "document.activeElement.getBoundingClientRect().bottom - document.querySelector('.mcp-studio__foot')"
        ".getBoundingClientRect().top"
    )
    assert below <= 0, "the notice covers what she is writing"
    author.look("v2-new-version")

    threshold.fill(stored)
    page.get_by_role("button", name="Save", exact=True).wait_for()
    tab(page, "pill")
    description.fill(before)
    notice(page).locator("div").wait_for(state="detached")
    assert button.count() == 0


def test_moving_and_removing_outcomes_tells_too(author):
    page = author.page
    tab(page, "outcomes")
    page.locator("[data-action='down']").first.click()
    notice(page).get_by_text("Order of the outcomes").wait_for()
    page.locator("[data-action='delete']").first.click()
    notice(page).get_by_text("removed").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator("[data-action='down']").first.click()
    notice(page).locator("div").wait_for(state="detached")


def test_who_saves_faster_than_she_can_be_told_is_told_first(author):
    page = author.page
    page.get_by_label("Title", exact=True).fill("Fault diagnosis, second edition")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    page.locator("[data-mcp='status']", has_text="Read what becomes a new version").wait_for()
    assert "Title" in notice(page).inner_text()
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "Save as a new version", "she goes on where she is"
    page.keyboard.press("Enter")
    saved(page)
    assert notice(page).inner_text() == "" and page.get_by_role("button", name="Save", exact=True).is_visible()

    page.goto(author.demo.course + VIEW)
    held = page.get_by_text("Held by 1 learner, in another version than this.")
    held.wait_for()
    author.look("v3-author-view", without=FOREIGN)

    opened(author)
    page.get_by_label("Title", exact=True).fill("Fault diagnosis on a wind turbine")
    notice(page).get_by_text("again the version that 1 learner holds").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page)


def test_where_nobody_holds_it_nobody_is_bothered(visitor):
    page = visitor.page
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/compare" in request.url else None)
    page.goto(visitor.demo.course + FORM.replace("pill-en", "pill-fr"))
    page.locator("[role='tab'][aria-selected='true']").wait_for()
    page.get_by_label("Title", exact=True).fill("Une autre")
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page)
    assert asked == [] and notice(page).inner_text() == ""


def test_without_a_connection_saving_says_so_itself(author):
    page = author.page
    page.get_by_label("Title", exact=True).fill("Another title")
    page.route("**/compare/**", lambda route: route.abort())
    page.get_by_role("button", name="Save").click()
    saved(page)
    page.unroute("**/compare/**")
    opened(author)
    page.get_by_label("Title", exact=True).fill("Fault diagnosis on a wind turbine")
    notice(page).get_by_text("again the version").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page)


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_in_other_languages(visitors, language):
    visitor = opened(visitors(language))
    page = visitor.page
    tab(page, "outcomes")
    page.locator("[data-action='fold']").first.click()
    page.locator("[data-control='1.threshold']").fill("55")
    notice(page).locator("h3").wait_for()
    visitor.look(f"v4-new-version-{language}")
    page.goto(visitor.demo.course + VIEW)
    page.locator(".mcp-map").first.wait_for()
    visitor.look(f"v5-author-view-{language}", without=FOREIGN)


STUDIO = """
() => {
  const host = document.createElement("div");
  host.innerHTML = '<div id="own"><p id="told">0</p></div><ol class="reorderable-container">'
    + '<li class="studio-xblock-wrapper" id="a"><p>A</p></li><li class="studio-xblock-wrapper" id="b"></li></ol>';
  document.body.append(host);
  const listeners = {};
  window.passedOn = [];
  host.xblock_children = [
    { runtime: { notify: (name, data) => window.passedOn.push([name, data]) } }, { name: "a block without a script" },
  ];
  window.studio = {
    host,
    runtime: {
      handlerUrl: (_element, name) => "/overview-of-" + name,
      listenTo: (name, heard) => (listeners[name] = [...(listeners[name] || []), heard]),
      notify: (name, data) => (listeners[name] || []).forEach((heard) => heard(data)),
    },
  };
  window.MicrocredAuthorView(window.studio.runtime, host, { uid: "own", in_studio: true });
}
"""


def test_on_the_pills_own_page_in_studio_the_overview_follows(visitor):
    """An imitation of Studio's page: its list of blocks, and its runtime, which tells the outermost block only."""
    page, answers = visitor.page, []

    def answer(route):
        answers.append(route.request.method)
        text = f'<div id="own"><p id="told">{len(answers)}</p></div>'
        route.fulfill(json={"ok": True, "html": text})

    page.route("**/overview-of-overview", answer)
    page.goto(visitor.demo.course + VIEW)
    page.locator(".mcp-map").first.wait_for()
    page.evaluate(STUDIO)

    def follows(what: str) -> None:
        before = len(answers)
        page.evaluate(what)
        page.locator("#told", has_text=str(before + 1)).wait_for()

    follows("document.getElementById('b').remove()")
    follows("document.querySelector('.reorderable-container').append(document.createElement('li'))")
    follows("document.getElementById('a').style.display = 'none'")  # moved away
    follows("document.querySelector('.reorderable-container').lastChild.style.display = 'none'")
    follows("document.getElementById('a').replaceWith(document.createElement('li'))")  # edited
    follows("studio.runtime.notify('deleted-child', 'pill')")
    page.evaluate("studio.runtime.notify('page-shown', 'the page')")
    assert page.evaluate("passedOn") == [["deleted-child", "pill"], ["page-shown", "the page"]]

    told = len(answers)
    page.evaluate("document.querySelector('.reorderable-container li').append('what a block does inside itself')")
    page.wait_for_timeout(1_000)
    assert len(answers) == told
    page.unroute("**/overview-of-overview")
    page.route("**/overview-of-overview", lambda route: route.abort())
    page.evaluate("studio.runtime.notify('deleted-child', 'pill')")
    page.wait_for_timeout(1_000)
    assert page.locator("#told").inner_text() == str(told), "what cannot be asked stays as it was"
    page.evaluate("studio.host.remove()")
    page.evaluate("studio.runtime.notify('deleted-child', 'pill')")
    page.wait_for_timeout(700)


UNTRIED = """
(html) => {
  const host = document.createElement("div");
  host.innerHTML = html;
  document.body.replaceChildren(host);
  const runtime = { handlerUrl: () => "/overview-of-untried" };
  window.MicrocredAuthorView(runtime, host, { uid: host.firstElementChild.id, in_studio: true, untried: true });
}
"""


@pytest.mark.parametrize("reply", [
    lambda route: route.abort(), lambda route: route.fulfill(status=403, json={"ok": False, "code": "viewer-author"}),
])
def test_what_could_not_be_checked_is_not_being_checked_for_ever(visitor, reply):
    page = visitor.page
    page.goto(visitor.demo.course + VIEW)
    page.locator(".mcp-map").first.wait_for()
    page.route("**/overview-of-untried", reply)
    page.evaluate(UNTRIED, html.tostring(shown(untried=True), encoding="unicode"))
    state = page.locator("[data-mcp='state']")
    state.get_by_text("could not be checked: reload the page").wait_for()
    assert "It is being checked" not in state.inner_text() and "Learners can earn" not in state.inner_text()
