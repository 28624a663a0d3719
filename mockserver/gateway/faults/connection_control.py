"""Carries out how a harmed reply goes out, at a WSGI door.

The product's own servers put a `ConnectionControl` into the environ, which can wait, fall silent and hang up.  Under another WSGI server
nothing of this can be done to the connection: the reply ends short of its Content-Length instead, after the same wait.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    # servers and transports, which only bring wires, need not load the gateway
    from ...protocol.messages import Delivery, Reply

__all__ = ["CONNECTION_CONTROL", "ConnectionControl", "send"]

CONNECTION_CONTROL = "mockserver.wire"


class ConnectionControl(Protocol):
    """The connection of one request."""

    def wait(self, seconds: float) -> None:
        """Time passes; less of it when the server stops."""
        ...

    def silence(self) -> bool:
        """No status and no headers leave; false where that cannot be done."""
        ...

    def hang_up(self, *, reset: bool) -> None:
        """The connection ends after what has left; with a reset, or in order."""
        ...


class _Foreign:
    """Another server's connection, which only time can be done to."""

    def wait(self, seconds: float) -> None:
        Event().wait(seconds)

    def silence(self) -> bool:
        """The headers leave, with a length that no body follows."""
        return False

    def hang_up(self, *, reset: bool) -> None:
        """Cannot be done."""


def send(
    reply: "Reply", sending: "Delivery", environ: Mapping[str, Any], start: Callable[..., Any]
) -> Iterable[bytes]:
    """The WSGI answer of a reply that is harmed."""
    wire = environ.get(CONNECTION_CONTROL) or _Foreign()
    if sending.wait:
        wire.wait(sending.wait)
    if not (sending.silent and wire.silence()):
        start(reply.status, [*reply.headers, ("Content-Length", str(len(reply.body)))])
    return () if environ["REQUEST_METHOD"] == "HEAD" else _pieces(reply.body, sending, wire)


def _pieces(body: bytes, sending: "Delivery", wire: ConnectionControl) -> Iterator[bytes]:
    left = b"" if sending.silent else body[: sending.bytes]
    size = max(ceil(len(left) / sending.pieces), 1)
    starts = range(0, len(left), size)
    for start in starts:
        if start:
            wire.wait(sending.over / (len(starts) - 1))
        yield left[start : start + size]
    if sending.end:
        wire.hang_up(reset=sending.end == "reset")
