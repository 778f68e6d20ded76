"""Our tracking events as xAPI statements, for event-routing-backends (the extra ``xapi``).

Imported only where that plugin is installed. ``mastered`` is ADL's verb. For ``earned`` there are two in use: the one
below is the Open Badges profile's. The other one is what event-routing-backends says of grades, so reports would take
a badge for a grade.
"""

from __future__ import annotations

from typing import Any

from event_routing_backends.processors.xapi import constants
from event_routing_backends.processors.xapi.registry import XApiTransformersRegistry
from event_routing_backends.processors.xapi.transformer import XApiTransformer
from tincan import (
    Activity,
    ActivityDefinition,
    ActivityList,
    ContextActivities,
    LanguageMap,
    Result,
    Verb,
)

from ..domain.outcomes import OutcomeStatus
from .tracking import EARNED, MASTERED

VERB_MASTERED = "http://adlnet.gov/expapi/verbs/mastered"
VERB_EARNED = "http://specification.openbadges.org/xapi/verbs/earned"
BADGE = "http://activitystrea.ms/schema/1.0/badge"
OBJECTIVE = "http://adlnet.gov/expapi/activities/objective"


class _PillTransformer(XApiTransformer):
    """What both have in common."""

    additional_fields = ("result",)

    def activity(self, iri: str, kind: str) -> Any:
        """The pill or its badge, by its title."""
        return Activity(
            id=iri, definition=ActivityDefinition(type=kind, name=self.named(self.get_data("data.title", True)))
        )

    def named(self, title: str) -> Any:
        """``title`` in the pill's language."""
        return LanguageMap({self.get_data("data.language") or constants.EN: title})


@XApiTransformersRegistry.register(MASTERED)
class PillMastered(_PillTransformer):
    """A learner mastered a pill: its mean score, and the outcomes that were achieved."""

    _verb = Verb(id=VERB_MASTERED, display=LanguageMap({constants.EN: "mastered"}))

    def get_object(self) -> Any:
        """The pill."""
        return self.activity(
            self.get_object_iri("xblock", self.get_data("data.pill_id", True)), constants.XAPI_ACTIVITY_MODULE
        )

    def get_result(self) -> Any:
        """Mastery is success, whatever the score."""
        score = self.get_data("data.score")
        return Result(success=True, completion=True, score={"min": 0, "max": 1, "raw": score, "scaled": score})

    def get_context_activities(self) -> Any:
        """The course, and the outcomes that were achieved."""
        found = super().get_context_activities() or ContextActivities()
        address = self.get_data("data.achievement", True)
        achieved = [
            Activity(
                id=f"{address}#{outcome['id']}",
                definition=ActivityDefinition(type=OBJECTIVE, name=self.named(outcome["title"])),
            )
            for outcome in self.get_data("data.outcomes") or ()
            if outcome["status"] == OutcomeStatus.ACHIEVED.value
        ]
        found.other = ActivityList(achieved)
        return found


@XApiTransformersRegistry.register(EARNED)
class CredentialEarned(_PillTransformer):
    """A learner earned a badge."""

    _verb = Verb(id=VERB_EARNED, display=LanguageMap({constants.EN: "earned"}))

    def get_object(self) -> Any:
        """The badge: one for all learners, at its public address."""
        return self.activity(self.get_data("data.achievement", True), BADGE)

    def get_result(self) -> Any:
        """Whoever holds a badge has succeeded."""
        return Result(success=True, completion=True)
