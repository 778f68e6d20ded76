"""No person in the log. Our own lines hold keys and codes only; this is about the words of others' exceptions.

A mail server refuses an address by naming it, PostgreSQL answers a broken constraint with the whole row. So of an
exception the log gets its type and its traceback, and its words only where they cannot be about a person.
"""

from __future__ import annotations

import logging
from pathlib import Path
from smtplib import SMTPException

from ..domain.errors import MicrocredError

PACKAGE = "microcred_xblock"
WITHHELD = "(words withheld: they may name a person)"
_SPEAKING = (MicrocredError, OSError, ImportError, AttributeError, NameError, ArithmeticError)
_SPEAKING_NAMES = ("OperationalError",)  # of each database driver, of Django and of the message broker
_DEPTH = 5


class Discreet(logging.Filter):
    """Lets every record pass, without the words of exceptions that may name a person."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the exception of ``record``."""
        if record.exc_info and record.exc_info[1] is not None:
            found = discreet(record.exc_info[1])
            record.exc_info = (type(found), found, found.__traceback__)
            record.exc_text = None
        return True


_filter = Discreet()


def install() -> None:
    """Put the filter on the logger of every module of the package, also of those that are not imported yet.

    A filter on the package's logger would not do: the loggers below it do not ask it.
    """
    root = Path(__file__).resolve().parent.parent
    for path in root.rglob("*.py"):
        name = ".".join((PACKAGE, *path.relative_to(root).with_suffix("").parts))
        logging.getLogger(name.removesuffix(".__init__")).addFilter(_filter)


def discreet(error: BaseException, depth: int = _DEPTH) -> BaseException:
    """``error`` itself, or one of the same name and traceback without its words; so, too, what caused it."""
    inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = discreet(inner, depth - 1) if inner is not None and depth else None
    if _may_speak(error) and before is inner:
        return error
    kind = type(error)
    words = str(error) if _may_speak(error) else WITHHELD
    named = type(kind.__name__, (Exception,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})
    found = named(words).with_traceback(error.__traceback__)
    found.__cause__, found.__context__ = (before if error.__cause__ else None), before
    found.__suppress_context__ = error.__suppress_context__
    return found


def _may_speak(error: BaseException) -> bool:
    if isinstance(error, SMTPException):
        return False
    return isinstance(error, _SPEAKING) or type(error).__name__ in _SPEAKING_NAMES
