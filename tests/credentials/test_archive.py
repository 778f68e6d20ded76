"""Archives whose bytes follow from their contents."""

import io
import zipfile
from datetime import UTC, datetime, timedelta, timezone

import pytest

from microcred_xblock.credentials import archive

NOON = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)


def test_the_same_files_give_the_same_bytes_whatever_the_zone():
    files = {"a.txt": b"one", "status/b.json": b"{}" * 500}
    packed = archive.packed(files, at=NOON)
    assert packed == archive.packed(files, at=NOON.astimezone(timezone(timedelta(hours=5))))
    with zipfile.ZipFile(io.BytesIO(packed)) as read:
        assert {name: read.read(name) for name in read.namelist()} == files
        assert {entry.date_time for entry in read.infolist()} == {(2026, 11, 20, 12, 0, 30)}
        assert read.testzip() is None


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a/../b", "a\\b", "a//b", "", ".hidden", "a/b/c", "é.txt", "a b", "a\n"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    with pytest.raises(ValueError, match="no name"):
        archive.packed({name: b""}, at=NOON)


@pytest.mark.parametrize("year", [1970, 2200])
def test_a_time_that_the_format_cannot_say_is_moved_into_it(year):
    packed = archive.packed({"a": b""}, at=NOON.replace(year=year))
    with zipfile.ZipFile(io.BytesIO(packed)) as read:
        assert 1980 <= read.infolist()[0].date_time[0] <= 2107
