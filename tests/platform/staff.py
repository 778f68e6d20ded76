"""What course staff do, through the instructor dashboard's own addresses."""

from __future__ import annotations

from contextlib import contextmanager

from common.djangoapps.student.tests.factories import InstructorFactory
from django.urls import reverse
from edx_django_utils.cache import TieredCache
from xmodule.capa.tests.response_xml_factory import OptionResponseXMLFactory
from xmodule.modulestore import ModuleStoreEnum

from .case import PASSWORD


class StaffMixin:
    """For a ``PillCase``: somebody who runs the course, beside ``self.learner``."""

    def setUp(self):
        super().setUp()
        self.boss = InstructorFactory(course_key=self.course.id, username="boss", password=PASSWORD)

    @contextmanager
    def signed_in(self, user):
        """The browser is ``user``'s meanwhile, and the learner's again afterwards."""
        self.sign_in(user)
        yield
        self.sign_in(self.learner)

    def dashboard(self, action, name, *, key=None, **data):
        """Have the course team do something to the learner's state in a block."""
        data = {"problem_to_reset": str(key or self.key(name)), "unique_student_identifier": self.learner.email, **data}
        with self.signed_in(self.boss), self.work():
            answer = self.client.post(reverse(action, args=[str(self.course.id)]), data)
        assert answer.status_code == 200, answer.content

    def edit(self, block, **fields):
        """Change a block and publish it."""
        draft = self.store.branch_setting(ModuleStoreEnum.Branch.draft_preferred, self.course.id)
        with self.work(), draft:
            block = self.store.get_item(getattr(block, "location", block))
            for name, value in fields.items():
                setattr(block, name, value)
            self.store.update_item(block, self.author_id)
            self.store.publish(block.location, self.author_id)
        TieredCache.dangerous_clear_all_tiers()  # the platform keeps the dates of a course for a while

    def set_right_answer(self, name, right):
        """The author mends (or breaks) what counts as right in a problem."""
        xml = OptionResponseXMLFactory().build_xml(
            question_text="Which?", options=["Correct", "Incorrect"], correct_option=right
        )
        self.edit(self.key(name), data=xml)
