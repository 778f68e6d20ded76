"""The one error tree of this package.

::

    MicrocredError
    ├── InvalidInput            the author, learner or admin can mend it; never retried
    │   ├── InvalidPill         the pill as written cannot be assessed or issued
    │   ├── InvalidDocument     a composed credential would not be standards-true
    │   └── InvalidAnswer       a handler, callback or form was sent something unusable
    ├── NotReady                the platform is still at work; ask again in a moment
    ├── NotAllowed              this person may not do this here (preview, anonymous, no consent)
    ├── Misconfigured           the admin must act: no issuer, no key, expired certificate
    ├── WalletRefused           the wallet answered and said no; retrying changes nothing
    └── WalletUnreachable       no usable answer; the only branch that is retried

Every error has a machine ``code`` (kebab-case, stable, the key of its translated message), an
English ``message`` that says what to do, and ``params`` for the translation. Neither may hold
personal data or secrets: both are logged and stored.
"""

from __future__ import annotations

from typing import Any


class MicrocredError(Exception):
    """Root of the tree. ``str(error)`` is the English message."""

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None, **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.params = params


class InvalidInput(MicrocredError):
    """Something written or sent by a person is unusable. ``field`` names where, when known."""

    default_code = "invalid-input"

    def __init__(self, message: str, *, code: str | None = None, field: str = "", **params: Any) -> None:
        super().__init__(message, code=code, field=field, **params)
        self.field = field


class InvalidPill(InvalidInput):
    """The pill's definition is incomplete or contradictory; the author can mend it."""

    default_code = "invalid-pill"


class InvalidDocument(InvalidInput):
    """A credential document would not be valid, or would not mean what it says."""

    default_code = "invalid-document"


class InvalidAnswer(InvalidInput):
    """A request, callback or outside document does not have the form it must have."""

    default_code = "invalid-answer"


class NotReady(MicrocredError):
    """The platform has not finished something this depends on. Asking again later is enough.

    ``retry_after`` is the number of seconds to wait, where a service said it.
    """

    default_code = "not-ready"

    def __init__(
        self, message: str, *, code: str | None = None, retry_after: int | None = None, **params: Any
    ) -> None:
        super().__init__(message, code=code, **params)
        self.retry_after = retry_after


class NotAllowed(MicrocredError):
    """The person is known but may not do this (no consent, preview, not enrolled)."""

    default_code = "not-allowed"


class Misconfigured(MicrocredError):
    """The installation lacks something only an admin can give."""

    default_code = "misconfigured"


class WalletRefused(MicrocredError):
    """The wallet answered with a definite no. Not retried."""

    default_code = "wallet-refused"


class WalletUnreachable(MicrocredError):
    """No usable answer from the wallet. Retried with back-off.

    ``retry_after`` is the number of seconds the wallet asked us to wait, when it did.
    """

    default_code = "wallet-unreachable"

    def __init__(
        self, message: str, *, code: str | None = None, retry_after: int | None = None, **params: Any
    ) -> None:
        super().__init__(message, code=code, **params)
        self.retry_after = retry_after
