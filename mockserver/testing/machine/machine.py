"""`exchange_machine`: a Hypothesis state machine that plays buyer, customer service and time against the user's client.

It draws steps from what is possible and does them in an `MachineRun`, so none is idle.  A failure is
made small by doing fewer steps, and written.
"""

import sys
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, TypeVar

import msgspec
from hypothesis import HealthCheck, Phase, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from hypothesis.strategies import DrawFn, SearchStrategy

from ...client.sandbox import Sandbox
from ...domain.conditions import BACK_TO_RECEIPT
from ...domain.moves import MOVES, Apply
from ...domain.table import TABLE
from ...domain.vocabulary import Ruleset
from ...scenario.target import ControlRefused
from ..coverage import merge_coverage
from ..strategies.moves import fields_of
from ..strategies.open_documents import applications
from .checks import CheckFailure
from .export import FOLDER, export_failure
from .local_server import LocalServer
from .machine_options import CHECKED, PLAYS, Invariant, MachineOptions
from .machine_run import MachineRun
from .possible_steps import OptionKey, StepDocument, list_option_keys
from .shrink import FailingRun, shrink

__all__ = ["ExchangeMachine", "exchange_machine"]

_T = TypeVar("_T")
_MUTED = st.lists(
    st.sampled_from(("time", "stock", "reply", "client", "apply")), max_size=2, unique=True
)  # variety: what a run does without
_KINDS = (
    "client",
    "apply",
    "move",
    "time",
    "stock",
    "reply",
    *("client", "move", "time") * 2,
    "move",
    "apply",
    "stock",
)  # weights
_EAGER: SearchStrategy[bool] = st.sampled_from(
    (False, True, True, True)
)  # whether what the run wants comes before all else
_OPENED: SearchStrategy[StepDocument] = (
    st.just({})
    | st.fixed_dictionaries({"num": st.integers(1, 3)})
    | applications("reason", "desc", "title", "price", "buyer_nick")
)
_SETTINGS = settings(  # as Hypothesis has them for machines, but that steps are reduced here
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[each for each in Phase if each not in (Phase.shrink, Phase.explain)],
)
_LISTED = 10  # rows that a summary names
_DECIDING = ("for", "num", "exchange_sku")  # fields that options have chosen
_SAID: Mapping[str, SearchStrategy[StepDocument]] = MappingProxyType(
    {name: fields_of(kind, *_DECIDING) for name, kind in MOVES.items() if kind is not Apply}
)


@st.composite
def _next(draw: DrawFn) -> StepDocument:
    """A step that is possible now: one that the run wants, or first of what kind, then which, then with what words."""
    machine: ExchangeMachine = draw(st.runner())
    found, wanted = machine.encounter.find_options()
    allowed: Collection[OptionKey] = wanted if draw(_EAGER) and wanted else found
    kinds = {str(key[0]) for key in allowed}
    kind = draw(_one_of(_KINDS, kinds.difference(machine.muted) or kinds))
    key = draw(_one_of(machine.keys[kind], allowed))
    step = found[key].step
    if kind == "apply":
        return {
            "buyer": "apply",
            "as": f"e{len(machine.encounter.names) + 1}",
            **draw(_OPENED),
            **step,
        }
    if kind == "move" and draw(st.booleans()):
        return {**step, **draw(_SAID[next(iter(step.values()))])}
    return step


def _one_of(known: Iterable[_T], allowed: Container[Any]) -> SearchStrategy[_T]:
    """One of the allowed among those that are known at any time: what is drawn means the same in other surroundings."""
    return st.sampled_from(tuple(known)).filter(lambda each: each in allowed)


