"""What comes behind an answer is never the next answer, and no part of one is without end."""

import socket
import time

import pytest

from microcred_xblock.domain.errors import WalletRefused, WalletUnreachable
from microcred_xblock.wallets import answers, lines
from microcred_xblock.wallets.base import place
from microcred_xblock.wallets.transport import Policy, Transport

from .host import STAYS, Reply, tls_transport
from .misbehaviours import CHUNKED, HEAD, forever

FORGED = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"forged":true}'


@pytest.fixture(autouse=True)
def none_kept():
    lines.kept.forget()
    yield
    lines.kept.forget()


@pytest.fixture
def dialled(monkeypatch):
    made, dial = [], socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda *args, **more: made.append(args) or dial(*args, **more))
    return made


def misbehave(host, data, path="/x"):
    """The next answer is ``data`` as it is; the connection stays open behind it."""

    def write(handler):
        handler.wfile.write(data)
        return STAYS

    host.misbehave(path, write)


SURPLUS = {
    "behind a length": HEAD + b"Content-Length: 2\r\n\r\n{}" + FORGED,
    "behind chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + FORGED,
    "behind 204": b"HTTP/1.1 204 No Content\r\n\r\n" + FORGED,
    "behind 304": b"HTTP/1.1 304 Not Modified\r\n\r\n" + FORGED,
    "one byte": HEAD + b"Content-Length: 2\r\n\r\n{} ",
    "more than any buffer": HEAD + b"Content-Length: 2\r\n\r\n{}" + FORGED * 2_000,
}
DOUBTFUL = {
    "length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a length that only Python reads": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "chunks twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", [*SURPLUS, *DOUBTFUL])
def test_the_next_request_gets_its_own_answer(name, host, transport, dialled):
    misbehave(host, {**SURPLUS, **DOUBTFUL}[name])
    first = transport.request("GET", f"{host.url}/x", keep=True)
    assert b"forged" not in first.content
    host.misbehave("/y", Reply(200, {"mine": True}))
    assert transport.request("GET", f"{host.url}/y", keep=True).json() == {"mine": True}
    assert len(dialled) == 2


@pytest.mark.parametrize("name", SURPLUS)
def test_nor_under_tls_where_more_may_be_decrypted_than_was_read(name, tls_host, dialled):
    host, port, bundle = tls_host("localhost")
    misbehave(host, SURPLUS[name])
    transport = tls_transport(port, bundle)
    transport.request("GET", f"https://localhost:{port}/x", keep=True)
    host.misbehave("/y", Reply(200, {"mine": True}))
    assert transport.request("GET", f"https://localhost:{port}/y", keep=True).json() == {"mine": True}
    assert len(dialled) == 2


def test_surplus_that_fills_a_buffer_exactly(tls_host):
    """Nothing is left in http.client's buffer then, and the socket is empty: the rest lies in the TLS layer."""
    host, port, bundle = tls_host("localhost")
    head = HEAD + b"Content-Length: %d\r\n\r\n"
    body = b" " * (8_192 - len(head % 8_000))
    assert len(head % len(body)) + len(body) == 8_192
    misbehave(host, head % len(body) + body + FORGED)
    transport = tls_transport(port, bundle)
    transport.request("GET", f"https://localhost:{port}/x", keep=True)
    host.misbehave("/y", Reply(200, {"mine": True}))
    assert transport.request("GET", f"https://localhost:{port}/y", keep=True).json() == {"mine": True}


def test_surplus_is_told(host, transport, caplog):
    caplog.set_level("INFO")
    misbehave(host, SURPLUS["behind a length"])
    transport.request("GET", f"{host.url}/x", keep=True)
    assert "more than its answer" in caplog.text and "forged" not in caplog.text


