"""The offline page: it holds everything, runs only its own scripts, and cannot be broken out of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

from microcred_xblock import bundle_texts
from microcred_xblock.credentials import offline_page

ARCHIVE = offline_page.OfflineArchive(
    title="Fault <diagnosis>", issuer="Centre", language="ar", languages={"en": "English", "ar": "العربية"},
    right_to_left=["ar"], texts={"en": bundle_texts.PAGE, "ar": bundle_texts.PAGE}, no_script="JavaScript {title}",
    made_at=datetime(2026, 11, 20, tzinfo=UTC), did_document={"id": "did:web:x", "assertionMethod": ["did:web:x#<k>"]},
    did_url="https://x/did.json?a=1&b", page_url="https://x/p",
    files={"open-badge.json": '{"a":"</script><script>alert(1)</script><!-- {archive} \u2028"}'},
    lists={}, seal_keys=[], contexts={"https://c/": b'{"@context":{}}'}, context_lists=[["https://c/"]],
)


class Parts(HTMLParser):
    """Scripts and styles as a browser reads them, and what could load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict, str]] = []
        self.styles: list[str] = []
        self.loading: list[tuple[str, str]] = []
        self.policy = ""
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._in = tag
        if tag == "script":
            self.scripts.append((given, ""))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        self.loading += [(tag, name) for name in given if name in ("src", "srcset", "data", "poster", "action")]
        if tag in ("link", "iframe", "object", "base"):
            self.loading.append((tag, ""))

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self._in == "style":
            self.styles.append(data)


def parts(archive=ARCHIVE) -> Parts:
    return Parts(offline_page.build(archive).decode("utf-8"))


def digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_equal_arguments_give_equal_bytes():
    assert offline_page.build(ARCHIVE) == offline_page.build(replace(ARCHIVE))


def test_the_policy_lets_in_these_scripts_and_this_style_and_nothing_else():
    found = parts()
    run = [text for attributes, text in found.scripts if attributes.get("type") != "application/json"]
    rules = dict(rule.strip().split(" ", 1) for rule in found.policy.split(";"))
    assert rules == {
        "default-src": "'none'", "script-src": " ".join(f"'{digest(text)}'" for text in run),
        "style-src": f"'{digest(''.join(found.styles))}'", "base-uri": "'none'", "form-action": "'none'",
    }
    assert found.loading == []


def test_data_stays_data():
    page = offline_page.build(ARCHIVE).decode("utf-8")
    found = Parts(page)
    data = [text for attributes, text in found.scripts if attributes.get("type") == "application/json"]
    assert len(data) == 1 and len(found.scripts) == 5
    assert json.loads(data[0])["files"] == ARCHIVE.files
    assert not re.search(r"[<>&\u2028]", data[0])
    assert "<h1 dir=\"auto\">Fault &lt;diagnosis&gt;</h1>" in page and "#&lt;k&gt;" in page and "a=1&amp;b" in page
    assert "JavaScript {title}" in page  # what is put in is not filled in again


def test_the_first_language_and_its_direction():
    page = offline_page.build(ARCHIVE).decode("utf-8")
    assert '<html lang="ar" dir="rtl">' in page and '<option value="ar" lang="ar" selected>' in page
    assert '<html lang="en" dir="ltr">' in offline_page.build(replace(ARCHIVE, language="en")).decode("utf-8")


def test_licences_of_what_it_contains_travel_with_it():
    page = offline_page.build(ARCHIVE).decode("utf-8")
    for name in ("jsonld.js 9.0.0", "@noble/ed25519 3.2.0", "New BSD License", "The MIT License"):
        assert name in page
    assert "sourceMappingURL=http" not in page


def test_every_text_that_the_scripts_ask_for_is_there():
    source = offline_page.build(ARCHIVE).decode("utf-8")
    asked = {*re.findall(r'data-text="([a-z-]+)"', source), *re.findall(r'(?<!\.)(?:say|add)\("([a-z-]+)"', source)}
    codes = set(re.findall(r'(?:demand\([^;]*?, |Refused\()"([a-z-]+)"', source))
    assert asked <= set(bundle_texts.PAGE)
    assert codes and {f"code-{code}" for code in codes} <= set(bundle_texts.PAGE)
