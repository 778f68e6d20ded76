"""The author's form in a browser, by mouse and keyboard, on a wide and on a narrow screen."""

from __future__ import annotations

import pytest

from .conftest import Visitor, own_demo

FORM = "/scenario/pill-en/studio_view/?student=staff"
# How many pixels of an element the tabs or the buttons cover.
COVERED = """(element) => {
  const place = element.getBoundingClientRect();
  return [...document.querySelectorAll('[role="tablist"], .mcp-studio__foot')].reduce((most, bar) => {
    const { top, bottom } = bar.getBoundingClientRect();
    return bar.contains(element) ? most : Math.max(most, Math.min(place.bottom, bottom) - Math.max(place.top, top));
  }, 0);
}"""

demo = own_demo("authors")


@pytest.fixture
def author(visitor):
    opened(visitor)
    return visitor


def opened(visitor: Visitor) -> Visitor:
    visitor.page.goto(visitor.demo.course + FORM)
    visitor.page.locator("[role='tab'][aria-selected='true']").wait_for()
    return visitor


def tab(page, name: str) -> None:
    page.locator(f"[role='tab'][data-target='{name}']").click()
    page.locator(f"[data-tab='{name}']").wait_for()


def card(page, number: int):
    return page.locator("[data-card]").nth(number - 1)


def names(page) -> list[str]:
    return page.locator("[data-card] [data-mcp='name']").all_inner_texts()


def focused(page) -> str:
    """The accessible name of what has the focus, or its id."""
    return page.evaluate(
        "(document.activeElement.labels && document.activeElement.labels[0] || document.activeElement)"
        ".textContent.trim() || document.activeElement.getAttribute('aria-label') || document.activeElement.id"
    )


def save(page) -> None:
    with page.expect_response(lambda response: "/save_pill/" in response.url):
        page.get_by_role("button", name="Save").click()


def status(page, text: str) -> None:
    page.locator("[data-mcp='status']", has_text=text).wait_for()


def test_the_form_is_readable_everywhere(author):
    author.look("s1-form")
    tab(author.page, "recognition")
    author.look("s1-recognition")
    tab(author.page, "outcomes")
    author.page.locator("[data-action='fold']").first.click()
    author.look("s2-outcome")


def test_an_outcome_by_keyboard_alone(author):
    page = author.page
    page.get_by_role("tab", name="Pill").focus()
    page.keyboard.press("ArrowRight")
    assert focused(page) == "Outcomes"
    page.get_by_role("button", name="Add an outcome").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "Title of the outcome"
    page.keyboard.type("Report what was found")
    page.get_by_text("Nothing assesses this outcome yet.").last.wait_for()
    new = card(page, 4)
    page.get_by_role("button", name="Choose activities").last.focus()
    page.keyboard.press("Enter")
    new.locator("[data-option]").first.wait_for()
    if new.locator("[data-mcp='picker-search']").count():
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    status(page, "2 activities chosen")
    page.keyboard.press("Escape")
    assert focused(page).startswith("Choose activities")
    assert not new.locator("[data-mcp='picker']").is_visible()
    assert not new.locator("[data-mcp='unassessed']").is_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")

    up = new.locator("[data-action='up']")
    up.focus()
    for _ in range(4):  # once more than there are places: the first stays the first
        page.keyboard.press("Enter")
    assert names(page)[0] == "Report what was found"
    assert focused(page) == "Move up"
    status(page, "is now number 1 of 4")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    status(page, "Saved.")
    assert page.get_by_role("tab", name="Outcomes").get_attribute("aria-selected") == "true", "a save stays where it is"
    opened(author)
    tab(page, "outcomes")
    assert names(page)[0] == "Report what was found"
    card(page, 1).locator("[data-action='fold']").click()
    weights = card(page, 1).locator("[data-row] [data-part='weight']")
    assert [weight.input_value() for weight in weights.all()] == ["1", "2"]


def test_removing_can_be_undone_until_it_is_saved(author):
    page = author.page
    tab(page, "outcomes")
    before = names(page)
    card(page, 2).locator("[data-action='delete']").click()
    assert len(names(page)) == len(before) - 1
    assert focused(page) == "Undo"
    author.look("s3-removed")
    page.keyboard.press("Enter")
    assert names(page) == before
    card(page, 1).locator("[data-action='delete']").click()
    save(page)
    status(page, "Saved.")
    opened(author)
    tab(page, "outcomes")
    assert names(page) == before[1:]


