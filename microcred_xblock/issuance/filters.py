"""Hooks that other plugins may put steps into (openedx-filters)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from openedx_filters.exceptions import OpenEdxFilterException
from openedx_filters.tooling import OpenEdxPublicFilter

from ..domain.award import Award
from ..domain.credential import Format
from ..domain.errors import InvalidDocument, NotAllowed

# What makes a credential this learner's proof of this award; a step that could change it could forge one.
FIXED = (
    "@context", "id", "type", "issuer", "credentialSubject", "credentialStatus", "credentialSchema",
    "credentialProfiles", "refreshService", "proof", "identifier", "issuanceDate", "issued", "validFrom", "validUntil",
    "expirationDate", "awardedDate",
)
# Lists about the achievement, not about the learner, that a step may make longer (Open Badges).
OPEN = ("alignment", "endorsement", "endorsementJwt", "otherIdentifier", "related", "tag")


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


class CredentialComposed(OpenEdxPublicFilter):
    """Filter that can add to a credential before the learner sees it, or refuse it.

    Purpose:
        A site may want more in its credentials than this package writes: terms of use, an endorsement, another
        identifier or alignment of the achievement. The filter runs for the Open Badge and for the European credential
        each time the document is composed: when the learner reads it and again when they agree. A step must therefore
        give the same for the same arguments. What it returns is checked like every other document, shown to the
        learner, and signed only with their consent.

    Filter Type:
        eu.micret.learning.pill.credential.composed.v1

    Trigger:
        - Repository: microcred-xblock
        - Path: microcred_xblock/issuance/issuing.py
        - Function or Method: payload, consent
    """

    filter_type = "eu.micret.learning.pill.credential.composed.v1"

    class PreventCredential(OpenEdxFilterException):
        """Raise to refuse the credential.

        The award stays, and the filter runs again when the learner opens the credential again.

        Arguments:
            message: why, for the learner; without personal data.
        """

    @classmethod
    def run_filter(cls, document: dict[str, Any], format: str, award: Award) -> dict[str, Any]:
        """Run the steps.

        Arguments:
            document (dict): a copy of the unsigned document. Return it under this name to change it.
            format (str): ``ob3`` or ``elm``.
            award (Award): what is certified.
        """
        return super().run_pipeline(document=document, format=format, award=award)


def composed(document: Mapping[str, Any], format_: Format, award: Award) -> dict[str, Any]:
    """The document as the steps of CredentialComposed leave it; it is not validated here.

    NotAllowed (``credential-prevented``); InvalidDocument: ``filter-fixed`` where a step touched what is not for it,
    ``filter-result`` where it gave something that is no JSON object.
    """
    if not CredentialComposed.get_filter_config():
        return dict(document)
    try:
        result = CredentialComposed.run_filter(document=deepcopy(dict(document)), format=format_.value, award=award)
    except CredentialComposed.PreventCredential as veto:
        reason = str(veto.message)[:500]
        raise NotAllowed(f"The credential is refused: {reason}", code="credential-prevented", reason=reason) from veto
    changed = _as_json(result.get("document"))
    for term in FIXED:
        if not _kept(term, document.get(term), changed.get(term)):
            raise InvalidDocument(f"A plugin changed “{term}” of a credential.", code="filter-fixed", term=term)
    return changed


def _as_json(found: Any) -> dict[str, Any]:
    """``found`` as JSON would carry it, so that nothing but text, numbers and lists is signed."""
    try:
        value = json.loads(json.dumps(found, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidDocument("A plugin made a credential that is no JSON object.", code="filter-result")
    return value


def _kept(term: str, before: Any, after: Any) -> bool:
    if term != "credentialSubject" or not isinstance(after, Mapping):
        return before == after
    was, now = dict(before), dict(after)
    achievement, changed = was.pop("achievement", None), now.pop("achievement", None)
    return was == now and _kept_achievement(achievement, changed)


def _kept_achievement(before: Any, after: Any) -> bool:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return before == after
    for term in OPEN:
        was, now = before.get(term, []), after.get(term, [])
        if not isinstance(now, list) or now[: len(was)] != was:
            return False
    return all(before.get(term) == after.get(term) for term in {*before, *after}.difference(OPEN))
