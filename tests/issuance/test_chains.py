"""An award and its pending replacement are one matter: what is decided of one holds for both."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from microcred_xblock.domain.errors import InvalidDocument, NotAllowed
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance import (
    api,
    awarding,
    bulk,
    chains,
    events,
    issuing,
    models,
    outbox,
    regrading,
    renewing,
    staff,
    status,
)
from tests.factories import EARNED, make_pill, make_scores
from tests.issuance.upkeep_case import COURSE, DAY, WEAK, Story, assessing_otherwise

pytestmark = pytest.mark.django_db
STAFF = staff.Scope(courses=None, actor="user:1")
BETTER = {**EARNED, "fault-tree": "5"}


def fresh(row):
    return models.Award.objects.get(pk=row.pk)


@pytest.fixture
def pair(issued):
    """A signed award, and the one that staff have prepared to take its place."""
    first = models.Award.objects.get(pk=issued)
    return first, renewing.renew(first, actor="user:1", now=timezone.now(), reason="reissue")


def agree(row, learner, commits):
    with commits():
        api.consent(str(row.pk), learner, digest=api.payload(str(row.pk), learner).digest)


def worth(row):
    """What a verifier is told of its signed badge."""
    return status.standing(row.credentials.get(format="ob3").credential_id, now=timezone.now()).state


class TestStaff:
    @pytest.mark.parametrize("which", [0, 1])
    def test_a_revocation_of_one_is_of_both(self, pair, learner, which):
        staff.act(STAFF, pair[which].pk, "revoke", reason="integrity", now=timezone.now(), regain="never")
        assert {(row.status, row.active, row.regain) for row in map(fresh, pair)} == {("revoked", None, "never")}
        assert worth(pair[0]) == "revoked"
        assert sorted(models.StatusChange.objects.filter(action="revoke").values_list("award_id", flat=True)) == sorted(
            row.pk for row in pair
        )
        assert models.Notice.objects.filter(kind="revoked").count() == 1, "told once"
        assert not models.Notice.objects.filter(kind="renewal-offered", dismissed_at=None).exists()
        with pytest.raises(NotAllowed):
            api.payload(str(pair[1].pk), learner)
        again = api.record_scores(
            make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id=COURSE
        )
        assert again.award_id is None and again.refusal.code == "award-barred"

    @pytest.mark.parametrize("which", [0, 1])
    def test_a_suspension_of_one_is_of_both_and_so_is_its_end(self, pair, learner, commits, which):
        staff.act(STAFF, pair[which].pk, "suspend", reason="integrity", now=timezone.now())
        assert {fresh(row).status for row in pair} == {"suspended"}
        assert models.Notice.objects.filter(kind="suspended").count() == 1, "told once"
        digest = api.payload(str(pair[1].pk), learner).digest
        with pytest.raises(NotAllowed) as refusal:
            api.consent(str(pair[1].pk), learner, digest=digest)
        assert refusal.value.code == "award-suspended"
        assert fresh(pair[0]).status == "suspended" and worth(pair[0]) == "suspended"
        staff.act(STAFF, pair[1 - which].pk, "reinstate", reason="other", now=timezone.now())
        assert {fresh(row).status for row in pair} == {"valid"}
        assert models.Notice.objects.filter(kind="renewal-offered", dismissed_at=None).exists(), "the offer is back"
        agree(pair[1], learner, commits)
        assert fresh(pair[0]).status == "superseded" and worth(pair[1]) == "valid"

    def test_the_learner_is_told_once_also_of_two_that_are_partly_signed(self, pair, learner):
        api.payload(str(pair[1].pk), learner)
        pair[1].credentials.filter(format="ob3").update(state="issued", signed_at=timezone.now())
        status.suspend(pair[1], reason="integrity", actor="user:1", now=timezone.now())
        assert {fresh(row).status for row in pair} == {"suspended"}
        assert list(models.Notice.objects.filter(kind="suspended").values_list("award_id", flat=True)) == [pair[0].pk]

    def test_what_was_agreed_to_before_is_not_signed_after_it(self, pair, learner, commits):
        digest = api.payload(str(pair[1].pk), learner).digest
        api.consent(str(pair[1].pk), learner, digest=digest)  # queued; its task has not run yet
        status.suspend(pair[0], reason="integrity", actor="user:1", now=timezone.now())
        with commits():
            outbox.sweep(timezone.now() + DAY)
        assert fresh(pair[0]).status == "suspended"
        assert not fresh(pair[1]).credentials.filter(state="issued").exists()

    def test_better_scores_do_not_lift_what_staff_suspended(self):
        story = Story(regrade="suspend", grace_days=0)
        story.record(0)
        story.sign()
        former = story.award
        story.record(1, WEAK)
        story.sweep(2)
        assert fresh(former).status == "suspended"
        other = assessing_otherwise(story.pill)
        story.record(3, pill=other)  # proved anew: a replacement is offered, the former stays suspended
        assert (story.award.status, fresh(former).status) == ("valid", "suspended")
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(4))
        assert not regrading.suspended_by_case(fresh(former))
        story.record(5, pill=other)
        assert (story.award.status, fresh(former).status) == ("suspended", "suspended")

    def test_another_award_never_stands_beside_one_that_counts(self, pair, learner, commits):
        """Also where a row says otherwise: what is made takes its place."""
        models.Award.objects.filter(pk=pair[1].pk).update(status="revoked", status_at=timezone.now(), active=None)
        made = api.record_scores(make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id=COURSE)
        third = models.Award.objects.get(pk=made.award_id)
        assert third.supersedes_id == pair[1].pk
        agree(third, learner, commits)
        assert [fresh(row).status for row in (*pair, third)] == ["superseded", "revoked", "valid"]

    def test_what_replaces_one_that_was_agreed_to_and_never_signed_replaces_both(
        self, pair, learner, commits, monkeypatch
    ):
        first, second = pair

        def broken(*_args, **_more):
            raise InvalidDocument("No.", code="document-size")

        with monkeypatch.context() as patch:
            patch.setattr(issuing, "_sign", broken)
            agree(second, learner, commits)
        assert set(second.credentials.values_list("state", flat=True)) == {"failed"}
        third = renewing.renew(fresh(second), actor="user:1", now=timezone.now(), reason="reissue")
        assert third.pk != second.pk and worth(first) == "valid"
        agree(third, learner, commits)
        assert [fresh(row).status for row in (first, second, third)] == ["superseded", "superseded", "valid"]
        assert worth(first) == "superseded"

    def test_the_locks_are_taken_in_one_order_and_find_what_was_just_made(self, pair):
        assert list(chains.lock(pair[0])) == list(chains.lock(pair[1])) == [pair[0].pk, pair[1].pk]


    def test_and_what_was_replaced_twice_while_they_were_waited_for(self, issued, monkeypatch):
        first, made, real = models.Award.objects.get(pk=issued), [], outbox.lock_awards

        def late(keys):
            if not made:
                made.append(None)
                second = renewing.renew(first, actor="user:1", now=timezone.now(), reason="reissue")
                models.Consent.objects.create(
                    award=second, purpose="issue", formats=[], payload_digest="", given_at=timezone.now()
                )
                third = renewing.renew(second, actor="user:1", now=timezone.now(), reason="reissue")
                made[:] = [second.pk, third.pk]
            return real(keys)

        monkeypatch.setattr(outbox, "lock_awards", late)
        assert list(chains.lock(first)) == [first.pk, *made]


class TestSignedLate:
    """The second was agreed to; it is signed only when a third waits to take its place."""

    @pytest.fixture
    def three(self, pair, learner):
        digest = api.payload(str(pair[1].pk), learner).digest
        api.consent(str(pair[1].pk), learner, digest=digest)  # queued; its task is lost
        return *pair, renewing.renew(fresh(pair[1]), actor="user:1", now=timezone.now(), reason="reissue")

    def sweep(self, commits):
        with commits():
            outbox.sweep(timezone.now() + DAY)

    def test_it_takes_the_place_of_what_was_before_it_alone(self, three, learner, commits):
        self.sweep(commits)
        assert [fresh(row).status for row in three] == ["superseded", "valid", "valid"]
        panel = api.panel(learner.id, make_pill().id)
        assert (panel.award_id, panel.replacement.award_id) == (str(three[1].pk), str(three[2].pk))
        agree(three[2], learner, commits)
        assert [fresh(row).status for row in three] == ["superseded", "superseded", "valid"]

    def test_the_learner_has_agreed_to_the_third_too(self, three, learner, commits):
        api.consent(str(three[2].pk), learner, digest=api.payload(str(three[2].pk), learner).digest)
        self.sweep(commits)
        assert [fresh(row).status for row in three] == ["superseded", "superseded", "valid"]
        assert worth(three[2]) == "valid"

    def test_all_are_locked_together(self, three):
        assert set(chains.keys_beside([three[1].pk])) == {row.pk for row in three}
        assert chains.keys_beside([three[0].pk]) == [], "it replaces none"


class TestRegain:
    def revoked(self, story, days, regain, awarded=0):
        return models.Award.objects.create(
            learner_id=story.learner, learner_pill=models.pair_key(story.learner, story.pill.id), active=None,
            pill=story.award.pill, course_id=COURSE, results=story.award.results, awarded_at=story.at(awarded),
            status="revoked", status_at=story.at(days), regain=regain,
        )

    @pytest.mark.parametrize(("others", "code"), [
        ([(5, "results"), (5, "never")], "award-barred"), ([(5, "never"), (6, "results")], "award-barred"),
        ([(5, "anew"), (6, "results")], "award-anew"), ([(5, "results"), (6, "results")], None),
    ])
    def test_the_strictest_condition_counts(self, others, code):
        story = Story()
        story.record(0)
        status.revoke(story.award, reason="error", actor="user:1", now=story.at(4), regain="results")
        for days, regain in others:
            self.revoked(story, days, regain)
        refusal = story.record(7, scores=story.scores(4)).refusal
        assert (refusal.code if refusal else None) == code

    def test_anew_means_after_the_latest(self):
        story = Story()
        story.record(0)
        status.revoke(story.award, reason="error", actor="user:1", now=story.at(4), regain="anew")
        self.revoked(story, 8, "anew")
        assert story.record(9, scores=story.scores(6)).refusal.code == "award-anew"
        assert story.record(10, scores=story.scores(9)).award_id

    def test_a_condition_that_was_met_is_met(self):
        story = Story()
        story.record(0)
        status.revoke(story.award, reason="error", actor="user:1", now=story.at(4), regain="anew")
        assert story.record(6).award_id
        status.revoke(story.award, reason="error", actor="user:1", now=story.at(8), regain="results")
        assert story.record(9, scores=story.scores(3)).award_id, "the second revocation asks for results only"
        assert awarding.held_award(story.learner, story.pill.id) is not None


class TestOpenCase:
    @pytest.mark.parametrize("policy", ["revoke", "suspend", "supersede"])
    def test_nothing_is_issued_anew_while_a_change_of_scores_waits(self, policy):
        story = Story(regrade=policy)
        story.record(0)
        story.sign()
        story.record(1, WEAK)
        for work in (
            lambda: renewing.renew(story.award, actor="user:1", reason="reissue", now=story.at(2)),
            lambda: staff.act(STAFF, story.award.pk, "renew", reason="reissue", now=story.at(2)),
        ):
            with pytest.raises(NotAllowed) as refusal:
                work()
            assert refusal.value.code == "regrade-open"
        assert "renew" not in staff.story(STAFF, story.award.pk, story.at(2)).actions
        command = staff.Scope(courses=None, actor="command")
        job = bulk.start(command, "renew", staff.Filters(), params={"reason": "reissue"}, now=timezone.now())
        bulk.run(str(job.pk))
        job.refresh_from_db()
        assert (job.done, job.changed, job.failed, job.error_code) == (1, 0, 1, "regrade-open")
        story.sweep(16)
        assert story.award.status == {"suspend": "suspended"}.get(policy, "revoked")

    def test_who_proves_everything_anew_has_recovered(self):
        story = Story(regrade="supersede", grace_days=14, valid_months=12)
        story.record(0)
        story.sign()
        former = story.award
        story.record(340, BETTER)
        assert story.award.supersedes_id == former.pk
        case = models.Regrade.objects.get()
        assert case.award_id == former.pk and (case.open, case.outcome) == (None, "recovered")
        assert story.told()[:3] == ["score-change", "score-settled", "renewal-offered"]


class TestDeadline:
    @pytest.fixture
    def story(self, request):
        story = Story(regrade="supersede", grace_days=7)
        story.record(0)
        story.sign()
        story.record(1, BETTER)
        story.sweep(8)
        return story

    def former(self, story):
        return models.Award.objects.get(pk=story.award.supersedes_id)

    def test_what_nobody_agrees_to_suspends_the_former(self, story):
        offer = models.Notice.objects.get(kind="renewal-offered")
        assert offer.params == {"reason": "regrade", "date": story.at(15).isoformat()}
        story.sweep(14)
        assert self.former(story).status == "valid"
        story.sweep(15)
        assert (self.former(story).status, story.award.status) == ("suspended", "valid")
        change = models.StatusChange.objects.get()
        assert (change.action, change.reason, change.actor) == ("suspend", "not-agreed", "system")
        assert story.told() == ["score-change", "renewal-offered", "suspended"]
        story.record(16, BETTER)
        story.record(17)
        story.sweep(18)
        assert self.former(story).status == "suspended", "scores do not lift it"

    def test_without_days_of_grace_there_is_one_day(self):
        story = Story(regrade="supersede", grace_days=0)
        story.record(0)
        story.sign()
        story.record(1, BETTER)
        story.sweep(1)
        assert models.Notice.objects.get(kind="renewal-offered").params["date"] == story.at(2).isoformat()

    def test_staff_may_let_the_former_stand(self, story):
        regrading.dismiss(self.former(story), actor="user:1", now=story.at(10))
        story.sweep(40)
        assert self.former(story).status == "valid"
        offers = models.Notice.objects.filter(kind="renewal-offered", dismissed_at=None)
        assert [offer.params for offer in offers] == [{"reason": "regrade"}]

    def test_a_suspension_of_staff_is_waited_for(self, story):
        status.suspend(self.former(story), reason="integrity", actor="user:1", now=story.at(9))
        story.sweep(20)
        assert models.StatusChange.objects.count() == 2
        status.reinstate(self.former(story), reason="other", actor="user:1", now=story.at(20.5))
        story.sweep(21.5)
        assert (self.former(story).status, story.award.status) == ("suspended", "valid")

    def test_who_agrees_late_has_the_new_one(self, configured, issuer, learner, commits):
        story = Story(learner.id, regrade="supersede", grace_days=7)
        story.record(0)
        former = story.award
        agree(former, learner, commits)
        story.record(1, BETTER)
        story.sweep(8)
        story.sweep(15)
        assert worth(former) == "suspended"
        agree(story.award, learner, commits)
        assert (worth(former), worth(story.award)) == ("superseded", "valid")


class TestTerm:
    def test_what_expired_is_not_issued_any_more(self, issuer, learner):
        story = Story(learner.id, valid_months=1)
        story.record(0)
        award = str(story.award.pk)
        with pytest.raises(NotAllowed) as refusal:
            api.payload(award, learner)
        assert refusal.value.code == "award-expired"

    def test_nor_what_expires_between_reading_and_agreeing(self, issuer, learner):
        long = timezone.now()
        made = api.record_scores(
            make_pill(upkeep=Upkeep(valid_months=1)), make_scores(at=long), learner_id=learner.id, course_id=COURSE
        )
        digest = api.payload(made.award_id, learner).digest
        models.Award.objects.update(expires_at=long)
        with pytest.raises(NotAllowed) as refusal:
            api.consent(made.award_id, learner, digest=digest)
        assert refusal.value.code == "award-expired" and not models.Consent.objects.exists()


class TestPutRight:
    def test_what_is_put_right_in_place_counts_at_once(self):
        story = Story(regrade="suspend")
        story.record(0)
        story.record(1, WEAK)
        story.sweep(15)
        assert story.award.status == "suspended"
        story.record(20, pill=assessing_otherwise(story.pill, title="Another title"))
        assert (story.award.status, story.award.pill.title) == ("valid", "Another title")
        assert story.told()[-1] == "reinstated"

    def test_and_its_badge_names_the_list_of_its_new_rule(self, issuer, learner, commits):
        long = timezone.now() - timedelta(days=20)
        made = api.record_scores(
            make_pill(upkeep=Upkeep(regrade="keep", valid_months=1)), make_scores(at=long), learner_id=learner.id,
            course_id=COURSE, now=long,
        )
        api.payload(made.award_id, learner)
        assert models.StatusEntry.objects.get().purpose == "revocation"
        other = make_pill(upkeep=Upkeep(regrade="suspend", valid_months=1))
        api.record_scores(other, make_scores(at=timezone.now()), learner_id=learner.id, course_id=COURSE)
        agree(models.Award.objects.get(), learner, commits)
        badge = json.loads(bytes(models.Credential.objects.get(format="ob3").content))
        assert badge["credentialStatus"]["statusPurpose"] == models.StatusEntry.objects.get().purpose == "suspension"


class TestUndeliverable:
    @pytest.mark.parametrize("mailed", [True, False])
    def test_a_warning_that_could_not_be_sent_is_repeated_once(self, settings, mailed):
        settings.MICROCRED_NOTICE_EMAIL = mailed
        story = Story(regrade="revoke", grace_days=7)
        story.record(0)
        story.record(1, WEAK)
        models.Notice.objects.update(state="dead", next_attempt_at=None)
        story.sweep(8)
        assert story.award.status == ("valid" if mailed else "revoked")
        if mailed:
            assert story.told() == ["score-change", "score-change"]
            assert models.Notice.objects.order_by("-pk")[0].params["date"] == story.at(15).isoformat()
            models.Notice.objects.update(state="dead", next_attempt_at=None)
            story.sweep(15)
            assert story.award.status == "revoked", "put off once"


def test_a_mere_reissue_is_no_mastery(issued, commits):
    heard = []

    def hear(**told):
        heard.append(told["award"].award_id)

    events.PILL_AWARD_MADE.connect(hear)
    try:
        with commits():
            renewing.renew(models.Award.objects.get(pk=issued), actor="user:1", now=timezone.now(), reason="reissue")
        assert heard == []
        models.Award.objects.filter(active=True).update(awarded_at=timezone.now() + DAY)
        events.award_made(pk=models.Award.objects.get(active=True).pk)
        assert len(heard) == 1, "a renewal is"
    finally:
        events.PILL_AWARD_MADE.disconnect(hear)
