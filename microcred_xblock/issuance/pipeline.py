"""Steps for the platform's own filters: what a learner has earned, for the themes of certificate and dashboard.

They only add to the page's context, which themes may use or not: ``microcred_pills``, a list of ``EarnedPill``, and
``microcred_pills_html``, the same as a list in HTML, empty where there is nothing to show. A step never fails a page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from openedx_filters import PipelineStep

from ..domain.credential import Format
from . import conf, models, places

log = logging.getLogger(__name__)

_Context = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EarnedPill:
    """A pill a learner has earned. ``title`` is what an author wrote: escape it."""

    title: str
    course_id: str
    awarded_at: datetime
    url: str


class PillsOnCertificate(PipelineStep):
    """The pills of the course on its certificate (``org.openedx.learning.certificate.render.started.v1``).

    Anybody who has its address can see a certificate: only pills whose badge is signed, agreed to and valid at this
    moment appear on it. One that is suspended, revoked or expired is left out, not branded: its verification page says
    how it stands, and a printed page could not be taken back. While a newer badge waits for the learner's agreement the
    former one, which is still valid, stays.
    """

    def run_filter(self, context: _Context, **more: Any) -> dict[str, Any]:
        """Add to ``context``."""
        if not conf.setting("MICROCRED_SHOW_ON_CERTIFICATE"):
            return {"context": context, **more}
        return {"context": _extended(context, lambda: _on_certificate(context)), **more}


class PillsOnDashboard(PipelineStep):
    """All pills a learner has earned, on their dashboard (``org.openedx.learning.dashboard.render.started.v1``).

    Only they see it: also those for which there is no badge yet.
    """

    def run_filter(self, context: _Context, **more: Any) -> dict[str, Any]:
        """Add to ``context``."""
        if not conf.setting("MICROCRED_SHOW_ON_DASHBOARD"):
            return {"context": context, **more}
        return {"context": _extended(context, lambda: _on_dashboard(context)), **more}


def _on_certificate(context: _Context) -> list[EarnedPill]:
    learner, course = context.get("accomplishment_user_id"), context.get("course_id")
    if not learner or not course:
        return []
    issued = Q(
        credentials__format=Format.OPEN_BADGE.value, credentials__state=models.Credential.State.ISSUED,
    )
    agreed = Q(consents__purpose=models.Consent.Purpose.ISSUE, consents__active=True)
    return _earned(Q(issued, agreed, learner_id=str(learner), course_id=str(course)))


def _on_dashboard(context: _Context) -> list[EarnedPill]:
    learner = getattr(context.get("user"), "pk", None)
    return _earned(Q(learner_id=str(learner), active=True)) if learner else []


def _earned(which: Q) -> list[EarnedPill]:
    """Valid awards, the oldest first. One query."""
    in_force = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    rows = models.Award.objects.filter(which, in_force, status=models.Award.Status.VALID)
    found = rows.order_by("awarded_at").values_list("pill__title", "course_id", "awarded_at", "pill__achievement")
    return [
        EarnedPill(title=title, course_id=course, awarded_at=at, url=places.achievement(achievement))
        for title, course, at, achievement in found.distinct()
    ]


def _extended(context: _Context, find: Callable[[], list[EarnedPill]]) -> _Context:
    """``context`` with what was found; as it was where anything went wrong."""
    try:
        pills = find()
        return {**context, "microcred_pills": pills, "microcred_pills_html": _as_html(pills)}
    except Exception:  # a page of the platform's must not fail because of us
        log.exception("Earned pills could not be added to a page.")
        return context


def _as_html(pills: list[EarnedPill]) -> str:
    """A list; titles are escaped."""
    if not pills:
        return ""
    items = format_html_join("", '<li><a href="{}">{}</a></li>', ((pill.url, pill.title) for pill in pills))
    return format_html('<ul class="microcred-pills">{}</ul>', items)
