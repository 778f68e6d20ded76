"""The fault matrix on MariaDB, Redis and real worker processes; it is printed at the end of the run."""

import json
import subprocess
import sys

import pytest

from tests import services
from tests.faults.matrix import LOGS, PRINTED, REPEATED, table
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import ROOT

ARTEFACTS = ROOT / "artefacts"


@pytest.fixture(scope="module")
def matrix(tmp_path_factory, request):
    """What came of every scenario; played once, also where only some of the tests below are asked for."""
    services.require("mysql", "redis", own=True)
    target = tmp_path_factory.mktemp("faults") / "matrix.json"
    names = [item.callspec.params["name"] for item in request.session.items if "matrix" in item.fixturenames]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.matrix", "--json", str(target), "--names", *names],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=900,
    )
    assert target.exists(), done.stderr[-5_000:]
    found = json.loads(target.read_text(encoding="utf-8"))
    ARTEFACTS.mkdir(exist_ok=True)
    (ARTEFACTS / "fault-matrix.txt").write_text(table(found) + "\n", encoding="utf-8")
    PRINTED.append(table(found))
    return found


@pytest.mark.parametrize("name", [*(scenario.id for scenario in SCENARIOS), REPEATED, LOGS])
def test_nothing_is_lost_or_doubled(matrix, name):
    assert not matrix[name]["fault"], matrix[name]["fault"]
