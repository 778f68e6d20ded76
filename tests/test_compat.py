"""Who looks, what they scored, and which blocks an author means, where there is no LMS.

What an LMS gives is tested on one: ``tests/platform``.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import ModuleType, SimpleNamespace

import pytest
from django.core.cache import cache
from django.http import HttpRequest
from opaque_keys.edx.keys import CourseKey

from microcred_xblock import compat
from microcred_xblock.compat import organisations, saving
from microcred_xblock.domain.errors import NotReady

from . import pills
from .fake_platform import FakePlatform
from .scorebox import OldBox, PlainBox, ScoreBox, installed


@pytest.fixture
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


def bound_block(**options):
    """A block as a platform binds it to a user with these attributes."""
    user = SimpleNamespace(
        full_name="Ann Example", emails=["ann@example.org"],
        opt_attrs={f"edx-platform.{name}": value for name, value in options.items()},
    )
    users = SimpleNamespace(get_current_user=lambda: user)
    return SimpleNamespace(runtime=SimpleNamespace(service=lambda _block, name: users if name == "user" else None))


def test_awards_know_a_block_by_its_id_without_branch_and_version():
    key = CourseKey.from_string("course-v1:Org+C+R").make_usage_key("learning_pill", "pill")
    draft = key.for_branch("draft-branch").for_version("0" * 24)
    for usage in (key, draft):
        assert compat.stored_id(SimpleNamespace(scope_ids=SimpleNamespace(usage_id=usage))) == str(key)
    assert compat.stored_id(SimpleNamespace(scope_ids=SimpleNamespace(usage_id="pill.u0"))) == "pill.u0"


@pytest.fixture
def masquerade(settings, monkeypatch):
    """The platform's masquerade, as far as it is asked: ``state`` says who is seen in whose place."""
    settings.ROOT_URLCONF = "lms.urls"
    state = SimpleNamespace(on=True, role="student", name=None)
    module = ModuleType("lms.djangoapps.courseware.masquerade")
    module.is_masquerading = lambda _user, _key: state.on
    module.is_masquerading_as_specific_student = lambda _user, _key: bool(state.name)
    module.is_masquerading_as_staff = lambda _user, _key: state.role == "staff"
    courseware = ModuleType("lms.djangoapps.courseware")
    courseware.masquerade = module
    crum = ModuleType("crum")
    crum.get_current_user = lambda: SimpleNamespace(known=True)
    for name, stub in {
        "lms": ModuleType("lms"), "lms.djangoapps": ModuleType("lms.djangoapps"),
        "lms.djangoapps.courseware": courseware, "lms.djangoapps.courseware.masquerade": module, "crum": crum,
    }.items():
        monkeypatch.setitem(sys.modules, name, stub)
    return state


@pytest.mark.parametrize(("name", "seen_as"), [("ann", "7"), (None, "")])
def test_staff_in_the_place_of_one_learner_look_at_that_learners_results(masquerade, name, seen_as):
    masquerade.name = name
    block = bound_block(is_authenticated=True, user_id=7)
    block.scope_ids = SimpleNamespace(usage_id=SimpleNamespace(course_key="course"))
    viewer = compat.viewer(block)
    assert (viewer.kind, viewer.id, viewer.seen_as, viewer.email, viewer.full_name) == ("preview", "", seen_as, "", "")
    assert not viewer.is_learner


def test_studio_is_always_a_preview(settings):
    settings.ROOT_URLCONF = "cms.urls"
    assert compat.viewer(bound_block(is_authenticated=True, user_id=7)) == compat.Viewer(kind="preview")


@pytest.mark.parametrize(("identity", "kind"), [
    ("student_1", "learner"), (None, "anonymous"), ("none", "anonymous"), ("anonymous", "anonymous"),
    ("staff", "preview"),
])
def test_who_looks_in_the_workbench(identity, kind):
    user = SimpleNamespace(full_name="A", emails=["a@b.org"], opt_attrs={"xblock-workbench.user_id": identity})
    users = SimpleNamespace(get_current_user=lambda: user)
    block = SimpleNamespace(runtime=SimpleNamespace(service=lambda *_: users))
    assert compat.viewer(block).kind == kind


def test_personal_data_stays_out_of_the_log():
    viewer = compat.Viewer(kind="learner", id="7", full_name="Ann Example", email="ann@example.org")
    assert "Ann" not in repr(viewer) and "example.org" not in repr(viewer)


