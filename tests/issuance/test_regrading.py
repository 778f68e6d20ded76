"""Scores that change after an award: told, waited for, acted upon, undone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock import compat
from microcred_xblock.domain.award import decide as award_for
from microcred_xblock.domain.errors import NotAllowed, NotReady
from microcred_xblock.domain.outcomes import Score, assess
from microcred_xblock.domain.recognition import QualityAssurance
from microcred_xblock.domain.upkeep import RegradePolicy
from microcred_xblock.issuance import api, measuring, models, outbox, regrading, status
from microcred_xblock.issuance.holding import award_of
from microcred_xblock.issuance.measuring import Step
from tests.domain import strategies as my
from tests.factories import AWARD_ID, EARNED, NOW, make_pill, make_scores
from tests.issuance.upkeep_case import COURSE, DAY, WEAK, Story, assessing_otherwise, unanswered

Outcome = models.Regrade.Outcome


@st.composite
def falls(draw):
    """A pill, scores that master it, and other scores of the same blocks."""
    pill = draw(my.pills())
    most = {
        name: Score(block=name, earned=Decimal(10), possible=Decimal(10), at=NOW - DAY) for name in pill.references
    }
    now = {
        name: replace(score, earned=draw(st.decimals("0", "10", places=1)), attempted=draw(st.booleans()))
        for name, score in most.items() if draw(st.booleans())
    }
    return pill, most, now


class TestDeciding:
    @settings(deadline=None)
    @given(falls(), st.sampled_from(RegradePolicy), st.booleans())
    def test_it_follows_from_mastery_and_the_rule_alone(self, fall, policy, suspended):
        pill, before, after = fall
        award = award_for(pill, assess(pill.outcomes, before), award_id=AWARD_ID, now=NOW)
        results = regrading.measured(pill, award.results, after)
        step = regrading.decide(policy, award, results, suspended=suspended)
        if pill.mastered(results):
            changed = measuring.differ(award.results, results)
            assert step is (Step.WARN if policy is RegradePolicy.SUPERSEDE and changed else Step.RECOVER)
        elif policy is RegradePolicy.KEEP:
            assert step is Step.RECORD
        else:
            assert step is (Step.NOTHING if suspended and policy is RegradePolicy.SUSPEND else Step.WARN)

    @settings(deadline=None)
    @given(falls(), st.sampled_from(RegradePolicy))
    def test_scores_that_are_not_there_change_nothing(self, fall, policy):
        pill, before, _ = fall
        award = award_for(pill, assess(pill.outcomes, before), award_id=AWARD_ID, now=NOW)
        assert regrading.measured(pill, award.results, {}) == award.results
        assert regrading.decide(policy, award, award.results) is Step.RECOVER

    @settings(deadline=None)
    @given(falls())
    def test_better_scores_never_take_mastery_away(self, fall):
        pill, before, after = fall
        results = assess(pill.outcomes, before)
        better = {
            name: replace(score, earned=max(score.earned, before[name].earned), attempted=True)
            for name, score in after.items()
        }
        assert pill.mastered(regrading.measured(pill, results, better))
        assert not regrading.worse(results, regrading.measured(pill, results, better))

    @settings(deadline=None)
    @given(falls(), st.data())
    def test_who_was_not_given_a_block_is_not_measured_by_it_now(self, fall, data):
        pill, before, _ = fall
        elsewhere = frozenset(data.draw(st.sets(st.sampled_from(sorted(pill.references)))))
        results = assess(pill.outcomes, before, not_given=elsewhere)
        blocks = {b.block for result in regrading.measured(pill, results, {}) for b in result.blocks}
        assert not blocks & elsewhere

    def test_an_annulled_section_is_worth_nothing_also_where_a_block_is_gone(self):
        pill = make_pill()
        results = assess(pill.outcomes, make_scores())
        assert pill.mastered(regrading.measured(pill, results, {}))
        assert not any(r.achieved for r in regrading.measured(pill, results, {}, annulled=True))


@pytest.mark.django_db
class TestSuspend:
    @pytest.fixture
    def story(self):
        story = Story(regrade="suspend")
        story.record(0)
        return story

    def test_the_learner_is_told_at_once_and_nothing_happens_yet(self, story):
        story.record(1, WEAK)
        assert story.award.status == "valid"
        assert (story.case.open, story.case.due_at, story.case.policy) == (True, story.at(15), "suspend")
        (notice,) = models.Notice.objects.all()
        assert (notice.kind, notice.state) == ("score-change", "shown")
        assert notice.params == {
            "reason": "regrade", "policy": "suspend", "mastered": False, "date": story.at(15).isoformat(),
        }

    def test_it_is_suspended_after_the_days_of_grace_and_told_again(self, story):
        story.record(1, WEAK)
        assert story.sweep(14) == 0
        assert story.award.status == "valid"
        assert story.sweep(15) == 1
        assert (story.award.status, story.award.active) == ("suspended", True)
        change = models.StatusChange.objects.get()
        assert (change.action, change.reason, change.actor) == ("suspend", "regrade", "system")
        assert (story.case.open, story.case.outcome, story.case.closed_at) == (None, Outcome.SUSPENDED, story.at(15))
        assert story.told() == ["score-change", "suspended"] and story.shown() == ["suspended"]

    def test_scores_that_suffice_again_close_the_case(self, story):
        story.record(1, WEAK)
        story.record(5)
        assert (story.case.open, story.case.outcome) == (None, Outcome.RECOVERED)
        assert story.sweep(30) == 0 and story.award.status == "valid"
        assert story.told() == ["score-change", "score-settled"] and story.shown() == ["score-settled"]

    def test_and_lift_a_suspension(self, story):
        story.record(1, WEAK)
        story.sweep(15)
        story.record(20)
        assert story.award.status == "valid"
        assert story.told()[-1] == "reinstated" and story.shown() == ["reinstated"]

    def test_a_second_fall_after_that_is_a_new_case(self, story):
        story.record(1, WEAK)
        story.sweep(15)
        story.record(20)
        story.record(21, WEAK)
        assert models.Regrade.objects.count() == 2 and story.case.due_at == story.at(35)

    def test_but_not_one_of_staff(self, story):
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(1))
        story.record(2)
        assert story.award.status == "suspended"

    def test_changes_within_the_days_of_grace_are_one_case(self, story):
        story.record(1, WEAK)
        story.record(2, {**WEAK, "read-scada": "0"})
        story.record(3, {**WEAK, "read-scada": "1"})
        assert models.Regrade.objects.count() == 1 and story.told() == ["score-change"]
        assert story.case.due_at == story.at(15)
        assert [r["status"] for r in story.case.results] == ["not-achieved", "not-achieved", "achieved"]

    def test_the_same_scores_again_write_nothing(self, story, django_assert_num_queries):
        story.record(1, WEAK)
        before = models.Regrade.objects.values().get()
        story.record(2, scores=story.scores(1, WEAK))
        assert models.Regrade.objects.values().get() == before

    def test_an_award_that_is_simply_well_costs_two_queries_more(self, story, django_assert_num_queries):
        with django_assert_num_queries(2):  # the award with its pill; whether a case is open
            story.record(2)

    def test_deleted_answers_are_called_that(self, story):
        scores = story.scores(1)
        scores["fault-tree"] = unanswered(scores["fault-tree"])
        story.record(1, scores=scores)
        assert models.Notice.objects.get().params["reason"] == "score-deleted"
        story.sweep(15)
        assert models.StatusChange.objects.get().reason == "score-deleted"

    def test_a_block_that_is_gone_never_counts_against_the_learner(self, story):
        story.record(1, scores=story.scores(1, fault_tree=None, sort_causes=None))
        story.record(2, scores={})
        assert not models.Regrade.objects.exists()

    def test_nothing_while_results_are_concealed(self, story):
        story.record(1, WEAK, concealed_until=story.at(3))
        assert not models.Regrade.objects.exists()
        story.record(4, WEAK, concealed_until=story.at(3))
        assert models.Regrade.objects.exists()

    def test_another_assessment_proves_nothing(self, story):
        story.record(1, WEAK, pill=assessing_otherwise(story.pill))
        assert not models.Regrade.objects.exists()

    def test_and_sets_an_open_case_aside(self, story):
        story.record(1, WEAK)
        story.record(2, WEAK, pill=assessing_otherwise(story.pill))
        assert (story.case.open, story.case.outcome) == (None, Outcome.KEPT)
        assert story.told() == ["score-change", "score-settled"]

    def test_one_that_assesses_otherwise_is_judged_by_its_own_rule_again_when_that_is_back(self, story):
        story.record(1, WEAK, pill=assessing_otherwise(story.pill))
        story.record(2, WEAK)
        assert story.case.open

    def test_other_words_are_no_other_version(self, story):
        story.record(1, WEAK, pill=replace(story.pill, description="Corrected.", tags=()))
        assert models.Regrade.objects.get().open

    def test_the_terms_are_those_of_the_award(self, story):
        """An author who makes the rule harsher later does not change what learners were promised."""
        story.record(1, WEAK, pill=Story(regrade="revoke", grace_days=0).pill)
        assert (story.case.policy, story.case.due_at) == ("suspend", story.at(15))

    def test_a_retired_learner_is_left_alone(self, story):
        models.Award.objects.update(retired_at=story.at(1))
        story.record(2, WEAK)
        assert not models.Regrade.objects.exists()

    def test_staff_can_dismiss_a_case_and_it_stays_dismissed(self, story):
        story.record(1, WEAK)
        case = regrading.dismiss(story.award, actor="user:1", note="Marked wrongly.", now=story.at(2))
        assert (case.open, case.outcome) == (None, Outcome.DISMISSED)
        change = models.StatusChange.objects.get()
        assert (change.action, change.actor, change.note) == ("keep", "user:1", "Marked wrongly.")
        assert story.shown() == ["score-settled"]
        story.record(3, WEAK)
        story.sweep(60)
        assert models.Regrade.objects.count() == 1 and story.award.status == "valid"
        story.record(61, {**WEAK, "read-scada": "0"})
        assert models.Regrade.objects.count() == 2, "worse than what staff looked at"
        with pytest.raises(NotAllowed) as refusal:
            regrading.dismiss(_other_award(), actor="user:1", now=story.at(3))
        assert refusal.value.code == "regrade-none"

    def test_a_suspension_that_staff_lift_is_not_put_back(self, story):
        story.record(1, WEAK)
        story.sweep(15)
        status.reinstate(story.award, reason="error", actor="user:1", now=story.at(16))
        story.record(17, WEAK)
        assert story.award.status == "valid" and models.Regrade.objects.count() == 1

    def test_an_annulled_section_and_the_way_back(self, story):
        nothing = {name: replace(score, earned=Decimal(0)) for name, score in story.scores(1).items()}
        story.record(1, scores=nothing, annulled=True)
        assert story.case.open
        story.record(2, scores={}, annulled=True)
        assert story.case.open, "hidden after its close, and still annulled"
        story.record(3)
        assert story.case.outcome == Outcome.RECOVERED

    def test_one_that_is_replaced_but_not_signed_is_suspended_too(self, story):
        story.sign()
        former = story.award
        former.active = None
        former.save()
        models.Award.objects.create(
            learner_id=former.learner_id, learner_pill=former.learner_pill, pill=former.pill, course_id=COURSE,
            results=former.results, awarded_at=story.at(1), supersedes=former,
        )
        story.record(2, WEAK)
        story.sweep(16)
        assert set(models.Award.objects.values_list("status", flat=True)) == {"suspended"}
        assert story.told() == ["score-change", "suspended"], "told once"
        story.record(20)
        assert set(models.Award.objects.values_list("status", flat=True)) == {"valid"}


def _other_award():
    story = Story("student_2", regrade="suspend")
    story.record(0)
    return story.award


@pytest.mark.django_db
class TestRevoke:
    @pytest.fixture
    def story(self):
        story = Story(regrade="revoke", grace_days=3)
        story.record(0)
        return story

    def test_revoked_after_the_days_of_grace_and_earned_again(self, story):
        story.record(1, WEAK)
        story.sweep(3.9)
        assert story.award.status == "valid"
        story.sweep(4)
        former = story.award
        assert (former.status, former.active, former.regain) == ("revoked", None, "results")
        panel = api.panel(story.learner, story.pill.id)
        assert (panel.award_id, panel.standing.state, panel.standing.regain) == (str(former.pk), "revoked", "results")
        assert [notice.kind for notice in panel.notices] == ["revoked"]
        again = story.record(10)
        assert again.award_id not in (None, str(former.pk))
        assert api.panel(story.learner, story.pill.id).award_id == again.award_id
        assert story.award.supersedes is None and story.award.status == "valid"

    def test_even_without_days_of_grace_it_is_told_before_it_happens(self):
        story = Story(regrade="revoke", grace_days=0)
        story.record(0)
        story.record(1, WEAK)
        assert story.award.status == "valid" and story.told() == ["score-change"]
        story.sweep(1)
        assert story.award.status == "revoked" and story.told() == ["score-change", "revoked"]

    def test_nothing_is_revoked_of_which_no_notice_is_left(self, story):
        story.record(1, WEAK)
        models.Notice.objects.all().delete()
        story.sweep(4)
        assert story.award.status == "valid" and story.told() == ["score-change"]
        story.sweep(7)
        assert story.award.status == "revoked"

    def test_a_suspension_of_staff_puts_it_off_only(self, story):
        story.record(1, WEAK)
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(2))
        story.sweep(4)
        story.sweep(20)
        assert story.award.status == "suspended" and story.case.open
        status.reinstate(story.award, reason="integrity", actor="user:1", now=story.at(20.5))
        story.sweep(21)
        assert story.award.status == "revoked" and story.case.outcome == Outcome.REVOKED

    @pytest.mark.parametrize(("regain", "code"), [("never", "award-barred"), ("anew", "award-anew")])
    def test_what_staff_revoke_is_earned_again_on_their_terms(self, story, regain, code):
        status.revoke(story.award, reason="integrity", actor="user:1", now=story.at(1), regain=regain)
        old = story.record(2, scores=story.scores(0))
        assert old.mastered and old.award_id is None and old.refusal.code == code
        partly = {**story.scores(0), **{name: story.scores(3)[name] for name in ("read-scada", "fault-tree")}}
        assert story.record(3, scores=partly).refusal.code == code
        new = story.record(4)
        assert (new.award_id is None) == (regain == "never")

    def test_a_case_of_an_award_that_staff_revoked_is_closed_quietly(self, story):
        story.record(1, WEAK)
        status.revoke(story.award, reason="integrity", actor="user:1", now=story.at(2), regain="anew")
        story.sweep(4)
        assert story.case.outcome == Outcome.REVOKED and story.told() == ["score-change", "revoked"]


@pytest.mark.django_db
class TestKeep:
    def test_it_is_written_down_and_nothing_else(self):
        story = Story()
        story.record(0)
        story.record(1, WEAK)
        story.record(2, {**WEAK, "read-scada": "0"})
        assert (story.case.open, story.case.outcome, story.case.mastered) == (None, Outcome.KEPT, False)
        assert models.Regrade.objects.count() == 1 and story.told() == []
        assert story.case.results[0]["status"] == "not-achieved"
        assert story.sweep(400) == 0 and story.award.status == "valid"

    def test_the_page_may_ask_often(self, django_assert_num_queries):
        story = Story()
        story.record(0)
        story.record(1, WEAK)
        with django_assert_num_queries(2):
            story.record(2, scores=story.scores(1, WEAK))


BETTER = {**EARNED, "fault-tree": "5"}


@pytest.mark.django_db
class TestSupersede:
    @pytest.fixture
    def story(self):
        story = Story(regrade="supersede", grace_days=7, valid_months=12)
        story.record(0)
        return story

    def test_other_results_make_another_award_and_the_former_stays_valid(self, story):
        story.sign()
        former = story.award
        story.record(1, BETTER)
        assert models.Notice.objects.get().params["mastered"] is True
        story.sweep(8)
        new = story.award
        assert new.pk != former.pk and new.supersedes_id == former.pk and new.active
        former.refresh_from_db()
        assert (former.status, former.active) == ("valid", None)
        assert (new.status, new.expires_at, new.pill_id) == ("valid", former.expires_at, former.pill_id)
        assert new.results != former.results and new.awarded_at == story.at(8)
        assert story.told() == ["score-change", "renewal-offered"] and story.shown() == ["renewal-offered"]
        story.record(9, BETTER)
        assert models.Regrade.objects.count() == 1 and models.Award.objects.count() == 2

    def test_the_same_results_are_nothing(self, story):
        story.record(1)
        assert not models.Regrade.objects.exists()

    def test_what_nobody_agreed_to_yet_is_put_right_itself(self, story):
        former = story.award
        story.record(1, BETTER)
        story.sweep(8)
        assert models.Award.objects.count() == 1 and story.award.pk == former.pk
        assert story.award.results != former.results
        assert story.told() == ["score-change", "score-settled"]

    def test_also_one_whose_payload_was_read_but_not_agreed_to(self, story, configured, issuer, learner):
        """The digest that the learner saw is no longer good: it named other scores."""
        award = str(story.award.pk)
        with patch.object(timezone, "now", return_value=story.at(9)):  # long before the end of its year
            old = api.payload(award, learner).digest
            story.record(1, BETTER)
            story.sweep(8)
            with pytest.raises(NotAllowed) as refusal:
                api.consent(award, learner, digest=old)
            assert refusal.value.code == "payload-changed"
            assert api.payload(award, learner).digest != old

    def test_without_mastery_it_is_revoked(self, story):
        story.sign()
        story.record(1, WEAK)
        story.sweep(8)
        assert story.award.status == "revoked" and models.Award.objects.count() == 1

    def test_a_turn_to_the_worse_is_told_and_the_days_start_again(self, story):
        story.sign()
        story.record(1, BETTER)
        story.record(7, WEAK)
        assert models.Regrade.objects.count() == 1 and story.case.due_at == story.at(14)
        assert [n.params["mastered"] for n in models.Notice.objects.order_by("pk")] == [True, False]
        assert len(story.shown()) == 1
        story.sweep(8)
        assert story.award.status == "valid"
        story.sweep(14)
        assert story.award.status == "revoked"

    def test_a_suspension_of_staff_is_not_undone_by_a_new_award(self, story):
        story.sign()
        story.record(1, BETTER)
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(2))
        story.sweep(8)
        assert models.Award.objects.count() == 1 and story.award.status == "suspended" and story.case.open
        status.reinstate(story.award, reason="error", actor="user:1", now=story.at(8.5))
        story.sweep(9.5)
        assert models.Award.objects.count() == 2

    def test_back_to_what_was_certified_closes_the_case(self, story):
        story.record(1, BETTER)
        story.record(2)
        assert story.case.outcome == Outcome.RECOVERED


def _inherits(pill):
    """An admin gave the organisation's pills a form of participation and quality assurance."""
    quality = QualityAssurance(title="Qualiopi", agency="An agency")
    return replace(pill, recognition=replace(pill.recognition, mode="blended", quality_assurance=quality))


