"""Whose a course is: its organisation, and the site of that organisation."""

from __future__ import annotations

import re
from typing import Any

from .runtime import course_key, platform

_ORG = re.compile(r"[^\s/+:@]{1,255}")


def organisation(course: str) -> str:
    """The organisation in a course's id; "" where the id names none."""
    from opaque_keys import InvalidKeyError
    from opaque_keys.edx.keys import CourseKey

    try:
        org = CourseKey.from_string(course).org or ""
    except InvalidKeyError:
        return ""
    return org if _ORG.fullmatch(org) else ""


def organisation_of(block: Any) -> str:
    """The organisation whose course a block is in; "" without one.

    In the workbench, which has no courses, the one that the setting MICROCRED_WORKBENCH_ORGANISATION names.
    """
    key = course_key(block)
    if key is not None:
        return organisation(str(key))
    from django.conf import settings

    return "" if platform() else getattr(settings, "MICROCRED_WORKBENCH_ORGANISATION", "")


def site_of(org: str) -> str:
    """The host name of the site that an organisation's courses belong to; the platform's own where none claims them.

    The same in every process and whatever site a request came through; "" outside a platform.
    """
    if platform() is None:
        return ""
    known = _known_in_request()
    if org not in known:
        known[org] = _asked(org)
    return known[org]


def _known_in_request() -> dict[str, str]:
    """What was found before in the same request. Without one nothing is kept: a worker would keep it for ever."""
    from crum import get_current_request

    request = get_current_request()
    return {} if request is None else request.__dict__.setdefault("_microcred_sites", {})


def _asked(org: str) -> str:
    from django.conf import settings
    from django.contrib.sites.models import Site
    from openedx.core.djangoapps.site_configuration.models import SiteConfiguration

    claimed = SiteConfiguration.get_configuration_for_org(org) if org else None
    site = claimed.site if claimed is not None else Site.objects.filter(pk=getattr(settings, "SITE_ID", None)).first()
    return site.domain if site is not None else ""
