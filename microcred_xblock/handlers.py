"""What a learner's page may ask of the learning pill: progress, consent, wallets, downloads.

Each handler works out who asks, calls one function of ``issuance.api``, and answers with the new
state. ``issuance`` is imported inside a function, so that the block loads where the Django app is
not installed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from webob import Response
from xblock.core import XBlock

from . import compat, messages, views
from .domain.errors import (
    InvalidAnswer,
    InvalidInput,
    InvalidPill,
    MicrocredError,
    Misconfigured,
    NotAllowed,
    NotReady,
    WalletRefused,
    WalletUnreachable,
)
from .rendering import render

STATUS = {
    InvalidInput: 400, NotAllowed: 403, NotReady: 503, Misconfigured: 503, WalletRefused: 502, WalletUnreachable: 503,
}


_WITH_CODE = ("openid4vci",)  # channels whose wallets can ask for a code, which a photograph of the QR code lacks


def answers(handler: Callable[..., dict]) -> Callable[..., Response]:
    """A JSON handler that answers ``{"ok": true, …}``, or an error with its translated message."""

    @XBlock.json_handler
    @wraps(handler)
    def wrapper(self: CredentialHandlers, data: Any, suffix: str = "") -> Any:
        try:
            return {"ok": True, **handler(self, data if isinstance(data, dict) else {})}
        except MicrocredError as error:
            return self.refusal(error)

    return wrapper


class CredentialHandlers:
    """The handlers of a learning pill; a mixin of its block."""

    def refusal(self, error: MicrocredError) -> Response:
        """``error`` as a JSON answer in the reader's language."""
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
        body = {
            "ok": False, "code": error.code, "field": error.params.get("field", ""),
            "message": messages.explain(error, self.translator()),
        }
        return Response(json.dumps(body), status=status, content_type="application/json", charset="utf-8")

    def _learner(self) -> compat.Viewer:
        viewer = compat.viewer(self)
        if not viewer.is_learner:
            raise NotAllowed("This is a preview: nothing is recorded or issued.", code=f"viewer-{viewer.kind}")
        return viewer

    def _answer(self, viewer: compat.Viewer, panel: Any = None) -> dict[str, Any]:
        return views.live(self.page(viewer, panel), self.translator())

    @answers
    def progress(self, _data: dict) -> dict[str, Any]:
        """Assess the learner now; the first mastery makes the award. An award outlives its pill's definition."""
        viewer, pill = self._learner(), self.readable_pill()
        if pill is None:
            page = self.page(viewer)
            if page.panel is None:
                raise InvalidPill("This pill cannot be earned as it is.", code="pill-incomplete")
            return views.live(page, self.translator())
        evidence = self.evidence(pill)
        standing = issuance().record_scores(
            pill, self.note_scores(evidence.scores), not_given=evidence.not_given, missing=evidence.missing,
            learner_id=viewer.id, course_id=compat.course_id(self), concealed_until=evidence.concealed_until,
            annulled=evidence.annulled,
        )
        page = self.page(viewer, results=standing.results, evidence=evidence)
        return views.live(replace(page, panel_error=standing.refusal or page.panel_error), self.translator())

    @answers
    def payload(self, _data: dict) -> dict[str, Any]:
        """Exactly what would be signed, to be read before agreeing."""
        viewer = self._learner()
        payload = issuance().payload(self._award_id(viewer, offered=True), _person(viewer))
        return views.payload(payload, self.page(viewer), self.translator())

    @answers
    def parity(self, _data: dict) -> dict[str, Any]:
        """The parity report as data: each fact of the award, and where either credential carries it."""
        viewer = self._learner()
        rows = issuance().payload(self._award_id(viewer), _person(viewer)).parity
        return {"parity": [asdict(row) for row in rows]}

    @answers
    def consent(self, data: dict) -> dict[str, Any]:
        """Agree to the payload with ``digest``; both credentials are then issued."""
        viewer = self._learner()
        digest, award_id = _text(data, "digest"), self._award_id(viewer, offered=True)
        return self._answer(viewer, issuance().consent(award_id, _person(viewer), digest=digest))

    @answers
    def withdraw(self, _data: dict) -> dict[str, Any]:
        """Take consent back."""
        viewer = self._learner()
        return self._answer(viewer, issuance().withdraw(self._award_id(viewer), viewer.id))

    @answers
    def dismiss_notice(self, data: dict) -> dict[str, Any]:
        """The learner has read a notice and puts it away."""
        viewer, notice = self._learner(), _text(data, "notice")
        if not (notice.isascii() and notice.isdigit() and len(notice) < 16):
            raise InvalidAnswer("The request lacks 'notice'.", code="request-field", field="notice")
        issuance().dismiss_notice(self._award_id(viewer), viewer.id, int(notice))
        return self._answer(viewer)

    @answers
    def send(self, data: dict) -> dict[str, Any]:
        """Push both credentials to a connected wallet; twice is once."""
        viewer, wallet = self._learner(), _text(data, "wallet")
        return self._answer(viewer, issuance().send(self._award_id(viewer), viewer.id, wallet))

    @answers
    def retry(self, data: dict) -> dict[str, Any]:
        """Try a delivery again now."""
        viewer, wallet = self._learner(), _text(data, "wallet")
        return self._answer(viewer, issuance().retry(self._award_id(viewer), viewer.id, wallet))

    @answers
    def connect(self, data: dict) -> dict[str, Any]:
        """The address that starts connecting a wallet. ``page`` is where the learner is, to be led back to."""
        viewer, wallet = self._learner(), _text(data, "wallet")
        back = self.runtime.handler_url(self, "wallet_return", query=urlencode({"back": _path(data.get("page"))}))
        return {"url": issuance().connect(viewer.id, wallet, award_id=self._award_id(viewer), return_url=back)}

    @answers
    def connect_address(self, data: dict) -> dict[str, Any]:
        """Connect a wallet that needs no window: by an ``address``, or with ``own_email`` by the account's own."""
        viewer, wallet, address = self._learner(), _text(data, "wallet"), data.get("address")
        return self._answer(viewer, issuance().connect_by_address(
            _person(viewer), wallet, award_id=self._award_id(viewer), by_email=data.get("own_email") is True,
            address=address if isinstance(address, str) else "", language=self.translator().language,
        ))

    @XBlock.handler
    def wallet_return(self, request: Any, _suffix: str = "") -> Response:
        """Where the way to a wallet and back ends: tells the pill's page; a pop-up then closes itself."""
        problem = request.GET.get("microcred_error", "")
        html = render(
            "wallet_return.html", self.translator(),
            script=self.runtime.local_resource_url(self, "static/js/wallet_return.js"),
            style=self.runtime.local_resource_url(self, "static/css/learning_pill.css"),
            problem=messages.text(problem, self.translator()) if problem else "",
            wallet=request.GET.get("microcred_wallet", ""), back=_path(request.GET.get("back")),
        )
        return Response(html, content_type="text/html", charset="utf-8")

    @answers
    def offer(self, data: dict) -> dict[str, Any]:
        """Offer the credential to whatever wallet app comes for it by ``channel``; a former offer by it ends."""
        viewer, channel = self._learner(), _text(data, "channel")
        made = issuance().offer(self._award_id(viewer), viewer.id, channel, with_code=channel in _WITH_CODE)
        answer = self._answer(viewer)
        answer["html"]["collect"] = views.offer(made, views.uid(str(self.scope_ids.usage_id)), self.translator())
        return {**answer, "ends": made.expires_at.isoformat()}

    @answers
    def offers(self, _data: dict) -> dict[str, Any]:
        """What became of the offers: asked again and again while one is open, so nothing is assessed."""
        panel = issuance().panel(self._learner().id, str(self.scope_ids.usage_id))
        return {"offers": views.offers(panel, self.translator())}

    @answers
    def disconnect(self, data: dict) -> dict[str, Any]:
        """Forget a wallet's tokens."""
        viewer, wallet = self._learner(), _text(data, "wallet")
        issuance().disconnect(viewer.id, wallet)
        return self._answer(viewer)

    @XBlock.handler
    def download(self, _request: Any, suffix: str = "") -> Response:
        """A credential file; ``suffix`` is its kind."""
        try:
            viewer = self._learner()
            file = issuance().download(self._award_id(viewer), viewer.id, suffix)
        except MicrocredError as error:
            return self.refusal(error)
        return Response(
            body=file.content, content_type=file.media_type,
            headerlist=[
                ("Content-Disposition", f'attachment; filename="{file.filename}"'),
                ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "private, no-store"),
            ],
        )

    @answers
    def mail_files(self, _data: dict) -> dict[str, Any]:
        """Have the archive sent to the address of the learner's own account."""
        viewer = self._learner()
        return self._answer(viewer, issuance().mail_files(self._award_id(viewer), viewer.id))

    def _award_id(self, viewer: compat.Viewer, *, offered: bool = False) -> str:
        """The award that the page shows; with ``offered`` the one that waits to replace it, if one does."""
        panel = issuance().panel(viewer.id, str(self.scope_ids.usage_id))
        if panel is None:
            raise NotAllowed("This credential has not been earned yet.", code="not-earned")
        return panel.replacement.award_id if offered and panel.replacement is not None else panel.award_id


def _text(data: dict, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise InvalidAnswer(f"The request lacks '{name}'.", code="request-field", field=name)
    return value


def _path(address: Any) -> str:
    """The path and query of an address, or nothing if it has none that stays on this site."""
    try:
        parts = urlsplit(address) if isinstance(address, str) and len(address) < 4_000 else None
    except ValueError:
        return ""
    if parts is None or not parts.path.startswith("/") or parts.path.startswith(("//", "/\\")):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def issuance() -> Any:
    """``issuance.api``, the only door. Raises Misconfigured where the app is not installed."""
    try:
        from .issuance import api
    except (ImportError, RuntimeError) as error:
        raise Misconfigured("The issuance app is not installed.", code="issuance-missing") from error
    return api


def _person(viewer: compat.Viewer) -> Any:
    from .issuance.data import Learner

    return Learner(id=viewer.id, full_name=viewer.full_name, email=viewer.email)
