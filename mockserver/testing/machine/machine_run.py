"""One run of the machine.

The user's client in a fresh sandbox, step after step, with all that it takes to repeat it.

Steps are spelt as in scenario files and carried out by the same `StepExecutor`; one kind is added,
`client`, which lets the client act so many times and checks it each time.  The machine draws steps
and runs them here; so does a replay.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ...domain.moves import MOVES, Apply
from ...domain.table import Row
from ...domain.vocabulary import Actor
from ...protocol.shapes import format_time
from ...scenario.step_executor import StepExecutor
from ...scenario.step_kinds import NO_FAULT
from ...scenario.target import ControlRefused
from ...world.real_clock import monotonic_seconds
from .check_failure import CheckContext, CheckFailure, ClientFailed, join_lines
from .checks import CHECKS
from .client_knowledge import ClientKnowledge
from .local_server import LocalServer, RecordedCall
from .machine_options import MachineOptions
from .possible_steps import (
    MAX_QUIET_ROUNDS,
    Option,
    OptionKey,
    StepContext,
    StepDocument,
    closing_steps,
    find_options,
    find_preferred_options,
)

__all__ = ["ExecutedStep", "MachineRun", "get_control_value", "lengthen_ban", "split_move"]

_MAX_ERROR_LENGTH = 500  # characters of what the user's code raised
_LONG_BAN = 60  # seconds of real time
_ACTORS = frozenset(actor.value for actor in Actor)


class ExecutedStep(Struct, frozen=True):
    """A step that was carried out, and the signed calls that it came to.

    `fault` is the id of the fault that it planned, empty if it planned none.
    """

    step: StepDocument
    calls: tuple[RecordedCall, ...] = ()
    fault: str = ""


def get_control_value(step: StepDocument) -> Any:
    """Return what the control calls of a step are built from: its value, or all of a fault."""
    kind = next(iter(step))
    if kind != "fault":
        return step[kind]
    return {} if step[kind] == NO_FAULT else step


def lengthen_ban(step: StepDocument) -> StepDocument:
    """Return a step that plans a ban with one that outlasts the calls of a file; else the step."""
    return {**step, "seconds": _LONG_BAN} if step.get("fault") == "limited" else step


def split_move(step: StepDocument) -> tuple[str, str, dict[str, Any]] | None:
    """Return `(actor, move, fields)` of a step by which somebody makes a move.

    None for any other step.
    """
    actor, name = next(iter(step.items()))
    if actor not in _ACTORS:
        return None
    return actor, name, {key: step[key] for key in step if key not in (actor, "on", "as")}


class MachineRun:
    """The client in its sandbox.

    `on_failure(run, failure)` is called for the first failure, before its error is raised.  `names`
    are the exchanges' names by dispute id, in the order of opening; `began` is the sandbox's first
    now.

    Raises:
        TypeError: `client(sandbox)` returned nothing that can act.
        BaseException: what the client raised when it was made.
    """

    def __init__(
        self,
        options: MachineOptions,
        server: LocalServer,
        on_failure: "Callable[[MachineRun, CheckFailure], object]" = lambda run, failure: None,
    ) -> None:
        self.options = options
        self._on_failure = on_failure
        self._gateway = server.gateway
        self.world, self.sandbox, self._target = server.open(options)
        self._executor = StepExecutor(self._target)
        self.preferred_rows: tuple[Row, ...] = ()
        self.began = format_time(self.world.now)
        self.names: dict[int, str] = {}
        self.executed_steps: list[ExecutedStep] = []
        self._request_ids: set[str] = set()  # of all calls of the client
        self._knowledge = ClientKnowledge(self.world, ages=options.ages, channels=options.channels)
        self._quiet_rounds = 0
        self._is_open = True
        self._client: Any = None
        try:
            self._client = options.client(self.sandbox)
        except BaseException:
            self.close()
            raise
        if not callable(self._act):
            self.close()
            raise TypeError(
                "client(sandbox) 应返回可调用对象，或有 step() 的对象 "
                "(client(sandbox) should return a callable, or an object with step())"
            )

    def close(self) -> None:
        """Delete the sandbox and close the client.  Idempotent."""
        if self._is_open:
            self._is_open = False
            self._target.close()
            close_client = getattr(self._client, "close", None)
            if close_client is not None:
                close_client()

    @property
    def _act(self) -> Any:
        """One round of the client's work."""
        return getattr(self._client, "step", self._client)

    @property
    def coverage(self) -> dict[str, Any]:
        """What the run has reached of the state machine, as in `S/coverage`."""
        return self.world.coverage.serialize()

    def find_options(self) -> tuple[Mapping[OptionKey, Option], set[OptionKey]]:
        """Return all steps that are possible now, and the keys of those that the run prefers."""
        context = self._make_context()
        options = find_options(context)
        return options, find_preferred_options(context, options)

    def end(self) -> None:
        """Give the client its last chance to do what it left undone.

        Raises:
            BaseException: as `run_step`.
        """
        for step in list(closing_steps(self._make_context())):
            self.run_step(step)
        waiting = [
            exchange.dispute_id
            for exchange in self._make_context().open_exchanges
            if exchange.status in self.options.handles
        ]
        # A client that only listens gets no message later than the day for which they are kept.
        polls = "queries" in self.options.channels
        passes = "time" in self.options.plays and not self.options.ages and polls
        if passes and self._knowledge.has_unseen(waiting):
            # More than the day after which it is the client's business: a row that has moved shows
            # a `modified` some seconds ahead of now.
            self.run_step({"advance": "25h"})
            self.run_step({"client": MAX_QUIET_ROUNDS + 1})

    def _make_context(self) -> StepContext:
        options = self.options
        return StepContext(
            world=self.world,
            names=self.names,
            plays=options.plays,
            max_open=options.exchanges,
            quiet_rounds=self._quiet_rounds,
            ages=options.ages,
            rows_taken=self.coverage["rulesets"].get(options.ruleset, {}).get("rows", {}),
            preferred_rows=self.preferred_rows,
        )

    def run_step(self, step: StepDocument) -> None:
        """Carry out a step; one that lets the client act checks it too.

        Raises:
            ControlRefused: the move is not possible.
            ClientFailed: a built-in check does not hold.
            BaseException: what the client, its own check or an invariant raised.
        """
        self.executed_steps.append(ExecutedStep(step))
        kind = next(iter(step))
        if kind == "client":
            self._let_client_act(step["client"])
            return
        self._quiet_rounds = 0
        self._knowledge.start_counting()
        move = split_move(step)
        if kind == "call":
            self._make_call(step)
        elif move is None:
            self._executor.change_sandbox(kind, get_control_value(step))
            if kind == "fault" and step[kind] != NO_FAULT:
                newest = list(self.world.view.faults())[-1]
                self.executed_steps[-1] = ExecutedStep(step, fault=newest.id)
        else:
            self._make_move(step, *move)

    def try_step(self, step: StepDocument) -> bool:
        """Carry out a step as `run_step`; return False, and forget it, if it is not possible.

        What was possible when the step was chosen may have ended since: a robot has acted, a
        running clock has passed a deadline, a mended client has moved the exchange.

        Raises:
            BaseException: as `run_step`, but for ControlRefused.
        """
        try:
            self.run_step(step)
        except ControlRefused:
            self.executed_steps.pop()
            return False
        return True

    def _make_move(
        self, step: StepDocument, actor: str, name: str, fields: Mapping[str, Any]
    ) -> None:
        """Make a party's move; the seller's is a signed call, whose outcome is not judged."""
        if name == Apply.name():
            self.names[int(self._executor.open_exchange(fields))] = step["as"]
            return
        dispute_id = self._find_dispute_id(step["on"])
        with self._gateway.record(self.world.view) as calls:
            self._executor.make_move(Actor(actor), MOVES[name], dispute_id, fields)
        # Before its call the seller may look up a reason: that is not part of the step.
        self.executed_steps[-1] = ExecutedStep(step, tuple(calls[-1:]))

    def _make_call(self, step: StepDocument) -> None:
        """Make a signed call that is not the client's."""
        session = self._executor.find_session("", sub=False)
        with self._gateway.record(self.world.view) as calls:
            self._target.call(step["call"], step["with"], session)
        self.executed_steps[-1] = ExecutedStep(step, tuple(calls))

    def _find_dispute_id(self, name: str) -> str:
        for dispute_id, own_name in self.names.items():
            if own_name == name:
                return str(dispute_id)
        raise ControlRefused({"title": f"没有换货单 {name}", "detail": f"no exchange {name}"})

    # the client

    def _let_client_act(self, times: int) -> None:
        for _ in range(times):
            failure = self._run_round()
            if failure is not None:
                self._on_failure(self, failure)
                raise failure.error

    def _run_round(self) -> CheckFailure | None:
        """Let the client do one round of its work.  Return what is wrong after it."""
        before = self._count_status_changes(), self._knowledge.list_done_messages()
        began = monotonic_seconds()
        with self._gateway.record(self.world.view) as calls:
            failure = _call_user_code("exception", self._act)
        done = self._knowledge.list_done_messages() - before[1]
        changed = bool(done) or self._count_status_changes() != before[0]
        self._quiet_rounds = 0 if changed else self._quiet_rounds + 1
        self._knowledge.record_round(calls, began=began, changed=changed)
        self._request_ids.update(call.request_id for call in calls)
        executed = self.executed_steps[-1]
        self.executed_steps[-1] = replace(executed, calls=(*executed.calls, *calls))
        if failure is not None:
            return failure
        had_time = self._knowledge.answered_rounds >= MAX_QUIET_ROUNDS
        resting = filter(self._knowledge.could_act_on, self.names if had_time else ())
        beliefs, failure = self._read_beliefs() if had_time else (None, None)
        if failure is not None:
            return failure
        context = CheckContext(
            world=self.world,
            calls=tuple(calls),
            request_ids=frozenset(self._request_ids),
            resting=frozenset(resting),
            handles=self.options.handles,
            knowledge=self._knowledge,
            beliefs=beliefs,
            own_addresses=not any(
                "addresses" in shop for shop in self.options.world.get("shops", ())
            ),
        )
        checks = [check for name, check in CHECKS.items() if name in self.options.check]
        failures = chain.from_iterable(check(context) for check in checks)
        return next(chain(failures, self._run_own_checks()), None)

    def _read_beliefs(self) -> tuple[Mapping[int, str] | None, CheckFailure | None]:
        """Return what the client's `known()` gives, statuses by dispute id, or what it raised."""
        read = getattr(self._client, "known", None)
        if read is None or "converged" not in self.options.check:
            return None, None
        beliefs: dict[int, str] = {}

        def take_in() -> None:
            for number, status in dict(read()).items():
                is_number = isinstance(status, int)  # also one of an enumeration of the client's
                beliefs[int(number)] = str(int(status) if is_number else status)

        return beliefs, _call_user_code("known", take_in)

    def _count_status_changes(self) -> dict[int, int]:
        """Return how often each exchange has changed its status; messages do not count."""
        view = self.world.view
        return {
            dispute_id: sum(event.source is not event.target for event in view.timeline(dispute_id))
            for dispute_id in self.names
        }

    def _run_own_checks(self) -> Iterator[CheckFailure]:
        """Yield the failures of the client's own check and of the invariants."""
        own_check = getattr(self._client, "check", None)
        if own_check is not None:
            failure = _call_user_code("check", own_check)
            if failure is not None:
                yield failure
        for invariant in self.options.invariants:
            name = getattr(invariant, "__name__", "invariant")
            failure = _call_user_code(name, invariant, self._client, self.sandbox)
            if failure is not None:
                yield failure


def _call_user_code(
    check: str, run: Callable[..., object], *arguments: object
) -> CheckFailure | None:
    """Return what the user's code raised, as a failure of `check`; None if it raised nothing.

    Raises:
        BaseException: what is Hypothesis' own or ends the program.
    """
    try:
        run(*arguments)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        if type(error).__module__.partition(".")[0] == "hypothesis":
            raise
        text = join_lines(f"{type(error).__name__}: {error}")[:_MAX_ERROR_LENGTH]
        if check == "exception":
            zh = f"客户端抛出 {text}"
            en = f"the client raised {text}"
        else:
            zh = f"{check} 不成立： {text}"
            en = f"{check} does not hold: {text}"
        # SystemExit would end the test run.
        failed = ClientFailed(text) if isinstance(error, SystemExit) else error
        return CheckFailure(check=check, zh=zh, en=en, error=failed)
    return None
