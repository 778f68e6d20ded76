"""The door out, against servers that misbehave for real."""

import gzip
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from microcred_xblock.domain.errors import WalletRefused, WalletUnreachable
from microcred_xblock.wallets import lines
from microcred_xblock.wallets.base import place
from microcred_xblock.wallets.transport import Policy, Transport

from .host import Reply, tls_transport
from .misbehaviours import HEAD, forever, raw

UNUSABLE = {
    "nothing at all": (raw(), "wallet-no-answer"),
    "silence": (raw(b"", pause=1.5), "wallet-timeout"),
    "head, then silence": (raw(HEAD + b"Content-Length: 5\r\n\r\n", b"", pause=1.5), "wallet-timeout"),
    "body shorter than told": (raw(HEAD + b"Content-Length: 500\r\n\r\n{}"), "wallet-no-answer"),
    "slow head": (raw(*[b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 30], pause=0.1), "wallet-timeout"),
    "slow body": (raw(HEAD + b"\r\n", *[b" "] * 30, pause=0.1), "wallet-timeout"),
    "endless body": (forever(HEAD + b"\r\n", b" " * 65_536), "wallet-answer-too-large"),
    "ten megabytes": (Reply(200, b'"' + b"x" * 10_000_000 + b'"'), "wallet-answer-too-large"),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "wallet-answer"),
    "huge header": (raw(HEAD + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n{}"), "wallet-answer"),
    "a thousand headers": (raw(HEAD + b"X-A: b\r\n" * 1_000 + b"\r\n{}"), "wallet-answer"),
    "two lengths": (raw(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), "wallet-answer"),
    "compressed, unasked": (
        Reply(200, gzip.compress(b" " * 9_000_000), {"Content-Encoding": "gzip"}), "wallet-answer"
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_answer_is_unreachable_in_time(name, host, hasty):
    reply, code = UNUSABLE[name]
    host.misbehave("/x", reply)
    begun = time.monotonic()
    with pytest.raises(WalletUnreachable) as caught:
        hasty.request("GET", f"{host.url}/x")
    assert caught.value.code == code
    assert time.monotonic() - begun < 3
    assert caught.value.params["host"] == "127.0.0.1"


JSON_TROUBLE = {
    "half a head": (raw(b"HTTP/1.1 200 OK\r\nContent-"), "wallet-answer"),
    "HTML": (Reply(200, b"<!doctype html><p>Sign in", media_type="text/html; charset=utf-8"), "wallet-html"),
    "text": (Reply(200, b"OK", media_type="text/plain"), "wallet-answer"),
    "no type": (Reply(200, b"{}", media_type=""), "wallet-answer"),
    "broken JSON": (Reply(200, b'{"a": '), "wallet-answer"),
    "a list": (Reply(200, b"[]"), "wallet-answer"),
    "empty": (Reply(200, b""), "wallet-answer"),
    "not a number": (Reply(200, b'{"a": NaN}'), "wallet-answer"),
    "not UTF-8": (Reply(200, b'{"a": "\xff\xfe"}'), "wallet-answer"),
    "a deep hole": (Reply(200, b'{"a":' * 15_000), "wallet-answer"),
}


@pytest.mark.parametrize("name", JSON_TROUBLE)
def test_answers_that_are_not_a_json_object(name, host, transport):
    reply, code = JSON_TROUBLE[name]
    host.misbehave("/x", reply)
    with pytest.raises(WalletUnreachable) as caught:
        transport.request("GET", f"{host.url}/x").json()
    assert caught.value.code == code


def test_statuses_are_left_to_the_adapters(host, transport):
    host.misbehave("/x", Reply(500, {"a": 1}, {"Retry-After": "7"}, "application/problem+json; charset=utf-8"))
    response = transport.request("GET", f"{host.url}/x")
    assert (response.status, response.media_type, response.json()) == (500, "application/problem+json", {"a": 1})
    assert response.retry_after == 7


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status, host, transport):
    host.misbehave("/x", Reply(status, b"", {"Location": "http://169.254.169.254/latest/meta-data"}))
    with pytest.raises(WalletRefused) as caught:
        transport.request("POST", f"{host.url}/x", headers={"Authorization": "Bearer secret"}, body=b"{}")
    assert caught.value.code == "wallet-redirect"
    assert len(host.requests) == 1


def test_retry_after_as_a_date_and_as_nonsense(host, transport):
    soon = datetime.now(UTC) + timedelta(minutes=2)
    for value, expected in (
        (format_datetime(soon, usegmt=True), range(100, 121)), ("Mon, 01 Jan 2001 00:00:00 GMT", [0]),
        ("soon", [None]), ("-5", [None]), ("9" * 50, [86_400]),
    ):
        host.misbehave("/x", Reply(503, b"", {"Retry-After": value}))
        assert transport.request("GET", f"{host.url}/x").retry_after in expected


def test_body_and_headers_arrive(host, transport):
    transport.request("POST", f"{host.url}/x?a=b%20c", headers={"X-Test": "yes"}, body=b"body")
    request = host.requests[0]
    assert (request.method, request.path, request.body) == ("POST", "/x?a=b%20c", b"body")
    assert request.headers["x-test"] == "yes"
    assert request.headers["host"] == place(host.url)
    assert request.headers["user-agent"] == "microcred-xblock"
    assert request.headers["accept-encoding"] == "identity"


def test_a_longer_answer_may_be_allowed_for_one_request(host, transport):
    host.misbehave("/x", Reply(200, b"x" * 150_000), times=2)
    assert len(transport.request("GET", f"{host.url}/x", max_bytes=200_000).content) == 150_000
    with pytest.raises(WalletUnreachable):
        transport.request("GET", f"{host.url}/x")


def test_nobody_listens(transport, host):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    elsewhere = Transport(Policy(hosts=frozenset({f"127.0.0.1:{port}"}), allow_loopback_http=True))
    with pytest.raises(WalletUnreachable) as caught:
        elsewhere.request("GET", f"http://127.0.0.1:{port}/")
    assert caught.value.code == "wallet-unreachable"


STRICT = Transport(Policy(hosts=frozenset({"wallet.example:443", "localhost:80", "wallet.example:80"})))


@pytest.mark.parametrize(
    "url",
    [
        "http://wallet.example/", "http://localhost/", "ftp://wallet.example/", "file:///etc/passwd",
        "wallet.example/x", "https://user:pass@wallet.example/", "https://wallet.example/#x",
        "https://wallet.example/ x",
        "https://wallet.example\\@evil.example/", "https://wallet.example/\r\nX: y", "https://[::1", "https://",
        "https://wället.example/", "https://wallet.example:99999/", "", "javascript:alert(1)",
    ],
)
def test_only_plain_https_addresses(url):
    with pytest.raises(WalletRefused) as caught:
        STRICT.request("GET", url)
    assert caught.value.code == "wallet-url"


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "https://wallet.example:8443/", "https://wallet.example.evil.example/"]
)
def test_only_the_hosts_the_admin_allows(url):
    with pytest.raises(WalletRefused) as caught:
        STRICT.check(url)
    assert caught.value.code == "wallet-host"


