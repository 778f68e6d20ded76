"""The rows. They hold state and constraints; what happens to them is decided in the services."""

from .assessments import AssessmentRequest, IndexRequest, PillBlock
from .awards import Award, Consent, Credential, FrozenPill
from .issuers import Issuer, SigningKey
from .keys import pair_key
from .wallets import AuthorizationAttempt, ClientRegistration, Delivery, WalletConnection, WalletHost

__all__ = [
    "AssessmentRequest", "AuthorizationAttempt", "Award", "ClientRegistration", "Consent", "Credential", "Delivery",
    "FrozenPill", "IndexRequest", "Issuer", "PillBlock", "SigningKey", "WalletConnection", "WalletHost", "pair_key",
]
