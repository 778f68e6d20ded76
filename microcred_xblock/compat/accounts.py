"""The account of a learner, for work that is done outside their own requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from .runtime import LMS, platform


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the platform knows of a learner. Personal data: never logged.

    ``full_name`` is the one on certificates. ``language`` is empty where the learner has chosen none.
    """

    id: int
    username: str = field(repr=False)
    full_name: str = field(repr=False)
    email: str = field(repr=False)
    language: str = ""
    active: bool = True


def account(learner_id: str) -> Account | None:
    """The learner's account; None outside the LMS, for an unknown id, and once retirement has been asked for."""
    if platform() != LMS:
        return None
    from django.contrib.auth import get_user_model
    from lms.djangoapps.certificates.utils import get_preferred_certificate_name
    from openedx.core.djangoapps.lang_pref import LANGUAGE_KEY
    from openedx.core.djangoapps.user_api.models import UserPreference

    user = get_user_model().objects.filter(pk=learner_id).first() if learner_id.isdecimal() else None
    if user is None or _retired(user):
        return None
    return Account(
        id=user.pk, username=user.username, full_name=get_preferred_certificate_name(user) or "",
        email=user.email or "", language=UserPreference.get_value(user, LANGUAGE_KEY, default="") or "",
        active=bool(user.is_active),
    )


def _retired(user: Any) -> bool:
    """Whether the account is, or is about to be, only a name that nobody bears."""
    from openedx.core.djangoapps.user_api.models import UserRetirementStatus

    name, address = (getattr(settings, f"RETIRED_{part}_PREFIX", "") for part in ("USERNAME", "EMAIL"))
    bare = bool(name and user.username.startswith(name)) or bool(address and user.email.startswith(address))
    return bare or UserRetirementStatus.objects.filter(user=user).exists()


def former_names(learner_id: str) -> frozenset[str]:
    """User name and addresses of an account whose retirement has been asked for, as they were and as they are now.

    Personal data, to be looked for and erased. Empty outside the LMS.
    """
    if platform() != LMS or not learner_id.isdecimal():
        return frozenset()
    from django.contrib.auth import get_user_model
    from openedx.core.djangoapps.user_api.models import UserRetirementStatus

    kept = UserRetirementStatus.objects.filter(user_id=learner_id).values_list("original_username", "original_email")
    now = get_user_model().objects.filter(pk=learner_id).values_list("username", "email")
    return frozenset(name for names in (*kept, *now) for name in names if name)
