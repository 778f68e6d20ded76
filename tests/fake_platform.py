"""A platform in memory, for tests of what happens on one: ``compat`` with the contract of ``platform_contract``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from django.conf import settings
from opaque_keys.edx.keys import CourseKey
from xblock.field_data import DictFieldData
from xblock.fields import ScopeIds
from xblock.test.tools import TestRuntime

from microcred_xblock import compat
from microcred_xblock.domain.outcomes import Score
from microcred_xblock.learning_pill import LearningPillBlock
from tests.scorebox import PlainBox, ScoreBox

KINDS = {"learning_pill": LearningPillBlock, "html": PlainBox, "vertical": PlainBox}


@dataclass
class FakePlatform:
    """Accounts, courses, pills and scores. Change it as you like; ``installed`` makes ``compat`` read it.

    ``standings`` says of ``(account, course)``: ``enrolled`` or the name of a role. ``withheld`` and ``elsewhere`` hold
    ``(account, block)``: what an account cannot open, and what is for others; ``None`` as account is everybody.
    ``settings`` holds what stands under ``microcred`` in the settings of each course.
    """

    courses: dict[str, list[str]] = field(default_factory=dict)
    blocks: dict[str, Any] = field(default_factory=dict)
    standings: dict[tuple[str, str], str] = field(default_factory=dict)
    scores: dict[tuple[str, str], Score] = field(default_factory=dict)
    withheld: set[tuple[str | None, str]] = field(default_factory=set)
    elsewhere: set[tuple[str | None, str]] = field(default_factory=set)
    annulled: set[tuple[str, str]] = field(default_factory=set)
    concealed_until: datetime | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def pill(self, name: str, blocks: tuple[str, ...], *, course: str, **fields: Any) -> str:
        """A published pill with problems; its usage id. Another of the same name replaces it."""
        key = CourseKey.from_string(course)
        usage = key.make_usage_key("learning_pill", name)
        texts = {"display_name": "Find the fault", "description": "A pill.", "language": "en"}
        pill = self.make(usage, {**texts, **fields})
        pill.children = [key.make_usage_key("problem", block) for block in blocks]
        for child in pill.children:
            self.make(child, {"display_name": child.block_id})
        self.courses.setdefault(course, [])
        if str(usage) not in self.courses[course]:
            self.courses[course].append(str(usage))
        return str(usage)

    def enrol(self, account: Any, course: str, standing: str = "enrolled") -> None:
        """Put an account into a course."""
        self.standings[str(account), course] = standing

    def score(self, account: Any, block: str, earned: Any, possible: Any = 1) -> None:
        """An account has answered a block."""
        self.scores[str(account), block] = Score(
            block=block.rpartition("@")[2], earned=Decimal(earned), possible=Decimal(possible), at=datetime.now(UTC)
        )

    @contextmanager
    def installed(self) -> Iterator[FakePlatform]:
        """``compat`` answers from this platform."""
        names = (
            "may_earn", "platform_evidence", "pills_of_course", "course_ids", "load_pill", "masquerading",
            "course_settings",
        )
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(patch.object(compat, name, getattr(self, name)))
            yield self

    def may_earn(self, account: Any, course: str) -> bool:
        standing = self.standings.get((str(account), course))
        return standing == "enrolled" or standing in (getattr(settings, "MICROCRED_EARNING_ROLES", None) or ())

    def platform_evidence(self, account: Any, pill_id: str, references: Any) -> compat.Evidence:
        pill, who, wanted = self.blocks[pill_id], str(account), set(references)
        inside = {child.block_id: str(child) for child in pill.children if child.block_id in wanted}
        elsewhere = {name for name, block in inside.items() if {(who, block), (None, block)} & self.elsewhere}
        withheld = {name for name, block in inside.items() if {(who, block), (None, block)} & self.withheld} - elsewhere
        scores = {
            name: self.scores[who, block] for name, block in inside.items()
            if (who, block) in self.scores and name not in elsewhere | withheld
        }
        annulled = (who, pill_id) in self.annulled
        if annulled:
            scores = {name: replace(score, earned=Decimal(0)) for name, score in scores.items()}
        return compat.Evidence(
            scores=scores, not_given=frozenset(elsewhere), withheld=frozenset(withheld),
            missing=frozenset(wanted - set(inside)), annulled=annulled, concealed_until=self.concealed_until,
        )

    def pills_of_course(self, course: str) -> Mapping[str, frozenset[str]]:
        return {
            pill: frozenset((*map(str, self.blocks[pill].children), subsection_of(course)))
            for pill in self.courses.get(course, ())
        }

    def course_ids(self) -> list[str]:
        return sorted(self.courses)

    @contextmanager
    def load_pill(self, pill_id: str) -> Iterator[Any]:
        block = self.blocks.get(pill_id)
        yield block if isinstance(block, LearningPillBlock) else None

    def course_settings(self, block: Any) -> Any:
        return self.settings.get(str(block.scope_ids.usage_id.course_key))

    @staticmethod
    def masquerading(_key: Any) -> bool:
        return False

    def make(self, usage: Any, fields: Mapping[str, Any]) -> Any:
        """A block; one that is no container and no text is a problem."""
        runtime = TestRuntime(services={"field-data": DictFieldData({})})
        runtime.get_block = lambda key, **_options: self.blocks[str(key)]
        kind = KINDS.get(usage.block_type, ScoreBox)
        block = kind(runtime, DictFieldData(dict(fields)), ScopeIds(None, usage.block_type, usage, usage))
        self.blocks[str(usage)] = block
        return block


def subsection_of(course: str) -> str:
    """The usage id of the one subsection of a course."""
    return str(CourseKey.from_string(course).make_usage_key("sequential", "section"))
