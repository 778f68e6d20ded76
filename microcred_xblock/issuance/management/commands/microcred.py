"""``microcred``: everything an administrator does from a shell, each under a name of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ....domain.errors import MicrocredError
from ... import subcommands


class Command(BaseCommand):
    """See the module. Exit codes: 0 done, 1 refused or nothing done; ``doctor`` and ``verify`` have their own."""

    requires_system_checks: ClassVar[list[str]] = []  # ``doctor`` reports them itself, the others run them below
    help = "Make keys, see whether all is well, change awards, verify and export."

    def add_arguments(self, parser: CommandParser) -> None:
        """One parser for each module of ``subcommands``."""
        parser.add_argument("--skip-checks", action="store_true", help="do not look at the settings first")
        parsers = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
        for name, module in subcommands.found().items():
            said = (module.__doc__ or "").strip().partition("\n")[0]
            module.add_arguments(parsers.add_parser(name, help=said, description=module.__doc__))

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run it; CommandError with what to do where a person must act, SystemExit for its exit code."""
        module = subcommands.found()[options["subcommand"]]
        if options["subcommand"] != "doctor" and not options.get("skip_checks"):
            self.check()
        try:
            code = module.handle(self, options)
        except MicrocredError as error:
            raise CommandError(error.message) from error
        if code:
            raise SystemExit(code)
