"""Runs ``wallet.mjs``: a wallet app made of Digital Bazaar's libraries."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.verifiers.node import PINNED, REQUIRED

FOLDER = Path(__file__).parent
_STAMP = FOLDER / "node_modules" / ".installed-lock"


def run(command: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One answer for each item, from one process. Skips without node, or fails where everything is required."""
    reason = problem()
    if reason:
        (pytest.fail if REQUIRED else pytest.skip)(reason)
    done = subprocess.run(
        ["node", "wallet.mjs", command, str(PINNED)], cwd=FOLDER, input=json.dumps(list(items)).encode(),
        capture_output=True, check=False, timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@cache
def problem() -> str:
    """Why the wallet cannot run, or ''. Installs what the lock file names, once."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed: the wallet app of the tests cannot run"
    lock = (FOLDER / "package-lock.json").read_text(encoding="utf-8")
    if _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == lock:
        return ""
    done = subprocess.run(["npm", "ci"], cwd=FOLDER, capture_output=True, check=False, timeout=600)
    if done.returncode:
        return f"npm ci failed: {done.stderr.decode()[-300:]}"
    _STAMP.write_text(lock, encoding="utf-8")
    return ""
