"""Outcomes from examples, files and frameworks, and files from the outcomes, in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Visitor, own_demo

VECTORS = Path(__file__).parents[1] / "vectors" / "frameworks"
NEW = "/scenario/pill-new/studio_view/?student=staff"
WRITTEN = "/scenario/pill-en/studio_view/?student=staff"

demo = own_demo("frameworks")


def opened(visitor: Visitor, address: str = WRITTEN, tab: str = "Outcomes"):
    page = visitor.page
    page.goto(visitor.demo.course + address)
    page.locator(".mcp-studio__sentence").wait_for(state="attached")
    if tab:
        page.get_by_role("tab", name=tab).click()
    return page


def names(page) -> list[str]:
    return page.locator("[data-card] [data-mcp='name']").all_inner_texts()


def saved(page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("[data-mcp='status']", has_text="Saved").wait_for()


def panel(page):
    if page.locator("[data-from='body']").is_hidden():
        page.get_by_role("button", name="Add outcomes from …").click()
    return page.locator("[data-from='panel']")


def test_a_new_pill_starts_from_an_example(visitor):
    page = opened(visitor, NEW, tab="")
    visitor.look("f1-start")
    page.locator("[data-from='start']").get_by_role("button", name="Safety").click()
    page.locator("[data-from='told']").wait_for()
    assert len(names(page)) == 4
    selected = "((box) => box.value.slice(box.selectionStart, box.selectionEnd))(document.activeElement)"
    assert page.evaluate(selected) == "[task or place]"
    visitor.look("f2-example")


def test_an_example_adds_and_is_undone(visitor):
    page = opened(visitor)
    before, description = names(page), page.locator("[data-control='1.description']").input_value()
    panel(page).get_by_role("button", name="Software").click()
    told = page.locator("[data-from='told']")
    told.get_by_text("4 outcomes were added from “\u2068Software\u2069”.").wait_for()
    assert names(page)[: len(before)] == before and len(names(page)) == len(before) + 4
    assert page.locator("[data-control='1.description']").input_value() == description
    rule = page.locator("[data-control='mastery.rule']")
    assert rule.input_value() == "all", "the rule of a pill that has outcomes is hers"
    page.locator("[data-card] [data-action='fold']").last.click()
    page.locator("[data-card] [data-control$='title']").last.fill("My own words")
    told.get_by_role("button", name="Undo").click()
    page.locator("[data-mcp='status']", has_text="What you have changed since stays.").wait_for()
    assert names(page) == [*before, "My own words"]


def held_back(page) -> list:
    """The examples that are asked for from now on; each comes when the test lets it."""
    waiting: list = []
    page.route("**/preset_values/**", lambda route: waiting.append(route))
    return waiting


def arrived(page, waiting: list, count: int) -> None:
    while len(waiting) < count:
        page.wait_for_timeout(20)


def let_come(page, route) -> None:
    with page.expect_response("**/preset_values/**"):
        route.continue_()
    page.wait_for_timeout(200)


def test_of_two_examples_pressed_quickly_the_later_one_comes(visitor):
    page = opened(visitor)
    before, waiting = names(page), held_back(page)
    for name in ("Software", "Safety"):
        panel(page).get_by_role("button", name=name).click()
    arrived(page, waiting, 2)
    let_come(page, waiting[1])
    let_come(page, waiting[0])
    page.locator("[data-from='told']").get_by_text("4 outcomes were added from “\u2068Safety\u2069”.").wait_for()
    assert len(names(page)) == len(before) + 4


def test_an_example_that_comes_after_the_form_was_made_anew_is_dropped(visitor):
    page = opened(visitor)
    before, waiting = names(page), held_back(page)
    panel(page).get_by_role("button", name="Software").click()
    arrived(page, waiting, 1)
    saved(page)
    let_come(page, waiting[0])
    assert names(page) == before and page.locator("[data-from='told']").is_hidden()


def test_an_undone_example_leaves_no_note_of_what_was_removed_of_it(visitor):
    page = opened(visitor)
    before = names(page)
    panel(page).get_by_role("button", name="Software").click()
    told = page.locator("[data-from='told']")
    told.get_by_text("4 outcomes were added").wait_for()
    page.locator("[data-card] [data-action='delete']").last.click()
    assert page.locator("[data-gone]").count() == 1
    told.get_by_role("button", name="Undo").click()
    assert names(page) == before and page.locator("[data-gone]").count() == 0


def test_suggestions_fill_only_what_nobody_used(visitor):
    page = opened(visitor, NEW, tab="Recognition")
    page.locator("[data-control='recognition.mode']").select_option("workbased")
    page.get_by_role("tab", name="Outcomes").click()
    panel(page).get_by_role("button", name="Software").click()
    page.locator("[data-from='told']").get_by_text("Suggested as well:").wait_for()
    values = {name: page.locator(f"[data-control='{name}']").input_value() for name in (
        "recognition.mode", "recognition.assessment_type", "mastery.rule", "mastery.n",
    )}
    assert values == {
        "recognition.mode": "workbased", "recognition.assessment_type": "project", "mastery.rule": "n-of-m",
        "mastery.n": "3",
    }
    page.locator("[data-from='told']").get_by_role("button", name="Undo").click()
    page.wait_for_function("document.querySelector('[data-control=\"recognition.assessment_type\"]').value === ''")
    assert page.locator("[data-control='recognition.mode']").input_value() == "workbased"
    assert names(page) == []


def test_examples_are_in_the_pills_language_and_lead_to_the_bloc(visitor):
    page = opened(visitor, NEW, tab="Pill")
    page.locator("[data-control='language']").select_option("fr")
    page.locator("[data-from='start']").get_by_role("button", name="RNCP").click()
    told = page.locator("[data-from='told']")
    told.get_by_text("a jury awards the bloc").wait_for()
    assert names(page)[0].startswith("Réaliser [activité du bloc]")
    noted = page.locator("[data-from='brackets']:visible")
    assert noted.count() == 1, "only one of the descriptions has words to replace; titles have the advice on wording"
    page.locator("[data-control='new1.description']").fill("Mes mots, et liste[0]")
    assert noted.count() == 0, "brackets of her own are none of the example's"
    visitor.look("f3-bloc")
    told.get_by_role("button", name="Go to the bloc of competences").click()
    assert page.evaluate("document.activeElement.dataset.control") == "recognition.bloc.certification"
    assert page.locator("[data-control='recognition.bloc.certification']").input_value() == "", "no code is made up"


def chosen(page) -> list[str]:
    lines = page.locator("[data-from='tree'] .mcp-from__line:has(input:checked)")
    return lines.locator("[data-from='title']").all_inner_texts()


def test_a_framework_is_searched_chosen_from_and_saved(visitor):
    page = opened(visitor)
    before = names(page)
    panel(page).locator("input[type='file']").set_input_files(VECTORS / "case.json")
    page.get_by_text("Competences of wind turbine technicians · CASE 1.0 (JSON) · 4 entries").wait_for()
    visitor.look("f4-list")
    assert chosen(page) == []
    page.get_by_role("button", name="Choose what is below “\u2068Diagnosis\u2069” (2)").click()
    assert len(chosen(page)) == 2
    page.get_by_label("Search in the list").fill("VIBRATIÓN")
    assert page.locator("[data-from='tree'] li:visible").count() == 2, "what matches, and what it stands below"
    page.get_by_role("button", name="Choose none").click()
    page.get_by_role("button", name="Add what is chosen").click()
    page.get_by_text("Choose at least one outcome.").wait_for()
    page.get_by_role("button", name="Choose all that are shown").click()
    assert chosen(page) == ["Explain what vibration says about a bearing"]
    page.get_by_role("button", name="Add what is chosen").click()
    page.locator("[data-from='told']").get_by_text("1 outcome was added from “\u2068Competences of wind").wait_for()
    assert names(page) == [*before, "Explain what vibration says about a bearing"]
    skill = page.locator("[data-card]").last.locator("[data-skill]", has_text="Explain what vibration")
    assert "Competences of wind turbine technicians" in skill.inner_text()
    saved(page)
    opened(visitor)
    assert page.evaluate("document.querySelectorAll('[data-card]').length") == len(before) + 1
    assert names(page)[-1] == "Explain what vibration says about a bearing"
    panel(page).locator("input[type='file']").set_input_files(VECTORS / "case.json")
    assert page.locator("[data-card]").last.locator("[data-skill]").get_attribute("data-uri").startswith("https://fr")
    row = page.locator("[data-from='tree'] li", has_text="Explain what vibration").last
    row.get_by_text("already in this pill").wait_for()


def test_a_list_is_pasted_by_keyboard(visitor):
    page = opened(visitor)
    before = names(page)
    page.get_by_role("button", name="Add outcomes from …").focus()
    page.keyboard.press("Enter")
    summary = page.locator("[data-from='paste'] summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Title;Threshold\nRead the wind;65\nStop the rotor;0.9\n")
    page.get_by_role("button", name="Read the text").focus()
    page.keyboard.press("Enter")
    page.get_by_text("pasted text · Table (CSV) · 2 entries").wait_for()
    assert chosen(page) == ["Read the wind", "Stop the rotor"], "a flat list is chosen as a whole"
    page.get_by_role("button", name="Add what is chosen").focus()
    page.keyboard.press("Enter")
    page.locator("[data-from='told']").get_by_text("2 outcomes were added from “\u2068pasted text\u2069”.").wait_for()
    assert names(page) == [*before, "Read the wind", "Stop the rotor"]
    assert page.locator("[data-control='new1.threshold']").input_value() == "65"


@pytest.mark.parametrize(("name", "data", "told"), [
    ("a.csv", b'Title,x\n"open', "opens in the row of line 2 is never closed"),
    ("a.json", b'{\n "CFDocument": {,\n', "error in line 2, column 17"),
    ("a.xlsx", b"PK\x03\x04", "This is a workbook, not a CSV file."),
    ("big.csv", b"Title\n" * 400_000, "larger than 2 MB"),
    ("script.csv", b"Name of it;Other\n<script>alert(1)</script>;b\n", "Call one of the columns “Title”"),
])
def test_a_file_that_cannot_be_used_says_what_to_do(visitor, name, data, told):
    page = opened(visitor)
    panel(page).locator("input[type='file']").set_input_files({"name": name, "mimeType": "text/plain", "buffer": data})
    page.locator("[data-from='error']", has_text=told).wait_for()
    if name == "a.csv":
        visitor.look("f5-error")
    assert page.locator("[data-from='found']").is_hidden()


def test_no_more_than_a_pill_may_have(visitor):
    page = opened(visitor)
    have = len(names(page))
    rows = "Title\n" + "".join(f"Outcome <b>{number}</b>\n" for number in range(150))
    panel(page).locator("input[type='file']").set_input_files(
        {"name": "many.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    count = page.locator("[data-from='count']")
    count.get_by_text(f"{100 - have} outcomes are chosen. A pill may have at most 100").wait_for()
    assert len(chosen(page)) == 100 - have
    page.locator("[data-from='tree'] input").last.check()
    page.get_by_role("button", name="Add what is chosen").click()
    page.locator("[data-from='count']", has_text=f"you chose {101 - have}").wait_for()
    assert len(names(page)) == have
    page.locator("[data-from='tree'] input").last.uncheck()
    started = page.evaluate("performance.now()")
    page.get_by_role("button", name="Add what is chosen").click()
    page.locator("[data-from='told']").get_by_text("outcomes were added").wait_for()
    took = page.evaluate("performance.now()") - started
    assert len(names(page)) == 100 and names(page)[-1] == f"Outcome <b>{99 - have}</b>"
    assert took < 4_000, f"{took} ms"


@pytest.mark.parametrize(("button", "suffix"), [
    ("Table (CSV)", "outcomes.csv"), ("Moodle competency framework (CSV)", "moodle.csv"),
    ("CASE 1.0 (JSON)", "case.json"),
])
def test_the_draft_is_downloaded_and_read_again(visitor, button, suffix):
    page = opened(visitor)
    page.locator("[data-action='fold']").first.click()
    page.locator("[data-control='1.title']").fill("=Not saved, “Ünïcode”")
    page.get_by_text("Download the outcomes").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name=button).click()
    assert caught.value.suggested_filename.endswith(suffix)
    path = Path(caught.value.path())
    text = path.read_bytes().decode("utf-8-sig")
    assert "Not saved, “Ünïcode”" in text
    if suffix.endswith("json"):
        assert json.loads(text)["CFItems"][0]["fullStatement"] == "=Not saved, “Ünïcode”"
    panel(page).locator("input[type='file']").set_input_files(
        {"name": "again", "mimeType": "text/plain", "buffer": path.read_bytes()}
    )
    row = page.locator("[data-from='tree'] li", has_text="=Not saved, “Ünïcode”")
    row.get_by_text("already in this pill").wait_for()
    assert chosen(page) == []


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_other_languages(visitors, language):
    visitor = visitors(language)
    page = visitor.page
    page.goto(visitor.demo.course + NEW)
    page.locator(".mcp-studio__sentence").wait_for(state="attached")
    visitor.look(f"f6-start-{language}")
    page.locator("[role='tab']").nth(1).click()
    page.locator("[data-from='file']").set_input_files(VECTORS / "moodle.csv")
    page.locator("[data-from='found']").wait_for()
    visitor.look(f"f7-list-{language}")


def test_a_file_is_dropped(visitor):
    page = opened(visitor)
    transfer = page.evaluate_handle(
        "(text) => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.csv'));"
        " return data; }", "Title\nDropped <img src=x onerror=alert(1)>\n"
    )
    drop = panel(page).locator("[data-from='drop']")
    drop.dispatch_event("dragover", {"dataTransfer": transfer})
    assert "mcp-from__drop--over" in drop.get_attribute("class")
    drop.dispatch_event("drop", {"dataTransfer": transfer})
    page.get_by_text("dropped.csv · Table (CSV) · 1 entry").wait_for()
    assert chosen(page) == ["Dropped <img src=x onerror=alert(1)>"]
    assert "mcp-from__drop--over" not in drop.get_attribute("class")
