"""The wallet that is a folder."""

from datetime import UTC, datetime

import pytest

from microcred_xblock.domain.credential import Format, VerifiableCredential
from microcred_xblock.domain.errors import WalletUnreachable
from microcred_xblock.wallets.file import FileWallet

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BADGE = VerifiableCredential(
    id="urn:uuid:1", format=Format.OPEN_BADGE, media_type="x", content=b"first", extension="json"
)


def test_a_second_delivery_replaces_the_first(tmp_path):
    wallet = FileWallet(folder=tmp_path)
    first = wallet.deliver(BADGE, now=NOW)
    again = VerifiableCredential(**{**vars(BADGE), "content": b"second"})
    second = wallet.deliver(again, now=NOW)
    assert (first.created, second.created) == (True, False)
    assert first.location == second.location
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"second"]


def test_forms_of_one_credential_do_not_overwrite_each_other(tmp_path):
    wallet = FileWallet(folder=tmp_path)
    for format_, extension in ((Format.OPEN_BADGE, "json"), (Format.OPEN_BADGE_JWT, "jwt")):
        wallet.deliver(VerifiableCredential(**{**vars(BADGE), "format": format_, "extension": extension}), now=NOW)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(WalletUnreachable):
        FileWallet(folder=tmp_path / "missing").deliver(BADGE, now=NOW)
