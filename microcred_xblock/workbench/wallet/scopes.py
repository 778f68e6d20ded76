"""The scopes of the Open Badges 3.0 API and what they let an application do, in words for the consent page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

_PREFIX = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
READ = _PREFIX + "credential.readonly"
UPSERT = _PREFIX + "credential.upsert"
PROFILE_READ = _PREFIX + "profile.readonly"
PROFILE_UPDATE = _PREFIX + "profile.update"
OFFLINE = "offline_access"

MEANING = {
    UPSERT: _("Put credentials into this wallet, and replace the ones it put here before"),
    READ: _("Read the credentials in this wallet"),
    PROFILE_READ: _("Read your profile"),
    PROFILE_UPDATE: _("Change your profile"),
    OFFLINE: _("Do so later too, when you are not here, until you disconnect it"),
}
# The service description is for programs: English, not translated.
DESCRIPTION = {
    READ: "Permission to read AchievementCredentials for the authenticated entity.",
    UPSERT: "Permission to create or update AchievementCredentials for the authenticated entity.",
    PROFILE_READ: "Permission to read the profile for the authenticated entity.",
    PROFILE_UPDATE: "Permission to update the profile for the authenticated entity.",
    OFFLINE: "Permission to refresh access tokens.",
}


def known(scope: str) -> list[str]:
    """The known scopes of a space-separated list, in its order, once each."""
    return [item for item in dict.fromkeys(scope.split()) if item in DESCRIPTION]
