"""A trial run of a pill: its credentials by the real composer, for nobody, with keys of a moment. Pure but for those.

What is made here cannot pass for a credential: its proof names a method that leads nowhere, its seal an organisation
that says it is a test.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

from ..credentials import elm, open_badges, pinned, status_list, wording
from ..domain.award import Award, decide
from ..domain.credential import Format, Holder, Issuer, credential_urn
from ..domain.errors import InvalidInput, MicrocredError
from ..domain.outcomes import Score, assess
from ..domain.pill import LearningPill
from ..domain.upkeep import RegradePolicy
from ..proofs import data_integrity, jades
from ..proofs.keys import LocalKey, self_signed

log = logging.getLogger(__name__)

METHOD = "urn:example:test-only-not-a-credential"  # RFC 6963: names nothing, so no verifier finds a key there
TEST_SEAL = "TEST ONLY - NOT A CREDENTIAL"
NAMES = {  # a made-up learner, in the language of the texts
    "ar": "أمينة مثال", "de": "Amina Beispiel", "en": "Amina Example", "es": "Amina Ejemplo", "fr": "Amina Exemple",
    "it": "Amina Esempio", "nl": "Amina Voorbeeld", "pl": "Amina Przykład", "pt": "Amina Exemplo",
}
PLACEHOLDER = Issuer(
    id="did:web:issuer.example", name="Your organisation", legal_name="Your organisation",
    legal_identifier="NTREU-000000000", country="BEL", url="https://issuer.example/",
)
_EMAIL = "amina@learner.example"
SALT = "0" * 32  # of an address that is nobody's
_POINTS = Decimal(10)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found wrong. ``check`` names the check; ``blocks``: nothing is issued before it is mended."""

    check: str
    error: MicrocredError
    blocks: bool


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who awards, and the addresses that documents name."""

    issuer: Issuer
    achievement_id: str
    evidence_url: str
    status_list: str
    refresh_service: str


NOWHERE = Scene(
    issuer=PLACEHOLDER, achievement_id="https://issuer.example/achievement",
    evidence_url="https://issuer.example/achievement/assessment", status_list="https://issuer.example/status",
    refresh_service="https://issuer.example/refresh",
)


class Trial:
    """One run: the documents, and what the checks on the way found. ``tolerant``: also that one of them broke."""

    def __init__(self, pill: LearningPill, scene: Scene, now: datetime, *, tolerant: bool = False) -> None:
        self._tolerant = tolerant
        self.award = _award(pill, now)
        self.scene, self.now = scene, now
        self.holder = Holder(full_name=NAMES.get(wording.primary(pill.language), NAMES["en"]), email=_EMAIL)
        self.checks: list[str] = []
        self.findings: list[Finding] = []

    def check(self, name: str, make: Callable[[], Any], *, blocks: bool = True) -> Any:
        """What ``make`` gives; None, and a finding, where it fails."""
        if name not in self.checks:
            self.checks.append(name)
        try:
            return make()
        except MicrocredError as error:
            self.findings.append(Finding(check=name, error=error, blocks=blocks))
        except Exception as error:
            if not self._tolerant:
                raise
            log.exception("The check %s of pill %s broke.", name, self.award.pill.id)
            broken = MicrocredError(f"The check broke: {type(error).__name__}.", code="internal")
            self.findings.append(Finding(check=name, error=broken, blocks=blocks))
        return None

    def open_badge(self) -> dict[str, Any] | None:
        """The badge with its test proof: composed, held against the strict schema, canonicalised without loss."""
        document = self.check("open-badge", self._compose_badge)
        if document is None:
            return None
        self.check("open-badge-schema", partial(open_badges.validate, document, signed=False))
        proof = self.check("open-badge-json-ld", partial(self._prove, document))
        return {**document, **({"proof": [proof]} if proof else {})}

    def elm(self) -> dict[str, Any] | None:
        """The European credential: composed, and past the gate."""
        document = self.check("elm", self._compose_elm)
        if document is None:
            return None
        self.check("elm-profile", partial(elm.validate, document))
        return dict(document)

    def changed(self, document: Mapping[str, Any], format_: Format) -> dict[str, Any]:
        """A document that somebody changed, past the same checks; the badge with a new proof. Raises InvalidInput."""
        bare = {name: value for name, value in document.items() if name != "proof"}
        if format_ is Format.ELM:
            elm.validate(bare)
            return bare
        open_badges.validate(bare, signed=False)
        return {**bare, "proof": [self._prove(bare)]}

    def seal(self, document: Mapping[str, Any]) -> bytes:
        """The document in a seal of nobody's."""
        certificate = self_signed(
            legal_name=TEST_SEAL, legal_identifier="NTREU-TEST", country_alpha2="BE", now=self.now, days=1
        )
        return jades.envelope(document, certificate, self.now)

    def _compose_badge(self) -> Mapping[str, Any]:
        award, scene = self.award, self.scene
        expires_at = award.pill.upkeep.expiry(award.awarded_at)
        suspends = award.pill.upkeep.regrade is RegradePolicy.SUSPEND
        purpose = status_list.SUSPENSION if suspends else status_list.REVOCATION
        return open_badges.compose(
            award, scene.issuer, self.holder, credential_id=credential_urn(award.id, Format.OPEN_BADGE),
            achievement_id=scene.achievement_id, salt=SALT, valid_from=self.now, valid_until=expires_at,
            evidence_url=scene.evidence_url, status=status_list.entry(f"{scene.status_list}/{purpose}", 0, purpose),
            refresh_service=scene.refresh_service if expires_at is not None else "",
        ).document

    def _compose_elm(self) -> Mapping[str, Any]:
        award = self.award
        return elm.compose(
            award, self.scene.issuer, self.holder, credential_id=credential_urn(award.id, Format.ELM), issued=self.now,
            valid_from=self.now, valid_until=award.pill.upkeep.expiry(award.awarded_at),
            open_badge_id=credential_urn(award.id, Format.OPEN_BADGE),
        ).document

    def _prove(self, document: Mapping[str, Any]) -> dict[str, str]:
        key = LocalKey.generate("Ed25519")
        return data_integrity.create_proof(
            document, key=key, verification_method=f"{METHOD}#{key.public_multikey()}", created=self.now,
            loader=pinned.document_loader,
        )


def faults(pill: LearningPill, *, now: datetime) -> tuple[Finding, ...]:
    """What keeps a pill's credentials from being issued by any issuer: what only its author can mend. No query.

    The pill's own documents are judged; what a site's steps make of them is not the pill's (``rehearsal``).
    """
    run = Trial(pill, NOWHERE, now)
    run.open_badge()
    run.elm()
    return tuple(finding for finding in run.findings if isinstance(finding.error, InvalidInput))


def _award(pill: LearningPill, now: datetime) -> Award:
    """Every outcome achieved, with full marks."""
    at = now - timedelta(minutes=1)
    scores = {
        block: Score(block=block, earned=_POINTS, possible=_POINTS, at=at) for block in sorted(pill.references)
    }
    award = decide(pill, assess(pill.outcomes, scores), award_id=uuid4(), now=now)
    assert award is not None, "full marks master every pill"
    return award
