"""Clients that are silent, slow, or stop halfway cost nobody anything, and are closed in time."""

import socket
import ssl
from contextlib import ExitStack, suppress
from statistics import median
from time import monotonic, sleep

import pytest

from mockserver import Server
from mockserver.embedded import connection as limits

pytestmark = pytest.mark.slow

CLIENTS = 2000
HALVES = {
    "silent": b"",
    "half a request line": b"POST /router/re",
    "half a head": b"POST /router/rest HTTP/1.1\r\nHost: x\r\nX-Pad: y",
    "half a body": b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nmethod=",
    "half a chunk": (
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx"
    ),
    "half a control call": (
        b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
    ),
    "no wish to read": b"GET /_sandbox/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n",
}


def seconds_of_calls(ask, count: int = 40) -> list[float]:
    """How long each of so many calls took."""
    seconds = []
    for _ in range(count):
        began = monotonic()
        assert ask()
        seconds.append(monotonic() - began)
    return seconds


@pytest.mark.parametrize("kind", HALVES)
def test_thousands_of_slow_clients(serve, kind):
    """With 2,000 clients that stopped halfway, another client's calls take under 20 ms."""
    server = serve()

    def ask() -> bool:
        return server.ask("POST", "/router/rest", b"method=taobao.time.get")[0] == 200

    seconds_of_calls(ask, 5)
    with ExitStack() as plugs:
        for _ in range(CLIENTS):
            plugs.enter_context(server.connect(HALVES[kind]))

        seconds = seconds_of_calls(ask)

        assert median(seconds) < 0.02
        assert server.memory() < 300
        code, stop_seconds = server.stop()
    assert code == 0
    assert stop_seconds < 3  # of it the end of the interpreter and the other tests' load


def test_clients_that_send_a_byte_now_and_then(wire):
    """Five hundred clients that send one byte at a time delay nobody."""
    head = b"POST /router/rest HTTP/1.1\r\nHost: x\r\n"
    with ExitStack() as stack:
        plugs = [
            stack.enter_context(socket.create_connection(("127.0.0.1", wire.port), timeout=10))
            for _ in range(500)
        ]
        for number in range(len(head) // 4):
            for plug in plugs:
                plug.sendall(head[number : number + 1])
            assert wire.alive()

        assert median(seconds_of_calls(wire.alive)) < 0.05


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01", b"\x16"])
def test_halfway_tls_clients(certificate, document, said):
    """Clients that begin a TLS handshake and stop delay nobody."""
    context = ssl._create_unverified_context()
    with Server(tls=certificate, document=document) as server, ExitStack() as stack:
        for _ in range(200):
            plug = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
            plug.sendall(said)
        began = monotonic()
        for _ in range(3):
            with (
                socket.create_connection(("127.0.0.1", server.port), timeout=10) as plug,
                context.wrap_socket(plug) as wrapped,
            ):
                wrapped.sendall(b"GET /_sandbox/health HTTP/1.0\r\n\r\n")
                assert wrapped.recv(100).startswith(b"HTTP/1.1 200")
        assert monotonic() - began < 3


@pytest.fixture
def short_deadlines(monkeypatch):
    """Deadlines of a fraction of a second."""
    for name in (
        "IDLE_SECONDS",
        "HEAD_SECONDS",
        "BODY_SECONDS",
        "DISCARD_SECONDS",
        "WRITE_SECONDS",
    ):
        monkeypatch.setattr(limits, name, 0.4)


@pytest.mark.usefixtures("short_deadlines")
@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", b""),
        (b"POST /router/rest?format=json HTTP/1.1\r\nHo", b'"code":3'),
        (b"GET /_sandbox/health HTTP/1.1\r\nHo", b"HTTP/1.1 408"),
        (b"GE", b"HTTP/1.1 408"),
        (
            (
                b"POST /router/rest?format=json HTTP/1.1\r\nHost: x\r\n"
                b"Content-Length: 99999\r\n\r\nmeth"
            ),
            b'"code":3',
        ),
        (
            b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n{",
            b"HTTP/1.1 408",
        ),
    ],
)
@pytest.mark.parametrize("trickle", [False, True])
def test_deadline_of_head_and_body(make_wire, document, data, answer, trickle):
    """A head or a body that is not whole in time is answered in the door's form, however its bytes
    come."""
    received = b""
    with Server(document=document) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plug:
            plug.sendall(data)
            plug.settimeout(0.05 if trickle else 10)
            began = monotonic()
            while monotonic() - began < 8:
                try:
                    chunk = plug.recv(65536)
                    if not chunk:
                        break
                    received += chunk
                except TimeoutError:
                    if not received:
                        plug.sendall(b"x")
                except ConnectionError:
                    break
            assert monotonic() - began < 5
        assert answer in received
        assert received.count(b"HTTP/1.1 ") <= 1
        if answer == b'"code":3':
            items = make_wire(server).control("GET", "requests?sandbox=none")[1]["items"]
            assert [item["code"] for item in items] == [3]


@pytest.mark.usefixtures("short_deadlines")
def test_client_that_does_not_read(make_wire, document):
    """A client that asks and asks and never reads is closed; memory for its replies is not piled
    up."""
    with Server(document=document) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plug:
            began = monotonic()
            with suppress(OSError):
                while monotonic() - began < 10:
                    plug.sendall(HALVES["no wish to read"] * 50)
                    sleep(0.01)
            assert monotonic() - began < 9
        assert make_wire(server).alive()


def test_keep_alive_is_said(wire):
    """A reply says for how long its connection is kept: at least 75 seconds, and the server keeps
    to it."""
    _, headers, _ = wire.ask("POST", "/router/rest", b"method=x")

    assert headers["Connection"] == "keep-alive"
    assert headers["Keep-Alive"] == "timeout=75"
    assert limits.IDLE_SECONDS > 75
