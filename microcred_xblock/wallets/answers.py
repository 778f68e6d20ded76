"""Answers as they come over a connection: nothing in them is without a limit, and nothing behind them is overlooked.

``http.client`` bounds each line of a head, not what all of them hold, and gives away what lies in its buffer behind an
answer. On a connection that is used again, that would be the next answer.
"""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse
from typing import Any

HEAD_MOST = 65_536  # status line and headers, those of interim answers (1xx) included
_AROUND = 65_536  # what may come around a body: sizes of its chunks, and trailers


class TooMuch(HTTPException):
    """More came than may. ``head``: before the body began."""

    def __init__(self, *, head: bool) -> None:
        super().__init__("too many bytes")
        self.head = head


class Answer(HTTPResponse):
    """An answer whose body has at most about ``limit`` bytes; http.client reads it."""

    def __init__(self, sock: Any, *args: Any, limit: int, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._wire = _Metered(self.fp.detach())
        self.fp: Any = io.BufferedReader(self._wire)
        self._limit = limit
        self.surplus = False

    def begin(self) -> None:
        """Read the head. HTTPException for one that cannot be read as a whole: who knows what it says of the body."""
        if self.headers is not None:
            return
        super().begin()
        if self.msg.defects:
            raise HTTPException("a header cannot be read")
        self._wire.grant(2 * self._limit + _AROUND)

    @property
    def clean(self) -> bool:
        """Whether this answer's end was told beyond doubt (RFC 9112 §6.3), and nothing came after it."""
        if self.headers is None or self.surplus or self.fp is not None:
            return False
        lengths = self.headers.get_all("Content-Length", [])
        codings = [item.strip().lower() for item in self.headers.get_all("Transfer-Encoding", [])]
        if codings:
            return codings == ["chunked"] and not lengths
        if self.status in (204, 304):
            return True
        return len(lengths) == 1 and lengths[0].strip().isascii() and lengths[0].strip().isdigit()

    def _close_conn(self) -> None:
        self._wire.stop()
        try:
            self.surplus = bool(self.fp.peek(1))
        except (OSError, ValueError):
            self.surplus = True
        super()._close_conn()  # type: ignore[misc]


class _Metered(io.RawIOBase):
    """The bytes of a socket, of which only so many are taken."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._left, self._head, self._stopped = HEAD_MOST, True, False

    def grant(self, most: int) -> None:
        """The head is over: take ``most`` bytes more."""
        self._left, self._head = most, False

    def stop(self) -> None:
        """Take nothing more, so that only what was taken is seen."""
        self._stopped = True

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """As sockets do; TooMuch when the limit is reached."""
        if self._stopped:
            return None
        if self._left <= 0:
            raise TooMuch(head=self._head)
        count = self._raw.readinto(memoryview(buffer)[:self._left])
        self._left -= count or 0
        return count

    def close(self) -> None:
        """Give the socket back."""
        if not self.closed:
            self._raw.close()
        super().close()
