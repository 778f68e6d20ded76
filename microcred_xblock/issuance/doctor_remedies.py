"""What an administrator does about an error that a check ran into, by its code."""

from __future__ import annotations

from ..domain.errors import MicrocredError, Misconfigured, NotReady

_RESTART = "and restart every process of the LMS"
_ISSUER = (
    "Set MICROCRED_ISSUER (name, legal name, legal identifier and country of the awarding body; the administrator's "
    f"guide shows one) {_RESTART}; then run `microcred init`."
)
_SETTINGS = {
    "MICROCRED_ISSUER": _ISSUER,
    "MICROCRED_KEYS_PASSPHRASE": (
        "Set MICROCRED_KEYS_PASSPHRASE to the passphrase that the key files were encrypted under (a new one only where "
        f"there are no key files yet) {_RESTART}."
    ),
    "MICROCRED_TOKEN_KEY": (
        "Set MICROCRED_TOKEN_KEY to the key that the connections were stored under (a new one, which `microcred init` "
        f"prints, only where no wallet was ever connected) {_RESTART}."
    ),
}
_REMEDIES = {
    "key-missing": (
        "Restore it from the backup. Only where nothing has been issued yet: `microcred init` makes a new one."
    ),
    "key-unreadable": (
        "Give the passphrase that the key was encrypted under (MICROCRED_KEYS_PASSPHRASE, or the password of this key "
        "in the issuer's settings); if the file is damaged, restore it from the backup. `microcred init` cannot help: "
        "it keeps the files that are there."
    ),
    "pkcs12-unreadable": (
        "Give the password of the PKCS#12 file (MICROCRED_SEAL_PASSWORD, else MICROCRED_KEYS_PASSPHRASE); if the file "
        "is damaged or holds no key, put the organisation's file there again."
    ),
    "key-unencrypted": (
        "Encrypt it where it lies: `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out FILE.new`, with the passphrase "
        "of MICROCRED_KEYS_PASSPHRASE, and move FILE.new in its place. If others could read it, then also "
        "`microcred keys rotate PURPOSE --compromised`."
    ),
    "key-unpublished": "Run `microcred init`: it records the public keys, and so publishes them.",
    "key-withdrawn": "Put a new key in its place: `microcred keys rotate PURPOSE`, for a seal a new certificate.",
    "key-weak": "Put an RSA key of at least 2048 bits there, then run `microcred init`.",
    "key-algorithm": "Put a key of the right kind there, then run `microcred init`.",
    "key-password": f"Set MICROCRED_KEYS_PASSPHRASE {_RESTART}.",
    "key-shared": "Give every issuer key files of its own (\"folder\" or \"keys\" in MICROCRED_ISSUERS), then run "
                  "`microcred init`.",
    "token-key": (
        "Set MICROCRED_TOKEN_KEY to a Fernet key; if it was changed, to both with a comma between, the new one first, "
        f"{_RESTART}."
    ),
    "did-web-url": f"Set MICROCRED_PUBLIC_BASE_URL to the public https address of this site {_RESTART}.",
    "wallet-setting": f"Correct the entry in MICROCRED_WALLETS (the administrator's guide shows one) {_RESTART}.",
    "proxy-setting": f"Write it as http://host:port, or http://user:password@host:port, {_RESTART}.",
    "issuer-unknown": "Add it to MICROCRED_ISSUERS, or take the assignment back: `microcred keys unassign`.",
    "certificate-expired": "Put a new certificate in its place, then run `microcred init`.",
    "certificate-not-yet-valid": "Wait until that day, or put a certificate in its place that is valid now.",
    "csc-unreachable": "See whether this server reaches the service; if it does, ask the provider.",
}
_SEAL = (
    "Put the organisation's PKCS#12 file there (or name it in MICROCRED_SEAL_PKCS12, with MICROCRED_SEAL_PASSWORD), "
    "then run `microcred init`; or run `microcred init --self-signed` for a trial."
)
# Why an address cannot be read; the codes are those of the one door out, which calls every host a wallet.
UNREAD = {
    "wallet-timeout": "no answer in time", "wallet-unreachable": "no connection", "wallet-no-answer": "no answer",
    "wallet-dns": "its name cannot be found", "wallet-tls": "no secure connection is possible",
    "wallet-redirect": "it redirects", "wallet-url": "it is no plain https address",
    "wallet-host": "its name leads to an address that is not public",
    "wallet-answer-too-large": "the answer is too large", "wallet-proxy": "the proxy lets nothing through",
}


def remedy(problem: MicrocredError) -> str:
    """What to do; where the message says it itself, or nothing better is known, who can do something."""
    setting = str(problem.params.get("setting", ""))
    file = str(problem.params.get("file", ""))
    if problem.code in ("setting-missing", "issuer-settings", "key-source"):
        return _SETTINGS.get(setting, f"Set {setting} as the administrator's guide says {_RESTART}.")
    if problem.code == "key-missing" and file.endswith((".p12", ".pfx")):
        return _SEAL
    if problem.code == "key-missing" and file.startswith("env:"):
        return f"Set {file.removeprefix('env:')} in the environment of every process that signs, {_RESTART}."
    if problem.code == "issuer-address-changed":
        return "Do one of the three; the keys are safe meanwhile, and nothing is signed."
    if problem.code.startswith("certificate-") and problem.code not in _REMEDIES:
        return "Ask whoever issued the certificate for one that fits, and put it in its place."
    if problem.code.startswith("csc-") and problem.code not in _REMEDIES:
        return "Correct the issuer's settings of the remote seal, or ask its provider."
    found = _REMEDIES.get(problem.code)
    if found is None and isinstance(problem, Misconfigured):
        return f"Correct the setting that is named {_RESTART}."
    if found is None and isinstance(problem, NotReady):
        return "Nothing now: it is tried again by itself. If it lasts, look for the code in the log."
    return found or f"Look for “{problem.code}” in the log of the LMS."


def why_unread(code: str) -> str:
    """Why an address of ours cannot be read from here."""
    return UNREAD.get(code, code.removeprefix("wallet-"))
