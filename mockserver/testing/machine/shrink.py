"""Makes a failure small.

Steps are left out, and fields of steps, for as long as the same check fails.

Whole runs are repeated, `_MAX_RUNS` at most and for `_MAX_SECONDS` at most; where the client is so
slow that the time ends first, `FailingRun.is_smallest` is False and the report says so.
Hypothesis could shrink as well, but knows only its choices, not steps: it needs ten times as many
runs.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ...domain.moves import Apply
from ...world.real_clock import monotonic_seconds
from .check_failure import CheckFailure
from .local_server import LocalServer
from .machine_options import MachineOptions
from .machine_run import MachineRun
from .possible_steps import StepDocument

__all__ = ["FailingRun", "shrink"]

_MAX_RUNS = 150
_MAX_SECONDS = 18.0  # of real time, after which no other run begins
_CHUNK_SIZES = (16, 8, 4, 2, 1)  # steps left out at a time


class FailingRun(Struct, frozen=True):
    """A run that failed, and how.

    `is_smallest` is False if there was no time to leave out more; `seconds` is how long the search
    for it took.
    """

    run: MachineRun
    failure: CheckFailure
    is_smallest: bool = True
    seconds: float = 0.0

    @property
    def steps(self) -> list[StepDocument]:
        """The steps of the run."""
        return [executed.step for executed in self.run.executed_steps]


def shrink(options: MachineOptions, server: LocalServer, failing: FailingRun) -> FailingRun:
    """Return a run with few and plain steps that fails in the same way.

    `failing` itself if it does not fail again.
    """
    shrinker = _Shrinker(options, server, failing)
    if not shrinker.try_steps(failing.steps):
        return failing
    for size in _CHUNK_SIZES:
        while shrinker.leave_out(size) and size == 1:
            pass
    shrinker.simplify(_simplify_step)
    shrinker.try_steps(_rename_exchanges(shrinker.smallest.steps))
    return replace(
        shrinker.smallest, is_smallest=not shrinker.is_out_of_time, seconds=shrinker.seconds
    )


class _Shrinker:
    """`smallest` is the smallest failing run so far."""

    def __init__(self, options: MachineOptions, server: LocalServer, failing: FailingRun) -> None:
        self.smallest = failing
        self._options = options
        self._server = server
        self._runs_left = _MAX_RUNS
        self._began = monotonic_seconds()
        self.is_out_of_time = False

    @property
    def seconds(self) -> float:
        """How long the search has taken so far."""
        return monotonic_seconds() - self._began

    def try_steps(self, steps: Iterable[StepDocument]) -> bool:
        """Run these steps.

        Return True if they fail in the same way; then they are the smallest run.
        """
        self.is_out_of_time = self.is_out_of_time or self.seconds >= _MAX_SECONDS
        if not self._runs_left or self.is_out_of_time:
            return False
        self._runs_left -= 1
        again = _run(self._options, self._server, steps)
        if again is None or again.failure.kind != self.smallest.failure.kind:
            return False
        self.smallest = again
        return True

    def leave_out(self, size: int) -> bool:
        """Leave out `size` steps at a time, from the end.  Return True if any could be left out."""
        before = len(self.smallest.steps)
        place = before - size
        while place > -size:
            steps = self.smallest.steps
            self.try_steps([*steps[: max(place, 0)], *steps[place + size :]])
            place = min(place, len(self.smallest.steps)) - size
        return len(self.smallest.steps) < before

    def simplify(self, simplify_step: Callable[[StepDocument], Iterator[StepDocument]]) -> None:
        """Replace each step by the plainest form that still fails."""
        for place in range(len(self.smallest.steps)):
            if place >= len(self.smallest.steps):
                return
            for plainer in simplify_step(self.smallest.steps[place]):
                steps = self.smallest.steps
                if self.try_steps([*steps[:place], plainer, *steps[place + 1 :]]):
                    break


def _run(
    options: MachineOptions, server: LocalServer, steps: Iterable[StepDocument]
) -> FailingRun | None:
    """Return the run of these steps if it fails; steps that are not possible are left out."""
    failures: list[CheckFailure] = []
    run = MachineRun(options, server, lambda run, failure: failures.append(failure))
    try:
        for step in steps:
            run.try_step(step)
    except BaseException:
        if not failures:
            raise
    finally:
        run.close()
    return FailingRun(run, failures[0]) if failures else None


def _simplify_step(step: StepDocument) -> Iterator[StepDocument]:
    """Yield plainer forms of a step, plainest first: no optional fields, the client once."""
    kind = next(iter(step))
    if kind == "client" and step[kind] > 1:
        yield {kind: 1}
    if step[kind] == Apply.name():
        needed = {kind, "on", "as", "status"}
    else:
        needed = {kind, "on"} if "on" in step else set(step)
    plain = {key: value for key, value in step.items() if key in needed}
    if plain != step:
        yield plain
        for left_out in sorted(step.keys() - plain.keys()):
            yield {key: value for key, value in step.items() if key != left_out}


def _rename_exchanges(steps: list[StepDocument]) -> list[StepDocument]:
    """Return the steps with exchanges named `e1`, `e2` … in the order of opening."""
    opened = [step["as"] for step in steps if "as" in step]
    names: dict[Any, str] = {name: f"e{place}" for place, name in enumerate(opened, 1)}
    return [
        {
            key: names.get(value, value) if key in ("as", "on") else value
            for key, value in step.items()
        }
        for step in steps
    ]