def test_host_names_are_compared_without_case_and_final_dot():
    STRICT.check("https://WALLET.example./path")


def test_an_allowed_name_that_leads_inside_is_refused(host):
    """The name is on the list, its address is this machine's: nothing may be sent."""
    resolver = lambda *_a, **_k: [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 443))]  # noqa: E731
    transport = Transport(Policy(hosts=frozenset({"wallet.example:443"})), resolver=resolver)
    with pytest.raises(WalletRefused) as caught:
        transport.request("GET", "https://wallet.example/")
    assert caught.value.code == "wallet-address"
    assert host.requests == []


def test_the_checked_address_is_the_one_that_is_dialled(monkeypatch):
    """A second look-up, which a rebinding name server would answer otherwise, never happens."""
    asked, dialled = [], []

    def resolver(name, *_args, **_kwargs):
        asked.append(name)
        return [(socket.AF_INET, 1, 6, "", ("8.8.8.8" if len(asked) == 1 else "127.0.0.1", 443))]

    def dial(address, **_kwargs):
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", dial)
    with pytest.raises(WalletUnreachable):
        Transport(Policy(hosts=frozenset({"wallet.example:443"})), resolver=resolver).request(
            "GET", "https://wallet.example/"
        )
    assert asked == ["wallet.example"]
    assert dialled == [("8.8.8.8", 443)]


