"""What clients put on a socket is understood, and what nobody should send breaks nothing.

Sources: top-protocol.md 1.3, 3.1, 8, 11; README.md; rules.md (8 MiB is code 3, other
verbs 9).
"""

import base64
import gzip
import json
import socket
import zlib
from contextlib import closing

import pytest

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Er"
    "kJggg=="
)
FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
EIGHT_MIB = 8 * 1024 * 1024


def inner(content):
    (document,) = json.loads(content).values()
    return document


def multipart(texts, name, content):
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in texts.items()
    ]
    parts.append(
        f'--x\r\nContent-Disposition: form-data; name="{name}"; '
        f'filename="a.png"\r\nContent-Type: image/png\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )
    return b"".join(parts) + b"--x--\r\n"


@pytest.mark.parametrize("path", ["/router/rest", "/top/router/rest"])
@pytest.mark.parametrize("way", ["query", "body", "split"])
def test_parameters_anywhere(wire, path, way):
    """Parameters arrive in the query, in the body, or in both."""
    texts = wire.form("taobao.time.get").split(b"&")
    query, body = {"query": (texts, []), "body": ([], texts), "split": (texts[:4], texts[4:])}[way]
    verb = "GET" if way == "query" else "POST"
    status, headers, content = wire.ask(
        verb, path + "?" + b"&".join(query).decode(), b"&".join(body), FORM if body else {}
    )
    assert (status, inner(content)["time"]) == (200, "2026-03-01 10:00:00")
    assert headers["Content-Type"] == "text/javascript;charset=UTF-8"


def test_headers(wire):
    """A reply names its request, its length in characters and its hosts, and no CORS."""
    dispute_id = wire.open()
    _, headers, content = wire.ask(
        "POST",
        "/router/rest",
        wire.form("tmall.exchange.get", dispute_id=dispute_id, fields="status,reason"),
        FORM,
    )
    text = content.decode()
    assert headers["top-bodylength"] == str(len(text)) != str(len(content))
    assert headers["Content-Length"] == str(len(content))
    assert (
        headers["X-Sandbox-Request-Id"]
        == json.loads(text)["tmall_exchange_get_response"]["request_id"]
    )
    assert headers["X-Sandbox-Id"] == "default"
    assert headers["Application-Host"] and headers["Location-Host"]
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_multipart(wire):
    """A multipart call with a picture is answered, and its picture shown by the address in the
    message."""
    dispute_id = wire.open()
    texts = wire.params(
        "tmall.exchange.message.add", dispute_id=dispute_id, content="见图", fields="id,pic_urls"
    )
    body = multipart(texts, "message_pics", PNG)
    _, _, content = wire.ask(
        "POST", "/router/rest", body, {"Content-Type": "multipart/form-data; boundary=x"}
    )
    (message,) = inner(content)["result"]["results"]["refund_message"]
    url = message["pic_urls"]["pic_url"][0]["url"]
    assert url.startswith(f"http://127.0.0.1:{wire.port}/")
    status, headers, picture = wire.ask("GET", url.removeprefix(f"http://127.0.0.1:{wire.port}"))
    assert (status, headers["Content-Type"], picture) == (200, "image/png", PNG)


def read_picture_url(wire, target, host):
    """The address of a new message's picture, asked for under a target and a Host."""
    dispute_id = wire.open()
    texts = wire.params(
        "tmall.exchange.message.add", dispute_id=dispute_id, content="见图", fields="id"
    )
    wire.ask(
        "POST",
        "/router/rest",
        multipart(texts, "message_pics", PNG),
        {"Content-Type": "multipart/form-data; boundary=x"},
    )
    body = wire.form("tmall.exchange.messages.get", dispute_id=dispute_id, fields="pic_urls")
    _, _, content = wire.ask("POST", target, body, {**FORM, "Host": host})
    row = inner(content)["result"]["results"]["refund_message"][0]
    return row["pic_urls"]["pic_url"][0]["url"]


@pytest.mark.parametrize("host", ["mock.internal:9000", "[::1]:8420", "taobao.com.internal"])
def test_picture_address_follows_the_host(wire, host):
    """A picture's address has the Host that its reader used."""
    url = read_picture_url(wire, "/router/rest", host)
    assert url.startswith(f"http://{host}/")
    _, _, picture = wire.ask("GET", url.removeprefix(f"http://{host}"), headers={"Host": host})
    assert picture == PNG


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("http://gw.api.taobao.com/router/rest", "gw.api.taobao.com"),
        ("/router/rest", "gw.api.taobao.com"),
        ("/router/rest", "ECO.taobao.com:443"),
        ("/router/rest", "gw.api.tbsandbox.com."),
        ("/router/rest", "bad host"),
    ],
)
def test_picture_address_is_no_real_host(wire, target, host):
    """A request through a proxy names a real host; its pictures have the server's own address."""
    url = read_picture_url(wire, target, host)
    own = f"http://127.0.0.1:{wire.port}"
    assert url.startswith(f"{own}/")
    assert wire.ask("GET", url.removeprefix(own))[2] == PNG


