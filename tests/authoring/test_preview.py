"""Credentials as a wallet and as Europass show them: everything that is in the documents, and nothing that is not."""

from __future__ import annotations

import copy
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from microcred_xblock.authoring import preflight, preview
from microcred_xblock.authoring.preview_handlers import files, shown
from microcred_xblock.domain.outcomes import Skill
from microcred_xblock.issuance import trial
from microcred_xblock.issuance.rehearsal import Rehearsal
from microcred_xblock.rendering import render
from microcred_xblock.translation import Translator
from tests.factories import NOW, make_outcome, make_pill

EN, FR = Translator("en"), Translator("fr")
HOSTILE = "<script>alert(1)</script>\" onmouseover='x' {{ 7|add:7 }} \u202e"


def documents(pill=None):
    run = trial.Trial(pill or make_pill(), trial.NOWHERE, NOW)
    return run.open_badge(), run.elm()


@pytest.fixture(scope="module")
def made():
    return documents()


def page(badge, european, translator=EN):
    """The tab's HTML, parsed."""
    done = Rehearsal(issuer=trial.PLACEHOLDER, open_badge=badge, elm=european)
    report = {"items": [], "checks": [], "errors": 0}
    return html.fragment_fromstring(render(
        "studio_preview_result.html", translator, uid="u", report=report, verdict="Fine.", **shown(done, translator)
    ), create_parent=True)


def text_of(node):
    return " ".join(node.text_content().split())


class TestWallet:
    def test_it_says_what_the_badge_says(self, made):
        card = preview.wallet(made[0], EN)
        assert card["name"] == "Fault diagnosis on a wind turbine" and card["lang"] == "en"
        assert card["image"].startswith("data:image/png;base64,") and card["caption"].startswith("Badge:")
        assert card["issuer"]["text"] == "Your organisation" and "every one of these" in card["criteria"]
        last = card["results"][2]
        assert (last["value"], last["needed"], last["done"]) == ("100\u00a0%", "80\u00a0%", True)
        assert card["results"][0]["skills"] == ["inspect wind turbines", "predictive maintenance"]
        assert {item["framework"] for item in card["alignments"]} == {
            "ESCO", "European Qualifications Framework 5", "ISCED-F 2013 0713", "RNCP RNCP38596BC02",
        }
        assert [row["label"] for row in card["dates"]] == ["Awarded", "Valid from"]
        assert "read-scada: 10 of 10 points" in card["evidence"][1]["narrative"]

    def test_it_is_drawn_from_the_document_not_from_the_pill(self, made):
        changed = copy.deepcopy(made[0])
        changed["credentialSubject"]["achievement"]["name"] = "Another name"
        changed["credentialSubject"]["result"] = []
        card = preview.wallet(changed, EN)
        assert card["name"] == "Another name" and card["results"] == []

    @pytest.mark.parametrize("address", [
        "javascript:alert(1)", "data:text/html;base64,eA==", "data:image/svg+xml,<svg onload=alert(1)>", "//x", "",
        "data:image/png;base64,eA==\" onerror=\"x", None, 3, ["x"], {"id": "x"},
    ])
    def test_no_address_but_the_web_s_is_a_link_or_an_image(self, made, address):
        changed = copy.deepcopy(made[0])
        achievement = changed["credentialSubject"]["achievement"]
        achievement["image"]["id"] = address
        achievement["alignment"][0]["targetUrl"] = address
        card = preview.wallet(changed, EN)
        assert card["image"] == "" and card["alignments"][0]["url"] == ""

    def test_a_french_reader_has_french_labels_and_the_pill_s_own_texts(self, made):
        card = preview.wallet(made[0], FR)
        assert card["name"] == "Fault diagnosis on a wind turbine"
        assert "novembre" in card["dates"][0]["values"][0]["text"]


