"""The page that checks an archive: from a file, without a network, in Chromium and Firefox."""

from __future__ import annotations

import base64
import io
import json
import re
import time
import zipfile

import pytest
from django.utils import timezone

from microcred_xblock.issuance import downloads, models, status
from tests.issuance.conftest import (  # noqa: F401
    award_id,
    commits,
    configured,
    host,
    issued,
    issuer,
    keys_dir,
    learner,
)

from . import firefox
from .conftest import ARTEFACTS, violations

pytestmark = pytest.mark.django_db
SIZES = {"phone": (400, 850), "desktop": (1280, 900)}


@pytest.fixture
def award(issued):  # noqa: F811
    return models.Award.objects.get(pk=issued)


@pytest.fixture
def unpack(award, tmp_path):
    """A function that makes the archive now and unpacks it; gives its folder."""

    def run(language="en"):
        content = downloads.download(award, "bundle.zip", language=language).content
        zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
        return tmp_path

    return run


@pytest.fixture
def page(chromium):
    """A page without a network; what it asked for beside files is an error."""
    context = chromium.new_context(offline=True)
    context.set_default_timeout(30_000)
    problems: list[str] = []
    made = context.new_page()
    made.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    made.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield made
    context.close()
    assert not problems, problems


def outcome(page, folder):
    page.goto((folder / "verify.html").as_uri())
    page.wait_for_selector("#verdict[data-outcome]")
    return page.get_attribute("#verdict", "data-outcome")


def rows(page):
    return page.eval_on_selector_all("#rows > li", "items => items.map((item) => item.dataset.outcome)")


def given(page, name, content):
    """The outcome of a file that somebody chooses."""
    page.evaluate("document.getElementById('given').replaceChildren()")
    page.set_input_files("#choose", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.wait_for_selector("#given > li")
    return page.get_attribute("#given > li", "data-outcome")


def test_everything_is_verified_without_a_network(page, unpack):
    folder = unpack()
    assert outcome(page, folder) == "good"
    assert rows(page) == ["good", "good", "good"]
    assert "Fault diagnosis on a wind turbine" in page.inner_text("#facts")
    for name in ("open-badge.json", "open-badge.jwt", "open-badge.png", "open-badge.svg", "european-credential.jsonld"):
        assert given(page, name, (folder / name).read_bytes()) == "good", name


def test_a_changed_byte_is_told(page, unpack):
    folder = unpack()
    assert outcome(page, folder) == "good"
    badge = (folder / "open-badge.json").read_bytes()
    sealed = (folder / "european-credential.jsonld").read_bytes()
    header, claims, signature = (folder / "open-badge.jwt").read_bytes().split(b".")
    other = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(claims + b"==").replace(b"Fault", b"Heart", 1)
    ).rstrip(b"=")
    for name, content in (
        ("open-badge.json", badge.replace(b"Fault", b"Heart", 1)),
        ("open-badge.json", badge.replace(b'"value":"90"', b'"value":"91"', 1)),
        ("open-badge.jwt", b".".join((header, other, signature))),
        ("european-credential.jsonld", sealed.replace(b"Camille", b"Camilla", 1)),
        ("README.txt", b"hello"), ("empty", b""), ("list.json", b"[]"), ("broken.png", b"\x89PNG\r\n\x1a\n"),
    ):
        assert content not in (badge, sealed)
        assert given(page, name, content) == "bad", name
    html = (folder / "verify.html").read_text(encoding="utf-8")
    (folder / "verify.html").write_text(html.replace("Fault diagnosis on a wind turbine\\\"", "Heart surgery\\\"", 1))
    assert outcome(page, folder) == "bad" and page.is_hidden("#says")


def test_words_that_are_given_another_meaning_are_told(page, unpack):
    """An inline context can make other words mean the same signed statements."""
    folder = unpack()
    assert outcome(page, folder) == "good"
    badge = json.loads((folder / "open-badge.json").read_bytes())
    renamed = {**badge, "@context": [*badge["@context"], {"title": "https://schema.org/name"}]}
    assert given(page, "renamed.json", json.dumps(renamed).encode()) == "bad"
    assert "vocabularies" in page.inner_text("#given")


