"""The compiler's eye: what in a story can never work, found by playing it on the table alone.

Every exchange of the story stands as the set of states it may be in: a step that waits on stock leaves
both outcomes open, an expectation narrows them.  A step that none of them allows is a mistake, as is an
instant that has passed and a name that nothing uses.  What cannot be known without playing (faults,
robots, a running clock) is let pass.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from ..api.methods import METHODS
from ..domain.durations import format_duration, parse_duration
from ..domain.errors import ConditionFailed, IllegalMove, WrongFlow
from ..domain.exchange import Exchange
from ..domain.moves import Apply
from ..domain.play import deadline, rows_from
from ..domain.rules import DEFAULTS, RuleValues
from ..domain.vocabulary import Actor, CsStatus, Ruleset, Status
from ..protocol.shapes import BEIJING, read_time, show_time
from ..world.clock import FROZEN_AT
from .abstract_run import expired, opened, outcomes
from .model import (
    AwaitStep,
    CallStep,
    ControlStep,
    ExpectStep,
    ForEachStep,
    MoveStep,
    RepeatStep,
    RestoreStep,
    Scenario,
    SnapshotStep,
    Step,
    TimeStep,
)
from .unused_names import find_unused_names
from .yaml_text import FileMistake, Node

__all__ = ["check_scenario"]

_STANDINGS_AT_MOST, _STEPS_AT_MOST = 64, 5_000
_NO_TIME = datetime(1970, 1, 2, tzinfo=BEIJING)


def check_scenario(story: Scenario) -> tuple[FileMistake, ...]:
    """What can never work in a story that reads well, in order of place."""
    return tuple(sorted({*_Foreseen(story).mistakes(), *find_unused_names(story)}))


class _Unsure(Exception):
    """From here on nothing can be known without playing."""


class _Impossible(Exception):
    """A step can never succeed."""

    def __init__(self, mistake: FileMistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.zh)


class _Foreseen:
    """The story so far: for each exchange the states it may be in, and the story's now."""

    def __init__(self, story: Scenario) -> None:
        self._story = story
        self._choices: RuleValues = DEFAULTS.with_changes(story.given.get("rules", {}))
        self._ruleset = Ruleset(story.given.get("ruleset", Ruleset.CLASSIC))
        clock = story.given.get("clock") or FROZEN_AT
        start = read_time(clock) if isinstance(clock, str) else None
        self._knows_time = start is not None
        self._now = start or _NO_TIME
        self._standings: list[tuple[Exchange, ...]] = []
        self._timeless: set[int] = set()
        self._names: dict[str, int] = {}
        self._kept: dict[str, tuple[list[tuple[Exchange, ...]], datetime, RuleValues]] = {}
        self._begun = (self._choices, self._now)
        self._done = 0

    def mistakes(self) -> Iterator[FileMistake]:
        """The first step that can never succeed; what follows it is never reached."""
        if "robots" in self._story.given or not self._knows_time:
            return
        for place, step in enumerate(self._story.steps):
            try:
                self._step(step)
            except (_Unsure, OverflowError):  # an instant beyond all dates, which playing refuses
                return
            except _Impossible as impossible:
                yield _with_unreached(impossible.mistake, self._story.steps[place + 1 :])
                return

    def _step(self, step: Step) -> None:
        self._done += 1
        if self._done > _STEPS_AT_MOST:
            raise _Unsure
        CHECKS[type(step)](self, step)

    def _of(self, step: Step) -> tuple[int, tuple[Exchange, ...]]:
        if step.on not in self._names:
            raise _Unsure
        number = self._names[step.on]
        return number, self._standings[number]

    # moves

    def play(self, step: MoveStep) -> None:
        if step.move is Apply:
            if step.refused is None:
                self._open(step)
        else:
            self._move(step)
        if step.expect is not None:
            self._narrow(step, step.expect)

    def _open(self, step: MoveStep) -> None:
        exchange, timeless = opened(step.fields, self._ruleset, self._now)
        self._names["it"] = len(self._standings)
        if step.name:
            self._names[step.name] = len(self._standings)
        if timeless:
            self._timeless.add(len(self._standings))
        self._standings.append(())
        self._settle(self._names["it"], [exchange])

    def _move(self, step: MoveStep) -> None:
        number, before = self._of(step)
        after, refusals = self._tried(step, before)
        if step.refused is not None:
            if step.refused.value in ("wrong_state", "wrong_flow", "flow_over") and not refusals:
                raise _Impossible(
                    step.refused.mistake(
                        f"这一步不会被拒绝：{_told(before)}，允许 {step.move.name()}",
                        f"never refused: {_told_en(before)} allows {step.move.name()}",
                    )
                )
            return
        if not after:
            raise _Impossible(
                FileMistake(
                    step.line, step.column, *_cannot(step, before, self._choices, self._now)
                )
            )
        self._settle(number, after)

    def _tried(self, step: MoveStep, before: tuple[Exchange, ...]) -> tuple[list[Exchange], int]:
        """Where the move may lead, and from how many of the states it is illegal."""
        after: list[Exchange] = []
        refused = 0
        for exchange in before:
            try:
                after += outcomes(exchange, step, self._choices, self._now)
            except (IllegalMove, WrongFlow):
                refused += 1
            except ConditionFailed:
                raise _Unsure from None
        return after, refused

    def _settle(self, number: int, after: list[Exchange]) -> None:
        """An exchange is where a move led it; what is due at once has fired."""
        if number not in self._timeless:
            after = [late for each in after for late in expired(each, self._choices, self._now)]
        self._set(number, after)

    def _set(self, number: int, after: list[Exchange]) -> None:
        self._standings[number] = tuple(dict.fromkeys(after))
        if len(self._standings[number]) > _STANDINGS_AT_MOST:
            raise _Unsure

    def call(self, step: CallStep) -> None:
        """A signed write without expectation is the seller's move; with one it may have failed as well."""
        method = METHODS.get(step.method)
        if method is None or method.move is None or step.refused is not None:
            return
        name = str(step.params.value.get("dispute_id", Node("", 0, 0)).value).strip("${}")
        if name not in self._names:
            return
        play = MoveStep(
            line=step.line,
            column=step.column,
            on=name,
            by=Actor.SELLER,
            move=method.move,
            fields=Node({}, 0, 0),
        )
        number, before = self._of(play)
        after, _ = self._tried(play, before)
        if step.expect is not None:
            after = [*before, *after]
        if not after:
            raise _Impossible(
                FileMistake(
                    step.line, step.column, *_cannot(play, before, self._choices, self._now)
                )
            )
        self._settle(number, after)

    # time

    def go(self, step: TimeStep) -> None:
        if "$" in step.by:
            raise _Unsure
        target = self._target(step)
        if target < self._now:
            raise _Impossible(
                FileMistake(
                    step.line,
                    step.column,
                    f"时刻 {step.by} 已过：故事此时为 {show_time(self._now)}",
                    f"{step.by} has passed: the story is at {show_time(self._now)}",
                )
            )
        if step.age:
            self._standings = [
                tuple(_aged(each, target - self._now) for each in before)
                for before in self._standings
            ]
        else:
            self._now = target
        self._expire(self._choices)

    def _target(self, step: TimeStep) -> datetime:
        if step.by not in ("next", "deadline"):
            instant = read_time(step.by)
            return instant if instant is not None else self._now + parse_duration(step.by)
        chosen = [self._of(step)[0]] if step.by == "deadline" else range(len(self._standings))
        if any(number in self._timeless for number in chosen):
            raise _Unsure
        dues = {
            deadline(each, self._choices) for number in chosen for each in self._standings[number]
        }
        coming = sorted(due for due in dues if due is not None)
        if not coming:
            raise _Impossible(
                FileMistake(step.line, step.column, "没有将到期的时限", "no deadline is coming")
            )
        if len(dues) > 1 and (
            step.by == "deadline" or any(len(each) > 1 for each in self._standings)
        ):
            raise _Unsure
        return coming[0]

    def _expire(self, rules: RuleValues, earliest: datetime | None = None) -> None:
        for number, before in enumerate(self._standings):
            if number in self._timeless:
                raise _Unsure
            self._set(
                number,
                [late for each in before for late in expired(each, rules, self._now, earliest)],
            )

    # expectations

    def expect(self, step: ExpectStep) -> None:
        self._narrow(step, step.wanted)

    def wait(self, step: AwaitStep) -> None:
        """Meanwhile a client may do what is in no step: what its doing alone could meet is no mistake."""
        try:
            self._narrow(step, step.wanted)
        except _Impossible:
            raise _Unsure from None

    def _narrow(self, step: Step, wanted: Node) -> None:
        """Only the states that the expectation allows are left."""
        if step.on not in self._names:
            return
        on = "it" if isinstance(step, MoveStep) and step.move is Apply else step.on
        number = self._names[on]
        for key, holds in NARROWING.items():
            node = wanted.value.get(key)
            if (
                node is None
                or isinstance(node.value, dict)
                or (isinstance(node.value, str) and "$" in node.value)
            ):
                continue
            if key in ("due_in", "deadline") and number in self._timeless:
                continue
            before = self._standings[number]
            left = [each for each in before if holds(self, each, node.value)]
            if not left:
                raise _Impossible(
                    node.mistake(
                        f"{key} 不可能是 {node.value}：{_told(before)}{_due(before, self._choices, self._now)}",
                        f"{key} cannot be {node.value}: {_told_en(before)}",
                    )
                )
            self._set(number, left)

    def status_is(self, exchange: Exchange, wanted: object) -> bool:
        if isinstance(wanted, int):
            return exchange.status.value == wanted
        return self._choices.text(f"text.{exchange.status.value}") == wanted

    def cs_is(self, exchange: Exchange, wanted: object) -> bool:
        return exchange.cs_status.value == wanted

    def due_in_is(self, exchange: Exchange, wanted: object) -> bool:
        due = deadline(exchange, self._choices)
        return (
            wanted is None
            if due is None
            else isinstance(wanted, str) and due - self._now == parse_duration(wanted)
        )

    def deadline_is(self, exchange: Exchange, wanted: object) -> bool:
        due = deadline(exchange, self._choices)
        return wanted is None if due is None else wanted == show_time(due)

    # the rest

    def send(self, step: ControlStep) -> None:
        if step.what == "rules":
            self._choices = self._choices.with_changes(step.body.plain())
            self._expire(self._choices, self._now)
        elif step.what not in ("stock", "rights"):
            raise _Unsure

    def keep(self, step: SnapshotStep) -> None:
        self._kept[step.name] = (list(self._standings), self._now, self._choices)

    def restore(self, step: RestoreStep) -> None:
        if step.name in self._kept:
            self._standings, self._now, self._choices = self._kept[step.name]
            self._standings = list(self._standings)
        else:
            self._choices, self._now = self._begun
            self._standings = []
        self._names = {
            name: number for name, number in self._names.items() if number < len(self._standings)
        }

    def repeat(self, step: RepeatStep) -> None:
        for _ in range(step.times):
            for inner in step.do:
                self._step(inner)

    def each(self, step: ForEachStep) -> None:
        before = self._names.get("it")
        numbers = [self._names[name] for name in step.names if name in self._names] or list(
            range(len(self._standings))
        )
        for number in numbers:
            self._names["it"] = number
            for inner in step.do:
                self._step(inner)
        if before is not None:
            self._names["it"] = before


