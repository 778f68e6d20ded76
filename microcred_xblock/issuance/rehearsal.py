"""A pill's two credentials before anybody has earned it: made by the real composer, for nobody, with keys of a moment.

Nothing is stored, no place in a status list is taken, and no key of an issuer is read. What is made here cannot pass
for a credential: its proof names a method that leads nowhere, its seal an organisation that says it is a test.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from ..credentials import elm, elm_shacl, open_badges, parity, pinned, status_list, wording
from ..domain.award import Award, decide
from ..domain.credential import Format, Holder, Issuer, credential_urn
from ..domain.errors import InvalidInput, MicrocredError, Misconfigured, NotAllowed
from ..domain.outcomes import Score, assess
from ..domain.pill import LearningPill
from ..domain.upkeep import RegradePolicy
from ..proofs import data_integrity, jades, rdfc
from ..proofs.keys import LocalKey, self_signed
from . import filters, holding, issuers, places

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
_SALT = "0" * 32  # of an address that is nobody's
_NOBODY = UUID(int=0)
_POINTS = Decimal(10)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found wrong. ``check`` names the check; ``blocks``: nothing is issued before it is mended."""

    check: str
    error: MicrocredError
    blocks: bool


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What would be issued, and what is wrong with it.

    ``open_badge`` has its test proof, ``elm`` is what ``sealed`` holds in its test seal; None where it could not be
    made. ``checks``: the names of the checks that were made, in order. ``missing_issuer`` says why a placeholder
    stands for the issuer.
    """

    issuer: Issuer
    missing_issuer: MicrocredError | None = None
    open_badge: Mapping[str, Any] | None = field(default=None, repr=False)
    elm: Mapping[str, Any] | None = field(default=None, repr=False)
    sealed: bytes = field(default=b"", repr=False)
    parity: tuple[parity.ParityRow, ...] = ()
    checks: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """Who awards, and the addresses that documents name."""

    issuer: Issuer
    achievement_id: str
    evidence_url: str
    status_list: str
    refresh_service: str


_NOWHERE = _Scene(
    issuer=PLACEHOLDER, achievement_id="https://issuer.example/achievement",
    evidence_url="https://issuer.example/achievement/assessment", status_list="https://issuer.example/status",
    refresh_service="https://issuer.example/refresh",
)


class _Rehearsing:
    """One run: the documents, and what the checks on the way found."""

    def __init__(self, pill: LearningPill, scene: _Scene, now: datetime) -> None:
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
        return None

    def open_badge(self, change: Callable[..., Any]) -> dict[str, Any] | None:
        """The badge with its test proof: composed, held against the strict schema, canonicalised without loss."""
        document = self.check("open-badge", self._compose_badge)
        document = document and change(document, Format.OPEN_BADGE)
        if document is None:
            return None
        self.check("open-badge-schema", partial(open_badges.validate, document, signed=False))
        proof = self.check("open-badge-json-ld", partial(self._prove, document))
        return {**document, **({"proof": [proof]} if proof else {})}

    def elm(self, change: Callable[..., Any]) -> dict[str, Any] | None:
        """The European credential: composed, and past the gate."""
        document = self.check("elm", self._compose_elm)
        document = document and change(document, Format.ELM)
        if document is None:
            return None
        self.check("elm-profile", partial(elm.validate, document))
        return document

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
            achievement_id=scene.achievement_id, salt=_SALT, valid_from=self.now, valid_until=expires_at,
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


def rehearse(pill: LearningPill, *, course_id: str, now: datetime) -> Rehearsal:
    """Both credentials of ``pill`` as its course would issue them to somebody who achieved every outcome.

    Reads the issuer's public facts and nothing else. Never raises a MicrocredError for a pill: what is wrong is a
    finding.
    """
    issuer, missing = _issuer(course_id)
    run = _Rehearsing(pill, _scene(pill, issuer), now)
    change = partial(_changed_by_site, run)
    badge, european = run.open_badge(change), run.elm(change)
    if european is not None:  # what issuing does not wait for
        run.check("elm-json-ld", partial(rdfc.dataset, european, pinned.document_loader), blocks=False)
        if _shacl_installed():
            run.check("elm-shacl", partial(elm_shacl.validate, european), blocks=False)
    rows: tuple[parity.ParityRow, ...] = ()
    if badge is not None and european is not None:
        rows = parity.report(run.award, open_badge=badge, elm=european)
    return Rehearsal(
        issuer=issuer, missing_issuer=missing, open_badge=badge, elm=european,
        sealed=run.seal(european) if european is not None else b"", parity=rows, checks=tuple(run.checks),
        findings=tuple(run.findings),
    )


def faults(pill: LearningPill, *, now: datetime) -> Iterator[MicrocredError]:
    """What keeps a pill's credentials from being issued by any issuer: what only its author can mend. No query."""
    run = _Rehearsing(pill, _NOWHERE, now)
    run.open_badge(lambda document, _format: document)
    run.elm(lambda document, _format: document)
    return (finding.error for finding in run.findings if isinstance(finding.error, InvalidInput))


def _award(pill: LearningPill, now: datetime) -> Award:
    """Every outcome achieved, with full marks."""
    at = now - timedelta(minutes=1)
    scores = {
        block: Score(block=block, earned=_POINTS, possible=_POINTS, at=at) for block in sorted(pill.references)
    }
    award = decide(pill, assess(pill.outcomes, scores), award_id=uuid4(), now=now)
    assert award is not None, "full marks master every pill"
    return award


def _issuer(course_id: str) -> tuple[Issuer, MicrocredError | None]:
    """Who awards in the course, or a placeholder and why."""
    try:
        return issuers.recorded(issuers.key_for(course_id)), None
    except (Misconfigured, InvalidInput) as error:
        return PLACEHOLDER, error


def _scene(pill: LearningPill, issuer: Issuer) -> _Scene:
    uuid = holding.achievement_uuid(pill)
    try:
        return _Scene(
            issuer=issuer, achievement_id=places.achievement(uuid), evidence_url=places.assessment(uuid),
            status_list=places.status_list(_NOBODY, "").rstrip("/"), refresh_service=places.refresh(_NOBODY, _SALT),
        )
    except Misconfigured:  # the site has no address yet
        return replace(_NOWHERE, issuer=issuer)


def _changed_by_site(run: _Rehearsing, document: Mapping[str, Any], format_: Format) -> Any:
    """The document as the site's own steps leave it; as it was, and a finding, where they refuse or break it."""

    def change() -> Any:
        try:
            return filters.composed(document, format_, run.award)
        except MicrocredError:
            raise
        except Exception as error:  # somebody else's code, and no reason to show no preview
            log.exception("A step of CredentialComposed failed in a rehearsal.")
            raise NotAllowed("An extension of this site failed.", code="filter-failed") from error

    if not filters.CredentialComposed.get_filter_config():
        return document
    changed = run.check("site", change, blocks=False)
    return document if changed is None else json.loads(json.dumps(changed))


def _shacl_installed() -> bool:
    try:
        import pyshacl  # noqa: F401
        import rdflib  # noqa: F401
    except ImportError:
        return False
    return True
