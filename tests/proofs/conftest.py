"""An issuer with its keys, and the badge of ``tests.factories`` as it would be issued."""

from __future__ import annotations

from typing import Any

import pytest

from microcred_xblock.credentials import open_badges
from microcred_xblock.domain.credential import Credential
from microcred_xblock.proofs import did
from microcred_xblock.proofs.keys import LocalKey, SealCertificate, self_signed
from tests import factories


@pytest.fixture(scope="session")
def ed25519() -> LocalKey:
    return LocalKey.generate("Ed25519")


@pytest.fixture(scope="session")
def es256() -> LocalKey:
    return LocalKey.generate("ES256")


@pytest.fixture(scope="session")
def rs256() -> LocalKey:
    return LocalKey.generate("RS256")


@pytest.fixture(scope="session")
def did_document(ed25519: LocalKey, es256: LocalKey) -> dict[str, Any]:
    return did.document(factories.make_issuer().id, assertion_keys=[ed25519, es256])


@pytest.fixture
def badge() -> Credential:
    """Unsigned; a fresh copy for each test."""
    return make_badge()


def make_badge(**over: Any) -> Credential:
    """The composed badge of the factories' award; ``over`` goes to ``open_badges.compose``."""
    return open_badges.compose(
        factories.make_award(), factories.make_issuer(), factories.make_holder(),
        **{
            "credential_id": factories.CREDENTIAL_ID,
            "achievement_id": factories.ACHIEVEMENT_ID,
            "salt": factories.SALT,
            "valid_from": factories.NOW,
            **over,
        },
    )


@pytest.fixture(scope="session")
def certificate() -> SealCertificate:
    return make_certificate()


def make_certificate(**over: Any) -> SealCertificate:
    """A self-signed certificate of the factories' issuer."""
    return self_signed(**{
        "legal_name": "Centre de formation exemple", "legal_identifier": "NTRFR-123456789", "country_alpha2": "FR",
        "now": factories.AWARDED_AT, **over,
    })
