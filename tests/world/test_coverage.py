"""What is counted of a world.

Moves by whoever made them, refusals of clients, and nothing lost or doubled.
"""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.domain.errors import DomainError
from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World

ROLES = (Role.BUYER, Role.SELLER_MAIN, Role.SELLER_SUB, Role.CS)


@pytest.fixture
def covered(world: World) -> Callable[[str], dict]:
    """A section of what a flow's counts are; empty if the flow was not met."""
    return lambda section, ruleset="classic": (
        world.coverage.serialize()["rulesets"].get(ruleset, {}).get(section, {})
    )


@pytest.fixture
def agree(top, world: World) -> Callable[..., dict]:
    """A client's agreement."""
    return lambda dispute_id, **more: top(
        "tmall.exchange.agree", dispute_id=dispute_id, address_id=10000002, fields="status", **more
    )


def test_a_new_world_has_met_nothing(world: World) -> None:
    """No count stands above zero, and no flow is named."""
    assert world.coverage.serialize() == {
        "calls": 0,
        "errors": {},
        "sub_codes": {},
        "msg_codes": {},
        "messages": {},
        "rulesets": {},
    }


def test_moves_of_everybody_are_counted(world: World, covered, agree) -> None:
    """The buyer's, the client's and the system's moves each count as row and state.

    Only the client's as its own.
    """
    (exchange,) = world.open({})
    agree(exchange.dispute_id)
    world.move(exchange.dispute_id, MOVES["ship_back"](), Role.BUYER)
    world.advance(timedelta(days=10))

    assert covered("rows") == {"0-apply-1": 1, "1-agree-2": 1, "2-ship_back-3": 1, "3-expire-14": 1}
    assert covered("client_rows") == {"1-agree-2": 1}
    assert covered("states") == {"1": 1, "2": 1, "3": 1, "14": 1}
    assert covered("deadlines") == {"3-expire-14": 1}
    assert world.coverage.serialize()["messages"] == {"buyer": 2, "seller_main": 1, "timeout": 1}


def test_the_system_by_hand_is_no_deadline(world: World, covered) -> None:
    """`expire` by the control API takes the row; no deadline has fired."""
    (exchange,) = world.open({})
    world.move(exchange.dispute_id, MOVES["expire"](), Role.SYSTEM)

    assert covered("rows") == {"0-apply-1": 1, "1-expire-2": 1}
    assert covered("deadlines") == {}


def test_a_made_up_history_is_nobodys_move(world: World, covered) -> None:
    """An exchange opened at a later status counts as that state.

    The rows on the way there were not taken.
    """
    world.open({"status": "待买家收货"}, count=3)

    assert covered("states") == {"13": 3}
    assert covered("rows") == {}


def test_a_message_enters_no_state(world: World, covered) -> None:
    """A message is a row, and leaves the state count alone."""
    (exchange,) = world.open({"status": 12})
    world.move(exchange.dispute_id, MOVES["leave_message"](), Role.BUYER)

    assert covered("rows") == {"12-leave_message@buyer-12": 1}
    assert covered("states") == {"12": 1}


def test_only_a_clients_refusals_count(world: World, covered, agree) -> None:
    """What the control API tries in vain is not the client's.

    A call's refusal is counted by state, move and cause.
    """
    (exchange,) = world.open({"status": 3})
    (fresh,) = world.open({})
    (over,) = world.open({"status": 4})
    world.put_stock("wanted", 0)
    with pytest.raises(DomainError):
        world.move(exchange.dispute_id, MOVES["agree"](), Role.SELLER_MAIN)
    for dispute_id in (
        exchange.dispute_id,
        exchange.dispute_id,
        fresh.dispute_id,
        over.dispute_id,
        404,
    ):
        agree(dispute_id)

    assert covered("refused") == {
        "1-agree:no_stock": 1,
        "3-agree:wrong_state": 2,
        "4-agree:wrong_state": 1,
    }
    assert sum(world.coverage.serialize()["msg_codes"].values()) == 5


def test_a_move_of_the_other_flow_is_refused_in_its_state(top, world: World, covered) -> None:
    """A method of the upgraded flow counts as refused in the state where it was tried."""
    (exchange,) = world.open({"status": 3})
    top(
        "tmall.exchange.confirmconsign",
        dispute_id=exchange.dispute_id,
        fields="status",
        logistics_no="SF1",
        logistics_type=200,
        logistics_company_name="顺丰快递",
    )

    assert [key for key in covered("refused") if key.startswith("3-confirm_consign:")] == list(
        covered("refused")
    )


def test_error_codes_are_counted_without_what_varies(top, world: World) -> None:
    """Codes and sub_codes count.

    The parameter's name after a colon, which a caller could vary, does not.
    """
    top("tmall.exchange.get")
    top("tmall.exchange.get", dispute_id="x", fields="status")
    top("tmall.exchange.get", dispute_id="1", fields="status", sign="0")
    top("taobao.no.such", sub="1")
    top("taobao.time.get")

    document = world.coverage.serialize()
    assert document["calls"] == 5
    assert document["errors"] == {"22": 1, "25": 1, "40": 1, "41": 1}
    assert {"isv.missing-parameter", "isv.invalid-parameter"} <= set(document["sub_codes"])
    assert not any(":" in name for name in document["sub_codes"])


