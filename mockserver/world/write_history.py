"""What a sandbox was some writes ago: kept only while a planned fault looks back.

Before each write the exchange it is about to change is kept as it was; going back puts these into a
copy.
"""

from datetime import datetime
from itertools import islice, takewhile

from .state import Past, State

__all__ = ["earlier", "remember"]

_MAX_WRITES = 1000  # that are kept; the oldest go first


def remember(state: State, dispute_id: int, at: datetime) -> None:
    """Keep the exchange as it is before it is written, where a planned fault looks back."""
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
    if len(past) > _MAX_WRITES:
        del past[next(iter(past))]


def earlier(state: State, *, writes: int = 0, since: datetime | None = None) -> State:
    """Return a copy of the state before its last `writes` writes, or before all after `since`
    (inner)."""
    newest = reversed((state.past or {}).values())
    undone = (
        islice(newest, writes) if since is None else takewhile(lambda past: past.at > since, newest)
    )
    copy = state.copy()
    for past in undone:
        if past.exchange is None:
            copy.drop(past.dispute_id)
        else:
            copy.put(past.exchange)
            copy.events[past.dispute_id], copy.messages[past.dispute_id] = (
                past.events,
                past.messages,
            )
    return copy
