"""The texts of ``messages``: what happened and what can be done, by error code; and what fields are called.

Grouped by who can act; what authors can mend is in ``authoring_texts``. Each is a msgid of the ``text`` catalogue;
``{names}`` are parameters of the error.
"""

from __future__ import annotations

from . import authoring_texts


def N_(text: str) -> str:  # marks a text for extraction; it is translated when it is shown
    """``text`` itself."""
    return text


# A code without a text of its own has that of its branch of the error tree (its ``default_code``).
BRANCHES: dict[str, str] = {
    "invalid-pill": N_("This learning pill is not complete. The course team can mend it."),
    "invalid-document": N_(
        "The credential could not be made correctly, so it was not issued. Nothing is lost; "
        "please tell the course team."
    ),
    "invalid-answer": N_("The request could not be understood. Reload the page and try again."),
    "invalid-input": N_("Something that was entered cannot be used: {field}."),
    "not-allowed": N_("You may not do this here."),
    "misconfigured": N_(
        "This site is not ready to issue credentials yet. Your achievement is kept; "
        "please tell the site's administrator."
    ),
    "wallet-refused": N_("The wallet refused the credential. Choose another wallet, or download the credential."),
    "not-ready": N_("The course has just been changed. Try again in a minute."),
    "wallet-unreachable": N_("The wallet cannot be reached at the moment."),
    "error": N_("Something went wrong. Nothing is lost; please try again."),
}

