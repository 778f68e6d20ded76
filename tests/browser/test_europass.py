"""The learner's own way into Europass: three drawn steps, readable in every language and at every width."""

from __future__ import annotations

from pathlib import Path

import pytest

import microcred_xblock
from microcred_xblock import views
from microcred_xblock.translation import Translator
from tests.test_views import award, page

from .conftest import ARTEFACTS, violations

STYLE = Path(microcred_xblock.__file__).parent / "static" / "css" / "learning_pill.css"
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
        tab.set_content(FRAME.format(
            language=language, direction=translator.direction, body=body, style=STYLE.read_text(encoding="utf-8")
        ))
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
