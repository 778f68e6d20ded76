"""What the subcommands that change awards have in common."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...domain.errors import MicrocredError
from .. import chains, models, requests, status
from ..staff_actions import REASONS

ACTOR = "command"
_Change = Callable[..., Any]


def add_targets(parser: ArgumentParser, *, many: str = "+") -> None:
    """Which awards."""
    parser.add_argument(
        "targets", nargs=many, metavar="ID", help="id of an award, or of one of its credentials (urn:uuid:…)"
    )


def add_safety(parser: ArgumentParser) -> None:
    """To look first, and to be asked or not."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def add_reason(parser: ArgumentParser, action: str) -> None:
    """Why: for the award's history."""
    codes = REASONS[action]
    parser.add_argument(
        "--reason", required=True, choices=codes, metavar="CODE",
        help="why: " + "; ".join(f"{code} ({status.REASONS[code]})" for code in codes),
    )
    parser.add_argument("--note", default="", help="why, in your words; nobody's name")


def found(targets: list[str]) -> list[models.Award]:
    """The awards, each once; CommandError before anything is done if one does not exist."""
    rows = {row.pk: row for row in map(_one, targets)}
    return list(rows.values())


def agreed(command: BaseCommand, options: dict[str, Any], question: str) -> bool:
    """Whether to go on: not in a dry run, and only after a yes."""
    if options["dry_run"]:
        command.stdout.write("Nothing was done: this was a dry run.")
        return False
    if options["yes"]:
        return True
    try:
        answer = input(f"{question} [yes/no] ")
    except EOFError:
        raise CommandError("Nobody is there to be asked: give --yes.") from None
    if answer.strip().lower() not in ("yes", "y"):
        command.stdout.write("Nothing was done.")
        return False
    return True


def change(
    command: BaseCommand, options: dict[str, Any], *, verb: str, done: str, service: _Change,
    warn: Callable[[models.Award], str] = lambda _row: "",
) -> int | None:
    """Change the standing of awards, one transaction each; 1 if one of them does not allow it.

    ``warn`` says what is to be known of an award beforehand.
    """
    rows, now = found(options["targets"]), timezone.now()
    for row in rows:
        command.stdout.write(told(row))
        if said := warn(row):
            command.stdout.write(f"    {said}")
    if not agreed(command, options, f"{verb} {len(rows)} of them?"):
        return None
    return each(command, rows, lambda row: service(row, reason=options["reason"], note=options["note"], now=now), done)


def each(command: BaseCommand, rows: list[models.Award], work: _Change, done: str) -> int | None:
    """Do ``work`` for each award under its lock; one that fails is named, and the others go on."""
    failed = 0
    for row in rows:

        def locked(row: models.Award = row) -> None:
            chains.lock(row)
            row.refresh_from_db()
            work(row)

        try:
            requests.patiently(locked)
        except MicrocredError as error:
            failed += 1
            command.stderr.write(f"{row.pk}: {error.message}")
        else:
            command.stdout.write(f"{row.pk}: {done}")
    return 1 if failed else None


def told(row: models.Award) -> str:
    """One award in a line; nobody's name."""
    return f"{row.pk}  {row.status:10}  {_day(row.awarded_at)}  {row.pill.title}"


def _one(target: str) -> models.Award:
    name = target.removeprefix("urn:uuid:")
    try:
        uuid = UUID(name)
    except ValueError:
        raise CommandError(f"“{target}” is no id. Nothing was done.") from None
    rows = models.Award.objects.select_related("pill")
    row = rows.filter(pk=uuid).first() or rows.filter(credentials__credential_id=uuid.urn).first()
    if row is None:
        raise CommandError(f"There is no award or credential {target}. Nothing was done.")
    return row


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
