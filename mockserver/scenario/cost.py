"""Bounds what a scenario may cost: steps, characters sent, real time waited, what snapshots hold.

A file is small, what it asks for need not be: `repeat` and `each` multiply.  So the product is
counted before anything runs, without walking it, and refused where it passes a limit.  A run counts
again (`runner.py`), because values that are kept from replies are known only then.

A snapshot holds about as much as steps were executed before it.  How long steps take is not known
before a run, since one that looks at many exchanges takes longer: `MAX_RUNNING` bounds the run.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec import Struct

from ..domain.durations import format_duration
from ..domain.moves import Apply
from .model import AwaitStep, ForEachStep, MoveStep, RepeatStep, Scenario, SnapshotStep, Step
from .result import ScenarioAborted
from .yaml_text import FileMistake, Node

__all__ = ["MAX_RUNNING", "MAX_STEPS", "CharacterBudget", "find_cost_mistakes", "measure_running"]

MAX_STEPS = 100_000
MAX_CHARACTERS = 64 * 1024 * 1024  # of all steps as they are executed
MAX_WAITING = timedelta(hours=24)  # of real time, if every `await` used up its `within`
MAX_RUNNING = timedelta(minutes=10)  # of real time, besides what the `await` steps may take
MAX_SNAPSHOT_STEPS = 1_000_000  # steps before each snapshot, added up: up to 300 MB


class _Cost(Struct, frozen=True):
    """What steps cost together; `opened` are the exchanges that they open."""

    steps: int = 0
    characters: int = 0
    waiting: timedelta = timedelta()
    opened: int = 0

    def plus(self, other: "_Cost") -> "_Cost":
        return _Cost(
            self.steps + other.steps,
            self.characters + other.characters,
            min(self.waiting + other.waiting, MAX_WAITING * 2),
            self.opened + other.opened,
        )

    def times(self, count: int) -> "_Cost":
        # more rounds than these pass the limit of waiting, and a longer time could not be held
        rounds = min(count, MAX_WAITING // max(self.waiting, timedelta(seconds=1)) + 1)
        return _Cost(
            self.steps * count,
            self.characters * count,
            min(self.waiting * rounds, MAX_WAITING * 2),
            self.opened * count,
        )


def find_cost_mistakes(scenario: Scenario) -> Iterator[FileMistake]:
    """Yield a mistake for the first step with which the scenario costs too much, if it does."""
    total = _Cost()
    snapshots: dict[str, int] = {}  # steps before the last snapshot of each name
    for step in scenario.steps:
        total = total.plus(_measure(step, total.opened))
        snapshots.update(dict.fromkeys(_find_snapshots(step), total.steps))
        texts = _describe_excess(total) or _describe_snapshots(sum(snapshots.values()))
        if texts is not None:
            yield FileMistake(step.line, step.column, *texts)
            return


def measure_running(scenario: Scenario) -> timedelta:
    """Return how long a run of the scenario may take, what its `await` steps may wait included."""
    total = _Cost()
    for step in scenario.steps:
        total = total.plus(_measure(step, total.opened))
    return MAX_RUNNING + total.waiting


class CharacterBudget:
    """What a run may still send, values that references have brought in included."""

    def __init__(self) -> None:
        self._spent = 0

    def spend(self, node: Node) -> None:
        """Count the texts of a step.

        Raises:
            ScenarioAborted: those of all steps are too long.
        """
        self._spent += _count_characters(node)
        if self._spent > MAX_CHARACTERS:
            limit = MAX_CHARACTERS // 1024**2
            raise ScenarioAborted(
                f"场景发送的文字超过 {limit} MiB",
                f"the texts that the scenario sends are above {limit} MiB",
            )


def _describe_excess(cost: _Cost) -> tuple[str, str] | None:
    """Return which limit is passed, in Chinese and English; None if none is."""
    if cost.steps > MAX_STEPS:
        steps = _format_count(cost.steps)
        return (
            f"到此要执行 {steps} 步，超过 {MAX_STEPS} 步；减少 repeat 或 each 的次数",
            f"up to here {steps} steps are executed, above {MAX_STEPS}; repeat less often",
        )
    if cost.characters > MAX_CHARACTERS:
        limit = MAX_CHARACTERS // 1024**2
        return (
            f"到此要发送的文字超过 {limit} MiB；缩短文字或减少重复",
            f"the texts that are sent up to here are above {limit} MiB; shorten them",
        )
    if cost.waiting > MAX_WAITING:
        limit_text = format_duration(MAX_WAITING)
        return (
            f"await 的 within 之和超过 {limit_text}(真实时间)",
            f"the within of all await steps is above {limit_text} of real time",
        )
    return None


def _describe_snapshots(steps: int) -> tuple[str, str] | None:
    """Return that the snapshots hold too much, in Chinese and English; None if they do not."""
    if steps <= MAX_SNAPSHOT_STEPS:
        return None
    count = _format_count(steps)
    return (
        f"快照太多：各快照之前的步数之和为 {count}，超过 {MAX_SNAPSHOT_STEPS}；少存快照，或早些存",
        f"too many snapshots: there are {count} steps before them, above {MAX_SNAPSHOT_STEPS}",
    )


def _find_snapshots(step: Step) -> Iterator[str]:
    """Yield the names of the snapshots that a step takes, inside other steps too."""
    if isinstance(step, SnapshotStep):
        yield step.name
    elif isinstance(step, RepeatStep | ForEachStep):
        for inner in step.do:
            yield from _find_snapshots(inner)


def _format_count(count: int) -> str:
    return str(count) if count < 10**12 else "10^12"


def _measure(step: Step, opened: int) -> _Cost:
    """Return what a step costs, where `opened` exchanges have been opened before it."""
    own = _Cost(steps=1, characters=_count_step(step))
    if isinstance(step, RepeatStep):
        inside = _measure_all(step.do, opened).times(step.times)
        # `each: all` inside goes over more exchanges in every round; the last one counts for all
        if inside.opened:
            inside = _measure_all(step.do, min(opened + inside.opened, MAX_STEPS)).times(step.times)
        return own.plus(inside)
    if isinstance(step, ForEachStep):
        return own.plus(_measure_all(step.do, opened).times(len(step.names) or opened))
    if isinstance(step, AwaitStep):
        return own.plus(_Cost(waiting=min(step.within, MAX_WAITING * 2)))
    opens = isinstance(step, MoveStep) and step.move is Apply
    return own.plus(_Cost(opened=int(opens)))


def _measure_all(steps: tuple[Step, ...], opened: int) -> _Cost:
    total = _Cost()
    for step in steps:
        total = total.plus(_measure(step, opened + total.opened))
    return total


def _count_step(step: Step) -> int:
    return sum(
        _count_characters(value)
        for name in step.__struct_fields__
        if isinstance(value := getattr(step, name), Node)
    )


def _count_characters(node: Node) -> int:
    """Return how many characters the texts of a tree have; any other value counts as one."""
    value: Any = node.value
    if isinstance(value, dict):
        return sum(map(_count_characters, value.values()))
    if isinstance(value, tuple):
        return sum(map(_count_characters, value))
    return len(value) if isinstance(value, str) else 1
