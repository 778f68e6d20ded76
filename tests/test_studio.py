"""The author's form of the block: who may, what is stored, what comes back, and Studio's own controls."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
import webob
from lxml.html import fragment_fromstring
from workbench.runtime import WorkbenchRuntime

from microcred_xblock import compat
from microcred_xblock.authoring.page import FIELDS, digest
from microcred_xblock.compat import saving
from microcred_xblock.learning_pill import LearningPillBlock

from . import pills
from .authoring.page import FilledForm
from .scorebox import OldBox, PlainBox, ScoreBox, installed

pytestmark = pytest.mark.django_db
EMPTY = """
<learning_pill url_name="pill" display_name="Learning pill">
  <scorebox url_name="p1" display_name="Problem"/><scorebox url_name="p2" display_name="Problem"/>
  <html_demo url_name="intro"><p>Read this.</p></html_demo>
</learning_pill>"""


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


def form_of(usage: str) -> FilledForm:
    """The form as an author has it open now."""
    answer = pills.call(usage, "edit_form", learner="staff")
    assert answer.status == 200
    return FilledForm(answer.data["html"], answer.data["args"])


def save(usage: str, form: FilledForm, *, learner: str = "staff", **options):
    return pills.call(usage, "save_pill", form.send(**options), learner=learner)


def fields_of(usage: str) -> dict:
    block = pills.block(usage)
    return {name: getattr(block, name) for name in FIELDS}


def export(usage: str) -> str:
    block, file = pills.block(usage), io.BytesIO()
    block.runtime.export_to_xml(block, file)
    return file.getvalue().decode().partition("?>")[2]


@pytest.mark.parametrize("path", ["static/css/studio.css", "static/js/studio.js"])
def test_its_files_are_served(path):
    with LearningPillBlock.open_local_resource(path) as file:
        assert file.read()


def test_the_form_shows_what_is_stored():
    fragment = pills.block(pills.parse(), "staff").render("studio_view")
    assert "MicrocredStudio" in fragment.content
    form = form_of(pills.parse())
    assert form.value(form.control("title")) == "Fault diagnosis"
    assert form.value(form.control("1.threshold")) == "70"
    assert form.value(form.control("recognition.workload_hours")) == "3"
    text = " ".join(form.root.text_content().split())
    for expected in ("First", "Second", "Third", "diagnose ESCO"):
        assert expected in text
    assert form.root.xpath("//img[@alt='A badge'][starts-with(@src, 'data:image/svg+xml')]")


@pytest.mark.parametrize("learner", ["ann", "anonymous", None])
@pytest.mark.parametrize("handler", ["save_pill", "edit_form"])
def test_nobody_but_authors_may(learner, handler):
    usage = pills.parse()
    form, before = form_of(usage), fields_of(usage)
    form.fill("title", "Mine now")
    answer = pills.call(usage, handler, form.send(), learner=learner)
    assert (answer.status, answer.data["code"]) == (403, "author-required")
    assert answer.data["message"] == "Only authors of this course may edit the pill."
    assert set(answer.data) == {"ok", "code", "field", "message"}
    assert fields_of(usage) == before
    content = pills.block(usage, learner).render("studio_view").content
    assert "Only authors" in content and "Fault" not in content


def test_in_studio_the_course_decides(monkeypatch):
    """Studio answers any signed-in account's handler calls; ``compat`` asks its service who may write."""
    usage = pills.parse()
    form = form_of(usage)
    monkeypatch.setattr(compat, "may_author", lambda block: False)
    assert save(usage, form).status == 403
    assert "studio_user_permissions" in LearningPillBlock._combined_services


def test_a_form_saved_unchanged_changes_nothing():
    usage = pills.parse()
    before, written = fields_of(usage), export(usage)
    answer = save(usage, form_of(usage))
    assert (answer.status, answer.data["ok"], answer.data["args"]["problems"]) == (200, True, [])
    assert (fields_of(usage), export(usage)) == (before, written)


