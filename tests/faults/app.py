"""The Celery application of the workers under test: ``celery -A tests.faults.app worker``."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from celery import Celery

from tests.faults import points

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.settings")

COURSE = "course-v1:MiCRET+WT101+2026"
BLOCK = "block-v1:MiCRET+WT101+2026+type@problem+block@p1"

_for_life = ExitStack()
app = Celery("faults")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ["microcred_xblock.issuance.tasks"]
app.set_default()


def platform() -> Any:
    """A platform on which everybody is enrolled and has solved everything."""
    from tests.fake_platform import FakePlatform
    from tests.platform_contract import OUTCOMES

    class Everybody(FakePlatform):
        def may_earn(self, account: Any, course: str) -> bool:
            return True

        def platform_evidence(self, account: Any, pill_id: str, references: Any) -> Any:
            points.reach("assess: before the scores are read")
            for child in self.blocks[pill_id].children:
                self.score(account, str(child), 1)
            return super().platform_evidence(account, pill_id, references)

    world = Everybody()
    outcomes = [{**OUTCOMES[0], "assessed_by": [{"block": "p1"}, {"block": "p2"}]}]
    world.pill("pill", ("p1", "p2"), course=COURSE, outcomes=outcomes, mastery={"rule": "all"})
    return world


def set_up() -> Any:
    """Django ready, short waiting times, and the platform in memory; for workers and for the test's own process."""
    import django

    django.setup()
    points.hurry()
    world = platform()
    _for_life.enter_context(world.installed())
    return world


if os.environ.get("MICROCRED_FAULTS_WORKER"):
    set_up()
    points.install()
