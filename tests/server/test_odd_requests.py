"""Bytes that are no clean HTTP: answered in the door's own form, in the journal, never twice."""

import http.client
import json
import socket
from contextlib import closing

import pytest

from mockserver.embedded.server import Embedded
from mockserver.reference.articles import explain

LINE = b"POST /router/rest?format=json HTTP/1.1\r\nHost: x\r\n"
KIND = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture
def entry(wire):
    """Gives the journal's newest call of the frozen sandbox, or of nobody."""

    def newest(sandbox: str = "default") -> dict:
        page = wire.control("GET", f"requests?sandbox={sandbox}&limit=1")[1]
        return page["items"][0]

    return newest


def inner(reply: bytes) -> dict:
    """What stands inside the root of a JSON reply."""
    (inside,) = json.loads(reply.partition(b"\r\n\r\n")[2]).values()
    return inside


def warned(entry: dict, words: str) -> bool:
    """Whether a warning of the call contains the words."""
    return any(words in warning for warning in entry["warnings"])


def get(wire, query: bytes) -> bytes:
    """The reply to a GET whose query is sent as it is."""
    return wire.raw(
        b"GET /router/rest?" + query + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )


def test_raw_utf8_in_a_url(wire, entry):
    """Chinese text in a URL that is not encoded is read as UTF-8, and the journal says so."""
    encoded = wire.form("tmall.exchange.receive.get", fields="status", buyer_nick="卡卡")
    raw = encoded.replace(b"%E5%8D%A1%E5%8D%A1", "卡卡".encode())

    reply = get(wire, raw)

    assert inner(reply)["total_results"] == 0
    assert warned(entry(), "raw bytes in the URL")


def test_raw_gbk_in_a_url(wire, entry):
    """GBK in a URL is the platform's own error, and the journal says so."""
    encoded = wire.form("tmall.exchange.receive.get", fields="status", buyer_nick="卡卡")
    raw = encoded.replace(b"%E5%8D%A1%E5%8D%A1", "卡卡".encode("gbk"))

    reply = get(wire, raw)

    assert inner(reply)["code"] == 47
    assert warned(entry(), "raw bytes in the URL")


@pytest.mark.parametrize("name", [b"method", b"snapshots"])
def test_raw_bytes_to_the_control_api(wire, name):
    """The control API reads raw UTF-8 in query and path."""
    target = {
        b"method": b"/requests?limit=1&method=" + "卡卡".encode(),
        b"snapshots": b"/snapshots/" + "卡卡".encode(),
    }[name]
    head = (
        b"GET /_sandbox/sandboxes/default%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % target
    )

    reply = wire.raw(head + f"Authorization: Bearer {wire.server.token}\r\n\r\n".encode())

    document = json.loads(reply.partition(b"\r\n\r\n")[2])
    assert document.get("items") == [] or "卡卡" in document["title"]


def test_blank_in_a_url(wire, entry):
    """A timestamp with a blank in the URL is read; the signature is that of the text with the
    blank."""
    reply = get(wire, wire.form("taobao.time.get").replace(b"+", b" "))

    assert "time" in inner(reply)
    assert warned(entry(), "a blank in the URL")


def test_fragment_in_a_url(wire, entry):
    """What follows # does not arrive, and the journal says so."""
    reply = get(wire, wire.form("taobao.time.get") + b"#&x=1")

    assert "time" in inner(reply)
    assert warned(entry(), "a # in the URL")