def test_a_pill_from_nothing_to_olx_and_back():
    usage = pills.parse(EMPTY)
    form = form_of(usage)
    form.fill("title", "Fault diagnosis")
    form.fill("description", "Find out why.")
    key = form.add(title="Locate a fault", threshold="72.5", reuse="transversal")
    form.choose(key, "p1")
    form.choose(key, "p2", weight="2")
    form.fill("recognition.workload_hours", "3")
    form.fill("recognition.quality_assurance.title", "Qualiopi")
    form.fill("recognition.quality_assurance.agency", "AFNOR")
    answer = save(usage, form)
    assert answer.data["args"]["problems"] == []
    pill = pills.block(usage).pill()
    assert (pill.title, pill.outcomes[0].id, str(pill.outcomes[0].threshold)) == (
        "Fault diagnosis", "locate-a-fault", "0.725",
    )
    assert [leaf.block for leaf in pill.outcomes[0].assessment.leaves()] == ["p1", "p2"]

    again = pills.parse(export(usage))
    assert fields_of(again) == fields_of(usage)
    assert 'assessed-by block="p2" weight="2"' in export(again)


def test_an_unfinished_pill_is_saved_and_its_problems_are_told():
    usage = pills.parse(EMPTY)
    form = form_of(usage)
    form.add(title="Locate a fault")
    answer = save(usage, form)
    assert answer.status == 200
    assert {problem["control"] for problem in answer.data["args"]["problems"]} == {"description", "1.blocks"}
    assert fields_of(usage)["outcomes"][0]["id"] == "locate-a-fault"


def test_unusable_values_are_refused_whole_and_in_words():
    usage = pills.parse()
    form, before = form_of(usage), fields_of(usage)
    form.fill("title", "A better title")
    key = form.add(title="Third", threshold="most")
    form.fill("recognition.eqf_level", "5")
    form.fill("recognition.workload_hours", "three")
    answer = save(usage, form)
    assert (answer.status, answer.data["ok"], answer.data["code"]) == (400, False, "form-unusable")
    assert [problem["control"] for problem in answer.data["problems"]] == [
        f"{key}.threshold", "recognition.workload_hours",
    ]
    assert "Write a percentage" in answer.data["problems"][0]["text"]
    assert fields_of(usage) == before


def test_of_two_who_save_in_one_instant_one_is_told(monkeypatch):
    """Studio reads the block for both before it writes for either."""
    monkeypatch.setattr(saving, "platform", lambda: compat.STUDIO)
    usage, answers = pills.parse(), []
    read = [pills.block(usage, "staff") for _ in range(2)]
    for block in read:
        assert [getattr(block, name) for name in FIELDS]  # as Studio has them, in memory
    for block, title in zip(read, ("Theirs", "Mine"), strict=True):
        form = form_of(usage)
        form.arguments["digest"] = digest({name: getattr(block, name) for name in FIELDS})
        form.fill("title", title)
        request = webob.Request.blank("/", method="POST", body=json.dumps(form.send()).encode())
        answers.append(block.runtime.handle(block, "save_pill", request))
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json["code"] == "definition-changed"
    assert pills.block(usage).display_name == "Theirs"


def test_nothing_is_overwritten_unknowingly():
    usage = pills.parse()
    mine, theirs = form_of(usage), form_of(usage)
    theirs.fill("title", "Theirs")
    assert save(usage, theirs).status == 200
    mine.fill("title", "Mine")
    mine.fill("1.title", "Also mine")
    refused = save(usage, mine)
    assert (refused.status, refused.data["code"]) == (409, "definition-changed")
    assert "Somebody changed this pill" in refused.data["message"]
    assert pills.block(usage).display_name == "Theirs"

    mine.arguments["digest"] = refused.data["digest"]
    assert save(usage, mine).status == 200
    assert fields_of(usage)["display_name"] == "Mine"
    assert fields_of(usage)["outcomes"][0]["skills"][0]["label"] == "diagnose"


