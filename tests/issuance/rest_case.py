"""People with accounts here, their awards, and a client for each of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from microcred_xblock import compat
from microcred_xblock.issuance import api
from microcred_xblock.issuance.data import Learner
from tests.factories import make_pill, make_scores

ROOT = "/microcred/api/v1/"
COURSE, OTHER_COURSE = "course-v1:x+y+z", "course-v1:x+other+z"


class Person:
    """An account with a client; ``get``, ``post``, ``put`` and ``delete`` give status, data and the response."""

    def __init__(self, name: str = "", **fields):
        self.user = User.objects.create_user(name, f"{name}@learner.example", "x", **fields) if name else None
        self.client = Client()
        if self.user:
            self.client.force_login(self.user)

    @property
    def learner(self) -> Learner:
        return Learner(id=str(self.user.pk), full_name="Camille Exemple", email=self.user.email)

    def get(self, path: str, **query):
        return self._answer(self.client.get(ROOT + path, query))

    def post(self, path: str, data=None, **extra):
        return self._answer(self.client.post(ROOT + path, json.dumps(data), "application/json", **extra))

    def put(self, path: str, data=None):
        return self._answer(self.client.put(ROOT + path, json.dumps(data), "application/json"))

    def delete(self, path: str):
        return self._answer(self.client.delete(ROOT + path))

    @staticmethod
    def _answer(response):
        data = response.json() if response.headers.get("Content-Type") == "application/json" else None
        return SimpleNamespace(status=response.status_code, data=data, response=response)


def award(person: Person, *, course: str = COURSE, pill: str = "block-v1:x+y+z+type@learning_pill+block@one") -> str:
    """The id of an award of this person."""
    standing = api.record_scores(
        make_pill(id=pill), make_scores(at=timezone.now()), learner_id=person.learner.id, course_id=course
    )
    assert standing.award_id, standing
    return standing.award_id


def issue(person: Person, award_id: str, commits) -> str:
    """The same award with consent and signed credentials."""
    with commits():
        api.consent(award_id, person.learner, digest=api.payload(award_id, person.learner).digest)
    return award_id


@contextmanager
def course_staff(monkeypatch, **courses: str):
    """Accounts (by user name) that are staff of one course."""
    everybody = compat.staff_courses

    def staff_courses(user):
        name = getattr(user, "username", "")
        return frozenset({courses[name]}) if name in courses else everybody(user)

    with monkeypatch.context() as patch:
        patch.setattr(compat, "staff_courses", staff_courses)
        yield
