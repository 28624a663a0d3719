"""Serve one connection: read requests, have them answered in order, send the replies.

A connection is always in one of these states, and each has a deadline, so a client can neither hold
more than its own few bytes nor hold them for ever:

* IDLE: no byte of the next request has come; after IDLE_SECONDS the connection closes.
* HEAD: the head is not complete; the deadline is that of the whole head, not of the next byte.
* BODY: the head is understood, its body is not complete; again one deadline for all of it.
* ANSWERING: a door has the request, or a planned fault holds the reply back.  Nothing is read
  beyond MAX_PIPELINED_BYTES meanwhile.  There is no deadline before the reply is written; from
  then on one, for a client that does not read, and by it the two halves of this state differ.
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
from ..protocol.request_flaws import (
    BODY_BROKEN,
    BODY_TOO_SLOW,
    HEAD_TOO_SLOW,
    NO_ROOM,
    STOPPING,
    TLS_ON_PLAIN_PORT,
    RequestFlaw,
)
from .disturbed_reply import DisturbedReply
from .interfaces import ConnectionHost
from .request_reader import Progress, RequestReader
from .response_head import SAID_IDLE_SECONDS, format_response_head

__all__ = ["Connection"]

IDLE_SECONDS = SAID_IDLE_SECONDS + 5.0
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
WRITE_SECONDS = 30.0
DISCARD_SECONDS = 20.0
MAX_PIPELINED_BYTES = 64 * 1024
_NEVER = float("inf")
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # linger for no time
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class State(Enum):
    """What a connection waits for; the text of this module says what each state means."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    ANSWERING = "answering"
    DISCARDING = "discarding"


