"""The addresses of this app's pages, as others see them. ``urls.py`` serves them; a test holds the two together."""

from __future__ import annotations

from uuid import UUID

from . import conf


def achievement(uuid: UUID) -> str:
    """The page of a pill in one version; also the id of the Achievement in every badge for it."""
    return f"{conf.public_base_url()}/microcred/achievements/{uuid}"


def assessment(uuid: UUID) -> str:
    """The page that tells how the pill's outcomes are assessed; the badge's evidence."""
    return f"{achievement(uuid)}/assessment"


def wallet_start(ticket: str) -> str:
    """Where a learner's browser sets out for a wallet."""
    return f"{conf.public_base_url()}/microcred/wallet/start/{ticket}/"


def wallet_callback(wallet_id: str) -> str:
    """Where a wallet sends the learner's browser back: another one for each wallet, against mix-up."""
    return f"{conf.public_base_url()}/microcred/wallet/callback/{wallet_id}/"


def about(page: str) -> str:
    """What wallets show about this site: ``terms``, ``privacy``, ``logo.svg``."""
    return f"{conf.public_base_url()}/microcred/about/{page}"
