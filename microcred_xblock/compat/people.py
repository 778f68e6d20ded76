"""Who looks at a block, who may earn in a course, and who may write in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from .runtime import LMS, STUDIO, course_key, language, platform, service

_WORKBENCH_GUESTS = {"", "none", "None", "anonymous"}
_WORKBENCH_STAFF = {"staff", "preview"}


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who looks at a block. Personal data: never logged.

    ``kind``: ``learner`` may earn; ``visitor`` is known but not enrolled; ``unconfirmed`` has not confirmed the
    e-mail address yet; ``anonymous`` is not known; ``preview`` is an author, staff, or somebody masquerading.
    ``id`` is empty but for learners. ``seen_as``: the account whose results staff look at, in the place of that one
    learner; nothing is recorded for it.
    """

    kind: str
    id: str = ""
    seen_as: str = ""
    full_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    language: str = "en"

    @property
    def is_learner(self) -> bool:
        """Whether anything this person does may be recorded."""
        return self.kind == "learner"


def viewer(block: Any) -> Viewer:
    """Who looks at ``block`` now."""
    users = service(block, "user")
    user = users.get_current_user() if users else None
    options = dict(getattr(user, "opt_attrs", None) or {})
    if platform() == STUDIO:
        return Viewer(kind="preview", language=language())
    if platform() == LMS:
        return _lms_viewer(block, user, options)
    return _workbench_viewer(user, options)


def _workbench_viewer(user: Any, options: Mapping[str, Any]) -> Viewer:
    """The workbench has no accounts: ``?student=`` is the learner, ``anonymous`` and ``staff`` are reserved."""
    identity = str(options.get("xblock-workbench.user_id") or "")
    if identity in _WORKBENCH_GUESTS:
        return Viewer(kind="anonymous", language=language())
    if identity in _WORKBENCH_STAFF:
        return Viewer(kind="preview", language=language())
    return _learner(identity, user, getattr(user, "full_name", None))


def _lms_viewer(block: Any, user: Any, options: Mapping[str, Any]) -> Viewer:
    identity, key = options.get("edx-platform.user_id"), course_key(block)
    if not identity or not options.get("edx-platform.is_authenticated") or _unprotected_request():
        return Viewer(kind="anonymous", language=language())
    if masquerading(key):
        return Viewer(kind="preview", seen_as=str(identity) if _in_place_of_one(key) else "", language=language())
    kind = _standing(identity, key)
    return _learner(str(identity), user, _certified_name(identity)) if kind == "learner" else Viewer(
        kind=kind, language=language()
    )


def _unprotected_request() -> bool:
    """Whether this is a call of the LMS's ``handler_noauth``: it takes the session, but no CSRF token.

    Any site could have a learner's browser call it; the platform marks the user of such a request as not known.
    """
    from crum import get_current_user

    return getattr(get_current_user(), "known", True) is False


def _learner(identity: str, user: Any, full_name: str | None) -> Viewer:
    emails = [address for address in (getattr(user, "emails", None) or ()) if address]
    return Viewer(
        kind="learner", id=identity, full_name=full_name or "", email=emails[0] if emails else "",
        language=language(),
    )


def masquerading(key: Any) -> bool:
    """Whether the person behind the current request sees the course as somebody else.

    Who went back to the staff view does not, though the platform still keeps a masquerade for them.
    """
    from crum import get_current_user
    from lms.djangoapps.courseware import masquerade

    user = get_current_user()
    if user is None or not masquerade.is_masquerading(user, key):
        return False
    return _in_place_of_one(key) or not masquerade.is_masquerading_as_staff(user, key)


def _in_place_of_one(key: Any) -> bool:
    """Whether the person of the request sees the course as one learner; the block's user then is that learner."""
    from crum import get_current_user
    from lms.djangoapps.courseware import masquerade

    return bool(masquerade.is_masquerading_as_specific_student(get_current_user(), key))


def answered_in_masquerade(user_id: str, usage_id: str) -> bool:
    """Whether the answer to a block is one that the person of the current request gives while masquerading."""
    if platform() != LMS:
        return False
    from crum import get_current_user
    from opaque_keys.edx.keys import UsageKey

    user = get_current_user()
    return user is not None and str(user.pk) == user_id and masquerading(UsageKey.from_string(usage_id).course_key)


def may_earn(user_id: Any, course: str) -> bool:
    """Whether this account may earn in the course now: actively enrolled and no staff, or in a role the admin allows.

    Scores prove nothing by themselves: handlers answer whoever is signed in, enrolled or not.
    """
    from opaque_keys.edx.keys import CourseKey

    return _standing(user_id, CourseKey.from_string(course)) == "learner"


def _standing(user_id: Any, key: Any) -> str:
    from common.djangoapps.student.models import CourseEnrollment
    from django.contrib.auth import get_user_model
    from lms.djangoapps.courseware.access import has_access

    user = get_user_model().objects.filter(pk=user_id).first()
    if user is None:
        return "visitor"
    if not user.is_active:  # a credential is bound to the address, so the address must be this person's
        return "unconfirmed"
    if _has_earning_role(user, key):
        return "learner"
    if has_access(user, "staff", key):
        return "preview"
    return "learner" if CourseEnrollment.is_enrolled(user, key) and _course_is_open(user, key) else "visitor"


def _course_is_open(user: Any, key: Any) -> bool:
    """Whether the course's pages open for this account: it has begun, and the access has not expired."""
    from lms.djangoapps.courseware.access import has_access
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    try:
        return bool(has_access(user, "load", CourseOverview.get_from_id(key)))
    except CourseOverview.DoesNotExist:
        return False


def _has_earning_role(user: Any, key: Any) -> bool:
    """Whether the account has one of the roles of MICROCRED_EARNING_ROLES in this course or its organisation."""
    roles = list(getattr(settings, "MICROCRED_EARNING_ROLES", None) or ())
    if not roles:
        return False
    from common.djangoapps.student.models import CourseAccessRole

    rows = CourseAccessRole.objects.filter(user=user, role__in=roles).values_list("course_id", "org")
    return any(course == key or (not course and org == key.org) for course, org in rows)


def _certified_name(user_id: Any) -> str:
    """The name the platform prints on this person's certificates: the verified one where they chose so."""
    from django.contrib.auth import get_user_model
    from lms.djangoapps.certificates.utils import get_preferred_certificate_name

    return get_preferred_certificate_name(get_user_model().objects.get(pk=user_id)) or ""


def may_author(block: Any) -> bool:
    """Whether the person of the request may write in the block's course; Studio's handlers do not check it.

    In the workbench the reserved students ``staff`` and ``preview`` are authors. In the LMS nobody is.
    """
    if platform() == STUDIO:
        permissions, key = service(block, "studio_user_permissions"), course_key(block)
        return bool(permissions and key and permissions.can_write(key))
    return platform() is None and viewer(block).kind == "preview"
