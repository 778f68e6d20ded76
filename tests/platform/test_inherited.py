"""What pills take over from their course and organisation on a real platform, as a worker loads them."""

from .guard import require

require("lms")

from types import SimpleNamespace  # noqa: E402
from unittest.mock import patch  # noqa: E402

import pytest  # noqa: E402
from ccx_keys.locator import CCXLocator  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from opaque_keys.edx.keys import CourseKey  # noqa: E402
from pymongo.errors import AutoReconnect  # noqa: E402
from xmodule.modulestore import ModuleStoreEnum  # noqa: E402
from xmodule.modulestore.tests.factories import LibraryFactory, check_mongo_calls, check_mongo_calls_range  # noqa: E402

from microcred_xblock import compat  # noqa: E402
from microcred_xblock.domain.errors import NotReady  # noqa: E402
from microcred_xblock.issuance import recognition_defaults  # noqa: E402

from .case import PillCase  # noqa: E402

SETTINGS = {"recognition": {"ects": "1"}}


class TestInherited(PillCase):
    def course_fields(self):
        return {"other_course_settings": {"microcred": {"recognition": {"ects": 1, "level": "odd"}}}}

    def setUp(self):
        super().setUp()
        recognition_defaults.put("organisation", self.course.id.org, {"mode": "blended", "ects": "2"})

    def test_a_worker_sees_what_counts(self):
        with CaptureQueriesContext(connection) as queries, compat.load_pill(str(self.pill.location)) as block:
            found = block.readable_pill().recognition
        assert (found.mode, str(found.ects)) == ("blended", "1")
        assert len([query for query in queries if "recognitiondefaults" in query["sql"]]) == 1

    def test_an_author_is_told_what_is_left_out(self):
        with compat.load_pill(str(self.pill.location)) as block:
            told = [problem.params["names"] for problem in block.problems() if problem.code == "inherited-course"]
        assert told == ["level"]

    def test_the_course_is_read_with_the_pill(self):
        """Its settings cost no reading of the structure: only its own definition, which nothing else has asked for."""
        with compat.load_pill(str(self.pill.location)) as block, check_mongo_calls_range(max_finds=1):
            assert compat.course_settings(block)["recognition"]["ects"] == 1


class TestSettingsOfACourse(PillCase):
    """What the platform's store answers for each kind of key that a block can have."""

    def course_fields(self):
        return {"other_course_settings": {"microcred": SETTINGS}}

    @staticmethod
    def settings_of(key):
        """The settings of a block in the course ``key``."""
        return compat.course_settings(SimpleNamespace(scope_ids=SimpleNamespace(usage_id=key.make_usage_key("p", "p"))))

    def versioned(self):
        """The key of the course as it is stored now, in the branch that learners see."""
        with self.store.branch_setting(ModuleStoreEnum.Branch.published_only, self.course.id):
            return self.store.get_course(self.course.id, remove_version=False, remove_branch=False).id

    def test_a_ccx_has_those_of_its_course(self):
        assert self.settings_of(CCXLocator.from_course_locator(self.course.id, "1")) == SETTINGS

    def test_a_course_that_does_not_exist_has_none(self):
        for key in ("course-v1:Org+Nowhere+R", "ccx-v1:Org+Nowhere+R+ccx@1", "Org/Nowhere/R"):
            assert self.settings_of(CourseKey.from_string(key)) is None

    def test_a_deleted_course_has_none(self):
        with compat.load_pill(str(self.pill.location)) as block:
            self.store.delete_course(self.course.id, self.author_id)
            assert compat.course_settings(block) is None
        for key in (self.course.id, CCXLocator.from_course_locator(self.course.id, "1")):
            assert self.settings_of(key) is None

    def test_a_library_has_none_and_is_not_read(self):
        library = LibraryFactory.create(modulestore=self.store)
        with check_mongo_calls(0):
            assert self.settings_of(library.location.library_key) is None

    def test_each_branch_has_them(self):
        for branch in (ModuleStoreEnum.BranchName.draft, ModuleStoreEnum.BranchName.published):
            assert self.settings_of(self.course.id.for_branch(branch)) == SETTINGS

    def test_a_block_of_an_earlier_version_has_those_of_now(self):
        """As where the course is published while its page is being made."""
        key = self.versioned()
        assert key.branch and key.version_guid
        assert self.settings_of(key) == SETTINGS
        self.add(self.section, "vertical")
        assert self.versioned().version_guid != key.version_guid
        assert self.settings_of(key) == SETTINGS

    def test_a_database_that_is_away_is_told(self):
        away = patch("pymongo.collection.Collection.find_one", side_effect=AutoReconnect("away"))
        with away, pytest.raises(NotReady):
            self.settings_of(self.course.id)
