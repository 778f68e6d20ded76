"""The recognition tab in a browser: what is taken over, the meter, soft hints; by mouse and keyboard."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import Visitor, running_demo
from .test_studio_editor import focused, save, status, tab

FORM = "/scenario/{pill}/studio_view/?student=staff"
BLANK = "pill-new"
ORGANISATION = {
    "mode": "blended", "workload_hours": "3.5", "further_information": "https://training.example/pills",
    "quality_assurance": {"title": "Qualiopi", "agency": "Example quality agency"},
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recognition")
    with running_demo(folder) as running:
        file = folder / "given.json"
        file.write_text(json.dumps(ORGANISATION), encoding="utf-8")
        running.manage("microcred", "recognition", "set", "organisation", "demo", str(file))
        yield running


@pytest.fixture
def author(visitor):
    opened(visitor)
    return visitor


def opened(visitor: Visitor, pill: str = BLANK) -> None:
    visitor.page.goto(visitor.demo.course + FORM.format(pill=pill))
    visitor.page.locator("[role='tab'][aria-selected='true']").wait_for()
    tab(visitor.page, "recognition")


def control(page, name: str):
    return page.locator(f"[data-control='recognition.{name}']")


def in_days(number: int) -> str:
    return str((datetime.now(UTC) + timedelta(days=number)).date())


def button(page, does: str, what: str):
    return page.get_by_role("button", name=re.compile(f"^{does} ?: {what}$"))


def element(page, code: str, state: str):
    """The element of the meter, once it is in that state."""
    found = page.locator(f"[data-meter='{code}'][data-state='{state}']")
    found.wait_for()
    return found


def note(page, name: str, text: str) -> None:
    page.locator(f"[data-note='recognition.{name}']", has_text=text).wait_for()


def test_what_is_taken_over_can_be_set_aside_and_put_back(author):
    page = author.page
    assert control(page, "mode").locator("option").first.inner_text() == "From your organisation: Blended"
    page.get_by_text("From your organisation: Qualiopi (Example quality agency)").wait_for()
    assert "From your organisation" in element(page, "workload", "complete").inner_text()
    button(page, "Leave it unsaid here", "Workload in hours").click()
    page.get_by_text("Not stated here. Your organisation says: 3.5 h").wait_for()
    element(page, "workload", "missing")
    assert focused(page).startswith("Use the organisation’s value")
    control(page, "workload_hours").fill("٧")
    element(page, "workload", "complete")
    page.get_by_text("Your organisation says: 3.5 h").first.wait_for()
    control(page, "mode").select_option("-")
    element(page, "participation", "missing")
    author.look("r1-own")
    save(page)
    status(page, "Saved")
    assert control(page, "workload_hours").input_value() == "7" and control(page, "mode").input_value() == "-"
    button(page, "Use the organisation’s value", "Workload in hours").click()
    control(page, "mode").select_option("")
    assert control(page, "workload_hours").input_value() == ""
    element(page, "workload", "complete")
    save(page)
    status(page, "Saved")
    page.reload()
    tab(page, "recognition")
    page.get_by_text("From your organisation: 3.5 h").wait_for()
    author.look("r2-taken")


def test_the_meter_follows_and_leads(author):
    page = author.page
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    text = page.locator("[data-mcp='meter-text']")
    before = text.inner_text()
    control(page, "assessment_type").select_option("quiz")
    element(page, "assessment", "complete")
    assert text.inner_text() != before
    control(page, "eqf_level").select_option("-")
    assert "none applies" in element(page, "level", "complete").inner_text()
    control(page, "eqf_level").select_option("")
    element(page, "level", "missing")
    page.locator("[data-element='nqf'] summary").click()
    control(page, "nqf.framework").fill("RNCP")
    control(page, "nqf.level").fill("4")
    element(page, "level", "complete")
    page.locator("[data-element='nqf'] summary").click()
    element(page, "outcomes", "missing").get_by_role("button").click()
    page.locator("[data-tab='outcomes']").wait_for()
    tab(page, "recognition")
    page.locator("[data-meter='stackability']").get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "Integration and stackability"
    others = [url for url in asked if "handler" in url and "draw_badge" not in url]  # the badge shows the level
    assert not others, "nothing is asked of the server"


def states(html: str) -> dict[str, str]:
    """What the meter says in a page as the server made it, before any script ran."""
    found = re.findall(r'data-meter="(\w[\w-]*)" data-state="(\w+)"', html)
    return {code: "missing" if state == "missing" else "there" for code, state in found}


@pytest.mark.parametrize("pill", [BLANK, "pill-en", "pill-fr"])
def test_the_page_judges_as_the_server_does(visitor, pill):
    opened(visitor, pill)
    page = visitor.page
    drawn = page.locator("[data-mcp='meter']").evaluate("meter => meter.outerHTML")
    served = page.context.request.get(visitor.demo.course + FORM.format(pill=pill)).text()
    assert len(states(drawn)) == 16 and states(drawn) == states(served)
    assert page.locator("[data-mcp='meter-text']").inner_text() in served


def test_soft_hints_and_no_more(author):
    page = author.page
    control(page, "ects").fill("1")
    note(page, "ects", "3.5")
    control(page, "ects").fill("0.13")
    page.locator("[data-note='recognition.ects']").wait_for(state="hidden")
    page.locator("[data-element='bloc'] summary").click()
    control(page, "bloc.certification").fill("RS12")
    control(page, "bloc.bloc").fill("RS12BC01")
    note(page, "bloc.bloc", "has no blocs")
    register = page.locator("[data-mcp='register']")
    assert register.get_attribute("href") == "https://www.francecompetences.fr/recherche/rs/12/"
    control(page, "bloc.certification").fill("RNCP38596x")
    register.wait_for(state="hidden")
    control(page, "bloc.certification").fill("RNCP38596")
    note(page, "bloc.bloc", "RNCP38596BC01")
    control(page, "bloc.bloc").fill("RNCP38596BC02")
    page.locator("[data-note='recognition.bloc.bloc']").wait_for(state="hidden")
    control(page, "bloc.certification_title").fill("Technician")
    control(page, "bloc.bloc_title").fill("Repair")
    control(page, "bloc.valid_until").fill(in_days(-2))
    note(page, "bloc.valid_until", "has ended")
    assert "has ended" in element(page, "stackability", "complete").inner_text()
    control(page, "bloc.valid_until").fill(in_days(60))
    note(page, "bloc.valid_until", "less than six months")
    control(page, "stackability").select_option("stand-alone")
    note(page, "stackability", "stands alone")
    author.look("r3-hints")
    control(page, "stackability").select_option("stackable")
    control(page, "isced_f").fill("electricity and energy")
    control(page, "isced_f").press("Tab")
    assert control(page, "isced_f").input_value() == "0713"
    note(page, "isced_f", "Electricity and energy (0713)")
    save(page)
    status(page, "Saved")
    assert control(page, "bloc.bloc").input_value() == "RNCP38596BC02"


@pytest.mark.parametrize(("language", "pill"), [("ar", BLANK), ("fr", "pill-fr")])
def test_in_other_languages(chromium, demo, language, pill):
    visitor = Visitor(chromium, demo, language=language)
    opened(visitor, pill)
    visitor.look(f"r4-{language}")
    visitor.close()
