"""`exchange_machine`.

A Hypothesis state machine that plays everybody else against the user's client.

The model.  The client under test is the seller.  The machine plays buyer, customer service, time,
stock and the network around it, as options say.  One example of Hypothesis is one run: a fresh
sandbox (`machine_run.py`) in which steps are drawn one after another from what is possible
(`possible_steps.py`), so none is refused and none is idle.  A step `{"client": n}` lets the client
act n times; after each time it is checked (`checks.py`).

Three things differ from an ordinary state machine of Hypothesis:

- One rule, `take_step`.  Preconditions and bundles would have to repeat the table's conditions;
  here the table itself says what is possible.  To get variety nevertheless, each run leaves out up
  to two kinds of steps (`_LEFT_OUT`), and has an order in which it prefers the rows of the table,
  so that all runs together take every row.
- Shrinking is done by `shrink.py` on steps, not by Hypothesis on its choices, because whole runs
  against a client are slow.  Hypothesis' own shrinking is switched off, and each kind of failure is
  shrunk once.
- A failure is written as files that repeat it without the machine (`export.py`): a scenario, a
  pytest file, a curl script.  So a step must be plain data that says everything; whatever a step
  needs besides is kept in `ExecutedStep`.

What would break: anything random outside Hypothesis' choices, or credentials that differ between
runs, makes failures unrepeatable.
"""

import sys
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, TypeVar

import msgspec
from hypothesis import HealthCheck, Phase, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from hypothesis.strategies import DrawFn, SearchStrategy

from ...client.sandbox import Sandbox
from ...domain.conditions import AFTER_AGREEMENT, BACK_TO_RECEIPT
from ...domain.moves import MOVES, Apply
from ...domain.table_index import SHIPPED_TABLE
from ...domain.vocabulary import Ruleset
from ...scenario.history_writer import HistoryTooLong
from ..coverage import merge_coverage
from ..strategies.moves import fields_of
from ..strategies.open_documents import applications
from .check_failure import CheckFailure
from .export import FOLDER, export_failure
from .local_server import LocalServer
from .machine_options import CHECKED, PLAYS_BY_DEFAULT, Invariant, MachineOptions
from .machine_run import MachineRun
from .possible_steps import OptionKey, StepDocument, list_option_keys
from .shrink import FailingRun, shrink

__all__ = ["ExchangeMachine", "exchange_machine"]

_T = TypeVar("_T")
_LEFT_OUT = st.lists(  # kinds of steps that a run does without
    st.sampled_from(("time", "stock", "reply", "client", "apply")), max_size=2, unique=True
)
_WEIGHTED_KINDS = (
    "client",
    "apply",
    "move",
    "time",
    "stock",
    "reply",
    "list",
    "trouble",
    "text",
    *("round",) * 4,
    *("message",) * 2,
    *("client", "move", "time") * 2,
    "move",
    "apply",
    "stock",
)
# Whether the step is one that the run prefers.
_TAKES_PREFERRED: SearchStrategy[bool] = st.sampled_from((False, True, True, True))
_HAS_FIELDS = st.sampled_from((False, False, False, True))  # texts take Hypothesis long to draw
_OPENING_FIELDS: SearchStrategy[StepDocument] = (
    st.just({})
    | st.fixed_dictionaries({"num": st.integers(1, 3)})
    | applications("reason", "desc", "title", "price", "buyer_nick")
)
_SETTINGS = settings(  # Hypothesis' own for machines, but without shrinking
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)],
)
_NUMBERS = st.integers(0, 2**24 - 1)  # in a wider range Hypothesis prefers small ones
_MAX_LISTED_ROWS = 10  # in a summary
_CHOSEN_FIELDS = ("for", "num", "exchange_sku")  # by the options
_MOVE_FIELDS: Mapping[str, SearchStrategy[StepDocument]] = MappingProxyType(
    {name: fields_of(kind, *_CHOSEN_FIELDS) for name, kind in MOVES.items() if kind is not Apply}
)