def test_the_rule_is_read_back_in_plain_words(author):
    page = author.page
    tab(page, "outcomes")
    sentence, total = page.locator("[data-mcp='sentence']"), len(names(page))
    for number in range(1, total + 1):
        page.locator("[data-card]").nth(number - 1).locator("[data-action='fold']").click()
        page.locator(f"[data-control='{number}.threshold']").fill("70")
    assert sentence.inner_text() == f"All {total} outcomes; each needs 70\u00a0% of the points."
    page.locator("[data-control='1.threshold']").fill("66,5")
    others = ", ".join(str(number) for number in range(2, total + 1))
    assert sentence.inner_text() == (
        f"All {total} outcomes; outcome 1 needs 66,5\u00a0% of the points; "
        f"outcomes {others} need 70\u00a0% of the points."
    )
    page.locator("[data-control='1.threshold']").fill("")
    assert sentence.inner_text().endswith("; each needs 70\u00a0% of the points; 1 outcome has no threshold yet.")
    page.locator("[data-control='1.threshold']").fill("70.0")
    page.get_by_label("A learner earns the credential with").select_option("n-of-m")
    assert sentence.inner_text() == f"Write how many outcomes are needed, from 1 to {total}."
    page.get_by_label("How many").fill("9")
    assert "asks for 9 outcomes" in sentence.inner_text()
    page.get_by_label("How many").fill("٢")
    assert sentence.inner_text() == f"At least 2 of the {total} outcomes; each needs 70.0\u00a0% of the points."
    page.get_by_label("A learner earns the credential with").select_option("required-plus-n")
    page.get_by_label("How many").fill("1")
    page.locator("[data-required]").first.check()
    told = f"“\u2068{names(page)[0]}\u2069” and at least one other outcome; each needs"
    assert sentence.inner_text().startswith(told)
    author.look("s4-rule")
    save(page)
    status(page, "Saved.")
    opened(author)
    tab(page, "outcomes")
    assert page.locator("[data-required]").first.is_checked()


def test_unusable_values_are_marked_and_led_to(author):
    page = author.page
    page.get_by_label("Title", exact=True).fill("A title that is not lost")
    tab(page, "outcomes")
    threshold = page.locator("[data-control='2.threshold']")
    card(page, 2).locator("[data-action='fold']").click()
    threshold.fill("most")
    card(page, 2).locator("[data-action='fold']").click()
    tab(page, "recognition")
    page.get_by_label("Workload in hours").fill("three")
    save(page)
    page.get_by_role("alert").get_by_text("Nothing was saved yet").wait_for()
    assert focused(page) == "Threshold in %", "the first one, its card open again"
    described = threshold.get_attribute("aria-describedby").split()[0]
    assert page.get_by_role("tab", name="Outcomes to be mended: 1").is_visible()
    assert page.get_by_role("tab", name="Recognition to be mended: 1").is_visible()
    assert "Write a percentage" in page.locator(f"[id='{described}']").inner_text()
    author.look("s5-refused")
    threshold.fill("66,67")
    assert threshold.get_attribute("aria-invalid") is None, "what was said is about the former value"
    tab(page, "recognition")
    page.get_by_label("Workload in hours").fill("3.5")
    save(page)
    status(page, "Saved.")
    assert page.locator("[data-problem]").count() == 0
    assert page.get_by_label("Title", exact=True).input_value() == "A title that is not lost"
    assert threshold.input_value() == "66.67"


def test_what_is_unfinished_is_saved_and_listed(author):
    page = author.page
    tab(page, "recognition")
    code = page.get_by_label("ISCED-F code")
    code.fill("physics or so")
    save(page)
    status(page, "What still has to be mended")
    author.look("s6-unfinished")
    tab(page, "pill")
    page.locator("[data-action='go']").first.click()
    assert focused(page) == "ISCED-F code"
    code.fill("0713")
    save(page)
    status(page, "Saved.")
    assert not page.locator("[data-mcp='problems']").is_visible()


