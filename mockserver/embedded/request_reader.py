"""Collect the bytes of one connection and take one request after the other out of them.

No socket and no clock: the connection feeds what has arrived and asks how far the request is.  At
most a head, a body within its door's limit, and what has arrived behind them is kept.
"""

from collections.abc import Callable
from enum import Enum

from msgspec.structs import replace

from ..protocol.request_flaws import (
    BAD_REQUEST_LINE,
    BODY_BROKEN,
    BODY_TOO_LARGE,
    HEAD_TOO_LARGE,
    LONE_CR,
    TRAILERS,
    RequestFlaw,
)
from .interfaces import Door, Request
from .request_parser import (
    MAX_HEAD_BYTES,
    ChunkDecoder,
    ChunkError,
    RequestHead,
    can_begin_request,
    find_head_end,
    parse_head,
)

__all__ = ["Progress", "RequestReader"]


class Progress(Enum):
    """How far the next request has arrived."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"
    COMPLETE = "complete"
    REFUSED = "refused"


class RequestReader:
    """The bytes of one connection; `door_of` returns which door, with which limit, a head goes to.

    After COMPLETE or REFUSED, `request` and `door` are set until `begin_next`.
    """

    __slots__ = ("_buffer", "_chunks", "_door_of", "_head", "_scanned", "door", "request")

    def __init__(self, door_of: Callable[[RequestHead], Door]) -> None:
        self._door_of = door_of
        self._buffer = bytearray()
        self._scanned = 0
        self._chunks: ChunkDecoder | None = None
        self._head: RequestHead | None = None
        self.door: Door | None = None
        self.request: Request | None = None

    @property
    def head(self) -> RequestHead | None:
        """The head of the request that is being read or answered, once it is there."""
        return self._head

    @property
    def waiting(self) -> int:
        """The number of bytes that have arrived and belong to no body yet."""
        return len(self._buffer)

    @property
    def size(self) -> int:
        """The number of bytes that are kept."""
        return len(self._buffer) + (len(self._chunks.body) if self._chunks is not None else 0)

    def feed(self, data: bytes) -> None:
        """Keep what has arrived; most often it is one whole request, which is not copied."""
        if self._buffer or self._head is not None or not self._take_whole(data):
            self._buffer += data

    def _take_whole(self, data: bytes) -> bool:
        """Take `data` as the next request if it is exactly that, and clean; else return False."""
        if not data.startswith(b"POST /"):
            return False
        end = find_head_end(data, 0)
        if end < 0 or end > MAX_HEAD_BYTES:
            return False
        head = parse_head(data[:end])
        if head.refusal is not None or head.chunked or head.length != len(data) - end:
            return False
        door = self._door_of(head)
        if head.length > door.body_limit:
            return False
        self._head = head
        self.door = door
        self.request = Request(head, data[end:])
        return True

    def clear(self) -> None:
        """Forget what has arrived and has not been read."""
        self._buffer = bytearray()
        self._chunks = None

    def begin_next(self) -> None:
        """Forget the request that has been answered."""
        self._head = None
        self.door = None
        self.request = None

    def read(self) -> Progress:
        """Read on and return how far the request is."""
        if self._head is None:
            if not self._skip_empty_lines():
                return Progress.NOTHING
            if not self._read_head():
                return Progress.HEAD if self.request is None else Progress.REFUSED
        if self.request is None:
            self._read_body()
        if self.request is None:
            return Progress.BODY
        return Progress.COMPLETE if self.request.refusal is None else Progress.REFUSED

    def refuse(self, refusal: RequestFlaw) -> None:
        """Make the request one that is refused; its head is what can be understood so far."""
        if self._head is None:
            first_line, line_end, _ = bytes(self._buffer[:MAX_HEAD_BYTES]).partition(b"\n")
            if not line_end and first_line.count(b" ") == 1:
                first_line += b" HTTP/1.1"  # cut off before its version
            self._head = parse_head(first_line + b"\n\n")
        self.door = self.door or self._door_of(self._head)
        self.clear()
        self.request = Request(self._head, None, refusal)

    def _skip_empty_lines(self) -> bool:
        """Drop line ends before a request; return False if nothing else is there."""
        buffer = self._buffer
        if buffer and buffer[0] in b"\r\n":
            del buffer[: len(buffer) - len(buffer.lstrip(b"\r\n"))]
            self._scanned = 0
        return bool(buffer)

    def _read_head(self) -> bool:
        """Take the head from the buffer; return False if it is not complete or is refused."""
        buffer = self._buffer
        if not self._scanned and not can_begin_request(buffer[0]):
            head = parse_head(bytes(buffer[:1]))
            self._refuse_head(head, head.refusal or BAD_REQUEST_LINE)
            return False
        end = find_head_end(buffer, max(self._scanned - 3, 0))
        if end < 0:
            if b"\r\r" in buffer[max(self._scanned - 1, 0) :] and b"\n" not in buffer:
                self._refuse_head(parse_head(bytes(buffer).replace(b"\r", b"\n")), LONE_CR)
            elif len(buffer) > MAX_HEAD_BYTES:
                self.refuse(HEAD_TOO_LARGE)
            self._scanned = len(buffer)
            return False
        self._scanned = 0
        if end > MAX_HEAD_BYTES:
            self.refuse(HEAD_TOO_LARGE)
            return False
        head = parse_head(bytes(buffer[:end]))
        del buffer[:end]
        if head.refusal is not None:
            self._refuse_head(head, head.refusal)
            return False
        self._head = head
        self.door = self._door_of(head)
        if head.chunked:
            self._chunks = ChunkDecoder(self.door.body_limit)
        elif head.length > self.door.body_limit:
            self.refuse(BODY_TOO_LARGE)
        return True

    def _refuse_head(self, head: RequestHead, refusal: RequestFlaw) -> None:
        self._head = head
        self.refuse(refusal)

    def _read_body(self) -> None:
        """Take the body from the buffer; `request` is set if that is its end."""
        head = self._head
        assert head is not None
        if self._chunks is not None:
            self._read_chunks(head, self._chunks)
        elif len(self._buffer) >= head.length:
            body = bytes(memoryview(self._buffer)[: head.length])
            del self._buffer[: head.length]
            self.request = Request(head, body)

    def _read_chunks(self, head: RequestHead, chunks: ChunkDecoder) -> None:
        try:
            chunks.feed(self._buffer)
        except ChunkError:
            self.refuse(BODY_BROKEN)
            return
        if chunks.too_long:
            self.refuse(BODY_TOO_LARGE)
        elif chunks.done:
            if chunks.has_trailers:
                head = replace(head, remarks=(*head.remarks, TRAILERS))
            self._chunks = None
            self.request = Request(head, bytes(chunks.body))
