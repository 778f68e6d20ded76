"""Awards that expire: reminded, renewed by new evidence, or issued anew by staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from openedx_filters import PipelineStep

from microcred_xblock.domain.errors import NotAllowed
from microcred_xblock.domain.outcomes import Rule
from microcred_xblock.issuance import api, awarding, issuers, models, outbox, renewing, status
from microcred_xblock.issuance.filters import AwardRequested
from tests.issuance.upkeep_case import COURSE, START, WEAK, Story, assessing_otherwise

pytestmark = pytest.mark.django_db
YEAR = 365


@pytest.fixture
def story():
    """An award for twelve months, signed."""
    story = Story(valid_months=12)
    story.record(0)
    story.sign()
    return story


class TestExpiry:
    def test_an_award_is_valid_for_calendar_months(self, story):
        assert story.award.expires_at == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

    def test_without_a_word_of_the_author_for_good(self):
        story = Story()
        story.record(0)
        assert story.award.expires_at is None
        assert api.panel(story.learner, story.pill.id).standing.renewable is False

    def test_the_panel_says_so(self, story, monkeypatch):
        for days, state, renewable in ((300, "valid", False), (306, "valid", True), (365, "expired", True)):
            monkeypatch.setattr("microcred_xblock.issuance.showing.timezone.now", lambda days=days: story.at(days))
            panel = api.panel(story.learner, story.pill.id)
            assert (panel.standing.state, panel.standing.renewable) == (state, renewable), days
            assert panel.expires_at == story.award.expires_at
        assert panel.standing.since == panel.expires_at


class TestProvedAnew:
    """Only what was answered since counts: no block answered before, not even beside one of the same outcome."""

    NEWEST = ("read-scada", "fault-tree", "lockout-order")  # one block of each outcome

    @pytest.fixture
    def mixed(self):
        def scores(story, before, after, newest=self.NEWEST):
            fresh = story.scores(after)
            return {**story.scores(before), **{name: fresh[name] for name in newest}}

        return scores

    def test_after_a_revocation_one_block_of_each_outcome_is_not_enough(self, mixed):
        story = Story()
        story.record(0)
        status.revoke(story.award, reason="integrity", actor="user:1", now=story.at(5))
        found = story.record(7, scores=mixed(story, 0, 6))
        assert found.mastered and found.award_id is None and found.refusal.code == "award-anew"
        assert story.record(8, scores=story.scores(8)).award_id

    def test_the_award_holds_nothing_from_before(self, mixed):
        story = Story()
        story.record(0)
        status.revoke(story.award, reason="integrity", actor="user:1", now=story.at(5))
        names = set(story.scores(0)) - {"vibration-quiz"}
        enough = replace(story.pill, outcomes=tuple(
            replace(one, assessment=replace(one.assessment, rule=Rule(value="0.1"), all_attempted=False))
            for one in story.pill.outcomes
        ))
        found = story.record(7, scores=mixed(story, 0, 6, names), pill=enough)
        assert found.award_id
        blocks = {b.block: b for r in awarding.award_of(story.award).results for b in r.blocks}
        assert not blocks["vibration-quiz"].attempted
        assert all(block.at > story.at(5) for name, block in blocks.items() if name != "vibration-quiz")

    def test_a_renewal_needs_all_of_it_anew_too(self, story, mixed):
        former = story.award
        story.record(340, scores=mixed(story, 0, 339))
        assert story.award.pk == former.pk
        story.record(341)
        assert story.award.supersedes_id == former.pk

    def test_a_block_that_was_not_given_is_not_asked_for(self):
        story = Story()
        story.record(0)
        status.revoke(story.award, reason="integrity", actor="user:1", now=story.at(5))
        scores = story.scores(6)
        del scores["vibration-quiz"]
        assert story.record(6, scores=scores, not_given={"vibration-quiz"}).award_id


class TestReminders:
    def test_each_is_told_once(self, story):
        told = {days: renewing.remind_due(story.at(days)) for days in (300, 334, 335, 336, 364, 365, 366, 400)}
        assert {days for days, count in told.items() if count} == {335, 365} and sum(told.values()) == 2
        assert story.told() == ["expires-soon", "expired"] and story.shown() == ["expired"]
        assert models.Notice.objects.first().params == {"date": story.award.expires_at.isoformat()}

    def test_the_admin_sets_the_days(self, story, settings):
        settings.MICROCRED_REMIND_BEFORE_DAYS = 90
        assert renewing.remind_due(story.at(280)) == 1

    @pytest.mark.parametrize("over", [
        {"status": "suspended"}, {"status": "revoked", "active": None}, {"active": None}, {"retired_at": START},
        {"expires_at": None},
    ])
    def test_nobody_is_told_of_what_does_not_count(self, story, over):
        models.Award.objects.update(**over)
        assert renewing.remind_due(story.at(364)) == 0

    def test_nor_long_afterwards(self, story):
        assert renewing.remind_due(story.at(365 + 91)) == 0

    def test_what_is_renewed_is_no_longer_called_expiring(self, story):
        renewing.remind_due(story.at(340))
        story.record(350)
        assert story.shown() == ["renewal-offered"]

    def test_many_cost_a_constant_number_of_queries_to_find(self, django_assert_num_queries):
        for learner in range(5):
            Story(f"s{learner}", valid_months=12).record(0)
        assert renewing.remind_due(START + timedelta(days=340)) == 5
        with django_assert_num_queries(2):
            assert renewing.remind_due(START + timedelta(days=340)) == 0

    def test_the_sweep_reminds(self, story):
        outbox.sweep(story.at(340))
        assert story.told() == ["expires-soon"]


class TestRenewal:
    def test_every_outcome_proved_anew_within_the_window_makes_a_new_award(self, story):
        former = story.award
        standing = story.record(310)
        new = story.award
        assert standing.award_id == str(new.pk) != str(former.pk)
        assert (new.supersedes_id, new.active, new.status) == (former.pk, True, "valid")
        assert new.expires_at == datetime(2027, 10, 1, 9, 0, tzinfo=UTC) and new.awarded_at == story.at(310)
        former.refresh_from_db()
        assert (former.status, former.active) == ("valid", None), "until the new one is signed"
        assert models.Notice.objects.get().params == {"reason": "renewal"}
        assert story.record(311).award_id == str(new.pk)

    def test_also_after_it_has_expired(self, story):
        assert story.record(800).award_id != str(models.Award.objects.order_by("created_at")[0].pk)

    def test_not_before(self, story):
        story.record(300)
        assert models.Award.objects.count() == 1

    def test_the_admin_sets_the_window(self, story, settings):
        settings.MICROCRED_RENEW_BEFORE_DAYS = 100
        story.record(300)
        assert models.Award.objects.count() == 2

    def test_not_with_one_outcome_of_old(self, story):
        scores = {**story.scores(310), **{name: story.scores(0)[name] for name in ("read-scada", "vibration-quiz")}}
        story.record(310, scores=scores)
        assert models.Award.objects.count() == 1

    def test_not_without_mastery(self, story):
        story.record(310, WEAK)
        assert models.Award.objects.count() == 1

    def test_the_pill_as_it_is_now_is_what_is_renewed(self, story):
        pill = replace(Story(valid_months=6).pill, title="Fault diagnosis, second edition")
        story.record(310, pill=pill)
        assert story.award.pill.title == "Fault diagnosis, second edition"
        assert story.award.expires_at == datetime(2027, 4, 1, 9, 0, tzinfo=UTC)

    def test_a_suspended_award_is_not_renewed(self, story):
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(1))
        story.record(310)
        assert models.Award.objects.count() == 1

    def test_nor_one_while_results_are_concealed(self, story):
        story.record(310, concealed_until=story.at(311))
        assert models.Award.objects.count() == 1

    def test_a_site_s_own_condition_holds_for_renewals_too(self, story, settings):
        settings.OPEN_EDX_FILTERS_CONFIG = {
            AwardRequested.filter_type: {"fail_silently": False, "pipeline": [f"{__name__}.Veto"]}
        }
        story.record(310)
        assert models.Award.objects.count() == 1

    def test_another_request_was_faster(self, story, monkeypatch):
        held = awarding.held_award(story.learner, story.pill.id)
        story.record(310)
        new = story.award
        pill, results = story.pill, story.record(310).results
        assert renewing.review(held, pill, results, now=story.at(310)).pk == new.pk
        assert models.Award.objects.count() == 2

    def test_a_suspension_by_scores_of_a_pill_that_was_changed_has_a_way_back(self):
        story = Story(regrade="suspend", grace_days=0)
        story.record(0)
        story.sign()
        story.record(1, WEAK)
        story.sweep(1)
        assert story.award.status == "suspended"
        story.record(2, pill=assessing_otherwise(story.pill, title="Another"))
        new = story.award
        assert new.supersedes.status == "suspended" and new.status == "valid" and new.pill.title == "Another"
        assert story.shown() == ["renewal-offered"]


class Veto(PipelineStep):
    """A site that wants to see an identity card first."""

    def run_filter(self, award, learner_id, course_id):
        raise AwardRequested.PreventAward("Show your identity card first.")


class TestByStaff:
    def test_a_renewal_is_valid_from_now(self, story):
        former = story.award
        new = renewing.renew(former, actor="user:1", note="Asked for.", now=story.at(100))
        assert (new.supersedes_id, new.awarded_at, new.results) == (former.pk, story.at(100), former.results)
        assert new.expires_at == datetime(2027, 3, 5, 9, 0, tzinfo=UTC) != former.expires_at
        change = models.StatusChange.objects.get()
        assert (change.award_id, change.reason, change.note, change.actor) == (
            former.pk, "renewal", "Asked for.", "user:1",
        )
        assert story.shown() == ["renewal-offered"]

    def test_a_reissue_leaves_the_dates_alone(self, story):
        former = story.award
        new = renewing.renew(former, actor="user:1", reason="reissue", now=story.at(100))
        assert (new.awarded_at, new.expires_at) == (former.awarded_at, former.expires_at)
        assert awarding.award_of(new).results == awarding.award_of(former).results

    def test_what_was_superseded_is_told_and_the_offer_taken_down(self, story):
        former = story.award
        renewing.renew(former, actor="user:1", now=story.at(100))
        status.supersede(former, reason="renewal", actor="system", now=story.at(101))
        assert story.shown() == ["superseded"]

    @pytest.mark.parametrize(("over", "code"), [
        ({"status": "suspended"}, "renewal-state"), ({"active": None}, "renewal-state"),
        ({"retired_at": START}, "renewal-state"),
    ])
    def test_only_what_is_valid(self, story, over, code):
        models.Award.objects.update(**over)
        with pytest.raises(NotAllowed) as refusal:
            renewing.renew(story.award, actor="user:1", now=story.at(100))
        assert refusal.value.code == code and models.Award.objects.count() == 1

    def test_only_what_is_signed(self):
        story = Story()
        story.record(0)
        with pytest.raises(NotAllowed) as refusal:
            renewing.renew(story.award, actor="user:1", now=story.at(1))
        assert refusal.value.code == "renewal-unsigned"

    def test_only_for_a_known_reason(self, story):
        with pytest.raises(NotAllowed) as refusal:
            renewing.renew(story.award, actor="user:1", reason="whim", now=story.at(1))
        assert refusal.value.code == "renewal-reason"

    def test_twice_makes_one(self, story):
        former = story.award
        renewing.renew(former, actor="user:1", now=story.at(100))
        with pytest.raises(NotAllowed):
            renewing.renew(former, actor="user:1", now=story.at(100))


@pytest.mark.parametrize(("configured", "expected"), [({"acme": {}, "north": {}}, "acme"), ({"north": {}}, "north")])
def test_the_awarding_body_stays_while_the_site_still_has_it(story, settings, configured, expected):
    """Whatever was assigned to the course since: who renews a credential is who gave it."""
    settings.MICROCRED_PUBLIC_BASE_URL = "https://learn.example"
    settings.MICROCRED_ISSUERS = {key: {"name": key, "url": "https://x.example"} for key in configured}
    models.Award.objects.update(issuer_key="acme")
    issuers.assign("course", COURSE, "north")
    assert renewing.renew(story.award, actor="user:1", now=story.at(100)).issuer_key == expected
    other = Story("student_2", valid_months=12)
    other.record(0)
    assert other.award.issuer_key == "north", "a first award is made by who awards there now"


def test_the_learner_agrees_to_the_new_one(issued, learner, commits):
    """The whole way: signed, renewed by staff, agreed to, signed again under other ids."""
    row = models.Award.objects.get(pk=issued)
    new = renewing.renew(row, actor="user:1", reason="reissue", now=row.awarded_at + timedelta(days=1))
    with commits():
        api.consent(str(new.pk), learner, digest=api.payload(str(new.pk), learner).digest)
    assert api.panel(learner.id, row.pill.pill_id).state == "issued"
    badges = models.Credential.objects.filter(format="ob3").values_list("award_id", "credential_id", "state")
    assert len({award for award, _id, _state in badges}) == len({name for _award, name, _state in badges}) == 2
    assert {state for _award, _id, state in badges} == {"issued"}
    row.refresh_from_db()
    assert row.status == "superseded"
    assert [n.kind for n in api.panel(learner.id, row.pill.pill_id).notices] == ["superseded"]
