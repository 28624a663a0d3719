"""Carry out at a WSGI door how a planned fault disturbs the sending of a reply.

The client's in-process transport (client/transport.py) puts a `ConnectionControl` into the environ,
which can wait, send nothing and end the connection.  Under a foreign WSGI server nothing of this
can be done to the connection: after the same wait the reply ends short of its Content-Length
instead.  The embedded server does not come here: see embedded/disturbed_reply.py, which takes the
pieces of a body from `body_pieces`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil
from threading import Event
from typing import Any, Protocol

from ...protocol.messages import ConnectionEnd, Delivery, Reply

__all__ = ["CONNECTION_CONTROL", "ConnectionControl", "body_pieces", "send_disturbed"]

CONNECTION_CONTROL = "mockserver.connection_control"


class ConnectionControl(Protocol):
    """The connection of one request, as far as a planned fault may disturb it."""

    def wait(self, seconds: float) -> None:
        """Wait `seconds`, or less if the server stops."""
        ...

    def suppress_response(self) -> bool:
        """Send neither status nor headers; return False where that cannot be done."""
        ...

    def close(self, *, reset: bool) -> None:
        """Close the connection after what has been sent, in order or with a reset."""
        ...


class _ForeignConnection:
    """The connection of another WSGI server, at which only waiting is possible."""

    def wait(self, seconds: float) -> None:
        Event().wait(seconds)

    def suppress_response(self) -> bool:
        return False

    def close(self, *, reset: bool) -> None:
        """Do nothing: the body that is too short makes the server close."""


def body_pieces(body: bytes, delivery: Delivery) -> list[bytes]:
    """Return the pieces in which `body` is sent, of equal size but for the last; maybe none."""
    sent = b"" if delivery.no_response else body[: delivery.truncate_at]
    size = max(ceil(len(sent) / delivery.pieces), 1)
    return [sent[start : start + size] for start in range(0, len(sent), size)]


def send_disturbed(
    reply: Reply, delivery: Delivery, environ: Mapping[str, Any], start: Callable[..., Any]
) -> Iterable[bytes]:
    """Return the WSGI output of a reply that is sent as `delivery` says."""
    connection: ConnectionControl = environ.get(CONNECTION_CONTROL) or _ForeignConnection()
    if delivery.wait_seconds:
        connection.wait(delivery.wait_seconds)
    if not (delivery.no_response and connection.suppress_response()):
        start(reply.status, [*reply.headers, ("Content-Length", str(len(reply.body)))])
    if environ["REQUEST_METHOD"] == "HEAD":
        return ()
    return _sent_pieces(body_pieces(reply.body, delivery), delivery, connection)


def _sent_pieces(
    pieces: list[bytes], delivery: Delivery, connection: ConnectionControl
) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        if number:
            connection.wait(delivery.spread_seconds / (len(pieces) - 1))
        yield piece
    if delivery.end is not ConnectionEnd.KEEP_ALIVE:
        connection.close(reset=delivery.end is ConnectionEnd.RESET)
