"""Serve one connection: read requests, have them answered in order, send the replies.

A connection is always in one of these states, and each has a deadline, so a client can neither hold
more than its own few bytes nor hold them for ever:

* IDLE: no byte of the next request has come; after IDLE_SECONDS the connection closes.
* HEAD: the head is not complete; the deadline is that of the whole head, not of the next byte.
* BODY: the head is understood, its body is not complete; again one deadline for all of it.
* ANSWERING: a door has the request, or a planned fault holds the reply back.  Nothing is read
  beyond MAX_PIPELINED_BYTES meanwhile.  There is no deadline but for a client that does not read.
* DISCARDING: the last reply has been sent although the request was not read to its end.  What still
  arrives is dropped, because closing at once would reset the connection, and the client, which may
  write everything before it reads, would never see the reply.

After each reply the loop serves other connections before the next request of this one, so a client
that sends thousands at once makes nobody wait.

A request that cannot be read to its end is answered all the same, by the door that its path names,
in that door's own form; then the connection closes.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any, cast

from ..gateway.faults.connection_control import body_pieces
from ..protocol.messages import ConnectionEnd, Delivery, Reply
from .disturbed_reply import DisturbedReply
from .interfaces import ConnectionHost, Door, Request
from .refusals import (
    BODY_BROKEN,
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    NO_ROOM,
    TRAILERS,
    Refusal,
)
from .request_parser import (
    MAX_HEAD_BYTES,
    ChunkDecoder,
    ChunkError,
    RequestHead,
    find_head_end,
    parse_head,
)
from .response_head import SAID_IDLE_SECONDS, format_response_head

__all__ = ["Connection"]

IDLE_SECONDS = SAID_IDLE_SECONDS + 5.0
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
WRITE_SECONDS = 30.0
DISCARD_SECONDS = 20.0
MAX_PIPELINED_BYTES = 256 * 1024
_NEVER = float("inf")
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # linger for no time
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class State(Enum):
    """See the module's text."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    ANSWERING = "answering"
    DISCARDING = "discarding"


