"""The sentences of a verification report, as a person reads them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from .verification import Check, Outcome, Report

_QUESTIONS = {
    "structure": _("Is it complete?"),
    "period": _("Is it valid today?"),
    "proof": _("Is it signed?"),
    "issuer": _("Who issued it?"),
    "authority": _("May this key sign for the issuer?"),
    "key": _("Is the key usable?"),
    "signature": _("Is it unchanged since it was signed?"),
    "claims": _("Do envelope and content agree?"),
    "certificate": _("Is the certificate sound?"),
    "seal": _("What kind of seal is it?"),
    "status": _("Has it been revoked?"),
    "recipient": _("Is it yours?"),
}
_PASSED = {
    "structure": _("Everything the standard asks for is there."),
    "period": _("Yes."),
    "data-integrity": _("Yes, with a Data Integrity proof inside the file."),
    "vc-jwt": _("Yes, as a signed token (VC-JWT)."),
    "did-web": _("%(did)s, as its own web server says."),
    "listed": _("Yes, the issuer lists it for this purpose."),
    "ed25519": _("Yes (Ed25519)."),
    "eddsa-rdfc-2022": _("Yes. The signature fits every statement in it (eddsa-rdfc-2022)."),
    "jws": _("Yes. The signature fits (%(algorithm)s)."),
    "jades": _("Yes. The seal fits every byte (JAdES, %(algorithm)s)."),
    "certificate-issuer": _("%(organisation)s (%(legal_identifier)s, %(country)s), as in the certificate of the seal."),
    "status-clear": _("No. It is not marked in the issuer’s signed list."),
    "ok": _("Yes."),
}
_OTHER = {
    "schema": _("It does not follow the Open Badges 3.0 schema at %(place)s."),
    "member": _("“%(member)s” is missing."),
    "no-valid-from": _("It does not say from when it is valid."),
    "bad-valid-until": _("Its end date cannot be read."),
    "not-yet-valid": _("Not yet: it is valid from %(date)s."),
    "expired": _("No: it was valid until %(date)s."),
    "no-proof": _("No signature of a known kind was found."),
    "did-method": _("The issuer is identified in a way this wallet cannot look up (%(did)s)."),
    "did-unreachable": _("The issuer’s server %(host)s did not answer. Verify again later."),
    "did-other-subject": _("The issuer’s server describes somebody else."),
    "issuer-unlisted": _("%(did)s is not among the issuers this demo wallet may contact."),
    "key-of-another": _("No: the key belongs to somebody other than %(did)s."),
    "key-not-listed": _("No: the issuer does not list this key."),
    "key-kind": _("No: it is not a key of the kind this proof needs."),
    "algorithm": _("It is signed with an algorithm that is not accepted."),
    "jws-header": _("Its signature header is not as it must be."),
    "claim": _("No: “%(claim)s” differs."),
    "signature": _("No. It was changed, or somebody else signed it."),
    "json-ld": _("Its statements cannot be read."),
    "undefined-term": _("It has statements that no signature can cover."),
    "unknown-context": _("It refers to a vocabulary this wallet does not know."),
    "control-character": _("It has invisible characters that no two verifiers read alike."),
    "certificate-unreadable": _("The seal has no readable certificate."),
    "certificate-digest": _("The certificate is not the one the seal names."),
    "certificate-period": _("The certificate was not valid at the time of the seal, or no longer is."),
    "certificate-chain": _("The certificates do not follow from each other."),
    "issuer-name": _("The seal is of “%(organisation)s”, but the credential names another issuer."),
    "issuer-identifier": _("The seal is of “%(organisation)s”, but the credential has another legal identifier."),
    "issuer-country": _("The seal is of “%(organisation)s”, but the credential names another country."),
    "self-signed": _(
        "A technical signature with a self-signed certificate. It is not an eIDAS qualified seal: it shows that "
        "nothing was changed, but nobody vouches for the organisation’s name."
    ),
    "not-consulted": _(
        "A technical signature. The wallet does not read the EU’s trusted lists, so it cannot call it a qualified seal."
    ),
    "revoked": _("Yes: the issuer’s signed list says that it was revoked."),
    "suspended": _("It is suspended: for now, the issuer’s signed list says not to rely on it."),
    "status-entry": _("Where it says how to find out, nothing can be found."),
    "status-index": _("It has no place in the issuer’s list."),
    "status-kind": _("The issuer tells it in a way this wallet does not know."),
    "status-unlisted": _("The list it names is not at an address this demo wallet may contact."),
    "status-unreachable": _("The issuer’s server %(host)s did not give its list. Verify again later."),
    "status-list": _("The issuer’s list cannot be relied on: it is not as it was signed, or not as it must be."),
    "status-list-period": _("The issuer’s list is out of date. Verify again later."),
    "status-other-list": _("The list that the server gives is not the one that the credential means."),
    "recipient-you": _("Yes: it was made out to your e-mail address."),
    "recipient-other": _("It was made out to another e-mail address than the one of this wallet."),
}
STATES = {
    "verified": _("Verified"),
    "invalid": _("Does not verify"),
    "revoked": _("Revoked"),
    "suspended": _("Suspended"),
    "expired": _("Expired"),
    "not-yet-valid": _("Not valid yet"),
    "unknown": _("Not verified yet"),
}
MEANINGS = {
    "revoked": _("The issuer took it back. It is genuine, but it no longer counts: do not show it as valid."),
    "suspended": _("The issuer set it aside for now. It may count again later; until then, do not show it as valid."),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a report: question, answer, and the outcome that decides its sign."""

    question: str
    answer: str
    outcome: Outcome


def lines(report: Report) -> list[Line]:
    """The report in sentences."""
    return [
        Line(question=str(_QUESTIONS.get(c.name, c.name)), answer=_answer(c), outcome=c.outcome)
        for c in report.checks
    ]


def _answer(check: Check) -> str:
    if check.outcome is Outcome.PASSED:
        sentence = _PASSED.get(check.name if check.name in ("structure", "period") else check.code, _PASSED["ok"])
    else:
        sentence = _OTHER.get(check.code, check.code)
    return str(sentence) % dict(check.params) if check.params else str(sentence)
