"""TLS clients that say nothing, half of it, or something else cost nobody else."""

import http.client
import json
import socket
import ssl
import threading
from contextlib import ExitStack, closing, suppress
from time import monotonic, sleep
from urllib.parse import urlencode

import pytest

from mockserver import Server

WITHIN = 5.0  # seconds: far above what a call takes, below any time limit of the server


@pytest.fixture
def server(certificate, document):
    """A running server over TLS."""
    with Server(tls=certificate, document=document) as running:
        yield running


def ask(server):
    """The server's health, asked on a connection of its own within bounds."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN) as plug,
        context.wrap_socket(plug) as wrapped,
    ):
        wrapped.sendall(
            b"GET /_sandbox/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        received = b""
        while chunk := wrapped.recv(65536):
            received += chunk
    return json.loads(received.partition(b"\r\n\r\n")[2])


class MemoryClient:
    """A TLS client whose steps are the test's: it can end its sending side and go on reading."""

    def __init__(self, port: int, version: ssl.TLSVersion) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        self.plug = socket.create_connection(("127.0.0.1", port), timeout=WITHIN)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._exchange()
            else:
                break
        self.send(b"")

    def _exchange(self) -> bool:
        self.send(b"")
        data = self.plug.recv(65536)
        self._incoming.write(data)
        return bool(data)

    def send(self, data: bytes) -> None:
        """Encrypt and send."""
        if data:
            self._tls.write(data)
        if self._outgoing.pending:
            self.plug.sendall(self._outgoing.read())

    def end_sending(self) -> None:
        """Say close_notify and nothing more; reading goes on."""
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self.send(b"")

    def send_byte_by_byte(self, data: bytes) -> None:
        """Encrypt and send each byte of the records in a packet of its own."""
        self._tls.write(data)
        for byte in self._outgoing.read():
            self.plug.sendall(bytes([byte]))

    def read_all(self) -> tuple[bytes, bool]:
        """All that comes, and whether the server ended it with close_notify."""
        received = b""
        while True:
            try:
                piece = self._tls.read(65536)
            except ssl.SSLWantReadError:
                if not self._exchange():
                    return received, False
            except ssl.SSLZeroReturnError:
                return received, True
            else:
                if not piece:
                    return received, True
                received += piece


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
HEALTH = b"GET /_sandbox/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(params=VERSIONS, ids=["TLS 1.2", "TLS 1.3"])
def connect_tls(server, request):
    """Opens connections to the server whose steps are the test's."""
    with ExitStack() as stack:

        def connect() -> MemoryClient:
            client = MemoryClient(server.port, request.param)
            stack.enter_context(client.plug)
            return client

        yield connect


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("end", ["close_notify", "close_notify and FIN", "FIN"])
def test_replies_arrive_after_the_client_has_ended(connect_tls, count, end):
    """A client that sends a batch and ends its sending side reads every reply, then the end."""
    client = connect_tls()
    client.send(HEALTH * count)
    if end != "FIN":
        client.end_sending()
    if end != "close_notify":
        client.plug.shutdown(socket.SHUT_WR)

    received, is_ended = client.read_all()

    assert received.count(b"HTTP/1.1 200 OK") == count
    assert is_ended


def signed_call(server) -> bytes:
    """A signed call of the default sandbox."""
    client = server.sandbox(attach="default").client()
    body = urlencode(client.params("taobao.time.get", {})).encode()
    head = (
        b"POST /router/rest HTTP/1.1\r\nHost: x\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    )
    return head % len(body) + body


def test_reply_held_back_arrives_after_the_client_has_ended(server, connect_tls):
    """A reply that a planned fault delays still arrives at a client that has ended sending."""
    server.sandbox(attach="default").faults.add("latency", seconds=0.3)
    client = connect_tls()
    began = monotonic()
    client.send(signed_call(server))
    client.end_sending()

    received, is_ended = client.read_all()

    assert b"time_get_response" in received
    assert is_ended
    assert monotonic() - began >= 0.3


def test_refusal_ends_with_close_notify(connect_tls):
    """A body that is too large is refused, and the end is said although the client goes on."""
    client = connect_tls()
    client.send(
        b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: 700000000\r\n\r\n" + bytes(100_000)
    )

    received, is_ended = client.read_all()

    assert received.startswith(b"HTTP/1.1 413")
    assert is_ended


def test_half_a_body_and_the_end(connect_tls):
    """A client that ends in the middle of a body gets an answer that says so."""
    client = connect_tls()
    client.send(
        b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    )
    client.end_sending()

    received, is_ended = client.read_all()

    assert received.startswith(b"HTTP/1.1 400")
    assert is_ended


def test_records_byte_by_byte(connect_tls):
    """Records that come in pieces of one byte are read."""
    client = connect_tls()
    client.send_byte_by_byte(HEALTH)
    client.end_sending()

    assert client.read_all()[0].startswith(b"HTTP/1.1 200 OK")


def test_large_bodies_both_ways(server, connect_tls):
    """Megabytes arrive whole in both directions, though the client reads late."""
    client = connect_tls()
    head = b"GET /_sandbox/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    plain = http.client.HTTPSConnection(
        "127.0.0.1", server.port, context=ssl._create_unverified_context(), timeout=WITHIN
    )
    with closing(plain):
        plain.request("GET", "/_sandbox/openapi.json")
        document = plain.getresponse().read()
        plain.request("POST", "/router/rest", b"method=x&pad=" + b"y" * 7_000_000)
        assert plain.getresponse().status == 200
    client.send(head * 30)
    client.end_sending()
    sleep(0.3)  # the server has met a client that does not read

    received, is_ended = client.read_all()

    assert received.count(document) == 30
    assert is_ended


