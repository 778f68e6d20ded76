"""Try again what failed: what could not be signed, what a wallet refused, what was given up; also messages."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from .. import models, outbox, staff_filters
from . import _awards


def add_arguments(parser: ArgumentParser) -> None:
    """Which awards, or all that need a person."""
    _awards.add_targets(parser, many="*")
    parser.add_argument(
        "--all-failed", "--all-dead", action="store_true",
        help="every award that the console lists as failed: signing failed, or a wallet refused or was given up",
    )
    parser.add_argument("--wallet", default="", help="with --all-failed: only those that failed at this wallet")
    parser.add_argument("--untold", action="store_true", help="every award with a message that could not be sent")
    _awards.add_safety(parser)


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Do it; rows already done are left alone."""
    if [bool(options["targets"]), options["all_failed"], options["untold"]].count(True) != 1:
        raise CommandError("Name the awards, or give --all-failed, or --untold.")
    rows = _awards.found(options["targets"]) if options["targets"] else _all(options)
    for row in rows:
        command.stdout.write(_awards.told(row))
    if not rows:
        command.stdout.write("There is nothing to try again.")
        return None
    if not _awards.agreed(command, options, f"Try again what failed of {len(rows)} awards?"):
        return None
    now = timezone.now()
    return _awards.each(command, rows, lambda row: outbox.retry_award(row, now=now), "is tried again")


def _all(options: dict[str, Any]) -> list[models.Award]:
    """The awards of the console's state "failed", or those whose learners could not be written to."""
    rows = models.Award.objects.all()
    if options["untold"]:
        dead = models.Notice.objects.filter(state=models.Notice.State.DEAD)
        rows = rows.filter(pk__in=dead.values("award_id"), retired_at__isnull=True)
    else:
        rows = rows.filter(staff_filters.in_state("failed", timezone.now()))
        rows = rows.filter(staff_filters.failed_at(options["wallet"])) if options["wallet"] else rows
    return list(rows.select_related("pill").order_by("awarded_at"))
