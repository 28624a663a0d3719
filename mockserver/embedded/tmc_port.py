"""The port of the message channel: its connections, and when each is asked to push.

A sandbox says through `Directory.published` that it may have something to send; the loop then asks
the connections of that sandbox.  Twice a second every connected sandbox is asked besides, since in
a running sandbox deadlines and redeliveries come due without any call.
"""

import asyncio
import socket
import ssl
from contextlib import suppress

from ..push.session import PushDoor
from .listening_socket import CannotStart, open_listener
from .tmc_connection import TmcConnection

__all__ = ["TmcPort"]

MAX_CLIENTS = 1000
_SWEEP_SECONDS = 0.5


class TmcPort:
    """A WebSocket port beside the HTTP port, in the same event loop."""

    def __init__(self, door: PushDoor, host: str, port: int) -> None:
        self.port = port
        self._door = door
        self._host = host
        self._listener: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._clients: dict[TmcConnection, None] = {}

    def open(self) -> None:
        """Listen on the port; nobody is answered before `begin`.

        Raises:
            CannotStart: the address is taken or not ours.
        """
        try:
            self._listener = open_listener(self._host, self.port)
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"消息通道无法监听 {self._host}:{self.port}：{error}；换一个 --tmc-port",
                f"the message channel cannot listen on {self._host}:{self.port}: {error};"
                " take another --tmc-port",
            ) from None
        self.port = int(self._listener.getsockname()[1])

    def begin(self, loop: asyncio.AbstractEventLoop, context: ssl.SSLContext | None) -> None:
        """Accept clients in this loop, which is about to run."""
        assert self._listener is not None
        self._loop = loop
        self._server = loop.run_until_complete(
            loop.create_server(self._make_connection, sock=self._listener, ssl=context)
        )
        self._door.directory.published = self._published
        loop.call_later(_SWEEP_SECONDS, self._sweep)

    def stop(self) -> None:
        """Close all connections, in the loop's thread."""
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.stop()

    def close(self) -> None:
        """Free the port; idempotent."""
        if self._listener is not None:
            self._listener.close()

    def _make_connection(self) -> TmcConnection:
        assert self._loop is not None
        return TmcConnection(self._loop, self._door, self._note, self._forget)

    def _note(self, client: TmcConnection) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            client.abort()
            return
        self._clients[client] = None

    def _forget(self, client: TmcConnection) -> None:
        self._clients.pop(client, None)

    def _published(self, sandbox: str) -> None:
        """Have the clients of a sandbox pushed to; called in any thread."""
        if self._clients and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._push, sandbox)

    def _push(self, sandbox: str) -> None:
        for client in tuple(self._clients):
            client.push(sandbox)

    def _sweep(self) -> None:
        for client in tuple(self._clients):
            client.push()
        assert self._loop is not None
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)
