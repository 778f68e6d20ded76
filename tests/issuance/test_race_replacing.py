"""A former award and what replaces it, consent to sharing, a retirement: eight threads at once, on each database."""

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import django
import pytest

from tests import services

ROOT = Path(__file__).parents[2]
SQLITE = pytest.mark.skipif(
    django.VERSION < (5, 1), reason="Django 4.2 cannot begin SQLite's transactions as writers; sites run MySQL there"
)


@pytest.mark.parametrize(("kind", "options"), [
    pytest.param("sqlite", [], marks=SQLITE), ("mysql", []), ("postgresql", []), ("mysql", ["snapshots"]),
])
def test_whoever_is_faster(kind, options, tmp_path):
    if kind != "sqlite":
        services.require(kind)
    with nullcontext(f"sqlite:{tmp_path / 'race.sqlite3'}") if kind == "sqlite" else services.database(kind) as url:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.issuance.race_replacing", url, *options], cwd=ROOT,
            capture_output=True, text=True, check=False, timeout=240,
        )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "standing": [], "late": [], "deadline": [], "sharing": [], "retirement": [],
    }
