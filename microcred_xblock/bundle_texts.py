"""The texts of the archive that outlives the issuer: its offline page, its README and its certificate.

Msgids of the ``text`` catalogue. ``{date}``, ``{issuer}`` and ``{name}`` are filled in where they are shown.
"""

from __future__ import annotations


def N_(text: str) -> str:  # marks a text for extraction; it is translated when it is shown
    """``text`` itself."""
    return text


_NO_STATUS = N_("This archive cannot say whether it was revoked: compare online.")

# Of the offline page, by the names that its script knows.
PAGE: dict[str, str] = {
    "title": N_("Check of a credential, without a network"),
    "language": N_("Language"),
    "checking": N_("Checking…"),
    "cannot": N_(
        "This browser cannot check signatures in a file. Open the page in a current Firefox, Chrome, Edge or Safari."
    ),
    "verdict-good": N_("Verified with the keys in this archive"),
    "note-good": N_(
        "Nothing was changed since it was signed. Whether the keys are the issuer's is for you to compare: see below."
    ),
    "mark-good": N_("Verified"),
    "verdict-bad": N_("Not verified"),
    "note-bad": N_("At least one of the files is not what was signed. Do not rely on it."),
    "verdict-revoked": N_("Revoked"),
    "note-revoked": N_("The signatures fit, but when this archive was made ({date}) the credential was revoked."),
    "verdict-suspended": N_("Suspended"),
    "note-suspended": N_(
        "The signatures fit, but when this archive was made ({date}) the credential did not count for the time being."
    ),
    "verdict-expired": N_("Expired"),
    "note-expired": N_("The signatures fit, but the time for which the credential is valid is over."),
    "says": N_("What it says"),
    "fact-title": N_("Credential"),
    "fact-description": N_("Description"),
    "fact-issuer": N_("Awarded by"),
    "fact-from": N_("Valid from"),
    "fact-until": N_("Valid until"),
    "fact-results": N_("Results"),
    "checked": N_("What was checked"),
    "own-copy": N_(
        "This page carries its own copies of the files, because no browser lets a page read the files beside it. To "
        "check one of those files itself, choose it below."
    ),
    "form-badge": N_("Open Badge 3.0"),
    "form-jwt": N_("Open Badge 3.0 (JWT)"),
    "form-elm": N_("European Digital Credential"),
    "fits-badge": N_("The embedded proof (eddsa-rdfc-2022) fits a key of the issuer."),
    "fits-jwt": N_("The signature of the token fits a key of the issuer."),
    "fits-elm": N_("The seal (JAdES) fits the certificate in it, whose key is one of the issuer's."),
    "expired-on": N_("It was valid until {date}."),
    "not-revocation": N_("It was not revoked on {date}."),
    "is-revocation": N_("It was revoked on {date}."),
    "not-suspension": N_("It was not suspended on {date}."),
    "is-suspension": N_("It was suspended on {date}."),
    "status-twin": N_("It carries no status of its own: that of the Open Badge of the same award counts."),
    "code-no-list": _NO_STATUS,
    "code-status-broken": N_("The status list in this archive is not what was signed."),
    "code-changed": N_("The file is not what was signed: something in it was changed."),
    "code-unknown-key": N_("It is signed with a key that is not among those in this archive."),
    "code-foreign": N_("It was issued by somebody else than the issuer of this archive."),
    "code-contexts": N_(
        "It uses other vocabularies than the credentials of this archive; this page does not take them."
    ),
    "code-not-yet": N_("It is not valid yet."),
    "code-unreadable": N_("This page cannot read it as a signed credential."),
    "limits": N_("What this page cannot tell"),
    "limit-keys": N_(
        "Whose keys these are. The keys in this archive are a copy, made on {date}. That a signature fits shows that "
        "the files were signed with these keys and not changed since. Whether the keys are those of {issuer} is for "
        "you to find out: whoever forges a credential can also forge an archive."
    ),
    "limit-status": N_(
        "Whether the credential counts today. The status in this archive is that of {date}; it can have been revoked "
        "since."
    ),
    "limit-person": N_(
        "Whether it is about the person who shows it to you. The badge names only a hash of an e-mail address."
    ),
    "compare": N_("How to compare, as long as the issuer's site is there"),
    "compare-keys": N_("Open the keys that the issuer publishes, and look for these:"),
    "compare-page": N_("Open the credential's own page. It says what the credential is worth today:"),
    "compare-gone": N_(
        "If the site is gone: the seal of the European Digital Credential names the organisation in its certificate, "
        "and archives of the web may have kept the keys. Or ask the organisation itself."
    ),
    "other": N_("Check another file"),
    "other-note": N_(
        "Choose a file or drop it here (JSON, JWT, JSON-LD, PNG or SVG). It is checked with the keys in this archive "
        "and stays on your device."
    ),
    "software": N_("Software in this page, and its licences"),
}
NO_SCRIPT = N_("This page needs JavaScript to check signatures. It loads nothing from anywhere.")

README_TITLE = N_("Your credential, with everything that is needed to check it")
README_INTRO = N_(
    "Keep this archive. What is in it can be checked without the site that issued it, and without a network."
)
README_MADE = N_("Issued: {issued}\nThis archive was made: {date}")
README_START = N_("To check it, open verify.html in a browser. It tells what it checks, and what it cannot tell.")
README_CONTENTS = N_("What is in it:")
README_STATUS = N_(
    "The status lists and the keys are copies from when this archive was made. Whether the credential counts today, "
    "its own page says, as long as the site exists:"
)
README_PRIVATE = N_(
    "The archive is about you: the European Digital Credential and the certificate contain your name. Give it only to "
    "those who may know."
)
FILES: dict[str, str] = {
    "verify.html": N_("the page that checks all of this without a network"),
    "open-badge.json": N_("the Open Badge 3.0 with its proof"),
    "open-badge.jwt": N_("the same badge as a compact token"),
    "open-badge.png": N_("the badge image with the signed badge inside"),
    "open-badge.svg": N_("the same image as a vector drawing"),
    "european-credential.jsonld": N_("the sealed European Digital Credential (ELM)"),
    "certificate.pdf": N_("a page to print; what counts is the signed data"),
    "did.json": N_("the issuer's public keys"),
    "status/": N_("the signed status lists"),
    "contexts/": N_("the vocabularies that the badge uses"),
    "manifest.json": N_("the SHA-256 of every file, and where the vocabularies come from"),
}

# Of the certificate to print, in the pill's language.
CERTIFICATE: dict[str, str] = {
    "kicker": N_("Micro-credential"),
    "awarded_to": N_("awarded to"),
    "outcomes_label": N_("Learning outcomes achieved"),
    "more": N_("and {n} more in the data of the credential"),
    "awarded_by": N_("Awarded by"),
    "url_note": N_("What it is worth today is told here:"),
    "footer": N_("This page is for printing. What counts is the signed data."),
}
LEVEL, LEVEL_EQF = N_("Level"), N_("EQF level {level}")
WORKLOAD, WORKLOAD_HOURS = N_("Workload"), N_("{hours} h")
ECTS = N_("ECTS points")
AWARDED_ON, VALID_UNTIL = N_("Date of award"), N_("Valid until")
