"""The table is consistent: all is reached, all ends, one timer a state, evidence for all."""

from collections import Counter
from collections.abc import Callable

import pytest

from mockserver.api.methods import METHODS
from mockserver.domain.evidence import SOURCES, Evidence
from mockserver.domain.moves import MOVES
from mockserver.domain.rules import RULES
from mockserver.domain.table import CS_TABLE, TABLE, Row
from mockserver.domain.vocabulary import Actor, CsStatus, Ruleset, Status
from tests.oracle import END_STATUSES

ENDS = {Status(number) for number in END_STATUSES}


@pytest.fixture(params=Ruleset)
def rows(request) -> list[Row]:
    """The rows of one ruleset."""
    return [row for row in TABLE if request.param in row.rulesets]


@pytest.fixture(scope="module")
def spread() -> Callable:
    """All that can be come to from a start over steps of (from, to)."""

    def reach(start, steps):
        reached = {start}
        while fresh := {to for source, to in steps if source in reached} - reached:
            reached |= fresh
        return reached

    return reach


def test_every_status_is_reached(rows, spread):
    """From the application every status can be come to, in either flow."""
    assert spread(None, [(row.source, row.target) for row in rows]) == {None, *Status}


@pytest.mark.parametrize("status", Status)
def test_every_status_can_end(rows, spread, status):
    """No exchange is stuck: some end can be come to from everywhere."""
    assert spread(status, [(row.source, row.target) for row in rows]) & ENDS


def test_nothing_leaves_an_end(rows):
    """4, 5 and 14 are final."""
    assert [row.name for row in rows if row.source in ENDS] == []


@pytest.mark.parametrize("status", Status)
def test_one_timer_a_state(rows, status):
    """Every open status has one deadline, an end none."""
    assert len(
        {row.deadline_rule for row in rows if row.source is status and row.deadline_rule}
    ) == (status not in ENDS)


def test_a_timer_is_the_systems_and_a_switch():
    """Only the system's rows have deadlines, all of them do, and each is a choice with a length."""
    assert all(bool(row.deadline_rule) is (row.by is Actor.SYSTEM) for row in TABLE)
    assert {row.deadline_rule for row in TABLE} - {""} <= set(RULES)


def test_a_message_stays_where_it_is(rows):
    """Messages neither move nor stamp."""
    talk = [row for row in rows if row.move.name() == "leave_message"]

    assert {(row.source, row.changes_modified) for row in talk} == {
        (status, False) for status in Status if status not in ENDS
    }
    assert all(row.source is row.target and not row.postings for row in talk)


def test_row_names_are_unique():
    """A rule is named once: from, move, to and what decides."""
    assert [name for name, count in Counter(row.name for row in TABLE).items() if count > 1] == []


def test_every_move_has_a_row():
    """No move is declared that nobody can play."""
    assert {row.move for row in TABLE} == set(MOVES.values())


def test_customer_service_moves_have_both_rows():
    """What the second table knows is a move of the first, and every status of it can be come to."""
    assert {row.move for row in CS_TABLE} <= {
        row.move for row in TABLE if row.source is Status.WAIT_BUYER_MODIFY
    }
    assert {source for row in CS_TABLE for source in row.sources} <= {
        CsStatus.NOT_NEEDED,
        *(target for row in CS_TABLE for target in row.targets),
    }


def test_stock_entries_join_two_accounts():
    """Every entry takes from one account and gives to another."""
    accounts = {"available", "reserved", "shipped", "returned", "outside"}

    assert all(
        {post.source, post.target} <= accounts and post.source != post.target
        for row in TABLE
        for post in row.postings
    )


def test_every_rule_has_its_evidence():
    """Rows, rules and methods have a grade, and a source that is listed with its date."""
    evidence = {
        **{row.name: row.evidence for row in TABLE},
        **{f"cs-{number}": row.evidence for number, row in enumerate(CS_TABLE)},
        **{name: rule.evidence for name, rule in RULES.items()},
        **{name: method.evidence for name, method in METHODS.items()},
    }

    assert all(isinstance(item, Evidence) for item in evidence.values())
    assert {
        name: item.sources
        for name, item in evidence.items()
        if not item.sources or set(item.sources) - set(SOURCES)
    } == {}


def test_every_source_is_dated():
    """A source says when it is from, or that it is undated."""
    assert [
        key
        for key, source in SOURCES.items()
        if "20" not in source.title and "undated" not in source.title
    ] == []