def test_a_name_with_signs_of_replacement_is_told_as_it_is(page, unpack):
    folder = unpack()
    made = (folder / "verify.html").read_text(encoding="utf-8")
    named = re.sub(r'"issuer":"[^"]*","language"', '"issuer":"Ca$$h $& Co","language"', made, count=1)
    assert named != made
    (folder / "verify.html").write_text(named, encoding="utf-8")
    assert outcome(page, folder) == "good"
    assert "\u2068Ca$$h $& Co\u2069" in page.text_content("[data-text=limit-keys]")


def test_keys_and_issuers_of_others_are_told(page, unpack):
    folder = unpack()
    html = (folder / "verify.html").read_text(encoding="utf-8")
    for changed, said in (
        (re.sub(r'("did":\{.*?"assertionMethod":)\[[^\]]*\]', r"\1[]", html, count=1), "not among those"),
        (
            re.sub(r'("did":\{"@context":\[.*?\],"id":")[^"]*', r"\1did:web:other.example", html, count=1),
            "somebody else",
        ),
    ):
        assert changed != html
        (folder / "verify.html").write_text(changed, encoding="utf-8")
        assert outcome(page, folder) == "bad"
        assert said in page.inner_text("#rows")


def test_a_revoked_snapshot_says_revoked(page, unpack, award):
    status.revoke(award, reason="other", actor="test", now=timezone.now())
    assert outcome(page, unpack()) == "revoked"
    assert rows(page) == ["revoked", "revoked", "good"]


def test_a_changed_status_list_is_told(page, unpack, award):
    status.revoke(award, reason="other", actor="test", now=timezone.now())
    folder = unpack()
    html = (folder / "verify.html").read_text(encoding="utf-8")
    (folder / "verify.html").write_text(re.sub(r'"encodedList":"u[^"]{20}', '"encodedList":"uH4sIAAAAAAAA_-3BMQ', html))
    assert outcome(page, folder) == "bad"


def test_a_browser_without_ed25519_checks_as_well(page, unpack):
    page.add_init_script(
        "const original = crypto.subtle.importKey.bind(crypto.subtle);"
        "crypto.subtle.importKey = (form, key, name, ...rest) => { globalThis.asked = name === 'Ed25519' || "
        "globalThis.asked; return name === 'Ed25519' ? Promise.reject(new DOMException('', 'NotSupportedError')) "
        ": original(form, key, name, ...rest); };"
    )
    folder = unpack()
    assert outcome(page, folder) == "good" and page.evaluate("globalThis.asked") is True
    changed = (folder / "open-badge.json").read_bytes().replace(b"Fault", b"Heart", 1)
    assert given(page, "changed.json", changed) == "bad"


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_it_reads_well_in_each_language_and_size(page, unpack, language):
    folder = unpack(language)
    assert outcome(page, folder) == "good"
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    given(page, "open-badge.png", (folder / "open-badge.png").read_bytes())
    ARTEFACTS.mkdir(exist_ok=True)
    for label, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=ARTEFACTS / f"offline-page-{language}-{label}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    # The content policy of the page lets no other script run, so axe works on a copy without it.
    copy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", (folder / "verify.html").read_text("utf-8"))
    (folder / "verify.html").write_text(copy, encoding="utf-8")
    assert outcome(page, folder) == "good"
    assert violations(page) == []


def test_the_language_can_be_changed_by_keyboard(page, unpack):
    assert outcome(page, unpack()) == "good"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "language"
    page.select_option("#language", "ar")
    assert page.get_attribute("html", "lang") == "ar" and page.get_attribute("html", "dir") == "rtl"
    focused = []
    for _ in range(4):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.tagName + (document.activeElement.id || '')"))
    assert focused == ["A", "A", "INPUTchoose", "SUMMARY"]


def test_firefox_verifies_it_too(unpack, award, tmp_path_factory):
    if firefox.installed() is None:
        pytest.skip("Firefox is not installed (Debian: apt install firefox-esr).")
    folder = unpack()
    page_url = (folder / "verify.html").as_uri()
    with firefox.running(tmp_path_factory.mktemp("firefox") / "profile") as browser:
        assert told(browser, page_url) == "good"
        html = (folder / "verify.html").read_text(encoding="utf-8")
        (folder / "verify.html").write_text(html.replace("Fault diagnosis", "Heart diagnosis"), encoding="utf-8")
        assert told(browser, page_url) == "bad"


def told(browser, url):
    browser.ask("WebDriver:Navigate", url=url)
    deadline = time.monotonic() + 30
    found = ""
    while not found and time.monotonic() < deadline:
        time.sleep(0.2)
        found = browser.run("return document.getElementById('verdict').dataset.outcome || ''")
    return found
