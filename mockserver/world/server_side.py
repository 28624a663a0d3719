"""What a sandbox needs of the server that holds it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from ..domain.table_index import TableIndex

__all__ = ["ServerSide"]


class ServerSide(Protocol):
    """The computer's clock, the table of moves, and numbers that no other sandbox has.

    `published` is called with a sandbox's id, without its lock, when its message channel may have
    something new to send.
    """

    real: Callable[[], datetime]
    table: TableIndex
    published: Callable[[str], None]

    def number(self) -> int:
        """Return a number that no other sandbox of the server was made with."""
        ...

    def adopt(self, sandbox: str, tokens: Iterable[str], gone: Iterable[str] = ()) -> None:
        """Let calls with tokens that were issued find the sandbox of this id; forget `gone`."""
        ...
