"""Waiting in real time for a client under test: for a move of the seller, for a call, for a state."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from math import inf
from typing import Any

from ..api.methods import METHODS
from .model import MoveStep
from .rejection import LOST
from .signed_calls import METHOD_OF_MOVE
from .target import ScenarioTarget, TargetReply, lost_reply
from .yaml_text import Node

__all__ = ["ClientWaiter", "ScenarioAborted"]

_PAUSE = 0.02  # seconds between looks
_SYSTEM = ("app_key", "timestamp", "sign", "sign_method", "v", "format")


class ScenarioAborted(Exception):
    """The story cannot go on."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} ({en})")


class ClientWaiter:
    """Real time as the runner tells and passes it; remembers what it has seen of the client already.

    `alive` says whether the client under test still runs; `longest` is how long a step of the seller may take,
    `total` how long everything together may.
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
        self.now, self._pause, self._longest, self._alive = now, pause, longest, alive
        self._taken: set[str] = set()  # calls, by request id
        self._facts: frozenset[int] = frozenset()
        self._kept: dict[str, frozenset[int]] = {}
        self._end = inf if total is None else now() + total.total_seconds()

    @property
    def over(self) -> bool:
        """Whether the time for everything together is up."""
        return self.now() >= self._end

    def keep(self, name: str) -> None:
        """A snapshot was taken: restored, it has the facts that steps have taken until now."""
        self._kept[name] = self._facts

    def restore(self, name: str) -> None:
        """Facts since the snapshot, or since the beginning, are gone; their numbers come again."""
        self._facts = self._kept.get(name, frozenset())

    def until(self, holds: Callable[[], bool], within: timedelta | None = None) -> bool:
        """Whether it came to hold in time."""
        end = min(self.now() + (within or self._longest).total_seconds(), self._end)
        while not holds():
            if self.now() >= end or not self._alive():
                return holds()
            self._pause(_PAUSE)
        return True

    def awaits(self, method: str, params: Mapping[str, Any]) -> bool:
        """Whether a call of a story is the client's to make: a write that says nothing of the gateway itself."""
        known = METHODS.get(method)
        return (
            known is not None
            and known.move is not None
            and not any(name in params for name in _SYSTEM)
        )

    def for_refusal(
        self, stage: ScenarioTarget, step: MoveStep, dispute_id: str, refused: Node
    ) -> TargetReply:
        """The reply to the client's call of the seller's move, which was refused, or whose reply a fault lost.

        Raises:
            Broken: not in time.
        """
        if refused.value == LOST:
            return self.for_call(stage, METHOD_OF_MOVE[step.move], dispute_id, outcome="")
        by_platform = isinstance(refused.value, int) and refused.value is not True
        return self.for_call(
            stage,
            METHOD_OF_MOVE[step.move],
            dispute_id,
            outcome="refused" if by_platform else "failed",
        )

    def for_move(self, stage: ScenarioTarget, step: MoveStep, dispute_id: str) -> int:
        """The client has made the seller's move; the number of the fact that it left.

        Raises:
            Broken: not in time.
        """
        name, found = step.move.name(), [0]

        def moved() -> bool:
            events = stage.ask("GET", "events", dispute_id=dispute_id)["items"]
            fresh = [
                event
                for event in events
                if event["by"] == "seller"
                and event["move"] == name
                and event["number"] not in self._facts
            ]
            if fresh:
                found[0] = fresh[0]["number"]
                self._facts |= {found[0]}
            return bool(fresh)

        if not self.until(moved):
            raise self._overdue(f"{METHOD_OF_MOVE[step.move]} ({step.move.zh})")
        return found[0]

    def for_call(
        self,
        stage: ScenarioTarget,
        method: str,
        dispute_id: str,
        within: timedelta | None = None,
        outcome: str = "ok",
    ) -> TargetReply:
        """The client's call with this outcome that no step has taken yet, as the journal has it.

        Without an outcome, one whose reply a fault lost.

        Raises:
            Broken: not in time.
        """
        found: list[Any] = []
        given = {"method": method, "outcome": outcome, "dispute_id": dispute_id}
        filters = {name: value for name, value in given.items() if value}

        def called() -> bool:
            items = stage.ask("GET", "requests", limit=1000, **filters)["items"]
            fresh = [item for item in reversed(items) if item["request_id"] not in self._taken]
            found[:] = [
                item for item in fresh if outcome or (item["fault"] and item["fault"]["lost"])
            ]
            return bool(found)

        if not self.until(called, within):
            raise self._overdue(method)
        self._taken.add(found[0]["request_id"])
        if not outcome:
            return lost_reply(found[0]["fault"]["effect"], curl="")
        return TargetReply(found[0]["reply"], error=outcome == "refused", curl="")

    def _overdue(self, what: str) -> ScenarioAborted:
        if not self._alive():
            return ScenarioAborted(
                f"等不到 {what}：被测程序已经退出",
                f"{what} never came: the client under test has ended",
            )
        return ScenarioAborted(
            f"等不到被测程序的 {what}", f"the client under test did not call {what} in time"
        )
