"""The handlers for examples and files, through the block: who may, and that nothing is stored."""

from __future__ import annotations

import json

import pytest
import webob

from microcred_xblock.authoring.frameworks import MAX_BYTES
from microcred_xblock.authoring.page import FIELDS
from tests import pills
from tests.scorebox import OldBox, PlainBox, ScoreBox, installed

from .page import FilledForm

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


def upload(usage: str, body: bytes, learner: str | None = "staff"):
    request = webob.Request.blank("/", method="POST", body=body, content_type="application/octet-stream")
    found = pills.block(usage, learner)
    response = found.runtime.handle(found, "read_framework", request, "")
    return response.status_code, json.loads(response.body)


def form_of(usage: str) -> FilledForm:
    answer = pills.call(usage, "edit_form", learner="staff")
    return FilledForm(answer.data["html"], answer.data["args"])


@pytest.mark.parametrize("learner", ["ann", "anonymous", None])
def test_nobody_but_authors_may(learner):
    usage = pills.parse()
    draft = form_of(usage).send()
    for handler, data in (
        ("preset_values", {"preset": "safety"}), ("write_framework", {"format": "csv", "draft": draft}),
    ):
        answer = pills.call(usage, handler, data, learner=learner)
        assert (answer.status, answer.data["code"]) == (403, "author-required")
        assert "outcomes" not in answer.data and "text" not in answer.data
    assert upload(usage, b"Title\nA\n", learner)[0] == 403


def test_nothing_is_stored_by_any_of_them():
    usage = pills.parse()
    before = {name: getattr(pills.block(usage), name) for name in FIELDS}
    form = form_of(usage)
    form.fill("1.title", "Not saved")
    assert pills.call(usage, "preset_values", {"preset": "safety", "language": "fr"}, learner="staff").data["ok"]
    assert upload(usage, b"Title\nA\n")[1]["ok"]
    assert pills.call(usage, "write_framework", {"format": "csv", "draft": form.send()}, learner="staff").data["ok"]
    assert {name: getattr(pills.block(usage), name) for name in FIELDS} == before


def test_the_draft_is_written_not_what_is_stored():
    usage = pills.parse()
    form = form_of(usage)
    form.fill("1.title", "Not saved")
    key = form.add(title="New here", threshold="55")
    answer = pills.call(usage, "write_framework", {"format": "case", "draft": form.send()}, learner="staff").data
    items = json.loads(answer["text"])["CFItems"]
    assert [item["fullStatement"] for item in items] == ["Not saved", "Decide what to do", "New here"]
    assert [item["humanCodingScheme"] for item in items] == ["locate", "decide", "new-here"]
    assert answer["name"] == "Fault-diagnosis-case.json" and key == "new1"
    again = upload(usage, answer["text"].encode())[1]
    assert [item["values"]["title"] for item in again["items"]] == ["Not saved", "Decide what to do", "New here"]
    assert again["items"][0]["values"]["skills"] == [{"uri": "http://data.europa.eu/esco/skill/1", "label": "diagnose"}]


def test_a_draft_that_cannot_be_read_is_explained():
    usage = pills.parse()
    form = form_of(usage)
    form.fill("1.threshold", "most")
    answer = pills.call(usage, "write_framework", {"format": "csv", "draft": form.send()}, learner="staff")
    assert (answer.status, answer.data["code"]) == (400, "percentage")
    for data in ({}, {"format": "csv", "draft": []}, {"format": "xlsx", "draft": form_of(usage).send()}, [1]):
        answer = pills.call(usage, "write_framework", data, learner="staff")
        assert answer.status == 400 and answer.data["message"]


def test_what_was_read_comes_as_the_form_writes_it():
    status, answer = upload(pills.parse(), b"Id;Title;Threshold\nx;<script>;0.725\n")
    assert status == 200
    assert answer["items"] == [{
        "key": "2", "parent": "", "code": "x", "uri": "",
        "values": {"id": "x", "title": "<script>", "threshold": "72.5"},
    }]


def test_a_file_that_cannot_be_used_is_refused_in_words():
    usage = pills.parse()
    assert upload(usage, b"{")[1]["message"].startswith("The JSON has an error in line 1, column 2.")
    status, answer = upload(usage, b"x" * (MAX_BYTES + 1))
    assert (status, answer["code"]) == (400, "framework-large")


def test_an_imported_id_is_kept_and_a_skill_arrives_in_the_pill():
    """What the list gives, sent as the form's script sends a new card."""
    usage = pills.parse()
    form = form_of(usage)
    key = form.add(title="From a framework", threshold="70")
    form.choose(key, "p1")
    skills = [{"uri": "https://frameworks.example.org/1", "label": "From a framework", "framework": "Competences"}]
    form.skill(key, **skills[0])
    draft = form.send()
    draft["outcomes"][-1].update(id="MP.1.a", skills=skills)
    assert pills.call(usage, "save_pill", draft, learner="staff").data["ok"]
    stored = pills.block(usage).outcomes[-1]
    assert (stored["id"], stored["skills"]) == ("MP.1.a", skills)