def _aged(exchange: Exchange, span: timedelta) -> Exchange:
    """The exchange with all that its deadline counts from older by `span`."""
    return replace(
        exchange, entered=exchange.entered - span, due=exchange.due and exchange.due - span
    )


def _with_unreached(mistake: FileMistake, rest: tuple[Step, ...]) -> FileMistake:
    if not rest:
        return mistake
    return replace(
        mistake,
        zh=f"{mistake.zh}；其后 {len(rest)} 步(第 {rest[0].line} 行起)不会执行",
        en=f"{mistake.en}; the {len(rest)} steps from line {rest[0].line} are never reached",
    )


def _told(standings: tuple[Exchange, ...]) -> str:
    shown = (
        f"{each.status.value} {each.status.zh}{_cs(each, each.cs_status.zh)}" for each in standings
    )
    return "此时换货单为 " + " 或 ".join(dict.fromkeys(shown))


def _told_en(standings: tuple[Exchange, ...]) -> str:
    shown = (
        f"{each.status.value}{_cs(each, f'customer service {each.cs_status.en}')}"
        for each in standings
    )
    return "the exchange is at " + " or ".join(dict.fromkeys(shown))


def _cs(exchange: Exchange, words: str) -> str:
    return "" if exchange.cs_status is CsStatus.NOT_NEEDED else f"({words})"


