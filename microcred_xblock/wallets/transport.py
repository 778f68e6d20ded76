"""The one door out: every request to a wallet goes through ``Transport.request``.

https only (http to loopback for the demonstration), hosts from the admin's list, addresses
checked and pinned for the connection, also through a proxy, limits on time and size. A redirect is
followed only for a GET that asks for it, and only to where the request itself might have gone. What an
answer *means* is the adapters' affair; here it only has to be one.

A connection may be kept for a moment and serve the next request to the same place: it leads where it led when its
address was checked. Nothing else is kept, and no request is ever sent twice.
"""

from __future__ import annotations

import json
import logging
import socket
import ssl
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from urllib3.exceptions import HTTPError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util import parse_url

from ..domain.errors import WalletRefused, WalletUnreachable
from . import addresses
from .answers import TooMuch
from .lines import Line, kept, watchdog
from .proxies import Proxy, ProxyError

log = logging.getLogger(__name__)

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_CHUNK = 65_536
_RETRY_AFTER_MOST = 24 * 3600
REDIRECTS = 3  # as many as a reader may follow
_FOLLOWED = (301, 302, 303, 307, 308)
_URL_MOST = 2_000
_EVERYWHERE = frozenset({"accept", "accept-language", "accept-encoding", "user-agent"})  # what another host may see


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Where a transport may go, how long it may take, how much it takes in.

    ``hosts`` holds ``host:port``. Times are seconds; ``total`` bounds the whole exchange, redirects included, however
    slowly the other side drips. ``proxy`` serves all but loopback; the environment's is never used.
    """

    hosts: frozenset[str]
    allow_loopback_http: bool = False
    connect_timeout: float = 5
    read_timeout: float = 10
    total_timeout: float = 20
    max_bytes: int = 1_000_000
    user_agent: str = "microcred-xblock"
    ca_bundle: str = ""
    proxy: Proxy | None = None


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
    """Requests under one ``Policy``. Safe to share between threads."""

    def __init__(self, policy: Policy, *, resolver: addresses.Resolver = socket.getaddrinfo) -> None:
        """``resolver`` stands in for ``socket.getaddrinfo`` in tests."""
        self.policy = policy
        self._resolver = resolver

    def check(self, url: str) -> None:
        """WalletRefused (``wallet-url``, ``wallet-host``) unless the policy allows ``url``. Resolves nothing."""
        self._target(url)

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None,
        max_bytes: int | None = None, keep: bool = False, redirects: int = 0,
    ) -> Response:
        """One request, one answer; nothing is retried.

        With ``keep`` the request may go over a connection that was kept, and its own is kept afterwards: for a request
        that does no harm when it is made again, as the other side may hang up the moment it arrives.

        A GET may follow so many ``redirects``, within the one total time. Each address is checked as the first was;
        another host is shown none of ``headers`` but what is harmless.

        WalletRefused: ``wallet-url``, ``wallet-host``, ``wallet-address``, ``wallet-redirect``.
        WalletUnreachable: ``wallet-dns``, ``wallet-unreachable``, ``wallet-tls``, ``wallet-timeout``,
        ``wallet-no-answer``, ``wallet-answer``, ``wallet-answer-too-large``, ``wallet-proxy``.
        """
        if redirects and (method != "GET" or body is not None):
            raise ValueError("only a GET may be redirected")
        target = self._target(url)
        deadline = time.monotonic() + self.policy.total_timeout
        sent = {"User-Agent": self.policy.user_agent, "Accept-Encoding": "identity", **(headers or {})}
        most = max_bytes or self.policy.max_bytes
        for left in range(min(redirects, REDIRECTS), -1, -1):
            response = self._once(method, target, sent, body, deadline=deadline, limit=most, keep=keep)
            if not 300 <= response.status < 400 or response.status == 304:
                break
            following = self._following(target, response, left)
            if (following.scheme, following.host, following.port) != (target.scheme, target.host, target.port):
                sent = {name: value for name, value in sent.items() if name.lower() in _EVERYWHERE}
            target = following
        return Response(
            url=target.url, status=response.status, headers=response.headers, content=response.content
        )

    def _once(
        self, method: str, target: _Target, headers: Mapping[str, str], body: bytes | None, *, deadline: float,
        limit: int, keep: bool,
    ) -> _Raw:
        through = None if target.loopback else self.policy.proxy
        place = (
            target.scheme, target.host, target.port, target.loopback, self.policy.ca_bundle, self._resolver, through
        )
        line = kept.take(place) if keep else None
        if line is None:
            line = self._line(target, through, deadline)
        with _Exchange(target, line, self.policy, deadline) as exchange:
            response = exchange.run(method, headers, body, limit)
            if keep:
                exchange.keep_for(place)
        return response

    def _line(self, target: _Target, through: Proxy | None, deadline: float) -> Line:
        patience = min(self.policy.connect_timeout, max(deadline - time.monotonic(), 0))
        found = addresses.resolve(
            target.host, target.port, loopback=target.loopback, timeout=patience, resolver=self._resolver
        )
        way = None
        if through is not None:
            try:
                way = through, addresses.look_up(through.host, through.port, timeout=patience)
            except WalletUnreachable as error:
                raise _proxy_trouble(target.host) from error
        return Line(
            target.scheme, target.host, target.port, found, ca_bundle=self.policy.ca_bundle, through=way
        )

    def _following(self, target: _Target, response: _Raw, left: int) -> _Target:
        """Where a redirect leads. WalletRefused (``wallet-redirect``) where nobody may go."""
        location = response.headers.get("location", "")
        reason = ""
        if left and response.status in _FOLLOWED and 0 < len(location) <= _URL_MOST:
            try:
                following = self._target(urldefrag(urljoin(target.url, location)).url)
                if target.scheme != "https" or following.scheme == "https":
                    return following
                reason = "wallet-url"
            except WalletRefused as refusal:
                reason = refusal.code
            except ValueError:
                reason = "wallet-url"
        raise WalletRefused(
            "The wallet redirects; its address must be the final one.", code="wallet-redirect", host=target.host,
            **({"reason": reason} if reason else {}),
        )

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
    """One request over one connection, with one deadline after which the socket is shut under whoever waits on it."""

    def __init__(self, target: _Target, line: Line, policy: Policy, deadline: float) -> None:
        self._target = target
        self._line = line
        self._policy = policy
        self._expired = False
        self._keep: Hashable = None
        self._deadline = deadline

    def __enter__(self) -> _Exchange:
        self._watch = watchdog.watch(self._deadline, self._expire)
        return self

    def __exit__(self, *_exc: object) -> None:
        watchdog.release(self._watch)
        if self._keep is None or self._expired:
            self._line.close()
        else:
            kept.give(self._keep, self._line)

    def run(self, method: str, headers: Mapping[str, str], body: bytes | None, limit: int) -> _Raw:
        """The answer; transport failures become WalletUnreachable."""
        policy, self._limit = self._policy, limit
        try:
            response = self._line.ask(
                method, parse_url(self._target.url).request_uri, headers, body, deadline=self._deadline,
                connect_timeout=policy.connect_timeout, read_timeout=policy.read_timeout, limit=limit,
            )
            return _Raw(response.status, _headers(response), self._read(response, limit))
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            raise self._failure(error) from error

    def keep_for(self, place: Hashable) -> None:
        """Keep the connection for the next request to ``place``, if it is as good as new."""
        if self._line.reusable:
            self._keep = place
        elif self._line.surplus:
            log.info("%s sent more than its answer: the connection is not used again.", self._target.host)

    def _read(self, response: Any, limit: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise self._unreachable("wallet-answer", "The wallet's answer is compressed, which was not asked for.")
        content = bytearray()
        for chunk in response.stream(_CHUNK, decode_content=False):
            content += chunk
            if len(content) > limit:
                raise self._too_large(limit)
        if self._expired:  # a body without a length looks complete when the watchdog cuts it
            raise TimeoutError
        return bytes(content)

    def _expire(self) -> None:
        self._expired = True
        self._line.cut()

    def _failure(self, error: Exception) -> WalletUnreachable:
        log.info("No usable answer from %s: %s", self._target.host, type(error).__name__)
        causes = _causes(error)
        over = next((cause for cause in causes if isinstance(cause, TooMuch)), None)
        if over is not None and not over.head:
            return self._too_large(self._limit)
        if not self._expired and any(isinstance(cause, ProxyError) for cause in causes):
            return _proxy_trouble(self._target.host)
        if self._expired or any(isinstance(cause, TimeoutError | HTTPTimeoutError) for cause in causes):
            return self._unreachable("wallet-timeout", "The wallet did not answer in time.")
        if any(isinstance(cause, ssl.SSLError | SSLError) for cause in causes):
            return self._unreachable("wallet-tls", "The secure connection to the wallet could not be made.")
        if not self._line.dialled:
            return self._unreachable("wallet-unreachable", "The wallet cannot be reached.")
        if any(isinstance(cause, OSError | IncompleteRead) for cause in causes):
            return self._unreachable("wallet-no-answer", "The wallet ended the connection without an answer.")
        return self._unreachable("wallet-answer", "The wallet's answer is not HTTP.")

    def _too_large(self, limit: int) -> WalletUnreachable:
        return self._unreachable(
            "wallet-answer-too-large", f"The wallet's answer has more than {limit} bytes.", limit=limit
        )

    def _unreachable(self, code: str, message: str, **params: Any) -> WalletUnreachable:
        return WalletUnreachable(message, code=code, host=self._target.host, **params)


def _headers(response: Any) -> dict[str, str]:
    """Each name once, values without control characters (RFC 9110 §5.5): some are stored, some are sent back."""
    return {
        name.lower(): "".join(c if c.isprintable() else " " for c in value)
        for name, value in response.headers.itermerged()
    }


def _proxy_trouble(host: str) -> WalletUnreachable:
    return WalletUnreachable("The proxy lets nothing through to the wallet.", code="wallet-proxy", host=host)


def _causes(error: BaseException) -> list[BaseException]:
    """``error`` and everything it was raised from or wraps."""
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            waiting += [current.__cause__, current.__context__, *current.args]
    return seen


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


