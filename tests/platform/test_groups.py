"""Experiments, cohorts, dates and staff-only content: who is assessed on what, and who is told what."""

from .guard import require

require("lms")

from datetime import UTC, datetime, timedelta  # noqa: E402

from common.djangoapps.course_modes.tests.factories import CourseModeFactory  # noqa: E402
from django.conf import settings  # noqa: E402
from django.test import override_settings  # noqa: E402
from edx_toggles.toggles.testutils import override_waffle_flag  # noqa: E402
from lms.djangoapps.teams.tests.factories import CourseTeamFactory  # noqa: E402
from openedx.core.djangoapps.course_groups import cohorts  # noqa: E402
from openedx.core.djangoapps.course_groups.models import CourseUserGroupPartitionGroup  # noqa: E402
from openedx.core.djangoapps.course_groups.tests.helpers import CohortFactory  # noqa: E402
from openedx.core.lib.teams_config import CONTENT_GROUPS_FOR_TEAMS, TeamsConfig  # noqa: E402
from xmodule.partitions.partitions import ENROLLMENT_TRACK_PARTITION_ID  # noqa: E402

from .case import LONG_AGO, SOON, PillCase, outcome, results  # noqa: E402
from .staff import StaffMixin  # noqa: E402
from .variants import HIDDEN, VariantCase, outcomes_shown, partition  # noqa: E402

TOLD = f"{HIDDEN} , not open yet, or not for you: ask the course team"
NOTHING = "Nothing that assesses this is offered to you: ask the course team"
DATES = override_settings(FEATURES={**settings.FEATURES, "DISABLE_START_DATES": False})


class TestExperiment(VariantCase):
    """An experiment with two arms; outcome ``arms`` is assessed by both, ``second`` by one of them only."""

    def course_fields(self):
        return {"user_partitions": [partition(50, "random", "zero", "one")]}

    def build(self):
        self.pill = self.add_pill([outcome("arms", "in-zero", "in-one", "p1"), outcome("second", "in-one")])
        arms = [self.key(name, "vertical") for name in ("arm0", "arm1")]
        self.split = self.add(
            self.pill, "split_test", user_partition_id=50, group_id_to_child={"0": arms[0], "1": arms[1]},
        )
        for arm, name in zip(arms, ("in-zero", "in-one"), strict=True):
            self.add_problem(self.add(self.split, "vertical", location=arm), name)
        self.add_problem(self.pill, "p1")

    def put(self, group, user=None):
        """The learner's arm, as the platform keeps it."""
        from openedx.core.djangoapps.user_api.course_tag.api import set_course_tag

        set_course_tag(user or self.learner, self.course.id, "xblock.partition_service.partition_50", str(group))

    def test_her_own_arm_assesses_her(self):
        self.put(1)
        told = outcomes_shown(self.page())
        assert "in-one ," in told and "in-zero" not in told and HIDDEN not in told
        self.answer("in-one")
        assert self.outcomes() == {"arms": "in-progress", "second": "achieved"}
        self.answer("p1")
        assert results(self.awards().get()) == {"in-one": (1, 1), "p1": (1, 1)}

    def test_where_nothing_is_offered_it_is_said(self):
        self.put(0)
        self.answer("in-zero")
        self.answer("p1")
        assert self.outcomes() == {"arms": "achieved", "second": "not-available"}
        assert NOTHING in self.told()
        assert NOTHING in outcomes_shown(self.page())
        assert not self.awards().exists()

    def test_the_other_arm_counts_for_nothing(self):
        self.put(0)
        self.answer("in-one")
        self.answer("p1")
        assert self.outcomes() == {"arms": "in-progress", "second": "not-available"}
        assert not self.awards().exists()

    def test_the_worker_may_look_first(self):
        found = self.evidence("in-zero", "in-one", "p1")
        (other,) = found.not_given
        shown = outcomes_shown(self.page())
        assert f"{other} ," not in shown
        assert self.evidence("in-zero", "in-one", "p1").not_given == {other}