def test_bare_line_feeds(wire, entry):
    """A head with bare LF is read."""
    body = wire.form("taobao.time.get")
    head = (LINE + KIND + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)).replace(
        b"\r\n", b"\n"
    )

    assert "time" in inner(wire.raw(head.replace(b"?format=json", b"") + body))
    assert warned(entry(), "LF instead of CRLF")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (b"Content-Length : %d\r\n", "a blank before the colon"),
        (b"Content-Length: %d\r\nContent-Length: %d\r\n", "Content-Length is there twice"),
        (b"Content-Length: %d\r\nX-Folded: a\r\n b\r\n", "folded"),
        (b"Content-Length: %d\r\nno colon\r\n", "without a colon"),
        (b"Content-Length: %d\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n", "upgrade"),
    ],
)
def test_odd_headers(wire, entry, lines, words):
    """Odd headers are forgiven, and the journal says so."""
    body = wire.form("taobao.time.get")
    lines = lines.replace(b"%d", str(len(body)).encode())
    head = b"POST /router/rest HTTP/1.1\r\nHost: x\r\n" + KIND + lines

    reply = wire.raw(head + b"\r\n" + body)

    assert "time" in inner(reply)
    assert reply.count(b"HTTP/1.1 ") == 1
    assert warned(entry(), words)


def test_no_host(wire, entry):
    """A request of HTTP/1.1 without Host is answered."""
    body = wire.form("taobao.time.get")
    head = b"POST /router/rest HTTP/1.1\r\nConnection: close\r\n" + KIND

    assert "time" in inner(wire.raw(head + b"Content-Length: %d\r\n\r\n" % len(body) + body))
    assert warned(entry(), "without Host")


def test_length_beside_chunked(wire, entry):
    """Content-Length beside Transfer-Encoding: the chunks count, the connection closes, nothing is
    smuggled."""
    body = wire.form("taobao.time.get")
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    head = (
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
        b"chunked\r\n"
    )

    reply = wire.raw(head + KIND + b"\r\n" + chunks + b"GET /_sandbox/health HTTP/1.1\r\n\r\n")

    assert "time" in inner(reply)
    assert reply.count(b"HTTP/1.1 ") == 1
    assert warned(entry(), "Content-Length beside Transfer-Encoding")


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5x\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_framing_that_cannot_be_read(wire, entry, framing):
    """Where a body ends cannot be known: error 3, journalled with the reason, and the connection
    closes."""
    reply = wire.raw(LINE + KIND + framing + b"\r\nhello" + LINE + b"\r\n")

    assert inner(reply)["code"] == 3
    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in reply
    call = entry("none")
    assert call["code"] == 3
    assert call["warnings"]