@pytest.mark.parametrize(("value", "text"), [
    (1 - 0.9, "0.1"), (0.1 + 0.2, "0.3"), (2 / 3, "0.666666667"), (10, "10"), (1.0, "1"), (Decimal("2.50"), "2.5"),
])
def test_floats_become_what_was_meant(value, text):
    assert str(compat.exact(value)) == text


@pytest.mark.django_db
def test_evidence_in_the_workbench_comes_from_the_blocks(boxes):
    usage = pills.parse()
    assert compat.evidence(pills.block(usage), ["p1", "p2", "p3"]) == compat.Evidence()
    pills.answer(usage, "ann", p1=1, p2=0.25, p3=0.5)

    found = compat.evidence(pills.block(usage), ["p1", "p2", "p3", "gone"])

    assert {name: (str(s.earned), str(s.possible), s.attempted) for name, s in found.scores.items()} == {
        "p1": ("1", "1", True), "p2": ("0.25", "1", True), "p3": ("0.5", "1", True),
    }
    assert not found.not_given and not found.withheld and not found.annulled
    assert set(compat.evidence(pills.block(usage), ["p2"]).scores) == {"p2"}, "only what was asked for"
    assert not compat.evidence(pills.block(usage, "bob"), ["p1", "p2"]).scores, "another learner's are not ours"


@pytest.mark.django_db
def test_studio_knows_no_scores(boxes, settings):
    usage = pills.parse()
    pills.answer(usage, "ann", p1=1)
    settings.ROOT_URLCONF = "cms.urls"
    assert compat.evidence(pills.block(usage), ["p1"]) == compat.Evidence()


@pytest.mark.django_db
def test_references_reach_every_level(boxes):
    found = compat.referenced_blocks(pills.block(pills.parse()))
    assert set(found) >= {"p1", "p2", "p3", "box"}
    assert found["p2"].display_name == "Second"


@pytest.mark.parametrize("order", [("html", "problem", "lti"), ("problem", "lti", "html"), ("problem", "html", "lti")])
def test_of_blocks_with_one_name_the_first_graded_one_counts(order):
    """Usage ids of the platform: blocks of several types may share a name."""
    world = FakePlatform()
    pill = world.blocks[world.pill("pill", (), course="course-v1:Org+C+R")]
    pill.children = [pill.scope_ids.usage_id.course_key.make_usage_key(kind, "twice") for kind in order]
    for usage in pill.children:
        world.make(usage, {"display_name": usage.block_type})
    assert compat.referenced_blocks(pill)["twice"].display_name == "problem"


@pytest.mark.django_db
def test_graded_blocks_come_with_the_way_to_each(boxes):
    ways = compat.graded_blocks(pills.block(pills.parse()))
    assert sorted([step.display_name for step in way] for way in ways.values()) == [
        ["First"], ["Text", "Second"], ["Third"],
    ]


@pytest.mark.django_db
def test_a_child_that_is_gone_takes_nothing_along(boxes):
    pill = pills.block(pills.parse())
    pill.children = ["deleted", *pill.children]
    assert next(iter(compat.children(pill))) == ("deleted", None)
    assert len(compat.graded_blocks(pill)) == 3


@pytest.mark.django_db
def test_package_files_only_from_the_public_folder(boxes):
    pill = pills.block(pills.parse())
    assert compat.course_file(pill, "static/js/learning_pill.js")
    for path in ("static/../learning_pill.py", "learning_pill.py", "static/none.svg", "/static/x.svg", "/etc/passwd"):
        assert compat.course_file(pill, path) is None


