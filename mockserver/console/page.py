"""What a page of the console is: its address and the function that answers."""

from collections.abc import Callable

from msgspec import Struct

from .visit import Answer, Visit

__all__ = ["Page"]


class Page(Struct, frozen=True):
    """A page or the target of a form; `path` stands below `/console/`, `<name>` is an argument.

    When the control API refuses what `run` asks for, the page `again` shows the reason; without
    it a page of its own does.
    """

    verb: str
    path: str
    run: Callable[[Visit], Answer]
    again: Callable[[Visit], Answer] | None = None
