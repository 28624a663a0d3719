"""Write status line and headers of a reply."""

from ..protocol.messages import Reply

__all__ = ["format_response_head"]

SAID_IDLE_SECONDS = 75  # pollers of a minute must not meet a connection that is just being closed
_KEEP = f"Connection: keep-alive\r\nKeep-Alive: timeout={SAID_IDLE_SECONDS}\r\n\r\n"
_CLOSE = "Connection: close\r\n\r\n"
_OWN_HEADERS = frozenset({"content-length", "connection", "transfer-encoding", "keep-alive"})


def format_response_head(reply: Reply, date: str, *, keep: bool) -> bytes:
    """Return status line and headers up to the empty line.

    The length is the body's; a reply without a body (to HEAD) may say the length that it would
    have.
    """
    lines = [f"HTTP/1.1 {reply.status}\r\n"]
    length = str(len(reply.body))
    has_server = False
    for name, value in reply.headers:
        lower = name.lower()
        if lower in _OWN_HEADERS:
            if lower == "content-length" and not reply.body:
                length = value
            continue
        has_server = has_server or lower == "server"
        lines.append(f"{name}: {value}\r\n")
    if not reply.status.startswith(("204", "304")):
        lines.append(f"Content-Length: {length}\r\n")
    if not has_server:
        lines.append("Server: tmall-mockserver\r\n")
    lines.append(f"Date: {date}\r\n")
    lines.append(_KEEP if keep else _CLOSE)
    return "".join(lines).encode("latin-1", "replace")
