"""Opening: whose trade it is, which name counts, and what given values give way to."""

import pytest

from mockserver.world.document import BadDocument

SHOPS = [{"nick": "甲店"}, {"nick": "乙店"}]


@pytest.mark.parametrize("good_status", ["拆封未使用", "BUYER_RECEIVED"])
def test_a_given_good_status_gives_way_to_a_move(world, top, act, good_status):
    """The state of the goods stands as given, until the buyer sends them back.

    Then the move's own is shown.
    """
    [exchange] = world.open({"status": 2, "good_status": good_status})

    def read_status():
        reply = top.result(
            "tmall.exchange.get", dispute_id=exchange.dispute_id, fields="good_status"
        )
        return reply["result"]["exchange"]["good_status"]

    assert read_status() == good_status
    act(world, exchange, "leave_message")
    assert read_status() == good_status
    act(world, exchange, "ship_back")
    assert read_status() == "BUYER_RETURNED_GOODS"


@pytest.mark.parametrize(
    "places",
    [
        {"tid": "own"},
        {"alipay_no": "own"},
        {"oid": "own"},
        {"biz_order_id": "own"},
        {"tid": "own", "oid": "own"},
        {"tid": "own", "oid": 71},
        {"tid": 70, "oid": "own"},
    ],
    ids=[
        "tid",
        "alipay_no",
        "oid",
        "biz_order_id",
        "tid and oid",
        "tid with a new oid",
        "oid with a new tid",
    ],
)
def test_a_trade_of_another_shop_is_a_conflict(add_world, whole_state, places):
    """A trade of one shop cannot be exchanged by another, and the attempt leaves nothing."""
    world = add_world(shops=SHOPS)
    [exchange] = world.open({"shop": "甲店"})
    ids = {
        "tid": exchange.tid,
        "alipay_no": exchange.tid,
        "oid": exchange.oid,
        "biz_order_id": exchange.oid,
    }
    good_status = {name: ids[name] if value == "own" else value for name, value in places.items()}
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.open({"shop": "乙店", **good_status})
    assert refused.value.conflict
    assert whole_state(world) == before


@pytest.mark.parametrize("more", [{}, {"oid": 71}])
def test_a_trade_is_exchanged_by_its_own_shop(add_world, more):
    """The shop of a trade may open again on it, also on another sub-order."""
    world = add_world(shops=SHOPS)
    [exchange] = world.open({"shop": "乙店"})
    [again] = world.open({"shop": "乙店", "tid": exchange.tid, **more})
    assert (again.tid, again.oid) == (exchange.tid, more.get("oid", exchange.oid))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alipay_no", "tid"),
        ("biz_order_id", "oid"),
        ("bizorder_id", "oid"),
        ("biz_order_id", "bizorder_id"),
    ],
)
def test_two_names_of_one_id_must_agree(world, whole_state, one, other):
    """Two names of one id are taken with one value and refused with two."""
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.open({one: "71", other: "72"})
    assert refused.value.field in (one, other)
    assert whole_state(world) == before
    [exchange] = world.open({one: "71", other: 71})
    assert 71 in (exchange.tid, exchange.oid)


def test_an_empty_good_status_is_none_of_its_own(world):
    """`good_status` that is given empty is as if it were left out."""
    [empty, absent] = [world.open(raw)[0] for raw in ({"good_status": ""}, {})]
    assert (empty.good_status, empty.verbatim) == (absent.good_status, absent.verbatim)


def test_a_made_up_id_passes_over_one_that_is_taken(add_world):
    """Where the id that comes next was given to another exchange, the one behind it is taken."""
    [first] = add_world(id="one").open({})
    world = add_world(id="two")
    [chosen] = world.open({"dispute_id": first.dispute_id})
    [fresh] = world.open({})
    assert chosen.dispute_id == first.dispute_id != fresh.dispute_id
    assert len(str(fresh.dispute_id)) == 18
    assert {item.dispute_id for item in world.view.exchanges()} == {
        chosen.dispute_id,
        fresh.dispute_id,
    }
