"""What an award is worth: revoked, suspended, reinstated, superseded; its place in a status list; its standing.

The bits in ``StatusEntry`` are the truth that lists are signed from (see ``status_publishing``); the registry knows
the standing of credentials without a place in a list too: European Digital Credentials, and what was issued earlier.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q

from ..credentials import status_list, token_status_list
from ..domain.credential import BoundForm, Format, credential_urn
from ..domain.errors import InvalidAnswer, NotAllowed
from . import chains, conf, holding, models, notices, outbox, places, requests, signals
from .data import CredentialStanding


def N_(text: str) -> str:  # marks a text for extraction; it is translated when it is shown
    """``text`` itself."""
    return text


REASONS: Mapping[str, str] = MappingProxyType({
    "regrade": N_("The scores changed after the award"),
    "score-deleted": N_("A score was deleted after the award"),
    "integrity": N_("Doubts about how the results came about"),
    "error": N_("It was issued by mistake, or with a mistake"),
    "learner-request": N_("The holder asked for it"),
    "renewal": N_("It was renewed"),
    "reissue": N_("It was issued anew"),
    "expired-registration": N_("The registration of the certification has ended"),
    "not-agreed": N_("The new credential was not agreed to in time"),
    "cleared": N_("What was in question is cleared up"),
    "mistake": N_("It was suspended by mistake"),
    "other": N_("Another reason"),
})
PUBLIC_REASONS = ("renewal", "reissue", "expired-registration")  # others concern awarding body and learner alone
BOUND: Mapping[str, Format] = MappingProxyType({
    BoundForm.LDP_VC.value: Format.OPEN_BADGE, BoundForm.JWT_VC_JSON.value: Format.OPEN_BADGE_JWT,
    BoundForm.SD_JWT_VC.value: Format.SD_JWT,
})
_NOTE = 500
_TRIES = 100  # in a list that is less than half full
_Status = models.Award.Status
_Action = models.StatusChange.Action
_FROM: Mapping[str, tuple[str, ...]] = {
    _Action.REVOKE: (_Status.VALID, _Status.SUSPENDED), _Action.SUSPEND: (_Status.VALID,),
    _Action.REINSTATE: (_Status.SUSPENDED,), _Action.SUPERSEDE: (_Status.VALID, _Status.SUSPENDED),
}
_TO = {
    _Action.REVOKE: _Status.REVOKED, _Action.SUSPEND: _Status.SUSPENDED, _Action.REINSTATE: _Status.VALID,
    _Action.SUPERSEDE: _Status.SUPERSEDED,
}


def revoke(
    award: models.Award, *, reason: str, note: str = "", actor: str, now: datetime,
    regain: str = models.Award.Regain.ANEW,
) -> models.StatusChange:
    """For good: it no longer counts. ``regain`` says how the pill can be earned again.

    Like its three neighbours: one transaction, or part of the caller's; locks the award, brings ``award`` up to date,
    and tells the learner once. Like the next two it covers the whole chain: a replacement that is not signed yet, and
    what that is to replace. NotAllowed (``status-change``) where the award does not allow it, also the second time;
    InvalidAnswer: ``status-reason``, ``choice``.
    """
    if regain not in models.Award.Regain.values:
        raise InvalidAnswer(
            "There is no such choice.", code="choice", field="regain", codes=", ".join(models.Award.Regain.values)
        )
    return _change(award, _Action.REVOKE, reason, note, actor, now, active=None, regain=str(regain))


def suspend(
    award: models.Award, *, reason: str, note: str = "", actor: str, now: datetime, alone: bool = False
) -> models.StatusChange:
    """For the time being it does not count. The learner keeps the award. ``alone``: its replacement still counts."""
    return _change(award, _Action.SUSPEND, reason, note, actor, now, alone=alone)


def reinstate(
    award: models.Award, *, reason: str, note: str = "", actor: str, now: datetime, alone: bool = False
) -> models.StatusChange:
    """A suspended award counts again, with all that was suspended in the same act unless ``alone``."""
    return _change(award, _Action.REINSTATE, reason, note, actor, now, alone=alone)


def supersede(former: models.Award, *, reason: str, note: str = "", actor: str, now: datetime) -> models.StatusChange:
    """For good: another credential has taken its place."""
    return _change(former, _Action.SUPERSEDE, reason, note, actor, now, active=None)


def badge_entry(award: models.Award) -> dict[str, str] | None:
    """The BitstringStatusListEntry of the award's badge, which gets its place now if it has none. Idempotent.

    One query where it has one. Safe in two workers at once; any that is slower takes what the faster one made.
    """
    found = models.StatusEntry.objects.filter(award_id=award.pk).first()
    if found is None:
        found = _patiently(lambda: _allocate(award))
    return status_list.entry(places.status_list(found.list_id, found.purpose), found.index, found.purpose)


def token_entry(award: models.Award) -> dict[str, Any] | None:
    """The same place as an SD-JWT VC says it. None where the award has none, so was issued before there were any."""
    found = models.StatusEntry.objects.filter(award_id=award.pk).first()
    if found is None:
        return None
    models.StatusListCredential.objects.get_or_create(list_id=found.list_id, purpose=status_list.TOKEN)
    return token_status_list.entry(places.status_list(found.list_id, status_list.TOKEN), found.index)


def standing(credential_id: str, *, now: datetime) -> CredentialStanding:
    """What a signed credential is worth now. NotAllowed (``credential-unknown``) for any other id.

    Says nothing about its holder. A constant number of queries.
    """
    state = models.Credential.State
    signed = Q(state=state.ISSUED) | Q(state=state.ERASED, signed_at__isnull=False)
    rows = models.Credential.objects.select_related("award__pill", "award__superseded_by")
    row = rows.filter(signed, credential_id=credential_id).order_by("pk").first() or _bound(credential_id)
    if row is None:
        raise NotAllowed("No credential with this id was issued here.", code="credential-unknown")
    award, issuer = row.award, _issuer(row.award)
    shown, since = _shown(award, now)
    latest = award.changes.filter(action__in=list(_TO)).order_by("-pk").first() if since is not None else None
    return CredentialStanding(
        credential_id=credential_id, format=Format(row.format), state=shown, since=since,
        reason=latest.reason if latest is not None and shown != "expired" and latest.reason in PUBLIC_REASONS else "",
        issued_at=row.issued_at, expires_at=award.expires_at, title=award.pill.title,
        achievement=award.pill.achievement, language=str(award.pill.content.get("language", "")),
        issuer_name=issuer.name if issuer else "", issuer_did=issuer.did if issuer else "",
        successor=_signed_id(getattr(award, "superseded_by", None), row.format),
        twin=_signed_id(award, Format.OPEN_BADGE.value) if row.format == Format.ELM.value else "",
    )


def uuid_of(credential_id: str) -> UUID | None:
    """The UUID in ``urn:uuid:…``; None for any other id."""
    try:
        return UUID(credential_id.removeprefix("urn:uuid:"))
    except ValueError:
        return None


def _change(
    award: models.Award, action: str, reason: str, note: str, actor: str, now: datetime, *, alone: bool = False,
    **columns: Any,
) -> models.StatusChange:
    if reason not in REASONS:
        raise InvalidAnswer(
            "There is no such reason.", code="status-reason", field="reason", codes=", ".join(REASONS)
        )
    line = {"action": action, "reason": reason, "note": note[:_NOTE], "actor": actor, "at": now}
    return _patiently(lambda: _record(award, line, columns, alone))


def _record(
    award: models.Award, line: Mapping[str, Any], columns: Mapping[str, Any], alone: bool
) -> models.StatusChange:
    action, now = line["action"], line["at"]
    chain = chains.lock(award)
    fresh = chain.get(award.pk)
    if fresh is None or fresh.status not in _FROM[action]:
        state = fresh.status if fresh is not None else ""
        raise NotAllowed(
            f"An award that is {state or 'gone'} does not allow this.", code="status-change", state=str(state),
            action=str(action),
        )
    rows = [fresh] if alone else chains.covered(action, fresh, chain, actor=line["actor"])
    columns = {**columns, "status": _TO[action].value, "status_at": now}
    heard = next((row for row in rows if not holding.untouched(row)), fresh) if len(rows) > 1 else fresh
    models.Award.objects.filter(pk__in=[row.pk for row in rows]).update(**columns)
    for name, value in columns.items():
        setattr(award, name, value)
    if _TO[action] in (_Status.REVOKED, _Status.SUPERSEDED):
        chains.ended([row.pk for row in rows], _TO[action].value, now)
    changes = {row.pk: _write(row, line) for row in rows}
    for row in rows:
        notices.tell_change(changes[row.pk].pk, aloud=row.pk == heard.pk)
    return changes[award.pk]


def _write(row: models.Award, line: Mapping[str, Any]) -> models.StatusChange:
    """A line of one award's history, and its bits."""
    change = models.StatusChange.objects.create(award_id=row.pk, **line)
    entries = models.StatusEntry.objects.filter(award_id=row.pk)
    if connection.features.has_select_for_update:  # an old snapshot hides one that was made while we waited
        entries = entries.select_for_update()
    found = entries.first()
    if found is not None:
        _set_bits(found, _TO[line["action"]])
    if line["action"] == _Action.REINSTATE:
        outbox.resume(row.pk, now=line["at"])
    signals.send(signals.award_status_changed, change.pk)
    return change


