"""Rows that say what is to be looked at again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError

from microcred_xblock.issuance import models, requests

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = {"course": "k"}
pytestmark = pytest.mark.django_db


def ask(rows=None, now=NOW):
    return requests.ask(rows or models.IndexRequest.objects, now, key=KEY, course_id="course")


def row():
    return models.IndexRequest.objects.get()


def test_it_is_made_then_renewed():
    pk = ask()
    first = row()
    assert (pk, first.course, first.course_id, first.due_at) == (first.pk, "k", "course", NOW)
    assert ask(now=NOW + timedelta(seconds=5)) == pk
    assert row().token != first.token and row().due_at == NOW + timedelta(seconds=5)


def test_it_is_done_only_by_who_saw_the_last_request():
    ask()
    mine = row()
    ask()
    assert requests.done(mine) is False
    assert requests.done(row()) is True
    assert requests.done(mine) is False, "and a second worker finds it gone"


def test_what_was_asked_for_meanwhile_is_neither_failed_nor_postponed():
    ask()
    mine = row()
    ask()
    requests.failed(mine, RuntimeError("boom"), NOW)
    requests.postpone(mine, NOW + timedelta(days=1))
    assert (row().attempts, row().due_at) == (0, NOW)


def test_it_is_postponed_without_a_fault():
    ask()
    models.IndexRequest.objects.update(attempts=3, error_code="internal")
    requests.postpone(row(), NOW + timedelta(days=1))
    assert (row().attempts, row().error_code, row().due_at) == (0, "", NOW + timedelta(days=1))


class Rows:
    """A manager on whose rows somebody else works between our statements."""

    def __init__(self, *before_create):
        self.before_create = list(before_create)

    def filter(self, **key):
        return models.IndexRequest.objects.filter(**key)

    def create(self, **columns):
        if self.before_create:
            self.before_create.pop(0)()
        return models.IndexRequest.objects.create(**columns)

    def get_or_create(self, **columns):
        if self.before_create:
            self.before_create.pop(0)()
        return models.IndexRequest.objects.get_or_create(**columns)


def made_by_another():
    models.IndexRequest.objects.create(**KEY, course_id="course", token="theirs", due_at=NOW)


def test_somebody_else_makes_it_at_the_same_moment():
    pk = ask(Rows(made_by_another))
    assert row().pk == pk and row().token != "theirs", "it is renewed: they may have looked before we asked"


def conflict():
    """Made by somebody else, and done and deleted by the time we look."""
    raise IntegrityError("UNIQUE")


def test_somebody_else_makes_and_does_it_again_and_again():
    pk = ask(Rows(conflict, conflict))
    assert row().pk == pk and row().token


def test_and_is_at_it_still():
    pk = ask(Rows(conflict, conflict, made_by_another))
    assert row().pk == pk and row().token != "theirs"
