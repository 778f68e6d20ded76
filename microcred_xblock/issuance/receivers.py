"""What the platform tells us. A receiver takes ids, calls one function, and never raises.

``PROBLEM_WEIGHTED_SCORE_CHANGED`` is sent in the middle of a learner's submission and not robustly: an exception
here would break answering for everybody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.utils import timezone

from . import assessing, indexing

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
