"""The console's list with few and with many awards: ``python -m benchmarks.console [--awards 1000 100000]``.

On MariaDB (or ``--database postgresql``), through the whole view: time, queries, and how many rows the database read,
each as a ratio of the larger installation to the smaller one. A list that is one page of constant queries reads as much
of 100,000 awards as of 1,000.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

QUERIES = {
    "all": "", "the twentieth page": "", "one course": "course=course-v1:MiCRET%2BWT101%2B2026",
    "failed": "state=failed", "delivered": "state=delivered", "no consent": "state=no-consent",
    "one learner": "learner=1100",
    "a pill's title": "pill=hydraulic", "one wallet": "wallet=testwallet", "an award": "",
}
ROUNDS = 7


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--awards", type=int, nargs=2, default=[1_000, 100_000])
    parser.add_argument("--database", default="mysql", choices=["mysql", "postgresql"])
    arguments = parser.parse_args()
    few, many = measured(arguments.awards, arguments.database)
    print(f"{'':22}{'queries':>9}{'':9}{'time':>7}{'rows read':>12}   ({many['awards']:,} : {few['awards']:,} awards)")
    for name in QUERIES:
        a, b = few["pages"][name], many["pages"][name]
        rows = f"{b['rows'] / a['rows']:.2f}" if a["rows"] else "–"
        print(f"{name:22}{b['queries']:>9}{'= ' if a['queries'] == b['queries'] else '≠ '}{a['queries']:<7}"
              f"{b['seconds'] / a['seconds']:>7.2f}{rows:>12}")


def measured(sizes: list[int], database: str = "mysql", rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """What each size costs; in a process and a database of its own."""
    from tests import services

    with services.database(database) as url:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.console", url, str(rounds), *map(str, sizes)],
            capture_output=True, text=True, check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-3_000:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def pages(url: str, rounds: int, sizes: list[int]) -> None:
    """Fill the database up to each size and print what the pages cost there."""
    from tests.issuance.race import configure

    configure(
        url, "https://wallet.example", ROOT_URLCONF="tests.issuance.console_urls", ALLOWED_HOSTS=["testserver"],
        STATIC_URL="/static/", INSTALLED_APPS=[
            "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
            "django.contrib.staticfiles", "microcred_xblock.issuance.apps.IssuanceConfig",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
    )
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from tests.issuance.population import populate

    call_command("migrate", verbosity=0)
    client, now, held = Client(), timezone.now(), 0
    client.force_login(get_user_model().objects.create_superuser("boss"))
    for size in sizes:
        populate(size - held, now=now, first=held)
        held = size
        _analyse(connection)
        found = {name: _cost(client, name, query, rounds) for name, query in QUERIES.items()}
        print(json.dumps({"awards": size, "pages": found}), flush=True)


def _analyse(connection: Any) -> None:
    tables = [name for name in connection.introspection.table_names() if name.startswith("microcred_")]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {'TABLE ' if connection.vendor == 'mysql' else ''}{table}")
            if connection.vendor == "mysql":
                cursor.fetchall()


def _cost(client: Any, name: str, query: str, rounds: int) -> dict[str, Any]:
    """The middle time of a few rounds, and what the last of them did."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    address = _address(name, query)
    seconds, rows = [], 0
    for _round in range(rounds):
        before = _rows_read(connection)
        with CaptureQueriesContext(connection) as context:
            began = time.perf_counter()
            answer = client.get(address)
            seconds.append(time.perf_counter() - began)
        rows = _rows_read(connection) - before
        assert answer.status_code == 200, answer.content
    return {"seconds": statistics.median(seconds), "queries": len(context), "rows": rows}


def _address(name: str, query: str) -> str:
    from microcred_xblock.issuance import staff

    scope, cursor = staff.Scope(courses=None), ""
    if name == "an award":
        return f"/microcred/console/awards/{staff.page(scope, staff.Filters()).lines[0].id}/"
    for _page in range(19 if name == "the twentieth page" else 0):
        cursor = staff.page(scope, staff.Filters(), cursor).older or cursor
    return f"/microcred/console/?{query}&cursor={cursor}"


def _rows_read(connection: Any) -> int:
    """How many rows this session has had the storage engine read; 0 where the database does not tell."""
    if connection.vendor != "mysql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%%'")
        return sum(int(value) for _name, value in cursor.fetchall())


if __name__ == "__main__":
    if len(sys.argv) > 1 and "://" in sys.argv[1]:
        pages(sys.argv[1], int(sys.argv[2]), [int(size) for size in sys.argv[3:]])
    else:
        main()
