"""What the console calls things: states, formats, actions, and what staff can do about an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from ... import messages
from ...message_texts import MESSAGES
from ...notice_texts import TITLES as NOTICE_TITLES
from ...translation import Translator
from .. import status

# Label and tone. The tone is only colour: the label says it all.
STATES: dict[str, tuple[Any, str]] = {
    "failed": (_("Failed"), "bad"),
    "waiting": (_("Waiting"), "busy"),
    "no-consent": (_("No consent"), "quiet"),
    "issued": (_("Issued"), "good"),
    "delivered": (_("Delivered"), "good"),
    "suspended": (_("Suspended"), "warn"),
    "revoked": (_("Revoked"), "bad"),
    "superseded": (_("Superseded"), "quiet"),
    "expired": (_("Expired"), "quiet"),
    "erased": (_("Data erased"), "quiet"),
}
SENDING: dict[str, tuple[Any, str]] = {
    "queued": (_("waiting to be sent"), "busy"),
    "sending": (_("being sent"), "busy"),
    "delivered": (_("delivered"), "good"),
    "refused": (_("refused"), "bad"),
    "waiting-retry": (_("waiting for the next attempt"), "busy"),
    "dead": (_("given up"), "bad"),
    "stopped": (_("stopped"), "quiet"),
}
SIGNING: dict[str, tuple[Any, str]] = {
    "prepared": (_("not agreed to yet"), "quiet"),
    "queued": (_("waiting to be signed"), "busy"),
    "issued": (_("signed"), "good"),
    "failed": (_("failed"), "bad"),
    "erased": (_("erased"), "quiet"),
}
FORMATS: dict[str, Any] = {
    "ob3": _("Open Badge 3.0"), "ob3-jwt": _("Open Badge 3.0 as JWT"), "elm": _("European Digital Credential"),
}
HOSTED = _("Open Badge 2.0")  # what is sent of an Open Badge to a wallet that takes no newer one
PURPOSES: dict[str, Any] = {
    "issue": _("Issue and sign"), "share": _("Send to a wallet"), "publish": _("Show to anybody with the link"),
}
CHANGES: dict[str, Any] = {
    "suspend": _("Suspended"), "revoke": _("Revoked"), "reinstate": _("Reinstated"), "supersede": _("Superseded"),
    "keep": _("Kept"), "retire": _("Personal data erased"),
}
CASES: dict[str, Any] = {
    "waiting": _("Waiting"), "recovered": _("The scores suffice again"), "kept": _("Kept"),
    "suspended": _("Suspended"), "revoked": _("Revoked"), "superseded": _("Superseded"),
    "dismissed": _("Dismissed by staff"),
}
SET_ASIDE = _("Set aside: the pill is assessed otherwise now, or is gone")
POLICIES: dict[str, Any] = {
    "keep": _("keep the award"), "suspend": _("suspend the award"), "revoke": _("revoke the award"),
    "supersede": _("replace the award by one with the new results"),
}
NOTICES: dict[str, Any] = {
    "queued": _("waiting to be sent"), "sent": _("sent by e-mail"), "shown": _("shown on the page only"),
    "dead": _("given up"),
}
REGAIN: dict[str, Any] = {
    "anew": _("Only when every outcome has been assessed anew"),
    "results": _("As soon as the results suffice"),
    "never": _("Never"),
}
REASONS: dict[str, Any] = {
    "reissue": _("Other data or another key: the new credential keeps the dates"),
    "renewal": _("Renewal: the new credential is valid anew from today"),
}
ACTIONS: dict[str, Any] = {
    "retry": _("Try again now"), "suspend": _("Suspend…"), "reinstate": _("Reinstate…"), "revoke": _("Revoke…"),
    "renew": _("Reissue…"), "dismiss-regrade": _("Dismiss the change of scores…"),
}
TITLES: dict[str, Any] = {
    "retry": _("Try again now"), "suspend": _("Suspend this award"), "reinstate": _("Reinstate this award"),
    "revoke": _("Revoke this award"), "renew": _("Reissue this award"),
    "dismiss-regrade": _("Dismiss the change of scores"),
}
DONE: dict[str, Any] = {
    "retry": _("It is being tried again. Reload the page in a moment to see what came of it."),
    "suspend": _("The award is suspended."), "reinstate": _("The award is valid again."),
    "revoke": _("The award is revoked."),
    "renew": _("A new award was made. The learner is asked to agree to the new credential."),
    "dismiss-regrade": _("The change of scores is dismissed; the award stays as it is."),
}
JOBS: dict[str, tuple[Any, str]] = {
    "waiting": (_("Waiting for a worker"), "busy"), "running": (_("Running"), "busy"), "done": (_("Done"), "good"),
    "cancelled": (_("Cancelled"), "quiet"), "failed": (_("Stopped by an error"), "bad"),
}
BULK: dict[str, Any] = {"retry": _("Try all again"), "renew": _("Reissue all")}
COLUMNS: dict[str, Any] = {
    "award": _("Award"), "awarded_at_utc": _("Awarded at (UTC)"), "learner": _("Learner"), "course": _("Course"),
    "pill": _("Pill"), "pill_id": _("Id of the pill"), "issuer": _("Issuer"), "state": _("State"),
    "since_utc": _("Since (UTC)"), "expires_at_utc": _("Valid until (UTC)"), "credentials": _("Credentials"),
    "deliveries": _("Deliveries"), "error": _("Errors"),
}
STEPS: dict[str, Any] = {
    "assess": _("learners to assess"), "index": _("courses to read"), "sign": _("credentials to sign"),
    "deliver": _("credentials to send"), "tell": _("messages to learners"),
    "held": _("credentials held until a suspension ends"),
}
# What happened, where the learner is told what to do in the same breath.
CAUSES: dict[str, Any] = {
    "wallet-address": _("The wallet's address {host} leads into a closed network and was not contacted."),
    "wallet-authorisation": _("The wallet refused the connection."),
    "wallet-closed": _("The wallet takes nothing from this site."),
    "wallet-client": _("The wallet does not know this site any more."),
    "wallet-declined": _("The learner did not allow the connection."),
    "wallet-discovery": _("The wallet offers no usable Open Badges service."),
    "wallet-forbidden": _("The wallet does not allow this site to add credentials."),
    "wallet-has-some": _("The wallet says that it has the credential already, but not under which id."),
    "wallet-host": _("The wallet points to {host}, which MICROCRED_WALLETS does not allow."),
    "wallet-no-api": _("The wallet has no service at its address."),
    "wallet-nobody": _("There is no wallet at the address that the learner gave."),
    "wallet-not-connected": _("The learner has not connected the wallet."),
    "wallet-other": _("The wallet has another credential under this id."),
    "wallet-recipient": _("The wallet knows the learner by another e-mail address."),
    "wallet-reconnect": _("The connection to the wallet has ended: the learner has to connect it again."),
    "wallet-redirect": _("The wallet sends to another address, which is not followed."),
    "wallet-refused": _("The wallet refused the credential."),
    "wallet-registration": _("The wallet does not accept this site."),
    "wallet-rejected": _("The wallet rejected the credential."),
    "wallet-scope": _("The wallet does not let others add credentials."),
    "wallet-scope-shrunk": _("The permission to add credentials was not given, or the wallet took it back."),
    "wallet-takes-no-badge": _("The wallet takes European Digital Credentials only."),
    "wallet-takes-no-elm": _("The wallet does not take European Digital Credentials."),
    "wallet-too-large": _("The file is too large for the wallet."),
    "wallet-typed": _("What the learner typed in is not the address of a wallet."),
    "wallet-unknown": _("This site does not offer that wallet any more."),
    "wallet-unsealed": _("The wallet does not accept the file as a sealed European Digital Credential."),
    "wallet-url": _("The wallet gave an address that is not secure, so it was not used."),
    "consent-missing": _("The learner has not agreed, so nothing is sent."),
    "holder-name": _("A European Digital Credential needs the learner's full name, which the profile lacks."),
    "internal": _("Something went wrong on this site. Nothing is lost."),
    "award-expired": _("The credential expired before it was issued. The learner can renew it."),
}
REMEDIES: dict[str, Any] = {
    "unreachable": _("It is tried again by itself. If many awards show this, ask the wallet's provider."),
    "refused": _("Trying again helps only after the cause is gone. The learner can connect the wallet again, choose "
                 "another, or download the credential."),
    "misconfigured": _("The site's administrator has to mend this; then try again."),
    "invalid": _("The pill or the learner's profile has to be corrected; then try again."),
    "not-ready": _("It is tried again by itself."),
    "not-allowed": _("Only the learner can lift this: the consent was withdrawn, or the wallet disconnected."),
    "internal": _("It is tried again by itself. If it stays, look for the code in the log of the workers."),
}


def cause(code: str, params: Mapping[str, Any] | None = None) -> str:
    """What a stored error code means, without the advice that is meant for learners; "" for none."""
    if not code:
        return ""
    if code in CAUSES:
        return str(CAUSES[code]).format_map(_Known({name: str(value)[:300] for name, value in (params or {}).items()}))
    translator = Translator(get_language() or "en")
    if code not in MESSAGES:
        return messages.text(code, translator)
    values = {name: str(value)[:300] for name, value in (params or {}).items()}
    return translator.gettext(MESSAGES[code]).format_map(_Known(values))


def reason(code: str) -> str:
    """Why an award was changed."""
    return gettext(status.REASONS[code]) if code in status.REASONS else code


def notice(kind: str) -> str:
    """The title of a notice, as the learner reads it."""
    return Translator(get_language() or "en").gettext(NOTICE_TITLES[kind]) if kind in NOTICE_TITLES else kind


def remedy(error_class: str, *, over: bool) -> Any:
    """What staff can do. ``over``: nothing happens by itself any more."""
    if over and error_class in ("unreachable", "internal", "not-ready"):
        return _("It was tried often and given up. When the cause is gone, try again.")
    return REMEDIES.get(error_class, "")


class _Known(dict):
    def __missing__(self, _name: str) -> str:
        return "–"
