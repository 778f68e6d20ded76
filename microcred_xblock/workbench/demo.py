"""The demo's supervisor: ``python -m microcred_xblock.workbench.demo [--port N] [--wallet-port N]``.

Prepares both databases and the demo issuer, starts the course server and the wallet, waits until both answer, says
what to do, and ends both together.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from . import places
from .serve import SETTINGS

START_SECONDS = 120
STOP_SECONDS = 5
_PROBES = {"course": "/", "wallet": "/ims/ob/v3p0/discovery"}


class DemoError(Exception):
    """Something the person at the keyboard can mend; ``str()`` says what and how."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


def main(argv: list[str] | None = None) -> int:
    """Run the demo; the exit status."""
    arguments = _arguments(argv)
    folder = places.demo_dir()
    try:
        if arguments.reset:
            return _reset(folder)
        port, wallet_port = _number(arguments.port, "PORT"), _number(arguments.wallet_port, "WALLET_PORT")
        _check_alone(folder)
        _check_address(port, wallet_port, folder)
        _check_ports(port, wallet_port, folder)
        environment = _environment(port, wallet_port)
        with _private_files(), _signals_stop(), _pid_file(folder):
            _prepare(environment, folder)
            _remember_ports(port, wallet_port, folder)
            with _servers(environment, port, wallet_port, folder) as servers:
                if arguments.check:
                    print("Both servers answer.")
                else:
                    _tell(port, wallet_port, folder)
                    _watch(servers, folder)
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except Stopped:
        print("\nBoth servers have ended. `make demo` goes on where you left off, `make demo-reset` forgets it all.")
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="microcred_xblock.workbench.demo", description=__doc__)
    parser.add_argument("--port", default=str(places.COURSE_PORT), help="port of the course")
    parser.add_argument("--wallet-port", default=str(places.WALLET_PORT), help="port of the wallet")
    parser.add_argument("--check", action="store_true", help="start, see that both answer, and end")
    parser.add_argument("--reset", action="store_true", help="forget all data of the demo and end")
    return parser.parse_args(argv)


def _number(given: str, variable: str) -> int:
    """The port; DemoError in the words of ``make demo``, which is how most people start it."""
    if not (given.isascii() and given.isdecimal() and 0 < int(given) < 65536):
        default = places.COURSE_PORT if variable == "PORT" else places.WALLET_PORT
        raise DemoError(
            f"{variable} must be a number from 1 to 65535, not “{given}”. For example:\n"
            f"    make demo {variable}={default + 1}"
        )
    return int(given)


def _reset(folder: Path) -> int:
    """Delete the demo's folder, and only if it is one."""
    if not folder.exists():
        print("There is nothing to forget.")
        return 0
    if not (folder / "course").is_dir() and not (folder / "wallet").is_dir():
        raise DemoError(f"{folder} does not look like the demo's folder; nothing was deleted.")
    if _in_use(folder):
        raise DemoError("The demo is running: end it first (Ctrl-C in its window), then reset it.")
    shutil.rmtree(folder)
    print("Forgotten. The next `make demo` starts afresh, with a new issuer and empty wallets.")
    return 0


def _in_use(folder: Path) -> bool:
    """Whether a supervisor that is alive wrote the pid file."""
    pid = _pid(folder)
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    return pid > 0


