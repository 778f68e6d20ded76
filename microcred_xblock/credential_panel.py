"""The view-model of the credential panel: from "not yet earned" to "delivered"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import collect, facts, messages, notice_texts
from .compat import Viewer
from .domain.credential import Format
from .domain.errors import MicrocredError
from .domain.outcomes import OutcomeResult
from .domain.pill import LearningPill
from .messages import N_
from .translation import Translator

FORMATS = {
    Format.OPEN_BADGE: N_("Open Badge 3.0"), Format.OPEN_BADGE_JWT: N_("Open Badge 3.0 (JWT)"),
    Format.ELM: N_("European Digital Credential"),
}
HOSTED = N_("Open Badge 2.0")  # what is sent of an Open Badge to a wallet that takes no newer one
DOWNLOADS = (
    (
        "bundle.zip", N_("Everything in one archive"),
        N_("All the files below, a page to print, and what is needed to check them without this site. Keep this one."),
    ),
    ("ob3.png", N_("Badge image (PNG)"), N_("The picture with the signed badge inside. Good for sharing.")),
    ("ob3.svg", N_("Badge image (SVG)"), N_("The same as a vector drawing.")),
    ("ob3.json", N_("Open Badge (JSON)"), N_("The signed Open Badge 3.0 document.")),
    ("ob3.jwt", N_("Open Badge (JWT)"), N_("The same badge as a compact token.")),
    (
        "elm.jsonld", N_("European Digital Credential"),
        N_("The sealed ELM file. Keep it; Europass accepts it only if the issuer's certificate is on a trusted list."),
    ),
)
DELIVERY = {
    "queued": N_("Waiting to be sent"),
    "sending": N_("Being sent…"),
    "delivered": N_("Delivered"),
    "refused": N_("Refused"),
    "waiting-retry": N_("Not delivered yet"),
}
STAYS = {  # what becomes of the present credential while a new one waits
    "valid": N_("The present one stays valid until you agree and the new one is issued."),
    "suspended": N_("The present one stays suspended until you agree and the new one is issued."),
    "expired": N_("The present one is no longer valid."),
}
_MOVING = ("queued", "sending")


def not_earned(pill: LearningPill, results: tuple[OutcomeResult, ...]) -> dict[str, Any]:
    """The panel before the award: which outcomes are still open."""
    titles = {outcome.id: outcome.title for outcome in pill.outcomes}
    missing = [titles[result.outcome_id] for result in results if not result.achieved]
    return {"state": "not-earned", "busy": False, "missing": missing}


def closed(state: str) -> dict[str, Any]:
    """A panel for somebody who cannot earn here; ``state`` is ``guest`` or ``unready``."""
    return {"state": state, "busy": False}


def refused(error: MicrocredError, translator: Translator) -> dict[str, Any]:
    """The panel when issuing is not possible at all at the moment."""
    return {"state": "refused", "busy": False, "error": messages.explain(error, translator)}


def earned(
    panel: Any, urls: Mapping[str, str], viewer: Viewer, translator: Translator, known: facts.Known
) -> dict[str, Any]:
    """The panel of an award, from ``issuance.api``'s answer. ``urls``: download addresses by kind.

    Of a revoked award only what happened is told, and how it can be earned again.
    """
    if panel.standing.state == "revoked":
        return {"state": "revoked", "busy": False, **_afterwards(panel, translator)}
    hosted = {wallet.id for wallet in panel.wallets if wallet.public_page}
    deliveries = [
        _delivery(delivery, HOSTED if delivery.wallet in hosted else FORMATS[Format(delivery.format)], translator)
        for delivery in panel.deliveries
    ]
    return {
        "state": panel.state,
        "busy": panel.state == "issuing" or any(item["state"] in _MOVING for item in deliveries),
        "awarded_at": _moment(panel.awarded_at, translator),
        **_afterwards(panel, translator),
        "errors": [
            messages.text(credential.code, translator, **credential.params)
            for credential in panel.credentials
            if credential.code and credential.state != "issued"
        ],
        "wallets": [_wallet(wallet, deliveries, viewer) for wallet in panel.wallets],
        "collect": collect.channels(panel, translator),
        "choice": _must_choose(panel) and "bundle.zip" in urls,
        "downloads": [
            {"kind": kind, "url": urls[kind], "title": translator.gettext(title), "note": translator.gettext(note)}
            for kind, title, note in DOWNLOADS
            if kind in urls
        ],
        "mails_files": panel.mails_files,
        "sealed_url": urls.get("elm.jsonld", ""),
        "facts": facts.groups(panel.parity, viewer, translator, known),
    }


def _must_choose(panel: Any) -> bool:
    """Whether the learner, who has taken none of the ways yet, sees several."""
    return len(panel.wallets) + len(panel.channels) > 1 and not panel.deliveries and not panel.offers


def _afterwards(panel: Any, translator: Translator) -> dict[str, Any]:
    """How the award stands, and what the learner is told of it; what a notice tells is not told twice."""
    standing, offer = panel.standing, _offer(panel, translator)
    notices = [
        _notice(notice, translator) for notice in panel.notices if not (offer and notice.kind == "renewal-offered")
    ]
    told = standing.state == "valid" or any(notice["kind"] == standing.state for notice in notices)
    params = {
        "reason": standing.reason, "automatic": standing.automatic, "regain": standing.regain,
        "in_badge": standing.in_badge,
    }
    return {
        "standing": standing.state,
        "notices": notices,
        "reminder": None if told else _worded(standing.state, params, standing.since, translator),
        "expires_at": _moment(panel.expires_at, translator),
        "renewable": standing.renewable,
        "offer": offer,
    }


def _offer(panel: Any, translator: Translator) -> dict[str, Any] | None:
    """The award that waits to take this one's place; told until it is agreed to, so it cannot be put away."""
    waiting = panel.replacement
    if waiting is None:
        return None
    ends = waiting.why == "regrade" and waiting.until is not None
    words = notice_texts.words("renewal-offered", {"reason": waiting.why, "date": ends}, translator)
    cause, stays = words.sentences[0], words.sentences[-1]
    if not ends or panel.standing.state != "valid":
        stays = translator.gettext(STAYS.get(panel.standing.state, STAYS["valid"]))
    return {"id": waiting.award_id, "until": _moment(waiting.until, translator), "sentences": (cause, stays)}