class _Accounts:
    """Modules of a platform that knows two accounts; retirement has been asked for the second."""

    RETIRED = "retired__user_"

    def __init__(self, monkeypatch, settings):
        import sys
        from types import ModuleType

        settings.ROOT_URLCONF = "lms.urls"
        settings.RETIRED_USERNAME_PREFIX, settings.RETIRED_EMAIL_PREFIX = self.RETIRED, self.RETIRED
        people = {
            "7": SimpleNamespace(pk=7, username="ann", email="ann@example.org", is_active=True),
            "8": SimpleNamespace(pk=8, username="bob", email=f"{self.RETIRED}x@retired.invalid", is_active=False),
            "9": SimpleNamespace(pk=9, username="cleo", email="cleo@example.org", is_active=True),
            "10": SimpleNamespace(pk=10, username=f"{self.RETIRED}x", email="", is_active=False),
        }
        asked = [SimpleNamespace(user=people["9"], original_username="cleo", original_email="cleo@example.org")]

        class Users:
            """The accounts."""

            @staticmethod
            def filter(pk):
                found = [people[pk]] if pk in people else []
                return SimpleNamespace(
                    first=lambda: found[0] if found else None,
                    values_list=lambda *names: [tuple(getattr(user, name) for name in names) for user in found],
                )

        class Statuses:
            """Who has asked to be retired."""

            @staticmethod
            def filter(user=None, user_id=None):
                found = [row for row in asked if row.user is user or str(row.user.pk) == user_id]
                return SimpleNamespace(
                    exists=lambda: bool(found),
                    values_list=lambda *names: [tuple(getattr(row, name) for name in names) for row in found],
                )

        monkeypatch.setattr("django.contrib.auth.get_user_model", lambda: SimpleNamespace(objects=Users))
        for name, values in {
            "lms.djangoapps.certificates.utils": {"get_preferred_certificate_name": lambda user: f"{user.username} E."},
            "openedx.core.djangoapps.lang_pref": {"LANGUAGE_KEY": "pref-lang"},
            "openedx.core.djangoapps.user_api.models": {
                "UserPreference": SimpleNamespace(
                    get_value=lambda user, key, default: "fr" if user.pk == 7 and key == "pref-lang" else default
                ),
                "UserRetirementStatus": SimpleNamespace(objects=Statuses),
            },
        }.items():
            module = ModuleType(name)
            vars(module).update(values)
            monkeypatch.setitem(sys.modules, name, module)
            while "." in name:
                name = name.rpartition(".")[0]
                monkeypatch.setitem(sys.modules, name, ModuleType(name))


class TestAccounts:
    """The parts of a platform are played here; the real ones are asked in ``tests/platform/test_retirement.py``."""

    def test_what_is_known_of_a_learner(self, monkeypatch, settings):
        _Accounts(monkeypatch, settings)
        assert compat.account("7") == compat.Account(
            id=7, username="ann", full_name="ann E.", email="ann@example.org", language="fr", active=True
        )

    @pytest.mark.parametrize("identity", ["8", "9", "10", "99", "", "ann", "7 ", "-7"])
    def test_nobody_who_is_retired_or_about_to_be_or_unknown(self, monkeypatch, settings, identity):
        _Accounts(monkeypatch, settings)
        assert compat.account(identity) is None

    def test_the_names_to_look_for_when_somebody_is_retired(self, monkeypatch, settings):
        _Accounts(monkeypatch, settings)
        assert compat.former_names("9") == {"cleo", "cleo@example.org"}
        assert compat.former_names("99") == compat.former_names("ann") == frozenset()

    def test_outside_a_platform_there_are_none(self):
        assert compat.account("7") is None
        assert compat.former_names("7") == frozenset()


def in_course(course):
    return SimpleNamespace(scope_ids=SimpleNamespace(usage_id=CourseKey.from_string(course).make_usage_key("x", "y")))


@pytest.fixture
def stored_course(monkeypatch, settings):
    """The modulestore of a platform that has one course; what it raises, or the course."""
    settings.ROOT_URLCONF = "cms.urls"
    found = []

    def get_course(key):
        if isinstance(found[0], Exception):
            raise found[0]
        assert key.version_guid is None, "the store knows the newest version only"
        return found[0]

    module = ModuleType("xmodule.modulestore.django")
    module.modulestore = lambda: SimpleNamespace(get_course=get_course)
    for name in ("xmodule", "xmodule.modulestore"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "xmodule.modulestore.django", module)
    return found


@pytest.mark.parametrize(("course", "settings_of_it"), [
    (SimpleNamespace(other_course_settings={"microcred": {"recognition": {}}, "x": 1}), {"recognition": {}}),
    (SimpleNamespace(other_course_settings={"microcred": "odd"}), "odd"),
    (SimpleNamespace(other_course_settings={}), None), (SimpleNamespace(other_course_settings=None), None),
    (SimpleNamespace(), None), (None, None),
])
def test_what_a_course_s_team_wrote(stored_course, course, settings_of_it):
    stored_course.append(course)
    assert compat.course_settings(in_course("course-v1:Org+C+R")) == settings_of_it


def test_they_are_those_of_now_whatever_version_the_block_was_read_in(stored_course):
    stored_course.append(SimpleNamespace(other_course_settings={"microcred": {"recognition": {}}}))
    read_in = "course-v1:Org+C+R+branch@published-branch+version@519665f6223ebd6980884f2b"
    assert compat.course_settings(in_course(read_in)) == {"recognition": {}}


