"""Awards signed and delivered to a wallet: ``python -m benchmarks.issuing [--awards 10000] [--workers 2]``.

Real Celery worker processes on a real database and broker, and a wallet host in a process of its own. The floor is
measured in the same run: bare code that writes the same rows and sends the same requests, by as many processes. Prints
awards per second, their ratio to the floor, each worker's memory, and the queries of each step.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import wallet_host

ENVIRONMENT = "MICROCRED_BENCHMARK"
_FIRST = 1_000  # awards after which a worker is warm
_SWEEP = 60.0  # seconds


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--awards", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", default="mysql://root@127.0.0.1:3306/microcred_benchmark")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/11")
    given = parser.parse_args()
    print(json.dumps(measured(given.awards, given.workers, given.database, given.redis), indent=1))


def measured(awards: int, workers: int, database: str, redis: str) -> dict[str, Any]:
    """The figures of one run in an empty database of that name, which is made anew and dropped at the end."""
    with tempfile.TemporaryDirectory() as folder, wallet_host.running() as wallet:
        _anew(database)
        os.environ[ENVIRONMENT] = json.dumps(
            {"database": database, "redis": redis, "wallet": wallet, "folder": folder}
        )
        from benchmarks.issuing_app import app

        app.control.purge()
        from benchmarks import issuing_rows

        try:
            rows = issuing_rows.Rows(wallet)
            queries = issuing_rows.queries_per_step(rows)
            framework = _by_workers(rows, awards, workers)
            floor = issuing_rows.floor(database, wallet, workers)
        finally:
            _anew(database, keep=False)
    found = {
        "awards": awards, "workers": workers, **framework,
        "floor awards/s": round(floor["awards"] / floor["seconds"], 1), "queries": queries,
        "floor with bare signing awards/s": round(floor["awards"] / floor["seconds with signing"], 1),
    }
    found["ratio to the floor"] = round(found["awards/s"] / found["floor awards/s"], 3)
    found["ratio to the floor with signing"] = round(found["awards/s"] / found["floor with bare signing awards/s"], 3)
    return found


def _by_workers(rows: Any, awards: int, workers: int) -> dict[str, Any]:
    """Let the workers sign and send everything; memory of each process when it is warm and at the end.

    Somebody sweeps every minute, as in production: what a lost message leaves is found.
    """
    command = [
        sys.executable, "-W", "ignore", "-m", "celery", "-A", "benchmarks.issuing_app", "worker", "-c", str(workers),
        "-l", "ERROR", "--without-gossip", "--without-mingle", "-O", "fair",
    ]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        children = _children(process.pid, workers)
        rows.warm(workers)
        rows.rest()
        prepared = rows.add(awards)
        memory: dict[str, list[int]] = {}
        rows.enqueue()  # web servers make the messages: they lie there before the clock starts, like the floor's list
        begun = swept = time.monotonic()
        rows.go()
        while (done := rows.delivered()) < awards:
            if done >= _FIRST and "first" not in memory:
                memory["first"] = [_resident(pid) for pid in children]
            if time.monotonic() - swept > _SWEEP:
                swept = time.monotonic()
                rows.sweep()
            time.sleep(0.5)
            if time.monotonic() - begun > 3_600:
                raise RuntimeError(f"{done} of {awards} awards were delivered in an hour.")
        took = time.monotonic() - begun
        memory["last"] = [_resident(pid) for pid in children]
    finally:
        process.terminate()
        process.wait(30)
    grown = [
        round(100 * (last - first) / first, 1)
        for first, last in zip(memory.get("first", []), memory["last"], strict=False)
    ]
    return {
        "prepared in s": round(prepared, 1), "seconds": round(took, 1), "awards/s": round(awards / took, 1),
        "memory kB": memory, "memory growth %": grown,
    }


def _children(pid: int, workers: int) -> list[int]:
    for _ in range(300):
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
        if len(found) >= workers:
            return sorted(map(int, found))
        time.sleep(0.1)
    raise RuntimeError("The workers did not start.")


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def _anew(database: str, *, keep: bool = True) -> None:
    parts = urlsplit(database)
    name = parts.path.strip("/")
    statements = [f"DROP DATABASE IF EXISTS {name}", *([f"CREATE DATABASE {name}"] if keep else [])]
    if parts.scheme == "mysql":
        import MySQLdb

        connection = MySQLdb.connect(host=parts.hostname, port=parts.port or 3306, user=parts.username)
        for statement in statements:
            connection.cursor().execute(statement)
    else:
        import psycopg

        with psycopg.connect(host=parts.hostname, port=parts.port, user=parts.username, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
