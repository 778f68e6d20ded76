"""What becomes of an award, as its learner sees it: in words, on a screen and a phone, and put away by keyboard."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from microcred_xblock import views
from microcred_xblock.compat import Viewer
from microcred_xblock.domain.credential import Format
from microcred_xblock.issuance.data import (
    Panel,
    PanelCredential,
    PanelNotice,
    PanelReplacement,
    PanelStanding,
    WalletOption,
)
from microcred_xblock.translation import Translator
from tests.factories import EARNED, make_pill, make_results, make_scores

from .conftest import ARTEFACTS, ROOT, size, violations

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEARNER = Viewer(kind="learner", id="1", full_name="Alex Martin", email="alex.martin@example.org")
WARNING = PanelNotice(id=1, kind="score-change", created_at=NOON, params={
    "reason": "score-deleted", "policy": "suspend", "mastered": False,
    "date": (NOON + timedelta(days=14)).isoformat(),
})
WEAK = {**EARNED, "fault-tree": "0"}


def panel(standing="valid", notices=(), award="issued", reason="", replacement=None):
    return Panel(
        award_id="a", awarded_at=NOON, state=award, consent="given", deliveries=(), parity=(), notices=notices,
        credentials=(PanelCredential(format=Format.OPEN_BADGE, id="urn:uuid:1", state="issued"),),
        wallets=(WalletOption(id="w", name="My wallet", connected=False, takes_elm=True),),
        expires_at=NOON + timedelta(days=700), standing=PanelStanding(state=standing, since=NOON, reason=reason),
        replacement=replacement,
    )


def student(shown, earned=WEAK):
    return views.StudentPage(
        key="p", title="Fault diagnosis on a wind turbine", pill=make_pill(), problems=(), viewer=LEARNER, panel=shown,
        results=make_results(scores=make_scores(earned)), blocks={name: name.replace("-", " ") for name in EARNED},
        downloads={"ob3.png": "/d/ob3.png", "elm.jsonld": "/d/elm"},
    )


SITUATIONS = {
    "warned": student(panel(notices=(WARNING,))),
    "suspended": student(panel("suspended", (PanelNotice(
        id=2, kind="suspended", created_at=NOON, params={"reason": "score-deleted", "automatic": True}),))),
    "suspended-put-away": student(panel("suspended", reason="integrity")),
    "revoked": student(panel("revoked", (PanelNotice(
        id=3, kind="revoked", created_at=NOON,
        params={"reason": "regrade", "automatic": True, "regain": "results"}),))),
    "expired": student(panel("expired", (PanelNotice(
        id=4, kind="expired", created_at=NOON, params={"date": NOON.isoformat()}),)), EARNED),
    "offered": student(panel(notices=(PanelNotice(
        id=5, kind="renewal-offered", created_at=NOON, params={"reason": "renewal"}),), award="earned"), EARNED),
    "offered-beside": student(panel(replacement=PanelReplacement(
        award_id="b", why="renewal", until=NOON + timedelta(days=30))), EARNED),
    "offered-beside-suspended": student(panel("suspended", replacement=PanelReplacement(
        award_id="b", why="reissue"), reason="integrity"), EARNED),
    "files-by-mail": replace(
        student(replace(panel(notices=(PanelNotice(id=6, kind="files-sent", created_at=NOON, params={}),)),
                        mails_files=True), EARNED),
        downloads={"bundle.zip": "/d/bundle", "ob3.png": "/d/ob3.png", "elm.jsonld": "/d/elm"},
    ),
}


@pytest.fixture
def open_page(chromium):
    """Opens a situation in a browser; handlers answer from ``answers``. What it asked is in ``asked``."""
    context = chromium.new_context(viewport=size("desktop"), locale="en")
    page, static = context.new_page(), ROOT / "microcred_xblock" / "static"
    page.set_default_timeout(10_000)

    def show(shown, language="en", answers=None):
        translator, asked = Translator(language), []
        document = (
            f'<!DOCTYPE html><html lang="{language}" dir="{translator.direction}"><head><title>Course</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<style>{(static / "css/learning_pill.css").read_text("utf-8")}</style></head><body><main><h1>Course</h1>'
            f'<div id="block">{views.student(shown, translator, [])}</div></main>'
            f'<script>{(static / "js/collecting.js").read_text("utf-8")}</script>'
            f'<script>{(static / "js/learning_pill.js").read_text("utf-8")}</script><script>MicrocredLearningPill('
            '{handlerUrl: (_element, name) => "/handler/" + name}, document.getElementById("block"), '
            f'{json.dumps(views.script_arguments(shown, translator))});</script></body></html>'
        )

        def answer(route):
            name = route.request.url.rpartition("/")[2]
            if "/handler/" not in route.request.url:
                return route.fulfill(body=document, content_type="text/html; charset=utf-8")
            asked.append((name, json.loads(route.request.post_data)))
            body = {"ok": True, **views.live((answers or {}).get(name, shown), translator)}
            return route.fulfill(body=json.dumps(body), content_type="application/json")

        page.unroute_all()
        page.route("**/*", answer)
        page.goto("http://course.example/")
        page.locator(".mcp-panel").wait_for()
        page.asked = asked
        return page

    yield show
    context.close()


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_situation_at_both_sizes(open_page, name, language):
    page = open_page(SITUATIONS[name], language)
    ARTEFACTS.mkdir(exist_ok=True)
    for label in ("phone", "desktop"):
        page.set_viewport_size(size(label))
        page.wait_for_timeout(100)
        page.locator(".mcp-panel").screenshot(path=ARTEFACTS / f"afterwards-{name}-{language}-{label}.png")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert violations(page) == []


def test_a_notice_is_put_away_by_keyboard_and_the_page_keeps_the_focus(open_page):
    page = open_page(SITUATIONS["suspended"], answers={"dismiss_notice": SITUATIONS["suspended-put-away"]})
    button = page.get_by_role("button", name="Put away: Your credential is suspended")
    button.focus()
    button.press("Enter")
    page.locator("[data-notice]").wait_for(state="detached")
    assert ("dismiss_notice", {"notice": "2"}) in page.asked
    assert page.locator(".mcp-told__title").inner_text() == "Your credential is suspended", "how it stands stays"
    assert page.evaluate("document.activeElement.dataset.mcp") == "panel"


def test_an_offer_is_read_by_keyboard(open_page):
    page = open_page(SITUATIONS["offered-beside"])
    button = page.get_by_role("button", name="Review and agree")
    button.focus()
    button.press("Enter")
    page.locator("dialog[open]").wait_for()
    assert ("payload", {}) in page.asked
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    assert page.evaluate("document.activeElement.dataset.action") == "review"


def test_what_is_new_is_announced_once(open_page):
    page = open_page(student(panel(), EARNED), answers={"progress": SITUATIONS["warned"]})
    status = page.locator("[data-mcp='announcement']")
    page.evaluate("document.querySelector('.mcp-content').innerHTML = '<button>Answer</button>'")
    page.get_by_role("button", name="Answer").click()
    page.locator("[data-notice='1']").wait_for()
    assert "Your scores have changed" in status.inner_text()
    page.evaluate("document.querySelector('[data-mcp=announcement]').textContent = ''")
    with page.expect_response("**/handler/progress"):
        page.get_by_role("button", name="Answer").click()
    page.wait_for_timeout(200)
    assert page.locator("[data-notice]").count() == 1 and status.inner_text() == ""


def test_after_a_revocation_nothing_but_earning_again_is_offered(open_page):
    page = open_page(SITUATIONS["revoked"])
    assert page.locator("[data-action='download'], [data-action='connect'], [data-action='review']").count() == 0
    text = page.locator(".mcp-panel").inner_text()
    for part in ("Your credential is revoked", "You can earn it again", "You no longer hold this credential"):
        assert part in text
    open_still = page.locator(".mcp-missing__item").all_inner_texts()
    assert open_still == ["Locate the cause of a standstill with a fault tree"]


def test_the_archive_is_asked_for_by_keyboard_and_the_answer_is_announced(open_page):
    told = SITUATIONS["files-by-mail"]
    before = replace(told, panel=replace(told.panel, notices=()))
    page = open_page(before, answers={"mail_files": told})
    page.locator('[data-action="mail-files"]').focus()
    page.keyboard.press("Enter")
    page.locator(".mcp-told__title").wait_for()
    assert ("mail_files", {}) in page.asked
    assert "Your archive was sent" in page.locator(".mcp-panel").inner_text()
