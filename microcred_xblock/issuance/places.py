"""The addresses of this app's pages, as others see them. ``urls.py`` serves them; a test holds the two together."""

from __future__ import annotations

from uuid import UUID

from django.utils.crypto import salted_hmac

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


def status_list(uuid: UUID, purpose: str) -> str:
    """A signed status list; the id by which entries in badges name it."""
    return f"{conf.public_base_url()}/microcred/status/{uuid}/{purpose}"


def verification(uuid: UUID | None = None) -> str:
    """The page that tells what a credential is worth now; without ``uuid`` the one where anybody can check one."""
    return f"{conf.public_base_url()}/microcred/verify/{uuid or ''}"


def openid4vci(place: str = "") -> str:
    """An address below the Credential Issuer Identifier of OpenID4VCI; the identifier itself without ``place``.

    It has a path, so that the well-known addresses of the bare host stay the platform's own.
    """
    return f"{conf.public_base_url()}/microcred/openid4vci{'/' if place else ''}{place}"


def jwt_issuer(key: str) -> str:
    """The ``iss`` of an awarding body's SD-JWTs, behind which its keys are found."""
    return openid4vci(f"issuers/{key}" if key else "issuers")


def credential_type() -> str:
    """The ``vct`` of an SD-JWT VC, behind which its Type Metadata are."""
    return openid4vci("types/micro-credential")


def credential_offer(secret: str) -> str:
    """Where a wallet fetches the Credential Offer (OpenID4VCI 1.0, section 4.1.3)."""
    return openid4vci(f"offers/{secret}")


def interaction(secret: str) -> str:
    """What a VC-API wallet is told first: the protocols by which it may go on (``iuv=1``)."""
    return f"{conf.public_base_url()}/microcred/interactions/{secret}?iuv=1"


def exchange(secret: str) -> str:
    """The exchange of an interaction."""
    return f"{conf.public_base_url()}/microcred/interactions/{secret}/exchange"


def lcw_request(secret: str) -> str:
    """Where the link of the Learner Credential Wallet makes it post its presentation."""
    return f"{conf.public_base_url()}/microcred/interactions/{secret}/lcw"


def assertion(uuid: UUID) -> str:
    """The Open Badge 2.0 of an award; its id, and what verifies it."""
    return f"{conf.public_base_url()}/microcred/ob2/assertions/{uuid}"


def badge_class(achievement_uuid: UUID, issuer_key: str = "") -> str:
    """The BadgeClass (Open Badges 2.0) of a pill in one version, as one awarding body awards it."""
    below = f"/{issuer_key}" if issuer_key else ""
    return f"{conf.public_base_url()}/microcred/ob2/badges/{achievement_uuid}{below}"


def badge_picture(achievement_uuid: UUID) -> str:
    """The picture of a BadgeClass."""
    return f"{conf.public_base_url()}/microcred/ob2/images/{achievement_uuid}"


def issuer_profile(issuer_key: str = "") -> str:
    """The Profile (Open Badges 2.0) of an awarding body."""
    below = f"issuers/{issuer_key}" if issuer_key else "issuer"
    return f"{conf.public_base_url()}/microcred/ob2/{below}"


def refresh(uuid: UUID, salt: str) -> str:
    """Where the badge that took the place of this one is; the badge's refresh service."""
    return f"{conf.public_base_url()}/microcred/refresh/{uuid}/{refresh_token(uuid, salt)}"


def refresh_token(uuid: UUID, salt: str) -> str:
    """What only whoever has the badge can name: its id stands on public pages, and so may its salt, as in the hosted
    twin of Open Badges 2.0."""
    return salted_hmac("microcred.refresh", f"{salt}:{uuid}", algorithm="sha256").hexdigest()
