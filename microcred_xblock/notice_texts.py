"""What a learner is told of an award afterwards, on its page and by e-mail: what happened, what follows, what to do.

Every text is a msgid of the ``text`` catalogue. Dates stand apart from the sentences, so that a page can show them in
the reader's own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


def N_(text: str) -> str:  # marks a text for extraction; it is translated when it is shown
    """``text`` itself."""
    return text


class Speaks(Protocol):
    """A translator."""

    def gettext(self, message: str) -> str:
        """``message`` in the reader's language."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """A notice as a person reads it. ``bad``: something is taken away, or may be."""

    title: str
    sentences: tuple[str, ...]
    todo: str
    bad: bool


TITLES: dict[str, str] = {
    "score-change": N_("Your scores have changed"),
    "score-settled": N_("Your credential stays as it is"),
    "suspended": N_("Your credential is suspended"),
    "revoked": N_("Your credential is revoked"),
    "reinstated": N_("Your credential is valid again"),
    "superseded": N_("A newer credential has taken its place"),
    "renewal-offered": N_("A new credential is ready for you"),
    "expires-soon": N_("Your credential expires soon"),
    "expired": N_("Your credential has expired"),
    "files-queued": N_("Your archive is on its way"),
    "files-sent": N_("Your archive was sent"),
    "files-unsent": N_("Your archive could not be sent"),
    "files-mail": N_("Your credential is attached"),
}
PILL = N_("Learning pill:")
DAY = N_("Day:")
OPEN = N_("Open the pill in your course:")
BAD = ("score-change", "suspended", "revoked", "expires-soon", "expired", "files-unsent")

_FELL = N_("Your scores in this pill no longer reach what this credential asks for.")
_DELETED = N_("Answers that counted for this credential were reset, so your scores no longer reach what it asks for.")
_CHANGED = N_("Your scores in this pill have changed. They still reach what this credential asks for.")
_REACH = N_("Your scores reach again what this credential asks for.")
_AS_TOLD = N_("The time you were given is over.")

# What happened: by kind, and by what made it happen; "" for everything else.
CAUSES: dict[str, dict[str, str]] = {
    "score-change": {"regrade": _FELL, "score-deleted": _DELETED, "changed": _CHANGED, "": _FELL},
    "score-settled": {
        "recovered": _REACH,
        "updated": N_("It was not issued yet, so it will simply say what your scores are now."),
        "dismissed": N_("The course team looked at the change of your scores and decided that nothing follows."),
        "": N_("The pill itself was changed, so your present scores are no longer compared with your credential."),
    },
    "suspended": {
        "regrade": _FELL, "score-deleted": _DELETED,
        "not-agreed": N_("Your scores have changed, and you have not agreed to the new credential yet."),
        "": N_("The course team has suspended it."),
    },
    "revoked": {"regrade": _FELL, "score-deleted": _DELETED, "": N_("The course team has revoked it.")},
    "reinstated": {
        "regrade": _REACH, "mistake": N_("The course team has lifted the suspension: it was a mistake."),
        "cleared": N_("The course team has lifted the suspension: what was in question is cleared up."),
        "": N_("The course team has lifted the suspension."),
    },
    "superseded": {"": N_("You agreed to the new credential; the former one no longer counts.")},
    "renewal-offered": {
        "regrade": N_("Your scores have changed. The new credential says what they are now."),
        "renewal": N_("The new credential is valid for longer than the present one."),
        "": N_("The course team has prepared the credential anew."),
    },
    "expires-soon": {"": N_("After that day whoever checks it will see that it is no longer valid.")},
    "expired": {
        "": N_("Whoever checks it now sees that it is no longer valid. What it proved remains true for its time."),
    },
    "files-queued": {"": N_("It is being sent to the e-mail address of your account.")},
    "files-sent": {
        "": N_(
            "It was sent to the e-mail address of your account. If it does not arrive, look among your unwanted mail."
        ),
    },
    "files-unsent": {"": N_("The message could not be handed over. Your credential is not concerned.")},
    "files-mail": {
        "": N_(
            "Keep this archive. What is in it can be checked without the site that issued it, and without a network."
        ),
    },
}
# Why staff did it; told after what happened. The causes of a change of scores are told already.
REASONS: dict[str, str] = {
    "integrity": N_(
        "Reason: the course team is not sure how the results came about. Ask what is in question, and tell them your "
        "side of it."
    ),
    "error": N_("Reason: it was issued by mistake, or with a mistake."),
    "learner-request": N_("Reason: you asked for it."),
    "expired-registration": N_("Reason: the registration of the certification has ended."),
    "other": N_("The course team can tell you the reason."),
}
# What follows, under the pill's rule.
_SUSPEND = N_(
    "On the day below it is suspended: whoever checks it then sees that it does not count for the time being."
)
_REVOKE = N_("On the day below it is revoked: whoever checks it then sees that it no longer counts.")
_SUPERSEDE = N_(
    "On the day below a new credential with your present scores is prepared. You then have as many days again to agree "
    "to it, at least one; after that the present one is suspended until you do."
)
_STAYS = N_("The present credential stays valid until you have agreed to the new one.")
_UNTIL = N_("The present credential stays valid until the day below; after that it is suspended until you agree.")
FOLLOWS: dict[str, str] = {
    "suspended": N_("Whoever checks it sees that it does not count for the time being. Nothing of it is deleted."),
    "suspended-page": N_(
        "Its verification page on this site says that it does not count for the time being. The badge itself cannot "
        "say so: who checks the file elsewhere may still find it valid. Nothing of it is deleted."
    ),
    "revoked": N_("Whoever checks it sees that it no longer counts, also where a file or a wallet keeps it."),
    "renewal-offered": _STAYS,
}

