"""Every row of both rulesets, written by hand from the exchange guide and the rules."""

import pytest

from mockserver.domain.errors import DomainError
from mockserver.domain.evidence import Grade
from mockserver.domain.table import TABLE
from mockserver.domain.vocabulary import CsStatus, Ruleset, Status, Verdict
from tests.oracle import BOTH, CS_STATUS_WRITES, LEGAL_MOVES, MOVE_SOURCES, OPEN_STATUSES, STATUSES

CASES = [
    pytest.param(
        ruleset,
        start,
        move,
        by,
        how,
        target,
        entries,
        grades[index],
        id=f"{ruleset}-{'-'.join(map(str, start.values()))}-{move}-{by}-{target}",
    )
    for rulesets, start, move, by, how, target, entries, grades in LEGAL_MOVES
    for index, ruleset in enumerate(rulesets)
]
WHO = {"buyer": ("buyer",), "seller": ("seller", "sub"), "cs": ("cs",), "system": ("system",)}


def _playable(how: dict) -> dict:
    return {**how, "verdict": Verdict(how["verdict"])} if "verdict" in how else how


@pytest.mark.parametrize(
    ("ruleset", "start", "move", "by", "how", "target", "entries", "grade"), CASES
)
def test_a_move_leads_where_the_documents_say(
    make_exchange, attempt, ruleset, start, move, by, how, target, entries, grade
):
    """The documented actor leads to the documented status with the documented stock entries."""
    exchange = make_exchange(ruleset=ruleset, **start)

    outcomes = [attempt(exchange, move, who, **_playable(how)) for who in WHO[by]]

    for outcome in outcomes:
        assert outcome.exchange.status == target
        assert [(e.sku, e.num, e.source, e.target) for e in outcome.entries] == list(entries)


@pytest.mark.parametrize(
    ("ruleset", "start", "move", "by", "how", "target", "entries", "grade"), CASES
)
def test_customer_service_status_follows_its_own_moves_only(
    make_exchange, attempt, ruleset, start, move, by, how, target, entries, grade
):
    """Asking, stepping in and judging write their statuses and show the last.

    No other move writes any.
    """
    exchange = make_exchange(ruleset=ruleset, **start)
    written = CS_STATUS_WRITES.get((move, str(how.get("verdict", ""))), [])

    outcome = attempt(exchange, move, by, **_playable(how))

    assert list(outcome.cs) == written
    assert outcome.exchange.cs_status == (written[-1] if written else start.get("cs", 1))


@pytest.mark.parametrize(
    ("ruleset", "start", "move", "by", "how", "target", "entries", "grade"), CASES
)
def test_only_the_documented_actor_may_move(
    make_exchange, attempt, ruleset, start, move, by, how, target, entries, grade
):
    """Everybody else is refused; the refusal says that the status does not allow it."""
    exchange = make_exchange(ruleset=ruleset, **start)
    allowed = ("buyer", "seller", "cs") if move == "leave_message" else (by,)

    for who in {"buyer", "seller", "cs", "system"} - set(allowed):
        with pytest.raises(DomainError) as refused:
            attempt(exchange, move, who, **_playable(how))
        assert refused.value.failure == "wrong_state"


@pytest.mark.parametrize(
    ("ruleset", "start", "move", "by", "how", "target", "entries", "grade"), CASES
)
def test_a_rule_claims_no_better_evidence_than_the_documents_give(
    make_exchange, attempt, ruleset, start, move, by, how, target, entries, grade
):
    """The grade of the row taken is the one in the table of rulesets, for each ruleset."""
    exchange = make_exchange(ruleset=ruleset, **start)

    rule = attempt(exchange, move, by, **_playable(how)).rule

    assert [
        row.evidence_under(Ruleset(ruleset)).grade
        for row in TABLE
        if row.name == rule and ruleset in row.rulesets
    ] == [Grade(grade)]


ILLEGAL = [
    (ruleset, status, move, by)
    for ruleset in BOTH
    for status in STATUSES
    for (move, by), sources in MOVE_SOURCES.items()
    if status not in sources or by == "cs"  # nobody has asked for customer service
]


@pytest.mark.parametrize(("ruleset", "status", "move", "by"), ILLEGAL)
def test_a_move_out_of_its_status_is_refused(make_exchange, attempt, ruleset, status, move, by):
    """In every status where no document allows the move, it is refused as wrong for the status."""
    exchange = make_exchange(status, ruleset, came_from=3 if status == 6 else 0)

    with pytest.raises(DomainError) as refused:
        attempt(exchange, move, by)

    assert refused.value.failure == "wrong_state"


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_confirm_and_ship_is_upgraded_only(make_exchange, attempt, status):
    """`confirm_consign` leaves status 3 of the upgraded flow and no other status."""
    exchange = make_exchange(status, "upgraded", came_from=3 if status == 6 else 0)

    if status == 3:
        assert (
            attempt(exchange, "confirm_consign", "seller").exchange.status
            is Status.WAIT_BUYER_CONFIRM
        )
    else:
        with pytest.raises(DomainError) as refused:
            attempt(exchange, "confirm_consign", "seller")
        assert refused.value.failure == "wrong_state"


@pytest.mark.parametrize(
    ("move", "by", "cs"),
    [
        ("modify", "buyer", 2),
        ("modify", "buyer", 3),
        ("expire", "system", 2),
        ("expire", "system", 3),
        ("ask_cs", "buyer", 2),
        ("ask_cs", "buyer", 3),
        ("ask_cs", "buyer", 6),
        ("step_in", "cs", 1),
        ("step_in", "cs", 3),
        ("step_in", "cs", 6),
        ("judge", "cs", 1),
        ("judge", "cs", 6),
    ],
)
def test_customer_service_has_its_own_order(make_exchange, attempt, move, by, cs):
    """Asked from 1 only, stepped in from 2 only, judged at 2 or 3.

    No modifying or expiring meanwhile.
    """
    exchange = make_exchange(6, cs=cs, came_from=3)

    with pytest.raises(DomainError) as refused:
        attempt(exchange, move, by)

    assert refused.value.failure == "wrong_state"


def test_a_judgement_for_the_buyer_needs_stock_when_the_application_was_refused(
    make_exchange, attempt
):
    """Check, then reserve: without stock there is no judgement."""
    exchange = make_exchange(6, "upgraded", cs=CsStatus.STEPPED_IN, came_from=1)

    with pytest.raises(DomainError) as refused:
        attempt(exchange, "judge", "cs", available=1)

    assert refused.value.failure == "no_stock"


def test_a_judgement_for_the_buyer_after_refused_receipt_needs_no_stock(make_exchange, attempt):
    """The reservation was kept when receipt was refused, so the shelf may be empty."""
    exchange = make_exchange(6, cs=CsStatus.STEPPED_IN, came_from=3)

    outcome = attempt(exchange, "judge", "cs", available=0)

    assert outcome.exchange.status is Status.WAIT_SELLER_CONSIGN
    assert outcome.exchange.reserved == 2
