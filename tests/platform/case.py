"""A course with a pill in the real modulestore, learners, and their answers through the platform's own views."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from common.djangoapps.student.tests.factories import CourseEnrollmentFactory, UserFactory
from django.urls import reverse
from django.utils import timezone
from openedx.core.djangoapps.content.block_structure.api import clear_course_from_cache
from openedx.core.lib.url_utils import quote_slashes
from xmodule.capa.tests.response_xml_factory import OptionResponseXMLFactory
from xmodule.modulestore.tests.django_utils import TEST_DATA_SPLIT_MODULESTORE, ModuleStoreTestCase
from xmodule.modulestore.tests.factories import BlockFactory, CourseFactory

from microcred_xblock.issuance import indexing, models

PASSWORD = "Password1234"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SOON = datetime.now(UTC) + timedelta(days=30)


def outcome(name: str, *blocks: str, threshold: str = "0.7", **more) -> dict:
    """An outcome of a pill as the block stores it."""
    return {
        "id": name, "title": f"Do {name}", "threshold": threshold, "kind": "skill", "reuse": "occupation-specific",
        "assessed_by": [{"block": block} for block in blocks], **more,
    }


class PillCase(ModuleStoreTestCase):
    """One course, published as it is built; ``self.pill`` with two problems, p1 and p2, of one option each."""

    MODULESTORE = TEST_DATA_SPLIT_MODULESTORE
    ENABLED_SIGNALS = ("course_published", "course_deleted", "item_deleted")
    CREATE_USER = False

    def setUp(self):
        super().setUp()
        with self.captureOnCommitCallbacks(execute=True):
            self.course = CourseFactory.create(start=LONG_AGO, **self.course_fields())
            self.chapter = self.add(self.course, "chapter")
            self.section = self.add(self.chapter, "sequential", format="Homework", graded=True)
            self.unit = self.add(self.section, "vertical")
            self.build()
        clear_course_from_cache(self.course.id)  # collected in this very process, it may be older than the last change
        indexing.index_course(str(self.course.id), now=timezone.now())
        self.learner = self.enrol("ann")
        self.sign_in(self.learner)

    def course_fields(self) -> dict:
        """More fields of the course."""
        return {}

    def build(self):
        """The content; by default a pill whose one outcome both problems assess."""
        self.pill = self.add_pill([outcome("locate", "p1", "p2")])
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "p2")

    def add(self, parent, category, **fields):
        """A block below ``parent``, published."""
        return BlockFactory.create(
            parent=self.store.get_item(parent.location), category=category, user_id=self.author_id, **fields
        )

    author_id = 1

    def add_pill(self, outcomes, parent=None, **fields):
        return self.add(
            parent or self.unit, "learning_pill", display_name="Find the fault", language="en",
            description="You find a fault.", outcomes=outcomes, mastery={"rule": "all"}, **fields,
        )

    def add_problem(self, parent, name, **fields):
        xml = OptionResponseXMLFactory().build_xml(
            question_text="Which?", options=["Correct", "Incorrect"], correct_option="Correct"
        )
        return self.add(parent, "problem", data=xml, display_name=name, location=self.key(name), **fields)

    def key(self, name, category="problem"):
        """The usage key of a block of this course."""
        return self.course.id.make_usage_key(category, name)

    def enrol(self, name, **fields):
        user = UserFactory.create(username=name, email=f"{name}@example.org", password=PASSWORD)
        CourseEnrollmentFactory.create(user=user, course_id=self.course.id, **fields)
        return user

    def sign_in(self, user):
        self.client.logout()
        assert self.client.login(username=user.username, password=PASSWORD)

    def handler(self, block, name, suffix=""):
        """The address of a block's handler in the LMS."""
        key = getattr(block, "location", block)
        kwargs = {"course_id": str(key.course_key), "usage_id": quote_slashes(str(key)), "handler": name}
        return reverse("xblock_handler", kwargs={**kwargs, **({"suffix": suffix} if suffix else {})})

    def answer(self, name, choice="Correct", *, key=None):
        """Submit an answer to a problem as the page would; what happens on commit happens."""
        key = key or self.key(name)
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(
                self.handler(key, "xmodule_handler", "problem_check"), {f"input_{key.html_id()}_2_1": choice}
            )

    def ask(self, name, block=None, **data):
        """Call a JSON handler of the pill; its answer."""
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(self.handler(block or self.pill, name), data or {}, content_type="application/json")

    def awards(self, user=None):
        """The awards of a learner."""
        return models.Award.objects.filter(learner_id=str((user or self.learner).pk))

    @contextmanager
    def work(self):
        """Run on leaving what the body had enqueued on commit."""
        with self.captureOnCommitCallbacks(execute=True):
            yield

    def outcomes(self, user=None) -> dict:
        """``{outcome: (status, fraction)}`` as the pill itself reports it to the signed-in learner."""
        found = self.ask("progress").json()
        return {item["id"]: item["status"] for item in found["outcomes"]}


def results(award) -> dict:
    """``{block: points}`` of an award's row."""
    return {
        block["block"]: (Decimal(block["earned"]), Decimal(block["possible"]))
        for result in award.results for block in result["blocks"]
    }
