"""The Preview tab's one request: who may, what it costs, and that it stores nothing."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest
import webob
from django.core.cache import cache
from lxml import html

from microcred_xblock import compat
from microcred_xblock.authoring import preview_handlers
from microcred_xblock.credentials.badge_image import default_png
from microcred_xblock.issuance import models
from tests import pills
from tests.authoring.page import FilledForm
from tests.scorebox import OldBox, PlainBox, ScoreBox, installed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def boxes():
    cache.clear()
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


@pytest.fixture
def usage():
    return pills.parse()


def form_of(usage):
    answer = pills.call(usage, "edit_form", learner="staff")
    return FilledForm(answer.data["html"], answer.data["args"])


def rehearse(usage, data=None, learner="staff"):
    return pills.call(usage, "rehearse", data, learner=learner)


def items(answer):
    """The controls that the findings lead to, and what they are called."""
    found = html.fragment_fromstring(answer.data["html"], create_parent=True)
    return [(item.get("data-target"), item.text) for item in found.xpath("//button[@data-action='go']")]


class TestAnswer:
    def test_the_form_as_it_is_sent_is_shown_and_nothing_is_stored(self, usage):
        form = form_of(usage)
        form.fill("title", "A title that nobody saved")
        answer = rehearse(usage, form.send())
        assert answer.status == 200 and answer.data["ok"] and answer.data["errors"] == 0
        assert "A title that nobody saved" in answer.data["html"]
        badge = json.loads(answer.data["files"]["open_badge"]["text"])
        assert badge["name"] == "A title that nobody saved"
        assert badge["credentialSubject"]["achievement"]["image"]["id"].startswith("data:image/svg+xml")
        assert pills.block(usage).display_name == "Fault diagnosis"
        assert not models.Award.objects.exists() and not models.FrozenPill.objects.exists()

    def test_without_a_form_the_stored_pill_is_shown(self, usage):
        answer = rehearse(usage, {})
        assert json.loads(answer.data["files"]["open_badge"]["text"])["name"] == "Fault diagnosis"

    def test_no_issuer_is_told_and_the_preview_still_shows(self, usage, settings):
        settings.MICROCRED_ISSUER = {}
        answer = rehearse(usage, {})
        assert "ask your administrator" in answer.data["html"] and "Your organisation" in answer.data["html"]
        assert answer.data["errors"] == 0

    def test_an_incomplete_form_says_where_and_shows_no_documents(self, usage):
        form = form_of(usage)
        form.fill("description", "")
        form.fill("1.threshold", "700")
        answer = rehearse(usage, form.send())
        assert answer.data["files"] == {} and answer.data["errors"] == 2
        assert {control for control, _place in items(answer)} == {"description", "1.threshold"}

    def test_words_that_an_example_left_open_are_told_and_block_nothing(self, usage):
        form = form_of(usage)
        left = {"title": "[tool]", "description": "[task]", "1.title": "[procedure]", "1.description": "[équipement]"}
        for name, words in left.items():
            form.fill(name, f"Repair {words}")
        answer = rehearse(usage, form.send())
        told = {control for control, _place in items(answer)}
        assert told == set(left) and answer.data["errors"] == 0
        assert "“[procedure]” still stands for something of yours" in answer.data["html"]

    def test_a_new_outcome_that_nothing_assesses_is_told_by_its_key(self, usage):
        form = form_of(usage)
        key = form.add(title="Report")
        answer = rehearse(usage, form.send())
        assert f"{key}.blocks" in [control for control, _place in items(answer)]

    def test_a_block_that_is_gone_is_told(self, usage):
        form = form_of(usage)
        outcome = form.send()
        outcome["outcomes"][0]["source"]["assessed_by"].append({"block": "gone"})
        outcome["outcomes"][0]["blocks"].append({"block": "gone", "weight": "1", "member": 2})
        assert "1.blocks" in [control for control, _place in items(rehearse(usage, outcome))]

    def test_a_language_that_europass_cannot_name_leads_to_the_language(self, usage):
        data = form_of(usage).send()
        data["language"] = "tlh"
        answer = rehearse(usage, data)
        assert items(answer) == [("language", "Language")] and answer.data["errors"] == 1
        assert set(answer.data["files"]) == {"open_badge"}

    def test_the_caption_that_is_not_saved_yet_is_shown(self, usage):
        form = form_of(usage)
        form.fill("image.caption", "A caption nobody saved")
        badge = json.loads(rehearse(usage, form.send()).data["files"]["open_badge"]["text"])
        assert badge["credentialSubject"]["achievement"]["image"]["caption"] == "A caption nobody saved"


    def test_a_badge_that_is_not_saved_yet_is_on_the_card(self, usage):
        picture = base64.b64encode(default_png("Picture", None, "en").data).decode()
        shown = {}
        for image in (
            {"kind": "kept"}, {"kind": "none"}, {"kind": "upload", "data": picture},
            {"kind": "design", "shape": "shield", "colour": "teal", "icon": "bolt"},
        ):
            answer = rehearse(usage, {**form_of(usage).send(), "image": image, "caption": "As I made it"})
            badge = json.loads(answer.data["files"]["open_badge"]["text"])
            shown[image["kind"]] = badge["credentialSubject"]["achievement"]["image"]
            assert answer.data["errors"] == 0
        assert len({image["id"] for image in shown.values()}) == 4
        assert [shown[kind]["caption"] for kind in ("kept", "upload", "design")] == ["As I made it"] * 3
        assert shown["none"]["caption"] == "Badge: Fault diagnosis"
        assert pills.block(usage).badge_image["svg"] == pills.SVG

    def test_a_badge_that_cannot_be_read_is_refused_as_a_save_would(self, usage):
        data = {**form_of(usage).send(), "image": {"kind": "upload", "data": "eA=="}}
        answer = rehearse(usage, data)
        assert answer.data["files"] == {} and "image" in [control for control, _place in items(answer)]


class TestWhoMay:
    @pytest.mark.parametrize("learner", ["ann", None])
    def test_nobody_but_authors(self, usage, learner, monkeypatch):
        monkeypatch.setattr(compat, "may_author", lambda _block: False)
        monkeypatch.setattr(preview_handlers, "_issuance", lambda: pytest.fail("asked"))
        answer = rehearse(usage, {}, learner=learner)
        assert answer.status == 403 and answer.data["code"] == "author-required"

    def test_too_often_is_refused_with_when_to_go_on(self, usage, settings):
        settings.MICROCRED_API_RATES = {"preview": "2/min"}
        assert [rehearse(usage, {}).status for _ in range(3)] == [200, 200, 403]
        refused = rehearse(usage, {})
        assert refused.data["code"] == "api-rate" and "seconds" in refused.data["message"]

    @pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 100_000, b'"x"', b"\xff", b'{"title": 3}'])
    def test_what_is_no_form_is_refused(self, usage, body):
        found = pills.block(usage, "staff")
        answer = found.runtime.handle(found, "rehearse", webob.Request.blank("/", method="POST", body=body), "")
        assert answer.status_code == 400 and json.loads(answer.body)["code"] == "request-field"

    def test_what_is_too_large_is_not_even_read(self, monkeypatch):
        monkeypatch.setattr(preview_handlers.json, "loads", lambda _body: pytest.fail("read"))
        request = SimpleNamespace(method="POST", body=b" " * (preview_handlers.MAX_BYTES + 1))
        with pytest.raises(Exception, match="too large"):
            preview_handlers._submission(request)

    def test_a_get_is_refused(self, usage):
        answer = pills.call(usage, "rehearse", learner="staff", method="GET")
        assert answer.status == 400


def test_its_files_are_served():
    from microcred_xblock.learning_pill import LearningPillBlock

    for path in ("static/css/studio_preview.css", "static/js/studio_preview.js"):
        with LearningPillBlock.open_local_resource(path) as file:
            assert file.read()


def test_a_learner_of_a_pill_that_cannot_be_issued_reads_that_results_are_kept(usage):
    block = pills.block(usage, "staff")
    block.language = "tlh"
    block.save()
    pills.answer(usage, "ann", p1=1.0, p2=1.0, p3=1.0)
    answer = pills.call(usage, "progress", {}, learner="ann")
    assert answer.status == 200 and "not ready yet" in answer.data["html"]["panel"]
    assert "your results are kept" in answer.data["html"]["panel"] and not models.Award.objects.exists()
    block = pills.block(usage, "staff")
    block.language = "en"
    block.save()
    assert pills.call(usage, "progress", {}, learner="ann").data["state"] == "earned"
