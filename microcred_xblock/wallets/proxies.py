"""The way out through an HTTP proxy: a tunnel (``CONNECT``, RFC 9110 §9.3.6) to an address that we have checked.

The proxy is told an address, never a name: if it looked the name up anew, our check would be worth nothing. TLS is
spoken through the tunnel, with the wallet's own name, so the proxy reads nothing.
"""

from __future__ import annotations

import base64
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ..domain.errors import Misconfigured

_HEAD_MOST = 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")
_NO_WAY = (502, 503, 504)  # the proxy is well, but does not get there


class ProxyError(OSError):
    """The proxy cannot be reached, or makes no tunnel."""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """An HTTP proxy. ``authorization`` is what it is shown, empty for nothing."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)


def proxy(url: str) -> Proxy:
    """A Proxy from ``http://[user:password@]host:port``; Misconfigured (``proxy-setting``)."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    extra = parts.path not in ("", "/") or parts.query or parts.fragment
    if parts.scheme != "http" or not parts.hostname or not port or extra or not url.isascii() or not url.isprintable():
        raise Misconfigured(
            "The setting MICROCRED_PROXY cannot be used: it must be http://host:port, or "
            "http://user:password@host:port.", code="proxy-setting",
        )
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    shown = "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii") if parts.username else ""
    return Proxy(host=parts.hostname, port=port, authorization=shown)


def tunnel(made: socket.socket, through: Proxy, address: str, port: int) -> None:
    """Have the proxy at the other end of ``made`` connect us to ``address``.

    ProxyError where it does not want to; ConnectionError where it does not get there.
    """
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if through.authorization:
        lines.append(f"Proxy-Authorization: {through.authorization}")
    try:
        made.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        head = _head(made)
    except OSError as error:
        raise ProxyError("the proxy gives no answer") from error
    found = _STATUS.match(head)
    status = int(found.group(1)) if found else 0
    if status in _NO_WAY:
        raise ConnectionError("the proxy does not get there")
    # Nobody speaks before us in the tunnel: what came behind the head is not from where we want to go.
    if not 200 <= status < 300 or not head.endswith(b"\r\n\r\n"):
        raise ProxyError("the proxy makes no tunnel")


def _head(made: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        part = made.recv(4_096)
        head += part
        if not part or len(head) > _HEAD_MOST:
            raise ProxyError("the proxy's answer is not HTTP")
    return head
