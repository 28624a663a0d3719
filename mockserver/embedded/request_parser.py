"""Read HTTP/1.x requests from bytes, without sockets: head, framing, chunks.

A mock has to answer what a strict server drops.  Clients of TOP send Chinese text in a URL as raw
UTF-8 or GBK, put blanks into a timestamp, end lines with a bare LF, or send Content-Length beside
Transfer-Encoding; on the real platform a proxy in front forgives some of it.  h11 and llhttp refuse
most of this, each in its own way, and leave nothing that could be explained to the caller.  So this
parser has three results, not two:

* a head that is clean;
* a head that can be understood although it is not clean: every liberty it takes becomes a `remark`,
  which the gateway writes into the journal with the call;
* a head after which nothing more of the connection can be understood: `refusal` says why.  Whatever
  was understood before (verb, path, query) is still there, so that the right door can answer in its
  own form.  The connection closes after that answer: where the next request would begin is unknown,
  and guessing would let one client's body be read as another request.

Costs are bounded: a head by MAX_HEAD_BYTES and MAX_HEADERS, a chunk line by MAX_CHUNK_LINE_BYTES,
chunks by MAX_CHUNKS.  Every byte is looked at a constant number of times, whatever the pieces in
which it arrives: the search for the end of a head goes on where it stopped, and decoded chunks are
appended to one bytearray.  Regular expressions are not used.
"""

from enum import Enum
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from ..protocol.request_flaws import (
    BAD_CODING,
    BAD_LENGTH,
    BAD_REQUEST_LINE,
    BAD_VERSION,
    BARE_LF,
    BLANK_BEFORE_COLON,
    BLANK_IN_URL,
    CONNECT,
    DOUBLE_SLASH,
    EXPECT_HTTP_1_0,
    FOLDED,
    FRAGMENT,
    HEAD_TOO_LARGE,
    LENGTH_AND_CHUNKED,
    NO_COLON,
    NO_HOST,
    RAW_BYTES,
    TLS_ON_PLAIN_PORT,
    TWO_LENGTHS,
    UPGRADE,
    RequestFlaw,
)

__all__ = [
    "MAX_HEAD_BYTES",
    "ChunkDecoder",
    "ChunkError",
    "RequestHead",
    "can_begin_request",
    "find_head_end",
    "parse_head",
]

MAX_HEAD_BYTES = 64 * 1024  # a GET carries all its parameters in the first line
MAX_HEADERS = 200
MAX_CHUNK_LINE_BYTES = 4096
MAX_TRAILER_BYTES = 16 * 1024
MAX_CHUNKS = 16_384
_MAX_LENGTH_DIGITS = 18
_MAX_COMMON_BYTES = 600  # of a head that may come again
_COMMON_HEADS = 256
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEX = frozenset(b"0123456789abcdefABCDEF")


class RequestHead(Struct):
    """Request line and headers.

    `path` is as sent, but for `//`, which counts as `/`; `query` is what follows `?`, unchanged.
    Header names are lower-case; the values of a repeated header are joined with a comma, all text
    is Latin-1.  `length` is that of the body, 0 without one; it means nothing where `chunked` is
    True.
    """

    verb: str = "GET"
    path: str = ""
    query: bytes = b""
    http_1_0: bool = False
    headers: dict[str, str] = {}
    length: int = 0
    chunked: bool = False
    keep_alive: bool = False
    expects_continue: bool = False
    remarks: tuple[RequestFlaw, ...] = ()
    refusal: RequestFlaw | None = None

    @property
    def decoded_path(self) -> str:
        """Return the path without percent escapes, as Latin-1 text of its bytes (as WSGI wants
        it)."""
        return (
            unquote_to_bytes(self.path.encode("latin-1")).decode("latin-1")
            if "%" in self.path
            else self.path
        )


def can_begin_request(byte: int) -> bool:
    """Return True if a method can begin with `byte`; TLS, SOCKS and others are known by theirs."""
    return chr(byte) in _TOKEN


