"""Say which recognition data the pills of an organisation or a site inherit.

A change counts for awards to come: it makes new versions of the pills that inherit. Awards that are made keep theirs.
Each change says how many pills and awards it concerns; with --dry-run it says so and is not made.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from .. import recognition_defaults, recognition_reach


def add_arguments(parser: ArgumentParser) -> None:
    """``list``, ``set``, ``remove``."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser("list", help="all that is set, as JSON")
    put = steps.add_parser("set", help="what an organisation or a site gives to its pills")
    put.add_argument("scope", choices=recognition_defaults.Scope.values)
    put.add_argument("value", help="the organisation's short name, or the site's host name")
    put.add_argument("file", help="a JSON file with recognition data; - is the standard input")
    remove = steps.add_parser("remove", help="give nothing any more")
    remove.add_argument("scope", choices=recognition_defaults.Scope.values)
    remove.add_argument("value")
    for step in (put, remove):
        step.add_argument("--dry-run", action="store_true", help="only say whom it would concern")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    """One step; CommandError with what to do where a person must act."""
    _STEPS[options["step"]](command, options)


def _list(command: BaseCommand, _options: dict[str, Any]) -> None:
    found = [
        {
            "scope": row.scope, "value": row.value, "recognition": row.recognition,
            "unusable": [problem.params["element"] for problem in recognition_defaults.problems(row)],
        }
        for row in recognition_defaults.rows()
    ]
    command.stdout.write(json.dumps(found, indent=2, ensure_ascii=False))


def _set(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text(encoding="utf-8")
        given = json.loads(text)
    except (OSError, ValueError) as error:
        raise CommandError(f"{options['file']} is no JSON file that can be read: {error}.") from error
    scope, value, checked = recognition_defaults.checked(options["scope"], options["value"], given)
    if not options["dry_run"]:
        recognition_defaults.put(scope, value, checked)
    command.stdout.write(f"{scope} {value}: {', '.join(checked) or 'nothing'}. It counts for awards to come.")
    _say_whom(command, scope, value, options)


def _remove(command: BaseCommand, options: dict[str, Any]) -> None:
    scope, value = recognition_defaults.place(options["scope"], options["value"])
    given = any((row.scope, row.value) == (scope, value) for row in recognition_defaults.rows())
    if not given or (not options["dry_run"] and not recognition_defaults.remove(scope, value)):
        raise CommandError("Nothing is set there: see `microcred recognition list`.")
    _say_whom(command, scope, value, options)


def _say_whom(command: BaseCommand, scope: str, value: str, options: dict[str, Any]) -> None:
    command.stdout.write(str(recognition_reach.of(scope, value)))
    if options["dry_run"]:
        command.stdout.write("Nothing was changed: this was a dry run.")


_STEPS = {"list": _list, "set": _set, "remove": _remove}
