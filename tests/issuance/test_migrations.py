"""An old installation migrates forwards and back, step by step, on every database, and its rows go on working."""

import json
import subprocess
import sys

import pytest

from tests import services
from tests.issuance.test_race import ROOT


@pytest.fixture(scope="module", params=["sqlite", *services.DATABASES])
def found(request, tmp_path_factory):
    """What the program found on one database."""
    if request.param == "sqlite":
        return _play(f"sqlite:{tmp_path_factory.mktemp('migrating') / 'old.sqlite3'}")
    services.require(request.param)
    with services.database(request.param) as url:
        return _play(url)


def _play(url):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.issuance.migrating", url], cwd=ROOT, capture_output=True,
        text=True, check=False, timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_there_and_back_and_there_again(found):
    names = sorted(path.stem for path in (ROOT / "microcred_xblock/issuance/migrations").glob("0*.py"))
    assert len(names) >= 3
    assert found["forwards"] == found["again"] == names
    assert found["backwards"] == names[::-1]
    assert found["tables at zero"] == []
    assert len(found["old tables"]) == 14


def test_models_and_migrations_agree(found):
    assert found["to make"] == found["to make again"] == ""


def test_nothing_old_changes_on_the_way(found):
    assert found["changed on the way"] == found["changed on the way back"] == []
    assert found["bytes kept"]


def test_what_an_older_version_cannot_know_does_not_keep_it_from_coming_back(found):
    assert found["newer rows are gone"]


def test_old_rows_go_on_working(found):
    assert found["panels"] == {
        "learner_delivered": "issued", "learner_given_up": "issued", "learner_queued": "issuing",
        "learner_prepared": "earned",
    }
    assert found["deliveries"] == ["delivered"] and found["held"] and found["consent stands"]
    assert found["values"] == [["valid", "", "results"]]
    assert found["queued is signed"] == ["issued"] and found["prepared is issued"] == "issued"
    assert found["given up is sent"] == [["elm", "delivered"], ["ob3", "delivered"]]


def test_old_credentials_go_on_verifying(found):
    assert found["keys published"]
    assert found["verification page"] == 200
