"""Which issuer awards where: a course's own, else its organisation's, else its site's, else the default one.

Assigning checks no permission; the admin pages and commands do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from .. import compat
from ..domain.errors import InvalidAnswer
from . import awarding_bodies, models

Scope = models.IssuerAssignment.Scope
_MOST = 255


def key_for(course_id: str) -> str:
    """The key of the issuer that awards in a course; "" is the default one. One query, whatever is assigned.

    An issuer that is no longer in the settings is still named: to award as somebody else would be wrong, and what is
    issued waits until the settings are mended.
    """
    org = compat.organisation(course_id)
    exact = [pair for pair in ((Scope.COURSE, course_id), (Scope.ORGANISATION, org)) if pair[1]]
    rows = models.IssuerAssignment.objects.filter(scope=Scope.SITE) | models.IssuerAssignment.objects.filter(
        unique_key__in=[models.pair_key(*pair) for pair in exact]
    )
    found = {(row.scope, row.value): row.issuer_key for row in rows}
    for scope, value in exact:
        if (scope.value, value) in found:
            return found[scope.value, value]
    if not found:
        return awarding_bodies.DEFAULT
    return found.get((Scope.SITE.value, compat.site_of(org).lower()), awarding_bodies.DEFAULT)


def assign(scope: str, value: str, key: str) -> models.IssuerAssignment:
    """Let the issuer ``key`` award in a course, organisation or site from now on; awards already made keep theirs.

    InvalidAnswer: ``assignment-scope``, ``assignment-value``. Misconfigured: ``issuer-unknown``.
    """
    scope, value, key = checked(scope, value, key)
    with transaction.atomic():
        row, _ = models.IssuerAssignment.objects.update_or_create(
            unique_key=models.pair_key(scope, value), defaults={"scope": scope, "value": value, "issuer_key": key}
        )
    return row


def unassign(scope: str, value: str) -> bool:
    """Take an assignment back; whether there was one."""
    scope, value = _place(scope, value)
    deleted, _ = models.IssuerAssignment.objects.filter(unique_key=models.pair_key(scope, value)).delete()
    return bool(deleted)


def assignments() -> Sequence[models.IssuerAssignment]:
    """All assignments, by scope and place."""
    return list(models.IssuerAssignment.objects.order_by("scope", "value"))


def checked(scope: Any, value: Any, key: Any) -> tuple[str, str, str]:
    """The three in the form in which they are stored. Errors as ``assign``."""
    scope, value = _place(scope, value)
    awarding_bodies.body(str(key))
    return scope, value, str(key)


def _place(scope: Any, value: Any) -> tuple[str, str]:
    if scope not in Scope.values:
        raise InvalidAnswer(
            f"An issuer is assigned to one of {', '.join(Scope.values)}.", code="assignment-scope", field="scope"
        )
    value = str(value).strip()
    if scope == Scope.SITE:
        value = value.lower()
    unusable = not value or len(value) > _MOST or not value.isprintable() or " " in value
    if unusable or (scope == Scope.COURSE and not compat.organisation(value)):
        raise InvalidAnswer(
            "Write a host name, an organisation's short name, or a course's id such as course-v1:Org+Course+Run.",
            code="assignment-value", field="value",
        )
    return str(scope), value