class TestEuropass:
    def sections(self, european, translator=EN):
        return {section["name"]: section["items"] for section in preview.europass(european, translator)["sections"]}

    def rows(self, item):
        return {row["label"]: [value["text"] for value in row["values"]] for row in item["rows"]}

    def test_the_sections_are_those_of_the_viewer(self, made):
        assert list(self.sections(made[1])) == [
            "credential", "holder", "achievement", "outcomes", "assessment", "activity", "issuer",
        ]

    def test_each_says_its_part(self, made):
        sections = self.sections(made[1])
        assert self.rows(sections["holder"][0]) == {"Name": ["Amina Example"]}
        achievement = self.rows(sections["achievement"][0])
        assert achievement["EQF level"] == ["Level 5"] and achievement["Workload"] == ["3 h"]
        assert achievement["Part of a qualification"] == ["Yes"] and "RNCP38596BC02" in achievement["Counts towards"][0]
        assert achievement["Quality assurance"] == ["Qualiopi, Example quality agency"]
        assert [item["title"]["text"] for item in sections["outcomes"]] == [o.title for o in make_pill().outcomes]
        (skills,) = [row for row in sections["outcomes"][1]["rows"] if row["label"] == "ESCO skills"]
        assert skills["values"][0]["url"].startswith("http://data.europa.eu/esco/skill/")
        assessment = self.rows(sections["assessment"][0])
        assert assessment["Result"] == ["100 %"] and assessment["Needed"][0].startswith("At least 70 %")
        assert self.rows(sections["activity"][0])["Workload"] == ["3 h"]
        assert self.rows(sections["issuer"][0])["Legal identifier"] == ["NTREU-000000000"]

    def test_concepts_are_in_the_reader_s_language_and_what_authors_wrote_in_its_own(self, made):
        sections = self.sections(made[1], FR)
        (language,) = [row for row in sections["credential"][0]["rows"] if row["label"] == "Langue"]
        assert language["values"][0] == {
            "text": "anglais", "lang": "fr", "moment": "",
            "url": "http://publications.europa.eu/resource/authority/language/ENG",
        }
        assert sections["outcomes"][0]["title"]["lang"] == "en"

    def test_nothing_the_document_says_of_the_pill_is_left_out(self, made):
        """Every text of every language map of the credential's subject is on the page."""
        said = text_of(page(*made))

        def texts(node, key=""):
            if isinstance(node, dict):
                for name, value in node.items():
                    if name not in ("schemeAgency", "awardingBody", "inScheme", "prefLabel", "individualDisplay"):
                        yield from texts(value, name)
            elif isinstance(node, list):
                for value in node:
                    yield from texts(value, key)
            elif isinstance(node, str) and key in ("en", "noteLiteral"):
                yield node

        wanted = [text for text in texts(made[1]["credentialSubject"]) if text]
        assert len(wanted) > 25
        for text in wanted:
            assert " ".join(text.split()) in said, text

    def test_a_member_that_is_new_is_shown_under_its_own_name(self, made):
        changed = copy.deepcopy(made[1])
        changed["credentialSubject"]["hasClaim"][0]["specifiedBy"]["somethingNew"] = {"en": "Here it is"}
        assert self.rows(self.sections(changed)["achievement"][0])["somethingNew"] == ["Here it is"]

    @pytest.mark.parametrize(("written", "read"), [
        ("PT3H", "3 h"), ("PT1H30M", "1.5 h"), ("PT36S", "0.01 h"), ("PT", "PT"), ("P1D", "P1D"), ("PT20H", "20 h"),
    ])
    def test_durations_are_hours(self, written, read):
        assert preview._text(written, translator=EN)["text"] == read

    @pytest.mark.parametrize("written", [
        "2026-13-01T10:00:00Z", "2026-11-20T10:00:00Z\n", "٢٠٢٦-١١-٢٠T١٠:٠٠:٠٠Z", "PT٣H", "PT3H\n",
    ])
    def test_what_only_looks_like_a_time_stays_as_it_is(self, written):
        assert preview._text(written, translator=EN) == {"text": written, "lang": "", "url": "", "moment": ""}

    def test_a_time_is_written_out(self):
        assert preview._text("2026-11-20T10:00:00Z", translator=EN)["moment"] == "2026-11-20T10:00:00Z"


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["credentialSubject", "achievement", "hasClaim", "specifiedBy", "issuer", "type", "id"])
        | st.text(max_size=4), inner, max_size=4,
    ), max_leaves=20,
))
@settings(max_examples=60, deadline=None)
def test_no_document_breaks_the_page(found):
    document = found if isinstance(found, dict) else {"credentialSubject": found, "issuer": found, "evidence": found}
    page(document, document)


