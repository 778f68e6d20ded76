"""``microcred_init``: make what is missing for issuing, record the public keys, say what to put where.

May be run again at any time: what is there is kept. After a key file was replaced it publishes the
new key and keeps the old one published as retired. After the site's address changed it refuses:
the address is the issuer's identity.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ....domain.errors import MicrocredError
from ....proofs.did import did_web_url
from ....proofs.keys import LocalKey, load_pkcs12, self_signed
from ... import conf, issuers


class Command(BaseCommand):
    """See the module."""

    help = "Make the issuer's keys and DID document, or load them, and say what is still to be set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the organisation's certificate comes from, and whether the issuer's address may change."""
        parser.add_argument(
            "--self-signed", action="store_true",
            help="make a certificate by which the organisation vouches for itself: for demonstrations and tests",
        )
        parser.add_argument("--days", type=int, default=365, help="how long a self-signed certificate is valid")
        parser.add_argument(
            "--new-address", action="store_true",
            help="move the keys to the address this site has now: what was issued under the former one then no "
                 "longer verifies",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it; CommandError with what to do where a person must act."""
        try:
            self._init(options)
        except MicrocredError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(
                f"The keys folder cannot be used: {error.strerror} ({error.filename}). Make it writable for this "
                "command, or put the key files there yourself (docs/install.md)."
            ) from error

    def _init(self, options: dict[str, Any]) -> None:
        issuers.did()  # a bad address must be known before any key is made
        folder = conf.keys_dir()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, algorithm in ((issuers.BADGE_FILE, "Ed25519"), (issuers.BADGE_JWT_FILE, "ES256")):
            path = folder / name
            if not path.exists():
                _write(path, LocalKey.generate(algorithm).to_pem(conf.passphrase()))
                self.stdout.write(f"Made {algorithm} key {path}")
        self._certificate(options)
        signing = issuers.load_signer()
        issuers.record(signing, new_address=options["new_address"])
        self._tell(signing)

    def _certificate(self, options: dict[str, Any]) -> None:
        path = conf.seal_file()
        if path.exists():
            load_pkcs12(path.read_bytes(), conf.seal_password()).check_valid(timezone.now())
            return
        if not options["self_signed"]:
            raise CommandError(
                f"There is no certificate at {path}. Put the organisation's PKCS#12 file there (or name it in "
                "MICROCRED_SEAL_PKCS12, with MICROCRED_SEAL_PASSWORD), or run again with --self-signed for a trial."
            )
        told = conf.required("MICROCRED_ISSUER", what="the awarding body")
        missing = [name for name in ("legal_name", "legal_identifier", "country") if not told.get(name)]
        if missing:
            raise CommandError(f"MICROCRED_ISSUER lacks {', '.join(missing)}, which a self-signed certificate needs.")
        made = self_signed(
            legal_name=told["legal_name"], legal_identifier=told["legal_identifier"], country_alpha2=told["country"],
            now=timezone.now(), days=options["days"],
        )
        _write(path, made.to_pkcs12(conf.seal_password()))
        self.stdout.write(f"Made self-signed certificate {path}")

    def _tell(self, signing: issuers.Signer) -> None:
        said, until = signing.issuer, signing.seal.identity.not_after
        lines = [
            "", f"Issuer        {said.name} ({said.legal_name}, {said.legal_identifier}, {said.country})",
            f"DID           {said.id}",
            f"DID document  must be reachable at {did_web_url(said.id)} (this site serves it)",
            f"Certificate   valid until {until:%Y-%m-%d}"
            + (", self-signed: not an eIDAS seal" if signing.seal.self_signed else ""),
        ]
        if not conf.setting("MICROCRED_TOKEN_KEY"):
            lines += [
                "", "To let learners connect wallets, set MICROCRED_TOKEN_KEY, for example to this fresh key:",
                f"    {Fernet.generate_key().decode('ascii')}",
            ]
        if not conf.setting("MICROCRED_WALLETS"):
            lines += ["", "No wallet is offered yet: see MICROCRED_WALLETS in the administrator's guide."]
        self.stdout.write("\n".join(lines))


def _write(path: Path, content: bytes) -> None:
    """A new file that only its owner can read from the first moment on; never over an existing one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