LEARNER: dict[str, str] = {
    "award-unmastered": N_("This credential has not been earned yet."),
    "email": N_("The e-mail address is not usable: correct it in the account settings."),
    "holder-did": N_("Your decentralised identifier is not usable: it must start with “did:”."),
    "holder-empty": N_("A credential needs your e-mail address. Add one in your account settings."),
    "notice-unknown": N_("This message is not here any more. Reload the page."),
    "not-earned": N_("You have not earned this credential yet. Work through the activities above."),
    "pill-incomplete": N_(
        "The credential of this pill is not ready yet. Your results are kept; please tell the course team."
    ),
    "pill-unready": N_(
        "The credential of this pill is not ready yet. You can already work through the activities; "
        "your results are kept."
    ),
    "request-field": N_("The request was incomplete. Reload the page and try again."),
    "score-negative": N_("An activity reported a negative score, which cannot be used. Please tell the course team."),
    "sign-in": N_("You are signed out. Sign in, go back to your course and connect the wallet again."),
    "viewer-anonymous": N_("Sign in to earn this credential. Nothing you do now is recorded."),
    "viewer-as-learner": N_(
        "You see this page as one learner does: these are this learner’s stored results, without the credential. "
        "Nothing you do here is recorded."
    ),
    "viewer-preview": N_("This is a preview: nothing is recorded and no credential is issued."),
    "viewer-unconfirmed": N_(
        "Confirm your e-mail address to earn this credential: follow the link in the message that this site sent you. "
        "Your answers are kept."
    ),
    "viewer-visitor": N_("Enrol in this course to earn this credential. Nothing you do now is recorded."),
    "award-results": N_("The results do not fit the outcomes of this pill. Reload the page."),
    "attempt-expired": N_("Connecting the wallet took too long. Go back to your course and connect it again."),
    "attempt-person": N_(
        "This link belongs to another person or another browser. Go back to your course and connect the wallet again."
    ),
    "account-retired": N_("This account was closed. Nothing is recorded or issued for it any more."),
    "attempt-unknown": N_("Nobody waits for this answer now. Go back to your course and connect the wallet again."),
    "attempt-used": N_("This link was used already. Go back to your course and connect the wallet again."),
    "award-anew": N_(
        "This credential was revoked. You can earn it again once every outcome it needs has been assessed anew."
    ),
    "award-barred": N_(
        "This credential was revoked and cannot be earned again. Ask the course team if you think this is a mistake."
    ),
    "award-prevented": N_("This credential is not given to you here. Reason: {reason}"),
    "award-unknown": N_("You hold no such award. Reload the page."),
    "credential-prevented": N_("This credential is not issued here. Reason: {reason}"),
    "award-expired": N_(
        "This credential has expired before it was issued. Work through the activities again to renew it."
    ),
    "award-ended": N_("This credential is no longer valid. Nothing more of it is signed or sent."),
    "award-suspended": N_("This credential is suspended. Nothing is signed or sent until that is lifted."),
    "consent-missing": N_("Nothing is sent without your consent. Review the credential and agree first."),
    "holder-name": N_("A European Digital Credential needs your full name. Add it to your profile and try again."),
    "internal": N_("Something went wrong on this site. Nothing is lost; it is tried again by itself."),
    "mail-off": N_("This site sends no files by e-mail. Download them instead."),
    "mail-rate": N_("The archive was sent to you several times already. Try again tomorrow, or download it."),
    "mail-address": N_("There is no e-mail address in your account that could be used. Download the archive instead."),
    "download-kind": N_("There is no such file. Choose one of the downloads on the page."),
    "status-list-unknown": N_("There is no such status list. Check the address."),
    "credential-unknown": N_("No credential with this id was issued here. Check the id, or ask for the file itself."),
    "key-proof": N_("The wallet did not prove its key. Try again, or try another wallet."),
    "presentation-proof": N_("The wallet did not prove its key. Try again, or try another wallet."),
    "presentation-form": N_("The wallet asked in a way that is not understood here. Try another wallet."),
    "wallet-key": N_("The wallet's key is of a kind that is not taken here. Try another wallet."),
    "wallet-did": N_("The wallet names itself in a way that is not understood here. Try another wallet."),
    "bound-rate": N_("Wallets collected this credential very often today. Try again tomorrow, or download it."),
    "offer-channel": N_("This way to a wallet is not offered here. Choose another way, or download the credential."),
    "offer-code": N_("The wallet sent another code than the one shown. Make a new offer and type its code."),
    "offer-declined": N_("The credential was declined in the wallet. Make a new offer if you want it after all."),
    "offer-form": N_("The wallet asked for a form of the credential that is not offered here. Try another wallet."),
    "offer-not-kept": N_("The wallet says that it could not keep the credential. Make a new offer, or download it."),
    "offer-proof": N_(
        "The wallet did not prove its key in a way that is understood here. Try again, or try another wallet."
    ),
    "offer-request": N_("The wallet asked in a way that is not understood here. Try another wallet."),
    "offer-expired": N_("This offer has expired. Make a new one."),
    "offer-token": N_("The wallet took too long. Make a new offer."),
    "offer-unknown": N_("There is no such offer, or it was taken back. Make a new one."),
    "offer-used": N_("This offer was used already. If your wallet has nothing, make a new one."),
    "not-issued": N_("The credential is not issued yet. Try again in a moment."),
    "payload-changed": N_(
        "What would be issued has changed since you saw it. Nothing was issued; read it again and then agree."
    ),
    "return-url": N_("The page to come back to is not part of this site. Reload the page and try again."),
}