def _due(standings: tuple[Exchange, ...], rules: RuleValues, now: datetime) -> str:
    due = deadline(standings[0], rules) if len(standings) == 1 else None
    return "" if due is None else f"，时限 {show_time(due)}(还有 {format_duration(due - now)})"


def _cannot(
    step: MoveStep, before: tuple[Exchange, ...], rules: RuleValues, now: datetime
) -> tuple[str, str]:
    """Why a move is impossible, and from where it would be possible."""
    ruleset = before[0].ruleset
    legal = [
        status.value
        for status in Status
        if any(row.move is step.move and row.by is step.by for row in rows_from(ruleset, status))
    ]
    entered = f"({show_time(before[0].entered)} 起)" if len(before) == 1 else ""
    where = "、".join(map(str, legal)) or "无"
    return (
        f"{step.by.zh}此时不能 {step.move.name()}：{_told(before)}{entered}；只能在状态 {where}",
        f"{step.by} cannot {step.move.name()} now: {_told_en(before)}; possible at {', '.join(map(str, legal)) or 'none'}",
    )


NARROWING: Mapping[str, Callable[[_Foreseen, Exchange, object], bool]] = {
    "status": _Foreseen.status_is,
    "status_text": _Foreseen.status_is,
    "cs_status": _Foreseen.cs_is,
    "due_in": _Foreseen.due_in_is,
    "deadline": _Foreseen.deadline_is,
}
CHECKS: Mapping[type[Step], Callable[..., None]] = {
    MoveStep: _Foreseen.play,
    CallStep: _Foreseen.call,
    TimeStep: _Foreseen.go,
    ExpectStep: _Foreseen.expect,
    AwaitStep: _Foreseen.wait,
    ControlStep: _Foreseen.send,
    SnapshotStep: _Foreseen.keep,
    RestoreStep: _Foreseen.restore,
    RepeatStep: _Foreseen.repeat,
    ForEachStep: _Foreseen.each,
}
