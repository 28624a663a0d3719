"""Plays a story on a stage and says what came of it.

Buyer, customer service and time go through control calls, the seller through signed calls.  With a
client under test the seller's part is awaited instead; see `waiting.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from ..domain.moves import Apply
from ..domain.vocabulary import Actor
from .client_waiter import ClientWaiter, ScenarioAborted
from .expecting import ObservedState, find_mismatches
from .matching import MISSING, Mismatch, compare, get_path
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
from .references import fill_references
from .rejection import Rejection, compare_rejection, read_rejection
from .result import ScenarioFailure, ScenarioResult
from .scenario_clock import ScenarioClock
from .signed_calls import METHOD_OF_MOVE, convert_pictures, make_signed_call
from .target import ControlRefused, ScenarioTarget, TargetReply
from .yaml_text import Node

__all__ = ["RunSettings", "run_scenario"]


class RunSettings(Struct, frozen=True):
    """How to play: `until` stops at a status (number or text), `client` awaits the seller's part.

    `waiting` is how real time is told and passed.  `most` bounds the steps played, 0 does not; `guest` tells that
    the sandbox is older than the story: the story's instants are moved to where its clock stands.
    """

    waiting: ClientWaiter
    until: str = ""
    client: bool = False
    guest: bool = False
    most: int = 0


class _Until(Exception):
    """The status asked for is reached."""


class _Failed(Exception):
    def __init__(self, trouble: ScenarioFailure) -> None:
        self.trouble = trouble
        super().__init__(trouble.zh)


def run_scenario(story: Scenario, stage: ScenarioTarget, run: RunSettings) -> ScenarioResult:
    """What came of the story on this stage; the stage stays open."""
    return _Playing(story, stage, run).result()


class _Playing:
    """One story being played: the names it has given, the last exchange, how far it is."""

    def __init__(self, story: Scenario, stage: ScenarioTarget, run: RunSettings) -> None:
        self._story, self._stage, self._run = story, stage, run
        self._timing = ScenarioClock(
            stage, story.given, shifted=run.client or run.guest, ages=run.client
        )
        self._names: dict[str, str] = {}
        self._opened: list[str] = []
        self._values: dict[str, Any] = {}
        self._ahead: dict[
            str, int
        ] = {}  # by exchange, the client's move that the story is at; it may have made more
        self._done = 0
        self._step: Step | None = None
        self._curl = ""

    def result(self) -> ScenarioResult:
        began = self._run.waiting.now()
        outcome, trouble, stopped = "passed", None, False
        try:
            for step in self._story.steps:
                self._play(step)
            self._check_until_was_met()
        except _Until:
            stopped = True
        except _Failed as failed:
            outcome, trouble = "failed", failed.trouble
        except ControlRefused as refused:
            outcome, trouble = (
                "failed",
                self._trouble(refused.problem.get("title", ""), refused.problem.get("detail", "")),
            )
        except ScenarioAborted as broken:
            outcome, trouble = "broken", self._trouble(broken.zh, broken.en)
        return ScenarioResult(
            title=self._story.title,
            path=self._story.path,
            outcome=outcome,
            steps=self._done,
            stopped=stopped,
            seconds=self._run.waiting.now() - began,
            sandbox=str(self._stage.info.get("id", "")),
            exchanges=dict(self._names),
            trouble=trouble,
        )

    def _play(self, step: Step) -> None:
        self._step, self._curl = step, ""
        self._check_bounds()
        if not isinstance(step, ExpectStep):
            self._ahead = {}
        PLAYERS[type(step)](self, step)
        self._done += 1
        if self._run.until and self._names:
            shown = self._seen("it").exchange
            if self._run.until in (str(shown["status"]), shown["status_text"]):
                raise _Until

    def _check_bounds(self) -> None:
        if self._run.most and self._done >= self._run.most:
            raise ScenarioAborted(
                f"场景超过 {self._run.most} 步", f"the story has more than {self._run.most} steps"
            )
        if self._run.waiting.over:
            raise ScenarioAborted("场景的时间已用完", "the story has used up its time")

    def _check_until_was_met(self) -> None:
        if self._run.until:
            raise ScenarioAborted(
                f"故事结束，没有到过状态 {self._run.until}",
                f"the story ended without reaching status {self._run.until}",
            )

    # names

    def _value(self, name: str) -> Any:
        head, _, rest = name.partition(".")
        if head not in self._values and head not in self._names:
            raise ScenarioAborted(f"名称 {head} 还没有值", f"{head} has no value yet")
        if not rest:
            return self._values[head] if head in self._values else self._names[head]
        found = get_path(
            self._values[head] if head in self._values else self._seen(head).exchange["exchange"],
            rest,
        )
        if found is MISSING:
            raise ScenarioAborted(f"引用 ${name} 没有值", f"${name} leads to nothing")
        return found

    def _filled(self, node: Node) -> Node:
        return fill_references(self._timing.shifted(node), self._value)

    def _plain(self, node: Node) -> Any:
        return self._filled(node).plain()

    def _id(self, name: str) -> str:
        if name not in self._names:
            raise ScenarioAborted(f"还没有换货单 {name}", f"there is no exchange {name} yet")
        return self._names[name]

    def _seen(self, name: str) -> ObservedState:
        dispute_id = self._id(name) if self._names else ""
        return ObservedState(self._stage, dispute_id, self._ahead.get(dispute_id))

    # failing

    def _trouble(self, zh: str, en: str, mismatch: Mismatch | None = None) -> ScenarioFailure:
        step = self._step
        assert step is not None
        events, possible = self._around(step.on)
        return ScenarioFailure(
            line=mismatch.line if mismatch else step.line,
            column=mismatch.column if mismatch else step.column,
            zh=zh,
            en=en,
            wanted=mismatch and _shown(mismatch.wanted),
            actual=mismatch and _shown(mismatch.actual),
            events=events,
            possible=possible,
            curl=self._curl,
        )

    def _around(self, name: str) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any]]:
        """The last facts and the possible moves of the exchange, as far as they can be had."""
        if name not in self._names:
            return (), {}
        try:
            shown = self._seen(name).exchange
        except ControlRefused:
            return (), {}
        return tuple(shown["timeline"][-5:]), shown["possible"]

    def _demand(self, found: Iterator[Mismatch]) -> None:
        """Nothing is not as wanted.

        Raises:
            _Failed: with the first thing that is not.
        """
        for each in found:
            zh = f"{each.what}：期望 {each.wanted!r}，实际 {each.actual!r}"
            raise _Failed(
                self._trouble(
                    zh, f"{each.what}: expected {each.wanted!r}, got {each.actual!r}", each
                )
            )

    # steps

    def move(self, step: MoveStep) -> None:
        fields, refusal = self._plain(step.fields), None
        try:
            if step.move is Apply:
                self._open(step, fields)
            elif self._run.client and step.by is Actor.SELLER and step.move in METHOD_OF_MOVE:
                refusal = self._awaited(step)
            else:
                refusal = self._moved(step, fields)
        except ControlRefused as problem:
            refusal = Rejection.of_problem(problem.problem)
        self._judge(step, refusal)
        self._expect_after(step)

    def _awaited(self, step: MoveStep) -> Rejection | None:
        """How the client's move was refused; None if it was not."""
        waiting, dispute_id = self._run.waiting, self._id(step.on)
        if step.refused is not None:
            return read_rejection(waiting.for_refusal(self._stage, step, dispute_id, step.refused))
        self._ahead[dispute_id] = waiting.for_move(self._stage, step, dispute_id)
        return None

    def _open(self, step: MoveStep, fields: Mapping[str, Any]) -> None:
        opened = self._stage.ask("POST", "exchanges", fields)
        self._names["it"] = opened["dispute_id"]
        if step.name:
            self._names[step.name] = opened["dispute_id"]
        self._opened.append(opened["dispute_id"])

    def _moved(self, step: MoveStep, fields: Mapping[str, Any]) -> Rejection | None:
        """How a move of an exchange was refused; None if it was not."""
        dispute_id = self._id(step.on)
        if step.by is Actor.SELLER:
            shop = (
                self._seen(step.on).exchange["shop"] if len(self._stage.info["shops"]) > 1 else ""
            )
            session = self._session(shop, sub=step.sub)
            call = make_signed_call(step.move, dispute_id, fields, self._stage, session)
            if call is not None:
                return read_rejection(self._call(*call, session))
        body = {
            "by": step.by.value,
            "move": step.move.name(),
            **fields,
            **({"sub": True} if step.sub else {}),
        }
        self._stage.ask("POST", f"exchanges/{dispute_id}/moves", body)
        return None

    def call(self, step: CallStep) -> None:
        params = self._plain(step.params)
        awaited = (
            self._run.client
            and step.refused is None
            and self._run.waiting.awaits(step.method, params)
        )
        if awaited:
            reply = self._run.waiting.for_call(
                self._stage, step.method, str(params.get("dispute_id", ""))
            )
        else:
            session = params.pop("session", None)
            reply = self._call(
                step.method,
                convert_pictures(params),
                self._session(step.shop, sub=step.sub) if session is None else str(session),
            )
        refusal = read_rejection(reply)
        if step.refused is not None or step.expect is None or reply.error:
            self._judge(step, refusal)
        if step.expect is not None:
            for path, node in step.expect.value.items():
                self._demand(compare(path, self._filled(node), get_path(reply.inner, path)))
        for name, path in step.keep.items():
            self._values[name] = get_path(reply.inner, path)
            if self._values[name] is MISSING:
                raise ScenarioAborted(f"应答里没有 {path}", f"the reply has no {path}")

    def _call(self, method: str, params: Mapping[str, Any], session: str) -> TargetReply:
        reply = self._stage.call(method, params, session)
        self._curl = reply.curl
        return reply

    def _session(self, shop: str, *, sub: bool) -> str:
        shops = self._stage.info["shops"]
        found = next((each for each in shops if shop in ("", each["nick"])), None)
        if found is None:
            raise ScenarioAborted(f"没有店铺 {shop}", f"no shop {shop}")
        if sub and not found["subs"]:
            raise ScenarioAborted("店铺没有子账号", "the shop has no sub-account")
        return str(found["subs"][0]["session"] if sub else found["session"])

    def _judge(self, step: MoveStep | CallStep, refusal: Rejection | None) -> None:
        """The step was refused as wanted, or not refused where success is wanted."""
        if step.refused is None:
            if refusal is not None:
                raise _Failed(
                    self._trouble(f"应成功，却被拒绝：{refusal.zh}", f"refused: {refusal.en}")
                )
            return
        wanted = self._filled(step.refused)
        if refusal is None:
            zh, en = (
                f"应被拒绝({wanted.plain()})，却成功了",
                f"expected a refusal ({wanted.plain()}), but it succeeded",
            )
            raise _Failed(self._trouble(zh, en))
        self._demand(compare_rejection(wanted, refusal, self._stage))

    def _expect_after(self, step: MoveStep) -> None:
        if step.expect is not None:
            self._look(step.expect, "it" if step.move is Apply else step.on)

    def expect(self, step: ExpectStep) -> None:
        self._look(step.wanted, step.on)

    def _look(self, wanted: Node, on: str) -> None:
        wanted = self._filled(wanted)
        found = next(find_mismatches(wanted, self._seen(on)), None)
        if found and self._ahead:  # the client may have moved on between two looks
            found = next(find_mismatches(wanted, self._seen(on)), None)
        self._demand(iter((found,) if found else ()))

    def wait(self, step: AwaitStep) -> None:
        """What is wanted holds before the time is up; without a client it holds at once or never."""
        waiting = self._run.waiting
        if step.method and self._run.client:
            waiting.for_call(self._stage, step.method, self._names.get(step.on, ""), step.within)
        if step.wanted.value:
            wanted = self._filled(step.wanted)
            waiting.until(
                lambda: next(find_mismatches(wanted, self._seen(step.on)), None) is None,
                step.within,
            )
            self._demand(find_mismatches(wanted, self._seen(step.on)))

    def go(self, step: TimeStep) -> None:
        by = str(self._plain(Node(step.by, step.line, step.column)))
        self._timing.go(by, age=step.age, dispute_id=self._names.get(step.on, ""))

    def send(self, step: ControlStep) -> None:
        CONTROLS[step.what](self._stage, self._plain(step.body))

    def keep(self, step: SnapshotStep) -> None:
        self._stage.ask("PUT", f"snapshots/{quote(step.name, safe='')}")
        self._timing.keep(step.name)
        self._run.waiting.keep(step.name)

    def restore(self, step: RestoreStep) -> None:
        self._stage.ask("POST", "reset", {"to": step.name})
        self._timing.restore(step.name)
        self._run.waiting.restore(step.name)

    def repeat(self, step: RepeatStep) -> None:
        for _ in range(step.times):
            for inner in step.do:
                self._play(inner)

    def each(self, step: ForEachStep) -> None:
        chosen = [self._id(name) for name in step.names] if step.names else list(self._opened)
        before = self._names["it"]
        for dispute_id in chosen:
            self._names["it"] = dispute_id
            for inner in step.do:
                self._play(inner)
        self._names["it"] = before