class CohortCase(StaffMixin, VariantCase):
    """p1 is for everybody, ``for-red`` and ``for-blue`` for one content group each."""

    def course_fields(self):
        return {"user_partitions": [partition(60, "cohort", "red", "blue")]}

    def build(self):
        self.pill = self.add_pill([outcome("mine", "p1", "for-red", "for-blue"), outcome("red", "for-red")])
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "for-red", group_access={60: [0]})
        self.add_problem(self.pill, "for-blue", group_access={60: [1]})

    def setUp(self):
        super().setUp()
        cohorts.set_course_cohorted(self.course.id, True)
        self.cohorts = {}
        for group, name in enumerate(("red", "blue")):
            cohort = CohortFactory(course_id=self.course.id, name=name)
            CourseUserGroupPartitionGroup.objects.create(course_user_group=cohort, partition_id=60, group_id=group)
            self.cohorts[name] = cohort

    def move(self, name):
        """Put the learner into a cohort."""
        if hasattr(self, "_cohort"):
            cohorts.remove_user_from_cohort(self._cohort, self.learner.username)
        cohorts.add_user_to_cohort(self.cohorts[name], self.learner.username)
        self._cohort = self.cohorts[name]


class TestCohorts(CohortCase):
    def test_another_groups_content_is_not_asked_of_her(self):
        self.move("red")
        told = outcomes_shown(self.page())
        assert "for-red ," in told and "for-blue" not in told and HIDDEN not in told
        self.answer("p1")
        self.answer("for-red")
        assert results(self.awards().get()) == {"p1": (1, 1), "for-red": (1, 1)}

    def test_an_outcome_for_others_only_is_said_to_be(self):
        self.move("blue")
        self.answer("p1")
        self.answer("for-blue")
        assert self.outcomes() == {"mine": "achieved", "red": "not-available"}
        assert NOTHING in self.told()

    def test_who_changes_the_cohort_is_assessed_on_the_new_one(self):
        self.move("blue")
        self.answer("for-blue")
        self.answer("p1")
        self.move("red")
        assert self.outcomes() == {"mine": "in-progress", "red": "not-assessed"}
        self.answer("for-red")
        assert results(self.awards().get()) == {"p1": (1, 1), "for-red": (1, 1)}

    def test_an_award_outlives_the_cohort(self):
        self.move("red")
        self.answer("p1")
        self.answer("for-red")
        self.move("blue")
        assert self.ask("progress").json()["ok"]
        assert self.awards().count() == 1

    def test_who_is_in_no_group_does_not_earn_with_less(self):
        """The platform puts everybody into some cohort; one that is for no content says nothing about any."""
        self.answer("p1")
        self.answer("for-red")
        assert self.outcomes() == {"mine": "in-progress", "red": "not-assessed"}
        told = self.told()
        assert told.count(TOLD) == 3 and "for-red" not in told and "for-blue" not in told
        assert "for-red" not in outcomes_shown(self.page())
        assert not self.awards().exists()

    def test_her_own_groups_content_that_is_not_open_yet_is_still_to_come(self):
        with DATES:
            self.edit(self.key("for-red"), start=SOON)
            self.move("red")
            self.answer("p1")
            assert self.answer("for-red").status_code == 404
            assert self.outcomes() == {"mine": "in-progress", "red": "not-assessed"}
            assert self.told().count(TOLD) == 2
            self.edit(self.key("for-red"), start=LONG_AGO)
            self.answer("for-red")
            assert self.outcomes() == {"mine": "achieved", "red": "achieved"}
        assert self.awards().exists()


class TestTracks(VariantCase):
    """Everybody may choose the free track, so it is not the way around what assesses."""

    def build(self):
        for mode in ("audit", "verified"):
            CourseModeFactory.create(course_id=self.course.id, mode_slug=mode)
        self.pill = self.add_pill([outcome("exam", "p1", "verified-only", threshold="0.5")])
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "verified-only", group_access={ENROLLMENT_TRACK_PARTITION_ID: [2]})

    def test_what_the_free_track_lacks_counts_as_not_answered(self):
        bob = self.enrol("bob", mode="verified")
        found = self.evidence("p1", "verified-only", user=bob)
        assert not found.not_given and not found.withheld
        self.enrol("cleo", mode="audit")
        found = self.evidence("p1", "verified-only")
        assert found.withheld == {"verified-only"} and not found.not_given