@pytest.mark.parametrize("data", [{}, [], "text", {"digest": 5}])
def test_requests_that_no_form_makes_change_nothing(data):
    usage = pills.parse()
    before = fields_of(usage)
    assert pills.call(usage, "save_pill", data, learner="staff").status in (400, 409)
    assert fields_of(usage) == before


def test_a_request_of_another_form_is_explained():
    usage = pills.parse()
    data = {**form_of(usage).send(), "outcomes": "all"}
    answer = pills.call(usage, "save_pill", data, learner="staff")
    assert (answer.status, answer.data["code"]) == (400, "request-field")


def test_blocks_with_one_title_are_told_apart():
    text = " ".join(form_of(pills.parse(EMPTY)).root.text_content().split())
    assert "Problem (number 1)" in text and "Problem (number 2)" in text
    assert "Read this" not in text


def test_the_form_opens_whatever_is_stored():
    usage = pills.parse()
    block = pills.block(usage)
    block.outcomes = ["nonsense", {"id": 5, "assessed_by": 7}, {"id": "a", "skills": [3]}]
    block.recognition = {"bloc": 5, "workload_hours": [1]}
    block.mastery = {"required": 5}
    block.badge_image = {"svg": "<svg"}
    block.save()
    before = fields_of(usage)
    form = form_of(usage)
    assert "This outcome is damaged" in form.root.text_content()
    assert "The image cannot be shown." in form.root.text_content()
    form.fill("title", "New")
    assert save(usage, form).status == 200
    assert fields_of(usage) == {**before, "display_name": "New"}


class Mako:
    """Stands for Studio's template service, which renders the children with their controls."""

    namespace_prefix = ""

    def __init__(self):
        self.seen = None

    def render_template(self, name, values):
        assert (self.namespace_prefix, name) == ("lms.", "studio_render_children_view.html")
        self.seen = values
        return "<ol class='reorderable-container'>" + "".join(item["content"] for item in values["items"]) + "</ol>"


@pytest.fixture
def mako(monkeypatch):
    service, real = Mako(), WorkbenchRuntime.service
    monkeypatch.setattr(
        WorkbenchRuntime, "service", lambda self, block, name: service if name == "mako" else real(self, block, name)
    )
    return service


def test_on_its_own_page_in_studio_children_have_studios_controls(mako):
    block = pills.block(pills.parse(), "staff")
    html = block.render("author_view", {"root_xblock": block, "reorderable_items": set()}).content
    assert "Read this." in html
    (children,) = fragment_fromstring(html).xpath("//ol[@class='reorderable-container']")
    assert "xblock-v1-author_view" in children.getparent().get("class"), "Studio sorts only a block's direct children"
    assert (mako.seen["can_add"], mako.seen["can_reorder"]) == (True, True)
    assert [item["id"] for item in mako.seen["items"]] == list(block.children)
    assert "Outcomes and what assesses them" in html


@pytest.mark.parametrize("context", [None, {}, {"root_xblock": None}, {
    "root_xblock": SimpleNamespace(scope_ids=SimpleNamespace(usage_id="unit")), "is_unit_page": True,
}])
def test_on_other_pages_in_studio_children_are_only_named(mako, context):
    html = pills.block(pills.parse(), "staff").render("author_view", context).content
    assert mako.seen is None
    assert "Inside this pill" in html and "First" in html and "Read this." not in html
    assert "Choose “Edit” to mend it." not in html


def test_what_is_to_be_mended_says_where(mako):
    html = pills.block(pills.parse(EMPTY), "staff").render("author_view", {}).content
    assert "Choose “Edit” to mend it." in html


def test_an_empty_pill_in_studio_says_what_to_do(mako):
    html = pills.block(pills.parse("<learning_pill/>"), "staff").render("author_view", {}).content
    assert "Nothing yet." in html
