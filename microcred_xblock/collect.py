"""The view-models of collecting by a wallet app: the ways there are, a fresh offer, and what became of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import segno

from . import messages
from .messages import N_
from .translation import Translator

NAMES = {
    "openid4vci": N_("A wallet app for European and other credentials"),
    "vc-api": N_("Learner Credential Wallet, and apps like it"),
}
NOTES = {
    "openid4vci": N_("For apps that read OpenID4VCI offers. If yours asks for a code, it is shown with the QR code."),
    "vc-api": N_("For apps that read VC-API links."),
}
APPS = {"lcw": N_("Learner Credential Wallet")}
STATES = {
    "open": N_("Waiting for your app."),
    "started": N_("Your app is collecting the credential…"),
    "collected": N_("Your app has collected the credential."),
    "over": N_("This code is not good any more. Nothing was collected with it."),
}
OPEN = ("open", "started")
_QUIET = 4  # modules around a QR code (ISO/IEC 18004, section 6.3.8)


def channels(panel: Any, translator: Translator) -> list[dict[str, Any]]:
    """By which ways an app can collect the award now, each with its last offer."""
    known = offers(panel, translator)
    return [
        {
            "id": channel, "name": translator.gettext(NAMES[channel]), "note": translator.gettext(NOTES[channel]),
            "offer": known.get(channel),
        }
        for channel in panel.channels if channel in NAMES
    ]


def offers(panel: Any, translator: Translator) -> dict[str, dict[str, Any]]:
    """What became of the last offer by each channel."""
    return {item.channel: _state(item, translator) for item in panel.offers}


def offer(offer: Any, translator: Translator) -> dict[str, Any]:
    """A fresh offer: for each kind of app an address, as a link and as a QR code."""
    ways = [{"id": app, "name": translator.gettext(APPS[app]), "uri": uri} for app, uri in offer.app_uris.items()]
    other = N_("Another app") if ways else NAMES.get(offer.channel, "")
    ways.append({"id": "any", "name": translator.gettext(other), "uri": offer.uri})
    return {
        "channel": offer.channel, "tx_code": offer.tx_code, "ends": _moment(offer.expires_at, translator),
        "ways": [{**way, "qr": qr(way["uri"]), "page": way["uri"].startswith("http")} for way in ways],
        "state": "open", "text": translator.gettext(STATES["open"]),
    }


def qr(text: str) -> str:
    """The QR code of ``text`` as SVG: black on white whatever the page's colours, with its quiet zone."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(border=_QUIET, dark="#000", light="#fff", omitsize=True, svgclass="mcp-qr__code")


def _state(item: Any, translator: Translator) -> dict[str, Any]:
    text = translator.gettext(STATES.get(item.state, STATES["over"]))
    if item.state == "failed":
        text = messages.text(item.code, translator)
    at = item.collected_at if item.state == "collected" else item.expires_at if item.state == "open" else None
    return {"channel": item.channel, "state": item.state, "text": text, "at": _moment(at, translator)}


def _moment(value: datetime | None, translator: Translator) -> Mapping[str, str] | None:
    return {"iso": value.isoformat(), "text": translator.moment(value)} if value else None
