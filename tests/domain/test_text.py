"""Numbers as a definition holds them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.domain.text import decimal


@pytest.mark.parametrize(("written", "number"), [
    ("7", "7"), (" 0.70 ", "0.7"), (".5", "0.5"), ("7.", "7"), ("-1", "-1"), ("+1", "1"), ("٧", "7"), (3, "3"),
    (Decimal("1E+3"), "1000"),
])
def test_digits_with_at_most_a_point_are_a_number(written, number):
    assert decimal(written, field="weight") == Decimal(number)


@pytest.mark.parametrize("written", [
    "1e3", "1E-3", "1_000", "1,5", "1 500", "Infinity", "NaN", "", ".", "0x1", "½", 0.7, True, None, Decimal("NaN"),
    "7" * 31,
])
def test_anything_else_is_none(written):
    with pytest.raises(InvalidInput) as caught:
        decimal(written, field="weight")
    assert caught.value.code == "number"
