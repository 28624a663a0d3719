"""Bound the memory of all unfinished requests together, at the cost of those that hold most of it;
so with all replies that nobody reads.

A limit that refused whoever comes last would let a few clients, each with half of a large request,
keep everybody else out.
"""

from collections.abc import Callable

from .interfaces import HostedConnection

__all__ = ["ConnectionMemory"]


class ConnectionMemory:
    """The bytes that each connection keeps, `limit` of all together; `make_room` frees those of
    one."""

    def __init__(self, limit: int, make_room: Callable[[HostedConnection], None]) -> None:
        self._limit = limit
        self._make_room = make_room
        self._sizes: dict[HostedConnection, int] = {}
        self._total = 0

    def note(self, connection: HostedConnection, size: int) -> None:
        """Note what `connection` keeps now; above the limit those that keep most make room."""
        self.forget(connection)
        if not size:
            return
        self._sizes[connection] = size
        self._total += size
        if self._total > self._limit:
            self._drop_largest()

    def forget(self, connection: HostedConnection) -> None:
        """Note that `connection` keeps nothing any more."""
        self._total -= self._sizes.pop(connection, 0)

    def _drop_largest(self) -> None:
        """Have connections make room, of equally large ones the oldest first.

        A sixteenth of the limit becomes free, so that the connections need not be sorted for every
        newcomer.
        """
        largest_first = sorted(
            self._sizes, key=lambda connection: (-self._sizes[connection], connection.deadline)
        )
        for connection in largest_first:
            if self._total <= self._limit - self._limit // 16:
                break
            self._make_room(connection)
            self.forget(connection)
