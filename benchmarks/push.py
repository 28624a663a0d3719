"""Measure how fast the message port pushes to many clients, beside a bare server that only writes.

    python -m benchmarks.push [MESSAGES] [CLIENTS]

MESSAGES (default 20,000) wait in the queue of one app before CLIENTS (default 200) connect; each
client confirms what it gets.  The time runs from the first connection to the last message.  The
bare server accepts the same connections and writes as many frames of the same size, without queue,
state or confirmations.  Clients and server share one process, so that the clients cost much of the
time: quote the ratio.  The goal for pushes a second is meant for two cores of their own.
"""

import asyncio
import json
import struct
import sys
from contextlib import suppress
from time import perf_counter
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, Request

from mockserver import Server
from mockserver.protocol.signing import sign
from mockserver.push.frames import Byte, Frame, FrameKind, read_frame, write_frame

from .verdict import at_least, note

GOAL = 5_000.0  # pushes a second
LIMIT_SECONDS = 120.0
_PAYLOAD = 300  # bytes of a frame of the bare server, as those of ours have
_AT_ONCE = 50  # that tmc.messages.produce takes


class _Client(asyncio.Protocol):
    """A client: connects, confirms each message, and tells `got` of it."""

    def __init__(self, connect: bytes, got: "asyncio.Queue[int]") -> None:
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._connect, self._got = connect, got
        self._parts: list[bytes] = []  # of a message that arrives in pieces
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._ws.send(Request(host="127.0.0.1", target="/")))

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._ws.receive_data(data)
        for event in self._ws.events():
            if isinstance(event, AcceptConnection):
                self._transport.write(self._ws.send(BytesMessage(data=self._connect)))
            elif isinstance(event, BytesMessage):
                self._parts.append(bytes(event.data))
                if event.message_finished:
                    self._take(b"".join(self._parts))
                    self._parts.clear()

    def _take(self, raw: bytes) -> None:
        assert self._transport is not None
        if raw[:1] != b"\x02":  # a frame of the bare server
            self._got.put_nowait(struct.unpack_from("<q", raw, 1)[0])
            return
        frame = read_frame(raw)
        number = frame.custom.get("id")
        if frame.kind is FrameKind.SEND and isinstance(number, int):
            self._got.put_nowait(number)
            confirm = Frame(
                FrameKind.SEND, token=frame.token, custom={"__kind": Byte(2), "id": number}
            )
            self._transport.write(self._ws.send(BytesMessage(data=write_frame(confirm))))


class _Bare(asyncio.Protocol):
    """A server that writes `share` frames to whoever sends one."""

    def __init__(self, share: int) -> None:
        self._ws = WSConnection(ConnectionType.SERVER)
        self._share = share
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._ws.receive_data(data)
        for event in self._ws.events():
            if isinstance(event, Request):
                self._transport.write(self._ws.send(AcceptConnection()))
            elif isinstance(event, BytesMessage):
                for number in range(self._share):
                    frame = b"\x00" + struct.pack("<q", number) + bytes(_PAYLOAD)
                    self._transport.write(self._ws.send(BytesMessage(data=frame)))


async def _receive(port: int, connect: bytes, messages: int, clients: int) -> float:
    """Return the messages a second that so many clients get."""
    loop, got = asyncio.get_running_loop(), asyncio.Queue[int]()
    began = perf_counter()
    transports = [
        (await loop.create_connection(lambda: _Client(connect, got), "127.0.0.1", port))[0]
        for _ in range(clients)
    ]
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            for _ in range(messages):
                await got.get()
        return messages / (perf_counter() - began)
    finally:
        for transport in transports:
            transport.abort()


async def _measure_bare(messages: int, clients: int) -> float:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Bare(messages // clients), "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        return await _receive(port, b"go", messages // clients * clients, clients)
    finally:
        server.close()


def _measure_ours(messages: int, clients: int) -> float:
    with Server(tmc_port=0) as server:
        box = server.sandbox()
        many = json.dumps([{"topic": "many", "content": "{}"}] * _AT_ONCE)
        for _ in range(messages // _AT_ONCE):
            box.client().call("taobao.tmc.messages.produce", messages=many)
        fields = {"app_key": box.app_key, "group_name": "default", "timestamp": "1764384000000"}
        custom = {**fields, "sign": sign(fields, box.app_secret), "sdk": "benchmark"}
        connect = write_frame(Frame(FrameKind.CONNECT, flag=1, custom=custom))
        port = urlsplit(box.tmc_url).port
        assert port is not None
        with suppress(KeyboardInterrupt):
            return asyncio.run(_receive(port, connect, messages, clients))
        return 0.0


def main() -> None:
    """Print pushes a second, and how much slower than the bare server that is."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    ours, bare = [], []
    for _ in range(3):
        bare.append(asyncio.run(_measure_bare(messages, clients)))
        ours.append(_measure_ours(messages - messages % _AT_ONCE, clients))
    at_least(f"pushes/s, {clients} clients", ours, GOAL, unit="/s")
    note(
        "a bare server's frames over our pushes",
        [other / mine for mine, other in zip(ours, bare, strict=True)],
        "x",
    )


if __name__ == "__main__":
    main()
