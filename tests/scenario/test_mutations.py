"""The scenarios hold every rule of the table.

Whatever is changed in a row, some shipped scenario fails.

A mutant is the table with one thing changed under one ruleset.  Conditions that distinguish rows of
one state and move are changed in the literal, for all its rulesets, and the row is tried first,
since order alone could hide that they are gone.  What failed lately and scenarios that take the row
are run first; the first failure decides.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from mockserver.control.in_process import in_process_targets
from mockserver.domain.rules import DEFAULTS, RuleValues
from mockserver.domain.table import CS_TABLE, TABLE, CsRow, Row
from mockserver.domain.table_index import SHIPPED_TABLE, TableIndex, index_table
from mockserver.domain.vocabulary import Ruleset, Status
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.library import list_shipped, read_shipped
from mockserver.scenario.model import Scenario
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.result import ScenarioResult
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.scenario.target import ScenarioTarget
from mockserver.server import make_context
from mockserver.world import world_factory

SURVIVORS: Mapping[str, str] = MappingProxyType({})  # a mutant that no scenario can kill, and why
SECOND = timedelta(seconds=1)

Tables = dict[Ruleset, tuple[Row, ...]]
ROWS: Tables = {
    ruleset: tuple(row for row in TABLE if ruleset in row.rulesets) for ruleset in Ruleset
}
ALL = [(ruleset, row) for ruleset in Ruleset for row in ROWS[ruleset]]


class Mutant(NamedTuple):
    """Rules with one thing changed, and what it is."""

    what: str
    tables: Tables = ROWS
    cs_table: tuple[CsRow, ...] = CS_TABLE
    rules: RuleValues = DEFAULTS

    def index(self) -> TableIndex:
        """Return the table to run by: every row under one ruleset, in that ruleset's order."""
        rows = (
            replace(row, rulesets=(ruleset,))
            for ruleset, rows in self.tables.items()
            for row in rows
        )
        return index_table(rows, self.cs_table)


class ShippedScenario(NamedTuple):
    """A scenario read, with the rows it takes when all is well and how long that lasts."""

    scenario: Scenario
    takes: frozenset[tuple[str, str]]
    seconds: float


def run_in_process(
    scenario: Scenario, table: TableIndex = SHIPPED_TABLE
) -> tuple[ScenarioResult, ScenarioTarget]:
    """What comes of a scenario on a fresh sandbox of this table, and that sandbox as it is then."""
    target = in_process_targets(make_context(table=table))(scenario.world)
    return run_scenario(
        scenario, target, RunSettings(waiter=ClientWaiter(time.monotonic, time.sleep))
    ), target


def rows_taken(target: ScenarioTarget) -> frozenset[tuple[str, str]]:
    """Ruleset and name of every row that the sandbox's exchanges have taken."""
    items = target.ask("GET", "exchanges", limit=20_000)["items"]
    return frozenset(
        (exchange["ruleset"], event["rule"]) for exchange in items for event in exchange["timeline"]
    )


@pytest.fixture(scope="module")
def library() -> tuple[ShippedScenario, ...]:
    """The shipped scenarios, read by the rules as they are."""
    entries = []
    for name in list_shipped():
        scenario = read_scenario(read_shipped(name), name)
        result, target = run_in_process(scenario)
        entries.append(ShippedScenario(scenario, rows_taken(target), result.seconds))
    return tuple(entries)


@pytest.fixture
def survives(library, monkeypatch) -> Callable[..., bool]:
    """Whether no scenario fails by a mutant's rules.

    Those that failed by the last ones, or take the row, are run first.
    """

    def survive(mutant: Mutant, ruleset: Ruleset | None = None, rule: str = "") -> bool:
        monkeypatch.setattr(world_factory, "DEFAULTS", mutant.rules)
        table = mutant.index()
        for shipped in sorted(
            library,
            key=lambda entry: (
                entry.scenario.path not in killers,
                (ruleset, rule) not in entry.takes,
                entry.seconds,
            ),
        ):
            # A scenario that cannot be run has shown nothing.
            if run_in_process(shipped.scenario, table)[0].outcome == "failed":
                killers.add(shipped.scenario.path)
                return False
        return True

    killers: set[str] = set()
    return survive


# what is changed


def put(row: Row, changed: Row | None, ruleset: Ruleset) -> Tables:
    """The tables with a row replaced under one ruleset, or dropped."""
    rows = (changed if candidate is row else candidate for candidate in ROWS[ruleset])
    return {**ROWS, ruleset: tuple(candidate for candidate in rows if candidate is not None)}


def without(row: Row, field: str) -> Iterator[tuple[str, Row]]:
    """The row without each one member of a field in turn."""
    members = getattr(row, field)
    for place, member in enumerate(members):
        name = getattr(member, "name", "") or getattr(member, "zh", "") or member[0]
        yield (
            f"{field} without {name}",
            replace(row, **{field: members[:place] + members[place + 1 :]}),
        )


