"""A file's bytes as text: UTF-8, UTF-16, or what Windows wrote before them, which is told."""

from __future__ import annotations

import codecs

from ...domain.errors import InvalidInput
from .model import Notes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)
# What a spreadsheet on Windows calls “CSV”, by the language of who uses it.
_WINDOWS = {"ar": ("cp1256", "Windows-1256")}
_WESTERN = ("cp1252", "Windows-1252")
_OTHERS = (
    (b"PK\x03\x04", "framework-workbook"), (b"\xd0\xcf\x11\xe0", "framework-workbook"), (b"%PDF", "framework-pdf"),
)


def decoded(data: bytes, language: str, notes: Notes) -> str:
    """The text of ``data``; InvalidInput (``framework-workbook``, ``-pdf``, ``-binary``, ``-encoding``) if it is none.

    ``language``: whose letters a file has that is in no Unicode encoding.
    """
    for mark, code in _OTHERS:
        if data.startswith(mark):
            raise InvalidInput("The file is not text.", code=code)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), _without_mark(data))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise InvalidInput(
                "The file ends or breaks in the middle of a character.", code="framework-encoding"
            ) from None
        text = _windows(data, language, notes)
    head = text[:100_000]
    strange = sum(character < " " and character not in "\t\r\n\v\f" for character in head) + head.count("\ufffd")
    if "\x00" in text or strange > len(head) // 20:
        raise InvalidInput("The file is not text.", code="framework-binary")
    return text.removeprefix("\ufeff")


def _without_mark(data: bytes) -> str:
    """UTF-16 has a zero in nearly every pair of bytes of a table or of JSON."""
    even, odd = data[0:2_000:2].count(0), data[1:2_000:2].count(0)
    pairs = max(1, len(data[:2_000]) // 2)
    if odd > pairs * 0.4 and even < pairs * 0.1:
        return "utf-16-le"
    if even > pairs * 0.4 and odd < pairs * 0.1:
        return "utf-16-be"
    return "utf-8"


def _windows(data: bytes, language: str, notes: Notes) -> str:
    encoding, name = _WINDOWS.get(language.partition("-")[0], _WESTERN)
    notes.add("encoding", name)
    return data.decode(encoding, errors="replace")
