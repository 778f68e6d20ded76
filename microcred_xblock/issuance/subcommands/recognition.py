"""Say which recognition data the pills of an organisation or a site inherit.

A change counts for awards to come: it makes new versions of the pills that inherit. Awards that are made keep theirs.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from .. import recognition_defaults


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
    row = recognition_defaults.put(options["scope"], options["value"], given)
    command.stdout.write(f"{row}: {', '.join(row.recognition) or 'nothing'}. It counts for awards to come.")


def _remove(command: BaseCommand, options: dict[str, Any]) -> None:
    if not recognition_defaults.remove(options["scope"], options["value"]):
        raise CommandError("Nothing is set there: see `microcred recognition list`.")


_STEPS = {"list": _list, "set": _set, "remove": _remove}
