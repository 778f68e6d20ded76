"""Revoke awards for good: whoever checks them sees that they no longer count. The learners are told."""

from __future__ import annotations

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from .. import models, status
from . import _awards


def add_arguments(parser: ArgumentParser) -> None:
    """Which awards, why, and whether there is a way back."""
    _awards.add_targets(parser)
    _awards.add_reason(parser, "revoke")
    parser.add_argument(
        "--regain", choices=models.Award.Regain.values, default=models.Award.Regain.ANEW.value,
        help="whether the pill can be earned again: with the results as they are, with every outcome assessed anew, "
             "or never",
    )
    _awards.add_safety(parser)


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Do it, and tell the learners."""
    service = partial(status.revoke, actor=_awards.ACTOR, regain=options["regain"])
    return _awards.change(
        command, options, verb="This cannot be undone. Revoke", done="revoked", service=service
    )