def test_picture_address_is_the_real_host_by_rule(wire):
    """With picture_host request the address has the host that the request named."""
    wire.control("PATCH", "sandboxes/default/rules", {"picture_host": "request"})
    try:
        url = read_picture_url(wire, "http://eco.taobao.com/router/rest", "eco.taobao.com")
    finally:
        wire.control("PATCH", "sandboxes/default/rules", {"picture_host": "server"})
    assert url.startswith("http://eco.taobao.com/pictures/")


@pytest.mark.parametrize(
    "host", ["gw.api.taobao.com", "evil.example", "x", "a_b.c:1", "bad host", "é.example", ""]
)
def test_gateway_under_any_host(wire, host):
    """The gateway answers under any Host."""
    body = wire.form("taobao.time.get")
    head = (
        f"POST /router/rest HTTP/1.1\r\nHost: {host}\r\nContent-Length: "
        f"{len(body)}\r\nConnection: close\r\n"
    )
    reply = wire.raw(
        head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body
    )
    assert reply.startswith(b"HTTP/1.1 200")
    assert b"2026-03-01 10:00:00" in reply


@pytest.mark.parametrize(
    "target",
    [
        "http://gw.api.taobao.com/router/rest",
        "http://gw.api.taobao.com:80/router/rest",
        "https://eco.taobao.com/router/rest",
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_absolute_form(wire, target, verb):
    """A client that takes the server for its HTTP proxy sends an absolute address, and is
    answered."""
    body = wire.form("taobao.time.get")
    where = f"{target}?{body.decode()}" if verb == "GET" else target
    body = b"" if verb == "GET" else body
    head = (
        f"{verb} {where} HTTP/1.1\r\nHost: gw.api.taobao.com\r\nContent-Length: "
        f"{len(body)}\r\nConnection: close\r\n"
    )
    reply = wire.raw(
        head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body
    )
    assert reply.startswith(b"HTTP/1.1 200")
    assert b"2026-03-01 10:00:00" in reply


def test_expect_continue(wire):
    """`Expect: 100-continue` is answered before the body is sent, then the call."""
    body = wire.form(
        "tmall.exchange.message.add", dispute_id=1, content="长" * 400_000, fields="id"
    )
    head = (
        f"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nExpect: "
        f"100-continue\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", wire.port), timeout=30) as plug:
        plug.sendall(head)
        first = plug.recv(1000)
        assert first.startswith(b"HTTP/1.1 100")
        plug.sendall(body)
        rest = b""
        while chunk := plug.recv(65536):
            rest += chunk
    assert b"HTTP/1.1 200" in rest
    assert json.loads(rest.partition(b"\r\n\r\n")[2])["error_response"]["code"] == 41


def chunked(body, size=7):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return (
        b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
        + b"0\r\n\r\n"
    )


def test_chunked_body(wire):
    """A chunked body is read like any other."""
    head = (
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
        b"close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    reply = wire.raw(head + chunked(wire.form("taobao.time.get")))
    assert reply.startswith(b"HTTP/1.1 200")
    assert b"2026-03-01 10:00:00" in reply


def test_chunked_control_call(wire):
    """The control API reads a chunked body too."""
    head = (
        f"POST /_sandbox/sandboxes/default/exchanges HTTP/1.1\r\nHost: x\r\nAuthorization: "
        f"Bearer {wire.server.token}\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n"
    ).encode()
    assert wire.raw(head + chunked(b'{"status": 3}')).startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize("transfer", ["length", "chunked"])
def test_huge_body(wire, transfer):
    """A body of 10 MB is answered with code 3 in HTTP 200, and the next client is served."""
    body = b"content=" + b"x" * (10 * 1024 * 1024)
    if transfer == "length":
        status, _, content = wire.ask("POST", "/router/rest?format=json", body, FORM)
    else:
        with closing(wire.connect()) as connection:
            pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
            connection.request(
                "POST", "/router/rest?format=json", pieces, FORM, encode_chunked=True
            )
            reply = connection.getresponse()
            status, content = reply.status, reply.read()
    assert (status, inner(content)["code"]) == (200, 3)
    assert wire.alive()


def test_body_at_the_limit(wire):
    """A body of exactly 8 MiB is read, one byte more is code 3."""
    start = wire.form("taobao.time.get") + b"&pad="
    for size, code in ((EIGHT_MIB, 25), (EIGHT_MIB + 1, 3)):
        _, _, content = wire.ask(
            "POST",
            "/router/rest?format=json" if code == 3 else "/router/rest",
            start + b"x" * (size - len(start)),
            FORM,
        )
        assert inner(content)["code"] == code


@pytest.mark.parametrize("transfer", ["length", "chunked"])
def test_connection_after_a_huge_body(wire, transfer):
    """After a huge body a kept connection is answered again, or the reply said that it closes."""
    body = b"x" * (10 * 1024 * 1024)
    pieces = (
        body
        if transfer == "length"
        else (body[at : at + 65536] for at in range(0, len(body), 65536))
    )
    with closing(wire.connect()) as connection:
        connection.request(
            "POST", "/router/rest?format=json", pieces, FORM, encode_chunked=transfer == "chunked"
        )
        reply = connection.getresponse()
        assert inner(reply.read())["code"] == 3
        if not reply.will_close:
            plug = connection.sock
            connection.request("POST", "/router/rest", wire.form("taobao.time.get"), FORM)
            assert "time" in inner(connection.getresponse().read())
            assert connection.sock is plug


def test_the_rest_of_a_huge_body_is_no_request(wire):
    """What follows the limit in a huge chunked body is never taken for a request of its own."""
    hidden = b"GET /_sandbox/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    head = (
        b"POST /router/rest?format=json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + f"{EIGHT_MIB + 1:x}".encode()
        + b"\r\n"
        + b"x" * (EIGHT_MIB + 1)
        + b"\r\n"
        + hidden
    )
    reply = wire.raw(head)
    assert b'"status":"ok"' not in reply


def test_keep_alive(wire):
    """One connection carries many calls, refused ones among them."""
    with closing(wire.connect()) as connection:
        connection.connect()
        plug = connection.sock
        for turn in range(20):
            body = b"method=x" if turn % 3 == 0 else wire.form("taobao.time.get")
            connection.request(
                "POST", "/router/rest?x=1" if turn % 3 == 0 else "/router/rest", body, FORM
            )
            assert connection.getresponse().read()
            assert connection.sock is plug


def test_pipelined_requests(wire):
    """Requests sent at once are answered in their order."""
    one = wire.form("taobao.time.get")
    head = (
        f"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: {len(one)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
    )
    reply = wire.raw(
        (head + "\r\n").encode() + one + (head + "Connection: close\r\n\r\n").encode() + one
    )
    assert reply.count(b"HTTP/1.1 200") == 2


def test_http_1_0(wire):
    """A client of HTTP 1.0 without Host is answered."""
    reply = wire.raw(b"GET /router/rest?" + wire.form("taobao.time.get") + b" HTTP/1.0\r\n\r\n")
    assert b" 200 " in reply.partition(b"\r\n")[0]
    assert b"2026-03-01 10:00:00" in reply


@pytest.mark.parametrize(
    "half",
    [
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nmethod=taobao",
        b"POST /router/rest HTT",
        b"GET / HTTP/1.1\r\nHost",
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        b"",
    ],
)
def test_half_a_request(wire, half):
    """A client that goes away in the middle leaves the server as it was."""
    wire.raw(half)
    assert wire.alive()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 500\r\n\r\n{}",
        b"Content-Length: 500\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
)
def test_half_a_request_does_nothing(wire, framing):
    """A control call whose body broke off is not carried out."""
    before = wire.control("GET", "sandboxes/default/exchanges?limit=0")[1]["total"]
    head = (
        f"POST /_sandbox/sandboxes/default/exchanges HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        f"{wire.server.token}\r\n"
    )
    assert b" 201 " not in wire.raw(head.encode() + framing)
    assert wire.control("GET", "sandboxes/default/exchanges?limit=0")[1]["total"] == before


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /%zz%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /router/rest?%ff%fe=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"\r\n" * 50,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"GET " + b"/x" * 50_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_garbage(wire, garbage):
    """Bytes that are no request get an HTTP error or nothing, never a page or a traceback, and
    break nothing."""
    reply = wire.raw(garbage)
    assert b"Traceback" not in reply and b"<html" not in reply.lower()
    assert b"HTTP/1.1 500" not in reply
    assert wire.alive()


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_verbs(wire, verb):
    """Another verb is error 9 in HTTP 200, in the asked format; HEAD has no body."""
    status, headers, content = wire.ask(
        verb, "/router/rest?" + wire.form("taobao.time.get").decode()
    )
    assert status == 200
    assert headers["Content-Type"] == "text/javascript;charset=UTF-8"
    if verb == "HEAD":
        assert content == b""
    else:
        assert inner(content)["code"] == 9


