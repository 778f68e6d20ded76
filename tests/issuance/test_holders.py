"""How many hold a pill, and in which version: numbers that follow what becomes of awards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import DatabaseError, OperationalError
from django.db.models.query import QuerySet
from django.utils import timezone

from microcred_xblock.domain.errors import NotReady
from microcred_xblock.issuance import api, holders, holding, models
from tests.factories import make_award, make_pill

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PILL = make_pill()
BETTER = replace(PILL, title="Fault diagnosis, better")
COURSE = "course-v1:x+y+z"


def award(pill=PILL, learner="ann", **columns):
    """An award of ``pill`` as it is stored, with some of its columns changed."""
    made = holding.store(replace(make_award(pill=pill), id=uuid4()), learner, COURSE)
    models.Award.objects.filter(pk=made.pk).update(**columns)
    return made


def counted(now=NOW):
    return {item.version: item.holders for item in holders.holders(PILL.id, now=now).versions}


def test_nobody_yet():
    found = api.holders(PILL.id)
    assert (found.versions, found.total, found.of(PILL.version)) == ((), 0, 0)
    assert api.last_awarded(PILL.id) is None


def test_by_version_and_no_matter_how_many_contents_it_had():
    for name in ("ann", "ben"):
        award(PILL, name)
    award(replace(PILL, description="Mended words."), "cid")
    award(BETTER, "dee", awarded_at=NOW + timedelta(days=1))
    found = api.holders(PILL.id)
    assert [(item.version, item.holders) for item in found.versions] == [(BETTER.version, 1), (PILL.version, 3)]
    assert (found.total, found.of(PILL.version), found.of("unknown")) == (4, 3, 0)
    assert api.last_awarded(PILL.id) == BETTER


def test_another_pill_is_another_matter():
    award(replace(PILL, id=PILL.id.upper()), "ann")
    award(replace(PILL, id=PILL.id + "2"), "ben")
    assert counted() == {}


@pytest.mark.parametrize(("columns", "held"), [
    ({"status": "suspended"}, 1),
    ({"status": "revoked", "active": None}, 0),
    ({"status": "superseded", "active": None}, 0),
    ({"expires_at": NOW + timedelta(days=1)}, 1),
    ({"expires_at": NOW - timedelta(days=1)}, 0),
    ({"retired_at": NOW}, 0),
])
def test_what_counts_as_held(columns, held):
    award(**columns)
    assert counted() == {PILL.version: held}, "and the version stays in the history"


def test_who_waits_for_a_replacement_is_one_learner():
    former = award(PILL, "ann", active=None)
    holding.store(replace(make_award(pill=BETTER), id=uuid4()), "ann", COURSE, supersedes=former)
    assert counted() == {PILL.version: 0, BETTER.version: 1}


def test_one_query_for_many(django_assert_num_queries):
    for number in range(30):
        award(replace(PILL, title=f"Title {number % 3}"), f"learner-{number}")
    with django_assert_num_queries(3):  # the one, in a savepoint of the test's transaction
        assert api.holders(PILL.id).total == 30


@pytest.mark.parametrize("error", [OperationalError("gone away"), DatabaseError("no such table")])
def test_a_database_that_is_away(error):
    with patch.object(QuerySet, "__iter__", side_effect=error), pytest.raises(NotReady):
        api.holders(PILL.id)


def test_content_that_cannot_be_read_any_more():
    made = award()
    models.FrozenPill.objects.filter(pk=made.pill_id).update(content={"title": 5})
    assert api.last_awarded(PILL.id) is None
    assert api.holders(PILL.id).total == 1
