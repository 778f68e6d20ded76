"""What ``compat`` promises of a platform, asked of the real one and of the fake that the unit suite uses.

The world under test is a course with one pill: outcome ``locate`` is assessed by ``p1`` and ``p2`` (one point each,
for everybody), by ``secret`` (staff only) and by ``theirs`` (for a group that Ann is not in). ``elsewhere`` is a
problem of the same unit outside the pill.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import override_settings

from microcred_xblock import compat

NAMES = ("p1", "p2", "secret", "theirs")
OUTCOMES = [{
    "id": "locate", "title": "Locate it", "threshold": "0.7", "kind": "skill", "reuse": "occupation-specific",
    "assessed_by": [{"block": name} for name in NAMES],
}]


class PlatformContract:
    """The tests. A world gives these names; each person is an account id, all but ``outsider`` enrolled once."""

    course_id: str
    pill_id: str
    subsection_id: str
    ann: object
    outsider: object
    staff: object
    gone: object  # has left the course
    asleep: object  # enrolled; the account is not active

    def block_id(self, name: str) -> str:
        """The usage id of a problem."""
        raise NotImplementedError

    def give(self, person: object, name: str, *, right: bool) -> None:
        """A person answers a problem."""
        raise NotImplementedError

    def annul(self, person: object) -> None:
        """The staff set a person's grade of the subsection to nothing."""
        raise NotImplementedError

    def look(self, person: object, *names: str) -> compat.Evidence:
        """What the worker would find."""
        return compat.platform_evidence(person, self.pill_id, set(names or NAMES))

    def test_only_who_is_enrolled_now_and_no_staff_may_earn(self):
        for person, may in (
            (self.ann, True), (self.outsider, False), (self.staff, False), (self.gone, False), (self.asleep, False),
            (999_999_999, False),
        ):
            assert compat.may_earn(person, self.course_id) is may, person

    def test_an_account_id_may_be_text(self):
        assert compat.may_earn(str(self.ann), self.course_id) is True
        self.give(self.ann, "p1", right=True)
        assert self.look(str(self.ann)).scores["p1"].earned == 1

    @override_settings(MICROCRED_EARNING_ROLES=["staff"])
    def test_a_role_the_admin_allows_may_earn(self):
        assert compat.may_earn(self.staff, self.course_id) is True
        assert compat.may_earn(self.outsider, self.course_id) is False

    def test_nobody_behind_a_request_masquerades_not(self):
        with compat.load_pill(self.pill_id) as pill:
            assert compat.masquerading(compat.course_key(pill)) is False

    def test_before_the_first_answer_nothing_was_attempted(self):
        found = self.look(self.ann)
        assert not any(score.attempted for score in found.scores.values())
        assert not found.annulled and not found.concealed

    def test_a_score_is_exact_and_has_a_time(self):
        self.give(self.ann, "p1", right=True)
        self.give(self.ann, "p2", right=False)
        found = self.look(self.ann).scores
        assert {n: (s.block, s.earned, s.possible, s.attempted) for n, s in found.items()} == {
            "p1": ("p1", Decimal(1), Decimal(1), True), "p2": ("p2", Decimal(0), Decimal(1), True),
        }
        for score in found.values():
            assert isinstance(score.earned, Decimal) and isinstance(score.possible, Decimal)
            assert abs(score.at - datetime.now(UTC)) < timedelta(minutes=5)

    def test_scores_are_one_persons(self):
        self.give(self.outsider, "p1", right=True)
        assert not any(score.attempted for score in self.look(self.ann).scores.values())
        assert self.look(self.outsider).scores["p1"].earned == 1, "who may earn is another question"

    def test_only_what_was_asked_for_and_is_in_the_pill(self):
        for name in ("p1", "p2", "elsewhere"):
            self.give(self.ann, name, right=True)
        assert set(self.look(self.ann, "p1", "elsewhere", "never-was").scores) == {"p1"}
        found = self.look(self.ann, "elsewhere", "never-was")
        assert not found.not_given and not found.withheld
        assert found.missing == {"elsewhere", "never-was"}, "whatever was answered there"
        assert not self.look(self.ann).missing, "what only she lacks is no fault of the pill"

    def test_what_is_for_others_is_not_given_and_what_is_hidden_is_withheld(self):
        found = self.look(self.ann)
        assert (found.not_given, found.withheld) == ({"theirs"}, {"secret"})
        found = self.look(self.ann, "p1")
        assert not found.not_given and not found.withheld

    def test_what_she_does_not_get_has_no_score(self):
        for name in NAMES:
            self.give(self.ann, name, right=True)
        assert set(self.look(self.ann).scores) == {"p1", "p2"}

    def test_an_annulled_section_leaves_no_points(self):
        self.give(self.ann, "p1", right=True)
        self.annul(self.ann)
        found = self.look(self.ann)
        assert found.annulled
        assert (found.scores["p1"].earned, found.scores["p1"].attempted) == (0, True)

    def test_the_pills_of_a_course_with_what_can_change_them(self):
        expected = {self.block_id(name) for name in NAMES} | {self.subsection_id}
        assert compat.pills_of_course(self.course_id) == {self.pill_id: frozenset(expected)}

    def test_a_course_that_is_not_there_has_no_pills(self):
        assert compat.pills_of_course("course-v1:No+Such+Course") == {}

    def test_all_courses(self):
        assert self.course_id in list(compat.course_ids())

    def test_a_pill_as_published(self):
        with compat.load_pill(self.pill_id) as block:
            pill = block.readable_pill()
            assert (pill.id, pill.title, pill.references) == (self.pill_id, "Find the fault", frozenset(NAMES))
            assert compat.course_id(block) == self.course_id

    def test_what_is_no_pill_or_not_there(self):
        for other in (self.block_id("p1"), self.pill_id + "-gone"):
            with compat.load_pill(other) as block:
                assert block is None

    def test_the_graded_blocks_of_a_pill_with_the_way_to_each(self):
        with compat.load_pill(self.pill_id) as block:
            ways = {str(key): [str(step.scope_ids.usage_id) for step in way]
                    for key, way in compat.graded_blocks(block).items()}
        assert ways == {self.block_id(name): [self.block_id(name)] for name in NAMES}
