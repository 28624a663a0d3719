"""A sandbox's plan of faults: which calls it disturbs, in which order, how often, with what chance.

The model.  A plan is a list of `Fault` values in the sandbox's state, each with its counters.  A
call that has passed all checks is a `FaultCandidate`; `match_fault` tries the faults in the order
in which they were planned, and the first that triggers is the only one that disturbs the call.  A
fault counts every call that it is tried on and that passes its filters; it triggers after `after`
such calls, at most `times` times, with its `probability`.

The plan is values, and these functions work on the state of an open unit of work: so counters are
exact under many threads, and a snapshot, a reset and a restore carry the plan along with everything
else.

Chance.  No random generator is kept: each draw is a digest of the sandbox's seed, the fault's id
and the number of calls met.  The same calls in the same order are disturbed in the same way, in
every process.

What reads show.  A fault never writes exchanges.  `moving_rows`, which lets a row change its page
while a client reads a list, only notes which later `modified` reads are to show
(`State.moved_rows`); the note goes when the exchange is really modified.  So a recorded scenario
leads to the same exchanges with and without it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ...api.methods import METHODS
from ..clock import is_reachable
from ..document import BadDocument
from ..quotas import QuotaCounters
from ..state import State
from .fault_matching import (
    Fault,
    FaultCandidate,
    FaultCounters,
    FaultMatch,
    MessageCandidate,
    chance,
    read_fault,
    read_faults,
    serialize_fault,
)
from .fault_types import Effect

__all__ = [
    "PlanContext",
    "change_fault",
    "drop_faults",
    "match_fault",
    "match_message",
    "plan_faults",
    "plan_from_document",
    "serialize_planned",
]

_MAX_FAULTS = 1000


class PlanContext(Struct, frozen=True):
    """What the plan works on: state, counters of bans, the machine's time and the sandbox's own."""

    state: State
    bans: QuotaCounters
    real: datetime
    now: datetime  # as users see it


def plan_from_document(context: PlanContext, documents: Iterable[Mapping[str, object]]) -> None:
    """Plan the faults of a world document.

    Raises:
        BadDocument: names the fault by its place.
    """
    for place, document in enumerate(documents):
        try:
            plan_faults(context, document)
        except BadDocument as wrong:
            raise BadDocument(f"faults[{place}].{wrong.field}", wrong.zh, wrong.en) from None


def plan_faults(context: PlanContext, document: object) -> list[Fault]:
    """Plan a fault, or those of a set, to be tried after all that are planned; return them with
    their ids.

    Raises:
        BadDocument: one cannot be; none is planned.
    """
    state = context.state
    faults = [_resolve(context, fault) for fault in read_faults(document, (*METHODS, *state.stubs))]
    if len(state.faults) + len(faults) > _MAX_FAULTS:
        raise BadDocument(
            "fault", f"最多 {_MAX_FAULTS} 个故障", f"at most {_MAX_FAULTS} faults", conflict=True
        )
    faults = [replace(fault, id=f"f{state.number('fault')}") for fault in faults]
    state.faults |= {fault.id: fault for fault in faults}
    if state.past is None:
        state.look_back()
    return faults


def change_fault(context: PlanContext, fault_id: str, patch: Mapping[str, object]) -> Fault | None:
    """Lay the keys of `patch` over a planned fault, keeping its counters; return None if there is
    none.

    Raises:
        BadDocument: it cannot be so.
    """
    state = context.state
    fault = state.faults.get(fault_id)
    if fault is None:
        return None
    if patch.get("fault", fault.kind) != fault.kind:
        raise BadDocument(
            "fault",
            f"{fault_id} 是 {fault.kind}，种类不能改",
            f"{fault_id} is {fault.kind} and stays so",
            conflict=True,
        )
    changed = read_fault({**serialize_fault(fault), **patch}, (*METHODS, *state.stubs))
    state.faults[fault_id] = replace(_resolve(context, changed), id=fault_id)
    return state.faults[fault_id]


def drop_faults(state: State, fault_ids: Iterable[str] | None = None) -> int:
    """Drop these faults, or all, with their counters; return how many there were."""
    chosen = list(state.faults) if fault_ids is None else fault_ids
    dropped = [fault_id for fault_id in chosen if fault_id in state.faults]
    for fault_id in dropped:
        del state.faults[fault_id]
        state.fault_counters.pop(fault_id, None)
    if state.past is not None and not any(
        fault.declared.looks_back for fault in state.faults.values()
    ):
        state.past = None
    return len(dropped)


def match_fault(context: PlanContext, candidate: FaultCandidate) -> FaultMatch | None:
    """Return the fault that disturbs the call, None if none does; count the call for each fault
    tried."""
    state = context.state
    for fault in state.faults.values():
        if _has_ended(fault, context.now) or not fault.matches(candidate):
            continue
        seed = f"{state.numbers['seed']}:{fault.id}"
        bans = int(fault.number("seconds")) if fault.declared.effect is Effect.BAN else 0
        if bans and (left := context.bans.seconds_banned(fault.id, bans, context.real)):
            return FaultMatch(fault, seed, left)
        drawn = _count(state, fault, seed)
        if drawn:
            if bans:
                context.bans.start_ban(fault.id, bans, context.real)
            return FaultMatch(fault, drawn, bans)
    return None


def match_message(state: State, candidate: MessageCandidate, now: datetime) -> Fault | None:
    """Return the fault that decides what becomes of a message, None if none does.

    The message counts for each fault tried, as a call does; `now` is as users see it.
    """
    for fault in state.faults.values():
        if _has_ended(fault, now) or not fault.matches_message(candidate):
            continue
        if _count(state, fault, f"{state.numbers['seed']}:{fault.id}"):
            return fault
    return None


def _has_ended(fault: Fault, now: datetime) -> bool:
    return fault.until is not None and fault.until <= now  # type: ignore[operator]  # an instant since it was planned


def _count(state: State, fault: Fault, seed: str) -> str:
    """Count one more for the fault; return the seed of its chances if it triggers, else ""."""
    counters = state.fault_counters.get(fault.id, FaultCounters())
    if fault.times is not None and counters.triggered >= fault.times:
        return ""
    calls = counters.calls + 1
    drawn = f"{seed}:{calls}"
    triggers = calls > fault.after and (fault.probability >= 1 or chance(drawn) < fault.probability)
    state.fault_counters[fault.id] = FaultCounters(calls, counters.triggered + triggers)
    return drawn if triggers else ""


def serialize_planned(fault: Fault, counters: FaultCounters) -> dict[str, object]:
    """Return a planned fault as users write it, with id, counters, and how often it can still
    trigger."""
    left = None if fault.times is None else max(fault.times - counters.triggered, 0)
    return {
        "id": fault.id,
        **serialize_fault(fault),
        "met": counters.calls,
        "hits": counters.triggered,
        "left": left,
    }


def _resolve(context: PlanContext, fault: Fault) -> Fault:
    """Return the fault with its session by label and its end as an instant.

    Raises:
        BadDocument: no such session, or an instant out of range.
    """
    sessions = context.state.sessions.values()
    if fault.session:
        session = next(
            (
                session
                for session in sessions
                if fault.session in (session.label, session.nick, session.token)
            ),
            None,
        )
        if session is None:
            # What was sent may be a token, which no error shows.
            labels = [session.label for session in sessions]
            raise BadDocument(
                "session",
                f"没有这个会话；可用：{'、'.join(labels)}",
                f"no such session; use: {', '.join(labels)}",
                missing=True,
            )
        fault = replace(fault, session=session.label)
    if fault.until is None:
        return fault
    until: datetime = (
        context.now + fault.until if isinstance(fault.until, timedelta) else fault.until
    )
    if not is_reachable(until):
        raise BadDocument(
            "until",
            "超出独立环境能到的年份",
            "beyond the years that a sandbox can be in",
            conflict=True,
        )
    return replace(fault, until=until)
