"""A client of the message channel as a test writes it: a socket, wsproto, and frames by hand.

The bytes are made and read here from docs/spec/top-protocol.md 7.4, not by the code under test.
"""

import hashlib
import socket
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Request

__all__ = ["TmcClient", "connect_sign", "encode", "fields_of"]


def connect_sign(secret: str, app_key: str, group: str, timestamp: str) -> str:
    """Return the sign of a CONNECT, as the documents describe it."""
    text = f"app_key{app_key}group_name{group}timestamp{timestamp}"
    return hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest().upper()


def _text(value: str) -> bytes:
    return struct.pack("<i", len(value.encode())) + value.encode()


def encode(kind: int, token: str = "", flag: int | None = None, **custom: Any) -> bytes:
    """Return a frame; `kind_byte` is the custom member `__kind`."""
    parts = [bytes((2, kind))]
    if flag is not None:
        parts.append(struct.pack("<hi", 4, flag))
    if token:
        parts.append(struct.pack("<h", 5) + _text(token))
    for name, value in custom.items():
        head = struct.pack("<h", 1) + _text("__kind" if name == "kind_byte" else name)
        if name == "kind_byte":
            body = bytes((2, value))
        elif isinstance(value, int):
            body = b"\5" + struct.pack("<q", value)
        else:
            body = b"\1" + _text(value)
        parts.append(head + body)
    return b"".join(parts) + b"\0\0"


def fields_of(raw: bytes) -> dict[str, Any]:
    """Return the members of a frame: `type`, `flag`, `token`, `code`, `phrase`, and the custom
    ones; a date is its milliseconds."""
    fields: dict[str, Any] = {"type": raw[1]}
    at = 2

    def number(form: str) -> int:
        nonlocal at
        [value] = struct.unpack_from("<" + form, raw, at)
        at += struct.calcsize("<" + form)
        return int(value)

    def text() -> str:
        nonlocal at
        size = number("i")
        at += size
        return raw[at - size : at].decode()

    while header := number("h"):
        if header == 1:
            name, form = text(), number("B")
            sizes = {2: "B", 3: "h", 4: "i", 5: "q", 6: "q"}
            fields[name] = text() if form == 1 else number(sizes[form])
        elif header in (3, 5):
            fields[{3: "phrase", 5: "token"}[header]] = text()
        else:
            fields[{2: "code", 4: "flag"}[header]] = number("i")
    assert at == len(raw)
    return fields


class TmcClient:
    """A connection to the message channel; frames that come are kept in their order."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self.socket = socket.create_connection((address.hostname, address.port), timeout)
        self.ws = WSConnection(ConnectionType.CLIENT)
        self.token = ""
        self.closed: tuple[int, str] | None = None
        self.head = b""
        self.socket.sendall(self.ws.send(Request(host=str(address.hostname), target="/")))
        self._events: Iterator[Any] = iter(())
        assert isinstance(self._next(), AcceptConnection)

    def __enter__(self) -> "TmcClient":
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def _next(self) -> Any:
        while True:
            for event in self._events:
                return event
            data = self.socket.recv(65536)
            self.head = self.head or data
            self.ws.receive_data(data or None)
            self._events = self.ws.events()

    def send(self, raw: bytes) -> None:
        """Send one binary frame."""
        self.socket.sendall(self.ws.send(BytesMessage(data=raw)))

    def receive(self) -> dict[str, Any]:
        """Return the members of the next frame, {} once the server has closed."""
        event = self._next()
        if isinstance(event, CloseConnection):
            self.closed = (event.code, event.reason or "")
            return {}
        assert isinstance(event, BytesMessage), event
        assert event.message_finished
        return fields_of(bytes(event.data))

    def connect(
        self, app_key: str, secret: str, group: str = "default", flag: int | None = 1, **more: Any
    ) -> dict[str, Any]:
        """Send CONNECT, return the answer, and keep its token."""
        timestamp = more.pop("timestamp", "1764384000000")
        sign = more.pop("sign", connect_sign(secret, app_key, group, timestamp))
        self.send(
            encode(
                0,
                flag=flag,
                app_key=app_key,
                group_name=group,
                timestamp=timestamp,
                sign=sign,
                sdk="test",
                **more,
            )
        )
        answer = self.receive()
        self.token = answer.get("token", "")
        return answer

    def pull(self) -> None:
        """Ask for what waits."""
        self.send(encode(2, self.token, kind_byte=1))

    def confirm(self, number: int) -> None:
        """Confirm a message."""
        self.send(encode(2, self.token, kind_byte=2, id=number))
