"""Open Badges 3.0 API (1EdTech): service description, and ``upsertCredential`` into a learner's wallet.

A host may advertise an extension of ours, ``x-microcred-elm`` in ``info`` of its description: an
address that takes the sealed ELM file under the same token. Standard hosts ignore it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..domain.credential import DeliveryReceipt, Format, VerifiableCredential
from ..domain.errors import InvalidInput, WalletRefused, WalletUnreachable
from .oauth import Endpoints, raise_if_unavailable
from .said import INSUFFICIENT, Discovered, address, clean, described, member
from .transport import Response, Transport

_SCOPE = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
UPSERT = _SCOPE + "credential.upsert"
OFFLINE = "offline_access"
PATH = "/ims/ob/v3p0"

_ELM_MEDIA_TYPE = "application/jose+json"
_MINOR = re.compile(r"[a-z_]{1,40}")
_MINORS_MOST = 5
_SCOPES_MOST = 50
_LOCATION_MOST = 500
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ServiceDescription:
    """What we use of a host's Service Description Document. ``elm_url`` is empty where ELM is not taken."""

    name: str
    endpoints: Endpoints
    scopes: tuple[str, ...]
    elm_url: str = ""
    elm_media_type: str = _ELM_MEDIA_TYPE

    @property
    def wanted(self) -> tuple[str, ...]:
        """The scopes to ask for: to put credentials, and to do so later without the learner."""
        return (UPSERT, OFFLINE) if OFFLINE in self.scopes else (UPSERT,)


def discover(transport: Transport, base_url: str, *, now: datetime, etag: str = "") -> Discovered:
    """Fetch ``{base_url}/ims/ob/v3p0/discovery`` (§ Request the Service Description Document).

    Every address in it must be one the transport's policy allows. WalletRefused
    (``wallet-discovery``, ``wallet-scope``, ``wallet-url``, ``wallet-host``), WalletUnreachable.
    """
    def read(document: Mapping[str, Any]) -> tuple[ServiceDescription, tuple[str, ...]]:
        found = _description(document)
        return found, (*vars(found.endpoints).values(), found.elm_url)

    return described(
        transport, f"{base_url}{PATH}/discovery", accept="application/json", service="Open Badges 3.0", etag=etag,
        now=now, read=read,
    )


@dataclass(frozen=True, kw_only=True)
class OpenBadgesWallet:
    """One learner's wallet at one host, with an access token that is good now. A ``Wallet``."""

    transport: Transport
    base_url: str
    description: ServiceDescription
    access_token: str
    name: str

    def __repr__(self) -> str:
        return f"OpenBadgesWallet({self.name})"

    def deliver(self, credential: VerifiableCredential, *, now: datetime) -> DeliveryReceipt:
        """Upsert ``credential``: created (201), replaced (200), or already there in a newer form (304).

        WalletRefused: ``wallet-reconnect`` (401), ``wallet-forbidden`` (403), ``wallet-scope-shrunk`` (403, where the
        host says so), ``wallet-no-api``, ``wallet-rejected``. WalletUnreachable for every answer that settles nothing.
        """
        url, media_type = self._address(credential)
        response = self.transport.request(
            "POST", url, body=credential.content, keep=True,
            headers={
                "Authorization": f"Bearer {self.access_token}", "Content-Type": media_type,
                "Accept": f"{media_type}, application/json;q=0.9",
            },
            # The host echoes what it took, so the answer may be as long as the question.
            max_bytes=max(self.transport.policy.max_bytes, 2 * len(credential.content)),
        )
        if response.status not in (200, 201, 304):
            raise _error(response, self.access_token)
        if response.status != 304:
            _check_echo(response, credential)
        return DeliveryReceipt(
            credential_id=credential.id, wallet=self.name, at=now, created=response.status == 201,
            location=_location(response),
        )

    def _address(self, credential: VerifiableCredential) -> tuple[str, str]:
        if credential.format is Format.ELM:
            if not self.description.elm_url:
                raise InvalidInput("This wallet does not take ELM files.", code="wallet-takes-no-elm")
            return self.description.elm_url, self.description.elm_media_type
        compact = credential.format is Format.OPEN_BADGE_JWT
        return f"{self.base_url}{PATH}/credentials", "text/plain" if compact else "application/json"


