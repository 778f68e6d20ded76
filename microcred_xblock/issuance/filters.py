"""Hooks that other plugins may put steps into (openedx-filters)."""

from __future__ import annotations

from typing import Any

from openedx_filters.exceptions import OpenEdxFilterException
from openedx_filters.tooling import OpenEdxPublicFilter

from ..domain.award import Award


class AwardRequested(OpenEdxPublicFilter):
    """Filter that can stop an award from being made.

    Purpose:
        A site may have conditions of its own for an award: identity verified, fee paid, course run not a rehearsal.
        The filter runs when a learner has mastered a pill, before the award is stored. Steps can only veto: what they
        return is not used, because an award states what was proved.

    Filter Type:
        eu.micret.learning.pill.award.requested.v1

    Trigger:
        - Repository: microcred-xblock
        - Path: microcred_xblock/issuance/awarding.py
        - Function or Method: record_scores
    """

    filter_type = "eu.micret.learning.pill.award.requested.v1"

    class PreventAward(OpenEdxFilterException):
        """Raise to stop the award.

        The learner's progress stays, and the filter runs again with their next answer.

        Arguments:
            message: why, for the learner; without personal data.
        """

    @classmethod
    def run_filter(cls, award: Award, learner_id: str, course_id: str) -> dict[str, Any]:
        """Run the steps.

        Arguments:
            award (Award): the award as it would be stored.
            learner_id (str): the learner's user id.
            course_id (str): the course, or empty.
        """
        return super().run_pipeline(award=award, learner_id=learner_id, course_id=course_id)
