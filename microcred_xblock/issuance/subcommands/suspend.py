"""Suspend awards: for the time being they do not count.

The verification page says so of every credential. A badge says so itself only where its pill's rule is to suspend when
scores fall; of any other you are told beforehand.
"""

from __future__ import annotations

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from .. import holding, models, status
from . import _awards


def add_arguments(parser: ArgumentParser) -> None:
    """Which awards, and why."""
    _awards.add_targets(parser)
    _awards.add_reason(parser, "suspend")
    _awards.add_safety(parser)


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Do it, and tell the learners."""
    service = partial(status.suspend, actor=_awards.ACTOR)
    return _awards.change(command, options, verb="Suspend", done="suspended", service=service, warn=_warn)


def _warn(row: models.Award) -> str:
    if holding.suspension_in_badge(row):
        return ""
    return (
        "Verifiers see the suspension on the verification page and in the status list for suspension. The badge itself "
        "names only its revocation: software that checks the badge file alone goes on calling it valid."
    )
