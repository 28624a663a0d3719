"""Open the port of a server, and return how many connections it may hold."""

import os
import socket

__all__ = ["MAX_CONNECTIONS", "CannotStart", "max_connections", "open_listener"]

MAX_CONNECTIONS = 8192


class CannotStart(Exception):
    """The address cannot be listened on, or the certificate cannot be used; says what to try."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} ({en})")


def max_connections() -> int:
    """Return how many connections are held at once: a part of the files this process may open."""
    try:
        import resource
    except ImportError:  # Windows: select() watches 512 sockets
        return 480
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(MAX_CONNECTIONS, files - 64, files * 3 // 4), files // 2, 4)


def open_listener(host: str, port: int) -> socket.socket:
    """Return a non-blocking socket that listens there; port 0 takes a free one.

    Raises:
        OSError, OverflowError: the address is taken or not ours, or is none.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address[0], port, *address[2:]))  # getaddrinfo cuts a port that is too large
        listener.listen(1024)
        listener.setblocking(False)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener
