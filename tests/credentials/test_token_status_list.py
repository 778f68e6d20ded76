"""Token Status List: two bits for each entry, the first in the lowest."""

import base64
import zlib

import pytest

from microcred_xblock.credentials import token_status_list
from microcred_xblock.domain.errors import InvalidDocument

# Of the draft's example with two bits (its values 3 are not used here): C9 44 F9 without them.
REVOKED, SUSPENDED = [0, 5, 7, 8], [1, 9]


def read(lst, index):
    packed = zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))
    return packed[index // 4] >> index % 4 * 2 & 0b11


def test_the_bits_are_where_the_draft_has_them():
    example = "eNo76fITAAPfAgc"
    assert [read(example, index) for index in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    made = token_status_list.encode(REVOKED, SUSPENDED, 131_072)
    assert [read(made, index) for index in range(12)] == [1, 2, 0, 0, 0, 1, 0, 1, 1, 2, 0, 0]
    assert len(zlib.decompress(base64.urlsafe_b64decode(made + "=="))) == 131_072 // 4


def test_what_is_revoked_is_not_only_suspended():
    assert read(token_status_list.encode([3], [3], 131_072), 3) == token_status_list.INVALID


def test_an_index_outside():
    with pytest.raises(InvalidDocument):
        token_status_list.encode([131_072], [], 131_072)