def test_two_authors_at_once(author, visitors):
    other = opened(visitors("en")).page
    other.locator("[data-control='description']").fill("Theirs.")
    save(other)
    status(other, "Saved.")
    page = author.page
    page.locator("[data-control='description']").fill("Mine.")
    save(page)
    page.get_by_role("alert").get_by_text("Somebody changed this pill").wait_for()
    assert page.locator("[data-control='description']").input_value() == "Mine."
    author.look("s7-conflict")
    show = page.get_by_role("button", name="Show the stored version, drop mine")
    show.click()
    page.get_by_role("group", name="Your changes are not saved. Drop them?").wait_for()
    author.look("s7-drop-mine")
    page.keyboard.press("Escape")
    assert focused(page) == "Show the stored version, drop mine", "nothing was dropped unasked"
    assert page.locator("[data-control='description']").input_value() == "Mine."
    page.route("**/edit_form/**", lambda route: route.abort())
    show.click()
    page.get_by_role("button", name="Drop my changes").click()
    page.get_by_role("alert").get_by_text("The stored version could not be loaded.").wait_for()
    page.unroute("**/edit_form/**")
    show.click()
    page.get_by_role("button", name="Drop my changes").click()
    page.wait_for_function("document.querySelector('[data-control=description]').value === 'Theirs.'")
    page.locator("[data-control='description']").fill("Mine after all.")
    other.locator("[data-control='description']").fill("Theirs again.")
    save(other)
    save(page)
    with page.expect_response(lambda response: "/save_pill/" in response.url):
        page.get_by_role("button", name="Keep mine and overwrite").click()
    status(page, "Saved.")
    opened(author)
    assert page.locator("[data-control='description']").input_value() == "Mine after all."


def test_what_was_typed_survives_a_lost_connection(author):
    page = author.page
    page.locator("[data-control='description']").fill("Typed in a train.")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("Nothing was saved").wait_for()
    page.context.set_offline(False)
    save(page)
    status(page, "Saved.")
    page.locator("[data-control='description']").fill("Something else")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Drop my changes").click()
    page.wait_for_function("document.querySelector('[data-control=description]').value === 'Typed in a train.'")


@pytest.mark.parametrize("where", ["/", "https://lms.example.org/login"])
def test_who_is_signed_out_is_told_so(author, where):
    """Studio answers with a redirect to where one signs in, which may be another host."""
    page = author.page
    page.locator("[data-control='description']").fill("Typed overnight.")
    page.route("**/save_pill/**", lambda route: route.fulfill(status=302, headers={"Location": where}))
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("You are signed out.").wait_for()
    assert page.locator("[data-control='description']").input_value() == "Typed overnight."
    page.unroute("**/save_pill/**")
    save(page)
    status(page, "Saved.")
    page.locator("[data-control='description']").press_sequentially("Again. ")
    page.locator("[data-mcp='unsaved']", has_text="Unsaved changes").wait_for()
    assert page.locator("[data-mcp='status']").inner_text() == "", "what was saved is not what stands there"


def test_changes_that_could_not_be_dropped_are_still_unsaved(author):
    page, asked = author.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    description = page.locator("[data-control='description']")
    description.click()
    page.keyboard.type("Kept. ")
    kept = description.input_value()
    page.route("**/edit_form/**", lambda route: route.abort())
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Drop my changes").click()
    alert = page.get_by_role("alert")
    alert.get_by_text("The stored version could not be loaded.").wait_for()
    assert "saved" not in alert.inner_text() and description.input_value() == kept
    page.locator("[data-mcp='unsaved']", has_text="Unsaved changes").wait_for()
    assert focused(page) == "Cancel"
    author.look("s7-not-dropped")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Go on writing").click()
    opened(author)
    assert asked == ["beforeunload"], "the browser asks again"


def test_nothing_is_typed_that_the_answer_would_overwrite(author):
    page = author.page
    description, waiting = page.locator("[data-control='description']"), []
    page.route("**/save_pill/**", lambda route: waiting.append(route))
    description.fill("Before.")
    page.get_by_role("button", name="Save").click()
    status(page, "Saving")
    description.focus()
    page.keyboard.type("lost?")
    assert description.input_value() == "Before."
    waiting[0].continue_()
    status(page, "Saved")
    description.press_sequentially("After. ")
    assert description.input_value() == "After. Before."


