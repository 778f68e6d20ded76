"""Which addresses may be contacted, in all their disguises."""

import socket
import time

import pytest

from microcred_xblock.domain.errors import WalletRefused, WalletUnreachable
from microcred_xblock.wallets import addresses

INNER = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "168.63.129.16", "192.88.99.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1", "fd00:ec2::254",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:10.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2001:0:7f00:1:0:0:80ff:fffe", "fec0::1", "feff::1", "3fff::1", "192.0.0.8", "not an address", "",
]
OUTER = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_are_never_public(address):
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", OUTER)
def test_ordinary_addresses_are_public(address):
    assert addresses.is_public(address)


def answering(*found):
    return lambda *_args, **_kwargs: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (item, 443)) for item in found]


def test_one_inner_address_among_good_ones_refuses_the_host():
    with pytest.raises(WalletRefused) as caught:
        addresses.resolve(
            "wallet.example", 443, loopback=False, timeout=1, resolver=answering("8.8.8.8", "169.254.169.254")
        )
    assert caught.value.code == "wallet-address"


def test_addresses_keep_their_order_without_repetition():
    found = addresses.resolve(
        "wallet.example", 443, loopback=False, timeout=1, resolver=answering("8.8.8.8", "1.1.1.1", "8.8.8.8")
    )
    assert found == ["8.8.8.8", "1.1.1.1"]


def test_loopback_mode_takes_nothing_but_loopback():
    assert addresses.resolve("localhost", 80, loopback=True, timeout=1, resolver=answering("127.0.0.1"))
    with pytest.raises(WalletRefused):
        addresses.resolve("localhost", 80, loopback=True, timeout=1, resolver=answering("8.8.8.8"))


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_spellings_of_loopback_are_seen_through(spelling):
    """The system's resolver turns them into 127.0.0.1, or does not know them; both are a no."""
    with pytest.raises((WalletRefused, WalletUnreachable)):
        addresses.resolve(spelling, 443, loopback=False, timeout=5)


def failing(*_args, **_kwargs):
    raise socket.gaierror(-2, "Name or service not known")


def test_an_unknown_name_is_unreachable():
    with pytest.raises(WalletUnreachable) as caught:
        addresses.resolve("nowhere.invalid", 443, loopback=False, timeout=1, resolver=failing)
    assert caught.value.code == "wallet-dns"


def test_a_hanging_resolver_is_left_behind():
    begun = time.monotonic()
    with pytest.raises(WalletUnreachable):
        addresses.resolve(
            "slow.example", 443, loopback=False, timeout=0.2, resolver=lambda *_a, **_k: time.sleep(3) or []
        )
    assert time.monotonic() - begun < 1
