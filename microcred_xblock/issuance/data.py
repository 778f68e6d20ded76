"""What ``api`` takes and gives: frozen values, no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ..domain.credential import Format, Holder
from ..domain.errors import NotAllowed, NotReady
from ..domain.outcomes import OutcomeResult

MOST_FOUND = 20  # skills in one answer


@dataclass(frozen=True, kw_only=True)
class Learner:
    """The learner as the platform knows them. Personal data: never logged."""

    id: str
    full_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)

    def holder(self) -> Holder:
        """As a credential names them; InvalidInput where the account lacks what it needs."""
        return Holder(full_name=self.full_name, email=self.email)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a learner stands. ``award_id`` is None before mastery, or when ``refusal`` says why no award was made."""

    results: tuple[OutcomeResult, ...]
    mastered: bool
    award_id: str | None = None
    refusal: NotAllowed | NotReady | None = None


@dataclass(frozen=True, kw_only=True)
class PanelCredential:
    """``state``: prepared, queued, issued or failed; ``code`` and ``params`` are the last error's."""

    format: Format
    id: str
    state: str
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WalletOption:
    """A wallet the admin allows. ``takes_elm`` is False until its host has said so.

    ``by_address``: connected by saying whose it is, which ``recipient`` then tells; it takes nothing but ELM.
    ``public_page``: it takes the Open Badge 2.0, for which a page that anybody can read has to be made.
    """

    id: str
    name: str
    connected: bool
    takes_elm: bool
    by_address: bool = False
    recipient: str = ""
    public_page: bool = False


@dataclass(frozen=True, kw_only=True)
class PanelDelivery:
    """``state``: queued, sending, delivered, refused or waiting-retry. The last without ``next_attempt_at`` has been
    given up and waits for the learner."""

    wallet: str
    format: Format
    state: str
    attempts: int
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    next_attempt_at: datetime | None = None
    delivered_at: datetime | None = None
    location: str = ""


@dataclass(frozen=True, kw_only=True)
class PanelOffer:
    """The learner's last offer to a wallet by ``channel``; how to use it was told once, when it was made.

    ``state``: ``open``, ``started`` (a wallet has it), ``collected``, ``failed`` (``code`` says why), ``over``.
    """

    channel: str
    state: str
    expires_at: datetime
    collected_at: datetime | None = None
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A fresh offer. ``uri`` is what the QR code says and the link leads to; ``tx_code`` the digits that the wallet
    asks for, empty without; ``app_uris`` the same for apps that read another address, by their names. Whoever has
    them can collect the credential: never logged."""

    channel: str
    uri: str = field(repr=False)
    app_uris: Mapping[str, str] = field(default_factory=dict, repr=False)
    tx_code: str = field(default="", repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PanelStanding:
    """``state``: valid, suspended, revoked, superseded or expired; ``reason`` the code of the last change, which was
    ``automatic`` if nobody made it in person.

    ``regain``: after a revocation, how it can be earned again. ``in_badge``: the badge itself tells of its suspension.
    ``renewable``: proving the outcomes anew renews it.
    """

    state: str = "valid"
    since: datetime | None = None
    reason: str = ""
    automatic: bool = False
    regain: str = ""
    in_badge: bool = True
    renewable: bool = False


@dataclass(frozen=True, kw_only=True)
class CredentialStanding:
    """What a credential is worth now, for anybody. Nothing in it says whose it is.

    ``state``: valid, suspended, revoked, superseded or expired; ``since`` when. ``reason``: why, where
    that is public (renewal, reissue, expired-registration); else empty, and the awarding body can be asked.
    ``successor`` is the id of the credential that took its place. ``twin`` is the id of the badge of the same award,
    whose status list entry speaks for a European Digital Credential, too.
    """

    credential_id: str
    format: Format
    state: str
    since: datetime | None = None
    reason: str = ""
    issued_at: datetime
    expires_at: datetime | None = None
    title: str
    achievement: UUID
    language: str = ""
    issuer_name: str = ""
    issuer_did: str = ""
    successor: str = ""
    twin: str = ""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Whether a document is genuine. ``verdict`` says it in one word:

    ``genuine``     signed by a key that an issuer of this site publishes, and entered in the register
    ``changed``     it names an issuer of this site, but the signature does not fit
    ``withdrawn``   signed with a key that was withdrawn, or that the issuer never published
    ``unknown``     the signature fits, but no such credential is in the register
    ``foreign``     another site's credential
    ``unreadable``  no credential at all

    ``code`` is the machine's word for the fault; ``same_bytes``: the very file that was signed. Whether a genuine
    credential still counts is told by ``standing``.
    """

    verdict: str
    code: str = ""
    format: Format | None = None
    credential_id: str = ""
    issuer_did: str = ""
    same_bytes: bool = False
    standing: CredentialStanding | None = None

    @property
    def verified(self) -> bool:
        """Genuine; which does not say that it still counts."""
        return self.verdict == "genuine"


@dataclass(frozen=True, kw_only=True)
class PanelNotice:
    """Something the learner is told; ``notice_texts`` has the words for ``kind`` and ``params``."""

    id: int
    kind: str
    params: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class PanelReplacement:
    """An award that waits for the learner's consent to take the place of the one shown.

    ``why``: renewal, reissue or regrade. ``until``: the day on which the one shown ends by itself; after a regrade the
    day on which it is suspended, and never another; None where there is none.
    """

    award_id: str
    why: str = ""
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Everything a learner may know about one award.

    While ``replacement`` waits, the rest tells of the award that it is to replace, which stands until then.
    ``state``: ``earned`` (no consent yet), ``issuing``, ``issued``, ``failed``, ``withdrawn``.
    ``consent``: ``none``, ``given``, ``withdrawn``. ``parity`` is empty until both are issued. ``channels`` are the
    ways in which a wallet can collect it now; ``offers`` the last offer by each.
    """

    award_id: str
    awarded_at: datetime
    state: str
    consent: str
    credentials: tuple[PanelCredential, ...]
    wallets: tuple[WalletOption, ...]
    deliveries: tuple[PanelDelivery, ...]
    parity: tuple[Any, ...]
    standing: PanelStanding = field(default_factory=PanelStanding)
    notices: tuple[PanelNotice, ...] = ()
    expires_at: datetime | None = None
    replacement: PanelReplacement | None = None
    channels: tuple[str, ...] = ()
    offers: tuple[PanelOffer, ...] = ()
    mails_files: bool = False


@dataclass(frozen=True, kw_only=True)
class Payload:
    """The exact unsigned documents that are, or will be, signed. Personal data."""

    digest: str
    open_badge: Mapping[str, Any] = field(repr=False)
    elm: Mapping[str, Any] = field(repr=False)
    parity: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file for the learner."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class HeldVersion:
    """A version of a pill that was awarded, and how many learners hold it now."""

    version: str
    holders: int
    first_awarded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Holders:
    """Who holds a pill, in numbers: every version that was awarded, the last awarded first."""

    versions: tuple[HeldVersion, ...] = ()

    @property
    def total(self) -> int:
        """How many learners hold it, in whichever version."""
        return sum(item.holders for item in self.versions)

    def of(self, version: str) -> int:
        """How many hold this version."""
        return sum(item.holders for item in self.versions if item.version == version)


@dataclass(frozen=True, kw_only=True)
class FoundSkill:
    """A concept as an author chooses it. ``alternative`` is what it was found by, if not by its label."""

    uri: str
    label: str
    language: str
    framework: str
    kind: str
    reuse: str
    description: str
    alternative: str = ""
