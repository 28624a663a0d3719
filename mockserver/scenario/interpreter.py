"""Walks through the steps of a scenario: the one interpreter, for two meanings of "happen".

A scenario is a program of ten kinds of steps (`model.py`).  It is interpreted twice:

- for real (`runner.py`): a step becomes calls to a sandbox, an expectation is compared with what
  the sandbox answers, and a name stands for a `dispute_id`;
- on paper (`static_check.py`): a step changes the set of states that each exchange may be in, an
  expectation narrows that set, and a name stands for the number of an exchange that is only thought
  of.

Both walk in the same way, so the walk is written once, here: what a name refers to, which exchange
is `it`, how often `repeat` goes round, over which exchanges `each` goes, that the expectation of a
move is about the exchange after it. Compiler builders call the second one an abstract
interpretation: the same control flow over a smaller world.

What differs is left to the subclass: one method for each kind of step.  `StepInterpreter.run_step`
decides which; it lists the kinds and is checked by the type checker for completeness.  A new kind
of step that makes control calls and nothing else is a `ControlStep` and needs no case here, only
its entry in `STEP_KINDS` (`step_kinds.py`: key, sentence, how it is read, its calls).  Any other
needs, too: a class in `model.py`, a case here, and a method in both subclasses.  A step that holds
other steps is walked through in `unused_names.py` and `cost.py`.

The machine (`testing/machine`) draws its steps instead of reading them and does not judge them, so
it has no use for the walk; it carries out single steps by the same `StepExecutor` as the runner,
and writes them by the same `STEP_KINDS`.

What would break if the walks were written twice again: the check would accept a scenario that the
runner refuses (or the reverse) as soon as one of them understood `it` after `each` differently.
"""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from ..domain.moves import Apply
from .model import (
    AwaitStep,
    CallStep,
    ControlStep,
    ExpectStep,
    ForEachStep,
    MoveStep,
    RepeatStep,
    RestoreStep,
    SnapshotStep,
    Step,
    TimeStep,
)
from .yaml_text import Node

__all__ = ["StepInterpreter"]

ExchangeRef = TypeVar("ExchangeRef")  # what a name stands for


class StepInterpreter(ABC, Generic[ExchangeRef]):
    """The walk through steps.

    `names` are the exchanges by name, `it` among them; `opened` are all that the scenario has
    opened, in order; `steps_done` counts the steps that ended, those inside `repeat` and `each`
    included.
    """

    def __init__(self) -> None:
        self.names: dict[str, ExchangeRef] = {}
        self.opened: list[ExchangeRef] = []
        self.steps_done = 0

    def run_step(self, step: Step) -> None:
        """Interpret one step, and the steps inside it.

        Raises:
            TypeError: no `case` is written for this kind of step.
            Exception: whatever the subclass raises to stop the walk.
        """
        self.begin_step(step)
        match step:
            case MoveStep():
                self._run_move(step)
            case CallStep():
                self.make_call(step)
            case TimeStep():
                self.pass_time(step)
            case ExpectStep():
                self.check_expectations(step.expectations, step.on)
            case AwaitStep():
                self.wait(step)
            case ControlStep():
                self.change_sandbox(step)
            case SnapshotStep():
                self.save_snapshot(step)
            case RestoreStep():
                self.restore_snapshot(step)
            case RepeatStep():
                for _ in range(step.times):
                    self._run_steps(step.do)
            case ForEachStep():
                self._run_for_each(step)
            case _:
                raise TypeError(f"no such kind of step: {type(step).__name__}")
        self.steps_done += 1
        self.end_step()

    def name_exchange(self, exchange: ExchangeRef, name: str) -> None:
        """Let `it`, and `name` unless empty, stand for an exchange that was just opened."""
        self.opened.append(exchange)
        self.names["it"] = exchange
        if name:
            self.names[name] = exchange

    def _run_move(self, step: MoveStep) -> None:
        opens = step.move is Apply
        if opens:
            self.open_exchange(step)
        else:
            self.make_move(step)
        if step.expectations is not None:
            self.check_expectations(step.expectations, "it" if opens else step.on)

    def _run_steps(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            self.run_step(step)

    def _run_for_each(self, step: ForEachStep) -> None:
        """Run the steps with `it` standing for each of the exchanges in turn."""
        before = self.names.get("it")
        exchanges = [self.find_exchange(name) for name in step.names] or list(self.opened)
        for exchange in exchanges:
            self.names["it"] = exchange
            self._run_steps(step.do)
        if before is not None:
            self.names["it"] = before

    # what a subclass gives

    def begin_step(self, step: Step) -> None:
        """Prepare for a step, or stop here by raising."""

    def end_step(self) -> None:
        """Look at what the step has left, or stop here by raising."""

    @abstractmethod
    def find_exchange(self, name: str) -> ExchangeRef:
        """Return what a name stands for; raise where it stands for nothing."""

    @abstractmethod
    def open_exchange(self, step: MoveStep) -> None:
        """Let the buyer apply."""

    @abstractmethod
    def make_move(self, step: MoveStep) -> None:
        """Let a party move an exchange."""

    @abstractmethod
    def make_call(self, step: CallStep) -> None:
        """Make a signed call."""

    @abstractmethod
    def pass_time(self, step: TimeStep) -> None:
        """Let time pass or data get older."""

    @abstractmethod
    def check_expectations(self, expectations: Node, on: str) -> None:
        """Check an `expect` mapping about the exchange named `on`."""

    @abstractmethod
    def wait(self, step: AwaitStep) -> None:
        """Wait until something holds."""

    @abstractmethod
    def change_sandbox(self, step: ControlStep) -> None:
        """Change rules, stock, rights or planned faults."""

    @abstractmethod
    def save_snapshot(self, step: SnapshotStep) -> None:
        """Keep the state under a name."""

    @abstractmethod
    def restore_snapshot(self, step: RestoreStep) -> None:
        """Go back to a kept state, or to the beginning."""
