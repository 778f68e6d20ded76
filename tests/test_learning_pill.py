"""The block in the workbench runtime: definition, OLX with children, views and handlers."""

from __future__ import annotations

import contextlib
import io
from dataclasses import asdict
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import webob
from lxml import etree
from xblock.completable import XBlockCompletionMode

from microcred_xblock import compat, handlers
from microcred_xblock.credentials.parity import ParityRow
from microcred_xblock.domain.errors import InvalidPill, MicrocredError, NotAllowed, WalletUnreachable
from microcred_xblock.domain.outcomes import assess
from microcred_xblock.issuance.models import Award, Credential
from microcred_xblock.learning_pill import LearningPillBlock

from . import pills
from .scorebox import OldBox, PlainBox, ScoreBox, installed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


class Recorder:
    """Stands for ``issuance.api`` where a test asks only what the block asks of it."""

    def __init__(self, panel=None, error=None):
        self.calls, self._panel, self._error, self.refusal = [], panel, error, None

    def __getattr__(self, name):
        def method(*args, **kwargs):
            self.calls.append((name, args, kwargs))
            if name == "panel":
                return self._panel
            if self._error:
                raise self._error
            if name == "record_scores":
                return SimpleNamespace(results=assess(args[0].outcomes, args[1]), refusal=self.refusal)
            return None

        return method


@pytest.fixture
def api(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(handlers, "issuance", lambda: recorder)
    return recorder


def test_the_container_neither_scores_nor_completes_itself():
    assert LearningPillBlock.has_children
    assert not getattr(LearningPillBlock, "has_score", False)
    assert LearningPillBlock.completion_mode == XBlockCompletionMode.AGGREGATOR
    assert (LearningPillBlock.resources_dir, LearningPillBlock.public_dir) == ("", "static")


@pytest.mark.parametrize("path", ["static/css/learning_pill.css", "static/js/learning_pill.js"])
def test_its_files_are_served(path):
    with LearningPillBlock.open_local_resource(path) as file:
        assert file.read()


def test_olx_becomes_a_pill():
    pill = pills.block(pills.parse()).pill()

    assert (pill.title, pill.language, pill.tags) == ("Fault diagnosis", "en", ("wind",))
    assert [outcome.id for outcome in pill.outcomes] == ["locate", "decide"]
    assert [leaf.block for leaf in pill.outcomes[0].assessment.leaves()] == ["p1", "p2"]
    assert pill.outcomes[0].threshold == Decimal("0.7")
    assert pill.recognition.workload_hours == Decimal(3)
    assert (pill.image.media_type, pill.image.caption) == ("image/svg+xml", "A badge")
    assert pill.id.startswith("scenario.learning_pill.")


def test_own_elements_are_not_taken_for_blocks():
    block = pills.block(pills.parse())
    kinds = [child.scope_ids.block_type for child in block.get_children()]
    assert kinds == ["html_demo", "scorebox", "plainbox", "oldbox"]


def test_export_and_import_lose_nothing():
    first = pills.block(pills.parse())
    file = io.BytesIO()
    first.runtime.export_to_xml(first, file)

    second = pills.block(pills.parse(file.getvalue().decode().partition("?>")[2]))

    for name in ("display_name", "language", "description", "outcomes", "mastery", "recognition", "badge_image"):
        assert getattr(second, name) == getattr(first, name), name
    assert second.pill().version == first.pill().version
    assert pills.child(second, "p2").display_name == "Second"
    again = io.BytesIO()
    second.runtime.export_to_xml(second, again)
    assert again.getvalue() == file.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "field", "code"),
    [
        ('threshold="0.7"', 'threshold="70"', "outcome locate.threshold", "fraction-range"),
        ('threshold="0.7"', 'treshold="0.7"', "outcome locate", "olx-unknown"),
        ('threshold="0.7"', "", "outcome locate.threshold", "outcome-threshold"),
        ('<assessed-by block="p3"/>', "", "outcome decide.assessed-by", "outcome-unassessed"),
        ('<assessed-by block="p3"/>', '<assessed-by block="p3" weight="0"/>', "outcome decide.weight", "weight"),
        ('<assessed-by block="p3"/>', '<assessed-by block="p3"/><assessed-by block="p3"/>',
         "outcome decide.assessed-by", "outcome-duplicate-block"),
        ('id="decide"', 'id="locate"', "outcome 2.outcome id", "duplicate-outcome"),
        ('title="Locate a fault"', f'title="{"x" * 10_000}"', "outcome locate.outcome title", "text-too-long"),
        ('display_name="Fault diagnosis"', f'display_name="{"x" * 10_000}"', "pill.title", "text-too-long"),
        ('title="Locate a fault"', 'title="a&#x85;b"', "outcome locate.outcome title", "text-control-character"),
        ('rule="all"', 'rule="n-of-m" n="9"', "pill.mastery", "mastery-range"),
        ('rule="all"', 'rule="most"', "mastery.rule", "choice"),
        ('rule="all"', 'rule="n-of-m" n="two"', "mastery.n", "whole-number"),
        ('eqf-level="4"', 'eqf-level="9"', "recognition.eqf_level", "eqf-level"),
        ('eqf-level="4"', 'eqf-level="high"', "recognition.eqf_level", "whole-number"),
        ('uri="http://data', 'uri="ftp://data', "outcome locate.skill", "iri"),
        ('language="en"', 'language="English"', "pill.language", "language"),
        ("<tag>wind</tag>", "<tag><b/></tag>", "pill", "olx-unknown"),
        ("<tag>wind</tag>", "<wat>hi</wat>", "pill", "olx-unknown"),
        (pills.SVG, "", "badge image.image", "image-unreadable"),
    ],
)
def test_a_broken_definition_is_kept_and_explained(old, new, field, code):
    assert old in pills.PILL
    text = pills.PILL.replace(old, new, 1)
    block = pills.block(pills.parse(text))

    with pytest.raises(InvalidPill) as caught:
        block.pill()

    if code != "image-unreadable":  # an empty image is found by the library that reads it
        assert (caught.value.field, caught.value.code) == (field, code)
    file = io.BytesIO()
    block.runtime.export_to_xml(block, file)
    again = pills.block(pills.parse(file.getvalue().decode().partition("?>")[2]))
    assert again.outcomes == block.outcomes
    assert again.unknown_elements == block.unknown_elements


