"""Skills in the author's form: chips there and back, the search, and what tags can become."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock import compat
from microcred_xblock.authoring import edits, skills
from microcred_xblock.domain.errors import InvalidAnswer
from microcred_xblock.issuance import models
from microcred_xblock.translation import Translator
from tests import pills
from tests.authoring.page import FilledForm, page
from tests.scorebox import OldBox, PlainBox, ScoreBox, installed

EN = Translator("en")
WIND = {"uri": "http://data.europa.eu/esco/skill/1", "label": "wind energy", "framework": "ESCO"}
OURS = {"uri": "https://example.org/s/2", "label": "ours", "framework": "Ours"}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["uri", "label", "framework", "member", "x"]), inner, max_size=4
    ), max_leaves=12,
)


@pytest.fixture
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


def form_of(usage: str) -> FilledForm:
    answer = pills.call(usage, "edit_form", learner="staff")
    return FilledForm(answer.data["html"], answer.data["args"])


def saved(stored, change=lambda form: None):
    """The skills of the one outcome after a save."""
    outcome = {"id": "a", "title": "A", "threshold": "0.7", "skills": stored}
    shown = page({"outcomes": [outcome]})
    form = FilledForm.of(shown)
    change(form)
    edit = edits.read(shown.fields, form.send(), EN)
    return edit.values.get("outcomes", shown.fields["outcomes"])[0].get("skills"), edit


class TestThereAndBack:
    @settings(deadline=None, max_examples=50)
    @given(anything)
    def test_unchanged_is_unchanged(self, stored):
        found, edit = saved(stored)
        assert found == stored and "outcomes" not in edit.values and not edit.problems

    def test_what_is_unknown_inside_a_skill_stays(self):
        odd = {**WIND, "unknown": {"level": "3"}}
        found, _edit = saved([odd, "damaged"], lambda form: form.skill("1", **OURS))
        assert found == [odd, "damaged", OURS]

    def test_removed_and_added(self):
        def change(form):
            chip = form.root.xpath("//*[@data-skill][@data-uri=$uri]", uri=WIND["uri"])[0]
            chip.getparent().remove(chip)
            form.skill("1", **OURS)
            form.skill("1", **OURS)

        found, _edit = saved([WIND], change)
        assert found == [OURS], "twice is once"

    def test_the_last_one_removed_leaves_nothing(self):
        def change(form):
            for chip in form.root.xpath("//*[@data-card]//*[@data-skill]"):
                chip.getparent().remove(chip)

        outcome, _edit = saved([WIND, OURS], change)
        assert outcome is None

    @pytest.mark.parametrize(("bad", "code", "field"), [
        ({"uri": "javascript:alert(1)"}, "iri", "outcome a.skill"),
        ({"label": " "}, "text-empty", "outcome a.skill"),
        ({"label": "x" * 501}, "text-too-long", "outcome a.skill"),
        ({"framework": ""}, "text-empty", "outcome a.framework"),
    ])
    def test_a_new_one_that_cannot_be_used(self, bad, code, field):
        _found, edit = saved([], lambda form: form.skill("1", **{**OURS, **bad}))
        (problem,) = edit.problems
        assert (problem.code, problem.field) == (code, field)

    @settings(deadline=None)
    @given(anything)
    def test_whatever_is_sent(self, sent):
        fields = page({"outcomes": []}).fields
        try:
            edit = edits.read(fields, {"outcomes": [{"key": "1", "source": {"skills": [WIND]}, "skills": sent}]}, EN)
        except InvalidAnswer as error:
            assert error.code == "request-field"
        else:
            found = edit.values["outcomes"][0].get("skills", [])
            assert found == [WIND] if sent is None else all(isinstance(item, dict) for item in found)

    @pytest.mark.parametrize("sent", [
        "x", [1], [{"member": 1}], [{"member": -1}], [{"member": True}], [{"member": "0"}], [{"uri": 1}],
    ])
    def test_no_form_sends_this(self, sent):
        with pytest.raises(ValueError, match="skills"):
            skills.read([WIND], sent)

    def test_other_clients_that_send_nothing_of_skills_change_nothing(self):
        assert skills.read([WIND], None) == ([WIND], [])


class TestChips:
    def test_only_web_addresses_are_links(self):
        bad = {"uri": "javascript:alert(1)", "label": "<script>alert(1)</script>"}
        form = FilledForm.of(page({"outcomes": [{"id": "a", "skills": [WIND, bad, 5]}]}))
        links = form.root.xpath("//*[@data-card]//*[@data-skill]//a")
        assert [link.get("href") for link in links] == [WIND["uri"], None, None]
        assert links[0].get("rel") == "noopener noreferrer" and links[1].get("hidden") is not None
        assert not form.root.xpath("//script")
        assert "Damaged skill" in form.root.xpath("//*[@data-card]")[0].text_content()

    def test_the_framework_is_esco_where_none_is_told(self):
        shown = skills.chips([{"uri": "https://x.org/1", "label": "x"}, OURS], EN)
        assert [chip["framework"] for chip in shown] == ["ESCO", "Ours"]


@pytest.mark.django_db
@pytest.mark.usefixtures("boxes")
class TestHandlers:
    def test_search(self):
        usage = pills.parse()
        answer = pills.call(usage, "search_skills", {"query": "wind turb", "language": "fr"}, learner="staff").data
        assert answer["ok"] and answer["installed"] and len(answer["results"]) > 3
        assert answer["results"][0].keys() == {
            "uri", "label", "framework", "kind", "reuse", "description", "also", "language", "foreign",
        }
        assert {row["foreign"] for row in answer["results"]} == {"en"}
        english = pills.call(usage, "search_skills", {"query": "wind", "language": "en-GB"}, learner="staff").data
        assert {row["foreign"] for row in english["results"]} == {""}

    def test_nothing_found_and_nothing_there_are_two_things(self):
        usage = pills.parse()
        ask = {"query": "zzzzzz", "language": "en"}
        assert pills.call(usage, "search_skills", ask, learner="staff").data == {
            "ok": True, "results": [], "installed": True,
        }
        models.Skill.objects.all().delete()
        assert pills.call(usage, "search_skills", ask, learner="staff").data["installed"] is False

    @pytest.mark.parametrize("data", [None, [], "x", {}, {"query": 5}, {"query": ["a"], "language": {}},
        {"query": "wind", "language": "\ud800"}, {"query": "wi\x00nd \udfff", "language": "\x00"},
        {"query": "wind", "language": "x" * 99}, {"query": "wi\ud800nd", "language": "en\x00"}, {"query": "\ud83d" * 9},
    ])
    def test_requests_that_no_form_makes(self, data):
        assert pills.call(pills.parse(), "search_skills", data, learner="staff").data["ok"]

    @pytest.mark.parametrize("handler", ["search_skills", "pill_tags"])
    @pytest.mark.parametrize("learner", ["ann", "anonymous", None])
    def test_nobody_but_authors_may(self, handler, learner):
        answer = pills.call(pills.parse(), handler, {"query": "wind"}, learner=learner)
        assert (answer.status, answer.data["code"]) == (403, "author-required")

    def test_a_chosen_skill_reaches_the_pill(self):
        usage = pills.parse()
        form = form_of(usage)
        form.skill("1", **OURS)
        assert pills.call(usage, "save_pill", form.send(), learner="staff").data["ok"]
        assert pills.block(usage).outcomes[0]["skills"][-1] == OURS

    def test_an_unusable_one_is_refused_where_it_stands(self):
        usage = pills.parse()
        form = form_of(usage)
        form.skill("1", **{**OURS, "uri": "ftp://x"})
        answer = pills.call(usage, "save_pill", form.send(), learner="staff")
        assert answer.status == 400
        assert [problem["control"] for problem in answer.data["problems"]] == ["1.skills"]

    def test_without_tags_there_are_none(self):
        assert pills.call(pills.parse(), "pill_tags", {}, learner="staff").data == {"ok": True, "tags": []}

    def test_tags_of_the_pill_and_what_is_inside(self, monkeypatch):
        usage = pills.parse()
        asked = []

        def content_tags(usage_ids):
            asked.extend(usage_ids)
            return [tag(1, WIND["uri"], "wind energy", asked[0], asked[1]), tag(2, "locate", "Locate", asked[0])]

        monkeypatch.setattr(compat, "content_tags", content_tags)
        found = pills.call(usage, "pill_tags", {}, learner="staff").data["tags"]
        assert len(asked) > 3 and asked[0] == usage
        assert found[0] == {
            "label": "wind energy", "taxonomy": "Taxonomy 1", "external_id": WIND["uri"], "uri": WIND["uri"],
            "framework": "ESCO", "id": "", "places": ["this pill", found[0]["places"][1]],
        }
        assert (found[1]["id"], found[1]["uri"], found[1]["places"]) == ("locate", "", ["this pill"])


def tag(taxonomy: int, external_id: str, label: str = "Label", *blocks: str) -> compat.ContentTag:
    return compat.ContentTag(
        taxonomy=taxonomy, taxonomy_name=f"Taxonomy {taxonomy}", external_id=external_id, label=label, blocks=blocks
    )


class TestOffers:
    @pytest.mark.parametrize(("external_id", "uri", "outcome"), [
        ("https://frameworks.example.org/1", "https://frameworks.example.org/1", ""),
        ("locate.fault-1", "", "locate.fault-1"), ("not a slug", "", ""), ("x" * 65, "", ""),
        ("javascript:alert(1)", "", ""), ("https://with a space", "", ""),
    ])
    def test_what_an_identity_becomes(self, external_id, uri, outcome):
        (offer,) = skills.offers([tag(7, external_id)], {})
        assert (offer["uri"], offer["id"], offer["framework"]) == (uri, outcome, "Taxonomy 7")

    def test_two_taxonomies_with_one_name(self):
        offers = skills.offers([tag(7, "A1"), tag(8, "a1"), tag(8, "b")], {})
        assert [offer["id"] for offer in offers] == ["7.A1", "8.a1", "b"]


class FakeTaggingApi:
    """Rows shaped as the real app's ``ObjectTag``: its tag and external id may be missing."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        taxonomy = SimpleNamespace(id=3, name="ESCO", export_id="renamed-at-will")
        tags = [
            SimpleNamespace(value="wind energy", external_id=WIND["uri"]),
            SimpleNamespace(value="no identity", external_id=None), SimpleNamespace(value="empty", external_id=""),
            None,  # free text, or deleted
        ]
        self.rows = [SimpleNamespace(taxonomy=taxonomy, tag=each, _value="v") for each in tags]
        self.rows.append(SimpleNamespace(taxonomy=None, tag=tags[0]))

    def get_object_tag_counts(self, pattern: str) -> dict[str, int]:
        return {name: 5 for name in pattern.split(",") if name.endswith("tagged")}

    def get_object_tags(self, name: str) -> list[SimpleNamespace]:
        self.asked.append(name)
        return self.rows


