"""The wallet's only way out: plain GETs to the issuers it was told to trust."""

from __future__ import annotations

import http.client
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

_PATH = re.compile('/[!"$-~]*')  # printable ASCII without a fragment: nothing that could break out of a request line
_MAX_URL = 500


class NoAnswer(Exception):
    """Nobody answered, or not with a document. ``host`` was asked."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class Origins:
    """Fetches from the ``origins`` the wallet was told to trust, and from nowhere else.

    One request per document, no redirects, no proxies, at most ``timeout`` seconds for each step. Plain http is
    possible only for an origin that is listed as such (the demo's loopback).
    """

    def __init__(self, origins: Sequence[str], *, timeout: float = 5.0) -> None:
        self._origins = tuple(origins)
        self._timeout = timeout

    def at(self, host: str) -> str:
        """The origin at that host and port; empty when none is listed."""
        return next((origin for origin in self._origins if urlsplit(origin).netloc == host), "")

    def place(self, url: str) -> tuple[str, str] | None:
        """The listed origin of ``url`` and the path there; None for any other address."""
        for origin in self._origins:
            path = url.removeprefix(origin)
            if url.startswith(origin) and len(url) <= _MAX_URL and _PATH.fullmatch(path):
                return origin, path
        return None

    def get(self, origin: str, path: str, *, accept: str, most: int) -> bytes:
        """What a listed ``origin`` answers, if it is 200 and at most ``most`` bytes; NoAnswer otherwise."""
        parts = urlsplit(origin)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self._timeout)
        try:
            connection.request("GET", path, headers={"Accept": accept})
            response = connection.getresponse()
            body = response.read(most + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a path that is no ASCII
            raise NoAnswer(parts.netloc) from error
        finally:
            connection.close()
        if response.status != 200 or len(body) > most:
            raise NoAnswer(parts.netloc)
        return body