class ExchangeMachine(RuleBasedStateMachine):
    """The machine; `exchange_machine` makes its subclasses.  `met` is what all runs so far have met, as `S/coverage` tells it."""

    plan: ClassVar[MachineOptions]
    keys: ClassVar[Mapping[str, tuple[OptionKey, ...]]]
    host: ClassVar[LocalServer]
    met: ClassVar[dict[str, Any]]
    runs: ClassVar[int]
    found: ClassVar[dict[tuple[str, ...], FailingRun]]  # by kind of failure, the smallest

    def __init__(self) -> None:
        super().__init__()
        self.muted: list[str] = []
        self.encounter = MachineRun(self.plan, self.host, self._failed)

    def teardown(self) -> None:
        """A run that has not failed comes to its end; what it met is counted, client and sandbox are gone."""
        try:
            if sys.exception() is None:
                self.encounter.end()
        finally:
            kind, met = type(self), self.encounter.met
            kind.runs, kind.met = kind.runs + 1, merge_coverage(kind.met, met)
            for row in met["rulesets"].get(self.plan.ruleset, {}).get("rows", {}):
                event(f"row {row}")
            self.encounter.close()

    @classmethod
    def taken(cls) -> dict[str, int]:
        """How often each row was taken, in runs in which the client made calls."""
        rows: dict[str, int] = cls.met["rulesets"].get(cls.plan.ruleset, {}).get("rows", {})
        return rows

    @classmethod
    def missing(cls) -> list[str]:
        """The rows that the parties who play could have taken, and that no run has."""
        taken = cls.taken()
        return [row.name for row in cls.plan.rows if row.name not in taken]

    @classmethod
    def summary(cls) -> str:
        """How many rows the runs so far have taken, and which are missing, the first of them by name."""
        rows, missing = len(cls.taken()), cls.missing()
        listed = ", ".join(missing[:_LISTED]) + (" …" if len(missing) > _LISTED else "")
        rest = (
            f"；没有走到的 {len(missing)} 行 ({len(missing)} not taken): {listed}"
            if missing
            else ""
        )
        return f"{cls.__name__}: {cls.runs} 次运行，走过 {rows} 行规则 ({cls.runs} runs, {rows} rows taken){rest}"

    @classmethod
    def replay(cls, steps: Iterable[StepDocument]) -> None:
        """The steps are done once more against the client: what failed then fails again, unless it is mended.

        A move that is no longer possible, since the client has acted otherwise, is left out.
        """
        encounter = MachineRun(cls.plan, cls.host)
        try:
            for step in steps:
                with suppress(ControlRefused):
                    encounter.do(step)
        finally:
            encounter.close()
            cls.host.close()

    def _failed(self, encounter: MachineRun, failure: CheckFailure) -> NoReturn:
        """The failure is made small, once a kind of failure, told, written and raised."""
        kind, found = type(self), FailingRun(encounter, failure)
        encounter.close()
        known = kind.found.get(failure.kind)
        if known is None or len(found.steps) < len(known.steps):
            known = kind.found[failure.kind] = shrink(self.plan, self.host, found)
        note("缩减为 (reduced to):" + "".join(f"\n    {step}" for step in known.steps))
        try:
            for path in export_failure(kind, known):
                note(f"已写入 (written): {path}")
        except OSError as wrong:
            note(f"无法写入 {self.plan.write_to}：{wrong} (cannot be written)")
        raise known.failure.error

    @initialize(modify_to=st.sampled_from((1, 3, 3)), muted=_MUTED, wish=st.integers(0, len(TABLE)))
    def begins(self, modify_to: int, muted: list[str], wish: int) -> None:
        """Settled are where modified applications lead, what does not happen in this run, and which rows it wants first."""
        rows = [row for row in self.plan.rows if modify_to == 3 or BACK_TO_RECEIPT not in row.when]
        place = wish % len(rows)
        self.muted, self.encounter.wishes = muted, (*rows[place:], *rows[:place]) if wish else ()
        if modify_to != 1 and "modify_to" not in self.plan.world.get("rules", {}):
            self.encounter.do({"rules": {"modify_to": modify_to}})

    @rule(step=_next())
    def goes_on(self, step: StepDocument) -> None:
        """Somebody acts, time passes, stock changes, or the client does its work and is checked."""
        self.encounter.do(step)


def exchange_machine(
    client: Callable[[Sandbox], Any],
    *,
    plays: Sequence[str] = PLAYS[:-1],
    ruleset: str = Ruleset.CLASSIC.value,
    seed: int = 0,
    exchanges: int = 3,
    invariants: Iterable[Invariant] = (),
    check: Sequence[str] = CHECKED,
    handles: Sequence[int] = (1, 3, 12),
    world: Mapping[str, Any] = MappingProxyType({}),
    ages: bool = False,
    write_to: str | None = FOLDER,
) -> type[ExchangeMachine]:
    """A machine that plays against `client`: `TestMine = exchange_machine(Mine).TestCase`.

    `client` takes the `Sandbox` and gives what acts as the seller: a callable, or an object with `step()`, one
    round of its work; it may have `check()`, which raises where it finds itself wrong, and `close()`.
    `plays` are the parties and things the machine plays: buyer, cs, time, stock, replies (lost or repeated), and the
    seller beside the client.  At most `exchanges` are under way at a time.
    `check` are the built-in checks: `offences` (calls that no correct client makes), `repeats` (writes repeated without a
    look), `left_lying` (exchanges at one of the statuses `handles` that the client could move on and does not).
    `invariants` take client and sandbox.  `world` has the keys of the world document, without credentials.  `ages` is
    for a client that goes by the machine's clock: now stays, data gets older.  Failures are written to `write_to`.

    Raises:
        BadDocument: a name that there is not; says what was probably meant.
    """
    plan = MachineOptions(
        client=client,
        plays=tuple(map(str, plays)),
        ruleset=str(ruleset),
        seed=int(seed),
        exchanges=int(exchanges),
        invariants=tuple(invariants),
        check=tuple(map(str, check)),
        handles=tuple(map(int, handles)),
        world=msgspec.to_builtins(dict(world)),
        ages=bool(ages),
        write_to=write_to,
    )
    host = LocalServer()
    body: dict[str, Any] = {
        "plan": plan,
        "keys": list_option_keys(plan.exchanges),
        "host": host,
        "met": merge_coverage(),
        "runs": 0,
        "found": {},
        "__module__": getattr(client, "__module__", __name__),
    }
    machine: type[ExchangeMachine] = type(f"{plan.name}Machine", (ExchangeMachine,), body)
    machine.TestCase.settings = _SETTINGS
    machine.TestCase.addClassCleanup(host.close)
    return machine
