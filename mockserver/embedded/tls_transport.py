"""Speak TLS between the event loop's transport and a connection, which does not notice it.

`ssl.SSLObject` does the cryptography on two buffers in memory; this module only carries bytes:

    socket → data_received → incoming → decrypted → connection.data_received
    socket ← transport.write ← outgoing ← encrypted ← connection calls write

asyncio's own TLS is not used, for three reasons.  It drops every write after the client's
close_notify, so the replies to a pipelined batch are lost for a client that ends its sending side,
which over plain TCP gets them.  It cannot end its own sending side alone, so a client that is
refused in the middle of a body sees no end.  And its close waits for the client, so a stop would
last as long as the slowest client likes.

Until the handshake is done nothing but this object holds the socket: it stands in the server's list
of connections with a deadline of its own, and its place goes to the connection afterwards.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from .interfaces import ConnectionHost

__all__ = ["TLS_HANDSHAKE_SECONDS", "TlsTransport"]

TLS_HANDSHAKE_SECONDS = 10.0
_READ_BYTES = 64 * 1024


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """The protocol of a socket, and the transport of a connection over TLS on it.

    All methods run in the loop's thread.  `deadline` is that of the handshake.
    """

    def __init__(
        self,
        host: ConnectionHost,
        context: ssl.SSLContext,
        make_connection: Callable[[], asyncio.Protocol],
    ) -> None:
        super().__init__()
        self._host = host
        self._make_connection = make_connection
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set when connected
        self._connection: asyncio.Protocol | None = None  # None until the handshake is done
        self._reading_ended = False  # the client sends nothing more
        self._writing_ended = False  # we have said that we send nothing more
        self._closing = False
        self.deadline = host.loop.time() + TLS_HANDSHAKE_SECONDS

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._host.add(self)

    def data_received(self, data: bytes) -> None:
        if self._reading_ended or self._writing_ended or self._closing:
            return  # nobody would look at it: it is not even decrypted
        self._incoming.write(data)
        try:
            if self._connection is None and not self._shake_hands():
                return
            received, is_end = self._decrypt()
        except ssl.SSLError:  # no TLS, a certificate that the client refuses, a broken record
            self._flush()  # the alert that says why
            self._closing = True
            self._transport.close()
            return
        self._flush()
        assert self._connection is not None
        if received:
            self._connection.data_received(received)
        if is_end:
            self._end_reading()

    def eof_received(self) -> bool:
        if self._connection is None or self._closing:
            return False
        self._end_reading()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        if self._connection is None:
            self._host.remove(self)
        else:
            self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._connection is not None:
            self._connection.pause_writing()

    def resume_writing(self) -> None:
        if self._connection is not None:
            self._connection.resume_writing()

    def _shake_hands(self) -> bool:
        """Go on with the handshake; return True when it is done and the connection made.

        Raises:
            ssl.SSLError: the client speaks no TLS, or none that we do.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        self._connection = self._make_connection()
        self._connection.connection_made(self)
        self._host.remove(self)
        return True

    def _decrypt(self) -> tuple[bytes, bool]:
        """Return what the client has said, and whether it has said that this was all.

        Raises:
            ssl.SSLError: the bytes are no TLS.
        """
        pieces = []
        with suppress(ssl.SSLWantReadError):
            while piece := self._tls.read(_READ_BYTES):
                pieces.append(piece)
            return b"".join(pieces), True
        return b"".join(pieces), False

    def _end_reading(self) -> None:
        """Inform the connection that the client sends nothing more; close if no reply is due."""
        if not self._reading_ended:
            self._reading_ended = True
            assert self._connection is not None
            if not self._connection.eof_received():
                self.close()
        elif self._writing_ended:
            self.close()

    def _flush(self) -> None:
        """Send what has been encrypted."""
        if self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())

    # --- called by the connection

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        """Encrypt and send `data`; nothing after `close` or `write_eof`."""
        if self._writing_ended or self._closing:
            return
        left = memoryview(data)
        try:
            while left:
                left = left[self._tls.write(left) :]
        except ssl.SSLError:  # it wants to be read first: no client of HTTP does that to us
            self.abort()
            return
        self._flush()

    def can_write_eof(self) -> bool:
        """Return True: the sending side can end alone."""
        return True

    def write_eof(self) -> None:
        """Say that nothing more is sent, and go on reading; what still comes is dropped."""
        if not (self._writing_ended or self._closing):
            self._say_end()
            self._transport.write_eof()

    def close(self) -> None:
        """Send what has been written, say that this was all, and close; wait for no answer."""
        if not self._closing:
            if not self._writing_ended:
                self._say_end()
            self._closing = True
            self._transport.close()

    def _say_end(self) -> None:
        """Send close_notify."""
        self._writing_ended = True
        with suppress(ssl.SSLError):  # it would wait for the client's own
            self._tls.unwrap()
        self._flush()

    def is_closing(self) -> bool:
        """Return True if the connection has been closed."""
        return self._closing or self._transport.is_closing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set at how many unsent bytes the connection has to wait, and when it goes on."""
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return how many bytes have not been sent."""
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Read nothing more from the socket."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read from the socket again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the socket's transport knows."""
        return self._transport.get_extra_info(name, default)

    def abort(self) -> None:
        """Close without sending anything more."""
        self._closing = True
        self._transport.abort()

    # --- called by the server, until the handshake is done

    def expire(self) -> None:
        """Drop a client whose handshake takes too long."""
        self.abort()

    def make_room(self) -> None:
        """Keep what is kept: a handshake is small."""

    def drop_reply(self) -> None:
        """Keep what is kept: there is no reply."""

    def begin_stop(self) -> None:
        """Drop a client that has not sent a request yet."""
        self.abort()

    def refuse_at_stop(self) -> None:
        """Do nothing: there is no request."""
