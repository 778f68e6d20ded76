"""base58btc against published values, and both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.domain.errors import InvalidDocument
from microcred_xblock.proofs import multibase


@pytest.mark.parametrize(("data", "text"), [
    (b"", "z"),
    (b"\0", "z1"),
    (b"Hello World!", "z2NEpo7TZRRrLZSi2U"),
    (bytes.fromhex("0000287fb4cd"), "z11233QC4"),
    (b"yes mani !", "z7paNL19xttacUY"),
])
def test_published_values(data, text):
    assert multibase.encode(data) == text
    assert multibase.decode(text) == data


@given(st.binary(max_size=80))
def test_both_ways(data):
    assert multibase.decode(multibase.encode(data)) == data


@pytest.mark.parametrize("text", ["", "abc", "z0", "zO", "zl", "zI", "z ", "u" + "A" * 10, "z" * 300, None, 7])
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidDocument) as error:
        multibase.decode(text)
    assert error.value.code == "multibase"
