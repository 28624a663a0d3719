"""What a page of the console is: its address and the function that answers."""

from collections.abc import Callable

from msgspec import Struct

from .visit import Answer, Visit

__all__ = ["MAX_FORM_BYTES", "Page"]

MAX_FORM_BYTES = 2 * 1024 * 1024


class Page(Struct, frozen=True):
    """A page or the target of a form; `path` stands below `/console/`, `<name>` is an argument.

    When the control API refuses what `run` asks for, the page `again` shows the reason; without
    it a page of its own does.  `max_form_bytes` bounds what a browser may send to it.
    """

    verb: str
    path: str
    run: Callable[[Visit], Answer]
    again: Callable[[Visit], Answer] | None = None
    max_form_bytes: int = MAX_FORM_BYTES