def test_trailers_are_no_request(wire, entry):
    """Trailers of a chunked body are dropped; the next request on the connection is answered."""
    body = wire.form("taobao.time.get")
    head = (
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + KIND + b"\r\n"
    )
    request = head + b"%x\r\n%b\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n" % (len(body), body)

    reply = wire.raw(
        request + b"GET /_sandbox/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    assert reply.count(b"HTTP/1.1 200") == 2
    assert b'{"status":"ok"}' in reply
    assert warned(entry(), "trailers")


def test_connect(wire, entry):
    """CONNECT is answered by the gateway, not as a tunnel, and is in the journal."""
    reply = wire.raw(b"CONNECT eco.taobao.com:443 HTTP/1.1\r\nHost: eco.taobao.com:443\r\n\r\n")

    assert reply.startswith(b"HTTP/1.1 501")
    assert b"<code>9</code>" in reply or b"<code>21</code>" in reply or b"error_response" in reply
    call = entry("none")
    assert call["verb"] == "CONNECT"
    assert warned(call, "the gateway's http address")


@pytest.mark.parametrize(
    "path", ["/router//rest", "//router/rest", "/router/rest/", "/router/%72est"]
)
def test_odd_gateway_paths(wire, path):
    """The gateway's path is known with doubled slashes, a slash at its end, or escapes."""
    status, headers, content = wire.ask("GET", f"{path}?format=json")

    assert status == 200
    assert "javascript" in headers["Content-Type"]
    assert json.loads(content)["error_response"]["code"]


@pytest.mark.parametrize("path", ["/_sandbox//sandboxes", "//_sandbox/sandboxes"])
def test_odd_control_paths(wire, path):
    """Doubled slashes lead to the same control route, not to a page."""
    status, headers, _ = wire.ask(
        "GET", path, headers={"Authorization": f"Bearer {wire.server.token}"}
    )

    assert (status, headers["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("host", [".x", "x" * 70, "x" * 60_000, "a..b", "[::1", "\xff\xfe"])
def test_hosts_that_are_none(wire, host):
    """The gateway answers under a Host that is no name."""
    body = wire.form("taobao.time.get")
    head = b"POST /router/rest HTTP/1.1\r\nConnection: close\r\nHost: " + host.encode("latin-1")

    reply = wire.raw(head + b"\r\n" + KIND + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    assert "time" in inner(reply)


def test_expect_under_http_1_0(wire, entry):
    """A client of HTTP/1.0 gets no 100."""
    body = wire.form("taobao.time.get")
    head = b"POST /router/rest HTTP/1.0\r\nExpect: 100-continue\r\n" + KIND

    reply = wire.raw(head + b"Content-Length: %d\r\n\r\n" % len(body), body)

    assert reply.startswith(b"HTTP/1.1 200")
    assert warned(entry(), "Expect under HTTP/1.0")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /x\r\n\r\n", 400),
        (b"G\x00T /x HTTP/1.1\r\n\r\n", 400),
        (b"GET /x HTTP/2.0\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET /router/rest?format=json HTTP/9.9\r\n\r\n", 200),
    ],
)
def test_what_is_no_http(wire, data, status):
    """What is no HTTP/1 gets a problem document, the gateway's path its own form; then the end."""
    reply = wire.raw(data)

    head, _, content = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(content).get("status", 200) == status
    assert b"\r\nConnection: close" in head


def test_many_requests_in_odd_pieces(wire):
    """Requests that arrive byte by byte, or many at once, are answered in their order."""
    body = wire.form("taobao.time.get")
    one = (
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\n"
        + KIND
        + b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as plug:
        for byte in one + body:
            plug.send(bytes([byte]))
        plug.sendall((one + body) * 300)
        received = b""
        while received.count(b"time_get_response") < 301:
            chunk = plug.recv(65536)
            assert chunk
            received += chunk
    assert received.count(b"HTTP/1.1 200") == 301


@pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT", "TRACE", "get", "BREW"])
@pytest.mark.parametrize("path", ["/", "/nothing", "/_sandbox/nothing", "/_sandbox/health", "/*"])
def test_no_page_anywhere(wire, verb, path):
    """Whatever is asked for, nobody sees an HTML page."""
    with closing(http.client.HTTPConnection("127.0.0.1", wire.port, timeout=10)) as connection:
        connection.request(verb, path)
        reply = connection.getresponse()
        content = reply.read()

    assert "html" not in reply.headers.get("Content-Type", "")
    assert b"<html" not in content.lower()


def test_no_content_has_no_type(wire):
    """A reply of 204 has neither body nor type."""
    made = wire.control("POST", "sandboxes", {})[1]["id"]
    token = {"Authorization": f"Bearer {wire.server.token}"}

    status, headers, content = wire.ask("DELETE", f"/_sandbox/sandboxes/{made}", headers=token)

    assert (status, content) == (204, b"")
    assert headers["Content-Type"] is None
    assert headers["Content-Length"] is None


@pytest.mark.parametrize(
    "data", [b"\x16", b"\x16\x03\x01\x02\x00\x01\x00", b"\x05\x01\x00", b"\x00", b"\x80\x2e\x01"]
)
def test_other_protocols_are_answered_at_once(wire, data):
    """What begins like TLS, SOCKS or anything else than a method is not waited for."""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as plug:
        plug.sendall(data)
        reply = b""
        while chunk := plug.recv(65536):
            reply += chunk

    assert reply.startswith(b"HTTP/1.1 400 ")


def test_tls_on_the_plain_port_is_reported_once():
    """A TLS client on the plain port is closed; one line says so, and how to serve TLS."""
    lines: list[str] = []
    server = Embedded(lambda environ, start: [], "127.0.0.1", 0, report=lines.append)
    server.start()
    try:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plug:
                plug.sendall(b"\x16\x03\x01")
                assert plug.recv(65536).startswith(b"HTTP/1.1 400 ")
    finally:
        server.stop()

    (line,) = lines
    assert "--tls-cert" in line and "TLS" in line


@pytest.mark.parametrize("rest", [b"Host: x\r\r", b"\r"])
def test_head_with_carriage_returns_only(wire, rest):
    """A head whose lines end with CR is answered at once, by the door of its path."""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as plug:
        plug.sendall(b"GET /router/rest?format=json HTTP/1.1\r" + rest)
        reply = plug.recv(65536)

    assert inner(reply)["code"] == 3


TIME = b"GET /router/rest?format=json&method=taobao.time.get"
END = b"Connection: close\r\n\r\n"
HOST = b" HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "finding"),
    [
        (TIME + b"&x=" + "卡".encode() + HOST + END, "http_raw_bytes"),
        (TIME + b"&x=" + "卡".encode("gbk") + HOST + END, "http_raw_bytes"),
        (TIME + b"&x=a b" + HOST + END, "http_blank_in_url"),
        (TIME + b"#x" + HOST + END, "http_fragment"),
        ((TIME + HOST + END).replace(b"\r\n", b"\n"), "http_bare_lf"),
        (TIME + HOST + b"X: a\r\n b\r\n" + END, "http_folded"),
        (TIME + HOST + b"X : a\r\n" + END, "http_blank_before_colon"),
        (TIME + HOST + b"no colon\r\n" + END, "http_no_colon"),
        (TIME + b" HTTP/1.1\r\n" + END, "http_no_host"),
        (TIME + HOST + b"Content-Length: 0\r\nContent-Length: 0\r\n" + END, "http_two_lengths"),
        (
            LINE + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n",
            "http_length_and_chunked",
        ),
        (LINE + b"Transfer-Encoding: chunked\r\n" + END + b"0\r\nX: y\r\n\r\n", "http_trailers"),
        (TIME.replace(b"/router/", b"/router//") + HOST + END, "http_double_slash"),
        (TIME + HOST + b"Upgrade: h2c\r\n" + END, "http_upgrade"),
        (b"CONNECT eco.taobao.com:443" + HOST + END, "http_connect"),
        (TIME + b" HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", "http_expect"),
        (LINE + b"Content-Length: 5, 6\r\n" + END + b"hello", "http_length"),
        (LINE + b"Transfer-Encoding: gzip\r\n" + END + b"hello", "http_coding"),
        (TIME + b" HTTP/9.9\r\n\r\n", "http_version"),
        (TIME + HOST + b"X: " + b"y" * 70_000 + b"\r\n" + END, "http_head_too_large"),
        (TIME + b" HTTP/1.1\rHost: x\r\r", "http_lone_cr"),
        (LINE + b"Content-Length: 5\r\n" + END + b"hel", "http_body_broken"),
        (LINE + b"Transfer-Encoding: chunked\r\n" + END + b"zz\r\n", "http_body_broken"),
    ],
)
def test_each_flaw_is_a_finding_of_the_journal(wire, entry, request_bytes, finding):
    """What is no clean HTTP is a finding with an id, and a sentence in both languages."""
    reply = wire.raw(request_bytes)

    findings = entry("none")["diagnosis"]["findings"]
    assert reply.count(b"HTTP/1.1 ") == 1
    assert finding in [item["id"] for item in findings]
    assert all(item["zh"] and item["en"] for item in findings)


def test_clean_request_has_no_finding(wire, entry):
    """A request that is clean and accepted has neither warning nor finding."""
    wire.call("taobao.time.get")

    call = entry()
    assert (call["diagnosis"]["findings"], call["warnings"]) == ([], [])


@pytest.mark.parametrize("name", ["http_raw_bytes", "http_two_lengths", "http_connect"])
def test_flaws_can_be_explained(name):
    """`explain` knows the ids of these findings."""
    (article,) = explain(name)

    assert article.id == name
