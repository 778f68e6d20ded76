"""Verification of what the wallet receives: own code, no Django, nothing of the issuer's modules.

``verify_badge``, ``verify_badge_jwt`` and ``verify_elm`` take the received bytes and answer with a
``Verified`` (the document, who issued it, and a ``Report`` of every check). They raise ``Unreadable``
only when there is no document to report about.
"""

from .badge import verify_badge, verify_badge_jwt
from .did import DidResolver
from .elm import verify_elm
from .report import Check, Outcome, Report, Unreadable, Verified

__all__ = [
    "Check", "DidResolver", "Outcome", "Report", "Unreadable", "Verified", "verify_badge", "verify_badge_jwt",
    "verify_elm",
]
