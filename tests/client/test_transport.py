"""Over HTTP: connections are kept while their thread lives, and addresses are checked at once."""

import gc
import socket
import threading
import warnings

import pytest

from mockserver import Server
from mockserver.client.transport import Http, Lost


def test_short_threads_leave_no_connection() -> None:
    """A thread's connection is closed when the thread has gone, without a ResourceWarning."""
    with Server() as server:
        transport = Http(server.url)
        for _ in range(100):
            thread = threading.Thread(target=transport.send, args=("GET", "/_sandbox/health"))
            thread.start()
            thread.join()
        assert len(transport._connections) == 0
        assert transport.send("GET", "/_sandbox/health")[0] == 200
        assert len(transport._connections) == 1
        transport.close()


def test_close_reaches_connections_opened_again() -> None:
    """After `close` a call opens its own connection, and the next `close` closes that one too."""
    with Server() as server:
        transport = Http(server.url)
        for _ in range(2):
            assert transport.send("GET", "/_sandbox/health")[0] == 200
            transport.close()
            assert all(own.connection.sock is None for own in transport._connections)


@pytest.mark.parametrize(
    ("head", "how"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\no", "timeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", "timeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "timeout"),
    ],
)
def test_dropped_transports_close_their_sockets(head: bytes, how: str) -> None:
    """A transport that the garbage collector finds in a cycle has closed its socket, however its
    last reply ended: an open one would be a ResourceWarning of the user's tests."""
    outcomes = []

    def use(port: int) -> None:
        transport = Http(f"http://127.0.0.1:{port}", timeout=5 if how == "ok" else 0.2)
        cycle: list[object] = [transport]
        cycle.append(cycle)
        try:
            outcomes.append(transport.send("GET", "/")[2].decode())
        except Lost as lost:
            outcomes.append(lost.how)
            cycle.append(lost)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        user = threading.Thread(target=use, args=(listener.getsockname()[1],))
        user.start()
        plug, _ = listener.accept()
        with plug:
            plug.recv(65536)
            plug.sendall(head)
            user.join(5)
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            gc.collect()
    assert (outcomes, [str(warning.message) for warning in raised]) == ([how], [])


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "http://127.0.0.1:port"])
def test_an_address_that_cannot_be_is_refused_at_once(url: str) -> None:
    """A port out of range or half an IPv6 address is a ValueError before anything is sent."""
    with pytest.raises(ValueError):
        Http(url)
