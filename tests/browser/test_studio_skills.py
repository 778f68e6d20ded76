"""Skills in the author's form, in a browser: found by typing, by mouse and keyboard, in three languages."""

from __future__ import annotations

import json

import pytest

from .conftest import Visitor, own_demo

FORM = "/scenario/pill-{}/studio_view/?student=staff"

demo = own_demo("skills")


def opened(visitor: Visitor, pill: str = "en"):
    """The first outcome's card, open."""
    page = visitor.page
    page.goto(visitor.demo.course + FORM.format(pill))
    page.locator("[role='tab'][data-target='outcomes']").click()
    card = page.locator("[data-card]").first
    fold = card.locator("[data-action='fold']")
    if fold.get_attribute("aria-expanded") == "false":
        fold.click()
    line(card).wait_for()
    return card


def line(card):
    return card.locator("[data-part='query']")


def found(card):
    return card.locator("[role='option']")


def chips(card) -> list[str]:
    return card.locator("[data-skill] [data-part='label']").all_inner_texts()


def says(card, text: str) -> None:
    card.locator("[data-part='status']", has_text=text).wait_for()


def answer(page, handler: str, make) -> list:
    """Let ``make`` answer the handler's calls instead of the server; the calls are kept."""
    calls = []

    def respond(route):
        calls.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(status=200, content_type="application/json", body=json.dumps(make(calls[-1])))

    page.route(f"**/{handler}/**", respond)
    return calls


def skill(name: str, **more: str) -> dict:
    return {
        "uri": f"http://data.europa.eu/esco/skill/{name}", "label": name, "framework": "ESCO", "kind": "", "reuse": "",
        "description": "", "also": "", "language": "en", "foreign": "", **more,
    }


def test_by_keyboard_alone(visitor):
    card = opened(visitor)
    page = visitor.page
    line(card).focus()
    page.keyboard.type("wind")
    says(card, "skills found")
    box = line(card)
    assert box.get_attribute("role") == "combobox" and box.get_attribute("aria-expanded") == "true"
    first = found(card).first
    page.keyboard.press("ArrowDown")
    assert first.get_attribute("aria-selected") == "true"
    assert box.get_attribute("aria-activedescendant") == first.get_attribute("id")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox", "focus stays in the line"
    page.keyboard.press("End")
    assert found(card).last.get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    assert first.get_attribute("aria-selected") == "true", "after the last comes the first"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false" and box.input_value() == "wind"
    page.keyboard.press("ArrowDown")
    name = first.locator(".mcp-skills__name").inner_text()
    before = chips(card)
    page.keyboard.press("Enter")
    says(card, "was added")
    assert chips(card) == [*before, name] and box.input_value() == ""
    page.keyboard.type("w")
    page.keyboard.press("Escape")
    assert box.input_value() == "", "and the second time it empties the line"


def test_chosen_saved_seen_again_and_removed(visitor):
    card = opened(visitor)
    page = visitor.page
    line(card).fill("photovoltaic")
    found(card).filter(has_text="install photovoltaic systems").first.click()
    says(card, "“install photovoltaic systems” was added")
    chip = card.locator("[data-skill]", has_text="install photovoltaic systems")
    link = chip.locator("a")
    assert link.get_attribute("href").startswith("http://data.europa.eu/esco/skill/18d3f89a")
    assert link.get_attribute("rel") == "noopener noreferrer" and link.get_attribute("target") == "_blank"
    with page.expect_response(lambda response: "/save_pill/" in response.url):
        page.get_by_role("button", name="Save").click()
    page.locator("[data-mcp='status']", has_text="Saved").wait_for()
    card = opened(visitor)
    assert "install photovoltaic systems" in chips(card)
    line(card).fill("install photovoltaic sys")
    found(card).first.click()
    says(card, "is among the skills of this outcome already")
    card.get_by_role("button", name="Remove “install photovoltaic systems”").click()
    page.locator("[data-mcp='status']", has_text="“install photovoltaic systems” was removed").wait_for()
    assert "install photovoltaic systems" not in chips(card)


def test_kind_and_reuse_level_are_taken_over_only_where_nobody_chose(visitor):
    opened(visitor)
    page = visitor.page
    page.get_by_role("button", name="Add an outcome").click()
    card = page.locator("[data-card]").last
    answer(page, "search_skills", lambda call: {
        "ok": True, "installed": True,
        "results": [skill("first", kind="knowledge"), skill("second", kind="skill", reuse="transversal")],
    })
    kind, reuse = (card.locator(f"[data-control$='.{name}']") for name in ("kind", "reuse"))
    reuse.select_option("cross-sector")
    line(card).fill("any")
    found(card).first.click()
    card.get_by_text("Kind was set to “Knowledge”").wait_for()
    assert kind.input_value() == "knowledge"
    line(card).fill("any")
    found(card).last.click()
    card.get_by_text("The framework has “Skill” for this skill; here “Knowledge” is chosen as Kind.").wait_for()
    card.get_by_text("The framework has “Transversal” for this skill").wait_for()
    assert (kind.input_value(), reuse.input_value()) == ("knowledge", "cross-sector"), "offered, not overwritten"
    visitor.look("skills-offer")
    card.get_by_role("button", name="Use “Transversal”").click()
    assert reuse.input_value() == "transversal"
    assert page.evaluate("document.activeElement.dataset.control").endswith(".reuse")


