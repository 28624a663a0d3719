"""The frames of the message channel (TMC): bytes to frozen values and back.

A frame is one binary WebSocket message, everything little-endian:

    byte 0   protocol version, 2
    byte 1   kind: 0 CONNECT, 1 CONNECTACK, 2 SEND, 3 SENDACK
    repeat   int16 header type, then its body:
             0 end of headers   1 custom (string key, byte format, value)   2 status code (int32)
             3 status phrase (string)   4 flag (int32)   5 token (string)
    string   int32 byte length, then UTF-8; length 0 is null
    value    0 void  1 string  2 byte  3 int16  4 int32  5 int64  6 date (ms)  7 byte array

`write_frame` puts the headers into the order of the official Java client: code, phrase, flag,
token, custom.  `read_frame` takes them in any order, as every client's reader does.  It never
guesses: what is cut, too long or of an unknown format raises `BadFrame`, which names the place.

Source: docs/spec/top-protocol.md#top-7.4.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from types import MappingProxyType

from msgspec import Struct

__all__ = [
    "MAX_FRAME_BYTES",
    "BadFrame",
    "Byte",
    "Frame",
    "FrameKind",
    "FrameValue",
    "read_frame",
    "write_frame",
]

MAX_FRAME_BYTES = 256 * 1024
MAX_HEADERS = 64
_VERSION = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END, _CUSTOM, _CODE, _PHRASE, _FLAG, _TOKEN = range(6)


class BadFrame(ValueError):
    """Bytes that are no frame: what is wrong, and at which byte."""

    def __init__(self, zh: str, en: str, at: int) -> None:
        self.zh = f"帧第 {at} 字节：{zh}"
        self.en = f"byte {at} of the frame: {en}"
        super().__init__(f"{self.zh} ({self.en})")


class FrameKind(IntEnum):
    """What a frame is; the second byte."""

    CONNECT = 0
    CONNECTACK = 1
    SEND = 2
    SENDACK = 3


class Byte(int):
    """A number that goes out in one byte (format 2), from 0 to 255."""


FrameValue = None | str | bytes | Byte | int | datetime


class Frame(Struct, frozen=True):
    """One frame; what it does not carry is None.  Numbers in `custom` that are no `Byte` are
    64-bit."""

    kind: FrameKind
    flag: int | None = None
    token: str | None = None
    code: int | None = None
    phrase: str | None = None
    custom: Mapping[str, FrameValue] = MappingProxyType({})


def _write_text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<i", len(raw)) + raw


def _write_value(value: FrameValue) -> bytes:
    if value is None:
        return b"\0"
    if isinstance(value, str):
        return b"\1" + _write_text(value)
    if isinstance(value, Byte):
        return struct.pack("<BB", 2, value)
    if isinstance(value, int):
        return struct.pack("<Bq", 5, value)
    if isinstance(value, datetime):
        return struct.pack("<Bq", 6, (value - _EPOCH) // timedelta(milliseconds=1))
    return b"\7" + struct.pack("<i", len(value)) + value


def write_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    parts = [bytes((_VERSION, frame.kind))]
    for kind, number in ((_CODE, frame.code), (_FLAG, frame.flag)):
        if kind == _FLAG and frame.phrase is not None:
            parts.append(struct.pack("<h", _PHRASE) + _write_text(frame.phrase))
        if number is not None:
            parts.append(struct.pack("<hi", kind, number))
    if frame.token is not None:
        parts.append(struct.pack("<h", _TOKEN) + _write_text(frame.token))
    parts += [
        struct.pack("<h", _CUSTOM) + _write_text(name) + _write_value(value)
        for name, value in frame.custom.items()
    ]
    parts.append(struct.pack("<h", _END))
    return b"".join(parts)


class _Reader:
    """The bytes of a frame and how far they have been read."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes.  Raises BadFrame: there are not so many."""
        end = self.at + size
        if end > len(self.raw):
            raise BadFrame(f"还需要 {size} 字节", f"{size} more bytes are needed", self.at)
        taken, self.at = self.raw[self.at : end], end
        return taken

    def number(self, form: str) -> int:
        """Return the next number in a form of `struct`."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def blob(self) -> bytes:
        """Return bytes that follow their length.  Raises BadFrame: it is negative or too large."""
        size = self.number("<i")
        if size < 0:
            raise BadFrame(f"长度为负：{size}", f"a negative length: {size}", self.at - 4)
        return self.take(size)

    def text(self) -> str:
        """Return a string; a null one is empty.  Raises BadFrame: it is not UTF-8."""
        at = self.at
        try:
            return self.blob().decode()
        except UnicodeDecodeError:
            raise BadFrame("不是 UTF-8", "not UTF-8", at) from None

    def date(self) -> datetime | int:
        """Return an instant; as a number where it is no date of the calendar."""
        millis = self.number("<q")
        try:
            return _EPOCH + timedelta(milliseconds=millis)
        except OverflowError:
            return millis


_FORMATS: Mapping[int, Callable[[_Reader], FrameValue]] = MappingProxyType(
    {
        0: lambda reader: None,
        1: _Reader.text,
        2: lambda reader: Byte(reader.number("<B")),
        3: lambda reader: reader.number("<h"),
        4: lambda reader: reader.number("<i"),
        5: lambda reader: reader.number("<q"),
        6: _Reader.date,
        7: _Reader.blob,
    }
)


def _read_custom(reader: _Reader) -> tuple[str, FrameValue]:
    name = reader.text()
    form = reader.number("<B")
    if form not in _FORMATS:
        raise BadFrame(f"没有值格式 {form}", f"no value format {form}", reader.at - 1)
    return name, _FORMATS[form](reader)


def _headers(reader: _Reader) -> Iterator[int]:
    """Yield the type of each header until the end; the caller reads its body."""
    for _ in range(MAX_HEADERS):
        kind = reader.number("<h")
        if kind == _END:
            if reader.at < len(reader.raw):
                raise BadFrame("结束标记之后还有内容", "bytes after the end of headers", reader.at)
            return
        yield kind
    raise BadFrame(f"超过 {MAX_HEADERS} 个头", f"more than {MAX_HEADERS} headers", reader.at)


def read_frame(raw: bytes) -> Frame:
    """Return the frame in these bytes; the last of a repeated header counts.

    Raises:
        BadFrame: no frame of version 2, cut off, bytes after the end, an unknown header or format,
            more than MAX_FRAME_BYTES or MAX_HEADERS.
    """
    if len(raw) > MAX_FRAME_BYTES:
        raise BadFrame(f"超过 {MAX_FRAME_BYTES} 字节", f"above {MAX_FRAME_BYTES} bytes", len(raw))
    reader = _Reader(raw)
    version, kind = reader.number("<B"), reader.number("<B")
    if version != _VERSION:
        raise BadFrame(f"协议版本 {version}，只支持 2", f"version {version}, only 2 is spoken", 0)
    if kind not in tuple(FrameKind):
        raise BadFrame(f"没有消息类型 {kind}", f"no kind {kind}", 1)
    fixed: dict[int, int | str] = {}
    custom: dict[str, FrameValue] = {}
    for header in _headers(reader):
        if header == _CUSTOM:
            name, value = _read_custom(reader)
            custom[name] = value
        elif header in (_CODE, _FLAG):
            fixed[header] = reader.number("<i")
        elif header in (_PHRASE, _TOKEN):
            fixed[header] = reader.text()
        else:
            raise BadFrame(f"没有头类型 {header}", f"no header type {header}", reader.at - 2)
    return Frame(
        FrameKind(kind),
        flag=_number(fixed.get(_FLAG)),
        token=_text(fixed.get(_TOKEN)),
        code=_number(fixed.get(_CODE)),
        phrase=_text(fixed.get(_PHRASE)),
        custom=custom,
    )


def _number(value: int | str | None) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: int | str | None) -> str | None:
    return value if isinstance(value, str) else None
