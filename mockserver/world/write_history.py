"""The history of writes, from which an earlier state is restored for faults that look back.

Before each write the exchange that it changes is kept as it was, as long as some planned fault
looks back; `restore_earlier` puts what was kept into a copy of the state.
"""

from datetime import datetime
from itertools import islice, takewhile

from .state import Past, State

__all__ = ["remember", "restore_earlier"]

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


def restore_earlier(state: State, *, writes: int = 0, since: datetime | None = None) -> State:
    """Return a copy of the state before its last `writes` writes, or before all after `since`.

    `since` is an instant of inner time.
    """
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
