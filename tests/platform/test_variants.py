"""Drawn from a library or an item bank: a learner is assessed on what she gets."""

from .guard import require

require("lms")

from unittest.mock import patch  # noqa: E402

from xmodule.modulestore import ModuleStoreEnum  # noqa: E402

from .case import outcome, results  # noqa: E402
from .staff import StaffMixin  # noqa: E402
from .variants import HIDDEN, VariantCase, outcomes_shown  # noqa: E402

POOL = ("a", "b", "c")


class BankMixin(StaffMixin):
    """Outcome ``draw`` is assessed by a bank that shows one of three problems; ``fixed`` by p1."""

    bank_type = ""

    def build(self):
        self.pill = self.add_pill([outcome("draw", *POOL), outcome("fixed", "p1")])
        self.bank = self.add(self.pill, self.bank_type, max_count=1)
        for name in POOL:
            self.add_problem(self.bank, name)
        self.add_problem(self.pill, "p1")

    def others(self):
        return [name for name in POOL if name not in self.drawn(self.bank.location)]

    def test_she_earns_with_her_own_draw_right(self):
        shown = self.page()
        (mine,) = self.drawn(self.bank.location)
        assert [name for name in POOL if f"input_{self.key(name).html_id()}_2_1" in shown] == [mine]
        self.answer(mine)
        assert self.outcomes() == {"draw": "achieved", "fixed": "not-assessed"}
        self.answer("p1")
        assert results(self.awards().get()) == {mine: (1, 1), "p1": (1, 1)}

    def test_the_first_page_already_tells_of_what_it_shows(self):
        told = outcomes_shown(self.page())
        (mine,) = self.drawn(self.bank.location)
        assert f" {mine} , not done yet" in told
        assert not any(f" {name} ," in told for name in self.others()), told

    def test_answers_to_what_was_not_drawn_count_for_nothing(self):
        self.page()
        for name in (*self.others(), "p1"):
            assert self.answer(name).status_code == 200
        assert self.outcomes() == {"draw": "not-assessed", "fixed": "achieved"}
        assert not self.awards().exists()

    def test_answers_before_there_is_a_draw_earn_nothing(self):
        """The handlers of all three answer to whoever knows their addresses."""
        found = self.evidence(*POOL)
        assert not found.scores or not set(POOL) <= set(found.scores)
        self.answer("p1")
        wrong = [name for name in POOL if name not in self.drawn(self.bank.location)][:2]
        for name in wrong:
            self.answer(name)
        assert not self.awards().exists()

    def test_the_worker_and_the_page_draw_the_same(self):
        self.answer("p1")
        before = self.drawn(self.bank.location)
        shown = self.page()
        after = self.drawn(self.bank.location)
        assert len(after) == 1 and before in ([], after)
        assert [name for name in POOL if f"input_{self.key(name).html_id()}_2_1" in shown] == after
        self.answer(after[0])
        assert self.awards().exists()
        assert self.drawn(self.bank.location) == after

    def test_what_was_drawn_is_deleted(self):
        self.page()
        (gone,) = self.drawn(self.bank.location)
        self.answer("p1")
        with self.work(), self.store.branch_setting(ModuleStoreEnum.Branch.draft_preferred, self.course.id):
            self.store.delete_item(self.key(gone), self.author_id)
        left = [name for name in POOL if name != gone]
        self.edit(self.pill, outcomes=[outcome("draw", *left), outcome("fixed", "p1")])
        assert not self.awards().exists()
        assert self.outcomes()["draw"] == "not-assessed"
        self.page()
        (mine,) = self.drawn(self.bank.location)
        assert mine != gone
        self.answer(mine)
        assert results(self.awards().get()) == {mine: (1, 1), "p1": (1, 1)}

    def test_more_are_drawn_than_before(self):
        self.page()
        (first,) = self.drawn(self.bank.location)
        self.answer(first)
        self.edit(self.bank, max_count=2)
        self.answer("p1")
        assert not self.awards().exists(), "the second one is still to come"
        self.page()
        second = next(name for name in self.drawn(self.bank.location) if name != first)
        self.answer(second)
        assert set(results(self.awards().get())) == {first, second, "p1"}

    def test_each_learner_has_a_draw_of_her_own(self):
        self.page()
        mine = self.drawn(self.bank.location)
        other = next(name for name in POOL if name not in mine)
        bob = self.enrol("bob")
        self.sign_in(bob)
        with patch("random.Random.sample", lambda _self, _pool, _count: [("problem", other)]):
            self.page()
        assert self.drawn(self.bank.location, bob) == [other]
        self.answer(other)
        self.answer("p1")
        assert set(results(self.awards(bob).get())) == {other, "p1"}
        assert not self.awards().exists()


class TestLibrary(BankMixin, VariantCase):
    bank_type = "library_content"


class TestItemBank(BankMixin, VariantCase):
    bank_type = "itembank"

    def test_before_the_draw_nobody_is_told_what_is_in_the_bank(self):
        told = self.told()
        assert told.count(HIDDEN) == 3 and " a ," not in told


class DeepMixin:
    """The bank lies in a container inside the pill, and holds a container itself."""

    bank_type = ""

    def build(self):
        self.pill = self.add_pill([outcome("draw", *POOL)])
        self.box = self.add(self.pill, "vertical")
        self.bank = self.add(self.box, self.bank_type, max_count=1)
        self.inner = self.add(self.bank, "vertical", location=self.key("inner", "vertical"))
        self.add_problem(self.inner, "a")
        self.add_problem(self.inner, "b")
        self.add_problem(self.bank, "c")

    def test_she_is_assessed_on_all_of_what_she_drew(self):
        self.page()
        mine = {"inner": ("a", "b"), "c": ("c",)}[self.drawn(self.bank.location)[0]]
        for number, name in enumerate(mine, 1):
            assert not self.awards().exists(), number
            self.answer(name)
        assert set(results(self.awards().get())) == set(mine)


class TestDeepLibrary(DeepMixin, VariantCase):
    bank_type = "library_content"


class TestDeepItemBank(DeepMixin, VariantCase):
    bank_type = "itembank"
