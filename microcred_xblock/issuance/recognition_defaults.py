"""Recognition data that pills inherit from their organisation or site, as an admin set them.

A change makes new versions of the pills that inherit: awards to come certify the new data, those that are made keep
what they froze. Setting checks no permission; the admin pages and commands do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q

from .. import compat, inheritance
from ..domain.errors import InvalidAnswer, InvalidPill, NotReady
from ..inheritance import Layer
from . import models

Scope = models.RecognitionDefaults.Scope
_MOST = 255


def of_organisation(organisation: str) -> tuple[Layer, ...]:
    """What the organisation gives, and its site; the stronger first. One query of ours, whatever is set.

    NotReady while the database cannot say, also before it is migrated: without them a pill would certify something
    else.
    """
    wanted = Q(scope=Scope.SITE) | Q(unique_key=models.pair_key(Scope.ORGANISATION, organisation))
    try:
        with transaction.atomic():  # a database that fails must not take the caller's transaction with it
            rows = models.RecognitionDefaults.objects.filter(wanted)
            found = {(row.scope, row.value): row.recognition for row in rows}
            given = [(inheritance.ORGANISATION, found.pop((Scope.ORGANISATION.value, organisation), None))]
            if found:
                given.append((inheritance.SITE, found.get((Scope.SITE.value, compat.site_of(organisation).lower()))))
    except DatabaseError as error:
        raise NotReady("What organisations give cannot be read at the moment.") from error
    return tuple(inheritance.layer(source, data) for source, data in given if data is not None)


def put(scope: str, value: str, recognition: Any) -> models.RecognitionDefaults:
    """Set what an organisation or a site gives, from now on.

    InvalidAnswer: ``defaults-scope``, ``defaults-value``. InvalidPill: the first value that no pill could have.
    """
    scope, value, recognition = checked(scope, value, recognition)
    with transaction.atomic():
        row, _ = models.RecognitionDefaults.objects.update_or_create(
            unique_key=models.pair_key(scope, value),
            defaults={"scope": scope, "value": value, "recognition": recognition},
        )
    return row


def remove(scope: str, value: str) -> bool:
    """Give nothing any more; whether something was given."""
    scope, value = place(scope, value)
    deleted, _ = models.RecognitionDefaults.objects.filter(unique_key=models.pair_key(scope, value)).delete()
    return bool(deleted)


def rows() -> Sequence[models.RecognitionDefaults]:
    """All that is set, by scope and place."""
    return list(models.RecognitionDefaults.objects.order_by("scope", "value"))


def problems(row: models.RecognitionDefaults) -> Sequence[InvalidPill]:
    """What of a row cannot be used: it may be older than the rules it is read by."""
    return inheritance.layer(row.scope, row.recognition).problems


def checked(scope: Any, value: Any, recognition: Any) -> tuple[str, str, Mapping[str, Any]]:
    """The three in the form in which they are stored. Errors as ``put``."""
    scope, value = place(scope, value)
    found = inheritance.layer(scope, recognition)
    if found.problems:
        raise found.problems[0]
    return scope, value, dict(found.data)


def place(scope: Any, value: Any) -> tuple[str, str]:
    """The two in the form in which they are stored. InvalidAnswer as ``put``."""
    if scope not in Scope.values:
        raise InvalidAnswer(
            f"Recognition data are given by one of {', '.join(Scope.values)}.", code="defaults-scope", field="scope"
        )
    value = str(value).strip()
    if scope == Scope.SITE:
        value = value.lower()
    if not value or len(value) > _MOST or not value.isprintable() or " " in value:
        raise InvalidAnswer(
            "Write an organisation's short name, or a site's host name.", code="defaults-value", field="value"
        )
    return str(scope), value