class TestCompat:
    def test_only_tags_with_an_identity(self, monkeypatch):
        from microcred_xblock.compat import tagging

        api = FakeTaggingApi()
        monkeypatch.setattr(tagging, "_api", lambda: api)
        found = compat.content_tags(["a", "b-tagged", "c-tagged"])
        assert found == [compat.ContentTag(
            taxonomy=3, taxonomy_name="ESCO", external_id=WIND["uri"], label="wind energy",
            blocks=("b-tagged", "c-tagged"),
        )]
        assert api.asked == ["b-tagged", "c-tagged"], "what has no tags is not asked about one by one"

    def test_studios_branch_is_no_part_of_the_id(self):
        from opaque_keys.edx.keys import UsageKey

        key = "block-v1:Org+C+R+branch@draft-branch+type@problem+block@p"
        assert compat.unversioned(UsageKey.from_string(key)) == "block-v1:Org+C+R+type@problem+block@p"

    def test_where_there_is_no_app(self):
        assert not compat.has_tags() and compat.content_tags(["a"]) == []

    def test_the_real_app(self):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.tagging_there"], capture_output=True, text=True, check=False
        )
        if done.returncode == 3:
            pytest.skip("openedx-core (the tagging app) is not installed.")
        assert done.returncode == 0, done.stderr[-2_000:]
        found = json.loads(done.stdout.splitlines()[-1])
        first, second = found["taxonomies"]
        usage = "block-v1:Org+C+R+type@problem+block@"
        assert found["tags"] == [
            [first, "ESCO 2", "http://data.europa.eu/esco/skill/1", "wind energy", [usage + "p1", usage + "p2"]],
            [second, "Ours", "locate", "Locate a fault", [usage + "p2"]],
        ]
