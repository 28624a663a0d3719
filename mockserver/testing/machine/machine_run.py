"""One run: the user's client in a fresh sandbox, step after step, with everything kept that tells it again.

The machine draws steps and does them here, and so does a replay.  Steps are spelt as stories spell them;
`client` lets the client act so many times.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ...domain.durations import parse_duration
from ...domain.moves import MOVES, Apply
from ...domain.table import Row
from ...domain.vocabulary import Actor
from ...protocol.shapes import show_time
from ...scenario.signed_calls import make_signed_call
from ...scenario.target import ControlRefused
from .checks import CHECKS, CheckContext, CheckFailure, ClientFailed, join_lines
from .local_server import LocalServer, RecordedCall
from .machine_options import MachineOptions
from .possible_steps import (
    QUIET,
    Option,
    OptionKey,
    StepContext,
    StepDocument,
    closing_steps,
    find_options,
    find_preferred_options,
)

__all__ = ["ExecutedStep", "MachineRun"]

_KEPT = ("on", "as")  # keys of a step that are no fields


class ExecutedStep(Struct, frozen=True):
    """A step that was done, and the calls that it came to."""

    step: StepDocument
    heard: tuple[RecordedCall, ...] = ()


class MachineRun:
    """The client in its sandbox; `failed` is told of the first failure, before its error is raised."""

    def __init__(
        self,
        plan: MachineOptions,
        host: LocalServer,
        failed: "Callable[[MachineRun, CheckFailure], object]" = lambda encounter, failure: None,
    ) -> None:
        self.plan, self._failed, self._tap = plan, failed, host.tap
        self.world, self.sandbox, self._stage = host.open(plan)
        self.wishes: tuple[Row, ...] = ()
        self.began = show_time(self.world.now)
        self.names: dict[int, str] = {}
        self.operations: list[ExecutedStep] = []
        self._calls: set[str] = set()
        self._quiet = 0
        self._actor, self._open = None, True
        try:
            self._actor = plan.client(self.sandbox)
        except BaseException:
            self.close()
            raise
        if not callable(self._round):
            self.close()
            raise TypeError(
                "client(sandbox) 应返回可调用对象，或有 step() 的对象 (client(sandbox) should return a callable, or an object with step())"
            )

    def close(self) -> None:
        """Client and sandbox are gone.  Idempotent."""
        if self._open:
            self._open = False
            self._stage.close()
            end = getattr(self._actor, "close", None)
            if end is not None:
                end()

    @property
    def _round(self) -> Any:
        return getattr(self._actor, "step", self._actor)

    @property
    def met(self) -> dict[str, Any]:
        """What was met of the state machine, as `S/coverage` tells it."""
        return self.world.coverage.shown()

    def find_options(self) -> tuple[Mapping[OptionKey, Option], set[OptionKey]]:
        """What can happen next, and which of it the run wants."""
        at = self._surroundings
        found = find_options(at)
        return found, find_preferred_options(at, found)

    def end(self) -> None:
        """The client has had its last chance to do what it left.

        Raises:
            BaseException: as of `do`.
        """
        for step in [*closing_steps(self._surroundings)]:
            self.do(step)

    @property
    def _surroundings(self) -> StepContext:
        plan, taken = self.plan, self.met["rulesets"].get(self.plan.ruleset, {}).get("rows", {})
        return StepContext(
            self.world,
            self.names,
            plan.plays,
            plan.exchanges,
            self._quiet,
            plan.ages,
            taken,
            self.wishes,
        )

    def do(self, step: StepDocument) -> None:
        """The step is done; where it lets the client act, all that is checked holds.

        Raises:
            Refused: a move that is not possible.
            ClientFailed: a built-in check does not hold.
            BaseException: what the client, its own check or an invariant raised.
        """
        kind = next(iter(step))
        self.operations.append(ExecutedStep(step))
        if kind != "client":
            self._quiet = 0
        _DOERS[kind](self, step)

    # steps

    def _number(self, name: str) -> int:
        for number, each in self.names.items():
            if each == name:
                return number
        raise ControlRefused({"title": f"没有换货单 {name}", "detail": f"no exchange {name}"})

    def _move(self, step: StepDocument) -> None:
        """A party's move; the seller's as a signed call."""
        actor, name = next(iter(step.items()))
        fields = {key: value for key, value in step.items() if key not in (actor, *_KEPT)}
        if name == Apply.name():
            self.names[int(self._stage.ask("POST", "exchanges", fields)["dispute_id"])] = step["as"]
            return
        dispute_id = self._number(step["on"])
        if actor == Actor.SELLER:
            session = self._stage.info["shops"][0]["session"]
            call = make_signed_call(MOVES[name], str(dispute_id), fields, self._stage, session)
            if call is not None:
                with self._tap.listening() as heard:
                    self._stage.call(*call, session)
                self.operations[-1] = ExecutedStep(step, tuple(heard))
                return
        self._stage.ask(
            "POST", f"exchanges/{dispute_id}/moves", {"by": actor, "move": name, **fields}
        )

    def _advance(self, step: StepDocument) -> None:
        self.world.advance(parse_duration(step["advance"]))

    def _age(self, step: StepDocument) -> None:
        self.world.age(parse_duration(step["age"]))

    def _stock(self, step: StepDocument) -> None:
        for name, units in step["stock"].items():
            self.world.put_stock(name, units)

    def _rules(self, step: StepDocument) -> None:
        self.world.patch_rules(step["rules"])

    def _fault(self, step: StepDocument) -> None:
        self.world.plan_faults(step)

    # the client

    def _client(self, step: StepDocument) -> None:
        """The client acts, and is looked at each time."""
        for _ in range(step["client"]):
            failure = self._acted()
            if failure is not None:
                self._failed(self, failure)
                raise failure.error

    def _acted(self) -> CheckFailure | None:
        """What is wrong after one round of the client's work."""
        before = self._ways()
        with self._tap.listening() as heard:
            broken = _raised("exception", self._round)
        self._quiet = self._quiet + 1 if self._ways() == before else 0
        self._calls.update(each.request_id for each in heard)
        self.operations[-1] = replace(
            self.operations[-1], heard=(*self.operations[-1].heard, *heard)
        )
        if broken is not None:
            return broken
        acted = CheckContext(
            self.world, tuple(heard), frozenset(self._calls), self._resting(), self.plan.handles
        )
        found = chain.from_iterable(
            CHECKS[name](acted) for name in CHECKS if name in self.plan.check
        )
        return next(chain(found, self._own_failures()), None)

    def _ways(self) -> dict[int, int]:
        """How many times each exchange has come to another status: what is said about it moves it nowhere."""
        view = self.world.view
        return {
            number: sum(event.source is not event.target for event in view.timeline(number))
            for number in self.names
        }

    def _resting(self) -> frozenset[int]:
        """The exchanges, once there were enough rounds in which none of them moved."""
        return frozenset(self.names) if self._quiet >= QUIET else frozenset()

    def _own_failures(self) -> Iterator[CheckFailure]:
        """What the client's own check and the invariants find."""
        own = getattr(self._actor, "check", None)
        if own is not None and (failure := _raised("check", own)) is not None:
            yield failure
        for invariant in self.plan.invariants:
            failure = _raised(
                getattr(invariant, "__name__", "invariant"), invariant, self._actor, self.sandbox
            )
            if failure is not None:
                yield failure


def _raised(check: str, run: Callable[..., object], *arguments: object) -> CheckFailure | None:
    """What the user's code raised, as a failure; what is Hypothesis' own or ends the program passes."""
    try:
        run(*arguments)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as broken:
        if type(broken).__module__.partition(".")[0] == "hypothesis":
            raise
        said = join_lines(f"{type(broken).__name__}: {broken}")[:500]
        where_zh, where_en = (
            ("客户端抛出", "the client raised")
            if check == "exception"
            else (f"{check} 不成立：", f"{check} does not hold:")
        )
        error = (
            ClientFailed(said) if isinstance(broken, SystemExit) else broken
        )  # it would end the test run
        return CheckFailure(
            check=check, zh=f"{where_zh} {said}", en=f"{where_en} {said}", error=error
        )
    return None


_DOERS: Mapping[str, Callable[[MachineRun, StepDocument], None]] = MappingProxyType(
    {
        "buyer": MachineRun._move,
        "seller": MachineRun._move,
        "cs": MachineRun._move,
        "advance": MachineRun._advance,
        "age": MachineRun._age,
        "stock": MachineRun._stock,
        "rules": MachineRun._rules,
        "fault": MachineRun._fault,
        "client": MachineRun._client,
    }
)
