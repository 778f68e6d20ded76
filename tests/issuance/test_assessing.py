"""A score changes on the platform: what it costs, what it leads to, and what is never lost."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from microcred_xblock.domain.errors import NotReady
from microcred_xblock.issuance import assessing, indexing, models, outbox, requests, retired, tasks
from tests.platform_contract import OUTCOMES

COURSE = "course-v1:Org+C+R"
pytestmark = pytest.mark.django_db


def block(name, kind="problem"):
    return f"block-v1:Org+C+R+type@{kind}+block@{name}"


@pytest.fixture
def pill(world):
    """A pill of two problems, indexed; Ann (7) is enrolled."""
    outcomes = [{**OUTCOMES[0], "assessed_by": [{"block": "p1"}, {"block": "p2"}]}]
    pill_id = world.pill("pill", ("p1", "p2"), course=COURSE, outcomes=outcomes, mastery={"rule": "all"})
    world.enrol(7, COURSE)
    indexing.index_course(COURSE, now=timezone.now())
    return pill_id


@pytest.fixture
def handed_over(monkeypatch):
    """The ids of the requests whose task was enqueued, instead of running it; as if each was committed at once."""
    found = []
    monkeypatch.setattr(requests, "on_commit", lambda work, *args: requests.patiently(partial(work, *args)))
    monkeypatch.setattr(assessing.outbox, "enqueue", lambda task, pk: found.append((task.name.rpartition(".")[2], pk)))
    monkeypatch.setattr(
        outbox, "hand_over_all",
        lambda task, ids, _undo: found.extend((task.name.rpartition(".")[2], pk) for pk in ids),
    )
    return found


def ask(name="p1", learner="7", now=None):
    return assessing.request(learner, block(name), now=now or timezone.now())


def row():
    return models.AssessmentRequest.objects.get()


class TestAsking:
    def test_a_block_in_no_pill_costs_one_indexed_query_and_no_task(
        self, pill, handed_over, django_assert_num_queries
    ):
        with django_assert_num_queries(1) as captured:
            assert ask("elsewhere") == 0
        assert not handed_over and not models.AssessmentRequest.objects.exists()
        plan = connection.cursor().execute("EXPLAIN QUERY PLAN " + captured.captured_queries[0]["sql"]).fetchall()
        assert "USING INDEX" in str(plan), plan

    def test_the_size_of_the_index_does_not_matter(self, pill, django_assert_num_queries):
        rows = [models.PillBlock(block=models.pair_key(str(n)), pill_id=str(n), course_id="x") for n in range(3_000)]
        models.PillBlock.objects.bulk_create(rows)
        with django_assert_num_queries(1):
            ask("elsewhere")

    def test_twice_is_one_row_with_a_new_token(self, pill, handed_over):
        early = timezone.now() - timedelta(minutes=5)
        assert ask("p1", now=early) == 1
        first = row()
        ask("p2")
        second = row()
        assert first.pk == second.pk and first.token != second.token and second.due_at > first.due_at
        assert handed_over == [("assess_learner", first.pk)] * 2

    def test_each_learner_and_each_pill_has_a_row(self, pill, world, handed_over):
        world.pill("other", ("p1",), course=COURSE, outcomes=OUTCOMES, mastery={"rule": "all"})
        indexing.index_course(COURSE, now=timezone.now())
        assert ask("p1") == 2
        ask("p1", learner="8")
        assert models.AssessmentRequest.objects.count() == 4

    def test_asking_again_forgets_old_failures(self, pill, handed_over):
        ask()
        models.AssessmentRequest.objects.update(attempts=5, error_code="internal")
        ask()
        assert (row().attempts, row().error_code) == (0, "")

    def test_the_override_of_a_subsection_asks_too(self, pill, handed_over):
        assert assessing.request("7", block("section", "sequential"), now=timezone.now()) == 1

    def test_it_costs_few_queries_in_a_pill(self, pill, handed_over):
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                ask()
            counts.append(len([q for q in queries.captured_queries if "SAVEPOINT" not in q["sql"]]))
        assert counts == [3, 3]  # index, update, insert; then index, update, key

    @pytest.mark.django_db(transaction=True)
    def test_a_failure_here_leaves_the_answer_alone(self, pill, monkeypatch):
        def deadlocked(*_args, **_kwargs):
            raise OperationalError(1213, "Deadlock found")

        monkeypatch.setattr(requests, "ask", deadlocked)
        with transaction.atomic():
            assert ask() == 1
            models.IndexRequest.objects.create(course="answer", course_id="answer", token="", due_at=timezone.now())
        assert models.IndexRequest.objects.filter(course="answer").exists(), "the learner's answer is committed"

    @pytest.mark.django_db(transaction=True)
    def test_an_answer_that_is_undone_asks_nothing(self, pill):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            ask()
            raise ZeroDivisionError
        assert not models.AssessmentRequest.objects.exists()

    def test_nothing_is_asked_in_a_masquerade(self, pill, handed_over, monkeypatch):
        monkeypatch.setattr("microcred_xblock.compat.answered_in_masquerade", lambda *_: True)
        assert ask() == 0 and not models.AssessmentRequest.objects.exists()


class TestAssessing:
    def answer(self, world, *names, points=1):
        for name in names:
            world.score(7, block(name), points)

    def test_the_award_is_made_and_the_request_forgotten(self, pill, world, commits):
        self.answer(world, "p1", "p2")
        with commits():
            ask()
        award = models.Award.objects.get()
        assert (award.learner_id, award.course_id, award.pill.pill_id) == ("7", COURSE, pill)
        assert not models.AssessmentRequest.objects.exists()

    @pytest.mark.parametrize("fault", [None, NotReady("Not now.", code="not-ready")])
    def test_what_comes_after_a_retirement_waits_for_nothing(self, pill, world, commits, monkeypatch, fault):
        """Neither until a result may be shown, nor for a platform that does not answer."""

        def assess(*_args):
            if fault is not None:
                raise fault
            return timezone.now() + timedelta(days=9)

        monkeypatch.setattr(assessing, "_assess", assess)
        retired.mark("7", timezone.now())
        with commits():
            ask()
            ask(learner="8")
        assert list(models.AssessmentRequest.objects.values_list("learner_id", flat=True)) == ["8"]

    def test_too_little_makes_none_and_is_forgotten_too(self, pill, world, commits):
        self.answer(world, "p1")
        with commits():
            ask()
        assert not models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def test_who_may_not_earn_does_not(self, pill, world, commits):
        self.answer(world, "p1", "p2")
        world.standings.clear()
        with commits():
            ask()
        assert not models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def test_a_pill_that_is_gone_or_asks_for_nothing_yet_is_not_waited_for(self, pill, world, commits):
        self.answer(world, "p1", "p2")
        world.blocks[pill].outcomes = []
        with commits():
            ask()
        del world.blocks[pill]
        with commits():
            ask()
        assert not models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def test_while_an_assessed_block_is_not_in_the_pill_awards_wait(self, pill, world, commits):
        """Even where the rest would be enough; publishing the mended pill makes them, with nobody at the keyboard."""
        outcome = {**OUTCOMES[0], "threshold": "0.5", "assessed_by": [{"block": "p1"}, {"block": "deleted"}]}
        world.blocks[pill].outcomes = [outcome]
        self.answer(world, "p1", "p2")
        with commits():
            ask()
        assert not models.Award.objects.exists()
        assert (row().error_code, row().learner_id) == ("pill-unready", "7")

        world.blocks[pill].outcomes = [{**outcome, "assessed_by": [{"block": "p1"}, {"block": "p2"}]}]
        models.AssessmentRequest.objects.update(due_at=timezone.now() + timedelta(hours=6))
        assert indexing.index_course(COURSE, now=timezone.now()) == 1
        assert row().due_at <= timezone.now() + assessing.SOON, "publishing wakes it"
        assessing.assess(row().pk, now=timezone.now())
        assert models.Award.objects.get().learner_id == "7" and not models.AssessmentRequest.objects.exists()

    def test_so_does_who_lacks_nothing_but_that_block(self, pill, world, commits):
        """Whether the author takes it off the list, or puts it back with the answers that it had."""
        outcome = {**OUTCOMES[0], "assessed_by": [{"block": "p1"}, {"block": "deleted"}]}
        world.blocks[pill].outcomes = [outcome]
        self.answer(world, "p1")
        with commits():
            ask()
        assert not models.Award.objects.exists() and row().error_code == "pill-unready"
        world.blocks[pill].outcomes = [{**outcome, "assessed_by": [{"block": "p1"}]}]
        assert self.published() == 1
        assert models.Award.objects.get().learner_id == "7" and not models.AssessmentRequest.objects.exists()

    def test_who_lacks_too_much_anyway_waits_for_nothing(self, pill, world, commits):
        outcomes = [
            {**OUTCOMES[0], "assessed_by": [{"block": "deleted"}]},
            {**OUTCOMES[0], "id": "other", "assessed_by": [{"block": "p1"}, {"block": "p2"}]},
        ]
        world.blocks[pill].outcomes = outcomes
        self.answer(world, "p1")
        with commits():
            ask()
        assert not models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def published(self):
        """The author publishes the course; the tasks of those who wait run when they are due. How many waited."""
        models.AssessmentRequest.objects.update(due_at=timezone.now() + timedelta(hours=6))
        indexing.index_course(COURSE, now=timezone.now())
        woken = models.AssessmentRequest.objects.filter(due_at__lte=timezone.now() + assessing.SOON)
        waiting = list(woken.values_list("pk", flat=True))
        for pk in waiting:
            assessing.assess(pk, now=timezone.now())
        return len(waiting)

    @pytest.mark.parametrize(("field", "broken", "mended"), [
        ("badge_image", {"src": "/static/deleted.png", "caption": "A turbine"}, {}),
        ("description", "", "Find it."), ("recognition", {"eqf_level": "9"}, {"eqf_level": "5"}),
        ("mastery", {"rule": "n-of-m", "n": "7"}, {"rule": "all"}),
    ])
    def test_what_was_answered_while_the_pill_was_broken_counts_when_it_is_mended(
        self, pill, world, commits, field, broken, mended
    ):
        """With nobody at the keyboard; one row for the learner, however much is answered meanwhile."""
        setattr(world.blocks[pill], field, broken)
        self.answer(world, "p1", "p2")
        for name in ("p1", "p2"):
            with commits():
                ask(name)
        assert not models.Award.objects.exists()
        assert (row().learner_id, row().error_code) == ("7", "pill-unready")
        assert self.published() == 1 and row().attempts == 1, "not mended yet: it waits on"
        setattr(world.blocks[pill], field, mended)
        assert self.published() == 1
        assert models.Award.objects.get().learner_id == "7" and not models.AssessmentRequest.objects.exists()

    def test_also_without_publishing_but_then_once_a_day(self, pill, world, commits):
        """A deleted file that is uploaded again is no publishing."""
        world.blocks[pill].description = ""
        self.answer(world, "p1", "p2")
        with commits():
            ask()
        now = timezone.now()
        for _ in outbox.LADDER:
            assessing.assess(row().pk, now=now)
        assert timedelta(hours=22) < row().due_at - now < timedelta(hours=26)
        world.blocks[pill].description = "Find it."
        with commits():
            assert outbox.sweep(now + timedelta(hours=21)) == 0
        with commits():
            assert outbox.sweep(now + timedelta(hours=27)) == 1
        assert models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def test_nor_waits_who_may_not_earn_in_a_broken_pill(self, pill, world, commits):
        world.blocks[pill].description = ""
        world.standings.clear()
        with commits():
            ask()
        assert not models.AssessmentRequest.objects.exists()

    def test_what_is_held_is_not_touched_by_a_block_that_goes(self, pill, world, commits):
        world.blocks[pill].upkeep = {"regrade": "revoke", "grace_days": "0"}
        self.answer(world, "p1", "p2")
        with commits():
            ask()
        del world.scores["7", block("p2")]
        kept = [child for child in world.blocks[pill].children if child.block_id != "p2"]
        world.blocks[pill].children = kept
        with commits():
            ask()
        assert models.Award.objects.get().active and not models.Regrade.objects.exists()

    def test_an_award_is_held_against_the_scores_of_today(self, pill, world, commits):
        """A rescore, a deletion, an annulled section, and what puts each right again: with nobody at the keyboard."""
        world.blocks[pill].upkeep = {"regrade": "suspend", "grace_days": "3"}
        self.answer(world, "p1", "p2")
        with commits():
            ask()

        def case():
            return models.Regrade.objects.order_by("-pk").values_list("open", "outcome").first()

        for lost, regained in (
            (lambda: self.answer(world, "p1", points=0), lambda: self.answer(world, "p1")),
            (lambda: world.annulled.add(("7", pill)), world.annulled.clear),
        ):
            lost()
            with commits():
                ask()
            assert case() == (True, "waiting")
            regained()
            with commits():
                ask()
            assert case() == (None, "recovered")
        world.withheld.add((None, block("p1")))
        with commits():
            ask()
        assert models.Regrade.objects.count() == 2, "what gives no score any more changes nothing"
        assert models.Award.objects.count() == 1 and not models.AssessmentRequest.objects.exists()

    def test_nothing_is_concluded_while_results_are_concealed(self, pill, world, commits):
        world.blocks[pill].upkeep = {"regrade": "revoke"}
        self.answer(world, "p1", "p2")
        with commits():
            ask()
        self.answer(world, "p1", points=0)
        world.concealed_until = timezone.now() + timedelta(hours=1)
        with commits():
            ask()
        assert not models.Regrade.objects.exists() and row().due_at == world.concealed_until

    def test_nor_while_the_platform_cannot_tell_or_for_who_has_left(self, pill, world, commits, monkeypatch):
        world.blocks[pill].upkeep = {"regrade": "revoke"}
        self.answer(world, "p1", "p2")
        with commits():
            ask()
        self.answer(world, "p1", points=0)

        def not_ready(*_args):
            raise NotReady("later")

        with monkeypatch.context() as patch, commits():
            patch.setattr("microcred_xblock.compat.platform_evidence", not_ready)
            ask()
        assert not models.Regrade.objects.exists() and row().error_code == "not-ready"
        world.standings.clear()
        with commits():
            assessing.assess(row().pk, now=timezone.now())
        assert not models.Regrade.objects.exists()

    def test_not_given_blocks_are_passed_on(self, pill, world, commits):
        world.elsewhere.add(("7", block("p2")))
        self.answer(world, "p1")
        with commits():
            ask()
        assert [b["block"] for b in models.Award.objects.get().results[0]["blocks"]] == ["p1"]

    def test_a_withheld_block_keeps_from_earning(self, pill, world, commits):
        world.withheld.add((None, block("p2")))
        self.answer(world, "p1", "p2")
        with commits():
            ask()
        assert not models.Award.objects.exists()

    def test_asked_again_while_it_is_assessed_is_not_lost(self, pill, world, commits, monkeypatch):
        """The second answer arrives after the scores were read, and before the request is forgotten."""
        self.answer(world, "p1")
        read = world.platform_evidence

        def read_then_answered(*args):
            found = read(*args)
            if ("7", block("p2")) not in world.scores:
                self.answer(world, "p2")
                ask("p2")
            return found

        monkeypatch.setattr("microcred_xblock.compat.platform_evidence", read_then_answered)
        with commits():
            ask("p1")
        assert models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def test_a_second_worker_finds_nothing_to_do(self, pill, world, handed_over):
        self.answer(world, "p1", "p2")
        ask()
        pk = row().pk
        for _ in range(2):
            assessing.assess(pk, now=timezone.now())
        assert models.Award.objects.count() == 1 and len(handed_over) == 1

    def test_a_row_that_was_renewed_is_handed_over_again(self, pill, world, handed_over, monkeypatch):
        ask()
        pk = row().pk

        def answered_meanwhile(*_args):
            models.AssessmentRequest.objects.update(token="new")

        monkeypatch.setattr(assessing, "_assess", answered_meanwhile)
        assessing.assess(pk, now=timezone.now())
        assert row().token == "new" and handed_over == [("assess_learner", pk)] * 2


class TestFailing:
    @pytest.fixture
    def failing(self, monkeypatch):
        def fail_with(error):
            def broken(*_args, **_kwargs):
                raise error

            monkeypatch.setattr("microcred_xblock.compat.platform_evidence", broken)

        return fail_with

    @pytest.mark.parametrize(("error", "code"), [
        (RuntimeError("boom"), "internal"), (NotReady("soon"), "not-ready"), (IntegrityError("x"), "internal"),
    ])
    def test_the_row_is_kept_and_waits_longer_each_time(self, pill, handed_over, failing, error, code):
        failing(error)
        now = timezone.now()
        ask(now=now)
        waits = []
        for _ in range(12):
            assessing.assess(row().pk, now=now)
            waits.append((row().due_at - now).total_seconds())
        assert (row().attempts, row().error_code) == (12, code)
        ladder = [rung.total_seconds() for rung in outbox.LADDER]
        for wait, rung in zip(waits, ladder + [ladder[-1]] * 5, strict=True):
            assert 0.8 * rung <= wait <= 1.2 * rung, "it never gives up"

    def test_only_faults_that_nobody_foresaw_are_logged_as_such(self, pill, handed_over, failing, caplog):
        failing(NotReady("soon"))
        ask()
        assessing.assess(row().pk, now=timezone.now())
        assert "failed" not in caplog.text
        failing(RuntimeError("boom"))
        assessing.assess(row().pk, now=timezone.now())
        assert "AssessmentRequest" in caplog.text and " 7 " not in caplog.text.replace(str(row().pk), "")

    def test_the_sweep_finds_it_when_it_is_due_and_not_before(self, pill, world, failing, commits, monkeypatch):
        failing(RuntimeError("boom"))
        now = timezone.now()
        with commits():
            ask(now=now)
        assert row().attempts == 1
        monkeypatch.setattr("microcred_xblock.compat.platform_evidence", world.platform_evidence)
        TestAssessing().answer(world, "p1", "p2")
        with commits():
            assert outbox.sweep(now) == 0
        with commits():
            assert outbox.sweep(now + timedelta(minutes=2)) == 1
        assert models.Award.objects.exists() and not models.AssessmentRequest.objects.exists()

    def test_a_lost_message_loses_nothing(self, pill, world, handed_over, monkeypatch):
        TestAssessing().answer(world, "p1", "p2")
        ask()
        handed_over.clear()
        assert outbox.sweep(timezone.now()) == 0, "its own task may still come"
        assert outbox.sweep(timezone.now() + timedelta(minutes=1)) == 1
        assert handed_over == [("assess_learner", row().pk)]

    def test_a_sweep_takes_the_oldest_and_leaves_them_to_the_workers_for_a_while(self, pill, handed_over, monkeypatch):
        monkeypatch.setattr(outbox, "REQUESTS", 2)
        now = timezone.now()
        for number in range(5):
            ask(learner=str(number), now=now - timedelta(minutes=5 - number))
        asked = [pk for _task, pk in handed_over]
        handed_over.clear()
        assert [outbox.sweep(now) for _ in range(3)] == [2, 2, 1], "nothing twice, as long as it may be in the queue"
        assert [pk for _task, pk in handed_over] == asked
        assert outbox.sweep(now) == 0 and outbox.sweep(now + timedelta(minutes=6)) == 2, "but then again"

    def test_a_failure_that_was_overtaken_by_a_new_answer_changes_nothing(self, pill, handed_over, monkeypatch):
        ask()

        def answered_then_broken(*_args):
            ask("p2")
            raise RuntimeError("boom")

        monkeypatch.setattr(assessing, "_assess", answered_then_broken)
        assessing.assess(row().pk, now=timezone.now())
        assert (row().attempts, row().error_code) == (0, "")

    def test_the_task_never_raises(self, monkeypatch):
        monkeypatch.setattr(assessing, "assess", lambda *_a, **_k: 1 / 0)
        tasks.assess_learner(1)


class TestConcealed:
    def test_it_is_looked_at_again_when_the_result_may_be_known(self, pill, world, commits):
        world.concealed_until = timezone.now() + timedelta(days=3)
        TestAssessing().answer(world, "p1", "p2")
        with commits():
            ask()
        assert (row().due_at, row().attempts, row().error_code) == (world.concealed_until, 0, "")
        with commits():
            assert outbox.sweep(timezone.now() + timedelta(days=2)) == 0
