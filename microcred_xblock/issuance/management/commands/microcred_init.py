"""``microcred_init``: make what is missing for issuing, record the public keys, say what to put where.

May be run again at any time: what is there is kept. After a key file was replaced it publishes the
new key and keeps the old one published as retired. After the site's address changed it refuses:
the address is the issuer's identity.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ...subcommands import init


class Command(BaseCommand):
    """See the module; the same as ``microcred init``."""

    help = init.HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Those of ``microcred init``."""
        init.add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it; CommandError with what to do where a person must act."""
        init.handle(self, options)
