"""Studio when our package is gone: courses with pills still open; what may be done there, and what loses content."""

from .guard import require

require("cms")

from .absent import uninstalled  # noqa: E402
from .test_studio_copies import COURSE, Archives, archive  # noqa: E402


class TestUninstalled(Archives):
    def setUp(self):
        super().setUp()
        self.pill_key, self.first, self.second = self.assessed_pill()
        self.publish()
        self.client.raise_request_exception = False

    def whole(self, pill=None) -> bool:
        pill = pill or self.pill_key
        return self.flaws(pill) == [] and self.block(pill).children == [self.first, self.second]

    def test_the_unit_opens_and_says_what_is_missing(self):
        with uninstalled():
            for page in (f"/api/contentstore/v1/container_handler/{self.unit}", f"/container_embed/{self.unit}"):
                assert self.client.get(page).status_code == 200, page
            assert '"learning_pill" is an unknown component type' in self.shown(self.pill_key)
            assert self.shown(self.unit)
            assert self.client.get_html(f"/container/{self.pill_key}").status_code == 500, "of any unknown block"
        assert self.whole()

    def test_what_is_done_around_it_does_no_harm(self):
        before = self.indexed()
        with uninstalled():
            self.new(self.unit, "html")
            self.move(self.pill_key, self.new(self.section, "vertical"))
            self.move(self.pill_key, self.unit)
            self.publish()
        assert self.whole() and self.published(self.pill_key).problems() == ()
        assert self.indexed() == before, "our app, if it is there still, keeps what it knew"

    def test_saving_the_unknown_block_loses_its_children(self):
        """Renaming does it. The published version has them still, and the author is told."""
        with uninstalled():
            self.change(self.pill_key, metadata={"display_name": "Renamed"})
        assert self.block(self.pill_key).children == []
        assert {code for code, _block in self.flaws(self.pill_key)} == {"block-missing"}
        self.change(self.unit, publish="discard_changes")
        assert self.whole()

    def test_copies_made_meanwhile_are_empty(self):
        with uninstalled():
            copy = self.duplicate(self.pill_key)
            answer = self.post("/api/content-staging/v1/clipboard/", usage_key=str(self.pill_key))
            assert answer.status_code == 500, "no copying of an unknown block at all"
        assert self.block(copy).children == [] and "no-outcomes" in dict(self.flaws(copy))
        assert self.whole()

    def test_an_export_made_meanwhile_lacks_the_pill(self):
        """A pointer without a file, and none of the blocks inside: no backup may be taken in this state."""
        with uninstalled():
            files = self.export(self.course)
        unit = files[f"vertical/{self.unit.block_id}.xml"].decode()
        assert f'<learning_pill url_name="{self.pill_key.block_id}"/>' in unit and "outcome" not in unit
        assert not [name for name in files if name.startswith(("problem/", "learning_pill/"))]
        assert self.whole()
        assert f"problem/{self.first.block_id}.xml" in self.export(self.course)

    def test_an_import_made_meanwhile_is_to_be_repeated(self):
        pill = self.course.id.make_usage_key("learning_pill", "fault")
        with uninstalled():
            self.load(self.course, archive(COURSE))
        assert "no-outcomes" in dict(self.flaws(pill)) and self.block(pill).children == []
        self.load(self.course, archive(COURSE))
        assert self.assessing(pill) == ["p1", "p2", "p3"] and len(self.block(pill).children) == 4
