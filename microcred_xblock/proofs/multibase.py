"""base58btc multibase (CID 1.0 §2.4) and the multicodec prefixes of the keys we publish."""

from __future__ import annotations

from ..domain.errors import InvalidDocument

ED25519_PUBLIC = b"\xed\x01"
P256_PUBLIC = b"\x80\x24"

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
# Ten digits are split off at a time, then two: dividing a 512-bit number is what base58 costs.
_CHUNK = 58**10
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def encode(data: bytes) -> str:
    """``data`` as base58btc with its multibase prefix ``z``."""
    number = int.from_bytes(data, "big")
    pairs: list[str] = []
    while number:
        number, chunk = divmod(number, _CHUNK)
        for _ in range(5):
            chunk, pair = divmod(chunk, 3364)
            pairs.append(_PAIRS[pair])
    pairs.reverse()
    digits = "".join(pairs).lstrip(_ALPHABET[0])
    leading_zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + _ALPHABET[0] * leading_zeros + digits


def decode(text: str, *, limit: int = 200) -> bytes:
    """The bytes of a base58btc multibase text; InvalidDocument (``multibase``) for anything else."""
    if not isinstance(text, str) or not text.startswith("z") or len(text) > limit:
        raise InvalidDocument("The value is not base58btc multibase.", code="multibase")
    digits = text[1:]
    number = 0
    for character in digits:
        value = _VALUES.get(character)
        if value is None:
            raise InvalidDocument("The value is not base58btc multibase.", code="multibase")
        number = number * 58 + value
    leading_zeros = len(digits) - len(digits.lstrip(_ALPHABET[0]))
    return b"\0" * leading_zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
