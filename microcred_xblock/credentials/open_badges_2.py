"""Open Badges 2.0 (IMS): the hosted twin of an Open Badge 3.0, for wallets that take nothing newer.

Three documents that name each other: the Assertion of one learner, the BadgeClass of a pill, the Profile of its
issuer. All pure. They say what the Open Badge 3.0 of the same award says; what Open Badges 2.0 has no property for
(results, credits, skills of single outcomes, the issuer's legal facts) stands in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..domain.award import Award
from ..domain.credential import Issuer
from ..domain.errors import InvalidDocument, InvalidInput
from ..domain.outcomes import LearningOutcome, OutcomeResult
from ..domain.pill import LearningPill
from . import concepts, open_badges, wording

CONTEXT = "https://w3id.org/openbadges/v2"
MEDIA_TYPE = "application/ld+json"


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """The learner as ``sha256$`` + hex of SHA-256 over e-mail and salt. Personal data: never logged."""

    identity: str = field(repr=False)
    salt: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.identity.startswith("sha256$"):
            raise InvalidInput("An Open Badge 2.0 names its holder by a hashed e-mail.", code="email", field="email")
        if len(self.salt) < open_badges.MIN_SALT:
            raise InvalidInput("The salt must hold at least 128 random bits.", code="salt", field="salt")


def assertion(
    award: Award, recipient: Recipient, *, assertion_id: str, badge_id: str, evidence_url: str = "",
    expires: datetime | None = None,
) -> dict[str, Any]:
    """The Assertion of ``award``, verified by its own address: it must be served at ``assertion_id``.

    ``badge_id`` is the address of the BadgeClass, ``evidence_url`` a page about the assessment.
    """
    _check_ids(assertion_id, badge_id)
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "Assertion",
        "id": assertion_id,
        "recipient": {
            "type": "email", "hashed": True, "salt": recipient.salt, "identity": recipient.identity,
        },
        "badge": badge_id,
        "verification": {"type": "HostedBadge"},
        "issuedOn": wording.instant(award.awarded_at),
    }
    if expires is not None:
        document["expires"] = wording.instant(expires)
    document["evidence"] = list(_evidence(award, evidence_url))
    return document


def revoked(assertion_id: str, *, reason: str = "") -> dict[str, Any]:
    """What is left of an Assertion that does not count any more: nothing about its holder."""
    document: dict[str, Any] = {"@context": CONTEXT, "type": "Assertion", "id": assertion_id, "revoked": True}
    return document | ({"revocationReason": reason} if reason else {})


def badge_class(
    pill: LearningPill, *, badge_id: str, issuer_id: str, image_url: str, criteria_url: str
) -> dict[str, Any]:
    """The definition of ``pill``: the same for every learner who masters this version of it."""
    _check_ids(badge_id, issuer_id)
    caption = open_badges.image_of(pill).caption
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "BadgeClass",
        "id": badge_id,
        "@language": open_badges.language_tag(pill.language),
        "version": pill.version,
        "name": pill.title,
        "description": pill.description,
        "image": {"id": image_url, **({"caption": caption} if caption else {})},
        "criteria": {"id": criteria_url, "narrative": wording.requirements(pill)},
        "issuer": issuer_id,
    }
    alignment = [_alignment(found) for found in open_badges.alignments(pill)]
    if alignment:
        document["alignment"] = alignment
    if pill.tags:
        document["tags"] = list(dict.fromkeys(pill.tags))
    return document


def profile(issuer: Issuer, *, issuer_id: str) -> dict[str, Any]:
    """The awarding body. Its address and ``issuer_id`` must be of one host: verifiers compare it with Assertions'."""
    _check_ids(issuer_id)
    country = concepts.country(issuer.country)["prefLabel"]["en"]
    legal = (issuer.legal_name, issuer.legal_identifier, issuer.address, country, issuer.id)
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "Issuer",
        "id": issuer_id,
        "name": issuer.name,
        "url": issuer.url,
        "description": " · ".join(filter(None, legal)),
    }
    return document | ({"email": issuer.email} if issuer.email else {})


def _alignment(found: dict[str, Any]) -> dict[str, Any]:
    """An Alignment of Open Badges 3.0 without what 2.0 does not know."""
    kept = ("targetName", "targetUrl", "targetDescription", "targetFramework", "targetCode")
    return {"type": "AlignmentObject", **{name: found[name] for name in kept if name in found}}


def _evidence(award: Award, evidence_url: str) -> Iterator[dict[str, Any]]:
    words = wording.texts(award.pill.language)
    kind = award.pill.recognition.assessment_type
    genre = {"genre": words[kind]} if kind else {}
    if evidence_url:
        yield {"id": evidence_url, "type": "Evidence", "name": words["record"], **genre}
    for outcome, result in award.outcome_pairs():
        yield {
            "type": "Evidence",
            "name": outcome.title,
            **({"description": outcome.description} if outcome.description else {}),
            "narrative": _record(award, outcome, result),
            **genre,
        }


def _record(award: Award, outcome: LearningOutcome, result: OutcomeResult) -> str:
    """What was measured, and the skills of an outcome that was achieved: an Assertion has no other place for them."""
    skills = {skill.uri: skill for skill in outcome.skills}.values() if result.achieved else ()
    lines = [f"- {skill.label}, {skill.framework}: <{skill.uri}>" for skill in skills]
    return "\n".join([wording.record(award, result), *(["", *lines] if lines else [])])


def _check_ids(*ids: str) -> None:
    for value in ids:
        if not value.startswith(("https://", "http://")) or any(c <= " " or c in '<>"{}|\\^`' for c in value):
            raise InvalidDocument("A hosted badge is named by its own address.", code="iri", field="id")
