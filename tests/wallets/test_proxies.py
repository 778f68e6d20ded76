"""Through a proxy: to the address that was checked, under TLS to the wallet itself, or not at all."""

import base64
import contextlib
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.domain.errors import Misconfigured, WalletRefused, WalletUnreachable
from microcred_xblock.wallets import lines, proxies
from microcred_xblock.wallets.transport import Policy, Transport

PUBLIC = "8.8.8.8"


class Tunnels:
    """A proxy that leads every tunnel to one port of this machine, or says ``reply`` instead."""

    def __init__(self, port):
        self.port, self.heads, self.reply, self.behind, self.pause = port, [], None, b"", 0
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def own(self):
        return proxies.Proxy(host="127.0.0.1", port=self.server.getsockname()[1], authorization="Basic eHk=")

    def serve(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.tunnel, args=(client,), daemon=True).start()

    def tunnel(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.heads.append(head.decode())
        with contextlib.suppress(OSError):
            if self.pause:
                time.sleep(self.pause)
            client.sendall(self.reply if self.reply is not None else b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + self.behind)
            if self.reply is not None:
                client.close()
                return
            with socket.create_connection(("127.0.0.1", self.port)) as there:
                back = threading.Thread(target=self.copy, args=(there, client), daemon=True)
                back.start()
                self.copy(client, there)
                back.join(3)

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)


@pytest.fixture
def behind(tls_host):
    """A wallet, the proxy in front of it, and a function that gives a transport through it."""
    lines.kept.forget()
    host, port, bundle = tls_host("wallet.example")
    proxy = Tunnels(port)

    def transport(*found, **more):
        found = found or (PUBLIC,)
        policy = {"proxy": proxy.own, "ca_bundle": bundle, "connect_timeout": 1, "total_timeout": 3, **more}
        return Transport(
            Policy(hosts=frozenset({"wallet.example:443"}), **policy),
            resolver=lambda *_args, **_more: [(socket.AF_INET, 1, 6, "", (address, 443)) for address in found],
        )

    yield host, proxy, transport
    proxy.server.close()
    lines.kept.forget()


def test_the_tunnel_leads_to_the_checked_address_and_tls_to_the_name(behind):
    host, proxy, transport = behind
    assert transport().request("GET", "https://wallet.example/x").status == 404
    (head,) = proxy.heads
    assert head == (
        f"CONNECT {PUBLIC}:443 HTTP/1.1\r\nHost: {PUBLIC}:443\r\nProxy-Authorization: Basic eHk=\r\n\r\n"
    )
    assert host.requests[0].headers["host"] == "wallet.example"
    assert "proxy-authorization" not in host.requests[0].headers


def test_a_version_6_address(behind):
    _host, proxy, transport = behind
    transport("2606:4700:4700::1111").request("GET", "https://wallet.example/x")
    assert proxy.heads[0].startswith("CONNECT [2606:4700:4700::1111]:443 HTTP/1.1\r\n")


@pytest.mark.parametrize("found", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"])
def test_what_may_not_be_contacted_may_not_through_a_proxy(found, behind):
    host, proxy, transport = behind
    with pytest.raises(WalletRefused) as caught:
        transport(found).request("GET", "https://wallet.example/x")
    assert caught.value.code == "wallet-address"
    assert proxy.heads == host.requests == []


def test_a_kept_tunnel_serves_again_and_only_for_those_who_come_that_way(behind):
    _host, proxy, transport = behind
    one = transport()
    for _ in range(2):
        one.request("GET", "https://wallet.example/x", keep=True)
    assert len(proxy.heads) == 1
    other = Transport(
        Policy(**{**vars(one.policy), "proxy": proxies.Proxy(host="127.0.0.1", port=1)}), resolver=one._resolver
    )
    with pytest.raises(WalletUnreachable):
        other.request("GET", "https://wallet.example/x", keep=True)


REFUSALS = {
    "forbidden": (b"HTTP/1.1 403 Forbidden\r\n\r\n", "wallet-proxy"),
    "wants a password": (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wallet-proxy"),
    "no way there": (b"HTTP/1.1 502 Bad Gateway\r\nX: y\r\n\r\n", "wallet-unreachable"),
    "too slow there": (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", "wallet-unreachable"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "wallet-proxy"),
    "nothing": (b"", "wallet-proxy"),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, "wallet-proxy"),
    "speaks for the wallet": (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n", "wallet-proxy"),
    "redirects": (b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n", "wallet-proxy"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_proxy_that_makes_no_tunnel(name, behind):
    host, proxy, transport = behind
    proxy.reply, code = REFUSALS[name]
    with pytest.raises(WalletUnreachable) as caught:
        transport().request("GET", "https://wallet.example/x")
    assert (caught.value.code, caught.value.params["host"]) == (code, "wallet.example")
    assert host.requests == []


def test_a_proxy_that_is_silent_or_away(behind):
    _host, proxy, transport = behind
    proxy.pause = 5
    for through in (transport(connect_timeout=0.3), transport(proxy=proxies.Proxy(host="127.0.0.1", port=1))):
        begun = time.monotonic()
        with pytest.raises(WalletUnreachable) as caught:
            through.request("GET", "https://wallet.example/x")
        assert caught.value.code == "wallet-proxy"
        assert time.monotonic() - begun < 2


def test_a_proxy_whose_name_nobody_knows(behind):
    _host, _proxy, transport = behind
    with pytest.raises(WalletUnreachable) as caught:
        transport(proxy=proxies.Proxy(host="nowhere.invalid", port=3128)).request("GET", "https://wallet.example/x")
    assert caught.value.code == "wallet-proxy"


def test_a_proxy_that_reads_along_has_no_certificate(behind, tls_host):
    _host, proxy, transport = behind
    other, port, _bundle = tls_host("other.example")
    proxy.port = port
    with pytest.raises(WalletUnreachable) as caught:
        transport(ca_bundle="").request("GET", "https://wallet.example/x")
    assert caught.value.code == "wallet-tls"
    assert other.requests == []


def test_the_environment_s_proxy_is_not_used(behind, host, transport, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert transport.request("GET", f"{host.url}/x").status == 404


def test_the_demonstration_s_loopback_needs_no_proxy(behind, host, transport):
    _host, proxy, _make = behind
    with_one = Transport(Policy(**{**vars(transport.policy), "proxy": proxy.own}))
    assert with_one.request("GET", f"{host.url}/x").status == 404
    assert proxy.heads == []


def test_a_proxy_of_the_settings():
    assert proxies.proxy("http://proxy.example:3128/") == proxies.Proxy(host="proxy.example", port=3128)
    found = proxies.proxy("http://us%40er:p%3Ass@[2001:db8::1]:80")
    assert (found.host, found.port) == ("2001:db8::1", 80)
    assert base64.b64decode(found.authorization.removeprefix("Basic ")) == b"us@er:p:ss"
    assert found.authorization not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "", "proxy.example:3128", "https://proxy.example:3128", "socks5://proxy.example:3128", "http://proxy.example",
        "http://:3128", "http://proxy.example:99999", "http://[", "http://proxy.example:3128/path", None, 5,
        "http://proxy.example:3128?x", "http://pröxy.example:3128", "http://a\r\nb:3128",
    ],
)
def test_no_proxy_of_the_settings(url):
    with pytest.raises(Misconfigured) as caught:
        proxies.proxy(url)
    assert caught.value.code == "proxy-setting"


@given(st.text())
def test_any_text_is_a_proxy_or_a_mistake(url):
    with contextlib.suppress(Misconfigured):
        proxies.proxy(url)
