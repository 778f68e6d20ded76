"""A pill whose credentials could not be issued: nobody loses an award, and nobody gets one that is good for nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given

from microcred_xblock.domain.errors import NotReady
from microcred_xblock.domain.outcomes import Skill
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance import (
    api,
    assessing,
    chains,
    doctor_checks,
    holding,
    indexing,
    models,
    recognition_defaults,
    renewing,
    trial,
    verdicts,
)
from tests.credentials.strategies import awards, examples
from tests.factories import INSPECT, NOW, make_outcome, make_pill, make_scores
from tests.platform_contract import OUTCOMES

COURSE = "course-v1:Org+C+R"
SCHEME = Skill(uri="http://data.europa.eu/esco/concept-scheme/skills", label="all of them")


def score(pill, learner="student_1", **over):
    return api.record_scores(
        pill, make_scores(at=timezone.now()), learner_id=learner, course_id=COURSE, **over
    )


@pytest.fixture(autouse=True)
def fresh():
    """No verdict of another test."""
    verdicts._near.clear()
    cache.clear()


@pytest.fixture
def tries(monkeypatch):
    """A function that gives the titles of the pills that are tried from then on; each trial raises ``error``, if any.
    """
    faults = trial.faults

    def watch(error=None):
        tried = []

        def found(pill, now):
            tried.append(pill.title)
            if error is not None:
                raise error
            return faults(pill, now=now)

        monkeypatch.setattr(trial, "faults", found)
        return tried

    return watch


class TestVerdicts:
    def test_one_is_known_once_it_was_reached_and_says_the_same(self):
        pill = make_pill(language="tlh")
        assert verdicts.known(pill) is None
        (finding,) = verdicts.reached(pill).findings
        (again,) = verdicts.known(pill).findings
        assert (finding.check, finding.error.code) == ("elm", "language-unknown") == (again.check, again.error.code)
        assert again.error.params == finding.error.params and again.error.field == "language" and again.blocks
        assert verdicts.reached(make_pill()).findings == () == verdicts.known(make_pill()).findings

    def test_other_processes_take_it_from_the_cache_of_the_site(self, tries):
        tried = tries()
        verdicts.reached(make_pill())
        verdicts._near.clear()
        assert verdicts.known(make_pill()) is not None and verdicts.reached(make_pill()) and len(tried) == 1

    def test_a_cache_that_is_away_costs_a_trial_and_nothing_else(self, tries, monkeypatch):
        tried = tries()
        for name in ("get", "set"):
            monkeypatch.setattr(verdicts.cache, name, lambda *_args: 1 / 0)
        assert verdicts.known(make_pill()) is None
        assert not verdicts.reached(make_pill()).findings and not verdicts.reached(make_pill()).findings
        assert len(tried) == 1

    def test_copies_share_it_and_every_change_has_its_own(self, tries):
        tried = tries()
        for over in ({}, {"id": "another"}, {"description": "Else."}, {"language": "fr"}):
            verdicts.reached(make_pill(**over))
        assert len(tried) == 3

    def test_threads_wait_for_one_trial(self, monkeypatch, tries):
        tried = tries()
        faults = trial.faults
        monkeypatch.setattr(trial, "faults", lambda pill, now: time.sleep(0.05) or faults(pill, now=now))
        with ThreadPoolExecutor(4) as pool:
            assert not any(verdict.findings for verdict in pool.map(verdicts.reached, [make_pill()] * 4))
        assert len(tried) == 1


class TestFaults:
    def test_a_good_pill_has_none(self):
        assert trial.faults(make_pill(), now=NOW) == ()

    @pytest.mark.parametrize(("over", "code"), [
        ({"language": "tlh"}, "language-unknown"),
        ({"outcomes": (make_outcome("a", "A", ("x",), skills=(SCHEME, INSPECT)),)}, "elm-id"),
    ])
    def test_what_the_domain_allows_and_no_document_can_say(self, over, code):
        assert [found.error.code for found in trial.faults(make_pill(**over), now=NOW)] == [code]

    @given(awards())
    @examples(25)
    def test_no_pill_that_the_domain_knows_is_held_back_without_need(self, award):
        """What would hold back a good pill would hold back its learners."""
        assert trial.faults(award.pill, now=NOW) == ()

    @pytest.mark.django_db
    def test_no_query_and_no_setting_is_needed(self, settings, django_assert_num_queries):
        settings.MICROCRED_ISSUER, settings.MICROCRED_PUBLIC_BASE_URL = {}, ""
        with django_assert_num_queries(0):
            assert trial.faults(make_pill(), now=NOW) == ()


@pytest.mark.django_db
class TestAwarding:
    def test_no_award_is_made_and_none_is_lost(self, caplog):
        standing = score(make_pill(language="tlh"))
        assert standing.mastered and standing.award_id is None
        assert isinstance(standing.refusal, NotReady) and standing.refusal.code == "pill-unready"
        assert not models.Award.objects.exists() and not models.FrozenPill.objects.exists()
        assert "language-unknown" in caplog.text and "student_1" not in caplog.text
        assert score(make_pill()).award_id is not None, "mended, it is awarded for the same results"

    def test_a_thousand_learners_cost_one_trial(self, tries):
        tried = tries()
        for number in range(5):
            score(make_pill(language="tlh"), f"student_{number}")
        assert len(tried) == 1

    def test_a_pill_that_was_awarded_is_never_tried_again(self, monkeypatch):
        score(make_pill())
        monkeypatch.setattr(verdicts, "require", lambda *_args: pytest.fail("tried"))
        assert score(make_pill(), "student_2").award_id is not None

    def test_the_first_award_costs_one_query_more_and_every_other_none(self):
        def asked(learner):
            with CaptureQueriesContext(connection) as queries:
                score(make_pill(), learner)
            asked = [query["sql"] for query in queries if 'FROM "microcred_frozenpill"' in query["sql"]]
            return sum("JOIN" not in sql for sql in asked)

        assert (asked("student_1"), asked("student_2")) == (2, 1)

    def test_a_bug_in_the_trial_keeps_the_results_and_the_page(self, monkeypatch, caplog):
        def broken(*_args, **_kwargs):
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(trial, "faults", broken)
            assert score(make_pill()).refusal.code == "pill-unready"
        assert "ZeroDivisionError" in caplog.text
        assert score(make_pill()).award_id is not None, "what broke once is tried again"

    def test_a_trial_that_breaks_is_not_run_for_each_of_a_thousand_learners_nor_remembered_for_long(
        self, monkeypatch, tries
    ):
        monkeypatch.setattr(verdicts, "BROKEN", 60)
        with monkeypatch.context() as patch:
            tried = tries(ZeroDivisionError())
            for number in range(5):
                assert score(make_pill(), f"student_{number}").refusal.code == "pill-unready"
            assert len(tried) == 1
            later = time.time() + 61
            patch.setattr(time, "time", lambda: later)
            assert score(make_pill()).refusal.code == "pill-unready" and len(tried) == 2

    def test_no_lock_is_held_while_a_pill_is_tried(self, monkeypatch, tries):
        upkeep, order, lock = Upkeep(valid_months=1), tries(), chains.lock
        score(make_pill(upkeep=upkeep))
        order.clear()
        monkeypatch.setattr(chains, "lock", lambda row: order.append("lock") or lock(row))
        later = timezone.now() + timedelta(days=20)
        changed = make_pill(upkeep=upkeep, title="Another title")
        api.record_scores(changed, make_scores(at=later), learner_id="student_1", course_id=COURSE, now=later)
        assert order == ["Another title", "lock"] and models.Award.objects.get().pill.title == "Another title"

    def test_an_award_that_is_held_stays_what_it_is_when_the_pill_is_spoilt(self):
        upkeep = Upkeep(valid_months=1)
        held = score(make_pill(upkeep=upkeep)).award_id
        later = timezone.now() + timedelta(days=20)
        spoilt = make_pill(upkeep=upkeep, language="tlh")
        renewed = api.record_scores(
            spoilt, make_scores(at=later), learner_id="student_1", course_id=COURSE, now=later
        )
        assert renewed.award_id == held and models.Award.objects.count() == 1
        good = api.record_scores(
            make_pill(upkeep=upkeep), make_scores(at=later), learner_id="student_1", course_id=COURSE, now=later
        )
        assert models.Award.objects.get(pk=good.award_id).awarded_at == later, "mended, it is renewed"

    def test_staff_issue_anew_what_was_frozen_whatever_became_of_the_pill(self, issued):
        row = models.Award.objects.get(pk=issued)
        assert renewing.renew(row, actor="staff", now=timezone.now()).pill == row.pill


@pytest.mark.django_db
class TestWaiting:
    @pytest.fixture
    def pill(self, world):
        """A pill in a language that no European credential can name; Ann has answered everything right."""
        outcomes = [{**OUTCOMES[0], "assessed_by": [{"block": "p1"}]}]
        pill_id = world.pill(
            "pill", ("p1",), course=COURSE, outcomes=outcomes, mastery={"rule": "all"}, language="tlh"
        )
        world.enrol(7, COURSE)
        indexing.index_course(COURSE, now=timezone.now())
        world.score(7, "block-v1:Org+C+R+type@problem+block@p1", 1)
        return pill_id

    def test_publishing_has_it_tried_before_a_learner_waits_for_it(self, pill, world, settings, tries):
        tried = tries()
        settings.CELERY_TASK_ALWAYS_EAGER = False
        asked = models.IndexRequest.objects.create(
            course=models.pair_key(COURSE), course_id=COURSE, token="t", due_at=timezone.now()
        )
        indexing.index(asked.pk, now=timezone.now())
        assert len(tried) == 1 and verdicts.known(world.blocks[pill].readable_pill()).findings
        assessing.request("7", "block-v1:Org+C+R+type@problem+block@p1", now=timezone.now())
        assert len(tried) == 1

    def test_what_was_awarded_is_not_tried_again_and_nothing_keeps_the_index_back(self, pill, world, monkeypatch):
        world.blocks[pill].language = "en"
        assert indexing.try_pills(COURSE) == 1
        holding.freeze(world.blocks[pill].readable_pill())
        assert indexing.try_pills(COURSE) == 0
        monkeypatch.setattr(holding, "is_frozen", lambda _pill: 1 / 0)
        assert indexing.try_pills(COURSE) == 0

    def test_without_workers_the_author_who_publishes_does_not_wait(self, pill, tries, commits):
        tried = tries()
        with commits():
            indexing.request(COURSE, now=timezone.now())
        assert tried == [] and not models.IndexRequest.objects.exists()

    @staticmethod
    def waiting():
        return models.AssessmentRequest.objects.get()

    def test_the_request_waits_in_sight_and_the_author_s_publishing_wakes_it(self, pill, world, commits):
        with commits():
            assessing.request("7", "block-v1:Org+C+R+type@problem+block@p1", now=timezone.now())
        assert self.waiting().error_code == "pill-unready" and not models.Award.objects.exists()
        for _ in range(9):  # as the sweep would, over a day
            assessing.assess(self.waiting().pk, now=timezone.now())
        now = timezone.now()
        assert self.waiting().due_at > now + timedelta(hours=4)
        told = [found for found in doctor_checks.queue(now) if pill in found.said]
        assert len(told) == 1 and "(1 waiting)" in told[0].said and "Preview" in told[0].remedy
        world.blocks[pill].language = "en"
        indexing.index_course(COURSE, now=now)
        assert self.waiting().due_at <= now + assessing.SOON
        with commits():
            assessing.assess(self.waiting().pk, now=now)
        assert models.Award.objects.get().learner_id == "7"
        with pytest.raises(ObjectDoesNotExist):
            self.waiting()
        assert not [found for found in doctor_checks.queue(now) if pill in found.said]

    def test_a_changed_default_wakes_it_too_since_the_pill_may_lack_just_that(self, pill, commits):
        with commits():
            assessing.request("7", "block-v1:Org+C+R+type@problem+block@p1", now=timezone.now())
        other = models.AssessmentRequest.objects.create(
            learner_pill="k", learner_id="8", pill_id="other", token="t", due_at=timezone.now() + timedelta(days=1)
        )
        for change in (
            lambda: recognition_defaults.put("organisation", "Org", {"mode": "online"}),
            lambda: recognition_defaults.remove("organisation", "Org"),
        ):
            models.AssessmentRequest.objects.filter(pill_id=pill).update(due_at=timezone.now() + timedelta(hours=18))
            change()
            waiting = models.AssessmentRequest.objects.get(pill_id=pill)
            assert waiting.due_at <= timezone.now() + assessing.SOON and waiting.attempts == 0
        other.refresh_from_db()
        assert other.due_at > timezone.now() + timedelta(hours=20), "it waits for something else"
