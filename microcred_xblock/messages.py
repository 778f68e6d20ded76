"""What to tell a person for each error code: what happened, and what they can do."""

from __future__ import annotations

from .domain.errors import MicrocredError
from .message_texts import ADMIN, BRANCHES, FIELDS, MESSAGES, N_, NOT_RETRIED, RETRIED, UNREACHABLE
from .translation import Translator


class _Params(dict):
    """Parameters for ``format_map``; an absent one shows as a dash instead of failing."""

    def __missing__(self, _name: str) -> str:
        return "–"


def explain(error: MicrocredError, translator: Translator) -> str:
    """The message for ``error`` in the reader's language, as the answer to what the reader just tried."""
    return text(error.code, translator, error=error, **error.params)


def text(
    code: str, translator: Translator, *, error: MicrocredError | None = None, retried: bool = False, **params: object
) -> str:
    """The message for a stored ``code``; that of its branch, or the general one, if the code has none.

    ``retried``: what failed is tried again without anybody's doing, as a waiting delivery is.
    """
    message = MESSAGES.get(code) or _branch_message(error)
    values = {name: str(value)[:300] for name, value in params.items()}
    if values.get("field"):
        values["field"] = field_name(values["field"], translator)
    else:
        values.pop("field", None)
    found = translator.gettext(message).format_map(_Params(values))
    if code in ADMIN:  # whoever reads it can only pass it on
        found = " ".join((translator.gettext(BRANCHES["misconfigured"]), translator.gettext(N_("Reason:")), found))
    if message in UNREACHABLE.values():
        found = " ".join((found, translator.gettext(RETRIED if retried else NOT_RETRIED)))
    return found


def field_name(field: str, translator: Translator) -> str:
    """The last part of a field's place, as a person calls it."""
    last = field.rpartition(".")[2]
    if last.startswith("outcome ") and last not in FIELDS:
        return translator.gettext(N_("Outcome “{outcome}”")).format(outcome=last.removeprefix("outcome "))
    return translator.gettext(FIELDS[last]) if last in FIELDS else last


def place(field: str, translator: Translator) -> str:
    """Where a problem is, for a list of problems: the first part of a field's place."""
    return field_name(field.partition(".")[0], translator)


def _branch_message(error: MicrocredError | None) -> str:
    """The text of the nearest branch of the tree that has one."""
    kinds = type(error).__mro__ if error is not None else (MicrocredError,)
    codes = (getattr(kind, "default_code", "") for kind in kinds)
    return next(BRANCHES[code] for code in codes if code in BRANCHES)
