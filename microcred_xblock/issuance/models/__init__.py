"""The rows. They hold state and constraints; what happens to them is decided in the services."""

from .assessments import AssessmentRequest, IndexRequest, PillBlock
from .awards import Award, Consent, Credential, FrozenPill
from .issuers import Issuer, IssuerAssignment, KeyUse, SigningKey
from .jobs import BulkJob
from .keys import pair_key
from .offers import BoundCredential, SpentValue, WalletOffer
from .recognition import RecognitionDefaults
from .retirement import RetiredLearner
from .skills import Skill, SkillImport, SkillText, SkillWord
from .status import Notice, Regrade, StatusChange, StatusEntry, StatusList, StatusListCredential
from .wallets import (
    AuthorizationAttempt,
    ClientRegistration,
    Delivery,
    HostedAssertion,
    WalletCircuit,
    WalletConnection,
    WalletHost,
)

__all__ = [
    "AssessmentRequest", "AuthorizationAttempt", "Award", "BoundCredential", "BulkJob", "ClientRegistration",
    "Consent", "Credential", "Delivery", "FrozenPill", "HostedAssertion", "IndexRequest", "Issuer",
    "IssuerAssignment", "KeyUse", "Notice", "PillBlock", "RecognitionDefaults", "Regrade", "RetiredLearner",
    "SigningKey", "Skill", "SkillImport", "SkillText", "SkillWord", "SpentValue", "StatusChange", "StatusEntry",
    "StatusList", "StatusListCredential", "WalletCircuit", "WalletConnection", "WalletHost", "WalletOffer",
    "pair_key",
]
