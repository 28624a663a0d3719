"""A scenario's time against its sandbox's time.

A scenario names instants; the sandbox it runs in may stand at another now (an old sandbox, or the
real now of a client under test, which goes by its computer's clock).  So each instant that the
scenario names is moved by the *distance*, the sandbox's now less the scenario's now.  For a client
under test time never advances: data gets older instead, and the distance shrinks by as much.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..domain.durations import format_duration, parse_duration
from ..protocol.shapes import format_time, is_epoch_seconds, parse_epoch, parse_time
from ..world.clock import FROZEN_AT
from .result import ScenarioAborted
from .step_calls import names_an_instant
from .step_executor import StepExecutor
from .yaml_text import Node

__all__ = ["ScenarioClock"]


class ScenarioClock:
    """The distance between both times; `ages` makes data older where time would advance."""

    def __init__(
        self, executor: StepExecutor, world: Mapping[str, Any], *, shifted: bool, ages: bool
    ) -> None:
        self._executor = executor
        self._target = executor.target
        self._shifted = shifted
        self._ages = ages
        clock = world.get("clock")
        now = (clock.get("now") if isinstance(clock, dict) else clock) or FROZEN_AT
        self._start = parse_time(now) if shifted else None
        self._distance = self._measure_distance()
        self._first_distance = self._distance
        self._saved: dict[str, timedelta] = {}  # distance by snapshot

    def shift(self, node: Node) -> Node:
        """Return the tree with the scenario's instants as the sandbox has them."""
        if not self._shifted:
            return node
        if isinstance(node.value, dict):
            members = {
                key: self._shift_epoch(member) if key == "timestamp" else self.shift(member)
                for key, member in node.value.items()
            }
            return Node(members, node.line, node.column, node.keys)
        if isinstance(node.value, tuple):
            return Node(tuple(self.shift(item) for item in node.value), node.line, node.column)
        instant = parse_time(node.value) if isinstance(node.value, str) else None
        if instant is None:
            return node
        try:
            return Node(format_time(instant + self._distance), node.line, node.column)
        except OverflowError:  # beyond all dates, so it can be no instant of the sandbox either
            return node

    def _shift_epoch(self, node: Node) -> Node:
        """Return a call's `timestamp` as the sandbox has it: seconds, milliseconds or a text."""
        text = node.value if isinstance(node.value, str) else ""
        if parse_epoch(text) is None:
            return self.shift(node)
        units = 1 if is_epoch_seconds(text) else 1000
        shifted = int(text) + int(self._distance.total_seconds()) * units
        return Node(str(shifted), node.line, node.column)

    def save(self, name: str) -> None:
        """Remember the distance for the snapshot `name`."""
        self._saved[name] = self._distance

    def restore(self, name: str) -> None:
        """Take the distance of the snapshot, or of the beginning.

        A shared sandbox may begin anywhere.
        """
        if name in self._saved:
            self._distance = self._saved[name]
        else:
            self._distance = self._first_distance if self._ages else self._measure_distance()

    def pass_time(self, by: str, *, age: bool, dispute_id: str) -> None:
        """Let time pass, or data get older, by a duration or to an instant or deadline.

        Raises:
            ScenarioAborted: `by` is none of these, the instant has passed, or no deadline is
            coming.
        """
        if not (age or self._ages):
            to = f"deadline:{dispute_id}" if by == "deadline" else by
            self._executor.change_sandbox("advance", to)
            return
        span = self._measure_span(by, dispute_id)
        self._executor.change_sandbox("age", format_duration(span))
        if not age:
            self._distance -= span  # the scenario's now moved on, the sandbox's did not

    def _measure_distance(self) -> timedelta:
        return timedelta() if self._start is None else self._read_now() - self._start

    def _read_now(self) -> datetime:
        now = parse_time(self._target.ask("GET", "clock", limit=0)["now"])
        assert now is not None
        return now

    def _measure_span(self, by: str, dispute_id: str) -> timedelta:
        if not names_an_instant(by):
            try:
                return parse_duration(by)
            except ValueError as error:  # what a reference has led to
                raise ScenarioAborted(str(error), f"no duration: {by}") from None
        if by == "next":
            deadlines = self._target.ask("GET", "clock", limit=1)["deadlines"]
            to = deadlines[0]["at"] if deadlines else None
        elif by == "deadline":
            to = self._target.ask("GET", f"exchanges/{dispute_id}")["deadline"]
        else:
            to = by
        instant = parse_time(to or "")
        if instant is None:
            raise ScenarioAborted("没有将到期的时限", "no deadline is coming")
        span = instant - self._read_now()
        if span < timedelta():
            raise ScenarioAborted(f"时刻 {to} 已过", f"{to} has passed")
        return span
