"""The only door to the platform: LMS, Studio, or the XBlock workbench.

Platform imports are local to functions, because none of them exists outside the platform. All functions survive
missing services, which is the normal case in Studio.
"""

from .copies import duplicate_children, paste_children, save_copy
from .courses import course_ids, graded_blocks, load_pill, pills_of_course
from .people import Viewer, answered_in_masquerade, masquerading, may_author, may_earn, viewer
from .runtime import (
    LMS,
    STUDIO,
    children,
    course_file,
    course_id,
    course_key,
    descendants,
    is_graded,
    language,
    platform,
    referenced_blocks,
    service,
    translations,
)
from .scores import Evidence, evidence, exact, platform_evidence

__all__ = [
    "LMS", "STUDIO", "Evidence", "Viewer", "answered_in_masquerade", "children", "course_file", "course_id",
    "course_ids", "course_key", "descendants", "duplicate_children", "evidence", "exact", "graded_blocks",
    "is_graded", "language", "load_pill", "masquerading", "may_author", "may_earn", "paste_children",
    "pills_of_course", "platform", "platform_evidence", "referenced_blocks", "save_copy", "service", "translations",
    "viewer",
]
