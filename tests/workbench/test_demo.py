"""The supervisor: clear words for busy ports, a safe reset, both servers together up and together down."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from microcred_xblock.workbench import demo, logs

from .conftest import free_port


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROCRED_DEMO_DIR", str(tmp_path / "demo"))
    return tmp_path / "demo"


@pytest.mark.parametrize(("option", "variable"), [("--port", "PORT"), ("--wallet-port", "WALLET_PORT")])
def test_a_busy_port_is_named_with_the_words_that_change_it(folder, capsys, option, variable):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        other = "--wallet-port" if option == "--port" else "--port"
        assert demo.main([option, str(port), other, str(free_port())]) == 1
    said = capsys.readouterr().err
    assert f"Port {port}" in said
    assert f"make demo {variable}=" in said
    assert not folder.exists()


def test_one_port_is_not_enough(folder, capsys):
    assert demo.main(["--port", "8123", "--wallet-port", "8123"]) == 1
    assert "two different ports" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "variable"), [("--port", "PORT"), ("--wallet-port", "WALLET_PORT")])
@pytest.mark.parametrize("given", ["abc", "", "0", "65536", "-1", "8000.5"])
def test_what_is_no_port_is_named_as_make_names_it(folder, capsys, option, variable, given):
    assert demo.main([f"{option}={given}"]) == 1
    said = capsys.readouterr().err
    assert f"{variable} must be a number" in said and f"“{given}”" in said
    assert f"make demo {variable}=" in said
    assert not folder.exists()


def remember(folder, course, wallet):
    for server, port in (("course", course), ("wallet", wallet)):
        (folder / server).mkdir(parents=True)
        (folder / server / "port").write_text(str(port))


def test_the_course_does_not_move_away_from_its_issuer(folder, capsys):
    remember(folder, 8000, 8100)
    assert demo.main(["--port", str(free_port()), "--wallet-port", str(free_port())]) == 1
    said = capsys.readouterr().err
    assert "issued at http://localhost:8000; use PORT=8000, or `make demo-reset`" in said


def test_a_busy_port_of_the_issuer_is_not_to_be_exchanged(folder, capsys):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        remember(folder, port, 8100)
        assert demo.main(["--port", str(port), "--wallet-port", str(free_port())]) == 1
    said = capsys.readouterr()
    assert "make demo-reset" in said.err
    assert "connected again" in said.out


def test_a_second_demo_on_the_same_data_is_refused(folder, capsys):
    folder.mkdir()
    (folder / "pid").write_text(str(os.getppid()))
    assert demo.main(["--port", str(free_port()), "--wallet-port", str(free_port())]) == 1
    assert "running already" in capsys.readouterr().err
    assert (folder / "pid").read_text() == str(os.getppid())


def test_only_its_own_pid_file_is_removed(folder):
    with demo._pid_file(folder):
        (folder / "pid").write_text("999999999")
    assert (folder / "pid").exists()
    with demo._pid_file(folder):
        pass
    assert not (folder / "pid").exists()


def test_request_lines_are_logged_without_their_query():
    record = logging.LogRecord("django.server", logging.INFO, "", 0, '"%s" %s %s', (
        "GET /microcred/wallet/callback/demo-wallet/?code=c0de&state=st4te HTTP/1.1", "302", "0"), None)
    assert logs.WithoutQuery().filter(record)
    assert record.getMessage() == '"GET /microcred/wallet/callback/demo-wallet/ HTTP/1.1" 302 0'


def test_reset_forgets_the_demo_and_nothing_else(folder, capsys):
    assert demo.main(["--reset"]) == 0
    assert "nothing to forget" in capsys.readouterr().out
    folder.mkdir()
    (folder / "thesis.odt").write_text("important")
    assert demo.main(["--reset"]) == 1
    assert (folder / "thesis.odt").exists()
    (folder / "wallet").mkdir()
    assert demo.main(["--reset"]) == 0
    assert not folder.exists()


def test_a_running_demo_is_not_reset(folder, capsys):
    (folder / "wallet").mkdir(parents=True)
    (folder / "pid").write_text(str(os.getpid()))
    assert demo.main(["--reset"]) == 1
    assert "end it first" in capsys.readouterr().err
    (folder / "pid").write_text("999999999")
    assert demo.main(["--reset"]) == 0


class Running:
    """A supervisor as `make demo` starts it."""

    def __init__(self, folder) -> None:
        self.port, self.wallet_port = free_port(), free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "microcred_xblock.workbench.demo", "--port", str(self.port),
             "--wallet-port", str(self.wallet_port)],
            env={**os.environ, "MICROCRED_DEMO_DIR": str(folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        self.said = ""

    def wait(self) -> None:
        """Until it has told the addresses."""
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                return
        raise AssertionError(self.said + self.process.stderr.read())

    def answers(self) -> bool:
        ports = (self.port, self.wallet_port)
        return all(requests.get(f"http://localhost:{port}/", timeout=10).ok for port in ports)

    def children(self) -> list[int]:
        listed = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(pid) for pid in listed.stdout.split()]

    def gone(self) -> bool:
        with socket.socket() as first, socket.socket() as second:
            return first.connect_ex(("127.0.0.1", self.port)) != 0 and second.connect_ex(
                ("127.0.0.1", self.wallet_port)) != 0


@pytest.fixture
def running(folder):
    started = Running(folder)
    try:
        started.wait()
        yield started
    finally:
        if started.process.poll() is None:
            started.process.terminate()
            started.process.wait(20)


def test_ctrl_c_ends_both_and_a_second_start_keeps_the_data(folder, running):
    assert f"http://localhost:{running.port}/" in running.said
    assert running.answers()
    did = requests.get(f"http://localhost:{running.port}/.well-known/did.json", timeout=10).json()
    assert did["id"] == f"did:web:localhost%3A{running.port}"
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0
    assert running.gone()
    assert (folder / "wallet" / "wallet.sqlite3").exists()
    assert not (folder / "pid").exists()
    assert (folder / "course" / "port").read_text() == str(running.port)


def test_its_data_is_nobody_else_s_and_its_log_has_no_codes(folder, running):
    secret = "microcred/wallet/callback/demo-wallet/?code=c0de&state=st4te"
    requests.get(f"http://localhost:{running.port}/{secret}", timeout=10)
    log = (folder / "course" / "server.log").read_text()
    assert "/microcred/wallet/callback/demo-wallet/" in log
    assert "c0de" not in log and "st4te" not in log
    assert [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077] == []


def test_if_one_dies_the_other_is_ended_and_its_log_is_shown(folder, running):
    os.kill(running.children()[0], signal.SIGKILL)
    assert running.process.wait(20) == 1
    said = running.process.stderr.read()
    assert "The wallet has ended by itself, so the course was ended too" in said
    assert f"Start `make demo` again; if it happens again, see {folder / 'wallet' / 'server.log'}" in said
    assert running.gone()


def test_the_servers_do_not_outlive_a_supervisor_that_is_killed(running):
    running.process.kill()
    running.process.wait(20)
    for _ in range(50):
        if running.gone():
            return
        time.sleep(0.1)
    pytest.fail("the servers are still there")


def test_the_loopback_address_leads_to_the_one_name_the_issuer_has(running):
    answer = requests.get(f"http://127.0.0.1:{running.port}/?student=student_2", timeout=10, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"http://localhost:{running.port}/?student=student_2"