def _shown(value: Any) -> Any:
    """A value that a report can carry."""
    return (
        value if isinstance(value, bool | int | float | str | list | dict | None) else repr(value)
    )


def _set_stock(stage: ScenarioTarget, body: Mapping[str, Any]) -> None:
    for name, units in body.items():
        stage.ask("PUT", f"stock/{quote(name, safe='')}", {"available": units})


def _grant(stage: ScenarioTarget, body: Mapping[str, Any]) -> None:
    kind = "session" if "session" in body else "app"
    what = body[kind] if kind == "session" else stage.info["app_key"]
    rest = {key: value for key, value in body.items() if key != kind}
    stage.ask("PATCH", f"{kind}s/{quote(str(what), safe='')}", rest)


def _plan(stage: ScenarioTarget, body: Mapping[str, Any]) -> None:
    """A fault is planned; an empty body ends all that are."""
    if body:
        stage.ask("POST", "faults", body)
    else:
        stage.ask("DELETE", "faults")


CONTROLS: Mapping[str, Callable[[ScenarioTarget, Any], None]] = {
    "rules": lambda stage, body: stage.ask("PATCH", "rules", body),
    "stock": _set_stock,
    "rights": _grant,
    "fault": _plan,
}
PLAYERS: Mapping[type[Step], Callable[[Any, Any], None]] = {
    MoveStep: _Playing.move,
    CallStep: _Playing.call,
    ExpectStep: _Playing.expect,
    AwaitStep: _Playing.wait,
    TimeStep: _Playing.go,
    ControlStep: _Playing.send,
    SnapshotStep: _Playing.keep,
    RestoreStep: _Playing.restore,
    RepeatStep: _Playing.repeat,
    ForEachStep: _Playing.each,
}