def changes(row: Row) -> Iterator[tuple[str, Row | None]]:
    """The row changed in each one way that counts under a single ruleset."""
    yield "dropped", None
    elsewhere = {*Status} - {
        row.target,
        row.source if row.deadline_rule else None,
    }  # a deadline that stays would never end
    yield from ((f"to {status.value}", replace(row, target=status)) for status in sorted(elsewhere))
    yield from without(row, "postings")
    yield from without(row, "writes")
    plain = replace(row, when=tuple(condition for condition in row.when if not condition.deciding))
    for what, less in without(plain, "when"):
        conditions = [
            condition for condition in row.when if condition.deciding or condition in less.when
        ]
        yield what, replace(row, when=tuple(conditions))
    if row.source is not None:  # what is only now applied for has no older stamp
        yield "stamps", replace(row, changes_modified=not row.changes_modified)


def mutants(row: Row, ruleset: Ruleset) -> Iterator[Mutant]:
    """Every mutant of a row under a ruleset."""
    for what, changed in changes(row):
        yield Mutant(f"{ruleset} {row.name}: {what}", put(row, changed, ruleset))
    for what, by in (
        (("a second later", SECOND), ("a second earlier", -SECOND)) if row.deadline_rule else ()
    ):
        # One timer a state: rows that share it change together.
        own = f"{row.deadline_rule} of {ruleset}"
        values = {**DEFAULTS.values, own: DEFAULTS.duration(row.deadline_rule) + by}
        rows = tuple(
            replace(candidate, deadline_rule=own)
            if candidate.deadline_rule == row.deadline_rule
            else candidate
            for candidate in ROWS[ruleset]
        )
        yield Mutant(
            f"{ruleset} {row.name}: {what}",
            {**ROWS, ruleset: rows},
            rules=RuleValues(MappingProxyType(values)),
        )


def unchosen(row: Row) -> Iterator[Mutant]:
    """The row without each condition that its neighbours lack, tried before them."""
    for place, condition in enumerate(row.when):
        if condition.deciding:
            less = replace(row, when=row.when[:place] + row.when[place + 1 :])
            first = {
                ruleset: (less, *(candidate for candidate in rows if candidate is not row))
                if row in rows
                else rows
                for ruleset, rows in ROWS.items()
            }
            yield Mutant(f"{row.name}: when without {condition.name}", first)


def cs_mutants() -> Iterator[Mutant]:
    """Customer service's table without each row, source, target and verdict in turn."""
    for row in CS_TABLE:
        name = f"cs {row.move.name()}" + (f" {row.when.name}" if row.when else "")
        rest = tuple(candidate for candidate in CS_TABLE if candidate is not row)
        yield Mutant(f"{name}: dropped", cs_table=rest)
        for place, target in enumerate(row.targets):
            less = replace(row, targets=row.targets[:place] + row.targets[place + 1 :])
            yield Mutant(f"{name}: targets without {target.value}", cs_table=(*rest, less))
        if row.when:
            yield Mutant(f"{name}: any verdict", cs_table=(replace(row, when=None), *rest))
    for kind, source in dict.fromkeys(
        (row.move, source) for row in CS_TABLE for source in row.sources
    ):
        less = tuple(
            replace(
                row,
                sources=tuple(
                    candidate
                    for candidate in row.sources
                    if row.move is not kind or candidate is not source
                ),
            )
            for row in CS_TABLE
        )
        yield Mutant(f"cs {kind.name()}: sources without {source.value}", cs_table=less)


# none survives


def survivors(outcomes: Iterator[tuple[Mutant, bool]]) -> list[str]:
    return [
        mutant.what for mutant, survived in outcomes if survived and mutant.what not in SURVIVORS
    ]


def test_the_rules_as_they_are_survive(survives):
    """Installed unchanged, the table fails no scenario: what fails below fails for the change."""
    assert survives(Mutant("nothing"))


@pytest.mark.parametrize(
    ("ruleset", "row"), [pytest.param(*pair, id=f"{pair[0]}-{pair[1].name}") for pair in ALL]
)
def test_a_changed_row_fails_a_scenario(survives, ruleset, row):
    """Change a row: drop it, lead it elsewhere, later or sooner, without one of its parts.

    Parts are an entry, a condition, a value written, or its stamp.
    """
    assert (
        survivors((mutant, survives(mutant, ruleset, row.name)) for mutant in mutants(row, ruleset))
        == []
    )


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name) for row in TABLE if any(c.deciding for c in row.when)]
)
def test_a_row_that_is_not_chosen_fails_a_scenario(survives, row):
    """A row taken without asking what decides between it and the others is noticed."""
    assert (
        survivors(
            (mutant, survives(mutant, row.rulesets[-1], row.name)) for mutant in unchosen(row)
        )
        == []
    )


@pytest.mark.parametrize(
    "mutant", [pytest.param(mutant, id=mutant.what) for mutant in cs_mutants()]
)
def test_a_change_to_customer_service_fails_a_scenario(survives, mutant):
    """Order and numbers of asking, stepping in and judging are held too."""
    assert survivors(iter([(mutant, survives(mutant))])) == []


def test_every_survivor_is_a_mutant():
    """The list names nothing that is no longer there."""
    every = {mutant.what for ruleset, row in ALL for mutant in mutants(row, ruleset)}
    every |= {mutant.what for row in TABLE for mutant in unchosen(row)} | {
        mutant.what for mutant in cs_mutants()
    }
    assert set(SURVIVORS) <= every
