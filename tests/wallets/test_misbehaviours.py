"""What goes wrong before there is any HTTP, and the guide that tells all of it."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from microcred_xblock import message_texts
from microcred_xblock.domain.errors import WalletRefused, WalletUnreachable
from microcred_xblock.wallets import open_badges_api
from microcred_xblock.wallets.transport import Policy, Transport

from .host import tls_transport
from .misbehaviours import BEFORE, CONNECTING, REFRESHING, SENDING
from .test_open_badges_api import NOW

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "wallets.md"
ENDED = ("wallet-reconnect", "wallet-client", "wallet-scope-shrunk")


def discover(transport, url):
    with pytest.raises((WalletRefused, WalletUnreachable)) as caught:
        open_badges_api.discover(transport, url, now=NOW)
    return caught.value.code


def leading_to(*found):
    return Transport(
        Policy(hosts=frozenset({"wallet.example:443"}), connect_timeout=0.2, total_timeout=0.5),
        resolver=lambda *_args, **_more: [(socket.AF_INET, 1, 6, "", (address, 443)) for address in found],
    )


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"], ["169.254.169.254"], ["64:ff9b::a9fe:a9fe"], ["::ffff:127.0.0.1"], ["8.8.8.8", "10.0.0.1"],
        ["fe80::1%eth0"], ["0.0.0.0"], ["2002:7f00:1::"],
    ],
)
def test_names_that_lead_inside(found):
    assert discover(leading_to(*found), "https://wallet.example") == BEFORE["inside"][1]


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]", "[::1]"])
def test_so_do_addresses_in_other_spellings_even_where_an_admin_allows_them(host):
    """As the system reads them."""
    transport = Transport(Policy(hosts=frozenset({f"{host.strip('[]')}:443"}), connect_timeout=2))
    assert discover(transport, f"https://{host}") == BEFORE["inside"][1]


def test_a_name_that_nobody_knows():
    assert discover(leading_to(), "https://wallet.example") == BEFORE["unknown"][1]


def test_a_host_that_is_down():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert discover(tls_transport(port), f"https://localhost:{port}") == BEFORE["refused"][1]


@pytest.mark.parametrize(
    ("names", "days", "trusted"),
    [(["other.example"], 1, True), (["localhost"], -1, True), (["localhost"], 1, False), (["*.localhost"], 1, True)],
)
def test_certificates_that_do_not_hold(names, days, trusted, tls_host):
    host, port, bundle = tls_host(*names, days=days)
    assert discover(tls_transport(port, bundle if trusted else ""), f"https://localhost:{port}") == (
        BEFORE["certificate"][1]
    )
    assert host.requests == []


def test_plain_text_where_tls_should_be(host):
    port = host.url.rpartition(":")[2]
    assert discover(tls_transport(port), f"https://localhost:{port}") == BEFORE["certificate"][1]


def test_a_version_of_tls_that_is_too_old(tls_host):
    host, port, bundle = tls_host("localhost")
    context = host.server.socket.context
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    assert discover(tls_transport(port, bundle), f"https://localhost:{port}") == BEFORE["certificate"][1]


def test_threads_do_not_pile_up(host, transport):
    """A hundred requests later one watchdog watches."""
    before = threading.active_count()
    for _ in range(100):
        transport.request("GET", f"{host.url}/x")
    watchdogs = [thread for thread in threading.enumerate() if thread.name == "microcred deadlines"]
    assert len(watchdogs) == 1
    assert threading.active_count() <= before + 20


def reads(code):
    """The first sentence of what the learner reads."""
    text = message_texts.MESSAGES[code]
    return text.partition(". ")[0].rstrip(".") + "."


def follows(code, *, sending):
    if not code:
        return "it is delivered" if sending else "it is connected"
    if not sending:
        return "nothing is connected"
    if code in message_texts.UNREACHABLE:
        return "tried again by itself"
    return "the connection ends; connect again, send again" if code in ENDED else "waits for the learner's retry"


def lines():
    sending = {(wrong.told, wrong.code) for wrong in (*SENDING.values(), *REFRESHING.values())} | set(BEFORE.values())
    connecting = {(wrong.told, wrong.code) for wrong in CONNECTING.values()}
    for sort, found in (("connecting", connecting), ("sending", sending)):
        for told, code in sorted(found):
            shown, named = (reads(code), f"`{code}`") if code else ("–", "–")
            yield sort, f"| {told} | {shown} | {follows(code, sending=sort == 'sending')} | {named} |"


def test_the_guide_has_a_line_for_each_of_them_and_no_other():
    found, sort = set(), ""
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            sort = "connecting" if "connecting" in line else "sending" if "sending" in line else ""
        elif line.startswith("| ") and sort and "the wallet …" not in line:
            found.add((sort, line))
    assert found == set(lines())


def test_there_are_many():
    assert len({*SENDING, *CONNECTING, *REFRESHING}) >= 70