def find_head_end(buffer: bytes | bytearray, start: int) -> int:
    """Return the index after the empty line that ends a head, or -1 if it has not arrived.

    The search begins at `start`, up to three bytes before what was searched earlier.
    """
    crlf = buffer.find(b"\n\r\n", start)
    bare = buffer.find(b"\n\n", start, crlf + 1 if crlf >= 0 else len(buffer))
    if bare >= 0:
        return bare + 2
    return crlf + 3 if crlf >= 0 else -1


def parse_head(data: bytes) -> RequestHead:
    """Return the head in `data`, which ends with the empty line; never raises for bad input.

    Nobody changes what it returns: the heads of clients that POST differ in little but the length
    of the body, so those that came before are not parsed again.
    """
    if len(data) <= _MAX_COMMON_BYTES and data.startswith(b"POST ") and b"?" not in data:
        return _parse_common_head(data)
    return _parse_head(data)


def _parse_head(data: bytes) -> RequestHead:
    lines = data.decode("latin-1").split("\r\n")
    remarks: list[RequestFlaw] = []
    if data.count(b"\n") != len(lines) - 1:
        remarks.append(BARE_LF)
        lines = [line.removesuffix("\r") for line in data.decode("latin-1").split("\n")]
    head = _parse_request_line(lines[0], remarks)
    if head.refusal is None:
        _read_headers(head, lines, remarks)
    if head.refusal is None:
        _read_framing(head, remarks)
    head.remarks = tuple(dict.fromkeys(remarks)) if remarks else ()
    return head


_parse_common_head = lru_cache(_COMMON_HEADS)(_parse_head)


def _parse_request_line(line: str, remarks: list[RequestFlaw]) -> RequestHead:
    verb, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    head = RequestHead()
    if line.startswith("\x16"):
        head.refusal = TLS_ON_PLAIN_PORT
        return head
    if not verb or not target or not _TOKEN.issuperset(verb) or "\0" in line:
        head.refusal = BAD_REQUEST_LINE
        return head
    head.verb = verb
    head.http_1_0 = version == "HTTP/1.0"
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        head.refusal = BAD_VERSION if version.startswith("HTTP/") else BAD_REQUEST_LINE
    _read_target(head, target.strip(" "), remarks)
    return head


def _read_target(head: RequestHead, target: str, remarks: list[RequestFlaw]) -> None:
    """Set path and query from origin form, absolute form, or the authority form of CONNECT."""
    if head.verb == "CONNECT":
        remarks.append(CONNECT)
        head.path = target
        return
    if not target.isascii():
        remarks.append(RAW_BYTES)
    if " " in target:
        remarks.append(BLANK_IN_URL)
        target = target.replace(" ", "%20")
    if "#" in target:
        remarks.append(FRAGMENT)
        target = target.partition("#")[0]
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        _, separator, after = path.partition("://")
        if separator:
            path = "/" + after.partition("/")[2]
    if "//" in path:
        remarks.append(DOUBLE_SLASH)
        path = "/".join(["", *filter(None, path.split("/"))])
    head.path = path
    head.query = query.encode("latin-1")


def _read_headers(head: RequestHead, lines: list[str], remarks: list[RequestFlaw]) -> None:
    headers: dict[str, str] = {}
    name = ""
    if len(lines) > MAX_HEADERS + 3:
        head.refusal = HEAD_TOO_LARGE
        return
    for line in lines[1:]:
        if not line:
            break
        if line[0] in " \t" and name:
            remarks.append(FOLDED)
            headers[name] = f"{headers[name]} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon:
            remarks.append(NO_COLON)
            name = ""
            continue
        if name[-1:] in (" ", "\t"):
            remarks.append(BLANK_BEFORE_COLON)
            name = name.rstrip()
        name = name.lower()
        value = value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    head.headers = headers


