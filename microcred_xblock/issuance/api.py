"""The door of the issuance app: what the block, the tasks and the pages may ask of it.

Values in, values out (``data``); only MicrocredError is raised. Whoever calls has checked that the
person of the request *is* the learner; that an award is this learner's is checked here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils import timezone

from ..domain.errors import NotAllowed
from ..domain.outcomes import Score
from ..domain.pill import LearningPill
from ..inheritance import Layer
from . import (
    addressing,
    afterwards,
    awarding,
    awarding_facts,
    collecting,
    connecting,
    delivering,
    downloads,
    issuing,
    mailing,
    notices,
    openid4vci,
    rates,
    recognition_defaults,
    rehearsal,
    showing,
    skills,
    vc_api,
    verdicts,
)
from . import holders as holding
from .data import Download, Holders, Learner, Offer, Panel, Payload, Standing

__all__ = [
    "DOWNLOAD_KINDS", "Holders", "Learner", "awarding_body_of", "connect", "connect_by_address", "consent",
    "disconnect", "dismiss_notice", "download", "finish_connection", "holders", "last_awarded", "mail_files", "offer",
    "panel", "payload", "recognition_defaults_of", "record_scores", "rehearse", "retry", "search_skills", "send",
    "skills_installed", "start_connection", "verdict", "withdraw",
]

DOWNLOAD_KINDS = downloads.KINDS


def record_scores(
    pill: LearningPill, scores: Mapping[str, Score], *, learner_id: str, course_id: str,
    not_given: Collection[str] = (), missing: Collection[str] = (), annulled: bool = False,
    concealed_until: datetime | None = None, now: datetime | None = None,
) -> Standing:
    """Assess the learner and, at the first mastery, make the award. Idempotent, also in two requests at once.

    ``not_given``: blocks that were never meant for this learner; outcomes are assessed without them.
    ``missing``: blocks that the pill does not have (any more); while there are any no award is made.
    ``annulled``: staff set the result of the whole section to nothing, also of what gives no score any more.
    ``concealed_until``: before then the learner must not know the result, so no award is made or put in question.
    ``Standing.refusal`` is set where a site's own condition stopped the award (filter AwardRequested), the terms of
    a revocation, or that the pill has to be mended first (NotReady, ``pill-unready``).
    """
    return awarding.record_scores(
        pill, scores, learner_id=learner_id, course_id=course_id, not_given=not_given, missing=missing,
        annulled=annulled, concealed_until=concealed_until, now=now,
    )


def holders(pill_id: str) -> Holders:
    """How many learners hold the pill, by version: numbers for its authors, no names. NotReady."""
    return holding.holders(pill_id, now=timezone.now())


def last_awarded(pill_id: str) -> LearningPill | None:
    """The pill as it was when it was last awarded, if it ever was."""
    return holding.last_awarded(pill_id)


def recognition_defaults_of(organisation: str) -> tuple[Layer, ...]:
    """The recognition data that an organisation and its site give to pills, the stronger first. One query."""
    return recognition_defaults.of_organisation(organisation)


def awarding_body_of(course_id: str) -> Mapping[str, str]:
    """``name`` and ``country`` (alpha-3) of who awards in a course; empty where nobody does, or nobody can tell."""
    return awarding_facts.of_course(course_id)


def rehearse(pill: LearningPill, *, course_id: str, asked_by: str) -> rehearsal.Rehearsal:
    """Both credentials of ``pill`` as its course would issue them, for nobody; nothing is stored.

    Whoever calls has checked that the person may edit the pill. NotAllowed (``api-rate``) for who asks too often.
    """
    wait = rates.exceeded("preview", asked_by)
    if wait:
        raise NotAllowed("Too many requests.", code="api-rate", seconds=wait)
    return rehearsal.rehearse(pill, course_id=course_id, now=timezone.now())


def verdict(pill: LearningPill, *, try_it: bool) -> verdicts.Verdict | None:
    """What keeps credentials of ``pill`` from being issued, if anything does; the trial takes some tenths of a second.

    None where it was not tried yet, nor is now. No query.
    """
    return verdicts.reached(pill) if try_it else verdicts.known(pill)


def panel(learner_id: str, pill_id: str) -> Panel | None:
    """Everything about the learner's award of a pill, None without one.

    One that was revoked is told of until it is earned again: ``standing.state`` is ``revoked``, nothing else can be
    done with it.
    """
    shown = afterwards.shown_award(learner_id, pill_id)
    return showing.panel(shown) if shown is not None else None


def dismiss_notice(award_id: str, learner_id: str, notice_id: int) -> None:
    """The learner has read a notice; it is not shown again. NotAllowed (``notice-unknown``, ``award-unknown``)."""
    notices.dismiss(afterwards.own_award(award_id, learner_id), notice_id, now=timezone.now())


def payload(award_id: str, learner: Learner) -> Payload:
    """The exact documents that will be signed (or are), with the digest that ``consent`` wants.

    NotAllowed (``award-unknown``), InvalidInput (``email``, ``holder-empty``, ``holder-name``: the
    account lacks something), InvalidDocument, Misconfigured.
    """
    return issuing.payload(showing.own_award(award_id, learner.id), learner, now=timezone.now())


def consent(award_id: str, learner: Learner, *, digest: str) -> Panel:
    """The learner agrees to the payload with ``digest``; both credentials are then issued. Twice is once.

    NotAllowed (``payload-changed``): show ``payload`` again.
    """
    row = showing.own_award(award_id, learner.id)
    issuing.consent(row, learner, digest=digest, now=timezone.now())
    return showing.panel(row)


def withdraw(award_id: str, learner_id: str) -> Panel:
    """Take consent back: nothing more is signed, sent or given out. The panel tells what already lies in wallets."""
    row = showing.own_award(award_id, learner_id)
    issuing.withdraw(row, now=timezone.now())
    return showing.panel(row)


def connect(learner_id: str, wallet_id: str, *, award_id: str | None = None, return_url: str) -> str:
    """The address to open in the learner's browser (a window or the page itself) to connect a wallet.

    ``return_url`` is a page of this site (a path); the browser comes back to it with
    ``?microcred_wallet=<id>`` and, if there is no connection, ``&microcred_error=<code>``. NotAllowed
    (``wallet-unknown``), InvalidAnswer (``return-url``), WalletRefused, WalletUnreachable, Misconfigured.
    """
    own = showing.own_award(award_id, learner_id).pk if award_id else None
    return connecting.connect(learner_id, wallet_id, award_id=own, return_url=return_url, now=timezone.now())


def connect_by_address(
    learner: Learner, wallet_id: str, *, award_id: str, address: str = "", by_email: bool = False, language: str = "en"
) -> Panel:
    """Connect a wallet by its ``address``, or by the account's own e-mail address; nothing is asked of it yet.

    NotAllowed (``wallet-unknown``, ``award-unknown``), InvalidAnswer (``wallet-typed``, ``email``), Misconfigured.
    """
    row = showing.own_award(award_id, learner.id)
    addressing.connect(
        learner, wallet_id, award_id=row.pk, address=address, by_email=by_email, language=language, now=timezone.now()
    )
    return showing.panel(row)


def start_connection(ticket: str, *, session_secret: str, learner_id: str | None) -> str:
    """Where to redirect the browser that opened the address of ``connect``; binds it to its session.

    ``learner_id`` is the signed-in user, None where the platform has no users.
    """
    return connecting.start(ticket, session_secret=session_secret, learner_id=learner_id, now=timezone.now())


def finish_connection(
    *, wallet_id: str, state: str, code: str, error: str, iss: str, session_secret: str, learner_id: str | None
) -> str:
    """Take a wallet's answer; the address to redirect the browser to. InvalidAnswer or NotAllowed for strangers."""
    return connecting.finish(
        wallet_id=wallet_id, state=state, code=code, error=error, iss=iss, session_secret=session_secret,
        learner_id=learner_id, now=timezone.now(),
    )


