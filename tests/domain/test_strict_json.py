"""What every reader reads alike, and nothing else."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.domain import strict_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(values)
def test_what_was_written_is_read(value):
    assert strict_json.load(json.dumps(value)) == value == strict_json.load(json.dumps(value).encode())


@pytest.mark.parametrize("text", [
    "", "{", '{"a": 1, "a": 2}', '[{"b": {"a": 1, "a": 1}}]', "NaN", "[-Infinity]", "[1e400]", '{"a": -1e999}',
    '"\\ud83d"', b'"\xff"', b"\xef\xbb\xbf{}", "{}".encode("utf-16"), "[" * 100_000, "{} {}",
])
def test_the_rest_is_refused(text):
    with pytest.raises(ValueError):
        strict_json.load(text)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_nothing_else_is_ever_raised(content):
    with contextlib.suppress(ValueError):
        strict_json.load(content)
