"""Let the id of a retired account be used again: what arrives for it is stored from now on. Nothing comes back."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from .. import privacy, requests, retired
from . import _awards


def add_arguments(parser: ArgumentParser) -> None:
    """Whose."""
    parser.add_argument("learner", metavar="ID", help="the number of the account, letter for letter as it was retired")
    _awards.add_safety(parser)


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Take the account off the list of retired ones."""
    learner = options["learner"]
    if not retired.is_marked(learner):
        raise CommandError(f"No account “{learner}” was retired here. Give its number. Nothing was done.")
    command.stdout.write(
        f"Nothing more is stored for the account {learner}, because it was retired. What was erased then stays erased."
    )
    if privacy.known(learner):
        command.stdout.write(
            "    Something is still held under this id, so its retirement is not complete: it would count again."
        )
    if not _awards.agreed(command, options, "Store again what arrives for it?"):
        return None
    requests.patiently(lambda: retired.unmark(learner))
    command.stdout.write(f"{learner}: can be used again")
    return None
