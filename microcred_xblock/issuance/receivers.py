"""What the platform tells us. A receiver takes ids, calls one function, and never raises, but for one.

``PROBLEM_WEIGHTED_SCORE_CHANGED`` is sent in the middle of a learner's submission and not robustly: an exception
here would break answering for everybody. ``account_retired`` does raise: the platform then keeps the retirement open
and asks again, where it would otherwise believe that everything was erased.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.utils import timezone

from . import assessing, indexing, privacy

log = logging.getLogger(__name__)


def _harmless(receive: Callable[..., None]) -> Callable[..., None]:
    """A receiver that logs instead of raising."""

    @wraps(receive)
    def wrapper(sender: Any = None, **kwargs: Any) -> None:
        try:
            receive(**kwargs)
        except Exception:  # anything; see above
            log.exception("%s failed; the learner's answer is not affected.", receive.__name__)

    return wrapper


@_harmless
def score_changed(*, user_id: Any = None, usage_id: Any = None, **_kwargs: Any) -> None:
    """A block's score was set, rescored, overridden or deleted, or the grade of a subsection overridden."""
    if user_id and usage_id:
        assessing.request(str(user_id), str(usage_id), now=timezone.now())


@_harmless
def course_published(*, course_key: Any = None, **_kwargs: Any) -> None:
    """Something in a course was published, or a course imported."""
    if course_key is not None and getattr(course_key, "is_course", True):
        indexing.request(str(course_key), now=timezone.now())


@_harmless
def course_deleted(*, course_key: Any = None, **_kwargs: Any) -> None:
    """A course was deleted."""
    if course_key is not None:
        indexing.forget(str(course_key))


def account_retired(sender: Any = None, *, user: Any = None, **_kwargs: Any) -> None:
    """An account is being retired; the platform says so twice. RuntimeError, without personal data, if it failed."""
    pk = getattr(user, "pk", None)
    if pk is None:
        return
    try:
        privacy.retire(str(pk), now=timezone.now())
    except Exception as error:
        log.exception("The personal data of a retired account could not be erased; the platform will ask again.")
        raise RuntimeError(f"microcred: personal data not erased ({type(error).__name__})") from None
