"""The only door to the platform: LMS, Studio, or the XBlock workbench.

Platform imports are local to functions, because none of them exists outside the platform. All functions survive
missing services, which is the normal case in Studio.
"""

from .accounts import Account, account, former_names
from .copies import duplicate_children, paste_children, save_copy
from .course_files import save_course_file
from .course_settings import course_settings
from .courses import course_ids, graded_blocks, load_pill, pills_of_course
from .organisations import organisation, organisation_of, site_of
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
    stored_id,
    translations,
    unversioned,
)
from .saving import bring_up_to_date, claimed, stored_now
from .scores import Evidence, evidence, exact, platform_evidence
from .staff import accounts_called, course_names, names_of, staff_courses
from .tagging import ContentTag, content_tags, has_tags
from .tokens import restricted_token, token_authentication

__all__ = [
    "LMS", "STUDIO", "Account", "ContentTag", "Evidence", "Viewer", "account", "accounts_called",
    "answered_in_masquerade", "bring_up_to_date", "children", "claimed", "content_tags", "course_file", "course_id",
    "course_ids", "course_key", "course_names", "course_settings", "descendants", "duplicate_children", "evidence",
    "exact", "former_names", "graded_blocks", "has_tags", "is_graded", "language", "load_pill", "masquerading",
    "may_author", "may_earn", "names_of", "organisation", "organisation_of", "paste_children", "pills_of_course",
    "platform", "platform_evidence", "referenced_blocks", "restricted_token", "save_copy", "save_course_file",
    "service", "site_of", "staff_courses", "stored_id", "stored_now", "token_authentication", "translations",
    "unversioned", "viewer",
]
