"""A pill's two credentials before anybody has earned it: made by the real composer, for nobody, with keys of a moment.

Nothing is stored, no place in a status list is taken, and no key of an issuer is read. What is made here cannot pass
for a credential: its proof names a method that leads nowhere, its seal an organisation that says it is a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from ..credentials import elm_shacl, parity, pinned
from ..domain.credential import Format, Issuer
from ..domain.errors import InvalidInput, MicrocredError, Misconfigured
from ..domain.pill import LearningPill
from ..proofs import rdfc
from . import filters, holding, issuers, places
from .trial import NOWHERE, PLACEHOLDER, SALT, Finding, Scene, Trial

__all__ = ["Finding", "Rehearsal", "rehearse"]

_NOBODY = UUID(int=0)


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


def rehearse(pill: LearningPill, *, course_id: str, now: datetime) -> Rehearsal:
    """Both credentials of ``pill`` as its course would issue them to somebody who achieved every outcome.

    Reads the issuer's public facts and nothing else. What is wrong with the pill is a finding, and so is a check that
    broke: an author sees what can be shown.
    """
    issuer, missing = _issuer(course_id)
    run = Trial(pill, _scene(pill, issuer), now, tolerant=True)
    badge, european = run.open_badge(), run.elm()
    badge = _changed_by_site(run, badge, Format.OPEN_BADGE)
    european = _changed_by_site(run, european, Format.ELM)
    if european is not None:  # what issuing does not wait for
        dataset = run.check("elm-json-ld", partial(rdfc.dataset, european, pinned.document_loader), blocks=False)
        if _shacl_installed():
            run.check("elm-shacl", partial(elm_shacl.validate, european, dataset), blocks=False)
    rows: tuple[parity.ParityRow, ...] = ()
    if badge is not None and european is not None:
        rows = parity.report(run.award, open_badge=badge, elm=european)
    return Rehearsal(
        issuer=issuer, missing_issuer=missing, open_badge=badge, elm=european,
        sealed=run.seal(european) if european is not None else b"", parity=rows, checks=tuple(run.checks),
        findings=tuple(run.findings),
    )


def _issuer(course_id: str) -> tuple[Issuer, MicrocredError | None]:
    """Who awards in the course, or a placeholder and why."""
    try:
        return issuers.recorded(issuers.key_for(course_id)), None
    except (Misconfigured, InvalidInput) as error:
        return PLACEHOLDER, error


def _scene(pill: LearningPill, issuer: Issuer) -> Scene:
    uuid = holding.achievement_uuid(pill)
    try:
        return Scene(
            issuer=issuer, achievement_id=places.achievement(uuid), evidence_url=places.assessment(uuid),
            status_list=places.status_list(_NOBODY, "").rstrip("/"), refresh_service=places.refresh(_NOBODY, SALT),
        )
    except Misconfigured:  # the site has no address yet
        return replace(NOWHERE, issuer=issuer)


def _changed_by_site(run: Trial, document: Mapping[str, Any] | None, format_: Format) -> Mapping[str, Any] | None:
    """The document as the site's own steps leave it; as it was, and a finding, where they refuse, break or spoil it.

    The finding blocks nothing: it is not about the pill, and mending the step mends every award.
    """
    if document is None or not filters.CredentialComposed.get_filter_config():
        return document

    def change() -> Mapping[str, Any]:
        bare = {name: value for name, value in document.items() if name != "proof"}
        changed = filters.composed(bare, format_, run.award)
        return document if changed == bare else run.changed(changed, format_)

    changed = run.check("site", change, blocks=False)
    return document if changed is None else changed


def _shacl_installed() -> bool:
    try:
        import pyshacl  # noqa: F401
        import rdflib  # noqa: F401
    except ImportError:
        return False
    return True
