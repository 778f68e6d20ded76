"""The one door out: every request to a wallet goes through ``Transport.request``.

https only (http to loopback for the demonstration), hosts from the admin's list, addresses
checked and pinned for the connection, no redirects, limits on time and size. What an answer
*means* is the adapters' affair; here it only has to be one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from ..domain.errors import WalletRefused, WalletUnreachable
from . import addresses

log = logging.getLogger(__name__)

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_CHUNK = 65_536
_RETRY_AFTER_MOST = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Where a transport may go, how long it may take, how much it takes in.

    ``hosts`` holds ``host:port``. Times are seconds; ``total`` bounds the whole exchange, however
    slowly the other side drips.
    """

    hosts: frozenset[str]
    allow_loopback_http: bool = False
    connect_timeout: float = 5
    read_timeout: float = 10
    total_timeout: float = 20
    max_bytes: int = 1_000_000
    user_agent: str = "microcred-xblock"
    ca_bundle: str = ""


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer: any status but a redirect. Header names are lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> int | None:
        """Seconds the server asks us to wait (RFC 9110 §10.2.3), at most a day."""
        return _retry_after(self.headers.get("retry-after", ""))

    def json(self) -> dict[str, Any]:
        """The JSON object of the body; WalletUnreachable (``wallet-html``, ``wallet-answer``) for anything else."""
        if self.media_type in ("text/html", "application/xhtml+xml"):
            raise self.unusable("wallet-html", "The wallet answered with a web page instead of data.")
        if self.media_type != "application/json" and not self.media_type.endswith("+json"):
            raise self.unusable("wallet-answer", "The wallet's answer is not JSON.")
        try:
            value = json.loads(self.content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise self.unusable("wallet-answer", "The wallet's answer is not a JSON object.")
        return value

    def unusable(self, code: str, message: str) -> WalletUnreachable:
        """The error for an answer that cannot be used."""
        return WalletUnreachable(
            message, code=code, retry_after=self.retry_after, host=urlsplit(self.url).hostname, status=self.status
        )


@dataclass(frozen=True)
class _Target:
    scheme: str
    host: str
    port: int
    url: str
    loopback: bool


class Transport:
    """Requests under one ``Policy``. Keeps nothing between requests; safe to share between threads."""

    def __init__(self, policy: Policy, *, resolver: addresses.Resolver = socket.getaddrinfo) -> None:
        """``resolver`` stands in for ``socket.getaddrinfo`` in tests."""
        self.policy = policy
        self._resolver = resolver

    def check(self, url: str) -> None:
        """WalletRefused (``wallet-url``, ``wallet-host``) unless the policy allows ``url``. Resolves nothing."""
        self._target(url)

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None,
        max_bytes: int | None = None,
    ) -> Response:
        """One request, one answer; nothing is retried and no redirect is followed.

        WalletRefused: ``wallet-url``, ``wallet-host``, ``wallet-address``, ``wallet-redirect``.
        WalletUnreachable: ``wallet-dns``, ``wallet-unreachable``, ``wallet-tls``, ``wallet-timeout``,
        ``wallet-no-answer``, ``wallet-answer``, ``wallet-answer-too-large``.
        """
        target = self._target(url)
        deadline = time.monotonic() + self.policy.total_timeout
        found = addresses.resolve(
            target.host, target.port, loopback=target.loopback, timeout=self.policy.connect_timeout,
            resolver=self._resolver,
        )
        sent = {"User-Agent": self.policy.user_agent, "Accept-Encoding": "identity", **(headers or {})}
        with _Exchange(target, found, self.policy, deadline) as exchange:
            response = exchange.run(method, sent, body, max_bytes or self.policy.max_bytes)
        if 300 <= response.status < 400 and response.status != 304:
            raise WalletRefused(
                "The wallet redirects; its address must be the final one.", code="wallet-redirect", host=target.host
            )
        return Response(url=url, status=response.status, headers=response.headers, content=response.content)

    def _target(self, url: str) -> _Target:
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            raise _bad_url() from None
        plain = url.isascii() and not any(c <= " " or c in '"<>\\^`{|}' or c == "\x7f" for c in url)
        if not plain or not host or "@" in parts.netloc or parts.fragment:
            raise _bad_url()
        loopback = self.policy.allow_loopback_http and host in _LOOPBACK_NAMES
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise _bad_url()
        port = port or (443 if parts.scheme == "https" else 80)
        if f"{host}:{port}" not in self.policy.hosts:
            raise WalletRefused(
                f"{host}:{port} is not among the hosts that MICROCRED_WALLETS allows for this wallet.",
                code="wallet-host", host=host, port=port,
            )
        return _Target(scheme=parts.scheme, host=host, port=port, url=url, loopback=loopback)


@dataclass(frozen=True)
class _Raw:
    status: int
    headers: Mapping[str, str]
    content: bytes


