"""Over HTTP: connections are kept while their thread lives, and addresses are checked at once."""

import threading

import pytest

from mockserver import Server
from mockserver.client.transport import Http


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


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "http://127.0.0.1:port"])
def test_an_address_that_cannot_be_is_refused_at_once(url: str) -> None:
    """A port out of range or half an IPv6 address is a ValueError before anything is sent."""
    with pytest.raises(ValueError):
        Http(url)
