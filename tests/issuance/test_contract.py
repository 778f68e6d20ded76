"""The fake platform keeps the contract that the real one is held to in ``tests/platform/test_contract.py``."""

from __future__ import annotations

from django.test import TestCase
from opaque_keys.edx.keys import CourseKey

from tests.fake_platform import FakePlatform, subsection_of
from tests.platform_contract import NAMES, OUTCOMES, PlatformContract

COURSE = "course-v1:Org+Fake+Run"


class TestFakePlatform(PlatformContract, TestCase):
    course_id = COURSE
    subsection_id = subsection_of(COURSE)
    ann, outsider, staff, gone, asleep = range(1, 6)

    def setUp(self):
        self.world = FakePlatform()
        self.pill_id = self.world.pill(
            "pill", NAMES, course=COURSE, outcomes=OUTCOMES, mastery={"rule": "all"}
        )
        self.world.enrol(self.ann, COURSE)
        self.world.enrol(self.staff, COURSE, "staff")
        self.world.withheld.add((None, self.block_id("secret")))
        self.world.elsewhere.add((str(self.ann), self.block_id("theirs")))
        self.enterContext(self.world.installed())

    def block_id(self, name):
        return str(CourseKey.from_string(COURSE).make_usage_key("problem", name))

    def give(self, person, name, *, right):
        self.world.score(person, self.block_id(name), int(right))

    def annul(self, person):
        self.world.annulled.add((str(person), self.pill_id))
