"""What pills take over from their course and organisation on a real platform, as a worker loads them."""

from .guard import require

require("lms")

from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from xmodule.modulestore.tests.factories import check_mongo_calls_range  # noqa: E402

from microcred_xblock import compat  # noqa: E402
from microcred_xblock.issuance import recognition_defaults  # noqa: E402

from .case import PillCase  # noqa: E402


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
