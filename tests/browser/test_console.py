"""The console in a real browser: by mouse, by keyboard, without scripts, from right to left, on a phone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from microcred_xblock.issuance import bulk, models, outbox
from tests.issuance.population import STATES, populate

from .conftest import Demo, Visitor, size

HOME = "/microcred/console/"
KEYS = 60  # presses of Tab until something must have been reached


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The browser's driver runs a loop in the thread of the tests, which Django takes for a reason to be careful."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def site(live_server, settings, monkeypatch, transactional_db):
    """A running site with a few hundred awards in every state."""
    monkeypatch.setattr(outbox, "_hand_over", lambda *_args: True)  # no workers: the tests do the work
    settings.MICROCRED_PUBLIC_BASE_URL = live_server.url
    settings.MICROCRED_WALLETS = [
        {"id": "testwallet", "name": "Folio", "type": "open-badges-api", "base_url": "https://folio.example"},
        {"id": "other-wallet", "name": "Acme Backpack", "type": "open-badges-api", "base_url": "https://acme.example"},
    ]
    now = timezone.now()
    population = populate(10 * len(STATES), now=now)
    models.WalletCircuit.objects.create(
        place="x", name="backpack.acme.example:443", open_until=now + timedelta(hours=1), failures=9
    )
    _case(next(row for row in population.awards if population.meant[row.pk] == "issued"), now)
    live_server.population = population
    return live_server


def _case(row, now):
    """An award whose scores have changed, with what its learner was told."""
    results = [{**item, "fraction": "0.3", "status": "not-achieved"} for item in row.results]
    models.Regrade.objects.create(
        award=row, policy="revoke", results=results, mastered=False, opened_at=now, due_at=now + timedelta(days=14)
    )
    models.Notice.objects.create(award=row, kind="score-change", key="x", created_at=now, state="sent", sent_at=now)


@pytest.fixture
def staff(site, chromium, client):
    """Makes browsers of somebody who is signed in."""
    made = []

    def make(*, language="en", **user):
        account = User.objects.create(username="registrar", **{"is_staff": True, **user})
        client.force_login(account)
        visitor = Visitor(chromium, Demo(course=site.url, wallet=site.url), language=language)
        cookie = client.cookies["sessionid"].value
        visitor.context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.url}])
        made.append(visitor)
        return visitor

    yield make
    for visitor in made:
        visitor.close()


def award(site, state):
    return next(row for row in site.population.awards if site.population.meant[row.pk] == state)


def test_the_list_and_every_kind_of_award(site, staff):
    visitor = staff()
    page = visitor.page
    page.goto(site.url + HOME)
    assert page.locator("tbody tr").count() == 50
    visitor.look("console-list")
    page.set_viewport_size(size("desktop"))
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**state=failed**")
    assert {text.strip() for text in page.locator(".c-state .chip").all_inner_texts()} == {"Failed"}
    visitor.look("console-failed")
    for state in ("failed-delivery", "failed-signing", "revoked", "suspended", "issued", "erased", "no-consent"):
        page.goto(f"{site.url}{HOME}awards/{award(site, state).pk}/")
        visitor.look(f"console-award-{state}")


def test_questions_before_and_answers_after(site, staff):
    visitor = staff()
    page, row = visitor.page, award(site, "issued")
    page.goto(f"{site.url}{HOME}awards/{row.pk}/")
    assert not page.get_by_role("link", name="Reissue…").count(), "not while a change of scores waits"
    for action in ("Suspend…", "Revoke…", "Dismiss the change of scores…"):
        page.get_by_role("link", name=action).click()
        page.get_by_role("link", name="Cancel").wait_for()
        visitor.look(f"console-{action.split()[0].strip('…').lower()}")
        page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Suspend…").click()
    page.wait_for_url("**/suspend/**")
    tab = visitor.context.new_page()
    tab.goto(page.url)
    page.get_by_role("button", name="Suspend this award").click()
    assert page.get_by_label("Reason").evaluate("field => field.validity.valueMissing"), "the browser asks for it"
    page.get_by_label("Reason").select_option("integrity")
    page.get_by_label("Note").fill("Two people sat the quiz together.")
    page.get_by_role("button", name="Suspend this award").click()
    page.get_by_role("status").filter(has_text=re.compile(r"^The award is suspended\.$")).wait_for()
    visitor.look("console-suspended")
    row.refresh_from_db()
    assert row.status == "suspended"
    tab.get_by_label("Reason").select_option("error")
    tab.get_by_role("button", name="Suspend this award").click()
    tab.get_by_role("alert").filter(has_text="has changed since you opened the page").wait_for()
    visitor.look("console-too-late", tab)
    page.go_back()
    page.get_by_text("cannot be done with the award as it stands now").wait_for()


def test_a_job_shows_its_progress_and_its_end(site, staff):
    visitor = staff()
    page = visitor.page
    page.goto(f"{site.url}{HOME}?state=failed")
    page.get_by_role("link", name="Try all again…").click()
    page.get_by_role("button", name="Try all again").wait_for()
    visitor.look("console-bulk")
    page.get_by_role("button", name="Try all again").click()
    bar = page.get_by_role("progressbar")
    assert bar.get_attribute("aria-valuenow") == "0"
    job = models.BulkJob.objects.get()
    models.BulkJob.objects.update(done=8, state="running")
    page.wait_for_function("() => document.querySelector('[role=progressbar]').getAttribute('aria-valuenow') === '40'")
    page.get_by_role("status").filter(has_text=re.compile("^8 of 20 awards$")).wait_for()
    visitor.look("console-job")
    models.BulkJob.objects.update(done=0, state="waiting")
    bulk.run(job.pk)
    page.get_by_text("Done").wait_for()
    visitor.look("console-job-done")


def test_by_keyboard_alone(site, staff):
    visitor = staff()
    page = visitor.page
    page.goto(site.url + HOME)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    _reach(page, "f-learner")
    page.keyboard.type("1004")
    page.keyboard.press("Enter")
    page.wait_for_url("**learner=1004**")
    _reach(page, "", inside=".c-pill")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus is seen"
    page.keyboard.press("Enter")
    page.wait_for_url("**/awards/**")
    for _press in range(KEYS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Revoke…":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/revoke/**")
    _reach(page, "reason")
    page.keyboard.press("ArrowDown")
    _reach(page, "note")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert models.Award.objects.get(learner_id="1004").status == "revoked"


def _reach(page, name, inside=""):
    for _press in range(KEYS):
        page.keyboard.press("Tab")
        if page.evaluate(
            "([name, inside]) => inside ? !!document.activeElement.closest(inside)"
            " : document.activeElement.id === name", [name, inside],
        ):
            return
    pytest.fail(f"{name or inside} was not reached")


def test_without_scripts(site, staff, chromium):
    staff_context = staff().context
    context = chromium.new_context(java_script_enabled=False, viewport=size("phone"))
    context.add_cookies(staff_context.cookies())
    page = context.new_page()
    page.goto(f"{site.url}{HOME}?state=failed")
    assert page.get_by_label("State").is_visible(), "the filters stay open where nothing could open them"
    page.get_by_role("link", name="Try all again…").click()
    page.get_by_role("button", name="Try all again").click()
    page.locator("main").get_by_text("0 of 20 awards", exact=True).wait_for()
    bulk.run(models.BulkJob.objects.get().pk)
    page.get_by_role("link", name="Reload").click()
    page.locator("main").get_by_text("20 of 20 awards", exact=True).wait_for()
    context.close()


def test_from_right_to_left_and_in_the_dark(site, staff):
    visitor = staff(language="ar")
    page = visitor.page
    page.goto(site.url + HOME)
    assert page.evaluate("document.documentElement.dir") == "rtl"
    filters, listed = (page.locator(name).bounding_box()["x"] for name in (".filters", ".list"))
    assert filters > listed, "the filters stand where reading begins"
    visitor.look("console-rtl")
    page.emulate_media(color_scheme="dark")
    visitor.look("console-dark")
    page.goto(f"{site.url}{HOME}awards/{award(site, 'issued').pk}/")
    visitor.look("console-award-dark")


def test_who_is_no_staff(site, staff):
    visitor = staff(is_staff=False)
    visitor.page.goto(site.url + HOME)
    assert "This page is for staff" in visitor.page.inner_text("h1")
    visitor.look("console-no-access")


def test_an_empty_list(live_server, site, staff):
    visitor = staff()
    visitor.page.goto(f"{site.url}{HOME}?pill=nothing+of+the+kind")
    visitor.look("console-empty")
    visitor.page.goto(f"{site.url}{HOME}?since=x")
    visitor.look("console-problem")