@override_waffle_flag(CONTENT_GROUPS_FOR_TEAMS, active=True)
class TestTeams(VariantCase):
    """Where teams are open, everybody may join the one that has less to answer."""

    def course_fields(self):
        teams = {"id": "set", "name": "Set", "description": "Teams", "max_team_size": 9, "user_partition_id": 60}
        return {"teams_configuration": TeamsConfig({"team_sets": [teams]})}

    def build(self):
        self.teams = [CourseTeamFactory(course_id=self.course.id, topic_id="set", name=name) for name in ("A", "B")]
        self.pill = self.add_pill([outcome("exam", "p1", "for-a", threshold="0.5")])
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "for-a", group_access={60: [self.teams[0].id]})

    def test_what_another_team_has_counts_as_not_answered(self):
        self.teams[1].add_user(self.learner)
        found = self.evidence("p1", "for-a")
        assert found.withheld == {"for-a"} and not found.not_given


@DATES
class TestNotOpen(StaffMixin, VariantCase):
    """Content that nobody, or nobody yet, can open."""

    def build(self):
        names = ("p1", "secret", "later", "in-later-box")
        self.pill = self.add_pill([outcome("all", *names), outcome("hidden", "secret")])
        self.add_problem(self.pill, "p1")
        self.add_problem(self.pill, "secret", visible_to_staff_only=True)
        self.add_problem(self.pill, "later", start=SOON)
        self.box = self.add(self.pill, "vertical", start=SOON, display_name="Box")
        self.add_problem(self.box, "in-later-box")

    def test_it_counts_as_not_answered_and_she_is_told_without_its_title(self):
        for name in ("p1", "secret", "later", "in-later-box"):
            self.answer(name)
        assert self.outcomes() == {"all": "in-progress", "hidden": "not-assessed"}
        told = self.told()
        assert told.count(TOLD) == 4, told
        shown = self.page()
        assert TOLD in outcomes_shown(shown)
        for title in ("secret", "later", "in-later-box", "Box"):
            assert title not in told and title not in outcomes_shown(shown)
        assert not self.awards().exists()

    def test_it_counts_once_it_is_open(self):
        self.edit(self.pill, outcomes=[outcome("all", "p1", "later", "in-later-box")])
        self.answer("p1")
        opened = datetime.now(UTC) - timedelta(minutes=1)
        self.edit(self.key("later"), start=opened)
        self.edit(self.box, start=opened)
        self.answer("later")
        self.answer("in-later-box")
        assert set(results(self.awards().get())) == {"p1", "later", "in-later-box"}

    def test_a_pill_in_a_section_that_is_not_open_gives_nothing(self):
        self.answer("p1")
        self.edit(self.section, start=SOON)
        found = self.evidence("p1", "later")
        assert not found.scores and not found.not_given and found.withheld == {"p1", "later"}
        assert not self.awards().exists()


class TestNested(VariantCase):
    """Containers in the pill, three deep, with one name twice."""

    def build(self):
        self.pill = self.add_pill([outcome("deep", "p1", "p2", "twice")])
        outer = self.add(self.pill, "vertical")
        inner = self.add(outer, "vertical")
        self.add_problem(inner, "p1")
        self.add_problem(outer, "p2")
        self.add(outer, "html", location=self.key("twice", "html"), display_name="Text", data="Read")
        self.add_problem(inner, "twice")
        self.add(self.pill, "openassessment", location=self.key("twice", "openassessment"), display_name="Essay")

    def test_every_depth_counts_and_of_two_of_one_name_the_first_graded_one(self):
        told = outcomes_shown(self.page())
        assert "twice ," in told and "Essay" not in told and "Text" not in told
        for name in ("p1", "p2", "twice"):
            self.answer(name)
        assert results(self.awards().get()) == {"p1": (1, 1), "p2": (1, 1), "twice": (1, 1)}


class TestRemoved(StaffMixin, PillCase):
    def test_a_block_that_was_removed_counts_as_not_answered(self):
        self.answer("p1")
        self.edit(self.pill, outcomes=[outcome("locate", "p1", "gone")])
        assert self.outcomes() == {"locate": "in-progress"}
        assert "An activity that was removed" in self.ask("progress").json()["html"]["outcomes"]
