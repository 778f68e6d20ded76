"""What writes files, on a disk that is full: a site of its own on SQLite, in a process of its own.

``python -m tests.faults.disk migrate|init|rotate|export <folder>`` does one step of it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from cryptography.fernet import Fernet

from tests.faults.stage import ROOT


class Site:
    """A site whose keys, and exports, lie on a disk of 256 kB; where mounting is not allowed, files are limited."""

    def __init__(self, folder: Path, database: str) -> None:
        self.keys, self._config = folder / "keys", folder / "site.json"
        self.keys.mkdir(parents=True)
        self._config.write_text(json.dumps({
            "database": database, "broker": "memory://", "keys": str(self.keys), "points": str(folder),
            "token_key": Fernet.generate_key().decode(), "wallets": {},
        }), encoding="utf-8")
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(self.keys)]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        self.how = "a full tmpfs" if self.mounted else "a limit on files"
        assert (done := self.run("migrate")).returncode == 0, done.stderr

    def run(self, step: str, *, full: bool = False) -> subprocess.CompletedProcess[str]:
        """One step in a process of its own; with ``full`` there is no room for a byte more."""
        environment = {
            **os.environ, "MICROCRED_FAULTS": str(self._config), "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        }
        limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (1, 1)) if full and not self.mounted else None
        ballast = self.keys / "ballast"
        if full and self.mounted:
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 512)
        try:
            return subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "tests.faults.disk", step, str(self.keys)], cwd=ROOT,
                env=environment, capture_output=True, text=True, check=False, timeout=120, preexec_fn=limit,
            )
        finally:
            ballast.unlink(missing_ok=True)

    def files(self) -> dict[str, bytes]:
        """What lies on the disk."""
        return {path.name: path.read_bytes() for path in self.keys.iterdir()}

    def close(self) -> None:
        """Give the disk back."""
        if self.mounted:
            subprocess.run(["umount", str(self.keys)], check=True)


def main() -> None:
    """Do one step."""
    import django

    django.setup()
    from django.core.management import call_command, execute_from_command_line

    step, folder = sys.argv[1:]
    if step == "migrate":
        call_command("migrate", verbosity=0)
    elif step == "init":
        execute_from_command_line(["", "microcred_init", "--self-signed"])
    elif step == "rotate":
        execute_from_command_line(["", "microcred", "keys", "rotate", "badge"])
    elif step == "export":
        execute_from_command_line(["", "microcred", "export", "--awards", "--out", f"{folder}/awards.csv"])


if __name__ == "__main__":
    main()
