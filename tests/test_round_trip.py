"""Every field of a pill through OLX, in the real runtime: what an author wrote comes back, and comes back again."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings

from microcred_xblock.learning_pill import _READABLE

from . import pills, strategies
from .scorebox import ScoreBox, installed

pytestmark = pytest.mark.django_db
FIELDS = ("display_name", "language", *_READABLE)
BARE = """
<learning_pill url_name="pill"><scorebox url_name="p1"/><html_demo url_name="i">x</html_demo></learning_pill>"""


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox):
        yield


def examples(count: int):
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    return settings(max_examples=count, deadline=None, suppress_health_check=slow)


def stored(fields: dict) -> str:
    """The usage of a pill with these fields."""
    usage = pills.parse(BARE)
    block = pills.block(usage)
    for name, value in fields.items():
        setattr(block, name, value)
    block.save()
    return usage


def fields_of(usage: str) -> dict:
    block = pills.block(usage)
    return {name: getattr(block, name) for name in FIELDS}


def export(usage: str) -> str:
    block, file = pills.block(usage), io.BytesIO()
    block.runtime.export_to_xml(block, file)
    return file.getvalue().decode().partition("?>")[2]


@examples(25)
@given(strategies.written())
def test_a_sound_pill_comes_back_whole(fields):
    usage = stored(fields)
    text = export(usage)
    again = pills.parse(text)
    assert fields_of(again) == fields_of(usage) == {**dict.fromkeys(FIELDS), **_empty(), **fields}
    assert export(again) == text


@examples(25)
@given(strategies.messy())
def test_an_unfinished_one_does_too(fields):
    usage = stored(fields)
    text = export(usage)
    again = pills.parse(text)
    assert _said(fields_of(again)) == _said(fields_of(usage))
    assert export(again) == text


@examples(25)
@given(strategies.damaged())
def test_whatever_is_stored_can_be_exported_and_stays_as_it_is_read_again(fields):
    again = pills.parse(export(stored(fields)))
    third = pills.parse(export(again))
    assert export(third) == export(again)
    pills.block(third).problems()


def _empty() -> dict:
    block = pills.block(pills.parse("<learning_pill/>"))
    return {name: getattr(block, name) for name in FIELDS}


def _said(value):
    """``value`` without lists and texts that say nothing, which OLX has no need to write."""
    if isinstance(value, dict):
        said = {name: _said(inner) for name, inner in value.items()}
        return {name: inner for name, inner in said.items() if name not in _OPTIONAL or inner not in ("", " ", [])}
    return [_said(inner) for inner in value] if isinstance(value, list) else value


_OPTIONAL = ("description", "prerequisites", "skills", "assessed_by", "required", "text")
