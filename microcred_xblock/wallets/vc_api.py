"""VC-API interactions and exchanges (W3C CCG, VCALM), the issuer's side, as values; and LCW's own link.

An interaction URL tells the protocols; ``vcapi`` leads to an exchange. There a wallet posts ``{}`` and is asked who it
is (DIDAuthentication), posts a presentation, and is given one with the credential in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from ..domain import strict_json
from ..domain.errors import InvalidAnswer

MOST_BYTES = 32_000
MOST_PARTS = 40  # objects in what a wallet posts; a presentation with its proof is four
SCHEME = "interaction:"
LCW_LINK = "https://lcw.app/request"
_CONTEXT = "https://www.w3.org/ns/credentials/v2"


class Refusal(InvalidAnswer):
    """A no to a wallet. ``status`` is that of HTTP."""

    default_code = "offer-request"

    def __init__(self, message: str, *, status: int = 400, code: str | None = None, seconds: int = 0) -> None:
        super().__init__(message, code=code)
        self.status, self.seconds = status, seconds


def protocols(exchange: str) -> dict[str, Any]:
    """What an interaction URL answers."""
    return {"protocols": {"vcapi": exchange}}


def request(
    exchange: str, *, challenge: str, domain: str, methods: Sequence[str], suites: Sequence[str]
) -> dict[str, Any]:
    """The request for a presentation that proves a DID, and nothing else."""
    query = {
        "type": "DIDAuthentication", "acceptedMethods": [{"method": method} for method in methods],
        "acceptedCryptosuites": [{"cryptosuite": suite} for suite in suites],
    }
    service = {"type": "UnmediatedHttpPresentationService2021", "serviceEndpoint": exchange}
    return {
        "verifiablePresentationRequest": {
            "query": [query], "challenge": challenge, "domain": domain, "interact": {"service": [service]},
        }
    }


def posted(body: bytes) -> dict[str, Any] | None:
    """The presentation that a wallet posts to an exchange; None where it only begins. Refusal."""
    message = read(body) if body.strip() else {}
    if not message:
        return None
    presentation = message.get("verifiablePresentation")
    if not isinstance(presentation, dict):
        raise Refusal("An exchange takes {} or a verifiablePresentation.")
    return presentation


def read(body: bytes) -> dict[str, Any]:
    """A JSON object that every reader reads alike, and not too large. Refusal."""
    if len(body) > MOST_BYTES or body.count(b"{") > MOST_PARTS:
        raise Refusal("The request is too large.", status=413)
    try:
        found = strict_json.load(body)
    except ValueError as error:
        raise Refusal("The request is no JSON that can be read.") from error
    if not isinstance(found, dict):
        raise Refusal("The request is no JSON object.")
    return found


def presentation(credential: Mapping[str, Any]) -> dict[str, Any]:
    """What carries the credential to the wallet. It needs no proof: the credential has one."""
    return {"@context": [_CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": [credential]}


def given(credential: Mapping[str, Any]) -> dict[str, Any]:
    """The last message of an exchange."""
    return {"verifiablePresentation": presentation(credential)}


def plain(value: Any) -> str:
    """JSON without ``&``: LCW decodes HTML entities before it reads what its own link leads to."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("&", "\\u0026")


def interaction_link(address: str) -> str:
    """The link that opens an app on the same device."""
    return SCHEME + address


def lcw_link(*, issuer: str, address: str, challenge: str) -> str:
    """The link that the Learner Credential Wallet reads: it posts a presentation for ``challenge`` to ``address``."""
    told = {"issuer": issuer, "vc_request_url": address, "auth_type": "bearer", "challenge": challenge}
    return f"{LCW_LINK}?{urlencode(told, quote_via=quote)}"


def problem(refusal: Refusal) -> dict[str, Any]:
    """A no as problem details (RFC 9457)."""
    return {"type": "about:blank", "title": refusal.code, "status": refusal.status, "detail": refusal.message}