_AGAIN = N_(
    "Work through the activities again. If your scores suffice before that day, nothing happens to your credential. "
    "If you think the change is a mistake, tell the course team before that day."
)
_MISTAKE = N_("You need not do anything. If you think the change is a mistake, tell the course team before that day.")
_SUFFICE = N_("Work through the activities again: as soon as your scores suffice, it is valid again by itself.")
_ASK = N_("Ask the course team what has to happen for it to be valid again.")
_AGREE = N_("Read on this page what it says, and agree to it.")
_RENEW = N_(
    "Work through the activities again: once every outcome is proved anew, a new credential is prepared for you."
)
_FILES = {
    "files-unsent": N_("Download the archive on this page."),
    "files-mail": N_(
        "To check it, open verify.html in a browser. It tells what it checks, and what it cannot tell."
    ),
}
REGAIN: dict[str, str] = {
    "results": N_("You can earn it again: as soon as your scores suffice, a new credential is prepared for you."),
    "anew": N_(
        "You can earn it again: every outcome it needs has to be assessed anew after the revocation. Ask the course "
        "team if an activity does not let you answer again."
    ),
    "never": N_("It cannot be earned again. Ask the course team if you think this is a mistake."),
}


def words(kind: str, params: Mapping[str, Any], translator: Speaks) -> Words:
    """A notice in the reader's language. ``params`` are those it was stored with."""
    reason = str(params.get("reason", ""))
    causes = CAUSES.get(kind, {})
    sentences = [causes.get(reason, causes.get("", ""))]
    if causes.get(reason) is None and kind != "reinstated":  # the reasons are those against it
        sentences.append(REASONS.get(reason, ""))
    if kind in ("suspended", "revoked") and params.get("automatic"):
        sentences.append(_AS_TOLD)
    sentences.append(_outlook(params) if kind == "score-change" else _follows(kind, params))
    return Words(
        title=translator.gettext(TITLES.get(kind, TITLES["score-change"])),
        sentences=tuple(translator.gettext(sentence) for sentence in sentences if sentence),
        todo=translator.gettext(todo) if (todo := _todo(kind, reason, params)) else "",
        bad=kind in BAD,
    )


def _follows(kind: str, params: Mapping[str, Any]) -> str:
    if kind == "renewal-offered" and params.get("date"):
        return _UNTIL
    hidden = kind == "suspended" and params.get("in_badge") is False
    return FOLLOWS.get("suspended-page" if hidden else kind, "")


def _outlook(params: Mapping[str, Any]) -> str:
    if params.get("mastered"):
        return _SUPERSEDE
    return _SUSPEND if params.get("policy") == "suspend" else _REVOKE


def _todo(kind: str, reason: str, params: Mapping[str, Any]) -> str:
    if kind == "score-change":
        return _MISTAKE if params.get("mastered") else _AGAIN
    if kind == "suspended" and reason == "not-agreed":
        return _AGREE
    if kind == "suspended":
        return _SUFFICE if params.get("automatic") else _ASK
    if kind == "revoked":
        return REGAIN.get(str(params.get("regain", "")), "")
    if kind in ("expires-soon", "expired"):
        return _RENEW
    if kind in _FILES:
        return _FILES[kind]
    return _AGREE if kind == "renewal-offered" else ""
