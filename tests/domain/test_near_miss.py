"""Near misses: what is called possible is, the way leads there, and is the shortest.

Source: issue (Near misses); expectations are played, not read from the table.
"""

from datetime import timedelta
from itertools import product

import pytest

from mockserver.domain.errors import DomainError
from mockserver.domain.moves import MOVES, Judge
from mockserver.domain.near_miss import describe_near_miss, find_near_miss, serialize_near_miss
from mockserver.domain.rules import DEFAULTS
from mockserver.domain.vocabulary import Actor, Status, Verdict
from tests.oracle import MOVES_BY_ACTOR

MADE = [
    (move, actor)
    for actor, moves in MOVES_BY_ACTOR.items()
    for move in moves
    if move != "leave_message"
]
SHOW = "{:%Y-%m-%d %H:%M:%S}".format


@pytest.fixture(scope="session")
def try_move(attempt):
    """The exchange after a move as best played, or None; a judgement for any side will do."""

    def play(exchange, name, by):
        for verdict in Verdict if name == "judge" else (None,):
            try:
                return attempt(
                    exchange, name, by, **({"verdict": verdict} if verdict else {})
                ).exchange
            except DomainError:
                continue
        return None

    return play


@pytest.fixture(scope="session")
def reachable(attempt):
    """Every exchange that people can make of one within so many moves, as sets by distance."""

    def search(exchange, most):
        rings = [[exchange]]
        for _ in range(most):
            after = []
            for exchange, (name, by), verdict in product(rings[-1], MADE, Verdict):
                if name != "judge" and verdict is not Verdict.BUYER:
                    continue
                try:
                    after.append(
                        attempt(
                            exchange, name, by, **({"verdict": verdict} if name == "judge" else {})
                        ).exchange
                    )
                except DomainError:
                    continue
            unique = {(e.status, e.cs_status, e.refused_from): e for e in after}
            rings.append(list(unique.values()))
        return rings

    return search


def start(make_exchange, status, ruleset):
    """An exchange at a status, as the flow would have left it."""
    return make_exchange(status, ruleset, came_from=3 if status == 6 else 0)


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize("status", [status.value for status in Status])
def test_the_way_leads_there_and_is_shortest(
    make_exchange, attempt, try_move, reachable, status, ruleset
):
    """Every move is possible after the steps of its way, not before the last of them.

    Where there is no way there is none.
    """
    exchange = start(make_exchange, status, ruleset)
    rings = reachable(exchange, 6)
    for name, by in MADE:
        near_miss = find_near_miss(exchange, MOVES[name], Actor(by), DEFAULTS)
        distance = next(
            (
                far
                for far, ring in enumerate(rings)
                if any(try_move(exchange, name, by) for exchange in ring)
            ),
            None,
        )
        assert (None if near_miss.way is None else len(near_miss.way)) == distance, (
            name,
            near_miss.way,
        )
        reached = exchange
        for step in near_miss.way or ():
            assert try_move(reached, name, by) is None
            arguments = {"verdict": step.move.verdict} if isinstance(step.move, Judge) else {}
            reached = attempt(reached, step.move.name(), step.by.value, **arguments).exchange
            assert reached.status is step.target
        assert (near_miss.way is None) is (try_move(reached, name, by) is None)


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize(("name", "by"), MADE)
def test_legal_from_is_where_it_works(make_exchange, try_move, name, by, ruleset):
    """The states said to allow a move are those in which some exchange can make it."""
    near_miss = find_near_miss(make_exchange(4, ruleset), MOVES[name], Actor(by), DEFAULTS)
    works = {
        status
        for status, cs, came_from in product(Status, (1, 2, 3), (0, 1, 3))
        if try_move(make_exchange(status.value, ruleset, cs=cs, came_from=came_from), name, by)
    }
    assert set(near_miss.legal_from) == works


def test_the_deadline_closes_the_door(make_exchange):
    """At 3 the buyer's way back to 1 ends with the seller's deadline and a refund."""
    exchange = make_exchange(3)
    members = serialize_near_miss(
        find_near_miss(exchange, MOVES["agree"], Actor.SELLER, DEFAULTS), SHOW
    )
    assert members == {
        "legal_from": [1],
        "way": [
            {"by": "seller", "move": "returngoods_refuse", "to": 6},
            {"by": "buyer", "move": "modify", "to": 1},
        ],
        "deadline": {
            "at": SHOW(exchange.entered + timedelta(days=10)),
            "rule": "deadline.3",
            "to": [14],
            "closes": True,
        },
    }


def test_a_deadline_that_leads_on_closes_nothing(make_exchange):
    """At 1 the deadline agrees where there is stock, so shipping back stays possible."""
    members = serialize_near_miss(
        find_near_miss(make_exchange(1), MOVES["ship_back"], Actor.BUYER, DEFAULTS), SHOW
    )
    assert members["deadline"]["to"] == [2, 4]
    assert members["deadline"]["closes"] is False


def test_an_end_has_no_way_and_no_deadline(make_exchange):
    """From a closed exchange nothing leads on."""
    members = serialize_near_miss(
        find_near_miss(make_exchange(4), MOVES["agree"], Actor.SELLER, DEFAULTS), SHOW
    )
    assert members == {"legal_from": [1], "way": None, "deadline": None}


def test_a_judgement_needs_customer_service_first(make_exchange):
    """In 6 a judgement is one request of the buyer away, though the state is right already."""
    near_miss = find_near_miss(make_exchange(6, came_from=3), MOVES["judge"], Actor.CS, DEFAULTS)
    assert [(step.by, step.move.name()) for step in near_miss.way] == [(Actor.BUYER, "ask_cs")]


def test_a_rule_of_the_sandbox_counts(make_exchange):
    """With modify_to 3 a modified application goes back to the receipt, not to 1."""
    near_miss = find_near_miss(
        make_exchange(6, came_from=3),
        MOVES["returngoods_agree"],
        Actor.SELLER,
        DEFAULTS.with_changes({"modify_to": 3}),
    )
    assert [step.move.name() for step in near_miss.way] == ["modify"]


@pytest.mark.parametrize(
    ("status", "name", "by", "zh", "en"),
    [
        (
            3,
            "agree",
            "seller",
            "先由卖家拒绝确认收货，再由买家修改换货申请",
            "first seller returngoods_refuse, then buyer modify",
        ),
        (12, "agree", "seller", "已经没有路", "no way leads there"),
        (1, "agree", "seller", "参数或库存", "arguments or stock"),
        (3, "confirm_consign", "seller", "此流程里没有", "this flow has no"),
        (1, "apply", "buyer", "新开", "new exchange"),
        (2, "consigngoods", "seller", "此后再无可能", "too late"),
    ],
)
def test_the_sentences_say_it(make_exchange, status, name, by, zh, en):
    """Both languages name the state, the way, and what the deadline does."""
    sentences = describe_near_miss(
        find_near_miss(make_exchange(status), MOVES[name], Actor(by), DEFAULTS), SHOW
    )
    assert zh in sentences[0]
    assert en in sentences[1]