def test_a_library_has_no_course_settings(stored_course):
    stored_course.append(AssertionError("is not asked"))
    assert compat.course_settings(in_course("library-v1:Org+L")) is None


def test_a_store_that_is_away_is_not_a_course_without_settings(stored_course):
    stored_course.append(ConnectionError("away"))
    with pytest.raises(NotReady):
        compat.course_settings(in_course("course-v1:Org+C+R"))


def test_there_are_no_courses_in_the_workbench(settings):
    block = SimpleNamespace(scope_ids=SimpleNamespace(usage_id="pill-en.d0.u0"))
    assert compat.course_settings(block) is None
    assert compat.organisation_of(block) == ""
    settings.MICROCRED_WORKBENCH_ORGANISATION = "demo"
    assert compat.organisation_of(block) == "demo"
    assert compat.organisation_of(in_course("course-v1:Org+C+R")) == "Org"
    settings.ROOT_URLCONF = "lms.urls"
    assert compat.organisation_of(block) == ""


class TestSavingInOneInstant:
    @pytest.fixture(autouse=True)
    def studio(self, settings):
        settings.ROOT_URLCONF = "cms.urls"
        cache.clear()
        yield
        cache.clear()

    @staticmethod
    def claimed(before, after, pill="a"):
        key = CourseKey.from_string("course-v1:Org+C+R").make_usage_key("learning_pill", pill)
        return compat.claimed(SimpleNamespace(scope_ids=SimpleNamespace(usage_id=key)), before, after)

    def test_of_those_who_read_the_same_one_may_write(self):
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda number: self.claimed("read", f"written {number}"), range(8)))
        assert found.count(True) == 1

    def test_who_tries_again_may(self):
        assert self.claimed("1", "2") and self.claimed("1", "2") and self.claimed("1", "1")
        assert self.claimed("1", "3", pill="b")

    def test_what_was_read_after_the_other_s_save_may_be_replaced(self):
        assert self.claimed("1", "2") and self.claimed("2", "3")

    def test_after_an_undo_as_well(self):
        assert self.claimed("1", "2") and self.claimed("2", "1") and self.claimed("1", "3")
        assert not self.claimed("1", "4")

    def test_it_is_forgotten_soon(self, monkeypatch):
        monkeypatch.setattr(saving, "_SECONDS", 0.05)
        assert self.claimed("1", "2")
        time.sleep(0.1)
        assert self.claimed("1", "3")

    @pytest.mark.parametrize("methods", [
        {"add": lambda *_: False, "get": lambda *_: None, "delete": lambda *_: False}, {},
    ])
    def test_a_cache_that_is_down_is_in_nobody_s_way(self, methods, monkeypatch):
        monkeypatch.setattr(saving, "cache", SimpleNamespace(**methods))
        assert self.claimed("1", "2") and self.claimed("1", "3")

    @pytest.mark.parametrize("urls", ["lms.urls", "tests.urls"])
    def test_elsewhere_everybody_may(self, urls, settings):
        settings.ROOT_URLCONF = urls
        assert self.claimed("1", "2") and self.claimed("1", "3")


@pytest.mark.parametrize("org", ["Org\n", "Or g", "Org/x", "", None, "O" * 256])
def test_an_organisation_s_name_is_one_word_whatever_the_kind_of_course(org, monkeypatch):
    monkeypatch.setattr(CourseKey, "from_string", lambda _text: SimpleNamespace(org=org))
    assert compat.organisation("course-v9:any") == ""


def test_the_site_of_an_organisation_is_asked_for_once_in_a_request_and_kept_for_no_other(settings, monkeypatch):
    settings.ROOT_URLCONF = "lms.urls"
    crum, state, asked = ModuleType("crum"), SimpleNamespace(request=None), []
    crum.get_current_request = lambda: state.request
    monkeypatch.setitem(sys.modules, "crum", crum)
    monkeypatch.setattr(organisations, "_asked", lambda org: asked.append(org) or f"{org}.example")
    for request, often in ((HttpRequest(), 1), (HttpRequest(), 1), (None, 3)):
        state.request = request
        asked.clear()
        assert [compat.site_of("a") for _ in range(3)] == ["a.example"] * 3
        assert asked == ["a"] * often
    state.request = HttpRequest()
    assert (compat.site_of("a"), compat.site_of("b")) == ("a.example", "b.example")
