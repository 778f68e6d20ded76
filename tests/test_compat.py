"""Who looks, what they scored, and which blocks an author means, on each platform."""

from __future__ import annotations

import sys
from decimal import Decimal
from types import ModuleType, SimpleNamespace

import pytest

from microcred_xblock import compat

from . import pills
from .scorebox import OldBox, PlainBox, ScoreBox, installed

COURSE = SimpleNamespace(name="course")


@pytest.fixture
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


@pytest.fixture
def modules(monkeypatch):
    """Put stand-ins for platform modules into place: ``modules("a.b", name=value)``."""

    def put(path, **names):
        parts = path.split(".")
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            if name not in sys.modules or end == len(parts):
                monkeypatch.setitem(sys.modules, name, ModuleType(name))
        for name, value in names.items():
            setattr(sys.modules[path], name, value)

    return put


def lms_block(**options):
    """A block as the LMS binds it to a user with these attributes."""
    user = SimpleNamespace(
        full_name="Ann Example", emails=["ann@example.org"],
        opt_attrs={f"edx-platform.{name}": value for name, value in options.items()},
    )
    users = SimpleNamespace(get_current_user=lambda: user)
    return SimpleNamespace(
        runtime=SimpleNamespace(service=lambda _block, name: users if name == "user" else None),
        scope_ids=SimpleNamespace(usage_id=SimpleNamespace(course_key=COURSE)),
    )


@pytest.fixture
def lms(settings, modules):
    """The LMS with one enrolled user, 7; ``lms.masquerading`` can be set."""
    settings.ROOT_URLCONF = "lms.urls"
    state = SimpleNamespace(masquerading=False)
    modules("crum", get_current_user=lambda: SimpleNamespace())
    modules("lms.djangoapps.courseware.masquerade", is_masquerading=lambda _user, _key: state.masquerading)
    enrolled = SimpleNamespace(filter=lambda **query: SimpleNamespace(
        exists=lambda: query == {"user_id": 7, "course_id": COURSE, "is_active": True}
    ))
    modules("common.djangoapps.student.models", CourseEnrollment=SimpleNamespace(objects=enrolled))
    return state


@pytest.mark.parametrize(("options", "kind"), [
    ({}, "anonymous"),
    ({"is_authenticated": False, "user_id": None}, "anonymous"),
    ({"is_authenticated": True, "user_id": 7}, "learner"),
    ({"is_authenticated": True, "user_id": 8}, "visitor"),
    ({"is_authenticated": True, "user_id": 7, "user_is_staff": True}, "preview"),
])
def test_who_looks_in_the_lms(lms, options, kind):
    viewer = compat.viewer(lms_block(**options))
    assert viewer.kind == kind
    assert viewer.id == ("7" if kind == "learner" else "")
    assert bool(viewer.email) == (kind == "learner"), "nobody else's data is taken along"


def test_a_masquerade_is_a_preview(lms):
    lms.masquerading = True
    assert compat.viewer(lms_block(is_authenticated=True, user_id=7)).kind == "preview"


def test_studio_is_always_a_preview(settings):
    settings.ROOT_URLCONF = "cms.urls"
    assert compat.viewer(lms_block(is_authenticated=True, user_id=7)).kind == "preview"


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


class Key(str):
    """A usage key: ``type@id``."""

    course_key = COURSE
    block_type = property(lambda self: self.partition("@")[0])
    block_id = property(lambda self: self.partition("@")[2])


def grade(earned, possible, attempted):
    return SimpleNamespace(raw_earned=earned, raw_possible=possible, first_attempted=attempted)


