"""Check a badge (JSON, JWT, PNG or SVG) or a European Digital Credential, without the network.

Exit code 0: genuine; 1: not.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from .. import verifying
from ..data import CredentialStanding

MOST_BYTES = 20_000_000
_SAID = {
    "genuine": "Genuine: an issuer of this site signed it.",
    "changed": "NOT GENUINE: it names an issuer of this site, but the signature does not fit.",
    "withdrawn": "NOT GENUINE: it is signed with a key that was withdrawn or never published.",
    "unknown": "NOT GENUINE: the signature fits, but no such credential was issued here.",
    "foreign": "Not from this site: ask whoever issued it.",
    "unreadable": "This is no credential, or it cannot be read.",
}


def add_arguments(parser: ArgumentParser) -> None:
    """What to check."""
    parser.add_argument("file", metavar="FILE", help="the file as it was downloaded")


def handle(command: BaseCommand, options: dict[str, Any]) -> int:
    """Print what it is and whether it is genuine."""
    path = Path(options["file"])
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CommandError("The file is too large to be a credential.")
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"The file cannot be read: {error.strerror}.") from error
    found = verifying.verify(content, now=timezone.now())
    command.stdout.write(_SAID[found.verdict])
    facts = {"id": found.credential_id, "form": found.format and found.format.value, "signed by": found.issuer_did}
    if found.standing is not None:
        facts |= {"stands for": found.standing.title, "standing": _standing(found.standing)}
    for name, value in {**facts, "fault": found.code}.items():
        if value:
            command.stdout.write(f"  {name:10}  {value}")
    return 0 if found.verified else 1


def _standing(known: CredentialStanding) -> str:
    since = f" since {known.since:%Y-%m-%d}" if known.since is not None else ""
    return f"{known.state}{since}" + (f" ({known.reason})" if known.reason else "")
