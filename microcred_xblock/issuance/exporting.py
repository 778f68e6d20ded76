"""Everything that is held about a learner, for the learner: Article 15 of the GDPR, and in files, Article 20."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from ..export_texts import PARTS
from ..translation import Translator
from . import addressing, models, places

FORM = "microcred-export-1"


def export(learner_id: str) -> dict[str, Any]:
    """Everything about an account, ready for JSON, each part with what it is. Access tokens are named, never given."""
    words = Translator(get_language() or "en")
    awards = [row for row in _awards(learner_id) if row.learner_id == learner_id]
    return {
        "form": FORM,
        "learner": learner_id,
        "explanations": {part: words.gettext(text) for part, text in PARTS.items()},
        "awards": [_award(row) for row in awards],
        "wallets": [_wallet(row) for row in _own(models.WalletConnection.objects.order_by("pk"), learner_id)],
        "connections_under_way": [
            {"wallet": row.wallet_id, "since": _time(row.created_at), "until": _time(row.expires_at)}
            for row in _own(models.AuthorizationAttempt.objects.order_by("pk"), learner_id)
        ],
        "assessments_waiting": [
            {"pill": row.pill_id, "due": _time(row.due_at)}
            for row in _own(models.AssessmentRequest.objects.order_by("pk"), learner_id)
        ],
        "work_as_staff": _as_staff(learner_id),
    }


def known(learner_id: str) -> bool:
    """Whether anything is held about an account."""
    held = (models.Award, models.WalletConnection, models.AuthorizationAttempt, models.AssessmentRequest)
    worked = (models.StatusChange, models.BulkJob)
    return any(_own(rows.objects, learner_id) for rows in held) or any(
        rows.objects.filter(actor=f"user:{learner_id}").exists() for rows in worked
    )


def _awards(learner_id: str) -> Any:
    rows = models.Award.objects.filter(learner_id=learner_id).select_related("pill", "supersedes", "hosted_assertion")
    return rows.order_by("awarded_at", "pk").prefetch_related(
        "changes", "regrades", "notices", "consents", "credentials__deliveries__connection", "status_entry", "offers",
        "bound",
    )


def _own(rows: Any, learner_id: str) -> list[Any]:
    return [row for row in rows.filter(learner_id=learner_id) if row.learner_id == learner_id]


def _award(row: models.Award) -> dict[str, Any]:
    entry, hosted = getattr(row, "status_entry", None), getattr(row, "hosted_assertion", None)
    return {
        "id": str(row.pk), "title": row.pill.title, "pill": row.pill.pill_id, "pill_version": row.pill.version,
        "course": row.course_id, "awarded_at": _time(row.awarded_at), "expires_at": _time(row.expires_at),
        "status": row.status, "status_since": _time(row.status_at), "can_be_earned_again": row.regain,
        "replaces": str(row.supersedes_id) if row.supersedes_id else None,
        "status_list": None if entry is None else {"list": str(entry.list_id), "index": entry.index},
        "open_badge_2": None if hosted is None else places.assertion(hosted.pk),
        "results": row.results,
        "history": [_change(change) for change in row.changes.all()],
        "score_changes": [
            {
                "policy": case.policy, "results": case.results, "mastered": case.mastered, "outcome": case.outcome,
                "opened_at": _time(case.opened_at), "due_at": _time(case.due_at), "closed_at": _time(case.closed_at),
            }
            for case in row.regrades.all()
        ],
        "notices": [
            {
                "kind": notice.kind, "params": notice.params, "created_at": _time(notice.created_at),
                "sent_at": _time(notice.sent_at), "read_at": _time(notice.dismissed_at),
            }
            for notice in row.notices.all()
        ],
        "consents": [
            {
                "purpose": line.purpose, "recipient": line.recipient, "formats": line.formats,
                "payload_sha256": line.payload_digest, "given_at": _time(line.given_at),
                "withdrawn_at": _time(line.withdrawn_at), "in_force": bool(line.active),
            }
            for line in row.consents.all()
        ],
        "credentials": [_credential(credential) for credential in row.credentials.all()],
        "collected_credentials": [
            {
                "id": bound.credential_id, "form": bound.form, "issued_at": _time(bound.issued_at),
                "sha256": bound.digest, "file": _file(bytes(bound.content), bound.media_type, ""),
            }
            for bound in row.bound.all()
        ],
        "offers_to_wallets": [
            {
                "channel": offer.channel, "made_at": _time(offer.created_at), "until": _time(offer.expires_at),
                "collected_at": _time(offer.collected_at),
            }
            for offer in row.offers.all()
        ],
    }


def _change(change: models.StatusChange) -> dict[str, Any]:
    """Who did it is another person's data; that it was a member of staff is not."""
    return {
        "action": change.action, "reason": change.reason, "note": change.note, "at": _time(change.at),
        "by": "staff" if change.actor.startswith("user:") else change.actor,
    }


def _credential(row: models.Credential) -> dict[str, Any]:
    content = bytes(row.content)
    return {
        "id": row.credential_id, "format": row.format, "state": row.state, "valid_from": _time(row.valid_from),
        "signed_at": _time(row.signed_at), "sha256": row.digest, "salt": row.salt,
        "file": _file(content, row.media_type, row.extension) if content else None,
        "waiting_document": row.document or None,
        "deliveries": [
            {
                "wallet": delivery.connection.wallet_id, "state": delivery.state, "attempts": delivery.attempts,
                "created_at": _time(delivery.created_at), "delivered_at": _time(delivery.delivered_at),
                "address_in_wallet": delivery.location or None,
            }
            for delivery in row.deliveries.all()
        ],
    }


def _file(content: bytes, media_type: str, extension: str) -> dict[str, str]:
    """Text as text; signed bytes survive both ways."""
    described = {"media_type": media_type, "extension": extension}
    try:
        return {**described, "encoding": "utf-8", "content": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {**described, "encoding": "base64", "content": base64.b64encode(content).decode("ascii")}


def _wallet(row: models.WalletConnection) -> dict[str, Any]:
    return {
        "wallet": row.wallet_id, "scopes": row.scopes, "connected_at": _time(row.connected_at),
        "disconnected_at": _time(row.disconnected_at), "in_force": bool(row.active), "ended": row.ended_code or None,
        "holds_access_tokens": bool(row.tokens) and row.registration_id is not None,
        "tokens_expire_at": _time(row.expires_at), "given_address": addressing.told(row) or None,
    }


def _as_staff(learner_id: str) -> dict[str, Any]:
    """What the same person did as a member of staff. Whose awards they were is those learners' data."""
    actor = f"user:{learner_id}"
    changes = models.StatusChange.objects.filter(actor=actor).order_by("pk")
    jobs = models.BulkJob.objects.filter(actor=actor).order_by("created_at")
    return {
        "changes": [
            {"award": str(change.award_id), "action": change.action, "reason": change.reason, "at": _time(change.at)}
            for change in changes
        ],
        "bulk_jobs": [
            {"id": str(job.pk), "action": job.action, "state": job.state, "created_at": _time(job.created_at)}
            for job in jobs
        ],
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
