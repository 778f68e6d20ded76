"""Our tracking events through the real event-routing-backends; prints the xAPI statements as JSON.

A process of its own, because that plugin is a Django app of its own. Two things it asks of the platform, the learner's
anonymous id and the course's name, are answered here. ``python -m tests.issuance.xapi_statements`` reads the events,
as the tracker makes them, from standard input.
"""

from __future__ import annotations

import json
import sys
from unittest.mock import patch

import django
from django.conf import settings

from tests import settings as base

ANONYMOUS = "2f3ad4e5-1a5b-4a6e-9f0c-8f2b4f7c9d10"


def statements(events: list[dict]) -> list[dict]:
    """What the processor sends on for each event."""
    from event_routing_backends.processors.xapi import transformer
    from event_routing_backends.processors.xapi.transformer_processor import XApiProcessor

    asked = []

    def anonymous(who: object, kind: str) -> str:
        asked.append((str(who), kind))
        return ANONYMOUS

    with (
        patch.object(transformer, "get_anonymous_user_id", anonymous),
        patch.object(transformer, "get_course_from_id", lambda _course: {"display_name": "Wind turbines"}),
        patch("event_routing_backends.processors.xapi.transformer_processor.XAPI_EVENTS_ENABLED.is_enabled",
              return_value=True),
    ):
        found = XApiProcessor()(events)
    return [{"statements": found, "asked": asked}]


def main() -> None:
    """Set Django up with the plugin beside ours, as the LMS has it."""
    values = {name: getattr(base, name) for name in dir(base) if name.isupper()}
    values["INSTALLED_APPS"] = ["config_models", "event_routing_backends", *values["INSTALLED_APPS"]]
    settings.configure(
        **values, LMS_ROOT_URL="https://learn.example", XAPI_AGENT_IFI_TYPE="external_id", XAPI_EVENTS_ENABLED=True,
        XAPI_EVENT_LOGGING_ENABLED=False, FERNET_KEYS=["only for tests"],
        EVENT_TRACKING_BACKENDS_BUSINESS_CRITICAL_EVENTS=[],
    )
    django.setup()
    json.dump(statements(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