def disconnect(learner_id: str, wallet_id: str) -> None:
    """Forget a wallet's tokens and revoke them there. What was delivered stays in the wallet."""
    connecting.disconnect(learner_id, wallet_id, now=timezone.now())


def send(award_id: str, learner_id: str, wallet_id: str) -> Panel:
    """Send both credentials to a connected wallet. Twice, or from two tabs, is once.

    NotAllowed: ``consent-missing``, ``wallet-not-connected``, ``wallet-unknown``.
    """
    row = showing.own_award(award_id, learner_id)
    delivering.send(row, wallet_id, now=timezone.now())
    return showing.panel(row)


def retry(award_id: str, learner_id: str, wallet_id: str) -> Panel:
    """Try now what waits or was refused."""
    row = showing.own_award(award_id, learner_id)
    delivering.retry(row, wallet_id, now=timezone.now())
    return showing.panel(row)


def offer(
    award_id: str, learner_id: str, channel: str, *, with_code: bool = False, by_value: bool = False
) -> Offer:
    """Offer the award to whatever wallet the learner has at hand; earlier offers by this channel end.

    ``by_value``: the link of an OpenID4VCI offer holds all of it, for wallets that fetch none. Too long for a QR code.

    InvalidAnswer (``offer-channel``), NotAllowed (``api-rate``, ``consent-missing``, ``award-suspended``,
    ``award-expired``), NotReady (``not-issued``).
    """
    row = showing.own_award(award_id, learner_id)
    wait = rates.exceeded("offer", learner_id)
    if wait:
        raise NotAllowed("Too many requests.", code="api-rate", seconds=wait)
    made = collecting.make(row, channel, with_code=with_code, now=timezone.now())
    uri = collecting.uri(channel, made.secret)
    if by_value and channel == openid4vci.CHANNEL:
        uri = openid4vci.uri_by_value(made.secret, with_code=with_code)
    apps = {"lcw": vc_api.lcw_uri(made.secret)} if channel == vc_api.CHANNEL else {}
    return Offer(
        channel=channel, uri=uri, app_uris=apps, tx_code=made.tx_code, expires_at=made.row.expires_at
    )


def download(award_id: str, learner_id: str, kind: str) -> Download:
    """A signed file; ``kind`` is one of DOWNLOAD_KINDS.

    InvalidAnswer (``download-kind``), NotAllowed (``consent-missing``, ``not-issued``).
    """
    return downloads.download(showing.own_award(award_id, learner_id), kind)


def mail_files(award_id: str, learner_id: str) -> Panel:
    """Send the archive to the address of the learner's own account; the panel tells how far that is.

    NotAllowed: ``mail-off``, ``mail-address``, ``mail-rate``, ``consent-missing``, ``not-issued``.
    """
    row = showing.own_award(award_id, learner_id)
    mailing.ask(row, now=timezone.now())
    return showing.panel(row)


def search_skills(query: str, language: str) -> tuple[skills.FoundSkill, ...]:
    """At most twenty skills of the catalogue for what an author has typed so far, best first."""
    return skills.search(query, language)


def skills_installed() -> bool:
    """Whether the catalogue of skills has anything in it."""
    return skills.installed()
