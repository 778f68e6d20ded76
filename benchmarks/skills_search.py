"""Search in a catalogue as large as ESCO's, as one types: ``python -m benchmarks.skills_search [--database mysql]``.

14,000 concepts in three languages, made up of the words of those that ship with the package, with four alternative
labels each; or official files (``--files skills_en.csv …``). Each query is what an author has typed so far. Beside it
the plain way: every word somewhere in the label or the alternatives (``icontains``), the first twenty of what is found.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONCEPTS, ROUNDS = 14_000, 9
QUERIES = ("in", "wi", "win", "wind", "wind tur", "wind turbine", "maintain", "maintain el", "energ",
           "install photovoltaic sy", "systems", "and", "a of", "urbin", "électr", "zzzz",
           "perform a feasibility study on mini wind power")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", default="sqlite", choices=["sqlite", "mysql", "postgresql"])
    parser.add_argument("--files", nargs="*", default=[])
    arguments = parser.parse_args()
    found = measured(arguments.database, arguments.files)
    print(f"{arguments.database}: {found['texts']:,} labels with {found['words']:,} words; "
          f"imported in {found['import']:.0f} s")
    print(f"{'':50}{'search':>10}{'icontains':>12}")
    for query, row in found["queries"].items():
        print(f"{query:50}{row['search'] * 1_000:>7.1f} ms{row['scan'] * 1_000:>9.1f} ms{row['found']:>4}")


def measured(database: str, files: list[str] = (), concepts: int = CONCEPTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """What each query costs; in a process and a database of its own."""
    from tests import services

    def run(url: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.skills_search", url, str(concepts), str(rounds), *files],
            capture_output=True, text=True, check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-3_000:])
        return json.loads(done.stdout)

    if database == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            return run(f"sqlite:{folder}/skills.sqlite3")
    with services.database(database) as url:
        return run(url)


def work(url: str, concepts: int, rounds: int, files: list[str]) -> None:
    """Fill the database and print what the queries cost there."""
    from tests.issuance.race import configure

    configure(url, "https://wallet.example")
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from microcred_xblock.issuance import models, skills

    began = time.perf_counter()
    if files:
        for file in files:
            call_command("microcred", "skills", "import", file, "--complete", skip_checks=True, stdout=sys.stderr)
    else:
        for language in ("en", "fr", "de"):
            for _changes in skills.store(
                made_up(concepts, language), framework="ESCO", language=language, complete=False
            ):
                pass
    seconds = time.perf_counter() - began
    _analyse()
    rows = {}
    for query in QUERIES:
        rows[query] = {
            "search": _least(lambda query=query: skills.search(query, "fr"), rounds),
            "scan": _least(lambda query=query: scan(query, "fr"), rounds), "found": len(skills.search(query, "fr")),
        }
    print(json.dumps({
        "texts": models.SkillText.objects.count(), "words": models.SkillWord.objects.count(), "import": seconds,
        "queries": rows,
    }))


def made_up(concepts: int, language: str) -> Iterator[Any]:
    """Labels as ESCO's are: a verb and one to four other words, few of them common and most of them rare, and
    alternatives that turn the label's own words about. Nine words a concept, as there. Other languages have other
    endings."""
    from microcred_xblock.issuance import skill_files, skills

    ending = {"en": "", "fr": "é", "de": "en"}[language]
    labels = [concept.label.split() for concept in skill_files.shipped()[1]]
    verbs = sorted({words[0] for words in labels})
    nouns = sorted({word for words in labels for word in words[1:]})
    nouns += [f"{first[:4]}{second[-4:]}" for first in nouns for second in nouns[::12]]  # rare ones
    chance = random.Random(5)
    for number in range(concepts):
        verb, count = chance.choice(verbs), chance.randint(1, 4)
        own = [nouns[int(len(nouns) * chance.random() ** 4)] + ending for _ in range(count)]
        alternatives = [[f"{verb}ing", *own], [*own, verb], [*own, f"{verb}ing"], [chance.choice(verbs), *own]]
        yield skills.Concept(
            uri=f"http://data.europa.eu/esco/skill/{number:08x}", label=" ".join([verb, *own]), kind="skill",
            alternatives=tuple(map(" ".join, alternatives)), description="What it is about. " * 10,
        )


def scan(query: str, language: str) -> list[Any]:
    """The plain way."""
    from django.db.models import Q

    from microcred_xblock.issuance import models

    rows = models.SkillText.objects.filter(language__in=(language, "en"), skill__obsolete=False)
    for word in query.split():
        rows = rows.filter(Q(label__icontains=word) | Q(alternatives__icontains=word))
    return list(rows.select_related("skill").order_by("label")[:20])


def _least(call: Any, rounds: int) -> float:
    """The shortest time: what else the machine does only adds to it."""
    seconds = []
    for _round in range(rounds):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _analyse() -> None:
    from django.db import connection

    tables = [name for name in connection.introspection.table_names() if name.startswith("microcred_skill")]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {'TABLE ' if connection.vendor == 'mysql' else ''}{table}")
            if connection.vendor == "mysql":
                cursor.fetchall()


if __name__ == "__main__":
    if len(sys.argv) > 3 and ":" in sys.argv[1]:
        work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), [str(Path(name)) for name in sys.argv[4:]])
    else:
        main()
