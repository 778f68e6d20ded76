"""References inside copies: duplicate, paste, another course, rerun, and the round trip through files."""

from .guard import require

require("cms")

import io  # noqa: E402
import json  # noqa: E402
import tarfile  # noqa: E402
from unittest.mock import DEFAULT, patch  # noqa: E402

from cms.djangoapps.contentstore.tasks import create_export_tarball  # noqa: E402
from common.djangoapps.student.roles import LibraryUserRole  # noqa: E402
from opaque_keys.edx.keys import CourseKey  # noqa: E402
from openedx.core.djangoapps.content_tagging import api as tagging  # noqa: E402
from xmodule.contentstore.content import StaticContent  # noqa: E402
from xmodule.contentstore.django import contentstore  # noqa: E402
from xmodule.library_tools import LegacyLibraryToolsService  # noqa: E402
from xmodule.modulestore.tests.factories import BlockFactory, CourseFactory, LibraryFactory  # noqa: E402

from .studio_case import PROBLEM, StudioCase, outcome  # noqa: E402

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 0h10v10z" fill="#123"/></svg>'


class TestDuplicate(StudioCase):
    def test_references_follow_the_children(self):
        pill, first, second = self.assessed_pill()
        copy = self.duplicate(pill)
        children = self.block(copy).children
        assert self.assessing(copy) == [child.block_id for child in children]
        assert not {*children} & {first, second}
        assert [self.block(child).display_name for child in children] == ["First", "Second"]
        assert self.flaws(copy) == [] and self.assessing(pill) == [first.block_id, second.block_id]

    def test_at_every_place_a_reference_can_be(self):
        pill = self.pill()
        self.new(pill, "html")
        keys = [self.problem(pill, title) for title in "abc"]
        a, b, c = (key.block_id for key in keys)
        members = [{"block": b}, {"members": [{"block": a, "weight": "2"}, {"block": "never was"}], "logic": "and"}]
        self.define(pill, [
            outcome("locate", a, b),
            {**outcome("decide"), "assessed_by": [{"block": c}, {"members": members, "logic": "or", "weight": "3"}]},
        ])
        copy = self.duplicate(pill)
        _html, *copies = (key.block_id for key in self.block(copy).children)
        assert self.assessing(copy) == [copies[0], copies[1], copies[2], copies[1], copies[0], "never was"]
        assert self.block(copy).outcomes[1]["assessed_by"][1]["members"][1]["members"][0]["weight"] == "2"
        assert self.flaws(copy) == [("block-missing", "never was")], "what cannot be mapped is told"

    def test_below_other_containers(self):
        library = LibraryFactory.create()
        BlockFactory.create(
            parent=library, category="problem", data=PROBLEM, user_id=self.author.id, publish_item=False
        )
        LibraryUserRole(library.location.library_key).add_users(self.author)
        pill = self.pill()
        drawn = self.new(pill, "library_content")
        self.change(drawn, metadata={"source_library_id": str(library.location.library_key)})
        assert self.post(f"/xblock/{drawn}/handler/upgrade_and_sync").status_code == 200
        inside = self.block(drawn).children[0]
        self.define(pill, [outcome("locate", inside.block_id)])
        assert self.flaws(pill) == []
        for copy in (self.duplicate(pill), self.pasted(pill)):
            [new] = self.block(self.block(copy).children[0]).children
            assert new.block_id != inside.block_id
            assert self.assessing(copy) == [new.block_id] and self.flaws(copy) == []
        with patch.multiple(LegacyLibraryToolsService, trigger_duplication=DEFAULT, trigger_library_sync=DEFAULT):
            for copy in (self.duplicate(pill), self.pasted(pill)):  # where a worker makes these copies only later
                assert self.flaws(copy) == [("block-missing", inside.block_id)]

    def test_a_unit_around_it(self):
        pill, *_problems = self.assessed_pill()
        unit = self.duplicate(self.unit, self.section)
        [copy] = self.block(unit).children
        assert copy != pill and self.flaws(copy) == []
        assert self.assessing(copy) == [child.block_id for child in self.block(copy).children]

    def test_a_child_alone_assesses_nothing(self):
        pill, first, second = self.assessed_pill()
        copy = self.duplicate(first, pill)
        assert self.block(pill).children == [first, copy, second]
        assert self.assessing(pill) == [first.block_id, second.block_id]
        assert self.flaws(pill) == []

    def pasted(self, key, parent=None):
        self.copy(key)
        return self.paste(parent or self.unit)