def test_scores_in_the_lms_are_those_of_the_pill_only(lms, modules, monkeypatch):
    from datetime import UTC, datetime

    pill, moment = Key("learning_pill@pill"), datetime(2026, 1, 2, tzinfo=UTC)
    tree = {pill: [Key("problem@p1"), Key("openassessment@p2"), Key("problem@p3")]}

    class Structure(dict):
        def get_parents(self, key):
            return [Key("sequential@s")] if key == Key("vertical@v") else [Key("vertical@v")]

        def topological_traversal(self, start_node):
            return [start_node, *tree[start_node]]

    structure = Structure({pill: pill, Key("sequential@s"): "subsection"})
    scores = {
        Key("problem@p1"): grade(0.30000000000000004, 1.0, moment), Key("openassessment@p2"): grade(0.0, 5.0, None),
        Key("problem@elsewhere"): grade(1, 1, moment), Key("problem@p3"): grade(1, 1, moment),
    }

    class Factory:
        def __init__(self, user, course_structure):
            assert (user, course_structure) == ("ann", structure)

        def create(self, subsection, read_only, force_calculate):
            assert (subsection, read_only, force_calculate) == ("subsection", True, True)
            return SimpleNamespace(problem_scores=scores)

    modules("lms.djangoapps.course_blocks.api", get_course_blocks=lambda _user, _root: structure)
    modules("lms.djangoapps.grades.subsection_grade_factory", SubsectionGradeFactory=Factory)
    store = SimpleNamespace(make_course_usage_key=lambda key: ("root", key))
    modules("xmodule.modulestore.django", modulestore=lambda: store)
    users = SimpleNamespace(objects=SimpleNamespace(get=lambda pk: "ann"))
    monkeypatch.setattr("django.contrib.auth.get_user_model", lambda: users)

    found = compat.platform_scores(7, pill, ["p1", "p2", "elsewhere"])

    assert set(found) == {"p1", "p2"}
    assert (found["p1"].earned, found["p1"].at, found["p1"].attempted) == (Decimal("0.3"), moment, True)
    assert (found["p2"].possible, found["p2"].attempted) == (Decimal(5), False)


def test_a_block_the_learner_cannot_reach_has_no_scores():
    structure = type("S", (dict,), {"get_parents": lambda *_: []})()
    assert compat._subsection(structure, Key("learning_pill@x")) is None


@pytest.mark.parametrize(("value", "text"), [
    (1 - 0.9, "0.1"), (0.1 + 0.2, "0.3"), (2 / 3, "0.666666667"), (10, "10"), (1.0, "1"), (Decimal("2.50"), "2.5"),
])
def test_floats_become_what_was_meant(value, text):
    assert str(compat.exact(value)) == text


@pytest.mark.django_db
def test_scores_in_the_workbench_come_from_the_blocks(boxes):
    usage = pills.parse()
    assert compat.child_scores(pills.block(usage), ["p1", "p2", "p3"]) == {}
    pills.answer(usage, "ann", p1=1, p2=0.25, p3=0.5)

    scores = compat.child_scores(pills.block(usage), ["p1", "p2", "p3", "gone"])

    assert {name: (str(s.earned), str(s.possible), s.attempted) for name, s in scores.items()} == {
        "p1": ("1", "1", True), "p2": ("0.25", "1", True), "p3": ("0.5", "1", True),
    }
    assert compat.child_scores(pills.block(usage, "bob"), ["p1", "p2", "p3"]) == {}, "another learner's are not ours"


@pytest.mark.django_db
def test_references_reach_every_level_and_a_graded_block_wins(boxes):
    text = pills.PILL.replace('<html_demo url_name="intro">', '<html_demo url_name="p1">')
    pill = pills.block(pills.parse(text))
    assert compat.resolve_reference(pill, "p2").display_name == "Second"
    assert compat.resolve_reference(pill, "gone") is None
    assert set(compat.referenced_blocks(pill)) >= {"p1", "p2", "p3", "box"}


@pytest.mark.django_db
def test_package_files_only_from_the_public_folder(boxes):
    pill = pills.block(pills.parse())
    assert compat.course_file(pill, "static/js/learning_pill.js")
    for path in ("static/../learning_pill.py", "learning_pill.py", "static/none.svg", "/static/x.svg", "/etc/passwd"):
        assert compat.course_file(pill, path) is None
