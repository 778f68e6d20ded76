"""A pill whose content is not the same for everybody."""

from __future__ import annotations

import json
import re

from django.urls import reverse
from lms.djangoapps.courseware.models import StudentModule
from xmodule.partitions.partitions import Group, UserPartition

from microcred_xblock import compat

from .case import PillCase

HIDDEN = "An activity that is not open to you"


class VariantCase(PillCase):
    """A ``PillCase`` that looks at what a learner gets, and at what the page says of the rest."""

    def page(self, block=None) -> str:
        """The pill as the LMS shows it to the signed-in learner."""
        key = getattr(block or self.pill, "location", block)
        with self.captureOnCommitCallbacks(execute=True):
            answer = self.client.get(reverse("render_xblock", kwargs={"usage_key_string": str(key)}))
        assert answer.status_code == 200, answer.content[:500]
        return answer.content.decode()

    def told(self) -> str:
        """The list of outcomes as the pill reports it to the signed-in learner, as text."""
        return text_of(self.ask("progress").json()["html"]["outcomes"])

    def state(self, key, user=None) -> dict:
        """The learner's state of a block."""
        row = StudentModule.objects.filter(student=user or self.learner, module_state_key=key).first()
        return json.loads(row.state) if row else {}

    def drawn(self, key, user=None) -> list[str]:
        """The ids of what a bank has drawn for the learner."""
        return [block_id for _type, block_id in self.state(key, user).get("selected", [])]

    def evidence(self, *names, user=None):
        """What the worker finds."""
        return compat.platform_evidence((user or self.learner).pk, str(self.pill.location), set(names))


def text_of(html: str) -> str:
    """The words of some HTML."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def outcomes_shown(page: str) -> str:
    """The words of the list of outcomes in a page of the LMS."""
    found = re.search(r'<ol class="mcp-outcomes">.*?</ol>', page, re.DOTALL)
    assert found, page[:2_000]
    return text_of(found.group())


def partition(number: int, scheme: str, *names: str) -> UserPartition:
    """Groups 0, 1, … of a course; in scheme ``random`` or ``cohort``."""
    return UserPartition(
        number, f"Partition {number}", "", [Group(index, name) for index, name in enumerate(names)], scheme_id=scheme
    )
