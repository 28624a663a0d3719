"""A failure made small: steps are left out, and fields of steps, for as long as the same check fails.

Whole runs are repeated, 150 at most, so that it takes seconds where the client is slow.  Hypothesis could shrink as
well, but knows its draws only, not steps: it needs ten times as many runs.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from msgspec import Struct

from ...domain.moves import Apply
from ...scenario.target import ControlRefused
from .checks import CheckFailure
from .local_server import LocalServer
from .machine_options import MachineOptions
from .machine_run import MachineRun
from .possible_steps import StepDocument

__all__ = ["FailingRun", "shrink"]

_RUNS_AT_MOST = 150


class FailingRun(Struct, frozen=True):
    """A run that failed, and how."""

    encounter: MachineRun
    failure: CheckFailure

    @property
    def steps(self) -> list[StepDocument]:
        """The steps of the run."""
        return [deed.step for deed in self.encounter.operations]


class _Reducer:
    """The smallest failing run so far."""

    def __init__(self, plan: MachineOptions, host: LocalServer, found: FailingRun) -> None:
        self.found = found
        self._plan, self._host, self._left = plan, host, _RUNS_AT_MOST

    def take(self, steps: Iterable[StepDocument]) -> bool:
        """Whether these steps fail the same check; then they are the smallest run so far."""
        if not self._left:
            return False
        self._left -= 1
        again = _run(self._plan, self._host, steps)
        if again is None or again.failure.kind != self.found.failure.kind:
            return False
        self.found = again
        return True

    def drop(self, size: int) -> bool:
        """Whether any steps could be left out, so many at a time, from the end."""
        before, place = len(self.found.steps), len(self.found.steps) - size
        while place > -size:
            steps = self.found.steps
            self.take([*steps[: max(place, 0)], *steps[place + size :]])
            place = min(place, len(self.found.steps)) - size
        return len(self.found.steps) < before

    def simplify(self, plainer: Callable[[StepDocument], Iterator[StepDocument]]) -> None:
        """Each step is as plain as it can be."""
        for place in range(len(self.found.steps)):
            for each in plainer(self.found.steps[place]) if place < len(self.found.steps) else ():
                steps = self.found.steps
                if self.take([*steps[:place], each, *steps[place + 1 :]]):
                    break


def _run(
    plan: MachineOptions, host: LocalServer, steps: Iterable[StepDocument]
) -> FailingRun | None:
    """The run of these steps if it fails; steps that are not possible are left out."""
    failures: list[CheckFailure] = []
    encounter = MachineRun(plan, host, lambda encounter, failure: failures.append(failure))
    try:
        for step in steps:
            with suppress(ControlRefused):
                encounter.do(step)
    except BaseException:
        if not failures:
            raise
    finally:
        encounter.close()
    return FailingRun(encounter, failures[0]) if failures else None


def shrink(plan: MachineOptions, host: LocalServer, found: FailingRun) -> FailingRun:
    """A run with few and plain steps that fails as `found` does, whose sandbox is gone by now; itself if it does not fail again."""
    reducer = _Reducer(plan, host, found)
    if not reducer.take(found.steps):
        return found
    for size in (16, 8, 4, 2, 1):
        while reducer.drop(size) and size == 1:
            pass
    reducer.simplify(_plainer)
    reducer.take(_renamed(reducer.found.steps))
    return reducer.found


def _plainer(step: StepDocument) -> Iterator[StepDocument]:
    """Plainer forms of a step, the plainest first: without words, without customer service, the client once."""
    kind = next(iter(step))
    if kind == "client" and step[kind] > 1:
        yield {kind: 1}
    needed = (
        {kind, "on", "as", "status"}
        if step[kind] == Apply.name()
        else {kind, "on"}
        if "on" in step
        else set(step)
    )
    plain = {key: value for key, value in step.items() if key in needed}
    if plain != step:
        yield plain
        yield from (
            {key: value for key, value in step.items() if key != each}
            for each in sorted(step.keys() - plain.keys())
        )


def _renamed(steps: list[StepDocument]) -> list[StepDocument]:
    """The steps with exchanges named in the order of opening."""
    opened = [step["as"] for step in steps if "as" in step]
    names: dict[Any, str] = {name: f"e{place}" for place, name in enumerate(opened, 1)}
    return [
        {
            key: names.get(value, value) if key in ("as", "on") else value
            for key, value in step.items()
        }
        for step in steps
    ]
