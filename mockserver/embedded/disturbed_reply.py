"""Send a reply as a planned fault wants it, by timers of the event loop: no thread waits."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from ..protocol.messages import ConnectionEnd, Delivery, Reply

__all__ = ["DisturbedReply", "Outlet"]


class Outlet(Protocol):
    """What a disturbed reply needs of its connection."""

    def response_head(self, reply: Reply) -> bytes:
        """Return status line and headers."""
        ...

    def visible_pieces(self, reply: Reply, delivery: Delivery) -> list[bytes]:
        """Return the pieces of the body that are sent."""
        ...

    def send(self, data: bytes) -> None:
        """Send bytes."""
        ...

    def call_later(self, seconds: float, work: Callable[[], None]) -> asyncio.TimerHandle:
        """Run `work` after `seconds`."""
        ...

    def end_as(self, end: ConnectionEnd) -> None:
        """Keep, close or reset the connection."""
        ...


class DisturbedReply:
    """A reply that a planned fault holds back, sends slowly, cuts, or does not send at all."""

    def __init__(self, connection: Outlet, reply: Reply, delivery: Delivery) -> None:
        self._connection = connection
        self._delivery = delivery
        self._timer: asyncio.TimerHandle | None = None
        self._pieces: list[bytes] = []
        if not delivery.no_response:
            pieces = connection.visible_pieces(reply, delivery)
            self._pieces = [connection.response_head(reply) + b"".join(pieces[:1]), *pieces[1:]]
            self._interval = delivery.spread_seconds / max(len(pieces) - 1, 1)
        self._sent = 0

    def start(self) -> None:
        """Begin to send, after the wait that the fault wants."""
        if self._delivery.wait_seconds:
            self._timer = self._connection.call_later(self._delivery.wait_seconds, self._send_next)
        else:
            self._send_next()

    def cancel(self) -> None:
        """Do nothing more: the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()

    def flush(self) -> None:
        """Send all that is left now: the server stops."""
        self.cancel()
        self._connection.send(b"".join(self._pieces[self._sent :]))
        self._connection.end_as(self._delivery.end)

    def _send_next(self) -> None:
        if self._sent < len(self._pieces):
            self._connection.send(self._pieces[self._sent])
            self._sent += 1
        if self._sent < len(self._pieces):
            self._timer = self._connection.call_later(self._interval, self._send_next)
        else:
            self._connection.end_as(self._delivery.end)
