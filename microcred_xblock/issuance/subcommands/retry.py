"""Try again what failed, was refused or was given up: signing, sending, notices."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone

from .. import models, outbox
from . import _awards


def add_arguments(parser: ArgumentParser) -> None:
    """Which awards, or all that have something dead."""
    _awards.add_targets(parser, many="*")
    parser.add_argument("--all-dead", action="store_true", help="every award with something failed or given up")
    parser.add_argument("--wallet", default="", help="with --all-dead: only what was to go to this wallet")
    _awards.add_safety(parser)


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Do it; rows already done are left alone."""
    if bool(options["targets"]) == options["all_dead"]:
        raise CommandError("Name the awards, or give --all-dead.")
    rows = _dead(options["wallet"]) if options["all_dead"] else _awards.found(options["targets"])
    for row in rows:
        command.stdout.write(_awards.told(row))
    if not rows:
        command.stdout.write("There is nothing to try again.")
        return None
    if not _awards.agreed(command, options, f"Try again what failed of {len(rows)} awards?"):
        return None
    now = timezone.now()
    return _awards.each(command, rows, lambda row: outbox.retry_award(row, now=now), "is tried again")


def _dead(wallet: str) -> list[models.Award]:
    """Awards with a form that failed, or with a delivery or notice that was given up."""
    given_up = Q(credentials__deliveries__state=models.Delivery.State.DEAD)
    if wallet:
        wanted = given_up & Q(credentials__deliveries__connection__wallet_id=wallet)
    else:
        failed = Q(credentials__state=models.Credential.State.FAILED)
        wanted = given_up | failed | Q(notices__state=models.Notice.State.DEAD)
    found = models.Award.objects.filter(wanted, retired_at__isnull=True).values("pk")
    return list(models.Award.objects.filter(pk__in=found).select_related("pill").order_by("awarded_at"))
