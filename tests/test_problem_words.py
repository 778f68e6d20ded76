"""Problems in an author's words."""

import pytest

from microcred_xblock import problem_words
from microcred_xblock.domain.errors import InvalidPill
from microcred_xblock.translation import Translator

ENGLISH = Translator("en")
OUTCOMES = [{"id": "a", "title": "Locate a fault"}, {"id": "a.b", "title": "  "}, {"title": "Report"}, "damaged"]


@pytest.fixture
def titles():
    return problem_words.outcome_titles(OUTCOMES, ENGLISH)


def test_an_outcome_is_called_by_its_title_or_its_number(titles):
    assert titles == {"a": "Locate a fault", "a.b": "number 2", "3": "Report", "4": "number 4"}
    assert problem_words.outcome_titles([{"title": ["not", "text"]}], Translator("fr")) == {"1": "n° 1"}


@pytest.mark.parametrize(("place", "named"), [
    ("outcome a.threshold", "Outcome “\u2068Locate a fault\u2069”"),
    ("outcome a.b.threshold", "Outcome “\u2068number 2\u2069”"),
    ("outcome 3.threshold", "Outcome “\u2068Report\u2069”"), ("outcome a", "Outcome 1"),
])
def test_the_place_names_the_outcome(place, named, titles):
    problem = InvalidPill("x", code="number", field=place)
    assert problem_words.told(problem, titles, {}, ENGLISH)["place"] == named


def test_the_text_names_outcome_and_block_by_their_titles(titles):
    problem = InvalidPill("x", code="block-ungraded", field="outcome a.assessed-by", outcome="a", block="p9")
    told = problem_words.told(problem, titles, {"p9": "A video (number 2)"}, ENGLISH)
    assert told["text"] == "Outcome “\u2068Locate a fault\u2069” is assessed by “\u2068A video (number 2)\u2069”, " \
                           "which gives no score. Choose another activity."
    assert told["place"] == "Outcome 1", "the title is not said twice"
    gone = problem_words.told(problem, titles, {}, ENGLISH)["text"]
    assert "“p9”" in gone, "of a block that is gone the reference is all there is"


def test_a_doubled_id_is_called_by_itself():
    problem = InvalidPill("x", code="duplicate-outcome", field="outcome 2.outcome id", outcome="a")
    titles = problem_words.outcome_titles([{"id": "a", "title": "One"}, {"id": "a", "title": "Two"}], ENGLISH)
    found = problem_words.told(problem, titles, {}, ENGLISH)
    assert found["place"] == "Outcome “\u2068Two\u2069”" and "“a”" in found["text"]


def test_equal_titles_are_told_apart_by_a_number():
    same = [{"id": "a", "title": "Locate"}, {"id": "b", "title": "Decide"}, {"id": "c", "title": "Locate"}]
    assert list(problem_words.outcome_titles(same, ENGLISH).values()) == [
        "Locate (number 1)", "Decide", "Locate (number 2)"
    ]


def test_a_title_that_looks_like_a_number_given_is_no_other_titles_name():
    titles = {"a": "Locate", "b": "Locate (number 1)", "c": "Locate", "d": "Locate (number 1)"}
    told = problem_words.told_apart(titles, ENGLISH)
    assert list(told) == ["a", "b", "c", "d"] and len(set(told.values())) == 4
    assert told["a"].startswith("Locate (number ")


def test_a_required_id_that_no_outcome_has_is_called_by_itself():
    """Outcomes without an id are called by their numbers, and "3" is no outcome's id here."""
    titles = problem_words.outcome_titles([{"id": "a"}, {"id": "b"}, {"title": "Report"}], ENGLISH)
    problem = InvalidPill("x", code="mastery-unknown", field="mastery", outcome="3")
    assert "“3”" in problem_words.told(problem, titles, {}, ENGLISH)["text"]


def test_a_damaged_outcome_is_called_by_its_title_in_the_text_too(titles):
    problem = InvalidPill("x", code="definition-damaged", field="outcome a", outcome="a")
    problem.params["field"] = "outcome a"
    told = problem_words.told(problem, titles, {}, ENGLISH)
    assert told == {
        "place": "Outcome 1", "text": "Outcome “\u2068Locate a fault\u2069” is damaged: delete it and enter it again."
    }


def test_a_title_that_was_never_checked_does_not_fill_the_page():
    assert len(problem_words.outcome_titles([{"title": "x" * 9_000}], ENGLISH)["1"]) == 250
