"""Waits in real time for a client under test: for a move of the seller, for a call, for a state."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from math import inf
from typing import Any, Protocol

from ..api.methods import METHODS
from ..domain.durations import format_duration
from .model import MoveStep
from .rejection import REPLY_LOST
from .result import ScenarioAborted
from .step_calls import METHOD_OF_MOVE
from .target import ScenarioTarget, TargetReply, make_lost_reply
from .yaml_text import Node

__all__ = ["ClientWaiter", "Turn"]

_PAUSE_SECONDS = 0.02  # between two looks
_MAX_LISTED_CALLS = 1000
# A call that gives one of these tests the gateway itself, so the runner makes it.
_GATEWAY_PARAMETERS = ("app_key", "timestamp", "sign", "sign_method", "v", "format")


class Turn(Protocol):
    """The time in which a client under test acts."""

    def begin(self) -> None:
        """Let the client act."""
        ...

    def end(self) -> None:
        """Let the client do nothing."""
        ...

    def is_quiet(self) -> bool:
        """Return True if the client has nothing left to do."""
        ...


class _EndlessTurn:
    """The turn of a client that nobody holds and whose quiet nobody knows."""

    def begin(self) -> None:
        """Change nothing."""

    def end(self) -> None:
        """Change nothing."""

    def is_quiet(self) -> bool:
        return False


class ClientWaiter:
    """Real time as the runner reads and passes it.

    Remembers which events and calls steps have taken already.

    `now` gives seconds, `pause` passes them.  `longest` is how long a step of the seller may take,
    `total` how long everything together may.  `alive` says whether the client under test still
    runs.  `turn`, where a client is held between its turns, begins and ends with each wait.
    """

    def __init__(
        self,
        now: Callable[[], float],
        pause: Callable[[float], None],
        *,
        longest: timedelta = timedelta(seconds=10),
        alive: Callable[[], bool] = lambda: True,
        total: timedelta | None = None,
    ) -> None:
        self.now = now
        self._pause = pause
        self._longest = longest
        self._alive = alive
        self.turn: Turn | None = None
        self._taken_calls: set[str] = set()  # request ids
        self._taken_events: frozenset[int] = frozenset()
        self._saved_events: dict[str, frozenset[int]] = {}  # by snapshot
        self._total = total
        self._end = inf if total is None else now() + total.total_seconds()

    def require_time(self) -> None:
        """Do nothing as long as the time for everything together lasts.

        Raises:
            ScenarioAborted: it is up; names it.
        """
        if self._total is not None and self.now() >= self._end:
            time = format_duration(self._total)
            raise ScenarioAborted(
                f"场景的时间已用完(真实时间 {time})；减少步骤或重复",
                f"the scenario has used up its time, {time} of real time; use fewer steps",
            )

    def take_events(self, numbers: Iterable[int]) -> None:
        """Take events that are not the client's."""
        self._taken_events |= frozenset(numbers)

    def has_taken(self, number: int) -> bool:
        """Return True if a step has taken the event."""
        return number in self._taken_events

    def save(self, name: str) -> None:
        """Remember which events are taken, for the snapshot `name`."""
        self._saved_events[name] = self._taken_events

    def restore(self, name: str) -> None:
        """Forget the events since the snapshot or the beginning: their numbers come again."""
        self._taken_events = self._saved_events.get(name, frozenset())

    def wait_until(self, holds: Callable[[], bool], within: timedelta | None = None) -> bool:
        """Wait until `holds()` is true.

        Return False if it was not within the time, or the client ended.
        """
        if holds():
            return True
        end = min(self.now() + (within or self._longest).total_seconds(), self._end)
        turn = self.turn or _EndlessTurn()
        turn.begin()
        try:
            while not holds():
                if self.now() >= end or not self._alive() or turn.is_quiet():
                    return holds()
                self._pause(_PAUSE_SECONDS)
        finally:
            turn.end()
        return True

    def is_awaited(self, name: str, params: Mapping[str, Any]) -> bool:
        """Return True if a `call` step is the client's to make.

        A write without parameters of the gateway's own.
        """
        method = METHODS.get(name)
        return (
            method is not None
            and method.move is not None
            and not any(parameter in params for parameter in _GATEWAY_PARAMETERS)
        )

    def await_refusal(
        self, target: ScenarioTarget, step: MoveStep, dispute_id: str, refused: Node
    ) -> TargetReply:
        """Return the reply to the client's call that was refused, or that a fault took away.

        Raises:
            ScenarioAborted: not in time.
        """
        method = METHOD_OF_MOVE[step.move]
        if refused.value == REPLY_LOST:
            return self.await_call(target, method, dispute_id, outcome="")
        by_platform = isinstance(refused.value, int) and refused.value is not True
        outcome = "refused" if by_platform else "failed"
        return self.await_call(target, method, dispute_id, outcome=outcome)

    def await_move(self, target: ScenarioTarget, step: MoveStep, dispute_id: str) -> int:
        """Wait for the client's move.  Return the number of its event.

        Raises:
            ScenarioAborted: not in time.
        """
        name = step.move.name()
        numbers: list[int] = []

        def is_made() -> bool:
            events = target.ask("GET", "events", dispute_id=dispute_id)["items"]
            numbers[:] = [
                event["number"]
                for event in events
                if event["by"] == "seller"
                and event["move"] == name
                and event["number"] not in self._taken_events
            ]
            return bool(numbers)

        if not self.wait_until(is_made):
            raise self._make_timeout(f"{METHOD_OF_MOVE[step.move]} ({step.move.zh})")
        self._taken_events |= {numbers[0]}
        return numbers[0]

    def await_call(
        self,
        target: ScenarioTarget,
        method: str,
        dispute_id: str,
        within: timedelta | None = None,
        outcome: str = "ok",
    ) -> TargetReply:
        """Wait for a call with this outcome that no step has taken yet.

        Return its reply, from the journal.

        `outcome` is as in the journal; an empty one means a call whose reply a fault took away.

        Raises:
            ScenarioAborted: not in time.
        """
        criteria = {"method": method, "outcome": outcome, "dispute_id": dispute_id}
        filters = {name: value for name, value in criteria.items() if value}
        calls: list[Any] = []

        def is_made() -> bool:
            items = target.ask("GET", "requests", limit=_MAX_LISTED_CALLS, **filters)["items"]
            calls[:] = [
                item
                for item in reversed(items)
                if item["request_id"] not in self._taken_calls
                and (outcome or (item["fault"] and item["fault"]["lost"]))
            ]
            return bool(calls)

        if not self.wait_until(is_made, within):
            raise self._make_timeout(method)
        call = calls[0]
        self._taken_calls.add(call["request_id"])
        if not outcome:
            return make_lost_reply(call["fault"]["effect"], curl="")
        return TargetReply(call["reply"], error=bool(call["code"]), curl="")

    def _make_timeout(self, what: str) -> ScenarioAborted:
        if not self._alive():
            return ScenarioAborted(
                f"等不到 {what}：被测程序已经退出",
                f"{what} never came: the client under test has ended",
            )
        return ScenarioAborted(
            f"等不到被测程序的 {what}", f"the client under test did not call {what} in time"
        )