def test_all_problems_are_told_at_once():
    text = pills.PILL.replace('threshold="0.7"', 'threshold="70"').replace('block="p3"', 'block="gone"')
    text = text.replace('eqf-level="4"', 'eqf-level="9"').replace('language="en"', 'langauge="fr"')
    found = {(problem.code, problem.params.get("outcome")) for problem in pills.block(pills.parse(text)).problems()}
    assert found >= {
        ("fraction-range", "locate"), ("block-missing", "decide"), ("eqf-level", None),
        ("olx-unknown-attribute", None),
    }


def test_an_assessed_block_without_score_is_told():
    text = pills.PILL.replace('block="p3"', 'block="intro"')
    (problem,) = pills.block(pills.parse(text)).problems()
    assert (problem.code, problem.params["outcome"], problem.params["block"]) == ("block-ungraded", "decide", "intro")


def test_unknown_attributes_of_the_pill_are_kept():
    block = pills.block(pills.parse(pills.PILL.replace('language="en"', 'langauge="fr" mastery="[1"')))
    assert block.unknown_attributes == {"langauge": "fr", "mastery": "[1"}
    node = etree.Element("x")
    block.add_xml_to_node(node)
    assert (node.get("langauge"), node.get("mastery")) == ("fr", "[1")


def test_unknown_attributes_of_the_pill_are_told_but_block_nothing():
    block = pills.block(pills.parse(pills.PILL.replace('language="en"', 'langauge="fr"')))
    (problem,) = block.problems()
    assert (problem.code, problem.field, problem.params["names"]) == ("olx-unknown-attribute", "pill", "langauge")
    assert block.pill() == block.readable_pill()
    assert "attributes langauge" in block.render("author_view").content


def test_values_of_a_wrong_shape_are_a_problem_not_a_crash():
    block = pills.block(pills.parse())
    block.outcomes = ["nonsense", {"id": 5, "assessed_by": 7}, {"id": "a", "skills": [3]}]
    block.recognition = {"bloc": {"colour": "red"}, "workload_hours": [1]}
    block.mastery = {"required": 5}
    assert len(block.problems()) >= 4
    assert block.render("student_view").content


