"""Make the issuers' keys and DID documents, or load them, and say what is still to be set.

May be run again at any time: what is there is kept.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...domain.errors import MicrocredError
from ...proofs.did import did_web_url
from ...proofs.keys import LocalKey, self_signed
from .. import awarding_bodies, conf, issuers, models, rotation, signers

HELP = "Make the issuers' keys and DID documents, or load them, and say what is still to be set."
_DEFAULT_ALGORITHMS = {signers.Purpose.BADGE: "Ed25519", signers.Purpose.BADGE_JWT: "ES256"}


def add_arguments(parser: ArgumentParser) -> None:
    """Which issuers, where the certificate comes from, and whether the issuer's address may change."""
    parser.add_argument(
        "--issuer", action="append", metavar="KEY",
        help='only this issuer of the settings ("" is MICROCRED_ISSUER); may be repeated; default: all of them',
    )
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


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    """Do it; CommandError with what to do where a person must act. Issuers before the one that failed are done."""
    try:
        keys = options.get("issuer") or awarding_bodies.configured()
        for key in keys:
            awarding_bodies.did_of(key)  # a bad address must be known before any key is made
        awarding_bodies.check_distinct()
        for key in keys:
            _init(command, key, options)
        _tell_about_wallets(command)
    except MicrocredError as error:
        raise CommandError(error.message) from error
    except OSError as error:
        raise CommandError(
            f"The keys folder cannot be used: {error.strerror} ({error.filename}). Make it writable for this "
            "command, or put the key files there yourself (docs/install.md)."
        ) from error


def _init(command: BaseCommand, key: str, options: dict[str, Any]) -> None:
    conf.keys_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    body = awarding_bodies.body(key)
    for purpose, algorithm in _DEFAULT_ALGORITHMS.items():
        source = signers.source(body, purpose)
        if source.kind == signers.PEM and source.file is not None and not source.file.exists():
            rotation.write(source.file, LocalKey.generate(algorithm).to_pem(source.password))
            command.stdout.write(f"Made {algorithm} key {source.file}")
    _certificate(command, body, options)
    signing = issuers.try_keys(key)
    _tell(command, issuers.record(signing, new_address=options["new_address"]), signing)


def _certificate(command: BaseCommand, body: awarding_bodies.AwardingBody, options: dict[str, Any]) -> None:
    source = signers.source(body, signers.Purpose.SEAL)
    if source.file is None or source.file.exists():
        signers.seal(body).check_valid(timezone.now())
        return
    if not options["self_signed"]:
        raise CommandError(
            f"There is no certificate at {source.file}. Put the organisation's PKCS#12 file there (or name it in "
            "MICROCRED_SEAL_PKCS12, with MICROCRED_SEAL_PASSWORD), or run again with --self-signed for a trial. Until "
            "then no credential is issued by this issuer, Open Badges neither."
        )
    missing = [name for name in ("legal_name", "legal_identifier", "country") if not body.told.get(name)]
    if missing:
        raise CommandError(f"{body.setting} lacks {', '.join(missing)}, which a self-signed certificate needs.")
    made = self_signed(
        legal_name=body.told["legal_name"], legal_identifier=body.told["legal_identifier"],
        country_alpha2=body.told["country"], now=timezone.now(), days=options["days"],
    )
    rotation.write(source.file, made.to_pkcs12(source.password))
    command.stdout.write(f"Made self-signed certificate {source.file}")


def _tell(command: BaseCommand, said: models.Issuer, signing: issuers.Signer) -> None:
    until = signing.seal.identity.not_after
    url = did_web_url(said.did)
    here = urlsplit(url).netloc == urlsplit(conf.public_base_url()).netloc
    lines = [
        "", f"Issuer        {said.name} ({said.legal_name}, {said.legal_identifier}, {said.country})",
        *([f"Key           {said.key}"] if said.key else []),
        f"DID           {said.did}",
        f"DID document  must be reachable at {url} "
        + ("(this site serves it)" if here else "(let that host's web server pass it on to this site)"),
        f"Certificate   valid until {until:%Y-%m-%d}"
        + (", self-signed: not an eIDAS seal" if signing.seal.self_signed else ""),
    ]
    if said.key and not models.IssuerAssignment.objects.filter(issuer_key=said.key).exists():
        lines.append(f"Awards        nowhere yet: `microcred keys assign organisation NAME {said.key}`")
    command.stdout.write("\n".join(lines))


def _tell_about_wallets(command: BaseCommand) -> None:
    lines = []
    if not conf.setting("MICROCRED_TOKEN_KEY"):
        lines += [
            "", "To let learners connect wallets, set MICROCRED_TOKEN_KEY, for example to this fresh key:",
            f"    {Fernet.generate_key().decode('ascii')}",
        ]
    if not conf.setting("MICROCRED_WALLETS"):
        lines += ["", "No wallet is offered yet: see MICROCRED_WALLETS in the administrator's guide."]
    if lines:
        command.stdout.write("\n".join(lines))
