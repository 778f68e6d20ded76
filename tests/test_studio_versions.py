"""What an author's pages ask of the pill: what a save would change for its holders, and how it stands now."""

from __future__ import annotations

import builtins
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import OperationalError
from lxml import html

from microcred_xblock import compat
from microcred_xblock.domain.award import decide
from microcred_xblock.domain.outcomes import Score, assess
from microcred_xblock.issuance import holding, trial, verdicts
from tests.factories import NOW

from . import pills
from .scorebox import OldBox, PlainBox, ScoreBox, installed
from .test_studio import EMPTY, export, form_of, save

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


@pytest.fixture
def usage():
    return pills.parse()


def award(usage, *learners):
    """Awards of the pill as it is stored now."""
    pill = pills.block(usage).pill()
    scores = {name: Score(block=name, earned=1, possible=1) for name in pill.references}
    for learner in learners:
        made = decide(pill, assess(pill.outcomes, scores), award_id=uuid4(), now=NOW)
        holding.store(made, learner, "course-v1:x+y+z")


def compare(usage, form, *, learner="staff"):
    return pills.call(usage, "compare", form.send(), learner=learner)


def overview(usage, learner="staff"):
    return pills.call(usage, "overview", learner=learner)


@pytest.mark.parametrize("learner", ["ann", "anonymous", None])
@pytest.mark.parametrize("handler", ["compare", "overview"])
def test_nobody_but_authors_may_ask(usage, handler, learner):
    award(usage, "ann")
    form = form_of(usage)
    answer = pills.call(usage, handler, form.send(), learner=learner)
    assert (answer.status, answer.data["code"]) == (403, "author-required")
    assert set(answer.data) == {"ok", "code", "field", "message"}


def test_comparing_tells_and_stores_nothing(usage):
    award(usage, "ann", "ben")
    form, written = form_of(usage), export(usage)
    assert form.arguments["parts"]["versions"]["held"] is True
    assert compare(usage, form).data == {"ok": True, "html": "", "renews": False}
    form.fill("description", "Find out why.")
    answer = compare(usage, form).data
    assert not answer["renews"] and "No new version: Description" in " ".join(answer["html"].split())
    form.fill("1.threshold", "80")
    answer = compare(usage, form).data
    assert answer["renews"] and "Threshold" in answer["html"] and "Held by 2 learners." in answer["html"]
    assert export(usage) == written


def test_what_is_told_is_what_a_save_does(usage):
    award(usage, "ann")
    version = pills.block(usage).pill().version
    for name, value, renews in (("caption", None, False), ("title", "Another title", True)):
        form = form_of(usage)
        if value is None:
            form.fill("image.caption", "A better badge")
        else:
            form.fill(name, value)
        answer = compare(usage, form).data
        assert answer["renews"] is renews and answer["html"]
        assert save(usage, form).status == 200
        assert (pills.block(usage).pill().version != version) is renews


def test_nobody_holds_it_so_nothing_is_asked(usage):
    form = form_of(usage)
    assert form.arguments["parts"]["versions"]["held"] is False
    form.fill("title", "Another")
    assert compare(usage, form).data == {"ok": True, "html": "", "renews": False}


def test_an_unfinished_pill_is_held_against_what_was_awarded_last(usage):
    award(usage, "ann")
    form = form_of(usage)
    form.choose("2", "p3", on=False)
    form.choose("2", "p2")
    assert "Activities that assess it" in compare(usage, form).data["html"], "what she is about to leave"
    form.choose("2", "p2", on=False)
    assert save(usage, form).status == 200
    again = form_of(usage)
    again.choose("2", "p3")
    answer = compare(usage, again).data
    assert answer == {"ok": True, "html": "", "renews": False}, "it is what was awarded"
    again.fill("2.threshold", "90")
    assert compare(usage, again).data["renews"]


def test_a_pill_changed_back_is_the_version_that_learners_hold(usage):
    award(usage, "ann")
    form = form_of(usage)
    form.fill("title", "Another")
    assert compare(usage, form).data["renews"]
    save(usage, form)
    form = form_of(usage)
    form.fill("title", "Fault diagnosis")
    answer = compare(usage, form).data
    assert not answer["renews"] and "again the version that 1 learner holds" in answer["html"]


@pytest.mark.parametrize("data", [{}, [], "text", {"outcomes": "all"}, {"title": 5}])
def test_requests_that_no_form_makes(usage, data):
    award(usage, "ann")
    answer = pills.call(usage, "compare", data, learner="staff")
    assert answer.status in (200, 400) and isinstance(answer.data["ok"], bool)


def test_the_overview_is_the_author_view_without_the_children(usage):
    award(usage, "ann", "ben")
    html = overview(usage).data["html"]
    assert "Held by 2 learners." in html and "Outcomes and what assesses them" in html and "Read this." not in html
    view = pills.block(usage, "staff").render("author_view")
    assert "Held by 2 learners." in view.content and "Read this." in view.content


def test_it_follows_what_is_done_inside(usage):
    assert "Missing block" not in overview(usage).data["html"]
    pill = pills.block(usage, "staff")
    pill.children = [key for key in pill.children if compat.referenced_blocks(pill)["p3"].scope_ids.usage_id != key]
    pill.save()
    html = overview(usage).data["html"]
    assert "Missing block “p3”" in html and "To be mended" in html


def test_it_names_no_learner(usage):
    award(usage, "learner-4711")
    assert "4711" not in overview(usage).data["html"] + form_of(usage).root.text_content()