def test_by_address(visitor):
    card = opened(visitor)
    page = visitor.page
    card.get_by_text("Add a skill by its address").click()
    card.get_by_role("button", name="Add this skill").click()
    card.get_by_text("Write what the skill is called.").wait_for()
    label, uri, framework = (card.locator(f"[data-part='own-{name}']") for name in ("label", "uri", "framework"))
    assert label.get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.dataset.part") == "own-label"
    label.fill("Digital content creation")
    uri.fill("javascript:alert(1)")
    framework.fill("DigComp")
    page.keyboard.press("Enter")
    card.get_by_text("Write the address of the skill in its framework").wait_for()
    visitor.look("skills-by-address")
    uri.fill("https://example.org/digcomp/3")
    page.keyboard.press("Enter")
    says(card, "“Digital content creation” was added")
    assert chips(card)[-1] == "Digital content creation" and label.input_value() == ""
    framework.fill("")
    uri.fill("http://data.europa.eu/esco/skill/x")
    assert framework.input_value() == "ESCO"
    label.fill("Written out, not added")
    with page.expect_response(lambda response: "/save_pill/" in response.url):
        page.get_by_role("button", name="Save").click()
    page.locator("[data-mcp='status']", has_text="Saved").wait_for()
    page.locator("[data-skill]", has_text="Written out, not added").wait_for(state="attached")


def test_half_a_skill_is_no_reason_to_lose_it(visitor):
    card = opened(visitor)
    page = visitor.page
    before = chips(card)
    card.get_by_text("Add a skill by its address").click()
    label, uri, framework = (card.locator(f"[data-part='own-{name}']") for name in ("label", "uri", "framework"))
    label.press_sequentially("Half")
    page.locator("[data-mcp='unsaved']", has_text="Unsaved changes").wait_for()
    card.get_by_text("Add a skill by its address").click()
    page.locator("[role='tab'][data-target='pill']").click()
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "/save_pill/" in request.url else None)
    page.get_by_role("button", name="Save").click()
    page.locator("[data-mcp='status']", has_text="a skill is only half written").wait_for()
    assert sent == []
    assert page.evaluate("document.activeElement.dataset.part") == "own-uri", "where something is missing, in sight"
    assert [line.get_attribute("aria-invalid") for line in (label, uri, framework)] == [None, "true", "true"]
    visitor.look("skills-half")
    uri.fill("http://data.europa.eu/esco/skill/half")
    assert framework.input_value() == "ESCO"
    uri.fill("")
    assert framework.input_value() == "", "what the form wrote itself is no skill begun"
    uri.fill("https://example.org/half")
    framework.fill("DigComp")
    page.get_by_role("button", name="Save").click()
    page.locator("[data-mcp='status']", has_text="Saved").wait_for()
    assert chips(opened(visitor)) == [*before, "Half"]


def test_a_skill_removed_by_mistake_comes_back_by_keyboard(visitor):
    card = opened(visitor)
    page = visitor.page
    before = chips(card)
    card.locator("[data-action='skills-remove']").first.focus()
    page.keyboard.press("Enter")
    assert chips(card) == before[1:]
    page.locator("[data-mcp='status']", has_text=f"“{before[0]}” was removed.").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Undo"
    visitor.look("skills-removed")
    page.keyboard.press("Enter")
    assert chips(card) == before, "in its former place"
    page.locator("[data-mcp='status']", has_text=f"“{before[0]}” is back.").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Remove “{before[0]}”"
    page.wait_for_function("!document.querySelector('[data-mcp=unsaved]').textContent")
    uri = card.locator("[data-skill]").first.get_attribute("data-uri")
    page.keyboard.press("Enter")
    answer(page, "search_skills", lambda call: {
        "ok": True, "installed": True, "results": [{**skill("again"), "uri": uri}],
    })
    line(card).fill("again")
    found(card).first.click()
    assert chips(card) == [*before[1:], "again"]
    assert card.locator("[data-gone]").count() == 0, "added again, there is nothing to bring back"


