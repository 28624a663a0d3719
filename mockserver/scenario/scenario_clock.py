"""The story's time: advancing, ageing, and the story's instants where the sandbox stands at another now.

Instants that the story names are moved by the distance.  A client under test polls by its machine's clock,
so its sandbox stays at the real now and data gets older instead of time advancing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..domain.durations import format_duration, parse_duration
from ..protocol.shapes import read_time, show_time
from ..world.clock import FROZEN_AT
from .client_waiter import ScenarioAborted
from .target import ScenarioTarget
from .yaml_text import Node

__all__ = ["ScenarioClock"]


class ScenarioClock:
    """How a story's time and its sandbox's time stand to each other."""

    def __init__(
        self, stage: ScenarioTarget, given: Mapping[str, Any], *, shifted: bool, ages: bool
    ) -> None:
        self._stage, self._shifts, self._ages = stage, shifted, ages
        clock = given.get("clock")
        self._start = (
            read_time((clock.get("now") if isinstance(clock, dict) else clock) or FROZEN_AT)
            if shifted
            else None
        )
        self._distance = self._begin()
        self._begun, self._kept = self._distance, dict[str, timedelta]()

    def _begin(self) -> timedelta:
        return timedelta() if self._start is None else self._now() - self._start

    def _now(self) -> datetime:
        now = read_time(self._stage.ask("GET", "clock", limit=0)["now"])
        assert now is not None
        return now

    def shifted(self, node: Node) -> Node:
        """The tree with the story's instants as the sandbox has them."""
        if not self._shifts:
            return node
        if isinstance(node.value, dict):
            return Node(
                {key: self.shifted(each) for key, each in node.value.items()},
                node.line,
                node.column,
                node.keys,
            )
        if isinstance(node.value, tuple):
            return Node(tuple(self.shifted(each) for each in node.value), node.line, node.column)
        instant = read_time(node.value) if isinstance(node.value, str) else None
        try:
            return (
                node
                if instant is None
                else Node(show_time(instant + self._distance), node.line, node.column)
            )
        except OverflowError:  # beyond all dates, so it can be no instant of the sandbox either
            return node

    def keep(self, name: str) -> None:
        """A snapshot was taken now."""
        self._kept[name] = self._distance

    def restore(self, name: str) -> None:
        """The sandbox shows what it showed at the snapshot, or at the beginning: a story's own, or long before its guest's."""
        self._distance = (
            self._kept[name] if name in self._kept else self._begun if self._ages else self._begin()
        )

    def go(self, by: str, *, age: bool, dispute_id: str) -> None:
        """Time passes by a duration, to an instant, to the next deadline, or to the exchange's.

        Raises:
            Broken: it is none of these, the instant has passed, or no deadline is coming.
        """
        if not (age or self._ages):
            target = (
                {"to": f"deadline:{dispute_id}" if by == "deadline" else by}
                if self._is_target(by)
                else {"by": by}
            )
            self._stage.ask("POST", "clock/advance", target)
            return
        span = self._span(by, dispute_id)
        self._stage.ask("POST", "clock/age", {"by": format_duration(span)})
        if not age:
            self._distance -= span  # the story's now moved on, the sandbox's did not

    def _is_target(self, by: str) -> bool:
        return by in ("next", "deadline") or read_time(by) is not None

    def _span(self, by: str, dispute_id: str) -> timedelta:
        if not self._is_target(by):
            try:
                return parse_duration(by)
            except ValueError as wrong:  # what a reference has led to
                raise ScenarioAborted(str(wrong), f"no duration: {by}") from None
        if by == "next":
            deadlines = self._stage.ask("GET", "clock", limit=1)["deadlines"]
            to = deadlines[0]["at"] if deadlines else None
        else:
            to = (
                self._stage.ask("GET", f"exchanges/{dispute_id}")["deadline"]
                if by == "deadline"
                else by
            )
        instant = read_time(to or "")
        if instant is None:
            raise ScenarioAborted("没有将到期的时限", "no deadline is coming")
        span = instant - self._now()
        if span < timedelta():
            raise ScenarioAborted(f"时刻 {to} 已过", f"{to} has passed")
        return span