@st.composite
def _draw_step(draw: DrawFn) -> StepDocument:
    """Draw a step that is possible now: first its kind, then which, then optional fields."""
    machine: ExchangeMachine = draw(st.runner())
    options, preferred = machine.run.find_options()
    allowed: Collection[OptionKey] = preferred if draw(_TAKES_PREFERRED) and preferred else options
    kinds = {str(key[0]) for key in allowed}
    kinds = kinds.difference(machine.left_out) or kinds
    opening = {"buyer": "apply", "as": f"e{len(machine.run.names) + 1}"}
    if machine.options.is_timed:
        key = _choose_key(machine, draw(_NUMBERS), kinds, allowed)
        return {**opening, **options[key].step} if key[0] == "apply" else options[key].step
    kind = draw(_sample_allowed(_WEIGHTED_KINDS, kinds))
    step = options[draw(_sample_allowed(machine.keys[kind], allowed))].step
    if kind == "apply":
        return {**opening, **draw(_OPENING_FIELDS), **step}
    if kind == "move" and draw(_HAS_FIELDS):
        return {**step, **draw(_MOVE_FIELDS[next(iter(step.values()))])}
    return step


def _choose_key(
    machine: "ExchangeMachine", number: int, kinds: set[str], allowed: Container[OptionKey]
) -> OptionKey:
    """Return the option that a number stands for, out of those that are allowed.

    Where real time decides what is possible, Hypothesis has to see the same choices whatever is.
    """
    weighted = [kind for kind in _WEIGHTED_KINDS if kind in kinds]
    rest, place = divmod(number, len(weighted))
    keys = [key for key in machine.keys[weighted[place]] if key in allowed]
    return keys[rest % len(keys)]


def _sample_allowed(values: Iterable[_T], allowed: Container[Any]) -> SearchStrategy[_T]:
    """Return one of `values` that is allowed.

    All values there can be are sampled and filtered, so that a choice means the same whatever else
    is allowed.
    """
    return st.sampled_from(tuple(values)).filter(lambda value: value in allowed)


class ExchangeMachine(RuleBasedStateMachine):
    """The machine; `exchange_machine` makes its subclasses.

    `covered` is what all runs so far have reached, as in `S/coverage`; `failures` the smallest
    failing run of each kind, `written` the files about it.
    """

    options: ClassVar[MachineOptions]
    keys: ClassVar[Mapping[str, tuple[OptionKey, ...]]]
    server: ClassVar[LocalServer]
    covered: ClassVar[dict[str, Any]]
    runs: ClassVar[int]
    failures: ClassVar[dict[tuple[str, ...], FailingRun]]
    written: ClassVar[dict[tuple[str, ...], Sequence[Path]]]

    def __init__(self) -> None:
        super().__init__()
        self.left_out: list[str] = []
        self.run = MachineRun(self.options, self.server, self._report_failure)

    def teardown(self) -> None:
        """End a run that has not failed, count what it reached, close client and sandbox."""
        try:
            if sys.exception() is None:
                self.run.end()
        finally:
            machine = type(self)
            covered = self.run.coverage
            machine.runs += 1
            machine.covered = merge_coverage(machine.covered, covered)
            ruleset = covered["rulesets"].get(self.options.ruleset, {})
            for row in ruleset.get("rows", {}):
                event(f"row {row}")
            self.run.close()

    @classmethod
    def taken(cls) -> dict[str, int]:
        """Return how often each row was taken, in runs in which the client made calls."""
        ruleset = cls.covered["rulesets"].get(cls.options.ruleset, {})
        rows: dict[str, int] = ruleset.get("rows", {})
        return rows

    @classmethod
    def missing(cls) -> list[str]:
        """Return the rows that the parties of this machine can take and no run has taken."""
        taken = cls.taken()
        return [row.name for row in cls.options.rows if row.name not in taken]

    @classmethod
    def summary(cls, lang: str = "") -> str:
        """Return one line: how many rows all runs have taken, and the first that are missing.

        In the language `zh` or `en`; by default in both.
        """
        rows = len(cls.taken())
        missing = cls.missing()
        names = ", ".join(missing[:_MAX_LISTED_ROWS])
        if len(missing) > _MAX_LISTED_ROWS:
            names += " …"
        zh = f"{cls.runs} 次运行，走过 {rows} 行规则"
        en = f"{cls.runs} runs, {rows} rows taken"
        zh_rest = f"没有走到的 {len(missing)} 行"
        en_rest = f"{len(missing)} not taken"
        if lang == "zh":
            line, rest = zh, f"；{zh_rest}：{names}"
        elif lang == "en":
            line, rest = en, f"; {en_rest}: {names}"
        else:
            line, rest = f"{zh} ({en})", f"；{zh_rest} ({en_rest}): {names}"
        return f"{cls.__name__}: {line}{rest if missing else ''}"

    @classmethod
    def replay(cls, steps: Iterable[StepDocument]) -> None:
        """Run the steps against the client.

        A failure is raised again, unless the client no longer has it.

        A move that is no longer possible, since the client has acted otherwise, is left out.
        """
        run = MachineRun(cls.options, cls.server)
        try:
            for step in steps:
                run.try_step(step)
        finally:
            run.close()
            cls.server.close()

    def _report_failure(self, run: MachineRun, failure: CheckFailure) -> NoReturn:
        """Shrink a failure if it is the first of its kind, write it to files, and raise it."""
        run.close()
        failures = type(self).failures
        failing = FailingRun(run, failure)
        smallest = failures.get(failure.kind)
        if smallest is None or len(failing.steps) < len(smallest.steps):
            smallest = shrink(self.options, self.server, failing)
            failures[failure.kind] = smallest
        steps = "".join(f"\n    {step}" for step in smallest.steps)
        note(f"缩减为 (reduced to):{steps}")
        if not smallest.is_smallest:
            note("客户端较慢，没有时间再缩减 (the client is slow: no time to reduce it further)")
        try:
            written = type(self).written[failure.kind] = export_failure(type(self), smallest)
            for path in written:
                note(f"已写入 (written): {path}")
        except (OSError, HistoryTooLong) as error:
            note(f"无法写入 {self.options.write_to}：{error} (cannot be written)")
        raise smallest.failure.error

    @initialize(
        modify_to=st.sampled_from((1, 3, 3)),
        left_out=_LEFT_OUT,
        first=st.integers(0, len(SHIPPED_TABLE.rows)),
    )
    def begin(self, modify_to: int, left_out: list[str], first: int) -> None:
        """Choose where modified applications lead, what is left out, which rows are preferred."""
        late_changes = self.options.world.get("rules", {}).get("modify_after_agreement", False)
        rows = [
            row
            for row in self.options.rows
            if (modify_to == 3 or BACK_TO_RECEIPT not in row.when)
            and (AFTER_AGREEMENT not in row.when or late_changes)
        ]
        place = first % len(rows)
        self.left_out = left_out
        self.run.preferred_rows = (*rows[place:], *rows[:place]) if first else ()
        if modify_to != 1 and "modify_to" not in self.options.world.get("rules", {}):
            self.run.run_step({"rules": {"modify_to": modify_to}})

    @rule(step=_draw_step())
    def take_step(self, step: StepDocument) -> None:
        """Let somebody act, time pass or stock change, or let the client work and check it."""
        self.run.try_step(step)