def test_what_is_found_too_late_is_dropped(visitor):
    card = opened(visitor)
    page = visitor.page
    late = []

    def respond(route):
        query = json.loads(route.request.post_data)["query"]
        body = json.dumps({"ok": True, "installed": True, "results": [skill(f"for {query}")]})
        if query == "first":
            late.append(lambda: route.fulfill(status=200, content_type="application/json", body=body))
        else:
            route.fulfill(status=200, content_type="application/json", body=body)

    page.route("**/search_skills/**", respond)
    line(card).fill("first")
    says(card, "Searching")
    while not late:
        page.wait_for_timeout(20)
    line(card).fill("second")
    found(card).filter(has_text="for second").wait_for()
    late[0]()
    page.wait_for_timeout(200)
    assert "for first" not in "".join(found(card).all_inner_texts())


def test_quick_typing_asks_once(visitor):
    card = opened(visitor)
    calls = answer(visitor.page, "search_skills", lambda call: {"ok": True, "installed": True, "results": []})
    line(card).focus()
    visitor.page.keyboard.type("turbine", delay=10)
    says(card, "Nothing found for “turbine”")
    assert [call["query"] for call in calls] == ["turbine"] and calls[0]["language"] == "en"


def test_what_to_do_where_nothing_comes(visitor):
    card = opened(visitor)
    page = visitor.page
    line(card).fill("zzzzzz")
    says(card, "Nothing found for “zzzzzz”. Try fewer or other words")
    visitor.look("skills-nothing")
    answer(page, "search_skills", lambda call: {"ok": True, "installed": False, "results": []})
    line(card).fill("wind")
    says(card, "No skills catalogue is installed: ask your administrator")
    page.unroute("**/search_skills/**")
    page.route("**/search_skills/**", lambda route: route.abort())
    line(card).fill("winds")
    says(card, "The search did not work. Type on to try again")
    page.unroute("**/search_skills/**")
    page.route("**/search_skills/**", lambda route: route.fulfill(status=403, body="no"))
    line(card).fill("wind")
    says(card, "You are signed out")
    page.unroute("**/search_skills/**")
    line(card).fill("wind tu")
    says(card, "skills found")


@pytest.mark.parametrize(("language", "pill"), [("en", "en"), ("fr", "fr"), ("ar", "en")])
def test_it_looks_well(chromium, demo, language, pill):
    visitor = Visitor(chromium, demo, language=language)
    card = opened(visitor, pill)
    line(card).fill("wind tur")
    found(card).first.wait_for()
    visitor.page.keyboard.press("ArrowDown")
    line(card).scroll_into_view_if_needed()
    visitor.look(f"skills-found-{language}")
    visitor.close()


def test_tags_become_skills_and_outcomes(visitor):
    page = visitor.page
    offer = {"taxonomy": "ESCO", "framework": "ESCO", "places": ["this pill", "First"]}
    tags = [
        {**offer, "label": "wind energy", "external_id": "u", "uri": "http://data.europa.eu/esco/skill/t1", "id": ""},
        {**offer, "label": "A tagged outcome", "external_id": "tagged", "uri": "", "id": "tagged", "taxonomy": "Ours"},
        {**offer, "label": "hydraulics", "external_id": "h", "uri": "http://data.europa.eu/esco/skill/t2", "id": ""},
    ]
    answer(page, "pill_tags", lambda call: {"ok": True, "tags": tags})
    page.add_init_script("""
      Object.defineProperty(window, "MicrocredStudio", {
        configurable: true,
        set(make) {
          const made = function (runtime, element, args) {
            args.parts.skills.tags = true;
            return make(runtime, element, args);
          };
          Object.defineProperty(window, "MicrocredStudio", { value: made });
        },
      });
    """)
    card = opened(visitor)
    before = page.locator("[data-card]").count()
    page.get_by_role("button", name="Take from the tags of this pill").click()
    rows = page.locator(".mcp-skills__tag")
    rows.first.wait_for()
    visitor.look("skills-tags")
    wind = rows.filter(has_text="wind energy")
    wind.locator("select").select_option(index=1)
    wind.get_by_role("button").click()
    assert chips(card)[-1] == "wind energy"
    rows.filter(has_text="A tagged outcome").get_by_role("button").click()
    page.locator("[data-mcp='status']", has_text="The outcome “A tagged outcome” was added").wait_for()
    assert page.locator("[data-card]").count() == before + 1
    rows.filter(has_text="hydraulics").get_by_role("button").click()
    new = page.locator("[data-card]").last
    assert chips(new) == ["hydraulics"]
    page.get_by_text("All tags of this pill are among its outcomes and skills already.").wait_for()
    sent = []
    page.on("request", lambda request: "/save_pill/" in request.url and sent.append(json.loads(request.post_data)))
    with page.expect_response(lambda response: "/save_pill/" in response.url):
        page.get_by_role("button", name="Save").click()
    outcomes = sent[0]["outcomes"]
    assert outcomes[-2]["id"] == "tagged" and outcomes[-1]["skills"][0]["uri"].endswith("t2")
