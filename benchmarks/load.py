"""The load generator: HTTP/1.1 keep-alive on raw sockets, one request in flight on each connection.

Its own process, so that its work is not the server's.  Reads one pickled `Job` from standard input
and writes a JSON `Measured`.  Every reply is looked at: one without `expected` in it counts as
wrong.
"""

import pickle
import selectors
import socket
import sys
import time
from itertools import cycle

import msgspec
from msgspec import Struct

__all__ = ["Job", "Measured"]

_HEAD = (
    b"POST /router/rest HTTP/1.1\r\nHost: %b:%d\r\nContent-Type: "
    b"application/x-www-form-urlencoded;charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n"
)


class Job(Struct, frozen=True):
    """What to send: the bodies in turn for `seconds`, or each of them once where `seconds` is 0."""

    port: int
    bodies: list[bytes]
    expected: bytes
    seconds: float = 0.0
    connections: int = 8


class Measured(Struct, frozen=True):
    """Replies, the seconds they took together, and quantiles of the latency in milliseconds."""

    replies: int
    wrong: int
    seconds: float
    p50: float
    p99: float


class Connection:
    """One socket; `began` is when its request in flight was sent."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0

    def send(self, request: bytes) -> None:
        """The request is on its way."""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def reply(self) -> bytes:
        """The whole reply; waits for the rest of one that came in pieces."""
        received = self.socket.recv(262_144)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            piece = self.socket.recv(262_144)
            if not piece:
                raise ConnectionError("the server closed in the middle of a reply")
            body += piece
        return body


def run(job: Job) -> Measured:
    """Send until the time is over or the bodies are used up, then wait for the replies."""
    requests = [_HEAD % (b"127.0.0.1", job.port, len(body)) + body for body in job.bodies]
    source = cycle(requests) if job.seconds else iter(requests)
    connections = [Connection(job.port) for _ in range(job.connections)]
    latencies, wrong = [], 0
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        began = time.perf_counter()
        until = began + job.seconds if job.seconds else float("inf")
        open_calls = 0
        for connection, request in zip(connections, source, strict=False):
            connection.send(request)
            open_calls += 1
        while open_calls:
            for key, _ in selector.select():
                connection = key.data
                body = connection.reply()
                now = time.perf_counter()
                latencies.append(now - connection.began)
                wrong += job.expected not in body
                request = next(source, b"") if now < until else b""
                if request:
                    connection.send(request)
                else:
                    open_calls -= 1
        took = time.perf_counter() - began
    for connection in connections:
        connection.socket.close()
    latencies.sort()
    p50, p99 = (latencies[int(len(latencies) * share)] * 1000 for share in (0.5, 0.99))
    return Measured(len(latencies), wrong, took, p50, p99)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(pickle.loads(sys.stdin.buffer.read()))))
