"""What a course's team wrote into its advanced settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .runtime import course_key, platform

log = logging.getLogger(__name__)


def course_settings(block: Any) -> Any:
    """What stands under ``microcred`` in "Other Course Settings" of the block's course, of any shape; None without.

    Read from the structure of the course that the block was read from, without regard to who may see it. None too
    outside a platform, and for a block in no course.
    """
    key = course_key(block)
    if platform() is None or key is None:
        return None
    from xmodule.modulestore.django import modulestore

    try:
        course = modulestore().get_course(key)
    except Exception as error:  # the key of a library, or a course that is being deleted; it has no settings
        log.info("No course settings for %s: %s", key, type(error).__name__)
        return None
    settings = getattr(course, "other_course_settings", None)
    return settings.get("microcred") if isinstance(settings, Mapping) else None
