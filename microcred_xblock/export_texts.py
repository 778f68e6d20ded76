"""What each part of a learner's data export is: msgids of the ``text`` catalogue."""

from __future__ import annotations


def N_(text: str) -> str:  # marks a text for extraction; it is translated when it is shown
    """``text`` itself."""
    return text


PARTS: dict[str, str] = {
    "learner": N_("Your user id on this site. Every part below was found by it."),
    "awards": N_(
        "The learning pills you have mastered, with the results that were assessed. They are kept so that your "
        "credentials can be issued and verified."
    ),
    "awards.history": N_(
        "Every change of an award: what was done, when and why, and the note of whoever did it. Members of staff are "
        "not named."
    ),
    "awards.score_changes": N_("Scores that changed after the award, and what followed from it."),
    "awards.notices": N_("What this site has told you about the award."),
    "awards.consents": N_(
        "What you agreed to: for which purpose and which recipient, since when and until when. The SHA-256 value "
        "names the exact document. You can take every consent back on the page of the pill."
    ),
    "awards.credentials": N_(
        "The signed credentials, each as a file that you may keep and use without this site. The salt keeps others "
        "from guessing your e-mail address from the Open Badge."
    ),
    "awards.credentials.deliveries": N_("To which wallet a credential was sent, when, and where it lies there."),
    "awards.collected_credentials": N_(
        "The signed credentials that a wallet collected. Each names a key of that wallet, which it has proved to hold."
    ),
    "awards.offers_to_wallets": N_(
        "When you offered a credential to a wallet by a QR code or a link. They are deleted a day after they expired."
    ),
    "awards.status_list": N_(
        "The place of your credential in the public list that tells whether it is still valid. The list names nobody."
    ),
    "wallets": N_(
        "The wallets you have connected. The access tokens are kept encrypted and are not given out, not even to you: "
        "whoever has them can write into your wallet. Where you gave the address of your wallet, or your own, "
        "it is shown."
    ),
    "connections_under_way": N_("Wallets you have begun to connect. They are deleted a day after they have expired."),
    "assessments_waiting": N_("Pills that are about to be assessed because you have answered something."),
    "work_as_staff": N_("What you did with other people's awards as a member of staff."),
}
