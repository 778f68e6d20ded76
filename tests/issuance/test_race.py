"""Two tabs and two workers, for real: eight threads at once on one database file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import django
import pytest

ROOT = Path(__file__).parents[2]
# For example "mysql:name postgresql:name" (empty databases on loopback, with their drivers installed).
MORE = os.environ.get("MICROCRED_RACE_DATABASES", "").split()


SQLITE = pytest.param("sqlite", marks=pytest.mark.skipif(
    django.VERSION < (5, 1), reason="Django 4.2 cannot begin SQLite's transactions as writers; sites run MySQL there"
))


def race(database, folder, *parts):
    """What was found after a race on a database."""
    url = f"sqlite:{folder / 'race.sqlite3'}" if database == "sqlite" else database
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.issuance.race", url, *parts], cwd=ROOT, capture_output=True,
        text=True, check=False, timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("database", [SQLITE, *MORE])
def test_nothing_is_lost_or_doubled(database, tmp_path):
    found = race(database, tmp_path)
    assert len(found.pop("award ids")) == 1
    assert set(found.pop("mixed")) <= {"NotAllowed"}  # sent after it was withdrawn
    assert found == {
        "awards": 1, "digests": 1, "consents": 1,
        "credentials": [["elm", "issued"], ["ob3", "issued"], ["ob3-jwt", "issued"]],
        "returned": {"/b?microcred_wallet=w": 8}, "active connections": 1, "active registrations": 1,
        "sent": {"Panel": 8}, "deliveries": [["elm", "delivered"], ["ob3", "delivered"]], "upserts": [1, 1],
        "share consents": 1, "active consents": 0, "left over": 0, "leased": 0, "bytes kept": True,
    }


@pytest.mark.parametrize("database", [SQLITE, *MORE])
def test_every_answer_is_followed_by_an_assessment(database, tmp_path):
    assert race(database, tmp_path, "requests") == {
        "faults": [], "unseen": 0, "left over": 0, "reads of a course": 1, "courses left": 0,
        "swept": 0,
    }