WALLET: dict[str, str] = {
    "wallet-address": N_(
        "The wallet's address {host} leads into a closed network and was not contacted. "
        "Download the credential, and tell the site's administrator."
    ),
    "wallet-authorisation": N_(
        "The wallet refused the connection. Try to connect it again, or download the credential."
    ),
    "wallet-client": N_("The wallet does not know this site any more. Connect it again."),
    "wallet-closed": N_(
        "This wallet takes nothing from this site. Download the credential and upload it there yourself."
    ),
    "wallet-declined": N_(
        "You did not allow the connection, so nothing was sent. You can connect the wallet at any time, "
        "or download the credential."
    ),
    "wallet-discovery": N_(
        "This wallet offers no usable Open Badges service. Choose another wallet, or download the credential."
    ),
    "wallet-forbidden": N_(
        "The wallet does not allow this site to add credentials. Disconnect it and connect it again, "
        "or download the credential."
    ),
    "wallet-has-some": N_(
        "The wallet says that it has this credential already, but not which one it means. Look there; if it is "
        "missing, download the credential and upload it yourself."
    ),
    "wallet-host": N_(
        "The wallet points to {host}, which this site's administrator has not allowed. "
        "Download the credential, and tell the administrator."
    ),
    "wallet-mix-up": N_("The answer came from another server and was not used. Connect the wallet again."),
    "wallet-no-api": N_(
        "The wallet has no service at its address. Choose another wallet, or download the credential."
    ),
    "wallet-nobody": N_(
        "There is no wallet at the address you gave. Check the address and connect it again, or download the "
        "credential and upload it yourself."
    ),
    "wallet-not-connected": N_("Connect the wallet first."),
    "wallet-other": N_(
        "The wallet has another credential in the place of this one. Download this one, and tell the course team."
    ),
    "wallet-recipient": N_(
        "The wallet knows you by another e-mail address than this site. Add your address of here to your account in the"
        " wallet, then retry."
    ),
    "wallet-reconnect": N_("The connection to the wallet has ended. Connect it again."),
    "wallet-redirect": N_(
        "The wallet sends to another address, which is not followed. Download the credential, "
        "and tell the site's administrator."
    ),
    "wallet-registration": N_(
        "The wallet does not accept this site. Choose another wallet, or download the credential."
    ),
    "wallet-rejected": N_("The wallet rejected the credential. Download it, and tell the course team."),
    "wallet-scope": N_(
        "This wallet does not let others add credentials. Download the credential and add it there yourself."
    ),
    "wallet-scope-shrunk": N_(
        "The permission to add credentials was not given, or the wallet took it back. Connect it again and allow it, "
        "or download the credential."
    ),
    "wallet-takes-no-badge": N_("This wallet takes European Digital Credentials only. Download the badge instead."),
    "wallet-takes-no-elm": N_("This wallet does not take European Digital Credentials. Download the file instead."),
    "wallet-too-large": N_("The file is too large for the wallet. Download it, and tell the course team."),
    "wallet-typed": N_("This is not the address of a wallet there. Copy it from your wallet; it contains “/wallets/”."),
    "wallet-unknown": N_("This site does not offer that wallet. Choose another one, or download the credential."),
    "wallet-unsealed": N_(
        "The wallet does not accept the file as a sealed European Digital Credential. Download it, and tell the course "
        "team."
    ),
    "wallet-url": N_(
        "The wallet gave an address that is not secure, so it was not used. Download the credential, "
        "and tell the site's administrator."
    ),
}

# What happened with a wallet that gave no usable answer; what can be done depends on who asked it, see below.
UNREACHABLE: dict[str, str] = {
    "wallet-answer": N_("The wallet's answer makes no sense."),
    "wallet-answer-too-large": N_("The wallet's answer is too large and was not read."),
    "wallet-busy": N_("The wallet is busy."),
    "wallet-dns": N_("The wallet's name {host} cannot be found now."),
    "wallet-html": N_("The wallet answered with a web page instead of data."),
    "wallet-no-answer": N_("The wallet gave no answer."),
    "wallet-proxy": N_("The way from this site to the wallet is blocked at the moment."),
    "wallet-resting": N_("The wallet did not answer several times and is left alone for a while."),
    "wallet-server-error": N_("The wallet has a fault at the moment."),
    "wallet-timeout": N_("The wallet did not answer in time."),
    "wallet-tls": N_("No secure connection to the wallet was possible."),
    "wallet-unreachable": N_("The wallet cannot be reached at the moment."),
}
RETRIED = N_("It is tried again by itself; you can also download the credential.")
NOT_RETRIED = N_("Try again in a few minutes, or download the credential.")

STAFF: dict[str, str] = {
    "mail-unreachable": N_("The mail server did not take the message."),
    "regrade-open": N_(
        "The scores of this award have changed, so it cannot be issued anew now. Wait until the days of grace are "
        "over, or dismiss the change first."
    ),
    "regrade-none": N_("No change of scores is waiting for this award."),
    "renewal-reason": N_("An award is issued anew only to renew it or to correct it."),
    "renewal-state": N_("Only a valid award can be issued anew. Reinstate it first, or let the learner earn it again."),
    "renewal-unsigned": N_("Nothing of this award is signed yet: the learner agrees to the present data anyway."),
    "status-change": N_("The award does not allow this any more: somebody has changed it. Reload the page."),
    "status-reason": N_("Choose a reason: {codes}."),
    "award-changed": N_("The award has changed since you opened the page, so nothing was done. Look at it again."),
    "job-unknown": N_("There is no such job. Reload the page."),
    "staff-only": N_("Only platform staff, and the staff of a course for their course, may do this."),
}

