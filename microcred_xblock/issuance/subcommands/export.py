"""Write out everything about one learner (JSON), or the list of awards (CSV)."""

from __future__ import annotations

import csv
import json
import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from ... import compat
from .. import privacy, staff


def add_arguments(parser: ArgumentParser) -> None:
    """What, and where to."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--learner", metavar="ID",
        help="everything that is held about this learner, as JSON: the number of the account, on a platform also its "
             "user name or e-mail address",
    )
    what.add_argument("--awards", action="store_true", help="all awards that fit the filters, as CSV")
    parser.add_argument("--out", default="", metavar="FILE", help="write to this new file, readable by you alone")
    for item in fields(staff.Filters):
        name = "of-learner" if item.name == "learner" else item.name
        parser.add_argument(f"--{name}", default="", dest=f"filter_{item.name}", help="filter of --awards")


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Stream it; personal data goes nowhere else."""
    learner = _learner(options["learner"]) if options["learner"] else ""
    with _target(command, options["out"]) as out:
        if learner:
            json.dump(privacy.export(learner), out, ensure_ascii=False, indent=2)
            out.write("\n")
            return None
        filters = staff.Filters(**{item.name: options[f"filter_{item.name}"] for item in fields(staff.Filters)})
        writer = csv.writer(out)
        writer.writerow(staff.CSV_COLUMNS)
        writer.writerows(staff.csv_rows(staff.Scope(courses=None, actor="command"), filters))
    return None


def _learner(text: str) -> str:
    """The number of the one account that is meant; CommandError for one of which nothing is known here."""
    called = compat.accounts_called(text)
    found = [text] if privacy.known(text) or compat.account(text) is not None else called
    if len(found) > 1:
        raise CommandError(f"Several accounts are called so: {', '.join(found)}. Give the number of one. Nothing was "
                           "written.")
    if not found:
        also = ", its user name or its e-mail address, letter for letter" if compat.platform() else ""
        raise CommandError(
            f"Nothing is held about a learner “{text}”. Give the number of the account{also}. Nothing was written."
        )
    return found[0]


@contextmanager
def _target(command: BaseCommand, path: str) -> Iterator[TextIO]:
    """Standard output, or a file that is made for this and that only its owner can read."""
    if not path:
        yield command.stdout._out  # the stream itself: Django's wrapper would end every piece with a new line
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists already; nothing was written.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException as error:  # also Ctrl-C: half an export looks like a whole one
        with suppress(OSError):
            os.unlink(path)
        if isinstance(error, OSError):
            raise CommandError(f"{path} cannot be written: {error.strerror}. Nothing was kept.") from error
        raise