def test_student_view_shows_progress_children_and_what_is_missing(api):
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1, p3=0.25)
    html = pills.block(usage).render("student_view").content

    for text in ("In progress: 1 of 2", "Not yet achieved: 25\u00a0%, needed 50\u00a0%", "0 of 2 outcomes achieved",
                 "Not yet earned", "EQF level 4", "Read this.", "class='scorebox'>First"):
        assert text in html, text
    assert [name for name, _args, _kwargs in api.calls] == ["panel"], "looking changes nothing"


def test_a_child_the_learner_may_not_see_is_skipped(api, monkeypatch):
    usage = pills.parse()
    block = pills.block(usage)
    real = type(block.runtime).get_block
    hidden = str(block.children[1])
    monkeypatch.setattr(
        type(block.runtime), "get_block",
        lambda self, key, for_parent=None: None if key == hidden else real(self, key, for_parent=for_parent),
    )
    html = block.render("student_view").content
    assert "First" not in html
    assert "An activity that was removed" in html


def test_two_pills_on_a_page_share_no_id(api):
    import re

    text = f"<vertical_demo>{pills.PILL}{pills.PILL}</vertical_demo>"
    html = pills.block(pills.parse(text)).render("student_view").content
    found = re.findall(r' id="([^"]+)"', html)
    assert found and len(found) == len(set(found))
    assert set(" ".join(re.findall(r'aria-labelledby="([^"]+)"', html)).split()) <= set(found)


@pytest.mark.parametrize(("learner", "text"), [
    (None, "Sign in to earn"), ("anonymous", "Sign in to earn"), ("staff", "This is a preview"),
])
def test_guests_and_staff_are_told_and_nothing_is_asked(api, learner, text):
    fragment = pills.block(pills.parse(), learner).render("student_view")
    assert text in fragment.content
    assert fragment.resources
    assert api.calls == []


def test_a_broken_pill_still_teaches(api):
    usage = pills.parse(pills.PILL.replace('threshold="0.7"', 'threshold="70"'))
    html = pills.block(usage).render("student_view").content
    assert "not ready yet" in html and "Read this." in html and "0 and 1" not in html
    staff = pills.block(usage, "staff").render("student_view").content
    assert "must lie between 0 and 1" in staff


def test_author_texts_cannot_become_markup(api):
    text = pills.PILL.replace("Locate a fault", "&lt;script&gt;alert(1)&lt;/script&gt;{t}{0}").replace(
        'display_name="First"', 'display_name="&lt;img src=x&gt;"'
    )
    usage = pills.parse(text.replace("class='scorebox'", ""))
    for view in ("student_view", "author_view"):
        html = pills.block(usage).render(view).content.replace("<p class='scorebox'><img src=x></p>", "")
        assert "<script>alert" not in html and "<img src=x" not in html


def test_author_view_maps_outcomes_to_assessment(api):
    html = pills.block(pills.parse(pills.PILL.replace('block="p3"', 'block="gone"'))).render("author_view").content
    for text in ("Second", "Needs 70\u00a0%", "Missing block “gone”", "which is not in this pill", "Read this."):
        assert text in html, text
    assert api.calls == []


def test_author_view_tells_problems_by_titles(api):
    html = pills.block(pills.parse(pills.PILL.replace('block="p3"', 'block="gone"'))).render("author_view").content
    assert "Outcome “\u2068Decide what to do\u2069” is assessed by “gone”" in html and "“decide”" not in html


def test_so_does_the_preview_of_staff(api):
    text = pills.PILL.replace('block="p3"', 'block="gone"')
    html = pills.block(pills.parse(text), "staff").render("student_view").content
    assert "Outcome “\u2068Decide what to do\u2069” is assessed by “gone”" in html and "“decide”" not in html


def test_activities_of_one_title_are_told_apart_in_problems(api, monkeypatch):
    block = pills.block(pills.parse(pills.PILL))
    monkeypatch.setattr(type(block), "_block_names", lambda self: {"p1": "Quiz", "p2": "Quiz", "p3": "Quiz"})
    monkeypatch.setattr(type(block), "_reference_problems", lambda self: [InvalidPill(
        "x", code="block-ungraded", field="outcome decide.assessed-by", outcome="decide", block="p3"
    )])
    assert "“\u2068Quiz (number 3)\u2069”, which gives no score" in block.render("author_view").content