@pytest.mark.parametrize(
    "head", [b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"]
)
def test_an_answer_without_surplus_keeps_the_connection(head, host, transport, dialled):
    misbehave(host, HEAD + head)
    for path in "xy":
        transport.request("GET", f"{host.url}/{path}", keep=True)
    assert len(dialled) == 1


@pytest.mark.parametrize("interim", [1, 20])
def test_interim_answers_are_passed_over(interim, host, transport):
    misbehave(host, b"HTTP/1.1 100 Continue\r\n\r\n" * interim + HEAD + b"Content-Length: 2\r\n\r\n{}")
    assert transport.request("GET", f"{host.url}/x").json() == {}


ENDLESS = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n", "wallet-answer"),
    "a status line": (b"HTTP/1.1 200 ", b"OK" * 4_096, "wallet-answer"),
    "headers": (HEAD, b"X-A: b\r\n", "wallet-answer"),
    "one header": (HEAD + b"X-A: ", b"b" * 8_192, "wallet-answer"),
    "a few long headers": (HEAD, b"X-A: " + b"b" * 60_000 + b"\r\n", "wallet-answer"),
    "the size of a chunk": (CHUNKED, b"0" * 8_192, ""),
    "a chunk's extension": (CHUNKED + b"2;x=", b"y" * 8_192, ""),
    "extensions of small chunks": (CHUNKED, b"1;x=" + b"y" * 4_000 + b"\r\n \r\n", "wallet-answer-too-large"),
    "trailers": (CHUNKED + b"0\r\n", b"X-A: b\r\n", "wallet-answer-too-large"),
    "one trailer": (CHUNKED + b"0\r\nX-A: ", b"b" * 8_192, ""),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_has_no_end_is_ended_long_before_time_is_over(name, host):
    patient = Transport(Policy(hosts=frozenset({place(host.url)}), allow_loopback_http=True, max_bytes=100_000))
    start, part, code = ENDLESS[name]
    host.misbehave("/x", forever(start, part))
    begun = time.monotonic()
    with pytest.raises(WalletUnreachable) as caught:
        patient.request("GET", f"{host.url}/x")
    assert caught.value.code in ({code} if code else {"wallet-answer", "wallet-answer-too-large", "wallet-no-answer"})
    assert time.monotonic() - begun < 5


def test_small_chunks_are_read(host, transport):
    """What is long for its chunks, but no more than twice as long, is an answer."""
    body = b'{"a":"' + b"x" * 50_000 + b'"}'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[i:i + 16] for i in range(0, len(body), 16)))
    misbehave(host, CHUNKED + chunks + b"0\r\n\r\n")
    assert transport.request("GET", f"{host.url}/x").content == body


@pytest.mark.parametrize("line", [b"Authorization Bearer s3cret", b"Foo : bar", b": empty", b"X-A: b\r\n\x00\x01"])
def test_a_head_that_cannot_be_read_as_a_whole_is_none(line, host, transport, caplog):
    """urllib3 would warn, quoting it."""
    caplog.set_level("DEBUG")
    misbehave(host, HEAD + line + b"\r\nContent-Length: 2\r\n\r\n{}")
    with pytest.raises(WalletUnreachable) as caught:
        transport.request("GET", f"{host.url}/x")
    assert caught.value.code == "wallet-answer"
    assert "s3cret" not in caplog.text


def test_control_characters_in_headers_become_spaces(host, transport):
    misbehave(host, HEAD + b"ETag: a\x00b\x1b\x85c\r\n d\r\nContent-Length: 2\r\n\r\n{}")
    assert transport.request("GET", f"{host.url}/x").headers["etag"] == "a b  c d"


def test_the_limit_of_a_head_is_what_it_says():
    assert answers.HEAD_MOST == 65_536