ADMIN: dict[str, str] = {
    "defaults-scope": N_("Recognition data are given by a site or by an organisation."),
    "defaults-value": N_("Write an organisation’s short name, or a site’s host name."),
    "skill-file": N_("The file of skills cannot be used as it is. The command says what is wrong with it."),
    "country": N_("The country must be a three-letter code such as FRA."),
    "issuance-missing": N_(
        "The issuance app is not installed: add microcred_xblock.issuance to the site's apps."
    ),
    "issuer-address-changed": N_(
        "The signing keys belong to {former}, but this site is now {now}: keep the former address, give new keys, "
        "or run microcred init --new-address."
    ),
    "issuer-id": N_("The issuer has no valid identifier (did:…): correct the issuer."),
    "stored-value": N_("A stored record is damaged: restore it from the backup."),
    "assignment-scope": N_("An issuer is assigned to a course, an organisation or a site: choose one."),
    "assignment-value": N_("Write a host name, an organisation's short name, or a course's id."),
    "certificate-chain": N_("The certificates do not form a chain: install the organisation's with its issuers'."),
    "certificate-country": N_("The country “{country}” in the certificate is not known: use another certificate."),
    "certificate-expired": N_("The organisation's certificate expired on {until}: install a new one."),
    "certificate-identity": N_("The organisation's certificate lacks its {attribute}: use another certificate."),
    "certificate-issuer": N_("The issuer's {fact} differs from the organisation's certificate: correct the issuer."),
    "certificate-key": N_("The certificate and the private key do not belong together: install the right pair."),
    "certificate-missing": N_("The seal has no certificate: install the organisation's PKCS#12 file."),
    "certificate-not-yet-valid": N_("The organisation's certificate is valid from {since}: check the clock, or wait."),
    "certificate-usage": N_("The certificate may not be used to sign documents: use another certificate."),
    "country-unknown": N_("The issuer's country {country} is not known: correct the issuer."),
    "did-keys": N_("The issuer has no published key: run microcred init."),
    "did-web": N_("The issuer's identifier does not fit its web address: correct the issuer."),
    "did-web-url": N_("The issuer's address must be https with a host name and a plain path: correct the setting."),
    "csc-answer": N_("The remote seal's service gave an unusable answer ({field}): ask its provider."),
    "csc-credential": N_("The remote seal's credential is {status}: ask its provider."),
    "csc-host": N_("The remote seal's address is not allowed: check the issuer's settings."),
    "csc-interactive": N_("The remote seal needs a PIN, or a person for each signature: check the issuer's settings."),
    "csc-refused": N_("The remote seal's service refused ({reason}): check its account in the issuer's settings."),
    "csc-signature": N_("The remote seal's signature does not fit its certificate: ask its provider."),
    "csc-unreachable": N_("The remote seal's service cannot be reached: ask its provider if it stays so."),
    "csc-version": N_("The remote seal's service does not speak version 2 of the CSC API: check its address."),
    "issuer-settings": N_("The setting {setting} is unusable: correct it."),
    "issuer-unknown": N_("The issuer “{issuer}” is not in the settings: add it, or assign another."),
    "key-algorithm": N_("The issuer's key is of the wrong kind for this signature: run microcred init."),
    "key-id": N_("The signing key does not belong to the issuer: run microcred init."),
    "key-missing": N_("The key file {file} is missing or cannot be read: run microcred init."),
    "key-not-local": N_("The private key is kept elsewhere and cannot be exported."),
    "key-password": N_("A private key is stored only under a password: set one."),
    "key-unpublished": N_("The signing keys are not published yet: run microcred init."),
    "key-unreadable": N_("A key of the issuer cannot be read: run microcred init, or restore it from the backup."),
    "key-weak": N_("The RSA key is too short: use one of at least 2048 bits."),
    "listed": N_("The list of allowed hosts is not usable: correct the setting."),
    "pinned-file": N_("The file {path} was altered: install the package again."),
    "pkcs12-unreadable": N_("The PKCS#12 file holds no private key with its certificate: install the right file."),
    "key-in-use": N_("The key signs now: rotate it first."),
    "key-shared": N_("The issuer's keys belong to {former} already: give every issuer its own."),
    "key-source": N_("The setting {setting} is missing or unusable: correct it."),
    "key-unencrypted": N_("The private key {file} is not encrypted: encrypt it under the passphrase."),
    "key-withdrawn": N_("The issuer's key was withdrawn because others may have it: put a new one in its place."),
    "proxy-setting": N_("The setting MICROCRED_PROXY cannot be used: write http://host:port."),
    "rotate-source": N_("The key is not a file that was made here: replace it by hand, then run microcred init."),
    "status-list": N_("This is no status list that can be read."),
    "status-list-index": N_("The status list has no such entry."),
    "status-list-size": N_("MICROCRED_STATUS_LIST_SIZE must be a multiple of 8 from {least} to {most}."),
    "status-unsigned": N_("The status list could not be signed: look for the cause in the log of the server."),
    "setting-missing": N_("The setting {setting} is missing: set it."),
    "setting-value": N_("The setting {setting} cannot be used: mend it."),
    "token-key": N_("MICROCRED_TOKEN_KEY does not fit the stored connections: restore the former key beside it."),
    "validation-missing": N_("Install the extra “validation” of microcred-xblock to check credentials with SHACL."),
    "verification-method": N_("The signing key's address does not fit the issuer: run microcred init."),
    "wallet-setting": N_("The setting MICROCRED_WALLETS cannot be used: {problem}."),
}

