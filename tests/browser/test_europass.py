"""The ways into Europass: three drawn steps, and the field for a wallet's address, in every language and width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import microcred_xblock
from microcred_xblock import messages, views
from microcred_xblock.domain.credential import Format
from microcred_xblock.issuance.data import WalletOption
from microcred_xblock.translation import Translator
from tests.test_views import award, delivery, page

from .conftest import ARTEFACTS, violations

STATIC = Path(microcred_xblock.__file__).parent / "static"
STYLE = STATIC / "css" / "learning_pill.css"
FRAME = """<!DOCTYPE html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>Course</title>
<meta name="viewport" content="width=device-width"><style>body {{ margin: 16px; }} {style}</style></head>
<body><main><h1>Course</h1>{body}</main></body></html>"""
URLS = {"elm.jsonld": "/d/elm.jsonld", "ob3.png": "/d/ob3.png"}


@pytest.fixture
def shown(chromium):
    """Puts the learner's page with ``panel`` into a browser, without a server."""
    context = chromium.new_context()
    context.set_default_timeout(10_000)

    def show(panel, language: str, width: int):
        translator = Translator(language)
        body = views.student(page(panel=panel, downloads=URLS), translator, [])
        tab = context.new_page()
        tab.set_viewport_size({"width": width, "height": 900})
        html = FRAME.format(
            language=language, direction=translator.direction, body=body, style=STYLE.read_text(encoding="utf-8")
        )
        tab.route("https://lms.example/page", lambda route: route.fulfill(body=html, content_type="text/html"))
        tab.goto("https://lms.example/page")
        return tab

    yield show
    context.close()


def photograph(tab, name: str) -> None:
    """A picture of the panel, which must fit the window and give axe no cause."""
    ARTEFACTS.mkdir(exist_ok=True)
    tab.locator("[data-mcp='panel']").screenshot(path=ARTEFACTS / f"{name}.png")
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert violations(tab) == []


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
@pytest.mark.parametrize("width", [400, 1280])
def test_three_drawn_steps_lead_into_europass(shown, language, width):
    tab = shown(award(), language, width)
    summary = tab.locator(".mcp-more--steps summary")
    summary.focus()
    tab.keyboard.press("Enter")
    steps = tab.locator(".mcp-step")
    assert steps.count() == 3 and steps.locator(".mcp-step__picture").count() == 3
    assert steps.nth(0).locator("a").get_attribute("href") == URLS["elm.jsonld"]
    assert steps.nth(1).locator("a").get_attribute("href") == "https://europass.europa.eu/"
    boxes = (steps.nth(place).locator(".mcp-step__picture").bounding_box() for place in range(3))
    assert all(box["height"] > 60 for box in boxes)
    photograph(tab, f"europass-steps-{language}-{width}")


EU = WalletOption(id="eu", name="Europass", connected=False, takes_elm=True, by_address=True)


@pytest.fixture
def alive(shown):
    """The page with its script, whose handlers answer with what ``answers`` says, and note what they were asked."""

    def start(panel, answers, language="en", width=1280):
        tab = shown(panel, language, width)
        asked = []

        def answer(route):
            name = route.request.url.rsplit("/", 1)[-1]
            asked.append((name, route.request.post_data_json))
            route.fulfill(json=answers.get(name, {"ok": False, "message": "?"}))

        tab.route("**/handler/*", answer)
        translator = Translator(language)
        for script in ("collecting", "learning_pill"):
            tab.add_script_tag(content=(STATIC / "js" / f"{script}.js").read_text(encoding="utf-8"))
        arguments = views.script_arguments(page(panel=panel, downloads=URLS), translator)
        tab.evaluate(
            "(args) => window.MicrocredLearningPill({handlerUrl: (_e, name) => 'https://lms.example/handler/' + name},"
            " document.body, args)", arguments
        )
        return tab, asked

    return start


def answer_with(panel, language="en") -> dict:
    """What a handler answers, by the real views."""
    return {"ok": True, **views.live(page(panel=panel, downloads=URLS), Translator(language))}


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
@pytest.mark.parametrize("width", [400, 1280])
def test_a_mistyped_address_is_told_at_its_field(alive, language, width):
    refusal = {
        "ok": False, "code": "wallet-typed", "field": "address",
        "message": messages.text("wallet-typed", Translator(language)),
    }
    tab, asked = alive(award(wallets=(EU,)), {"connect_address": refusal}, language, width)
    field = tab.locator(".mcp-deposit__field")
    field.fill("https://elsewhere.example/x")
    field.press("Enter")
    fault = tab.locator(".mcp-deposit__fault")
    fault.wait_for()
    assert asked == [
        ("connect_address", {"wallet": "eu", "address": "https://elsewhere.example/x", "own_email": False})
    ]
    assert fault.inner_text() == refusal["message"] and field.get_attribute("aria-invalid") == "true"
    assert tab.evaluate("document.activeElement.className") == "mcp-deposit__field"
    assert fault.get_attribute("id") in field.get_attribute("aria-describedby")
    photograph(tab, f"europass-address-{language}-{width}")


def test_the_learners_own_address_connects_and_sends_and_what_was_typed_outlives_a_look_up(alive):
    connected = replace(EU, connected=True, recipient="ann@example.org")
    going = [delivery("queued", wallet="eu", format=Format.ELM)]
    tab, asked = alive(award(wallets=(EU,)), {
        "progress": answer_with(award(wallets=(EU,))), "connect_address": answer_with(award(wallets=(connected,))),
        "send": answer_with(award(wallets=(connected,), deliveries=going)),
    })
    tab.locator(".mcp-deposit__field").fill("https://europa.example/wal")
    with tab.expect_request("**/handler/progress"):
        tab.evaluate("window.dispatchEvent(new Event('focus'))")
    tab.wait_for_timeout(300)
    assert tab.locator(".mcp-deposit__field").input_value() == "https://europa.example/wal"
    tab.get_by_role("button", name="Use my e-mail address: ann@example.org").press("Enter")
    tab.locator(".mcp-delivery--queued").wait_for()
    assert [name for name, _ in asked if name != "progress"] == ["connect_address", "send"]
    assert dict(asked)["connect_address"]["own_email"] is True
    assert tab.locator(".mcp-deposit").count() == 0 and "ann@example.org" in tab.locator(".mcp-wallet").inner_text()
    photograph(tab, "europass-connected")
