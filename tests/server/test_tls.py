"""TLS clients that say nothing, half of it, or something else cost nobody else."""

import json
import socket
import ssl
import threading
from contextlib import ExitStack, closing, suppress
from time import sleep

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
