"""A sandbox's plan of faults: adding, changing and dropping them, and which one strikes a call.

Faults are asked in the order they were planned, and the first that strikes is the only one.  A call is counted by those
that were asked, under the world's lock, so counts are exact.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...api.methods import METHODS
from ..clock import within
from ..document import BadDocument
from .fault_kinds import Effect
from .fault_matching import (
    Fault,
    FaultCandidate,
    FaultCounters,
    FaultMatch,
    chance,
    read_fault,
    read_faults,
    serialize_fault,
)

if TYPE_CHECKING:
    from ..world import World

__all__ = ["FaultPlan"]

_AT_MOST = 1000


class FaultPlan:
    """The planned faults of one world; they live in its state, so that resets and snapshots bring them back."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def begin(self, given: Iterable[Mapping[str, object]]) -> None:
        """The faults of a world document are planned.

        Raises:
            BadDocument: names the fault by its place.
        """
        for place, raw in enumerate(given):
            try:
                self.add(raw)
            except BadDocument as wrong:
                raise BadDocument(f"faults[{place}].{wrong.field}", wrong.zh, wrong.en) from None

    def add(self, raw: object) -> list[Fault]:
        """The fault, or those of the set, asked after all that are planned already.

        Raises:
            BadDocument: one cannot be; none is planned.
        """
        world = self._world
        with world.lock:
            state = world._state
            fresh = [self._settled(fault) for fault in read_faults(raw, (*METHODS, *state.stubs))]
            if len(state.faults) + len(fresh) > _AT_MOST:
                raise BadDocument("fault", f"最多 {_AT_MOST} 个故障", f"at most {_AT_MOST} faults")
            fresh = [replace(fault, id=f"f{state.number('fault')}") for fault in fresh]
            state.faults |= {fault.id: fault for fault in fresh}
            if state.past is None:
                state.look_back()
            return fresh

    def change(self, id: str, patch: Mapping[str, object]) -> Fault | None:
        """The planned fault with the keys of `patch` laid over it, its counts kept; None where there is none.

        Raises:
            BadDocument: it cannot be so.
        """
        with self._world.lock:
            state = self._world._state
            fault = state.faults.get(id)
            if fault is None:
                return None
            if patch.get("fault", fault.kind) != fault.kind:
                raise BadDocument(
                    "fault",
                    f"{id} 是 {fault.kind}，种类不能改",
                    f"{id} is {fault.kind} and stays so",
                )
            changed = read_fault({**serialize_fault(fault), **patch}, (*METHODS, *state.stubs))
            state.faults[id] = replace(self._settled(changed), id=id)
            return state.faults[id]

    def drop(self, ids: Iterable[str] | None = None) -> int:
        """These faults, or all, are planned no longer; how many there were."""
        with self._world.lock:
            state = self._world._state
            gone = [
                each
                for each in (list(state.faults) if ids is None else ids)
                if each in state.faults
            ]
            for each in gone:
                del state.faults[each]
                state.fault_counters.pop(each, None)
            if state.past is not None and not any(
                fault.declared.looks_back for fault in state.faults.values()
            ):
                state.past = None
            return len(gone)

    def next_fault(self, asked: FaultCandidate) -> FaultMatch | None:
        """The fault that strikes a call; whoever was asked has counted it."""
        world = self._world
        with world.lock:
            state, real = world._state, world.directory.real()
            for fault in state.faults.values():
                if not fault.meets(asked) or (fault.until is not None and fault.until <= world.now):  # type: ignore[operator]  # an instant since it was planned
                    continue
                seed = f"{state.numbers['seed']}:{fault.id}"
                bans = int(fault.number("seconds")) if fault.declared.effect is Effect.BAN else 0
                if bans and (left := world.quota_counters.banned(fault.id, bans, real)):
                    return FaultMatch(fault, seed, left)
                tally = state.fault_counters.get(fault.id, FaultCounters())
                if fault.times is not None and tally.hits >= fault.times:
                    continue
                met = tally.met + 1
                struck = met > fault.after and (
                    fault.probability >= 1 or chance(f"{seed}:{met}") < fault.probability
                )
                state.fault_counters[fault.id] = FaultCounters(met, tally.hits + struck)
                if struck:
                    if bans:
                        world.quota_counters.ban(fault.id, bans, real)
                    return FaultMatch(fault, f"{seed}:{met}", bans)
            return None

    def shown(self) -> list[dict[str, object]]:
        """Every fault as users write it, with its id, what it has met and hit, and how many strikes are left."""
        with self._world.lock:
            return [self.show(fault) for fault in self._world._state.faults.values()]

    def show(self, fault: Fault) -> dict[str, object]:
        """One fault as `shown` gives it."""
        tally = self._world._state.fault_counters.get(fault.id, FaultCounters())
        left = None if fault.times is None else max(fault.times - tally.hits, 0)
        return {
            "id": fault.id,
            **serialize_fault(fault),
            "met": tally.met,
            "hits": tally.hits,
            "left": left,
        }

    def _settled(self, fault: Fault) -> Fault:
        """The fault with its session by label and its end as an instant."""
        world = self._world
        sessions = world._state.sessions.values()
        if fault.session:
            found = next(
                (each for each in sessions if fault.session in (each.label, each.nick, each.token)),
                None,
            )
            if found is None:
                labels = [
                    each.label for each in sessions
                ]  # what was given may be a token, which no error shows
                raise BadDocument(
                    "session",
                    f"没有这个会话；可用：{'、'.join(labels)}",
                    f"no such session; use: {', '.join(labels)}",
                )
            fault = replace(fault, session=found.label)
        if fault.until is None:
            return fault
        until: datetime = (
            world.now + fault.until if isinstance(fault.until, timedelta) else fault.until
        )
        if not within(until):
            raise BadDocument(
                "until", "超出独立环境能到的年份", "beyond the years that a sandbox can be in"
            )
        return replace(fault, until=until)
