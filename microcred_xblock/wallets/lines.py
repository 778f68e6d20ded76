"""Connections of the transport: to addresses that were checked, and shut when their time is over.

What is kept here belongs to one process; a forked one begins with nothing.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from requests.certs import where
from urllib3.connection import HTTPConnection, HTTPSConnection

from . import proxies
from .answers import Answer

IDLE = 1.0  # seconds a connection may lie unused: most servers close theirs after two or more
AGE = 30.0  # seconds after which a name is looked up anew
MOST = 8


class Line:
    """A connection under a host's name (for TLS and the Host header) to one of the addresses found for it."""

    def __init__(
        self, scheme: str, host: str, port: int, found: Sequence[str], *, ca_bundle: str = "",
        through: tuple[proxies.Proxy, Sequence[str]] | None = None,
    ) -> None:
        """``through``: a proxy, and its own addresses."""
        self._found, self._port, self._through = found, port, through
        self._socket: socket.socket | None = None
        self._answer: Answer | None = None
        self.dialled = False  # whether there has been a connection at all
        self.made = self.used = time.monotonic()
        if scheme == "http":
            self._connection: Any = HTTPConnection(host, port)
        else:
            trusted = ca_bundle or where()
            folder = os.path.isdir(trusted)
            self._connection = HTTPSConnection(
                host, port, cert_reqs="CERT_REQUIRED", ca_certs=None if folder else trusted,
                ca_cert_dir=trusted if folder else None, ssl_minimum_version=ssl.TLSVersion.TLSv1_2,
            )
        self._connection._new_conn = self._dial
        self._connection.response_class = self._answering

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, *, deadline: float,
        connect_timeout: float, read_timeout: float, limit: int,
    ) -> Any:
        """Send a request and give urllib3's response, whose body is still to be read. Raises what sockets raise.

        Not much more than ``limit`` bytes are ever read of a body.
        """
        self._deadline, self._connect_timeout, self._limit = deadline, connect_timeout, limit
        self._connection.timeout = read_timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(read_timeout)
        self._connection.request(
            method, path, body=body, headers=headers, preload_content=False, decode_content=False
        )
        return self._connection.getresponse()

    @property
    def reusable(self) -> bool:
        """Whether another request may follow: the last answer ended without doubt, the other side has not hung up,
        and nothing lies there unread, be it in a buffer, in the TLS layer or in the socket. It would be taken for the
        next answer.
        """
        if self._answer is None or not self._answer.clean or not self._connection.is_connected:
            return False
        pending = getattr(self._connection.sock, "pending", None)
        return pending is None or not pending()

    @property
    def surplus(self) -> bool:
        """Whether something came behind the last answer that belongs to none."""
        return self._answer is not None and self._answer.surplus

    def cut(self) -> None:
        """Shut the socket, from whatever thread: who waits on it is woken."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
        if self._socket is not None:
            self._socket.close()

    def _answering(self, sock: Any, *args: Any, **kwargs: Any) -> Answer:
        self._answer = Answer(sock, *args, limit=self._limit, **kwargs)
        return self._answer

    def _dial(self) -> socket.socket:
        """A socket to the first address that answers; a second handle on it is kept for ``cut``."""
        last: OSError = OSError("no address")
        for address in self._found:
            try:
                made = self._direct(address) if self._through is None else self._by_proxy(*self._through, address)
            except proxies.ProxyError:
                raise
            except OSError as error:
                last = error
                continue
            made.settimeout(self._connection.timeout)
            self.dialled = True
            return made
        raise last

    def _direct(self, address: str, port: int | None = None) -> socket.socket:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        made = socket.create_connection((address, port or self._port), timeout=min(self._connect_timeout, remaining))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._socket is not None:
            self._socket.close()
        self._socket = made.dup()
        return made

    def _by_proxy(self, proxy: proxies.Proxy, found: Sequence[str], address: str) -> socket.socket:
        """A tunnel to ``address``. ProxyError where the proxy is to blame."""
        last: OSError = OSError("no address")
        for its_own in found:
            try:
                made = self._direct(its_own, proxy.port)
                break
            except OSError as error:
                last = error
        else:
            raise proxies.ProxyError("the proxy cannot be reached") from last
        try:
            proxies.tunnel(made, proxy, address, self._port)
        except OSError:
            made.close()
            raise
        return made


class Kept:
    """A few connections that lie unused, each for the place it was made for and for no other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[tuple[Hashable, Line]] = []  # the one used last is the last

    def take(self, place: Hashable) -> Line | None:
        """A connection that was made for ``place`` and may still be used, if there is one."""
        found, now = None, time.monotonic()
        with self._lock:
            old = [item for item in self._free if now - item[1].used > IDLE or now - item[1].made > AGE]
            self._free = [item for item in self._free if item not in old]
            for index in reversed(range(len(self._free))):
                if self._free[index][0] == place:
                    found = self._free.pop(index)[1]
                    break
        for _place, line in old:
            line.close()
        if found is not None and not found.reusable:
            found.close()
            return None
        return found

    def give(self, place: Hashable, line: Line) -> None:
        """Keep ``line``; the one that has lain longest goes where there are too many."""
        line.used = time.monotonic()
        with self._lock:
            self._free.append((place, line))
            over = self._free.pop(0)[1] if len(self._free) > MOST else None
        if over is not None:
            over.close()

    def forget(self) -> None:
        """Keep nothing."""
        with self._lock:
            free, self._free = self._free, []
        for _place, line in free:
            line.close()


class Watchdog:
    """One thread for all deadlines of a process: it calls those whose time is over."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._due: list[list[Any]] = []  # a heap of [deadline, number, what to call or None]
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._wakes = 0.0

    def watch(self, deadline: float, expire: Callable[[], None]) -> list[Any]:
        """Have ``expire`` called at ``deadline``, briefly and from another thread, unless it is released before."""
        entry = [deadline, next(self._numbers), expire]
        with self._change:
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._wakes = deadline
                self._thread = threading.Thread(target=self._run, name="microcred deadlines", daemon=True)
                self._thread.start()
            elif deadline < self._wakes:
                self._change.notify()
        return entry

    def release(self, entry: list[Any]) -> None:
        """Once this returns, ``expire`` was called or never will be."""
        with self._change:
            entry[2] = None
            self._drop_released()

    def _drop_released(self) -> None:
        while self._due and self._due[0][2] is None:
            heapq.heappop(self._due)

    def _run(self) -> None:
        with self._change:
            while True:
                now = time.monotonic()
                while self._due and self._due[0][0] <= now:
                    expire = heapq.heappop(self._due)[2]
                    if expire is not None:
                        expire()
                self._drop_released()
                self._wakes = self._due[0][0] if self._due else float("inf")
                self._change.wait(self._wakes - now if self._due else None)


kept, watchdog = Kept(), Watchdog()


def _after_fork() -> None:
    """Locks, threads and conversations were the parent's; the sockets are closed in this process only."""
    kept.__init__()  # type: ignore[misc]
    watchdog.__init__()  # type: ignore[misc]


os.register_at_fork(after_in_child=_after_fork)