def _set_bits(found: models.StatusEntry, status: str) -> None:
    """The bits of an entry for that status. A list that they change is signed anew when it is next asked for."""
    ended = status in (_Status.REVOKED, _Status.SUPERSEDED)
    hidden = found.purpose == status_list.SUSPENSION  # the badge shows this bit only
    suspended = status == _Status.SUSPENDED or (ended and (hidden or found.suspended))
    wanted = {"revoked": ended, "suspended": suspended}
    changed = [name for name, value in wanted.items() if getattr(found, name) is not value]
    if not changed:
        return
    models.StatusEntry.objects.filter(pk=found.pk).update(**wanted)
    purposes = [
        purpose for purpose, name in ((status_list.REVOCATION, "revoked"), (status_list.SUSPENSION, "suspended"))
        if name in changed
    ] + [status_list.TOKEN]
    documents = models.StatusListCredential.objects.filter(list_id=found.list_id, purpose__in=purposes)
    documents.update(changed=F("changed") + 1)


def _allocate(award: models.Award) -> models.StatusEntry:
    """A place at random. The list's row is taken before the entry is written, so that two workers never wait for
    each other in turn (InnoDB takes the parent's row for the child's sake)."""
    fresh = outbox.lock_award(award.pk)
    status = fresh.status if fresh is not None else award.status
    for _ in range(_TRIES):
        chosen = _open_list(award.issuer_key)
        room = models.StatusList.objects.filter(pk=chosen.pk, open=True, size__gt=F("allocated") * 2)
        if not room.update(allocated=F("allocated") + 1):
            models.StatusList.objects.filter(pk=chosen.pk).update(open=False)
            continue
        for _attempt in range(_TRIES):
            try:
                with transaction.atomic():
                    made = models.StatusEntry.objects.create(
                        list=chosen, index=secrets.randbelow(chosen.size), credential_id=_badge_id(award),
                        award_id=award.pk, purpose=holding.status_purpose(award),
                    )
            except IntegrityError:  # the index is taken; or the whole entry is made, which an old snapshot hides
                there = models.StatusEntry.objects.select_for_update().filter(award_id=award.pk).first()
                if there is not None:
                    models.StatusList.objects.filter(pk=chosen.pk).update(allocated=F("allocated") - 1)
                    return there
            else:
                _set_bits(made, status)
                return made
    raise AssertionError("no place in any status list")


