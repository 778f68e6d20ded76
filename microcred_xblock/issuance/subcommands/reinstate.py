"""Make suspended awards valid again."""

from __future__ import annotations

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from .. import status
from . import _awards


def add_arguments(parser: ArgumentParser) -> None:
    """Which awards, and why."""
    _awards.add_targets(parser)
    _awards.add_reason(parser, "reinstate")
    _awards.add_safety(parser)


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Do it, and tell the learners."""
    service = partial(status.reinstate, actor=_awards.ACTOR)
    return _awards.change(command, options, verb="Reinstate", done="valid again", service=service)