def _description(document: Mapping[str, Any]) -> ServiceDescription:
    scheme = member(member(member(document, "components"), "securitySchemes"), "OAuth2ACG")
    flow = member(member(scheme, "flows"), "authorizationCode")
    scopes = flow.get("scopes")
    offered = _scopes(scopes) if isinstance(scopes, Mapping) else ()
    if UPSERT not in offered:
        raise WalletRefused("This wallet does not let others put credentials into it.", code="wallet-scope")
    info = member(document, "info")
    elm = info.get("x-microcred-elm")
    elm = elm if isinstance(elm, Mapping) else {}
    token = address(flow, "tokenUrl")
    return ServiceDescription(
        name=clean(info.get("title")),
        endpoints=Endpoints(
            registration=address(scheme, "x-imssf-registrationUrl"), authorization=address(flow, "authorizationUrl"),
            token=token, refresh=address(flow, "refreshUrl") if flow.get("refreshUrl") else token,
            revocation=address(scheme, "x-microcred-revocationUrl") if scheme.get("x-microcred-revocationUrl") else "",
        ),
        scopes=offered,
        elm_url=address(elm, "url") if elm else "",
        elm_media_type=_media_type(elm.get("mediaTypes")),
    )


def _scopes(offered: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that can be asked for, ours first."""
    plain = [scope for scope in offered if 0 < len(scope) <= 200 and scope.isascii() and scope.isprintable()]
    return tuple(sorted(plain, key=lambda scope: scope not in (UPSERT, OFFLINE))[:_SCOPES_MOST])


def _location(response: Response) -> str:
    """Where the host says the credential is, if that is an address; what would have to be cut short is none."""
    found = response.headers.get("location", "")
    plain = len(found) <= _LOCATION_MOST and found.isascii() and found.isprintable() and " " not in found
    return found if plain else ""


def _media_type(offered: Any) -> str:
    """Ours where the host takes it, else its first."""
    if not isinstance(offered, Sequence) or isinstance(offered, str) or _ELM_MEDIA_TYPE in offered:
        return _ELM_MEDIA_TYPE
    usable = [item for item in offered if isinstance(item, str) and _MEDIA_TYPE.fullmatch(item)]
    return usable[0] if usable else _ELM_MEDIA_TYPE


def _check_echo(response: Response, credential: VerifiableCredential) -> None:
    """A 200 from a captive portal is no delivery: the body must be the credential we sent."""
    if response.content == credential.content:
        return
    if credential.format is Format.OPEN_BADGE_JWT:
        echoed = response.media_type == "text/plain" and response.content.strip() == credential.content.strip()
    elif credential.format is Format.ELM:
        echoed = response.json().get("payload") == json.loads(credential.content).get("payload")
    else:
        echoed = response.json().get("id") == credential.id
    if not echoed:
        raise response.unusable("wallet-answer", "The wallet's answer is not the credential it was sent.")


def _error(response: Response, token: str) -> WalletRefused | WalletUnreachable:
    try:
        raise_if_unavailable(response)
    except WalletUnreachable as unavailable:
        unavailable.params |= _status_info(response, token)
        return unavailable
    status = response.status
    if status == 403 and INSUFFICIENT.search(response.headers.get("www-authenticate", "")):
        return WalletRefused(
            "The permission to put credentials into the wallet is gone.", code="wallet-scope-shrunk", status=status
        )
    if 200 <= status < 300:
        return response.unusable("wallet-answer", "The wallet's answer does not say that it took the credential.")
    code, message = {
        401: ("wallet-reconnect", "The wallet no longer accepts the connection: connect it again."),
        403: ("wallet-forbidden", "The wallet does not allow this site to put credentials into it."),
        404: ("wallet-no-api", "The wallet has no service at its address."),
        405: ("wallet-no-api", "The wallet has no service at its address."),
    }.get(status, ("wallet-rejected", "The wallet rejected the credential."))
    return WalletRefused(message, code=code, status=status, **_status_info(response, token))


def _status_info(response: Response, token: str) -> dict[str, str]:
    """``reason`` (the imsx_codeMinor values) and ``detail`` (the description, cleaned) of an Imsx_StatusInfo."""
    try:
        info = response.json()
        fields = info["imsx_codeMinor"]["imsx_codeMinorField"]
        values = [item["imsx_codeMinorFieldValue"] for item in fields]
    except (WalletUnreachable, KeyError, TypeError):
        info, values = {}, []
    try:
        info = info or response.json()
    except WalletUnreachable:
        return {}
    known = [value for value in values if isinstance(value, str) and _MINOR.fullmatch(value)]
    reason = " ".join(known[:_MINORS_MOST])
    detail = clean(info.get("imsx_description"), token)
    return {name: text for name, text in (("reason", reason), ("detail", detail)) if text}
