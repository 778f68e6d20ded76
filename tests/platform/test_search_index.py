"""Studio's course search: what its indexer takes from a pill."""

from .guard import require

require("cms")

from unittest.mock import patch  # noqa: E402

from cms.djangoapps.contentstore.courseware_index import CoursewareSearchIndexer  # noqa: E402

from .case import PillCase  # noqa: E402


class Engine:
    """Keeps what the indexer hands to its search engine."""

    def __init__(self):
        self.rows = []

    def index(self, rows, **_more):
        self.rows += rows

    def search(self, **_more):
        return {"results": []}

    def remove(self, _ids):
        pass


class TestSearchIndex(PillCase):
    def test_the_course_search_finds_the_pill_by_what_it_promises(self):
        engine = Engine()
        with patch("cms.djangoapps.contentstore.courseware_index.SearchEngine.get_search_engine", return_value=engine):
            CoursewareSearchIndexer.index(self.store, self.course.id)
        (row,) = [row for row in engine.rows if row["id"] == str(self.pill.location)]
        assert row["content_type"] == "Learning pill"
        assert row["content"] == {"display_name": "Find the fault", "pill": "You find a fault. Do locate"}
        assert {str(self.key("p1")), str(self.key("p2"))} <= {row["id"] for row in engine.rows}, "as without a pill"