def exchange_machine(
    client: Callable[[Sandbox], Any],
    *,
    plays: Sequence[str] = PLAYS_BY_DEFAULT,
    ruleset: str = Ruleset.CLASSIC.value,
    seed: int = 0,
    exchanges: int = 3,
    invariants: Iterable[Invariant] = (),
    check: Sequence[str] = CHECKED,
    handles: Sequence[int] = (1, 3, 12),
    world: Mapping[str, Any] = MappingProxyType({}),
    ages: bool = False,
    channels: Sequence[str] = ("queries",),
    write_to: str | None = FOLDER,
) -> type[ExchangeMachine]:
    """Return a machine that plays against `client`: `TestMine = exchange_machine(Mine).TestCase`.

    `client` takes the `Sandbox` and returns what acts as the seller: a callable, or an object with
    `step()`, one round of its work.  The object may have `check()`, which raises if its own state
    is wrong, and `close()`. `plays` are the parties and things that the machine plays; PLAYS in
    `machine_options.py` has all of them, docs/property-tests.md what each is.  At most `exchanges`
    are open at a time. `check` are the built-in checks, all of CHECKED unless given; `handles` the
    statuses at which the client acts.  `invariants` take client and sandbox, and raise. `world` has
    the keys of the world document, without credentials.  `ages` is for a client that goes by the
    machine's clock: now stays and data gets older.  `channels` are the ways by which the client
    learns of changes: `queries`, `messages` (it takes them from the message channel), or both.
    Failures are written to the folder `write_to`; None writes none.

    Raises:
        BadDocument: an unknown name, or a world that cannot be; says what was probably meant.
    """
    options = MachineOptions(
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
        channels=tuple(map(str, channels)),
        write_to=write_to,
    )
    server = LocalServer(options.table)
    body: dict[str, Any] = {
        "options": options,
        "keys": list_option_keys(options.exchanges),
        "server": server,
        "covered": merge_coverage(),
        "runs": 0,
        "failures": {},
        "written": {},
        "__module__": getattr(client, "__module__", __name__),
    }
    machine: type[ExchangeMachine] = type(f"{options.name}Machine", (ExchangeMachine,), body)
    machine.TestCase.settings = _SETTINGS
    machine.TestCase.addClassCleanup(server.close)
    return machine
