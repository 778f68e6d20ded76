"""A course in Studio, changed through Studio's own views as its page does it, by an author of the course team."""

from __future__ import annotations

import json

from cms.djangoapps.contentstore.tests.utils import AjaxEnabledTestClient
from common.djangoapps.student.roles import CourseInstructorRole, CourseStaffRole
from common.djangoapps.student.tests.factories import UserFactory
from opaque_keys.edx.keys import UsageKey
from xmodule.capa.tests.response_xml_factory import OptionResponseXMLFactory
from xmodule.modulestore import ModuleStoreEnum
from xmodule.modulestore.tests.django_utils import TEST_DATA_SPLIT_MODULESTORE, ModuleStoreTestCase
from xmodule.modulestore.tests.factories import BlockFactory, CourseFactory

from microcred_xblock.issuance import models

PASSWORD = "Password1234"
PROBLEM = OptionResponseXMLFactory().build_xml(
    question_text="Which?", options=["Correct", "Incorrect"], correct_option="Correct"
)


def outcome(name: str, *blocks: str, **more) -> dict:
    """An outcome of a pill as the block stores it."""
    return {
        "id": name, "title": f"Do {name}", "threshold": "0.7", "kind": "skill", "reuse": "occupation-specific",
        "assessed_by": [{"block": block} for block in blocks], **more,
    }


class StudioCase(ModuleStoreTestCase):
    """``self.unit`` of ``self.course``, empty; ``self.author`` is signed in and in the course team, but no more."""

    MODULESTORE = TEST_DATA_SPLIT_MODULESTORE
    ENABLED_SIGNALS = ("course_published", "course_deleted", "item_deleted")
    CREATE_USER = False

    def setUp(self):
        super().setUp()
        self.author = UserFactory.create(username="author", password=PASSWORD)
        self.course, self.section, self.unit = self.new_course()
        self.client = self.signed_in(self.author)

    def new_course(self, **fields):
        """``(course, key of its subsection, key of its unit)``, with our author in the team."""
        course = CourseFactory.create(advanced_modules=["learning_pill"], user_id=self.author.id, **fields)
        self.admit(course)
        parent = course
        for category in ("chapter", "sequential", "vertical"):
            parent = BlockFactory.create(parent=parent, category=category, user_id=self.author.id)
        return course, parent.get_parent().location, parent.location

    def admit(self, course):
        """Take our author into the course's team."""
        for role in (CourseStaffRole, CourseInstructorRole):
            role(course.id).add_users(self.author)

    def signed_in(self, user) -> AjaxEnabledTestClient:
        client = AjaxEnabledTestClient()
        assert client.login(username=user.username, password=PASSWORD)
        return client

    def post(self, path, **body):
        """A change through Studio; what happens on commit happens, as with a worker that is at once there."""
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.ajax_post(path, body)

    def done(self, answer) -> dict:
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    def new(self, parent, category, **body) -> UsageKey:
        """Add a block as the *Add component* buttons do."""
        made = self.done(self.post("/xblock/", parent_locator=str(parent), category=category, **body))
        return UsageKey.from_string(made["locator"])

    def change(self, key, **body) -> dict:
        """Save a block: ``fields``, ``children`` (drag), ``publish``."""
        return self.done(self.post(f"/xblock/{key}", **body))

    def problem(self, parent, title="A problem") -> UsageKey:
        key = self.new(parent, "problem")
        self.change(key, data=PROBLEM, metadata={"display_name": title})
        return key

    def pill(self, outcomes=(), *, parent=None, **fields) -> UsageKey:
        key = self.new(parent or self.unit, "learning_pill")
        self.define(key, outcomes, **fields)
        return key

    def define(self, pill, outcomes, **fields):
        self.change(pill, metadata={"display_name": "Find the fault"}, fields={
            "outcomes": list(outcomes), "description": "You find a fault.", "mastery": {"rule": "all"}, **fields,
        })

    def assessed_pill(self) -> tuple[UsageKey, UsageKey, UsageKey]:
        """A sound pill with two problems, which assess its one outcome: ``(pill, problem, problem)``."""
        pill = self.pill()
        first, second = self.problem(pill, "First"), self.problem(pill, "Second")
        self.define(pill, [outcome("locate", first.block_id, second.block_id)])
        return pill, first, second

    def publish(self, key=None):
        self.change(key or self.unit, publish="make_public")

    def duplicate(self, key, parent=None) -> UsageKey:
        made = self.done(self.post(
            "/xblock/", parent_locator=str(parent or self.unit), duplicate_source_locator=str(key)
        ))
        return UsageKey.from_string(made["locator"])

    def copy(self, key):
        self.done(self.post("/api/content-staging/v1/clipboard/", usage_key=str(key)))

    def paste(self, parent) -> UsageKey:
        made = self.done(self.post("/xblock/", parent_locator=str(parent), staged_content="clipboard"))
        return UsageKey.from_string(made["locator"])

    def move(self, key, parent, index=None):
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.patch(
                "/xblock/", json.dumps({
                    "move_source_locator": str(key), "parent_locator": str(parent), "target_index": index
                }),
                content_type="application/json", HTTP_ACCEPT="application/json",
            )

    def delete(self, key):
        with self.captureOnCommitCallbacks(execute=True):
            assert self.client.delete(f"/xblock/{key}", HTTP_ACCEPT="application/json").status_code == 204

    def block(self, key, branch=ModuleStoreEnum.Branch.draft_preferred):
        """The block as stored: the draft, or what learners see."""
        with self.store.branch_setting(branch, key.course_key):
            return self.store.get_item(key)

    def published(self, key):
        return self.block(key, ModuleStoreEnum.Branch.published_only)

    def shown(self, key, view="student_view") -> str:
        """What Studio shows of a block: in its unit, or (``container_preview``) on its own page."""
        answer = self.client.get_json(f"/xblock/{key}/{view}")
        return self.done(answer)["html"]

    def flaws(self, key) -> list[tuple[str, str]]:
        """``(code, block)`` of everything an author would have to mend."""
        return [(problem.code, problem.params.get("block", "")) for problem in self.block(key).problems()]

    def assessing(self, key) -> list[str]:
        """The references of the pill, in order."""
        from microcred_xblock.definition import block_references

        return [block for _outcome, block in block_references(self.block(key).outcomes)]

    def indexed(self, course=None) -> set[tuple[str, str]]:
        """``{(digest of the block, pill)}`` of the course."""
        rows = models.PillBlock.objects.filter(course_id=str((course or self.course).id))
        return set(rows.values_list("block", "pill_id"))

    def rows(self, pill, *blocks) -> set[tuple[str, str]]:
        """What ``indexed`` is with these blocks in this pill; its subsection always is."""
        section = self.block(pill).get_parent().parent
        return {(models.pair_key(str(block)), str(pill)) for block in (*blocks, section)}