def _reworded(pill):
    """A typo in the title and in an outcome, another skill, and the outcomes in another order."""
    first, *others = pill.outcomes
    return replace(pill, title="Fault diagnoses", outcomes=(*others, replace(first, title="Interprets", skills=())))


@pytest.mark.django_db
@pytest.mark.parametrize("change", [_inherits, _reworded])
class TestAnotherVersionOfTheSameAssessment:
    """What an award proved is held against it, whatever else its pill says by now."""

    def earned(self, change, **upkeep):
        story = Story(**upkeep)
        story.record(0)
        story.sign()
        earned, story.pill = story.pill, change(story.pill)
        assert story.pill.version != earned.version
        return story, earned

    @pytest.mark.parametrize(("policy", "after"), [("suspend", "suspended"), ("revoke", "revoked")])
    def test_the_rule_goes_on_working(self, change, policy, after):
        story, _ = self.earned(change, regrade=policy)
        story.record(1, WEAK)
        assert (story.case.open, story.case.due_at) == (True, story.at(15))
        assert [result["outcome_id"] for result in story.case.results] == ["read-data", "find-cause", "restart-safely"]
        story.sweep(15)
        assert story.award.status == after

    def test_what_falls_is_written_down(self, change):
        story, _ = self.earned(change)
        story.record(1, WEAK)
        assert (story.case.open, story.case.outcome, story.case.mastered) == (None, Outcome.KEPT, False)

    def test_an_open_case_goes_on(self, change):
        story, earned = self.earned(change, regrade="revoke", grace_days=3)
        story.record(1, WEAK, pill=earned)
        story.record(2, WEAK)
        assert story.case.open and story.told() == ["score-change"]
        story.record(3)
        assert story.case.outcome == Outcome.RECOVERED

    def test_a_suspension_is_lifted_and_nothing_is_offered(self, change):
        story, _ = self.earned(change, regrade="suspend")
        story.record(1, WEAK)
        story.sweep(15)
        story.record(20)
        assert story.award.status == "valid" and models.Award.objects.count() == 1
        assert story.told()[-1] == "reinstated"

    def test_another_award_repeats_what_the_former_froze(self, change):
        story, earned = self.earned(change, regrade="supersede", grace_days=7)
        former = story.award
        story.record(1, BETTER)
        story.sweep(8)
        new = story.award
        assert new.supersedes_id == former.pk and new.pill_id == former.pill_id
        assert new.pill.version == earned.version and new.results != former.results
        assert award_of(new).pill == earned
        story.record(9, BETTER)
        assert models.Regrade.objects.count() == 1 and models.Award.objects.count() == 2

    def test_a_page_that_asks_often_costs_two_queries(self, change, django_assert_num_queries):
        story, _ = self.earned(change, regrade="revoke")
        with django_assert_num_queries(2):
            story.record(1)


