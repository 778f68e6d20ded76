"""Places in status lists without a race: eight threads on SQLite, and on the real databases where they can be had."""

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import django
import pytest

from tests import services

ROOT = Path(__file__).parents[2]
SQLITE = pytest.param("sqlite", marks=pytest.mark.skipif(
    django.VERSION < (5, 1), reason="Django 4.2 cannot begin SQLite's transactions as writers; sites run MySQL there"
))


@pytest.mark.parametrize("kind", [SQLITE, *services.DATABASES])
def test_no_place_is_given_twice_and_no_bit_is_lost(kind, tmp_path):
    if kind != "sqlite":
        services.require(kind)
    with nullcontext(f"sqlite:{tmp_path / 'race.sqlite3'}") if kind == "sqlite" else services.database(kind) as url:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.issuance.race_status", url], cwd=ROOT, capture_output=True,
            text=True, check=False, timeout=240,
        )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "faults": [], "entries": 128, "distinct places": 128, "allocated as counted": True, "places of one award": 1,
        "revocations": 1, "suspensions at most one": True, "status": "revoked", "bits are the rows": True,
        "the last revocation is there": True, "every published list is in the audit": True,
    }
