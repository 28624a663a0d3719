"""What a write of the gateway works on: a bound query, and what may change the sandbox."""

from ..world.identity import App
from ..world.unit_of_work import UnitOfWork
from .query_context import QueryContext

__all__ = ["WriteContext"]


class WriteContext(QueryContext, frozen=True):
    """A bound write: what a query knows, the app that calls, and the open unit of work.

    Everything is changed by verbs of `work`, which cannot fail once a write has checked its
    arguments.  `warnings` go into the journal.
    """

    app: App
    work: UnitOfWork
    warnings: list[str]
