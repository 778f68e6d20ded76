"""A deposit into a Europass wallet: the API of the European Digital Credentials for Learning (EDCI 2.0.6).

One sealed file as one part of a form, to a wallet whose address or e-mail address the learner gave. There is no
authorisation by the learner: whoever knows the address may deposit, and only the owner can look inside. So nothing is
ever read from a wallet here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from urllib3.filepost import encode_multipart_formdata

from ..domain.credential import DeliveryReceipt, Format, VerifiableCredential
from ..domain.errors import InvalidAnswer, InvalidInput, Misconfigured, WalletRefused, WalletUnreachable
from .base import Provider, place
from .oauth import raise_if_unavailable
from .transport import Response, Transport

PATH = "/api/v1/wallets"
PART = "_credential"
ADDRESS_MOST = 500
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,199}", re.ASCII)
_MAIL = re.compile(r"[^\s@/\\?#]{1,64}@[^\s@/\\?#]{1,190}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_LOCATION_MOST = 500
_ID_MOST = 500


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Whose wallet it is: the id at the end of its address, or an e-mail address. One of the two."""

    user_id: str = field(default="", repr=False)
    email: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if bool(self.user_id) == bool(self.email):
            raise ValueError("either an id or an e-mail address")

    @property
    def path(self) -> str:
        """The wallet's place below the API's own."""
        return f"email/{quote(self.email, safe='')}" if self.email else quote(self.user_id, safe="")


def recipient_at(address: str, wanted: Provider) -> Recipient:
    """The wallet at an address (…/wallets/{userId}) that a person has typed in.

    InvalidAnswer (``wallet-typed``) unless it is an address of ``wanted``, which is the only place anything is sent to.
    """
    address = address.strip()
    try:
        at = place(address) if len(address) <= ADDRESS_MOST and address.isprintable() else ""
        start, found = unquote(urlsplit(address).path).rstrip("/").rsplit("/", 1) if at else ("", "")
    except (Misconfigured, ValueError):
        at, start, found = "", "", ""
    if at not in wanted.hosts or not start.endswith("/wallets") or not _USER.fullmatch(found):
        raise InvalidAnswer("This is not the address of a wallet there.", code="wallet-typed", field="address")
    return Recipient(user_id=found)


def recipient_by(email: str) -> Recipient:
    """The wallet of an e-mail address. InvalidAnswer (``email``) for what is none."""
    if not _MAIL.fullmatch(email) or not email.isprintable():
        raise InvalidAnswer("The account has no usable e-mail address.", code="email", field="email")
    return Recipient(email=email)


def look(transport: Transport, base_url: str) -> None:
    """Whether anything answers there: nothing can be asked of it without a wallet. WalletRefused, WalletUnreachable."""
    raise_if_unavailable(transport.request("GET", f"{base_url}{PATH}"))


@dataclass(frozen=True, kw_only=True)
class EuropassWallet:
    """One learner's wallet there. A ``Wallet``.

    ``language`` is that of the wallet's message to an e-mail address; to a wallet that is known by its address none is
    asked for.
    """

    transport: Transport
    base_url: str
    recipient: Recipient
    language: str
    name: str

    def __repr__(self) -> str:
        return f"EuropassWallet({self.name})"

    def deliver(self, credential: VerifiableCredential, *, now: datetime) -> DeliveryReceipt:
        """Deposit ``credential``, an ELM file: new (200), or there already under the same id (409).

        InvalidInput (``wallet-takes-no-badge``). WalletRefused: ``wallet-unsealed`` (400), ``wallet-nobody`` (404),
        ``wallet-other`` and ``wallet-has-some`` (409 of another or an untold id), ``wallet-too-large`` (413),
        ``wallet-takes-no-elm`` (415), ``wallet-closed`` (401, 403), ``wallet-no-api``, ``wallet-rejected``.
        WalletUnreachable for every answer that settles nothing.
        """
        if credential.format is not Format.ELM:
            raise InvalidInput("This wallet takes European Digital Credentials only.", code="wallet-takes-no-badge")
        body, content_type = encode_multipart_formdata(
            {PART: (_file_name(credential), credential.content, credential.media_type)}
        )
        query = urlencode({"sendEmail": "true" if self.recipient.email else "false", "locale": self.language or "en"})
        response = self.transport.request(
            "POST", f"{self.base_url}{PATH}/{self.recipient.path}/credentials?{query}", body=body,
            headers={"Content-Type": content_type, "Accept": "application/json"}, keep=True,
        )
        if response.status == 409:
            _check_same(response, credential)
            return self._receipt(credential, now, created=False)
        if response.status != 200:
            raise _error(response)
        answer = response.json()
        if not _text(answer.get("uuid")):
            raise response.unusable("wallet-answer", "The wallet's answer does not say what it took.")
        return self._receipt(credential, now, created=True, location=_location(answer.get("viewerURL")))

    def _receipt(
        self, credential: VerifiableCredential, now: datetime, *, created: bool, location: str = ""
    ) -> DeliveryReceipt:
        return DeliveryReceipt(
            credential_id=credential.id, wallet=self.name, at=now, created=created, location=location
        )


def _file_name(credential: VerifiableCredential) -> str:
    """The end of the name decides how the wallet reads the file; the rest is the id, which names nobody."""
    found = _UUID.search(credential.id.lower())
    return f"{found.group() if found else 'credential'}.jsonld"


def _check_same(response: Response, credential: VerifiableCredential) -> None:
    """That "there already" is about this credential, as far as the answer tells.

    What the wallet holds is not looked up: that would be reading in somebody's wallet.
    """
    try:
        answer = response.json()
    except WalletUnreachable:
        answer = {}
    told = [_text(answer.get(name)) for name in ("uuid", "id", "credentialId")]
    told = [value for value in told if value]
    if not told:
        raise WalletRefused(
            "The wallet says that it has this credential, but not under which id.", code="wallet-has-some", status=409
        )
    if not any(_core(value) == _core(credential.id) for value in told):
        raise WalletRefused("The wallet has another credential in its place.", code="wallet-other", status=409)


def _core(name: str) -> str:
    """What an id is compared by: its UUID, however it is written, else all of it."""
    found = _UUID.findall(name.lower())
    return found[-1] if found else name


def _text(value: Any) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= _ID_MOST and value.isprintable() else ""


def _location(value: Any) -> str:
    """Where the wallet shows the credential, if that is an https address; what would have to be cut short is none."""
    found = _text(value)
    plain = len(found) <= _LOCATION_MOST and found.isascii() and " " not in found
    try:
        parts = urlsplit(found) if plain else urlsplit("")
        safe = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        safe = False
    return found if safe else ""


def _error(response: Response) -> WalletRefused | WalletUnreachable:
    try:
        raise_if_unavailable(response)
    except WalletUnreachable as unavailable:
        return unavailable
    status = response.status
    if 200 <= status < 300:
        return response.unusable("wallet-answer", "The wallet's answer does not say that it took the credential.")
    code, message = {
        400: ("wallet-unsealed", "The wallet does not accept the file as a sealed European Digital Credential."),
        401: ("wallet-closed", "The wallet does not take deposits from this site."),
        403: ("wallet-closed", "The wallet does not take deposits from this site."),
        404: ("wallet-nobody", "There is no wallet at that address."),
        405: ("wallet-no-api", "The wallet has no service at its address."),
        413: ("wallet-too-large", "The file is too large for the wallet."),
        415: ("wallet-takes-no-elm", "The wallet does not take this kind of file."),
    }.get(status, ("wallet-rejected", "The wallet rejected the credential."))
    return WalletRefused(message, code=code, status=status)
