"""What organisations and sites give to their pills: how it is set, what it costs, and what it changes."""

from __future__ import annotations

import io
import json

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from microcred_xblock import compat, views
from microcred_xblock.domain.errors import InvalidAnswer, InvalidPill, NotReady
from microcred_xblock.issuance import (
    api,
    assessing,
    doctor,
    doctor_checks,
    indexing,
    models,
    recognition_defaults,
    recognition_reach,
)
from microcred_xblock.issuance.admin_recognition import DefaultsForm
from microcred_xblock.learning_pill import LearningPillBlock
from microcred_xblock.translation import Translator
from tests.platform_contract import OUTCOMES

COURSE = "course-v1:Org+C+R"
QUALITY = {"title": "Qualiopi", "agency": "An agency"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def pill(world):
    """A pill in the course of Org that says its workload and nothing else; Ann (7) and Bo (8) are enrolled."""
    return _pill(world, "pill", {"workload_hours": "3"})


def _pill(world, name, recognition):
    outcomes = [{**OUTCOMES[0], "assessed_by": [{"block": "p1"}]}]
    pill_id = world.pill(
        name, ("p1",), course=COURSE, outcomes=outcomes, mastery={"rule": "all"}, recognition=recognition,
    )
    for learner in (7, 8):
        world.enrol(learner, COURSE)
    indexing.index_course(COURSE, now=timezone.now())
    return pill_id


@pytest.fixture(autouse=True)
def no_urls(monkeypatch):
    monkeypatch.setattr(LearningPillBlock, "_download_urls", lambda self: {})


def block(world, pill_id):
    """The stored block, as a worker that starts now would load it."""
    found = world.blocks[pill_id]
    found._inherited = found._unread = None
    return found


def earn(world, commits, learner, pill_id):
    block(world, pill_id)
    world.score(learner, "block-v1:Org+C+R+type@problem+block@p1", 1)
    with commits():
        assessing.request(str(learner), "block-v1:Org+C+R+type@problem+block@p1", now=timezone.now())
    return models.Award.objects.get(learner_id=str(learner))


class TestWhatCounts:
    def test_what_the_organisation_gives_is_certified_from_then_on(self, world, pill, commits):
        plain = earn(world, commits, 7, pill)
        before = block(world, pill).pill()
        recognition_defaults.put("organisation", "Org", {"mode": "blended", "quality_assurance": QUALITY, "ects": 1})
        after = block(world, pill).pill()
        assert after.version != before.version
        assert (after.recognition.mode, after.recognition.quality_assurance.title) == ("blended", "Qualiopi")
        later = earn(world, commits, 8, pill)
        assert later.pill.version == after.version and later.pill.content["recognition"]["ects"] == "1"
        plain.refresh_from_db()
        assert plain.pill.version == before.version and plain.pill.content["recognition"]["mode"] == ""

    def test_a_pill_that_inherits_nothing_keeps_its_version(self, world, pill):
        before = block(world, pill).pill().version
        recognition_defaults.put("organisation", "Org", {"workload_hours": "90"})
        recognition_defaults.put("organisation", "Other", {"mode": "online"})
        assert block(world, pill).pill().version == before

    def test_the_course_beats_the_organisation_which_beats_its_site(self, world, pill, monkeypatch):
        monkeypatch.setattr(compat, "site_of", lambda org: "Learn.example")
        recognition_defaults.put("site", "learn.EXAMPLE", {"mode": "online", "ects": "1", "eqf_level": 3})
        recognition_defaults.put("organisation", "Org", {"mode": "blended", "ects": "2"})
        world.settings[COURSE] = {"recognition": {"mode": "workbased"}}
        found = block(world, pill).pill().recognition
        assert (found.mode, str(found.ects), found.eqf_level, str(found.workload_hours)) == ("workbased", "2", 3, "3")

    def test_nothing_can_be_meant(self, world):
        pill_id = _pill(world, "quiet", {"not_stated": ["mode"]})
        recognition_defaults.put("organisation", "Org", {"mode": "online"})
        assert block(world, pill_id).pill().recognition.mode == ""

    def test_the_student_and_the_author_see_what_is_certified(self, world, pill):
        recognition_defaults.put("organisation", "Org", {"eqf_level": "6"})
        assert block(world, pill).page(compat.Viewer(kind="preview")).pill.recognition.eqf_level == 6
        assert block(world, pill).readable_pill().recognition.eqf_level == 6

    @pytest.mark.parametrize("settings", ["x", {"recognition": ["mode"]}, {"recognition": {"mode": "onlin"}}, 3])
    def test_a_malformed_course_is_told_and_keeps_nobody_from_earning(self, world, pill, commits, settings):
        world.settings[COURSE] = settings
        (problem,) = [p for p in block(world, pill).problems() if p.code == "inherited-course"]
        assert problem.params["names"] in ("mode", "recognition")
        assert earn(world, commits, 7, pill).pill.content["recognition"]["mode"] == ""

    def test_other_settings_of_the_course_are_its_own_affair(self, world, pill):
        world.settings[COURSE] = {"colour": "red"}
        assert block(world, pill).inherited() == ()


class TestWhileNobodyCanTell:
    """With less than it takes over, a pill would certify something else: content is shown, and nothing is issued."""

    @pytest.fixture(params=["database", "course"])
    def away(self, request, monkeypatch):
        """Ends what keeps the values from being read."""

        def fails(*_args):
            raise OperationalError("no such table") if request.param == "database" else NotReady("no store")

        with monkeypatch.context() as broken:
            if request.param == "database":
                broken.setattr(models.RecognitionDefaults.objects, "filter", fails)
            else:
                broken.setattr(compat, "course_settings", fails)
            yield broken.undo

    def test_the_page_is_shown_and_says_why(self, world, pill, away):
        page = block(world, pill).page(compat.Viewer(kind="learner", id="7"))
        assert page.pill is not None and isinstance(page.panel_error, NotReady)
        assert not views.script_arguments(page, Translator("en"))["record"]

    def test_the_author_is_told(self, world, pill, away):
        assert "inherited-unread" in [problem.code for problem in block(world, pill).problems()]

    @pytest.mark.parametrize("name", ["pill", "readable_pill"])
    def test_there_is_no_such_pill_for_those_who_award(self, world, pill, away, name):
        with pytest.raises(NotReady):
            getattr(block(world, pill), name)()

    def test_an_answer_waits_and_is_awarded_whole(self, world, pill, commits, away):
        world.score(7, "block-v1:Org+C+R+type@problem+block@p1", 1)
        block(world, pill)
        with commits():
            assessing.request("7", "block-v1:Org+C+R+type@problem+block@p1", now=timezone.now())
        assert not models.Award.objects.exists() and models.AssessmentRequest.objects.get().learner_id == "7"
        away()
        recognition_defaults.put("organisation", "Org", {"mode": "blended"})
        block(world, pill)
        with commits():
            assessing.assess(models.AssessmentRequest.objects.get().pk, now=timezone.now())
        assert models.Award.objects.get().pill.content["recognition"]["mode"] == "blended"


class TestWhatItCosts:
    def test_one_query_whatever_is_set(self, django_assert_num_queries):
        for number in range(30):
            recognition_defaults.put("organisation", f"Org{number}", {"mode": "online"})
        with django_assert_num_queries(3):  # two are the savepoint of this test's transaction
            recognition_defaults.of_organisation("Org3")

    def test_the_site_is_not_asked_for_where_nothing_is_given_by_one(self, monkeypatch):
        recognition_defaults.put("organisation", "Org", {"mode": "online"})
        monkeypatch.setattr(compat, "site_of", lambda org: pytest.fail("asked"))
        assert [one.source for one in recognition_defaults.of_organisation("Org")] == ["organisation"]

    def test_an_answer_costs_none(self, world, pill):
        """Only the worker that loads the pill asks, once."""
        with CaptureQueriesContext(connection) as seen:
            assessing.request("7", "block-v1:Org+C+R+type@problem+block@p1", now=timezone.now())
        assert not [query for query in seen if "recognitiondefaults" in query["sql"]]

    def test_a_page_and_a_worker_ask_once(self, world, pill):
        shown = block(world, pill)
        with CaptureQueriesContext(connection) as seen:
            shown.page(compat.Viewer(kind="preview"))
            shown.problems()
            shown.readable_pill()
        assert len([query for query in seen if "recognitiondefaults" in query["sql"]]) == 1


class TestSetting:
    @pytest.mark.parametrize(("scope", "value", "data", "code"), [
        ("course", COURSE, {}, "defaults-scope"), ("organisation", "a b", {}, "defaults-value"),
        ("organisation", "", {}, "defaults-value"), ("site", "x" * 256, {}, "defaults-value"),
        ("organisation", "Org", {"mode": "onlin"}, "recognition-code"), ("site", "x", [], "definition-damaged"),
        ("site", "x", {"stackability": "stand-alone", "towards": {"title": "T"}}, "stackability-contradiction"),
        ("organisation", "Org", {"bloc": {"certification": "RNCP1\n", "certification_title": "C"}},
         "bloc-certification"),
        ("organisation", "Org", {"not_stated": ["ects", "mood"]}, "olx-unknown"),
    ])
    def test_what_no_pill_could_have_is_refused(self, scope, value, data, code):
        with pytest.raises((InvalidAnswer, InvalidPill)) as caught:
            recognition_defaults.put(scope, value, data)
        assert caught.value.code == code and not models.RecognitionDefaults.objects.exists()

    def test_again_is_instead(self):
        recognition_defaults.put("organisation", "Org", {"mode": "online", "isced-f": 713})
        row = recognition_defaults.put("organisation", " Org ", {"isced-f": "0713"})
        assert row.recognition == {"isced_f": "0713"} and models.RecognitionDefaults.objects.count() == 1
        assert recognition_defaults.remove("organisation", "Org") and not recognition_defaults.remove("site", "Org")

    def test_by_command(self, tmp_path, monkeypatch):
        file = tmp_path / "given.json"
        file.write_text('{"mode": "blended", "not_stated": ["ects"]}', encoding="utf-8")
        out = io.StringIO()
        call_command("microcred", "recognition", "set", "organisation", "Org", str(file), skip_checks=True, stdout=out)
        monkeypatch.setattr("sys.stdin", io.StringIO('{"eqf_level": 4}'))
        call_command("microcred", "recognition", "set", "site", "Host.example", "-", skip_checks=True, stdout=out)
        assert "awards to come" in out.getvalue()
        listed = io.StringIO()
        call_command("microcred", "recognition", "list", skip_checks=True, stdout=listed)
        assert [(item["scope"], item["value"], item["recognition"]) for item in json.loads(listed.getvalue())] == [
            ("organisation", "Org", {"mode": "blended", "not_stated": ["ects"]}),
            ("site", "host.example", {"eqf_level": "4"}),
        ]
        call_command("microcred", "recognition", "remove", "site", "host.example", skip_checks=True, stdout=out)
        file.write_text("{", encoding="utf-8")
        for arguments in (("set", "site", "x", str(file)), ("set", "site", "x", str(tmp_path / "none")),
                          ("remove", "site", "host.example")):
            with pytest.raises(CommandError):
                call_command("microcred", "recognition", *arguments, skip_checks=True, stdout=out)
        assert models.RecognitionDefaults.objects.count() == 1


class TestWhomItConcerns:
    """Numbers for whoever changes what others inherit."""

    @pytest.fixture
    def held(self, world, pill, commits):
        """Two pills of Org, one of which Ann holds; Org2 has one."""
        earn(world, commits, 7, pill)
        _pill(world, "second", {})
        models.Award.objects.create(
            learner_id="9", learner_pill="9", pill=models.FrozenPill.objects.first(), course_id=COURSE, results=[],
            awarded_at=timezone.now(), active=None, status="revoked",
        )
        models.PillBlock.objects.create(block="x", pill_id="other", course_id="course-v1:Org2+C+R")

    def test_an_organisation_s_pills_and_awards_are_counted(self, held):
        assert recognition_reach.of("organisation", "Org") == recognition_reach.Reach(courses=1, pills=2, awards=1)
        assert recognition_reach.of("organisation", "Org2").pills == 1
        assert recognition_reach.of("organisation", "org").pills == 0, "another organisation"
        assert "No published pill" in str(recognition_reach.of("organisation", "org"))

    def test_a_site_s_are_those_of_its_organisations(self, held, monkeypatch):
        monkeypatch.setattr(compat, "site_of", lambda org: {"Org": "One.example", "Org2": "two.example"}[org])
        assert (recognition_reach.of("site", "one.example").pills, recognition_reach.of("site", "x").pills) == (2, 0)

    def test_the_number_of_courses_does_not_matter(self, held, django_assert_num_queries):
        models.PillBlock.objects.bulk_create(
            [models.PillBlock(block=str(n), pill_id=str(n), course_id=f"course-v1:Org+C{n}+R") for n in range(300)]
        )
        with django_assert_num_queries(2):
            assert recognition_reach.of("organisation", "Org").pills == 302

    def test_the_command_says_so_and_can_only_say_so(self, held, tmp_path):
        file = tmp_path / "given.json"
        file.write_text('{"mode": "blended"}', encoding="utf-8")

        def say(*arguments):
            out = io.StringIO()
            call_command("microcred", "recognition", *arguments, skip_checks=True, stdout=out)
            return out.getvalue()

        told = say("set", "organisation", "Org", str(file), "--dry-run")
        assert "2 published pills in 1 course" in told and "Nothing was changed" in told
        assert not models.RecognitionDefaults.objects.exists()
        told = say("set", "organisation", "Org", str(file))
        assert "2 published pills in 1 course" in told and "new version" in told and "as they were" in told
        assert "Nothing was changed" in say("remove", "organisation", "Org", "--dry-run")
        assert models.RecognitionDefaults.objects.exists()
        assert "2 published pills" in say("remove", "organisation", "Org")
        with pytest.raises(CommandError):
            say("remove", "organisation", "Org", "--dry-run")

    def test_the_admin_page_says_so_before_and_after(self, held, client, settings):
        settings.ROOT_URLCONF = "tests.issuance.admin_urls"
        client.force_login(get_user_model().objects.create_superuser("boss"))
        row = recognition_defaults.put("organisation", "Org", {"mode": "online"})
        address = f"/admin/microcred/recognitiondefaults/{row.pk}/"
        assert "2 published pills in 1 course" in client.get(f"{address}change/").content.decode()

        def post(value, mode):
            given = {"scope": "organisation", "value": value, "recognition": json.dumps({"mode": mode})}
            page = client.post(f"{address}change/", given, follow=True)
            return [str(message) for message in page.context["messages"]]

        (changed, _stored) = post("Org", "blended")
        assert changed.startswith("organisation Org: At most 2 published pills in 1 course")
        assert len(post("Org", "blended")) == 1, "nothing was changed"
        moved = post("Org2", "blended")
        assert ["Org: At most 2" in moved[0], "Org2: At most 1" in moved[1]] == [True, True]
        gone = client.post(f"{address}delete/", {"post": "yes"}, follow=True)
        assert any("Org2: At most 1" in str(message) for message in gone.context["messages"])
        rows = [recognition_defaults.put("organisation", name, {"mode": "online"}).pk for name in ("Org", "Org2")]
        several = {"action": "delete_selected", "_selected_action": rows, "post": "yes"}
        page = client.post(f"{address.rpartition('/')[0].rpartition('/')[0]}/", several, follow=True)
        told = " ".join(str(message) for message in page.context["messages"])
        assert "Org: At most 2" in told and "Org2: At most 1" in told


def test_a_site_that_cannot_be_asked_for_is_no_site_without_values(monkeypatch):
    def fails(_organisation):
        raise OperationalError("away")

    recognition_defaults.put("site", "learn.example", {"mode": "online"})
    monkeypatch.setattr(compat, "site_of", fails)
    with pytest.raises(NotReady):
        recognition_defaults.of_organisation("Org")


class TestAdmin:
    def test_every_problem_is_told_at_once(self):
        form = DefaultsForm({
            "scope": "organisation", "value": "Org", "recognition": '{"mode": "onlin", "eqf_level": 9, "mood": 1}',
        })
        assert not form.is_valid()
        said = " ".join(form.non_field_errors())
        assert "mode:" in said and "eqf_level:" in said and "mood" in said

    def test_it_is_stored_in_one_spelling_and_only_once(self):
        form = DefaultsForm({"scope": "site", "value": "Learn.Example", "recognition": '{"eqf-level": 4}'})
        assert form.is_valid(), form.errors
        row = form.save()
        assert (row.value, row.recognition) == ("learn.example", {"eqf_level": "4"})
        again = DefaultsForm({"scope": "site", "value": "LEARN.example", "recognition": '{"ects": 1}'})
        assert not again.is_valid() and "already" in str(again.errors)
        assert DefaultsForm(
            {"scope": "site", "value": "learn.example", "recognition": '{"ects": 1}'}, instance=row
        ).is_valid()

    def test_on_its_page(self, client, settings):
        settings.ROOT_URLCONF = "tests.issuance.admin_urls"
        client.force_login(get_user_model().objects.create_superuser("boss"))
        page = client.post(
            "/admin/microcred/recognitiondefaults/add/",
            {"scope": "organisation", "value": "Org", "recognition": '{"mode": "online"}'}, follow=True,
        )
        assert page.status_code == 200 and models.RecognitionDefaults.objects.get().recognition == {"mode": "online"}
        assert "organisation Org" in page.content.decode()


def test_the_doctor_names_what_became_unusable():
    models.RecognitionDefaults.objects.create(scope="organisation", value="Org", recognition={"mode": "telepathic"})
    models.RecognitionDefaults.objects.create(scope="organisation", value="Ok", recognition={"mode": "online"})
    (found,) = doctor.examine({"it": doctor_checks.recognition}, now=timezone.now(), apart=False)
    assert found.level is doctor.Level.WARNING and "organisation Org" in found.said
    assert found.facts["values"] == ["mode"]
    models.RecognitionDefaults.objects.filter(value="Org").delete()
    (found,) = doctor.examine({"it": doctor_checks.recognition}, now=timezone.now(), apart=False)
    assert found.level is doctor.Level.OK


class TestWhoAwards:
    def test_nobody_yet(self):
        assert api.awarding_body_of(COURSE) == {}

    def test_as_recorded(self, issuer):
        with CaptureQueriesContext(connection) as seen:
            assert api.awarding_body_of(COURSE) == {"name": "Example Training Centre", "country": "FRA"}
        assert len([query for query in seen if "SELECT" in query["sql"]]) == 2

    def test_the_meter_of_a_block_knows_it(self, world, pill, issuer):
        recognition_defaults.put("organisation", "Org", {"mode": "online"})
        found = {element["code"]: element for element in block(world, pill).recognition_elements()}
        assert found["country"]["note"] == "From the issuer: France"
        assert found["participation"]["note"] == "From your organisation"
        assert found["quality"]["state"] == "missing"
