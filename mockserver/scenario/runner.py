"""Runs a scenario in a sandbox and says what came of it.

The model: a scenario is interpreted step by step (`interpreter.py`) against a *target*
(`target.py`), which is one sandbox in process or over HTTP.  Nothing is read from the server's
memory: the runner sees what a tester with the control API and the seller's credentials could see,
so the same file means the same in every place.

- Buyer, customer service and time act by control calls, the seller by signed calls, as in reality.
- With a client under test (`RunSettings.client`) the seller's steps are not done but awaited: the
  runner looks at events and journal until the client has done the same (`client_waiter.py`).  The
  client may already be further than the scenario; then an expectation is compared with the exchange
  as it was after the awaited event.
- References (`$it`, `$name.field`) get their values when the step runs, never earlier.
- The scenario's instants are shifted if the sandbox stands at another time (`scenario_clock.py`).

An expectation that does not hold ends the scenario as `failed`; what makes it impossible to go on
(no such shop, a client that never calls, too many steps) ends it as `broken`.  The two must not be
confused: only the first says something about the system under test, and the mutation tests count
only the first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..domain.vocabulary import Actor
from .cost import CharacterBudget
from .expectations import find_mismatches
from .interpreter import StepInterpreter
from .matching import MISSING, Mismatch, compare, get_path
from .model import (
    AwaitStep,
    CallStep,
    ControlStep,
    ExpectStep,
    MoveStep,
    RestoreStep,
    Scenario,
    SnapshotStep,
    Step,
    TimeStep,
)
from .observed_state import ObservedState
from .references import FilledTooLarge, fill_references
from .rejection import Rejection, compare_rejection, read_rejection
from .result import ScenarioAborted, ScenarioFailure, ScenarioResult, to_reportable
from .run_settings import RunSettings
from .scenario_clock import ScenarioClock
from .step_calls import METHOD_OF_MOVE, convert_pictures
from .step_executor import StepExecutor
from .target import ControlRefused, ScenarioTarget, TargetReply
from .yaml_text import Node

__all__ = ["RunSettings", "ScenarioRun", "run_scenario"]

_LISTED_EVENTS = 5  # of an exchange, in a failure


class _StatusReached(Exception):
    """The status of `until` is reached."""


class _Failed(Exception):
    def __init__(self, failure: ScenarioFailure) -> None:
        self.failure = failure
        super().__init__(failure.zh)


def run_scenario(
    scenario: Scenario, target: ScenarioTarget, settings: RunSettings
) -> ScenarioResult:
    """Run the scenario on the target, which stays open.

    Return what came of it; nothing is raised for a failure.
    """
    return ScenarioRun(scenario, target, settings).run()


class ScenarioRun(StepInterpreter[str]):
    """One scenario being run; its names stand for dispute ids."""

    def __init__(self, scenario: Scenario, target: ScenarioTarget, settings: RunSettings) -> None:
        super().__init__()
        self._scenario = scenario
        self._target = target
        self._settings = settings
        self._waiter = settings.waiter
        self._executor = StepExecutor(target)
        self._clock = ScenarioClock(
            self._executor,
            scenario.world,
            shifted=settings.client or settings.shared,
            ages=settings.client,
        )
        self._values: dict[str, Any] = {}  # kept from replies, by name
        # By exchange, the event of the client that the scenario is at; the client may be further.
        self._awaited_events: dict[str, int] = {}
        self.client_steps = 0  # what the client under test did
        self._budget = CharacterBudget()
        self._step: Step | None = None
        self._curl = ""

    def run(self) -> ScenarioResult:
        """Run all steps.  Return what came of them."""
        began = self._waiter.now()
        outcome = "passed"
        failure = None
        stopped = False
        try:
            for step in self._scenario.steps:
                self.run_step(step)
            self._require_until_reached()
        except _StatusReached:
            stopped = True
        except _Failed as failed:
            outcome = "failed"
            failure = failed.failure
        except ControlRefused as refused:
            problem = refused.problem
            outcome = "failed"
            failure = self._make_failure(problem.get("title", ""), problem.get("detail", ""))
        except ScenarioAborted as aborted:
            outcome = "broken"
            failure = self._make_failure(aborted.zh, aborted.en)
        return ScenarioResult(
            title=self._scenario.title,
            path=self._scenario.path,
            outcome=outcome,
            steps=self.steps_done,
            client_steps=self.client_steps,
            stopped=stopped,
            seconds=self._waiter.now() - began,
            sandbox=str(self._target.info.get("id", "")),
            exchanges=dict(self.names),
            trouble=failure,
        )

    def begin_step(self, step: Step) -> None:
        """Raise ScenarioAborted if steps or time are used up."""
        self._step = step
        self._curl = ""
        if self.steps_done >= (most := self._settings.max_steps):
            raise ScenarioAborted(f"场景超过 {most} 步", f"the scenario has more than {most} steps")
        self._waiter.require_time()
        if not isinstance(step, ExpectStep):
            self._awaited_events = {}

    def end_step(self) -> None:
        """Raise _StatusReached, which ends the run, if the last exchange is at `until`."""
        if self._settings.until and self.names:
            exchange = self._observe("it").exchange
            if self._settings.until in (str(exchange["status"]), exchange["status_text"]):
                raise _StatusReached

    def _require_until_reached(self) -> None:
        until = self._settings.until
        if until:
            raise ScenarioAborted(
                f"场景结束，没有到过状态 {until}",
                f"the scenario ended without reaching status {until}",
            )

    # names and values

    def find_exchange(self, name: str) -> str:
        """Return the dispute id of a name.

        Raises:
            ScenarioAborted: no exchange has it.
        """
        if name not in self.names:
            raise ScenarioAborted(f"还没有换货单 {name}", f"there is no exchange {name} yet")
        return self.names[name]

    def _get_value(self, name: str) -> Any:
        """Return what a reference such as `it`, `name` or `name.field` stands for."""
        head, _, path = name.partition(".")
        if head not in self._values and head not in self.names:
            raise ScenarioAborted(f"名称 {head} 还没有值", f"{head} has no value yet")
        if not path:
            return self._values[head] if head in self._values else self.names[head]
        tree = (
            self._values[head] if head in self._values else self._observe(head).exchange["exchange"]
        )
        value = get_path(tree, path)
        if value is MISSING:
            raise ScenarioAborted(f"引用 ${name} 没有值", f"${name} leads to nothing")
        return value

    def _fill(self, node: Node) -> Node:
        try:
            filled = fill_references(self._clock.shift(node), self._get_value)
        except FilledTooLarge as error:
            raise ScenarioAborted(error.zh, error.en) from None
        self._budget.spend(filled)
        return filled

    def _fill_plain(self, node: Node) -> Any:
        return self._fill(node).plain()

    def _observe(self, name: str) -> ObservedState:
        dispute_id = self.find_exchange(name) if self.names else ""
        return ObservedState(self._target, dispute_id, self._awaited_events.get(dispute_id))

    # failing

    def _make_failure(self, zh: str, en: str, mismatch: Mismatch | None = None) -> ScenarioFailure:
        step = self._step
        assert step is not None
        events, possible = self._describe_exchange(step.on)
        return ScenarioFailure(
            line=mismatch.line if mismatch else step.line,
            column=mismatch.column if mismatch else step.column,
            zh=zh,
            en=en,
            expected=mismatch and to_reportable(mismatch.expected),
            actual=mismatch and to_reportable(mismatch.actual),
            events=events,
            possible=possible,
            curl=self._curl,
        )

    def _describe_exchange(
        self, name: str
    ) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any]]:
        """Return the last events of an exchange and its possible moves, empty if unreadable."""
        if name not in self.names:
            return (), {}
        try:
            exchange = self._observe(name).exchange
        except ControlRefused:
            return (), {}
        return tuple(exchange["timeline"][-_LISTED_EVENTS:]), exchange["possible"]

    def _fail_on_mismatch(self, mismatches: Iterable[Mismatch]) -> None:
        """Raise `_Failed` for the first mismatch, if there is one."""
        for mismatch in mismatches:
            what = mismatch.what
            expected = mismatch.expected
            zh = f"{what}：期望 {expected!r}，实际 {mismatch.actual!r}"
            en = f"{what}: expected {expected!r}, got {mismatch.actual!r}"
            raise _Failed(self._make_failure(zh, en, mismatch))

    # moves and calls

    def open_exchange(self, step: MoveStep) -> None:
        """Let the buyer apply, and name the exchange."""
        fields = self._fill_plain(step.fields)

        def apply() -> None:
            self.name_exchange(self._executor.open_exchange(fields), step.name)

        self._judge(step, self._attempt(apply))

    def make_move(self, step: MoveStep) -> None:
        """Make the move, or wait until the client under test has made it."""
        if self.is_awaited(step, {}):
            self._judge(step, self._attempt(lambda: self._await_move(step)))
            self.client_steps += 1
        else:
            self.play_move(step)

    def play_move(self, step: MoveStep) -> None:
        """Make the move."""
        fields = self._fill_plain(step.fields)
        self._judge(step, self._attempt(lambda: self._make_own_move(step, fields)))

    def is_awaited(self, step: MoveStep | CallStep, params: Mapping[str, Any]) -> bool:
        """Return True if a step is the client's to do: a move, a call that writes and succeeds."""
        if not self._settings.client:
            return False
        if isinstance(step, CallStep):
            return step.refused is None and self._waiter.is_awaited(step.method, params)
        return step.actor is Actor.SELLER and step.move in METHOD_OF_MOVE

    def _attempt(self, act: Callable[[], TargetReply | None]) -> Rejection | None:
        """Return how an action was refused, by the control API or in the reply of a signed call.

        None if it was not.
        """
        try:
            reply = act()
        except ControlRefused as refused:
            return Rejection.of_problem(refused.problem)
        return None if reply is None else read_rejection(reply)

    def _make_own_move(self, step: MoveStep, fields: Mapping[str, Any]) -> TargetReply | None:
        reply = self._executor.make_move(
            step.actor, step.move, self.find_exchange(step.on), fields, sub=step.sub
        )
        self._curl = reply.curl if reply is not None else ""
        return reply

    def _await_move(self, step: MoveStep) -> TargetReply | None:
        """Wait for the client's move; return the reply only where a refusal is expected."""
        dispute_id = self.find_exchange(step.on)
        if step.refused is not None:
            return self._waiter.await_refusal(self._target, step, dispute_id, step.refused)
        self._awaited_events[dispute_id] = self._waiter.await_move(self._target, step, dispute_id)
        return None

    def make_call(self, step: CallStep) -> None:
        """Make the signed call, or wait for the client's; compare its reply, keep values of it."""
        params = self._fill_plain(step.params)
        if self.is_awaited(step, params):
            reply = self._waiter.await_call(
                self._target, step.method, str(params.get("dispute_id", ""))
            )
            self.client_steps += 1
        else:
            session = params.pop("session", None)
            if session is None:
                session = self._executor.find_session(step.shop, sub=step.sub)
            reply = self._target.call(
                step.method, convert_pictures(params), str(session), step.host
            )
            self._curl = reply.curl
        if step.refused is not None or step.reply is None or reply.error:
            self._judge(step, read_rejection(reply))
        if step.reply is not None:
            for path, node in step.reply.value.items():
                actual = get_path(reply.inner, path)
                self._fail_on_mismatch(compare(path, self._fill(node), actual))
        for name, path in step.keep.items():
            self._values[name] = get_path(reply.inner, path)
            if self._values[name] is MISSING:
                raise ScenarioAborted(f"应答里没有 {path}", f"the reply has no {path}")

    def _judge(self, step: MoveStep | CallStep, rejection: Rejection | None) -> None:
        """Fail unless the step was refused as expected, or succeeded as expected."""
        if step.refused is None:
            if rejection is not None:
                raise _Failed(
                    self._make_failure(
                        f"应成功，却被拒绝：{rejection.zh}", f"refused: {rejection.en}"
                    )
                )
            return
        expected = self._fill(step.refused)
        if rejection is None:
            raise _Failed(
                self._make_failure(
                    f"应被拒绝({expected.plain()})，却成功了",
                    f"expected a refusal ({expected.plain()}), but it succeeded",
                )
            )
        self._fail_on_mismatch(compare_rejection(expected, rejection, self._target))

    # expectations

    def check_expectations(self, expectations: Node, on: str) -> None:
        """Fail on the first expectation that does not hold."""
        expected = self._fill(expectations)
        mismatch = next(self._find_mismatches(expected, on), None)
        if mismatch and self._awaited_events:  # the client may have acted between two looks
            mismatch = next(self._find_mismatches(expected, on), None)
        self._fail_on_mismatch(() if mismatch is None else (mismatch,))

    def wait(self, step: AwaitStep) -> None:
        """Wait for the client's call, then until the expectations hold.

        Fail if they do not in time.
        """
        if step.method and self._settings.client:
            dispute_id = self.names.get(step.on, "")
            self._waiter.await_call(self._target, step.method, dispute_id, step.within)
            self.client_steps += 1
        if step.expectations.value:
            expected = self._fill(step.expectations)
            self._waiter.wait_until(
                lambda: next(self._find_mismatches(expected, step.on), None) is None, step.within
            )
            self._fail_on_mismatch(self._find_mismatches(expected, step.on))

    def _find_mismatches(self, expected: Node, on: str) -> Iterator[Mismatch]:
        return find_mismatches(expected, self._observe(on))

    # time and sandbox

    def pass_time(self, step: TimeStep) -> None:
        """Let time pass, or data get older."""
        by = str(self._fill_plain(Node(step.by, step.line, step.column)))
        self._clock.pass_time(by, age=step.age, dispute_id=self.names.get(step.on, ""))

    def change_sandbox(self, step: ControlStep) -> None:
        """Change rules, stock, rights or planned faults."""
        self._executor.change_sandbox(step.kind, self._fill_plain(step.body))

    def save_snapshot(self, step: SnapshotStep) -> None:
        """Save the state, with what the runner knows of time and client."""
        self._executor.change_sandbox("snapshot", step.name)
        self._clock.save(step.name)
        self._waiter.save(step.name)

    def restore_snapshot(self, step: RestoreStep) -> None:
        """Restore a state, with what the runner knew of time and client."""
        self._executor.change_sandbox("restore", step.name)
        self._clock.restore(step.name)
        self._waiter.restore(step.name)
