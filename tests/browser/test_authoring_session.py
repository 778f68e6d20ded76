"""A whole session of an author, from a pill without a word in it to one that learners can earn.

At 1280 and at 400 pixels, by mouse and by keyboard alone, in English, French and Arabic; axe looks at every step.
"""

from __future__ import annotations

import json

import pytest

from .conftest import ARTEFACTS, Visitor, running_demo, violations
from .hands import Keyboard, Mouse

FORM = "/scenario/pill-new/studio_view/?student=staff"
AUTHOR = "/scenario/pill-new/author_view/?student=staff"
SKILL = "wind"  # the catalogue that ships is English, and answers to English words in every language
TEXTS = {
    "en": {
        "title": "Bolted joints on a wind turbine", "summary": "You tighten and inspect the joints of a tower.",
        "first": "Tighten a flange in stages with a torque wrench", "second": "Inspect a bolted joint for lost preload",
        "badge": "A navy shield with a spanner",
    },
    "fr": {
        "title": "Assemblages boulonnés d’une éolienne", "summary": "Vous serrez et contrôlez les boulons d’un mât.",
        "first": "Serrer une bride par étapes à la clé dynamométrique",
        "second": "Contrôler le serrage d’un assemblage",
        "badge": "Un écu bleu avec une clé",
    },
    "ar": {
        "title": "الوصلات المثبّتة بالبراغي في توربينة الرياح", "summary": "تشدّ وصلات البرج وتفحصها.",
        "first": "يشدّ شفة البرج على مراحل بمفتاح العزم", "second": "يفحص وصلة فقدت شدّها المسبق",
        "badge": "درع أزرق عليه مفتاح",
    },
}


@pytest.fixture
def demo(tmp_path):
    """A demo for each session: it begins with an empty pill."""
    with running_demo(tmp_path) as running:
        yield running


class Session:
    """One author at work; ``saves`` counts what her browser sent to be stored."""

    def __init__(self, visitor: Visitor, hands: type, width: int, language: str) -> None:
        self.page, self.address = visitor.page, visitor.demo.course
        self.words, self.language = TEXTS[language], language
        self.page.set_viewport_size({"width": width, "height": 800})
        self.hands, self.width, self.saves = hands(self.page), width, []
        self.page.on("request", lambda request: "/save_pill/" in request.url and self.saves.append(request))

    def control(self, name: str):
        return self.page.locator(f"[data-control='{name}']")

    def card(self, number: int):
        return self.page.locator("[data-card]").nth(number - 1)

    def titles(self) -> list[str]:
        return self.page.locator("[data-card] [data-mcp='name']").all_inner_texts()

    def look(self, step: str) -> None:
        """What axe and the width of the page say, and a picture for people."""
        ARTEFACTS.mkdir(exist_ok=True)
        name = f"session-{self.language}-{self.width}-{type(self.hands).__name__.lower()}-{step}"
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {wide} px wider than the window"
        assert violations(self.page) == [], name


@pytest.mark.parametrize(("language", "width", "hands"), [
    ("en", 1280, Mouse), ("en", 400, Keyboard), ("fr", 400, Mouse), ("fr", 1280, Keyboard), ("ar", 1280, Mouse),
    ("ar", 400, Keyboard),
])
def test_from_an_empty_pill_to_one_that_can_be_earned(visitors, language, width, hands):
    session = Session(visitors(language), hands, width, language)
    page = session.page
    page.goto(session.address + FORM)
    page.locator("[data-from='start']").wait_for()
    session.look("1-empty")
    say_what_it_is(session)
    start_from_an_example(session)
    make_the_outcomes_her_own(session)
    recognise(session)
    design_the_badge(session)
    preview(session)
    save(session)
    see_it_as_its_author(session)


def say_what_it_is(session: Session) -> None:
    hands = session.hands
    hands.write(session.control("title"), session.words["title"])
    hands.write(session.control("description"), session.words["summary"])
    if session.control("language").input_value() != session.language:
        hands.choose(session.control("language"), session.language)


def start_from_an_example(session: Session) -> None:
    """The example opens the outcomes, in the pill's language."""
    session.hands.press(session.page.locator("[data-from='start'] [data-preset='technical']"))
    session.page.locator("[data-from='told']").wait_for()
    assert len(session.titles()) >= 3
    session.look("2-example")


