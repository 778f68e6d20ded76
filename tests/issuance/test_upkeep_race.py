"""Scores, sweeps and messages by eight threads at once: one case, one revocation, one message, on every database."""

import json
import subprocess
import sys
from pathlib import Path

import django
import pytest

from tests import services

ROOT = Path(__file__).parents[2]
SQLITE = pytest.param("sqlite", marks=pytest.mark.skipif(
    django.VERSION < (5, 1), reason="Django 4.2 cannot begin SQLite's transactions as writers; sites run MySQL there"
))


def race(url):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.issuance.upkeep_race", url], cwd=ROOT, capture_output=True,
        text=True, check=False, timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", [SQLITE, *services.DATABASES])
def test_nothing_is_lost_or_doubled(kind, tmp_path):
    if kind == "sqlite":
        found = race(f"sqlite:{tmp_path / 'race.sqlite3'}")
    else:
        services.require(kind)
        with services.database(kind) as url:
            found = race(url)
    assert found == {
        "faults": [], "either way": [], "cases": 6, "open": 0, "reminders": 7, "renewals": 2, "told of a fall": 6,
        "told of a revocation": 0, "messages": 6,
    }