class TestRedirects:
    """Followed by a GET that asks for it, to nowhere else than it might have gone itself."""

    def test_a_reader_follows(self, host, transport):
        host.misbehave("/x", Reply(302, b"", {"Location": "/y?z"}))
        host.misbehave("/y", Reply(307, b"", {"Location": f"{host.url}/w#part"}))
        host.misbehave("/w", Reply(200, {"there": True}))
        response = transport.request("GET", f"{host.url}/x", headers={"Authorization": "Bearer s3cret"}, redirects=3)
        assert (response.json(), response.url) == ({"there": True}, f"{host.url}/w")
        assert [request.path for request in host.requests] == ["/x", "/y?z", "/w"]
        assert {request.headers["authorization"] for request in host.requests} == {"Bearer s3cret"}

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_not_unless_asked_for(self, status, host, transport):
        host.misbehave("/x", Reply(status, b"", {"Location": "/y"}))
        with pytest.raises(WalletRefused) as caught:
            transport.request("GET", f"{host.url}/x")
        assert caught.value.code == "wallet-redirect"
        assert len(host.requests) == 1

    @pytest.mark.parametrize(("method", "body"), [("POST", b"{}"), ("POST", None), ("GET", b"{}")])
    def test_never_with_anything_to_lose(self, method, body, host, transport):
        with pytest.raises(ValueError, match="GET"):
            transport.request(method, f"{host.url}/x", body=body, redirects=1)
        assert host.requests == []

    @pytest.mark.parametrize("asked", [3, 99])
    def test_three_at_most(self, asked, host, transport):
        host.misbehave("/x", Reply(302, b"", {"Location": "/x"}), times=20)
        with pytest.raises(WalletRefused) as caught:
            transport.request("GET", f"{host.url}/x", redirects=asked)
        assert caught.value.code == "wallet-redirect"
        assert len(host.requests) == 4

    @pytest.mark.parametrize(
        ("location", "reason"),
        [
            ("http://169.254.169.254/latest/meta-data", "wallet-url"), ("https://evil.example/", "wallet-host"),
            ("https://[::ffff:127.0.0.1]/", "wallet-host"), ("http://[::ffff:127.0.0.1]/", "wallet-url"),
            ("https://0x7f000001/", "wallet-host"), ("https://2130706433/", "wallet-host"),
            ("file:///etc/passwd", "wallet-url"), ("//evil.example/", "wallet-url"),
            ("javascript:alert(1)", "wallet-url"),
            ("https://user:pass@evil.example/", "wallet-url"), ("https://[", "wallet-url"), ("/ x", "wallet-url"),
            ("/\xe9", "wallet-url"), ("/" + "x" * 3_000, None), ("", None), ("gopher://x/", "wallet-url"),
            ("http://127.0.0.1:1/", "wallet-host"),
        ],
    )
    def test_each_address_is_checked_as_the_first(self, location, reason, host, transport):
        host.misbehave("/x", Reply(302, b"", {"Location": location}))
        with pytest.raises(WalletRefused) as caught:
            transport.request("GET", f"{host.url}/x", redirects=3)
        assert (caught.value.code, caught.value.params.get("reason")) == ("wallet-redirect", reason)

    @pytest.mark.parametrize("status", [300, 305, 306, 399])
    def test_other_answers_of_the_kind_lead_nowhere(self, status, host, transport):
        host.misbehave("/x", Reply(status, b"", {"Location": "/y"}))
        with pytest.raises(WalletRefused):
            transport.request("GET", f"{host.url}/x", redirects=3)
        assert len(host.requests) == 1

    def test_two_locations_are_none(self, host, transport):
        misbehave(host, b"HTTP/1.1 302 Found\r\nLocation: /y\r\nLocation: /z\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(WalletRefused):
            transport.request("GET", f"{host.url}/x", redirects=3)

    def test_another_host_is_shown_nothing(self, host):
        """Another name is another host, also at the same machine."""
        port = host.url.rpartition(":")[2]
        both = Transport(
            Policy(hosts=frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}), allow_loopback_http=True)
        )
        host.misbehave("/x", Reply(302, b"", {"Location": f"http://localhost:{port}/y"}))
        host.misbehave("/y", Reply(302, b"", {"Location": f"http://127.0.0.1:{port}/z"}))
        secret = {"Authorization": "Bearer s3cret", "Cookie": "a=b", "X-Api-Key": "k", "If-None-Match": '"e"'}
        both.request("GET", f"{host.url}/x", headers={**secret, "Accept": "application/json"}, redirects=3)
        first, *others = host.requests
        assert first.headers["authorization"] == "Bearer s3cret"
        assert len(others) == 2
        for request in others:  # not even back at the first
            shown = set(request.headers) - {"host", "connection"}
            assert shown == {"accept", "accept-encoding", "user-agent"}

    def test_not_from_tls_to_plain(self, tls_host, host):
        secure, port, bundle = tls_host("localhost")
        plain = host.url.rpartition(":")[2]
        secure.misbehave("/x", Reply(302, b"", {"Location": f"http://localhost:{plain}/y"}))
        transport = Transport(Policy(
            hosts=frozenset({f"localhost:{port}", f"localhost:{plain}"}), allow_loopback_http=True, ca_bundle=bundle
        ))
        with pytest.raises(WalletRefused) as caught:
            transport.request("GET", f"https://localhost:{port}/x", redirects=3)
        assert caught.value.params["reason"] == "wallet-url"
        assert host.requests == []

    def test_an_allowed_name_that_leads_inside(self, tls_host):
        """The redirect's host is on the list, its address is not public."""
        secure, port, bundle = tls_host("localhost")
        inside = {"localhost": "127.0.0.1", "auth.example": "169.254.169.254"}
        transport = Transport(
            Policy(
                hosts=frozenset({f"localhost:{port}", "auth.example:443"}), allow_loopback_http=True, ca_bundle=bundle
            ),
            resolver=lambda name, *_args, **_more: [(socket.AF_INET, 1, 6, "", (inside[name], port))],
        )
        secure.misbehave("/x", Reply(302, b"", {"Location": "https://auth.example/"}))
        with pytest.raises(WalletRefused) as caught:
            transport.request("GET", f"https://localhost:{port}/x", redirects=3)
        assert caught.value.code == "wallet-address"

    def test_one_time_for_all(self, host, hasty):
        def slowly(_handler):
            time.sleep(0.35)
            return Reply(302, b"", {"Location": "/x"})

        host.misbehave("/x", slowly, times=9)
        begun = time.monotonic()
        with pytest.raises(WalletUnreachable) as caught:
            hasty.request("GET", f"{host.url}/x", redirects=3)
        assert caught.value.code == "wallet-timeout"
        assert time.monotonic() - begun < 5