def _notice(notice: Any, translator: Translator) -> dict[str, Any]:
    date = notice.params.get("date")
    return {
        **_worded(notice.kind, notice.params, notice.created_at, translator), "id": notice.id,
        "date": _moment(datetime.fromisoformat(date), translator) if date else None,
    }


def _worded(kind: str, params: Mapping[str, Any], at: datetime | None, translator: Translator) -> dict[str, Any]:
    words = notice_texts.words(kind, params, translator)
    return {
        "kind": kind, "title": words.title, "sentences": words.sentences, "todo": words.todo, "bad": words.bad,
        "at": _moment(at, translator),
    }


def _wallet(wallet: Any, deliveries: list[dict[str, Any]], viewer: Viewer) -> dict[str, Any]:
    mine = [item for item in deliveries if item["wallet"] == wallet.id]
    states = {item["state"] for item in mine}
    return {
        "id": wallet.id, "name": wallet.name, "connected": wallet.connected, "takes_elm": wallet.takes_elm,
        "by_address": wallet.by_address, "recipient": wallet.recipient, "email": viewer.email,
        "public_page": wallet.public_page,
        "deliveries": mine,
        "again": not wallet.connected and states == {"delivered"},
        "can_send": wallet.connected and not mine,
        "can_retry": wallet.connected and bool(states & {"waiting-retry", "refused"}),
    }


def _delivery(delivery: Any, name: str, translator: Translator) -> dict[str, Any]:
    bad = delivery.state in ("refused", "waiting-retry")
    return {
        "wallet": delivery.wallet,
        "format": translator.gettext(name),
        "state": delivery.state,
        "label": translator.gettext(DELIVERY[delivery.state]),
        "reason": messages.text(
            delivery.code, translator, retried=delivery.state == "waiting-retry" and bool(delivery.next_attempt_at),
            **delivery.params,
        ) if bad and delivery.code else "",
        "detail": str(delivery.params.get("detail", ""))[:300] if bad else "",
        "at": _moment(delivery.delivered_at, translator) if delivery.state == "delivered" else None,
        "next": _moment(delivery.next_attempt_at, translator) if delivery.state == "waiting-retry" else None,
        "location": delivery.location if delivery.location.startswith(("https://", "http://")) else "",
    }


def _moment(value: datetime | None, translator: Translator) -> dict[str, str] | None:
    return {"iso": value.isoformat(), "text": translator.moment(value)} if value else None
