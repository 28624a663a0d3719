"""One WebSocket connection of the message channel: bytes to frames of a `ClientSession` and back.

wsproto speaks the protocol; what this module decides is what official clients need, and it differs
from what a WebSocket server usually does:

- A PING is not answered and none is sent: the official Java client feeds every frame that is no
  close, PONG included, to its decoder, and closes the connection.
- No extension is accepted, so nothing is compressed.
- Every frame goes out as one unfragmented binary message.
- The 101 has `Connection: Upgrade`, one token.

The event loop never waits here.  While the sandbox is at work, frames wait in `_inbox` and the
socket is not read on; a client that reads nothing gets no more than fills its buffers, and is
closed when that lasts.

Source: docs/spec/top-protocol.md#top-7.3, #top-7.9.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from ..push.frames import MAX_FRAME_BYTES, Frame
from ..push.session import PUSH_AT_ONCE, ClientSession, PushDoor, Rejected
from ..world.world import World

__all__ = ["TmcConnection"]

CONNECT_SECONDS = 30.0  # until the CONNECT frame
UNREAD_SECONDS = 60.0  # that a client may read nothing of what was sent
_END_OF_HEAD = b"\r\n\r\n"
_BUSY_SECONDS = 0.004  # after which a sandbox at work is asked again
_BUFFERED_BYTES = 256 * 1024
_MAX_INBOX = 64
_TOO_BIG, _PROTOCOL_ERROR, _UNSUPPORTED, _GOING_AWAY = 1009, 1002, 1003, 1001


class TmcConnection(asyncio.Protocol):
    """A client's connection; `note` and `forget` inform its server that it has come and gone."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        door: PushDoor,
        note: Callable[["TmcConnection"], None],
        forget: Callable[["TmcConnection"], None],
    ) -> None:
        self.session = ClientSession(door)
        self._loop = loop
        self._note, self._forget = note, forget
        self._ws = WSConnection(ConnectionType.SERVER)
        self._transport: asyncio.Transport | None = None
        self._head_end: bytes | None = b""  # the last bytes of the handshake; None behind it
        self._inbox: deque[bytes] = deque()
        self._parts: list[bytes] = []
        self._size = 0
        self._pump_planned = False
        self._to_push: set[str] = set()  # sandboxes that may have something to send
        self._paused = False  # the client does not read
        self._deadline: asyncio.TimerHandle | None = None

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_BUFFERED_BYTES)
        self._wait(CONNECT_SECONDS, "没有发来 CONNECT", "no CONNECT has come")
        self._note(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._stop_waiting()
        self._forget(self)

    def pause_writing(self) -> None:
        self._paused = True
        self._wait(UNREAD_SECONDS, "客户端不读取推送", "the client does not read what is pushed")

    def resume_writing(self) -> None:
        self._paused = False
        self._stop_waiting()
        self.push()

    def data_received(self, data: bytes) -> None:
        try:
            for part in self._split_handshake(data):
                self._ws.receive_data(part)
                for event in self._ws.events():
                    self._take(event)
        except RemoteProtocolError as wrong:
            self._refuse(wrong)
        except (LocalProtocolError, UnicodeError) as wrong:
            self.close(_PROTOCOL_ERROR, "不是 WebSocket", f"no WebSocket: {wrong}"[:100])
        self._pump()

    # --- for the server

    def push(self, sandbox: str = "") -> None:
        """Send what waits for the client in a sandbox (empty: in any), once both are ready."""
        if not self.session.connected:
            return
        worlds = {world.id for world in self.session.worlds()}
        self._to_push |= {sandbox} & worlds if sandbox else worlds
        self._pump()

    def close(self, code: int, zh: str = "", en: str = "") -> None:
        """Close the connection; with a reason it is written into the journal."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if zh:
            self.session.note(zh, en)
        with suppress(LocalProtocolError):  # not open yet, or closed by the client
            transport.write(self._ws.send(CloseConnection(code=code, reason=en[:100])))
        transport.close()

    def abort(self) -> None:
        """Close without sending anything more."""
        if self._transport is not None:
            self._transport.abort()

    def stop(self) -> None:
        """Close because the server stops."""
        self.close(_GOING_AWAY)

    # --- inside

    def _split_handshake(self, data: bytes) -> tuple[bytes, ...]:
        """Return what belongs to the handshake, then what came behind it: wsproto drops the latter,
        and a client that does not wait for the answer would wait for ever."""
        if self._head_end is None:
            return (data,)
        joined = self._head_end + data
        end = joined.find(_END_OF_HEAD)
        if end < 0:
            self._head_end = joined[1 - len(_END_OF_HEAD) :]
            return (data,)
        place = end + len(_END_OF_HEAD) - len(self._head_end)
        self._head_end = None
        return data[:place], data[place:]

    def _take(self, event: object) -> None:
        if isinstance(event, Request):
            self._write(self._ws.send(AcceptConnection()))
        elif isinstance(event, BytesMessage):
            self._collect(bytes(event.data), finished=event.message_finished)
        elif isinstance(event, TextMessage):
            self.close(
                _UNSUPPORTED, "文本帧：TMC 只有二进制帧", "a text frame: TMC has binary frames only"
            )
        elif isinstance(event, CloseConnection):
            if event.code == _PROTOCOL_ERROR or event.code == 1007:
                self.session.note(f"WebSocket 错误：{event.reason}", f"WebSocket: {event.reason}")
            if self._transport is not None and not self._transport.is_closing():
                self._transport.write(self._ws.send(event.response()))
                self._transport.close()

    def _collect(self, data: bytes, *, finished: bool) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size > MAX_FRAME_BYTES:
            self._parts.clear()
            self.close(
                _TOO_BIG, f"帧超过 {MAX_FRAME_BYTES} 字节", f"a frame above {MAX_FRAME_BYTES} bytes"
            )
        elif finished:
            self._inbox.append(b"".join(self._parts))
            self._parts.clear()
            self._size = 0

    def _refuse(self, wrong: RemoteProtocolError) -> None:
        self.session.note(f"不是 WebSocket 连接：{wrong}", f"no WebSocket handshake: {wrong}")
        hint = wrong.event_hint
        if isinstance(hint, RejectConnection):
            headers = [*hint.headers, (b"Connection", b"close"), (b"Content-Length", b"0")]
            hint = RejectConnection(status_code=hint.status_code, headers=headers)
            self._write(self._ws.send(hint))
        if self._transport is not None:
            self._transport.close()

    def _pump(self) -> None:
        """Work through the frames that have come, then push; later, while the sandbox is busy."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._pump_planned:
            return
        try:
            while self._inbox and self._answer_next():
                self._inbox.popleft()
            if not self._inbox:
                self._push_all()
        except Rejected as wrong:
            self.close(_PROTOCOL_ERROR, "", wrong.en)
            transport.close()
            return
        if len(self._inbox) > _MAX_INBOX:
            transport.pause_reading()
        elif not self._inbox:
            transport.resume_reading()

    def _work(self, world: World | None, work: Callable[[], None]) -> bool:
        """Do `work` under the sandbox's lock; plan the pump anew and return False if it is
        taken."""
        if world is None:
            work()
            return True
        if not world.lock.acquire(blocking=False):
            self._pump_later(_BUSY_SECONDS)
            return False
        try:
            work()
        finally:
            world.lock.release()
        return True

    def _answer_next(self) -> bool:
        """Answer the first frame of the inbox; return False if its sandbox is at work."""
        frame = self.session.read(self._inbox[0])
        return self._work(self.session.find_world(frame), partial(self._answer, frame))

    def _answer(self, frame: Frame) -> None:
        was_connected = self.session.connected
        for answer in self.session.receive(frame):
            self._send(answer)
        if self.session.connected:
            self._to_push.update(world.id for world in self.session.worlds())
            if not was_connected:
                self._stop_waiting()

    def _push_all(self) -> None:
        for world in self.session.worlds() if self._to_push else ():
            if world.id in self._to_push and not self._paused:
                self._work(world, partial(self._push_some, world))

    def _push_some(self, world: World) -> None:
        frames = self.session.next_frames(world)
        for frame in frames:
            self._send(frame)
        if len(frames) == PUSH_AT_ONCE:
            self._pump_later(0.0)
        else:
            self._to_push.discard(world.id)

    def _pump_later(self, seconds: float) -> None:
        if not self._pump_planned:
            self._pump_planned = True
            self._loop.call_later(seconds, self._pump_planned_now)

    def _pump_planned_now(self) -> None:
        self._pump_planned = False
        self._pump()

    def _send(self, frame: bytes) -> None:
        self._write(self._ws.send(BytesMessage(data=frame)))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _wait(self, seconds: float, zh: str, en: str) -> None:
        self._stop_waiting()
        self._deadline = self._loop.call_later(seconds, self._expire, zh, en)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self, zh: str, en: str) -> None:
        self.session.note(zh, en)
        self.abort()
