"""What one sandbox keeps: its state, journal, coverage, counters and snapshots, in memory.

The sandbox plays on this.  Where it has a place in a store too (`stored`), each unit of work begins
by reading what other processes wrote, and ends by writing what it changed: see stored_sandbox.py.
"""

from datetime import datetime
from threading import Lock, RLock

from ..domain.exchange import Event
from .coverage import Coverage
from .document import WorldDocument
from .due_events import run_due
from .faults.fault_plan import PlanContext
from .journal import Journal
from .quotas import QuotaCounters
from .robots import plan_application
from .save_and_resume import check_name, find_snapshot, resume, save
from .server_side import ServerSide
from .state import State
from .stored_sandbox import Parts, StoredSandbox
from .unit_of_work import HeldSandbox, UnitOfWork
from .view import WorldView
from .world_factory import keep_credentials, to_clock

__all__ = ["SandboxMemory"]


class SandboxMemory:
    """The parts of one sandbox, and the states that are saved of it."""

    document: WorldDocument
    coverage: Coverage
    snapshots: dict[str, State]
    view: WorldView
    quota_counters: QuotaCounters
    _state: State
    _baseline: State

    def __init__(self, directory: ServerSide, id: str, journal: Journal) -> None:
        self.directory, self.id, self.journal = directory, id, journal
        self.lock, self._playing = RLock(), Lock()
        self.stored: StoredSandbox | None = None
        self._unit = UnitOfWork(self)

    def parts(self) -> Parts:
        """Return everything that lasts, as it is now."""
        return Parts(
            self.document,
            self._state,
            self._baseline,
            self.snapshots,
            self.coverage,
            self.quota_counters,
            self.journal,
        )

    def take(self, parts: Parts) -> None:
        """Go on with these parts; the journal stays the same one."""
        self.document, self.coverage = parts.document, parts.coverage
        self._state, self._baseline = parts.state, parts.baseline
        self.view, self.snapshots = WorldView(parts.state), parts.snapshots
        self.quota_counters = parts.quota_counters

    def refresh(self) -> None:
        """Read what other processes have written; without a store nothing.

        Raises:
            StoreUnavailable, SandboxGone.
        """
        if self.stored is not None:
            with self.lock:
                self.stored.refresh()

    def begin_playing(self) -> bool:
        """Return True if no other scenario is played in the sandbox, in any process; see
        `end_playing`."""
        if not self._playing.acquire(blocking=False):
            return False
        try:
            if self.stored is None or self.stored.lease():
                return True
        except BaseException:
            self._playing.release()
            raise
        self._playing.release()
        return False

    def end_playing(self) -> None:
        """Let the next scenario be played."""
        try:
            if self.stored is not None:
                self.stored.release()
        finally:
            self._playing.release()

    @property
    def now(self) -> datetime:
        """The sandbox's now as users see it, in whole seconds."""
        return self._state.clock.outer(self.directory.real())

    def unit_of_work(self) -> UnitOfWork:
        """Return the context in which one call reads and writes; see unit_of_work.py."""
        return self._unit

    def held(self) -> HeldSandbox:
        """Return the context of a unit of work in which nothing that is due happens."""
        return HeldSandbox(self._unit)

    def clear_journal(self) -> None:
        """Delete all journal entries."""
        with self.held():
            self.journal.clear()

    def clear_coverage(self) -> None:
        """Set all counts of the coverage to zero."""
        with self.held():
            self.coverage.clear()

    def run_until_now(self) -> datetime:
        """Run all that is due by now and return the inner now; only with the lock held."""
        now = self._state.clock.inner(self.directory.real())
        self._fire(now)
        return now

    def _fire(self, now: datetime, earliest: datetime | None = None) -> list[Event]:
        """Let happen what is due by `now` and count it; return the events in order."""
        fired = run_due(self._state, now, earliest)
        for event in fired:
            self.coverage.add_move(self._state.exchanges[event.dispute_id].ruleset, event)
        return fired

    def plan_context(self) -> PlanContext:
        """Return what the fault plan works on; for who holds the open unit of work."""
        real = self.directory.real()
        return PlanContext(self._state, self.quota_counters, real, self._state.clock.outer(real))

    def snapshot(self, name: str, state: State | None = None) -> State:
        """Keep `state`, or the present one, under `name`, and return it.

        Raises:
            BadDocument: not a name.
        """
        with self.unit_of_work():
            self.snapshots[check_name(name)] = self._saved() if state is None else state
            return self.snapshots[name]

    def find_snapshot(self, name: str) -> State | None:
        """Return the snapshot kept under `name`, to be passed on as it is."""
        return self.snapshots.get(name)

    def snapshot_names(self) -> list[str]:
        """Return the names of the snapshots, sorted."""
        with self.held():
            return sorted(self.snapshots)

    def delete_snapshot(self, name: str) -> bool:
        """Delete the snapshot `name`; return False if there was none."""
        with self.held():
            return self.snapshots.pop(name, None) is not None

    def restore(self, name: str) -> None:
        """Go back to the state that a snapshot kept; callers keep their tokens.

        A frozen clock shows what it showed; a running one runs as far from the machine's as it did,
        with everything as old as it was.

        Raises:
            BadDocument: no such snapshot; lists those there are.
        """
        with self.held():
            saved = find_snapshot(self.snapshots, name)
            self._replace_state(resume(saved, self.directory.real(), None))
            self.journal.mark_replaced()

    def reset(self, *, empty: bool = False) -> None:
        """Go back to the sandbox as it was made and empty the journal.

        With `empty` it has no goods, buyers, trades and exchanges.
        """
        with self.held():
            real = self.directory.real()
            start = None if self.document.clock is None else to_clock(self.document.clock, real).at
            fresh = resume(self._baseline, real, start)
            if empty:
                fresh.clear()
                plan_application(fresh, fresh.clock.at)
            self._replace_state(fresh)
            self.journal.clear()

    def _replace_state(self, fresh: State) -> None:
        """Make `fresh` the state: readers see all of the old one or all of the new."""
        keep_credentials(fresh, self._state)
        self._state, self.view = fresh, WorldView(fresh)
        self.quota_counters = QuotaCounters(self.now, self.directory.real())
        self._unit.now = fresh.clock.inner(self.directory.real())

    def _saved(self) -> State:
        """Return a copy of the state whose clock is anchored at this instant, with the coverage."""
        return save(self._state, self.directory.real(), self.coverage.counts())
