"""What a sandbox was some writes ago: kept only while a planned fault looks back.

Before each write the exchange it is about to change is kept as it was; going back puts these into a copy.
"""

from datetime import datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from ..domain.exchange import Event, Exchange, Message

if TYPE_CHECKING:
    from .state import State

__all__ = ["Past", "earlier", "remember"]

_KEPT = 1000  # writes, the oldest go first


class Past(Struct, frozen=True):
    """An exchange as it was before the write at `at` (inner); None where that write made it."""

    at: datetime
    dispute_id: int
    exchange: Exchange | None
    events: tuple[Event, ...]
    messages: tuple[Message, ...]


def remember(state: "State", dispute_id: int, at: datetime) -> None:
    """Keeps the exchange as it is, where a planned fault looks back; for who is about to write it."""
    past = state.past
    if past is None:
        return
    exchange = state.exchanges.get(dispute_id)
    past[next(reversed(past), 0) + 1] = Past(
        at,
        dispute_id,
        None if exchange is None else state.as_read(exchange),
        state.events.get(dispute_id, ()),
        state.messages.get(dispute_id, ()),
    )
    if len(past) > _KEPT:
        del past[next(iter(past))]


def earlier(state: "State", *, writes: int = 0, since: datetime | None = None) -> "State":
    """A copy of the state as it was before the last `writes` writes, or before all that came after `since` (inner)."""
    newest = reversed((state.past or {}).values())
    undone = (
        islice(newest, writes) if since is None else takewhile(lambda each: each.at > since, newest)
    )
    twin = state.copy()
    for each in undone:
        if each.exchange is None:
            twin.drop(each.dispute_id)
        else:
            twin.put(each.exchange)
            twin.events[each.dispute_id], twin.messages[each.dispute_id] = (
                each.events,
                each.messages,
            )
    return twin
