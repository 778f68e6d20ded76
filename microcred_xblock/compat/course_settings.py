"""What a course's team wrote into its advanced settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..domain.errors import NotReady
from .runtime import course_key, platform


def course_settings(block: Any) -> Any:
    """What stands under ``microcred`` in "Other Course Settings" of the block's course, of any shape; None without.

    Read from the branch of the course that the block was read from, as it is now, without regard to who may see it.
    None too outside a platform, and for a block in no course or in a deleted one. NotReady while they cannot be read:
    without them a pill would certify something else.
    """
    key = course_key(block)
    if platform() is None or not _is_course(key):
        return None
    from xmodule.modulestore.django import modulestore

    try:
        # A block can hold the version it was read in; the store refuses every version but the newest.
        course = modulestore().get_course(key.version_agnostic())
    except Exception as error:  # a store raises what it likes
        raise NotReady(f"The settings of {key} cannot be read at the moment.") from error
    settings = getattr(course, "other_course_settings", None)
    return settings.get("microcred") if isinstance(settings, Mapping) else None


def _is_course(key: Any) -> bool:
    """Whether ``key`` is that of a course, or of a CCX; a library has no such settings."""
    from opaque_keys.edx.locator import CourseLocator

    return isinstance(key, CourseLocator)