class Connection(asyncio.Protocol):
    """One connection; all methods run in the loop's thread."""

    __slots__ = (
        "_disturbed",
        "_eof",
        "_holds_memory",
        "_host",
        "_reader",
        "_reading",
        "_reading_scheduled",
        "_transport",
        "_unread",
        "_write_blocked",
        "deadline",
        "has_left",
        "pipelines",
        "state",
        "takes_long",
    )

    def __init__(self, host: ConnectionHost) -> None:
        self._host = host
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set when connected
        self._reader = RequestReader(host.door_of)
        self._disturbed: DisturbedReply | None = None
        self._eof = False
        self._holds_memory = False
        self._unread = False
        self._reading = False
        self._reading_scheduled = False
        self._write_blocked = False
        self.has_left = False
        self.pipelines = False  # it sent the request that is answered before it had its last reply
        self.takes_long: bool | None = None
        self.state = State.IDLE
        self.deadline = host.loop.time() + IDLE_SECONDS

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)  # so that every byte that is not read is known
        self._host.add(self)

    def data_received(self, data: bytes) -> None:
        if self._unread or self.state is State.DISCARDING:
            return
        self._reader.feed(data)
        if self.state is not State.ANSWERING and not self._reading_scheduled:
            self._read_request()
        elif self._reader.waiting > MAX_PIPELINED_BYTES:
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
        self.has_left = True
        self._eof = True
        self.state = State.DISCARDING
        self._reader.clear()
        if self._disturbed is not None:
            self._disturbed.cancel()
        self._host.remove(self)

    def pause_writing(self) -> None:
        self._write_blocked = True
        self._host.hold_reply(self, self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._write_blocked = False
        self._host.hold_reply(self, 0)
        if self.state is State.ANSWERING and self.deadline != _NEVER:
            self._finish()

    # --- called by the server

    def expire(self) -> None:
        """Do what is due: `deadline` has passed."""
        if self.state is State.IDLE:
            self._transport.close()
        elif self.state is State.HEAD:
            self._refuse(HEAD_TOO_SLOW)
        elif self.state is State.BODY:
            self._refuse(BODY_TOO_SLOW)
        else:
            self._transport.abort()

    def make_room(self) -> None:
        """Refuse the request that is being read: the memory for unfinished ones is full."""
        if self.state in (State.HEAD, State.BODY):
            self._refuse(NO_ROOM)

    def drop_reply(self) -> None:
        """Close, because the memory for replies that nobody reads is full."""
        if self._write_blocked:
            self._transport.abort()

    def begin_stop(self) -> None:
        """Close at once, or after the reply that is being made; a reply held back is sent now."""
        if self._disturbed is not None:
            self._disturbed.flush()
        elif self.state is State.BODY:
            self._reader.refuse(STOPPING)
            self._unread = True
            self._begin_answering()
            self.refuse_at_stop()
        elif self.state is not State.ANSWERING and not self._reading_scheduled:
            self._transport.close()

    def refuse_at_stop(self) -> None:
        """Answer a request whose reply is not ready, in the form of its door."""
        if self.state is State.ANSWERING and self.deadline == _NEVER and self._disturbed is None:
            assert self._reader.request is not None and self._reader.door is not None
            self.respond(self._reader.door.stopping_reply(self._reader.request))

    def abort(self) -> None:
        """Close without sending anything more."""
        self._transport.abort()

    # --- reading

    def _read_request(self) -> None:
        """Have one request answered if it is complete; the next one has its turn later."""
        self._reading_scheduled = False
        if (
            not (self._reader.waiting or self._reader.request)
            or self._transport.is_closing()
            or self.state in (State.ANSWERING, State.DISCARDING)
        ):
            return
        self._reading = True
        progress = self._reader.read()
        if progress is Progress.COMPLETE:
            self._answer()
        elif progress is Progress.REFUSED:
            self._refuse_request()
        else:
            self._wait_for_more(progress)
        self._reading = False
        if self.state is State.IDLE and self._reader.waiting:
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

    def _wait_for_more(self, progress: Progress) -> None:
        """Set the deadline of what has begun, and note the bytes that are kept meanwhile."""
        now = self._host.loop.time()
        if progress is Progress.HEAD and self.state is State.IDLE:
            self.state = State.HEAD
            self.deadline = now + HEAD_SECONDS
        elif progress is Progress.BODY and self.state is not State.BODY:
            self.state = State.BODY
            self.deadline = now + BODY_SECONDS
            head = self._reader.head
            if head is not None and head.expects_continue and not self._reader.size:
                self._transport.write(_CONTINUE)
        self._holds_memory = True
        self._host.buffer(self, self._reader.size)

    # --- answering

    def _answer(self) -> None:
        """Hand the request to its door."""
        reader = self._reader
        assert reader.request is not None and reader.door is not None
        self._begin_answering()
        self.pipelines = self.pipelines or reader.waiting > 0
        reader.door.answer(reader.request, self)

    def _begin_answering(self) -> None:
        self.state = State.ANSWERING
        self.deadline = _NEVER
        if self._holds_memory:
            self._holds_memory = False
            self._host.buffer(self, 0)

    def _refuse(self, refusal: RequestFlaw) -> None:
        """Answer a request that has not arrived completely, then close."""
        self._reader.refuse(refusal)
        self._refuse_request()

    def _refuse_request(self) -> None:
        """Answer a request that cannot be read to its end, then close."""
        self._unread = True
        request = self._reader.request
        if request is not None and request.refusal is TLS_ON_PLAIN_PORT:
            self._host.report_tls()
        self._answer()

    def respond(self, reply: Reply) -> None:
        """Send the reply; called by the door."""
        is_answered = self.state is not State.ANSWERING or self.deadline != _NEVER
        if is_answered or self._transport.is_closing():
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
        head = self._reader.head
        return not (self._unread or self._host.stopping) and head is not None and head.keep_alive

    def _visible(self, body: bytes) -> bytes:
        """Return the body as it is sent: none to HEAD."""
        head = self._reader.head
        return b"" if head is not None and head.verb == "HEAD" else body

    def response_head(self, reply: Reply) -> bytes:
        """Return status line and headers."""
        return format_response_head(reply, self._host.date(), keep=self._keep)

    def _finish(self) -> None:
        """Go on after a reply: with the next request, or to the end of the connection."""
        if self._write_blocked:  # the client does not read; resume_writing goes on
            self.deadline = self._host.loop.time() + WRITE_SECONDS
            return
        if not self._keep or (self._eof and not self._reader.waiting):
            self._end()
            return
        self._reader.begin_next()
        self.pipelines = self._reader.waiting > 0
        self._disturbed = None
        self.state = State.IDLE
        self.deadline = self._host.loop.time() + IDLE_SECONDS
        if self._reader.waiting <= MAX_PIPELINED_BYTES:
            self._transport.resume_reading()
        if self._reader.waiting and not self._reading:
            self._schedule_reading()

    def _end(self) -> None:
        """Close in order; if the request was not read to its end, drop first what still comes."""
        self.state = State.DISCARDING
        self._reader.clear()
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
        self.deadline = self._host.loop.time() + WRITE_SECONDS
        if end is ConnectionEnd.CLOSE:
            self._transport.close()
            return
        sock: Any = self._transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()
