"""What a connection, the doors behind it and the server around it know of each other."""

import asyncio
import ssl
from typing import Protocol

from msgspec import Struct

from ..protocol.messages import Reply
from ..protocol.request_flaws import RequestFlaw
from .request_parser import RequestHead

__all__ = ["ConnectionHost", "Door", "ExtraPort", "HostedConnection", "NoExtraPort", "Request"]


class Request(Struct):
    """One request for a door; `refusal` says why `body` is None, if it is."""

    head: RequestHead
    body: bytes | None
    refusal: RequestFlaw | None = None


class Caller(Protocol):
    """Who waits for the reply to a request; `has_left` may be read in any thread.

    `takes_long` tells whether its last call of the gateway took long, None before the first one.
    """

    has_left: bool
    pipelines: bool
    takes_long: bool | None

    def respond(self, reply: Reply) -> None:
        """Send the reply; once, in the loop's thread."""
        ...


class Door(Protocol):
    """Answers requests of some paths."""

    body_limit: int

    def answer(self, request: Request, caller: Caller) -> None:
        """Have the caller respond once with the reply, at once or later, in the loop's thread.

        Whoever has left before the work begins gets none, and the work is not done.
        """
        ...

    def stopping_reply(self, request: Request) -> Reply:
        """Return what a request is answered with that the stop of the server interrupts."""
        ...


class ExtraPort(Protocol):
    """A port beside the HTTP port, served by the same event loop."""

    def open(self) -> None:
        """Listen.  Raises CannotStart."""
        ...

    def begin(self, loop: asyncio.AbstractEventLoop, context: ssl.SSLContext | None) -> None:
        """Accept clients in this loop, which is about to run; with TLS if there is a context."""
        ...

    def stop(self) -> None:
        """Close all connections, in the loop's thread."""
        ...

    def close(self) -> None:
        """Free the port; idempotent."""
        ...


class NoExtraPort:
    """Stands where a server has no extra port."""

    def open(self) -> None:
        """Do nothing."""

    def begin(self, loop: asyncio.AbstractEventLoop, context: ssl.SSLContext | None) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class HostedConnection(Protocol):
    """What a server needs of a connection; `deadline` is in seconds of the loop's time."""

    deadline: float

    def expire(self) -> None:
        """Do what is due: `deadline` has passed."""
        ...

    def make_room(self) -> None:
        """Refuse the request that is being read: the memory for unfinished ones is full."""
        ...

    def drop_reply(self) -> None:
        """Close, because the memory for replies that nobody reads is full."""
        ...

    def begin_stop(self) -> None:
        """Close at once, or after the reply that is being made; a reply held back is sent now."""
        ...

    def refuse_at_stop(self) -> None:
        """Answer a request whose reply is not ready, in the form of its door."""
        ...

    def abort(self) -> None:
        """Close without sending anything more."""
        ...


class ConnectionHost(Protocol):
    """What a connection needs of its server."""

    loop: asyncio.AbstractEventLoop
    stopping: bool

    def door_of(self, head: RequestHead) -> Door:
        """Return the door for a request."""
        ...

    def date(self) -> str:
        """Return the value of the header `Date`."""
        ...

    def add(self, connection: HostedConnection) -> None:
        """Note a connection that has been opened."""
        ...

    def remove(self, connection: HostedConnection) -> None:
        """Forget a connection that has been closed."""
        ...

    def buffer(self, connection: HostedConnection, size: int) -> None:
        """Note how many bytes of an unfinished request are kept.

        Where all of them together are too many, the connections that keep most make room.
        """
        ...

    def hold_reply(self, connection: HostedConnection, size: int) -> None:
        """Note how many bytes of a reply the client has not read.

        Where all of them together are too many, the connections that keep most are closed.
        """
        ...

    def report_tls(self) -> None:
        """Say that a client has spoken TLS to a port without TLS."""
        ...