def test_views_survive_a_runtime_without_services(api, monkeypatch):
    from workbench.runtime import WorkbenchRuntime

    monkeypatch.setattr(WorkbenchRuntime, "service", lambda self, block, name: (
        self._services["field-data"] if name == "field-data" else None
    ))
    usage = pills.parse()
    assert "Sign in to earn" in pills.block(usage).render("student_view").content
    assert pills.block(usage).render("author_view").content


def test_a_site_that_cannot_issue_says_so(monkeypatch):
    def missing():
        raise MicrocredError("x", code="issuance-missing")

    monkeypatch.setattr(handlers, "issuance", missing)
    html = pills.block(pills.parse()).render("student_view").content
    assert "The issuance app is not installed" in html and "Read this." in html


def test_data_for_other_front_ends_and_search():
    block = pills.block(pills.parse())
    assert block.student_view_data()["outcomes"][0] == {"id": "locate", "title": "Locate a fault"}
    assert "Locate a fault" in block.index_dictionary()["content"]["pill"]


def test_a_score_keeps_the_time_it_was_first_seen_at(api):
    """The workbench keeps no times, and an award has to say when each outcome was proved."""
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1)
    pills.call(usage, "progress")
    first = api.calls[0][1][1]["p1"].at
    pills.answer(usage, "ann", p3=1)
    pills.call(usage, "progress")
    later = next(args for name, args, _ in reversed(api.calls) if name == "record_scores")[1]
    assert later["p1"].at == first and later["p3"].at > first


def test_progress_records_scores_and_answers_with_the_new_state(api):
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1, p2=0.5, p3=1)
    answer = pills.call(usage, "progress")

    assert answer.status == 200 and answer.data["ok"]
    assert [item["status"] for item in answer.data["outcomes"]] == ["achieved", "achieved"]
    assert answer.data["outcomes"][0]["label"] == "Achieved 75\u00a0%, needed 70\u00a0%"
    assert set(answer.data["html"]) == {"outcomes", "progress", "panel"}
    name, args, kwargs = api.calls[0]
    assert name == "record_scores"
    assert {key: str(score.earned) for key, score in args[1].items()} == {"p1": "1", "p2": "0.5", "p3": "1"}
    assert kwargs == {
        "learner_id": "ann", "course_id": "scenario", "not_given": frozenset(), "missing": frozenset(),
        "annulled": False, "concealed_until": None,
    }


@pytest.mark.parametrize(("old", "new", "missing"), [
    ('block="p1"/>', 'block="gone"/>', {"gone"}),  # deleted
    ('block="p1"/>', 'block="intro"/>', {"intro"}),  # gives no score
])
def test_what_assesses_and_is_not_in_the_pill_is_told_to_issuance(api, old, new, missing):
    usage = pills.parse(pills.PILL.replace(old, new))
    pills.answer(usage, "ann", p2=1, p3=1)
    assert pills.call(usage, "progress").status == 200
    assert api.calls[0][2]["missing"] == missing


@pytest.mark.parametrize(("threshold", "p3", "state", "text"), [
    ("0.5", 1, "refused", "The credential of this pill is not ready yet"),
    ("0.7", 1, "refused", "The credential of this pill is not ready yet"),  # lacks nothing but what is missing
    ("0.7", 0, "not-earned", "Still open"),
])
def test_who_has_done_enough_but_for_what_is_missing_reads_why_there_is_no_credential(api, threshold, p3, state, text):
    olx = pills.PILL.replace('block="p1"/>', 'block="gone"/>').replace('threshold="0.7"', f'threshold="{threshold}"')
    usage = pills.parse(olx)
    pills.answer(usage, "ann", p2=1, p3=p3)
    fragment = pills.block(usage).student_view()
    assert text in fragment.content and "An activity that was removed" in fragment.content
    assert (fragment.json_init_args["state"], fragment.json_init_args["record"]) == (state, False)