API: dict[str, str] = {
    "achievement-unknown": N_("Nobody has earned this here. Check the address."),
    "api-body": N_("The body of the request is not what is expected here: send JSON as the documentation describes."),
    "api-media-type": N_("Content of this type is not taken here: send application/json."),
    "api-method": N_("This address does not take that method: see the documentation."),
    "api-rate": N_("Too many requests. Go on in {seconds} seconds."),
    "api-sign-in": N_("Sign in, or send a valid token."),
    "api-too-large": N_("The request is too large: at most {limit} bytes are taken."),
    "api-unknown": N_("There is nothing at this address. Check it."),
    "api-value": N_("{field} is missing or cannot be used: see the documentation."),
    "consent-unknown": N_("You have given no such consent. Read the list again."),
    "notice-unknown": N_("There is no such notice. Read the list again."),
    "assertion-suspended": N_("The awarding body has suspended this badge: it cannot be verified for now."),
    "assertion-unknown": N_("There is no such badge here, or it is not shown any more."),
    "badge-unknown": N_("Nobody has earned this badge here."),
    "publish-unknown": N_("This credential is not shown in public. Ask its holder for it."),
    "staff-only": N_("Only staff of the platform or of the course may see this."),
}

DOCUMENT: dict[str, str] = {
    "bake-missing": N_("There is no badge in this image. Download it again from your course."),
    "bake-text": N_("Only a signed badge can be put into an image. Issue the credential first."),
    "context-unknown": N_("The credential uses an unknown context, {url}. Please tell the course team."),
    "did": N_("The issuer's identifier is not a did:web, so it cannot be checked here."),
    "document-control": N_("A text contains half a character. Delete it in the pill and type it again."),
    "document-complex": N_("The credential has too many parts that look alike. Change the texts of the pill."),
    "document-duplicate": N_("The credential says the same thing twice. Remove one of the two in the pill."),
    "document-empty": N_("“{term}” is empty or nested too deeply. Leave it out, or fill it in."),
    "document-iri": N_("“{iri}” is not a complete web address. Correct it in the pill."),
    "document-json-ld": N_("The credential is not valid JSON-LD ({reason}). Please tell the course team."),
    "document-keyword": N_("The credential's contexts are not a list of addresses. Please tell the course team."),
    "document-number": N_("The number of “{term}” is not read alike by all verifiers. Use fewer digits."),
    "document-sort-order": N_(
        "A text mixes characters that verifiers sort differently, for instance an emoji and a fullwidth letter. "
        "Leave one of them out in the pill."
    ),
    "document-time": N_("A time of the credential cannot be read. Please tell the course team."),
    "document-undefined-term": N_("“{term}” has no defined meaning in the credential. Please tell the course team."),
    "filter-fixed": N_(
        "An extension of this site changed “{term}” of the credential, so it was not issued. "
        "Please tell the site's administrator."
    ),
    "filter-result": N_(
        "An extension of this site made a credential that cannot be used. Please tell the site's administrator."
    ),
    "elm-shacl": N_("The European Digital Credential would break its profile. Please tell the course team."),
    "document-size": N_("The file is larger than a credential can be. Choose another file."),
    "document-unreadable": N_("This is no credential, or it cannot be read. Choose the file as it was downloaded."),
    "expired": N_("The credential has expired. Ask the issuer for a new one."),
    "image-shape": N_("The SVG image needs a viewBox, at most {ratio} times as long as wide. Correct the drawing."),
    "jwt-claim": N_("The badge lacks {field}, which its compact form needs. Please tell the course team."),
    "jwt-form": N_("This is no badge in its compact form. Choose the file as it was downloaded."),
    "sd-jwt-claim": N_("The credential cannot be issued claim by claim. Please tell the course team."),
    "sd-jwt-form": N_("This is no credential as SD-JWT. Ask for the file anew."),
    "jwt-invalid": N_("The signature does not fit the credential, so it is not trusted. Ask for the file anew."),
    "jwt-format": N_("Only an Open Badge has this compact form. Choose another download."),
    "language-unknown": N_("European Digital Credentials cannot name the language “{language}”. Choose another one."),
    "multibase": N_("A key or proof is not written as it must be. Please tell the course team."),
    "not-yet-valid": N_("The credential is not valid yet. Check the clock, or wait."),
    "open-badge-proof": N_("The Open Badge is not in the right state to be signed. Please tell the course team."),
    "open-badge-schema": N_("The badge would not be a valid Open Badge, at {place}. Please tell the course team."),
    "png-pixels": N_("The badge image has too many pixels: make it smaller."),
    "png-unreadable": N_("The PNG image cannot be read. Save it again and upload it."),
    "proof-controller": N_("The proof is not the issuer's own, so it is not trusted."),
    "proof-invalid": N_("The proof does not fit the credential: it was altered or signed with another key."),
    "proof-key": N_("The proof's key is of another kind than it must be, so it is not trusted."),
    "proof-missing": N_("The credential has no proof that can be checked here."),
    "proof-present": N_("The credential is signed already. Please tell the site's administrator."),
    "salt": N_("The random part of the e-mail hash is too short. Please tell the site's administrator."),
    "seal-form": N_("The file is not a sealed European Digital Credential."),
    "seal-format": N_("Only a European Digital Credential is sealed. Choose another download."),
    "seal-invalid": N_("The seal is not valid: the file was altered, or the clock is wrong."),
    "svg-complex": N_("The SVG image has too many elements. Simplify the drawing."),
    "svg-entities": N_("The SVG image must not declare entities. Save it as plain SVG."),
    "svg-unreadable": N_("The SVG image cannot be read. Save it as plain SVG and upload it again."),
}

MESSAGES: dict[str, str] = {
    **authoring_texts.MESSAGES, **LEARNER, **STAFF, **WALLET, **UNREACHABLE, **ADMIN, **API, **DOCUMENT, **BRANCHES,
}

FIELDS: dict[str, str] = {
    **authoring_texts.FIELDS,
    "cursor": N_("Page"),
    "action": N_("Action"),
    "wallet": N_("Wallet"),
    "until": N_("To"),
    "state": N_("State"),
    "since": N_("From"),
    "regain": N_("Earning it again"),
    "note": N_("Note"),
    "learner": N_("Learner"),
    "issuer": N_("Issuer"),
    "course": N_("Course"),
}
