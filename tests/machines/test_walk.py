"""Every move by every actor at every status of both rulesets, against the model written by hand."""

from datetime import timedelta

import msgspec
import pytest

from mockserver.domain.errors import DomainError
from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from tests.oracle import STATUSES

ROLES = {"buyer": Role.BUYER, "seller": Role.SELLER_MAIN, "cs": Role.CS}
FIELDS = {
    "judge": [{"for": "buyer"}, {"for": "seller"}, {"for": "refund"}],
    "modify": [{}, {"num": 2}],
}


@pytest.fixture
def compare(world, make_book, case_of, all_moves, whole_state):
    """Try every move on fresh copies of an exchange, and compare with the model."""

    def run(ruleset, status, cs, refused_from, stock=100):
        tried = 0
        world.snapshot("clean")
        for by, moves in all_moves.items():
            for move in moves:
                for fields in FIELDS.get(move, [{}]):
                    world.restore("clean")
                    book = make_book(world)
                    [exchange] = world.open(
                        {"status": status, "ruleset": ruleset, "cs_status": cs, "oid": 5, "tid": 4}
                    )
                    if status == 6 and exchange.refused_from != refused_from:
                        pytest.fail(
                            f"opened at 6 from {exchange.refused_from}, wanted {refused_from}"
                        )
                    case = case_of(
                        exchange.dispute_id,
                        ruleset,
                        exchange.exchange_sku,
                        1,
                        exchange.entered,
                        status=status,
                        cs=cs,
                        refused_from=refused_from,
                    )
                    world.put_stock("wanted", stock)
                    book.shelves[case.exchange_sku].available = stock
                    expected, before = book.legal(case, by, move, fields), whole_state(world)
                    try:
                        world.move(
                            exchange.dispute_id, msgspec.convert(fields, MOVES[move]), ROLES[by]
                        )
                        after = int(world.exchange(exchange.dispute_id).status)
                    except DomainError:
                        after = None
                        assert whole_state(world) == before
                    assert after == expected, (
                        f"{by} {move} {fields} at {status} of {ruleset}, cs {cs}, stock {stock}"
                    )
                    tried += 1
        return tried

    return run


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize("status", [status for status in STATUSES if status != 6])
@pytest.mark.parametrize("stock", [100, 0])
def test_every_move_at_every_status(compare, ruleset, status, stock):
    """At every status each move by each actor is taken or refused as the documents say."""
    assert compare(ruleset, status, 1, 0, stock) > 40


@pytest.mark.parametrize(("ruleset", "refused_from"), [("classic", 3), ("upgraded", 1)])
@pytest.mark.parametrize("cs", [1, 2, 3, 6])
@pytest.mark.parametrize("stock", [100, 0])
def test_every_move_of_a_refused_exchange(compare, ruleset, refused_from, cs, stock):
    """At 6 each move is taken or refused as the model says.

    By what was refused, the stock, and customer service's status.
    """
    assert compare(ruleset, 6, cs, refused_from, stock) > 40


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize("move", ["expire", "apply"])
@pytest.mark.parametrize("role", [Role.BUYER, Role.SELLER_MAIN, Role.SELLER_SUB, Role.CS])
def test_nobody_else_plays_the_system(world, whole_state, ruleset, move, role):
    """No actor can expire an exchange or apply for it again."""
    for status in STATUSES:
        [exchange] = world.open({"status": status, "ruleset": ruleset})
        before = whole_state(world)
        with pytest.raises(DomainError):
            world.move(exchange.dispute_id, MOVES[move](), role)
        assert whole_state(world) == before


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("stock", [100, 0])
def test_every_status_ends_if_nobody_moves(world, make_book, case_of, ruleset, status, stock):
    """Left alone, an exchange of any status comes to its end as the documents say, stock whole."""
    [exchange] = world.open({"status": status, "ruleset": ruleset})
    world.put_stock("wanted", stock)
    book = make_book(world)
    case = case_of(
        exchange.dispute_id,
        ruleset,
        exchange.exchange_sku,
        1,
        exchange.entered,
        status=status,
        refused_from=3,
    )
    book.shelves[case.exchange_sku].available = stock
    book.cases[case.number] = case
    fired = world.advance(timedelta(days=400))
    assert book.pass_to(book.now + timedelta(days=400)) == len(fired)
    assert world.exchange(exchange.dispute_id).status == case.status
    assert case.status in (4, 5, 14)
    accounts = world._state.accounts[case.exchange_sku]
    assert (accounts.reserved, accounts.total) == (0, 100)