def test_unknown_verb(wire):
    """A verb that nobody knows gets an answer that is no page."""
    status, headers, _ = wire.ask("BREW", "/router/rest?" + wire.form("taobao.time.get").decode())
    assert status in (200, 405, 501)
    assert "html" not in headers["Content-Type"]
    assert wire.alive()


def test_head_of_the_control_api(wire):
    """HEAD of an open route has no body and the server lives on."""
    status, _, content = wire.ask("HEAD", "/_sandbox/health")
    assert (status, content) in ((200, b""), (405, b""))


@pytest.mark.parametrize(
    ("offer", "zipped"),
    [
        ("gzip", True),
        ("gzip, deflate", True),
        ("identity", False),
        (None, False),
        ("gzip;q=0", False),
        ("deflate", False),
    ],
)
def test_gzip(wire, offer, zipped):
    """A reply is gzipped only when the client offers it, and says the length of its plain text."""
    headers = FORM if offer is None else {**FORM, "Accept-Encoding": offer}
    with closing(wire.connect()) as connection:
        connection.putrequest("POST", "/router/rest", skip_accept_encoding=True)
        body = wire.form("tmall.exchange.get", dispute_id=wire.open(), fields="status")
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        reply = connection.getresponse()
        content = reply.read()
    assert (reply.headers["Content-Encoding"] == "gzip") is zipped
    text = (gzip.decompress(content) if zipped else content).decode()
    assert reply.headers["top-bodylength"] == str(len(text))
    assert inner(text)["result"]["success"] is True


def test_gzipped_request(wire):
    """A compressed body is no form: the platform's own error, not a crash."""
    body = zlib.compress(wire.form("taobao.time.get"))
    status, _, content = wire.ask(
        "POST", "/router/rest?format=json", body, {**FORM, "Content-Encoding": "deflate"}
    )
    assert status == 200
    assert inner(content)["code"] in (21, 47)


def test_long_get(wire):
    """A GET carries a message of the largest size, every byte escaped, with room to spare."""
    dispute_id = wire.open()
    query = wire.form(
        "tmall.exchange.message.add",
        dispute_id=dispute_id,
        content="长" * 133,
        fields="content",
        partner_id="x" * 60_000,
    )
    _, _, content = wire.ask("GET", "/router/rest?" + query.decode())
    assert inner(content)["result"]["results"]["refund_message"][0]["content"] == "长" * 133
