"""A pill whose credentials could not be issued: nobody loses an award, and nobody gets one that is good for nothing."""

from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given

from microcred_xblock.domain.errors import NotReady
from microcred_xblock.domain.outcomes import Skill
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance import api, assessing, doctor_checks, indexing, models, renewing, trial
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
    trial._first_fault.cache_clear()


class TestFaults:
    def test_a_good_pill_has_none(self):
        assert list(trial.faults(make_pill(), now=NOW)) == []

    @pytest.mark.parametrize(("over", "code"), [
        ({"language": "tlh"}, "language-unknown"),
        ({"outcomes": (make_outcome("a", "A", ("x",), skills=(SCHEME, INSPECT)),)}, "elm-id"),
    ])
    def test_what_the_domain_allows_and_no_document_can_say(self, over, code):
        assert [error.code for error in trial.faults(make_pill(**over), now=NOW)] == [code]

    @given(awards())
    @examples(25)
    def test_no_pill_that_the_domain_knows_is_held_back_without_need(self, award):
        """What would hold back a good pill would hold back its learners."""
        assert list(trial.faults(award.pill, now=NOW)) == []

    @pytest.mark.django_db
    def test_no_query_and_no_setting_is_needed(self, settings, django_assert_num_queries):
        settings.MICROCRED_ISSUER, settings.MICROCRED_PUBLIC_BASE_URL = {}, ""
        with django_assert_num_queries(0):
            assert list(trial.faults(make_pill(), now=NOW)) == []


@pytest.mark.django_db
class TestAwarding:
    def test_no_award_is_made_and_none_is_lost(self, caplog):
        standing = score(make_pill(language="tlh"))
        assert standing.mastered and standing.award_id is None
        assert isinstance(standing.refusal, NotReady) and standing.refusal.code == "pill-unready"
        assert not models.Award.objects.exists() and not models.FrozenPill.objects.exists()
        assert "language-unknown" in caplog.text and "student_1" not in caplog.text
        assert score(make_pill()).award_id is not None, "mended, it is awarded for the same results"

    def test_a_thousand_learners_cost_one_trial(self, monkeypatch):
        tried = []
        faults = trial.faults
        monkeypatch.setattr(trial, "faults", lambda pill, now: tried.append(pill) or faults(pill, now=now))
        for number in range(5):
            score(make_pill(language="tlh"), f"student_{number}")
        assert len(tried) == 1

    def test_a_pill_that_was_awarded_is_never_tried_again(self, monkeypatch):
        score(make_pill())
        monkeypatch.setattr(trial, "check", lambda *_args: pytest.fail("tried"))
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