def test_tls_with_a_trusted_certificate(tls_host):
    host, port, bundle = tls_host("localhost")
    assert tls_transport(port, bundle).request("GET", f"https://localhost:{port}/x").status == 404
    assert host.requests[0].headers["host"] == f"localhost:{port}"


def test_tls_with_a_certificate_nobody_knows(tls_host):
    host, port, _bundle = tls_host("localhost")
    with pytest.raises(WalletUnreachable) as caught:
        tls_transport(port).request("GET", f"https://localhost:{port}/x")
    assert caught.value.code == "wallet-tls"
    assert host.requests == []


@pytest.mark.parametrize(("names", "days"), [(("other.example", "127.0.0.1"), 1), (("localhost",), -1)])
def test_tls_with_another_name_or_an_expired_certificate(tls_host, names, days):
    host, port, bundle = tls_host(*names, days=days)
    with pytest.raises(WalletUnreachable) as caught:
        tls_transport(port, bundle).request("GET", f"https://localhost:{port}/x")
    assert caught.value.code == "wallet-tls"
    assert host.requests == []


def test_a_server_that_stalls_in_the_tls_handshake():
    """The deadline holds before there is any HTTP."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        transport = Transport(Policy(
            hosts=frozenset({f"localhost:{port}"}), allow_loopback_http=True, read_timeout=30, total_timeout=0.5
        ))
        begun = time.monotonic()
        with pytest.raises(WalletUnreachable) as caught:
            transport.request("GET", f"https://localhost:{port}/x")
    assert caught.value.code == "wallet-timeout"
    assert time.monotonic() - begun < 2


class TestKeptConnections:
    """A connection is used again only where it leads to what was checked, only for a moment, and only if asked for."""

    @pytest.fixture(autouse=True)
    def none_kept(self):
        lines.kept.forget()
        yield
        lines.kept.forget()

    @pytest.fixture
    def dialled(self, monkeypatch):
        made, dial = [], socket.create_connection
        monkeypatch.setattr(socket, "create_connection", lambda *args, **more: made.append(args) or dial(*args, **more))
        return made

    def test_one_connection_for_many(self, host, transport, dialled):
        for number in range(3):
            transport.request("POST", f"{host.url}/x", body=b"%d" % number, keep=True)
        assert [request.body for request in host.requests] == [b"0", b"1", b"2"]
        assert len(dialled) == 1

    def test_not_unless_asked_for(self, host, transport, dialled):
        transport.request("GET", f"{host.url}/x", keep=True)
        transport.request("GET", f"{host.url}/x")
        assert len(dialled) == 2

    @pytest.mark.parametrize("name", ["IDLE", "AGE"])
    def test_not_after_a_while(self, name, host, transport, dialled, monkeypatch):
        transport.request("GET", f"{host.url}/x", keep=True)
        monkeypatch.setattr(lines, name, -1.0)
        transport.request("GET", f"{host.url}/x", keep=True)
        assert len(dialled) == 2

    def test_not_under_another_name(self, host, transport, dialled):
        port = host.url.rpartition(":")[2]
        both = Transport(
            Policy(hosts=frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}), allow_loopback_http=True)
        )
        both.request("GET", f"http://127.0.0.1:{port}/x", keep=True)
        both.request("GET", f"http://localhost:{port}/x", keep=True)
        assert len(dialled) >= 2

    def test_not_where_the_other_side_hung_up(self, host, transport, dialled):
        host.misbehave("/x", Reply(200, b"{}", {"Connection": "close"}))
        for _ in range(2):
            assert transport.request("GET", f"{host.url}/x", keep=True)
        assert len(dialled) == 2

    def test_a_deadline_holds_on_a_kept_connection(self, host, hasty):
        hasty.request("GET", f"{host.url}/x", keep=True)
        host.misbehave("/x", UNUSABLE["slow body"][0])
        with pytest.raises(WalletUnreachable) as caught:
            hasty.request("GET", f"{host.url}/x", keep=True)
        assert caught.value.code == "wallet-timeout"