class TestPage:
    def test_hostile_words_stay_words(self):
        skill = Skill(uri="https://skills.example/x?a='b'&amp;c", label=HOSTILE.replace("\u202e", ""))
        hostile = HOSTILE.replace("\u202e", "")
        found = page(*documents(make_pill(
            title=hostile, description=hostile, tags=(hostile,),
            outcomes=(make_outcome("a", hostile, ("x",), description=hostile, skills=(skill,)),),
        )))
        assert not found.xpath("//script") and not found.xpath("//@*[starts-with(name(), 'on')]")
        assert all(re.match(r"https?://", address) for address in found.xpath("//@href"))
        assert text_of(found).count("<script>alert(1)</script>") > 5 and "{{ 7|add:7 }}" in text_of(found)

    def test_each_card_says_that_it_is_none(self, made):
        marks = page(*made).xpath("//*[@class='mcp-preview__mark']")
        assert [text_of(mark) for mark in marks] == ["Preview: not a credential"] * 2

    def test_the_cards_have_the_direction_of_the_pill_s_language(self):
        found = page(*documents(make_pill(language="ar")))
        (card,) = found.xpath("//article[contains(@class, 'mcp-wallet')]")
        assert (card.get("lang"), card.get("dir")) == ("ar", "rtl")
        labels = card.xpath(".//summary")
        assert labels and all((label.get("lang"), label.get("dir")) == ("en", "ltr") for label in labels)

    def test_links_open_elsewhere_and_tell_nothing(self, made):
        links = page(*made).xpath("//a")
        assert links and all(
            (link.get("target"), link.get("rel")) == ("_blank", "noopener noreferrer") for link in links
        )

    def test_ids_are_unique(self, made):
        ids = page(*made).xpath("//@id")
        assert len(ids) == len(set(ids)) and all(identifier.startswith("u-") for identifier in ids)

    def test_findings_have_their_links_and_details(self):
        report = {"checks": [{"label": "A check", "state": "error"}], "errors": 1, "items": [
            {"severity": "error", "control": "1.title", "place": "Outcome <1>", "text": "A & B", "detail": "raw <b>"},
            {"severity": "advice", "control": "", "place": "", "text": "Ask", "detail": ""},
        ]}
        text = render(
            "studio_preview_result.html", EN, uid="u", report=report, verdict="No.", wallet=None, europass=None,
            documents=[],
        )
        found = html.fragment_fromstring(text, create_parent=True)
        (button,) = found.xpath("//button")
        assert (button.get("data-action"), button.get("data-target"), button.text) == ("go", "1.title", "Outcome <1>")
        assert [text_of(raw) for raw in found.xpath("//pre")] == ["raw <b>"]
        assert "Learners’ results are kept" in text_of(found) and not found.xpath("//article")


class TestFiles:
    def test_the_whole_documents_are_there_and_say_that_they_are_tests(self, made):
        run = trial.Trial(make_pill(), trial.NOWHERE, NOW)
        done = Rehearsal(issuer=trial.PLACEHOLDER, open_badge=made[0], elm=made[1], sealed=run.seal(made[1]))
        found = files(done)
        assert all("TEST" in file["file"] for file in found.values())
        assert json.loads(found["open_badge"]["text"]) == made[0] and "copy" not in found["open_badge"]
        assert json.loads(found["elm"]["copy"]) == made[1]
        assert json.loads(json.loads(found["elm"]["text"])["payload"]) == made[1]

    def test_what_is_looked_at_is_short(self, made):
        text = preview.written(preview.shortened(made[1]))
        assert len(text) < 60_000 < len(preview.written(made[1])) and "iVBORw0KGgo" in text
        assert preview.shortened({"a": ["x" * 400, "word " * 100]})["a"] == ["x" * 60 + "… (400)", "word " * 100]

    def test_without_documents_there_is_nothing(self):
        assert files(None) == {} and shown(None, EN) == {"wallet": None, "europass": None, "documents": []}


@pytest.mark.parametrize(("count", "start"), [(0, "Nothing keeps"), (1, "1 thing keeps"), (3, "3 things keep")])
def test_the_verdict_counts(count, start):
    assert preview.verdict(count, EN).startswith(start)


def test_every_check_of_a_rehearsal_has_a_name():
    run = trial.Trial(make_pill(), trial.NOWHERE, NOW)
    run.open_badge()
    run.elm()
    assert set(run.checks) <= set(preflight.CHECKS)