def test_staff_in_the_place_of_one_learner_see_the_results_and_nothing_of_an_award(api, monkeypatch):
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1, p2=0.5)
    monkeypatch.setattr(compat, "viewer", lambda _block: compat.Viewer(kind="preview", seen_as="ann"))
    html = pills.block(usage, "ann").render("student_view").content
    assert "Achieved 75\u00a0%, needed 70\u00a0%" in html and "Not yet assessed" in html
    assert "You see this page as one learner does" in html and "data-action" not in html
    for handler in ("progress", "payload", "consent", "send", "withdraw"):
        answer = pills.call(usage, handler, {"wallet": "demo", "digest": "d"}, learner="ann")
        assert (answer.status, answer.data["code"]) == (403, "viewer-preview")
    assert api.calls == []


@pytest.mark.parametrize(
    "handler", [
        "progress", "payload", "parity", "consent", "withdraw", "dismiss_notice", "connect", "send", "retry",
        "disconnect", "offer", "offers", "connect_address",
    ],
)
@pytest.mark.parametrize(("learner", "code"), [("anonymous", "viewer-anonymous"), ("staff", "viewer-preview")])
def test_handlers_record_nothing_for_guests_and_staff(api, handler, learner, code):
    answer = pills.call(pills.parse(), handler, {"wallet": "demo", "digest": "d"}, learner=learner)
    assert (answer.status, answer.data["ok"], answer.data["code"]) == (403, False, code)
    assert answer.data["message"]
    assert api.calls == []


def test_download_is_refused_in_words_too(api):
    answer = pills.call(pills.parse(), "download", learner="staff", suffix="ob3.png", method="GET")
    assert (answer.status, answer.data["code"]) == (403, "viewer-preview")


@pytest.mark.parametrize(("handler", "award"), [
    ("payload", "new"), ("consent", "new"), ("parity", "former"), ("withdraw", "former"), ("send", "former"),
    ("retry", "former"), ("connect", "former"), ("download", "former"), ("dismiss_notice", "former"),
    ("offer", "former"),
])
def test_what_is_offered_is_read_and_agreed_to_and_all_else_is_about_the_present_one(api, handler, award):
    api._panel = SimpleNamespace(award_id="former", replacement=SimpleNamespace(award_id="new"))
    with contextlib.suppress(AttributeError, TypeError):  # the recorder answers nothing that could be shown
        data = {"wallet": "demo", "digest": "d", "notice": "1", "channel": "vc-api"}
        pills.call(pills.parse(), handler, data, suffix="ob3.png")
    called = [(args, kwargs) for name, args, kwargs in api.calls if name == handler or (
        handler == "parity" and name == "payload"
    )]
    assert called and award in (*called[0][0], called[0][1].get("award_id"))


@pytest.mark.parametrize("handler", ["payload", "withdraw", "retry"])
def test_without_an_award_there_is_nothing_to_act_on(api, handler):
    answer = pills.call(pills.parse(), handler, {"wallet": "demo"})
    assert (answer.status, answer.data["code"]) == (403, "not-earned")


def test_an_address_that_is_none_leads_nowhere(api):
    usage = pills.parse()
    page = pills.block(usage).runtime.handle(
        pills.block(usage), "wallet_return", webob.Request.blank("/?back=http%3A%2F%2F%5B")
    )
    assert page.status_int == 200 and "http://[" not in page.text


@pytest.mark.parametrize(
    "body", [{}, {"wallet": ""}, {"wallet": 5}, {"wallet": "x" * 300}, {"wallet": "\ud800"}, [], "text"]
)
def test_unusable_requests_are_explained(api, body):
    answer = pills.call(pills.parse(), "send", body)
    assert (answer.status, answer.data["code"], answer.data["field"]) == (400, "request-field", "wallet")


def test_a_broken_pill_answers_calmly(api):
    usage = pills.parse(pills.PILL.replace('threshold="0.7"', 'threshold="70"'))
    answer = pills.call(usage, "progress")
    assert (answer.status, answer.data["code"]) == (400, "pill-incomplete")
    assert "threshold" not in answer.data["message"].lower()


def test_mastery_makes_one_award_and_asks_for_consent():
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1, p2=1, p3=1)

    first, second = pills.call(usage, "progress"), pills.call(usage, "progress")

    assert (first.data["state"], second.data["state"]) == ("earned", "earned")
    assert "Review and agree" in first.data["html"]["panel"]
    assert "You have earned this credential" in pills.block(usage).render("student_view").content
    assert Award.objects.filter(learner_id="ann").count() == 1
    assert not Credential.objects.exclude(state="prepared").exists(), "nothing is issued before consent"


