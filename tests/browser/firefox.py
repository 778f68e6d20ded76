"""Headless Firefox by its own remote protocol (Marionette), for what must not depend on Chromium."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.workbench.conftest import free_port

NAMES = ("firefox-esr", "firefox")


def installed() -> str | None:
    """Where Firefox is."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Firefox:
    """One session."""

    def __init__(self, port: int) -> None:
        self._socket = _connected(port)
        self._stream = self._socket.makefile("rwb")
        self._count = 0
        self._read()  # the greeting

    def ask(self, command: str, **parameters: Any) -> Any:
        """The answer to a command of Marionette."""
        self._count += 1
        message = json.dumps([0, self._count, command, parameters]).encode()
        self._stream.write(b"%d:%s" % (len(message), message))
        self._stream.flush()
        _kind, _number, error, result = self._read()
        assert error is None, error
        return result

    def run(self, script: str) -> Any:
        """What a script in the page returns."""
        return self.ask("WebDriver:ExecuteScript", script=script, args=[])["value"]

    def _read(self) -> Any:
        length = b""
        while (character := self._stream.read(1)) != b":":
            length += character
        return json.loads(self._stream.read(int(length)))

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


@contextmanager
def running(profile: Path) -> Iterator[Firefox]:
    """Firefox with an empty profile in ``profile``."""
    port = free_port()
    profile.mkdir(parents=True)
    (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\n', encoding="utf-8")
    process = subprocess.Popen(
        [installed() or "firefox", "--headless", "--no-remote", "--marionette", "--profile", str(profile)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        firefox = Firefox(port)
        firefox.ask("WebDriver:NewSession")
        yield firefox
        firefox.close()
    finally:
        process.terminate()
        process.wait(timeout=30)


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
