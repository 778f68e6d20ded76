"""Issue awards anew with the same results: after a change of name, or for everything a lost key has signed.

The learners are asked to agree to the new credential; until they have, the present one stays as it is.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from .. import models, renewing
from . import _awards


def add_arguments(parser: ArgumentParser) -> None:
    """Which awards, or everything that one key has signed."""
    _awards.add_targets(parser, many="*")
    parser.add_argument(
        "--key", default="", metavar="FINGERPRINT",
        help="every award with a credential that this key has signed (`microcred keys` lists the fingerprints)",
    )
    parser.add_argument("--note", default="", help="why, in your words, for the history; nobody's name")
    _awards.add_safety(parser)


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Prepare the new awards, and tell the learners."""
    if bool(options["targets"]) == bool(options["key"]):
        raise CommandError("Name the awards, or give --key.")
    rows = _signed_with(options["key"]) if options["key"] else _awards.found(options["targets"])
    for row in rows:
        command.stdout.write(_awards.told(row))
    if not rows:
        command.stdout.write("There is nothing to issue anew.")
        return None
    if not _awards.agreed(command, options, f"Have {len(rows)} awards issued anew?"):
        return None
    now = timezone.now()

    def renew(row: models.Award) -> None:
        renewing.renew(row, actor=_awards.ACTOR, now=now, reason="reissue", note=options["note"])

    return _awards.each(command, rows, renew, "waits for the learner to agree")


def _signed_with(fingerprint: str) -> list[models.Award]:
    """The awards that count and whose present bytes this key has signed, as the audit says."""
    key = models.SigningKey.objects.filter(fingerprint=fingerprint.strip().lower()).first()
    if key is None:
        raise CommandError("There is no key with this fingerprint: `microcred keys` lists them.")
    uses = models.KeyUse.objects.filter(key=key)
    signed = models.Credential.objects.filter(
        credential_id__in=uses.values("subject"), digest__in=uses.values("digest"),
    )
    rows = models.Award.objects.filter(pk__in=signed.values("award_id"), active=True, retired_at__isnull=True)
    return list(rows.select_related("pill").order_by("awarded_at"))
