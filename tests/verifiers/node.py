"""Runs ``verify.mjs`` for the tests: verdicts of code that this project did not write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import microcred_xblock

FOLDER = Path(__file__).parent
PINNED = Path(microcred_xblock.__file__).parent / "credentials"
REQUIRED = "1" in (os.environ.get("MICROCRED_REQUIRE_NODE"), os.environ.get("MICROCRED_REQUIRE_ALL")) or bool(
    os.environ.get("CI")
)
_STAMP = FOLDER / "node_modules" / ".installed-lock"


def verdict(kind: str, subject: Mapping[str, Any]) -> dict[str, Any]:
    """What ``verify.mjs <kind>`` says about ``subject``: ``{"verified": bool, …}``. Skips without node."""
    return verdicts(kind, [subject])[0]


def verdicts(kind: str, subjects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One verdict for each subject, from one process."""
    require()
    return run("verify.mjs", kind, str(PINNED), input=json.dumps(subjects))


def run(script: str, *arguments: str, input: str = "") -> Any:
    """The JSON that a script of this folder prints."""
    done = subprocess.run(
        ["node", script, *arguments], cwd=FOLDER, input=input.encode(), capture_output=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def require() -> None:
    """Skips the test, saying why, if the verifiers cannot run; fails it where ``MICROCRED_REQUIRE_NODE=1``."""
    reason = problem()
    if reason and REQUIRED:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@cache
def problem() -> str:
    """Why the npm verifiers cannot run, or ''. Installs what the lock file names, once."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed: the npm verifiers cannot run"
    lock = (FOLDER / "package-lock.json").read_text(encoding="utf-8")
    if _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == lock:
        return ""
    done = subprocess.run(["npm", "ci"], cwd=FOLDER, capture_output=True, check=False, timeout=600)
    if done.returncode:
        return f"npm ci failed: {done.stderr.decode()[-300:]}"
    _STAMP.write_text(lock, encoding="utf-8")
    return ""