def _read_framing(head: RequestHead, remarks: list[RequestFlaw]) -> None:
    """Set how the body ends, whether the connection is kept, and what the caller expects."""
    headers = head.headers
    connection = headers.get("connection", "").lower()
    head.keep_alive = "keep-alive" in connection if head.http_1_0 else "close" not in connection
    if not head.http_1_0 and "host" not in headers:
        remarks.append(NO_HOST)
    if "upgrade" in headers:
        remarks.append(UPGRADE)
    if headers.get("expect", "").lower() == "100-continue":
        head.expects_continue = not head.http_1_0
        if head.http_1_0:
            remarks.append(EXPECT_HTTP_1_0)
    length = headers.get("content-length")
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            head.refusal = BAD_CODING
        elif length is not None:
            remarks.append(LENGTH_AND_CHUNKED)
            head.keep_alive = False
        head.chunked = True
    elif length is not None:
        _read_length(head, length, remarks)


def _read_length(head: RequestHead, text: str, remarks: list[RequestFlaw]) -> None:
    if "," in text:
        values = {value.strip() for value in text.split(",")}
        if len(values) == 1:
            remarks.append(TWO_LENGTHS)
            text = values.pop()
    if text.isascii() and text.isdigit() and len(text) <= _MAX_LENGTH_DIGITS:
        head.length = int(text)
    else:
        head.refusal = BAD_LENGTH


class ChunkError(ValueError):
    """A chunked body that cannot be read: bad size, bad line end, too many chunks or trailers."""


class _ChunkState(Enum):
    SIZE = "size"
    DATA = "data"
    DATA_END = "line end after data"
    TRAILER = "trailer"
    DONE = "done"


class ChunkDecoder:
    """Decode one chunked body.

    `body` holds what has been decoded; it never gets longer than `limit` + 1 bytes, so the caller
    sees that the limit was passed while the rest is not kept.
    """

    def __init__(self, limit: int) -> None:
        self.body = bytearray()
        self.has_trailers = False
        self._limit = limit
        self._state = _ChunkState.SIZE
        self._left = 0
        self._chunks = 0
        self._trailer_bytes = 0

    @property
    def done(self) -> bool:
        """True when the body is complete."""
        return self._state is _ChunkState.DONE

    @property
    def too_long(self) -> bool:
        """True when the body is longer than the limit."""
        return len(self.body) > self._limit or len(self.body) + self._left > self._limit

    def feed(self, buffer: bytearray) -> None:
        """Take from the front of `buffer` what belongs to the body.

        Raises:
            ChunkError: it cannot be read.
        """
        position = 0
        while self._state is not _ChunkState.DONE and not self.too_long:
            if self._state is _ChunkState.DATA:
                taken = min(self._left, len(buffer) - position)
                if not taken:
                    break
                self.body += memoryview(buffer)[position : position + taken]
                position += taken
                self._left -= taken
                if not self._left:
                    self._state = _ChunkState.DATA_END
                continue
            end = buffer.find(b"\n", position, position + MAX_CHUNK_LINE_BYTES)
            if end < 0:
                if len(buffer) - position >= MAX_CHUNK_LINE_BYTES:
                    raise ChunkError("a line of the chunked body is too long")
                break
            line = bytes(buffer[position:end]).rstrip(b"\r")
            position = end + 1
            self._take_line(line)
        del buffer[:position]

    def _take_line(self, line: bytes) -> None:
        if self._state is _ChunkState.DATA_END:
            if line:
                raise ChunkError("a chunk is longer than its size")
            self._state = _ChunkState.SIZE
        elif self._state is _ChunkState.SIZE:
            self._take_size(line.partition(b";")[0].strip())
        elif not line:
            self._state = _ChunkState.DONE
        else:
            self.has_trailers = True
            self._trailer_bytes += len(line)
            if self._trailer_bytes > MAX_TRAILER_BYTES:
                raise ChunkError("the trailers are too long")

    def _take_size(self, digits: bytes) -> None:
        if not digits or len(digits) > 16 or not _HEX.issuperset(digits):
            raise ChunkError("the size of a chunk is not a number")
        self._left = int(digits, 16)
        self._chunks += 1
        if self._chunks > MAX_CHUNKS:
            raise ChunkError("the body has too many chunks")
        self._state = _ChunkState.DATA if self._left else _ChunkState.TRAILER
