"""Check keys, certificate, clock, addresses, status lists, queue, wallets and broker.

Exit code 0: all is well; 1: warnings; 2: errors. Nothing is changed.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from .. import doctor, doctor_checks

_MARKS = {doctor.Level.OK: "ok     ", doctor.Level.WARNING: "WARNING", doctor.Level.ERROR: "ERROR  "}


def add_arguments(parser: ArgumentParser) -> None:
    """The form of the report, and its time limit."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--seconds", type=float, default=doctor.SECONDS, help="time limit for all checks together")
    parser.add_argument("--check", action="append", metavar="NAME", help="only this check; may be repeated")


def handle(command: BaseCommand, options: dict[str, Any]) -> int:
    """Print the findings; the worst one's level."""
    checks = doctor_checks.all_checks()
    if unknown := sorted(set(options["check"] or ()) - set(checks)):
        raise CommandError(f"There is no check {', '.join(unknown)}. There are: {', '.join(checks)}.")
    if options["check"]:
        checks = {name: check for name, check in checks.items() if name in options["check"]}
    findings = doctor_checks.examine(checks, now=timezone.now(), seconds=options["seconds"])
    worst = doctor.worst(findings)
    if options["json"]:
        report = {"level": worst.name.lower(), "findings": [found.encoded() for found in findings]}
        command.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        return worst.value
    width = max((len(found.check) for found in findings), default=0)
    for found in findings:
        command.stdout.write(f"{_MARKS[found.level]}  {found.check:{width}}  {found.said}")
        if found.remedy:
            command.stdout.write(f"{'':{width + 11}}→ {found.remedy}")
    return worst.value
