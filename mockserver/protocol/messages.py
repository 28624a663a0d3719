"""One HTTP message as plain values: what a door received, what it answers, and how the answer leaves.

The gateway understands `Inbound` and makes `Reply`; the servers and the in-process transports turn
them into sockets, WSGI or function calls.  So a call can be answered without Flask and without a socket.
"""

from msgspec import Struct

__all__ = ["MAX_BODY_BYTES", "Delivery", "Inbound", "Reply"]

MAX_BODY_BYTES = 8 * 1024 * 1024


class Inbound(Struct, frozen=True):
    """One request as it was received, before anything is understood.

    `query` is the raw query string without `?`.  `body` is None when it was longer than MAX_BODY_BYTES,
    or when the connection broke before all of it had come (`broken` is then True).  `base_url` is the
    scheme and host that the caller used; `gzip` is True when the caller accepts a compressed reply.
    """

    verb: str
    query: bytes = b""
    content_type: str = ""
    body: bytes | None = b""
    base_url: str = ""
    gzip: bool = False
    broken: bool = False


class Delivery(Struct, frozen=True):
    """How a reply goes out when a planned fault disturbs it.

    The reply waits `wait` seconds, then leaves in `pieces` pieces over `over` seconds; only the first
    `bytes` bytes of the body are sent (None: all of them).  Then the connection ends as `end` says:
    "close", "reset", or "" to keep it open.  Nothing at all is sent when `silent` is True.
    """

    wait: float = 0
    silent: bool = False
    pieces: int = 1
    over: float = 0
    bytes: int | None = None
    end: str = ""

    @property
    def lost(self) -> str:
        """Return how a transport reports the loss: reset, closed, cut, or "" if the reply arrives."""
        if not self.end or self.end == "reset":
            return self.end
        return "closed" if self.silent else "cut"


class Reply(Struct, frozen=True):
    """What a door sends; `sending` says how it leaves when a planned fault disturbs it."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    status: str = "200 OK"
    sending: Delivery | None = None
