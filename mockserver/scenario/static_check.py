"""Finds what can never work in a scenario, without running it: the static check.

The model is abstract interpretation.  The walk through the steps is the runner's
(`interpreter.py`), the world is smaller: each exchange stands as the set of states it may be in.

- A move maps the set through the table (`abstract_run.py`).  Where an outcome depends on something
  unknown here, such as stock, all outcomes are kept, so the set may grow.
- An expectation keeps the states that satisfy it, so the set shrinks.
- Time is known exactly as long as the scenario says it: deadlines fire at their instants.

The set always contains what really happens.  So if it gets empty, no run can pass that step, and
the step is reported; what follows is never reached and not checked.  The opposite is not promised:
a scenario without a report may still fail. Where nothing is known any more (a fault, a robot, a
running clock, a value from a reply, more than `_MAX_STATES` states) the check ends in silence
(`Unknown`).  A false report would be worse than a missing one, because it blocks a scenario that
works: whoever adds a case here and is not sure raises `Unknown`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from ..api.methods import METHODS
from ..domain.durations import parse_duration
from ..domain.errors import IllegalMove, WrongRuleset
from ..domain.exchange import Exchange
from ..domain.play import deadline
from ..domain.rules import DEFAULTS, RuleValues
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Actor, Ruleset
from ..protocol.shapes import BEIJING, format_time, parse_time
from ..world.clock import FROZEN_AT
from .abstract_run import Impossible, Saved, Unknown, expire, make_older, open_exchange, play_move
from .cost import find_cost_mistakes
from .expectations import concerns_exchange
from .interpreter import StepInterpreter
from .matching import is_literal
from .model import (
    AwaitStep,
    CallStep,
    ControlStep,
    MoveStep,
    RestoreStep,
    Scenario,
    SnapshotStep,
    Step,
    TimeStep,
)
from .state_sentences import (
    States,
    describe_deadline,
    describe_en,
    describe_zh,
    explain_impossible,
    with_unreached,
)
from .unused_names import find_unused_names
from .yaml_text import FileMistake, Node

__all__ = ["check_scenario", "find_contradictions"]

_MAX_STATES = 64  # of one exchange
_MAX_STEPS = 5_000
_NO_TIME = datetime(1970, 1, 2, tzinfo=BEIJING)
_MOVES_NOTHING = ("stock", "rights", "resend")
_STATE_FAILURES = ("wrong_state", "wrong_flow", "flow_over")


def check_scenario(
    scenario: Scenario, table: TableIndex = SHIPPED_TABLE
) -> tuple[FileMistake, ...]:
    """Return what can never work by `table`, costs too much, or is named and never used.

    In order of place.
    """
    mistakes = {*find_contradictions(scenario, table), *find_unused_names(scenario)}
    return tuple(sorted(mistakes))


def find_contradictions(
    scenario: Scenario, table: TableIndex = SHIPPED_TABLE
) -> tuple[FileMistake, ...]:
    """Return the first step that can never work, if there is one, and what costs too much.

    The scenario may be the readable part of a file with mistakes.
    """
    excess = tuple(find_cost_mistakes(scenario))
    return excess or tuple(_AbstractRun(scenario, table).find_mistakes())


class _AbstractRun(StepInterpreter[int]):
    """The scenario so far; its names stand for places in `_states`."""

    def __init__(self, scenario: Scenario, table: TableIndex) -> None:
        super().__init__()
        self._table = table
        self._scenario = scenario
        self._rules: RuleValues = DEFAULTS.with_changes(scenario.world.get("rules", {}))
        self._ruleset = Ruleset(scenario.world.get("ruleset", Ruleset.CLASSIC))
        clock = scenario.world.get("clock") or FROZEN_AT
        start = parse_time(clock) if isinstance(clock, str) else None
        self._has_time = start is not None
        self._now = start or _NO_TIME
        self._states: list[States] = []
        self._unknown_deadline: set[int] = set()
        self._saved: dict[str, Saved] = {}
        self._step: Step | None = None
        self._has_restored = False
        self._beginning = Saved((), self._now, self._rules)

    def find_mistakes(self) -> Iterator[FileMistake]:
        """Yield the first step that can never succeed, if there is one."""
        if "robots" in self._scenario.world or not self._has_time:
            return
        for place, step in enumerate(self._scenario.steps):
            try:
                self.run_step(step)
            except (Unknown, OverflowError):  # an instant beyond all dates is refused when run
                return
            except Impossible as impossible:
                yield with_unreached(impossible.mistake, self._scenario.steps[place + 1 :])
                return

    def begin_step(self, step: Step) -> None:
        """End the check where a scenario has too many steps for it."""
        self._step = step
        if self.steps_done >= _MAX_STEPS:
            raise Unknown

    def find_exchange(self, name: str) -> int:
        """Return the place of an exchange.

        Where none was opened a run stops, unless a restored snapshot gives its id to another one.
        """
        if name in self.names:
            return self.names[name]
        step = self._step
        if self._has_restored or step is None:
            raise Unknown
        raise Impossible(
            FileMistake(
                step.line,
                step.column,
                f"此时没有换货单 {name}：申请它的步骤应被拒绝",
                f"there is no exchange {name}: the application before it is to be refused",
            )
        )

    # moves

    def open_exchange(self, step: MoveStep) -> None:
        """Add an exchange, unless a refusal is expected."""
        if step.refused is not None:
            return
        exchange, unknown_deadline = open_exchange(
            step.fields, self._ruleset, self._now, self._table
        )
        place = len(self._states)
        self.name_exchange(place, step.name)
        if unknown_deadline:
            self._unknown_deadline.add(place)
        self._states.append(())
        self._settle(place, [exchange])

    def make_move(self, step: MoveStep) -> None:
        """Map the states through the move."""
        place = self.find_exchange(step.on)
        before = self._states[place]
        after, illegal = self._try(step, before)
        if step.refused is not None:
            if step.refused.value in _STATE_FAILURES and not illegal:
                raise Impossible(
                    step.refused.mistake(
                        f"这一步不会被拒绝：{describe_zh(before)}，允许 {step.move.name()}",
                        f"never refused: {describe_en(before)} allows {step.move.name()}",
                    )
                )
            return
        self._require(step, before, after)
        self._settle(place, after)

    def _try(self, step: MoveStep, before: States) -> tuple[list[Exchange], int]:
        """Return where the move may lead, and from how many of the states it is illegal."""
        after: list[Exchange] = []
        illegal = 0
        for exchange in before:
            try:
                after += play_move(exchange, step, self._rules, self._now, table=self._table)
            except (IllegalMove, WrongRuleset):
                illegal += 1
        return after, illegal

    def _require(self, step: MoveStep, before: States, after: list[Exchange]) -> None:
        """Raise `Impossible` if the move leads nowhere."""
        if not after:
            texts = explain_impossible(step, before, self._rules, self._table)
            raise Impossible(FileMistake(step.line, step.column, *texts))

    def _settle(self, place: int, after: list[Exchange]) -> None:
        """Set where a move led an exchange, after firing what is due at once."""
        if place not in self._unknown_deadline:
            after = [
                later
                for exchange in after
                for later in expire(exchange, self._rules, self._now, table=self._table)
            ]
        self._set(place, after)

    def _set(self, place: int, states: Iterable[Exchange]) -> None:
        self._states[place] = tuple(dict.fromkeys(states))
        if len(self._states[place]) > _MAX_STATES:
            raise Unknown

    def make_call(self, step: CallStep) -> None:
        """Take a signed write for the seller's move.

        One whose reply is compared may have failed as well.
        """
        method = METHODS.get(step.method)
        if method is None or method.move is None or step.refused is not None:
            return
        name = str(step.params.value.get("dispute_id", Node("", 0, 0)).value).strip("${}")
        if name not in self.names:
            return
        move = MoveStep(
            line=step.line,
            column=step.column,
            on=name,
            actor=Actor.SELLER,
            move=method.move,
            fields=Node({}, 0, 0),
        )
        place = self.find_exchange(name)
        before = self._states[place]
        after, _ = self._try(move, before)
        if step.reply is not None:
            after = [*before, *after]
        self._require(move, before, after)
        self._settle(place, after)

    # time

    def pass_time(self, step: TimeStep) -> None:
        """Move now, or make all exchanges older; fire what gets due."""
        if "$" in step.by:
            raise Unknown
        target = self._find_target(step)
        if target < self._now:
            raise Impossible(
                FileMistake(
                    step.line,
                    step.column,
                    f"时刻 {step.by} 已过：场景此时为 {format_time(self._now)}",
                    f"{step.by} has passed: the scenario is at {format_time(self._now)}",
                )
            )
        if step.age:
            span = target - self._now
            self._states = [
                tuple(make_older(exchange, span) for exchange in states) for states in self._states
            ]
        else:
            self._now = target
        self._expire_all(self._rules)

    def _find_target(self, step: TimeStep) -> datetime:
        """Return the instant to which a step goes."""
        if step.by not in ("next", "deadline"):
            instant = parse_time(step.by)
            return instant if instant is not None else self._now + parse_duration(step.by)
        one = step.by == "deadline"
        places = [self.find_exchange(step.on)] if one else range(len(self._states))
        if any(place in self._unknown_deadline for place in places):
            raise Unknown
        deadlines = {
            deadline(exchange, self._rules, self._table)
            for place in places
            for exchange in self._states[place]
        }
        coming = sorted(instant for instant in deadlines if instant is not None)
        if not coming:
            raise Impossible(
                FileMistake(step.line, step.column, "没有将到期的时限", "no deadline is coming")
            )
        if len(deadlines) > 1 and (one or any(len(states) > 1 for states in self._states)):
            raise Unknown
        return coming[0]

    def _expire_all(self, rules: RuleValues, earliest: datetime | None = None) -> None:
        for place, states in enumerate(self._states):
            if place in self._unknown_deadline:
                raise Unknown
            self._set(
                place,
                [
                    later
                    for exchange in states
                    for later in expire(
                        exchange, rules, self._now, earliest=earliest, table=self._table
                    )
                ],
            )

    # expectations

    def check_expectations(self, expectations: Node, on: str) -> None:
        """Keep the states that the expectations allow."""
        if not any(map(concerns_exchange, expectations.value)):
            return
        place = self.find_exchange(on)
        for key, holds in _STATE_TESTS.items():
            node = expectations.value.get(key)
            if node is None or not is_literal(node):
                continue
            if key in ("due_in", "deadline") and place in self._unknown_deadline:
                continue
            before = self._states[place]
            after = [exchange for exchange in before if holds(self, exchange, node.value)]
            if not after:
                due = describe_deadline(before, self._rules, self._now, self._table)
                raise Impossible(
                    node.mistake(
                        f"{key} 不可能是 {node.value}：{describe_zh(before)}{due}",
                        f"{key} cannot be {node.value}: {describe_en(before)}",
                    )
                )
            self._set(place, after)

    def wait(self, step: AwaitStep) -> None:
        """Keep the states that the expectations allow; a client may also do what is in no step."""
        try:
            self.check_expectations(step.expectations, step.on)
        except Impossible:
            raise Unknown from None

    def has_status(self, exchange: Exchange, expected: object) -> bool:
        """Return True if the status has this number or text."""
        if isinstance(expected, int):
            return exchange.status.value == expected
        return self._rules.text(f"text.{exchange.status.value}") == expected

    def has_cs_status(self, exchange: Exchange, expected: object) -> bool:
        """Return True if the customer-service status has this number."""
        return exchange.cs_status.value == expected

    def is_due_in(self, exchange: Exchange, expected: object) -> bool:
        """Return True if the deadline is so far away; None means no deadline."""
        due = deadline(exchange, self._rules, self._table)
        if due is None or not isinstance(expected, str):
            return due is None and expected is None
        return due - self._now == parse_duration(expected)

    def is_due_at(self, exchange: Exchange, expected: object) -> bool:
        """Return True if the deadline is this instant; None means no deadline."""
        due = deadline(exchange, self._rules, self._table)
        return expected is None if due is None else expected == format_time(due)

    # sandbox

    def change_sandbox(self, step: ControlStep) -> None:
        """Follow a change of rules; `_MOVES_NOTHING` name those that change no exchange, all else
        may do anything."""
        if step.kind == "rules":
            self._rules = self._rules.with_changes(step.body.plain())
            self._expire_all(self._rules, self._now)
        elif step.kind not in _MOVES_NOTHING:
            raise Unknown

    def save_snapshot(self, step: SnapshotStep) -> None:
        """Keep states, now and rules."""
        self._saved[step.name] = Saved(self._states, self._now, self._rules)

    def restore_snapshot(self, step: RestoreStep) -> None:
        """Take back what was kept, or the beginning.

        Names of exchanges that are gone stand for nothing.
        """
        self._has_restored = True
        saved = self._saved.get(step.name, self._beginning)
        self._states = list(saved.states)
        self._now = saved.now
        self._rules = saved.rules
        count = len(self._states)
        self.opened = [place for place in self.opened if place < count]
        self.names = {name: place for name, place in self.names.items() if place < count}


_STATE_TESTS: Mapping[str, Callable[[_AbstractRun, Exchange, object], bool]] = {
    "status": _AbstractRun.has_status,
    "status_text": _AbstractRun.has_status,
    "cs_status": _AbstractRun.has_cs_status,
    "due_in": _AbstractRun.is_due_in,
    "deadline": _AbstractRun.is_due_at,
}