def _pid(folder: Path) -> int:
    """What the pid file says; 0 if there is none."""
    try:
        return int((folder / "pid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _check_alone(folder: Path) -> None:
    """No other supervisor uses this folder. A pid file with our own number is left over from another boot."""
    if _in_use(folder) and _pid(folder) != os.getpid():
        raise DemoError(
            f"The demo is running already (process {_pid(folder)}): use it, or end it first (Ctrl-C in its window).\n"
            f"If it is not, delete {folder / 'pid'} and start again."
        )


def _check_address(port: int, wallet_port: int, folder: Path) -> None:
    """The course is where its issuer was made, as the address is the issuer's identity; the wallet may move."""
    former = _remembered(folder, "course")
    if former is not None and former != port:
        raise DemoError(
            f"This demo's credentials were issued at http://localhost:{former}; use PORT={former}, or "
            "`make demo-reset` to start afresh with another port."
        )
    former = _remembered(folder, "wallet")
    if former is not None and former != wallet_port:
        print(f"The wallet was at http://localhost:{former} before: it has to be connected again in the course.")


def _remembered(folder: Path, server: str) -> int | None:
    """The port the server had when it was last prepared."""
    try:
        return int((folder / server / "port").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _remember_ports(port: int, wallet_port: int, folder: Path) -> None:
    for server, number in (("course", port), ("wallet", wallet_port)):
        (folder / server / "port").write_text(str(number), encoding="ascii")


def _check_ports(port: int, wallet_port: int, folder: Path) -> None:
    """Both ports are free and differ, else DemoError with the words that mend it."""
    if port == wallet_port:
        raise DemoError("The course and the wallet need two different ports.")
    for name, number, variable in (("course", port, "PORT"), ("wallet", wallet_port, "WALLET_PORT")):
        if _free(number):
            continue
        if name == "course" and _remembered(folder, "course") is not None:
            raise DemoError(
                f"Port {number}, where this demo's credentials were issued, is busy or not usable. End what uses it, "
                "or start afresh elsewhere:\n"
                f"    make demo-reset\n    make demo PORT={number + 1 if number < 65535 else 8000}"
            )
        raise DemoError(
            f"Port {number}, meant for the {name}, is busy or not usable. Choose another one, for example:\n"
            f"    make demo {variable}={number + 1 if number < 65535 else 8000}"
        )


def _free(port: int) -> bool:
    """Whether the port can be bound and nobody answers there on either loopback address."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((address, port)) == 0:
                return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _environment(port: int, wallet_port: int) -> dict[str, str]:
    """What the processes of the demo are told. Addresses say ``localhost`` since did:web allows no IP address."""
    return {
        **os.environ,
        "MICROCRED_DEMO_DIR": str(places.demo_dir()),
        "MICROCRED_COURSE_URL": f"http://localhost:{port}",
        "MICROCRED_WALLET_URL": f"http://localhost:{wallet_port}",
        "PYTHONUNBUFFERED": "1",
    }


@contextlib.contextmanager
def _pid_file(folder: Path) -> Iterator[None]:
    """Says for as long as the demo runs that it does, so that its data is not deleted under it."""
    folder.mkdir(parents=True, exist_ok=True)
    _check_alone(folder)
    (folder / "pid").write_text(str(os.getpid()), encoding="ascii")
    try:
        yield
    finally:
        if _pid(folder) == os.getpid():
            (folder / "pid").unlink()


@contextlib.contextmanager
def _private_files() -> Iterator[None]:
    """What is made meanwhile, by the servers too, only its owner can read: databases and logs hold learners' data."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _prepare(environment: Mapping[str, str], folder: Path) -> None:
    """Both databases migrated and the demo issuer made; every step may be repeated."""
    for server in SETTINGS:
        (folder / server).mkdir(parents=True, exist_ok=True)
    print("Preparing the demo …", flush=True)
    for server, arguments in (
        ("course", ["migrate", "--run-syncdb", "--verbosity", "0"]),  # older workbenches ship without migrations
        ("wallet", ["migrate", "--verbosity", "0"]),
        ("course", ["microcred_init", "--self-signed"]),
    ):
        _manage(server, arguments, environment, folder)


def _manage(server: str, arguments: list[str], environment: Mapping[str, str], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and fixed arguments
        [sys.executable, "-m", "django", *arguments],
        env={**environment, "DJANGO_SETTINGS_MODULE": SETTINGS[server]},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )
    if done.returncode:
        log = folder / server / "prepare.log"
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        raise DemoError(
            f"The {server} could not be prepared ({arguments[0]}):\n\n{_tail(log)}\n\n"
            "If it worked before, `make demo-reset` starts afresh."
        )


@contextlib.contextmanager
def _servers(
    environment: Mapping[str, str], port: int, wallet_port: int, folder: Path
) -> Iterator[dict[str, subprocess.Popen]]:
    """Both servers, answering; ended together whatever happens."""
    running: dict[str, subprocess.Popen] = {}
    try:
        for server, number in (("wallet", wallet_port), ("course", port)):
            running[server] = _start(server, number, environment, folder)
        for server, number in (("wallet", wallet_port), ("course", port)):
            _wait(server, number, running, folder)
        yield running
    finally:
        _end(running)


def _start(server: str, port: int, environment: Mapping[str, str], folder: Path) -> subprocess.Popen:
    """A server in a session of its own, so that Ctrl-C reaches the supervisor alone."""
    with open(folder / server / "server.log", "wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and fixed arguments
            [sys.executable, "-m", "microcred_xblock.workbench.serve", server, "--port", str(port)],
            env=dict(environment), stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )


def _wait(server: str, port: int, running: Mapping[str, subprocess.Popen], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        _check_alive(running, folder)
        if _answers(port, _PROBES[server]):
            return
        time.sleep(0.2)
    raise DemoError(f"The {server} did not answer within {START_SECONDS} seconds:\n\n{_what_to_do(folder, server)}")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    if status >= 500:
        raise DemoError(f"The server on port {port} answers with an error ({status}).")
    return status == 200


def _check_alive(running: Mapping[str, subprocess.Popen], folder: Path) -> None:
    for server, process in running.items():
        if process.poll() is not None:
            others = " and ".join(f"the {name}" for name in running if name != server)
            also = f", so {others} was ended too" if others else ""
            raise DemoError(f"The {server} has ended by itself{also}:\n\n{_what_to_do(folder, server)}")


def _watch(running: Mapping[str, subprocess.Popen], folder: Path) -> None:
    """Until a signal, or until one of them dies."""
    while True:
        time.sleep(0.5)
        _check_alive(running, folder)


def _end(running: Mapping[str, subprocess.Popen]) -> None:
    for process in running.values():
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running.values():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _what_to_do(folder: Path, server: str) -> str:
    log = folder / server / "server.log"
    return f"{_tail(log)}\n\nStart `make demo` again; if it happens again, see {log}"


def _tail(log: Path, lines: int = 15) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (its log is empty)"


def _tell(port: int, wallet_port: int, folder: Path) -> None:
    print(
        f"""
  Course   http://localhost:{port}/
  Wallet   http://localhost:{wallet_port}/

  1. Open the course, choose the pill and answer its exercises: the outcomes turn to “achieved”.
  2. Review what will be issued, give your consent, and connect the demo wallet (it opens an account for you).
  3. Send: both credentials are in the wallet a moment later, verified. Or download the badge image.

  Ctrl-C ends both. Your data stays in {folder}; `make demo-reset` forgets it.
""",
        flush=True,
    )


@contextlib.contextmanager
def _signals_stop() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    raise SystemExit(main())