def _open_list(issuer_key: str) -> models.StatusList:
    rows = models.StatusList.objects.filter(issuer_key=issuer_key, open=True, size__gt=F("allocated") * 2)
    found = rows.order_by("created_at", "pk").first()
    if found is not None:
        return found
    made = models.StatusList.objects.create(issuer_key=issuer_key, size=conf.status_list_size())
    models.StatusListCredential.objects.bulk_create(
        models.StatusListCredential(list=made, purpose=purpose) for purpose in status_list.PURPOSES
    )
    return made


def _badge_id(award: models.Award) -> str:
    return credential_urn(award.pk, Format.OPEN_BADGE)


def _shown(award: models.Award, now: datetime) -> tuple[str, datetime | None]:
    if award.status != _Status.VALID:
        return str(award.status), award.status_at
    if award.expires_at is not None and award.expires_at <= now:
        return "expired", award.expires_at
    return str(_Status.VALID), award.status_at


def _issuer(award: models.Award) -> models.Issuer | None:
    return models.Issuer.objects.filter(key=award.issuer_key).order_by("-updated_at").first()


@dataclass(frozen=True, kw_only=True)
class _Bound:
    """A credential that a wallet collected, as the register knows others."""

    award: models.Award
    format: str
    issued_at: datetime


def _bound(credential_id: str) -> _Bound | None:
    rows = models.BoundCredential.objects.select_related("award__pill", "award__superseded_by")
    row = rows.filter(credential_id=credential_id, form__in=list(BOUND)).order_by("pk").first()
    if row is None:
        return None
    return _Bound(award=row.award, format=BOUND[row.form].value, issued_at=row.issued_at)


def _signed_id(award: models.Award | None, format_: str) -> str:
    """The id of that form of an award, once it is signed."""
    if award is None:
        return ""
    if format_ == Format.SD_JWT.value:  # the badge is what it stands for
        format_ = Format.OPEN_BADGE.value
    signed = award.credentials.filter(format=format_, signed_at__isnull=False)
    return signed.values_list("credential_id", flat=True).first() or ""


def _patiently(work: Callable[[], Any]) -> Any:
    """In a transaction, again after a deadlock; where the caller has one, it is the caller who may try again."""
    return work() if connection.in_atomic_block else requests.patiently(work)
