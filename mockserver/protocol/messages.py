"""One HTTP message as plain values: what a door received, what it answers, how that leaves.

The gateway understands `Inbound` and makes `Reply`; the servers and the in-process transports turn
them into sockets, WSGI or function calls.  So a call can be answered without Flask and without a
socket.
"""

import re
from enum import Enum

from msgspec import Struct

from .request_flaws import RequestFlaw

__all__ = [
    "MAX_BODY_BYTES",
    "ConnectionEnd",
    "Delivery",
    "Inbound",
    "Reply",
    "SandboxBusy",
    "is_host",
]

MAX_BODY_BYTES = 8 * 1024 * 1024
_HOST = re.compile(r"[\w.\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)


def is_host(text: str) -> bool:
    """Return True if `text` can stand in an address: a name, an IPv4 or [IPv6], maybe a port."""
    return _HOST.fullmatch(text) is not None


class Inbound(Struct, frozen=True):
    """One request as it was received, before anything is understood.

    `query` is the raw query string without `?`.  `body` is None when it was longer than
    MAX_BODY_BYTES, or when the connection broke before all of it had come (`broken` is then True).
    `base_url` is the scheme and host under which the caller reaches this server, `requested_url` as
    the request named them; `gzip` is True when the caller accepts a compressed reply.  `remarks`
    are what makes the request no clean HTTP; they go into the journal.  `stopping` is True when the
    server stops before the call can be answered, `may_wait` False when whoever answers must not
    wait for a sandbox that is at work.  `batch` is True on the path of batches, whose calls stand
    between `separator`; `part` is True for one of them, whose sign was checked with its batch.
    """

    verb: str
    query: bytes = b""
    content_type: str = ""
    body: bytes | None = b""
    base_url: str = ""
    gzip: bool = False
    broken: bool = False
    remarks: tuple[RequestFlaw, ...] = ()
    requested_url: str = ""
    stopping: bool = False
    may_wait: bool = True
    batch: bool = False
    separator: str = ""
    part: bool = False


class SandboxBusy(Exception):
    """The sandbox that a call names is at work, and the call may not wait for it."""


class ConnectionEnd(Enum):
    """What happens to the connection after a reply."""

    KEEP_ALIVE = "keep-alive"
    CLOSE = "close"
    RESET = "reset"


class Delivery(Struct, frozen=True):
    """How a reply goes out when a planned fault disturbs it; else it goes out whole, at once.

    The door waits `wait_seconds`, then sends head and body in `pieces` that are spread evenly over
    `spread_seconds`.  Of the body only the first `truncate_at` bytes are sent (None: all), although
    Content-Length announces the whole.  With `no_response` not even a status line is sent.  Then
    the connection ends as `end` says.
    """

    wait_seconds: float = 0
    no_response: bool = False
    pieces: int = 1
    spread_seconds: float = 0
    truncate_at: int | None = None
    end: ConnectionEnd = ConnectionEnd.KEEP_ALIVE

    @property
    def loss(self) -> str:
        """Return how the caller loses the reply.

        `reset`, `closed`, `cut`, or "" if it arrives whole.
        """
        if self.end is ConnectionEnd.KEEP_ALIVE:
            return ""
        if self.end is ConnectionEnd.RESET:
            return "reset"
        return "closed" if self.no_response else "cut"


class Reply(Struct, frozen=True):
    """What the door sends; `delivery` says how, where a planned fault disturbs the sending."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    status: str = "200 OK"
    delivery: Delivery | None = None