@pytest.mark.parametrize(
    "said", [b"\x17\x03\x03\x00\x05hello", b"hello", b"\x15\x03\x03\x00\x02\x02\x28"]
)
def test_bytes_that_are_no_record(server, connect_tls, said):
    """What is no record after the handshake ends this connection alone."""
    client = connect_tls()
    client.plug.sendall(said)

    with suppress(ConnectionError):
        while client.plug.recv(65536):
            pass
    assert ask(server) == {"status": "ok"}


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_handshake_has_a_deadline(server, monkeypatch, said):
    """A client that does not finish its handshake is dropped in time."""
    monkeypatch.setattr("mockserver.embedded.tls_transport.TLS_HANDSHAKE_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN) as plug:
        plug.sendall(said)
        with suppress(ConnectionError):
            assert plug.recv(65536) == b""


def test_reset_over_tls(server, connect_tls):
    """A planned reset breaks a TLS connection too: no reply, no close_notify."""
    server.sandbox(attach="default").faults.add("reset")
    client = connect_tls()
    client.send(signed_call(server))

    with pytest.raises(ConnectionResetError):
        client.read_all()


def test_silent_clients_make_room(serve, certificate):
    """With more silent TLS clients than files another client is served."""
    served = serve("--tls-cert", certificate[0], "--tls-key", certificate[1], files=60)
    with ExitStack() as stack:
        for _ in range(150):
            with suppress(OSError):
                stack.enter_context(served.connect())
        for _ in range(3):
            assert ask(served) == {"status": "ok"}
    assert served.stop()[0] == 0


def test_stop_says_the_end(server, connect_tls):
    """A stop says close_notify to a client whose connection is idle."""
    client = connect_tls()
    client.send(HEALTH)
    sleep(0.2)  # the server has answered

    server.stop()

    received, is_ended = client.read_all()
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert is_ended


@pytest.mark.parametrize("silent", [1, 30])
def test_a_silent_client_delays_nobody(server, silent):
    """Clients that connect and say nothing delay no other client's call."""
    plugs = [
        socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN) for _ in range(silent)
    ]
    try:
        for _ in range(3):
            assert ask(server) == {"status": "ok"}
    finally:
        for plug in plugs:
            plug.close()
    assert ask(server) == {"status": "ok"}


def test_a_silent_client_delays_no_stop(certificate, document, new_threads):
    """A stop does not wait for clients that connected and said nothing, and leaves no thread."""
    server = Server(tls=certificate, document=document).start()
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN)):
        assert ask(server) == {"status": "ok"}
        stopping = threading.Thread(target=server.stop, daemon=True)
        stopping.start()
        stopping.join(WITHIN)
        assert not stopping.is_alive()
    assert new_threads() == []


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\x16", b"\0" * 500, b""],
)
def test_a_client_that_speaks_no_tls_breaks_nothing(server, said):
    """A client that speaks plainly, breaks off its handshake or goes away at once is dropped, and
    others are served."""
    # the server may have dropped it before this side has finished: an OSError here says nothing
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN) as plug,
        suppress(OSError),
    ):
        plug.sendall(said)
        plug.shutdown(socket.SHUT_WR)
        while plug.recv(65536):
            pass
    assert ask(server) == {"status": "ok"}


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /_sandbox/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{",
    ],
    ids=["idle", "half a body"],
)
def test_a_stop_with_open_connections_is_quiet(certificate, document, sent):
    """A stop ends connections that are idle or wait for the rest of a body, without a traceback."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    errors = []
    before = threading.excepthook
    threading.excepthook = errors.append
    server = Server(tls=certificate, document=document).start()
    try:
        with ExitStack() as stack:
            for _ in range(3):
                plug = stack.enter_context(
                    socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN)
                )
                wrapped = stack.enter_context(context.wrap_socket(plug))
                wrapped.sendall(sent)
                if sent.startswith(b"GET"):
                    assert wrapped.recv(65536)
            sleep(0.2)  # the server has read what was sent
            server.stop()
    finally:
        server.stop()
        threading.excepthook = before
    assert errors == []
