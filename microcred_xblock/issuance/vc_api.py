"""VC-API on this site: what an interaction tells, and what a wallet with a good presentation is given (decision 33).

Nothing is stored before a good presentation has come: challenges are derived from the offer's secret. Not inside a
transaction: an offer that was redeemed stays so, and a key may be far away.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ..credentials import pinned
from ..domain.credential import BoundForm
from ..domain.errors import InvalidDocument, MicrocredError, Misconfigured, NotAllowed, NotReady
from ..proofs import presentation
from ..wallets import vc_api
from . import binding, collecting, conf, models, places

log = logging.getLogger(__name__)

CHANNEL = collecting.Channel.VC_API
AGAIN_AFTER = 5  # seconds until a wallet may ask again for what could not be signed at once


def interaction(secret: str, *, now: datetime) -> dict[str, Any]:
    """The protocols of an offer that can be redeemed. To look uses nothing up. Refusal."""
    _open(secret, now)
    return vc_api.protocols(places.exchange(secret))


def app_links(secret: str) -> dict[str, str]:
    """Links for apps on the same device: any that knows interactions, and LCW."""
    return {"any": vc_api.interaction_link(places.interaction(secret)), "lcw": lcw_uri(secret)}


def lcw_uri(secret: str) -> str:
    """The offer in the words of the Learner Credential Wallet."""
    return vc_api.lcw_link(
        issuer=conf.public_base_url(), address=places.lcw_request(secret), challenge=_challenge("lcw", secret)
    )


def exchange(secret: str, body: bytes, *, now: datetime) -> dict[str, Any]:
    """The next message of an exchange: who are you, or here it is. Refusal."""
    posted = vc_api.posted(body)
    if posted is None:
        _open(secret, now)
        return vc_api.request(
            places.exchange(secret), challenge=_challenge("exchange", secret), domain=domain(),
            methods=presentation.METHODS, suites=presentation.SUITES,
        )
    return vc_api.given(_collect(secret, posted, _challenge("exchange", secret), domain(), now))


def lcw(secret: str, body: bytes, *, now: datetime) -> dict[str, Any]:
    """What LCW is given for the bare presentation that its link makes it post. It knows no domain. Refusal."""
    return vc_api.presentation(_collect(secret, vc_api.read(body), _challenge("lcw", secret), None, now))


def domain() -> str:
    """What presentations must be for: the origin of this site."""
    parts = urlsplit(conf.public_base_url())
    return f"{parts.scheme}://{parts.netloc}"


def _challenge(kind: str, secret: str) -> str:
    """Known to whoever has the offer's link only, and good as long as the offer."""
    return collecting.digest(f"vc-api {kind}", secret)


def _open(secret: str, now: datetime) -> models.WalletOffer:
    if CHANNEL not in collecting.channels():
        raise vc_api.Refusal("This way to a wallet is not offered here.", status=404, code="offer-channel")
    try:
        return collecting.find(secret, CHANNEL, now=now)
    except NotAllowed as error:
        raise _gone(error) from error


def _collect(
    secret: str, posted: Mapping[str, Any], challenge: str, wanted: str | None, now: datetime
) -> dict[str, Any]:
    try:
        row = _open(secret, now)
    except vc_api.Refusal as error:
        if error.code != "offer-used":
            raise
        row = None
    try:
        holder = presentation.verify(
            posted, challenge=challenge, domain=wanted, loader=pinned.document_loader, now=now
        )
    except InvalidDocument as error:
        if row is not None:
            collecting.failed(row, "offer-proof")
        raise vc_api.Refusal(error.message, code=error.code) from error
    return json.loads(bytes(_issue(_redeemed(secret, holder, now), holder, now).content))


def _redeemed(secret: str, holder: str, now: datetime) -> models.WalletOffer:
    """The offer, which is this holder's from the first good presentation on; whoever lost the answer may ask again."""
    token = f"{secret}\0{holder}"
    try:
        return collecting.redeem(secret, CHANNEL, token=token, now=now)[0]
    except NotAllowed as error:
        if error.code != "offer-used":
            raise _gone(error) from error
        try:
            return collecting.by_token(token, CHANNEL, now=now)
        except NotAllowed:
            raise _gone(error) from error


def _issue(row: models.WalletOffer, holder: str, now: datetime) -> models.BoundCredential:
    try:
        given = binding.issue(row.award_id, BoundForm.LDP_VC, holder, now=now)
    except NotReady as error:
        raise vc_api.Refusal(error.message, status=503, code=error.code, seconds=AGAIN_AFTER) from error
    except Misconfigured as error:
        log.error("A wallet could not be given its credential: %s", error.code)
        collecting.failed(row, error.code)
        raise vc_api.Refusal("The credential cannot be signed here.", status=503, code=error.code) from error
    except MicrocredError as error:
        collecting.failed(row, error.code)
        raise vc_api.Refusal(error.message, status=403, code=error.code) from error
    collecting.collected(row, now=now)
    return given


def _gone(error: NotAllowed) -> vc_api.Refusal:
    return vc_api.Refusal(error.message, status=404 if error.code == "offer-unknown" else 410, code=error.code)
