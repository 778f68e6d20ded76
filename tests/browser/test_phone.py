"""What a learner with a finger and a narrow screen meets first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from microcred_xblock import views
from microcred_xblock.issuance.data import Offer, WalletOption
from microcred_xblock.translation import Translator
from tests.test_views import award, page

from .conftest import violations
from .test_europass import FRAME, STYLE

OFFER = Offer(
    channel="openid4vci", uri="openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fx.example%2F1",
    tx_code="012345", expires_at=datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
)
PUBLIC = WalletOption(id="w", name="Backpack", connected=False, takes_elm=False, public_page=True)


@pytest.fixture
def tab(chromium):
    """Makes a tab with ``body`` in it, on a phone or on a narrow window of a computer."""
    made = []

    def show(body: str, language: str, *, phone: bool = True):
        context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=phone, is_mobile=phone)
        made.append(context)
        opened = context.new_page()
        opened.set_content(FRAME.format(
            language=language, direction=Translator(language).direction, body=body,
            style=STYLE.read_text(encoding="utf-8"),
        ))
        return opened

    yield show
    for context in made:
        context.close()


def top(tab, selector: str) -> float:
    return tab.locator(selector).bounding_box()["y"]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("phone", [True, False])
def test_the_way_into_an_app_on_the_same_phone_comes_before_the_code_to_scan(tab, language, phone):
    translator = Translator(language)
    body = f'<div class="microcred-pill"><div class="mcp-section">{views.offer(OFFER, "u", translator)}</div></div>'
    opened = tab(body, language, phone=phone)
    assert (top(opened, ".mcp-way__here") < top(opened, ".mcp-qr")) is phone
    assert top(opened, ".mcp-code-box") < top(opened, ".mcp-way__here"), "the digits are wanted either way"
    assert violations(opened) == []


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_what_a_press_makes_public_stands_above_the_button_and_buttons_fill_the_width(tab, language):
    wallets = (PUBLIC, WalletOption(id="e", name="Europass", connected=False, takes_elm=True, by_address=True))
    shown = page(panel=award(wallets=wallets, channels=("vc-api",)))
    opened = tab(views.student(shown, Translator(language), []), language)
    assert top(opened, ".mcp-wallet__note") < top(opened, "[data-action='connect']")
    buttons = opened.locator("[data-action='connect'], [data-action^='deposit'], [data-action='offer']:not(dialog *)")
    widths = {round(button.bounding_box()["width"]) for button in buttons.all()}
    assert buttons.count() == 4 and len(widths) == 1
    assert opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