class _Exchange:
    """One connection, one request, one deadline after which the socket is shut under whoever waits on it."""

    def __init__(self, target: _Target, found: list[str], policy: Policy, deadline: float) -> None:
        self._target = target
        self._policy = policy
        self._deadline = deadline
        self._expired = False
        self._socket: socket.socket | None = None
        self._session = _session(target, lambda: self._dial(found))
        self._watchdog = threading.Timer(max(0.01, deadline - time.monotonic()), self._expire)
        self._watchdog.daemon = True

    def __enter__(self) -> _Exchange:
        self._watchdog.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._watchdog.cancel()
        self._session.close()
        if self._socket is not None:
            self._socket.close()

    def run(self, method: str, headers: Mapping[str, str], body: bytes | None, limit: int) -> _Raw:
        """The answer; transport failures become WalletUnreachable."""
        try:
            response = self._session.request(
                method, self._target.url, data=body, headers=dict(headers), stream=True, allow_redirects=False,
                timeout=(self._policy.connect_timeout, self._policy.read_timeout),
                verify=self._policy.ca_bundle or True,
            )
            return _Raw(response.status_code, _headers(response), self._read(response, limit))
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            raise self._failure(error) from error

    def _dial(self, found: list[str]) -> socket.socket:
        """A socket to the first address that answers; a second handle on it is kept for the watchdog."""
        last: OSError = OSError("no address")
        for address in found:
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            try:
                made = socket.create_connection(
                    (address, self._target.port), timeout=min(self._policy.connect_timeout, remaining)
                )
            except OSError as error:
                last = error
                continue
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.settimeout(self._policy.read_timeout)
            self._socket = made.dup()
            return made
        raise last

    def _read(self, response: requests.Response, limit: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise self._unreachable("wallet-answer", "The wallet's answer is compressed, which was not asked for.")
        content = bytearray()
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            content += chunk
            if len(content) > limit:
                raise self._unreachable(
                    "wallet-answer-too-large", f"The wallet's answer has more than {limit} bytes.", limit=limit
                )
        if self._expired:  # a body without a length looks complete when the watchdog cuts it
            raise TimeoutError
        return bytes(content)

    def _expire(self) -> None:
        self._expired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _failure(self, error: Exception) -> WalletUnreachable:
        log.info("No usable answer from %s: %s", self._target.host, type(error).__name__)
        causes = _causes(error)
        if self._expired or any(isinstance(cause, TimeoutError | HTTPTimeoutError) for cause in causes):
            return self._unreachable("wallet-timeout", "The wallet did not answer in time.")
        if any(isinstance(cause, ssl.SSLError | SSLError) for cause in causes):
            return self._unreachable("wallet-tls", "The secure connection to the wallet could not be made.")
        if self._socket is None:
            return self._unreachable("wallet-unreachable", "The wallet cannot be reached.")
        if any(isinstance(cause, OSError | IncompleteRead) for cause in causes):
            return self._unreachable("wallet-no-answer", "The wallet ended the connection without an answer.")
        return self._unreachable("wallet-answer", "The wallet's answer is not HTTP.")

    def _unreachable(self, code: str, message: str, **params: Any) -> WalletUnreachable:
        return WalletUnreachable(message, code=code, host=self._target.host, **params)


class _Pinned(HTTPAdapter):
    """Connections under the host's name (for TLS and the Host header) over the socket that ``dial`` makes."""

    def __init__(self, target: _Target, dial: Callable[[], socket.socket]) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        if target.scheme == "http":
            self._pool = HTTPConnectionPool(target.host, target.port, maxsize=1)
            self._pool.ConnectionCls = type("PinnedConnection", (HTTPConnection,), {"_new_conn": lambda _self: dial()})
        else:
            self._pool = HTTPSConnectionPool(
                target.host, target.port, maxsize=1, ssl_minimum_version=ssl.TLSVersion.TLSv1_2
            )
            self._pool.ConnectionCls = type("PinnedConnection", (HTTPSConnection,), {"_new_conn": lambda _self: dial()})

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: bool | str, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        """The one pool; ``send`` has yet to tell it which authorities to trust."""
        return self._pool

    def close(self) -> None:
        """Close the connection as well."""
        self._pool.close()
        super().close()


def _session(target: _Target, dial: Callable[[], socket.socket]) -> requests.Session:
    """A session for one exchange: no proxies, netrc or cookies of the process, and one way out only."""
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.adapters.clear()
    session.mount(f"{target.scheme}://", _Pinned(target, dial))
    return session


def _headers(response: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _causes(error: BaseException) -> list[BaseException]:
    """``error`` and everything it was raised from or wraps."""
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            waiting += [current.__cause__, current.__context__, *current.args]
    # RequestException is an OSError by ancestry, whatever happened: only what it wraps tells.
    return [cause for cause in seen if not isinstance(cause, requests.RequestException)]


def _retry_after(value: str) -> int | None:
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:9]), _RETRY_AFTER_MOST)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = int((moment - datetime.now(UTC)).total_seconds())
    return min(max(seconds, 0), _RETRY_AFTER_MOST)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _bad_url() -> WalletRefused:
    return WalletRefused("The wallet gave an address that is not a plain https address.", code="wallet-url")


