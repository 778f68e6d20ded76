"""The newest badge in a chain of awards: what a badge's refresh service gives (1EdTech Credential Refresh)."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from ..domain.credential import Format
from ..domain.errors import NotAllowed
from . import composing, issuing, models, places

_HOPS = 100
_State = models.Credential.State


def newest_badge(uuid: UUID, token: str, *, form: Format = Format.OPEN_BADGE) -> models.Credential:
    """The badge that took the place of this one, or the badge itself while there is no other.

    Only for a badge that names this service itself, which is one with an expiry, only for whoever knows the ``token``
    in its address, and only what the learner still agrees to have issued. NotAllowed (``credential-unknown``) for
    anything else, for a badge that was erased, and after the consent was withdrawn: one that was superseded is never
    given instead.
    """
    rows = models.Credential.objects.filter(state=_State.ISSUED, format=form.value)
    asked = rows.filter(credential_id=uuid.urn, award__expires_at__isnull=False).first()
    if asked is not None and not _knows(token, uuid, asked.salt):
        asked = None
    for award_id in reversed(_chain(asked.award_id) if asked is not None else []):
        row = rows.filter(award_id=award_id).exclude(award__status=models.Award.Status.SUPERSEDED).first()
        if row is not None and issuing.may_process(award_id):
            return row
        if row is not None:
            break
    raise NotAllowed("No badge with this id can be had here.", code="credential-unknown")


def _knows(token: str, uuid: UUID, salt: str) -> bool:
    """Whether it is the token of the badge's own address, also of one that was made under a former SECRET_KEY."""
    told = token.encode("utf-8", "replace")
    if secrets.compare_digest(told, places.refresh_token(uuid, salt).encode()):
        return True
    row = models.Credential.objects.filter(
        credential_id=uuid.urn, format=Format.OPEN_BADGE.value, state=_State.ISSUED
    ).first()
    service = composing.unsigned(row).get("refreshService") if row is not None else None
    named = str(service.get("id", "")).rpartition("/")[2] if isinstance(service, dict) else ""
    return bool(named) and secrets.compare_digest(told, named.encode())


def _chain(award_id: Any) -> list[Any]:
    chain = [award_id]
    while len(chain) < _HOPS:
        following = models.Award.objects.filter(supersedes_id=chain[-1]).values_list("pk", flat=True).first()
        if following is None:
            break
        chain.append(following)
    return chain
