"""Real servers for tests: MariaDB, PostgreSQL and Redis that answer on loopback, or private ones in a temporary folder.

``python -m tests.services make test`` runs a command with all three up. Standard library only, so that it runs before
anything is installed. What a test stops or kills is always an ``own…`` server, never the machine's.
"""

from __future__ import annotations

import atexit
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

REQUIRED = os.environ.get("MICROCRED_REQUIRE_ALL") == "1" or bool(os.environ.get("CI"))
ENVIRONMENT = {kind: f"MICROCRED_TEST_{kind.upper()}" for kind in ("mysql", "postgresql", "redis")}
PORTS = {"mysql": 3306, "postgresql": 5432, "redis": 6379}
USERS = {"mysql": "root", "postgresql": "postgres"}
PACKAGES = {
    "mysql": "MariaDB (apt install mariadb-server)", "postgresql": "PostgreSQL (apt install postgresql)",
    "redis": "Redis (apt install redis-server)",
}
DRIVERS = {"mysql": "MySQLdb", "postgresql": "psycopg", "redis": "redis"}
DATABASES = ("mysql", "postgresql")
_PATIENCE = 60.0


class Missing(Exception):
    """A program or a driver is not installed; says which."""


class Own:
    """A private server on a free port, which may be killed and started again with what it has stored."""

    def __init__(self, kind: str) -> None:
        self.kind, self.port, self.process = kind, free_port(), None
        self._programs = _programs(kind)
        self._user = _unprivileged() if kind == "postgresql" and os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix=f"microcred-{kind}-"))
        self._data = self.folder / "data"
        if self._user:
            shutil.chown(self.folder, self._user)
        atexit.register(self.close)
        if kind == "mysql":
            self._run(self._programs[1], "--no-defaults", f"--user={_me()}", f"--datadir={self._data}",
                      "--auth-root-authentication-method=normal", "--skip-test-db")
        elif kind == "postgresql":
            self._run(self._programs[1], "-D", str(self._data), "-A", "trust", "-U", USERS[kind], "-E", "UTF8", "-N")
        else:
            self._data.mkdir()

    def start(self) -> Own:
        """Start the server and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(), cwd=self.folder, stdout=log, stderr=log, user=self._user, start_new_session=True
            )
        end = time.monotonic() + _PATIENCE
        while not usable(self.kind, self.port):
            if self.process.poll() is not None or time.monotonic() > end:
                tail = (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2_000:]
                raise RuntimeError(f"The private {self.kind} server does not start:\n{tail}")
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """As a power cut would: nothing is flushed, nobody is told."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def close(self) -> None:
        """Kill it and forget what it stored."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> Sequence[str]:
        program, port = self._programs[0], str(self.port)
        if self.kind == "mysql":
            return (
                program, "--no-defaults", f"--user={_me()}", f"--datadir={self._data}", f"--port={port}",
                "--bind-address=127.0.0.1", f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}",
                "--skip-name-resolve", "--skip-log-bin", "--innodb-buffer-pool-size=64M",
                "--innodb-flush-log-at-trx-commit=2", "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_unicode_ci",
            )
        if self.kind == "postgresql":
            return (program, "-D", str(self._data), "-p", port, "-h", "127.0.0.1", "-k", str(self.folder))
        return (
            program, "--port", port, "--bind", "127.0.0.1", "--dir", str(self._data), "--save", "", "--appendonly", "no"
        )

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, user=self._user
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-1_000:]}{done.stderr[-1_000:]}")


def usable(kind: str, port: int) -> bool:
    """Whether a server of that kind answers on loopback and lets us in without a password."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as stream:
            if kind == "redis":
                stream.sendall(b"PING\r\n")
                return stream.recv(5) == b"+PONG"
    except OSError:
        return False
    client = _client(kind, port)
    return bool(client) and subprocess.run(client, input=b"SELECT 1;", capture_output=True, check=False).returncode == 0


@cache
def server(kind: str) -> int:
    """The port of a server to share with others; Missing where there is none and none can be started."""
    driver(kind)
    given = os.environ.get(ENVIRONMENT[kind])
    if given:
        return int(given)
    return PORTS[kind] if usable(kind, PORTS[kind]) else Own(kind).start().port


def driver(kind: str) -> None:
    """Missing unless the driver is installed."""
    try:
        __import__(DRIVERS[kind])
    except ImportError as error:
        raise Missing(f"The driver {DRIVERS[kind]} is not installed.") from error


@contextmanager
def database(kind: str, port: int | None = None) -> Iterator[str]:
    """The address of an empty database of our own, dropped at the end."""
    port = port or server(kind)
    name = f"microcred_{uuid4().hex[:12]}"
    _sql(kind, port, f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if kind == "mysql" else ""))
    try:
        yield f"{kind}://{USERS[kind]}@127.0.0.1:{port}/{name}"
    finally:
        _sql(kind, port, f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgresql" else ""))


def django_database(url: str) -> dict[str, Any]:
    """Django's settings for an address; ``sqlite:<file>`` as the demonstration configures it."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        from microcred_xblock.workbench import places

        return places.sqlite(Path(url.partition(":")[2]))
    options = {"charset": "utf8mb4"} if parts.scheme == "mysql" else {}
    return {
        "ENGINE": f"django.db.backends.{parts.scheme}", "NAME": parts.path.strip("/"), "USER": parts.username,
        "HOST": parts.hostname, "PORT": parts.port, "OPTIONS": options,
    }


def require(*kinds: str, own: bool = False) -> None:
    """Skip the test, saying why, where a server (with ``own`` a private one) cannot be had; fail it where everything
    is required."""
    import pytest

    try:
        for kind in kinds:
            driver(kind)
            _programs(kind) if own else server(kind)
    except Missing as reason:
        if REQUIRED:
            pytest.fail(str(reason))
        pytest.skip(str(reason))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _sql(kind: str, port: int, statement: str) -> None:
    done = subprocess.run(_client(kind, port), input=statement.encode(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{statement}: {done.stderr.decode()}")


def _client(kind: str, port: int) -> Sequence[str]:
    if kind == "mysql":
        program = _found("mariadb", "mysql")
        plain = ("--skip-ssl",) if program.endswith("mariadb") else ()
        return program and (program, "--no-defaults", *plain, "-h127.0.0.1", f"-P{port}", "-uroot")
    program = _found("psql")
    return program and (
        program, "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port), "-U", USERS[kind],
        "postgres",
    )


def _programs(kind: str) -> tuple[str, ...]:
    wanted: dict[str, tuple[tuple[str, ...], ...]] = {
        "mysql": (("mariadbd",), ("mariadb-install-db",)), "postgresql": (("postgres",), ("initdb",)),
        "redis": (("redis-server",),),
    }
    found = tuple(_found(*names) for names in wanted[kind])
    if not all(found) or (kind in DATABASES and not _client(kind, 0)):
        raise Missing(f"{PACKAGES[kind]} is not installed.")
    return found


def _found(*names: str) -> str:
    """The path of a program; Debian keeps some off the path."""
    folders = [*os.get_exec_path(), "/usr/sbin", *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    return next((path for name in names if (path := shutil.which(name, path=os.pathsep.join(folders)))), "")


def _me() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _unprivileged() -> str:
    """PostgreSQL refuses to run as root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def main() -> int:
    """Run a command with every server up, and tell it where."""
    environment = dict(os.environ)
    for kind, name in ENVIRONMENT.items():
        port = PORTS[kind]
        if not usable(kind, port):
            port = Own(kind).start().port
            print(f"Started a private {PACKAGES[kind].split()[0]} on port {port}.", flush=True)
        environment[name] = str(port)
    return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
