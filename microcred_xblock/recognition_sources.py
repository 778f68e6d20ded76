"""Where a pill's recognition data come from besides the pill itself: its course, its organisation, its site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import compat, inheritance
from .domain.errors import InvalidPill
from .inheritance import Layer

# By source: the code of what is told of it, and the message.
_TOLD = {
    inheritance.COURSE: (
        "inherited-course", "The course's settings give recognition data that cannot be used and are left out: {names}."
    ),
    inheritance.ORGANISATION: (
        "inherited-organisation",
        "The organisation gives recognition data that cannot be used and are left out: {names}.",
    ),
    inheritance.SITE: (
        "inherited-site", "The site gives recognition data that cannot be used and are left out: {names}."
    ),
}


def layers(block: Any) -> tuple[Layer, ...]:
    """What the block inherits, the strongest first: its course's settings, then the rows of its organisation and site.

    One query for the rows, and none where the block is in no organisation's course; the course is read from the
    structure that the block itself was read from. NotReady while they cannot be read.
    """
    organisation = compat.organisation_of(block)
    found = [*_of_course(compat.course_settings(block)), *(_of_organisation(organisation) if organisation else ())]
    return tuple(one for one in found if one.data or one.problems)


def problems(found: Sequence[Layer], *, unread: bool = False) -> list[InvalidPill]:
    """What an author should know of each source: what it gives that cannot be used. It keeps nothing from issuing.

    ``unread``: nobody could tell what they give, and nothing is issued meanwhile.
    """
    told = []
    if unread:
        told.append(InvalidPill(
            "What the pill takes over cannot be read at the moment. Open this page again in a minute.",
            code="inherited-unread", field="recognition",
        ))
    for one in found:
        if one.problems:
            names = ", ".join(dict.fromkeys(str(problem.params.get("element", "")) for problem in one.problems))[:200]
            code, message = _TOLD[one.source]
            told.append(InvalidPill(message.format(names=names), code=code, field="recognition", names=names))
    return told


def awarding_body(block: Any) -> Mapping[str, str]:
    """``name`` and ``country`` of who awards in the block's course; empty where nobody does."""
    api = _issuance()
    return api.awarding_body_of(compat.course_id(block)) if api is not None else {}


def _of_course(settings: Any) -> list[Layer]:
    if settings is None:
        return []
    if isinstance(settings, Mapping):
        given = settings.get("recognition")
        return [] if given is None else [inheritance.layer(inheritance.COURSE, given)]
    return [inheritance.layer(inheritance.COURSE, settings)]  # no mapping: told as damaged


def _of_organisation(organisation: str) -> Sequence[Layer]:
    api = _issuance()
    return api.recognition_defaults_of(organisation) if api is not None else ()


def _issuance() -> Any:
    """The app's door, or None where it is not installed."""
    try:
        from .issuance import api
    except (ImportError, RuntimeError):
        return None
    return api
