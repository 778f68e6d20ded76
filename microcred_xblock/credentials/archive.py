"""A zip archive whose bytes follow from its contents alone (APPNOTE 6.3.10)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

_NAME = re.compile(r"[a-z0-9]+([-._][a-z0-9]+)*(/[a-z0-9]+([-._][a-z0-9]+)*)?", re.ASCII | re.IGNORECASE)
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # all that the format can say
_UNIX, _FILE = 3, 0o100644


def packed(files: Mapping[str, bytes], *, at: datetime) -> bytes:
    """``files`` in their order, each dated ``at``. Names are plain: ASCII, one folder at most, no way out of it."""
    moment = at.astimezone(UTC).timetuple()[:6]
    date = min(max(moment, _FIRST), _LAST)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name for a file of an archive.")
            entry = zipfile.ZipInfo(name, date)
            entry.create_system, entry.external_attr = _UNIX, _FILE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return out.getvalue()