def test_an_award_outlives_a_broken_definition():
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1, p2=1, p3=1)
    pills.call(usage, "progress")
    broken = pills.block(usage)
    broken.outcomes = [{"id": "locate", "threshold": "70"}]
    broken.save()

    assert "You have earned this credential" in pills.block(usage).render("student_view").content
    answer = pills.call(usage, "progress")
    assert (answer.data["state"], set(answer.data["html"])) == ("earned", {"panel"})


def test_a_veto_of_the_site_is_told(api):
    api.refusal = NotAllowed("x", code="award-prevented", reason="Only for members.")
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1, p2=1, p3=1)
    answer = pills.call(usage, "progress")
    assert "Only for members." in answer.data["html"]["panel"]


@pytest.mark.parametrize(("given", "address", "by_email"), [
    ({"address": "https://w.example/wallets/a"}, "https://w.example/wallets/a", False),
    ({"address": ["x"], "own_email": "yes"}, "", False), ({"own_email": True, "email": "b@evil.example"}, "", True),
])
def test_a_wallet_is_connected_by_its_address_or_the_accounts_own(api, monkeypatch, given, address, by_email):
    api._panel = SimpleNamespace(award_id="a1")
    monkeypatch.setattr(LearningPillBlock, "_answer", lambda *_args: {})
    pills.call(pills.parse(), "connect_address", {"wallet": "eu", **given})
    _name, (person, wallet), kwargs = next(call for call in api.calls if call[0] == "connect_by_address")
    assert (person.id, wallet, kwargs["award_id"]) == ("ann", "eu", "a1") and "evil" not in person.email
    assert (kwargs["address"], kwargs["by_email"], kwargs["language"]) == (address, by_email, "en")


def test_connecting_leads_back_to_this_site_only(api):
    api._panel = SimpleNamespace(award_id="a1")
    usage = pills.parse()
    for page, back in (
        ("https://evil.example/x?y=1#z", "/x?y=1"), ("//evil.example/x", "/x"), ("javascript:alert(1)", ""),
        ("https://site.example//evil.example", ""), ("/\\evil.example", ""), ("", ""), (None, ""),
    ):
        pills.call(usage, "connect", {"wallet": "demo", "page": page})
        name, args, kwargs = api.calls[-1]
        assert (name, args, kwargs["award_id"]) == ("connect", ("ann", "demo"), "a1")
        url = urlsplit(kwargs["return_url"])
        assert not url.netloc and "/wallet_return" in url.path
        assert parse_qs(url.query, keep_blank_values=True)["back"] == [back]


@pytest.mark.parametrize(("query", "texts"), [
    ("", ["Your wallet is connected"]),
    ("?microcred_error=wallet-declined&back=/course", ["You did not allow the connection", 'href="/course"']),
    ("?microcred_error=%3Cscript%3E&back=//evil.example", ["Something went wrong"]),
])
def test_coming_back_from_a_wallet_is_explained(query, texts):
    block = pills.block(pills.parse())
    response = block.runtime.handle(block, "wallet_return", webob.Request.blank("/" + query))
    for text in texts:
        assert text in response.text
    assert "<script>" not in response.text and "evil" not in response.text


@pytest.mark.parametrize(("error", "status"), [
    (NotAllowed("no", code="payload-changed"), 403), (WalletUnreachable("no"), 503), (MicrocredError("no"), 500),
])
def test_errors_become_statuses(monkeypatch, error, status):
    monkeypatch.setattr(handlers, "issuance", lambda: Recorder(error=error))
    answer = pills.call(pills.parse(), "progress")
    assert (answer.status, answer.data["code"]) == (status, error.code)


def test_the_parity_report_is_data_as_well(api, monkeypatch):
    monkeypatch.setattr(api, "_panel", SimpleNamespace(award_id="1"))
    row = ParityRow(
        fact="workload", value="3 h", open_badge=False, elm=True, open_badge_path="", elm_path="credentialSubject",
        note="not-in-open-badge",
    )
    monkeypatch.setattr(api, "payload", lambda award_id, learner: SimpleNamespace(parity=(row,)), raising=False)
    answer = pills.call(pills.parse(), "parity")
    assert answer.data["parity"] == [asdict(row)]