def test_each_flow_counts_by_itself(world: World, covered) -> None:
    """Exchanges of the two flows share no count."""
    world.open({"ruleset": "upgraded"})
    world.open({}, count=2)

    assert (covered("rows", "upgraded"), covered("rows", "classic")) == (
        {"0-apply-1": 1},
        {"0-apply-1": 2},
    )


def test_counts_survive_reset_and_restore(world: World, agree) -> None:
    """Reset, empty and a restored snapshot leave the counts; only clearing empties them."""
    (exchange,) = world.open({})
    world.snapshot("kept")
    agree(exchange.dispute_id)
    before = world.coverage.serialize()
    for put_back in (lambda: world.restore("kept"), world.reset, lambda: world.reset(empty=True)):
        put_back()
        assert world.coverage.serialize() == before
    world.coverage.clear()

    assert world.coverage.serialize()["rulesets"] == {}
    assert world.coverage.serialize()["calls"] == 0


def test_a_world_from_a_snapshot_starts_at_zero(world: World) -> None:
    """A sandbox made from another's snapshot has counts of its own."""
    world.open({})
    copied_world = World(
        world.directory, read_document({}, WorldDocument), state=world.snapshot("kept")
    )
    copied_world.open({})

    assert copied_world.coverage.serialize()["rulesets"]["classic"]["rows"] == {"0-apply-1": 1}
    assert world.coverage.serialize()["rulesets"]["classic"]["rows"] == {"0-apply-1": 1}


def test_a_refused_opening_counts_nothing(world: World) -> None:
    """An opening that is refused as a whole leaves no count."""
    with pytest.raises(ValueError):
        world.open({"status": 1, "nonsense": 1}, count=3)

    assert world.coverage.serialize()["rulesets"] == {}


def test_counts_are_exact_under_sixteen_threads(world: World, agree) -> None:
    """Sixteen threads of calls, moves and readings: each call, row and refusal is counted once."""
    world.put_stock("wanted", 1000)
    numbers = [exchange.dispute_id for exchange in world.open({}, count=160)]

    def work(mine: list[int]) -> None:
        for dispute_id in mine:
            agree(dispute_id)
            agree(dispute_id)
            world.move(dispute_id, MOVES["ship_back"](logistics_no=f"SF{dispute_id}"), Role.BUYER)
            world.coverage.serialize()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, [numbers[place::16] for place in range(16)]))

    document = world.coverage.serialize()
    assert document["calls"] == 320
    assert document["msg_codes"] == {"EXCHANGE_STATUS_ERROR": 160}
    assert document["rulesets"]["classic"]["rows"] == {
        "0-apply-1": 160,
        "1-agree-2": 160,
        "2-ship_back-3": 160,
    }
    assert document["rulesets"]["classic"]["client_rows"] == {"1-agree-2": 160}
    assert document["rulesets"]["classic"]["refused"] == {"2-agree:wrong_state": 160}


@settings(derandomize=True, database=None, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["classic", "upgraded"]))
def test_rows_are_the_facts_that_happened(seed: int, ruleset: str) -> None:
    """Whatever is tried, the rows counted are the rules of the events in the timelines."""
    chance = random.Random(seed)
    world = World(
        Directory(lambda: datetime(2026, 3, 1, 12, tzinfo=BEIJING)),
        read_document({"ruleset": ruleset}, WorldDocument),
        id="default",
    )
    numbers = [exchange.dispute_id for exchange in world.open({}, count=3)]
    for _ in range(40):
        try:
            world.move(
                chance.choice(numbers), MOVES[chance.choice(sorted(MOVES))](), chance.choice(ROLES)
            )
        except DomainError:
            world.advance(timedelta(hours=chance.randrange(100)))

    events = [event for number in numbers for event in world._state.events[number]]
    counted = world.coverage.serialize()["rulesets"][ruleset]
    assert counted["rows"] == Counter(event.rule for event in events)
    assert counted["states"] == Counter(
        str(event.target.value) for event in events if event.source is not event.target
    )
    assert counted["deadlines"] == Counter(
        event.rule for event in events if event.role is Role.TIMEOUT
    )
    assert world.coverage.serialize()["messages"] == Counter(
        event.role.name.lower() for event in events
    )


def test_a_robots_move_counts_like_the_partys(make_world: Callable[..., World]) -> None:
    """What a robot buyer does when the clock moves is a row taken, and no client's."""
    world = make_world(robots={"buyer": "prompt"})
    world.open({"status": 2})
    world.advance(timedelta(days=6))

    classic = world.coverage.serialize()["rulesets"]["classic"]
    assert classic["rows"]["2-ship_back-3"] == 1
    assert classic["client_rows"] == {}