def test_the_number_of_queries_does_not_grow(usage, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for learners in (("ann",), tuple(f"learner-{number}" for number in range(20))):
        award(usage, *learners)
        with CaptureQueriesContext(connection) as seen:
            overview(usage)
        counts.append(len([query for query in seen if "microcred_award" in query["sql"]]))
    assert counts == [1, 1]


def without_issuance(name, *args, **kwargs):
    if name == "issuance":
        raise RuntimeError("Model class doesn't declare an explicit app_label")
    return REAL_IMPORT(name, *args, **kwargs)


REAL_IMPORT = builtins.__import__


def test_where_the_app_is_not_installed(usage):
    with patch.object(builtins, "__import__", side_effect=without_issuance):
        html = pills.block(usage, "staff").render("author_view").content
        assert "Who holds it" not in html and "Outcomes and what assesses them" in html
        form = form_of(usage)
        form.fill("title", "Another")
        assert compare(usage, form).data == {"ok": True, "html": "", "renews": False}
        assert save(usage, form).status == 200


def test_while_the_database_of_awards_is_away(usage):
    form = form_of(usage)
    with patch("microcred_xblock.issuance.holders.models.Award.objects.filter", side_effect=None) as found:
        found.return_value.values.return_value.annotate.return_value.__iter__.side_effect = OperationalError("gone")
        html = pills.block(usage, "staff").render("author_view").content
        assert "cannot be told at the moment" in html and "Outcomes and what assesses them" in html
        assert form_of(usage).arguments["parts"]["versions"]["held"] is False
        assert compare(usage, form).data["html"] == ""


def test_an_empty_pill_says_so():
    html = overview(pills.parse(EMPTY)).data["html"]
    assert "No learner holds it yet." in html and "The pill has no learning outcome yet" in html


UNISSUABLE = "To be mended before learners can earn this credential"
CHECKED = "It is being checked whether its credentials can be issued"


@pytest.fixture
def tries(monkeypatch):
    """The languages of the pills that were tried, with no verdict of another test."""
    tried, faults = [], trial.faults
    verdicts._near.clear()
    cache.clear()
    monkeypatch.setattr(trial, "faults", lambda pill, now: tried.append(pill.language) or faults(pill, now=now))
    return tried


def set_language(usage, language):
    pill = pills.block(usage, "staff")
    pill.language = language
    pill.save()


def author_view(usage):
    return pills.block(usage, "staff").author_view({})


class TestUnissuable:
    def test_saving_tells_what_keeps_the_pill_from_being_issued_and_the_page_knows_it(self, usage, tries):
        form = form_of(usage)
        assert tries == [], "opening the form tries nothing"
        form.control("language").append(html.fragment_fromstring('<option value="tlh">tlh</option>'))
        form.fill("language", "tlh")
        saved = save(usage, form)
        assert saved.status == 200 and tries == ["tlh"] and pills.block(usage).language == "tlh"
        (problem,) = saved.data["args"]["problems"]
        assert problem["control"] == "language" and "cannot name the language" in problem["text"]
        assert "no credential is issued before" in saved.data["args"]["texts"]["unfinished"]
        view = author_view(usage)
        assert UNISSUABLE in view.content and "cannot name the language" in view.content
        assert view.json_init_args["untried"] is False and tries == ["tlh"], "the page tries nothing"

    def test_a_pill_that_came_without_the_form_is_tried_once_the_page_is_shown(self, usage, tries):
        view = author_view(usage)
        assert view.json_init_args["untried"] and CHECKED in view.content and tries == []
        assert "Learners can earn its credential" in overview(usage).data["html"] and tries == ["en"]
        view = author_view(usage)
        assert not view.json_init_args["untried"] and "Learners can earn its credential" in view.content
        overview(usage)
        assert tries == ["en"]

    def test_a_language_that_nothing_can_name_is_told_without_a_trial(self, usage, tries):
        set_language(usage, "sw")
        assert UNISSUABLE in author_view(usage).content and tries == []
        form = form_of(usage)
        assert [problem["control"] for problem in form.arguments["problems"]] == ["language"] and tries == []
        assert form.control("language").xpath("./option[@selected]/@value") == ["sw"]
        assert save(usage, form).status == 200 and pills.block(usage).language == "sw"

    def test_a_mended_pill_is_good_at_once(self, usage, tries):
        set_language(usage, "tlh")
        assert UNISSUABLE in overview(usage).data["html"]
        form = form_of(usage)
        form.fill("language", "fr")
        saved = save(usage, form)
        assert saved.data["args"]["problems"] == [] and "listed above" in saved.data["args"]["texts"]["unfinished"]
        assert "Learners can earn its credential" in author_view(usage).content

    def test_what_no_word_of_the_author_explains_is_a_problem_of_the_pill(self, usage, tries, monkeypatch):
        monkeypatch.setattr(verdicts, "BROKEN", 60)
        monkeypatch.setattr(trial, "faults", lambda *_args, **_more: 1 / 0)
        assert "Give the technical detail to your administrator" in overview(usage).data["html"]
        (problem,) = form_of(usage).arguments["problems"]
        assert problem["control"] == "pill"
        verdicts._near.clear()
        cache.clear()

    def test_an_unfinished_pill_is_not_tried(self, tries):
        usage = pills.parse(EMPTY)
        assert not author_view(usage).json_init_args["untried"]
        overview(usage)
        assert tries == []