class TestPaste(TestDuplicate):
    """Everything that holds for a duplicate, and what Studio's paste leaves to the block."""

    def duplicate(self, key, parent=None):
        return self.pasted(key, parent)

    def test_a_child_alone_assesses_nothing(self):
        pill, first, second = self.assessed_pill()
        copy = self.pasted(first, pill)
        assert self.block(pill).children == [first, second, copy]
        assert self.assessing(pill) == [first.block_id, second.block_id]

    def test_everything_an_author_wrote(self):
        pill, *_problems = self.assessed_pill()
        more = {
            "mastery": {"rule": "n-of-m", "n": "1"}, "recognition": {"workload_hours": "3", "eqf_level": "5"},
            "badge_image": {"svg": SVG, "caption": "A wheel"}, "tags": ["wind"], "language": "fr",
            "unknown_elements": ["<later>kept</later>"], "unknown_attributes": {"colour": "blue"},
        }
        self.change(pill, fields=more)
        copy = self.block(self.duplicate(pill))
        assert {name: getattr(copy, name) for name in more} == more
        assert copy.display_name == "Find the fault" and copy.description == "You find a fault."
        assert [key.block_type for key in copy.children] == ["problem", "problem"], "no element became a child"

    def test_into_another_course(self):
        other, _section, unit = self.new_course()
        badge = StaticContent.compute_location(self.course.id, "badge.svg")
        contentstore().save(StaticContent(badge, "badge.svg", "image/svg+xml", SVG.encode()))
        pill, *_problems = self.assessed_pill()
        self.change(pill, fields={"badge_image": {"src": "/static/badge.svg", "caption": "A wheel"}})
        copy = self.pasted(pill, unit)
        assert copy.course_key == other.id and self.flaws(copy) == []
        assert self.block(copy).image().data, "the badge's file came along"
        self.publish(unit)
        assert self.indexed(other) == self.rows(copy, *self.block(copy).children)

    def test_what_studio_knows_of_copies(self):
        pill, first, _second = self.assessed_pill()
        taxonomy = tagging.create_taxonomy("Difficulty", export_id="difficulty")
        tagging.set_taxonomy_orgs(taxonomy, all_orgs=True)
        tagging.add_tag_to_taxonomy(taxonomy, "hard")
        tagging.tag_object(str(first), taxonomy, ["hard"])
        copy = self.block(self.pasted(pill))
        assert copy.copied_from_block == str(pill)
        assert self.block(copy.children[0]).copied_from_block == str(first)
        found, _taxonomies = tagging.get_all_object_tags(copy.children[0])
        assert found == {str(copy.children[0]): {taxonomy.id: ["hard"]}}

    def test_a_source_that_is_gone(self):
        pill, first, _second = self.assessed_pill()
        self.copy(pill)
        self.delete(first)
        copy = self.paste(self.unit)
        assert self.flaws(pill) == [("block-missing", first.block_id)]
        assert self.flaws(copy) == [], "the clipboard had it still"


class TestRerun(StudioCase):
    def test_references_are_the_same_ids(self):
        pill, first, second = self.assessed_pill()
        self.publish()
        made = self.done(self.post(
            "/course/", source_course_key=str(self.course.id), org=self.course.org, number=self.course.number,
            run="next", display_name="Next",
        ))
        course = CourseKey.from_string(made["destination_course_key"])
        copy = pill.map_into_course(course)
        assert self.assessing(copy) == [first.block_id, second.block_id] and self.flaws(copy) == []
        rerun = self.store.get_course(course)
        assert self.indexed(rerun) == self.rows(copy, *(key.map_into_course(course) for key in (first, second)))
        assert self.indexed() == self.rows(pill, first, second), "the old run has its own"


