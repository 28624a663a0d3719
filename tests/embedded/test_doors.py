"""Which waiting work is done, for whom, and in which order: clients that leave or pipeline."""

import socket
import struct
import threading
from contextlib import ExitStack, closing

import pytest

from mockserver.embedded.server import Embedded
from mockserver.protocol.messages import Reply

REQUEST = b"GET /_sandbox/%b HTTP/1.1\r\nHost: x\r\n\r\n"
CLIENTS = 60
RESET = struct.pack("ii", 1, 0)


class SlowApp:
    """A WSGI app that holds every request until `gate` is set, but for those of `/_sandbox/free`.

    `paths` are those of the requests that were begun, in their order; `busy` is set by the first
    that is held.
    """

    def __init__(self):
        self.gate = threading.Event()
        self.busy = threading.Semaphore(0)
        self.paths = []

    def __call__(self, environ, start_response):
        """Answer with an empty body."""
        self.paths.append(environ["PATH_INFO"].removeprefix("/_sandbox/"))
        if not environ["PATH_INFO"].startswith("/_sandbox/free"):
            self.busy.release()
            self.gate.wait(30)
        start_response("200 OK", [])
        return []


@pytest.fixture
def app():
    """The app; its gate is open at the end."""
    slow = SlowApp()
    yield slow
    slow.gate.set()


@pytest.fixture
def connect(app):
    """Returns a new connection over which bytes have been sent."""
    server = Embedded(app, "127.0.0.1", 0)
    server.start()
    with ExitStack() as stack:

        def start(data: bytes) -> socket.socket:
            plug = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            stack.enter_context(plug)
            plug.sendall(data)
            return plug

        yield start
        app.gate.set()
    server.stop()


def is_answered(plug: socket.socket) -> bool:
    """Whether the next thing that comes is a reply."""
    return plug.recv(4096).startswith(b"HTTP/1.1 200")


def occupy_workers(app, connect, count: int) -> None:
    """Have `count` short control calls at work."""
    for _ in range(count):
        connect(REQUEST % b"held")
    for _ in range(count):
        assert app.busy.acquire(timeout=20)


@pytest.mark.parametrize("requests", [1, 20])
def test_work_of_clients_that_have_left_is_not_done(app, connect, requests):
    """What waits for a worker is dropped with the connection; whoever stays is answered."""
    occupy_workers(app, connect, 8)
    connect(REQUEST % b"pipelined" * 2)
    assert app.busy.acquire(timeout=20)
    for _ in range(CLIENTS):
        leaving = connect(REQUEST % b"left" * requests)
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        leaving.close()
    staying = connect(REQUEST % b"stays")
    for _ in range(3):  # the loop has looked at all that came before
        assert is_answered(connect(REQUEST % b"free?wait=1"))
    app.gate.set()

    assert is_answered(staying)
    assert is_answered(connect(REQUEST % b"pipelined" * 2))

    assert app.paths.count("stays") == 1
    assert "left" not in app.paths


def test_pipelining_clients_hold_no_worker_of_others(app, connect):
    """Many clients send many control calls at once; one that waits for its replies is answered."""
    for _ in range(CLIENTS):
        connect(REQUEST % b"held" * 20)
    assert app.busy.acquire(timeout=20)

    polite = connect(REQUEST % b"free")
    for _ in range(5):
        assert is_answered(polite)
        polite.sendall(REQUEST % b"free")

    assert app.paths.count("held") == 1


def test_pipelined_calls_have_their_turn_by_client(app, connect):
    """A client with many waiting calls is answered once before another has its second turn."""
    first = connect(REQUEST % b"a" * 10)
    assert app.busy.acquire(timeout=20)
    second = connect(REQUEST % b"b" * 10)
    assert is_answered(connect(REQUEST % b"free?wait=1"))
    app.gate.set()
    for plug in (first, second):
        plug.shutdown(socket.SHUT_WR)
        received = b""
        while piece := plug.recv(65536):
            received += piece
        assert received.count(b"HTTP/1.1 200") == 10

    begun = [path for path in app.paths if path in "ab"]
    assert begun[:4] in (["a", "b", "a", "b"], ["a", "a", "b", "a"], ["a", "b", "b", "a"])


def test_every_host_has_its_own_address():
    """Callers that name hosts in turn, on one connection, are each known by the one they name."""

    def answer(inbound):
        return Reply(f"{inbound.base_url} {inbound.requested_url}".encode(), ())

    server = Embedded(lambda environ, start_response: [], "127.0.0.1", 0, answer=answer)
    server.start()
    head = "POST /router/rest HTTP/1.1\r\nHost: {}\r\n\r\n"
    own = f"http://127.0.0.1:{server.port}"
    try:
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as plug:
            for host, answered in [
                ("a", "http://a http://a"),
                ("b:8080", "http://b:8080 http://b:8080"),
                ("eco.taobao.com", f"{own} http://eco.taobao.com"),
                ("<>", f"{own} "),
            ] * 2:
                plug.sendall(head.format(host).encode())
                assert plug.recv(4096).decode().endswith(f"\r\n\r\n{answered}")
    finally:
        server.stop()