def test_the_browser_asks_before_unsaved_changes_are_left(author):
    page, asked = author.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    opened(author)
    assert asked == [], "nothing was changed"
    page.get_by_label("Title", exact=True).click()
    page.keyboard.type("Changed")
    opened(author)
    assert asked == ["beforeunload"]
    page.get_by_label("Title", exact=True).click()
    page.keyboard.type("Saved")
    page.locator("[data-mcp='unsaved']").get_by_text("Unsaved changes").wait_for()
    save(page)
    status(page, "Saved")
    page.wait_for_function("!document.querySelector('[data-mcp=unsaved]').textContent")
    opened(author)
    assert asked == ["beforeunload"], "what is saved is not lost"


def test_an_activity_has_a_threshold_of_its_own(author):
    page = author.page
    tab(page, "outcomes")
    first = card(page, 1)
    first.locator("[data-action='fold']").click()
    first.locator("[data-row] [data-part='threshold']").nth(1).fill("half")
    first.locator("[data-action='fold']").click()
    save(page)
    page.get_by_role("alert").get_by_text("Nothing was saved yet").wait_for()
    assert focused(page).startswith("At least %"), "at the row it is about, its card open again"
    page.keyboard.press("Control+A")
    page.keyboard.type("50")
    save(page)
    status(page, "Saved")
    opened(author)
    tab(page, "outcomes")
    card(page, 1).locator("[data-action='fold']").click()
    assert card(page, 1).locator("[data-row] [data-part='threshold']").nth(1).input_value() == "50"


@pytest.mark.parametrize("width", [1280, 400])
def test_the_bars_that_stay_in_view_cover_nothing_in_use(author, width):
    page = author.page
    page.set_viewport_size({"width": width, "height": 800})
    tab(page, "outcomes")
    card(page, 1).locator("[data-action='fold']").click()
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("[role='tab'][data-target='outcomes']").focus()
    for key in ("Tab", "Shift+Tab"):
        for _press in range(25):
            page.keyboard.press(key)
            assert page.evaluate(f"({COVERED})(document.activeElement)") <= 0, focused(page)
    line, foot = card(page, 1).locator("[data-part='query']"), page.locator(".mcp-studio__foot")
    place = line.bounding_box()
    page.mouse.wheel(0, place["y"] + place["height"] + 12 - foot.bounding_box()["y"])
    page.wait_for_timeout(300)
    place = line.bounding_box()
    page.mouse.click(place["x"] + 20, place["y"] + 10)
    assert line.bounding_box()["y"] == place["y"], "what is pressed stays where it is"
    page.keyboard.type("wind")
    found = card(page, 1).locator("[role='listbox']")
    found.wait_for()
    assert found.evaluate(COVERED) <= 0 and line.evaluate(COVERED) <= 0
    page.keyboard.press("Escape")
    card(page, 1).locator("[data-action='outcomes-choose']").click()
    assert page.locator("[data-mcp='picker']").evaluate(COVERED) <= 0


def test_right_to_left(visitors):
    visitor = opened(visitors("ar"))
    assert visitor.page.locator(".mcp-studio").get_attribute("dir") == "rtl"
    tab(visitor.page, "outcomes")
    visitor.page.locator("[data-action='fold']").first.click()
    visitor.look("s8-form-ar")


def test_a_learner_is_told_that_this_is_not_theirs(visitor):
    visitor.page.goto(f"{visitor.demo.course}/scenario/pill-en/studio_view/?student=student_1")
    visitor.page.get_by_text("Only authors of this course may edit the pill.").wait_for()
    visitor.look("s9-refused")


def test_what_follows_after_the_award_is_chosen_in_sentences(author):
    page = author.page
    assert not page.get_by_label("Days of grace").is_visible(), "nothing follows, so there is nothing to wait for"
    page.get_by_label("When scores fall below what is needed").select_option(
        label="It is suspended, until the scores suffice again"
    )
    page.get_by_label("Days of grace").fill("400")
    page.get_by_label("Months of validity").fill("24")
    save(page)
    page.get_by_role("alert").get_by_text("Nothing was saved yet").wait_for()  # the answer is on the page
    problem = page.locator("[data-control='upkeep.grace_days']")
    assert problem.get_attribute("aria-invalid") == "true"
    author.look("s10-after-the-award")
    problem.fill("30")
    save(page)
    status(page, "Saved")
    opened(author)
    assert page.get_by_label("When scores fall below what is needed").input_value() == "suspend"
    assert [page.get_by_label(name).input_value() for name in ("Days of grace", "Months of validity")] == ["30", "24"]
