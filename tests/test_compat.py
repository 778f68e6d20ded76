"""Who looks, what they scored, and which blocks an author means, where there is no LMS.

What an LMS gives is tested on one: ``tests/platform``.
"""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from microcred_xblock import compat

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
