"""The revision of a sandbox: one number that says whether anything in it is new.

A page that shows a sandbox asks for it every few seconds, so it must cost little, and it must be
the same in every worker process that looks at the same state.  So nothing is counted: the number is
a digest of what every change leaves behind.  Moves, openings, stock, rules and ageing are
operations; deadlines and robots make events; calls stand in the journal; a clock, faults, quotas,
rights and stubs are small and are read whole.  A sandbox that goes back to a snapshot has the
revision of that moment again, unless a call came since.

A running clock passes by itself and changes no revision until something comes due.
"""

from hashlib import blake2b

from .world import World

__all__ = ["compute_revision"]

_BYTES = 6  # 48 bits: exact in every JSON reader


def compute_revision(world: World) -> int:
    """Return the sandbox's revision, from 0 to 2^48 - 1, after all that is due has happened."""
    with world.unit_of_work() as work:
        view = work.view
        newest = view.newest_operation
        traces = (
            view.clock,
            view.last_event,
            view.exchange_count,
            view.operation_count,
            newest.number if view.operation_count == 1 and newest else newest,
            view.rules.to_dict(),
            view.robots,
            view.quotas,
            tuple(view.faults()),
            tuple(view.apps()),
            tuple(view.sessions()),
            tuple((method, view.stub(method)) for method in view.stubbed_methods()),
            tuple(view.stock()),
            view.channel_counts,
            world.journal.position,
            world.snapshot_names(),
        )
    return int.from_bytes(blake2b(repr(traces).encode(), digest_size=_BYTES).digest(), "big")