@pytest.mark.django_db
class TestClosing:
    @pytest.fixture
    def story(self):
        story = Story("7", regrade="revoke", grace_days=1)
        story.record(0)
        story.record(1, WEAK)
        return story

    @pytest.fixture
    def platform(self, story, monkeypatch):
        """A platform that answers with ``scores``, or raises what is put there."""
        answers = {"pill": story.pill, "may_earn": True, "evidence": compat.Evidence(scores=story.scores(1, WEAK))}

        class Block:
            @staticmethod
            def readable_pill():
                return answers["pill"]

        @contextmanager
        def load(_pill_id):
            yield Block() if answers["pill"] is not None else None

        def evidence(*_args):
            if isinstance(answers["evidence"], Exception):
                raise answers["evidence"]
            return answers["evidence"]

        monkeypatch.setattr(compat, "platform", lambda: compat.LMS)
        monkeypatch.setattr(compat, "load_pill", load)
        monkeypatch.setattr(compat, "may_earn", lambda *_: answers["may_earn"])
        monkeypatch.setattr(compat, "platform_evidence", evidence)
        return answers

    def test_it_looks_once_more_before_it_acts(self, story, platform):
        platform["evidence"] = compat.Evidence(scores=story.scores(1.5))
        story.sweep(2)
        assert story.award.status == "valid" and story.case.outcome == Outcome.RECOVERED

    def test_it_acts_when_nothing_has_changed(self, story, platform):
        story.sweep(2)
        assert story.award.status == "revoked"

    def test_not_while_results_are_concealed(self, story, platform):
        platform["evidence"] = replace(platform["evidence"], concealed_until=story.at(9))
        story.sweep(2)
        assert story.award.status == "valid" and story.case.due_at == story.at(9)
        platform["evidence"] = replace(platform["evidence"], concealed_until=None)
        story.sweep(9)
        assert story.award.status == "revoked"

    def test_not_while_the_platform_cannot_tell(self, story, platform):
        platform["evidence"] = NotReady("later")
        story.sweep(2)
        assert story.award.status == "valid"
        assert (story.case.open, story.case.attempts, story.case.error_code) == (True, 1, "not-ready")
        platform["evidence"] = compat.Evidence(scores=story.scores(1, WEAK))
        story.sweep(2.1)
        assert story.award.status == "revoked" and story.case.error_code == ""

    def test_whatever_a_platform_raises_loses_no_case(self, story, platform):
        platform["evidence"] = ZeroDivisionError()
        for attempt in range(12):
            story.sweep(2 + attempt)
        assert story.award.status == "valid" and story.case.open and story.case.error_code == "internal"

    def test_a_pill_that_is_gone_takes_nothing_away(self, story, platform):
        platform["pill"] = None
        announced = datetime.fromisoformat(models.Notice.objects.get().params["date"])
        for days in range(40):
            story.sweep(2 + days)
            assert story.case.open == (True if story.at(2 + days) < announced + 30 * DAY else None), days
        assert story.award.status == "valid" and story.case.outcome == Outcome.KEPT
        assert story.told() == ["score-change", "score-settled"]

    def test_one_that_is_out_of_sight_for_a_week_only_puts_it_off(self, story, platform):
        pill, platform["pill"] = platform["pill"], None
        story.sweep(2)
        story.sweep(9)
        assert story.award.status == "valid" and story.case.open
        platform["pill"] = pill
        story.sweep(10)
        assert story.award.status == "revoked"

    def test_so_does_another_assessment(self, story, platform):
        platform["pill"] = assessing_otherwise(story.pill)
        story.sweep(2)
        assert story.award.status == "valid" and story.case.outcome == Outcome.KEPT

    def test_who_has_left_the_course_is_judged_by_what_was_seen_last(self, story, platform):
        platform.update(may_earn=False, evidence=ZeroDivisionError())
        story.sweep(2)
        assert story.award.status == "revoked"

    def test_a_learner_who_has_left_the_platform_is_left_alone(self, story, platform):
        platform["evidence"] = ZeroDivisionError()
        models.Award.objects.update(retired_at=story.at(1.5))
        story.sweep(2)
        assert story.award.status == "valid" and story.case.outcome == Outcome.KEPT and story.told() == ["score-change"]

    def test_twice_is_once(self, story):
        case = story.case.pk
        for _ in range(2):
            regrading.close(case, now=story.at(2))
        assert models.StatusChange.objects.count() == 1 and story.told() == ["score-change", "revoked"]

    def test_a_task_that_comes_too_early_does_nothing(self, story):
        regrading.close(story.case.pk, now=story.at(1.5))
        assert story.award.status == "valid"

    def test_a_killed_worker_loses_no_case(self, story, monkeypatch):
        """It dies inside the transaction: nothing of it is left, and the next sweep hands the case over again."""
        monkeypatch.setattr(regrading, "_close", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            story.sweep(2)
        assert story.award.status == "valid" and story.case.open and story.told() == ["score-change"]
        monkeypatch.undo()
        assert story.sweep(2) == 0, "still handed over"
        assert story.sweep(2 + outbox.HANDED_OVER / timedelta(days=1)) == 1
        assert story.award.status == "revoked"

    def test_the_sweep_hands_over_through_the_task(self, story, commits, monkeypatch):
        monkeypatch.setattr("microcred_xblock.issuance.tasks.timezone.now", lambda: story.at(2))
        with commits():
            assert regrading.close_due(story.at(2)) == 1
        assert story.award.status == "revoked"

    def test_another_worker_s_outcome_stands(self, story, monkeypatch):
        """Between looking and locking, staff dismissed the case."""
        look = regrading._look_again

        def slow(case, now):
            found = look(case, now)
            regrading.dismiss(case.award, actor="user:1", now=now)
            return found

        monkeypatch.setattr(regrading, "_look_again", slow)
        story.sweep(2)
        assert story.award.status == "valid" and story.case.outcome == Outcome.DISMISSED


def test_from_a_signed_credential_to_a_suspended_one_and_back(configured, issuer, learner, commits):
    """The whole way with real signatures: what a verifier is told on each day."""
    story = Story(learner.id, regrade="suspend", grace_days=7)
    standing = story.record(0)
    with commits():
        api.consent(standing.award_id, learner, digest=api.payload(standing.award_id, learner).digest)
    badge = models.Credential.objects.get(format="ob3").credential_id

    def told(days):
        return status.standing(badge, now=story.at(days)).state

    assert told(0) == "valid"
    story.record(1, WEAK)
    assert told(2) == "valid"
    story.sweep(8)
    assert told(8) == "suspended" and models.StatusEntry.objects.get().suspended
    story.record(9)
    assert told(9) == "valid" and not models.StatusEntry.objects.get().suspended
    assert story.told() == ["score-change", "suspended", "reinstated"]


def test_from_a_signed_credential_to_the_one_that_takes_its_place(configured, issuer, learner, commits):
    story = Story(learner.id, regrade="supersede", grace_days=7)
    first = story.record(0).award_id
    with commits():
        api.consent(first, learner, digest=api.payload(first, learner).digest)
    story.record(1, BETTER)
    story.sweep(8)
    badge = models.Credential.objects.get(format="ob3").credential_id
    second = api.panel(learner.id, story.pill.id).replacement
    assert second.award_id != first
    assert status.standing(badge, now=story.at(9)).state == "valid", "until the new one is signed"
    with commits():
        api.consent(second.award_id, learner, digest=api.payload(second.award_id, learner).digest)
    found = status.standing(badge, now=story.at(10))
    assert (found.state, found.reason) == ("superseded", "") and found.successor, "the reason is the learner's affair"
    assert story.shown() == ["superseded"]
