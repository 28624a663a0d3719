"""What the possible steps depend on, and what a possible step is."""

from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile
from typing import Any

from msgspec import Struct

from ...domain.errors import DomainError
from ...domain.exchange import Exchange
from ...domain.moves import LeaveMessage, Move
from ...domain.table import FINAL_STATUSES, Row
from ...domain.vocabulary import Actor
from ...world.world import World

__all__ = ["Option", "OptionKey", "Options", "StepContext", "StepDocument"]

StepDocument = dict[str, Any]
OptionKey = tuple[str | int, ...]  # the kind first


class Option(Struct, frozen=True):
    """A step that is possible, and the name of the row that it takes, if it takes one."""

    step: StepDocument
    row: str = ""


Options = Iterator[tuple[OptionKey, Option]]


class StepContext(Struct, frozen=True, kw_only=True):
    """What the options depend on.

    `names` are the exchanges' names by dispute id, in the order of opening; `plays` the parties and
    things that the machine plays; `max_open` how many exchanges may be open; `quiet_rounds` the
    client's rounds since anything happened; `ages` whether data gets older where time would
    advance; `rows_taken` the rows of this run; `preferred_rows` all rows in the order in which the
    run prefers them.
    """

    world: World
    names: Mapping[int, str]
    plays: tuple[str, ...]
    max_open: int
    quiet_rounds: int
    ages: bool
    rows_taken: Collection[str]
    preferred_rows: tuple[Row, ...]

    @property
    def open_exchanges(self) -> list[Exchange]:
        """The exchanges that have not ended, in the order of opening."""
        exchanges = (self.world.view.exchange(dispute_id) for dispute_id in self.names)
        return [exchange for exchange in exchanges if exchange.status not in FINAL_STATUSES]

    def find_row(self, exchange: Exchange, move: Move, by: Actor) -> str:
        """Return the name of the row that a move would take now; empty if it is not possible."""
        at = self.world.view.clock.inner(self.world.directory.real())
        try:
            return self.world.view.evaluate(exchange, move, role=by.main_role, at=at).outcome.rule
        except DomainError:
            return ""

    def has_written(self, exchange: Exchange, actor: Actor) -> bool:
        """Return True if the actor has left a message in this status.

        Another one would change nothing.
        """
        events = self.world.view.timeline(exchange.dispute_id)
        status = exchange.status
        in_this_status = takewhile(
            lambda event: event.source is event.target is status, reversed(events)
        )
        return any(
            event.move == LeaveMessage.name() and event.role.actor is actor
            for event in in_this_status
        )