def make_the_outcomes_her_own(session: Session) -> None:
    """Two stay, with her own words, what assesses them and their order."""
    page, hands = session.page, session.hands
    while len(session.titles()) > 2:
        before = len(session.titles())
        hands.press(session.card(before).locator("[data-action='delete']"))
        page.wait_for_function(f"document.querySelectorAll('[data-card]').length === {before - 1}")
    for number, (title, activities) in enumerate((("second", (2,)), ("first", (0, 1))), start=1):
        card = session.card(number)
        if card.locator("[data-action='fold']").get_attribute("aria-expanded") == "false":
            hands.press(card.locator("[data-action='fold']"))
        key = card.get_attribute("data-card")
        hands.write(session.control(f"{key}.title"), session.words[title])
        hands.write(session.control(f"{key}.description"), "")
        hands.write(session.control(f"{key}.threshold"), "75")
        hands.press(card.locator("[data-action='outcomes-choose']"))
        page.locator("[data-mcp='picker']").wait_for()
        for activity in activities:
            hands.press(page.locator("[data-option] input").nth(activity))
        page.wait_for_function(
            "([key, number]) => document.querySelectorAll(`[data-card='${key}'] [data-row]`).length === number",
            arg=[key, len(activities)],
        )
        if number == 1:
            session.look("3-activities")
        hands.press(page.locator("[data-action='outcomes-done']"))
        page.locator("[data-mcp='picker']").wait_for(state="hidden")
        hands.find(card.locator("[data-part='query']"), SKILL, card.locator("[role='option']"))
        card.locator("[data-skill]").wait_for()
        hands.press(card.locator("[data-action='fold']"))
    hands.move_up(session.card(2))
    wanted = [session.words["first"], session.words["second"]]
    page.wait_for_function(
        "(wanted) => JSON.stringify([...document.querySelectorAll(\"[data-card] [data-mcp='name']\")]"
        ".map((name) => name.innerText)) === JSON.stringify(wanted)", arg=wanted,
    )
    assert page.locator("[data-mcp='unused']").is_hidden(), "every activity assesses something"
    session.look("4-outcomes")


def recognise(session: Session) -> None:
    """The meter leads to what is missing, and follows what is written."""
    page, hands = session.page, session.hands
    hands.tab("recognition")
    workload = page.locator("[data-meter='workload']")
    assert workload.get_attribute("data-state") == "missing"
    hands.press(workload.locator("[data-action='go']"))
    page.wait_for_function("document.activeElement.dataset.control === 'recognition.workload_hours'")
    hands.write(session.control("recognition.workload_hours"), "2,5" if session.language == "fr" else "2.5")
    page.locator("[data-meter='workload'][data-state='complete']").wait_for()
    hands.choose(session.control("recognition.eqf_level"), "4")
    hands.write(session.control("recognition.isced_f"), "0713")
    for name, value in (("mode", "online"), ("assessment_type", "quiz"), ("supervision", "unsupervised")):
        if session.control(f"recognition.{name}").input_value() != value:
            hands.choose(session.control(f"recognition.{name}"), value)
    page.locator("[data-meter='level'][data-state='complete']").wait_for()
    session.look("5-recognition")


def design_the_badge(session: Session) -> None:
    page, hands = session.page, session.hands
    hands.tab("pill")
    before = page.locator("[data-mcp='badge-first']").get_attribute("src")
    hands.pick("mode", "design")
    page.locator("[data-badge-panel='design']").wait_for()
    for name, value in (("shape", "shield"), ("colour", "navy"), ("icon", "tool")):
        hands.pick(name, value)
    hands.write(page.locator("[data-mcp='badge-caption'] [data-control]"), session.words["badge"])
    page.wait_for_function(
        "(before) => [...document.querySelectorAll('[data-badge-picture]')].every((image) => image.src !== before)",
        arg=before,
    )
    session.look("6-badge")


def preview(session: Session) -> None:
    page = session.page
    session.hands.tab("preview")
    page.locator(".mcp-preview__verdict--good").wait_for()
    page.locator("[data-mcp='preview-progress']").wait_for(state="hidden")
    page.locator(".mcp-wallet__name", has_text=session.words["title"]).wait_for()
    session.look("7-preview")


def save(session: Session) -> None:
    """One request, whatever was written in whichever panel."""
    page = session.page
    assert session.saves == []
    session.hands.press(page.locator("[data-action='save']"))
    page.wait_for_function(
        "document.querySelector(\"[data-mcp='problems']\").hidden &&"
        " [...document.querySelectorAll('[data-card]')].map((card) => card.dataset.card).join() === '1,2'"
    )
    assert len(session.saves) == 1
    sent = json.loads(session.saves[0].post_data)
    assert (sent["title"], len(sent["outcomes"])) == (session.words["title"], 2)
    session.look("8-saved")


def see_it_as_its_author(session: Session) -> None:
    page = session.page
    page.goto(session.address + AUTHOR)
    page.locator(".mcp-notice--good").wait_for()
    shown = page.locator(".mcp-outcome__title").all_inner_texts()
    assert shown == [session.words["first"], session.words["second"]]
    assert page.locator(".mcp-map__item").count() == 3
    assert page.locator(".mcp-skill").count() == 2
    session.look("9-author")