class Connection(asyncio.Protocol):
    """One connection; all methods run in the loop's thread."""

    __slots__ = (
        "_buffer",
        "_chunks",
        "_disturbed",
        "_door",
        "_eof",
        "_head",
        "_host",
        "_reading",
        "_reading_scheduled",
        "_scanned",
        "_transport",
        "_unread",
        "_write_blocked",
        "deadline",
        "state",
    )

    def __init__(self, host: ConnectionHost) -> None:
        self._host = host
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set when connected
        self._buffer = bytearray()
        self._scanned = 0
        self._head: RequestHead | None = None
        self._door: Door | None = None
        self._chunks: ChunkDecoder | None = None
        self._disturbed: DisturbedReply | None = None
        self._eof = False
        self._unread = False
        self._reading = False
        self._reading_scheduled = False
        self._write_blocked = False
        self.state = State.IDLE
        self.deadline = host.loop.time() + IDLE_SECONDS

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._host.add(self)

    def data_received(self, data: bytes) -> None:
        if self._unread or self.state is State.DISCARDING:
            return
        self._buffer += data
        if self.state is not State.ANSWERING and not self._reading_scheduled:
            self._read_request()
        elif len(self._buffer) > MAX_PIPELINED_BYTES:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._eof = True
        if self.state is State.ANSWERING or self._reading_scheduled:
            return True
        if self.state is State.BODY:
            self._refuse(BODY_BROKEN)
            return True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._eof = True
        self.state = State.DISCARDING
        self._buffer.clear()
        self._chunks = None
        if self._disturbed is not None:
            self._disturbed.cancel()
        self._host.remove(self)

    def pause_writing(self) -> None:
        self._write_blocked = True

    def resume_writing(self) -> None:
        self._write_blocked = False
        if self.state is State.ANSWERING and self.deadline != _NEVER:
            self._finish()

    # --- called by the server

    def expire(self) -> None:
        """Do what is due: `deadline` has passed."""
        if self.state is State.IDLE:
            self._transport.close()
        elif self.state is State.HEAD:
            self._refuse_head(HEAD_TOO_SLOW)
        elif self.state is State.BODY:
            self._refuse(BODY_TOO_SLOW)
        else:
            self._transport.abort()

    def begin_stop(self) -> None:
        """Close at once, or after the reply that is being made; a reply held back is sent now."""
        if self._disturbed is not None:
            self._disturbed.flush()
        elif self.state is not State.ANSWERING:
            self._transport.close()

    def abort(self) -> None:
        """Close without sending anything more."""
        self._transport.abort()

    # --- reading

    def _read_request(self) -> None:
        """Have one request answered if it is complete; the next one has its turn later."""
        self._reading_scheduled = False
        if (
            not self._buffer
            or self._transport.is_closing()
            or self.state in (State.ANSWERING, State.DISCARDING)
        ):
            return
        self._reading = True
        if (self._head is not None or self._read_head()) and self.state is State.BODY:
            self._read_body()
        self._reading = False
        if self.state is State.IDLE and self._buffer:
            self._schedule_reading()
            return
        if self.state in (State.IDLE, State.HEAD, State.BODY):
            self._transport.resume_reading()
        if self._eof and self.state in (State.IDLE, State.HEAD):
            self._transport.close()
        elif self._eof and self.state is State.BODY:
            self._refuse(BODY_BROKEN)

    def _schedule_reading(self) -> None:
        self._reading_scheduled = True
        self._host.loop.call_soon(self._read_request)

    def _read_head(self) -> bool:
        """Take the head from the buffer; return False if it has not arrived completely."""
        buffer = self._buffer
        if buffer[0] in b"\r\n":
            del buffer[: len(buffer) - len(buffer.lstrip(b"\r\n"))]
            self._scanned = 0
            if not buffer:
                return False
        end = find_head_end(buffer, max(self._scanned - 3, 0))
        if end < 0:
            self._scanned = len(buffer)
            if self.state is State.IDLE:
                self.state = State.HEAD
                self.deadline = self._host.loop.time() + HEAD_SECONDS
            if len(buffer) > MAX_HEAD_BYTES:
                self._refuse_head(HEAD_TOO_LARGE)
            elif not self._host.buffer(self, len(buffer)):
                self._refuse_head(NO_ROOM)
            return False
        head = parse_head(bytes(buffer[:end]))
        del buffer[:end]
        self._scanned = 0
        self._head = head
        self._door = door = self._host.door_of(head)
        self.state = State.BODY
        if head.refusal is not None or end > MAX_HEAD_BYTES:
            self._refuse(head.refusal or HEAD_TOO_LARGE)
        elif head.length > door.body_limit and not head.chunked:
            self._refuse(BODY_TOO_LARGE)
        elif head.chunked:
            self._chunks = ChunkDecoder(door.body_limit)
            self._expect_body(0)
        elif head.length > len(buffer):
            self._expect_body(head.length)
        elif not head.length:
            self._answer(b"")
        return True

    def _expect_body(self, length: int) -> None:
        self.deadline = self._host.loop.time() + BODY_SECONDS
        assert self._head is not None
        if self._head.expects_continue and not self._buffer:
            self._transport.write(_CONTINUE)

    def _read_body(self) -> None:
        """Take the body from the buffer and have the request answered, if it is complete."""
        head = self._head
        assert head is not None
        if self._chunks is not None:
            try:
                self._chunks.feed(self._buffer)
            except ChunkError:
                self._refuse(BODY_BROKEN)
                return
            if self._chunks.too_long:
                self._refuse(BODY_TOO_LARGE)
                return
            if not self._chunks.done:
                self._wait_for_more(len(self._chunks.body) + len(self._buffer))
                return
            body = bytes(self._chunks.body)
            if self._chunks.has_trailers:
                head.remarks += (TRAILERS,)
        else:
            if len(self._buffer) < head.length:
                self._wait_for_more(len(self._buffer))
                return
            body = bytes(self._buffer[: head.length])
            del self._buffer[: head.length]
        self._answer(body)

    def _wait_for_more(self, size: int) -> None:
        if not self._host.buffer(self, size):
            self._refuse(NO_ROOM)

    # --- answering

    def _answer(self, body: bytes) -> None:
        assert self._head is not None and self._door is not None
        self.state = State.ANSWERING
        self.deadline = _NEVER
        self._chunks = None
        self._host.buffer(self, 0)
        self._door.answer(Request(self._head, body), self._respond)

    def _refuse_head(self, refusal: Refusal) -> None:
        """Answer a head that has not arrived completely, by the door of its first line."""
        first_line, line_end, _ = bytes(self._buffer[:MAX_HEAD_BYTES]).partition(b"\n")
        if not line_end and first_line.count(b" ") == 1:
            first_line += b" HTTP/1.1"  # cut off before its version
        self._head = parse_head(first_line + b"\n\n")
        self._door = self._host.door_of(self._head)
        self._refuse(refusal)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer a request that cannot be read to its end, then close."""
        assert self._head is not None and self._door is not None
        self.state = State.ANSWERING
        self.deadline = _NEVER
        self._unread = True
        self._chunks = None
        self._buffer.clear()
        self._host.buffer(self, 0)
        self._door.answer(Request(self._head, None, refusal), self._respond)

    def _respond(self, reply: Reply) -> None:
        """Send the reply; called by the door."""
        if self._transport.is_closing():
            return
        if reply.delivery is None or reply.delivery == Delivery():
            self._transport.write(self.response_head(reply) + self._visible(reply.body))
            self._finish()
            return
        self._disturbed = DisturbedReply(self, reply, reply.delivery)
        if self._host.stopping:
            self._disturbed.flush()
        else:
            self._disturbed.start()

    @property
    def _keep(self) -> bool:
        head = self._head
        return not (self._unread or self._host.stopping) and head is not None and head.keep_alive

    def _visible(self, body: bytes) -> bytes:
        """Return the body as it is sent: none to HEAD."""
        assert self._head is not None
        return b"" if self._head.verb == "HEAD" else body

    def response_head(self, reply: Reply) -> bytes:
        """Return status line and headers."""
        return format_response_head(reply, self._host.date(), keep=self._keep)

    def _finish(self) -> None:
        """Go on after a reply: with the next request, or to the end of the connection."""
        if self._write_blocked:  # the client does not read; resume_writing goes on
            self.deadline = self._host.loop.time() + WRITE_SECONDS
            return
        if not self._keep or (self._eof and not self._buffer):
            self._end()
            return
        self._head = None
        self._disturbed = None
        self.state = State.IDLE
        self.deadline = self._host.loop.time() + IDLE_SECONDS
        if len(self._buffer) <= MAX_PIPELINED_BYTES:
            self._transport.resume_reading()
        if self._buffer and not self._reading:
            self._schedule_reading()

    def _end(self) -> None:
        """Close in order; if the request was not read to its end, drop first what still comes."""
        self.state = State.DISCARDING
        self._buffer.clear()
        if self._eof or not self._unread or self._host.stopping:
            self._transport.close()
            return
        self._transport.resume_reading()
        self.deadline = self._host.loop.time() + DISCARD_SECONDS
        if self._transport.can_write_eof():
            self._transport.write_eof()

    # --- for planned faults

    def send(self, data: bytes) -> None:
        """Send bytes of a disturbed reply."""
        self._transport.write(data)

    def visible_pieces(self, reply: Reply, delivery: Delivery) -> list[bytes]:
        """Return the pieces of the body that are sent."""
        return body_pieces(self._visible(reply.body), delivery)

    def call_later(self, seconds: float, work: Callable[[], None]) -> asyncio.TimerHandle:
        """Run `work` after `seconds`."""
        return self._host.loop.call_later(seconds, work)

    def end_as(self, end: ConnectionEnd) -> None:
        """Keep, close or reset the connection after a disturbed reply."""
        self._disturbed = None
        if end is ConnectionEnd.KEEP_ALIVE:
            self._finish()
            return
        self.state = State.DISCARDING
        if end is ConnectionEnd.CLOSE:
            self._transport.close()
            return
        sock: Any = self._transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()