WHOLE = f"""<vertical display_name="Unit">
  <learning_pill url_name="fault" display_name="Find the fault" language="en" colour="blue">
    <summary>You locate a fault &amp; confirm it.</summary>
    <outcome id="locate" title="Locate a fault" threshold="0.7" kind="skill" reuse="occupation-specific"
             logic="and" all-attempted="true">
      <description>From monitoring data.</description>
      <skill uri="http://data.europa.eu/esco/skill/1" label="maintenance"/>
      <assessed-by block="p1" weight="2" threshold="0.5"/>
      <group logic="or" weight="1"><assessed-by block="p2"/><group logic="and"><assessed-by block="p3"/></group></group>
    </outcome>
    <mastery rule="all"/>
    <recognition workload-hours="3" eqf-level="5" isced-f="0713" mode="online" assessment-type="quiz"
                 supervision="unsupervised">
      <prerequisites>Basics.</prerequisites>
      <quality-assurance title="Qualiopi" agency="A body" url="https://example.org/q"/>
      <bloc certification="RNCP12345" certification-title="C" bloc="RNCP12345BC02" bloc-title="B"
            valid-until="2029-12-31"/>
    </recognition>
    <badge-image caption="A wheel">{SVG}</badge-image>
    <tag>wind</tag>
    <later form="x"><inner>kept</inner></later>
    <html url_name="read"/>
    <problem url_name="p1"/>
    <problem url_name="p2"/>
    <problem url_name="p3"/>
  </learning_pill>
</vertical>"""
COURSE = {
    "course.xml": '<course url_name="run" org="org" course="num"/>',
    "course/run.xml": """<course display_name="C" advanced_modules="[&quot;learning_pill&quot;]">
        <chapter url_name="c"/></course>""",
    "chapter/c.xml": '<chapter display_name="C"><sequential url_name="s"/></chapter>',
    "sequential/s.xml": '<sequential display_name="S"><vertical url_name="u"/></sequential>',
    "vertical/u.xml": WHOLE, "problem/p1.xml": PROBLEM, "problem/p2.xml": PROBLEM,
    "problem/p3.xml": PROBLEM,
    "html/read.xml": '<html filename="read" display_name="Read"/>', "html/read.html": "<p>Read this.</p>",
}


class Archives(StudioCase):
    """Export and import as Studio does them, in archives."""

    def load(self, course, data):
        with self.captureOnCommitCallbacks(execute=True):
            answer = self.client.post(f"/import/{course.id}", {"name": "c.tar.gz", "course-data": [data]})
        assert answer.status_code == 200, answer.content
        state = self.client.get(f"/import_status/{course.id}/c.tar.gz")
        assert json.loads(state.content)["ImportStatus"] == 4, state.content

    def export(self, course) -> dict[str, bytes]:
        block = self.store.get_course(course.id)
        with create_export_tarball(block, course.id, {}) as file, tarfile.open(file.name) as tar:
            return {
                member.name.partition("/")[2]: tar.extractfile(member).read() for member in tar if member.isfile()
            }


class TestFiles(Archives):
    def test_whole_and_unchanged(self):
        self.load(self.course, archive(COURSE))
        once = self.export(self.course)
        pill = self.course.id.make_usage_key("learning_pill", "fault")
        assert self.flaws(pill) == [("olx-unknown", ""), ("olx-unknown-attribute", "")], "and nothing else"
        assert self.indexed() == self.rows(pill, *map(self.key, ("p1", "p2", "p3"))), "an import is indexed"

        other = CourseFactory.create(run="other", user_id=self.author.id)
        self.admit(other)
        self.load(other, archive(once))
        again = self.export(other)
        assert again["vertical/u.xml"] == once["vertical/u.xml"]
        assert again.keys() - policies(other) == once.keys() - policies(self.course)
        copy = pill.map_into_course(other.id)
        for name in ("outcomes", "mastery", "recognition", "badge_image", "tags", "description", "unknown_elements",
                     "unknown_attributes", "display_name", "language"):
            assert getattr(self.block(copy), name) == getattr(self.block(pill), name), name
        assert self.assessing(copy) == ["p1", "p2", "p3"]
        assert self.indexed(other) == self.rows(copy, *(self.block(copy).children[1:]))

    def test_it_reads_like_what_the_author_wrote(self):
        self.load(self.course, archive(COURSE))
        written = self.export(self.course)
        unit = written["vertical/u.xml"].decode()
        for line in (
            '<assessed-by block="p1" weight="2" threshold="0.5"/>', "<summary>You locate a fault &amp; confirm it.",
            '<group weight="1" logic="or">', '<problem url_name="p1"/>', '<html url_name="read"/>',
            '<later form="x">', "<inner>kept</inner>", 'colour="blue"', "<tag>wind</tag>", 'valid-until="2029-12-31"',
        ):
            assert line in unit, unit
        assert "&#10;" not in unit and "{" not in unit, "no field as JSON"
        assert "problem/p1.xml" in written

    def key(self, name):
        return self.course.id.make_usage_key("problem", name)


def policies(course) -> set[str]:
    run = course.id.run
    return {f"policies/{run}/policy.json", f"policies/{run}/grading_policy.json", f"course/{run}.xml"}


def archive(files) -> io.BytesIO:
    """A course as Studio's import takes it."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, text in files.items():
            content = text if isinstance(text, bytes) else text.encode()
            info = tarfile.TarInfo(f"course/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    data.seek(0)
    data.name = "c.tar.gz"
    return data
