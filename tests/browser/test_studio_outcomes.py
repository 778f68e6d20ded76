"""The Outcomes tab in a browser, without a server: the form as it is rendered, its scripts, and a person's hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcred_xblock.authoring import form
from microcred_xblock.rendering import render
from microcred_xblock.studio import SCRIPTS, STYLES
from microcred_xblock.translation import Translator
from tests.authoring.page import page as form_page

from .conftest import ARTEFACTS, Demo, Visitor, size

STATIC = Path(form.__file__).parents[1] / "static"
MANY = tuple(f"p{number}" for number in range(1, 31))
NOBODY = Demo(course="-", wallet="-")


def outcome(number: int, *blocks: str, **more) -> dict:
    return {
        "id": f"o{number}", "title": f"Locate fault {number}", "threshold": "0.7",
        "assessed_by": [{"block": block} for block in blocks], **more,
    }


@pytest.fixture
def opened(chromium):
    """Opens the form of some outcomes; a list of the visitors is closed afterwards."""
    made: list[Visitor] = []

    def open_form(outcomes: list[dict], blocks: tuple[str, ...] = MANY, *, language: str = "en", **fields) -> Visitor:
        visitor = Visitor(chromium, NOBODY, language=language)
        made.append(visitor)
        fill(visitor.page, {"outcomes": outcomes, **fields}, blocks, Translator(language))
        return visitor

    yield open_form
    for visitor in made:
        visitor.close()


def fill(page, fields: dict, blocks: tuple[str, ...], translator: Translator) -> None:
    """The page that Studio makes of the form, opened at its outcomes."""
    shown = form_page(fields, blocks)
    content = render("studio.html", translator, uid=shown.uid, form=form.form(shown, translator))
    page.set_content(
        f'<!doctype html><html lang="{translator.language}"><head><title>Form</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        f"<body><main><h1>Form</h1>{content}</main></body></html>"
    )
    for name in STYLES:
        page.add_style_tag(path=STATIC / "css" / f"{name}.css")
    for name in SCRIPTS:
        page.add_script_tag(path=STATIC / "js" / f"{name}.js")
    page.evaluate(
        "args => { window.editor = MicrocredStudio({handlerUrl: () => 'data:,'}, document.body, args); }",
        form.script_arguments(shown, translator),
    )
    page.locator("[role='tab'][data-target='outcomes']").click()


def card(page, number: int):
    return page.locator("[data-card]").nth(number - 1)


def titles(page) -> list[str]:
    return page.locator("[data-card] [data-mcp='name']").all_inner_texts()


def assessing(page, number: int) -> list[str]:
    return card(page, number).locator("[data-row]").evaluate_all("rows => rows.map((row) => row.dataset.block)")


def status(page, text: str) -> None:
    page.locator("[data-mcp='status']").get_by_text(text, exact=True).wait_for()


def focused(page) -> str:
    return page.evaluate("document.activeElement.dataset.action || document.activeElement.id")


def unfold(page, number: int):
    found = card(page, number)
    if found.locator("[data-action='fold']").get_attribute("aria-expanded") == "false":
        found.locator("[data-action='fold']").click()
    return found


def choose(page, number: int):
    found = unfold(page, number)
    found.locator("[data-action='outcomes-choose']").click()
    found.locator("[data-mcp='picker']").wait_for()
    return found


# What assesses an outcome


def test_an_activity_taken_out_by_mistake_comes_back_by_keyboard(opened):
    visitor = opened([outcome(1, "p1", "p2", "p3")])
    page = visitor.page
    first = choose(page, 1)
    weight = first.locator("[data-row] [data-part='weight']").first
    weight.fill("4")
    drop = first.get_by_role("button", name="Take out: Title of p1", exact=True)
    drop.focus()
    page.keyboard.press("Enter")
    assert assessing(page, 1) == ["p2", "p3"] and focused(page) == "undo"
    status(page, "“Title of p1” was taken out.")
    visitor.look("o1-taken-out")
    box = first.locator("[data-option='p1'] input")
    assert not box.is_checked()
    page.keyboard.press("Enter")
    assert assessing(page, 1) == ["p1", "p2", "p3"] and weight.input_value() == "4", "as it was, where it was"
    status(page, "“Title of p1” is back.")
    assert box.is_checked() and focused(page) == "outcomes-drop"
    drop.click()
    box.check()
    assert assessing(page, 1) == ["p2", "p3", "p1"]
    assert first.locator("[data-gone]").count() == 0, "chosen again, there is nothing to bring back"


def test_activities_are_found_by_title_and_chosen(opened):
    visitor = opened([outcome(1, "p1"), outcome(2)])
    page = visitor.page
    assert page.locator("[data-row]").count() == 1, "a card has rows for what it uses, not for all there is"
    second = choose(page, 2)
    assert second.get_by_text("Nothing assesses this outcome yet.").is_visible()
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.type("tÎTLE p2")
    status(page, "11 activities found")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    status(page, "1 activity chosen")
    assert assessing(page, 2) == ["p2"]
    assert not second.get_by_text("Nothing assesses this outcome yet.").is_visible()
    visitor.look("o1-choosing")
    second.locator("[data-mcp='picker-search']").fill("nowhere")
    second.get_by_text("No activity has this in its title.").wait_for()
    page.keyboard.press("Escape")
    assert focused(page) == "outcomes-choose"
    assert not page.locator("[data-mcp='picker']").is_visible()
    first = choose(page, 1)
    assert first.locator("[data-option]:visible").count() == 30, "a search is over with the list"
    assert first.locator("[data-option='p2']").get_by_text("assesses outcome 2").is_visible()
    first.get_by_role("button", name="Done").click()
    assert focused(page) == "outcomes-choose"


def test_what_is_taken_out_comes_back_as_it_was(opened):
    page = opened([outcome(1, "p1", "p2", "p3")]).page
    first = choose(page, 1)
    first.locator("[data-row]").nth(1).get_by_label("Weight").fill("4")
    first.locator("[data-option='p2'] input").uncheck()
    assert assessing(page, 1) == ["p1", "p3"]
    first.locator("[data-option='p2'] input").check()
    assert assessing(page, 1) == ["p1", "p3", "p2"]
    assert first.locator("[data-row]").nth(2).get_by_label("Weight").input_value() == "4"
    sent = page.evaluate("editor.draft().outcomes[0].blocks")
    assert [(row["block"], row["member"], row["weight"]) for row in sent] == [
        ("p1", 0, "1"), ("p3", 2, "1"), ("p2", 1, "4"),
    ]
    first.get_by_role("button", name="Take out: Title of p1").click()
    status(page, "“Title of p1” was taken out.")
    assert not first.locator("[data-option='p1'] input").is_checked()
    assert focused(page) == "undo"


def test_a_single_activity_has_nothing_to_weigh(opened):
    page = opened([outcome(1, "p1")]).page
    first = unfold(page, 1)
    for hidden in ("Weight", "At least %", "When several activities assess it", "All of them must be attempted"):
        assert not first.get_by_label(hidden).first.is_visible(), hidden
    choose(page, 1).locator("[data-option='p2'] input").check()
    for shown in ("Weight", "At least %", "When several activities assess it", "All of them must be attempted"):
        assert first.get_by_label(shown).first.is_visible(), shown


def test_what_a_nested_group_has_is_not_chosen_a_second_time(opened):
    grouped = outcome(1, assessed_by=[{"members": [{"block": "p2"}]}, {"block": "p1"}])
    page = opened([grouped]).page
    option = choose(page, 1).locator("[data-option='p2']")
    assert option.locator("input").is_disabled() and option.locator("input").is_checked()
    assert option.get_by_text("in a nested group of this outcome").is_visible()


def test_the_list_survives_the_card_it_was_opened_in(opened):
    page = opened([outcome(1, "p1"), outcome(2, "p2")]).page
    choose(page, 1)
    card(page, 1).locator("[data-action='delete']").click()
    choose(page, 1)
    page.locator("[data-action='undo']").click()
    unfold(page, 1)
    assert card(page, 1).locator("[data-action='outcomes-choose']").get_attribute("aria-expanded") == "false"
    assert page.locator("[data-mcp='picker']").count() == 1
    assert choose(page, 1).locator("[data-option='p1'] input").is_checked()


def test_an_activity_that_nothing_uses_is_given_to_an_outcome(opened):
    visitor = opened([outcome(1, "p1"), outcome(2)], ("p1", "p2", "p3"))
    page = visitor.page
    unused = page.locator("[data-mcp='unused']")
    told = unused.locator("[data-unused]:visible [data-part='title']")
    assert told.all_inner_texts() == ["Title of p2", "Title of p3"]
    unused.locator("[data-unused='p2'] button").click()
    visitor.look("o2-unused")
    unused.get_by_label("It assesses").select_option("2. Locate fault 2")
    unused.get_by_role("button", name="Add", exact=True).click()
    status(page, "“Title of p2” now assesses “Locate fault 2”.")
    assert assessing(page, 2) == ["p2"]
    card(page, 1).locator("[data-action='delete']").click()
    unused.locator("[data-unused='p3'] button").click()
    assert assessing(page, 1) == ["p2", "p3"], "of a single outcome nobody is asked which"
    card(page, 1).locator("[data-action='delete']").click()
    unused.locator("[data-unused='p3'] button").click()
    assert assessing(page, 1) == ["p3"], "the first outcome, in which only the title is missing"
    assert page.evaluate("document.activeElement.dataset.control") == "new1.title"


def test_an_activity_can_be_given_an_outcome_of_its_own(opened):
    page = opened([outcome(1), outcome(2)], ("p1",)).page
    page.locator("[data-unused='p1'] button").click()
    page.get_by_label("It assesses").select_option("Add an outcome")
    page.get_by_role("button", name="Add", exact=True).click()
    assert assessing(page, 3) == ["p1"] and not page.locator("[data-mcp='unused']").is_visible()
    assert page.evaluate("document.activeElement.dataset.control") == "new1.title"


# Order


def handle(page, number: int) -> tuple[float, float]:
    box = card(page, number).locator("[data-part='handle']").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("language", ["en", "ar"])
def test_outcomes_are_dragged_into_order(opened, language):
    visitor = opened([outcome(number, "p1") for number in range(1, 5)], language=language)
    page = visitor.page
    unfold(page, 1)
    page.mouse.move(*handle(page, 1))
    page.mouse.down()
    x, y = handle(page, 3)
    page.mouse.move(x, y, steps=6)
    page.mouse.move(x, handle(page, 3)[1] + 20, steps=3)
    mark = page.locator(".mcp-studio__drop")
    assert mark.evaluate("mark => mark.nextElementSibling.dataset.card") == "4"
    assert not card(page, 1).locator(".mcp-studio__fields").is_visible(), "what is dragged among is folded"
    page.screenshot(path=ARTEFACTS / f"o3-dragging-{language}.png")
    page.mouse.up()
    assert titles(page) == ["Locate fault 2", "Locate fault 3", "Locate fault 1", "Locate fault 4"]
    assert mark.count() == 0
    assert card(page, 3).locator(".mcp-studio__fields").is_visible(), "and unfolds again"
    assert [item["key"] for item in page.evaluate("editor.draft().outcomes")] == ["2", "3", "1", "4"]
    if language == "en":
        status(page, "“Locate fault 1” is now number 3 of 4.")


def test_a_drag_is_called_off_with_escape(opened):
    page = opened([outcome(number, "p1") for number in range(1, 4)]).page
    page.mouse.move(*handle(page, 3))
    page.mouse.down()
    page.mouse.move(*handle(page, 1), steps=6)
    assert page.locator(".mcp-studio__drop").count() == 1
    page.keyboard.press("Escape")
    status(page, "“Locate fault 3” stays where it was.")
    page.mouse.up()
    assert titles(page) == ["Locate fault 1", "Locate fault 2", "Locate fault 3"]
    assert page.locator(".mcp-studio__drop, .mcp-studio__cards--dragging, .mcp-studio__card--dragged").count() == 0
    page.mouse.move(*handle(page, 1))
    page.mouse.down()
    page.mouse.up()
    assert titles(page)[0] == "Locate fault 1", "a press is no drag"


def test_a_finger_drags_too_and_the_form_scrolls_with_it(chromium):
    context = chromium.new_context(viewport=size("phone"), has_touch=True, is_mobile=True)
    page = context.new_page()
    fill(page, {"outcomes": [outcome(number, "p1") for number in range(1, 26)]}, ("p1",), Translator("en"))
    card(page, 1).scroll_into_view_if_needed()
    touch = context.new_cdp_session(page)

    def send(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    x, y = handle(page, 1)
    send("touchStart", (x, y))
    send("touchMove", (x, y + 40))
    before = page.evaluate("document.scrollingElement.scrollTop")
    bottom = page.locator(".mcp-studio__foot").bounding_box()["y"]
    send("touchMove", (x, bottom - 10))
    page.wait_for_function("start => document.scrollingElement.scrollTop > start + 400", arg=before)
    page.locator(".mcp-studio__drop").wait_for()
    send("touchEnd")
    page.wait_for_function("!document.querySelector('.mcp-studio__drop')")
    assert titles(page).index("Locate fault 1") > 5
    context.close()


def test_alt_with_an_arrow_on_the_header_moves_a_card(opened):
    page = opened([outcome(number, "p1") for number in range(1, 4)]).page
    card(page, 1).locator("[data-action='fold']").focus()
    for key in ("Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowUp"):
        page.keyboard.press(key)
    assert titles(page) == ["Locate fault 2", "Locate fault 1", "Locate fault 3"]
    assert page.evaluate("document.activeElement.closest('[data-card]').dataset.card") == "1"


# Wording


def test_a_verb_that_cannot_be_observed_draws_advice(opened):
    visitor = opened([outcome(1, "p1")], language="en")
    page = visitor.page
    title = unfold(page, 1).get_by_label("Title of the outcome")
    title.fill("Understand wind")
    advice = card(page, 1).locator(".mcp-studio__advice")
    advice.get_by_text("cannot be observed").wait_for()
    assert advice.get_attribute("id") in title.get_attribute("aria-describedby").split()
    assert title.get_attribute("aria-invalid") is None, "advice is no error"
    assert "measure" in advice.inner_text()
    card(page, 1).get_by_label("Kind").select_option("knowledge")
    advice.get_by_text("describe").wait_for()
    visitor.look("o4-advice")
    title.fill("Locate a fault and repair it")
    advice.get_by_text("is a second verb").wait_for()
    title.fill("Locate a fault " + "very " * 40 + "soon")
    advice.get_by_text("Long for a title").wait_for()
    title.fill("Locate a fault")
    page.wait_for_function("!document.querySelector('[data-card] .mcp-studio__advice')")


def test_advice_is_about_the_pills_language_in_the_authors(opened):
    page = opened([outcome(1, "p1", title="Comprendre le vent")]).page
    assert page.locator("[data-card] .mcp-studio__advice").count() == 0, "an English pill"
    page.locator("[role='tab'][data-target='pill']").click()
    page.get_by_label("Language of the texts").select_option("fr")
    page.locator("[role='tab'][data-target='outcomes']").click()
    unfold(page, 1)
    card(page, 1).locator(".mcp-studio__advice").get_by_text("cannot be observed").wait_for()
    page.locator("[role='tab'][data-target='pill']").click()
    page.get_by_label("Language of the texts").select_option("de")
    assert page.locator("[data-card] .mcp-studio__advice").count() == 0, "no words for German"


def test_titles_that_studio_gave_draw_advice(opened):
    page = opened([outcome(1, "p1")], display_name="Duplicate of 'Find the fault'").page
    page.locator("[role='tab'][data-target='pill']").click()
    page.get_by_text("Studio gave this title to a copy.").wait_for()
    title = page.get_by_label("Title", exact=True)
    title.fill("learning PILL")
    page.get_by_text("This is the title every new pill has.").wait_for()
    title.fill("Find the fault")
    page.wait_for_function("!document.querySelector('.mcp-studio__advice')")


# Unsaved changes


def test_nobody_leaves_unsaved_changes_behind_by_mistake(opened):
    visitor = opened([outcome(1, "p1"), outcome(2, "p2")])
    page = visitor.page
    page.evaluate("() => { editor.left = 0; editor.leave = () => { editor.left += 1; }; }")
    cancel, unsaved = page.get_by_role("button", name="Cancel"), page.locator("[data-mcp='unsaved']")
    cancel.click()
    assert page.evaluate("editor.left") == 1, "nothing was changed: nobody is asked"
    card(page, 1).locator("[data-action='down']").click()
    unsaved.get_by_text("Unsaved changes").wait_for()
    cancel.focus()
    page.keyboard.press("Enter")
    assert focused(page) == "changes-keep"
    visitor.look("o5-leaving")
    page.keyboard.press("Escape")
    assert focused(page) == "cancel" and page.evaluate("editor.left") == 1
    card(page, 1).locator("[data-action='down']").click()  # as it was
    page.wait_for_function("!document.querySelector('[data-mcp=unsaved]').textContent")
    cancel.click()
    assert page.evaluate("editor.left") == 2
    card(page, 1).locator("[data-action='delete']").click()
    cancel.click()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("editor.left") == 3


# The rule


@pytest.mark.parametrize(("language", "number", "expected"), [
    ("fr", 1, "L’acquis ; il demande 70\u00a0% des points."),
    ("fr", 3, "Les 3 acquis ; chacun demande 70\u00a0% des points."),
    ("ar", 1, "المخرج؛ يتطلب 70\u00a0% من النقاط."),
    ("ar", 2, "كلا المخرجين؛ يتطلب كل منهما 70\u00a0% من النقاط."),
    ("ar", 3, "المخرجات كلها (3)؛ يتطلب كل منها 70\u00a0% من النقاط."),
])
def test_the_rule_has_the_plural_forms_of_its_language(opened, language, number, expected):
    page = opened([outcome(place + 1, "p1") for place in range(number)], language=language).page
    told = page.locator("[data-mcp='sentence']").inner_text()
    assert told.replace("\u202f", " ").replace("\u00a0;", " ;") == expected


def test_the_rule_is_read_back(opened):
    page = opened([outcome(number, "p1") for number in (1, 2, 3)]).page
    assert page.locator("[data-mcp='sentence']").inner_text() == "All 3 outcomes; each needs 70\u00a0% of the points."
    card(page, 1).locator("[data-action='delete']").click()
    card(page, 1).locator("[data-action='delete']").click()
    assert page.locator("[data-mcp='sentence']").inner_text() == "The outcome; it needs 70\u00a0% of the points."
    card(page, 1).locator("[data-action='delete']").click()
    page.locator("[data-mcp='sentence']").get_by_text("The pill has no learning outcome yet").wait_for()


@pytest.mark.parametrize("typed", ["75 %", "75%", "75\u00a0%"])
def test_a_threshold_typed_with_its_sign_is_told_with_one(opened, typed):
    page = opened([outcome(1, "p1")]).page
    page.locator("[data-control='1.threshold']").fill(typed)
    page.locator("[data-mcp='sentence']").get_by_text("The outcome; it needs 75\u00a0% of the points.").wait_for()
    assert page.locator("[data-mcp='brief']").first.inner_text() == "needs 75 %"


def test_many_thresholds_are_read_back_as_a_range(opened):
    outcomes = [outcome(number, "p1", threshold=f"0.{number}5") for number in range(1, 7)]
    page = opened(outcomes).page
    assert page.locator("[data-mcp='sentence']").inner_text() == (
        "All 6 outcomes; each needs its own share of the points, from 15\u00a0% to 65\u00a0%."
    )


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_whole_tab_is_readable_everywhere(opened, language):
    visitor = opened([
        outcome(1, "p1", "p2"),
        outcome(2, assessed_by=[{"members": [{"block": "p3"}]}, {"block": "p4", "threshold": "0.5"}, {"block": "x"}]),
    ], language=language)
    for number in (1, 2):
        unfold(visitor.page, number)
    choose(visitor.page, 2)
    visitor.look(f"o6-{language}")
