"""The skills that authors choose from: import ESCO's files, see what there is, try the search.

``skills import skills_fr.csv`` reads the official CSV of one language, ``skills import esco.zip`` the official zip;
``skills import`` alone reads again the selection that ships with this package (English, renewable energy). A file is
read twice: nothing is stored if any line of it is wrong. It may be imported again at any time.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils import timezone

from ...domain.errors import InvalidInput
from .. import models, skill_files, skills

_MOST_SHOWN = 20  # wrong lines
_SUSPICIOUS = 0.1  # so large a part of a framework is not given up in one edition


def add_arguments(parser: ArgumentParser) -> None:
    """``import``, ``status`` and ``list``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    taken = actions.add_parser("import", help="take over a file of skills, ESCO's CSV or zip")
    taken.add_argument("file", nargs="?", default="", metavar="FILE", help="default: the selection that is shipped")
    taken.add_argument("--language", default="", help="the file's language, where its name does not say it")
    taken.add_argument(
        "--framework", default=skill_files.ESCO, help="what the skills belong to, if not ESCO; the columns are the same"
    )
    taken.add_argument("--dry-run", action="store_true", help="only say what would change")
    taken.add_argument("--skip-wrong", action="store_true", help="take what can be taken, leave out wrong lines")
    whole = taken.add_mutually_exclusive_group()
    whole.add_argument(
        "--partial", action="store_true", help="the file has only a part: what it lacks does not become obsolete"
    )
    whole.add_argument(
        "--complete", action="store_true", help="the file has everything: what it lacks becomes obsolete, however much"
    )
    actions.add_parser("status", help="what there is, in which languages, from which files")
    listed = actions.add_parser("list", help="search as an author does")
    listed.add_argument("query", metavar="WORDS")
    listed.add_argument("--language", default="en")


def handle(command: BaseCommand, options: dict[str, Any]) -> int | None:
    """Do it; exit code 1 where nothing is there or found."""
    if options["action"] == "import":
        return _import(command, options)
    return _status(command) if options["action"] == "status" else _list(command, options)


def _import(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        if not options["file"]:
            manifest, concepts = skill_files.shipped()
            _replaces_nothing(manifest)
            _take(command, options, concepts, manifest["framework"], manifest["language"], skill_files.SHIPPED, False)
            return
        if not options["framework"].strip() or len(options["framework"]) > 100:
            raise CommandError("Give the framework a name of at most 100 characters.")
        for file in skill_files.files(
            Path(options["file"]), language=options["language"].lower(), framework=options["framework"].strip()
        ):
            usable, wrong = _checked(command, file, skip=options["skip_wrong"])
            complete = options["complete"] or (file.official and not options["partial"] and not wrong)
            if complete and not options["complete"]:
                _doubt(file, usable)
            concepts = (found for _line, found in file.concepts() if not isinstance(found, InvalidInput))
            _take(command, options, concepts, file.framework, file.language, file.name, complete, total=len(usable))
    except IntegrityError as error:
        raise CommandError("Another import is at work. Run this again when it has ended.") from error


def _replaces_nothing(manifest: dict[str, Any]) -> None:
    """CommandError where an official file has taken the place of the selection: it has more."""
    known = models.SkillImport.objects.filter(framework=manifest["framework"], language=manifest["language"]).first()
    if known is not None and known.source != skill_files.SHIPPED:
        raise CommandError(f"{known.source} was imported on {known.at:%Y-%m-%d} and says more. Nothing was stored.")


def _checked(command: BaseCommand, file: skill_files.SkillFile, *, skip: bool) -> tuple[set[str], int]:
    """Read the file once; the keys of its current concepts, and how many lines are left out. CommandError with them."""
    wrong, keys = [], set()
    for line, found in file.concepts():
        if isinstance(found, InvalidInput):
            wrong.append(f"line {line}: {found.message}")
        elif not found.obsolete:
            keys.add(models.pair_key(found.uri))
    said = [f"  {text}" for text in wrong[:_MOST_SHOWN]]
    if len(wrong) > _MOST_SHOWN:
        said.append(f"  and {len(wrong) - _MOST_SHOWN} more")
    lines, are = ("1 line", "is") if len(wrong) == 1 else (f"{len(wrong):,} lines", "are")
    if wrong and not skip:
        raise CommandError("\n".join([
            f"{file.name}: {lines} cannot be used, so nothing was stored. Mend the file, or run this again with "
            "--skip-wrong.", *said,
        ]))
    for text in [f"{file.name}: {lines} {are} left out.", *said] if wrong else ():
        command.stderr.write(text)
    return keys, len(wrong)


def _doubt(file: skill_files.SkillFile, keys: set[str]) -> None:
    """CommandError where a file that is called like a complete one lacks far too much."""
    known = models.Skill.objects.filter(framework=file.framework, obsolete=False).count()
    gone = len(skills.missing(file.framework, keys))
    if known and gone > _SUSPICIOUS * known:
        raise CommandError(
            f"{file.name} lacks {gone} of the {known} skills that are known. If it is only a part of {file.framework}, "
            "run this again with --partial; if they were really given up, with --complete. Nothing was stored."
        )


def _take(
    command: BaseCommand, options: dict[str, Any], concepts: Any, framework: str, language: str, source: str,
    complete: bool, total: int = 0,
) -> None:
    changes = skills.Changes()
    for done, changes in enumerate(skills.store(
        concepts, framework=framework, language=language, complete=complete, write=not options["dry_run"]
    ), start=1):
        if total and not done % 4 and command.stdout.isatty():
            command.stdout.write(f"\r{changes.new + changes.changed + changes.unchanged:>8,} of {total:,}", ending="")
            command.stdout.flush()
    count = changes.new + changes.changed + changes.unchanged
    if not options["dry_run"]:
        models.SkillImport.objects.update_or_create(
            framework=framework, language=language,
            defaults={"source": source[:255], "concepts": count, "at": timezone.now()},
        )
    start = "\r" if total and command.stdout.isatty() else ""
    command.stdout.write(
        f"{start}{source} ({framework}, {language}): {count:,} skills: {changes.new:,} new, "
        f"{changes.changed:,} changed, {changes.unchanged:,} as they were; {changes.obsolete:,} became obsolete, "
        f"{changes.back:,} are back." + (" Nothing was stored (--dry-run)." if options["dry_run"] else "")
    )


def _status(command: BaseCommand) -> int | None:
    rows = skills.standing()
    if not rows:
        command.stdout.write("There are no skills. “microcred skills import” brings those that ship with the package.")
        return 1
    for row in rows:
        old = f", {row['obsolete']:,} of them obsolete" if row["obsolete"] else ""
        origin = f"; {row['source']}, {row['at']:%Y-%m-%d}" if row["at"] else ""
        command.stdout.write(f"{row['framework']:12} {row['language']:3} {row['concepts']:>8,} skills{old}{origin}")
    return None


def _list(command: BaseCommand, options: dict[str, Any]) -> int | None:
    found = skills.search(options["query"], options["language"])
    for skill in found:
        facts = ", ".join(filter(None, (skill.framework, skill.language, skill.kind, skill.reuse)))
        command.stdout.write(f"{skill.label} ({facts})\n    {skill.uri}")
    if not found:
        command.stdout.write("Nothing found.")
    return None if found else 1
