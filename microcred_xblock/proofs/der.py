"""The three ASN.1 DER forms (X.690) that a JAdES key id is made of."""

from __future__ import annotations


def sequence(*members: bytes) -> bytes:
    """SEQUENCE of already encoded members."""
    return _tagged(0x30, b"".join(members))


def explicit(number: int, content: bytes) -> bytes:
    """A constructed, context-specific element ``[number]``."""
    return _tagged(0xA0 | number, content)


def integer(value: int) -> bytes:
    """INTEGER, non-negative."""
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    encoded = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(encoded)]) + encoded + content
